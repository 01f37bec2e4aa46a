/*
 * router.h - routes an event: by pointer to each subscriber on its worker, and as one
 * channel entry to each other worker that has subscribers.
 */
#ifndef MK_ROUTER_H
#define MK_ROUTER_H

#include "registry/attached.h"
#include "registry/registry.h"
#include "routing/delivery.h"
#include "routing/overflow.h"
#include "routing/weight.h"
#include "runtime/runtime.h"

/* Opens channels to those workers. 0 or MAIKO_ENOMEM. */
int mk_router_open(mk_worker *w, uint64_t workers);

/* The other workers that get an event of this topic. Precondition: mk_router_prepare. */
static inline uint64_t mk_remote_of(const mk_worker *w, const mk_topic *t)
{
	uint64_t remote = t->remote | w->all->remote;
	return MK_LIKELY(t->attaches == 0) ? remote : remote | mk_attached_remote(t);
}

/* Opens the channels that an event of this topic needs, and makes the list of what is attached to it, so that
 * publishing it cannot fail. 0 or MAIKO_ENOMEM. */
MK_NOINLINE int mk_router_prepare_attached(mk_worker *w, mk_topic *t);
static inline int mk_router_prepare(mk_worker *w, mk_topic *t)
{
	if (MK_UNLIKELY(t->attaches != 0))
		return mk_router_prepare_attached(w, t);
	uint64_t missing = (t->remote | w->all->remote) & ~w->outgoing;
	return MK_LIKELY(missing == 0) ? 0 : mk_router_open(w, missing);
}

/* The same, and an event that its topic checks: 0, MAIKO_ENOMEM, or MAIKO_EINVAL if the topic refuses it. */
MK_NOINLINE int mk_router_prepare_for(mk_worker *w, mk_topic *t, const mk_type *type, const void *value);
static inline int mk_router_admit(mk_worker *w, mk_topic *t, const mk_type *type, const void *value)
{
	uint64_t missing = (t->remote | w->all->remote) & ~w->outgoing;
	return MK_LIKELY((missing | t->prepares) == 0) ? 0 : mk_router_prepare_for(w, t, type, value);
}

/* Timestamps never decrease along a causal chain: an event stamped on another thread after this
 * turn read the clock advances the turn's time. */
static inline void mk_advance_time(mk_worker *w, const mk_event *e)
{
	uint64_t stamped_ns = e->timestamp_ns - w->wall_offset_ns;
	if (MK_UNLIKELY(stamped_ns > w->now_ns))
		w->now_ns = stamped_ns;
}

/* Sets id, time, sender and topic of an event about to be sent, as a child of the event that
 * the worker is handling (or of the task's cause) unless `root`. */
static inline void mk_event_stamp(mk_worker *w, mk_event *e, mk_sender *sender, mk_topic *t, bool root)
{
	e->id = (maiko_id){w->origin, ++w->sequence};
	if (root || (w->event == NULL && w->cause == NULL)) {
		e->parent = (maiko_id){0, 0};
		e->correlation = e->id;
	} else if (w->event != NULL) {
		e->parent = w->event->id;
		e->correlation = w->event->correlation;
	} else {
		e->parent = w->cause[0];
		e->correlation = w->cause[1];
	}
	e->timestamp_ns = w->now_ns + w->wall_offset_ns;
	e->sender = sender;
	e->topic = t;
}

/* An event that was sent elsewhere: what it has from there. */
typedef struct mk_injected {
	maiko_id id, parent, correlation;
	mk_origin origin;
} mk_injected;

/* The same for an injected event: it enters now, whatever its origin says. Only this time orders, expires, and
 * advances other workers' clocks (mk_advance_time). It takes none of the worker's ids. */
static inline void mk_event_enter(mk_worker *w, mk_event *e, mk_sender *sender, mk_topic *t,
				  const mk_injected *injected)
{
	w->injected++;
	w->injected_after = w->sequence;
	w->injected_id = e->id = injected->id;
	e->parent = injected->parent;
	e->correlation = injected->correlation;
	e->timestamp_ns = w->now_ns + w->wall_offset_ns;
	e->sender = sender;
	e->topic = t;
}

/* The id of the event that was sent last. */
static inline maiko_id mk_last_sent(const mk_worker *w)
{
	bool injected = w->injected != 0 && w->injected_after == w->sequence;
	return injected ? w->injected_id : (maiko_id){w->origin, w->sequence};
}

/* How much this worker has sent so far: events, and parts of receipts. */
static inline uint64_t mk_sends(const mk_worker *w) { return w->sequence + w->injected + w->parts_sent; }

/* Publishes a stamped event of this worker and takes ownership of it. Precondition: mk_router_prepare. */
void mk_publish(mk_worker *w, mk_event *e);

/* Whether all subscribers of a topic are on this worker, none is joining or leaving, none is that of a pattern, and no
 * event is checked or retained. */
static MK_INLINE bool mk_is_local(const mk_worker *w, const mk_topic *t)
{
	const mk_topic *all = w->all;
	return MK_LIKELY((t->remote | all->remote | all->sub_count | t->special) == 0);
}

