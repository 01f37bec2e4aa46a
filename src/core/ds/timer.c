/*
 * timer.c - see timer.h. A heap (Williams, 1964) whose first index is 1, of four children each: half as many levels,
 * and the children share cache lines (LaMarca and Ladner, The Influence of Caches on the Performance of Heaps, 1996).
 */
#include "ds/timer.h"

#include "base/memory.h"

#include <maiko/error.h>

enum { CHILDREN = 4 };

int mk_timers_reserve(mk_timers *timers)
{
	int rc = mk_reserve((void **)&timers->heap, &timers->size, timers->reserved + 2, sizeof *timers->heap);
	if (rc == 0)
		timers->reserved++;
	return rc;
}

void mk_timers_fini(mk_timers *timers)
{
	mk_free(timers->heap);
	*timers = (mk_timers){0};
}

static bool before(const mk_timer_slot *a, const mk_timer_slot *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(mk_timer_slot *heap, const mk_timer_slot *slot, uint32_t place)
{
	heap[place] = *slot;
	slot->timer->place = place;
}

/* The children of `place` begin there. */
static uint32_t first_child(uint32_t place) { return place * CHILDREN - (CHILDREN - 2); }
static uint32_t parent(uint32_t place) { return (place + (CHILDREN - 2)) / CHILDREN; }

/* The place of a slot that belongs no deeper than `place`, which is free: those before it in the heap move down. */
static MK_INLINE uint32_t rise(mk_timer_slot *heap, const mk_timer_slot *slot, uint32_t place)
{
	for (; place > 1 && before(slot, &heap[parent(place)]); place = parent(place))
		put(heap, &heap[parent(place)], place);
	return place;
}

/* Likewise of one that belongs no higher. */
static MK_INLINE uint32_t sink(mk_timer_slot *heap, uint32_t count, const mk_timer_slot *slot, uint32_t place)
{
	for (uint32_t child; (child = first_child(place)) <= count; place = child) {
		uint32_t last = child + CHILDREN - 1 < count ? child + CHILDREN - 1 : count;
		for (uint32_t other = child + 1; other <= last; other++)
			child = before(&heap[other], &heap[child]) ? other : child;
		if (!before(&heap[child], slot))
			break;
		put(heap, &heap[child], place);
	}
	return place;
}

static MK_INLINE void settle(mk_timers *t, const mk_timer_slot *slot, uint32_t place)
{
	place = rise(t->heap, slot, place);
	put(t->heap, slot, sink(t->heap, t->count, slot, place));
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
	settle(timers, &(mk_timer_slot){due_ns, order, timer}, timer->place);
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
	const mk_timer_slot *last = &timers->heap[timers->count--];
	if (last->timer != timer)
		settle(timers, last, place);
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
