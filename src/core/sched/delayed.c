/*
 * delayed.c - see delayed.h.
 */
#include "sched/delayed.h"

#include "base/error.h"
#include "base/memory.h"
#include "observe/note.h"
#include "registry/topic.h"
#include "routing/private.h"
#include "routing/router.h"
#include "runtime/callback.h"

typedef struct mk_delayed {
	mk_timer timer;
	mk_event *event; /* a cancel needs these, and the timer's place: mostly one cache line */
	maiko_delayed name;
	mk_actor *actor;
	bool own;           /* it is for the actor itself */
	bool due;           /* it waits for its actor: in `due` of that, or among the private deliveries */
	uint64_t period_ns; /* of one at a fixed rate; else 0 */
	union {
		uint64_t missed;  /* of one at a fixed rate: of which no delivery has told yet */
		uint64_t wall_ns; /* of one at a time of the machine's clock; else 0 */
	};
	union {
		mk_private private;
		struct {
			struct mk_delayed *next, **at; /* at: what points to it */
		};
	};
} mk_delayed;

/* Of a name: a number that counts, above the slot that it is in. */
enum { SLOT_BITS = 26, SLOTS_MAX = 1 << SLOT_BITS, KEPT_SLOTS = 64 };

typedef union mk_delayed_slot {
	mk_delayed *delayed;
	uintptr_t free; /* odd: the next free slot, from 1, times two, and 1 */
} mk_delayed_slot;

enum { NS_PER_MS = 1000000, LOOK_MS = 1000 };

/* ---- names ------------------------------------------------------------------------------------- */

static mk_delayed *at_slot(const mk_extra *x, uint32_t slot)
{
	return (x->delayed[slot].free & 1) != 0 ? NULL : x->delayed[slot].delayed;
}

static mk_delayed *find(const mk_extra *x, maiko_delayed name)
{
	uint32_t slot = (uint32_t)(name & (SLOTS_MAX - 1));
	mk_delayed *d = slot < x->delayed_used ? at_slot(x, slot) : NULL;
	return d != NULL && d->name == name ? d : NULL;
}

/* 0 or MAIKO_ENOMEM. */
static int give_name(mk_extra *x, mk_delayed *d)
{
	uint32_t slot = x->delayed_free != 0 ? x->delayed_free - 1 : x->delayed_used;
	if (slot == x->delayed_used) {
		if (slot == SLOTS_MAX ||
		    mk_reserve((void **)&x->delayed, &x->delayed_size, slot + 1, sizeof *x->delayed) != 0)
			return MAIKO_ENOMEM;
		x->delayed_used++;
	} else {
		x->delayed_free = (uint32_t)(x->delayed[slot].free >> 1);
	}
	x->delayed[slot].delayed = d;
	x->delayed_count++;
	d->name = ++x->delayed_named << SLOT_BITS | slot;
	return 0;
}

static void take_name(mk_extra *x, const mk_delayed *d)
{
	uint32_t slot = (uint32_t)(d->name & (SLOTS_MAX - 1));
	x->delayed[slot].free = (uintptr_t)x->delayed_free << 1 | 1;
	x->delayed_free = slot + 1;
	if (--x->delayed_count != 0)
		return;
	x->delayed_used = x->delayed_free = 0;
	if (x->delayed_size > KEPT_SLOTS) {
		mk_free(x->delayed);
		x->delayed = NULL;
		x->delayed_size = 0;
	}
}

/* ---- what becomes of one ----------------------------------------------------------------------- */

/* Out of the list of those that wait for their actor. */
static void unlink_one(mk_delayed *d)
{
	if (d->next != NULL)
		d->next->at = d->at;
	else
		d->actor->extra->due_tail = d->at;
	*d->at = d->next;
}

static void release(mk_worker *w, mk_delayed *d)
{
	take_name(d->actor->extra, d);
	mk_timer_clear(&w->timers, &d->timer);
	mk_timers_unreserve(&w->timers);
	mk_count_add(&d->event->topic->delayed, (uint64_t)-1);
	mk_timers_give(&w->timers, d);
}

static void number(mk_worker *w, mk_event *e)
{
	e->id = (maiko_id){w->origin, ++w->sequence};
	if (mk_id_is_none(e->parent))
		e->correlation = e->id;
}

static void stamp(const mk_worker *w, mk_event *e) { e->timestamp_ns = w->now_ns + w->sup->seam.wall_offset_ns; }

static void send_now(mk_worker *w, mk_delayed *d)
{
	mk_event *e = d->event;
	mk_actor *a = d->actor;
	number(w, e);
	stamp(w, e);
	release(w, d);
	if (mk_router_prepare(w, e->topic) != 0) {
		mk_count_add(&e->topic->delayed_discarded, 1);
		e->refs = 1;
		mk_event_unref(&w->pool, e);
		return;
	}
	mk_count_add(&a->sent, 1);
	mk_publish(w, e);
}

