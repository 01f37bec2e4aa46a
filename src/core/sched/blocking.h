/*
 * blocking.h - threads for work that blocks: neither the workers' nor libuv's, so that a
 * slow job delays neither events nor file and name look-ups.
 */
#ifndef MK_BLOCKING_H
#define MK_BLOCKING_H

#include "runtime/runtime.h"

int mk_blocking_init(mk_sup *sup);

/* Whether this thread is of the pool: a stop waits for its job, so it must not wait for that. */
bool mk_blocking_is_worker(const mk_sup *sup);

/* Drops the jobs that wait, and waits for those that run, `timeout_ms` at the most.
 * False: one does not return. */
bool mk_blocking_drain(mk_sup *sup, uint64_t timeout_ms);

/* Joins the threads. Precondition: drained. */
void mk_blocking_fini(mk_sup *sup);

/* A simulation is the pool: whether a job waits; runs it. */
bool mk_blocking_waiting(const mk_sup *sup);
void mk_blocking_step(mk_sup *sup);

/* Starts a job of the actor. 0, MAIKO_ENOMEM, or MAIKO_EAGAIN (no thread). */
int mk_blocking_start(mk_worker *w, mk_actor *a, const maiko_job_type *type, const void *data);

#endif
