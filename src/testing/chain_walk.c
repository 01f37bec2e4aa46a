/*
 * chain_walk.c - the events of a chain, and a walk along all its paths.
 *
 * The walk has an explicit stack, because a chain may be too deep for a thread's stack. It stops
 * once for each prefix of a path, so a question that only needs the end of the path takes time
 * proportional to the tree.
 *
 * A partial chain leads to one actor. An event is a member of it if the actor has received it or
 * any event below it. So all causes of a member are members, up to the root, and an event that is
 * no member has no members below it. Events are shared by all queries and cannot be marked, so the
 * members are a sorted array.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* ---- the tree ----------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const mt_event *const *x = a, *const *y = b;
	return (uintptr_t)*x < (uintptr_t)*y ? -1 : (uintptr_t)*x > (uintptr_t)*y;
}

static bool is_member(const mt_tree *tree, const mt_event *e)
{
	return tree->towards == NULL ||
	       bsearch(&e, tree->members, tree->count, sizeof(const mt_event *), by_address) != NULL;
}

static const mt_event *from_sibling(const mt_tree *tree, const mt_event *e)
{
	while (e != NULL && !is_member(tree, e))
		e = mt_next_sibling(e);
	return e;
}

const mt_event *mt_tree_first_child(const mt_tree *tree, const mt_event *e)
{
	return from_sibling(tree, mt_first_child(e));
}

const mt_event *mt_tree_next_sibling(const mt_tree *tree, const mt_event *e)
{
	return from_sibling(tree, mt_next_sibling(e));
}

const mt_event *mt_tree_next(const mt_tree *tree, const mt_event *e, size_t *depth)
{
	size_t unused = 0, *d = depth == NULL ? &unused : depth;
	const mt_event *next = mt_tree_first_child(tree, e);
	if (next != NULL)
		++*d;
	while (next == NULL && e != tree->root) {
		next = mt_tree_next_sibling(tree, e);
		e = e->parent;
		*d -= next == NULL;
	}
	return next;
}

static bool add_member(mt_tree *tree, const mt_event *e)
{
	if (tree->count == tree->size) {
		size_t size = tree->size == 0 ? 64 : tree->size * 2;
		const mt_event **grown = realloc(tree->members, size * sizeof(const mt_event *));
		if (grown == NULL) {
			mt_no_memory(tree->harness);
			return false;
		}
		tree->members = grown;
		tree->size = size;
	}
	tree->members[tree->count++] = e;
	return true;
}

bool mt_event_was_received_by(const mt_event *e, const char *actor)
{
	const mt_note *n = mt_first_note(e);
	while (n != NULL && (!mt_is_receipt(&n->record) || strcmp(n->record.actor_name, actor) != 0))
		n = mt_next_note(n);
	return n != NULL;
}

/* Finds the members. `marked`: how many events on the path from the root to the current event are
 * members already. */
static bool find_members(mt_tree *tree, const char *towards)
{
	size_t depth = 0, marked = 0;
	for (const mt_event *e = tree->root; e != NULL; e = mt_tree_next(tree, e, &depth)) {
		if (marked > depth)
			marked = depth;
		if (!mt_event_was_received_by(e, towards))
			continue;
		const mt_event *cause = e;
		for (size_t level = depth + 1; level > marked; level--, cause = cause->parent)
			if (!add_member(tree, cause))
				return false;
		marked = depth + 1;
	}
	return true;
}

void mt_tree_init(mt_tree *tree, maiko_chain chain)
{
	*tree = (mt_tree){.harness = chain.harness};
	if (chain.harness != NULL)
		tree->root = mt_event_of(chain.event);
	if (tree->root == NULL || chain.towards == NULL)
		return;
	bool found = find_members(tree, chain.towards);
	tree->towards = chain.towards;
	if (!found || tree->count == 0)
		tree->root = NULL;
	else
		qsort(tree->members, tree->count, sizeof(const mt_event *), by_address);
}

void mt_tree_fini(mt_tree *tree) { free(tree->members); }

/* ---- the walk ----------------------------------------------------------------------------- */

static bool push(mt_walk *walk, const mt_event *e)
{
	if (walk->count == walk->size) {
		size_t size = walk->size == 0 ? 64 : walk->size * 2;
		mt_frame *grown = realloc(walk->frames, size * sizeof *grown);
		if (grown == NULL) {
			mt_no_memory(walk->tree.harness);
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
	*walk = (mt_walk){.count = 0};
	mt_tree_init(&walk->tree, chain);
	walk->begins = walk->tree.root != NULL && push(walk, walk->tree.root);
}

void mt_walk_fini(mt_walk *walk)
{
	free(walk->frames);
	mt_tree_fini(&walk->tree);
}

static bool sent_a_child(const mt_tree *tree, const mt_event *e, maiko_actor_id actor)
{
	const mt_event *c = mt_tree_first_child(tree, e);
	while (c != NULL && c->envelope.sender_id != actor)
		c = mt_tree_next_sibling(tree, c);
	return c != NULL;
}

/* Whether a path ends here: the actor received the event and sent no event because of it. */
static bool is_leaf(const mt_tree *tree, const mt_event *e, const maiko_record *r)
{
	if (!mt_is_receipt(r) || (tree->towards != NULL && strcmp(r->actor_name, tree->towards) != 0))
		return false;
	return !sent_a_child(tree, e, r->actor);
}

static const mt_note *next_leaf(const mt_tree *tree, const mt_frame *f)
{
	const mt_note *n = f->note == NULL ? mt_first_note(f->event) : mt_next_note(f->note);
	while (n != NULL && !is_leaf(tree, f->event, &n->record))
		n = mt_next_note(n);
	return n;
}

/* Takes one step from the last frame of the stack; MT_AT_END: there is no further step. */
static mt_stop step(mt_walk *walk)
{
	mt_frame *f = &walk->frames[walk->count - 1];
	if (!f->had_children) {
		f->child = f->child == NULL ? mt_tree_first_child(&walk->tree, f->event)
					    : mt_tree_next_sibling(&walk->tree, f->child);
		if (f->child != NULL) {
			f->went_on = true;
			return push(walk, f->child) ? MT_AT_EVENT : MT_AT_END;
		}
		f->had_children = true;
	}
	const mt_note *leaf = f->is_over ? NULL : next_leaf(&walk->tree, f);
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
