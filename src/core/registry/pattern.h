/*
 * pattern.h - what is attached to topics: the patterns that actors subscribe to, and which topics they match.
 *
 * A pattern is a record like that of a topic (mk_record.attaches), with an index, interests and, on each worker, a view
 * that has its subscribers. So joining, leaving, moving, filters and markers are those of a topic; but no event is of
 * it. Instead its view is attached to the views of the topics that its name meets (attached.h), and an event of such a
 * topic goes to the subscribers of both. An exact name could be attached in the same way.
 *
 * Which topics a pattern matches, and which patterns a topic has, is found in two tries of names. That of the topics is
 * made with the first pattern: without patterns it costs nothing. The topics of the library itself are in neither: only
 * a subscription by their name takes them.
 *
 * All functions are called with the lock.
 */
#ifndef MK_PATTERN_H
#define MK_PATTERN_H

#include "runtime/runtime.h"

/* 0, or MAIKO_EINVAL with its text: a pattern that can match nothing, or has policies. `what` begins the text. */
int mk_pattern_check(const char *what, const maiko_topic *desc);
/* MAIKO_EINVAL with its text: that is a pattern, and a topic is needed. */
int mk_pattern_fail(const char *what, const char *name);

/* A record has got its name: it becomes one of the topics, or (attaches) of the patterns. 0, or MAIKO_ENOMEM with
 * nothing changed. leave: it is given up. */
int mk_pattern_enter(mk_sup *sup, mk_record *r);
void mk_pattern_leave(mk_sup *sup, mk_record *r);
void mk_patterns_fini(mk_sup *sup);

/* A topic is watched from now on, by its own name: its `listeners` include those of the patterns. 0 or MAIKO_ENOMEM. */
int mk_pattern_watch(mk_sup *sup, mk_record *r);

/* Calls `visit` with each record that meets a name: topics, patterns, watched topics. A result that is not 0 ends the
 * search and is returned. The record of an entry: mk_record_of_entry, mk_record_of_watched. */
static inline mk_record *mk_record_of_entry(mk_trie_entry *entry) { return MK_OF(entry, mk_record, entry); }
static inline mk_record *mk_record_of_watched(mk_trie_entry *entry) { return MK_OF(entry, mk_record, watched); }
static inline int mk_topics_meeting(const mk_sup *sup, const char *name, mk_trie_visit visit, void *arg)
{
	return mk_trie_walk(&sup->patterns.topics, name, visit, arg);
}
static inline int mk_patterns_meeting(const mk_sup *sup, const char *name, mk_trie_visit visit, void *arg)
{
	return mk_trie_walk(&sup->patterns.patterns, name, visit, arg);
}
static inline int mk_watched_meeting(const mk_sup *sup, const char *name, mk_trie_visit visit, void *arg)
{
	return mk_trie_walk(&sup->patterns.watched, name, visit, arg);
}

/* Whether patterns may match it: it is no topic of the library. */
MK_PRIVATE bool mk_record_is_matched(const mk_record *r);
/* Whether events of that topic go to the subscribers of the record: it is that topic, or a pattern that matches it. */
bool mk_record_takes(const mk_record *r, const mk_record *topic);
/* Whether one event may match several of an actor's subscriptions. Of many with a pattern: true without looking. */
bool mk_places_overlap(mk_sup *sup, mk_actor *a);

/* The interests of a record have changed by one subscriber. */
void mk_pattern_turn(mk_sup *sup, mk_record *r, bool more);
static inline void mk_pattern_counts(mk_sup *sup, mk_record *r, bool more)
{
	if (MK_UNLIKELY(r->attaches))
		mk_pattern_turn(sup, r, more);
}
/* A step of a batch begins, or the batch is over: what has changed before is known to all workers. */
void mk_patterns_forget(mk_sup *sup);
static inline void mk_patterns_are_known(mk_sup *sup)
{
	if (MK_UNLIKELY(sup->patterns.changed != NULL))
		mk_patterns_forget(sup);
}

#endif
