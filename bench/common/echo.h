/*
 * echo.h - the far side of W11: a thousand socket pairs, one message in flight on each.
 *
 * One thread with a libuv loop writes a message to each pair and, as it comes back, the
 * next. The near ends belong to whoever is measured, so that all are driven alike.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include <stdint.h>

enum { ECHO_PAIRS = 1000, ECHO_MESSAGE = 64 /* bytes */ };

/* Makes the pairs, which do not block, and gives the near ends. */
void echo_open(int ret_near[ECHO_PAIRS]);

/* Starts the thread: so many round trips, shared evenly by the pairs. */
void echo_start(uint64_t round_trips);

/* Waits until all have come back; returns the nanoseconds from the first write on. */
uint64_t echo_join(void);

#endif
