/*
 * migrate.c - see migrate.h.
 */
#include "lifecycle/migrate.h"

#include "lifecycle/completion.h"
#include "lifecycle/topology_state.h"
#include "observe/monitor.h"
#include "registry/attached.h"
#include "registry/directory.h"
#include "registry/filter.h"
#include "registry/interest.h"
#include "registry/members.h"
#include "routing/backpressure.h"
#include "routing/cycle.h"
#include "routing/delivery.h"
#include "routing/in_transit.h"
#include "routing/overflow.h"
#include "routing/private.h"
#include "routing/question.h"
#include "routing/receipt.h"
#include "routing/weight.h"
#include "runtime/lane.h"
#include "sched/actors.h"
#include "sched/balance.h"
#include "sched/delayed.h"
#include "sched/end.h"
#include "sched/fd_watch.h"
#include "sched/hold.h"
#include "sched/tick.h"

static void prepare(mk_worker *w, mk_message *m);
static void pick(mk_worker *w, mk_message *m);
static void unprepare(mk_worker *w, mk_message *m);
static void take_over(mk_worker *w, mk_message *m);

/* ---- the request --------------------------------------------------------------------------- */

static void drop(mk_message *m) { mk_change_abandon(MK_OF(m, mk_change, message)); }

static void post(mk_sup *sup, mk_change *c, uint32_t to, void (*run)(mk_worker *, mk_message *))
{
	c->message = (mk_message){.run = run, .drop = run == take_over ? NULL : drop}; /* NULL: the batch owns it */
	mk_lane_post(mk_worker_at(sup, to), &c->message);
}

int mk_migrate_request(mk_sup *sup, mk_change *c, int *ret_status)
{
	mk_change_wait waiting = {false, 0};
	mk_lock(sup);
	int state = mk_state_of(sup), rc = 0;
	const mk_actor *a = mk_directory_find(sup, c->id);
	if (state != MK_STARTED)
		rc = state < MK_STARTED ? MAIKO_ESTATE : MAIKO_ESHUTDOWN;
	else if (a == NULL)
		rc = MAIKO_ENOENT;
	else if (c->to >= sup->options.workers || mk_home_now(a->self) >= sup->options.workers)
		rc = MAIKO_EINVAL; /* the workers after these belong to actors with .own_thread */
	else if (atomic_load_explicit(&sup->staying, memory_order_relaxed) != 0)
		rc = MAIKO_EBUSY;
	if (rc == 0) {
		c->wait = ret_status != NULL ? &waiting : NULL;
		post(sup, c, c->to, prepare);
	}
	if (rc == 0 && ret_status != NULL) /* of one that has stopped, no worker takes it out of its lane any more */
		*ret_status = mk_change_wait_for(sup, c, &waiting, MK_STOPPED);
	mk_unlock(sup);
	return rc;
}

void mk_migrate(mk_sup *sup, maiko_actor_id id, uint32_t to, bool lent)
{
	mk_change *c = MK_NEW(mk_change);
	if (c == NULL)
		return;
	*c = (mk_change){.kind = MAIKO_CHANGE_MOVE, .id = id, .to = to, .lent = lent};
	if (mk_migrate_request(sup, c, NULL) != 0)
		mk_free(c);
}

/* ---- before the batch ------------------------------------------------------------------------ */

static void unreserve(mk_worker *w, mk_change *c, uint32_t count)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	for (uint32_t i = 0; i < count; i++)
		mk_topic_unreserve(mk_topic_known(w, places[i].topic));
}

static void unreserve_timers(mk_worker *w, const mk_change *c)
{
	for (uint32_t i = 0; i < c->timers; i++)
		mk_timers_unreserve(&w->timers);
}

static int reserve_timers(mk_worker *w, mk_change *c)
{
	for (uint32_t i = 0; i < c->timers; i++)
		if (mk_timers_reserve(&w->timers) != 0) {
			while (i-- > 0)
				mk_timers_unreserve(&w->timers);
			return MAIKO_ENOMEM;
		}
	return 0;
}

