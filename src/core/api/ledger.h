/*
 * ledger.h - counters that the library itself needs.
 */
#ifndef MK_LEDGER_H
#define MK_LEDGER_H

#include "runtime/runtime.h"

/* The number of deliveries that a stop has discarded. Takes the lock. */
uint64_t mk_ledger_discarded(mk_sup *sup);

#endif
