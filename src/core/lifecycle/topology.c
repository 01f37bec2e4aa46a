/*
 * topology.c - see topology.h for the protocol.
 *
 * In step 1 `waiting` counts the workers that have not applied the batch and the markers that
 * have not passed; in step 2 the workers that have not settled, the actors that have not been
 * taken over, and those that have not been given what was retained (joining.h). A worker adds its
 * markers before it subtracts itself, so zero is reached once, when the step is complete. The
 * thread that reaches zero runs the next step.
 */
#include "lifecycle/topology.h"

#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/group_steps.h"
#include "lifecycle/joining.h"
#include "lifecycle/migrate.h"
#include "lifecycle/notice.h"
#include "lifecycle/stand_in.h"
#include "lifecycle/topology_state.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/attached.h"
#include "registry/departed.h"
#include "registry/directory.h"
#include "registry/filter.h"
#include "registry/idle_topics.h"
#include "registry/interest.h"
#include "registry/pattern.h"
#include "registry/place.h"
#include "registry/registry.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/external.h"
#include "routing/overflow.h"
#include "routing/pass_on.h"
#include "routing/router.h"
#include "routing/watch.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"
#include "sched/end.h"
#include "sched/hold.h"
#include "sched/worker.h"

bool mk_topology_busy(const mk_sup *sup) { return sup->topology->busy; }
uint64_t mk_topology_number(const mk_sup *sup) { return sup->topology->number; }

/* ---- beginning a batch, under the lock ----------------------------------------------------- */

static mk_subscription *place_of(mk_actor *a, uint32_t topic)
{
	uint32_t i = mk_subscriptions_find(&a->places, a->place_count, topic);
	return i < a->place_count ? &mk_subscriptions_at(&a->places, a->place_count)[i] : NULL;
}

static void remove_place(mk_actor *a, uint32_t topic)
{
	mk_subscriptions_remove(&a->places, &a->place_count, mk_subscriptions_find(&a->places, a->place_count, topic));
}

/* Adds all requested subscriptions, or none. */
static int begin_subscribe(mk_sup *sup, mk_change *c)
{
	mk_actor *a = c->actor;
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	if (place_of(a, 0) != NULL)
		return MAIKO_EEXIST; /* in words: change.c */
	for (uint32_t i = 0; i < c->place_count; i++) {
		if (place_of(a, places[i].topic) != NULL || mk_place_doubles(sup, a, &places[i]))
			return MAIKO_EEXIST; /* change.c makes the error text */
		a->patterned |= mk_record_at(sup, places[i].topic)->attaches;
	}
	int rc = mk_notices_expect(sup, places, c->place_count);
	if (rc == 0)
		rc = mk_joining_begin(sup, c);
	if (rc == 0)
		rc = mk_interests_add(sup, places, c->place_count, c->home);
	if (rc != 0)
		return rc;
	uint32_t before = a->place_count;
	for (uint32_t i = 0; rc == 0 && i < c->place_count; i++)
		rc = mk_subscriptions_add(&a->places, &a->place_count, places[i]);
	if (rc != 0) {
		while (a->place_count > before)
			mk_subscriptions_remove(&a->places, &a->place_count, a->place_count - 1);
		mk_interests_take(sup, places, c->place_count, c->home);
		return rc;
	}
	mk_listeners_add(sup, places, c->place_count);
	c->overlaps = mk_places_overlap(sup, a);
	mk_batch_members(sup, &c->places, c->place_count, c->home, 1);
	return 0;
}

/* Removes all requested subscriptions, or none. */
static int begin_unsubscribe(mk_sup *sup, mk_change *c)
{
	mk_actor *a = c->actor;
	mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	for (uint32_t i = 0; i < c->place_count; i++) {
		const mk_subscription *p = place_of(a, places[i].topic);
		if (p == NULL)
			return MAIKO_ENOENT;
		places[i].overflow = p->overflow; /* for the removal of the interest */
		places[i].filter = p->filter;
	}
	for (uint32_t i = 0; i < c->place_count; i++)
		remove_place(a, places[i].topic);
	mk_listeners_take(sup, places, c->place_count);
	c->overlaps = mk_places_overlap(sup, a);
	mk_batch_members(sup, &c->places, c->place_count, c->home, -1);
	return 0;
}

