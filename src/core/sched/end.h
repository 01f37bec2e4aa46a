/*
 * end.h - start, failure and end of an actor; the decision of on_error.
 */
#ifndef MK_END_H
#define MK_END_H

#include "registry/failure.h"
#include "runtime/runtime.h"

/* Reports an error of a callback to on_error; if on_error does not handle it, the actor fails.
 * Returns whether the actor continues. */
MK_PRIVATE bool mk_actor_error(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e);
/* The same, with a text of its own for on_error. */
bool mk_actor_error_of(mk_worker *w, mk_actor *a, const mk_cause *cause);

/* Fails an actor, whatever on_error returns: it is restarted if it is supervised (restart.h); else the actor ends, and
 * unless it is temporary the supervisor stops. A failure in its first start is handled by the caller of
 * mk_actor_start. */
void mk_actor_fail(mk_worker *w, mk_actor *a, const mk_cause *cause);

/* The part of it that concerns records and notices: the failure is noted, on_error is called if it was not, monitors
 * are told. `decisive`: the supervisor stops because of it. */
void mk_actor_note_failure(mk_worker *w, mk_actor *a, const mk_cause *cause, bool decisive);

/* Runs on_start. 0, or the error that made the actor fail; 0 also if it has failed and will be tried again: then it is
 * not MAIKO_ACTOR_RUNNING. */
int mk_actor_start(mk_worker *w, mk_actor *a);

/* Marks the actor as started, as mk_actor_start does after on_start. */
void mk_actor_begin(mk_worker *w, mk_actor *a);

/* Ends an actor: its queued events get `outcome`, and on_stop runs if the actor has started.
 * Does nothing if it has ended. */
void mk_actor_end(mk_worker *w, mk_actor *a, maiko_actor_status status, size_t outcome);

/* The same, because the supervisor stops: nobody is told of it (watch.h). */
void mk_actor_end_in_stop(mk_worker *w, mk_actor *a, size_t outcome);

/* The end of a life: runs on_stop if it is due (`again`: the actor will be restarted); gives up everything that a
 * restart renews: tick, delayed sends, tasks, private deliveries, receipts, kept events. */
void mk_actor_run_on_stop(mk_worker *w, mk_actor *a, bool again);
void mk_actor_shed(mk_worker *w, mk_actor *a);

/* A stop has begun: from now on the actor handles only events, and ticks only after events. Not yet if it has
 * .drains; with finish, that too. */
void mk_actor_drain(mk_worker *w, mk_actor *a);
void mk_actor_finish(mk_worker *w, mk_actor *a);

/* A stop no longer waits for the actor: discards its queued events and those that still arrive. */
void mk_actor_discard_queued(mk_worker *w, mk_actor *a);

#endif
