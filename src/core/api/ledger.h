/*
 * ledger.h - counters that the library itself needs.
 */
#ifndef MK_LEDGER_H
#define MK_LEDGER_H

#include "runtime/runtime.h"

/* The number of deliveries that a stop has discarded. Takes the lock. */
uint64_t mk_ledger_discarded(mk_sup *sup);

/* After a stop: an actor that was on hold when it ended, with events left for it, and how many such there are;
 * NULL: none. Its name is valid until the supervisor is freed. Takes the lock. */
const char *mk_ledger_left_on_hold(mk_sup *sup, uint32_t *ret_count);

#endif
