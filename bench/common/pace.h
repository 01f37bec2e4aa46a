/*
 * pace.h - the time when the next event of a paced workload (W6) is due.
 *
 * Up to 1,000 events per second a descriptor becomes readable, and the sender sleeps in between;
 * at a higher rate a sleep is too coarse, and the sender polls the clock.
 */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_BY_DESCRIPTOR_MAX = 1000 /* events per second */ };

static inline bool pace_by_descriptor(uint64_t events_s) { return events_s <= PACE_BY_DESCRIPTOR_MAX; }

/* Opens a descriptor that is readable whenever an event is due, first after one period. */
int pace_open(uint64_t events_s, bool blocking);

/* The number of events due since the last call; waits for one if the descriptor blocks. */
uint64_t pace_read(int fd);

/* Without a descriptor: whether the event with that number, from 0, is due. */
bool pace_due(uint64_t started_ns, uint64_t number, uint64_t events_s);

#endif