static int begin_remove(mk_sup *sup, mk_change *c)
{
	mk_actor *a = c->actor;
	a->removing = true;
	c->places = a->places;
	c->place_count = a->place_count;
	a->place_count = 0;
	mk_listeners_take(sup, mk_subscriptions_at(&c->places, c->place_count), c->place_count);
	mk_batch_members(sup, &c->places, c->place_count, c->home, -1);
	mk_notices_leave(sup, a);
	return 0;
}

static void begin_add(mk_sup *sup, mk_change *c)
{
	if (c->worker != NULL) { /* a new worker, spawned for this actor: it joins the others */
		uint32_t count = mk_worker_total(sup);
		sup->workers[count] = c->worker;
		sup->workers_coming--;
		mk_worker_number(c->worker, count);
		c->worker->marker = sup->topology->number - 1;
		mk_topic_refresh(c->worker, c->worker->all); /* it has not seen the changes since its creation */
		for (uint32_t topic = MK_LIFECYCLE_TOPIC; topic < MK_OWN_TOPICS_END; topic++)
			mk_topic_refresh(c->worker, mk_topic_known(c->worker, topic));
		if (MK_UNLIKELY(sup->seam.noted))
			mk_topics_know_all(c->worker);
		mk_monitor_welcome(c->worker);
		atomic_store_explicit(&sup->worker_count, count + 1, memory_order_release);
		c->home = c->worker->index;
		mk_home_set(c->actor->self, mk_home_word(0, c->home, c->home));
	}
	const mk_subscription *places = mk_subscriptions_at(&c->actor->places, c->actor->place_count);
	c->status = mk_state_of(sup) >= MK_STOPPING ? MAIKO_ESHUTDOWN
						    : mk_notices_expect(sup, places, c->actor->place_count);
	if (c->status == 0)
		c->status = mk_joining_begin(sup, c);
	if (c->status == 0)
		c->status = mk_notices_seek(sup, c->actor);
	if (c->status == 0)
		c->status = mk_interests_add(sup, places, c->actor->place_count, c->home);
	if (c->status != 0)
		return;
	mk_listeners_add(sup, places, c->actor->place_count);
	if (MK_UNLIKELY(c->actor->patterned))
		mk_batch_members(sup, &c->actor->places, c->actor->place_count, c->home, 1);
}

static void begin_one(mk_sup *sup, mk_change *c)
{
	if (c->kind == MAIKO_CHANGE_ADD) {
		begin_add(sup, c);
		return;
	}
	if (mk_state_of(sup) >= MK_STOPPING) {
		c->status = MAIKO_ESHUTDOWN;
		return;
	}
	c->actor = mk_directory_find(sup, c->id);
	/* Without a worker: the id was not an actor's when the change was requested; its addition follows. */
	if (c->actor == NULL || c->actor->removing || c->actor->worker == NULL) {
		c->actor = NULL;
		c->status = MAIKO_ENOENT;
		return;
	}
	c->home = mk_home_now(c->actor->self);
	if (c->kind == MAIKO_CHANGE_SUBSCRIBE)
		c->status = begin_subscribe(sup, c);
	else if (c->kind == MAIKO_CHANGE_UNSUBSCRIBE)
		c->status = begin_unsubscribe(sup, c);
	else if (c->kind == MAIKO_CHANGE_MOVE)
		c->status = mk_migrate_begin(sup, c);
	else
		c->status = begin_remove(sup, c);
}

static void apply(mk_worker *w, mk_message *m);
static void apply_all_here(mk_worker *w);

