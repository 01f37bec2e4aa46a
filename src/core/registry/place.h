/*
 * place.h - to what an actor subscribes: a topic, a pattern (pattern.h), or a share group of either (members.h).
 */
#ifndef MK_PLACE_H
#define MK_PLACE_H

#include "runtime/runtime.h"

/* The record that a subscription is to, made if it is missing. With the lock. Errors as in maiko/topic.h; `who` begins
 * the text for a share group. `asks`: as in mk_topic_needed; initially false. */
int mk_place_of(mk_sup *sup, const char *who, const maiko_subscription *s, mk_record **ret_record, bool *asks);

/* 0, or MAIKO_EINVAL with its text: of these subscriptions of one actor one is to a share group, and another takes the
 * same events. `who` begins the text. */
int mk_places_check_groups(mk_sup *sup, const char *who, mk_subscriptions *places, uint32_t count);
/* Whether that subscription and one that the actor has already are such. */
bool mk_place_doubles(mk_sup *sup, mk_actor *a, const mk_subscription *place);

/* Whether an event of that type may go to the subscribers of a record. One that is routed by content may be of any
 * topic. */
bool mk_record_may_have(mk_sup *sup, const mk_record *r, const mk_type *type);
/* Whether the class handles an event that may go to the subscribers of that topic or pattern (NULL: of all topics). */
bool mk_actor_class_handles(mk_sup *sup, const mk_actor_class *class, const mk_record *r);

#endif
