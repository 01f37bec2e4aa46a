/*
 * origin.c - see origin.h.
 *
 * A hash table of fixed size without a lock: a place is empty, then has a name for ever. It is allocated by the first
 * injection. At most half of the places are used, so every search ends.
 */
#include "routing/origin.h"

enum { PLACES = 2 * MAIKO_ELSEWHERE_NAMES_MAX };
_Static_assert((PLACES & (PLACES - 1)) == 0, "places are a power of two");

typedef struct mk_origins {
	_Atomic(uint32_t) count;
	_Atomic(char *) names[PLACES];
} mk_origins;

static mk_origins *origins_of(mk_sup *sup)
{
	mk_origins *found = atomic_load_explicit(&sup->origins, memory_order_acquire);
	if (found != NULL)
		return found;
	mk_origins *made = MK_NEW(mk_origins);
	if (made == NULL || atomic_compare_exchange_strong_explicit(&sup->origins, &found, made, memory_order_acq_rel,
								    memory_order_acquire))
		return made;
	mk_free(made); /* another worker was first */
	return found;
}

/* Reserves one of the names that may be kept. */
static bool reserve(mk_origins *origins)
{
	if (atomic_fetch_add_explicit(&origins->count, 1, memory_order_relaxed) < MAIKO_ELSEWHERE_NAMES_MAX)
		return true;
	atomic_fetch_sub_explicit(&origins->count, 1, memory_order_relaxed);
	return false;
}

/* Puts a new name into a place that was empty. `*name`: what the place has then, NULL without memory. False: no
 * more names are kept. */
static bool put(mk_origins *origins, _Atomic(char *) *place, const char **name)
{
	if (!reserve(origins))
		return false;
	char *there = NULL, *copy = mk_strdup(*name);
	bool mine = copy != NULL && atomic_compare_exchange_strong_explicit(place, &there, copy, memory_order_acq_rel,
									    memory_order_acquire);
	if (!mine) { /* no memory, or another worker was first, maybe with another name */
		mk_free(copy);
		atomic_fetch_sub_explicit(&origins->count, 1, memory_order_relaxed);
	}
	*name = mine ? copy : there;
	return true;
}

const char *mk_origin_name(mk_sup *sup, const char *name)
{
	mk_origins *origins = origins_of(sup);
	if (origins == NULL)
		return NULL;
	for (uint32_t i = mk_name_hash(name);; i++) {
		_Atomic(char *) *place = &origins->names[i % PLACES];
		const char *there = atomic_load_explicit(place, memory_order_acquire), *made = name;
		if (there == NULL) {
			if (!put(origins, place, &made))
				return MK_ELSEWHERE;
			there = made;
		}
		if (there == NULL || strcmp(there, name) == 0)
			return there;
	}
}

void mk_origins_fini(mk_sup *sup)
{
	mk_origins *origins = atomic_load_explicit(&sup->origins, memory_order_relaxed);
	for (uint32_t i = 0; origins != NULL && i < PLACES; i++)
		mk_free(atomic_load_explicit(&origins->names[i], memory_order_relaxed));
	mk_free(origins);
}
