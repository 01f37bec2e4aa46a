/*
 * thread_time.h - the processor time of a worker's thread. Without it, a thread that waits for a processor
 * cannot be told from one that does not return from a callback.
 */
#ifndef MK_THREAD_TIME_H
#define MK_THREAD_TIME_H

#include "runtime/runtime.h"

/* To be called on the worker's thread when it starts. */
void mk_thread_time_init(mk_worker *w);

/* Any thread: whether the worker's thread is runnable, and its total run time. False if it sleeps, if the system
 * does not provide the state, and if the worker has no thread of its own (embedded, simulated). Reads /proc: too
 * slow for a hot path. */
bool mk_thread_time_wants(mk_worker *w, uint64_t *ret_run_ns);

/* Any thread: the total run time of the process's threads that are no workers, and of those workers that are for one
 * actor (.own_thread). False: it is not known, because a worker has not begun, or has ended. A few system calls. */
bool mk_thread_time_outside(mk_sup *sup, uint64_t *ret_ns);

#endif
