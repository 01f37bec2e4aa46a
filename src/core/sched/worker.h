/*
 * worker.h - one thread, one loop, one run queue: its making, its sleep, its end.
 */
#ifndef MK_WORKER_H
#define MK_WORKER_H

#include "runtime/runtime.h"

/* A worker that does not run yet; NULL without memory. */
mk_worker *mk_worker_new(mk_sup *sup, uint32_t index, bool own_thread);

/* Its place among the others, and what follows from it: its ids and its chance. Before it
 * has an actor. */
void mk_worker_number(mk_worker *w, uint32_t index);

/* Prepares its loop (the supervisor's, if embedded). 0 or libuv's error. */
int mk_worker_open(mk_worker *w);
/* Starts its thread. 0 or libuv's error. */
int mk_worker_spawn(mk_worker *w);

/* Has its thread leave, and joins it. */
void mk_worker_join(mk_worker *w);

/* Stops and frees a worker that no batch has brought in yet. */
void mk_worker_abort(mk_worker *w);

/* After its thread has been joined: closes the loop, frees what is left. */
void mk_worker_free(mk_worker *w);

/* Under simulation: a loop that never runs, and the simulation fails. */
struct uv_loop_s *mk_worker_idle_loop(mk_worker *w, const char *who);

/* Its part of a stop is over: close what is open, then mk_stop_exited. */
void mk_worker_exit(mk_worker *w);

#endif