static void post(mk_worker **workers, uint32_t count, void (*run)(mk_worker *w, mk_message *m))
{
	for (uint32_t i = 0; i < count; i++) {
		workers[i]->topology_message = (mk_message){.run = run, .post = MK_POST_TOPOLOGY};
		mk_lane_post(workers[i], &workers[i]->topology_message);
	}
}

/* Takes `count` from what is waited for; true: nothing is left, so this thread goes on. */
static bool arrived(mk_topology *t, uint64_t count)
{
	return atomic_fetch_sub_explicit(&t->waiting, count, memory_order_acq_rel) == count;
}

bool mk_topology_begin(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	mk_worker *left[MAIKO_WORKERS_MAX];
	t->busy = true;
	t->settling = false;
	mk_departed_begin(sup);
	mk_idle_topics_begin(sup);
	for (mk_change *c = t->batch; c != NULL; c = c->next) {
		begin_one(sup, c);
		c->begun = c->status == 0;
	}
	atomic_store_explicit(&t->waiting, mk_worker_total(sup) + 1, memory_order_relaxed);
	uint32_t count = mk_stand_in_apply(sup, apply_all_here, left);
	bool alone = count == 0;
	if (!alone)
		(void)arrived(t, 1);
	post(left, count, apply);
	return alone && arrived(t, 1) && mk_topology_settle_all(sup);
}

/* ---- step 1 ------------------------------------------------------------------------------------ */

static void leave_topics(mk_worker *w, mk_change *c)
{
	for (uint32_t i = 0; i < c->place_count; i++)
		mk_topic_leave(mk_topic_here(w, mk_subscriptions_at(&c->places, c->place_count)[i].topic), c->actor);
}

static void apply_here(mk_worker *w, mk_change *c)
{
	mk_actor *a = c->actor;
	if (c->kind == MAIKO_CHANGE_ADD) {
		c->status = mk_actor_arrive(w, a, true);
		c->arrived = c->status == 0;
		if (c->arrived)
			MK_NOTIFY(w, MAIKO_OBSERVED_ADDED, a, NULL, 0);
		return;
	}
	mk_hold(w, a, MK_PAUSED);
	switch (c->kind) {
	case MAIKO_CHANGE_SUBSCRIBE:
		c->status = mk_filters_reserve(a, c->filters);
		if (c->status == 0)
			c->status = mk_actor_join(w, a, mk_subscriptions_at(&c->places, c->place_count), c->place_count,
						  true);
		if (c->status == 0) {
			mk_filters_take(a, &c->filters);
			a->overlaps = c->overlaps;
		}
		break;
	case MAIKO_CHANGE_UNSUBSCRIBE:
		leave_topics(w, c);
		break;
	case MAIKO_CHANGE_REMOVE:
		mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, MK_OUTCOME_OF(dead));
		leave_topics(w, c);
		break;
	case MAIKO_CHANGE_ADD:
	case MAIKO_CHANGE_MOVE:
	case MAIKO_CHANGE_RESTART:
		break;
	}
}

static void apply_all_here(mk_worker *w)
{
	mk_change *batch = w->sup->topology->batch;
	for (mk_change *c = batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_REMOVE && c->begun && c->home == w->index)
			apply_here(w, c);
	for (mk_change *c = batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_MOVE && c->begun)
			mk_migrate_apply(w, c);
		else if (c->kind != MAIKO_CHANGE_REMOVE && c->begun && c->home == w->index)
			apply_here(w, c);
}

static void step_done(mk_worker *w);

static void apply(mk_worker *w, mk_message *m)
{
	mk_topology *t = w->sup->topology;
	(void)m;
	/* Events that an external thread sent before it requested the change must precede it. */
	if (w->go && !w->draining)
		(void)mk_external_intake(w, UINT64_MAX);
	/* First the removals: their on_stop may publish, which must precede all markers and use the old
	 * subscriptions, so actors that migrate get it at their old home. Then the other subscriptions,
	 * then the number. */
	for (mk_change *c = t->batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_MOVE && !c->begun)
			mk_migrate_undo(w, c);
	apply_all_here(w);
	mk_joining_apply(w);
	mk_share_interest(w, false);
	mk_notices_pause(w, t->number);
	mk_share_number(w);
	mk_share_markers(w, 0);
	step_done(w);
}

