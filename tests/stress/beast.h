/*
 * beast.h - the actors of the chaos test: they fail in every callback, as their number and the seed say, and check
 * what they are given in all their lives.
 */
#ifndef BEAST_H
#define BEAST_H

#include "account.h"

#include <maiko/maiko.h>

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

enum { TOPICS = 48, THREADS = 3, BEASTS_MAX = 1000, GUESTS_MAX = 3000, HOPS_MAX = 2 };

/* What an external thread sends has a number, of the thread and the topic; what an actor sends has none. */
typedef struct parcel {
	uint16_t thread, topic, hops;
	uint64_t n; /* from 1; 0: none */
} parcel;
MAIKO_EVENT_DECLARE(parcel);

/* The callbacks that fail. */
typedef enum hook { START, HANDLE, TICK, STOP, JOB, DONE, RECEIPT, INTEREST, LOOP, HOOKS } hook;
extern const char *const hook_names[HOOKS];

/* What stays of an actor over its lives. Only its worker writes it. */
typedef struct record {
	uint32_t number;
	uint16_t topic, output;
	uint32_t retries, rate; /* rate: one of so many calls of each hook fails */
	bool whole; /* no gap: it is there all the time, on a blocking topic, and nothing of it is dropped */
	uint32_t failures_left; /* else large groups would do nothing but restart */
	uint64_t calls[HOOKS];
	uint64_t last[THREADS];
	maiko_id failed; /* the event whose handler has failed last; it comes next, `again` more times at most */
	uint32_t again;
	bool lives;     /* on_start has succeeded, and on_stop has not run */
	bool dead_once; /* a cycle of full mailboxes has emptied its own */
	uint64_t starts, stops;
} record;

typedef struct beast {
	record *record;
	uint64_t handled; /* in this life */
	bool adopted;
	uv_timer_t timer;
} beast;
MAIKO_ACTOR_DECLARE(beast);

extern const maiko_topic *topics[TOPICS];
extern record records[BEASTS_MAX + GUESTS_MAX];
extern _Atomic(bool) calm; /* nothing fails any more */
extern _Atomic(uint64_t) injected[HOOKS], sent[THREADS][TOPICS];

void fault(const char *what, const char *who, uint64_t number, uint64_t other);

#endif
