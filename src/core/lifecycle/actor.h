/*
 * actor.h - making and freeing actors.
 */
#ifndef MK_ACTOR_H
#define MK_ACTOR_H

#include "runtime/runtime.h"

/* An actor as its options say, on no worker yet and in no directory. Errors as
 * maiko_add. */
int mk_actor_new(mk_sup *sup, const maiko_actor_type *type, const char *name, const maiko_add_options *options,
		 mk_actor **ret_actor);

/* MAIKO_EINVAL, with its sentence: the type handles no event of that topic (mk_actor_class_handles). */
int mk_actor_deaf(const mk_actor_class *class, const char *who, const char *topic);

/* One that never came to a worker. */
void mk_actor_discard(mk_actor *a);

/* On its worker (or, with the lock, before there are threads): links it there and
 * subscribes it. 0, or MAIKO_ENOMEM with nothing done. */
int mk_actor_arrive(mk_worker *w, mk_actor *a, bool joining);

/* With the lock, as it leaves the directory: its counters go to the worker's row of the
 * gone. */
void mk_actor_fold(mk_worker *w, const mk_actor *a);

/* On its worker, once it has ended and left the directory: frees it as soon as its
 * handles are closed. */
void mk_actor_depart(mk_worker *w, mk_actor *a);

#endif
