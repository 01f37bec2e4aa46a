/*
 * pace.h - when the next event of a paced workload (W6) is due.
 *
 * Up to 1,000 a second a descriptor tells, so that the sender sleeps in between; faster
 * than that a sleep is too coarse, and the sender watches the clock.
 */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_BY_DESCRIPTOR_MAX = 1000 /* events a second */ };

static inline bool pace_by_descriptor(uint64_t events_s) { return events_s <= PACE_BY_DESCRIPTOR_MAX; }

/* A descriptor that is readable whenever an event is due, the first in one period. */
int pace_open(uint64_t events_s, bool blocking);

/* How many have come due since the last call; waits for one if the descriptor blocks. */
uint64_t pace_read(int fd);

/* Without a descriptor: whether the event of that number, from 0 on, is due. */
bool pace_due(uint64_t started_ns, uint64_t number, uint64_t events_s);

#endif
