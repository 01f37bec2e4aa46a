/*
 * actor.c - see actor.h.
 */
#include "lifecycle/actor.h"

#include "base/error.h"
#include "lifecycle/notice.h"
#include "observe/monitor.h"
#include "registry/actor_class.h"
#include "registry/departed.h"
#include "registry/filter.h"
#include "registry/group.h"
#include "registry/idle_topics.h"
#include "registry/members.h"
#include "registry/pattern.h"
#include "registry/own.h"
#include "registry/place.h"
#include "registry/registry.h"
#include "registry/stop_order.h"
#include "registry/topic.h"
#include "routing/pass_on.h"
#include "routing/weight.h"
#include "sched/actors.h"
#include "sched/handles.h"
#include "sched/hold.h"
#include "sched/tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requested subscriptions -------------------------------------------------------- */

static int by_topic(const void *one, const void *other)
{
	uint32_t a = ((const mk_subscription *)one)->topic, b = ((const mk_subscription *)other)->topic;
	return a < b ? -1 : a > b;
}

int mk_places_merge(mk_sup *sup, const char *who, mk_subscriptions *places, uint32_t *count)
{
	if (*count < 2)
		return 0;
	mk_subscription *all = mk_subscriptions_at(places, *count);
	qsort(all, *count, sizeof *all, by_topic);
	for (uint32_t i = *count; i-- > 1;) {
		all = mk_subscriptions_at(places, *count);
		if (all[i].topic != all[i - 1].topic)
			continue;
		const char *differs = all[i].overflow != all[i - 1].overflow ? ".overflow"
				      : all[i].filter != all[i - 1].filter   ? ".where"
									     : NULL;
		if (differs != NULL)
			return mk_fail(MAIKO_EINVAL, "%s has '%s' twice, with different %s", who,
				       mk_record_at(sup, all[i].topic)->desc.name, differs);
		mk_subscriptions_remove(places, count, i);
	}
	return mk_places_check_groups(sup, who, places, *count);
}

static int merge_places(mk_sup *sup, mk_actor *a)
{
	char who[MAIKO_NAME_MAX + 32];
	if (a->place_count < 2)
		return 0;
	(void)snprintf(who, sizeof who, "actor '%s': .topics", a->self->name);
	return mk_places_merge(sup, who, &a->places, &a->place_count);
}

static int add_place(mk_actor *a, uint32_t topic, maiko_overflow overflow)
{
	return mk_subscriptions_add(&a->places, &a->place_count,
				    (mk_subscription){.topic = topic, .overflow = (uint8_t)overflow});
}

/* The same with a filter. */
static int add_filtered_place(mk_sup *sup, mk_actor *a, const mk_record *r, maiko_overflow overflow,
			      const maiko_filter *where)
{
	mk_filter *filter = NULL;
	mk_subscription place = {.topic = r->index, .overflow = (uint8_t)overflow};
	mk_lock(sup);
	int rc = mk_filter_new(sup, a->self->name, where, r, &filter, &place);
	mk_unlock(sup);
	if (rc == 0 && (rc = mk_filters_reserve(a, filter)) == 0 &&
	    (rc = mk_subscriptions_add(&a->places, &a->place_count, place)) == 0)
		mk_filters_take(a, &filter);
	mk_filters_free(filter);
	return rc;
}

/* Subscribes to the topics of the events that the type handles. */
static int derive_places(mk_sup *sup, mk_actor *a, maiko_overflow overflow)
{
	const mk_actor_class *c = a->class;
	int rc = 0;
	if (c->any != NULL)
		return mk_fail(MAIKO_EINVAL, "actor '%s': MAIKO_ON_ANY needs .topics", a->self->name);
	for (uint32_t i = 0; rc == 0 && i <= c->handler_mask; i++) {
		const mk_type *type = c->handlers[i].type;
		if (type != NULL && type->desc->topic == NULL)
			return mk_fail(MAIKO_EINVAL,
				       "actor '%s' handles '%s', which has no topic of its own: it needs .topics",
				       a->self->name, type->desc->layout->name);
		if (type == NULL || type->topic == MK_PRIVATE_TOPIC || type->topic == MK_LIFECYCLE_TOPIC)
			continue; /* they come without a subscription */
		rc = mk_own_policy_check(type->topic, overflow, a->self->name);
		if (rc == 0)
			rc = add_place(a, type->topic, overflow);
	}
	return rc == 0 ? merge_places(sup, a) : rc;
}

