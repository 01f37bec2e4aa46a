/*
 * w2_pipeline.c - W2: a pipeline of four hops, on one worker, halved between two, or placed by the
 * runtime.
 */
#include "pipeline.h"
#include "workloads.h"

enum { EVENTS = 8000000, HOPS = 4 };

static bool run(const bench_variant *v)
{
	uint64_t events = bench_scaled(EVENTS, 1);
	if (!pipeline_run(&(pipeline_plan){.workers = v->workers, .halves = v->workers != 0, .events = events}))
		return false;
	bench_figure("hop", "ns", run_ns() / (double)(events * HOPS));
	return true;
}

const bench_variant pipeline_variants[] = {{"W2/one", run, .workers = 1},
					   {"W2/two", run, .workers = 2},
					   {.name = "W2/default", .run = run},
					   {.name = NULL}};
