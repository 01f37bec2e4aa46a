/*
 * ledger_tree.c - the part of a ledger that tells of supervision: the groups, the restarts of actors, and the order of
 * the tree.
 *
 * An actor that has ended is no member of its group any more, but it still belongs there in a ledger. So the tree is
 * made from where each was added (`order`), not from the lists of members.
 */
#include "api/ledger_rows.h"
#include "registry/group.h"

#include <stdlib.h>

enum { NS_PER_MS = 1000000 };

static const mk_care *care_of(const mk_actor *a)
{
	const mk_extra *x = a == NULL ? NULL : __atomic_load_n(&a->extra, __ATOMIC_ACQUIRE);
	return x == NULL ? NULL : x->care;
}

/* ---- groups ----------------------------------------------------------------------------------- */

/* The failures within the time that counts. */
static uint32_t spent(const mk_group *g, uint64_t now_ns)
{
	uint32_t old = 0;
	while (old < g->time_count && g->times[(g->first_time + old) % g->limit] + g->within_ms * NS_PER_MS < now_ns)
		old++;
	return g->time_count - old;
}

/* The run that stops or starts such a member of `g`, which has the row `in`. */
static const mk_group *run_of(const mk_group *g, const mk_book_group *in, const mk_member *m)
{
	if (in->run != NULL)
		return in->run;
	return g->running && g->from != NULL && m->order >= g->from->order ? g : NULL;
}

static bool waits_until_due(const mk_group *run) { return run->starting && !run->paced && run->cause != NULL; }

/* Its parent has a row already. */
static void add_group(mk_book *b, mk_group *g)
{
	mk_book_group *entry =
		mk_book_add(b, (void **)&b->groups, &b->group_size, b->ledger.group_count, sizeof *entry);
	if (entry == NULL)
		return;
	const mk_group *parent = g->member.group;
	g->row = (uint32_t)b->ledger.group_count++;
	entry->order = g->member.order;
	if (parent != NULL) {
		entry->group = parent->row;
		entry->run = run_of(parent, &b->groups[parent->row], &g->member);
	}
	entry->row = (maiko_group_row){.name = mk_book_copy(b, parent != NULL ? g->name : MK_ROOT_NAME),
				       .id = g->id,
				       .parent = parent != NULL ? parent->id : 0,
				       .strategy = g->strategy,
				       .restarts = g->limit,
				       .within_ms = g->within_ms,
				       .spent = spent(g, b->ledger.now_ns),
				       .failures = g->failures,
				       .failed = g->failed,
				       .restarting = g->running};
	if (g->running && waits_until_due(g))
		entry->row.resumes_ns = mk_count(&g->cause->resumes_ns);
}

/* ---- actors ----------------------------------------------------------------------------------- */

/* What it waits for, and why. */
static void add_restart(mk_book *b, mk_book_actor *entry, const mk_group *g, const mk_care *c)
{
	maiko_actor_row *row = &entry->row;
	const mk_group *run = run_of(g, &b->groups[entry->group], &c->member);
	/* In a run the timers of the others are out of date. */
	bool timed = run == NULL || run->cause == c || (run->starting && run->paced);
	row->resumes_ns = timed ? mk_count(&c->resumes_ns) : 0;
	row->waits = run != NULL && row->resumes_ns == 0;
	if (row->error == 0)
		return;
	row->phase = c->phase;
	if (c->event[0] != '\0')
		row->event = mk_book_copy(b, c->event);
}

static void add_care(mk_book *b, mk_sup *sup, mk_book_actor *entry, const mk_care *c)
{
	mk_group *g = mk_group_find(sup, c->in);
	if (g == NULL) /* it was removed when its last actor had ended */
		g = &sup->groups->root;
	entry->order = c->member.order;
	entry->group = g->row;
	entry->row.supervised = true;
	entry->row.group = g->id;
	entry->row.restarts = mk_count(&c->restarts);
	if (entry->row.status == MAIKO_ACTOR_RESTARTING)
		add_restart(b, entry, g, c);
}

static bool is_anything_supervised(const mk_book *b, const mk_sup *sup)
{
	bool any = sup->groups->count != 0;
	for (size_t i = 0; !any && i < b->ledger.actor_count; i++)
		any = care_of(b->actors[i].actor) != NULL;
	return any;
}

void mk_book_groups(mk_book *b, mk_sup *sup)
{
	mk_groups *all = sup->groups;
	b->ledger.chain = mk_book_copy(b, all->chain);
	if (!is_anything_supervised(b, sup))
		return;
	add_group(b, &all->root);
	for (mk_group *g = all->first; !b->failed && g != NULL; g = g->all_next)
		add_group(b, g);
	for (size_t i = 0; !b->failed && i < b->ledger.actor_count; i++) {
		const mk_care *c = care_of(b->actors[i].actor);
		if (c != NULL)
			add_care(b, sup, &b->actors[i], c);
		else
			b->actors[i].order = UINT64_MAX;
	}
}

/* ---- the order -------------------------------------------------------------------------------- */

/* A member of a group. */
typedef struct node {
	uint64_t order;
	uint32_t entry; /* the index of the actor or group */
	bool is_group;
	uint32_t next; /* in its group: an index of a node and 1; 0: none */
} node;

static int by_order(const void *a, const void *b)
{
	const node *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* All of them but the root and the row of removed actors. */
static size_t collect(const mk_book *b, node *nodes)
{
	size_t count = 0;
	for (uint32_t i = 1; i < b->ledger.group_count; i++)
		nodes[count++] = (node){.order = b->groups[i].order, .entry = i, .is_group = true};
	for (uint32_t i = 0; i < b->ledger.actor_count; i++)
		if (b->actors[i].actor != NULL)
			nodes[count++] = (node){.order = b->actors[i].order, .entry = i};
	qsort(nodes, count, sizeof *nodes, by_order);
	return count;
}

/* Each to the list of its group. */
static void link_all(mk_book *b, node *nodes, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		node *n = &nodes[i];
		uint32_t group = n->is_group ? b->groups[n->entry].group : b->actors[n->entry].group;
		n->next = b->groups[group].first;
		b->groups[group].first = (uint32_t)i + 1;
	}
}

/* Recursion is bounded by MAIKO_GROUP_DEPTH_MAX. */
static void write_group(mk_book *b, const node *nodes, mk_book_line line)
{
	b->lines[b->line_count++] = line;
	for (uint32_t i = b->groups[line.entry].first; i != 0; i = nodes[i - 1].next) {
		const node *n = &nodes[i - 1];
		mk_book_line member = {.entry = n->entry,
				       .depth = (uint16_t)(line.depth + 1),
				       .is_group = n->is_group,
				       .last = n->next == 0};
		if (n->is_group)
			write_group(b, nodes, member);
		else
			b->lines[b->line_count++] = member;
	}
}

bool mk_book_order(mk_book *b)
{
	if (b->ledger.group_count == 0)
		return true;
	size_t size = b->ledger.group_count + b->ledger.actor_count;
	node *nodes = mk_malloc(size * sizeof *nodes);
	b->lines = mk_malloc(size * sizeof *b->lines);
	bool made = nodes != NULL && b->lines != NULL;
	if (made) {
		link_all(b, nodes, collect(b, nodes));
		write_group(b, nodes, (mk_book_line){.is_group = true, .last = true});
	}
	mk_free(nodes);
	return made;
}
