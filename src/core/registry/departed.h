/*
 * departed.h - the senders whose actor has gone, and when they are freed.
 *
 * Whoever has an event may ask for its sender's name, and an event may outlive its sender: in a mailbox, kept,
 * delayed by a policy, on any worker. So a sender is given back when nothing names it any more, which is looked for
 * when as many actors have gone as make it worth while: of the work a constant is each one's share.
 *
 * What may name a sender without its actor:
 *   - an event of a worker's pool. A send counts nothing for it. A pool is looked through instead: an event is alive
 *     if it has a reference, whoever has it.
 *   - an event on the heap (of an actor that has moved: its mailbox), a probe, a cycle: these hold it, and are
 *     counted (mk_sender_hold). So does a mute's wait whose sender has ended or lives elsewhere, and by that its
 *     edge.
 *   - a wait names the subscriber as well. That releases all that it mutes when it ends, before it departs; and
 *     the release is before the next batch in the lane of the sender's worker.
 *   - what a monitor is shown: until its hook returns. The last observation of an actor is before it is freed.
 *   - mk_worker.running, of which a stop reads the id of an actor that may have gone: from the beginning of a
 *     stop no sender is freed.
 *
 * Looking through the pools one after the other could miss an event that is copied from one not yet seen to one
 * that was. So it is done within a batch of changes (topology.h), of those senders alone that had departed when
 * the batch began:
 *   - Such a sender sends no more, so its events are before the batch's marker in every channel. When all markers
 *     have passed, the receivers have made their copies, and no channel makes another.
 *   - Then each worker settles, and looks through its pool first. An actor that leaves a worker in this batch is
 *     handed over after that, so what its mailbox names was seen; the copies are held besides.
 *   - Other holders come only from an event or from a holder. So if no event was seen and nothing held it when all
 *     have settled, nothing ever will.
 *
 * Whether a sender is muted, moves or fails meanwhile does not matter: it has none of that left to do.
 */
#ifndef MK_DEPARTED_H
#define MK_DEPARTED_H

#include "runtime/runtime.h"

/* Its actor is freed. On any thread. */
void mk_departed_add(mk_sup *sup, mk_sender *sender);

/* A batch begins: whether they are to be looked through is decided. With the lock. */
void mk_departed_begin(mk_sup *sup);

/* A worker settles: notes whom its events name. */
void mk_departed_look(mk_worker *w);

/* All have settled: takes those that were looked for, with the lock; and frees what of them nothing names,
 * without. */
uintptr_t mk_departed_take(mk_sup *sup);
void mk_departed_free(mk_sup *sup, uintptr_t examined);

/* Frees them all. */
void mk_departed_fini(mk_sup *sup);

#endif
