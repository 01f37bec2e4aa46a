/*
 * message.h - the messages of a worker's control lane.
 */
#ifndef MK_MESSAGE_H
#define MK_MESSAGE_H

#include "ds/inbox.h"

typedef struct mk_worker mk_worker;

typedef struct mk_message {
	mk_link link;
	void (*run)(mk_worker *w, struct mk_message *m); /* on the worker; owns the message */
	void (*drop)(struct mk_message *m);              /* frees it unrun; NULL: not allocated */
	bool mutes;                                      /* may run inside a send: changes flags and lists only */
	/* its identity in a recording (note.h) */
	uint8_t post;    /* an mk_post */
	uint16_t from;   /* the index + 1 of the worker that posted it, or 0 */
	uint32_t number; /* counts the messages of that worker */
} mk_message;

/* One that is identified by an actor too: a finished blocking job, a command to a supervised actor. */
typedef struct mk_actor_message {
	mk_message message;
	uint64_t actor;
} mk_actor_message;

/* What identifies a control message in its lane. */
typedef enum mk_post {
	MK_POST_NUMBERED = 0, /* the worker that posted it, and its number there */
	MK_POST_JOB,          /* a job has finished: its actor, and the job's number there */
	MK_POST_CHANGE,       /* a change is complete: the worker that requested it, and its number there */
	MK_POST_MEMBER,       /* what a supervised actor is to do (registry/group.h): the actor */
	MK_POST_START,        /* from here on the kind alone: there is at most one of each */
	MK_POST_GO,
	MK_POST_TOPOLOGY,
	MK_POST_STOP,
	MK_POST_DISCARD,
	MK_POST_UNSEEN /* not recorded: running it has no effect on actors */
} mk_post;

/* The identity of a control message: its kind, the worker that posted it, and its number there. */
static inline uint64_t mk_message_posted(const mk_message *m)
{
	return (uint64_t)m->post << 56 | (uint64_t)m->from << 32 | m->number;
}

/* Whether it is an mk_actor_message. */
static inline bool mk_message_has_actor(const mk_message *m)
{
	return m->post == MK_POST_JOB || m->post == MK_POST_MEMBER;
}
/* Its actor; 0 for other messages. */
static inline uint64_t mk_message_actor(const mk_message *m)
{
	return mk_message_has_actor(m) ? MK_OF((void *)(uintptr_t)m, mk_actor_message, message)->actor : 0;
}

#endif
