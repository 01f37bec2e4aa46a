/*
 * external_sender.h - a supervisor's record of an external thread that sends to it (external.h).
 *
 * A record is made by the first send, given up when its thread ends, and taken over by a later
 * new thread. It lives as long as the supervisor, because events refer to it.
 */
#ifndef MK_EXTERNAL_SENDER_H
#define MK_EXTERNAL_SENDER_H

#include "ds/feed.h"
#include "runtime/runtime.h"

typedef struct mk_external {
	struct mk_external *next; /* in the supervisor's list */
	mk_sender *self;
	mk_sup *sup;
	/* its thread (external_sender.c) */
	uint64_t thread;
	struct mk_external *next_of_thread, **at; /* at: what points to it; NULL: no thread, or assigned for ever */
	struct mk_external *next_idle;
	/* written by the thread */
	uint64_t origin, sequence;    /* of its events' ids */
	uint64_t read_ns, read_ticks; /* the time when the clock was read last */
	uint64_t first;               /* the first sequence number of the current thread, under `mutex` */
	mk_feed feed;                 /* its events, for its worker */
	_Alignas(MK_LINE) _Atomic(uint32_t) mutes;
	_Atomic(bool) waiting;
	uv_mutex_t mutex;
	uv_cond_t cond;
} mk_external;

/* The record of this thread, made or taken over if missing; NULL without memory. */
mk_external *mk_external_sender_of(mk_sup *sup);

/* In a replay: the record whose ids have that origin, without a thread, made if missing; NULL without
 * memory. */
mk_external *mk_external_sender_with(mk_sup *sup, uint32_t worker, uint64_t origin);

/* On a worker, at most once a second: frees spare memory of the feeds that were not used since the last call. warm:
 * adds a feed that has some. */
void mk_external_cool(mk_worker *w);
void mk_external_warm(mk_worker *w, mk_feed *feed);

#endif
