/*
 * explore.h - one test under many schedules: finds the seed that fails, and says why.
 *
 *   static int orders_are_acknowledged(maiko_sim *sim, void *arg);   // 0, or an error
 *
 *   maiko_explore_result result;
 *   maiko_explore(&(maiko_explore_options){.scenario = orders_are_acknowledged,
 *                                          .prepare = vary_workers,   // 1 + options->seed % 4
 *                                          .count = 100000}, &result);
 *   if (result.failed)
 *           maiko_explore_print(&result, stderr);
 *   maiko_explore_result_fini(&result);
 *
 * Each seed is a simulation of its own (sim.h), on all cores, in forked processes: so a
 * crash, an assertion or a sanitizer's report is the failure of a seed as well, and so is an
 * endless loop, and memory of the library's that is not freed. The first seed that fails is
 * run again, with fewer and fewer of the choices that were not the first possible, as long
 * as it fails in the same way: what is left is the shrunk schedule, which
 * maiko_sim_options.replay takes. Its last run is watched: the result tells what happened,
 * and which events caused which.
 *
 * The same seeds give the same result, however many processes there are. With a failure the
 * totals are those of the seeds that were run until it was known.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_EXPLORE_H
#define MAIKO_TESTING_EXPLORE_H

#include <maiko/monitor.h>
#include <maiko/testing/sim.h>
#include <stdio.h>

/* The most choices of one run that are kept; one with more is not shrunk. */
#define MAIKO_EXPLORE_CHOICES_MAX (1u << 18)
/* The most observations of one run that are kept: the last ones. */
#define MAIKO_EXPLORE_MOMENTS_MAX 4096u

/* How far it has come: sums over the seeds that are done. */
typedef struct maiko_explore_progress {
	uint64_t seeds, steps, events;
	uint64_t elapsed_ns; /* of real time */
	bool shrinking;      /* a seed has failed */
} maiko_explore_progress;

/* Zero in any field means the default. */
typedef struct maiko_explore_options {
	/* One run: 0, or anything else if it has failed; so has it when the simulation has
	 * (maiko_sim_failure). To end with maiko_sim_finish is its own task. It runs in another
	 * process: it must not leave by longjmp(3), as the assertions of some test libraries do. */
	int (*scenario)(maiko_sim *sim, void *arg);
	/* Changes the options of one seed (its workers, its faults), from options->seed alone;
	 * may be NULL. Vary the number of workers: on one no event crosses a channel, and between
	 * two no third can come. */
	void (*prepare)(maiko_sim_options *options, void *arg);
	void *arg;
	maiko_sim_options sim; /* of every seed, but for the seed itself */
	uint64_t from;         /* the first seed */
	uint64_t count;        /* of seeds; 1000 */
	uint32_t jobs;         /* processes; one a core */
	uint32_t seed_ms_max;  /* of real time: a seed that takes longer fails; 10000 */
	uint32_t shrink_max;   /* runs to shrink a schedule; 3000 */
	bool no_shrink;
	bool watch; /* tell the moments of the last seed also if nothing fails */
	/* Called now and then, some five times a second, by the thread that explores. */
	void (*progress)(const maiko_explore_progress *progress, void *arg);
	uint64_t reserved_[8];
} maiko_explore_options;

/* An observation (monitor.h), with copies of its names, cut if they are long. */
typedef struct maiko_moment {
	uint64_t step;
	uint64_t now_ns;
	maiko_observation_kind kind;
	uint32_t worker;
	int64_t code;
	maiko_id id, parent; /* zero: it is about no event, or one without a parent */
	char actor[32];      /* "": it is about no actor */
	char event[32];      /* "": it is about no event */
	char topic[32];
	char from[32];
	bool was_queued;
	bool is_cause; /* it is about the last event, or one that led to it */
} maiko_moment;

typedef struct maiko_explore_result {
	uint64_t seeds, steps, events; /* run */
	uint64_t signature;            /* of all of them, whatever their order */
	uint64_t elapsed_ns;           /* without the shrinking */
	/* The failure, if there is one. */
	bool failed;
	bool repeats;       /* a replay fails as well; else the scenario depends on more than the seed */
	uint64_t seed;      /* the lowest that fails */
	int signal;         /* that ended it; 0: none */
	char text[1024];    /* what was wrong */
	char *report;       /* what it wrote to stderr, if it crashed; "" else; never NULL */
	size_t choices_all; /* that were not the first possible */
	maiko_choice *choices;
	size_t choice_count; /* after shrinking */
	maiko_moment *moments;
	size_t moment_count;
	uint64_t reserved_[8];
} maiko_explore_result;

MAIKO_BEGIN_DECLS

/*
 * maiko_explore - runs the scenario for the seeds from, from + 1, ... up to `count` of them,
 * or to the first that fails.
 *
 * 0: none has failed; MAIKO_EBROKEN: one has, and *ret_result says which. Both fill in
 * *ret_result, for maiko_explore_result_fini. Other errors leave it untouched: MAIKO_EINVAL
 * (a NULL, a replay with more than one seed), MAIKO_ENOMEM, or what fork(2), mmap(2),
 * pipe(2) or memfd_create(2) say, as a negative errno. Waits for its processes; of their
 * output only that of a crash is kept. No supervisor may run in the process meanwhile.
 */
MAIKO_API int maiko_explore(const maiko_explore_options *options, maiko_explore_result *ret_result);

/* Frees what the result holds. NULL is fine. */
MAIKO_API void maiko_explore_result_fini(maiko_explore_result *result);

/* Writes it for a person: the totals; the failure, its schedule, the chain of events that
 * led to it and the last moments. 0, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_explore_print(const maiko_explore_result *result, FILE *out);

/* Writes moments, a line each: all, or the causes alone. 0, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_moments_print(const maiko_moment *moments, size_t count, bool causes_only, FILE *out);

MAIKO_END_DECLS

#endif
