/*
 * subscriptions.h - the topics that an actor subscribes to. One is stored inline, more in an array
 * whose size is a power of two, at least 4. With many of them the first find builds an index by
 * topic.
 */
#ifndef MK_SUBSCRIPTIONS_H
#define MK_SUBSCRIPTIONS_H

#include "base/base.h"

typedef struct mk_subscription {
	uint32_t topic;
	uint32_t overflow : 8; /* maiko_overflow, as the caller passed it */
	uint32_t filter : 24;  /* the number of its filter (filter.h); 0: none */
} mk_subscription;
_Static_assert(sizeof(mk_subscription) == 8, "a hundred thousand subscribers are small");

typedef union mk_subscriptions {
	mk_subscription one;
	mk_subscription *many;
} mk_subscriptions;

/* The array of all `count` subscriptions. */
static inline mk_subscription *mk_subscriptions_at(mk_subscriptions *places, uint32_t count)
{
	return count > 1 ? places->many : &places->one;
}

/* Appends one. 0 or MAIKO_ENOMEM. */
int mk_subscriptions_add(mk_subscriptions *places, uint32_t *count, mk_subscription place);

/* The position of the subscription to that topic; `count` if there is none. */
uint32_t mk_subscriptions_find(mk_subscriptions *places, uint32_t count, uint32_t topic);

/* Removes one; the last moves to its position. */
void mk_subscriptions_remove(mk_subscriptions *places, uint32_t *count, uint32_t index);

/* Initializes `places` with a copy of `from`. 0 or MAIKO_ENOMEM. */
int mk_subscriptions_copy(mk_subscriptions *places, const mk_subscription *from, uint32_t count);

void mk_subscriptions_free(mk_subscriptions *places, uint32_t count);

#endif
