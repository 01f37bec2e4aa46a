/*
 * tick.h - an actor's tick: when it is due, running it, and what its answer means (C12).
 */
#ifndef MK_TICK_H
#define MK_TICK_H

#include "runtime/runtime.h"

/* Room for its timer. 0 or MAIKO_ENOMEM. */
int mk_tick_init(mk_worker *w, mk_actor *a);

/* The first run is due: the actor has started. */
void mk_tick_begin(mk_worker *w, mk_actor *a);

/* Runs it. Precondition: due, and the actor is running. */
void mk_tick_run(mk_worker *w, mk_actor *a);

/* A batch of events was handled. */
static inline void mk_tick_after_events(mk_actor *a)
{
	if (a->extra != NULL && a->extra->next.kind == MAIKO_NEXT_EVENTS && !a->extra->tick_set)
		a->extra->tick_due = true;
}

/* The actor is muted or paused, or goes on: its watch rests meanwhile. */
void mk_tick_hold(mk_actor *a);
void mk_tick_permit(mk_worker *w, mk_actor *a);

/* If it waits for a descriptor, it rests instead. */
void mk_tick_unwatch(mk_worker *w, mk_actor *a);

/* What it waits for has gone: its last answer is given once more, which finds the error. */
void mk_tick_answer_again(mk_worker *w, mk_actor *a);

/* It moves: its timer leaves this worker's, or enters it, where there is room (migrate.h). */
void mk_tick_pack(mk_worker *w, mk_actor *a);
void mk_tick_unpack(mk_worker *w, mk_actor *a);

/* A stop has begun: only after_events goes on. */
void mk_tick_drain(mk_worker *w, mk_actor *a);

/* The actor ends. */
void mk_tick_end(mk_worker *w, mk_actor *a);

#endif
