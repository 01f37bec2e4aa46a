/*
 * in_transit.h - the actors that are on their way to a worker (migrate.h): they have joined topics there and are yet to
 * come. What others have to tell such an actor is kept until it has come.
 */
#ifndef MK_IN_TRANSIT_H
#define MK_IN_TRANSIT_H

#include "runtime/runtime.h"

typedef struct mk_arrival {
	maiko_actor_id id;
	struct mk_arrival *next, **at; /* the latter: what points to it */
	mk_link *kept, **kept_tail;
	const mk_message *heard; /* the kept one that runs now: it is not kept again */
} mk_arrival;

/* On the worker that it comes to. The memory of `arrival` is the caller's, and stays until mk_arrival_over. */
void mk_arrival_expect(mk_worker *w, mk_arrival *arrival, maiko_actor_id id);

/* Whether an actor is on its way to this worker. */
bool mk_arrival_awaited(const mk_worker *w, maiko_actor_id id);

/* Keeps a message about an actor that is on its way to this worker; false if it is not. */
bool mk_arrival_keeps(mk_worker *w, maiko_actor_id id, mk_message *m);

/* It has come: runs what was kept, in order. What that causes to be said of the actor meanwhile goes through the same
 * queue, because a later message may free an earlier one. */
void mk_arrival_hear(mk_worker *w, mk_arrival *arrival);

/* From now on nothing is kept for it. */
void mk_arrival_over(const mk_arrival *arrival);

/* It never came: frees what was kept. */
void mk_arrival_drop(mk_arrival *arrival);

#endif
