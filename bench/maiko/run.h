/*
 * run.h - what maiko's workloads share: the run of a supervisor from beginning to end, checked
 * by the ledger.
 *
 * The clock runs from run_begins, at the first send, to run_ends, in the last handler.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench.h"

#include <maiko/maiko.h>

typedef struct run_plan {
	maiko_options options;
	int (*add)(maiko_supervisor *sup);       /* adds the actors; 0 or an error            */
	void (*external)(maiko_supervisor *sup); /* after the start, on the main thread; NULL */
	void (*ended)(void);                     /* after the stop, before it is freed; NULL  */
	uint64_t handled;                        /* expected, by all actors together           */
	const _Atomic(uint64_t) *beside;         /* more, counted by the actors; NULL: none    */
} run_plan;

/* Runs a supervisor until run_ends is called, stops it, and checks its ledger: balanced,
 * every delivery handled, and the expected number. False: an error, or the check failed. */
bool run_supervisor(const run_plan *plan);

/* From an actor or an external thread. */
void run_begins(void);
void run_ends(void);

/* Nanoseconds between the two. */
double run_ns(void);

/* The topics "<stem>0", "<stem>1", ... of a supervisor, as many as `count`; the caller frees
 * the array. NULL on failure. */
const maiko_topic **run_topics(maiko_supervisor *sup, const char *stem, uint64_t count);

#endif
