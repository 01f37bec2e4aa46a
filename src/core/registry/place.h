/*
 * place.h - to what an actor subscribes: a topic, or a pattern (pattern.h).
 */
#ifndef MK_PLACE_H
#define MK_PLACE_H

#include "runtime/runtime.h"

/* The record that a description of a subscription names, made if it is missing. With the lock. Errors as in
 * maiko/topic.h. `asks`: as in mk_topic_needed; initially false. */
int mk_registry_place(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record, bool *asks);

/* Whether an event of that type may go to the subscribers of a record. One that is routed by content may be of any
 * topic. */
bool mk_record_may_have(mk_sup *sup, const mk_record *r, const mk_type *type);
/* Whether the class handles an event that may go to the subscribers of that topic or pattern (NULL: of all topics). */
bool mk_actor_class_handles(mk_sup *sup, const mk_actor_class *class, const mk_record *r);

#endif
