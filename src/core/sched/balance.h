/*
 * balance.h - which worker an actor lives on: together with those it talks to, while one worker can do the work.
 *
 * Actors begin together (mk_begins_together): who talks to whom shows only when they run. Then each worker looks every
 * few milliseconds, and samples its actors for two milliseconds or more (sample.h) if that could help:
 *
 *   spread   It was never idle while another worker mostly was. The worker with spare time decides from the sample
 *            which part of the actors it takes over (cut.h). It has no more time than the cores, of which other
 *            threads of the program use some.
 *   lend     No such part exists because single actors have too much of the work: one of them moves to and fro, and
 *            each worker runs it while that worker has less to do; first in each turn, so that the actors which it
 *            sends to have enough events when it leaves.
 *   isolate  One actor has nearly all of the time, in callbacks for which the others wait: it goes alone.
 *   merge    It talks much with another worker, and one could do the work of both, or there is no core for the other:
 *            their actors live on one again.
 *
 * A look that finds nothing to do costs a few loads. After each sample the next one waits twice as long, up to
 * 640 ms, so a load that no move can improve is hardly ever sampled. A worker that is idle looks at nothing.
 *
 * A worker calls all of this for itself. Of another worker it accesses only atomics, which are estimates.
 */
#ifndef MK_BALANCE_H
#define MK_BALANCE_H

#include "runtime/runtime.h"

/* How often a worker compares idle times, at first. */
#define MK_BALANCE_EVERY_NS 5000000

/* idle: the worker has had no work since `since_ns`. busy: it has work again. */
void mk_balance_idle(mk_worker *w, uint64_t since_ns);
void mk_balance_busy(mk_worker *w, uint64_t now_ns);

/* Whether it is time to look. */
static inline bool mk_balance_due(const mk_worker *w)
{
	return w->balances && w->now_ns - w->looked_ns >= w->look_every_ns;
}

/* Compares the idle times, and ends a sample that is due. Between two turns. */
void mk_balance_look(mk_worker *w);

/* An actor that two workers run in turns has come from that worker. */
void mk_balance_lent(mk_worker *w, maiko_actor_id id, uint32_t from);

#endif
