/*
 * external_sender.h - what a supervisor keeps of an external thread that sends to it (external.h).
 *
 * A record is made at the first send, given back when its thread ends, and taken over by a thread
 * that is new. It lives as long as the supervisor, because events refer to it.
 */
#ifndef MK_EXTERNALER_H
#define MK_EXTERNALER_H

#include "runtime/runtime.h"

typedef struct mk_external {
	struct mk_external *next; /* of the supervisor's */
	mk_sender *self;
	mk_sup *sup;
	/* whose it is (external_sender.c) */
	uint64_t thread;
	struct mk_external *next_of_thread, **at; /* at: what points to it; NULL: no thread's, or for ever */
	struct mk_external *next_idle;
	/* the thread's */
	uint64_t origin, sequence; /* of its events' ids */
	mk_counter sent;
	uint64_t first; /* of this thread's in that sequence, under `mutex` */
	_Alignas(MK_LINE) _Atomic(uint64_t) taken;
	_Atomic(uint32_t) mutes;
	_Atomic(bool) waiting;
	uv_mutex_t mutex;
	uv_cond_t cond;
} mk_external;

/* The record of this thread, made or taken over if need be; NULL without memory. */
mk_external *mk_external_sender_of(mk_sup *sup);

/* Led by a recording: the record whose ids have that origin, of no thread, made if need be; NULL without
 * memory. */
mk_external *mk_external_sender_with(mk_sup *sup, uint32_t worker, uint64_t origin);

#endif
