/*
 * delayed.h - delayed sends of an actor, and its timers.
 *
 * What is known of it lies behind the payload of its event: one piece of memory, of the pool.
 *
 * The event and its parent are fixed at the call; its id and time are set when it is sent. If
 * the actor is held when the event falls due, the event is sent as soon as the actor is
 * permitted, before anything else of that actor (C8).
 *
 * One to the actor itself (its route has the topic of private deliveries) waits, when it is due, among the actor's
 * private deliveries, and can be cancelled there until its handler runs. Only then is it an event of the ledger and of
 * monitors: until then it is a delayed one, which is cancelled as all others are.
 *
 * One at a fixed rate stays a delayed event until it is cancelled: each time that its turn comes a copy is handled, and
 * before that its timer is set to the first of its times that is not past. So it is due at most once, however late its
 * actor runs.
 *
 * One at a time of the machine's clock is a timer that looks at that clock, at least once a second: the clock may be
 * set, and the timers of libuv and of a worker stand still while the machine is suspended.
 */
#ifndef MK_DELAYED_H
#define MK_DELAYED_H

#include "runtime/scribe.h"

int mk_delayed_add(mk_worker *w, mk_actor *a, const mk_route *route, const void *value, mk_delay delay,
		   maiko_delayed *ret_delayed);
int mk_delayed_cancel(mk_worker *w, mk_actor *a, maiko_delayed delayed);

/* Sends the events that fell due while the actor was held; stops if it is held again. */
void mk_delayed_send_due(mk_worker *w, mk_actor *a);

/* The actor migrates (migrate.h). pack: its events become copies outside any pool and leave this
 * worker's timers. unpack: they enter them. An event without memory for it is counted discarded. */
void mk_delayed_pack(mk_worker *w, mk_actor *a);
void mk_delayed_unpack(mk_worker *w, mk_actor *a);

/* Cancels all delayed events of the actor: a stop has begun, or the actor ends. */
void mk_delayed_discard(mk_worker *w, mk_actor *a);

#endif
