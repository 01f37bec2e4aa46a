/*
 * stand_in.c - see stand_in.h.
 */
#include "lifecycle/stand_in.h"

#include "lifecycle/joining.h"
#include "lifecycle/topology_state.h"
#include "observe/monitor.h"
#include "registry/attached.h"
#include "registry/departed.h"
#include "registry/idle_topics.h"
#include "registry/interest.h"
#include "registry/registry.h"
#include "routing/router.h"
#include "runtime/lane.h"
#include "sched/turn.h"

/* ---- what every worker does ------------------------------------------------------------------ */

static void refresh(mk_worker *w, mk_change *c)
{
	uint32_t count = c->kind == MAIKO_CHANGE_ADD ? c->actor->place_count : c->place_count;
	const mk_subscription *places =
		mk_subscriptions_at(c->kind == MAIKO_CHANGE_ADD ? &c->actor->places : &c->places, count);
	for (uint32_t i = 0; i < count; i++) {
		mk_interest_refresh(w, places[i].topic, c->home);
		if (c->kind == MAIKO_CHANGE_MOVE)
			mk_interest_refresh(w, places[i].topic, c->to);
	}
}

void mk_share_interest(mk_worker *w, bool settles)
{
	mk_lock(w->sup);
	for (mk_change *c = w->sup->topology->batch; c != NULL; c = c->next)
		if (c->begun && (c->home != w->index || c->kind == MAIKO_CHANGE_MOVE) &&
		    !(settles && c->kind == MAIKO_CHANGE_ADD && c->arrived))
			refresh(w, c);
	mk_attached_refresh(w);
	mk_unlock(w->sup);
}

void mk_share_number(mk_worker *w)
{
	uint64_t number = w->sup->topology->number;
	w->marker = number;
	w->deferred_seen = &w->deferred; /* these messages may be mutes for an actor whose home is here now */
	mk_routes_forget(w);
	MK_NOTIFY(w, MAIKO_OBSERVED_TOPOLOGY, NULL, NULL, (int64_t)number);
}

void mk_share_markers(mk_worker *w, uint64_t held)
{
	mk_topology *t = w->sup->topology;
	/* Not zero in between: the worker itself is still counted. */
	atomic_fetch_add_explicit(&t->waiting, (uint64_t)__builtin_popcountll(w->outgoing), memory_order_relaxed);
	uint32_t passed = mk_router_mark(w, t->number, held);
	atomic_fetch_sub_explicit(&t->waiting, passed, memory_order_acq_rel);
}

/* ---- which changes, which workers ------------------------------------------------------------- */

/* Whether the change needs no callback, neither of its actor nor for its completion. `told`: someone is told of
 * ends. */
static bool is_plain(const mk_change *c, bool told)
{
	if (c->kind == MAIKO_CHANGE_MOVE || c->done != NULL || c->requester != 0 || c->worker != NULL)
		return false;
	if (!c->begun)
		return true;
	const mk_actor_class *class = c->actor->class;
	bool adds = c->kind == MAIKO_CHANGE_ADD, ends = c->kind == MAIKO_CHANGE_REMOVE;
	if (ends && told) /* its worker has something to publish */
		return false;
	if (adds && (class->start != NULL || class->tick != NULL || c->actor->extra != NULL))
		return false;
	return (!adds && !ends) || (class->stop == NULL && class->watched_count == 0);
}

/* The workers that must take part themselves. */
static uint64_t concerned(mk_sup *sup)
{
	const mk_topology *t = sup->topology;
	if (sup->seam.noted || mk_state_of(sup) != MK_STARTED || t->touched != NULL || mk_idle_topics_examined(sup))
		return UINT64_MAX;
	uint64_t workers = 0;
	bool told = mk_record_at(sup, MK_LIFECYCLE_TOPIC)->all.listeners != 0;
	for (const mk_change *c = t->batch; c != NULL; c = c->next) {
		if (c->kind == MAIKO_CHANGE_MOVE)
			return UINT64_MAX;
		workers |= mk_joining_workers(c);
		if (!is_plain(c, told))
			workers |= UINT64_C(1) << c->home;
	}
	return workers;
}

