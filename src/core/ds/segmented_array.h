/*
 * segmented_array.h - a growing array of pointers that never moves: one writer (or writers under
 * one lock), readers on any thread.
 *
 * Segment 0 holds 64 entries and each next one as many as all before it, so the highest
 * bit of an index selects the segment. A segment is zeroed, then stored with release order;
 * a reader that acquires it sees zeros or later stores. Entries are stored with release and
 * loaded with acquire order, so the object that an entry points to is visible too.
 */
#ifndef MK_SEGMENTED_ARRAY_H
#define MK_SEGMENTED_ARRAY_H

#include "base/base.h"

enum { MK_SEGMENTED_ARRAY_FIRST = 64, MK_SEGMENTED_ARRAY_SEGMENTS = 17 };
#define MK_SEGMENTED_ARRAY_MAX ((uint32_t)MK_SEGMENTED_ARRAY_FIRST << (MK_SEGMENTED_ARRAY_SEGMENTS - 1))

typedef struct mk_segmented_array {
	_Atomic(_Atomic(void *) *) segment[MK_SEGMENTED_ARRAY_SEGMENTS];
} mk_segmented_array;

/* The segment that holds an index, and the index of the segment's first entry. */
static inline uint32_t mk_segmented_array_segment(uint32_t index, uint32_t *ret_first)
{
	uint32_t segment = index < MK_SEGMENTED_ARRAY_FIRST ? 0 : 26 - (uint32_t)__builtin_clz(index);
	*ret_first = segment == 0 ? 0 : (uint32_t)MK_SEGMENTED_ARRAY_FIRST << (segment - 1);
	return segment;
}

static inline void *mk_segmented_array_get(mk_segmented_array *table, uint32_t index)
{
	uint32_t first, segment = mk_segmented_array_segment(index, &first);
	_Atomic(void *) *entries = atomic_load_explicit(&table->segment[segment], memory_order_acquire);
	return entries == NULL ? NULL : atomic_load_explicit(&entries[index - first], memory_order_acquire);
}

/* Allocates the segment of `index`, so that a set cannot fail. 0 or MAIKO_ENOMEM. index < MK_SEGMENTED_ARRAY_MAX. */
int mk_segmented_array_reserve(mk_segmented_array *table, uint32_t index);

/* Precondition: reserved. */
void mk_segmented_array_set(mk_segmented_array *table, uint32_t index, void *entry);

void mk_segmented_array_fini(mk_segmented_array *table);

#endif
