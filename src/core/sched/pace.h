/*
 * pace.h - how long a worker runs callbacks between two looks around (C10, C13, C14).
 *
 * A worker looks around at the start of each turn: at the clock, its control lane, its channels, what
 * was sent from outside, its timers; and between turns at libuv. A turn ends
 *
 *   - after the callback during which a control message came: a stop, a deadline that another
 *     thread keeps, a removal and a free take effect between two callbacks,
 *   - when it has lasted 100 µs.
 *
 * The second is found by asking the clock, which costs up to twice as much as handling an event. So it
 * is asked once a stint of at most 16 callbacks, and the stint is as long as 25 µs allow at the rate of
 * the callbacks before. When callbacks become slow, up to 16 of them run before that is noticed; from
 * then on the clock is asked after each. A stint begins with one callback after the worker has slept.
 *
 * Of the three things that an actor has to run, tasks, events and its tick, each gets one callback in a run,
 * however late it is; so none of them can starve the others.
 *
 * What an actor sends to another worker is published when its run ends, at the end of each stint, and after a
 * callback that has sent something when callbacks are not short, or 25 µs have passed since the clock was asked. So
 * what a slow callback has sent is seen when it has returned; only what short ones have sent goes in batches, and the
 * first slow one after them is the last that it may wait for. (Publishing after each would be a locked instruction
 * an event.) In simulation it is a step of its own.
 */
#ifndef MK_PACE_H
#define MK_PACE_H

#include "runtime/runtime.h"

enum { MK_TURN_NS = 100000 };

/* A turn begins; its time is w->now_ns. */
static inline void mk_pace_begin(mk_worker *w)
{
	w->pace.over = false;
	w->pace.turn_ns = w->now_ns;
	if (w->pace.left == 0)
		w->pace.left = w->pace.size;
}

/* The worker has slept: nothing is known about the callbacks that come. */
void mk_pace_reset(mk_worker *w);

/* The end of a stint, or earlier: whether the turn is over. */
MK_NOINLINE bool mk_pace_look(mk_worker *w);

/* After a callback: publishes what it has sent, unless that may wait. */
MK_NOINLINE void mk_pace_sent(mk_worker *w);

/* After a callback, in one branch: whether there is a monitor, a control message, or something to be published. */
static inline bool mk_pace_active(const mk_worker *w)
{
	return (atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&w->attention, memory_order_relaxed) |
		w->unpublished) != 0;
}

/* Whether a control message is there: it ends the turn after the callback that runs. Not of a replay, whose runs
 * end where those of the recording did. */
static inline bool mk_pace_posted(const mk_worker *w)
{
	uint32_t attention = atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&w->attention, memory_order_relaxed);
	return (attention & MK_POSTED) != 0 && !w->sup->seam.led;
}

/* Between two actors: whether the turn goes on. */
static inline bool mk_pace_goes_on(mk_worker *w)
{
	return (MK_LIKELY(w->pace.left != 0) || !mk_pace_look(w)) && MK_LIKELY(!w->pace.over && !mk_pace_posted(w));
}

/* An event has been handled, before which the stint was not over: whether the turn is. */
static inline bool mk_pace_handled(mk_worker *w) { return MK_UNLIKELY(--w->pace.left == 0) && mk_pace_look(w); }

/* A tick or a task has run: these may be long, so the clock is asked after each. */
static inline void mk_pace_spend(mk_worker *w)
{
	if (w->pace.left > 0)
		w->pace.left--;
	(void)mk_pace_look(w);
}

#endif
