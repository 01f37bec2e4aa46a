/*
 * intake.h - an actor that is on hold takes no events (maiko_hold): its handlers rest, all else of it goes on.
 *
 * MK_ON_HOLD says so. It is none of the MK_HELD bits: an actor that is held does not run, one that is on hold runs
 * for its tick, its tasks and its errors. An event does not make it ready (mk_wake_for_event), and its run leaves
 * the mailbox alone (dispatch.c). The bit goes with the actor when it moves, and stays when it ends, for the ledger.
 *
 * A mailbox on hold fills and mutes those that send to it. They wait for what unholds it, which is no actor's
 * handler: cycle.h says what that means for cycles. What is queued is no work of the actor's (mk_has_work).
 */
#ifndef MK_INTAKE_H
#define MK_INTAKE_H

#include "runtime/runtime.h"

/* Holds it, and ends that; nothing if it is so already. 0 or MAIKO_ENOMEM. */
int mk_intake_hold(mk_worker *w, mk_actor *a);
void mk_intake_unhold(mk_worker *w, mk_actor *a);

/* One that is on hold enters the worker's list, and leaves it. */
void mk_intake_link(mk_worker *w, mk_actor *a);
void mk_intake_unlink(mk_worker *w, mk_actor *a);

/* A stop has ended the ticks, and the worker has nothing left to do: whether one on hold here has events that
 * nothing is under way to unhold it for; discards these, so that those that it mutes go on. */
bool mk_intake_stranded(const mk_worker *w);
bool mk_intake_discard(mk_worker *w);

/* Whether one on hold here has .drains, and its ticks have not ended: a stop waits for it. */
MK_PRIVATE bool mk_intake_drains(const mk_worker *w);

#endif
