/*
 * map.h - finds a number or a pointer by another: a hash table with open addressing. Not for
 * threads.
 *
 * For what is looked for in a list that may be long: the list stays, and keeps its order; no
 * one sees in what order a map has its entries. A table grows and shrinks with what is in it,
 * so that a removal, too, costs the same on average however many there are.
 */
#ifndef MK_MAP_H
#define MK_MAP_H

#include "base/base.h"

typedef struct mk_map {
	struct mk_mapped {
		uint64_t key; /* 0: free */
		uint64_t value;
	} * entries;
	uint32_t size; /* 0 or a power of two */
	uint32_t count;
} mk_map;

/* The value of a key, which may be changed in place; NULL if there is none. key != 0. */
uint64_t *mk_map_find(const mk_map *map, uint64_t key);

/* Enters a key, or gives it another value. 0 or MAIKO_ENOMEM, with the map as it was. */
int mk_map_put(mk_map *map, uint64_t key, uint64_t value);

/* Room for `more` entries, for which a put does not fail then. 0 or MAIKO_ENOMEM. */
int mk_map_reserve(mk_map *map, uint32_t more);

/* Nothing if there is none. */
void mk_map_remove(mk_map *map, uint64_t key);

/* Removes all; and with its memory. */
void mk_map_clear(mk_map *map);
void mk_map_fini(mk_map *map);

/* The same for pointers. */
static inline uint64_t mk_map_key(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }
static inline void *mk_map_get(const mk_map *map, uint64_t key)
{
	const uint64_t *value = mk_map_find(map, key);
	return value == NULL ? NULL : (void *)(uintptr_t)*value;
}

#endif
