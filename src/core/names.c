/*
 * names.c - linear probing, at most half full; removal moves later entries up instead of
 * leaving marks (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm R).
 */
#include "names.h"

#include "memory.h"

#include <maiko/error.h>
#include <string.h>

static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h ^ (h >> 15);
}

static uint32_t slot_of(const mk_names *names, const char *name)
{
	uint32_t i = hash(name) & (names->size - 1);
	while (names->slots[i].name != NULL && strcmp(names->slots[i].name, name) != 0)
		i = (i + 1) & (names->size - 1);
	return i;
}

void *mk_names_get(const mk_names *names, const char *name)
{
	if (names->size == 0)
		return NULL;
	const struct mk_named *slot = &names->slots[slot_of(names, name)];
	return slot->name == NULL ? NULL : slot->thing;
}

static int grow(mk_names *names)
{
	mk_names larger = {.size = names->size == 0 ? 16 : names->size * 2, .count = names->count};
	larger.slots = mk_calloc(larger.size, sizeof *larger.slots);
	if (larger.slots == NULL)
		return MAIKO_ENOMEM;
	for (uint32_t i = 0; i < names->size; i++)
		if (names->slots[i].name != NULL)
			larger.slots[slot_of(&larger, names->slots[i].name)] = names->slots[i];
	mk_free(names->slots);
	*names = larger;
	return 0;
}

int mk_names_put(mk_names *names, const char *name, void *thing)
{
	if ((names->count + 1) * 2 > names->size && grow(names) != 0)
		return MAIKO_ENOMEM;
	names->slots[slot_of(names, name)] = (struct mk_named){name, thing};
	names->count++;
	return 0;
}

void mk_names_remove(mk_names *names, const char *name)
{
	if (names->size == 0)
		return;
	uint32_t mask = names->size - 1, hole = slot_of(names, name);
	if (names->slots[hole].name == NULL)
		return;
	for (uint32_t i = (hole + 1) & mask; names->slots[i].name != NULL; i = (i + 1) & mask) {
		uint32_t home = hash(names->slots[i].name) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			names->slots[hole] = names->slots[i];
			hole = i;
		}
	}
	names->slots[hole].name = NULL;
	names->count--;
}

void mk_names_fini(mk_names *names)
{
	mk_free(names->slots);
	*names = (mk_names){0};
}
