/*
 * explore.h - runs one test under many schedules, finds a seed that fails, and explains it.
 *
 *   static int orders_are_acknowledged(maiko_sim *sim, void *arg);   // 0, or an error
 *
 *   maiko_explore_result result;
 *   maiko_explore(&(maiko_explore_options){.scenario = orders_are_acknowledged,
 *                                          .count = 100000}, &result);
 *   if (result.failed)
 *           maiko_explore_print(&result, stderr);
 *   maiko_explore_result_fini(&result);
 *
 * Each seed is a separate simulation (sim.h), in forked processes on all CPUs. So a crash, a
 * failed assertion, a sanitizer's report, an endless loop and a leak of the library's memory
 * are failures of a seed too. The lowest seed that fails is run again with ever fewer of the
 * choices that were not the first possible, and with lower ones, as long as it fails in the same
 * way. What remains is the shrunk schedule, which maiko_sim_options.replay accepts, with the same
 * options, seed and, unless the exploration was `.fixed`, `.varies`. No choice of it can be left out
 * alone. Its last run is recorded: the result lists what happened, and which events caused which.
 *
 * The number of workers, unless the options or `prepare` say it, and the worker of each actor that
 * is not added to one, vary too: they are choices of the schedule (maiko_sim_options.varies), which
 * are shrunk towards one worker and actors placed in turn. With one worker no event crosses a
 * channel, some failures need three, and some show only if two actors share a worker.
 *
 * The same seeds give the same result, for any number of processes. After a failure the
 * totals are those of the seeds that had run when it was found.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_EXPLORE_H
#define MAIKO_TESTING_EXPLORE_H

#include <maiko/monitor.h>
#include <maiko/testing/sim.h>
#include <stdio.h>

/* The maximum number of choices kept of one run; a run with more is not shrunk. */
#define MAIKO_EXPLORE_CHOICES_MAX (1u << 18)
/* The maximum number of observations kept of one run: the last ones. */
#define MAIKO_EXPLORE_MOMENTS_MAX 4096u

/* The progress so far: sums over the completed seeds. */
typedef struct maiko_explore_progress {
	uint64_t seeds, steps, events;
	uint64_t elapsed_ns; /* of real time */
	bool shrinking;      /* a seed has failed */
} maiko_explore_progress;

/* Zero in any field means the default. */
typedef struct maiko_explore_options {
	/* One run. Returns nonzero if it has failed; it has also failed when the simulation has
	 * (maiko_sim_failure). It calls maiko_sim_finish itself. It runs in another process: it must
	 * not leave by longjmp(3), as the assertions of some test libraries do. */
	int (*scenario)(maiko_sim *sim, void *arg);
	/* Changes the options of one seed (its faults, a number of workers), as a function of
	 * options->seed alone; may be NULL. */
	void (*prepare)(maiko_sim_options *options, void *arg);
	void *arg;
	maiko_sim_options sim; /* of every seed, but for the seed itself */
	uint64_t from;         /* the first seed */
	uint64_t count;        /* of seeds; 1000 */
	uint32_t jobs;         /* processes; one per CPU */
	uint32_t seed_ms_max;  /* of real time: a seed that takes longer fails; 10000 */
	uint32_t shrink_max;   /* runs to shrink a schedule; 3000 */
	bool no_shrink;
	bool watch; /* report the moments of the last seed also if nothing fails */
	bool fixed; /* do not vary the number of workers, which is then 1 by default, nor the placement */
	/* Called about five times per second, on the exploring thread. */
	void (*progress)(const maiko_explore_progress *progress, void *arg);
	uint64_t reserved_[8];
} maiko_explore_options;

/* An observation (monitor.h), with copies of its names, truncated if they are long. */
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
	bool is_cause;       /* it is about the last event, or an ancestor of it */
	uint32_t supervisor; /* 1: the first of the simulation */
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
	char text[1024];    /* the reason */
	char *report;       /* its output to stderr, if it crashed, else ""; never NULL */
	size_t choices_all; /* that were not the first possible */
	maiko_choice *choices;
	size_t choice_count; /* after shrinking */
	maiko_moment *moments;
	size_t moment_count;
	uint64_t reserved_[8];
} maiko_explore_result;

MAIKO_BEGIN_DECLS

/*
 * maiko_explore - runs the scenario for the seeds from, from + 1, ...: `count` seeds, or until
 * one fails.
 *
 * 0: none has failed; MAIKO_EBROKEN: one has failed. Both fill in *ret_result, which
 * maiko_explore_result_fini frees. Other errors do not change it: MAIKO_EINVAL (a NULL, a
 * replay with more than one seed), MAIKO_ENOMEM, or an error of fork(2), mmap(2), pipe(2) or
 * memfd_create(2), as a negative errno. Waits for its processes; their output is kept only
 * after a crash. No supervisor may run in the process meanwhile.
 */
MAIKO_API int maiko_explore(const maiko_explore_options *options, maiko_explore_result *ret_result);

/* Frees the contents of the result. NULL is allowed. */
MAIKO_API void maiko_explore_result_fini(maiko_explore_result *result);

/* Writes a human-readable report: the totals; the failure, its schedule, the chain of events
 * that led to it and the last moments. 0, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_explore_print(const maiko_explore_result *result, FILE *out);

/* Writes moments, one per line: all, or only the causes. "worker 2" is one of the first supervisor,
 * "worker 3/2" one of the third. 0, or MAIKO_EINVAL for a NULL. */
MAIKO_API int maiko_moments_print(const maiko_moment *moments, size_t count, bool causes_only, FILE *out);

MAIKO_END_DECLS

#endif
