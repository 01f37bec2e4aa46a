/*
 * migrate.h - an actor moves to another worker while events flow to it and from it: nothing is
 * lost, doubled or reordered. models/topology.pml shows that; a change of this changes it
 * first.
 *
 * It leaves its old home and joins its new one in one numbered change (topology.h):
 *
 *   who asks      new home                          old home
 *   request ────▶ prepare: memory for all ────────▶ pick: may it leave? it is held
 *   ------------------------- a batch begins -------------------------
 *   apply         its subscriptions join, with a    its subscriptions leave
 *                 shadow of it for a mailbox
 *   settle        they are joined                   they have left; it is unlinked, and
 *                 take over: its mailbox, then  ◀── handed over on the control lane
 *                 the shadow's; it runs
 *   --------- complete when the hand-over has arrived, and all have settled ---------
 *
 * So the old home queues what was sent before the change, the shadow what was sent under it,
 * and no entry of the actor's own is in the old home's channels when it first runs at the new
 * one. From the pick to the take-over it runs no callback: what was found there stays true.
 *
 * What others have to tell it (mutes, releases, probes, verdicts, completions) goes to its old
 * home from a worker that has not applied the change, to its new home from one that has
 * (mk_home_of). At the new home it is kept until the take-over. So each worker's word stays in
 * order.
 *
 * Its queued events are another pool's, so they move as copies on the heap; one that there is
 * no memory for is counted so. The shadow is an mk_actor with the same identity: to it the
 * actor is full from the start, where its policy is to block, so the bound of a mailbox is kept.
 */
#ifndef MK_MIGRATE_H
#define MK_MIGRATE_H

#include "lifecycle/topology.h"

/* Takes a change of kind MOVE with its `id` and `to`, as mk_topology_request does. 0,
 * MAIKO_EINVAL (no such worker), MAIKO_EBUSY (nothing may move now), MAIKO_ENOENT, MAIKO_ESTATE, MAIKO_ESHUTDOWN. */
int mk_migrate_request(mk_sup *sup, mk_change *change, int *ret_status);

/* Asks for a move that nobody waits for; without memory, or if it cannot be, the actor stays. */
void mk_migrate(mk_sup *sup, maiko_actor_id id, uint32_t to);

/* The parts of a batch. */
int mk_migrate_begin(mk_sup *sup, mk_change *c);  /* with the lock */
void mk_migrate_undo(mk_worker *w, mk_change *c); /* it was not possible */
void mk_migrate_apply(mk_worker *w, mk_change *c);
void mk_migrate_settle(mk_worker *w, mk_change *c);

#endif
