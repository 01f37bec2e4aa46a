/*
 * sender.h - the sender of an event: an actor or an external thread, and its worker.
 */
#ifndef MK_SENDER_H
#define MK_SENDER_H

#include "base/base.h"
#include "base/memory.h"

#include <maiko/maiko.h>

/* The sender name of external threads. */
#define MK_OUTSIDE "outside"

/* The home of an actor whose own worker has no number yet. */
enum { MK_NO_WORKER = UINT8_MAX };
_Static_assert(MAIKO_WORKERS_MAX < MK_NO_WORKER, "no worker has that number");

/* The sender that an event refers to. Outlives its actor: freed when nothing refers to it any
 * more (departed.h). */
typedef struct mk_sender {
	maiko_actor_id id;      /* 0: an external thread */
	_Atomic(uint64_t) home; /* the worker of the actor, or the one whose inbox the thread uses: mk_home_at */
	union {
		_Atomic(uintptr_t) next;      /* departed.c */
		struct mk_external *external; /* the thread's record */
	};
	_Atomic(uint32_t) refs; /* not counting its actor and events of pools */
	char name[];
} mk_sender;

/* Zeroed except the name; NULL without memory. */
static inline mk_sender *mk_sender_new(const char *name)
{
	size_t length = __builtin_strlen(name) + 1, size = offsetof(mk_sender, name) + length;
	mk_sender *s = mk_calloc(1, size < sizeof *s ? sizeof *s : size);
	if (s != NULL)
		__builtin_memcpy(s->name, name, length);
	return s;
}

/* A reference on a sender, for every holder except its actor and events of pools. Taking one is relaxed: the
 * caller got the sender from another holder. Dropping one releases: all reads come before the memory is freed. */
static inline mk_sender *mk_sender_hold(mk_sender *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}
static inline void mk_sender_release(mk_sender *s) { atomic_fetch_sub_explicit(&s->refs, 1, memory_order_release); }

/* The record of the external thread, or NULL for an actor. */
static inline struct mk_external *mk_external_of(const mk_sender *s) { return s->id == 0 ? s->external : NULL; }

/* An actor migrates in a numbered topology change (migrate.h): a worker that has applied the change
 * finds the actor at its new worker, any other at its old one. Both workers and the number are in
 * one word, so that one load reads them together. Relaxed: a reader that has applied the change was
 * told of it on its control lane, which orders the store before. */
static inline uint64_t mk_home_word(uint64_t number, uint32_t from, uint32_t to)
{
	return number << 16 | (uint64_t)from << 8 | to;
}
static inline uint32_t mk_home_at(const mk_sender *s, uint64_t number)
{
	uint64_t word = atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)&s->home, memory_order_relaxed);
	return (uint8_t)(number >= word >> 16 ? word : word >> 8);
}
static inline void mk_home_set(mk_sender *s, uint64_t word)
{
	atomic_store_explicit(&s->home, word, memory_order_relaxed);
}

/* A supervisor's senders whose actor was removed: departed.c. */
typedef struct mk_departed {
	_Atomic(uintptr_t) list;
	_Atomic(uint32_t) count;  /* length of the list */
	_Atomic(uint32_t) due;    /* the count at which the next batch examines them */
	uintptr_t examined;       /* the list that the current batch examines, or 0 */
	_Atomic(uint64_t) walked; /* events visited for that */
} mk_departed;

#endif
