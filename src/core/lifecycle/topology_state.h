/*
 * topology_state.h - the state of the requested changes (topology.h), shared by batch.c, which gathers
 * them into batches, and topology.c, which takes the steps.
 */
#ifndef MK_TOPOLOGY_STATE_H
#define MK_TOPOLOGY_STATE_H

#include "lifecycle/topology.h"

typedef struct mk_topology {
	mk_change *pending, **pending_tail;
	mk_change *batch;
	mk_map changing;     /* the batch by actor id; filled when a second change of an actor is pending */
	mk_record *touched;  /* notice.c */
	bool busy, settling; /* settling: in step 2 */
	uint64_t number;
	uint64_t concerned; /* bit set: the workers that take part in the batch themselves (stand_in.h) */
	_Atomic(uint64_t) waiting;
} mk_topology;

/* ---- batch.c, with the lock ----------------------------------------------------------------- */

/* The change is complete: the first change that waited for it becomes the first pending one, and the others
 * wait for that one. */
void mk_topology_put_on(mk_topology *t, const mk_change *over);

/* ---- topology.c ------------------------------------------------------------------------------ */

/* Begins the gathered batch. True: all its steps are taken (stand_in.h). With the lock. */
bool mk_topology_begin(mk_sup *sup);

/* settle_all: step 1 is complete, begins step 2; true: that is complete as well. finish: step 2 is complete, ends the
 * batch, and begins the next. No other part of the batch runs during these calls. */
bool mk_topology_settle_all(mk_sup *sup);
void mk_topology_finish(mk_worker *w);
/* The same for a batch after mk_topology_begin has returned true: no one waits for a callback. With the lock; begins
 * no other batch. */
void mk_topology_end_here(mk_sup *sup);

/* With the lock: the members of share groups that the batch under way adds on a worker, or (by: -1) takes. */
void mk_batch_members(mk_sup *sup, mk_subscriptions *places, uint32_t count, uint32_t worker, int by);

#endif
