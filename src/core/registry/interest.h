/*
 * interest.h - which workers have subscribers of a topic: the supervisor's counts, and how
 * the workers' views follow them.
 *
 * All of it under the lock.
 */
#ifndef MK_INTEREST_H
#define MK_INTEREST_H

#include "runtime/runtime.h"

/* A subscriber on that worker more. 0 or MAIKO_ENOMEM. */
int mk_interest_add(mk_sup *sup, uint32_t topic, uint32_t worker, maiko_overflow overflow);
void mk_interest_take(mk_sup *sup, uint32_t topic, uint32_t worker, maiko_overflow overflow);

/* The same for all of an actor's subscriptions. 0, or MAIKO_ENOMEM with nothing done. */
int mk_interests_add(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker);
void mk_interests_take(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker);

/* Brings a worker's view of one topic up to date, as far as it is about `worker`. */
void mk_interest_refresh(mk_worker *w, uint32_t topic, uint32_t worker);

#endif
