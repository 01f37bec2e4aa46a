/*
 * topic.h - a worker's own view of a topic: its subscribers here, and which other
 * workers have any.
 */
#ifndef MK_TOPIC_H
#define MK_TOPIC_H

#include "runtime/runtime.h"

/* The worker's view of a topic, made with the supervisor's interests if it is new;
 * NULL without memory. */
mk_topic *mk_topic_here(mk_worker *w, uint32_t index);

/* Makes or renews the views of all topics that have had subscribers (note.h). With the lock. */
void mk_topics_know_all(mk_worker *w);

/* The same if it was made before, else NULL. */
static inline mk_topic *mk_topic_known(mk_worker *w, uint32_t index)
{
	return mk_segmented_array_get(&w->topics, index);
}

/* Adds a subscriber. 0 or MAIKO_ENOMEM. Precondition: it is not one. */
int mk_topic_join(mk_topic *t, mk_actor *a, maiko_overflow overflow, bool joining);
/* Keeps room for one more, so that its joining does not fail; or gives it up, as one joins.
 * 0 or MAIKO_ENOMEM. */
int mk_topic_reserve(mk_topic *t);
static inline void mk_topic_unreserve(mk_topic *t) { t->reserved--; }
/* Takes back the last mk_topic_join. */
void mk_topic_unjoin(mk_topic *t);
/* An actor's own subscription; NULL if there is none. A moving actor takes over its shadow's. */
mk_sub *mk_topic_sub(mk_topic *t, const mk_actor *a);
void mk_topic_take_over(mk_topic *t, mk_actor *a, const mk_actor *shadow);
/* From the change under way on, it gets nothing more. */
void mk_topic_leave(mk_topic *t, mk_actor *a);
/* The change is complete: the joining are in, the leaving are out. */
void mk_topic_settle(mk_topic *t);
/* The same for each of these, which there are here. */
void mk_topics_settle(mk_worker *w, const mk_subscription *places, uint32_t count);

/* Takes the supervisor's counts anew. With the lock. */
void mk_topic_refresh(mk_topic *t, uint32_t here);

/* Another worker has subscribers (all with drop policies?) or none. */
void mk_topic_interest(mk_topic *t, uint32_t worker, bool any, bool drops);

void mk_topics_fini(mk_worker *w);

#endif
