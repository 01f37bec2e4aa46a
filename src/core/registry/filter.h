/*
 * filter.h - the filters of subscriptions (maiko/filter.h).
 *
 * A filter is a copy of its description, with the fields of its tests found. It belongs to one subscription of one
 * actor: it is made with the request; it is the change's until the subscription is applied, then the actor's
 * (mk_extra), where only the actor's worker accesses it, until the subscription has ended or the actor is freed. It is
 * found by the topic, in mk_overflow alone: a subscription with a filter is not `simple`, so others pay nothing.
 *
 * While the actor migrates its shadow has the same filters without owning them: from the pick on the actor is held, and
 * if its subscriptions change before the move begins there is no move (is_current of migrate.c compares the numbers of
 * the filters).
 */
#ifndef MK_FILTER_H
#define MK_FILTER_H

#include "event/match.h"
#include "runtime/runtime.h"

typedef struct mk_filter {
	struct mk_filter *next, **at; /* in its owner's list; at: what points to it */
	uint32_t number;              /* differs from that of others at the same time; not 0 */
	uint32_t topic;
	const mk_type *type;
	maiko_filter desc; /* its texts follow the fields */
	mk_found found[];  /* the field of each test */
} mk_filter;

/* Checks and copies a filter for a subscription to that topic, and adds it to a list. With the lock. 0, or
 * MAIKO_EINVAL, MAIKO_ETYPE, MAIKO_E2BIG or MAIKO_ENOMEM; `who` begins the text. */
int mk_filter_new(mk_sup *sup, const char *who, const maiko_filter *desc, const mk_record *r, mk_filter **list,
		  mk_subscription *place);
void mk_filters_free(mk_filter *list);

/* The filter of that topic in a list that is short; NULL: none. */
const mk_filter *mk_filters_find(const mk_filter *list, uint32_t topic);

/* Moves all filters of a list to another, which is empty. */
void mk_filters_pass(mk_filter **from, mk_filter **to);

/* Gives the actor the filters of a list. reserve: 0 or MAIKO_ENOMEM; after that take cannot fail. drop: those of these
 * topics, to which it no longer subscribes. */
int mk_filters_reserve(mk_actor *a, const mk_filter *list);
void mk_filters_take(mk_actor *a, mk_filter **list);
void mk_filters_drop(mk_actor *a, const mk_subscription *places, uint32_t count);

/* Lets a shadow use the filters of its actor. 0 or MAIKO_ENOMEM. */
int mk_filters_lend(const mk_actor *a, mk_actor *shadow);

/* The filter of a subscription that has one. */
static inline const mk_filter *mk_filter_of(const mk_actor *a, uint32_t topic)
{
	return mk_map_get(&a->extra->filter_of, (uint64_t)topic + 1);
}
bool mk_filter_accepts(const mk_filter *f, const mk_event *e);

#endif
