/*
 * name_index.c - linear probing, at most half full; removal moves later entries up instead of
 * leaving marks (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm R).
 */
#include "ds/name_index.h"

#include "base/memory.h"

#include <maiko/error.h>
#include <string.h>

/* Eight bytes at a time: each round multiplies, then xors the high half into the low half, as a last
 * product does (multiply-shift: Dietzfelbinger et al., "A reliable
 * randomized algorithm for the closest-pair problem", 1997). */
uint64_t mk_name_hash(const char *name)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15), word;
	for (size_t left = strlen(name); left > 0; name += sizeof word) {
		size_t take = left < sizeof word ? left : sizeof word;
		word = 0;
		memcpy(&word, name, take);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
		left -= take;
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 32;
}

static uint32_t hash_of(const char *name) { return (uint32_t)mk_name_hash(name); }

void mk_name_index_init(mk_name_index *names, mk_segmented_array *things, const char *(*name_of)(const void *thing))
{
	*names = (mk_name_index){.things = things, .name_of = name_of};
}

static void *thing_at(const mk_name_index *names, uint32_t i)
{
	return mk_segmented_array_get(names->things, names->slots[i].place - 1);
}

static uint32_t slot_of(const mk_name_index *names, const char *name, uint32_t hash)
{
	uint32_t i = hash & (names->size - 1);
	while (names->slots[i].place != 0 &&
	       (names->slots[i].hash != hash || strcmp(names->name_of(thing_at(names, i)), name) != 0))
		i = (i + 1) & (names->size - 1);
	return i;
}

void *mk_name_index_get(const mk_name_index *names, const char *name)
{
	if (names->size == 0)
		return NULL;
	uint32_t i = slot_of(names, name, hash_of(name));
	return names->slots[i].place == 0 ? NULL : thing_at(names, i);
}

static int grow(mk_name_index *names)
{
	uint32_t size = names->size == 0 ? 16 : names->size * 2;
	struct mk_named *slots = mk_calloc_table(size, sizeof *slots);
	if (slots == NULL)
		return MAIKO_ENOMEM;
	for (uint32_t k = 0; k < names->size; k++) {
		uint32_t i = names->slots[k].hash & (size - 1);
		if (names->slots[k].place == 0)
			continue;
		while (slots[i].place != 0)
			i = (i + 1) & (size - 1);
		slots[i] = names->slots[k];
	}
	mk_free(names->slots);
	names->slots = slots;
	names->size = size;
	return 0;
}

void mk_name_index_expect(const mk_name_index *names, const char *name)
{
	if (names->size != 0)
		__builtin_prefetch(&names->slots[hash_of(name) & (names->size - 1)], 1);
}

int mk_name_index_put(mk_name_index *names, const char *name, uint32_t index)
{
	if ((names->count + 1) * 2 > names->size && grow(names) != 0)
		return MAIKO_ENOMEM;
	uint32_t hash = hash_of(name), i = slot_of(names, name, hash);
	if (names->slots[i].place != 0)
		return MAIKO_EEXIST; /* the caller stores the error text: it knows what the name is of */
	names->slots[i] = (struct mk_named){hash, index + 1};
	names->count++;
	return 0;
}

void mk_name_index_remove(mk_name_index *names, const char *name)
{
	if (names->size == 0)
		return;
	uint32_t mask = names->size - 1, hole = slot_of(names, name, hash_of(name));
	if (names->slots[hole].place == 0)
		return;
	for (uint32_t i = (hole + 1) & mask; names->slots[i].place != 0; i = (i + 1) & mask) {
		uint32_t home = names->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			names->slots[hole] = names->slots[i];
			hole = i;
		}
	}
	names->slots[hole].place = 0;
	names->count--;
}

void mk_name_index_fini(mk_name_index *names)
{
	mk_free(names->slots);
	names->slots = NULL;
	names->size = names->count = 0;
}
