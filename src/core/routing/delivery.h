/*
 * delivery.h - puts an event into a mailbox: grows its ring, counts the outcome, wakes the actor.
 */
#ifndef MK_DELIVERY_H
#define MK_DELIVERY_H

#include "observe/monitor.h"
#include "runtime/ready.h"
#include "runtime/runtime.h"

/* Counts an outcome on an actor and on the event's topic: of an event that was in its mailbox; or
 * of a delivery that adds nothing to it. If there is no memory for the actor's tally, it is counted
 * with the removed actors. */
void mk_count_outcome(mk_actor *a, const mk_event *e, size_t outcome);
void mk_count_refused(mk_worker *w, mk_actor *a, const mk_event *e, size_t outcome);
/* The same on another topic than the event's; not counted in its receipt. */
void mk_count_refused_on(mk_worker *w, mk_actor *a, mk_topic *t, size_t outcome);

/* It was in the mailbox, and goes to another member of a share group: its receipt does not count that. */
void mk_count_passed_on(mk_actor *a, const mk_event *e);
/* The outcome of a delivery to no actor of this worker; on another topic than the event's, and not in its receipt. */
void mk_count_nowhere(mk_worker *w, const mk_event *e, size_t outcome);
void mk_count_nowhere_on(mk_worker *w, mk_topic *t, size_t outcome);

/* Grows a full ring. 0 or MAIKO_ENOMEM. */
MK_NOINLINE int mk_deliver_grow(mk_worker *w, mk_actor *a);
MK_NOINLINE void mk_deliver_failed(mk_worker *w, mk_actor *a, mk_event *e);
/* Adds the actor to, or removes it from, the worker's list of actors whose ring may be freed. */
MK_NOINLINE void mk_warm(mk_worker *w, mk_actor *a);
void mk_unlink_warm(mk_worker *w, mk_actor *a);

/* Queues an event for an actor; `tail` and `span` are those of its mailbox. `watched`: there may be
 * monitors, which are notified. */
static MK_INLINE void mk_deliver_at(mk_worker *w, mk_actor *a, mk_event *e, uint64_t tail, uint64_t span, bool watched)
{
	if (MK_UNLIKELY(span == a->box.size) && mk_deliver_grow(w, a) != 0) {
		mk_deliver_failed(w, a, e);
		return;
	}
	mk_mailbox_put(&a->box, e, tail);
	e->refs++;
	if (watched)
		MK_NOTIFY(w, MAIKO_OBSERVED_DELIVERED, a, e, 0);
	mk_wake_for_event(w, a);
}

static inline void mk_deliver(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint64_t tail = mk_count(&a->box.tail);
	mk_deliver_at(w, a, e, tail, tail - mk_count(&a->box.head), true);
}

/* Whether it is older than its topic, or its send, allows: by the time of its entry here, never by that of its
 * origin. */
static inline bool mk_has_expired(const mk_worker *w, const mk_event *e)
{
	uint64_t own_ns = mk_ttl_ms_of(e) * 1000000, ttl_ns = e->topic->ttl_ns;
	if (own_ns != 0 && (ttl_ns == 0 || own_ns < ttl_ns))
		ttl_ns = own_ns;
	uint64_t age_ns = w->now_ns + w->wall_offset_ns - e->timestamp_ns;
	return ttl_ns != 0 && (int64_t)age_ns > 0 && age_ns > ttl_ns;
}

/* Gives back memory that was not used for some seconds: the rings of actors that have received nothing, blocks,
 * events. At most once a second; a sleeping worker wakes up for it at that time. */
void mk_cool(mk_worker *w);
uint64_t mk_cools_at(const mk_worker *w);

#endif
