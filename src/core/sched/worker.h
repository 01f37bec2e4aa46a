/*
 * worker.h - a worker: one thread, one loop, one run queue. How it is created, runs and ends.
 */
#ifndef MK_WORKER_H
#define MK_WORKER_H

#include "runtime/runtime.h"

/* Creates a worker that does not run yet. NULL: no memory. */
mk_worker *mk_worker_new(mk_sup *sup, uint32_t index, bool own_thread);

/* Sets its index, and with it the origin of its ids and the seed of its random numbers.
 * Precondition: it has no actor. */
void mk_worker_number(mk_worker *w, uint32_t index);

/* Prepares its loop (the supervisor's, if embedded). 0 or libuv's error. */
int mk_worker_open(mk_worker *w);
/* Starts its thread. 0 or libuv's error. */
int mk_worker_spawn(mk_worker *w);

/* Tells its thread to leave, and joins it. */
void mk_worker_join(mk_worker *w);

/* Stops and frees a worker that no batch has added yet. */
void mk_worker_abort(mk_worker *w);

/* Closes the loop and frees the rest. Precondition: its thread has been joined. Of all workers, and of one that had no
 * part in anything yet. */
void mk_workers_free(mk_sup *sup);
void mk_worker_free(mk_worker *w);

/* In a simulation: fails the simulation and returns a loop that never runs. */
struct uv_loop_s *mk_worker_idle_loop(mk_worker *w, const char *who);

/* Its part of a stop is complete: closes its open handles, then calls mk_stop_exited. */
void mk_worker_exit(mk_worker *w);

#endif
