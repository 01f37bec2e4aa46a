/*
 * no_memory.h - a scenario again and again, with its first allocation failing, then its
 * second, and so on until none fails. Each time nothing leaks and the ledger balances.
 */
#ifndef NO_MEMORY_H
#define NO_MEMORY_H

#include "support.h"

/* What a scenario counts, zero at its beginning: the calls of its handlers, and what should
 * not have been. */
extern _Atomic(uint64_t) no_memory_handled, no_memory_wrong;

/* Whether a call went well. Whatever fails in a scenario, fails for want of memory; any other
 * code is wrong. */
#define well(rc) no_memory_well((rc), __LINE__)
bool no_memory_well(int rc, int line);

/* Plays it once for each of its allocations, that one failing and with `forever` all after it,
 * and once with none. For main: test_allocator_install() comes first. */
void no_memory_play(void (*scenario)(uint32_t workers), uint32_t workers, bool forever);

/* A supervisor of a scenario; NULL without memory, and then nothing fails any more. */
maiko_supervisor *no_memory_supervisor(maiko_options options);

/* Ends it, with memory again. What was handled is what no_memory_handled says, but for what
 * has no handler. Returns how many deliveries were discarded. */
uint64_t no_memory_finish(maiko_supervisor *sup);

#endif
