/*
 * idle.c - see idle.h.
 *
 * A worker spins before it sleeps, if that is likely to be cheaper than a wake-up: spin.h. If there are more workers
 * than cores, a spinning worker would take the core from one that has work: it yields the core between its checks.
 *
 * The kernel may wake a thread on the core of the thread that wakes it. If that is a busy worker, it keeps the core for
 * a time slice of milliseconds, although another core may be free. So it yields (lane.h); and the woken worker does not
 * spin, because while it has the core nobody sends.
 *
 * lane.c and models/channel.pml describe how a worker sleeps without losing a wake-up; to change
 * that, change the model first.
 */
#include "sched/idle.h"

#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "registry/expected.h"
#include "runtime/lane.h"
#include "sched/balance.h"
#include "sched/fd_watch.h"
#include "sched/pace.h"
#include "sched/spin.h"
#include "sched/turn.h"

#include <sched.h>

enum {
	POLL_SHARE = 10, /* while actors found ready by the last poll wait, polls take at most a tenth of the time */
	ASK_EVERY_NS = 10000000, /* how often the kernel is asked about doubtful descriptors (fd_watch.c) */
	STALE_NS = 20000,        /* a time older than that is not used any more */
	NS_PER_MS = 1000000
};

/* libuv may run its timers before it polls, and would then sleep without an alarm, so a worker's
 * own loop returns here. An embedded loop takes a turn before it polls. */
static void on_timer(uv_timer_t *timer)
{
	const mk_worker *w = MK_OF(timer, mk_worker, uv_timer);
	if (!w->sup->embedded)
		uv_stop(timer->loop);
}

bool mk_idle_may_poll(mk_worker *w)
{
	if (MK_LIKELY(w->doubtful == NULL || w->now_ns - w->asked_ns < ASK_EVERY_NS))
		return true;
	w->asked_ns = w->now_ns;
	return mk_fd_watch_ask(w);
}

bool mk_idle_set_alarm(mk_worker *w)
{
	uint64_t due = mk_timers_due(&w->timers), now = mk_now(&w->sup->seam);
	if (w->doubtful != NULL && w->asked_ns + ASK_EVERY_NS < due)
		due = w->asked_ns + ASK_EVERY_NS;
	if (mk_expected_due(w) < due)
		due = mk_expected_due(w);
	if (mk_probes_due(w) < due)
		due = mk_probes_due(w);
	if (mk_cools_at(w) < due)
		due = mk_cools_at(w);
	if (due <= now)
		return false;
	if (due == UINT64_MAX) {
		uv_timer_stop(&w->uv_timer);
		return true;
	}
	uv_update_time(w->loop);
	uv_timer_start(&w->uv_timer, on_timer, (due - now + NS_PER_MS - 1) / NS_PER_MS, 0);
	return true;
}

/* Checks for work a few times; true: there is some. */
static bool look(mk_worker *w)
{
	for (int i = 0; i < 32; i++) {
		if (mk_worker_has_input(w))
			return true;
		__asm__ volatile("" ::: "memory");
	}
	return false;
}

static void read_clock(mk_worker *w)
{
	w->now_ns = mk_now(&w->sup->seam);
	mk_pace_reset(w);
}

/* Checks for work until that time. Advances w->now_ns, so that probes can fall due. When it finds some, w->now_ns is
 * the time of the check before; unless this one took long, because the kernel has given the core to another thread. */
static bool spin(mk_worker *w, uint64_t until_ns)
{
	while (w->now_ns < until_ns) {
		if (mk_is_crowded(w->sup))
			(void)sched_yield();
		bool found = look(w);
		if (!found || MK_UNLIKELY(mk_pace_passed(w, STALE_NS)))
			read_clock(w);
		if (found)
			return true;
	}
	return false;
}

/* Whether the worker that woke it last runs on the same core, and so cannot send while this one spins. */
static bool is_beside(const mk_worker *w)
{
	return atomic_load_explicit(&w->beside, memory_order_relaxed) &&
	       atomic_load_explicit(&w->core, memory_order_relaxed) == sched_getcpu();
}

/* False: no other thread had work for it. */
static bool sleep_until_woken(mk_worker *w)
{
	mk_cool(w);
	if (!mk_idle_may_poll(w) || !mk_idle_set_alarm(w))
		return false;
	w->ran = w->fired = 0;
	atomic_store_explicit(&w->core, sched_getcpu(), memory_order_relaxed);
	mk_lane_rest(w, MK_SLEEPS);
	bool woken = mk_worker_has_input(w);
	if (!woken) {
		uv_run(w->loop, UV_RUN_ONCE);
		w->fresh = false;
	}
	woken |= mk_lane_rise(w);
	w->polled_ns = mk_now(&w->sup->seam);
	return woken;
}

/* If work arrives at once, the clock is not read. */
void mk_idle(mk_worker *w)
{
	if (w->sup->spin && !mk_is_crowded(w->sup) ? look(w) : mk_worker_has_input(w))
		return;
	read_clock(w);
	uint64_t since_ns = w->now_ns;
	mk_balance_idle(w, since_ns);
	uint64_t length_ns = w->sup->spin ? mk_spin_length(&w->spin) : 0;
	mk_lane_rest(w, MK_SPINS);
	bool found = length_ns != 0 && !is_beside(w) && spin(w, since_ns + length_ns);
	(void)mk_lane_rise(w);
	bool woken = !found && sleep_until_woken(w);
	if (!found)
		read_clock(w);
	if (!found && !woken)
		mk_spin_in_vain(&w->spin);
	else
		mk_spin_gap(&w->spin, w->now_ns - since_ns, woken);
	mk_balance_busy(w, w->now_ns);
	w->is_now = true; /* read at the last check of the spin, or at the end of the sleep */
}

void mk_idle_yield(mk_worker *w)
{
	w->yields = false;
	(void)sched_yield();
}

/* Until the actors whose descriptors the last poll found ready have run, another poll would report them again, so
 * polls are fewer. */
void mk_idle_poll(mk_worker *w)
{
	uint64_t begin_ns = mk_now(&w->sup->seam);
	if (w->ran < w->fired && begin_ns - w->polled_ns < POLL_SHARE * w->poll_took_ns)
		return;
	w->ran = w->fired = 0;
	if (mk_idle_may_poll(w)) {
		uv_run(w->loop, UV_RUN_NOWAIT);
		w->fresh = false;
	}
	w->polled_ns = mk_now(&w->sup->seam);
	w->poll_took_ns = w->polled_ns - begin_ns;
}