int mk_actor_deaf(const mk_actor_class *class, const char *who, const mk_record *r)
{
	const char *what = mk_name_is_pattern(r->desc.name) ? "a topic that matches" : "topic";
	return mk_fail(MAIKO_EINVAL, "actor '%s': its type '%s' handles no event of %s '%s', and has no MAIKO_ON_ANY",
		       who, class->desc->name, what, r->desc.name);
}

/* Adds one entry of .topics. */
static int resolve_place(mk_sup *sup, mk_actor *a, const maiko_subscription *s, maiko_overflow overflow)
{
	mk_record *r;
	if (!mk_overflow_valid(s->overflow))
		return mk_overflow_fail("topic", s->topic->name, s->overflow);
	bool asks = a->asks;
	mk_lock(sup);
	int rc = mk_place_of(sup, a->self->name, s, &r, &asks);
	mk_unlock(sup);
	a->asks = asks;
	if (rc != 0)
		return rc;
	if (!mk_actor_class_handles(sup, a->class, r))
		return mk_actor_deaf(a->class, a->self->name, r);
	a->patterned |= r->attaches;
	if (s->overflow != MAIKO_OVERFLOW_DEFAULT)
		overflow = s->overflow;
	rc = mk_own_policy_check(r->index, overflow, a->self->name);
	if (rc != 0)
		return rc;
	return s->where == NULL ? add_place(a, r->index, overflow) : add_filtered_place(sup, a, r, overflow, s->where);
}

static void find_overlap(mk_sup *sup, mk_actor *a)
{
	mk_lock(sup);
	a->overlaps = mk_places_overlap(sup, a);
	mk_unlock(sup);
}

static int resolve_places(mk_sup *sup, mk_actor *a, const maiko_add_options *o)
{
	if (o->topics == NULL)
		return derive_places(sup, a, o->overflow);
	if (o->topics == maiko_all_topics && !mk_actor_class_handles(sup, a->class, NULL))
		return mk_fail(MAIKO_EINVAL,
			       "actor '%s': .topics is MAIKO_ALL_TOPICS, but its type '%s' handles no event",
			       a->self->name, a->class->desc->name);
	if (o->topics == maiko_all_topics)
		return add_place(a, 0, o->overflow);
	for (const maiko_subscription *s = o->topics; s->topic != NULL; s++) {
		int rc = MK_RESERVED("a subscription of .topics", s);
		if (rc == 0)
			rc = resolve_place(sup, a, s, o->overflow);
		if (rc != 0)
			return rc;
	}
	int rc = merge_places(sup, a);
	if (rc == 0 && a->patterned)
		find_overlap(sup, a);
	return rc;
}

/* ---- creation ------------------------------------------------------------------------- */

static int check_supervision(const char *name, const maiko_add_options *o)
{
	if ((unsigned)o->restart > MAIKO_PERMANENT)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .restart is %d, which is no maiko_restarting", name,
			       (int)o->restart);
	if (o->retries > 1000)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .retries is %u; at most 1000", name, o->retries);
	int rc = mk_check_ms("actor", name, ".stuck_ms", o->stuck_ms);
	if (rc != 0)
		return rc;
	if (o->start_may_fail > 1 || o->ephemeral > 1)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .start_may_fail is %u, .ephemeral %u; true or false", name,
			       o->start_may_fail, o->ephemeral);
	bool supervised = o->group != 0 || o->restart > MAIKO_TEMPORARY;
	if (!supervised && (o->backoff != NULL || o->retries != 0 || o->start_may_fail != 0 || o->ephemeral != 0))
		return mk_fail(
			MAIKO_EINVAL,
			"actor '%s': .backoff, .retries, .start_may_fail and .ephemeral need .group, or .restart "
			"MAIKO_TRANSIENT or MAIKO_PERMANENT",
			name);
	return mk_backoff_check("actor", name, o->backoff);
}

