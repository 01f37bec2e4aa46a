/*
 * interest.h - the workers that have subscribers of a topic: the supervisor's counts, and
 * updating the workers' views from them.
 *
 * All functions are called with the lock.
 */
#ifndef MK_INTEREST_H
#define MK_INTEREST_H

#include "runtime/runtime.h"

/* The count of a worker's subscribers of a topic, made if missing; NULL without memory.
 * With the lock. */
mk_interest *mk_record_interest(mk_record *r, uint32_t worker);

/* Counts the subscriptions of an actor on that worker, or no longer. 0, or MAIKO_ENOMEM with nothing changed. */
int mk_interests_add(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker);
void mk_interests_take(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker);

/* Updates the view of `w` on one topic: whether `worker` has subscribers. */
void mk_interest_refresh(mk_worker *w, uint32_t topic, uint32_t worker);

#endif
