/*
 * completion.h - a change is complete: whoever asked for it is told.
 *
 * That may be a thread that waits, a function, or an actor, which is told by a callback of
 * its own, on its worker.
 */
#ifndef MK_COMPLETION_H
#define MK_COMPLETION_H

#include "lifecycle/topology.h"

/* Makes room for telling an actor, on its worker: 0 or MAIKO_ENOMEM. A request that is taken
 * is told of, whatever memory there is then. NULL: nobody. */
static inline int mk_change_tellable(mk_actor *requester)
{
	bool tells = requester != NULL && requester->class->done != NULL;
	return tells && mk_extra_of(requester) == NULL ? MAIKO_ENOMEM : 0;
}

/* Tells who asked, with the change's status, and frees it or passes it on. Without the lock. */
void mk_change_tell(mk_worker *w, mk_change *c);
/* With the lock: a thread that waits. */
void mk_change_tell_waiting(mk_change *c);

/* Both, of a move that came to no batch. */
void mk_change_conclude(mk_worker *w, mk_change *c);
/* The same when no worker runs any more. */
void mk_change_abandon(mk_change *c);

void mk_change_free(mk_change *c);

/* The name and a copy of .init of an addition, for its completion; NULL without memory. `init` may be
 * NULL. Freed with the change, or by mk_free_aligned. */
mk_given *mk_given_new(const maiko_actor_type *type, const char *name, const void *init);

#endif