static int check_options(const mk_sup *sup, const char *name, const maiko_add_options *o)
{
	int rc = MK_RESERVED("maiko_add", o);
	if (rc != 0)
		return rc;
	uint32_t workers = mk_worker_total(sup);
	if (o->mailbox > MAIKO_MAILBOX_MAX)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .mailbox is %u; at most MAIKO_MAILBOX_MAX, %u", name,
			       o->mailbox, MAIKO_MAILBOX_MAX);
	if (o->max_events_per_tick > MAIKO_BUDGET_MAX)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .max_events_per_tick is %u; at most MAIKO_BUDGET_MAX, %u",
			       name, o->max_events_per_tick, MAIKO_BUDGET_MAX);
	if (!mk_overflow_valid(o->overflow))
		return mk_overflow_fail("actor", name, o->overflow);
	if (o->worker > workers)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .worker is %u; the supervisor has %u", name, o->worker,
			       workers);
	if (o->own_thread && o->worker != 0)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .worker and .own_thread exclude each other", name);
	if (o->own_thread && sup->embedded)
		return mk_fail(MAIKO_EINVAL,
			       "actor '%s': no .own_thread where the supervisor runs on a loop of the caller's", name);
	if (o->drains > 1)
		return mk_fail(MAIKO_EINVAL, "actor '%s': .drains is %llu; true or false", name,
			       (unsigned long long)o->drains);
	return check_supervision(name, o);
}

/* Finds its class; also prefetches the entry of the name index, which with a million names is a
 * cache miss, while the actor is created. */
static int class_of(mk_sup *sup, const maiko_actor_type *type, const char *name, const mk_actor_class **ret_class)
{
	mk_lock(sup);
	mk_name_index_expect(&sup->actor_names, name);
	int rc = mk_registry_class(sup, type, ret_class);
	mk_unlock(sup);
	return rc;
}

static int supervise(mk_actor *a, const maiko_add_options *o)
{
	if (mk_extra_of(a) == NULL || (a->extra->care = mk_care_new(a, o)) == NULL)
		return MAIKO_ENOMEM;
	a->cared = true;
	return 0;
}

static int time_callbacks(mk_actor *a, uint64_t stuck_ms)
{
	if (mk_extra_of(a) == NULL)
		return MAIKO_ENOMEM;
	a->extra->stuck_ms = stuck_ms;
	a->timed = true;
	return 0;
}

int mk_actor_new(mk_sup *sup, const maiko_actor_type *type, const char *name, const maiko_add_options *options,
		 mk_actor **ret_actor)
{
	static const maiko_add_options plain;
	const maiko_add_options *o = options == NULL ? &plain : options;
	const mk_actor_class *class;
	if (!mk_name_valid(name))
		return mk_name_fail("an actor", name);
	if (strcmp(name, MK_OUTSIDE) == 0)
		return mk_fail(MAIKO_EINVAL,
			       "the name of an actor is '" MK_OUTSIDE "', which maiko_sender says of external threads");
	int rc = check_options(sup, name, o);
	if (rc == 0)
		rc = class_of(sup, type, name, &class);
	if (rc != 0)
		return rc;
	mk_actor *a = mk_actor_alloc(class);
	if (a == NULL)
		return MAIKO_ENOMEM;
	a->self = mk_sender_new(name);
	rc = a->self == NULL ? MAIKO_ENOMEM : resolve_places(sup, a, o);
	if (rc == 0)
		rc = mk_notices_new(sup, a);
	if (rc == 0 && o->mailbox_bytes != 0)
		rc = mk_weight_bound(a, o->mailbox_bytes);
	if (rc == 0 && (o->group != 0 || o->restart > MAIKO_TEMPORARY))
		rc = supervise(a, o);
	if (rc == 0 && o->stuck_ms != 0 && !sup->seam.simulated) /* in virtual time callbacks take none */
		rc = time_callbacks(a, o->stuck_ms);
	if (rc != 0) {
		if (a->asks) {
			mk_lock(sup);
			mk_actor_asked(sup, a);
			mk_unlock(sup);
		}
		mk_actor_discard(sup, a);
		return rc;
	}
	if (o->init != NULL)
		memcpy(mk_actor_state(a), o->init, type->state_size);
	a->box.capacity = o->mailbox != 0 ? o->mailbox : sup->options.mailbox;
	a->box.budget = o->max_events_per_tick != 0 ? o->max_events_per_tick : sup->options.max_events_per_tick;
	a->echo = o->echo;
	a->drains = o->drains != 0;
	a->temporary = o->restart == MAIKO_TEMPORARY;
	*ret_actor = a;
	return 0;
}

void mk_actor_asked(mk_sup *sup, mk_actor *a)
{
	bool asks = a->asks;
	mk_topics_asked(sup, &asks);
	a->asks = false;
}

void mk_actor_discard(mk_sup *sup, mk_actor *a)
{
	/* Acquired, as in departed.c. It is in no directory any more, so there will be no new reference. */
	if (a->self != NULL && atomic_load_explicit(&a->self->refs, memory_order_acquire) != 0)
		mk_departed_add(sup, a->self);
	else
		mk_free(a->self);
	a->self = NULL;
	mk_actor_free(a);
}

