/*
 * registry.h - what a supervisor knows by name: topics, event types, actor types.
 *
 * A description's slot remembers (supervisor's serial, index), so that after the first
 * use finding the supervisor's own record is one load and one compare, without a lock.
 * A slot that holds another supervisor's serial just means the slow way.
 */
#ifndef MK_REGISTRY_H
#define MK_REGISTRY_H

#include "runtime/runtime.h"

/* The index that a slot remembers for this supervisor; false: ask the registry. */
static inline bool mk_slot_get(const uint64_t *slot, uint32_t serial, uint32_t *ret_index)
{
	uint64_t value = slot == NULL ? 0 : __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	*ret_index = (uint32_t)value;
	return (uint32_t)(value >> 32) == serial;
}

/* Makes the wildcard topic (index 0). 0 or MAIKO_ENOMEM. */
int mk_registry_init(mk_sup *sup);
void mk_registry_fini(mk_sup *sup);

/* Each finds or makes, taking the lock. Errors as maiko/topic.h, event.h, actor.h. */
int mk_registry_topic(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record);
/* The same, as an index, and without the lock if it has been asked for before. */
static inline int mk_registry_topic_index(mk_sup *sup, const maiko_topic *desc, uint32_t *ret_index)
{
	mk_record *r;
	if (MK_LIKELY(desc != NULL && mk_slot_get(desc->slot, sup->serial, ret_index)))
		return 0;
	int rc = mk_registry_topic(sup, desc, &r);
	if (rc == 0)
		*ret_index = r->index;
	return rc;
}
int mk_registry_type(mk_sup *sup, const maiko_event_type *desc, const mk_type **ret_type);
/* The same with the lock. */
int mk_registry_class(mk_sup *sup, const maiko_actor_type *desc, const mk_actor_class **ret_class);

/* Whether the class handles an event of that topic (0: of any). An event that is routed by its
 * content may be of each. */
bool mk_actor_class_handles(const mk_actor_class *class, uint32_t topic);

/* MAIKO_EINVAL, with its sentence: the function that routes events of that type returned NULL. */
int mk_route_fail(const mk_type *type);

/* Whether it is a policy; MAIKO_EINVAL, with its sentence: it is none, of that topic or actor. */
bool mk_overflow_valid(maiko_overflow overflow);
int mk_overflow_fail(const char *what, const char *name, maiko_overflow overflow);

static inline mk_record *mk_record_at(mk_sup *sup, uint32_t index)
{
	return mk_segmented_array_get(&sup->topics, index);
}

/* Under the lock: the count of subscribers that worker has of a topic, made if need be;
 * NULL without memory. */
mk_interest *mk_record_interest(mk_record *r, uint32_t worker);

#endif
