/*
 * blocking.h - the thread pool for blocking work. It is separate from the workers and from
 * libuv's pool, so a slow job delays neither events nor file operations and name look-ups.
 */
#ifndef MK_BLOCKING_H
#define MK_BLOCKING_H

#include "runtime/runtime.h"

int mk_blocking_init(mk_sup *sup);

/* Whether this thread belongs to the pool: a stop waits for its job, so the job must not wait for the stop. */
bool mk_blocking_is_worker(const mk_sup *sup);

/* Drops the queued jobs and waits for the running ones, at most `timeout_ms`.
 * False: a job has not returned. */
bool mk_blocking_drain(mk_sup *sup, uint64_t timeout_ms);

/* Joins the threads. Precondition: drained. */
void mk_blocking_fini(mk_sup *sup);

/* In a simulation, which runs the jobs itself: whether a job is queued; runs the first one. */
bool mk_blocking_waiting(const mk_sup *sup);
void mk_blocking_step(mk_sup *sup);

/* Starts a job for the actor. 0, MAIKO_ENOMEM, or MAIKO_EAGAIN (no thread). */
int mk_blocking_start(mk_worker *w, mk_actor *a, const maiko_job_type *type, const void *data);

#endif
