/*
 * no_memory.h - runs a scenario repeatedly: its first allocation fails, then its second, and so
 * on until none fails. Each time there is no leak and the ledger balances.
 */
#ifndef NO_MEMORY_H
#define NO_MEMORY_H

#include "support.h"

/* Counters of a scenario, zero at its beginning: the calls of its handlers, and the wrong
 * results. */
extern _Atomic(uint64_t) no_memory_handled, no_memory_wrong;

/* Whether a call succeeded. In a scenario calls may fail only for lack of memory; any other
 * code is wrong. */
#define well(rc) no_memory_well((rc), __LINE__)
bool no_memory_well(int rc, int line);

/* Runs it once for each of its allocations, with that one failing (`forever`: and all later ones),
 * and once with none failing. Called by main after test_allocator_install(). */
void no_memory_play(void (*scenario)(uint32_t workers), uint32_t workers, bool forever);

/* Creates the supervisor of a scenario. NULL: no memory; then no later allocation fails. */
maiko_supervisor *no_memory_supervisor(maiko_options options);

/* Ends it, with memory available. Checks that no_memory_handled, plus events without a handler,
 * equals the handled deliveries. Returns the number of discarded deliveries. */
uint64_t no_memory_finish(maiko_supervisor *sup);

#endif
