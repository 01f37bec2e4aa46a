/*
 * owed.h - which actors are owed an on_stop: exactly one for each on_start that succeeded
 * (C11), the last started first.
 */
#ifndef MK_OWED_H
#define MK_OWED_H

#include "runtime.h"

/* Before an actor whose type has an on_stop, in the same block. */
typedef struct mk_hook {
	struct mk_hook *prev, *next;
	mk_actor *actor;
	bool owed;
} mk_hook;
_Static_assert(sizeof(mk_hook) % 16 == 0, "what follows is aligned");

/* An actor has started: its on_stop is owed, and comes before those of the ones that
 * started before. */
void mk_owe(mk_sup *sup, mk_actor *a);
/* Whether it is owed. With the lock. */
bool mk_is_owed(const mk_actor *a);
/* Its on_stop is about to run; false: it is not owed. */
bool mk_settle_owed(mk_sup *sup, mk_actor *a);

#endif
