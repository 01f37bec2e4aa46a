/*
 * pairs.h - runs every pair of calls about one actor on two threads at the same time.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdint.h>

/* Runs rounds for `seconds`, at least until each pair has run; returns 0 or 1, for main. */
int pairs_run(uint64_t seconds, uint32_t workers, uint64_t seed);

#endif