/* Reserves all memory that the new home will need, so that it cannot fail later. */
static int reserve(mk_worker *w, mk_change *c)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	for (uint32_t i = 0; i < c->place_count; i++) {
		mk_topic *t = places[i].topic == 0 ? NULL : mk_topic_here(w, places[i].topic);
		int rc = places[i].topic == 0 ? MAIKO_EBUSY : t == NULL ? MAIKO_ENOMEM : mk_topic_reserve(t);
		if (rc != 0) {
			unreserve(w, c, i);
			return rc;
		}
	}
	int rc = mk_actor_reserve(w);
	if (rc == 0 && (rc = reserve_timers(w, c)) != 0)
		mk_actor_unreserve(w);
	if (rc == 0 && c->watches && (c->watch_error = mk_fd_watch_reserve(w)) != 0)
		c->watches = false; /* it matters only if the actor watches a descriptor, which its worker knows */
	if (rc != 0)
		unreserve(w, c, c->place_count);
	return rc;
}

/* Copies what the change needs from the actor. With the lock. */
static int look_at(mk_worker *w, mk_change *c)
{
	mk_actor *a = mk_directory_find(w->sup, c->id);
	if (a == NULL)
		return MAIKO_ENOENT;
	if (mk_subscriptions_copy(&c->places, mk_subscriptions_at(&a->places, a->place_count), a->place_count) != 0)
		return MAIKO_ENOMEM;
	c->place_count = a->place_count;
	c->shadow = mk_actor_alloc(a->class);
	if (c->shadow == NULL)
		return MAIKO_ENOMEM;
	c->shadow->self = a->self;
	c->shadow->worker = w;
	c->shadow->shadow = c->shadow->warm = true;
	c->shadow->sched = MK_MOVING; /* it never becomes ready */
	/* One for its restarts; whether it needs that, only its worker may read. */
	c->timers = (uint32_t)(a->class->tick != NULL) + 1;
	c->watches = a->class->tick != NULL && w->sup->watched_size != 0;
	return 0;
}

static void free_shadow(mk_change *c)
{
	if (c->shadow != NULL)
		mk_actor_free(c->shadow);
	c->shadow = NULL;
}

/* On the new home: the migration is cancelled. */
static void give_back(mk_worker *w, mk_change *c)
{
	unreserve(w, c, c->place_count);
	mk_actor_unreserve(w);
	unreserve_timers(w, c);
	if (c->watches)
		mk_fd_watch_unreserve(w);
	free_shadow(c);
}

static void prepare(mk_worker *w, mk_message *m)
{
	mk_change *c = MK_OF(m, mk_change, message);
	mk_sup *sup = w->sup;
	mk_lock(sup);
	c->status = look_at(w, c);
	mk_unlock(sup);
	if (c->status == 0)
		c->status = reserve(w, c);
	if (c->status != 0) {
		free_shadow(c);
		mk_change_conclude(w, c);
		return;
	}
	mk_lock(sup);
	const mk_actor *a = mk_directory_find(sup, c->id);
	/* Under the lock, as the begin of another move is: so the message arrives before the actor leaves. */
	if (a != NULL)
		post(sup, c, mk_home_now(a->self), pick);
	mk_unlock(sup);
	if (a == NULL) {
		c->status = MAIKO_ENOENT;
		unprepare(w, m);
	}
}

static void unprepare(mk_worker *w, mk_message *m)
{
	mk_change *c = MK_OF(m, mk_change, message);
	give_back(w, c);
	mk_change_conclude(w, c);
}