/* Whether the actor has nothing but its state, and only that holds it. `extra` first: with a descriptor, a callback of
 * libuv may make the actor ready at this moment. */
static bool is_bare(const mk_actor *a, unsigned held)
{
	return a->extra == NULL && a->sched == held && !a->looped && mk_mailbox_length(&a->box) == 0;
}

static bool may_apply(const mk_change *c)
{
	return c->kind == MAIKO_CHANGE_ADD || (is_bare(c->actor, 0) && c->actor->status == MAIKO_ACTOR_RUNNING);
}

static bool may_settle(const mk_change *c)
{
	if (c->kind == MAIKO_CHANGE_ADD)
		return !c->arrived || is_bare(c->actor, MK_WAITING);
	return is_bare(c->actor, c->kind == MAIKO_CHANGE_REMOVE ? MK_PAUSED | MK_ENDED : MK_PAUSED);
}

static bool all_here(const mk_worker *w, bool (*may)(const mk_change *c))
{
	for (const mk_change *c = w->sup->topology->batch; c != NULL; c = c->next)
		if (c->begun && c->home == w->index && !may(c))
			return false;
	return true;
}

/* Whether it has monitors, which another thread may call only in a simulation. */
static bool is_watched(const mk_worker *w) { return w->monitor_count != 0 && !w->sup->seam.simulated; }

/* ---- the steps: this thread stands in for the worker --------------------------------------------- */

static bool apply_for(mk_worker *w, void (*here)(mk_worker *w))
{
	if (!w->go || w->draining || w->left || is_watched(w))
		return false;
	/* `reprobe` first: has_input would read the clock of the worker, which it advances while it spins. */
	if (w->reprobe || mk_worker_has_input(w) || !mk_router_may_mark(w) || !all_here(w, may_apply))
		return false;
	here(w);
	mk_share_interest(w, false);
	mk_share_number(w);
	return true;
}

static bool settle_for(mk_worker *w, void (*here)(mk_worker *w))
{
	enum { SLABS_MAX = 8 }; /* to search more events would hold the worker up for long */
	bool long_search = w->sup->departed.examined != 0 && w->pool.slab_count > SLABS_MAX;
	if (long_search || is_watched(w) || w->watches_coming != NULL || !all_here(w, may_settle))
		return false;
	mk_departed_look(w);
	here(w);
	mk_share_interest(w, true);
	mk_routes_forget(w);
	return true;
}

/* Takes the step for the workers for which that is possible, and returns their set: this thread still stands in for
 * them. The others are stored in `ret_left`. */
static uint64_t take_step(mk_sup *sup, bool (*step)(mk_worker *w, void (*here)(mk_worker *w)),
			  void (*here)(mk_worker *w), mk_worker **ret_left, uint32_t *ret_count)
{
	uint64_t held = 0;
	*ret_count = 0;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		bool may = (sup->topology->concerned >> i & 1) == 0 && mk_lane_stand_in(w);
		if (may && step(w, here)) {
			held |= UINT64_C(1) << i;
			continue;
		}
		if (may)
			mk_lane_stand_down(w);
		ret_left[(*ret_count)++] = w;
	}
	return held;
}

static void stand_down(mk_sup *sup, uint64_t held)
{
	for (; held != 0; held &= held - 1)
		mk_lane_stand_down(sup->workers[__builtin_ctzll(held)]);
}

uint32_t mk_stand_in_apply(mk_sup *sup, void (*here)(mk_worker *w), mk_worker **ret_left)
{
	uint32_t count;
	sup->topology->concerned = concerned(sup);
	uint64_t held = take_step(sup, apply_for, here, ret_left, &count);
	for (uint64_t left = held; left != 0; left &= left - 1) {
		mk_worker *w = sup->workers[__builtin_ctzll(left)];
		mk_share_markers(w, held);
		mk_router_show(w);
		atomic_fetch_sub_explicit(&sup->topology->waiting, 1, memory_order_acq_rel);
	}
	stand_down(sup, held);
	return count;
}

uint32_t mk_stand_in_settle(mk_sup *sup, void (*here)(mk_worker *w), mk_worker **ret_left)
{
	uint32_t count;
	stand_down(sup, take_step(sup, settle_for, here, ret_left, &count));
	return count;
}
