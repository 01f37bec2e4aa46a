/*
 * directory.h - the actors of a supervisor, by id and by name.
 *
 * An id is (generation, slot + 1): a slot is reused, an id is not. An actor is in the
 * directory from the critical section that accepts and queues its addition until its
 * removal is complete; its name only until its end begins. Its own worker frees it, after
 * mk_directory_leave. So a worker that finds one of its own actors here may use it without
 * the lock, if the actor has arrived (`worker`, set under the lock). An actor that could not
 * arrive may be freed by any worker.
 */
#ifndef MK_DIRECTORY_H
#define MK_DIRECTORY_H

#include "runtime/runtime.h"

void mk_directory_init(mk_sup *sup);

/* The functions below are called with the lock, unless they say that they take it. */

/* Enters an actor under its sender's name and gives it its id. 0, MAIKO_EEXIST,
 * MAIKO_E2BIG or MAIKO_ENOMEM. */
int mk_directory_enter(mk_sup *sup, mk_actor *a);
void mk_directory_leave(mk_sup *sup, mk_actor *a);
/* Enters it with the id of a recording. 0, MAIKO_ENOMEM, MAIKO_EBROKEN (the id is not valid). */
int mk_directory_enter_as(mk_sup *sup, mk_actor *a, maiko_actor_id id);

/* Frees the name of an actor that is about to end; the actor stays. A new actor of that name is
 * added in a later batch, which needs this worker too; so it starts after the on_stop of the old
 * one has returned. Takes the lock. */
void mk_directory_free_name(mk_sup *sup, const mk_actor *a);

/* NULL if there is none. */
MK_PRIVATE mk_actor *mk_directory_find(mk_sup *sup, maiko_actor_id id);

/* The same; takes the lock. */
mk_actor *mk_directory_look(mk_sup *sup, maiko_actor_id id);

void mk_directory_fini(mk_sup *sup);

#endif
