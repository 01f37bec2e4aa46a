/*
 * sim.h - the same actors, unchanged, under a virtual clock and a seeded scheduler.
 *
 * A simulation is a supervisor whose workers, with their channels, mailboxes and timers,
 * are run by the calling thread, one step at a time: one control message, one entry of a
 * channel, one timer, one run of one actor. Of the steps that are possible a seed chooses;
 * time moves only when it is told to. So a test needs no clock and no sleep, and the same
 * seed gives the same run, on every machine and with every compiler, which the signature
 * proves: a hash of every choice and of everything that happened.
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
 * Blocking jobs run, at a moment chosen, on the simulating thread. Real time, descriptors
 * and threads are not available: maiko_loop, maiko_adopt, maiko_when_readable,
 * maiko_when_writable, maiko_run and a send from another thread fail the simulation with an
 * error that names the call (and return MAIKO_ESIMULATED where they return a code). In place of
 * a source that needs them a test adds a small actor of its name, which need not handle
 * anything, and sends in that name (maiko_harness_send_as).
 *
 * While it runs, the properties of the runtime are checked at every step (its promises: order,
 * once and only once, one at a time, no echo, nothing before the start or after the removal,
 * on_stop once, nothing left behind when quiet); maiko_sim_check adds more.
 *
 * Everything here is called from one thread, outside callbacks, unless said otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_SIM_H
#define MAIKO_TESTING_SIM_H

#include <maiko/maiko.h>

typedef struct maiko_sim maiko_sim;

/* How often each fault strikes: one in so many, 0 never. Each is a choice of the seed. */
typedef struct maiko_sim_faults {
	uint32_t callback;   /* what a handler, tick or hook returned becomes MAIKO_ECANCELED */
	uint32_t allocation; /* an allocation inside a step fails                             */
	uint32_t stall;      /* before a step: a worker does nothing for up to 64 steps       */
	uint32_t slow;       /* before a step: a channel stands still for up to 64 steps      */
	uint32_t late;       /* as time moves: what is due comes up to 100 ms too late; before
			      * a step: up to 4 ms pass                                       */
	uint32_t removal;    /* before a step: an actor is removed                            */
	uint32_t burst;      /* before a step: `on_burst` is called, where nothing waits      */
	void (*on_burst)(maiko_sim *sim, void *arg);
	void *arg;
	uint32_t overlap; /* once the start has begun, between two critical sections of a call or a step:
			   * `on_overlap` is called in place of another thread, which may not wait;
			   * then up to 15 steps of other workers are taken */
	void (*on_overlap)(maiko_sim *sim, void *arg); /* may be NULL */
	uint64_t reserved_[8];
} maiko_sim_faults;

/* One choice that was not the first of those possible. */
typedef struct maiko_choice {
	uint64_t index; /* of the choices made before it */
	uint32_t value; /* what was chosen, 1 and up     */
} maiko_choice;

/* Zero in any field means the default. */
typedef struct maiko_sim_options {
	uint64_t seed;
	maiko_options supervisor; /* workers: default 1; max_events_per_tick: default 1, so that a
				     * step handles one event; loop: must be NULL */
	maiko_sim_faults faults;
	uint64_t steps_max;         /* more without an end fail the simulation; 10 million */
	const maiko_choice *replay; /* these choices and, everywhere else, the first possible,
				     * instead of what the seed would choose; by index */
	size_t replay_count;
	bool replays;       /* ... also if replay_count is 0 */
	bool no_properties; /* do not check the properties */
	uint64_t reserved_[8];
} maiko_sim_options;

MAIKO_BEGIN_DECLS

/* A new simulation, through *ret_sim. Errors: MAIKO_EINVAL (a NULL, an option out of its
 * bounds, a loop), MAIKO_ENOMEM. */
MAIKO_API int maiko_sim_new(maiko_sim **ret_sim, const maiko_sim_options *options);

