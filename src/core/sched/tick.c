/*
 * tick.c - see tick.h.
 *
 * Each kind of result is a set of conditions (`wants`), of which maiko_when_any has several. `came` collects
 * those that are met until the tick runs.
 *
 * A tick is due (`tick_due`); or waits for its timer, its descriptor or a batch of events; or
 * waits for nothing. After an error that on_error has handled, the last result is applied again
 * when the back-off timer fires; `tick_set`: the timer is set for that.
 */
#include "sched/tick.h"

#include "base/error.h"
#include "observe/monitor.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "sched/end.h"
#include "sched/fd_watch.h"

#include <string.h>

enum { BACKOFF_FIRST_MS = 1, BACKOFF_LAST_MS = 1000 };
static const uint64_t NS_PER_MS = 1000000;
#define MK_WAYS (unsigned)(MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE)

static void apply_result(mk_worker *w, mk_actor *a);

static void timer_fired(mk_timer *timer)
{
	mk_extra *x = MK_OF(timer, mk_extra, timer);
	mk_actor *a = x->timer_actor;
	mk_worker *w = a->worker;
	mk_occupy(a);
	if (x->tick_set) {
		x->tick_set = false;
		if (x->wants != MAIKO_WOKEN_TIME) { /* else the back-off included its wait */
			apply_result(w, a);
			mk_wake(w, a);
			return;
		}
	}
	mk_fd_watch_disarm(a); /* it timed out before the descriptor was ready */
	x->tick_due = true;
	x->came |= MAIKO_WOKEN_TIME;
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
		mk_occupy(a);
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
static void failed(mk_worker *w, mk_actor *a, int code, const char *detail)
{
	mk_extra *x = a->extra;
	mk_cause cause = {.code = code < 0 ? code : MAIKO_EINVAL, .phase = MAIKO_PHASE_TICK, .detail = detail};
	if (!mk_actor_error_of(w, a, &cause))
		return;
	x->backoff_ms = x->backoff_ms == 0 ? BACKOFF_FIRST_MS : x->backoff_ms * 2;
	if (x->backoff_ms > BACKOFF_LAST_MS)
		x->backoff_ms = BACKOFF_LAST_MS;
	bool longer = x->wants == MAIKO_WOKEN_TIME && x->next.ms > x->backoff_ms;
	if ((x->wants != 0 || x->next.kind == MAIKO_NEXT_AGAIN) && !mk_is_drained(w, a)) {
		x->tick_set = true;
		set_timer(w, a, longer ? x->next.ms : x->backoff_ms);
	}
}

unsigned mk_tick_wants(const maiko_next *next)
{
	unsigned time = next->ms != UINT64_MAX ? MAIKO_WOKEN_TIME : 0;
	switch (next->kind) {
	case MAIKO_NEXT_AFTER:
		return MAIKO_WOKEN_TIME;
	case MAIKO_NEXT_EVENTS:
		return MAIKO_WOKEN_EVENTS;
	case MAIKO_NEXT_READABLE:
		return MAIKO_WOKEN_READABLE | time;
	case MAIKO_NEXT_WRITABLE:
		return MAIKO_WOKEN_WRITABLE | time;
	case MAIKO_NEXT_SENDABLE:
		return MAIKO_WOKEN_SENDABLE;
	case MAIKO_NEXT_ANY:
		return next->of;
	case MAIKO_NEXT_NEVER:
	case MAIKO_NEXT_AGAIN:
	case MAIKO_NEXT_FAILED:
		break;
	}
	return 0;
}

/* False: there was an error. */
static bool wait_for_descriptor(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	unsigned ways = x->wants & MK_WAYS;
	int rc = mk_fd_watch_arm(w, a, x->next.fd, ways);
	if (rc != 0 && rc != 1) {
		failed(w, a, rc, NULL);
		return false;
	}
	if (rc == 1) {
		x->tick_due = true;
		x->came |= ways;
	}
	if ((a->sched & MK_HELD) != 0)
		mk_fd_watch_hold(a);
	return true;
}

/* Applies the last result. */
static void apply_result(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	mk_occupy(a);
	if ((x->wants & MK_WAYS) == 0)
		mk_fd_watch_close(a);
	else if (!wait_for_descriptor(w, a))
		return;
	if ((x->wants & MAIKO_WOKEN_TIME) != 0)
		set_timer(w, a, x->next.ms);
	if (x->next.kind == MAIKO_NEXT_AGAIN)
		x->tick_due = true;
	if ((x->wants & MAIKO_WOKEN_SENDABLE) != 0) { /* a muted actor does not run until it may send */
		x->tick_due = true;
		x->came |= MAIKO_WOKEN_SENDABLE;
	}
}

/* The result of a maiko_when_any that names two descriptors. */
static maiko_next conflict(const maiko_next *next, char detail[MK_ERROR_SIZE])
{
	int rc = mk_fail(MAIKO_EINVAL, "maiko_when_any: the descriptors %d and %d: a tick waits for one descriptor",
			 next->fd, next->error);
	(void)snprintf(detail, MK_ERROR_SIZE, "%s", maiko_last_error());
	return maiko_failed(rc);
}

void mk_tick_run(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	bool late = x->timer.place != 0 && !x->tick_set && x->timer.due_ns <= w->now_ns;
	x->woken = x->came | (late ? MAIKO_WOKEN_TIME : 0);
	x->came = 0;
	x->tick_due = false;
	x->tick_set = false;
	x->batch_from = mk_count(&a->handled);
	mk_timer_clear(&w->timers, &x->timer);
	mk_fd_watch_disarm(a);
	if (w->discarding || (mk_is_drained(w, a) && (x->wants & MAIKO_WOKEN_EVENTS) == 0))
		return;
	MK_NOTIFY(w, MAIKO_OBSERVED_TICK_ENTERED, a, NULL, 0);
	mk_callback_enter(w, a);
	char detail[MK_ERROR_SIZE];
	maiko_next next = a->class->tick(mk_actor_state(a), a);
	bool two = next.kind == MAIKO_NEXT_ANY && next.of == MK_TWO;
	if (two)
		next = conflict(&next, detail);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_TICK, next.kind == MAIKO_NEXT_FAILED ? next.error : 0);
	if (rc < 0)
		next = maiko_failed(rc);
	mk_callback_leave(w);
	mk_count_add(&x->ticks, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_TICK_LEFT, a, NULL, (int)((unsigned)next.kind | next.of << 8));
	if ((a->sched & MK_ENDED) != 0)
		return;
	if (next.kind == MAIKO_NEXT_FAILED || (unsigned)next.kind > MAIKO_NEXT_ANY) {
		failed(w, a, next.error, two && next.error == MAIKO_EINVAL ? detail : NULL);
		return;
	}
	x->next = next;
	x->wants = mk_tick_wants(&next);
	x->batch = (x->wants & MAIKO_WOKEN_EVENTS) != 0 && next.error > 0 ? (uint32_t)next.error : 0;
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
	if ((x->wants & MK_WAYS) == 0)
		return;
	mk_fd_watch_close(a);
	if (x->next.kind == MAIKO_NEXT_ANY && (x->wants & ~MK_WAYS) != 0) {
		x->next.of = x->wants &= ~MK_WAYS;
		x->came &= ~MK_WAYS;
		mk_occupy(a);
		x->tick_due = x->came != 0;
		return;
	}
	x->next = maiko_never();
	x->wants = x->came = 0;
	x->tick_due = x->tick_set = false;
	mk_timer_clear(&w->timers, &x->timer);
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
		failed(w, a, rc, NULL);
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
	a->extra->came &= MAIKO_WOKEN_EVENTS | MAIKO_WOKEN_CALL; /* no other condition counts any more */
	if ((a->extra->wants & MAIKO_WOKEN_EVENTS) == 0 || a->extra->came == 0)
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

void mk_tick_renew(mk_actor *a)
{
	mk_extra *x = a->extra;
	x->next = maiko_again();
	x->wants = x->came = x->woken = 0;
	x->backoff_ms = 0;
	x->batch = 0;
	x->tick_due = x->tick_set = x->tick_late = false;
}