/* Whether it may leave; a watch needs room at the new home, which a watch that has just begun does not have. */
static int may_leave(const mk_actor *a, const mk_change *c)
{
	bool watches = a->extra != NULL && a->extra->watch != NULL;
	if (!mk_actor_may_leave(a))
		return MAIKO_EBUSY; /* the words are those of the change: completion.c */
	if (watches && c->watch_error != 0)
		return c->watch_error;
	return c->watches || !watches ? 0 : MAIKO_EBUSY; /* as above */
}

static void pick(mk_worker *w, mk_message *m)
{
	mk_change *c = MK_OF(m, mk_change, message);
	if (mk_arrival_keeps(w, c->id, m))
		return;
	mk_lock(w->sup); /* an actor that has not arrived may be freed by any worker */
	mk_actor *a = mk_directory_find(w->sup, c->id);
	c->home = w->index;
	c->status = a == NULL ? MAIKO_ENOENT : w->index == c->to ? 0 : may_leave(a, c);
	if (c->status == 0 && w->index != c->to)
		c->status = mk_filters_lend(a, c->shadow);
	mk_unlock(w->sup);
	if (c->status == 0 && w->index != c->to) {
		c->shadow->echo = a->echo;
		c->shadow->overlaps = a->overlaps;
		c->shadow->box.budget = a->box.capacity; /* a shadow never runs; overflow.c uses this as its bound */
		mk_hold(w, a, MK_MOVING);
		int rc = mk_topology_request(w->sup, w, c, NULL);
		if (rc == 0)
			return; /* the topology owns it now */
		mk_permit(w, a, MK_MOVING);
		c->status = rc;
	}
	post(w->sup, c, c->to, unprepare);
}

/* ---- in the batch --------------------------------------------------------------------------------- */

/* Whether its subscriptions have not changed since look_at. */
static bool is_current(mk_change *c)
{
	mk_actor *a = c->actor;
	const mk_subscription *now = mk_subscriptions_at(&a->places, a->place_count);
	const mk_subscription *then = mk_subscriptions_at(&c->places, c->place_count);
	bool same = a->place_count == c->place_count;
	for (uint32_t i = 0; same && i < c->place_count; i++)
		same = now[i].topic == then[i].topic && now[i].overflow == then[i].overflow &&
		       now[i].filter == then[i].filter;
	return same;
}

int mk_migrate_begin(mk_sup *sup, mk_change *c)
{
	if (!is_current(c))
		return MAIKO_EAGAIN;
	int rc = mk_interests_add(sup, mk_subscriptions_at(&c->places, c->place_count), c->place_count, c->to);
	if (rc != 0)
		return rc;
	mk_batch_members(sup, &c->places, c->place_count, c->home, -1);
	mk_batch_members(sup, &c->places, c->place_count, c->to, 1);
	mk_home_set(c->actor->self, mk_home_word(mk_topology_number(sup), c->home, c->to));
	return 0;
}

void mk_migrate_undo(mk_worker *w, mk_change *c)
{
	if (w->index == c->home) {
		mk_actor *a = mk_directory_look(w->sup, c->id);
		if (a != NULL)
			mk_permit(w, a, MK_MOVING);
	}
	if (w->index == c->to)
		give_back(w, c);
}

void mk_migrate_apply(mk_worker *w, mk_change *c)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	for (uint32_t i = 0; i < c->place_count; i++) {
		mk_topic *t = mk_topic_known(w, places[i].topic);
		if (w->index == c->home) {
			mk_topic_leave(t, c->actor);
		} else if (w->index == c->to) {
			mk_topic_unreserve(t);
			(void)mk_topic_join(t, c->shadow, &places[i], true);
		}
	}
	if (w->index == c->to)
		mk_arrival_expect(w, &c->arrival, c->id);
}

/* Whether an event is on the heap for this mailbox alone: the copy of an earlier migration. It belongs to no worker. */
static bool is_apart(const mk_event *e)
{
	return mk_is_tracked(e) ? mk_receipt_is_split(e) : (e->size_class & MK_SIZE_CLASS_HOLDS) != 0 && e->refs == 1;
}

