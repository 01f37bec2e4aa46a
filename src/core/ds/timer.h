/*
 * timer.h - what a worker has to do at a time: a binary heap, ordered by due time and,
 * at equal times, by the order of setting (so that a replay fires alike).
 *
 * Room is reserved when a timer comes to be, so setting one cannot fail.
 */
#ifndef MK_TIMER_H
#define MK_TIMER_H

#include "base/base.h"

typedef struct mk_timer {
	uint64_t due_ns;
	uint64_t order;
	uint32_t place; /* in the heap, from 1; 0: not set */
	void (*fire)(struct mk_timer *timer);
} mk_timer;

typedef struct mk_timers {
	mk_timer **heap; /* heap[1] is the first due */
	uint32_t count, size, reserved;
	uint64_t order;
	void *spare; /* memory of timers that are gone; each piece begins with the next */
} mk_timers;

/* Room for one timer more, or one less. 0 or MAIKO_ENOMEM. */
int mk_timers_reserve(mk_timers *timers);
void mk_timers_unreserve(mk_timers *timers);
void mk_timers_fini(mk_timers *timers);

/* Zeroed memory of a struct with a timer in it, always of one size; NULL if there is none.
 * What is given back is kept for the next: a steady course of timers costs no allocation. */
void *mk_timers_take(mk_timers *timers, size_t size);
void mk_timers_give(mk_timers *timers, void *memory);

/* Sets or moves a timer, for which room is reserved. */
void mk_timer_set(mk_timers *timers, mk_timer *timer, uint64_t due_ns);
/* Nothing if it is not set. */
void mk_timer_clear(mk_timers *timers, mk_timer *timer);

/* The time of the first, UINT64_MAX if none. */
static inline uint64_t mk_timers_due(const mk_timers *timers)
{
	return timers->count == 0 ? UINT64_MAX : timers->heap[1]->due_ns;
}

/* Fires those due at `now_ns`, each cleared first. Those set meanwhile to a time that
 * is due wait for the next call. */
void mk_timers_fire(mk_timers *timers, uint64_t now_ns);

/* Fires the first. Precondition: there is one. */
void mk_timers_fire_first(mk_timers *timers);

#endif
