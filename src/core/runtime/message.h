/*
 * message.h - what is put into a worker's control lane.
 */
#ifndef MK_MESSAGE_H
#define MK_MESSAGE_H

#include "ds/inbox.h"

typedef struct mk_worker mk_worker;

typedef struct mk_message {
	mk_link link;
	void (*run)(mk_worker *w, struct mk_message *m); /* on the worker; owns the message */
	void (*drop)(struct mk_message *m);              /* frees it unrun; NULL: not allocated */
	bool mutes;                                      /* may run inside a send: it touches flags and lists only */
	/* how a recording names it (note.h) */
	uint8_t post;    /* an mk_post */
	uint16_t from;   /* the index + 1 of the worker that has posted it, or 0 */
	uint32_t number; /* how many that worker had posted before */
} mk_message;

/* A job that has come back (MK_POST_JOB); what else it has follows (blocking.c). */
typedef struct mk_job_message {
	mk_message message;
	uint64_t actor;
} mk_job_message;

/* What identifies a control message in its lane. */
typedef enum mk_post {
	MK_POST_NUMBERED = 0, /* the worker that has posted it, and its number there */
	MK_POST_JOB,          /* a job has come back: its actor, and the job's number there */
	MK_POST_CHANGE,       /* a change is complete: the worker that asked for it, and its number there */
	MK_POST_START,        /* these by their kind alone: there is one at a time */
	MK_POST_GO,
	MK_POST_TOPOLOGY,
	MK_POST_STOP,
	MK_POST_DISCARD,
	MK_POST_UNSEEN /* no actor can see that it was run */
} mk_post;

/* A control message: its kind, who posted it, and its number with him. */
static inline uint64_t mk_message_posted(const mk_message *m)
{
	return (uint64_t)m->post << 56 | (uint64_t)m->from << 32 | m->number;
}

/* Whose job it is that comes back with it; else 0. */
static inline uint64_t mk_message_actor(const mk_message *m)
{
	return m->post == MK_POST_JOB ? MK_OF((void *)(uintptr_t)m, mk_job_message, message)->actor : 0;
}

#endif
