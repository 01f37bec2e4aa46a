/*
 * actor.h - creates and frees actors.
 */
#ifndef MK_ACTOR_H
#define MK_ACTOR_H

#include "runtime/runtime.h"

/* Creates an actor with these options, on no worker and not in the directory. Errors as
 * maiko_add. */
int mk_actor_new(mk_sup *sup, const maiko_actor_type *type, const char *name, const maiko_add_options *options,
		 mk_actor **ret_actor);

/* Sets and returns MAIKO_EINVAL: the type handles no event of that topic (mk_actor_class_handles). */
int mk_actor_deaf(const mk_actor_class *class, const char *who, const mk_record *r);

/* With the lock, in the critical section that asks for its addition, or gives it up (mk_topics_asked). */
void mk_actor_asked(mk_sup *sup, mk_actor *a);

/* Frees an actor that never arrived at a worker. */
void mk_actor_discard(mk_sup *sup, mk_actor *a);

/* Sorts requested subscriptions and merges those to the same topic. MAIKO_EINVAL, with an error text that begins with
 * `who`: they have different policies. */
int mk_places_merge(mk_sup *sup, const char *who, mk_subscriptions *places, uint32_t *count);

/* Joins the topics, on the actor's worker. 0, or MAIKO_ENOMEM with none joined. */
int mk_actor_join(mk_worker *w, mk_actor *a, const mk_subscription *places, uint32_t count, bool joining);

/* On its worker (or, with the lock, before there are threads): links the actor and
 * subscribes it. 0, or MAIKO_ENOMEM without effect. */
int mk_actor_arrive(mk_worker *w, mk_actor *a, bool joining);

/* Its start or restart is over: it runs, unless it has failed and is to be restarted. `bit`: the one of MK_HELD that
 * held it meanwhile. */
void mk_actor_go(mk_worker *w, mk_actor *a, unsigned bit);

/* With the lock, when it leaves the directory: adds its counters to the worker's row of removed
 * actors. */
void mk_actor_fold(mk_worker *w, const mk_actor *a);

/* On its worker, after it has ended and left the directory: frees it when its handles
 * are closed. */
void mk_actor_depart(mk_worker *w, mk_actor *a);

#endif
