/*
 * limits.h - the variants of each file, and the two rings that they are made of.
 *
 * A limit is the bare data movement of a workload: the cost that remains if the features,
 * lifecycle, policies and counters of a runtime cost nothing. Figures of maiko are divided by
 * it.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include "bench.h"

#include <stdatomic.h>

extern const bench_variant local_variants[]; /* local.c: on one core          */
extern const bench_variant cross_variants[]; /* cross.c: between two cores    */
extern const bench_variant paced_variants[]; /* paced.c: latency at a rate    */
extern const bench_variant work_variants[];  /* work.c: only the work         */
extern const bench_variant array_variants[]; /* array.c: routing as a lookup  */
extern const bench_variant echo_variants[];  /* echo_plain.c: libuv alone     */
extern const bench_variant copy_variants[];  /* copy.c: memcpy                */
extern const bench_variant timer_variants[]; /* timers.c: a heap              */

/* ---- an event, and the actors of one core ----------------------------------------- */

enum { BOX_SIZE = 1024, LINE = 64 };

/* The header is as large as that of the full runtime; with the payload two cache lines. */
typedef struct event {
	uint64_t id[2], parent[2], root, time;
	const void *sender;
	uint32_t topic, references;
	union {
		uint64_t payload[2];
		struct event *next_free;
	};
	char rest[48];
} event;

struct core;
typedef struct actor {
	void (*handle)(struct core *core, struct actor *self, event *ev);
	struct actor *next_ready;
	bool ready;
	uint32_t head, tail;
	uint32_t to; /* the topic that it publishes to */
	uint64_t handled;
	event *box[BOX_SIZE];
} actor;

typedef struct topic {
	actor **subscribers;
	uint32_t count;
} topic;

typedef struct core {
	event *free;
	actor *ready, **ready_tail;
	uint64_t sequence;
	topic *topics;
} core;

/* Initializes a core with `topics` topics, each for at most `subscribers` subscribers. */
void core_init(core *c, uint32_t topics, uint32_t subscribers);
/* Adds a subscriber; it publishes to topic `to`. */
actor *core_subscribe(core *c, uint32_t topic, uint32_t to, void (*handle)(core *, actor *, event *));
/* Runs actors until none has work left. */
void core_run(core *c);

static inline event *core_event(core *c)
{
	event *e = c->free;
	if (e == NULL)
		return bench_lines(1, sizeof *e);
	c->free = e->next_free;
	return e;
}

static inline void core_free(core *c, event *e)
{
	e->next_free = c->free;
	c->free = e;
}

/* Publishes an event to the boxes of its subscribers. Precondition: they have room. */
static inline void core_publish(core *c, uint32_t to, const void *sender, const event *cause, uint64_t a, uint64_t b)
{
	event *e = core_event(c);
	const topic *t = &c->topics[to];
	e->id[0] = 1;
	e->id[1] = ++c->sequence;
	e->parent[0] = cause != NULL ? cause->id[0] : 0;
	e->parent[1] = cause != NULL ? cause->id[1] : 0;
	e->root = cause != NULL ? cause->root : e->id[1];
	e->time = c->sequence;
	e->sender = sender;
	e->topic = to;
	e->references = t->count;
	e->payload[0] = a;
	e->payload[1] = b;
	for (uint32_t i = 0; i < t->count; i++) {
		actor *subscriber = t->subscribers[i];
		subscriber->box[subscriber->tail++ % BOX_SIZE] = e;
		if (!subscriber->ready) {
			subscriber->ready = true;
			subscriber->next_ready = NULL;
			*c->ready_tail = subscriber;
			c->ready_tail = &subscriber->next_ready;
		}
	}
}

/* ---- a ring with one producer and one consumer -------------------------------------- */

enum { RING_SIZE = 4096 };

/* Each side caches the other's last known index, and publishes its own on request. */
typedef struct ring {
	_Alignas(LINE) _Atomic(uint64_t) shown_tail;
	uint64_t tail, seen_head;
	_Alignas(LINE) _Atomic(uint64_t) shown_head;
	uint64_t head, seen_tail;
	_Alignas(LINE) void *slots[RING_SIZE];
} ring;

static inline bool ring_push(ring *r, void *entry)
{
	if (r->tail - r->seen_head == RING_SIZE) {
		r->seen_head = atomic_load_explicit(&r->shown_head, memory_order_acquire);
		if (r->tail - r->seen_head == RING_SIZE)
			return false;
	}
	r->slots[r->tail++ % RING_SIZE] = entry;
	return true;
}

static inline bool ring_pop(ring *r, void **ret_entry)
{
	if (r->head == r->seen_tail) {
		r->seen_tail = atomic_load_explicit(&r->shown_tail, memory_order_acquire);
		if (r->head == r->seen_tail)
			return false;
	}
	*ret_entry = r->slots[r->head++ % RING_SIZE];
	return true;
}

static inline void ring_show_pushed(ring *r) { atomic_store_explicit(&r->shown_tail, r->tail, memory_order_release); }
static inline void ring_show_popped(ring *r) { atomic_store_explicit(&r->shown_head, r->head, memory_order_release); }

#endif
