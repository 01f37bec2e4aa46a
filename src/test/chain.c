/*
 * chain.c - see maiko/chain.h: a walk along all paths of a tree of causes.
 *
 * The walk is a stack of its own, because a chain may be longer than a thread's stack. It
 * stops once for each prefix of a path, so a question that only looks at the end of the
 * path is answered in time proportional to the tree.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* ---- the walk ----------------------------------------------------------------------------- */

static bool push(mt_walk *walk, const mt_event *e)
{
	if (walk->count == walk->size) {
		size_t size = walk->size == 0 ? 64 : walk->size * 2;
		mt_frame *grown = realloc(walk->frames, size * sizeof *grown);
		if (grown == NULL) {
			mt_no_memory(walk->harness);
			return false;
		}
		walk->frames = grown;
		walk->size = size;
	}
	walk->frames[walk->count++] = (mt_frame){.event = e};
	return true;
}

void mt_walk_init(mt_walk *walk, maiko_chain chain)
{
	const mt_event *e = mt_event_of(chain.event);
	*walk = (mt_walk){.harness = chain.harness};
	walk->begins = e != NULL && chain.harness != NULL && push(walk, e);
}

void mt_walk_fini(mt_walk *walk) { free(walk->frames); }

static bool sent_a_child(const mt_event *e, maiko_actor_id actor)
{
	const mt_event *c = mt_first_child(e);
	while (c != NULL && c->envelope.sender_id != actor)
		c = mt_next_sibling(c);
	return c != NULL;
}

/* The next actor that received the frame's event and sent nothing because of it. */
static const mt_note *next_leaf(const mt_frame *f)
{
	const mt_note *n = f->note == NULL ? mt_first_note(f->event) : mt_next_note(f->note);
	while (n != NULL && (!mt_is_receipt(&n->record) || sent_a_child(f->event, n->record.actor)))
		n = mt_next_note(n);
	return n;
}

/* One step from the last frame of the stack; MT_AT_END: there is none. */
static mt_stop step(mt_walk *walk)
{
	mt_frame *f = &walk->frames[walk->count - 1];
	if (!f->had_children) {
		f->child = f->child == NULL ? mt_first_child(f->event) : mt_next_sibling(f->child);
		if (f->child != NULL) {
			f->went_on = true;
			return push(walk, f->child) ? MT_AT_EVENT : MT_AT_END;
		}
		f->had_children = true;
	}
	const mt_note *leaf = f->is_over ? NULL : next_leaf(f);
	if (leaf != NULL) {
		f->went_on = true;
		f->note = leaf;
		walk->last = leaf->record.actor_name;
		return MT_AT_ACTOR;
	}
	bool alone = !f->went_on;
	f->is_over = f->went_on = true;
	return alone ? MT_AT_NOBODY : MT_AT_END;
}

mt_stop mt_walk_next(mt_walk *walk)
{
	if (walk->begins) {
		walk->begins = false;
		return MT_AT_EVENT;
	}
	while (walk->count > 0) {
		mt_stop stop = step(walk);
		if (stop != MT_AT_END)
			return stop;
		walk->count--;
	}
	return MT_AT_END;
}

/* ---- what a path is -------------------------------------------------------------------------- */

static size_t actors_at(const mt_walk *walk, mt_stop stop) { return walk->count + (stop == MT_AT_ACTOR); }

static const char *actor_at(const mt_walk *walk, size_t i)
{
	return i < walk->count ? walk->frames[i].event->envelope.sender : walk->last;
}

static const char *event_at(const mt_walk *walk, size_t i)
{
	return walk->frames[i].event->envelope.type->layout->name;
}

static size_t length_of(const char *const *names)
{
	size_t n = 0;
	while (names != NULL && names[n] != NULL)
		n++;
	return n;
}

/* Whether the last of `length` names of a path are these. */
static bool ends_with(const mt_walk *walk, const char *(*at)(const mt_walk *walk, size_t i), size_t length,
		      const char *const *names, size_t count)
{
	if (count > length)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(at(walk, length - count + i), names[i]) != 0)
			return false;
	return true;
}

/* ---- questions --------------------------------------------------------------------------------- */

maiko_chain maiko_chain_of(maiko_harness *h, const maiko_record *event) { return (maiko_chain){h, event}; }
maiko_chain maiko_chain_from(maiko_query query) { return maiko_chain_of(query.harness, maiko_query_first(query)); }

size_t maiko_chain_count(maiko_chain chain)
{
	const mt_event *root = mt_event_of(chain.event);
	size_t count = 0;
	for (const mt_event *e = root; e != NULL; e = mt_event_next(e, root, NULL))
		count++;
	return count;
}

size_t maiko_chain_paths(maiko_chain chain)
{
	mt_walk walk;
	mt_stop stop;
	size_t paths = 0;
	mt_walk_init(&walk, chain);
	while ((stop = mt_walk_next(&walk)) != MT_AT_END)
		paths += stop != MT_AT_EVENT;
	mt_walk_fini(&walk);
	return paths;
}

