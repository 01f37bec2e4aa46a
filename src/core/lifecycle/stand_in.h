/*
 * stand_in.h - a step of a batch (topology.h), taken in the name of workers that rest.
 *
 * Of every worker a batch asks to note the interests, to take the number, and to pass the markers; of the home of a
 * plain change, which runs no callback of an actor, little more. While such a worker rests without input, the thread
 * that begins the step does this for it (mk_lane_stand_in). So it is not woken, and nobody waits for it; and a batch
 * of plain changes may be complete when the call that requested it returns.
 *
 * That is as if the worker had run its message in that instant, and nothing else since:
 *   - it has no input: what precedes the message in its lanes has been run, and what was sent to it by an external
 *     thread before the change was requested has been taken;
 *   - it applies the batch under the lock, before any other worker gets its message: so no worker with the number can
 *     have posted to it before;
 *   - its markers follow all that it has sent; a marker to such a worker is passed by its sender if nothing precedes it
 *     in the channel (router.c).
 */
#ifndef MK_STAND_IN_H
#define MK_STAND_IN_H

#include "runtime/runtime.h"

/* On the worker, or in its name: notes the interests that the batch has changed on other workers; in step 2 those that
 * it has removed; and which patterns have subscribers now (attached.h). Takes the lock. */
void mk_share_interest(mk_worker *w, bool settles);

/* The same: takes the number of the batch. */
void mk_share_number(mk_worker *w);

/* The same: sends its markers, which are added to `waiting`. `held`: 0, or the workers for which this thread stands in,
 * that one included. */
void mk_share_markers(mk_worker *w, uint64_t held);

/* With the lock: takes step 1 for the workers that rest, unless the batch concerns them in another way; `here` makes
 * the changes at home. Returns how many workers are left, and which. Precondition: `waiting` counts all, and this
 * thread. */
uint32_t mk_stand_in_apply(mk_sup *sup, void (*here)(mk_worker *w), mk_worker **ret_left);
/* With the lock: the same for step 2. */
uint32_t mk_stand_in_settle(mk_sup *sup, void (*here)(mk_worker *w), mk_worker **ret_left);

#endif
