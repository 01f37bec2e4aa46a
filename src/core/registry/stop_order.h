/*
 * stop_order.h - the actors whose on_stop is pending: exactly one call for each on_start that
 * succeeded (C11), the last started first.
 */
#ifndef MK_STOP_ORDER_H
#define MK_STOP_ORDER_H

#include "runtime/runtime.h"

/* Precedes an actor whose type has an on_stop, in the same block. */
typedef struct mk_hook {
	struct mk_hook *prev, *next;
	mk_actor *actor;
	bool pending; /* its on_stop is to run */
	bool placed;  /* it has its place in the order; while the actor waits for a restart nothing is pending */
} mk_hook;
_Static_assert(sizeof(mk_hook) % 16 == 0, "what follows is aligned");

/* An actor has started: its on_stop is pending, and runs before those of the actors that
 * started earlier. */
void mk_stop_order_add(mk_sup *sup, mk_actor *a);
/* Whether its on_stop is pending. With the lock. */
bool mk_stop_order_has(const mk_actor *a);
/* Its on_stop is about to run; false: it is not pending. take: the actor will be restarted, and keeps its place. */
bool mk_stop_order_remove(mk_sup *sup, mk_actor *a);
bool mk_stop_order_take(mk_sup *sup, mk_actor *a);

#endif
