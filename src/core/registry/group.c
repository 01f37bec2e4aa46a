/*
 * group.c - see group.h.
 */
#include "registry/group.h"

#include "base/error.h"
#include "ds/name_index.h"

#include <string.h>

/* ---- backoff ------------------------------------------------------------------------------ */

/* The defaults filled in. */
static maiko_backoff backoff_of(const maiko_backoff *given)
{
	maiko_backoff b = given != NULL ? *given : (maiko_backoff){.first_ms = 100};
	if (b.max_ms == 0)
		b.max_ms = b.first_ms > 30000 ? b.first_ms : 30000;
	if (b.factor == 0)
		b.factor = 2;
	if (b.healthy_ms == 0)
		b.healthy_ms = b.max_ms * 2;
	return b;
}

int mk_backoff_check(const char *what, const char *name, const maiko_backoff *given)
{
	if (given == NULL)
		return 0;
	int rc = mk_check_ms(what, name, ".backoff: .first_ms", given->first_ms);
	if (rc == 0)
		rc = mk_check_ms(what, name, ".backoff: .max_ms", given->max_ms);
	if (rc == 0)
		rc = mk_check_ms(what, name, ".backoff: .healthy_ms", given->healthy_ms);
	if (rc != 0)
		return rc;
	if (given->max_ms != 0 && given->max_ms < given->first_ms)
		return mk_fail(MAIKO_EINVAL, "%s '%s': .backoff: .max_ms %llu is less than .first_ms %llu", what, name,
			       (unsigned long long)given->max_ms, (unsigned long long)given->first_ms);
	if (given->factor > 100)
		return mk_fail(MAIKO_EINVAL, "%s '%s': .backoff: .factor is %u; at most 100", what, name,
			       given->factor);
	if (given->jitter_percent > 100)
		return mk_fail(MAIKO_EINVAL, "%s '%s': .backoff: .jitter_percent is %u; at most 100", what, name,
			       given->jitter_percent);
	if (given->overflow != MAIKO_OVERFLOW_DEFAULT && given->overflow != MAIKO_DROP_OLDEST)
		return mk_fail(MAIKO_EINVAL, "%s '%s': .backoff: .overflow is %d; unsaid or MAIKO_DROP_OLDEST", what,
			       name, (int)given->overflow);
	return MK_RESERVED("a maiko_backoff", given);
}

uint64_t mk_backoff_delay(const maiko_backoff *b, uint32_t in_a_row, uint64_t random)
{
	uint64_t ms = b->first_ms;
	for (uint32_t i = 1; i < in_a_row && ms < b->max_ms && b->factor > 1 && ms != 0; i++)
		ms *= b->factor;
	if (ms > b->max_ms)
		ms = b->max_ms;
	uint64_t spread = ms * b->jitter_percent / 100;
	return spread == 0 ? ms : ms - spread + random % (2 * spread + 1);
}

/* ---- members ------------------------------------------------------------------------------ */

/* As the last one. */
static void enter(mk_groups *all, mk_group *g, mk_member *m)
{
	m->group = g;
	m->order = ++all->order;
	m->next = NULL;
	m->prev = g->last;
	if (g->last != NULL)
		g->last->next = m;
	else
		g->first = m;
	g->last = m;
}

static void leave(mk_member *m)
{
	mk_group *g = m->group;
	if (g == NULL)
		return;
	if (g->from == m)
		g->from = m->next;
	if (m->prev != NULL)
		m->prev->next = m->next;
	else
		g->first = m->next;
	if (m->next != NULL)
		m->next->prev = m->prev;
	else
		g->last = m->prev;
	m->group = NULL;
	m->prev = m->next = NULL;
}

/* The member after `m` and all that is in it, upwards until `top`; NULL: none. */
static mk_member *following(const mk_group *top, mk_member *m)
{
	while (m->next == NULL) {
		if (m->group == NULL || m->group == top)
			return NULL;
		m = &m->group->member;
	}
	return m->next;
}

/* The first actor at or below `m`, or after that; NULL: none. */
static mk_care *forward(const mk_group *top, mk_member *m)
{
	while (m != NULL && m->is_group) {
		mk_member *first = mk_group_of_member(m)->first;
		m = first != NULL ? first : following(top, m);
	}
	return m == NULL ? NULL : mk_care_of_member(m);
}

mk_care *mk_care_first(mk_member *from) { return from == NULL ? NULL : forward(from->group, from); }

mk_care *mk_care_after(const mk_group *top, mk_care *c) { return forward(top, following(top, &c->member)); }

/* The last actor at or below `m`; NULL: none. */
static mk_care *deepest(mk_member *m)
{
	return m->is_group ? mk_care_last(mk_group_of_member(m)) : mk_care_of_member(m);
}

/* Recursion is bounded by MAIKO_GROUP_DEPTH_MAX. */
mk_care *mk_care_last(const mk_group *top)
{
	for (mk_member *m = top->last; m != NULL; m = m->prev) {
		mk_care *c = deepest(m);
		if (c != NULL)
			return c;
	}
	return NULL;
}

