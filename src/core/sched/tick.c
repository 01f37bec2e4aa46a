/*
 * tick.c - see tick.h.
 *
 * A tick is due (`tick_due`); or waits for its timer, its descriptor or a batch of events; or
 * waits for nothing. After an error that on_error has handled, the last result is applied again
 * when the back-off timer fires; `tick_set`: the timer is set for that.
 */
#include "sched/tick.h"

#include "observe/monitor.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "sched/end.h"
#include "sched/fd_watch.h"

enum { BACKOFF_FIRST_MS = 1, BACKOFF_LAST_MS = 1000 };
static const uint64_t NS_PER_MS = 1000000;

static void apply_result(mk_worker *w, mk_actor *a);

static void timer_fired(mk_timer *timer)
{
	mk_extra *x = MK_OF(timer, mk_extra, timer);
	mk_actor *a = x->timer_actor;
	mk_worker *w = a->worker;
	if (x->tick_set) {
		x->tick_set = false;
		if (x->next.kind != MAIKO_NEXT_AFTER) { /* else the back-off included its wait */
			apply_result(w, a);
			mk_wake(w, a);
			return;
		}
	}
	mk_fd_watch_disarm(a); /* readable_or_ms timed out before the descriptor was ready */
	x->tick_due = true;
	mk_wake(w, a);
}

int mk_tick_init(mk_worker *w, mk_actor *a)
{
	mk_extra *x = mk_extra_of(a);
	int rc = x == NULL ? MAIKO_ENOMEM : mk_timers_reserve(&w->timers);
	if (rc == 0) {
		x->timer.fire = timer_fired;
		x->timer_actor = a;
		x->next = maiko_again();
	}
	return rc;
}

void mk_tick_begin(mk_worker *w, mk_actor *a)
{
	if (a->class->tick != NULL && !mk_is_drained(w, a)) {
		a->extra->tick_due = true;
		mk_wake(w, a);
	}
}

static void set_timer(mk_worker *w, mk_actor *a, uint64_t ms)
{
	if (ms > MAIKO_NEXT_MS_MAX)
		ms = MAIKO_NEXT_MS_MAX;
	mk_timer_set(&w->timers, &a->extra->timer, w->now_ns + ms * NS_PER_MS);
}

/* Handles an error of the tick, or of applying its result. */
static void failed(mk_worker *w, mk_actor *a, int code)
{
	mk_extra *x = a->extra;
	if (!mk_actor_error(w, a, code < 0 ? code : MAIKO_EINVAL, MAIKO_PHASE_TICK, NULL))
		return;
	x->backoff_ms = x->backoff_ms == 0 ? BACKOFF_FIRST_MS : x->backoff_ms * 2;
	if (x->backoff_ms > BACKOFF_LAST_MS)
		x->backoff_ms = BACKOFF_LAST_MS;
	bool longer = x->next.kind == MAIKO_NEXT_AFTER && x->next.ms > x->backoff_ms;
	if (x->next.kind != MAIKO_NEXT_NEVER && !mk_is_drained(w, a)) {
		x->tick_set = true;
		set_timer(w, a, longer ? x->next.ms : x->backoff_ms);
	}
}

static void wait_for_descriptor(mk_worker *w, mk_actor *a)
{
	const maiko_next *next = &a->extra->next;
	int rc = mk_fd_watch_arm(w, a, next->fd, next->kind == MAIKO_NEXT_WRITABLE);
	if (rc == 1)
		a->extra->tick_due = true;
	else if (rc != 0)
		failed(w, a, rc);
	else if (next->ms != UINT64_MAX)
		set_timer(w, a, next->ms);
	if (rc == 0 && (a->sched & MK_HELD) != 0)
		mk_fd_watch_hold(a);
}

