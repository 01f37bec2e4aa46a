/*
 * bench.c - threads, their sockets, and their common start.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

void *bench_context;
static pthread_barrier_t ready;

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

void bench_begin(unsigned actors, int cores)
{
	measure_use_cores(cores);
	bench_context = zmq_ctx_new();
	check(bench_context != NULL, "zmq_ctx_new");
	check(pthread_barrier_init(&ready, NULL, actors + 1) == 0, "pthread_barrier_init");
}

void bench_ready(void) { pthread_barrier_wait(&ready); }

void bench_end(void)
{
	zmq_ctx_term(bench_context);
	pthread_barrier_destroy(&ready);
}

pthread_t bench_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	check(pthread_create(&thread, NULL, body, arg) == 0, "pthread_create");
	return thread;
}

void bench_join(pthread_t thread) { check(pthread_join(thread, NULL) == 0, "pthread_join"); }

/* High-water marks have ZeroMQ's default, 1,000 per side. */
static void *open_socket(int type)
{
	int timeout_ms = BENCH_TIMEOUT_MS;
	void *socket = zmq_socket(bench_context, type);

	check(socket != NULL, "zmq_socket");
	check(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms) == 0, "ZMQ_RCVTIMEO");
	return socket;
}

void *bench_bind(int type, const char *endpoint)
{
	void *socket = open_socket(type);

	check(zmq_bind(socket, endpoint) == 0, endpoint);
	return socket;
}

void *bench_connect(int type, const char *endpoint)
{
	void *socket = open_socket(type);

	check(zmq_connect(socket, endpoint) == 0, endpoint);
	return socket;
}

void bench_send(void *socket, event ev) { check(zmq_send(socket, &ev, sizeof ev, 0) == sizeof ev, "zmq_send"); }

int bench_recv(void *socket, event *ret_ev)
{
	return zmq_recv(socket, ret_ev, sizeof *ret_ev, 0) == sizeof *ret_ev ? 0 : -1;
}
