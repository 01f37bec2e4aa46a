/*
 * quiescence.h - whether a supervisor has come to rest, without stopping it.
 *
 * At rest: no event is queued or on its way, no callback runs or is ready to run, no timer
 * is due, no blocking job is under way, no change of the topology is pending, and libuv has
 * nothing ready. What is due only later (a timer, a tick's interval) does not count, nor
 * what another process or thread may bring.
 */
#ifndef MK_QUIESCENCE_H
#define MK_QUIESCENCE_H

#include "runtime/runtime.h"

/*
 * Waits until there was a moment, after the call, when the supervisor was at rest; what
 * this thread had sent before has then been handled. An embedded one is run meanwhile, if
 * this is its loop's thread, outside the loop's callbacks.
 *
 * 0, also when it has stopped; MAIKO_ETIMEDOUT, after `timeout_ms` (from MAIKO_NEXT_MS_MAX
 * on: no bound) or if the stop has given it up; MAIKO_EDEADLK (this thread may not wait);
 * MAIKO_ESTATE (not started); MAIKO_EFORK; MAIKO_ENOMEM. Not for a simulated supervisor:
 * MAIKO_EINVAL.
 */
MK_PRIVATE int mk_quiescence(mk_sup *sup, uint64_t timeout_ms);

/* Whether mk_quiescence could begin on this thread, at this moment of the life cycle; also of a
 * simulated supervisor. 0, or its error. */
MK_PRIVATE int mk_quiescence_check(mk_sup *sup);

/* When a time from now is over, as mk_now tells it; UINT64_MAX: never. */
static inline uint64_t mk_quiescence_deadline(const mk_sup *sup, uint64_t timeout_ms)
{
	return timeout_ms < MAIKO_NEXT_MS_MAX ? mk_now(&sup->seam) + timeout_ms * 1000000 : UINT64_MAX;
}

/* Whether the supervisor runs on a loop of this thread's, outside its callbacks: it then
 * only goes on while the thread runs that. */
MK_PRIVATE bool mk_quiescence_is_host(mk_sup *sup);

/* Runs that loop once; waits no longer than until `until_ns`. 0 or MAIKO_ENOMEM. */
MK_PRIVATE int mk_quiescence_host(mk_sup *sup, uint64_t until_ns);

/* In a turn of a worker that was asked: answers, if it is quiet. Returns whether the worker
 * is to take another turn at once, after a poll of libuv. */
bool mk_quiescence_look(mk_worker *w);

#endif
