/*
 * thread_time.h - what a worker's thread has used of the time that has passed: one that waits for a processor
 * looks, from outside, like one that does not return from a callback.
 */
#ifndef MK_THREAD_TIME_H
#define MK_THREAD_TIME_H

#include "runtime/runtime.h"

/* On the worker's thread, at its start. */
void mk_thread_time_init(mk_worker *w);

/* Any thread: whether the worker's thread would run if it had a processor, and how long it has run in all. False
 * where it sleeps, where the system does not tell, and where the worker has no thread of ours. A look at /proc:
 * not for a busy path. */
bool mk_thread_time_wants(mk_worker *w, uint64_t *ret_run_ns);

#endif
