/*
 * chain.c - see maiko/testing/chain.h: questions about the paths and events of a chain.
 */
#include "harness.h"

#include <string.h>

/* ---- paths ------------------------------------------------------------------------------------ */

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

/* A list that a path is compared with: names of actors or of types, or steps. */
typedef struct list {
	bool actors;
	const char *const *names; /* NULL: steps */
	const maiko_matcher *steps;
	size_t count;
} list;

static list list_of_names(const char *const *names, bool actors)
{
	return (list){.actors = actors, .names = names, .count = length_of(names)};
}

static bool is_same(const mt_walk *walk, size_t at, const list *l, size_t i)
{
	if (l->names == NULL)
		return mt_matcher_holds(&l->steps[i], mt_event_record(walk->frames[at].event));
	return strcmp((l->actors ? actor_at : event_at)(walk, at), l->names[i]) == 0;
}

/* Whether the first `length` elements of a path end with the list. */
static bool ends_with(const mt_walk *walk, size_t length, const list *l)
{
	if (l->count > length)
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (!is_same(walk, length - l->count + i, l, i))
			return false;
	return true;
}

/* The number of list elements that the path has passed so far. The number before its last element
 * is in the previous frame. Each element is matched as early as possible, which leaves the longest
 * rest of the path for the others. */
static size_t passed(mt_walk *walk, size_t length, const list *l)
{
	size_t before = length > 1 ? walk->frames[length - 2].passed : 0;
	size_t now = before + (before < l->count && is_same(walk, length - 1, l, before));
	if (length == walk->count)
		walk->frames[length - 1].passed = now;
	return now;
}

/* ---- questions --------------------------------------------------------------------------------- */

maiko_chain maiko_chain_of(maiko_harness *h, const maiko_record *event)
{
	return (maiko_chain){.harness = h, .event = event};
}

maiko_chain maiko_chain_from(maiko_query query) { return maiko_chain_of(query.harness, maiko_query_first(query)); }

maiko_chain maiko_chain_towards(maiko_chain chain, const char *actor)
{
	if (chain.towards != NULL && chain.harness != NULL) {
		mt_misuse(chain.harness, "the part of a chain towards %s is asked for its part towards %s",
			  chain.towards, actor == NULL ? "NULL" : actor);
		chain.event = NULL;
	}
	chain.towards = actor == NULL ? "" : actor;
	return chain;
}