mk_care *mk_care_before(const mk_group *top, const mk_member *from, mk_care *c)
{
	for (mk_member *m = &c->member; m != from;) {
		if (m->prev == NULL) {
			if (m->group == top || m->group == NULL)
				return NULL;
			m = &m->group->member;
			continue;
		}
		m = m->prev;
		mk_care *before = deepest(m);
		if (before != NULL)
			return before;
	}
	return NULL;
}

/* ---- intensity ---------------------------------------------------------------------------- */

bool mk_group_count(mk_group *g, uint64_t now_ns)
{
	g->failures++;
	if (g->limit == MAIKO_UNLIMITED)
		return true;
	if (g->time_count < g->limit) {
		g->times[(g->first_time + g->time_count++) % g->limit] = now_ns;
		return true;
	}
	/* It may be before that time: workers read their clocks at different moments. */
	if (now_ns <= g->times[g->first_time] + g->within_ms * 1000000) {
		g->time_count = 0;
		return false;
	}
	g->times[g->first_time] = now_ns;
	g->first_time = (g->first_time + 1) % g->limit;
	return true;
}

/* ---- groups ------------------------------------------------------------------------------- */

static int set_up(mk_group *g, const maiko_group_options *o)
{
	g->member.is_group = true;
	g->strategy = o->strategy;
	g->limit = o->restarts != 0 ? o->restarts : MAIKO_RESTARTS;
	g->within_ms = o->within_ms != 0 ? o->within_ms : MAIKO_RESTARTS_WITHIN_MS;
	g->stop_ms = o->stop_ms != 0 ? o->stop_ms : MAIKO_GROUP_STOP_MS;
	g->restart = o->restart != MAIKO_RESTART_UNSAID ? o->restart : MAIKO_TRANSIENT;
	g->backoff = backoff_of(o->backoff);
	g->times = g->limit == MAIKO_UNLIMITED ? NULL : mk_calloc(g->limit, sizeof *g->times);
	return g->limit == MAIKO_UNLIMITED || g->times != NULL ? 0 : MAIKO_ENOMEM;
}

/* Memory for the words of a failure `depth` groups below the root: it may be told without any. */
static int reserve_chain(mk_groups *all, uint32_t depth)
{
	enum { ACTOR = MK_ERROR_SIZE + 256, GROUP = 160 };
	bool first = all->chain == NULL;
	int rc = mk_reserve((void **)&all->chain, &all->chain_size, ACTOR + (depth + 1) * GROUP, 1);
	if (rc == 0 && first)
		all->chain[0] = '\0';
	return rc;
}

int mk_groups_init(mk_sup *sup)
{
	sup->groups = MK_NEW(mk_groups);
	if (sup->groups == NULL || reserve_chain(sup->groups, 0) != 0)
		return MAIKO_ENOMEM;
	sup->groups->report_tail = &sup->groups->reports;
	return set_up(&sup->groups->root, &(maiko_group_options){.strategy = MAIKO_ONE_FOR_ONE});
}

/* The key of a name in the map of the first groups of each hash. */
static uint64_t hash_of(const char *name) { return (uint64_t)1 << 32 | mk_name_hash(name); }

static int index_group(mk_groups *all, mk_group *g)
{
	uint64_t hash = hash_of(g->name);
	g->same_hash = mk_map_get(&all->by_hash, hash);
	if (mk_map_put(&all->by_id, g->id, mk_map_key(g)) != 0)
		return MAIKO_ENOMEM;
	if (mk_map_put(&all->by_hash, hash, mk_map_key(g)) == 0)
		return 0;
	mk_map_remove(&all->by_id, g->id);
	return MAIKO_ENOMEM;
}

static void unindex_group(mk_groups *all, mk_group *g)
{
	uint64_t hash = hash_of(g->name);
	mk_group *first = mk_map_get(&all->by_hash, hash);
	mk_map_remove(&all->by_id, g->id);
	if (first != g) {
		while (first->same_hash != g)
			first = first->same_hash;
		first->same_hash = g->same_hash;
	} else if (g->same_hash != NULL) {
		*mk_map_find(&all->by_hash, hash) = mk_map_key(g->same_hash);
	} else {
		mk_map_remove(&all->by_hash, hash);
	}
}

static void free_group(mk_groups *all, mk_group *g)
{
	mk_group **run = &all->runs;
	while (g->running && *run != g)
		run = &(*run)->next_run;
	if (g->running)
		*run = g->next_run;
	unindex_group(all, g);
	if (g->all_prev != NULL)
		g->all_prev->all_next = g->all_next;
	else
		all->first = g->all_next;
	if (g->all_next != NULL)
		g->all_next->all_prev = g->all_prev;
	else
		all->last = g->all_prev;
	all->count--;
	mk_free(g->times);
	mk_free(g);
}

void mk_groups_fini(mk_sup *sup)
{
	mk_groups *all = sup->groups;
	if (all == NULL)
		return;
	while (all->first != NULL)
		free_group(all, all->first);
	mk_map_fini(&all->by_id);
	mk_map_fini(&all->by_hash);
	mk_free(all->root.times);
	mk_free(all->chain);
	mk_free(all->failed);
	mk_free(all);
	sup->groups = NULL;
}

