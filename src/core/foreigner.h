/*
 * foreigner.h - what a supervisor keeps of a thread outside that sends to it (foreign.h).
 *
 * A record is made at the first send, given back when its thread ends, and taken over by a thread
 * that is new. It lives as long as the supervisor, because events refer to it.
 */
#ifndef MK_FOREIGNER_H
#define MK_FOREIGNER_H

#include "runtime.h"

typedef struct mk_foreign {
	struct mk_foreign *next; /* of the supervisor's */
	mk_sender *self;
	mk_sup *sup;
	/* whose it is (foreigner.c) */
	uint64_t thread;
	struct mk_foreign *next_of_thread, **at; /* at: what points to it; NULL: no thread's, or for ever */
	struct mk_foreign *next_idle;
	/* the thread's */
	uint64_t origin, sequence; /* of its events' ids */
	mk_counter sent;
	uint64_t first; /* of this thread's in that sequence, under `mutex` */
	_Alignas(MK_LINE) _Atomic(uint64_t) taken;
	_Atomic(uint32_t) mutes;
	_Atomic(bool) waiting;
	uv_mutex_t mutex;
	uv_cond_t cond;
} mk_foreign;

/* The record of this thread, made or taken over if need be; NULL without memory. */
mk_foreign *mk_foreigner_of(mk_sup *sup);

/* Led by a recording: the record whose ids have that origin, of no thread, made if need be; NULL without
 * memory. */
mk_foreign *mk_foreigner_with(mk_sup *sup, uint32_t worker, uint64_t origin);

#endif
