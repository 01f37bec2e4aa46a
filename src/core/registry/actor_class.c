/*
 * actor_class.c - see actor_class.h.
 */
#include "registry/actor_class.h"

#include "base/error.h"
#include "registry/idle_topics.h"
#include "registry/pattern.h"
#include "registry/place.h"
#include "registry/registry.h"

static bool item_set(mk_actor_class *c, const maiko_item *i)
{
	switch (i->kind) {
	case MAIKO_ITEM_ANY:
		return i->any != NULL && c->any == NULL && (c->any = i->any) != NULL;
	case MAIKO_ITEM_START:
		return i->hook != NULL && c->start == NULL && (c->start = i->hook) != NULL;
	case MAIKO_ITEM_STOP:
		return i->hook != NULL && c->stop == NULL && (c->stop = i->hook) != NULL;
	case MAIKO_ITEM_ERROR:
		return i->error != NULL && c->error == NULL && (c->error = i->error) != NULL;
	case MAIKO_ITEM_DONE:
		return i->done != NULL && c->done == NULL && (c->done = i->done) != NULL;
	case MAIKO_ITEM_TICK:
		return i->tick != NULL && c->tick == NULL && (c->tick = i->tick) != NULL;
	case MAIKO_ITEM_RECEIPT:
		return i->receipt != NULL && c->receipt == NULL && (c->receipt = i->receipt) != NULL;
	case MAIKO_ITEM_INTEREST:
		return i->interest != NULL && c->interest == NULL && (c->interest = i->interest) != NULL;
	case MAIKO_ITEM_ON:
	case MAIKO_ITEM_END:
		break;
	}
	return false;
}

static int add_handler(mk_sup *sup, mk_actor_class *c, const maiko_item *i)
{
	if (i->on == NULL || i->event == NULL)
		return mk_fail(MAIKO_EINVAL, "actor type '%s': an item MAIKO_ITEM_ON without its event or its function",
			       c->desc->name);
	const mk_type *type;
	int rc = mk_registry_type_locked(sup, i->event, &type);
	if (rc != 0)
		return rc;
	if (mk_handler_of(c, type) != NULL)
		return mk_fail(MAIKO_EINVAL, "actor type '%s' has two handlers of event '%s'; one at the most",
			       c->desc->name, type->desc->layout->name);
	uint32_t k = type->index & c->handler_mask;
	while (c->handlers[k].type != NULL)
		k = (k + 1) & c->handler_mask;
	c->handlers[k] = (mk_handler){type, i->on};
	return 0;
}

enum { ITEMS_MAX = 32 };

static uint32_t watched_by(const maiko_item *i)
{
	uint32_t count = 0;
	while (i->kind == MAIKO_ITEM_INTEREST && i->topics != NULL && i->topics[count] != NULL)
		count++;
	return count;
}

/* The topics of a MAIKO_ON_INTEREST, to `to`. */
static int add_watched(mk_sup *sup, mk_actor_class *c, const maiko_item *i, uint32_t *to)
{
	uint32_t count = watched_by(i);
	if (count == 0)
		return mk_fail(MAIKO_EINVAL, "actor type '%s': MAIKO_ON_INTEREST without a topic", c->desc->name);
	for (uint32_t k = 0; k < count; k++) {
		mk_record *r;
		bool asks = false;
		int rc = mk_place_of(sup, c->desc->name, &(const maiko_subscription){.topic = i->topics[k]}, &r, &asks);
		mk_topics_asked(sup, &asks); /* it is pinned before the lock is released */
		if (rc != 0)
			return rc;
		const char *name = r->desc.name;
		for (uint32_t before = 0; before < k; before++)
			if (to[before] == r->index)
				return mk_fail(MAIKO_EINVAL, "actor type '%s': MAIKO_ON_INTEREST names '%s' twice",
					       c->desc->name, name);
		to[k] = r->index;
		mk_topic_pin(r);
		if ((rc = mk_pattern_watch(sup, r)) != 0)
			return rc;
	}
	c->watched = to;
	c->watched_count = count;
	return 0;
}

/* Checks the description itself, without its items. */
static int check_class(const maiko_actor_type *desc)
{
	int rc = mk_check_format("an actor type", desc->format);
	if (rc != 0)
		return rc;
	if (!mk_name_valid(desc->name))
		return mk_name_fail("an actor type", desc->name);
	if (desc->items == NULL)
		return mk_fail(MAIKO_EINVAL, "actor type '%s' has no list of items (NULL)", desc->name);
	if (desc->state_size == 0 || desc->state_align == 0 || (desc->state_align & (desc->state_align - 1)) != 0)
		return mk_fail(
			MAIKO_EINVAL,
			"actor type '%s': its state has size %u and alignment %u; neither may be 0, alignment is a "
			"power of 2",
			desc->name, desc->state_size, desc->state_align);
	if (desc->state_size > MAIKO_STATE_SIZE_MAX)
		return mk_fail(MAIKO_E2BIG, "actor type '%s': its state has %u bytes; at most MAIKO_STATE_SIZE_MAX, %u",
			       desc->name, desc->state_size, MAIKO_STATE_SIZE_MAX);
	if (desc->state_align > 64)
		return mk_fail(MAIKO_E2BIG, "actor type '%s': its state has alignment %u; at most 64", desc->name,
			       desc->state_align);
	return 0;
}

int mk_registry_class(mk_sup *sup, const maiko_actor_type *desc, const mk_actor_class **ret_class)
{
	const mk_actor_class *known = sup->classes;
	if (known == NULL || known->desc != desc)
		known = desc == NULL ? NULL : mk_map_get(&sup->class_of, mk_map_key(desc));
	if (known != NULL) {
		*ret_class = known;
		return 0;
	}
	int rc = desc == NULL ? mk_fail(MAIKO_EINVAL, "an actor type is NULL") : check_class(desc);
	if (rc != 0)
		return rc;
	uint32_t count = 0, watched = 0;
	for (; desc->items[count].kind != MAIKO_ITEM_END; count++) {
		if (count == ITEMS_MAX)
			return mk_fail(MAIKO_E2BIG, "actor type '%s' has more than %d items", desc->name, ITEMS_MAX);
		watched += watched_by(&desc->items[count]);
	}
	uint32_t room = 1;
	while (room <= count)
		room *= 2;
	mk_actor_class *c = mk_calloc(1, sizeof *c + room * sizeof(mk_handler) + watched * sizeof(uint32_t));
	if (c == NULL)
		return MAIKO_ENOMEM;
	c->desc = desc;
	c->handler_mask = room - 1;
	for (uint32_t i = 0; i < count; i++) {
		const maiko_item *item = &desc->items[i];
		if (item->kind == MAIKO_ITEM_ON)
			rc = add_handler(sup, c, item);
		else if (!item_set(c, item))
			rc = mk_fail(MAIKO_EINVAL,
				     "actor type '%s': its item %u is of no known kind, without its function, or the "
				     "second of its kind",
				     desc->name, i + 1);
		if (rc == 0 && item->kind == MAIKO_ITEM_INTEREST)
			rc = add_watched(sup, c, item, (uint32_t *)(void *)&c->handlers[room]);
		if (rc != 0) {
			mk_free(c);
			return rc;
		}
	}
	if (mk_map_put(&sup->class_of, mk_map_key(desc), mk_map_key(c)) != 0) {
		mk_free(c);
		return MAIKO_ENOMEM;
	}
	c->hooked = c->stop != NULL;
	c->next = sup->classes;
	sup->classes = c;
	*ret_class = c;
	return 0;
}