/* Stops the supervisor, if it has not, and checks that nothing is left behind: the ledger
 * balances, and nothing is queued or under way. 0; MAIKO_EBROKEN; the error of an actor that
 * failed, as maiko_stop returns it: that is the program's fault, not the runtime's. */
MAIKO_API int maiko_sim_finish(maiko_sim *sim);

/* Frees it and its supervisor, which need not have stopped. Returns NULL; NULL is fine. */
MAIKO_API maiko_sim *maiko_sim_free(maiko_sim *sim);

/* The supervisor, the simulation's: maiko_supervisor_free is not for it. */
MAIKO_API maiko_supervisor *maiko_sim_supervisor(maiko_sim *sim);

/* The simulation of a supervisor; NULL if it is a real one. From any callback too. */
MAIKO_API maiko_sim *maiko_sim_of(const maiko_supervisor *sup);

/* ---- running ------------------------------------------------------------------------- */

/* Takes one step. 1: taken; 0: quiet, nothing is queued, running or due now; MAIKO_EBROKEN:
 * the simulation has failed (maiko_sim_failure says why), now or before. */
MAIKO_API int maiko_sim_step(maiko_sim *sim);

/* Takes steps until it is quiet. 0 or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_run(maiko_sim *sim);

/* Lets `ms` milliseconds pass: what falls due meanwhile happens in order, each until it is
 * quiet. 0 or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_advance(maiko_sim *sim, uint64_t ms);

/* Inside a callback: it takes `us` microseconds. The virtual clock moves on by them, as it does during a slow
 * callback; what falls due meanwhile comes after it. */
MAIKO_API void maiko_sim_spend(maiko_sim *sim, uint64_t us);

/* Runs until `condition(arg)` holds, up to `limit_ms` of virtual time. 0, MAIKO_ETIMEDOUT
 * or MAIKO_EBROKEN. */
MAIKO_API int maiko_sim_run_until(maiko_sim *sim, bool (*condition)(void *arg), void *arg, uint64_t limit_ms);

/* From now on the sends from outside are those of that thread, 1 (the first) and up: each
 * is a sender of its own. */
MAIKO_API void maiko_sim_thread(maiko_sim *sim, uint32_t thread);

/* ---- what it knows --------------------------------------------------------------------- */

/* Virtual nanoseconds, from one second on. From any callback too. */
MAIKO_API uint64_t maiko_sim_now(const maiko_sim *sim);

/* Steps taken, events handled, and the hash of all choices and observations so far. */
MAIKO_API uint64_t maiko_sim_steps(const maiko_sim *sim);
MAIKO_API uint64_t maiko_sim_events(const maiko_sim *sim);
MAIKO_API uint64_t maiko_sim_signature(const maiko_sim *sim);

/* The choices so far that were not the first possible; the simulation's, until the next call. */
MAIKO_API size_t maiko_sim_choices(const maiko_sim *sim, const maiko_choice **ret_choices);

/* 64 bits from the seed, apart from the schedule: for the data of a test. And a choice of
 * the schedule, 0 to count - 1: it is recorded, replayed and shrunk. From any callback too. */
MAIKO_API uint64_t maiko_sim_random(maiko_sim *sim);
MAIKO_API uint32_t maiko_sim_choose(maiko_sim *sim, uint32_t count);

/* ---- invariants -------------------------------------------------------------------------- */

/* Calls `check(sim, arg)` after every step; one that finds something wrong calls
 * maiko_sim_fail. Errors: MAIKO_EINVAL (a NULL), MAIKO_E2BIG (more than 16). */
MAIKO_API int maiko_sim_check(maiko_sim *sim, void (*check)(maiko_sim *sim, void *arg), void *arg);

/* Fails the simulation, with a text as printf(3) makes it; the first one counts. Calls that
 * wait return, with an error. From any callback too. */
MAIKO_API void maiko_sim_fail(maiko_sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Why it has failed, or NULL. The simulation's. */
MAIKO_API const char *maiko_sim_failure(const maiko_sim *sim);

MAIKO_END_DECLS

#endif