void mk_topology_passed(mk_worker *w) { step_done(w); }

/* ---- step 2 --------------------------------------------------------------------------------------- */

static void settle_unsubscribed(mk_worker *w, mk_change *c)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	mk_pass_on_left(w, c->actor, places, c->place_count);
	mk_topics_mark(w, places, c->place_count, true);
	mk_purge(w, c->actor, true, MK_OUTCOME_OF(dead)); /* of what it takes by no other subscription */
	mk_release_marked(w, c->actor);
	mk_topics_mark(w, places, c->place_count, false);
	mk_release_if_low(w, c->actor);
}

static void settle_here(mk_worker *w, mk_change *c)
{
	mk_actor *a = c->actor;
	switch (c->kind) {
	case MAIKO_CHANGE_ADD:
		if (!c->arrived)
			break;
		mk_topics_settle(w, mk_subscriptions_at(&a->places, a->place_count), a->place_count);
		c->status = mk_actor_start(w, a);
		if (c->status == 0) {
			mk_actor_go(w, a, MK_WAITING);
		} else {
			mk_retire(w, a);
			if (a->status == MAIKO_ACTOR_FAILED && !c->told && !a->temporary)
				mk_up.stop_for_failure(w->sup, c->status);
		}
		break;
	case MAIKO_CHANGE_SUBSCRIBE:
	case MAIKO_CHANGE_UNSUBSCRIBE:
		mk_topics_settle(w, mk_subscriptions_at(&c->places, c->place_count), c->place_count);
		if (c->kind == MAIKO_CHANGE_UNSUBSCRIBE) {
			settle_unsubscribed(w, c);
			mk_filters_drop(a, mk_subscriptions_at(&c->places, c->place_count), c->place_count);
			a->overlaps = c->overlaps;
		}
		mk_permit(w, a, MK_PAUSED);
		break;
	case MAIKO_CHANGE_MOVE:
	case MAIKO_CHANGE_RESTART:
		break;
	case MAIKO_CHANGE_REMOVE:
		mk_topics_settle(w, mk_subscriptions_at(&c->places, c->place_count), c->place_count);
		mk_lock(w->sup);
		mk_directory_leave(w->sup, a);
		mk_actor_fold(w, a);
		w->busy = false; /* the worker of an actor with .own_thread may be reused */
		mk_unlock(w->sup);
		mk_actor_depart(w, a);
		break;
	}
}

/* What it has joined has given it what was retained. */
static void settle_joined(mk_worker *w, mk_change *c)
{
	settle_here(w, c);
	mk_topology_arrived(w);
}

static void settle_all_here(mk_worker *w)
{
	for (mk_change *c = w->sup->topology->batch; c != NULL; c = c->next)
		if (c->begun && c->kind == MAIKO_CHANGE_MOVE)
			mk_migrate_settle(w, c);
		else if (c->begun && c->home == w->index && !mk_joining_settled(w, c))
			settle_here(w, c);
}

/* What watches an actor that was being added enters it now, before its on_start, or never. */
static void settle_watches(mk_worker *w)
{
	for (const mk_change *c = w->sup->topology->batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_ADD && !c->arrived)
			mk_watches_never(w, c->id);
	mk_watches_settle(w);
}

static void settle(mk_worker *w, mk_message *m)
{
	mk_topology *t = w->sup->topology;
	(void)m;
	mk_departed_look(w); /* must precede the hand-over of an actor */
	mk_idle_topics_count(w);
	mk_notices_tell(w, t->number);
	if (MK_UNLIKELY(w->watches_coming != NULL))
		settle_watches(w);
	mk_joining_settle(w);
	settle_all_here(w);
	mk_share_interest(w, true);
	mk_routes_forget(w);
	mk_notices_permit(w, t->number);
	mk_topology_arrived(w);
}

