/*
 * report.h - what the library itself asks of the counters.
 */
#ifndef MK_REPORT_H
#define MK_REPORT_H

#include "runtime.h"

/* How many deliveries have been discarded by a stop. Takes the lock. */
uint64_t mk_report_discarded(mk_sup *sup);

#endif
