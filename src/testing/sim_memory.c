/*
 * sim_memory.c - allocations of the library under simulation: some fail, all can be counted.
 */
#include "sim.h"

#include <stdlib.h>

static _Thread_local maiko_sim *failing; /* the simulation that chooses which fail */
static _Thread_local bool counting;
static _Thread_local int64_t living;

static bool fails(void) { return failing != NULL && mt_sim_allocation_fails(failing); }

static void *counted(void *memory)
{
	living += memory != NULL;
	return memory;
}

static void *sim_malloc(size_t size, void *arg)
{
	(void)arg;
	return fails() ? NULL : counted(malloc(size));
}

static void *sim_calloc(size_t count, size_t size, void *arg)
{
	(void)arg;
	return fails() ? NULL : counted(calloc(count, size));
}

static void *sim_realloc(void *memory, size_t size, void *arg)
{
	(void)arg;
	if (fails())
		return NULL;
	return memory == NULL ? counted(realloc(NULL, size)) : realloc(memory, size);
}

static void sim_free(void *memory, void *arg)
{
	(void)arg;
	living -= memory != NULL;
	free(memory);
}

void mt_memory_install(bool may_fail)
{
	static const maiko_allocator ours = {.malloc = sim_malloc,
					     .calloc = sim_calloc,
					     .realloc = sim_realloc,
					     .free = sim_free};
	if (may_fail || counting)
		(void)maiko_set_allocator(&ours);
}

void mt_memory_remove(bool may_fail)
{
	if (may_fail || counting)
		(void)maiko_set_allocator(NULL);
}

maiko_sim *mt_memory_fails_in(maiko_sim *sim)
{
	maiko_sim *before = failing;
	failing = sim;
	return before;
}

void mt_sim_count_allocations(void) { counting = true; }
int64_t mt_sim_living(void) { return living; }
