/*
 * external.h - external threads as senders: each has an order, an identity and a credit of
 * its own.
 *
 * A thread's events enter through the inbox of one worker, always the same, which routes
 * them as the sender's worker does. The thread may have `external_credit` events that the
 * worker has not taken; past that, or while a subscriber or channel mutes it, it waits.
 * `sent` is written by the thread, `taken` by the worker, `mutes` by any worker.
 *
 * When a thread ends, the next new one takes over its record, with its order and its ids, once
 * its last event has been taken and nothing mutes it. So there are as many records as threads
 * that were there at one time. What an ended thread has sent mutes nobody any more.
 */
#ifndef MK_EXTERNAL_H
#define MK_EXTERNAL_H

#include "runtime/runtime.h"

/* By any worker: the thread must wait because of an event of its own, of that number in its
 * ids, and need not any more. False: it was another thread's that has ended. */
bool mk_external_mute(struct mk_external *f, uint64_t sequence);
void mk_external_release(struct mk_external *f);

/* On a worker: publishes what has come in; with `close`, for the last time. */
void mk_external_intake(mk_worker *w, bool close);

/* Led by a recording: frees what has come in. */
MK_PRIVATE void mk_external_forget(mk_worker *w);
/* Led by a recording: puts a recorded event into the worker's inbox, with the id and the time that it had.
 * 0, MAIKO_ENOMEM, MAIKO_ESHUTDOWN (the worker takes no more), or what a send returns. */
MK_PRIVATE int mk_external_put(mk_worker *w, const maiko_event_type *type, const void *value, maiko_id id,
			       uint64_t timestamp_ns);

/* Waits until this thread may send, `timeout_ms` at the most. 0, MAIKO_EAGAIN (it may not wait), MAIKO_ETIMEDOUT,
 * MAIKO_ESHUTDOWN; mk_external_fail has the words for it. */
int mk_external_wait(mk_sup *sup, struct mk_external *f, uint64_t timeout_ms);
MK_NOINLINE int mk_external_fail(mk_sup *sup, int rc);

/* The index of the topic that an event goes to. 0, or the error of an event that is routed by content. */
int mk_external_topic(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic);

/* Wakes all that wait in a send: the supervisor is stopping. With the lock. */
void mk_external_wake_all(mk_sup *sup);

/* Entries that threads have sent to, and been taken from by, a worker; with the lock. */
void mk_external_totals(mk_sup *sup, uint32_t worker, uint64_t *ret_sent, uint64_t *ret_taken);

/* Frees what a worker has not taken: each stop takes all, before the start too, but not that
 * of a simulation that has failed. Nothing counts it. */
void mk_external_drop(mk_worker *w);

/* Frees the records of the threads. */
void mk_external_fini(mk_sup *sup);

#endif
