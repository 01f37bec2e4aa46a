/*
 * echo.h - the far side of W11: a thousand socket pairs, one message in flight on each.
 *
 * One thread with a libuv loop writes a message to each pair and, when it comes back, the
 * next. The measured program has the near ends, so all programs get the same load.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include <stdint.h>

enum { ECHO_PAIRS = 1000, ECHO_MESSAGE = 64 /* bytes */ };

/* Creates the non-blocking pairs and returns the near ends. */
void echo_open(int ret_near[ECHO_PAIRS]);

/* Starts the thread, which makes `round_trips`, divided evenly among the pairs. */
void echo_start(uint64_t round_trips);

/* Waits until all have come back; returns the nanoseconds since the first write. */
uint64_t echo_join(void);

/* After that: notes how long round trips took, as bench_percentiles, and frees the memory. */
void echo_figures(void);

#endif
