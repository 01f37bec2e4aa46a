/*
 * completion.h - notifies the requester that a change is complete.
 *
 * The requester may be a waiting thread, a function, or an actor, which is notified by its own
 * callback on its worker.
 */
#ifndef MK_COMPLETION_H
#define MK_COMPLETION_H

#include "lifecycle/topology.h"

/* On the requester's worker: allocates what its notification needs, so that it cannot fail later
 * for lack of memory. 0 or MAIKO_ENOMEM. NULL: no actor. */
static inline int mk_change_tellable(mk_actor *requester)
{
	bool tells = requester != NULL && requester->class->done != NULL;
	return tells && mk_extra_of(requester) == NULL ? MAIKO_ENOMEM : 0;
}

/* A request of the actor (NULL: nobody) was taken: it will be told. */
static inline void mk_change_awaited(mk_actor *requester)
{
	if (requester != NULL && requester->class->done != NULL)
		requester->extra->changes++;
}

/* Notifies the function and the actor of the change's status; frees the change or passes it on. Without the lock. */
void mk_change_tell(mk_worker *w, mk_change *c);
/* Notifies the waiting thread, which must then be woken by mk_change_told. With the lock. */
void mk_change_tell_waiting(mk_change *c);
/* Changes are complete: wakes the threads that sleep in mk_change_await. With the lock. */
void mk_change_told(mk_sup *sup);
/* Waits until changes complete, those of others included; with `complete` it first checks for a while whether that is
 * set. A wake-up costs more than most changes. With the lock, held once, which it releases meanwhile. */
void mk_change_await(mk_sup *sup, _Atomic(bool) *complete);

/* Both, for a move that did not get into a batch. */
void mk_change_conclude(mk_worker *w, mk_change *c);
/* As mk_change_tell, when no worker runs any more. */
void mk_change_abandon(mk_change *c);

void mk_change_free(mk_change *c);

/* Copies the name and .init of an addition, for its completion. `init` may be NULL. NULL: no memory.
 * Freed with the change, or by mk_free_aligned. */
mk_given *mk_given_new(const maiko_actor_type *type, const char *name, const void *init);

/* With the lock: waits until a change is complete whose `wait` that is, and returns its status; MAIKO_ESHUTDOWN: the
 * supervisor has come to the state `last` (mk_state) before, and the change has no `wait` any more. */
int mk_change_wait_for(mk_sup *sup, mk_change *c, mk_change_wait *wait, int last);

/* With the lock: notes the request of a change and its result `rc` (in a replay returns the recorded one), and numbers
 * it if that is 0. */
int mk_change_accept(mk_sup *sup, mk_worker *caller, mk_change *change, int rc);

#endif
