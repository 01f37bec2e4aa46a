/*
 * step.h - a supervisor whose workers are driven by a simulation, one step at a time.
 *
 * The workers are the real ones, with their channels, lanes and timers, but have no threads to
 * run their turns. The simulation asks which steps are possible, picks one and takes it. A step
 * is an indivisible part of a turn: one control message, one channel entry, one timer, one run
 * of one actor. A worker without a step sleeps, by the rule of lane.c, until another wakes it or
 * a timer is due; so a missing wake-up is detected.
 *
 * All steps are taken on one thread, one at a time.
 */
#ifndef MK_STEP_H
#define MK_STEP_H

#include "registry/expected.h"
#include "runtime/lane.h"

typedef enum mk_step_kind {
	MK_STEP_CONTROL,
	MK_STEP_TAKE, /* from another worker's channel */
	MK_STEP_EXTERNAL,
	MK_STEP_TIMER,
	MK_STEP_LOOK, /* for silent topics */
	MK_STEP_RUN,
	MK_STEP_RETIRE,
	MK_STEP_PROBE,
	MK_STEP_NEWS,  /* publishes what the library tells */
	MK_STEP_FLUSH, /* publishes what it has sent */
	MK_STEP_IDLE,  /* tells the stop that it is idle */
	MK_STEP_JOB    /* runs a job of the blocking pool */
} mk_step_kind;

typedef struct mk_step {
	uint8_t kind;
	uint8_t worker; /* its index */
	uint8_t from;   /* of a take: the other worker */
	uint8_t sup;    /* for a simulation of several: its number. mk_steps_of sets 0 */
} mk_step;

/* The maximum number of steps that one worker can have. */
enum { MK_STEPS_MAX = 11 + MAIKO_WORKERS_MAX };

/* Creates a simulated supervisor that uses `seam` throughout; options.workers must be set,
 * options.loop must not. Errors: as maiko_supervisor_new. */
MK_PRIVATE int mk_supervisor_simulated(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam);

/* Whether a worker may have steps: it does not sleep, or a timer is due. */
static inline bool mk_step_may_wake(const mk_worker *w, uint64_t now_ns)
{
	return !w->left && (!mk_lane_rests(w) || mk_timers_due(&w->timers) <= now_ns || mk_expected_due(w) <= now_ns);
}

/* The steps that a worker can take now, in a fixed order; returns how many. */
MK_PRIVATE uint32_t mk_steps_of(mk_worker *w, mk_step *ret_steps);

/* Takes a step that mk_steps_of has returned, with no other step since; or a job, if
 * mk_step_has_job is true. */
MK_PRIVATE void mk_step_take(mk_sup *sup, mk_step step);
MK_PRIVATE bool mk_step_has_job(const mk_sup *sup);

/* Until mk_step_back this thread acts as an external thread: in no callback, but it may not wait.
 * Returns the argument of mk_step_back. */
MK_PRIVATE mk_worker *mk_step_aside(void);
MK_PRIVATE void mk_step_back(mk_worker *inside);

/* The time when the first timer of any worker is due; UINT64_MAX: there is none. */
MK_PRIVATE uint64_t mk_step_due(mk_sup *sup);

#endif
