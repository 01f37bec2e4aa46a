/*
 * map.h - maps a number or a pointer to another: a hash table with open addressing. Not thread
 * safe.
 *
 * It indexes a list that may be long. The list itself keeps the order; a map has no iteration,
 * so its order is never visible. The table grows and shrinks with its entries, so that a
 * removal too takes constant time on average.
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

/* Adds a key or replaces its value. 0, or MAIKO_ENOMEM with the map unchanged. */
int mk_map_put(mk_map *map, uint64_t key, uint64_t value);

/* Reserves space, so that the next `more` puts do not fail. 0 or MAIKO_ENOMEM. */
int mk_map_reserve(mk_map *map, uint32_t more);

/* Does nothing if the key is absent. */
void mk_map_remove(mk_map *map, uint64_t key);

/* Removes all entries; fini frees the memory too. */
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
