/*
 * in_transit.h - actors that migrate to a worker (migrate.h): they have joined topics there but have not arrived yet.
 * Messages for such an actor are kept until it has arrived.
 */
#ifndef MK_IN_TRANSIT_H
#define MK_IN_TRANSIT_H

#include "runtime/runtime.h"

typedef struct mk_arrival {
	maiko_actor_id id;
	struct mk_arrival *next;
	mk_link *kept, *last;    /* messages; the latter is valid if there is one */
	const mk_message *heard; /* the kept message that runs now; it is not kept again */
} mk_arrival;

/* On the destination worker. The caller owns `arrival`, which must stay valid until mk_arrival_over. */
void mk_arrival_expect(mk_worker *w, mk_arrival *arrival, maiko_actor_id id);

/* Whether an actor is in transit to this worker. */
bool mk_arrival_awaited(const mk_worker *w, maiko_actor_id id);

/* Keeps a message for an actor that is in transit to this worker; false if it is not. */
bool mk_arrival_keeps(mk_worker *w, maiko_actor_id id, mk_message *m);

/* The actor has arrived: runs the kept messages in order. New messages for it meanwhile go through the same queue,
 * because a later message may free an earlier one. */
void mk_arrival_hear(mk_worker *w, mk_arrival *arrival);

/* The transit is over: no more messages are kept for it. */
void mk_arrival_over(mk_worker *w, const mk_arrival *arrival);

/* The actor did not arrive: frees the kept messages. */
void mk_arrival_drop(mk_arrival *arrival);

#endif
