/*
 * mute_edge.h - the two ends of a mute, as backpressure.c, cycle.c and a send know them.
 */
#ifndef MK_MUTE_EDGE_H
#define MK_MUTE_EDGE_H

#include "runtime/runtime.h"

/* How far above its capacity a mailbox may be filled by members of a cycle. */
#define MK_CYCLE_BOUND 65536
/* ... and how many times its bound in bytes. */
#define MK_CYCLE_BYTES 64

/* As a message, the mute on its way to the sender. */
typedef struct mk_wait {
	mk_message message;
	struct mk_wait *next, **at; /* of the actor's; at: what points to it */
	struct mk_wait *next_of_channel, **at_of_channel;
	mk_actor *actor; /* NULL: on its way, ended, or an external sender */
	mk_sender *sender;
	mk_sender *subscriber; /* that mutes it, or NULL: */
	mk_channel *channel;   /* that mutes it */
	bool holds;            /* its sender, which is elsewhere or has ended (departed.h) */
} mk_wait;

/* The subscriber's end; as a message, the release on its way to the sender. Whoever
 * frees it frees the wait as well. */
typedef struct mk_edge {
	mk_message message;
	struct mk_edge *next, **at; /* of the subscriber's, the last that has sent first; at: what points to it */
	mk_sender *sender;
	mk_wait *wait;  /* NULL: an external sender */
	uint32_t topic; /* of all that arrived for a full mailbox, or MIXED (backpressure.c) */
} mk_edge;

/* Whether a sender that a full subscriber mutes may add to it, and no more than that: it was
 * the last that did, of this topic; it has an allowance; and no cycle is to be broken. */
static inline bool mk_may_add(const mk_actor *sender, const mk_actor *subscriber, uint32_t topic, uint64_t span)
{
	const mk_edge *edge = subscriber->extra == NULL ? NULL : subscriber->extra->mutes;
	return edge != NULL && edge->sender == sender->self && edge->topic == topic && sender->extra->allowance != 0 &&
	       !sender->in_stop && span < (uint64_t)subscriber->box.capacity + MK_CYCLE_BOUND;
}

#endif
