/*
 * balance.h - migrates actors from a saturated worker to one with spare capacity.
 *
 * Each worker records its idle time. A worker that was busy for a few milliseconds while another
 * was mostly idle measures the run time of its actors: for about a millisecond it reads the clock
 * around each run. Then it migrates enough actors to even out the two workers. An actor migrates
 * only if:
 *
 *   - other actors were ready while it ran; else nothing would run in parallel afterwards
 *   - its run time is several times the extra cost of sending its events between two workers, so
 *     two actors that exchange many events stay together
 *   - it has not migrated recently, is not pinned to its worker, and may leave (migrate.h)
 *
 * Balancing costs an idle worker nothing, and nothing is measured unless a migration could help.
 */
#ifndef MK_BALANCE_H
#define MK_BALANCE_H

#include "runtime/runtime.h"

/* Memory for a measurement; freed with the worker. 0 or MAIKO_ENOMEM. */
int mk_balance_init(mk_worker *w);

/* How often a worker compares idle times. */
#define MK_BALANCE_EVERY_NS 5000000

/* idle: the worker has had no work since `since_ns`. busy: it has work again. */
void mk_balance_idle(mk_worker *w, uint64_t since_ns);
void mk_balance_busy(mk_worker *w, uint64_t now_ns);

/* Compares the idle times, and ends a measurement that is due. Called between two turns, at
 * most once per MK_BALANCE_EVERY_NS. */
void mk_balance_look(mk_worker *w);

/* Runs the next ready actor and measures its run time. */
void mk_balance_run_next(mk_worker *w);

#endif
