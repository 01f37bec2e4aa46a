/*
 * news.h - the events that the library itself publishes (maiko/lifecycle.h): ends, restarts, failures of groups,
 * callbacks that do not return, dead letters.
 *
 * They arise in the middle of something: a delivery, the end of an actor, a critical section of the supervisor. So
 * nothing is published there: an event is made, if anyone subscribes, and waits in a list of the worker, which a step
 * of its own publishes (MK_NOTE_NEWS; in a turn after the runs). A worker with something in that list is not quiet and
 * does not sleep. What is told of lies before: in the same mailboxes, in the same channels.
 *
 * The sender of these events is the supervisor's `own_sender`, which no mute reaches: overflow.c drops instead where
 * the policy would block, and mk_publish_news where a channel is full. A wildcard subscription does not get them.
 */
#ifndef MK_NEWS_H
#define MK_NEWS_H

#include "registry/own.h"
#include "registry/topic.h"

/* Whether anyone subscribes to a topic of the library, as this worker knows. */
static inline bool mk_news_wanted(mk_worker *w, uint32_t topic)
{
	const mk_topic *t = mk_topic_known(w, topic);
	return (t->sub_count | t->remote) != 0;
}

/* Adds an event of that type, if its topic is wanted, or a monitor is to be told of it when it is published (a failed
 * group: that is decided under the lock, where no hook may run). `about`: the event that becomes its parent, or NULL.
 * Any moment on the worker, also with the lock. */
void mk_news_add(mk_worker *w, mk_own_type type, const void *value, const mk_event *about);

/* The worker is freed. */
void mk_news_fini(mk_worker *w);

/* Copies a name. Precondition: `to` is zeroed. */
static inline void mk_name_copy(char to[MAIKO_NAME_MAX + 1], const char *from)
{
	size_t length = __builtin_strlen(from);
	__builtin_memcpy(to, from, (length > MAIKO_NAME_MAX ? MAIKO_NAME_MAX : length));
}

#endif
