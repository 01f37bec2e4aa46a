/*
 * map.c - see map.h. Linear probing; a removal moves later entries back (Knuth, The Art of
 * Computer Programming, volume 3, 6.4, algorithm R), so there are no tombstones.
 */
#include "ds/map.h"

#include "base/memory.h"

#include <maiko/error.h>
#include <string.h>

enum { LEAST = 4 };

/* Where the search for a key begins: the upper bits of a product (Knuth, the same section). */
static uint32_t home_of(const mk_map *map, uint64_t key)
{
	uint64_t h = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32) & (map->size - 1);
}

/* The entry of a key, or the free entry where it would be put. Precondition: one is free. */
static struct mk_mapped *place_of(const mk_map *map, uint64_t key)
{
	uint32_t i = home_of(map, key);
	while (map->entries[i].key != 0 && map->entries[i].key != key)
		i = (i + 1) & (map->size - 1);
	return &map->entries[i];
}

uint64_t *mk_map_find(const mk_map *map, uint64_t key)
{
	assert(key != 0);
	if (map->count == 0)
		return NULL;
	struct mk_mapped *entry = place_of(map, key);
	return entry->key == 0 ? NULL : &entry->value;
}

static int resize(mk_map *map, uint32_t size)
{
	mk_map other = {.entries = mk_calloc(size, sizeof *map->entries), .size = size, .count = map->count};
	if (other.entries == NULL)
		return MAIKO_ENOMEM;
	for (uint32_t i = 0; i < map->size; i++)
		if (map->entries[i].key != 0)
			*place_of(&other, map->entries[i].key) = map->entries[i];
	mk_free(map->entries);
	*map = other;
	return 0;
}

int mk_map_reserve(mk_map *map, uint32_t more)
{
	uint32_t size = map->size == 0 ? LEAST : map->size;
	while ((uint64_t)(map->count + more) * 4 > (uint64_t)size * 3)
		size *= 2;
	return size == map->size ? 0 : resize(map, size);
}

int mk_map_put(mk_map *map, uint64_t key, uint64_t value)
{
	uint64_t *known = mk_map_find(map, key);
	if (known != NULL) {
		*known = value;
		return 0;
	}
	if (mk_map_reserve(map, 1) != 0)
		return MAIKO_ENOMEM;
	*place_of(map, key) = (struct mk_mapped){key, value};
	map->count++;
	return 0;
}

void mk_map_remove(mk_map *map, uint64_t key)
{
	if (mk_map_find(map, key) == NULL)
		return;
	uint32_t mask = map->size - 1, hole = (uint32_t)(place_of(map, key) - map->entries);
	for (uint32_t i = (hole + 1) & mask; map->entries[i].key != 0; i = (i + 1) & mask)
		if (((i - home_of(map, map->entries[i].key)) & mask) >= ((i - hole) & mask)) {
			map->entries[hole] = map->entries[i];
			hole = i;
		}
	map->entries[hole].key = 0;
	map->count--;
	/* Shrinks well below the load at which it grows; without memory the size stays. */
	if (map->size > LEAST && map->count < map->size / 8)
		(void)resize(map, map->size / 2);
}

void mk_map_clear(mk_map *map)
{
	if (map->size > LEAST)
		mk_map_fini(map);
	else if (map->count != 0)
		memset(map->entries, 0, map->size * sizeof *map->entries);
	map->count = 0;
}

void mk_map_fini(mk_map *map)
{
	mk_free(map->entries);
	*map = (mk_map){0};
}
