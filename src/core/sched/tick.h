/*
 * tick.h - an actor's tick: when it is due, how it runs, and what its result means (C12).
 */
#ifndef MK_TICK_H
#define MK_TICK_H

#include "runtime/runtime.h"

#include <limits.h>

/* In maiko_next.of: maiko_when_any was told two descriptors. */
#define MK_TWO UINT_MAX

/* What a result waits for: a set of maiko_woken. */
unsigned mk_tick_wants(const maiko_next *next);

/* Allocates its timer. 0 or MAIKO_ENOMEM. */
int mk_tick_init(mk_worker *w, mk_actor *a);

/* The actor has started: its first tick is due. */
void mk_tick_begin(mk_worker *w, mk_actor *a);

/* Runs the tick. Precondition: it is due, and the actor is running. */
void mk_tick_run(mk_worker *w, mk_actor *a);

/* The number of events that the tick still waits for; 0: for no number of them, but for those of a run. */
static inline uint64_t mk_tick_lacks(const mk_actor *a)
{
	const mk_extra *x = a->extra;
	uint64_t had = mk_count(&a->handled) - x->batch_from;
	bool waits = (x->wants & MAIKO_WOKEN_EVENTS) != 0 && x->batch > had && !mk_is_drained(a->worker, a);
	return waits ? x->batch - had : 0;
}

/* After a batch of events: a tick that waits for events is due. */
static inline void mk_tick_after_events(mk_actor *a)
{
	if (MK_UNLIKELY(a->occupied) && (a->extra->wants & MAIKO_WOKEN_EVENTS) != 0 && !a->extra->tick_set &&
	    mk_tick_lacks(a) == 0) {
		a->extra->tick_due = true;
		a->extra->came |= MAIKO_WOKEN_EVENTS;
	}
}

/* hold: the actor is muted or paused, and its watch is disarmed. permit: it continues, and its watch is armed again. */
void mk_tick_hold(mk_actor *a);
void mk_tick_permit(mk_worker *w, mk_actor *a);

/* If the tick waits for a descriptor, ends the watch: the tick then waits for the rest of a maiko_when_any,
 * else for nothing. */
void mk_tick_unwatch(mk_worker *w, mk_actor *a);

/* The watched descriptor has been closed: applies the last result again, which finds the error. */
void mk_tick_apply_again(mk_worker *w, mk_actor *a);

/* The actor migrates: its timer leaves this worker's timers, or enters them in a reserved entry (migrate.h). */
void mk_tick_pack(mk_worker *w, mk_actor *a);
void mk_tick_unpack(mk_worker *w, mk_actor *a);

/* A stop has begun: only ticks after events continue. */
void mk_tick_drain(mk_worker *w, mk_actor *a);

/* A new life begins: as mk_tick_init has left it. */
void mk_tick_renew(mk_actor *a);

/* The actor ends. */
void mk_tick_end(mk_worker *w, mk_actor *a);

#endif
