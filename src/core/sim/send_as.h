/*
 * send_as.h - sending in an actor's name from outside: what a test does for a source that it
 * has left out.
 */
#ifndef MK_SEND_AS_H
#define MK_SEND_AS_H

#include "runtime/runtime.h"

/*
 * Sends a copy of `value` as if the actor had, in a callback that handles no event: on its
 * worker, in its order, a root; not before it is released if it is muted. Waits until it
 * was sent, `timeout_ms` at the most (from MAIKO_NEXT_MS_MAX on: no bound); an embedded
 * supervisor is run meanwhile, if this is its loop's thread. *ret_id (may be NULL) is the
 * event's.
 *
 * Errors, nothing was sent: those of maiko_send in an actor; MAIKO_ENOENT (no such actor),
 * MAIKO_EFAILED (it has ended), MAIKO_ETIMEDOUT, MAIKO_ESTATE (not started),
 * MAIKO_ESHUTDOWN (stopping or stopped), MAIKO_EDEADLK (this thread may not wait).
 */
MK_PRIVATE int mk_send_as(mk_sup *sup, maiko_actor_id actor, const maiko_event_type *type, const void *value,
			  uint64_t timeout_ms, maiko_id *ret_id);

#endif
