/*
 * end.h - how an actor starts, fails and ends; what on_error decides.
 */
#ifndef MK_END_H
#define MK_END_H

#include "registry/failure.h"
#include "runtime/runtime.h"

/* An error of a callback: on_error decides; if it does not handle it, the actor fails.
 * Returns whether the actor goes on. */
MK_PRIVATE bool mk_actor_error(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e);

/* Fails an actor, whatever on_error returns: it ends, and unless it is temporary so does the
 * supervisor. A failure in its start is handled by whoever starts it. */
void mk_actor_fail(mk_worker *w, mk_actor *a, const mk_cause *cause);

/* Runs on_start. 0, or the error that failed the actor. */
int mk_actor_start(mk_worker *w, mk_actor *a);

/* It has started: what mk_actor_start does after on_start. */
void mk_actor_begin(mk_worker *w, mk_actor *a);

/* Ends an actor: what is queued gets `outcome`, on_stop runs if it is owed. Nothing if it
 * has ended. */
void mk_actor_end(mk_worker *w, mk_actor *a, maiko_actor_status status, size_t outcome);

/* A stop has begun: only events, and a tick after them, go on. */
void mk_actor_drain(mk_worker *w, mk_actor *a);

/* A stop does not wait for it any more: what is queued for it is discarded, and so is what
 * comes. */
void mk_actor_discard_queued(mk_worker *w, mk_actor *a);

#endif
