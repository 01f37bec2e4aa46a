/*
 * stop_order.h - which actors are owed an on_stop: exactly one for each on_start that succeeded
 * (C11), the last started first.
 */
#ifndef MK_STOP_ORDER_H
#define MK_STOP_ORDER_H

#include "runtime/runtime.h"

/* Before an actor whose type has an on_stop, in the same block. */
typedef struct mk_hook {
	struct mk_hook *prev, *next;
	mk_actor *actor;
	bool owed;
} mk_hook;
_Static_assert(sizeof(mk_hook) % 16 == 0, "what follows is aligned");

/* An actor has started: its on_stop is owed, and comes before those of the ones that
 * started before. */
void mk_stop_order_add(mk_sup *sup, mk_actor *a);
/* Whether it is owed. With the lock. */
bool mk_stop_order_has(const mk_actor *a);
/* Its on_stop is about to run; false: it is not owed. */
bool mk_stop_order_remove(mk_sup *sup, mk_actor *a);

#endif
