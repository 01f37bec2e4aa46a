/*
 * balance.h - actors move from a worker that has too much to do to one that has room.
 *
 * Each worker keeps how long it has been idle. One that has not been, for a few milliseconds,
 * while another mostly was, measures what its actors take: for about a millisecond the clock
 * is read around each run. Then it gives away as many as would even the two out, if that is
 * worth it:
 *
 *   - others were ready while it ran: else nothing would run in parallel afterwards
 *   - what it takes is several times what its talk with the actors of this worker would cost
 *     between two; so a chatty pair stays together
 *   - it has not moved lately, is not pinned to its worker, and may leave (migrate.h)
 *
 * An idle worker does nothing for it, and nothing is measured where nothing can be gained.
 */
#ifndef MK_BALANCE_H
#define MK_BALANCE_H

#include "runtime/runtime.h"

/* Memory for a measurement; freed with the worker. 0 or MAIKO_ENOMEM. */
int mk_balance_init(mk_worker *w);

/* How often a worker looks round. */
#define MK_BALANCE_EVERY_NS 5000000

/* Nothing is left to do since `since_ns`; and something is again. */
void mk_balance_idle(mk_worker *w, uint64_t since_ns);
void mk_balance_busy(mk_worker *w, uint64_t now_ns);

/* Between two turns, not more often than MK_BALANCE_EVERY_NS: looks round; and ends a
 * measurement that has begun. */
void mk_balance_look(mk_worker *w);

/* Runs the next ready actor, and measures it. */
void mk_balance_run_next(mk_worker *w);

#endif
