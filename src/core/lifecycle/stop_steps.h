/*
 * stop_steps.h - what the files of a stop (stop.h) share: stop.c, which receives the requests, stop_steps.c, which
 * takes the steps, stop_deadline.c, stop_tell.c and stop_led.c.
 */
#ifndef MK_STOP_STEPS_H
#define MK_STOP_STEPS_H

#include "lifecycle/stop.h"
#include "runtime/stop_state.h"

/* ---- the steps, with the lock ---------------------------------------------------------------- */

/* Begins the step `next` and posts it to those workers; `hook`: the actor of MK_STOP_HOOK. */
void mk_stop_take(mk_sup *sup, mk_stop_step next, uint64_t workers, mk_actor *hook);

/* All workers have answered or are given up: the step is complete. */
void mk_stop_step_over(mk_sup *sup);

/* The stop begins; discards queued events; is complete. */
void mk_stop_begin_until(mk_sup *sup, uint64_t deadline_ns);
void mk_stop_discard_now(mk_sup *sup);
void mk_stop_is_over(mk_sup *sup);

/* All workers except those that were given up. */
uint64_t mk_stop_all(mk_sup *sup);

static inline uint64_t mk_stop_bit(const mk_worker *w) { return UINT64_C(1) << w->index; }

/* ---- past the deadline, with the lock -------------------------------------------------------------- */

/* The interval at which, after the deadline, workers are checked for progress. */
enum { MK_STOP_LOOK_MS = MAIKO_STOP_GRACE_MS / 4 };

/* Makes all workers discard queued events. In a replay the recording says when. */
void mk_stop_discard_all(mk_sup *sup);

/* Gives up the workers that do not return from a callback; the others go on without them. */
void mk_stop_give_up(mk_sup *sup);

/* The timer of a worker's own deadline. Without the lock. */
void mk_stop_deadline_passed(mk_timer *timer);

/* ---- notification, with the lock --------------------------------------------------------------------- */

/* Adds a callback for the end; arguments as mk_stop_watch. 0 or MAIKO_ENOMEM. */
int mk_stop_call_add(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg);

/* Releases the lock and, if the end has come, calls the callbacks. A callback may free an embedded
 * supervisor, so it must not be used afterwards. */
void mk_stop_unlock_and_tell(mk_sup *sup);

#endif
