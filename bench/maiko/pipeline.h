/*
 * pipeline.h - a source, three stages and a sink, for W2, and with work for W7.
 *
 * The source sends in batches that fit a mailbox, and lets queued events run first. So on one
 * worker a mailbox neither overflows nor becomes empty; on two, backpressure sets the rate.
 */
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H

#include "run.h"

typedef struct pipeline_plan {
	uint32_t workers;
	bool halves;                         /* the first half on the first worker, the second on the last one;
			   * else placed by the runtime */
	uint64_t events;                     /* through the whole pipeline */
	uint64_t work_ns;                    /* of each stage, per event */
	bool sink_works;                     /* the sink too */
	int (*watch)(maiko_supervisor *sup); /* begins to observe it; 0 or an error; NULL: nobody does */
	void (*ended)(void);                 /* run_plan's */
} pipeline_plan;

/* Runs it; the sink checks the order. Notes the figure "events". */
bool pipeline_run(const pipeline_plan *plan);

#endif
