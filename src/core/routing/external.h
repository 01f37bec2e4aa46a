/*
 * external.h - external threads as senders: each has its own order, identity and credit.
 *
 * A thread puts its events into a feed (feed.h) to one worker, always the same, which copies them into its own pool
 * and routes them like events of its own actors. The event of a type that is not plain, a block or a tracked event is
 * made on the heap, and the feed holds its pointer. A feed that has rested is pushed to the worker's inbox, and the
 * worker is woken if it sleeps; a feed from which the worker still takes is only written to. So the worker looks at
 * no thread that sends nothing, and a thread that sends much wakes nobody.
 *
 * The thread may have `external_credit` events that the worker has not taken; with more, or while a subscriber or
 * channel mutes it, it waits: for credit, until half of it is there, so that a wake-up is for many events. Any worker
 * writes `mutes`.
 *
 * When a thread ends, a later new thread takes over its record, with its order and its ids, once
 * its last event is taken and nothing mutes it. So there are as many records as threads sent at
 * the same time. Events of an ended thread mute no thread.
 */
#ifndef MK_EXTERNAL_H
#define MK_EXTERNAL_H

#include "runtime/runtime.h"

/* From any worker: mutes the thread because of its event with that sequence number, and releases it.
 * False: the event was of an earlier thread of this record, which has ended. */
bool mk_external_mute(struct mk_external *f, uint64_t sequence);
void mk_external_release(struct mk_external *f);

/* Whether external threads have sent something to the worker that it has not taken, or a feed must be let rest. */
static inline bool mk_external_waits(mk_worker *w) { return w->feeds != NULL || !mk_inbox_empty(&w->external); }

/* On a worker: publishes up to `most` events, each feed's in turn; a recording and a replay take all. Returns whether
 * some are left. close: all of them, and refuses later ones. */
bool mk_external_intake(mk_worker *w, uint64_t most);
void mk_external_close(mk_worker *w);

/* In a replay: frees the events that the worker has not taken. */
MK_PRIVATE void mk_external_forget(mk_worker *w);
/* In a replay: puts a recorded event into a feed to the worker, with its recorded topic (NULL: that of its type), id,
 * time and time to live (0: none). 0, MAIKO_ENOMEM, MAIKO_ESHUTDOWN (the feed is closed), or the error of a send. */
MK_PRIVATE int mk_external_put(mk_worker *w, const maiko_event_type *type, const char *topic, const void *value,
			       maiko_id id, uint64_t timestamp_ns, uint64_t ttl_ms);

/* Waits until this thread may send, at most `timeout_ms`. 0, MAIKO_EAGAIN (it may not wait), MAIKO_ETIMEDOUT,
 * MAIKO_ESHUTDOWN; mk_external_fail stores the error text. */
int mk_external_wait(mk_sup *sup, struct mk_external *f, uint64_t timeout_ms);
/* After that: how many events it may send without asking again, at least 1. */
uint64_t mk_external_credit(mk_sup *sup, struct mk_external *f);
MK_NOINLINE int mk_external_fail(mk_sup *sup, int rc);

/* Adds an event to the thread's feed: a copy of `value`, of a plain type; or one on the heap, stamped, with the index
 * of its topic as its refs. 0 or MAIKO_ENOMEM. */
int mk_external_add(struct mk_external *f, const mk_type *type, uint32_t topic, const void *value,
		    uint64_t timestamp_ns);
int mk_external_add_event(struct mk_external *f, const mk_event *e);
/* Makes the events added visible, and wakes the worker if it sleeps. MAIKO_ESHUTDOWN: none is sent; an event on the
 * heap is the caller's again. */
int mk_external_show(mk_sup *sup, struct mk_external *f);

/* The index of an event's topic. 0, or the error of routing by content. */
int mk_external_topic(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic);
/* The same of an event whose send names the topic (named.h). */
int mk_external_topic_named(mk_sup *sup, const mk_type *type, const char *name, uint32_t *ret_topic);

/* The supervisor is stopping: wakes all threads that wait in a send. With the lock. */
void mk_external_wake_all(mk_sup *sup);

/* The numbers of events that external threads have sent to a worker, and that it has taken. With the lock. */
void mk_external_totals(mk_sup *sup, uint32_t worker, uint64_t *ret_sent, uint64_t *ret_taken);

/* Frees the events that a worker has not taken. There are none after a stop, even before the start, except
 * in a failed simulation. They are not counted. */
void mk_external_drop(mk_worker *w);

/* Frees the records of the threads. */
void mk_external_fini(mk_sup *sup);

#endif
