/*
 * private.h - what the runtime hands to one actor alone: a receipt, a notice of interest (core of C17, C19).
 *
 * Private deliveries wait in a list of their own: no hold and no full mailbox is in their way, and no policy drops
 * them. One comes after the events that were in the mailbox when it was given, unless the actor is held; or, if it is
 * `first`, before them all. It is counted in the ledger, on the topic "maiko.private": a delivery when it is given,
 * then handled when its callback runs, dropped when it has nothing to say any more, or dead when the actor has ended.
 * Who gives one has prepared the actor before, so that giving does not fail.
 */
#ifndef MK_PRIVATE_DELIVERY_H
#define MK_PRIVATE_DELIVERY_H

#include "runtime/runtime.h"

/* Makes what an actor needs to be given private deliveries. 0 or MAIKO_ENOMEM. */
int mk_private_prepare(mk_actor *a);

/* Gives it one, whose `run`, `drop` and `first` are set. `a` NULL: its actor has gone. */
void mk_private_give(mk_worker *w, mk_actor *a, mk_private *private);

/* Whether one may run now: the actor has handled what was queued before it, or is on hold. */
static inline bool mk_private_is_due(const mk_actor *a)
{
	const mk_private *first = a->extra->privates;
	if (first == NULL || first->first || (a->sched & MK_ON_HOLD) != 0)
		return first != NULL;
	return (int64_t)(mk_count(&a->box.head) - first->after) >= 0;
}

/* Runs those, each as a callback of the actor. */
void mk_private_run(mk_worker *w, mk_actor *a);

/* What is queued has moved to other places in the mailbox. */
void mk_private_shift(mk_actor *a);

/* The actor has ended. */
void mk_private_drop(mk_actor *a);

#endif
