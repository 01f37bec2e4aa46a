/*
 * places.c - see places.h.
 */
#include "places.h"

#include "memory.h"

#include <maiko/error.h>
#include <string.h>

enum { LEAST = 4 };

static uint32_t room_for(uint32_t count)
{
	uint32_t room = LEAST;
	while (room < count)
		room *= 2;
	return room;
}

int mk_places_add(mk_places *places, uint32_t *count, mk_place place)
{
	if (*count == 0) {
		places->one = place;
	} else if (*count == 1) {
		mk_place *many = mk_malloc(LEAST * sizeof *many);
		if (many == NULL)
			return MAIKO_ENOMEM;
		many[0] = places->one;
		many[1] = place;
		places->many = many;
	} else {
		if (*count >= LEAST && (*count & (*count - 1)) == 0) {
			mk_place *grown = mk_realloc(places->many, (size_t)*count * 2 * sizeof *grown);
			if (grown == NULL)
				return MAIKO_ENOMEM;
			places->many = grown;
		}
		places->many[*count] = place;
	}
	++*count;
	return 0;
}

void mk_places_remove(mk_places *places, uint32_t *count, uint32_t index)
{
	mk_place *all = mk_places_at(places, *count);
	all[index] = all[--*count];
	if (*count == 1) {
		places->one = all[0];
		mk_free(all);
	}
}

int mk_places_copy(mk_places *places, const mk_place *from, uint32_t count)
{
	if (count > 1) {
		places->many = mk_malloc(room_for(count) * sizeof *from);
		if (places->many == NULL)
			return MAIKO_ENOMEM;
	}
	if (count > 0)
		memcpy(mk_places_at(places, count), from, count * sizeof *from);
	return 0;
}

void mk_places_free(mk_places *places, uint32_t count)
{
	if (count > 1)
		mk_free(places->many);
}
