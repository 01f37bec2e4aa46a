/*
 * cycle.h - cycles of actors that mute each other: detecting them, letting their members run, and
 * breaking them.
 *
 * models/mute.pml verifies detection and opening. A change of these changes the model first.
 *
 * An actor on hold (intake.h) waits for something outside: the actors that it mutes are in no cycle with it,
 * however long that takes, and a probe that arrives at it is not forwarded. Only if it is muted itself, a
 * cycle is possible. Then it alone runs although muted, so that its tick and its tasks can unhold it; the
 * other members do not, because it could not handle what they would send.
 * An actor that is being restarted is as one on hold until its new on_start has returned.
 *
 * The cost is bounded: an actor begins a probe for a new edge or for a verdict (it is held again, or
 * the verdict did not apply), never for a probe that has arrived. Each probe traverses an edge once,
 * because a muted actor forwards it once (twice, if the first copy has visited an actor on hold and the
 * second has not). So n actors with e edges send at most e (2e) messages per probe, and n probes as long
 * as no edge and no hold changes. mk_probes_due limits how often probes are begun, because
 * edges may change all the time.
 */
#ifndef MK_CYCLE_H
#define MK_CYCLE_H

#include "runtime/runtime.h"

/* An actor has a new edge: schedules a probe (mk_probe_now). And: it has no edges any more, or leaves
 * this worker. */
void mk_probe_soon(mk_worker *w, mk_actor *a);
void mk_probe_forget(mk_worker *w, mk_actor *a);

/* A subscriber receives an event from a sender that it mutes: breaks the cycle that causes it
 * once the bound is reached. */
void mk_cycle_check(mk_worker *w, mk_actor *subscriber, mk_sender *sender);

/* The subscriber has released the actor: if that edge was part of its cycle, the cycle is open. */
void mk_cycle_released(mk_actor *a, const mk_sender *subscriber);

/* Before a muted actor runs: holds it if its cycle is open, and schedules a probe for others. */
void mk_cycle_look(mk_worker *w, mk_actor *a);

/* The actor goes on hold, or is unheld; a life of it ends, or begins: its cycle is looked for again. */
void mk_cycle_hold_changed(mk_worker *w, mk_actor *a);

/* Whether an actor runs although it is muted. */
bool mk_cycle_runs_on(const mk_actor *a);

/* The actor is no longer muted, or ends. */
void mk_cycle_leave(mk_actor *a);

#endif
