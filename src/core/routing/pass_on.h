/*
 * pass_on.h - what waits for one member of a share group goes to another (shared.h).
 *
 * The delivery to the first is counted passed_on, and there is a new one. So it is when a member ends, is about to
 * restart, or no longer subscribes: then all that waits for it as a member; what nobody else can have stays, as does
 * the event that it has failed to handle. And so it is when a member has nothing to do while more waits elsewhere:
 *
 *   - here, for one that is on hold or down: it takes over half of that
 *   - at another worker: one that has nothing of the group, and nothing else to do, posts a message to the worker where
 *     most waits; that sends half of it, or, if it has nothing to give, the message to the next one. Not while
 *     recording.
 */
#ifndef MK_PASS_ON_H
#define MK_PASS_ON_H

#include "runtime/runtime.h"

/* What is queued for the actor as a member of groups is passed on: of all (`left` NULL), or of that one, to which it no
 * longer subscribes. */
void mk_pass_on(mk_worker *w, mk_actor *a, mk_topic *left);
/* It no longer subscribes to these. */
void mk_pass_on_left(mk_worker *w, mk_actor *a, const mk_subscription *places, uint32_t count);

/* The end of a run, or whether it is able to run has changed: counts its load, and evens out. Does nothing for one that
 * is in no group. */
void mk_pass_on_evenly(mk_worker *w, mk_actor *a);
static inline void mk_pass_on_settle(mk_worker *w, mk_actor *a)
{
	if (MK_UNLIKELY(a->extra != NULL && a->extra->membership != NULL))
		mk_pass_on_evenly(w, a);
}

#endif