/* Replaces its queued events by copies outside any pool. */
static void pack_mailbox(mk_worker *w, mk_actor *a)
{
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (place < mk_count(&a->box.head) || e == NULL || is_apart(e))
			continue;
		mk_event *copy = MK_UNLIKELY(mk_is_tracked(e)) ? mk_receipt_split(e) : mk_event_copy(NULL, e);
		if (copy != NULL) {
			*mk_mailbox_slot(&a->box, place) = copy;
		} else {
			(void)mk_mailbox_remove(&a->box, place); /* earlier ones, copies by now, may be seen again */
			mk_count_outcome(a, e, MK_OUTCOME_OF(no_memory));
			MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_DISCARDED, a, e, MAIKO_NO_MEMORY);
		}
		mk_event_unref(&w->pool, e);
	}
	/* They are counted where they are queued: for some topic the new home may have no view. */
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		const mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e != NULL)
			mk_count_add(&e->topic->deliveries, (uint64_t)-1);
	}
	if (a->extra == NULL)
		return;
	mk_oldest_forget(a->extra); /* it refers to this worker's topics */
	if (a->extra->keep != NULL) {
		mk_keep_fini(a->extra);
		a->unindexed = true;
	}
}

static void hand_over(mk_worker *w, mk_change *c)
{
	mk_actor *a = c->actor;
	mk_probe_forget(w, a);
	mk_forget_channels(w, a);
	mk_tick_pack(w, a);
	if (a->cared) /* that of its restarts, which is not set: an actor that waits for one does not leave */
		mk_timers_unreserve(&w->timers);
	mk_fd_watch_pack(a);
	mk_delayed_pack(w, a);
	mk_questions_pack(w, a);
	mk_weight_forget(a);
	pack_mailbox(w, a);
	if (a->extra != NULL && a->extra->membership != NULL)
		mk_membership_depart(a);
	mk_actor_unlink(w, a);
	mk_actor_unready(w, a);
	c->probes = w->probes;
	c->on_way = true;
	mk_lock(w->sup); /* a stop reads the actor's worker, and then posts to it */
	a->worker = mk_worker_at(w->sup, c->to);
	post(w->sup, c, c->to, take_over);
	mk_unlock(w->sup);
}

void mk_migrate_settle(mk_worker *w, mk_change *c)
{
	if (w->index != c->home && w->index != c->to)
		return;
	mk_topics_settle(w, mk_subscriptions_at(&c->places, c->place_count), c->place_count);
	if (w->index == c->home)
		hand_over(w, c);
}

/* ---- at the new home -------------------------------------------------------------------------------- */

static void take_subscriptions(mk_worker *w, mk_change *c)
{
	const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
	for (uint32_t i = 0; i < c->place_count; i++)
		mk_topic_take_over(mk_topic_known(w, places[i].topic), c->actor, c->shadow);
}

/* Takes the counters of the shadow, except those of its queued events. */
static void take_counts(mk_worker *w, mk_actor *a, const mk_actor *shadow)
{
	if (shadow->tally == NULL)
		return;
	mk_tally *tally = mk_tally_of(a); /* without memory: as mk_count_refused */
	mk_counts_add(tally != NULL ? &tally->counts : &w->gone, &shadow->tally->counts);
	mk_count_add(tally != NULL ? &tally->refused : &w->gone_deliveries,
		     mk_count(&shadow->tally->refused) + mk_count(&shadow->box.head) + mk_mailbox_holes(&shadow->box));
}

/* Removes the events for whose topic there is no view here, which the actor receives by a pattern, and no memory for
 * one: they have that of the old home, and are counted on `all`. */
