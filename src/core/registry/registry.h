/*
 * registry.h - a supervisor's topics, event types and actor types, by name.
 *
 * A description's slot caches (supervisor's serial, index). So after the first use the
 * supervisor's record is found by one load and one compare, without a lock. If the slot has
 * another supervisor's serial the registry is searched.
 */
#ifndef MK_REGISTRY_H
#define MK_REGISTRY_H

#include "runtime/runtime.h"

/* The index that a slot has for this supervisor; false: the registry must be searched. */
static inline bool mk_slot_get(const uint64_t *slot, uint32_t serial, uint32_t *ret_index)
{
	uint64_t value = slot == NULL ? 0 : __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	*ret_index = (uint32_t)value;
	return (uint32_t)(value >> 32) == serial;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): a store that clang-tidy does not take for one */
static inline void mk_slot_set(uint64_t *slot, uint32_t serial, uint32_t index)
{
	/* Stored with release order after the array entry: a thread that loads the index sees the entry. */
	if (slot != NULL)
		__atomic_store_n(slot, (uint64_t)serial << 32 | index, __ATOMIC_RELEASE);
}

/* The topic of private deliveries (private.h), and those of the library itself (own.h). */
enum {
	MK_PRIVATE_TOPIC = 1,
	MK_LIFECYCLE_TOPIC,
	MK_GROUPS_TOPIC,
	MK_LETTERS_TOPIC,
	MK_STUCK_TOPIC,
	MK_SILENT_TOPIC,
	MK_OWN_TOPICS_END
};
static inline bool mk_topic_is_own(uint32_t topic) { return topic > MK_PRIVATE_TOPIC && topic < MK_OWN_TOPICS_END; }
/* Whether only the library publishes there. */
static inline bool mk_topic_is_reserved(uint32_t topic)
{
	return topic >= MK_PRIVATE_TOPIC && topic < MK_OWN_TOPICS_END;
}

/* Makes the wildcard topic (index 0), that of private deliveries, and the topics, event types and sender of the library
 * itself. 0 or MAIKO_ENOMEM. */
int mk_registry_init(mk_sup *sup);
void mk_registry_fini(mk_sup *sup);

/* Each finds or makes a record and takes the lock. Errors as in maiko/topic.h, event.h, actor.h. */
int mk_registry_topic(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record);
/* The same with the lock. */
int mk_registry_topic_locked(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record);
/* Checks a description, except whether it agrees with others of its name. */
int mk_topic_usable(const maiko_topic *desc);
/* With the lock: the topic of that name, which is checked. `like` NULL: its policies are not compared. */
int mk_topic_by_name(mk_sup *sup, const char *name, const maiko_topic *like, mk_record **ret_record);
/* With the lock: a record that has only its index; `name` is for the error text. 0, MAIKO_E2BIG, MAIKO_ENOMEM. */
int mk_record_new(mk_sup *sup, const char *name, mk_record **ret_record);
/* With the lock: a record with its index, and its name, by which it is found. `attaches`: of a pattern. */
int mk_record_make(mk_sup *sup, const char *name, bool attaches, mk_record **ret_record);
/* The same, as an index; without the lock if the slot has it. */
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
int mk_registry_type_locked(mk_sup *sup, const maiko_event_type *desc, const mk_type **ret_type); /* with the lock */

/* The same, without the lock if the slot has it. */
static inline int mk_registry_type_of(mk_sup *sup, const maiko_event_type *desc, const mk_type **ret_type)
{
	uint32_t index;
	if (!mk_slot_get(desc->slot, sup->serial, &index))
		return mk_registry_type(sup, desc, ret_type);
	*ret_type = mk_segmented_array_get(&sup->types, index);
	return 0;
}

/* MAIKO_EINVAL, with its text: an event of that type was to be sent to a reserved topic. */
int mk_reserved_fail(const mk_type *type, uint32_t topic);
/* Whether the value is a policy; and MAIKO_EINVAL, with its text: that topic's or actor's is not one. */
bool mk_overflow_valid(maiko_overflow overflow);
int mk_overflow_fail(const char *what, const char *name, maiko_overflow overflow);

static inline mk_record *mk_record_at(mk_sup *sup, uint32_t index)
{
	return mk_segmented_array_get(&sup->topics, index);
}

/* Whether the topic of an envelope is that of private deliveries. */
static inline bool mk_topic_is_private(const maiko_topic *desc)
{
	return MK_OF((void *)(uintptr_t)desc, mk_record, desc)->index == MK_PRIVATE_TOPIC;
}

#endif
