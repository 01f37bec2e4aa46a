/*
 * ready.h - a worker's lists of actors: those that are ready to run, and those that are held.
 *
 * An actor is idle, ready, running or held: muted, in a topology change, waiting for the
 * start, or ended. A held actor keeps its queued events and is not run (dispatch.h).
 * One that is on hold (intake.h) is run for everything but its events.
 */
#ifndef MK_READY_H
#define MK_READY_H

#include "runtime/runtime.h"

/* Appends an idle actor to the ready list. */
static inline void mk_ready(mk_worker *w, mk_actor *a)
{
	a->sched |= MK_QUEUED;
	a->next = NULL;
	*w->ready_tail = a;
	w->ready_tail = &a->next;
}

/* Makes it ready if it is idle: for an event, and for everything else. */
static inline void mk_wake_for_event(mk_worker *w, mk_actor *a)
{
	if (a->sched == 0)
		mk_ready(w, a);
}
static inline void mk_wake(mk_worker *w, mk_actor *a)
{
	if ((a->sched & ~(unsigned)MK_ON_HOLD) == 0)
		mk_ready(w, a);
}

/* If the actor with that id is one of the next 64 that run, it runs next. */
void mk_ready_first(mk_worker *w, maiko_actor_id id);

/* Whether it has events, tasks, a due tick or an overflow to handle. */
MK_PRIVATE bool mk_has_work(const mk_actor *a);

/* Adds it to its list of held actors, and removes it. */
void mk_link_held(mk_worker *w, mk_actor *a);
void mk_unlink_held(mk_worker *w, mk_actor *a);

/* Adds a task, which is run as a callback of the actor; drops it if the actor has ended. */
void mk_task_add(mk_worker *w, mk_actor *a, mk_task *task);

#endif
