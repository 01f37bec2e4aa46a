/*
 * latency.c - W6: the time from send to handle, at a given pace, from one thread to another.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

#include <stdlib.h>

typedef struct receiver {
	uint64_t count, *samples_ns;
	bench_result result;
} receiver;

static void *receiver_body(void *arg)
{
	receiver *self = arg;
	void *pair = bench_connect(ZMQ_PAIR, "inproc://latency");
	event ev;

	bench_ready();
	for (uint64_t i = 0; i < self->count && bench_recv(pair, &ev) == 0; i++) {
		self->samples_ns[i] = measure_now_ns() - ev.value;
		self->result.in_order += ev.seq == self->result.in_order;
	}
	self->result.done_ns = measure_now_ns();
	zmq_close(pair);
	return NULL;
}

int latency(uint64_t events, uint64_t period_ns, double scale)
{
	receiver receiver = {.count = measure_scaled(events, scale)};

	receiver.samples_ns = calloc(receiver.count, sizeof *receiver.samples_ns);
	if (receiver.samples_ns == NULL)
		return -1;
	bench_begin(1, 2);
	void *pair = bench_bind(ZMQ_PAIR, "inproc://latency");
	pthread_t thread = bench_thread(receiver_body, &receiver);
	bench_ready();
	double cpu_s = measure_cpu_s();
	uint64_t start_ns = measure_now_ns();
	for (uint64_t seq = 0; seq < receiver.count; seq++) {
		measure_wait_until(start_ns + seq * period_ns, period_ns);
		bench_send(pair, (event){seq, measure_now_ns()});
	}
	bench_join(thread);
	cpu_s = measure_cpu_s() - cpu_s;
	zmq_close(pair);
	bench_end();

	int rc = measure_expect("events in order", receiver.result.in_order, receiver.count);
	if (rc == 0)
		measure_latencies(receiver.samples_ns, receiver.count, cpu_s, receiver.result.done_ns - start_ns);
	free(receiver.samples_ns);
	return rc;
}
