/*
 * flow.c - W1, W2 and W7: events that go from one actor to the next.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

#include <stdio.h>

enum { FLOW_EVENTS = 3000000, WORKING_EVENTS = 100000, STAGES = 3 };

static void *ponger(void *arg)
{
	uint64_t rounds = *(uint64_t *)arg;
	void *pair = bench_connect(ZMQ_PAIR, "inproc://ping-pong");
	event ev;

	bench_ready();
	for (uint64_t i = 0; i < rounds && bench_recv(pair, &ev) == 0; i++)
		bench_send(pair, ev);
	zmq_close(pair);
	return NULL;
}

int ping_pong(int cores, uint64_t rounds, double scale)
{
	uint64_t count = measure_scaled(rounds, scale), in_order = 0;
	event ev;

	bench_begin(1, cores);
	void *pair = bench_bind(ZMQ_PAIR, "inproc://ping-pong");
	pthread_t thread = bench_thread(ponger, &count);
	bench_ready();
	uint64_t start_ns = measure_now_ns();
	while (in_order < count) {
		bench_send(pair, (event){in_order, 1});
		if (bench_recv(pair, &ev) != 0 || ev.seq != in_order)
			break;
		in_order++;
	}
	uint64_t took_ns = measure_now_ns() - start_ns;
	bench_join(thread);
	zmq_close(pair);
	bench_end();

	if (measure_expect("round trips in order", in_order, count) != 0)
		return -1;
	measure_figure("round_trip", "ns", (double)took_ns / (double)count);
	return 0;
}

/* A stage, or the sink: it receives from the endpoint of its index, and sends to the next one. */
typedef struct stage {
	pthread_t thread;
	unsigned index;
	uint64_t count;
	void (*work)(void);
	bench_result result;
} stage;

static void *pull_of(unsigned index)
{
	char endpoint[32];

	snprintf(endpoint, sizeof endpoint, "inproc://stage-%u", index);
	return bench_bind(ZMQ_PULL, endpoint);
}

static void *push_to(unsigned index)
{
	char endpoint[32];

	snprintf(endpoint, sizeof endpoint, "inproc://stage-%u", index);
	return bench_connect(ZMQ_PUSH, endpoint);
}

static void *stage_body(void *arg)
{
	stage *self = arg;
	void *pull = pull_of(self->index), *push = push_to(self->index + 1);
	event ev;

	bench_ready();
	for (uint64_t i = 0; i < self->count && bench_recv(pull, &ev) == 0; i++) {
		if (self->work != NULL)
			self->work();
		bench_send(push, (event){ev.seq, ev.value + 1});
	}
	zmq_close(pull);
	zmq_close(push);
	return NULL;
}

static void *sink_body(void *arg)
{
	stage *self = arg;
	void *pull = pull_of(self->index);
	event ev;

	bench_ready();
	for (uint64_t i = 0; i < self->count && bench_recv(pull, &ev) == 0; i++)
		self->result.in_order += ev.seq == self->result.in_order && ev.value == STAGES;
	self->result.done_ns = measure_now_ns();
	zmq_close(pull);
	return NULL;
}

/* Sends events through the stages; returns the time in ns, 0 if a count was wrong. */
static uint64_t flow(int cores, uint64_t count, void (*work)(void))
{
	stage stages[STAGES + 1] = {0};

	bench_begin(STAGES + 1, cores);
	for (unsigned i = 0; i <= STAGES; i++) {
		stages[i].index = i;
		stages[i].count = count;
		stages[i].work = work;
		stages[i].thread = bench_thread(i < STAGES ? stage_body : sink_body, &stages[i]);
	}
	void *push = push_to(0);
	bench_ready();
	uint64_t start_ns = measure_now_ns();
	for (uint64_t seq = 0; seq < count; seq++)
		bench_send(push, (event){seq, 0});
	for (unsigned i = 0; i <= STAGES; i++)
		bench_join(stages[i].thread);
	zmq_close(push);
	bench_end();

	bench_result result = stages[STAGES].result;
	if (measure_expect("events in order at the sink", result.in_order, count) != 0)
		return 0;
	return result.done_ns - start_ns;
}

int pipeline(int cores, double scale)
{
	uint64_t count = measure_scaled(FLOW_EVENTS, scale);
	uint64_t took_ns = flow(cores, count, NULL);

	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	measure_figure("hop", "ns", (double)took_ns / (double)count / (STAGES + 1));
	return 0;
}

int working_pipeline(int cores, double scale)
{
	uint64_t count = measure_scaled(WORKING_EVENTS, scale);
	uint64_t took_ns = flow(cores, count, measure_work);

	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	return 0;
}
