/*
 * topology_state.h - what is known of the changes asked for (topology.h), for those that gather them
 * to batches and those that take their steps.
 */
#ifndef MK_TOPOLOGY_STATE_H
#define MK_TOPOLOGY_STATE_H

#include "lifecycle/topology.h"

typedef struct mk_topology {
	mk_change *pending, **pending_tail;
	mk_change *batch;
	mk_map changing;     /* the same, by actor, if more than one has been asked for about one */
	bool busy, settling; /* the latter: in step 2 */
	uint64_t number;
	_Atomic(uint64_t) waiting;
} mk_topology;

/* ---- batch.c, with the lock ----------------------------------------------------------------- */

/* Begins the next batch, if none is under way and something is pending. */
void mk_topology_next(mk_sup *sup);

/* The change is over: the next that waits for it goes before all that are pending, and the rest wait for
 * that one. */
void mk_topology_put_on(mk_topology *t, const mk_change *over);

/* ---- topology.c ------------------------------------------------------------------------------ */

/* Begins the batch that has been gathered. With the lock. */
void mk_topology_begin(mk_sup *sup);

/* Step 1 is over: begins step 2. Step 2 is over: ends the batch. Nothing else of it runs then. */
void mk_topology_settle_all(mk_sup *sup);
void mk_topology_finish(mk_worker *w);

#endif