/* ... and there is no monitor of sends. This is the frequent case; publishing then takes few instructions. */
static MK_INLINE bool mk_is_plain(const mk_worker *w, const mk_topic *t)
{
	const mk_topic *all = w->all;
	return MK_LIKELY((t->remote | all->remote | all->sub_count | t->special | w->watched_sends) == 0);
}

/* The only subscriber of a plain topic, if only its mailbox room remains to be checked. NULL: there
 * are others, or none, or its policy matters. */
static inline mk_actor *mk_only_subscriber(const mk_topic *t)
{
	return t->sub_count == 1 && t->subs[0].simple ? t->subs[0].actor : NULL;
}

/* Whether a subscriber receives that event, sent under `marker`: it takes part, and it is another actor than the
 * sender or has .echo. */
static inline bool mk_receives(const mk_worker *w, const mk_sub *s, const mk_event *e, uint64_t marker)
{
	return mk_takes_part(w, s, marker) && (s->actor->self != e->sender || s->actor->echo);
}

/* mk_fan_out by mk_overflow alone: for a heavy event (weight.h), or one that may expire, whatever the policy. */
uint64_t mk_fan_out_heavy(mk_worker *w, mk_topic *t, mk_event *e, uint64_t marker);

/* Without one of these flags it is neither heavy nor has a time to live of its own. */
#define MK_NEEDS_OVERFLOW (MK_SIZE_CLASS_BLOCK | MK_SIZE_CLASS_BUFFERS | MK_SIZE_CLASS_EXPIRES)

/* Delivers an event to the topic's subscribers on this worker; returns to how many. `plain` (a
 * constant): mk_is_plain is true. */
static MK_INLINE uint64_t mk_fan_out(mk_worker *w, mk_topic *t, mk_event *e, uint64_t marker, bool plain)
{
	uint64_t deliveries = 0;
	if (MK_UNLIKELY((e->size_class & MK_NEEDS_OVERFLOW) != 0) && (mk_is_heavy(e) || mk_expires(e)))
		return mk_fan_out_heavy(w, t, e, marker);
	for (const mk_sub *s = t->subs, *end = s + t->sub_count; s != end; s++) {
		mk_actor *a = s->actor;
		if (!plain && MK_UNLIKELY(t->changing) && !mk_takes_part(w, s, marker))
			continue;
		if (MK_UNLIKELY(a->self == e->sender) && !a->echo)
			continue;
		deliveries++;
		uint64_t tail = mk_count(&a->box.tail), span = tail - mk_count(&a->box.head);
		if (MK_LIKELY(span < a->box.capacity && s->simple))
			mk_deliver_at(w, a, e, tail, span, !plain);
		else
			mk_overflow(w, s, e);
	}
	return deliveries;
}

/* Nobody subscribes to the topic of that event. */
MK_NOINLINE void mk_unrouted(mk_worker *w, mk_topic *t, const mk_event *e);

/* mk_publish for a plain topic. */
static MK_INLINE void mk_publish_plain(mk_worker *w, mk_topic *t, mk_event *e)
{
	e->refs = 0;
	uint64_t deliveries = mk_fan_out(w, t, e, 0, true);
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, deliveries);
	if (MK_UNLIKELY(e->refs == 0)) { /* no mailbox has it */
		if (t->sub_count == 0)
			mk_unrouted(w, t, e);
		e->refs = 1;
		mk_event_unref(&w->pool, e);
	}
}

/* Fans out a copy of an entry taken from a channel; `marker` is that channel's. */
void mk_publish_taken(mk_worker *w, const mk_event *from, uint64_t marker);

/* Publishes what the library tells (news.h). */
void mk_publish_news(mk_worker *w);

/* Sends a parcel to another worker: it arrives behind the events that were sent there, and its `run` is called then.
 * Without a channel, and without memory for one, nothing precedes it, and it takes the control lane. */
void mk_router_send_parcel(mk_worker *w, uint32_t to, mk_message *parcel);

/* Those of the workers to which the channel has no room. drop: counts an event that does not go there. wait: what was
 * sent there has found no room, so the event's sender waits for some. */
uint64_t mk_router_full(mk_worker *w, uint64_t workers);
void mk_router_drop(mk_worker *w, uint32_t to, const mk_event *e);
void mk_router_wait(mk_worker *w, uint32_t to, const mk_event *e);

/* Sends a marker into every outgoing channel, to be published later. Returns how many channels it has passed already:
 * those to a worker that rests, where nothing precedes it. `held` not 0: the workers, this one included, for which this
 * thread stands in; after mk_router_may_mark: none of its channels is full. */
uint32_t mk_router_mark(mk_worker *w, uint64_t number, uint64_t held);
bool mk_router_may_mark(mk_worker *w);

/* Makes all entries for other workers visible, and wakes those workers that sleep. */
void mk_router_show(mk_worker *w);

/* For all outgoing channels: reclaims acknowledged entries, moves spilled entries to the ring,
 * releases the senders that a full channel mutes, makes entries visible, and wakes sleeping
 * workers. */
void mk_router_flush(mk_worker *w);

/* In a replay: the same for one channel, acknowledged up to `head`. False: it is not yet. */
bool mk_router_flush_led(mk_worker *w, uint32_t to, uint64_t head);

#endif
