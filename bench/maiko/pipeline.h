/*
 * pipeline.h - a source, three stages and a sink, for W2, and with work to do for W7.
 *
 * The source sends by batches, which fit a mailbox, and lets what waits go first. So on
 * one worker a mailbox neither overflows nor runs dry; on two, backpressure sets the pace.
 */
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H

#include "run.h"

typedef struct pipeline_plan {
	uint32_t workers;
	bool halves;      /* the first half on the first worker, the second on the last one;
			   * else where the runtime puts them */
	uint64_t events;  /* through the whole of it */
	uint64_t work_ns; /* of each stage, an event */
	bool sink_works;  /* the sink too */
} pipeline_plan;

/* Runs it; the sink checks the order. Notes the figure "events". */
bool pipeline_run(const pipeline_plan *plan);

#endif
