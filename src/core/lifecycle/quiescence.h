/*
 * quiescence.h - detects that a running supervisor is quiescent, without stopping it.
 *
 * Quiescent: no event is queued or in transit, no callback runs or is ready to run, no timer is
 * due, no blocking job is under way, no topology change is pending, and libuv has nothing ready.
 * Work that is due only later (a timer, a tick's interval) does not count, nor does input from
 * another process or thread.
 */
#ifndef MK_QUIESCENCE_H
#define MK_QUIESCENCE_H

#include "runtime/runtime.h"

/*
 * Waits until the supervisor was quiescent at some moment after the call; events that this
 * thread had sent before have been handled then. If this is the thread of an embedded
 * supervisor's loop, outside the loop's callbacks, runs that loop while it waits.
 *
 * 0, also when it has stopped; MAIKO_ETIMEDOUT, after `timeout_ms` (from MAIKO_NEXT_MS_MAX
 * on: no bound) or if the stop has given it up; MAIKO_EDEADLK (this thread may not wait);
 * MAIKO_ESTATE (not started); MAIKO_EFORK; MAIKO_ENOMEM. Not for a simulated supervisor:
 * MAIKO_EINVAL.
 */
MK_PRIVATE int mk_quiescence(mk_sup *sup, uint64_t timeout_ms);

/* Whether mk_quiescence may be called on this thread in the current state; also for a simulated
 * supervisor. 0, or the error of mk_quiescence. */
MK_PRIVATE int mk_quiescence_check(mk_sup *sup);

/* Whether the supervisor is embedded in a loop of this thread and the thread is in no callback:
 * then it only progresses while the thread runs that loop. */
MK_PRIVATE bool mk_quiescence_is_host(mk_sup *sup);

/* Runs that loop once; waits at most until `until_ns`. 0 or MAIKO_ENOMEM. */
MK_PRIVATE int mk_quiescence_host(mk_sup *sup, uint64_t until_ns);

/* In a turn of a worker that was asked: answers if it is quiet. Returns whether the worker must
 * take another turn at once, after a poll of libuv. */
bool mk_quiescence_look(mk_worker *w);

#endif
