/*
 * fan.c - W3 and W4: one publisher and many subscribers, many producers and one consumer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBSCRIBERS = 100, PUBLISHES = 30000, PRODUCERS = 8, PRODUCED = 500000 };

/*
 * A payload must not be written while it is shared, so a few payloads, written in advance, are used
 * in turn. Each has its number, which replaces seq in the check.
 */
enum { PAYLOADS = 64 };

/*
 * The subscribers are sockets of one thread, which waits for all of them and then takes the messages
 * of each: if they were threads, each publish would wake a hundred of them.
 */
typedef struct subscribers {
	zmq_pollitem_t items[SUBSCRIBERS];
	uint64_t arrived[SUBSCRIBERS], in_order[SUBSCRIBERS];
	uint64_t count, done_ns;
	size_t size;
} subscribers;

/* Takes the messages of one socket; returns their number. */
static uint64_t take(subscribers *self, int i, zmq_msg_t *msg)
{
	uint64_t taken = 0;
	event ev;

	while (zmq_msg_recv(msg, self->items[i].socket, ZMQ_DONTWAIT) >= 0) {
		taken++;
		memcpy(&ev, zmq_msg_data(msg), sizeof ev);
		self->in_order[i] += zmq_msg_size(msg) == self->size && ev.seq == self->in_order[i] % PAYLOADS;
	}
	self->arrived[i] += taken;
	return taken;
}

static void *subscribers_body(void *arg)
{
	subscribers *self = arg;
	zmq_msg_t msg;

	for (int i = 0; i < SUBSCRIBERS; i++) {
		self->items[i].socket = bench_connect(ZMQ_SUB, "inproc://fan-out");
		self->items[i].events = ZMQ_POLLIN;
		zmq_setsockopt(self->items[i].socket, ZMQ_SUBSCRIBE, "", 0);
	}
	zmq_msg_init(&msg);
	bench_ready();
	for (uint64_t left = self->count * SUBSCRIBERS; left > 0;) {
		if (zmq_poll(self->items, SUBSCRIBERS, BENCH_TIMEOUT_MS) <= 0)
			break;
		for (int i = 0; i < SUBSCRIBERS; i++)
			if (self->items[i].revents != 0)
				left -= take(self, i, &msg);
	}
	self->done_ns = measure_now_ns();
	zmq_msg_close(&msg);
	for (int i = 0; i < SUBSCRIBERS; i++)
		zmq_close(self->items[i].socket);
	return NULL;
}

/* Waits for all subscriptions: a subscriber not yet known to the publisher gets no messages. */
static void await_subscriptions(void *xpub)
{
	char subscription[1];

	for (int i = 0; i < SUBSCRIBERS; i++)
		zmq_recv(xpub, subscription, sizeof subscription, 0);
}

static void keep(void *data, void *hint)
{
	(void)data;
	(void)hint;
}

/* A small payload is copied into its message; a large one is shared. */
static void publish_small(void *xpub, char *payload, size_t size) { zmq_send(xpub, payload, size, 0); }

static void publish_shared(void *xpub, char *payload, size_t size)
{
	zmq_msg_t msg;

	zmq_msg_init_data(&msg, payload, size, keep, NULL);
	zmq_msg_send(&msg, xpub, 0);
}

static int publish_all(int cores, uint64_t count, char *payloads, size_t size, void (*publish)(void *, char *, size_t))
{
	subscribers subscribers = {.count = count, .size = size};
	int nodrop = 1, verbose = 1, rc = 0;

	bench_begin(1, cores);
	void *xpub = bench_bind(ZMQ_XPUB, "inproc://fan-out");
	zmq_setsockopt(xpub, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop);
	/* Else only the first of several equal subscriptions would be reported. */
	zmq_setsockopt(xpub, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose);
	pthread_t thread = bench_thread(subscribers_body, &subscribers);
	bench_ready();
	await_subscriptions(xpub);
	uint64_t start_ns = measure_now_ns();
	for (uint64_t seq = 0; seq < count; seq++)
		publish(xpub, payloads + seq % PAYLOADS * size, size);
	bench_join(thread);
	zmq_close(xpub);
	bench_end();

	for (int i = 0; i < SUBSCRIBERS; i++)
		rc |= measure_expect("events in order at a subscriber", subscribers.in_order[i], count) |
		      measure_expect("events at a subscriber", subscribers.arrived[i], count);
	if (rc == 0)
		measure_rate("deliveries", "/s", count * SUBSCRIBERS, subscribers.done_ns - start_ns);
	return rc;
}

static int fan_out_sized(int cores, size_t size, double scale, void (*publish)(void *, char *, size_t))
{
	char *payloads = calloc(PAYLOADS, size);

	if (payloads == NULL)
		return -1;
	for (uint64_t seq = 0; seq < PAYLOADS; seq++)
		memcpy(payloads + seq * size, &(event){seq, 1}, sizeof(event));
	int rc = publish_all(cores, measure_scaled(PUBLISHES, scale), payloads, size, publish);
	free(payloads);
	return rc;
}

int fan_out(int cores, double scale) { return fan_out_sized(cores, sizeof(event), scale, publish_small); }
int fan_out_shared(size_t size, double scale) { return fan_out_sized(1, size, scale, publish_shared); }

typedef struct producer {
	pthread_t thread;
	uint64_t index, count;
} producer;

/* value is the producer, seq counts per producer. */
static void *producer_body(void *arg)
{
	producer *self = arg;
	void *push = bench_connect(ZMQ_PUSH, "inproc://fan-in");

	bench_ready();
	for (uint64_t seq = 0; seq < self->count; seq++)
		bench_send(push, (event){seq, self->index});
	zmq_close(push);
	return NULL;
}

int fan_in(int cores, double scale)
{
	uint64_t count = measure_scaled(PRODUCED, scale), in_order[PRODUCERS] = {0};
	producer producers[PRODUCERS];
	event ev;
	int rc = 0;

	bench_begin(PRODUCERS, cores);
	void *pull = bench_bind(ZMQ_PULL, "inproc://fan-in");
	for (uint64_t i = 0; i < PRODUCERS; i++) {
		producers[i].index = i;
		producers[i].count = count;
		producers[i].thread = bench_thread(producer_body, &producers[i]);
	}
	bench_ready();
	uint64_t start_ns = measure_now_ns();
	for (uint64_t i = 0; i < count * PRODUCERS && bench_recv(pull, &ev) == 0; i++)
		in_order[ev.value] += ev.seq == in_order[ev.value];
	uint64_t took_ns = measure_now_ns() - start_ns;
	for (int i = 0; i < PRODUCERS; i++) {
		bench_join(producers[i].thread);
		rc |= measure_expect("events in order from a producer", in_order[i], count);
	}
	zmq_close(pull);
	bench_end();
	if (rc == 0)
		measure_rate("events", "/s", count * PRODUCERS, took_ns);
	return rc;
}
