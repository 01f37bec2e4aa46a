/*
 * sender.h - who sends an event, and where it lives.
 */
#ifndef MK_SENDER_H
#define MK_SENDER_H

#include "base/base.h"
#include "base/memory.h"

#include <maiko/maiko.h>

/* The name of external threads as senders; no actor has it. */
#define MK_OUTSIDE "outside"

/* The home of an actor that is to have a worker of its own, which has no number yet. */
enum { MK_NO_WORKER = UINT8_MAX };
_Static_assert(MAIKO_WORKERS_MAX < MK_NO_WORKER, "no worker has that number");

/* Who sends: what an event keeps of its sender. Outlives the actor: freed when nobody can ask for
 * it any more (departed.h). */
typedef struct mk_sender {
	maiko_actor_id id;      /* 0: an external thread */
	_Atomic(uint64_t) home; /* where the actor lives, or the thread's events enter: mk_home_at */
	union {
		_Atomic(uintptr_t) next;      /* departed.c */
		struct mk_external *external; /* the thread's */
	};
	_Atomic(uint32_t) refs; /* of those that are neither its actor nor an event of a pool */
	char name[];
} mk_sender;

/* Zeroed but for the name; NULL without memory. */
static inline mk_sender *mk_sender_new(const char *name)
{
	size_t length = __builtin_strlen(name) + 1, size = offsetof(mk_sender, name) + length;
	mk_sender *s = mk_calloc(1, size < sizeof *s ? sizeof *s : size);
	if (s != NULL)
		__builtin_memcpy(s->name, name, length);
	return s;
}

/* Whoever keeps a sender without its actor, and is no event of a pool, holds it. Relaxed: he has it from
 * who holds it. Released, because what he has read of it comes before its memory is another's. */
static inline mk_sender *mk_sender_hold(mk_sender *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}
static inline void mk_sender_let(mk_sender *s) { atomic_fetch_sub_explicit(&s->refs, 1, memory_order_release); }

/* The external thread that it is, or NULL. */
static inline struct mk_external *mk_external_of(const mk_sender *s) { return s->id == 0 ? s->external : NULL; }

/* An actor moves in a numbered change (migrate.h): whoever has applied it finds the actor at its
 * new worker, whoever has not at its old one. Both and the number are one word, so that they
 * are read in one piece; relaxed, because the number is of a change that the reader either has
 * applied, and so has heard of on its control lane, or has not. */
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

/* A supervisor's whose actor has gone: departed.c. */
typedef struct mk_departed {
	_Atomic(uintptr_t) list;
	_Atomic(uint32_t) count;  /* of them */
	_Atomic(uint32_t) due;    /* when there are so many, they are looked through */
	uintptr_t examined;       /* those, in the batch under way; or 0 */
	_Atomic(uint64_t) walked; /* events, for that */
} mk_departed;

#endif
