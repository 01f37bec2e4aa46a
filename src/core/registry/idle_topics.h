/*
 * idle_topics.h - topics made at run time, and when they are given back.
 *
 * A topic of maiko_topic_named belongs to who named it, until maiko_topic_release; one that a description refers to (a
 * static topic, an event type, an actor type) stays. A topic that nobody uses any more is idle, and so is a pattern
 * (pattern.h). When it has been idle
 * for a minute and another topic is made at run time, a batch of changes (topology.h) finds out whether anything still
 * refers to it, and gives it back if not:
 *
 *   - When the batch begins it has no subscriber and no watcher, and its slot is cleared: whoever sends on it from now
 *     on without having named it (its handler got it from an envelope) must take the lock, finds the slot cleared, and
 *     keeps the topic by storing it again.
 *   - So what was sent on it precedes the batch's markers, and when all have passed it is in no channel, and its
 *     number of deliveries is final.
 *   - Then each worker settles, between two callbacks, and adds to `open` its deliveries that have no outcome yet, its
 *     delayed sends, the events that its actors keep, and those that are retained. A delivery and its outcome may be
 *     counted by two workers, if the subscriber has moved: it is the sum that tells. If it is 0, no event of the topic
 *     is alive.
 *   - The lists to which the view of a pattern is attached are made anew from then on, without it, since it is empty.
 *   - Nobody has named it meanwhile, and no change that waits for a later batch subscribes to it.
 *
 * Its record stays, for the next topic that is made. Its counts are added to one row of the ledger.
 *
 * While a recorder is attached, in a replay, and while a harness refers to topics, none is given back.
 */
#ifndef MK_IDLE_TOPICS_H
#define MK_IDLE_TOPICS_H

#include "runtime/runtime.h"

/* All functions but the last are called with the lock. */

/* Somebody names it, and releases it: 0 or MAIKO_EINVAL; or a description refers to it, for good. */
void mk_topic_named(mk_sup *sup, mk_record *r);
int mk_topic_release(mk_sup *sup, const maiko_topic *topic);
void mk_topic_pin(mk_record *r);
/* A subscription refers to one that nobody has named, as a pattern: as long as it has subscribers, and a minute.
 * `asks` is set: no topic is given back until mk_topics_asked, in the critical section that asks for the change, or
 * gives it up. */
void mk_topic_needed(mk_sup *sup, mk_record *r, bool *asks);
static inline void mk_topics_asked(mk_sup *sup, bool *asks)
{
	sup->idle_topics.asking -= *asks;
	*asks = false;
}

/* Whether topics have been idle for long enough to examine them. */
bool mk_idle_topics_due(mk_sup *sup);
/* A batch begins: examines them. */
void mk_idle_topics_begin(mk_sup *sup);
/* All workers have settled. A change that waits for the next batch needs these; then gives back the rest. */
static inline bool mk_idle_topics_examined(const mk_sup *sup) { return sup->idle_topics.examined != NULL; }
void mk_idle_topics_need(mk_sup *sup, const mk_subscription *places, uint32_t count);
void mk_idle_topics_give_back(mk_sup *sup);

/* A record without a name, which has its index: leaves it for reuse, and takes one; NULL: none. */
void mk_idle_topics_leave(mk_sup *sup, mk_record *r);
mk_record *mk_idle_topics_reuse(mk_sup *sup);

/* From now on no topic is given back. Takes the lock. */
MK_PRIVATE void mk_idle_topics_keep(mk_sup *sup);

/* An event of a share group leaves a worker, or (by: -1) arrives at another: so long the topic stays. Any thread. */
static inline void mk_topic_passes(mk_record *r, int by)
{
	/* Relaxed: when all workers have settled, what was sent before is seen by the thread that reads it. */
	atomic_fetch_add_explicit(&r->passing, (uint64_t)by, memory_order_relaxed);
}

/* A worker settles. */
void mk_idle_topics_count(mk_worker *w);

#endif
