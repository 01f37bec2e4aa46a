/*
 * actor_class.h - a supervisor's record of an actor type: its functions, its handlers by event type, what it watches.
 */
#ifndef MK_ACTOR_CLASS_H
#define MK_ACTOR_CLASS_H

#include "runtime/runtime.h"

/* Finds or makes the record, with the lock. Errors as in maiko/actor.h. */
int mk_registry_class(mk_sup *sup, const maiko_actor_type *desc, const mk_actor_class **ret_class);

#endif
