/*
 * attached.h - the views that are attached to a worker's view of a topic: those of the patterns that match it.
 *
 * The list of a view (mk_topic.attached) has the patterns that have subscribers here or, as this worker knows, on
 * another. It is made when it is needed: before a publish, where there is an error for it if memory is short. The view
 * of a topic that is new here is stale if there are patterns. When a batch of changes gives a pattern its first
 * subscriber, or takes the last, each worker in its two steps marks its views of the matching topics stale: it
 * allocates nothing then. So a list is always that of the changes that the worker has applied, and a topic that is made
 * while a change is under way has it as well: the attached views themselves are exact.
 *
 * A list depends on nothing but the views of this worker and the names: a recording and its replay have the same ones
 * (note.h). For that, a worker that records takes no other views of patterns than those it has.
 *
 * The order of a list is that of mk_trie_walk: it depends on the names alone. Of the subscriptions by which an actor
 * would receive an event, the first one decides: that to the topic, then those of the list, then MAIKO_ALL_TOPICS.
 */
#ifndef MK_ATTACHED_H
#define MK_ATTACHED_H

#include "registry/topic.h"

/* Makes the list of a stale view. 0 or MAIKO_ENOMEM: then it is still stale. */
int mk_attached_make(mk_worker *w, mk_topic *t);

/* Calls `visit` with each view that is attached to the topic `r`, of which the worker's view, which may be stale, is
 * `t` or (NULL) missing; a result that is not 0 ends it and is returned. Allocates nothing. */
MK_PRIVATE int mk_attached_each(mk_worker *w, mk_topic *t, const mk_record *r, int (*visit)(void *arg, mk_topic *view),
				void *arg);

/* The subscription by which the actor receives the events of that topic, of those that its worker has; NULL: none. */
MK_PRIVATE mk_sub *mk_attached_sub(mk_worker *w, const mk_record *topic, const mk_actor *a, mk_topic **ret_view);

/* Whether the actor receives an event of that topic by an earlier of its subscriptions than `s`, which is of
 * that view. */
MK_NOINLINE bool mk_attached_earlier(mk_worker *w, const mk_record *topic, const mk_topic *view, const mk_actor *a,
				     uint64_t marker);
static inline bool mk_has_earlier(mk_worker *w, const mk_record *topic, const mk_topic *view, const mk_sub *s,
				  uint64_t marker)
{
	return MK_UNLIKELY(s->actor->overlaps) && mk_attached_earlier(w, topic, view, s->actor, marker);
}

/* Whether the topic, or a view that is attached to it, is marked (mk_topics_mark), and the actor does not subscribe to
 * it in another way. */
bool mk_attached_left(mk_worker *w, mk_topic *t, const mk_actor *a);

/* On a worker, or in its name, with the lock: its views of the topics that those patterns match become stale which have
 * changed in this step of a batch (mk_pattern_counts); or that one pattern, which may be given back. */
void mk_attached_refresh(mk_worker *w);
void mk_attached_forget(mk_worker *w, const mk_record *pattern);

/* Sums over the attached views, without those of share groups (members.h): the other workers that have subscribers,
 * and those of them where all drop; the subscribers here. Precondition: the view is not stale. */
uint64_t mk_attached_remote(const mk_topic *t);
uint64_t mk_attached_drops(const mk_topic *t);
uint32_t mk_attached_subs(const mk_topic *t);

/* The only subscriber of the topic, by a view that is attached to it, if only its mailbox room remains to be checked;
 * else NULL. */
mk_actor *mk_attached_only(const mk_worker *w, const mk_topic *t);
/* Caches it, as mk_route and mk_target do. */
void mk_attached_remember(const mk_worker *w, const mk_topic *t, mk_actor **only, uint64_t *version);

/* Whether the policy of a subscriber does not matter while there is room (mk_sub.simple), as far as the topic
 * decides. */
static inline bool mk_attached_may_be_simple(const mk_topic *t)
{
	return t->ttl_ns == 0 && t->record->desc.overflow != MAIKO_KEEP_LATEST;
}

#endif