size_t maiko_chain_depth(maiko_chain chain)
{
	mt_walk walk;
	size_t depth = 0;
	mt_walk_init(&walk, chain);
	while (mt_walk_next(&walk) != MT_AT_END)
		if (walk.count > depth)
			depth = walk.count;
	mt_walk_fini(&walk);
	return depth;
}

/* The n-th complete path's actors, or its events. */
static size_t path(maiko_chain chain, size_t n, bool actors, const char **names, size_t size)
{
	mt_walk walk;
	mt_stop stop;
	size_t length = 0;
	mt_walk_init(&walk, chain);
	while ((stop = mt_walk_next(&walk)) != MT_AT_END)
		if (stop != MT_AT_EVENT && n-- == 0)
			break;
	if (stop != MT_AT_END)
		length = actors ? actors_at(&walk, stop) : walk.count;
	for (size_t i = 0; i < length && i < size; i++)
		names[i] = (actors ? actor_at : event_at)(&walk, i);
	mt_walk_fini(&walk);
	return length;
}

size_t maiko_chain_actors(maiko_chain chain, size_t n, const char **names, size_t size)
{
	return path(chain, n, true, names, size);
}

size_t maiko_chain_events(maiko_chain chain, size_t n, const char **names, size_t size)
{
	return path(chain, n, false, names, size);
}

typedef enum part { ANYWHERE, WHOLE, BEGINNING } part;

/* Whether some path has these names in a row: as any part of it, as a complete path, as its
 * beginning. */
static bool has(maiko_chain chain, const char *const *names, bool actors, part where)
{
	mt_walk walk;
	mt_stop stop;
	bool found = false;
	size_t count = length_of(names);
	mt_walk_init(&walk, chain);
	while (!found && count > 0 && (stop = mt_walk_next(&walk)) != MT_AT_END) {
		size_t length = actors ? actors_at(&walk, stop) : walk.count;
		bool there = where == ANYWHERE || (length == count && (where == BEGINNING || stop != MT_AT_EVENT));
		found = there && ends_with(&walk, actors ? actor_at : event_at, length, names, count);
	}
	mt_walk_fini(&walk);
	return found;
}

bool maiko_chain_has_actors_exactly(maiko_chain chain, const char *const *names)
{
	return has(chain, names, true, WHOLE);
}

bool maiko_chain_has_events_exactly(maiko_chain chain, const char *const *names)
{
	return has(chain, names, false, WHOLE);
}

bool maiko_chain_has_actors(maiko_chain chain, const char *const *names) { return has(chain, names, true, ANYWHERE); }
bool maiko_chain_has_events(maiko_chain chain, const char *const *names) { return has(chain, names, false, ANYWHERE); }
bool mt_chain_begins_with(maiko_chain chain, const char *const *names) { return has(chain, names, true, BEGINNING); }

bool maiko_chain_passes(maiko_chain chain, const char *actor)
{
	return actor != NULL && maiko_chain_has_actors(chain, MAIKO_NAMES(actor));
}

size_t maiko_chain_branches(maiko_chain chain, const maiko_record **records, size_t size)
{
	const mt_event *root = mt_event_of(chain.event);
	size_t count = 0;
	for (const mt_event *e = root; e != NULL; e = mt_event_next(e, root, NULL)) {
		const mt_event *first = mt_first_child(e);
		if (first == NULL || mt_next_sibling(first) == NULL)
			continue;
		if (count < size)
			records[count] = mt_event_record(e);
		count++;
	}
	return count;
}

bool maiko_chain_diverges_after(maiko_chain chain, const char *actor)
{
	mt_walk walk;
	mt_stop stop;
	const char *to = NULL, *by = NULL; /* the first way on */
	bool diverges = false;
	mt_walk_init(&walk, chain);
	while (actor != NULL && !diverges && (stop = mt_walk_next(&walk)) != MT_AT_END) {
		size_t length = actors_at(&walk, stop);
		if (stop == MT_AT_NOBODY || length < 2 || strcmp(actor_at(&walk, length - 2), actor) != 0)
			continue;
		const char *now_to = actor_at(&walk, length - 1), *now_by = event_at(&walk, length - 2);
		diverges = to != NULL && (strcmp(to, now_to) != 0 || strcmp(by, now_by) != 0);
		to = now_to;
		by = now_by;
	}
	mt_walk_fini(&walk);
	return diverges;
}

size_t maiko_chain_path_to(maiko_chain chain, const char *actor, const char **names, size_t size)
{
	mt_walk walk;
	mt_stop stop;
	size_t best = 0;
	mt_walk_init(&walk, chain);
	while (actor != NULL && (stop = mt_walk_next(&walk)) != MT_AT_END) {
		size_t length = actors_at(&walk, stop);
		if ((best != 0 && length >= best) || strcmp(actor_at(&walk, length - 1), actor) != 0)
			continue;
		best = length;
		for (size_t i = 0; i < length && i < size; i++)
			names[i] = actor_at(&walk, i);
	}
	mt_walk_fini(&walk);
	return best;
}
