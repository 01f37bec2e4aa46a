/*
 * timers.c - T: the limit of a million timers: a heap of them. Its entries have the due times, so that a comparison
 * reads nothing else, and four children each (LaMarca and Ladner, 1996); a timer is an event and its place, so that it
 * can be taken out. It is cancelled by a handle that tells whether it has fired: a number in the timer, and
 * the entry of a table that it is in.
 */
#include "limits.h"

#include <stdlib.h>

enum { TIMERS = 1000000, RANGE = 1000 };
static const uint64_t SEED = 88172645463325252u;

typedef struct timer {
	event ev;
	uint32_t place; /* in the heap, from 0 */
	uint64_t handle;
} timer;

enum { ENTRY_BITS = 26 };
typedef union entry {
	timer *timer;
	uint64_t free; /* odd: the next free one, times two, and 1 */
} entry;

typedef struct slot {
	uint64_t due, order;
	timer *timer;
} slot;

typedef struct heap {
	slot *slots;
	uint64_t count, order;
	timer *spare;
	entry *entries;
	uint64_t free, handles; /* the first free entry; so many handles were given */
} heap;

static bool before(const slot *a, const slot *b) { return a->due != b->due ? a->due < b->due : a->order < b->order; }

static void put(heap *h, slot s, uint64_t place)
{
	h->slots[place] = s;
	s.timer->place = (uint32_t)place;
}

static void sift(heap *h, slot s, uint64_t place)
{
	while (place > 0 && before(&s, &h->slots[(place - 1) / 4])) {
		put(h, h->slots[(place - 1) / 4], place);
		place = (place - 1) / 4;
	}
	for (uint64_t child; (child = place * 4 + 1) < h->count; place = child) {
		uint64_t last = child + 3 < h->count ? child + 3 : h->count - 1;
		for (uint64_t other = child + 1; other <= last; other++)
			child = before(&h->slots[other], &h->slots[child]) ? other : child;
		if (!before(&h->slots[child], &s))
			break;
		put(h, h->slots[child], place);
	}
	put(h, s, place);
}

static uint64_t insert(heap *h, uint64_t due, uint64_t number)
{
	timer *t = h->spare;
	h->spare = (timer *)(void *)t->ev.next_free;
	t->ev.id[0] = 1;
	t->ev.id[1] = number;
	t->ev.parent[0] = t->ev.parent[1] = 0;
	t->ev.root = number;
	t->ev.time = due;
	t->ev.sender = h;
	t->ev.topic = 1;
	t->ev.references = 1;
	t->ev.payload[0] = number;
	uint64_t entry = h->free;
	h->free = h->entries[entry].free >> 1;
	h->entries[entry].timer = t;
	t->handle = ++h->handles << ENTRY_BITS | entry;
	h->count++;
	sift(h, (slot){due, h->order++, t}, h->count - 1);
	return t->handle;
}

static void take_out(heap *h, timer *t)
{
	slot last = h->slots[--h->count];
	if (last.timer != t)
		sift(h, last, t->place);
	uint64_t entry = t->handle & ((1 << ENTRY_BITS) - 1);
	h->entries[entry].free = h->free << 1 | 1;
	h->free = entry;
	t->handle = 0;
	t->ev.next_free = (event *)(void *)h->spare;
	h->spare = t;
}

static bool cancel(heap *h, uint64_t handle)
{
	entry e = h->entries[handle & ((1 << ENTRY_BITS) - 1)];
	if ((e.free & 1) != 0 || e.timer->handle != handle)
		return false;
	take_out(h, e.timer);
	return true;
}

static heap new_heap(uint64_t count)
{
	heap h = {.slots = malloc(count * sizeof *h.slots), .entries = malloc(count * sizeof *h.entries)};
	timer *timers = bench_lines(count, sizeof *timers);
	for (uint64_t i = count; i > 0; i--) {
		timers[i - 1].ev.next_free = (event *)(void *)h.spare;
		h.spare = &timers[i - 1];
	}
	bench_check(h.slots != NULL && h.entries != NULL, "no memory");
	for (uint64_t i = 0; i < count; i++)
		h.entries[i].free = (i + 1) << 1 | 1;
	return h;
}

static uint64_t handled, sum;
static void handle(const event *ev)
{
	handled++;
	sum += ev->payload[0];
}

static void shuffle(uint64_t *handles, uint64_t count, uint64_t chance) /* Fisher and Yates */
{
	for (uint64_t i = count - 1; i > 0; i--) {
		uint64_t other = bench_random(&chance) % (i + 1);
		uint64_t handle = handles[i];
		handles[i] = handles[other];
		handles[other] = handle;
	}
}

/* All are set; every other one is cancelled, in random order; the rest fires. Stores when each part had ended. */
static void round_of(heap *h, uint64_t *handles, uint64_t count, uint64_t ret_ns[4])
{
	uint64_t chance = SEED, due = 0;
	void (*volatile handler)(const event *) = handle;
	ret_ns[0] = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		handles[i] = insert(h, (bench_random(&chance) >> 32) * RANGE >> 32, i);
	ret_ns[1] = bench_now_ns();
	shuffle(handles, count, chance);
	uint64_t shuffled_ns = bench_now_ns() - ret_ns[1];
	for (uint64_t i = 0; i < count / 2; i++)
		bench_check(cancel(h, handles[i]), "it has fired");
	ret_ns[2] = bench_now_ns() - shuffled_ns;
	while (h->count > 0) {
		timer *t = h->slots[0].timer;
		bench_check(t->ev.time >= due, "out of order");
		due = t->ev.time;
		handler(&t->ev);
		take_out(h, t);
	}
	ret_ns[3] = bench_now_ns() - shuffled_ns;
}

/* The second round counts, in which all memory was used before. */
static bool run(const bench_variant *v)
{
	(void)v;
	uint64_t count = bench_scaled(TIMERS, 2), ns[4];
	heap h = new_heap(count);
	uint64_t *handles = malloc(count * sizeof *handles);
	for (int i = 0; i < 2; i++)
		round_of(&h, handles, count, ns);
	bench_check(handled == 2 * (count - count / 2), "timers are missing");
	bench_figure("insert", "ns", (double)(ns[1] - ns[0]) / (double)count);
	bench_figure("cancel", "ns", (double)(ns[2] - ns[1]) / (double)(count / 2));
	bench_figure("fire", "ns", (double)(ns[3] - ns[2]) / (double)(count - count / 2));
	free(handles);
	return true;
}

const bench_variant timer_variants[] = {{.name = "T/million", .run = run}, {.name = NULL}};
