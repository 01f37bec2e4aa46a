/*
 * directory.c - see directory.h.
 */
#include "directory.h"

static uint32_t slot_of(maiko_actor_id id) { return (uint32_t)id - 1; }

static int free_slot(mk_sup *sup, uint32_t *ret_slot)
{
	if (sup->free_count > 0) {
		*ret_slot = sup->free_slots[--sup->free_count];
		return 0;
	}
	uint32_t slot = sup->actor_slots;
	if (slot >= MAIKO_ACTORS_MAX)
		return MAIKO_E2BIG;
	/* Room among the free ones too: leaving must not fail. */
	if (mk_table_reserve(&sup->actors, slot) != 0 ||
	    mk_reserve((void **)&sup->generations, &sup->generation_size, slot + 1, sizeof(uint32_t)) != 0 ||
	    mk_reserve((void **)&sup->free_slots, &sup->free_size, slot + 1, sizeof(uint32_t)) != 0)
		return MAIKO_ENOMEM;
	sup->generations[slot] = 0;
	sup->actor_slots++;
	*ret_slot = slot;
	return 0;
}

int mk_directory_enter(mk_sup *sup, mk_actor *a)
{
	uint32_t slot;
	if (mk_names_get(&sup->actor_names, a->self->name) != NULL)
		return MAIKO_EEXIST;
	int rc = free_slot(sup, &slot);
	if (rc != 0)
		return rc;
	rc = mk_names_put(&sup->actor_names, a->self->name, a);
	if (rc != 0) {
		sup->free_slots[sup->free_count++] = slot;
		return rc;
	}
	a->self->id = (uint64_t)++sup->generations[slot] << 32 | (slot + 1);
	mk_table_set(&sup->actors, slot, a);
	sup->actor_count++;
	return 0;
}

void mk_directory_leave(mk_sup *sup, mk_actor *a)
{
	uint32_t slot = slot_of(a->self->id);
	assert(mk_table_get(&sup->actors, slot) == a);
	mk_table_set(&sup->actors, slot, NULL);
	mk_names_remove(&sup->actor_names, a->self->name);
	sup->free_slots[sup->free_count++] = slot;
	sup->actor_count--;
}

mk_actor *mk_directory_find(mk_sup *sup, maiko_actor_id id)
{
	uint32_t slot = slot_of(id);
	mk_actor *a = slot < sup->actor_slots ? mk_table_get(&sup->actors, slot) : NULL;
	return a != NULL && a->self->id == id ? a : NULL;
}

mk_actor *mk_directory_look(mk_sup *sup, maiko_actor_id id)
{
	uv_mutex_lock(&sup->lock);
	mk_actor *a = mk_directory_find(sup, id);
	uv_mutex_unlock(&sup->lock);
	return a;
}

void mk_directory_fini(mk_sup *sup)
{
	mk_names_fini(&sup->actor_names);
	mk_table_fini(&sup->actors);
	mk_free(sup->generations);
	mk_free(sup->free_slots);
	while (sup->senders != NULL) {
		mk_sender *s = sup->senders;
		sup->senders = s->next;
		mk_free(s);
	}
}
