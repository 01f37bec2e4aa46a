/*
 * delayed.h - events sent later, by the actor that asked for it.
 *
 * The event is made, with its parent, when it is asked for; its id and time are those of
 * the moment it is sent. If its actor is held at that time it waits, and goes first when
 * the actor goes on (C8).
 */
#ifndef MK_DELAYED_H
#define MK_DELAYED_H

#include "runtime/runtime.h"

int mk_delayed_add(mk_worker *w, mk_actor *a, const mk_route *route, const void *value, uint64_t delay_ms,
		   maiko_delayed *ret_delayed);
int mk_delayed_cancel(mk_worker *w, mk_actor *a, maiko_delayed delayed);

/* Sends what fell due while the actor was held; stops if it is held again. */
void mk_delayed_send_due(mk_worker *w, mk_actor *a);

/* The actor moves (migrate.h): its events become copies that no pool has, and leave this worker's
 * timers; or enter them. What there is no memory for is counted discarded. */
void mk_delayed_pack(mk_worker *w, mk_actor *a);
void mk_delayed_unpack(mk_worker *w, mk_actor *a);

/* Cancels all of them: a stop has begun, or the actor ends. */
void mk_delayed_discard(mk_worker *w, mk_actor *a);

#endif
