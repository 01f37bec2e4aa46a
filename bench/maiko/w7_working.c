/*
 * w7_working.c - W7: a pipeline whose three stages each work for 2 us per event, placed by
 * the runtime. With two workers, one has two stages: the throughput is at best 1.5 times that
 * of one worker. With the sink as a fourth stage (`-even`) both have the same load.
 */
#include "pipeline.h"
#include "workloads.h"

enum { EVENTS = 100000, WORK_NS = 2000 };

static bool run(const bench_variant *v)
{
	return pipeline_run(&(pipeline_plan){.workers = v->workers,
					     .events = bench_scaled(EVENTS, 1),
					     .work_ns = WORK_NS,
					     .sink_works = v->size != 0});
}

const bench_variant working_variants[] = {{"W7/one", run, .workers = 1},
					  {"W7/two", run, .workers = 2},
					  {.name = "W7/default", .run = run},
					  {"W7/one-even", run, .workers = 1, .size = 1},
					  {"W7/two-even", run, .workers = 2, .size = 1},
					  {.name = "W7/default-even", .run = run, .size = 1},
					  {.name = NULL}};