size_t maiko_chain_count(maiko_chain chain)
{
	mt_tree tree;
	size_t count = 0;
	mt_tree_init(&tree, chain);
	for (const mt_event *e = tree.root; e != NULL; e = mt_tree_next(&tree, e, NULL))
		count++;
	mt_tree_fini(&tree);
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

/* The actors or the events of the n-th complete path. */
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

static bool add_actors(const mt_tree *tree, const mt_event *e, mt_names *names)
{
	if (!mt_names_add(tree->harness, names, e->envelope.sender))
		return false;
	if (tree->towards == NULL)
		return mt_event_add_receivers(e, names);
	return !mt_event_was_received_by(e, tree->towards) || mt_names_add(tree->harness, names, tree->towards);
}

static bool add_type(const mt_tree *tree, const mt_event *e, mt_names *names)
{
	return mt_names_add(tree->harness, names, e->envelope.type->layout->name);
}

static bool add_each(maiko_chain chain, mt_names *names,
		     bool (*add)(const mt_tree *tree, const mt_event *e, mt_names *names))
{
	mt_tree tree;
	bool fine = true;
	mt_tree_init(&tree, chain);
	for (const mt_event *e = tree.root; e != NULL && fine; e = mt_tree_next(&tree, e, NULL))
		fine = add(&tree, e, names);
	mt_tree_fini(&tree);
	return fine;
}

bool mt_chain_add_actors(maiko_chain chain, mt_names *names) { return add_each(chain, names, add_actors); }
bool mt_chain_add_types(maiko_chain chain, mt_names *names) { return add_each(chain, names, add_type); }

size_t maiko_chain_all_actors(maiko_chain chain, const char **names, size_t size)
{
	mt_names found = {0};
	mt_chain_add_actors(chain, &found);
	return mt_names_give(&found, names, size);
}

typedef enum part { ANYWHERE, WHOLE, BEGINNING, WITH_GAPS } part;

/* Whether the current path of the walk has the list as its `where` part. */
static bool has_now(mt_walk *walk, mt_stop stop, const list *l, part where)
{
	size_t length = l->actors ? actors_at(walk, stop) : walk->count;
	if (where == WITH_GAPS)
		return passed(walk, length, l) == l->count;
	if (where != ANYWHERE && (length != l->count || (where == WHOLE && stop == MT_AT_EVENT)))
		return false;
	return ends_with(walk, length, l);
}

static bool has(maiko_chain chain, list l, part where)
{
	mt_walk walk;
	mt_stop stop;
	bool found = false;
	mt_walk_init(&walk, chain);
	while (!found && l.count > 0 && (stop = mt_walk_next(&walk)) != MT_AT_END)
		found = has_now(&walk, stop, &l, where);
	mt_walk_fini(&walk);
	return found;
}

static bool has_actors(maiko_chain chain, const char *const *names, part where)
{
	return has(chain, list_of_names(names, true), where);
}

static bool has_events(maiko_chain chain, const char *const *names, part where)
{
	return has(chain, list_of_names(names, false), where);
}

static bool has_steps(maiko_chain chain, maiko_steps steps, part where)
{
	list l = {.steps = steps.steps, .count = steps.steps == NULL ? 0 : steps.count};
	for (size_t i = 0; i < l.count; i++)
		if (chain.harness == NULL || !mt_matcher_check(chain.harness, &l.steps[i]))
			return false;
	return has(chain, l, where);
}

bool mt_chain_begins_with(maiko_chain chain, const char *const *names) { return has_actors(chain, names, BEGINNING); }

bool maiko_chain_has_actors_exactly(maiko_chain chain, const char *const *names)
{
	return has_actors(chain, names, WHOLE);
}

bool maiko_chain_has_events_exactly(maiko_chain chain, const char *const *names)
{
	return has_events(chain, names, WHOLE);
}

bool maiko_chain_has_steps_exactly(maiko_chain chain, maiko_steps steps) { return has_steps(chain, steps, WHOLE); }

bool maiko_chain_has_actors(maiko_chain chain, const char *const *names) { return has_actors(chain, names, ANYWHERE); }
bool maiko_chain_has_events(maiko_chain chain, const char *const *names) { return has_events(chain, names, ANYWHERE); }
bool maiko_chain_has_steps(maiko_chain chain, maiko_steps steps) { return has_steps(chain, steps, ANYWHERE); }

bool maiko_chain_passes_actors(maiko_chain chain, const char *const *names)
{
	return has_actors(chain, names, WITH_GAPS);
}

bool maiko_chain_passes_events(maiko_chain chain, const char *const *names)
{
	return has_events(chain, names, WITH_GAPS);
}

bool maiko_chain_passes_steps(maiko_chain chain, maiko_steps steps) { return has_steps(chain, steps, WITH_GAPS); }

bool maiko_chain_passes(maiko_chain chain, const char *actor)
{
	return actor != NULL && maiko_chain_has_actors(chain, MAIKO_NAMES(actor));
}

static size_t children_of(const mt_tree *tree, const mt_event *e)
{
	size_t count = 0;
	for (const mt_event *c = mt_tree_first_child(tree, e); c != NULL; c = mt_tree_next_sibling(tree, c))
		count++;
	return count;
}

size_t maiko_chain_branches(maiko_chain chain, const maiko_record **records, size_t size)
{
	mt_tree tree;
	size_t count = 0;
	mt_tree_init(&tree, chain);
	for (const mt_event *e = tree.root; e != NULL; e = mt_tree_next(&tree, e, NULL)) {
		if (children_of(&tree, e) < 2)
			continue;
		if (count < size)
			records[count] = mt_event_record(e);
		count++;
	}
	mt_tree_fini(&tree);
	return count;
}

/* The number of children of the first matching event, or the largest number of any. */
static size_t branches_after(maiko_chain chain, const maiko_matcher *m, bool first)
{
	mt_tree tree;
	size_t most = 0;
	bool found = false;
	if (chain.harness == NULL || !mt_matcher_check(chain.harness, m))
		return 0;
	mt_tree_init(&tree, chain);
	for (const mt_event *e = tree.root; e != NULL && !(first && found); e = mt_tree_next(&tree, e, NULL)) {
		if (!mt_matcher_holds(m, mt_event_record(e)))
			continue;
		size_t count = children_of(&tree, e);
		most = count > most ? count : most;
		found = true;
	}
	mt_tree_fini(&tree);
	return most;
}

size_t maiko_chain_branches_after(maiko_chain chain, maiko_matcher event)
{
	return branches_after(chain, &event, true);
}

bool maiko_chain_diverges_after_event(maiko_chain chain, maiko_matcher event)
{
	return branches_after(chain, &event, false) > 1;
}

bool maiko_chain_diverges_after(maiko_chain chain, const char *actor)
{
	mt_walk walk;
	mt_stop stop;
	const char *to = NULL, *by = NULL; /* the first branch */
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
