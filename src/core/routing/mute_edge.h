/*
 * mute_edge.h - the two ends of a mute, for backpressure.c, cycle.c and send.c.
 */
#ifndef MK_MUTE_EDGE_H
#define MK_MUTE_EDGE_H

#include "runtime/runtime.h"

/* How many events above its capacity the members of a cycle may put into a mailbox. */
#define MK_CYCLE_BOUND 65536
/* ... and up to how many times its bound in bytes. */
#define MK_CYCLE_BYTES 64

/* The sender's end; as a message, the mute on its way to the sender. */
typedef struct mk_wait {
	mk_message message;
	struct mk_wait *next, **at; /* in the actor's list; at: what points to it */
	struct mk_wait *next_of_channel, **at_of_channel;
	mk_actor *actor; /* NULL: in transit, orphaned, or of an external sender */
	mk_sender *sender;
	mk_sender *subscriber; /* the one that mutes it, or NULL: a channel does */
	mk_channel *channel;   /* the one that mutes it, or NULL */
	bool holds;            /* it counts a reference on its sender (departed.h) */
} mk_wait;

/* The subscriber's end; as a message, the release on its way to the sender. It is freed
 * together with its wait. */
typedef struct mk_edge {
	mk_message message;
	struct mk_edge *next, **at; /* in the subscriber's list, latest sender first; at: what points to it */
	mk_sender *sender;
	mk_wait *wait;  /* NULL: an external sender */
	uint32_t topic; /* of all events that found the mailbox full, or MIXED (backpressure.c) */
} mk_edge;

/* Whether a muted sender may add to the full subscriber without any other work: it was the last
 * that did, with this topic; it has an allowance left; and the bound of a cycle is not reached. */
static inline bool mk_may_add(const mk_actor *sender, const mk_actor *subscriber, uint32_t topic, uint64_t span)
{
	const mk_edge *edge = subscriber->extra == NULL ? NULL : subscriber->extra->mutes;
	return edge != NULL && edge->sender == sender->self && edge->topic == topic && sender->extra->allowance != 0 &&
	       !sender->in_stop && span < (uint64_t)subscriber->box.capacity + MK_CYCLE_BOUND;
}

#endif
