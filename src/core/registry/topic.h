/*
 * topic.h - a worker's own view of a topic: its subscribers on this worker, and the other
 * workers that have any.
 */
#ifndef MK_TOPIC_H
#define MK_TOPIC_H

#include "runtime/runtime.h"

/* The worker's view of a topic, made from the supervisor's counts if it is missing;
 * NULL without memory. */
mk_topic *mk_topic_here(mk_worker *w, uint32_t index);

/* Whether a view may be made from the supervisor's counts at any time. When recording it must not depend on time:
 * mk_topics_know_all, and then each change, makes those of all topics that have subscribers (note.h). */
static inline bool mk_topic_may_follow(const mk_worker *w)
{
	return MK_LIKELY(!w->sup->seam.noted) || w->unsure || mk_state_of(w->sup) == MK_NEW;
}

/* Makes or updates the views of all topics that ever had subscribers (note.h). With the lock. */
void mk_topics_know_all(mk_worker *w);

/* The view if it was made before, else NULL. */
static inline mk_topic *mk_topic_known(mk_worker *w, uint32_t index)
{
	return mk_segmented_array_get(&w->topics, index);
}

/* Adds a subscriber. 0 or MAIKO_ENOMEM. Preconditions: it is not one yet; it has the filter of the subscription. */
int mk_topic_join(mk_topic *t, mk_actor *a, const mk_subscription *place, bool joining);
/* Reserves space for one subscriber, so that its join cannot fail; unreserve gives it up, before the
 * join. 0 or MAIKO_ENOMEM. */
int mk_topic_reserve(mk_topic *t);
static inline void mk_topic_unreserve(mk_topic *t) { t->reserved--; }
/* Undoes the last mk_topic_join. */
void mk_topic_unjoin(mk_topic *t);
/* An actor's subscription; NULL if there is none. A migrating actor takes over its shadow's. */
mk_sub *mk_topic_sub(mk_topic *t, const mk_actor *a);
void mk_topic_take_over(mk_topic *t, mk_actor *a, const mk_actor *shadow);
/* From the change under way on, the actor receives no events of the topic. */
void mk_topic_leave(mk_topic *t, mk_actor *a);
/* The change is complete: joining subscribers of these topics become active, leaving ones are removed. Topics of which
 * the worker has no view are skipped. */
void mk_topics_settle(mk_worker *w, const mk_subscription *places, uint32_t count);

/* Whether a subscriber that may be joining or leaving receives events sent under `marker`. */
static inline bool mk_takes_part(const mk_worker *w, const mk_sub *s, uint64_t marker)
{
	bool after = marker >= w->marker;
	return s->state == MK_ACTIVE || (s->state == MK_JOINING) == after;
}

/* Sets the mark of these topics: for a search through a list for what belongs to any of them. */
void mk_topics_mark(mk_worker *w, const mk_subscription *places, uint32_t count, bool marked);

/* Updates the view from the supervisor's counts. With the lock. */
void mk_topic_refresh(const mk_worker *w, mk_topic *t);

/* Stores whether another worker has any subscribers, and whether all of them have drop policies. */
void mk_topic_interest(mk_topic *t, uint32_t worker, bool any, bool drops);

/* Adds this worker's counts of the topic. */
void mk_topic_add_counts(const mk_topic *t, maiko_topic_row *to);

/* The topic is given back (idle_topics.h): frees the view, if there is one, and keeps its counts. */
void mk_topic_unmake(mk_worker *w, uint32_t index, maiko_topic_row *gone);

void mk_topics_fini(mk_worker *w);

#endif
