/*
 * own.h - the topics and event types of the library itself (maiko/lifecycle.h): known to every supervisor from its
 * creation on, and at fixed indices, so that telling of something needs no lookup and fails for memory alone.
 */
#ifndef MK_OWN_H
#define MK_OWN_H

#include "registry/registry.h"

/* Their indices among the event types. */
typedef enum mk_own_type {
	MK_TYPE_ENDED,
	MK_TYPE_RESTARTED,
	MK_TYPE_GROUP_FAILED,
	MK_TYPE_DEAD_LETTER,
	MK_TYPE_STUCK,
	MK_TYPE_SILENT,
	MK_OWN_TYPES
} mk_own_type;

/* In the order of their indices. */
extern const maiko_topic *const mk_own_topics[MK_OWN_TOPICS_END - MK_LIFECYCLE_TOPIC];
extern const maiko_event_type *const mk_own_types[MK_OWN_TYPES];

static inline const mk_type *mk_own_type_of(mk_sup *sup, mk_own_type type)
{
	return mk_segmented_array_get(&sup->types, type);
}

/* 0, or MAIKO_EINVAL with its text: a subscription to a topic of the library with a policy that could make the library
 * wait. `who` begins the text. */
int mk_own_policy(uint32_t topic, maiko_overflow overflow, const char *who);
static inline int mk_own_policy_check(uint32_t topic, maiko_overflow overflow, const char *who)
{
	return MK_LIKELY(!mk_topic_is_own(topic)) ? 0 : mk_own_policy(topic, overflow, who);
}

#endif