void mk_topology_arrived(mk_worker *w)
{
	if (arrived(w->sup->topology, 1) && !w->sup->seam.led)
		mk_topology_finish(w);
}

/* Undoes subscriptions for which their home had no memory. */
static void undo_subscribe(mk_sup *sup, mk_change *c)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	mk_interests_take(sup, places, c->place_count, c->home);
	mk_listeners_take(sup, places, c->place_count);
	mk_batch_members(sup, &c->places, c->place_count, c->home, -1);
	for (uint32_t i = 0; i < c->place_count; i++)
		remove_place(c->actor, places[i].topic);
}

/* Whether anyone listens from now on; and who has come watches that as well. */
static void decide_interest(mk_sup *sup)
{
	for (mk_change *c = sup->topology->batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_ADD && c->begun && !c->arrived)
			mk_listeners_take(sup, mk_subscriptions_at(&c->actor->places, c->actor->place_count),
					  c->actor->place_count);
	mk_notices_decide(sup);
	for (mk_change *c = sup->topology->batch; c != NULL; c = c->next)
		if (c->kind == MAIKO_CHANGE_ADD && c->arrived)
			mk_notices_enter(c->actor);
}

bool mk_topology_settle_all(mk_sup *sup)
{
	mk_topology *t = sup->topology;
	uint32_t later = 0; /* changes that an actor or a message must arrive for */
	mk_worker *left[MAIKO_WORKERS_MAX];
	mk_lock(sup);
	mk_note_sup(sup, MK_NOTE_SETTLING, t->number, 0);
	t->settling = true;
	mk_patterns_are_known(sup); /* those whose first subscriber comes: all workers have applied the batch */
	for (mk_change *c = t->batch; c != NULL; c = c->next) {
		later += c->begun && c->kind == MAIKO_CHANGE_MOVE;
		if (c->begun && c->kind == MAIKO_CHANGE_SUBSCRIBE && c->status != 0)
			undo_subscribe(sup, c);
		else if (c->begun && c->kind == MAIKO_CHANGE_ADD && !c->arrived)
			mk_batch_members(sup, &c->actor->places, c->actor->place_count, c->home, -1);
		else if (c->begun && c->kind != MAIKO_CHANGE_SUBSCRIBE)
			mk_interests_take(sup, mk_subscriptions_at(&c->places, c->place_count), c->place_count,
					  c->home);
	}
	decide_interest(sup);
	later += mk_joining_expect(sup, settle_joined);
	uint32_t count = mk_stand_in_settle(sup, settle_all_here, left);
	atomic_store_explicit(&t->waiting, count + later, memory_order_relaxed);
	mk_unlock(sup);
	post(left, count, settle);
	return count + later == 0;
}