/* ---- to the actor itself --------------------------------------------------------------------- */

/* Sets one at a fixed rate to its first time that is not past. Returns the event of the last one that is, or NULL
 * without memory, and how many before it had no delivery. */
static mk_event *next_period(mk_worker *w, mk_delayed *d, uint64_t *ret_missed)
{
	uint64_t late = (w->now_ns - d->timer.due_ns) / d->period_ns;
	uint64_t due_ns = d->timer.due_ns + late * d->period_ns;
	d->due = false;
	mk_timer_set(&w->timers, &d->timer, due_ns + d->period_ns);
	*ret_missed = d->missed + late;
	/* Not mk_event_copy, which shares a large payload: an actor keeps events by the address of their data. */
	mk_event *e = mk_event_make(&w->pool, d->event->type, d->event->data, NULL);
	d->missed = e != NULL ? 0 : *ret_missed + 1;
	if (e == NULL) {
		MK_NOTE(w, MK_NOTE_GIVE_UP, 0, MAIKO_ENOMEM); /* a replay could not repeat it */
		return NULL;
	}
	e->parent = (maiko_id){0, 0};
	e->sender = d->event->sender;
	e->topic = d->event->topic;
	e->timestamp_ns = due_ns + w->wall_offset_ns;
	e->refs = 1;
	return e;
}

/* Its turn has come: from here on it can no longer be cancelled. */
static bool run_own(mk_actor *a, mk_private *private)
{
	mk_delayed *d = MK_OF(private, mk_delayed, private);
	mk_worker *w = a->worker;
	mk_event *e = d->event;
	uint64_t missed = 0;
	if (d->period_ns != 0) {
		e = next_period(w, d, &missed);
	} else {
		release(w, d);
		e->refs = 1;
	}
	mk_private_count(w, a);
	mk_count_add(&a->sent, 1);
	if (e == NULL)
		return false;
	a->extra->missed = missed;
	mk_private_handle(w, a, e, NULL, NULL); /* which may cancel it, or end the actor */
	a->extra->missed = 0;
	return true;
}

static void own_is_due(mk_worker *w, mk_delayed *d)
{
	__builtin_prefetch(&d->event->refs, 1);
	stamp(w, d->event);
	d->due = true;
	d->private = (mk_private){.run = run_own}; /* it is discarded before the actor ends: no `drop` */
	mk_private_queue(w, d->actor, &d->private);
}

/* ---- time has come --------------------------------------------------------------------------- */

/* Whether it waits on for the clock of the machine; then its timer is set again. */
static bool waits_on(mk_worker *w, mk_delayed *d)
{
	uint64_t wall_ns = d->wall_ns == 0 || d->period_ns != 0 ? UINT64_MAX : mk_note_wall(w);
	if (wall_ns >= d->wall_ns)
		return false;
	uint64_t left_ns = d->wall_ns - wall_ns, most_ns = (uint64_t)LOOK_MS * NS_PER_MS;
	mk_timer_set(&w->timers, &d->timer, w->now_ns + (left_ns < most_ns ? left_ns : most_ns));
	return true;
}

static void fired(mk_timer *timer)
{
	mk_delayed *d = MK_OF(timer, mk_delayed, timer);
	mk_actor *a = d->actor;
	if (waits_on(a->worker, d))
		return;
	mk_count_add(&a->worker->activity, 1); /* before the send: stop.h */
	if (d->own) {
		own_is_due(a->worker, d);
		return;
	}
	if ((a->sched & MK_HELD) == 0) {
		send_now(a->worker, d);
		return;
	}
	d->due = true;
	d->next = NULL;
	d->at = a->extra->due_tail;
	*a->extra->due_tail = d;
	a->extra->due_tail = &d->next;
}

void mk_delayed_send_due(mk_worker *w, mk_actor *a)
{
	while (a->extra != NULL && a->extra->due != NULL && (a->sched & MK_HELD) == 0) {
		mk_delayed *d = a->extra->due;
		unlink_one(d);
		send_now(w, d);
	}
}

/* When its timer fires first: of one at a time of the machine's clock, to look at it. */
static uint64_t set_up(const mk_worker *w, mk_delayed *d, mk_delay delay)
{
	uint64_t ms = delay.ms < MAIKO_NEXT_MS_MAX ? delay.ms : MAIKO_NEXT_MS_MAX;
	if (delay.kind == MK_DELAY_EVERY)
		d->period_ns = ms * NS_PER_MS;
	if (delay.kind != MK_DELAY_AT)
		return w->now_ns + ms * NS_PER_MS;
	d->wall_ns = delay.ms < INT64_MAX / NS_PER_MS ? delay.ms * NS_PER_MS : INT64_MAX;
	return w->now_ns;
}

