/*
 * segmented_array.c - see segmented_array.h.
 */
#include "ds/segmented_array.h"

#include "base/memory.h"

#include <maiko/error.h>

int mk_segmented_array_reserve(mk_segmented_array *table, uint32_t index)
{
	uint32_t first, segment = mk_segmented_array_segment(index, &first);
	assert(index < MK_SEGMENTED_ARRAY_MAX);
	if (atomic_load_explicit(&table->segment[segment], memory_order_relaxed) != NULL)
		return 0;
	_Atomic(void *) *entries = mk_calloc(segment == 0 ? MK_SEGMENTED_ARRAY_FIRST : first, sizeof *entries);
	if (entries == NULL)
		return MAIKO_ENOMEM;
	atomic_store_explicit(&table->segment[segment], entries, memory_order_release);
	return 0;
}

void mk_segmented_array_set(mk_segmented_array *table, uint32_t index, void *entry)
{
	uint32_t first, segment = mk_segmented_array_segment(index, &first);
	_Atomic(void *) *entries = atomic_load_explicit(&table->segment[segment], memory_order_relaxed);
	assert(entries != NULL);
	atomic_store_explicit(&entries[index - first], entry, memory_order_release);
}

void mk_segmented_array_fini(mk_segmented_array *table)
{
	for (int i = 0; i < MK_SEGMENTED_ARRAY_SEGMENTS; i++) {
		mk_free((void *)(uintptr_t)atomic_load_explicit(&table->segment[i], memory_order_relaxed));
		atomic_store_explicit(&table->segment[i], NULL, memory_order_relaxed);
	}
}
