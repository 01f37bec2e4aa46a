/*
 * message.h - what is put into a worker's control lane.
 */
#ifndef MK_MESSAGE_H
#define MK_MESSAGE_H

#include "inbox.h"

typedef struct mk_worker mk_worker;

typedef struct mk_message {
	mk_link link;
	void (*run)(mk_worker *w, struct mk_message *m); /* on the worker; owns the message */
	void (*drop)(struct mk_message *m);              /* frees it unrun; NULL: not allocated */
	bool mutes;                                      /* may run inside a send: it touches flags and lists only */
	uint8_t post;                                    /* mk_post: how a recording names it, with */
	uint16_t from;                                   /* a worker's index + 1, and */
	uint32_t number;                                 /* what it has posted before it */
} mk_message;

/* By what a control message is known among those in one lane. */
typedef enum mk_post {
	MK_POST_NUMBERED = 0, /* who posted it, and as the how-many-eth */
	MK_POST_JOB,          /* a job has come back: its actor, and the job's number there */
	MK_POST_CHANGE,       /* a change is complete: who asked for it, and its number there */
	MK_POST_START,        /* these by their kind alone: there is one at a time */
	MK_POST_GO,
	MK_POST_TOPOLOGY,
	MK_POST_STOP,
	MK_POST_DISCARD,
	MK_POST_UNSEEN /* no actor can see that it was run */
} mk_post;

#endif
