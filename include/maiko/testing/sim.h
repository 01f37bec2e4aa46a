/*
 * sim.h - runs unchanged actors with a virtual clock and a seeded scheduler.
 *
 * A simulation is a supervisor (or several: maiko_sim_add) whose workers, with their channels,
 * mailboxes and timers, are run by the calling thread, one step at a time: one control message,
 * one entry of a channel, one timer, one run of one actor. The seed chooses among the possible
 * steps, and time advances only by calls of this header. So a test needs no clock and no sleep,
 * and the same seed gives the same run on every machine and with every compiler. The signature,
 * a hash of all choices and observations, verifies that.
 *
 *   maiko_sim *sim;
 *   maiko_sim_new(&sim, &(maiko_sim_options){.seed = 7, .supervisor.workers = 2});
 *   maiko_supervisor *sup = maiko_sim_supervisor(sim);
 *   maiko_add(sup, greeter, "greeter");
 *   maiko_start(sup);
 *   maiko_send(sup, hello, .n = 1);
 *   maiko_sim_run(sim);              // until nothing is queued, running or due
 *   maiko_sim_advance(sim, 5000);    // five seconds, with all that falls due
 *   maiko_stop(sup, NULL);           // a call that waits runs the simulation meanwhile
 *   maiko_sim_free(sim);
 *
 * Blocking jobs run on the simulating thread, at a chosen step. Real time, descriptors and
 * threads are not available: maiko_loop, maiko_adopt, maiko_when_readable,
 * maiko_when_writable, maiko_run and a send from another thread fail the simulation with an
 * error that names the call (and return MAIKO_ESIMULATED if they return a code). To replace a
 * source that needs them, a test adds an actor of the same name, which need not handle any
 * event, and sends in its name (maiko_harness_send_as).
 *
 * Every step checks the properties of the runtime: order, exactly-once handling, no overlapping
 * callbacks, no echo, no callback before the start or after the removal, on_stop once, nothing
 * pending at quiescence. maiko_sim_check adds more.
 *
 * Call everything here from one thread, outside callbacks, unless said otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_SIM_H
#define MAIKO_TESTING_SIM_H

#include <maiko/maiko.h>

typedef struct maiko_sim maiko_sim;

/* The maximum number of supervisors in one simulation. */
#define MAIKO_SIM_SUPERVISORS_MAX 255

/* The rate of each fault: it occurs once in n opportunities, 0: never. The seed chooses when. */
typedef struct maiko_sim_faults {
	uint32_t callback;   /* the result of a handler, tick or hook becomes MAIKO_ECANCELED */
	uint32_t allocation; /* an allocation inside a step fails                             */
	uint32_t stall;      /* before a step: a worker stalls for up to 64 steps             */
	uint32_t slow;       /* before a step: a channel stalls for up to 64 steps            */
	uint32_t late;       /* as time advances: timers fire up to 100 ms late; before a
			      * step: up to 4 ms pass                                         */
	uint32_t removal;    /* before a step: an actor is removed                            */
	uint32_t burst;      /* before a step: `on_burst` is called; it may not wait          */
	void (*on_burst)(maiko_sim *sim, void *arg);
	void *arg;
	uint32_t overlap; /* once the start has begun, between two critical sections of a call or a step:
			   * `on_overlap` is called as if by another thread, and may not wait; then up
			   * to 15 steps of other workers are taken */
	void (*on_overlap)(maiko_sim *sim, void *arg); /* may be NULL */
	uint64_t reserved_[8];
} maiko_sim_faults;

/* A choice other than the first possible one. */
typedef struct maiko_choice {
	uint64_t index; /* its number, from 0               */
	uint32_t value; /* the alternative chosen, 1 and up */
} maiko_choice;

/* Zero in any field means the default. */
typedef struct maiko_sim_options {
	uint64_t seed;
	maiko_options supervisor; /* workers: default 1, but see .varies; max_events_per_tick: default
				     * 1, so that a step handles one event; loop: must be NULL */
	maiko_sim_faults faults;
	uint64_t steps_max;         /* a run with more steps fails; 10 million */
	const maiko_choice *replay; /* make these choices, ordered by index, and everywhere else
				     * the first possible one, instead of the seed's */
	size_t replay_count;
	bool replays;       /* ... also if replay_count is 0 */
	bool no_properties; /* do not check the properties */
	/* The placement is a choice of the schedule: how many workers there are, 1 to 4, if
	 * .supervisor.workers is 0; and on which of them an actor lives, or the events of an external
	 * thread arrive, if nobody has said it. The first possible choice is one worker, and the
	 * actors in turn. An exploration sets it: set it too to replay its schedule. */
	bool varies;
	uint64_t reserved_[8];
} maiko_sim_options;

MAIKO_BEGIN_DECLS

/* Creates a simulation in *ret_sim. Errors: MAIKO_EINVAL (a NULL, an option out of its
 * bounds, a loop), MAIKO_ENOMEM. */
MAIKO_API int maiko_sim_new(maiko_sim **ret_sim, const maiko_sim_options *options);

/* Stops each supervisor that has not stopped, the last added first, and checks that nothing is
 * pending: the ledgers balance, and no event is queued or in flight. 0; MAIKO_EBROKEN; the error of
 * an actor that failed, as maiko_stop returns it (of several supervisors: the first such error): an
 * error of the program, not of the runtime. */
MAIKO_API int maiko_sim_finish(maiko_sim *sim);