/* ---- arrival and departure ---------------------------------------------------------------- */

/* As mk_topic_join. Where events may expire, which includes patterns and all topics, it has an extra for mk_age. */
static int join_one(mk_worker *w, mk_actor *a, const mk_subscription *place, bool joining)
{
	mk_topic *t = mk_topic_here(w, place->topic);
	bool ages = t != NULL && (t->ttl_ns != 0 || t->several);
	if (MK_LIKELY(t != NULL && !ages))
		return mk_topic_join(t, a, place, joining);
	if (t == NULL || mk_extra_of(a) == NULL)
		return MAIKO_ENOMEM;
	if (!mk_is_group(t))
		return mk_topic_join(t, a, place, joining);
	if (mk_membership_enter(a, t) != 0)
		return MAIKO_ENOMEM;
	int rc = mk_topic_join(t, a, place, joining);
	if (rc != 0)
		mk_membership_leave(a, t);
	return rc;
}

static void unjoin_one(mk_worker *w, mk_actor *a, const mk_subscription *place)
{
	mk_topic *t = mk_topic_known(w, place->topic);
	mk_topic_unjoin(t);
	if (MK_UNLIKELY(mk_is_group(t)))
		mk_membership_leave(a, t);
}

int mk_actor_join(mk_worker *w, mk_actor *a, const mk_subscription *places, uint32_t count, bool joining)
{
	for (uint32_t i = 0; i < count; i++) {
		int rc = join_one(w, a, &places[i], joining);
		if (rc != 0) {
			while (i-- > 0)
				unjoin_one(w, a, &places[i]);
			return rc;
		}
	}
	return 0;
}

/* Those of its tick, if `ticks`, and of its restarts. */
static void unreserve_timers(mk_worker *w, const mk_actor *a, bool ticks)
{
	if (ticks && a->class->tick != NULL)
		mk_timers_unreserve(&w->timers);
	if (a->cared)
		mk_timers_unreserve(&w->timers);
}

int mk_actor_arrive(mk_worker *w, mk_actor *a, bool joining)
{
	int rc = mk_actor_room(w);
	if (rc == 0 && a->cared)
		rc = mk_timers_reserve(&w->timers);
	if (rc != 0)
		return rc;
	if (a->class->tick != NULL && (rc = mk_tick_init(w, a)) != 0) {
		unreserve_timers(w, a, false);
		return rc;
	}
	rc = mk_actor_join(w, a, mk_subscriptions_at(&a->places, a->place_count), a->place_count, joining);
	if (rc != 0) {
		unreserve_timers(w, a, true);
		return rc;
	}
	if (joining) /* else the caller has the lock */
		mk_lock(w->sup);
	a->worker = w;
	if (joining)
		mk_unlock(w->sup);
	mk_actor_link(w, a);
	mk_hold(w, a, MK_WAITING);
	return 0;
}

void mk_actor_go(mk_worker *w, mk_actor *a, unsigned bit)
{
	bool runs = a->status == MAIKO_ACTOR_RUNNING;
	if (runs)
		mk_notices_begin(w, a);
	mk_permit(w, a, bit);
	if (runs)
		mk_tick_begin(w, a);
	mk_pass_on_settle(w, a);
}

void mk_actor_fold(mk_worker *w, const mk_actor *a)
{
	mk_count_add(&w->gone.handled, mk_count(&a->handled));
	mk_count_add(&w->gone_deliveries, mk_count(&a->box.tail));
	if (a->tally != NULL) {
		mk_count_add(&w->gone_deliveries, mk_count(&a->tally->refused));
		mk_counts_add(&w->gone, &a->tally->counts);
	}
	mk_count_add(&w->gone_sent, mk_count(&a->sent));
	if (a->extra != NULL) {
		mk_count_add(&w->gone_ticks, mk_count(&a->extra->ticks));
		mk_count_add(&w->gone_mutes, mk_count(&a->extra->mute_count));
	}
}

void mk_actor_depart(mk_worker *w, mk_actor *a)
{
	assert((a->sched & MK_ENDED) != 0 && mk_mailbox_length(&a->box) == 0);
	mk_actor_unlink(w, a);
	unreserve_timers(w, a, true);
	MK_NOTIFY(w, MAIKO_OBSERVED_REMOVED, a, NULL, 0);
	mk_adopted_depart(w, a);
}
