/*
 * backpressure.h - who must wait for whom (C8, C9).
 *
 * A full subscriber mutes the sender of what still arrives: an edge from the sender to
 * the subscriber. It has two ends: the subscriber keeps an mk_edge to release, the
 * sender an mk_wait that holds it. A full channel mutes in the same way, with an
 * mk_wait alone.
 *
 *   sender's worker                       subscriber's worker
 *     actor -> extra.muted_by -> mk_wait     mk_edge <- extra.mutes <- actor
 *
 * Between workers the two ends are set up and taken down by messages on the control
 * lane, which keeps their order. An mk_wait whose actor has ended stays, orphaned,
 * until its release arrives: every edge is released, when its subscriber falls below
 * the low mark, unsubscribes from what made it wait, or ends.
 *
 * Cycles are found by the edge-chasing algorithm of Chandy, Misra and Haas ("Distributed
 * deadlock detection", 1983, the AND model): each new edge sends a probe from its sender
 * along the edges; one that comes back to its start has walked a cycle, and carries it.
 * The edge that closes a cycle is set up after all others of it, so its probe finds them.
 * The members of a cycle then run on although muted, until one of its edges is gone: then
 * those still muted are held again, and send their probes again, for they may be in other
 * cycles. A full channel holds them all the same: it is always drained. When a mailbox of the
 * cycle has MK_CYCLE_BOUND events above its capacity, or MK_CYCLE_BYTES times its bound in
 * bytes, all members fail with MAIKO_EDEADLK.
 *
 * models/mute.pml is this protocol, with what it promises; a change of this changes it first.
 */
#ifndef MK_BACKPRESSURE_H
#define MK_BACKPRESSURE_H

#include "runtime/runtime.h"

/* The subscriber is full: the sender of this event must wait, once. 0 or MAIKO_ENOMEM. */
int mk_mute_by_subscriber(mk_worker *w, const mk_event *e, mk_actor *subscriber);

/* The channel is full: the sender of this event must wait, once. Without memory it does not. */
void mk_mute_by_channel(mk_worker *w, const mk_event *e, mk_channel *ch);

/* Applies the mutes among the control messages that have come; the rest keep their order (router.c). */
void mk_mutes_take(mk_worker *w);

/* Releases all that this subscriber mutes. */
void mk_release_all(mk_worker *w, mk_actor *subscriber);

/* The same, once it has fallen to its low mark, half its capacity, and half its bound in bytes. */
void mk_release_if_low(mk_worker *w, mk_actor *subscriber);

/* Releases those that it mutes for this topic alone. The others wait for its low mark: or
 * each topic that it leaves would let all of them in once more, however full it is. */
void mk_release_topic(mk_worker *w, mk_actor *subscriber, const mk_topic *topic);

/* The channel has room again: those it mutes go on, and it need not wake us any more.
 * Nothing if it was not full. */
void mk_release_channel(mk_worker *w, mk_channel *ch);

/* The actor moves to another worker (migrate.h): no channel of this one holds it any more. */
void mk_forget_channels(mk_worker *w, mk_actor *a);

/* Those that its shadow mutes, the actor mutes from now on. Without memory they are released. */
void mk_mutes_join(mk_worker *w, mk_actor *a, mk_actor *shadow);

/* Frees what is left of a channel's mutes, when no actor runs any more. */
void mk_drop_channel_waits(mk_channel *ch);

/* Holds an actor that is muted; it has its allowance. */
void mk_hold_muted(mk_worker *w, mk_actor *a);

bool mk_is_muted_by_channel(const mk_actor *a);

/* The actor ends: it waits for nobody any more, and leaves its cycle. */
void mk_forget_waits(mk_worker *w, mk_actor *a);

/* When this worker is to send probes next; UINT64_MAX: it has none to send. Not more often than
 * every millisecond while it has other work: an edge that soon goes again needs none. And the
 * less often the more of them there are: among many actors that mute each other, each probe
 * goes along every edge, and many together are to take a tenth of the time at most. */
uint64_t mk_probes_due(const mk_worker *w);

/* Sends them: one an actor, along all its edges. */
void mk_probe_now(mk_worker *w);

static inline bool mk_is_muted(const mk_actor *a) { return a->extra != NULL && a->extra->muted_by != NULL; }

#endif
