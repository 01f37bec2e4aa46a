/*
 * notice.h - actors that watch a topic are told whether anyone subscribes to it (C19).
 *
 * A watcher (MAIKO_ON_INTEREST) has a notice for each topic that it watches, made with the actor: so telling it needs
 * no memory, and a notice that is on its way is brought up to date instead of being doubled. What it says last is
 * always the truth.
 *
 * The moment is that of the change that makes the difference (topology.h):
 *
 *   begin    what each topic's count of subscriptions will be is known. Where a topic's first comes, or its last goes,
 *   apply    each worker lets the watchers that live there rest, before it puts its marker
 *   decide   all markers have passed: whether it is wanted now. (A subscription that its home had no memory for
 *            does not count.)
 *   settle   each worker gives its watchers their notices, before anything else of the change happens there, and
 *            in front of what they have queued (private.h); at its end they may run again
 *
 * So the watcher is told when all workers send under the change: whatever is sent because of its notice, by whom and
 * by which way ever, reaches the subscriber. And as all workers have let their watchers rest before the first worker
 * settles, no watcher handles an event that the change has caused (the on_start of a new subscriber, a completion)
 * before its notice. That is an order of control messages and of one lane each, so it adds nothing to the protocol
 * between workers: a watcher rests from apply to settle as an actor does that a change is about (models/topology.pml).
 *
 * Whoever has the lock may count and enter; a notice itself is its actor's worker's.
 *
 * MAIKO_ALL_TOPICS is a topic of its own, and monitors are no subscribers: neither is counted.
 */
#ifndef MK_NOTICE_H
#define MK_NOTICE_H

#include "runtime/runtime.h"

/* Makes the notices of a new actor. 0 or MAIKO_ENOMEM. */
int mk_notices_new(mk_sup *sup, mk_actor *a);

/* ---- with the lock ------------------------------------------------------------------------- */

/* Subscriptions that begin or end with the batch under way. */
void mk_listeners_add(mk_sup *sup, const mk_subscription *places, uint32_t count);
void mk_listeners_take(mk_sup *sup, const mk_subscription *places, uint32_t count);

/* The same before the start: at once. */
void mk_listeners_add_now(mk_sup *sup, const mk_subscription *places, uint32_t count);

/* The actor is a watcher from now on, or no more. */
void mk_notices_enter(mk_actor *a);
void mk_notices_leave(mk_actor *a);

/* All markers of the batch have passed. */
void mk_notices_decide(mk_sup *sup);

/* The batch is over. */
void mk_notices_end(mk_sup *sup);

/* ---- on a worker ---------------------------------------------------------------------------- */

/* Applies the batch of that number: its watchers rest, if their topic changes. */
void mk_notices_pause(mk_worker *w, uint64_t number);

/* Settles it: they are told; and may run again. */
void mk_notices_tell(mk_worker *w, uint64_t number);
void mk_notices_permit(mk_worker *w, uint64_t number);

/* The actor has started: it is told what is so then. */
void mk_notices_begin(mk_worker *w, mk_actor *a);

/* Whether what the actor was told last about each topic is what `wanted` says of it; for a simulation. */
MK_PRIVATE bool mk_notices_are_true(const mk_actor *a, bool (*wanted)(mk_sup *sup, uint32_t topic));

#endif