/* Applies the last result. */
static void apply_result(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	bool descriptor = x->next.kind == MAIKO_NEXT_READABLE || x->next.kind == MAIKO_NEXT_WRITABLE;
	if (!descriptor)
		mk_fd_watch_close(a);
	switch (x->next.kind) {
	case MAIKO_NEXT_AGAIN:
		x->tick_due = true;
		break;
	case MAIKO_NEXT_AFTER:
		set_timer(w, a, x->next.ms);
		break;
	case MAIKO_NEXT_READABLE:
	case MAIKO_NEXT_WRITABLE:
		wait_for_descriptor(w, a);
		break;
	case MAIKO_NEXT_SENDABLE:
		x->tick_due = true; /* a muted actor does not run until it may send */
		break;
	case MAIKO_NEXT_NEVER:
	case MAIKO_NEXT_EVENTS:
	case MAIKO_NEXT_FAILED:
		break;
	}
}

void mk_tick_run(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	x->tick_due = false;
	x->tick_set = false;
	mk_timer_clear(&w->timers, &x->timer);
	mk_fd_watch_disarm(a);
	if (w->discarding || (mk_is_drained(w, a) && x->next.kind != MAIKO_NEXT_EVENTS))
		return;
	MK_NOTIFY(w, MAIKO_OBSERVED_TICK_ENTERED, a, NULL, 0);
	mk_callback_enter(w, a);
	maiko_next next = a->class->tick(mk_actor_state(a), a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_TICK, next.kind == MAIKO_NEXT_FAILED ? next.error : 0);
	if (rc < 0)
		next = maiko_failed(rc);
	mk_callback_leave(w);
	mk_count_add(&x->ticks, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_TICK_LEFT, a, NULL, (int)next.kind);
	if ((a->sched & MK_ENDED) != 0)
		return;
	if (next.kind == MAIKO_NEXT_FAILED || (unsigned)next.kind > MAIKO_NEXT_FAILED) {
		failed(w, a, next.error);
		return;
	}
	x->next = next;
	if (mk_is_drained(w, a))
		return;
	uint32_t backoff_ms = x->backoff_ms;
	apply_result(w, a);
	if (x->backoff_ms == backoff_ms)
		x->backoff_ms = 0; /* applying the result did not fail either */
}

void mk_tick_unwatch(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	if (x->next.kind != MAIKO_NEXT_READABLE && x->next.kind != MAIKO_NEXT_WRITABLE)
		return;
	x->next = maiko_never();
	x->tick_due = x->tick_set = false;
	mk_timer_clear(&w->timers, &x->timer);
	mk_fd_watch_close(a);
}

void mk_tick_hold(mk_actor *a) { mk_fd_watch_hold(a); }

void mk_tick_apply_again(mk_worker *w, mk_actor *a)
{
	a->extra->tick_set = true;
	mk_timer_set(&w->timers, &a->extra->timer, w->now_ns);
}

void mk_tick_permit(mk_worker *w, mk_actor *a)
{
	int rc = mk_fd_watch_rearm(a);
	if (rc != 0)
		failed(w, a, rc);
}

void mk_tick_pack(mk_worker *w, mk_actor *a)
{
	if (a->class->tick == NULL)
		return;
	a->extra->packed_ns = a->extra->timer.place != 0 ? a->extra->timer.due_ns : UINT64_MAX;
	mk_timer_clear(&w->timers, &a->extra->timer);
	mk_timers_unreserve(&w->timers);
}

void mk_tick_unpack(mk_worker *w, mk_actor *a)
{
	if (a->class->tick != NULL && a->extra->packed_ns != UINT64_MAX)
		mk_timer_set(&w->timers, &a->extra->timer, a->extra->packed_ns);
}

void mk_tick_drain(mk_worker *w, mk_actor *a)
{
	if (a->class->tick == NULL || a->extra == NULL)
		return;
	mk_timer_clear(&w->timers, &a->extra->timer);
	mk_fd_watch_close(a);
	if (a->extra->next.kind != MAIKO_NEXT_EVENTS)
		a->extra->tick_due = false;
	a->extra->tick_set = false;
}

void mk_tick_end(mk_worker *w, mk_actor *a)
{
	if (a->class->tick == NULL || a->extra == NULL)
		return;
	mk_timer_clear(&w->timers, &a->extra->timer);
	mk_fd_watch_close(a);
	a->extra->tick_due = false;
}
