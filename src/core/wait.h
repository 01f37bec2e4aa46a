/*
 * wait.h - the sender's end of a mute, shared by backpressure.c and cycle.c.
 */
#ifndef MK_WAIT_H
#define MK_WAIT_H

#include "runtime.h"

/* As a message, the mute on its way to the sender. */
typedef struct mk_wait {
	mk_message message;
	struct mk_wait *next; /* of the actor's */
	struct mk_wait *next_of_channel;
	mk_actor *actor; /* NULL: on its way, ended, or a foreign sender */
	mk_sender *sender;
	mk_sender *subscriber; /* that mutes it, or NULL: */
	mk_channel *channel;   /* that mutes it */
} mk_wait;

#endif
