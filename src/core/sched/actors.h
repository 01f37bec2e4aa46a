/*
 * actors.h - the actors of a worker: their memory and their list.
 */
#ifndef MK_ACTORS_H
#define MK_ACTORS_H

#include "runtime/runtime.h"

/* Allocates a zeroed actor of the class. NULL: no memory. */
mk_actor *mk_actor_alloc(const mk_actor_class *class);

/* Frees the actor and all it owns. Precondition: no callback of it runs, and it is on no list. */
void mk_actor_free(mk_actor *a);

/* Frees it as mk_actor_free does, but only after it has left the ready list. */
void mk_actor_dispose(mk_actor *a);

/* Makes the list large enough for one more actor. 0 or MAIKO_ENOMEM. */
int mk_actor_room(mk_worker *w);

/* Reserves an entry for an actor that will migrate here; mk_actor_link uses it after
 * mk_actor_unreserve. 0 or MAIKO_ENOMEM. */
int mk_actor_reserve(mk_worker *w);
void mk_actor_unreserve(mk_worker *w);

/* link: adds the actor to the worker's list. unlink: removes it from that list and all others
 * except the ready list. unready: searches the ready list and removes it there. */
void mk_actor_link(mk_worker *w, mk_actor *a);
void mk_actor_unlink(mk_worker *w, mk_actor *a);
void mk_actor_unready(mk_worker *w, mk_actor *a);

/* Whether the actor can migrate to another worker now. */
bool mk_actor_may_leave(const mk_actor *a);

#endif
