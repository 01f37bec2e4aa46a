/*
 * idle.c - see idle.h.
 *
 * A wake-up through the kernel costs some 20 µs on a virtual machine, a check for work some ten
 * nanoseconds. So a worker spins before it sleeps; the spin time adapts to how often spinning
 * recently paid off: a sleep shorter than the longest spin doubles the next spin, a longer sleep
 * halves it. If there are more workers than cores, a spinning worker would take the core from one
 * that has work: it yields the core between its checks.
 *
 * lane.c and models/channel.pml describe how a worker sleeps without losing a wake-up; to change
 * that, change the model first.
 */
#include "sched/idle.h"

#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "runtime/lane.h"
#include "sched/balance.h"
#include "sched/fd_watch.h"
#include "sched/pace.h"
#include "sched/turn.h"

#include <sched.h>

enum {
	POLL_SHARE = 10, /* while actors found ready by the last poll wait, polls take at most a tenth of the time */
	ASK_EVERY_NS = 10000000, /* how often the kernel is asked about doubtful descriptors (fd_watch.c) */
	SPIN_LEAST_NS = 1000,
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

/* Checks for work for `spin_ns`. Advances w->now_ns, so that probes can fall due. */
static bool spin(mk_worker *w)
{
	uint64_t until = w->now_ns + w->spin_ns;
	while (w->sup->spin && w->now_ns < until) {
		if (w->sup->crowded)
			(void)sched_yield();
		if (look(w))
			return true;
		w->now_ns = mk_now(&w->sup->seam);
	}
	return false;
}

/* If the longest spin would have covered the sleep, the next spin is longer and may save a wake-up
 * of some 20 µs. After a longer sleep it is shorter. */
static void adapt_spin(mk_worker *w, uint64_t slept_ns)
{
	uint64_t most_ns = (uint64_t)w->sup->options.spin_us * 1000;
	uint64_t next_ns = slept_ns > most_ns ? w->spin_ns / 2 : w->spin_ns * 2;
	w->spin_ns = next_ns < SPIN_LEAST_NS ? SPIN_LEAST_NS : next_ns > most_ns ? most_ns : next_ns;
}

static void sleep_until_woken(mk_worker *w)
{
	mk_cool(w);
	if (!mk_idle_may_poll(w) || !mk_idle_set_alarm(w))
		return;
	w->ran = w->fired = 0;
	mk_lane_rest(w, MK_SLEEPS);
	if (!mk_worker_has_input(w)) {
		uv_run(w->loop, UV_RUN_ONCE);
		w->fresh = false;
	}
	(void)mk_lane_rise(w);
	w->polled_ns = mk_now(&w->sup->seam);
}

/* If work arrives at once, the clock is not read. */
void mk_idle(mk_worker *w)
{
	if (w->sup->spin && !w->sup->crowded ? look(w) : mk_worker_has_input(w))
		return;
	uint64_t since_ns = mk_now(&w->sup->seam);
	w->now_ns = since_ns;
	mk_balance_idle(w, since_ns);
	mk_lane_rest(w, MK_SPINS);
	bool found = spin(w);
	(void)mk_lane_rise(w);
	if (!found) {
		sleep_until_woken(w);
		w->now_ns = mk_now(&w->sup->seam);
		adapt_spin(w, w->now_ns - since_ns);
	}
	mk_balance_busy(w, w->now_ns);
	mk_pace_reset(w);
	w->is_now = true; /* read at the last check of the spin, or at the end of the sleep */
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
