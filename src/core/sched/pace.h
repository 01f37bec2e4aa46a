/*
 * pace.h - limits the time that a worker runs callbacks before it checks for new input (C10, C13, C14).
 *
 * A worker checks its input at the start of each turn: the clock, its control lane, its channels, external
 * sends, its timers; and between turns it polls libuv. A turn ends
 *
 *   - after the callback during which a control message arrived, so a stop, a deadline that another
 *     thread keeps, a removal and a free take effect between two callbacks,
 *   - when it has lasted 100 µs.
 *
 * The second needs the clock, and reading it costs up to twice as much as handling an event. So it is read
 * once per stint: a series of at most 16 callbacks, sized to take 25 µs at the rate of the previous
 * callbacks. When callbacks become slow, up to 16 of them run before this is noticed; from then on the
 * clock is read after each. After the worker has slept, the first stint is one callback.
 *
 * In each run of an actor its tasks, its events and its tick get at least one callback each if they have work,
 * however late it is; so none of them starves the others.
 *
 * Events that an actor sends to another worker are published when its run ends, at the end of each stint, and, if
 * callbacks are not short or 25 µs have passed since the clock was read, after each callback that has sent something.
 * So the sends of a slow callback are visible when it returns. Only the sends of short callbacks are batched, and they
 * are published at the latest after the next slow callback. (Publishing after each callback would cost a locked
 * instruction per event.) In simulation publishing is a step of its own.
 */
#ifndef MK_PACE_H
#define MK_PACE_H

#include "runtime/runtime.h"

enum { MK_TURN_NS = 100000 };

/* Begins a turn at the time w->now_ns. */
static inline void mk_pace_begin(mk_worker *w)
{
	w->pace.over = false;
	w->pace.turn_ns = w->now_ns;
	if (w->pace.left == 0)
		w->pace.left = w->pace.size;
}

/* The worker has slept, or had nothing to do; w->now_ns was read just now: forgets the measured rate of callbacks. */
void mk_pace_reset(mk_worker *w);

/* Whether more than `ns` may have passed since the clock was last read. Almost free: if not, it is not read. */
bool mk_pace_passed(const mk_worker *w, uint64_t ns);

/* At the end of a stint or earlier: reads the clock, and returns whether the turn is over. */
MK_NOINLINE bool mk_pace_look(mk_worker *w);

/* After a callback: publishes its sends, unless they may be batched. */
MK_NOINLINE void mk_pace_sent(mk_worker *w);

/* After a callback, in one branch: whether there is a monitor, a tracked event, a control message, or a send to
 * publish. */
static inline bool mk_pace_active(const mk_worker *w)
{
	return (atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&w->attention, memory_order_relaxed) |
		w->unpublished) != 0;
}

/* Whether a control message has arrived: it ends the turn after the current callback. False in a replay, whose runs
 * end where those of the recording did. */
static inline bool mk_pace_posted(const mk_worker *w)
{
	uint32_t attention = atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&w->attention, memory_order_relaxed);
	return (attention & MK_POSTED) != 0 && !w->sup->seam.led;
}

/* Between two actors: whether the turn continues. */
static inline bool mk_pace_goes_on(mk_worker *w)
{
	return (MK_LIKELY(w->pace.left != 0) || !mk_pace_look(w)) && MK_LIKELY(!w->pace.over && !mk_pace_posted(w));
}

/* After an event: counts it, and returns whether the turn is over. Precondition: before it the stint was not over. */
static inline bool mk_pace_handled(mk_worker *w) { return MK_UNLIKELY(--w->pace.left == 0) && mk_pace_look(w); }

/* After a tick or a task: these may be long, so the clock is read after each. */
static inline void mk_pace_spend(mk_worker *w)
{
	if (w->pace.left > 0)
		w->pace.left--;
	(void)mk_pace_look(w);
}

#endif
