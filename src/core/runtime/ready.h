/*
 * ready.h - a worker's lists of actors: those that are ready to run, and those that are held.
 *
 * An actor rests, is ready, runs, or is held: muted, in a topology change, waiting for
 * the start, or ended. A held actor keeps what is queued for it and is not run (dispatch.h).
 */
#ifndef MK_READY_H
#define MK_READY_H

#include "runtime/runtime.h"

/* Appends a resting actor to the ready list. */
static inline void mk_ready(mk_worker *w, mk_actor *a)
{
	a->sched |= MK_QUEUED;
	a->next = NULL;
	*w->ready_tail = a;
	w->ready_tail = &a->next;
}

/* Makes it ready if it rests. */
static inline void mk_wake(mk_worker *w, mk_actor *a)
{
	if (a->sched == 0)
		mk_ready(w, a);
}

/* Whether anything waits for it to run. */
MK_PRIVATE bool mk_has_work(const mk_actor *a);

/* Into the list that it is in as long as it is held, and out of it. */
void mk_link_held(mk_worker *w, mk_actor *a);
void mk_unlink_held(mk_worker *w, mk_actor *a);

/* Adds a task, to be run as a callback of the actor. */
void mk_task_add(mk_worker *w, mk_actor *a, mk_task *task);

#endif
