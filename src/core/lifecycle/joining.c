/*
 * joining.c - see joining.h.
 *
 * A part is written by its keepers' worker until it is posted, then by the joiner's home. How many are missing, only
 * the home knows.
 */
#include "lifecycle/joining.h"

#include "lifecycle/topology_state.h"
#include "registry/keeper.h"
#include "registry/pattern.h"
#include "registry/registry.h"
#include "routing/retained.h"
#include "runtime/lane.h"

typedef struct part {
	mk_message message;
	mk_change *change; /* NULL: it is gone, and the part is still in a lane */
	bool posted, came;
	uint32_t count, size;
	uint64_t lost;
	mk_retained *list;
} part;

struct mk_joining {
	uint64_t workers; /* that send a part */
	uint32_t missing; /* parts, and the settling of the home */
	void (*settle)(mk_worker *w, mk_change *c);
	part *parts[MAIKO_WORKERS_MAX]; /* by worker */
};

/* ---- which topics -------------------------------------------------------------------------------- */

static mk_subscription *places_of(mk_change *c, uint32_t *ret_count)
{
	bool adds = c->kind == MAIKO_CHANGE_ADD;
	*ret_count = adds ? c->actor->place_count : c->place_count;
	return mk_subscriptions_at(adds ? &c->actor->places : &c->places, *ret_count);
}

/* The members of a share group are given nothing: each would get the same. */
static bool is_pattern(const mk_record *r) { return r->attaches && r->members == NULL; }

/* Whether the change joins topics that it does not name, so that each keeper is asked: all, or by a pattern. */
static bool is_open(mk_sup *sup, mk_change *c)
{
	uint32_t count, i = 0;
	const mk_subscription *places = places_of(c, &count);
	while (i < count && places[i].topic != 0 && !is_pattern(mk_record_at(sup, places[i].topic)))
		i++;
	return i < count;
}

static bool take(mk_sup *sup, const mk_subscription *places, uint32_t count, const mk_record *r)
{
	uint32_t i = 0;
	while (i < count && places[i].topic != 0 &&
	       (mk_record_at(sup, places[i].topic)->members != NULL ||
		!mk_record_takes(mk_record_at(sup, places[i].topic), r)))
		i++;
	return i < count;
}

/* Whether the actor has subscribed to the topic before the change, in any way. */
static bool had(mk_sup *sup, mk_change *c, const mk_record *r)
{
	mk_actor *a = c->actor;
	const mk_subscription *places = mk_subscriptions_at(&a->places, a->place_count);
	bool found = false;
	for (uint32_t i = 0; !found && c->kind != MAIKO_CHANGE_ADD && i < a->place_count; i++)
		found = take(sup, &places[i], 1, r) &&
			mk_subscriptions_find(&c->places, c->place_count, places[i].topic) == c->place_count;
	return found;
}

/* Whether an open change joins that topic. With the lock. */
static bool joins(mk_sup *sup, mk_change *c, const mk_record *r)
{
	uint32_t count;
	const mk_subscription *places = places_of(c, &count);
	return take(sup, places, count, r) && !had(sup, c, r);
}

/* The workers with a keeper of a topic that it joins, or may join. */
static uint64_t keepers_of(mk_sup *sup, mk_change *c)
{
	uint32_t count;
	uint64_t workers = 0;
	const mk_subscription *places = places_of(c, &count);
	if (is_open(sup, c))
		return UINT64_MAX >> (64 - sup->options.workers);
	for (uint32_t i = 0; i < count; i++) {
		const mk_keeper *k = mk_record_at(sup, places[i].topic)->keeper;
		workers |= k == NULL ? 0 : UINT64_C(1) << k->worker;
	}
	return workers;
}

/* ---- the parts ----------------------------------------------------------------------------------- */

static void free_part(part *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->count; i++)
		if (p->list[i].event != NULL)
			mk_event_unref(NULL, p->list[i].event);
	mk_free(p->list);
	mk_free(p);
}

/* The worker will run no message any more. */
static void drop_part(mk_message *m)
{
	part *p = MK_OF(m, part, message);
	if (p->change == NULL)
		free_part(p);
	else
		p->came = true; /* the change frees it */
}

void mk_joining_free(mk_change *c)
{
	mk_joining *j = c->joining;
	c->joining = NULL;
	for (uint64_t left = j == NULL ? 0 : j->workers; left != 0; left &= left - 1) {
		part *p = j->parts[__builtin_ctzll(left)];
		if (p != NULL && p->posted && !p->came)
			p->change = NULL;
		else
			free_part(p);
	}
	mk_free(j);
}

int mk_joining_begin(mk_sup *sup, mk_change *c)
{
	uint64_t workers = sup->keeper_count == 0 ? 0 : keepers_of(sup, c);
	if (MK_LIKELY(workers == 0))
		return 0;
	mk_joining *j = c->joining = MK_NEW(mk_joining);
	if (j == NULL)
		return MAIKO_ENOMEM;
	j->workers = workers;
	for (uint64_t left = workers; left != 0; left &= left - 1) {
		part *p = j->parts[__builtin_ctzll(left)] = MK_NEW(part);
		if (p == NULL)
			return MAIKO_ENOMEM; /* freed with the change */
		p->change = c;
	}
	return 0;
}

