/*
 * bench.h - what the variants of this peer share: threads, their sockets, and what each reports.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ZEROMQ_BENCH_H
#define ZEROMQ_BENCH_H

#include "measure.h"

#include <pthread.h>
#include <zmq.h>

enum { BENCH_TIMEOUT_MS = 20000 };

/* Set up by bench_begin; inproc endpoints live in one context. */
extern void *bench_context;

/* The count of a thread, and the time when it finished. */
typedef struct bench_result {
	uint64_t in_order, done_ns;
} bench_result;

/*
 * Begins a run of that many actors, on that many cores. Each actor and main call bench_ready when
 * their sockets are connected; it returns when all have called it.
 */
void bench_begin(unsigned actors, int cores);
void bench_ready(void);

/* Frees the resources of bench_begin; all sockets must be closed. */
void bench_end(void);

/* A failure ends the program, because a run needs all its threads and sockets. */
pthread_t bench_thread(void *(*body)(void *), void *arg);
void bench_join(pthread_t thread);
void *bench_bind(int type, const char *endpoint);
void *bench_connect(int type, const char *endpoint);

void bench_send(void *socket, event ev);

/* 0, or -1 if no message has arrived in time. */
int bench_recv(void *socket, event *ret_ev);

int ping_pong(int cores, uint64_t rounds, double scale);
int pipeline(int cores, double scale);
int working_pipeline(int cores, double scale);
int fan_out(int cores, double scale);
int fan_out_shared(size_t size, double scale);
int fan_in(int cores, double scale);
int latency(uint64_t events, uint64_t period_ns, double scale);

#endif
