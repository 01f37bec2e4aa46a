/*
 * cycle.h - cycles of actors that mute each other: found, let run on, and broken.
 *
 * models/mute.pml is how they are found and opened; a change of that changes it first.
 *
 * What it costs is bounded: a probe is begun for a new edge, or for a verdict on a cycle (a member
 * that is held again, or that a verdict did not fit), never for a probe that has come; and each is
 * sent along an edge once, as an actor passes it on once as long as it is muted. So n actors with
 * e edges among them send at most e messages a probe, and n probes as long as no edge changes. How
 * often they are begun is rationed (mk_probes_due), for where edges come and go all the time.
 */
#ifndef MK_CYCLE_H
#define MK_CYCLE_H

#include "runtime/runtime.h"

/* An actor has a new edge: a probe of it goes out soon (mk_probe_now). Or it has no edges any
 * more, or leaves this worker. */
void mk_probe_soon(mk_worker *w, mk_actor *a);
void mk_probe_forget(mk_worker *w, mk_actor *a);

/* A subscriber is given more although it mutes the sender: breaks the cycle that does
 * it once the bound is reached. */
void mk_cycle_check(mk_worker *w, mk_actor *subscriber, mk_sender *sender);

/* The subscriber has released the actor: if that was a step of its cycle, it is open. */
void mk_cycle_released(mk_actor *a, const mk_sender *subscriber);

/* Before an actor runs on: holds it if its cycle is open, and looks for others. */
void mk_cycle_look(mk_worker *w, mk_actor *a);

/* Whether an actor runs on although it is muted. */
bool mk_cycle_runs_on(const mk_actor *a);

/* The actor is muted no more, or ends. */
void mk_cycle_leave(mk_actor *a);

#endif
