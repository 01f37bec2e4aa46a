/*
 * step.h - a supervisor whose workers are driven from outside, one step at a time.
 *
 * The workers are the real ones, with their channels, lanes and timers; only nobody runs
 * their turns. Whoever simulates asks which steps are possible, picks one, takes it. A
 * step is the smallest part of a turn that cannot be split: one control message, one
 * channel entry, one timer, one run of one actor. A worker without a step sleeps, by the
 * rule of worker.c, until another wakes it or a timer is due; so a wake-up that is
 * forgotten is seen.
 *
 * All of it on one thread, at most one step at a time.
 */
#ifndef MK_STEP_H
#define MK_STEP_H

#include "runtime/runtime.h"

typedef enum mk_step_kind {
	MK_STEP_CONTROL,
	MK_STEP_TAKE, /* from another worker's channel */
	MK_STEP_EXTERNAL,
	MK_STEP_TIMER,
	MK_STEP_RUN,
	MK_STEP_RETIRE,
	MK_STEP_PROBE,
	MK_STEP_FLUSH, /* what it has sent becomes visible */
	MK_STEP_IDLE,  /* tells the stop that it is */
	MK_STEP_JOB    /* of the blocking pool */
} mk_step_kind;

typedef struct mk_step {
	uint8_t kind;
	uint8_t worker; /* its index */
	uint8_t from;   /* of a take */
} mk_step;

/* The most steps that one worker can have. */
enum { MK_STEPS_MAX = 9 + MAIKO_WORKERS_MAX };

/* A supervisor to be simulated, with `seam` for everything; options.workers must be said,
 * options.loop not. Errors: as maiko_supervisor_new. */
MK_PRIVATE int mk_supervisor_simulated(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam);

/* Whether a worker may have any: it does not sleep, or a timer is due. */
static inline bool mk_step_may_wake(const mk_worker *w, uint64_t now_ns)
{
	return !w->left && (!atomic_load_explicit((_Atomic(bool) *)(uintptr_t)&w->sleeping, memory_order_relaxed) ||
			    mk_timers_due(&w->timers) <= now_ns);
}

/* The steps that a worker can take now, in a fixed order; returns how many. */
MK_PRIVATE uint32_t mk_steps_of(mk_worker *w, mk_step *ret_steps);

/* Takes a step that mk_steps_of has given and nothing has changed since; or a job, if
 * mk_step_has_job says so. */
MK_PRIVATE void mk_step_take(mk_sup *sup, mk_step step);
MK_PRIVATE bool mk_step_has_job(const mk_sup *sup);

/* Until mk_step_back this thread plays another, which is in no callback, and may not wait either.
 * Returns the argument of mk_step_back. */
MK_PRIVATE mk_worker *mk_step_aside(void);
MK_PRIVATE void mk_step_back(mk_worker *inside);

/* When the first timer of any worker is due; UINT64_MAX: there is none. */
MK_PRIVATE uint64_t mk_step_due(mk_sup *sup);

#endif
