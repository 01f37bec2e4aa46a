/*
 * departed.h - the senders whose actor was removed, and when they are freed.
 *
 * The sender of an event can be read wherever the event is, and an event may outlive its sender's actor: in a mailbox,
 * kept, or delayed by a policy, on any worker. So a sender is freed only when nothing refers to it. That is examined
 * when enough actors were removed to make the work for each of them constant.
 *
 * These may refer to a sender without its actor:
 *   - an event of a worker's pool. A send counts no reference for it. Instead the pools are searched: an event is
 *     alive if its own reference count is not 0.
 *   - an event on the heap (in the mailbox of a migrating actor, retained by a keeper), a probe, a cycle: these
 *     count a reference (mk_sender_hold). So does a mute's wait whose sender has ended or lives on another worker, and
 *     through it its edge.
 *   - a watch, of its watcher and of the watched actor: these count a reference, also on an actor that is never added.
 *   - a wait also refers to the subscriber. A subscriber that ends releases all senders that it mutes, before it
 *     departs; and the release precedes the next batch in the lane of the sender's worker.
 *   - an observation: until its monitor's hook returns. The last observation of an actor precedes its freeing.
 *   - mk_worker.running, from which a stop reads the id of an actor that may be removed: after a stop has begun no
 *     sender is freed.
 *
 * Searching the pools one after the other could miss an event that is copied from a pool not yet searched to one
 * already searched. So the search runs within a batch of changes (topology.h), only for senders that had departed
 * when the batch began:
 *   - Such a sender sends no more, so its events precede the batch's marker in every channel. When all markers
 *     have passed, the receivers have made their copies, and no channel makes another.
 *   - Then each worker settles, and searches its pool first. An actor that leaves a worker in this batch is
 *     handed over after that, so the events of its mailbox were seen; its copies hold the sender as well.
 *   - A new reference is only made from an event or from another reference. So if no event was seen and there was
 *     no reference when all workers have settled, there will be none.
 *
 * A departed sender cannot be muted, migrate or fail any more.
 */
#ifndef MK_DEPARTED_H
#define MK_DEPARTED_H

#include "runtime/runtime.h"

/* Adds a sender whose actor is freed. On any thread. */
void mk_departed_add(mk_sup *sup, mk_sender *sender);

/* A batch begins: decides whether it examines the departed senders. With the lock. */
void mk_departed_begin(mk_sup *sup);

/* A worker settles: marks the senders of its events. */
void mk_departed_look(mk_worker *w);

/* All workers have settled: takes the examined senders, with the lock; then, without it, frees those that nothing
 * refers to. */
uintptr_t mk_departed_take(mk_sup *sup);
void mk_departed_free(mk_sup *sup, uintptr_t examined);

/* Frees them all. */
void mk_departed_fini(mk_sup *sup);

#endif
