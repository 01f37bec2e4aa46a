/*
 * subscriptions.h - the topics that an actor subscribes to: one is stored inline, more in an array
 * whose size is a power of two, 4 at least. Among many of them a topic is found by an index,
 * made when one is first looked for.
 */
#ifndef MK_SUBSCRIPTIONS_H
#define MK_SUBSCRIPTIONS_H

#include "base/base.h"

typedef struct mk_subscription {
	uint32_t topic;
	uint8_t overflow; /* as asked for */
} mk_subscription;

typedef union mk_subscriptions {
	mk_subscription one;
	mk_subscription *many;
} mk_subscriptions;

/* All `count` of them. */
static inline mk_subscription *mk_subscriptions_at(mk_subscriptions *places, uint32_t count)
{
	return count > 1 ? places->many : &places->one;
}

/* One more, at the end. 0 or MAIKO_ENOMEM. */
int mk_subscriptions_add(mk_subscriptions *places, uint32_t *count, mk_subscription place);

/* Which one is of that topic; `count` if none is. */
uint32_t mk_subscriptions_find(mk_subscriptions *places, uint32_t count, uint32_t topic);

/* Without that one; the last takes its place. */
void mk_subscriptions_remove(mk_subscriptions *places, uint32_t *count, uint32_t index);

/* A copy of others. 0 or MAIKO_ENOMEM. */
int mk_subscriptions_copy(mk_subscriptions *places, const mk_subscription *from, uint32_t count);

void mk_subscriptions_free(mk_subscriptions *places, uint32_t count);

#endif
