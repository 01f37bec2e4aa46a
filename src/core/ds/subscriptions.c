/*
 * subscriptions.c - see subscriptions.h.
 */
#include "ds/subscriptions.h"

#include "base/memory.h"
#include "ds/map.h"

#include <maiko/error.h>
#include <string.h>

enum { LEAST = 4, FEW = 16 };

/* mk_subscriptions.many points to `all`. The index maps topic + 1 (no key is 0) to the position in `all`; it is built
 * by the first find. */
typedef struct many {
	mk_map index;
	mk_subscription all[];
} many;

static many *many_of(const mk_subscriptions *places) { return MK_OF(places->many, many, all); }

static bool resize(mk_subscriptions *places, many *old, uint32_t room)
{
	many *m = mk_realloc(old, sizeof *m + (size_t)room * sizeof m->all[0]);
	if (m == NULL)
		return false;
	if (old == NULL)
		m->index = (mk_map){0};
	places->many = m->all;
	return true;
}

static void note(mk_map *index, uint32_t topic, uint32_t i)
{
	if (index->count != 0 && mk_map_put(index, (uint64_t)topic + 1, i) != 0)
		mk_map_fini(index);
}

/* Builds the index if it is missing. False: no memory. */
static bool has_index(many *m, uint32_t count)
{
	if (m->index.count == count)
		return true;
	if (mk_map_reserve(&m->index, count) != 0)
		return false;
	for (uint32_t i = 0; i < count; i++)
		(void)mk_map_put(&m->index, (uint64_t)m->all[i].topic + 1, i);
	return true;
}

uint32_t mk_subscriptions_find(mk_subscriptions *places, uint32_t count, uint32_t topic)
{
	if (count > FEW && has_index(many_of(places), count)) {
		const uint64_t *i = mk_map_find(&many_of(places)->index, (uint64_t)topic + 1);
		return i == NULL ? count : (uint32_t)*i;
	}
	uint32_t i = 0;
	while (i < count && mk_subscriptions_at(places, count)[i].topic != topic)
		i++;
	return i;
}

static uint32_t room_for(uint32_t count)
{
	uint32_t room = LEAST;
	while (room < count)
		room *= 2;
	return room;
}

/* Adds a second or later subscription. */
static MK_NOINLINE int add_to_many(mk_subscriptions *places, uint32_t count, mk_subscription place)
{
	mk_subscription one = places->one;
	if (count == 1) {
		if (!resize(places, NULL, LEAST))
			return MAIKO_ENOMEM;
		places->many[0] = one;
	} else if (count >= LEAST && (count & (count - 1)) == 0 && !resize(places, many_of(places), count * 2)) {
		return MAIKO_ENOMEM;
	}
	places->many[count] = place;
	note(&many_of(places)->index, place.topic, count);
	return 0;
}

int mk_subscriptions_add(mk_subscriptions *places, uint32_t *count, mk_subscription place)
{
	int rc = 0;
	if (*count == 0)
		places->one = place;
	else
		rc = add_to_many(places, *count, place);
	*count += rc == 0;
	return rc;
}

void mk_subscriptions_remove(mk_subscriptions *places, uint32_t *count, uint32_t index)
{
	if (*count <= 1) {
		*count = 0;
		return;
	}
	many *m = many_of(places);
	mk_map_remove(&m->index, (uint64_t)m->all[index].topic + 1);
	m->all[index] = m->all[--*count];
	if (index < *count)
		note(&m->index, m->all[index].topic, index);
	if (*count == 1) {
		mk_subscription one = m->all[0];
		mk_subscriptions_free(places, 2);
		places->one = one;
	}
}

int mk_subscriptions_copy(mk_subscriptions *places, const mk_subscription *from, uint32_t count)
{
	if (count > 1 && !resize(places, NULL, room_for(count)))
		return MAIKO_ENOMEM;
	if (count > 0)
		memcpy(mk_subscriptions_at(places, count), from, count * sizeof *from);
	return 0;
}

void mk_subscriptions_free(mk_subscriptions *places, uint32_t count)
{
	if (count > 1) {
		mk_map_fini(&many_of(places)->index);
		mk_free(many_of(places));
	}
}
