/*
 * place.c - see place.h.
 */
#include "registry/place.h"

#include "registry/idle_topics.h"
#include "registry/pattern.h"
#include "registry/registry.h"

int mk_registry_place(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record, bool *asks)
{
	uint32_t index;
	if (mk_slot_get(desc->slot, sup->serial, &index)) {
		*ret_record = mk_record_at(sup, index);
		return 0;
	}
	int rc = mk_topic_usable(desc);
	if (rc != 0)
		return rc;
	bool pattern = mk_name_is_pattern(desc->name);
	if (!pattern && (desc->format & MAIKO_FORMAT_LIKE) == 0)
		return mk_registry_topic_locked(sup, desc, ret_record);
	if (pattern && (rc = mk_pattern_check("a subscription", desc)) != 0)
		return rc;
	mk_record *r = mk_name_index_get(&sup->topic_names, desc->name);
	rc = r != NULL ? 0
	     : pattern ? mk_record_make(sup, desc->name, true, &r)
		       : mk_topic_by_name(sup, desc->name, NULL, &r);
	if (rc == 0) {
		mk_topic_needed(sup, r, asks);
		*ret_record = r;
	}
	return rc;
}

bool mk_record_may_have(mk_sup *sup, const mk_record *r, const mk_type *type)
{
	return type->desc->route != NULL || mk_record_takes(r, mk_record_at(sup, type->topic));
}

bool mk_actor_class_handles(mk_sup *sup, const mk_actor_class *class, const mk_record *r)
{
	bool handles = class->any != NULL;
	for (uint32_t i = 0; !handles && i <= class->handler_mask; i++) {
		const mk_type *type = class->handlers[i].type;
		handles = type != NULL && (r == NULL || mk_record_may_have(sup, r, type));
	}
	return handles;
}