/* Frees it and its supervisors, which need not have stopped: all stop, the last added first, before
 * the first is freed. Returns NULL; NULL is allowed. */
MAIKO_API maiko_sim *maiko_sim_free(maiko_sim *sim);

/* Its (first) supervisor, which the simulation owns: do not call maiko_supervisor_free on it. */
MAIKO_API maiko_supervisor *maiko_sim_supervisor(maiko_sim *sim);

/*
 * Adds another supervisor to the simulation: *ret_sup, with these options (NULL: the defaults),
 * whose defaults and bounds are those of maiko_sim_options.supervisor. So several supervisors of
 * one process, or several processes, are simulated as one: one schedule chooses among the steps of
 * all, one clock fires the timers of all; everything in this header is about all of them, but for
 * maiko_sim_supervisor, which returns the first. The properties are checked for each.
 *
 * What an actor of one sends to another (maiko_send(other, ...)) comes from outside, as in reality:
 * each worker is a separate sender, and may not wait. A supervisor that has stopped takes nothing:
 * stop them in the order in which they depend on each other, or leave that to maiko_sim_finish.
 *
 * The simulation owns it: do not call maiko_supervisor_free on it. Errors: MAIKO_EINVAL (a NULL, an
 * option out of its bounds, a loop), MAIKO_ENOMEM, MAIKO_E2BIG (more than
 * MAIKO_SIM_SUPERVISORS_MAX), MAIKO_EBROKEN (the simulation has failed), MAIKO_EDEADLK (inside a
 * callback).
 */
MAIKO_API int maiko_sim_add(maiko_sim *sim, const maiko_options *options, maiko_supervisor **ret_sup);

/* The simulation of a supervisor; NULL if it is not simulated. Also inside callbacks. */
MAIKO_API maiko_sim *maiko_sim_of(const maiko_supervisor *sup);

/* ---- running ------------------------------------------------------------------------- */

/* Takes one step. 1: taken; 0: quiescent, nothing is queued, running or due now; MAIKO_EBROKEN:
 * the simulation has failed (maiko_sim_failure says why), now or before. */
MAIKO_API int maiko_sim_step(maiko_sim *sim);

/* Takes steps until quiescence. 0 or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_run(maiko_sim *sim);

/* Advances time by `ms` milliseconds: timers that become due fire in order, and after each the
 * simulation runs to quiescence. 0 or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_advance(maiko_sim *sim, uint64_t ms);

/* Inside a callback: advances the virtual clock by `us` microseconds, as a slow callback would.
 * Timers that become due fire after the callback. */
MAIKO_API void maiko_sim_spend(maiko_sim *sim, uint64_t us);

/* Sets the clock of the machine (maiko_unix_ms, maiko_at) to so many milliseconds since 1970-01-01 UTC, in all its
 * supervisors. No other time passes: so it is for the program if somebody sets the clock, or if the machine was
 * suspended. It begins at 2026-01-01 and one second, and advances with the virtual time. Also inside callbacks. */
MAIKO_API void maiko_sim_set_clock(maiko_sim *sim, uint64_t unix_ms);

/* Runs until `condition(arg)` holds, up to `limit_ms` of virtual time. 0, MAIKO_ETIMEDOUT
 * or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_run_until(maiko_sim *sim, bool (*condition)(void *arg), void *arg, uint64_t limit_ms);

/* From now on external sends count as those of that thread, 1 (the default) and up: each is a
 * separate sender. */
MAIKO_API void maiko_sim_thread(maiko_sim *sim, uint32_t thread);

/* ---- its state ------------------------------------------------------------------------- */

/* Virtual time in nanoseconds; it begins at one second. Also inside callbacks. */
MAIKO_API uint64_t maiko_sim_now(const maiko_sim *sim);

/* Steps taken, events handled, and the hash of all choices and observations so far. */
MAIKO_API uint64_t maiko_sim_steps(const maiko_sim *sim);
MAIKO_API uint64_t maiko_sim_events(const maiko_sim *sim);
MAIKO_API uint64_t maiko_sim_signature(const maiko_sim *sim);

/* The choices so far other than the first possible one; valid until the next call. */
MAIKO_API size_t maiko_sim_choices(const maiko_sim *sim, const maiko_choice **ret_choices);

/* 64 random bits from the seed, independent of the schedule, for the data of a test. And a
 * choice of the schedule, 0 to count - 1, which is recorded, replayed and shrunk. Both also
 * inside callbacks. */
MAIKO_API uint64_t maiko_sim_random(maiko_sim *sim);
MAIKO_API uint32_t maiko_sim_choose(maiko_sim *sim, uint32_t count);

/* ---- invariants -------------------------------------------------------------------------- */

/* Calls `check(sim, arg)` after every step; it reports a violation with maiko_sim_fail.
 * Errors: MAIKO_EINVAL (a NULL), MAIKO_E2BIG (more than 16). */
MAIKO_API int maiko_sim_check(maiko_sim *sim, void (*check)(maiko_sim *sim, void *arg), void *arg);

/* Fails the simulation, with a text formatted as by printf(3); the first failure is kept.
 * Calls that wait return with an error. Also inside callbacks. */
MAIKO_API void maiko_sim_fail(maiko_sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Why it has failed, or NULL. The simulation owns the text. */
MAIKO_API const char *maiko_sim_failure(const maiko_sim *sim);

MAIKO_END_DECLS

#endif
