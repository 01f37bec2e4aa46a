/*
 * timer.c - see timer.h. A heap (Williams, 1964) whose first index is 1, of four children each: half as many levels,
 * and the children share cache lines (LaMarca and Ladner, The Influence of Caches on the Performance of Heaps, 1996).
 */
#include "ds/timer.h"

#include "base/memory.h"

#include <maiko/error.h>
#include <string.h>

enum { CHILDREN = 4 };

int mk_timers_reserve(mk_timers *timers)
{
	int rc = mk_reserve((void **)&timers->heap, &timers->size, timers->reserved + 2, sizeof *timers->heap);
	if (rc == 0)
		timers->reserved++;
	return rc;
}

void mk_timers_unreserve(mk_timers *timers)
{
	assert(timers->reserved > 0);
	timers->reserved--;
}

void *mk_timers_take(mk_timers *timers, size_t size)
{
	void *memory = timers->spare;
	if (memory == NULL)
		return mk_calloc(1, size);
	timers->spare = *(void **)memory;
	return memset(memory, 0, size);
}

void mk_timers_give(mk_timers *timers, void *memory)
{
	*(void **)memory = timers->spare;
	timers->spare = memory;
}

void mk_timers_fini(mk_timers *timers)
{
	while (timers->spare != NULL) {
		void *memory = timers->spare;
		timers->spare = *(void **)memory;
		mk_free(memory);
	}
	mk_free(timers->heap);
	*timers = (mk_timers){0};
}

static bool before(const mk_timer_slot *a, const mk_timer_slot *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(mk_timers *t, mk_timer_slot slot, uint32_t place)
{
	t->heap[place] = slot;
	slot.timer->place = place;
}

/* The children of `place` begin there. */
static uint32_t first_child(uint32_t place) { return place * CHILDREN - (CHILDREN - 2); }
static uint32_t parent(uint32_t place) { return (place + (CHILDREN - 2)) / CHILDREN; }

static void sift(mk_timers *t, mk_timer_slot slot, uint32_t place)
{
	while (place > 1 && before(&slot, &t->heap[parent(place)])) {
		put(t, t->heap[parent(place)], place);
		place = parent(place);
	}
	for (uint32_t child; (child = first_child(place)) <= t->count; place = child) {
		uint32_t last = child + CHILDREN - 1 < t->count ? child + CHILDREN - 1 : t->count;
		for (uint32_t other = child + 1; other <= last; other++)
			child = before(&t->heap[other], &t->heap[child]) ? other : child;
		if (!before(&t->heap[child], &slot))
			break;
		put(t, t->heap[child], place);
	}
	put(t, slot, place);
}

static void set(mk_timers *timers, mk_timer *timer, uint64_t due_ns, uint64_t order)
{
	timer->due_ns = due_ns;
	timer->order = order;
	if (timer->place == 0) {
		assert(timers->count < timers->reserved);
		timers->count++;
		timer->place = timers->count;
	}
	sift(timers, (mk_timer_slot){due_ns, order, timer}, timer->place);
}

void mk_timer_set(mk_timers *timers, mk_timer *timer, uint64_t due_ns) { set(timers, timer, due_ns, timers->order++); }

void mk_timer_move(mk_timers *timers, mk_timer *timer, uint64_t first, uint64_t base)
{
	uint64_t order = base + (timer->order - first);
	timers->order = order < timers->order ? timers->order : order + 1;
	set(timers, timer, timer->due_ns, order);
}

void mk_timer_clear(mk_timers *timers, mk_timer *timer)
{
	uint32_t place = timer->place;
	if (place == 0)
		return;
	timer->place = 0;
	mk_timer_slot last = timers->heap[timers->count--];
	if (last.timer != timer)
		sift(timers, last, place);
}

void mk_timers_fire_first(mk_timers *timers)
{
	mk_timer *first = timers->heap[1].timer;
	mk_timer_clear(timers, first);
	first->fire(first);
}

void mk_timers_fire(mk_timers *timers, uint64_t now_ns, uint32_t most)
{
	uint64_t until = timers->order;
	for (; timers->count > 0 && most > 0; most--) {
		const mk_timer_slot *first = &timers->heap[1];
		if (first->due_ns > now_ns || first->order >= until)
			break;
		for (uint32_t child = 2; child < 2 + CHILDREN && child < timers->count; child++)
			__builtin_prefetch(timers->heap[child].timer, 1); /* one of these is the next */
		mk_timers_fire_first(timers);
	}
}
