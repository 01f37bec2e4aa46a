/*
 * migrate.h - moves an actor to another worker while events flow to and from it: none is lost,
 * duplicated or reordered. models/topology.pml shows that; to change the protocol, change the
 * model first.
 *
 * The actor leaves its old home and joins its new one in one numbered change (topology.h):
 *
 *   requester     new home                          old home
 *   request ────▶ prepare: memory for all ────────▶ pick: may it leave? it is held
 *   ------------------------- a batch begins -------------------------
 *   apply         its subscriptions join, with a    its subscriptions leave
 *                 shadow of it for a mailbox
 *   settle        they are joined                   they have left; it is unlinked, and
 *                 take over: its mailbox, then  ◀── handed over on the control lane
 *                 the shadow's; it runs
 *   --------- complete when the hand-over has arrived, and all have settled ---------
 *
 * So the old home queues events sent before the change, the shadow queues events sent under it,
 * and no event of the actor is in the old home's channels when it first runs at the new home.
 * From the pick to the take-over it runs no callback, so the checks of the pick stay true.
 *
 * Control messages for the actor (mutes, releases, probes, verdicts, completions) go to its old
 * home from a worker that has not applied the change, to its new home from one that has
 * (mk_home_of). The new home keeps them until the take-over. So the messages of each worker stay
 * in order.
 *
 * Its queued events belong to the old worker's pool, so they move as copies on the heap. A copy
 * belongs to no worker: if the actor moves again, it goes along. An event without memory for its
 * copy is counted as no_memory. The shadow is an mk_actor with the same identity. With a blocking
 * policy it is full from the start, so the mailbox bound holds.
 */
#ifndef MK_MIGRATE_H
#define MK_MIGRATE_H

#include "lifecycle/topology.h"

/* Queues a change of kind MOVE with its `id` and `to`, as mk_topology_request does. 0, MAIKO_EINVAL (no
 * such worker), MAIKO_EBUSY (no migration is allowed now), MAIKO_ENOENT, MAIKO_ESTATE, MAIKO_ESHUTDOWN. */
int mk_migrate_request(mk_sup *sup, mk_change *change, int *ret_status);

/* Requests a migration without waiting; without memory, or if it is not possible, the actor stays. `lent`: the two
 * workers run it in turns (balance.h). */
void mk_migrate(mk_sup *sup, maiko_actor_id id, uint32_t to, bool lent);

/* The parts of a batch. */
int mk_migrate_begin(mk_sup *sup, mk_change *c);  /* with the lock */
void mk_migrate_undo(mk_worker *w, mk_change *c); /* begin has failed */
void mk_migrate_apply(mk_worker *w, mk_change *c);
void mk_migrate_settle(mk_worker *w, mk_change *c);

#endif
