/*
 * routing.h - random publishes to many topics, for W9 and the sweeps.
 */
#ifndef BENCH_ROUTING_H
#define BENCH_ROUTING_H

#include "run.h"

typedef struct routing_plan {
	uint64_t topics, events;
	bool one_host; /* one actor subscribes to all topics; else each topic has its own */
	double memory; /* out: additional resident bytes per topic after the start */
} routing_plan;

/* Runs it on one worker. */
bool routing_run(routing_plan *plan);

#endif
