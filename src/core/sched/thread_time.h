/*
 * thread_time.h - the processor time of a worker's thread. Without it, a thread that waits for a processor
 * cannot be told from one that does not return from a callback.
 */
#ifndef MK_THREAD_TIME_H
#define MK_THREAD_TIME_H

#include "runtime/runtime.h"

/* To be called on the worker's thread when it starts. */
void mk_thread_time_init(mk_worker *w);

/* Any thread: how long the worker's thread has stood since a look at it, not counting time without a processor.
 * *run_ns: its total run time then, or 0 if it slept; becomes that of now. All of the time counts if the system does
 * not provide its state, and if the worker has no thread of its own (embedded, simulated). Reads /proc: too slow for a
 * hot path. */
uint64_t mk_thread_time_stood(mk_worker *w, uint64_t looked_ns, uint64_t now_ns, uint64_t *run_ns);

/* Any thread: the total run time of the process's threads that are no workers, and of those workers that are for one
 * actor (.own_thread). False: it is not known, because a worker has not begun, or has ended. A few system calls. */
bool mk_thread_time_outside(mk_sup *sup, uint64_t *ret_ns);

#endif
