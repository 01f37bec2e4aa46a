/*
 * intake.h - an actor on hold (maiko_hold) takes no events: its handlers do not run, everything else of it does.
 *
 * MK_ON_HOLD says so. It is not one of the MK_HELD bits: a held actor does not run; one on hold runs for its tick, its
 * tasks, its private deliveries and its errors. An event does not make it ready (mk_wake_for_event), and a run skips
 * its mailbox (dispatch.c). The bit stays when the actor migrates, and when it ends, for the ledger.
 *
 * A full mailbox on hold mutes its senders. They wait until the actor is unheld, which none of its handlers can do:
 * cycle.h describes what that means for cycles. The queued events do not count as work (mk_has_work).
 */
#ifndef MK_INTAKE_H
#define MK_INTAKE_H

#include "runtime/runtime.h"

/* Puts an actor on hold, and ends that; no effect if it is so already. 0 or MAIKO_ENOMEM. */
int mk_intake_hold(mk_worker *w, mk_actor *a);
void mk_intake_unhold(mk_worker *w, mk_actor *a);

/* Adds an actor on hold to the worker's list, and removes it. */
void mk_intake_link(mk_worker *w, mk_actor *a);
void mk_intake_unlink(mk_worker *w, mk_actor *a);

/* During a stop, when ticks have ended and the worker has no other work. stranded: whether an actor on hold has queued
 * events here, and nothing is under way that could unhold it. discard: discards those events, so that the muted
 * senders continue; returns whether there were any. */
bool mk_intake_stranded(const mk_worker *w);
bool mk_intake_discard(mk_worker *w);

/* Whether an actor on hold here has .drains, and its ticks have not ended: a stop waits for it. */
MK_PRIVATE bool mk_intake_drains(const mk_worker *w);

#endif
