/*
 * actors.h - the actors of a worker: their memory, and the list of them.
 */
#ifndef MK_ACTORS_H
#define MK_ACTORS_H

#include "runtime/runtime.h"

/* Zeroed, of that class. NULL without memory. */
mk_actor *mk_actor_alloc(const mk_actor_class *class);

/* Frees it with all it has; nothing of it runs any more, and no list has it. */
void mk_actor_free(mk_actor *a);

/* The same, but not before it has left the ready list. */
void mk_actor_dispose(mk_actor *a);

/* Room for one more on the list. 0 or MAIKO_ENOMEM. */
int mk_actor_room(mk_worker *w);

/* Room for one that is about to move here; mk_actor_link takes it after mk_actor_unreserve.
 * 0 or MAIKO_ENOMEM. */
int mk_actor_reserve(mk_worker *w);
void mk_actor_unreserve(mk_worker *w);

/* Adds it to the worker's actors; takes it out of them, and of all other lists but the ready
 * list; takes it out of the ready list, which is searched. */
void mk_actor_link(mk_worker *w, mk_actor *a);
void mk_actor_unlink(mk_worker *w, mk_actor *a);
void mk_actor_unready(mk_worker *w, mk_actor *a);

/* Whether it could move to another worker now. */
bool mk_actor_may_leave(const mk_actor *a);

#endif
