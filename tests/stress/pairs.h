/*
 * pairs.h - every two calls about one actor, by two threads at the same moment.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdint.h>

/* Rounds for `seconds`, and at least one in which each pair meets; 0 or 1, as main returns. */
int pairs_run(uint64_t seconds, uint32_t workers, uint64_t seed);

#endif
