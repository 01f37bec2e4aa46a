/*
 * delayed.c - see delayed.h.
 */
#include "sched/delayed.h"

#include "base/error.h"
#include "registry/registry.h"
#include "registry/topic.h"
#include "routing/private.h"
#include "routing/router.h"
#include "runtime/callback.h"

typedef struct mk_delayed {
	mk_timer timer;
	struct mk_delayed *next, **at; /* at: what points to it */
	mk_actor *actor;
	mk_event *event;
	maiko_delayed name;
	mk_private private; /* of one to the actor itself, once it is due */
} mk_delayed;

/* Whether it is for the actor itself. */
static bool is_own(const mk_delayed *d) { return d->event->topic->index == MK_PRIVATE_TOPIC; }

static void unlink_one(mk_delayed *d)
{
	*d->at = d->next;
	if (d->next != NULL)
		d->next->at = d->at;
}

static void release(mk_worker *w, mk_delayed *d)
{
	mk_map_remove(&d->actor->extra->delayed_names, d->name);
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

/* Its turn has come: from here on it can no longer be cancelled. */
static bool run_own(mk_actor *a, mk_private *private)
{
	mk_delayed *d = MK_OF(private, mk_delayed, private);
	mk_worker *w = a->worker;
	mk_event *e = d->event;
	release(w, d);
	e->refs = 1;
	mk_private_count(w, a);
	mk_count_add(&a->sent, 1);
	mk_private_handle(w, a, e, NULL, NULL);
	return true;
}

/* Those that are due: the first from there on, or NULL. */
static mk_delayed *own_from(mk_private *p)
{
	while (p != NULL && p->run != run_own)
		p = p->next;
	return p == NULL ? NULL : MK_OF(p, mk_delayed, private);
}
static mk_delayed *own_first(const mk_actor *a) { return own_from(a->extra->privates); }
static mk_delayed *own_next(const mk_delayed *d) { return own_from(d->private.next); }

static void own_is_due(mk_worker *w, mk_delayed *d)
{
	stamp(w, d->event);
	d->private = (mk_private){.run = run_own}; /* it is discarded before the actor ends: no `drop` */
	mk_private_queue(w, d->actor, &d->private);
}

/* ---- time has come --------------------------------------------------------------------------- */

static void fired(mk_timer *timer)
{
	mk_delayed *d = MK_OF(timer, mk_delayed, timer);
	mk_actor *a = d->actor;
	mk_count_add(&a->worker->activity, 1); /* before the send: stop.h */
	unlink_one(d);
	if (is_own(d)) {
		own_is_due(a->worker, d);
		return;
	}
	if ((a->sched & MK_HELD) == 0) {
		send_now(a->worker, d);
		return;
	}
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
		if (a->extra->due == NULL)
			a->extra->due_tail = &a->extra->due;
		send_now(w, d);
	}
}

