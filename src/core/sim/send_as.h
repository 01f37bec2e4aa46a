/*
 * send_as.h - sends in an actor's name from an external thread: a test does this for a source
 * that it replaces.
 */
#ifndef MK_SEND_AS_H
#define MK_SEND_AS_H

#include "runtime/runtime.h"

/*
 * Sends a copy of `value` as if the actor had sent it in a callback that handles no event: on
 * its worker, in its order, as a root; if it is muted, after its release. Waits until the event
 * was sent, at most `timeout_ms` (from MAIKO_NEXT_MS_MAX on: no bound); if this is the thread of
 * an embedded supervisor's loop, runs the loop while it waits. *ret_id (may be NULL) is set to
 * the event's id.
 *
 * Errors, nothing was sent: those of maiko_send in an actor; MAIKO_ENOENT (no such actor),
 * MAIKO_EFAILED (it has ended), MAIKO_ETIMEDOUT, MAIKO_ESTATE (not started),
 * MAIKO_ESHUTDOWN (stopping or stopped), MAIKO_EDEADLK (this thread may not wait).
 */
MK_PRIVATE int mk_send_as(mk_sup *sup, maiko_actor_id actor, const maiko_event_type *type, const void *value,
			  uint64_t timeout_ms, maiko_id *ret_id);

#endif