mk_group *mk_group_find(mk_sup *sup, maiko_group_id id)
{
	return id == 0 ? &sup->groups->root : mk_map_get(&sup->groups->by_id, id);
}

mk_group *mk_group_named(mk_sup *sup, const char *name)
{
	mk_group *g = mk_map_get(&sup->groups->by_hash, hash_of(name));
	while (g != NULL && strcmp(g->name, name) != 0)
		g = g->same_hash;
	return g;
}

/* 0, or why the parent (NULL: there is none) can have no group of that name. */
static int check_new(mk_sup *sup, const char *name, const maiko_group_options *options, const mk_group *parent)
{
	if (parent == NULL || parent->removing)
		return mk_fail(MAIKO_ENOENT, "maiko_group: group '%s': .group %llu: there is no such group", name,
			       (unsigned long long)options->group);
	if (mk_group_named(sup, name) != NULL)
		return mk_fail(MAIKO_EEXIST, "maiko_group: there is a group '%s' already", name);
	if (sup->groups->count >= MAIKO_GROUPS_MAX)
		return mk_fail(MAIKO_E2BIG, "maiko_group: the supervisor has MAIKO_GROUPS_MAX groups, %u",
			       MAIKO_GROUPS_MAX);
	if (parent->depth >= MAIKO_GROUP_DEPTH_MAX)
		return mk_fail(MAIKO_E2BIG, "maiko_group: group '%s' would be on level %u; MAIKO_GROUP_DEPTH_MAX is %u",
			       name, parent->depth + 1, MAIKO_GROUP_DEPTH_MAX);
	return 0;
}

int mk_group_new(mk_sup *sup, const char *name, const maiko_group_options *options, maiko_group_id id,
		 mk_group **ret_group)
{
	mk_groups *all = sup->groups;
	mk_group *parent = mk_group_find(sup, options->group);
	int rc = check_new(sup, name, options, parent);
	if (rc != 0)
		return rc;
	mk_group *g = reserve_chain(all, parent->depth + 1) != 0 ? NULL : MK_NEW(mk_group);
	if (g == NULL || set_up(g, options) != 0) {
		mk_free(g);
		return MAIKO_ENOMEM;
	}
	memcpy(g->name, name, strlen(name) + 1);
	g->id = id != 0 ? id : all->made + 1;
	g->depth = parent->depth + 1;
	if (index_group(all, g) != 0) {
		mk_free(g->times);
		mk_free(g);
		return MAIKO_ENOMEM;
	}
	if (g->id > all->made)
		all->made = g->id;
	g->all_prev = all->last;
	if (all->last != NULL)
		all->last->all_next = g;
	else
		all->first = g;
	all->last = g;
	all->count++;
	enter(all, parent, &g->member);
	*ret_group = g;
	return 0;
}

void mk_group_release(mk_sup *sup, mk_group *g)
{
	while (g != NULL && g != &sup->groups->root && g->removing && g->first == NULL) {
		mk_group *parent = g->member.group;
		leave(&g->member);
		free_group(sup->groups, g);
		g = parent;
	}
}

/* ---- actors --------------------------------------------------------------------------------- */

mk_care *mk_care_new(mk_actor *a, const maiko_add_options *options)
{
	uint32_t size = a->class->desc->state_size;
	mk_care *c = MK_NEW(mk_care);
	if (c == NULL)
		return NULL;
	c->init = options->init == NULL ? NULL : mk_malloc(size);
	if (options->init != NULL && c->init == NULL) {
		mk_free(c);
		return NULL;
	}
	if (c->init != NULL)
		memcpy(c->init, options->init, size);
	c->actor = a;
	c->in = options->group;
	c->kind = options->restart;
	c->has_backoff = options->backoff != NULL;
	c->backoff = backoff_of(options->backoff);
	c->retries = options->retries;
	c->start_may_fail = options->start_may_fail != 0;
	c->ephemeral = options->ephemeral != 0;
	return c;
}

void mk_care_free(mk_care *c)
{
	if (c != NULL) {
		mk_free(c->init);
		mk_free(c->asks_next);
		mk_free(c->asker); /* of a simulation or a replay that has ended before */
	}
	mk_free(c);
}

int mk_care_enter(mk_sup *sup, mk_actor *a)
{
	mk_care *c = mk_care_of(a);
	mk_group *g = mk_group_find(sup, c->in);
	if (g == NULL || g->removing)
		return mk_fail(MAIKO_ENOENT, "actor '%s': .group is %llu: there is no such group", a->self->name,
			       (unsigned long long)c->in);
	if (c->kind == MAIKO_RESTART_UNSAID)
		c->kind = g->restart;
	if (!c->has_backoff)
		c->backoff = g->backoff;
	a->temporary = c->kind == MAIKO_TEMPORARY;
	enter(sup->groups, g, &c->member);
	return 0;
}

void mk_care_leave(mk_sup *sup, mk_actor *a)
{
	mk_care *c = mk_care_of(a);
	mk_group *g = c->member.group;
	c->state = MK_CARE_GONE;
	leave(&c->member);
	mk_group_release(sup, g);
}
