/*
 * places.h - the topics that an actor subscribes to: one is stored inline, more in an array
 * whose size is a power of two, 4 at least. Among many of them a topic is found by an index,
 * made when one is first looked for.
 */
#ifndef MK_PLACES_H
#define MK_PLACES_H

#include "base.h"

typedef struct mk_place {
	uint32_t topic;
	uint8_t overflow; /* as asked for */
} mk_place;

typedef union mk_places {
	mk_place one;
	mk_place *many;
} mk_places;

/* All `count` of them. */
static inline mk_place *mk_places_at(mk_places *places, uint32_t count)
{
	return count > 1 ? places->many : &places->one;
}

/* One more, at the end. 0 or MAIKO_ENOMEM. */
int mk_places_add(mk_places *places, uint32_t *count, mk_place place);

/* Which one is of that topic; `count` if none is. */
uint32_t mk_places_find(mk_places *places, uint32_t count, uint32_t topic);

/* Without that one; the last takes its place. */
void mk_places_remove(mk_places *places, uint32_t *count, uint32_t index);

/* A copy of others. 0 or MAIKO_ENOMEM. */
int mk_places_copy(mk_places *places, const mk_place *from, uint32_t count);

void mk_places_free(mk_places *places, uint32_t count);

#endif
