/*
 * timer.c - see timer.h. A binary heap (Williams, 1964) whose first index is 1.
 */
#include "ds/timer.h"

#include "base/memory.h"

#include <maiko/error.h>
#include <string.h>

int mk_timers_reserve(mk_timers *timers)
{
	int rc = mk_reserve((void **)&timers->heap, &timers->size, timers->reserved + 2, sizeof(mk_timer *));
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

static bool before(const mk_timer *a, const mk_timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(mk_timers *t, mk_timer *timer, uint32_t place)
{
	t->heap[place] = timer;
	timer->place = place;
}

static void sift(mk_timers *t, mk_timer *timer, uint32_t place)
{
	while (place > 1 && before(timer, t->heap[place / 2])) {
		put(t, t->heap[place / 2], place);
		place /= 2;
	}
	for (;;) {
		uint32_t child = place * 2;
		if (child > t->count)
			break;
		if (child < t->count && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], timer))
			break;
		put(t, t->heap[child], place);
		place = child;
	}
	put(t, timer, place);
}

void mk_timer_set(mk_timers *timers, mk_timer *timer, uint64_t due_ns)
{
	timer->due_ns = due_ns;
	timer->order = timers->order++;
	if (timer->place == 0) {
		assert(timers->count < timers->reserved);
		timers->count++;
		timer->place = timers->count;
	}
	sift(timers, timer, timer->place);
}

void mk_timer_clear(mk_timers *timers, mk_timer *timer)
{
	uint32_t place = timer->place;
	if (place == 0)
		return;
	timer->place = 0;
	mk_timer *last = timers->heap[timers->count--];
	if (last != timer)
		sift(timers, last, place);
}

void mk_timers_fire_first(mk_timers *timers)
{
	mk_timer *first = timers->heap[1];
	mk_timer_clear(timers, first);
	first->fire(first);
}

void mk_timers_fire(mk_timers *timers, uint64_t now_ns)
{
	uint64_t until = timers->order;
	while (timers->count > 0) {
		mk_timer *first = timers->heap[1];
		if (first->due_ns > now_ns || first->order >= until)
			break;
		mk_timers_fire_first(timers);
	}
}
