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

/* Lies behind the payload of its event. What a cancel reads comes first: of an event of at most 16 bytes it is in the
 * same cache line as the event's topic and count. */
typedef struct mk_delayed {
	maiko_delayed name;
	mk_timer timer; /* with flags, below */
	mk_event *event;
	mk_actor *actor;
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

enum {
	OWN = 1, /* it is for the actor itself */
	DUE = 2, /* it waits for its actor: in `due` of that, or among the private deliveries */
};

/* Of a name: a number that counts, above the slot that it is in. */
enum { SLOT_BITS = 26, SLOTS_MAX = 1 << SLOT_BITS, KEPT_SLOTS = 64 };

typedef union mk_delayed_slot {
	mk_event *event; /* with it the delayed one */
	uintptr_t free;  /* odd: the next free slot, from 1, times two, and 1 */
} mk_delayed_slot;

enum { NS_PER_MS = 1000000, LOOK_MS = 1000 };

static bool is(const mk_delayed *d, uint32_t flags) { return (d->timer.flags & flags) == flags; }

/* ---- names ------------------------------------------------------------------------------------- */

static mk_delayed *at_slot(const mk_extra *x, uint32_t slot)
{
	return (x->delayed[slot].free & 1) != 0 ? NULL : mk_event_behind(x->delayed[slot].event);
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
	x->delayed[slot].event = d->event;
	x->delayed_count++;
	d->name = ++x->delayed_named << SLOT_BITS | slot;
	return 0;
}

static uint32_t slot_of(const mk_delayed *d) { return (uint32_t)(d->name & (SLOTS_MAX - 1)); }

/* No slot is used. */
static MK_NOINLINE void empty_slots(mk_extra *x)
{
	x->delayed_used = x->delayed_free = 0;
	if (x->delayed_size > KEPT_SLOTS) {
		mk_free(x->delayed);
		x->delayed = NULL;
		x->delayed_size = 0;
	}
}

static MK_INLINE void take_name(mk_extra *x, uint32_t slot)
{
	x->delayed[slot].free = (uintptr_t)x->delayed_free << 1 | 1;
	x->delayed_free = slot + 1;
	if (MK_UNLIKELY(--x->delayed_count == 0))
		empty_slots(x);
}

/* ---- what becomes of one ----------------------------------------------------------------------- */

/* Out of the list of those that wait for their actor. */
static void unlink_one(mk_actor *a, mk_delayed *d)
{
	if (d->next != NULL)
		d->next->at = d->at;
	else
		a->extra->due_tail = d->at;
	*d->at = d->next;
}

/* It is no delayed event any more, but an event `e`. */
static MK_INLINE void release(mk_worker *w, mk_actor *a, mk_delayed *d, const mk_event *e)
{
	take_name(a->extra, slot_of(d));
	mk_timer_clear(&w->timers, &d->timer);
	mk_timers_unreserve(&w->timers);
	mk_count_add(&e->topic->delayed, (uint64_t)-1);
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
	release(w, a, d, e);
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
	d->timer.flags &= ~(uint32_t)DUE;
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
		release(w, a, d, e);
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
	d->timer.flags |= DUE;
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
	if (is(d, OWN)) {
		own_is_due(a->worker, d);
		return;
	}
	if ((a->sched & MK_HELD) == 0) {
		send_now(a->worker, d);
		return;
	}
	d->timer.flags |= DUE;
	d->next = NULL;
	d->at = a->extra->due_tail;
	*a->extra->due_tail = d;
	a->extra->due_tail = &d->next;
}

void mk_delayed_send_due(mk_worker *w, mk_actor *a)
{
	while (a->extra != NULL && a->extra->due != NULL && (a->sched & MK_HELD) == 0) {
		mk_delayed *d = a->extra->due;
		unlink_one(a, d);
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
	if (x == NULL || (own && mk_private_prepare(a) != 0))
		return MAIKO_ENOMEM;
	mk_event *e = mk_event_make_with(&w->pool, route->type, value, sizeof(mk_delayed));
	if (e == NULL)
		return mk_event_fail(route->type, value);
	mk_delayed *d = mk_event_behind(e);
	*d = (mk_delayed){.timer = {.flags = own ? OWN : 0, .fire = fired}, .event = e, .actor = a};
	int rc = mk_timers_reserve(&w->timers);
	if (rc == 0 && (rc = give_name(x, d)) != 0)
		mk_timers_unreserve(&w->timers);
	if (rc != 0) {
		mk_event_free(&w->pool, e);
		return rc;
	}
	mk_event_stamp(w, e, a->self, route->topic, delay.kind == MK_DELAY_EVERY);
	mk_count_add(&route->topic->delayed, 1);
	mk_timer_set(&w->timers, &d->timer, set_up(w, d, delay));
	*ret_delayed = d->name;
	return 0;
}

static MK_NOINLINE void discard_due(mk_actor *a, mk_delayed *d)
{
	if (is(d, OWN))
		mk_private_take_back(a, &d->private);
	else
		unlink_one(a, d);
}

/* It comes no more. */
static MK_INLINE void give_up_event(mk_worker *w, mk_actor *a, mk_delayed *d, mk_event *e)
{
	if (MK_UNLIKELY(is(d, DUE)))
		discard_due(a, d);
	release(w, a, d, e);
	mk_count_add(&e->topic->delayed_discarded, 1);
	e->refs = 1;
	mk_event_unref(&w->pool, e);
}
static void give_up(mk_worker *w, mk_actor *a, mk_delayed *d) { give_up_event(w, a, d, d->event); }

int mk_delayed_cancel(mk_worker *w, mk_actor *a, maiko_delayed delayed)
{
	mk_delayed *d = a->extra == NULL ? NULL : find(a->extra, delayed);
	if (d == NULL)
		return mk_fail_text(MAIKO_ENOENT,
				    "maiko_cancel: the actor has no such delayed send: it was sent or cancelled");
	give_up_event(w, a, d, a->extra->delayed[slot_of(d)].event); /* d->event is in another line */
	MK_NOTE(w, MK_NOTE_CANCEL, a->self->id, (int64_t)delayed);
	return 0;
}

/* Calls `act`, which may give it up, for each. */
static void each(mk_worker *w, mk_actor *a, void (*act)(mk_worker *w, mk_actor *a, mk_delayed *d))
{
	const mk_extra *x = a->extra;
	for (uint32_t slot = 0; x != NULL && slot < x->delayed_used; slot++) {
		mk_delayed *d = at_slot(x, slot);
		if (d != NULL)
			act(w, a, d);
	}
}

void mk_delayed_discard(mk_worker *w, mk_actor *a) { each(w, a, give_up); }

/* ---- migration --------------------------------------------------------------------------- */

/* It lies behind the payload of its event `e` now, and is copied there. */
static void move_behind(mk_actor *a, mk_delayed *d, mk_event *e)
{
	mk_delayed *moved = mk_event_behind(e);
	*moved = *d;
	moved->event = e;
	a->extra->delayed[slot_of(d)].event = e;
	if (is(moved, DUE | OWN)) {
		mk_private_moved(a, &moved->private);
	} else if (is(moved, DUE)) {
		*moved->at = moved;
		*(moved->next == NULL ? &a->extra->due_tail : &moved->next->at) = &moved->next;
	}
}

static void pack(mk_worker *w, mk_actor *a, mk_delayed *d)
{
	mk_event *e = d->event, *copy = mk_event_copy_with(e, sizeof *d);
	if (copy == NULL) {
		give_up(w, a, d);
		return;
	}
	mk_count_add(&e->topic->delayed, (uint64_t)-1);
	mk_timer_clear(&w->timers, &d->timer);
	mk_timers_unreserve(&w->timers);
	move_behind(a, d, copy);
	copy->refs = 0;
	e->refs = 1;
	mk_event_unref(&w->pool, e);
}

/* Counts it on the new worker; false: there is no memory for it. */
static bool unpack(mk_worker *w, mk_actor *a, mk_delayed *d)
{
	mk_topic *t = mk_topic_here(w, d->event->topic->index);
	bool reserved = t != NULL && mk_timers_reserve(&w->timers) == 0;
	d->event->topic = t != NULL ? t : w->all; /* counted for the topic, or for `all` if it has no view */
	mk_count_add(&d->event->topic->delayed, 1);
	if (!reserved) {
		w->timers.reserved++; /* give_up decrements it */
		give_up(w, a, d);
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
		if (d != NULL && !is(d, DUE) && d->timer.order < first)
			first = d->timer.order;
	}
	for (uint32_t slot = 0; x != NULL && slot < x->delayed_used; slot++) {
		mk_delayed *d = at_slot(x, slot);
		if (d != NULL && unpack(w, a, d) && !is(d, DUE))
			mk_timer_move(&w->timers, &d->timer, first, base);
	}
}
