/*
 * private.h - private deliveries: what the runtime gives to one actor alone, a receipt or a notice of interest (C17,
 * C19), and the timers of the actor itself (delayed.h).
 *
 * They wait in a list beside the mailbox: no hold and no full mailbox delays them, and no overflow policy drops them.
 * A private delivery runs after the events that were in the mailbox when it was given; one that is `first` runs before
 * them all. While the actor is on hold (MK_ON_HOLD) its events wait, and its private deliveries run at once; one that
 * has not run when the hold ends waits for those events again. A muted actor runs neither. The ledger counts it on the
 * topic "maiko.private": as a delivery when it is given; then as handled when its callback has run, as dropped if it
 * was out of date, or as dead if the actor has ended. The actor is prepared before, so that giving cannot fail.
 */
#ifndef MK_PRIVATE_DELIVERY_H
#define MK_PRIVATE_DELIVERY_H

#include "runtime/runtime.h"

/* Allocates what an actor needs for private deliveries. 0 or MAIKO_ENOMEM. */
int mk_private_prepare(mk_actor *a);

/* Gives the actor a private delivery, whose `run`, `drop` and `first` are set. `a` NULL: the actor is gone. */
void mk_private_give(mk_worker *w, mk_actor *a, mk_private *private);
/* Counts it dead at once: it was meant for an earlier life of the actor. */
void mk_private_refuse(mk_worker *w, mk_actor *a, mk_private *private);

/* Counts it dropped, or dead if the actor has ended or is gone (NULL): it has come too late. */
void mk_private_late(mk_worker *w, mk_actor *a, mk_private *private);
/* The actor is stopping: runs one that it was given, or (now) gives it one and runs it. */
void mk_private_run_given(mk_worker *w, mk_actor *a, mk_private *private);
void mk_private_run_now(mk_worker *w, mk_actor *a, mk_private *private);

/* Adds one that may be taken back until it runs: it is no delivery before, so its `run` calls mk_private_count.
 * Precondition: the actor is prepared and has not ended. */
void mk_private_queue(mk_worker *w, mk_actor *a, mk_private *private);
void mk_private_take_back(mk_actor *a, mk_private *private);
void mk_private_count(mk_worker *w, mk_actor *a);
/* Such a one is now at another address; its content was copied there. */
void mk_private_moved(mk_actor *a, mk_private *private);

/* Whether the first one may run now: what was discarded before it does not delay it. Precondition: the actor is
 * prepared. */
static inline bool mk_private_is_due(mk_actor *a)
{
	const mk_private *first = a->extra->privates;
	if (first == NULL || first->first || (a->sched & MK_ON_HOLD) != 0)
		return first != NULL;
	if (mk_mailbox_holes(&a->box) != 0)
		mk_mailbox_pass_holes(&a->box);
	return (int64_t)(mk_count(&a->box.head) - first->after) >= 0;
}

/* Handles an event as one, in its `run`: gives it its id, shows it to monitors and calls `on` (NULL: the actor's
 * handler of it). Takes over the reference on it. */
typedef int (*mk_private_on)(mk_actor *a, const mk_event *e, const void *arg);
void mk_private_handle(mk_worker *w, mk_actor *a, mk_event *e, mk_private_on on, const void *arg);

/* Runs the first one, as a callback of the actor. */
void mk_private_run(mk_worker *w, mk_actor *a);

/* The queued events have moved to other positions in the mailbox. */
void mk_private_shift(mk_actor *a);

/* The actor has ended: drops them all. */
void mk_private_drop(mk_actor *a);

#endif
