/*
 * timer.h - a worker's timers: a heap, ordered by due time and, at equal times, by the order in which they were set (so
 * that a replay fires them in the same order).
 *
 * A heap slot is reserved when a timer is created, so setting one cannot fail. A slot has what is compared, so that
 * among a million timers a comparison does not touch the timers themselves.
 */
#ifndef MK_TIMER_H
#define MK_TIMER_H

#include "base/base.h"

typedef struct mk_timer {
	uint32_t place; /* in the heap, from 1; 0: not set */
	uint32_t flags; /* the owner's, beside what moves with the heap */
	uint64_t due_ns;
	uint64_t order;
	void (*fire)(struct mk_timer *timer);
} mk_timer;

typedef struct mk_timer_slot {
	uint64_t due_ns, order; /* those of the timer */
	mk_timer *timer;
} mk_timer_slot;

typedef struct mk_timers {
	mk_timer_slot *heap; /* heap[1] is the first due */
	uint32_t count, size, reserved;
	uint64_t order;
} mk_timers;

/* Reserves, or gives up, the heap slot of one timer. 0 or MAIKO_ENOMEM. */
int mk_timers_reserve(mk_timers *timers);
static inline void mk_timers_unreserve(mk_timers *timers)
{
	assert(timers->reserved > 0);
	timers->reserved--;
}
void mk_timers_fini(mk_timers *timers);

/* Sets or moves a timer. Precondition: its slot is reserved. */
void mk_timer_set(mk_timers *timers, mk_timer *timer, uint64_t due_ns);
/* Sets timers that were cleared in another heap, each at its due time, so that among themselves they keep the order in
 * which they were set there. `first`: the least `order` of them; `base`: that of this heap before it gets them. */
void mk_timer_move(mk_timers *timers, mk_timer *timer, uint64_t first, uint64_t base);
/* Does nothing if it is not set. */
void mk_timer_clear(mk_timers *timers, mk_timer *timer);

/* The due time of the first timer, UINT64_MAX if none. */
static inline uint64_t mk_timers_due(const mk_timers *timers)
{
	return timers->count == 0 ? UINT64_MAX : timers->heap[1].due_ns;
}

/* Fires the timers due at `now_ns`, at most so many; each is cleared first. Timers that are set meanwhile fire in the
 * next call at the earliest. */
void mk_timers_fire(mk_timers *timers, uint64_t now_ns, uint32_t most);

/* Fires the first timer. Precondition: there is one. */
void mk_timers_fire_first(mk_timers *timers);

#endif
