/*
 * backpressure.h - muting the senders of full subscribers and channels (C8, C9).
 *
 * A full subscriber mutes the sender of each event that still arrives: an edge from the
 * sender to the subscriber. An edge has two ends: the subscriber has an mk_edge, by which it
 * releases the sender; the sender has an mk_wait, which holds it. A full channel mutes in
 * the same way, with an mk_wait alone.
 *
 *   sender's worker                       subscriber's worker
 *     actor -> extra.muted_by -> mk_wait     mk_edge <- extra.mutes <- actor
 *
 * Between workers, messages on the control lane set up and remove the two ends; the lane
 * keeps their order. An mk_wait whose actor has ended stays, orphaned, until its release
 * arrives. Every edge is released: when its subscriber falls below the low mark,
 * unsubscribes from the topic that caused it, or ends.
 *
 * Cycles are found by the edge-chasing algorithm of Chandy, Misra and Haas ("Distributed
 * deadlock detection", 1983, the AND model): for each new edge its sender sends a probe
 * along the edges. A probe that returns to its initiator has traversed a cycle, and carries it.
 * The edge that closes a cycle is set up after all its other edges, so its probe finds them.
 * The members of a cycle then run although muted, until one of its edges is removed. Then
 * those still muted are held again, and send probes again, because they may be in other
 * cycles. A full channel still holds them, because it is always drained. When a mailbox of the
 * cycle has MK_CYCLE_BOUND events above its capacity, or MK_CYCLE_BYTES times its bound in
 * bytes, all members fail with MAIKO_EDEADLK; not those that have been restarted since it was found.
 *
 * models/mute.pml verifies this protocol. A change here changes the model first.
 */
#ifndef MK_BACKPRESSURE_H
#define MK_BACKPRESSURE_H

#include "runtime/runtime.h"

/* The subscriber is full: mutes the sender of this event, unless it already does. 0 or MAIKO_ENOMEM. */
int mk_mute_by_subscriber(mk_worker *w, const mk_event *e, mk_actor *subscriber);

/* The channel is full: mutes the sender of this event, unless it already does. Nothing without memory. */
void mk_mute_by_channel(mk_worker *w, const mk_event *e, mk_channel *ch);

/* Runs the mutes among the control messages that have arrived; the others keep their order (router.c). */
void mk_mutes_take(mk_worker *w);

/* Releases all senders that this subscriber mutes. */
void mk_release_all(mk_worker *w, mk_actor *subscriber);

/* The same, if its mailbox is at the low mark: at most half its capacity, and half its bound in bytes. */
void mk_release_if_low(mk_worker *w, mk_actor *subscriber);

/* Releases the senders that it mutes only for one topic, which it has left (mk_attached_left). The others wait for the
 * low mark: else each unsubscription would release all of them, however full the mailbox is. */
void mk_release_marked(mk_worker *w, mk_actor *subscriber);

/* The channel has room again: releases the senders that it mutes, and resets producer_waits.
 * Nothing if it was not full. */
void mk_release_channel(mk_worker *w, mk_channel *ch);

/* The actor migrates to another worker (migrate.h): removes the mutes of it by this worker's channels. */
void mk_forget_channels(mk_worker *w, mk_actor *a);

/* The actor takes over the edges of its shadow. Without memory they are released. */
void mk_mutes_join(mk_worker *w, mk_actor *a, mk_actor *shadow);

/* Frees a channel's remaining waits, when no actor runs any more. */
void mk_drop_channel_waits(mk_channel *ch);

/* Holds a muted actor; if it was not held as muted, gives it a new allowance. */
void mk_hold_muted(mk_worker *w, mk_actor *a);

bool mk_is_muted_by_channel(const mk_actor *a);

/* The actor ends: orphans its waits and leaves its cycle. */
void mk_forget_waits(mk_worker *w, mk_actor *a);

/* When this worker sends probes next; UINT64_MAX: it has none to send. At most once a
 * millisecond while it has other work, because a short-lived edge needs none. The more probes
 * arrive, the longer the interval: among many actors that mute each other each probe traverses
 * every edge, and all probes together may take at most a tenth of the time. */
uint64_t mk_probes_due(const mk_worker *w);

/* Sends them: one probe per actor, along all its edges. */
void mk_probe_now(mk_worker *w);

static inline bool mk_is_muted(const mk_actor *a) { return a->extra != NULL && a->extra->muted_by != NULL; }

#endif