int mk_delayed_add(mk_worker *w, mk_actor *a, const mk_route *route, const void *value, uint64_t delay_ms,
		   maiko_delayed *ret_delayed)
{
	mk_extra *x = mk_extra_of(a);
	bool own = route->topic->index == MK_PRIVATE_TOPIC;
	mk_delayed *d = x == NULL || (own && mk_private_prepare(a) != 0) ? NULL : mk_timers_take(&w->timers, sizeof *d);
	if (d == NULL)
		return MAIKO_ENOMEM;
	d->event = mk_event_make(&w->pool, route->type, value, NULL);
	int rc = d->event == NULL ? mk_event_fail(route->type, value) : mk_timers_reserve(&w->timers);
	if (rc == 0 && (rc = mk_map_put(&x->delayed_names, x->delayed_count + 1, mk_map_key(d))) != 0)
		mk_timers_unreserve(&w->timers);
	if (rc != 0) {
		if (d->event != NULL)
			mk_event_free(&w->pool, d->event);
		mk_timers_give(&w->timers, d);
		return rc;
	}
	mk_event_stamp(w, d->event, a->self, route->topic, false);
	mk_count_add(&route->topic->delayed, 1);
	d->actor = a;
	d->name = ++x->delayed_count;
	d->timer.fire = fired;
	d->at = &x->delayed;
	d->next = x->delayed;
	if (d->next != NULL)
		d->next->at = &d->next;
	x->delayed = d;
	if (delay_ms > MAIKO_NEXT_MS_MAX)
		delay_ms = MAIKO_NEXT_MS_MAX;
	mk_timer_set(&w->timers, &d->timer, w->now_ns + delay_ms * 1000000);
	if (ret_delayed != NULL)
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

/* Removes it from its actor's list (`due`: one of those that wait for the actor) and discards it. */
static void give_up(mk_worker *w, mk_delayed *d, bool due)
{
	if (due && is_own(d)) {
		mk_private_take_back(d->actor, &d->private);
	} else {
		if (due && d->next == NULL)
			d->actor->extra->due_tail = d->at;
		unlink_one(d);
	}
	discard(w, d);
}

int mk_delayed_cancel(mk_worker *w, mk_actor *a, maiko_delayed delayed)
{
	mk_delayed *d = a->extra == NULL || delayed == 0 ? NULL : mk_map_get(&a->extra->delayed_names, delayed);
	if (d == NULL)
		return mk_fail_text(MAIKO_ENOENT,
				    "maiko_cancel: the actor has no such delayed send: it was sent or cancelled");
	give_up(w, d, d->timer.place == 0); /* no timer: it is due and waits for the actor */
	return 0;
}

void mk_delayed_discard(mk_worker *w, mk_actor *a)
{
	if (a->extra == NULL)
		return;
	mk_delayed *lists[2] = {a->extra->delayed, a->extra->due};
	a->extra->delayed = a->extra->due = NULL;
	a->extra->due_tail = &a->extra->due;
	for (int i = 0; i < 2; i++)
		while (lists[i] != NULL) {
			mk_delayed *d = lists[i];
			lists[i] = d->next;
			discard(w, d);
		}
	for (mk_delayed *d = own_first(a), *next; d != NULL; d = next) {
		next = own_next(d);
		give_up(w, d, true);
	}
}

/* ---- migration --------------------------------------------------------------------------- */

static mk_delayed *oldest(const mk_actor *a)
{
	mk_delayed *d = a->extra->delayed;
	while (d != NULL && d->next != NULL)
		d = d->next;
	return d;
}
static mk_delayed *newer(const mk_actor *a, const mk_delayed *d)
{
	return d->at == &a->extra->delayed ? NULL : MK_OF(d->at, mk_delayed, next);
}

/* Calls `act` for the events that are not due yet, in the order in which they were delayed, so that those that are
 * due together keep it; then for those that wait for the actor. */
static void each(mk_worker *w, mk_actor *a, void (*act)(mk_worker *w, mk_delayed *d, bool due))
{
	if (a->extra == NULL)
		return;
	for (mk_delayed *d = oldest(a), *next; d != NULL; d = next) {
		next = newer(a, d);
		act(w, d, false);
	}
	for (mk_delayed *d = a->extra->due, *next; d != NULL; d = next) {
		next = d->next;
		act(w, d, true);
	}
	for (mk_delayed *d = own_first(a), *next; d != NULL; d = next) {
		next = own_next(d);
		act(w, d, true);
	}
}

static void pack(mk_worker *w, mk_delayed *d, bool due)
{
	mk_event *copy = mk_event_copy(NULL, d->event);
	if (copy == NULL) {
		give_up(w, d, due);
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

static void unpack(mk_worker *w, mk_delayed *d, bool due)
{
	mk_topic *t = mk_topic_here(w, d->event->topic->index);
	bool reserved = t != NULL && mk_timers_reserve(&w->timers) == 0;
	if (!reserved) { /* counted for the topic, or for `all` if there is no memory for the topic */
		d->event->topic = t != NULL ? t : w->all;
		mk_count_add(&d->event->topic->delayed, 1);
		w->timers.reserved++; /* give_up decrements it */
		give_up(w, d, due);
		return;
	}
	d->event->topic = t;
	mk_count_add(&t->delayed, 1);
	if (!due)
		mk_timer_set(&w->timers, &d->timer, d->timer.due_ns);
}

void mk_delayed_pack(mk_worker *w, mk_actor *a) { each(w, a, pack); }
void mk_delayed_unpack(mk_worker *w, mk_actor *a) { each(w, a, unpack); }
