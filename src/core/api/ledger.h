/*
 * ledger.h - what the library itself asks of the counters.
 */
#ifndef MK_LEDGER_H
#define MK_LEDGER_H

#include "runtime/runtime.h"

/* How many deliveries have been discarded by a stop. Takes the lock. */
uint64_t mk_ledger_discarded(mk_sup *sup);

#endif
