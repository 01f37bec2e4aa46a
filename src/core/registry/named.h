/*
 * named.h - the topics that sends name (maiko_send_on).
 *
 * The registry finds a topic by its name under the lock. So each worker has a map of the names that its actors have
 * sent to, by the 64-bit hash of the name, to the description of the topic; from there on such a send is one that is
 * routed by content (target.h). Of two names with one hash the map has one, the other is looked up each time.
 *
 * A topic that only sends name belongs to nobody: it is idle from the start, and idle_topics.c forgets the map of each
 * worker, as the targets, before the batch decides whether a topic is unused.
 */
#ifndef MK_NAMED_H
#define MK_NAMED_H

#include "runtime/runtime.h"

/* The topic of that name, made if it does not exist; it is released already, so it stays for a minute, or as long as
 * this worker takes part in no batch. 0, or an error of maiko_topic_named. */
int mk_named_lookup(mk_sup *sup, const char *name, const maiko_topic **ret_topic);
/* The same by a worker. */
int mk_named_find(mk_worker *w, const char *name, const maiko_topic **ret_topic);

/* Forgets all names. */
static inline void mk_named_forget(mk_worker *w) { mk_map_fini(&w->named); }

/* 0, or MAIKO_EINVAL: events of that type may not be sent to a topic that the send names. */
int mk_named_check(const mk_type *type);
/* MAIKO_EINVAL, with its text: the function that routes events of that type returned NULL. */
int mk_route_fail(const mk_type *type);

#endif
