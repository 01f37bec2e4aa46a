/*
 * measure.h - what the peers in C and C++ share: the protocol of their programs, the clock, and
 * the statistics of a process on Linux.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PEERS_MEASURE_H
#define PEERS_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The payload of 16 bytes: sinks check that seq has no gaps and no repeats. */
typedef struct event {
	uint64_t seq, value;
} event;

/* run prints its figures and returns 0, or returns -1 if a count was wrong. */
typedef struct variant {
	const char *name;
	int (*run)(double scale);
} variant;

/* The body of main: list, about, run. about is one line, without newline. 1 if output could not be written. */
int measure_main(int argc, char **argv, const char *about, const variant *variants, size_t count);

void measure_figure(const char *name, const char *unit, double value);
void measure_rate(const char *name, const char *unit, uint64_t count, uint64_t took_ns);

/* 0 if they are equal, else -1 and a line on stderr. */
int measure_expect(const char *what, uint64_t count, uint64_t expected);

/* A count of events at a scale, at least one. */
uint64_t measure_scaled(uint64_t count, double scale);

uint64_t measure_now_ns(void);

/* Spins for the 2 us that a stage of W7 works. */
void measure_work(void);

/* Confines the process, and the threads it starts from here on, to that many of its cores. */
void measure_use_cores(int count);

uint64_t measure_resident_bytes(void);

/* The processor time of all threads of the process. */
double measure_cpu_s(void);

/*
 * Waits until a time: sleeps if the period is long enough, else spins, because no timer keeps a
 * period of 10 us. A late caller does not wait, and so catches up.
 */
void measure_wait_until(uint64_t due_ns, uint64_t period_ns);

/* Prints the figures of W6; sorts the samples. */
void measure_latencies(uint64_t *samples_ns, size_t count, double cpu_s, uint64_t took_ns);

#ifdef __cplusplus
}
#endif

#endif
