/*
 * directory.c - see directory.h.
 */
#include "registry/directory.h"

#include "base/error.h"
#include "registry/group.h"
#include "runtime/timed.h"

static uint32_t slot_of(maiko_actor_id id) { return (uint32_t)id - 1; }

static const char *name_of(const void *actor) { return ((const mk_actor *)actor)->self->name; }

void mk_directory_init(mk_sup *sup) { mk_name_index_init(&sup->actor_names, &sup->actors, name_of); }

/* A free id: of a freed slot with the next generation, or of a new slot. */
static int free_id(mk_sup *sup, maiko_actor_id *ret_id)
{
	if (sup->free_count > 0) {
		*ret_id = sup->free_ids[--sup->free_count];
		return 0;
	}
	uint32_t slot = sup->actor_slots;
	if (slot >= MAIKO_ACTORS_MAX)
		return mk_fail(MAIKO_E2BIG, "the supervisor has MAIKO_ACTORS_MAX actors, %u", MAIKO_ACTORS_MAX);
	/* Also reserves its entry in free_ids, as mk_directory_leave must not fail. */
	if (mk_segmented_array_reserve(&sup->actors, slot) != 0 ||
	    mk_reserve((void **)&sup->free_ids, &sup->free_size, slot + 1, sizeof *sup->free_ids) != 0)
		return MAIKO_ENOMEM;
	sup->actor_slots++;
	*ret_id = (maiko_actor_id)1 << 32 | (slot + 1);
	return 0;
}

/* Its group, and the timed actors. */
static int enter_lists(mk_sup *sup, mk_actor *a)
{
	int rc = a->timed ? mk_timed_enter(sup, a) : 0;
	if (rc == 0 && a->cared && (rc = mk_care_enter(sup, a)) != 0 && a->timed)
		mk_timed_leave(sup, a);
	return rc;
}

/* The lists come first: until the actor is in its slot its name cannot be removed. */
static int put_name(mk_sup *sup, mk_actor *a, uint32_t slot)
{
	int rc = enter_lists(sup, a);
	if (rc != 0)
		return rc;
	rc = mk_name_index_put(&sup->actor_names, a->self->name, slot);
	if (rc != 0 && a->cared)
		mk_care_leave(sup, a);
	if (rc != 0 && a->timed)
		mk_timed_leave(sup, a);
	return rc;
}

int mk_directory_enter(mk_sup *sup, mk_actor *a)
{
	maiko_actor_id id = 0;
	int rc = free_id(sup, &id);
	if (rc != 0)
		return rc;
	rc = put_name(sup, a, slot_of(id));
	if (rc != 0) {
		sup->free_ids[sup->free_count++] = id;
		if (rc == MAIKO_EEXIST)
			return mk_fail(rc, "actor '%s': there is one of that name already", a->self->name);
		return rc;
	}
	a->self->id = id;
	mk_segmented_array_set(&sup->actors, slot_of(id), a);
	sup->actor_count++;
	return 0;
}

static void remove_name(mk_sup *sup, const mk_actor *a)
{
	if (mk_name_index_get(&sup->actor_names, a->self->name) == a)
		mk_name_index_remove(&sup->actor_names, a->self->name);
}

int mk_directory_enter_as(mk_sup *sup, mk_actor *a, maiko_actor_id id)
{
	enum { AHEAD = 1 << 16 }; /* ids that other threads may have taken meanwhile; a larger gap is not valid */
	uint32_t slot = slot_of(id);
	if (slot >= MAIKO_ACTORS_MAX || slot > sup->actor_slots + AHEAD)
		return MAIKO_EBROKEN;
	while (sup->actor_slots <= slot) {
		if (mk_segmented_array_reserve(&sup->actors, sup->actor_slots) != 0 ||
		    mk_reserve((void **)&sup->free_ids, &sup->free_size, sup->actor_slots + 1, sizeof *sup->free_ids) !=
			    0)
			return MAIKO_ENOMEM;
		sup->actor_slots++;
	}
	/* An actor that still has the name or the slot leaves it a few steps later in the recording. */
	const mk_actor *before = mk_segmented_array_get(&sup->actors, slot);
	if (before != NULL)
		remove_name(sup, before);
	mk_name_index_remove(&sup->actor_names, a->self->name);
	int rc = put_name(sup, a, slot);
	if (rc != 0)
		return rc;
	a->self->id = id;
	mk_segmented_array_set(&sup->actors, slot, a);
	sup->actor_count++;
	return 0;
}

void mk_directory_free_name(mk_sup *sup, const mk_actor *a)
{
	mk_lock(sup);
	remove_name(sup, a);
	mk_unlock(sup);
}

void mk_directory_leave(mk_sup *sup, mk_actor *a)
{
	uint32_t slot = slot_of(a->self->id);
	assert(mk_segmented_array_get(&sup->actors, slot) == a || sup->seam.led);
	remove_name(sup, a);
	if (a->cared)
		mk_care_leave(sup, a);
	if (a->timed)
		mk_timed_leave(sup, a);
	if (mk_segmented_array_get(&sup->actors, slot) == a)
		mk_segmented_array_set(&sup->actors, slot, NULL);
	if (MK_LIKELY(!sup->seam.led)) /* in a replay the recording has the ids */
		sup->free_ids[sup->free_count++] = a->self->id + ((maiko_actor_id)1 << 32);
	sup->actor_count--;
}

mk_actor *mk_directory_find(mk_sup *sup, maiko_actor_id id)
{
	uint32_t slot = slot_of(id);
	mk_actor *a = slot < sup->actor_slots ? mk_segmented_array_get(&sup->actors, slot) : NULL;
	return a != NULL && a->self->id == id ? a : NULL;
}

mk_actor *mk_directory_look(mk_sup *sup, maiko_actor_id id)
{
	mk_lock(sup);
	mk_actor *a = mk_directory_find(sup, id);
	mk_unlock(sup);
	return a;
}

void mk_directory_fini(mk_sup *sup)
{
	mk_name_index_fini(&sup->actor_names);
	mk_segmented_array_fini(&sup->actors);
	mk_free(sup->free_ids);
}
