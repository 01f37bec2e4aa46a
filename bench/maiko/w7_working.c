/*
 * w7_working.c - W7: a pipeline whose stages and sink each work for 2 us an event, placed
 * by the runtime. Four that work can be shared evenly by two workers.
 */
#include "pipeline.h"
#include "workloads.h"

enum { EVENTS = 100000, WORK_NS = 2000 };

static bool run(const bench_variant *v)
{
	return pipeline_run(
		&(pipeline_plan){.workers = v->workers, .events = bench_scaled(EVENTS, 1), .work_ns = WORK_NS});
}

const bench_variant working_variants[] = {{"W7/one", run, .workers = 1}, {"W7/two", run, .workers = 2}, {.name = NULL}};