uint64_t mk_joining_workers(const mk_change *c)
{
	return MK_LIKELY(c->joining == NULL) ? 0 : c->joining->workers | UINT64_C(1) << c->home;
}

/* ---- on the keepers' worker ------------------------------------------------------------------------ */

static bool takes_part(const mk_worker *w, const mk_change *c)
{
	return c->begun && c->joining != NULL && (c->joining->workers >> w->index & 1) != 0;
}

void mk_joining_apply(mk_worker *w)
{
	const mk_topology *t = w->sup->topology;
	for (const mk_change *c = t->batch; c != NULL; c = c->next)
		w->splits |= takes_part(w, c);
}

/* Room for `more`; without memory they are lost. */
static bool has_room(part *p, uint32_t more)
{
	if (mk_reserve((void **)&p->list, &p->size, p->count + more, sizeof *p->list) == 0)
		return true;
	p->lost += more;
	return false;
}

static void add_kept(part *p, const mk_keeper *k)
{
	uint32_t count = mk_keeper_count(k);
	mk_event **events = count == 0 ? NULL : mk_malloc(count * sizeof(mk_event *));
	if (events == NULL || !has_room(p, count)) {
		p->lost += events == NULL ? count : 0;
		mk_free(events);
		return;
	}
	(void)mk_keeper_copy(k, events);
	for (uint32_t i = 0; i < count; i++)
		p->list[p->count++] = (mk_retained){events[i], k->record->index};
	mk_free(events);
}

/* Of topics in the order of the subscriptions, or in any. */
static void fill(mk_worker *w, part *p)
{
	uint32_t count;
	const mk_subscription *places = places_of(p->change, &count);
	mk_lock(w->sup);
	if (is_open(w->sup, p->change)) {
		for (const mk_keeper *k = w->keepers; k != NULL; k = k->next)
			if (joins(w->sup, p->change, k->record))
				add_kept(p, k);
		count = 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		const mk_keeper *k = mk_keeper_here(w, mk_record_at(w->sup, places[i].topic));
		if (k != NULL && !(p->change->actor->patterned && had(w->sup, p->change, k->record)))
			add_kept(p, k);
	}
	mk_unlock(w->sup);
}

static void come(mk_worker *w, mk_message *m);

void mk_joining_settle(mk_worker *w)
{
	const mk_topology *t = w->sup->topology;
	for (mk_change *c = t->batch; c != NULL; c = c->next) {
		if (!takes_part(w, c))
			continue;
		part *p = c->joining->parts[w->index];
		fill(w, p);
		if (c->home == w->index) {
			c->joining->missing--; /* the settling is missing, too */
			continue;
		}
		p->posted = true;
		p->message = (mk_message){.run = come, .drop = drop_part};
		mk_lane_post_by(w, mk_worker_at(w->sup, c->home), &p->message);
	}
	if (w->splits)
		mk_keepers_merge(w);
}

/* ---- on the joiner's home --------------------------------------------------------------------------- */

/* Whether its home has made the joiner a subscriber; else nobody waits for anything. */
static bool has_joined(const mk_change *c) { return c->kind == MAIKO_CHANGE_ADD ? c->arrived : c->status == 0; }

uint32_t mk_joining_expect(mk_sup *sup, void (*settle)(mk_worker *w, mk_change *c))
{
	uint32_t count = 0;
	const mk_topology *t = sup->topology;
	for (mk_change *c = t->batch; c != NULL; c = c->next) {
		if (MK_LIKELY(c->joining == NULL) || !c->begun)
			continue;
		if (!has_joined(c)) {
			mk_joining_free(c);
			continue;
		}
		c->joining->missing = (uint32_t)__builtin_popcountll(c->joining->workers) + 1;
		c->joining->settle = settle;
		count++;
	}
	return count;
}

static void give(mk_worker *w, mk_change *c)
{
	for (uint64_t left = c->joining->workers; left != 0; left &= left - 1) {
		part *p = c->joining->parts[__builtin_ctzll(left)];
		mk_retained_give(w, c->actor, p->list, p->count, p->lost);
		p->count = 0; /* it has taken the events over */
	}
}

static void one_less(mk_worker *w, mk_change *c)
{
	if (--c->joining->missing != 0)
		return;
	give(w, c);
	c->joining->settle(w, c);
}

static void come(mk_worker *w, mk_message *m)
{
	part *p = MK_OF(m, part, message);
	p->came = true;
	one_less(w, p->change);
}

bool mk_joining_settled(mk_worker *w, mk_change *c)
{
	if (MK_LIKELY(c->joining == NULL))
		return false;
	one_less(w, c);
	return true;
}