static void lose_strays(mk_worker *w, mk_actor *a)
{
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (place < mk_count(&a->box.head) || e == NULL || e->topic == mk_topic_known(w, e->topic->index))
			continue;
		(void)mk_mailbox_remove(&a->box, place);
		MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_DISCARDED, a, e, MAIKO_NO_MEMORY);
		e->topic = w->all;
		mk_count_add(&e->topic->deliveries, 1);
		mk_count_outcome(a, e, MK_OUTCOME_OF(no_memory));
		mk_event_unref(&w->pool, e);
	}
}

static void take_mailbox(mk_worker *w, mk_actor *a)
{
	bool missing = false;
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e == NULL)
			continue;
		mk_topic *t = mk_topic_here(w, e->topic->index);
		missing |= t == NULL;
		if (t != NULL) {
			e->topic = t;
			mk_count_add(&t->deliveries, 1);
		}
		if (MK_UNLIKELY(mk_is_tracked(e)))
			mk_receipt_comes(w, e);
	}
	if (MK_UNLIKELY(missing))
		lose_strays(w, a);
	mk_weight_again(a);
}

/* Delivers the shadow's events by the actor's own policy. */
static void take_events_of_shadow(mk_worker *w, const mk_change *c)
{
	mk_event *e;
	mk_weight_forget(c->shadow);
	while ((e = mk_mailbox_pop(&c->shadow->box)) != NULL) {
		mk_overflow_accepted(w, mk_attached_sub(w, e->topic->record, c->actor, NULL), e);
		mk_event_unref(&w->pool, e);
	}
}

/* Links the actor here, and catches up with a stop that has begun on this worker meanwhile. */
static void link_here(mk_worker *w, mk_actor *a, bool watches)
{
	unsigned held = a->sched & MK_HELD;
	a->sched &= (uint16_t)~MK_HELD;
	mk_hold(w, a, held);
	mk_actor_unreserve(w);
	mk_actor_link(w, a);
	mk_tick_unpack(w, a);
	if (watches) {
		mk_fd_watch_unreserve(w);
		mk_fd_watch_unpack(w, a);
	}
	mk_delayed_unpack(w, a);
	mk_questions_unpack(w, a);
	if (mk_mailbox_has_ring(&a->box))
		mk_warm(w, a);
	if (mk_is_muted(a))
		mk_probe_soon(w, a);
	if (w->draining)
		mk_actor_drain(w, a);
	if (w->discarding)
		mk_actor_discard_queued(w, a);
}

static void take_over(mk_worker *w, mk_message *m)
{
	mk_change *c = MK_OF(m, mk_change, message);
	mk_actor *a = c->actor;
	c->on_way = false;
	if (w->probes < c->probes)
		w->probes = c->probes; /* the probe numbers of an initiator never decrease */
	take_subscriptions(w, c);
	mk_routes_forget(w);
	take_mailbox(w, a);
	take_counts(w, a, c->shadow);
	mk_mutes_join(w, a, c->shadow);
	link_here(w, a, c->watches);
	if (!a->cared)
		mk_timers_unreserve(&w->timers);
	mk_arrival_hear(w, &c->arrival);
	take_events_of_shadow(w, c);
	if (a->extra != NULL && a->extra->membership != NULL)
		mk_membership_arrive(w, a);
	mk_private_shift(a); /* what came meanwhile was sent before that */
	if (c->shadow->extra != NULL && c->shadow->extra->overflowed && mk_extra_of(a) != NULL)
		a->extra->overflowed = true;
	free_shadow(c);
	mk_arrival_hear(w, &c->arrival);
	mk_arrival_over(w, &c->arrival);
	if (mk_extra_of(a) != NULL)
		a->extra->moved_ns = w->now_ns;
	if (c->lent)
		mk_balance_lent(w, c->id, c->home);
	MK_NOTIFY(w, MAIKO_OBSERVED_MOVED, a, NULL, (int64_t)c->home + 1);
	if (a->extra != NULL && a->extra->mutes != NULL)
		mk_release_if_low(w, a);
	mk_permit(w, a, MK_MOVING);
	mk_topology_arrived(w);
}