int mk_delayed_add(mk_worker *w, mk_actor *a, const mk_route *route, const void *value, mk_delay delay,
		   maiko_delayed *ret_delayed)
{
	mk_extra *x = mk_extra_of(a);
	bool own = delay.kind != MK_DELAY_TOPIC;
	mk_delayed *d = x == NULL || (own && mk_private_prepare(a) != 0) ? NULL : mk_timers_take(&w->timers, sizeof *d);
	if (d == NULL)
		return MAIKO_ENOMEM;
	d->event = mk_event_make(&w->pool, route->type, value, NULL);
	int rc = d->event == NULL ? mk_event_fail(route->type, value) : mk_timers_reserve(&w->timers);
	if (rc == 0 && (rc = give_name(x, d)) != 0)
		mk_timers_unreserve(&w->timers);
	if (rc != 0) {
		if (d->event != NULL)
			mk_event_free(&w->pool, d->event);
		mk_timers_give(&w->timers, d);
		return rc;
	}
	mk_event_stamp(w, d->event, a->self, route->topic, delay.kind == MK_DELAY_EVERY);
	mk_count_add(&route->topic->delayed, 1);
	d->actor = a;
	d->own = own;
	d->timer.fire = fired;
	mk_timer_set(&w->timers, &d->timer, set_up(w, d, delay));
	*ret_delayed = d->name;
	return 0;
}

static void discard(mk_worker *w, mk_delayed *d)
{
	mk_event *e = d->event;
	release(w, d);
	mk_count_add(&e->topic->delayed_discarded, 1);
	e->refs = 1;
	mk_event_unref(&w->pool, e);
}

/* It comes no more. */
static void give_up(mk_worker *w, mk_delayed *d)
{
	if (d->due && d->own)
		mk_private_take_back(d->actor, &d->private);
	else if (d->due)
		unlink_one(d);
	discard(w, d);
}

int mk_delayed_cancel(mk_worker *w, mk_actor *a, maiko_delayed delayed)
{
	mk_delayed *d = a->extra == NULL ? NULL : find(a->extra, delayed);
	if (d == NULL)
		return mk_fail_text(MAIKO_ENOENT,
				    "maiko_cancel: the actor has no such delayed send: it was sent or cancelled");
	__builtin_prefetch(&d->event->refs, 1);
	give_up(w, d);
	return 0;
}

/* Calls `act`, which may give it up, for each. */
static void each(mk_worker *w, mk_actor *a, void (*act)(mk_worker *w, mk_delayed *d))
{
	const mk_extra *x = a->extra;
	for (uint32_t slot = 0; x != NULL && slot < x->delayed_used; slot++) {
		mk_delayed *d = at_slot(x, slot);
		if (d != NULL)
			act(w, d);
	}
}

void mk_delayed_discard(mk_worker *w, mk_actor *a) { each(w, a, give_up); }

/* ---- migration --------------------------------------------------------------------------- */

static void pack(mk_worker *w, mk_delayed *d)
{
	mk_event *copy = mk_event_copy(NULL, d->event);
	if (copy == NULL) {
		give_up(w, d);
		return;
	}
	mk_count_add(&d->event->topic->delayed, (uint64_t)-1);
	mk_timer_clear(&w->timers, &d->timer);
	mk_timers_unreserve(&w->timers);
	d->event->refs = 1;
	mk_event_unref(&w->pool, d->event);
	d->event = copy;
	copy->refs = 0;
}

/* Counts it on the new worker; false: there is no memory for it. */
static bool unpack(mk_worker *w, mk_delayed *d)
{
	mk_topic *t = mk_topic_here(w, d->event->topic->index);
	bool reserved = t != NULL && mk_timers_reserve(&w->timers) == 0;
	d->event->topic = t != NULL ? t : w->all; /* counted for the topic, or for `all` if it has no view */
	mk_count_add(&d->event->topic->delayed, 1);
	if (!reserved) {
		w->timers.reserved++; /* give_up decrements it */
		give_up(w, d);
	}
	return reserved;
}

void mk_delayed_pack(mk_worker *w, mk_actor *a) { each(w, a, pack); }

void mk_delayed_unpack(mk_worker *w, mk_actor *a)
{
	const mk_extra *x = a->extra;
	uint64_t first = UINT64_MAX, base = w->timers.order;
	for (uint32_t slot = 0; x != NULL && slot < x->delayed_used; slot++) {
		const mk_delayed *d = at_slot(x, slot);
		if (d != NULL && !d->due && d->timer.order < first)
			first = d->timer.order;
	}
	for (uint32_t slot = 0; x != NULL && slot < x->delayed_used; slot++) {
		mk_delayed *d = at_slot(x, slot);
		if (d != NULL && unpack(w, d) && !d->due)
			mk_timer_move(&w->timers, &d->timer, first, base);
	}
}
