/*
 * watch.h - an actor is told of the end of another (maiko_watch), and of its restarts.
 *
 * A watch has two halves in one block, each with its owner, who gives it up once:
 *
 *   of the watcher   in its list and its map by id: whether it still wants to be told. Then, on its way to the watched
 *                    actor: that it does not any more.
 *   of the watched   on its way there; in that actor's list; on its way back, with the event that tells of the end,
 *                    which was allocated with the watch; a private delivery of the watcher
 *
 *   watcher's worker                                     the watched actor's worker
 *   maiko_watch: "go"           ── control lane ──▶      enters the list; has it ended, or was it never: turns back
 *                                                        it ends: turns back
 *   is it still wanted: a       ◀── a parcel in ──       behind all events that the actor has sent there
 *   private delivery                the channel
 *   no longer wanted: "cancel"  ── control lane ──▶      leaves the list, or, if "go" is still on its way, is marked
 *
 *   - "go" and "cancel" take the control lane to the home of the watched actor, as the sender knows it. They are kept
 *     there if it is migrating to it (in_transit.h), and sent on if the receiver has not heard of the migration. If the
 *     actor is being added they wait until the batch that adds it settles (mk_watches_settle). Each worker decides by
 *     what it has itself, so a replay takes the same steps.
 *   - The way back is that of a part of a receipt (receipt.h): same channel, and kept or sent on in the same way.
 *   - What comes back for a watch that is not wanted any more is dropped: the watcher's map decides that, when it
 *     arrives and when it would run.
 *   - Of actors that the stop ends nobody is told: their list is dropped, and so are the halves of watchers then.
 */
#ifndef MK_WATCH_H
#define MK_WATCH_H

#include "runtime/runtime.h"

/* The actor ends, on its worker, because it has `failed` or for the reason of mk_worker.ending_why: tells its watchers
 * and the topic maiko.lifecycle. After all that it sends. */
void mk_watch_ended(mk_worker *w, mk_actor *a, bool failed, uint32_t restarts);
/* It has been restarted: tells the topic, and those watchers that asked for it. */
void mk_watch_restarted(mk_worker *w, mk_actor *a, int error, uint32_t restarts);

/* Ends all watches of a watcher that ends or is restarted. Precondition: its private deliveries were dropped. */
void mk_watches_close(mk_worker *w, mk_actor *a);

/* A batch settles on this worker: looks again for actors that were being added. `never`: before that, the id of one
 * that was not added after all. */
void mk_watches_settle(mk_worker *w);
void mk_watches_never(mk_worker *w, maiko_actor_id id);

/* Whether each watch of an actor is in the list of another that has not ended, and each in its own list is one that
 * its watcher still wants; for a simulation, when nothing is under way. */
MK_PRIVATE bool mk_watches_are_true(mk_sup *sup, const mk_actor *a);

/* Frees what an actor, or a worker, has left. */
void mk_watches_free(mk_extra *x);
void mk_watches_drop(mk_worker *w);

#endif