static void step_done(mk_worker *w)
{
	if (arrived(w->sup->topology, 1) && !w->sup->seam.led && mk_topology_settle_all(w->sup))
		mk_topology_finish(w);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

/* Undoes an addition whose actor never arrived at a worker. */
static void undo_add(mk_sup *sup, mk_change *c)
{
	if (c->begun)
		mk_interests_take(sup, mk_subscriptions_at(&c->actor->places, c->actor->place_count),
				  c->actor->place_count, c->home);
	mk_notices_leave(sup, c->actor);
	mk_worker_at(sup, c->home)->busy = false;
	if (c->actor->cared)
		mk_group_answer_ended(sup, mk_care_of(c->actor));
	mk_directory_leave(sup, c->actor);
	mk_actor_discard(sup, c->actor);
	c->actor = NULL;
}

/* Gives back the examined topics, except those that a change which has to wait subscribes to. */
static void give_topics_back(mk_sup *sup)
{
	if (!mk_idle_topics_examined(sup))
		return;
	for (mk_change *c = sup->topology->pending; c != NULL; c = c->next)
		for (mk_change *later = c; later != NULL; later = later == c ? c->after : later->next)
			if (later->kind == MAIKO_CHANGE_ADD)
				mk_idle_topics_need(
					sup, mk_subscriptions_at(&later->actor->places, later->actor->place_count),
					later->actor->place_count);
			else
				mk_idle_topics_need(sup, mk_subscriptions_at(&later->places, later->place_count),
						    later->place_count);
	mk_idle_topics_give_back(sup);
}

/* With the lock: ends the batch, and returns its changes, whose requesters are to be told without the lock. */
static mk_change *end(mk_sup *sup, uintptr_t *ret_departed)
{
	mk_topology *t = sup->topology;
	mk_change *batch = t->batch;
	for (mk_change *c = batch; c != NULL; c = c->next) {
		if (c->kind == MAIKO_CHANGE_ADD && !c->arrived)
			undo_add(sup, c);
		mk_actor *a = mk_directory_find(sup, c->id);
		if (a != NULL)
			a->changing = false;
		mk_change_tell_waiting(c);
		mk_topology_put_on(t, c);
	}
	mk_notices_end(sup);
	mk_patterns_are_known(sup);
	give_topics_back(sup);
	mk_map_clear(&t->changing);
	t->batch = NULL;
	t->busy = false;
	*ret_departed = mk_departed_take(sup);
	mk_change_told(sup);
	return batch;
}

void mk_topology_end_here(mk_sup *sup)
{
	uintptr_t departed;
	mk_change *batch = end(sup, &departed);
	mk_departed_free(sup, departed);
	while (batch != NULL) {
		mk_change *next = batch->next;
		mk_change_free(batch);
		batch = next;
	}
}

void mk_topology_finish(mk_worker *w)
{
	mk_sup *sup = w->sup;
	uintptr_t departed;
	mk_lock(sup);
	mk_note_sup(sup, MK_NOTE_FINISHED, w->index, 0);
	mk_change *batch = end(sup, &departed);
	mk_topology_next(sup);
	bool askers = sup->groups->answered != NULL;
	mk_unlock(sup);
	mk_departed_free(sup, departed);
	while (batch != NULL) {
		mk_change *next = batch->next;
		mk_change_tell(w, batch);
		batch = next;
	}
	if (MK_UNLIKELY(askers))
		mk_group_tell_askers(w);
}

/* ---- before the start, and the end ------------------------------------------------------------------------- */

static void tell_all(mk_sup *sup)
{
	for (uint32_t k = 0; k < mk_worker_total(sup); k++)
		mk_attached_refresh(sup->workers[k]);
	mk_patterns_forget(sup);
}

int mk_topology_add_now(mk_sup *sup, mk_actor *a)
{
	mk_worker *w = mk_worker_at(sup, mk_home_now(a->self));
	const mk_subscription *places = mk_subscriptions_at(&a->places, a->place_count);
	int rc = mk_notices_expect(sup, places, a->place_count);
	if (rc == 0)
		rc = mk_notices_seek(sup, a);
	if (rc == 0)
		rc = mk_interests_add(sup, places, a->place_count, w->index);
	if (rc == 0 && (rc = mk_actor_arrive(w, a, false)) != 0)
		mk_interests_take(sup, places, a->place_count, w->index);
	if (rc != 0)
		mk_notices_leave(sup, a);
	else if (MK_UNLIKELY(a->patterned))
		mk_batch_members(sup, &a->places, a->place_count, w->index, 1);
	for (uint32_t k = 0; rc == 0 && k < mk_worker_total(sup); k++)
		for (uint32_t i = 0; i < a->place_count; i++)
			mk_interest_refresh(sup->workers[k], places[i].topic, w->index);
	if (MK_UNLIKELY(sup->patterns.changed != NULL))
		tell_all(sup);
	if (rc == 0) {
		mk_listeners_add_now(sup, places, a->place_count);
		mk_notices_enter(a);
	}
	return rc;
}
