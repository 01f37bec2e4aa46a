/*
 * joining.h - hands over what topics have retained to those who join them (keeper.h), as a part of the change by which
 * they join (topology.h):
 *
 *   begin    which workers have keepers of the topics that the change joins: each of them will send one part
 *   apply    these workers begin to tell events that were sent under the change from earlier ones
 *   settle   all markers have passed, so they have all earlier ones: each sends the joiner's home a part, copies of
 *            what it keeps of these topics, on the control lane, and keeps from now on what has come since
 *   give     when all parts have come and the home settles too, they go into the joiner's mailbox, before the events
 *            sent under the change, which it has queued since its apply; then its home settles the change: a new actor
 *            runs its on_start, another may run again
 *
 * So the joiner handles each event once. The change is complete when its home has settled it, so the batch waits for it
 * as for a move (mk_topology.waiting). A part is sent even if it is empty, or if there was no memory for it: its events
 * are then counted lost. models/retained.pml shows that it is exact; to change the protocol, change the model first.
 *
 * Who subscribes to all topics, or by a pattern, is given a part by each worker, if there is a retained topic when the
 * change begins: of those topics to which it has not subscribed before in another way.
 */
#ifndef MK_JOINING_H
#define MK_JOINING_H

#include "lifecycle/topology.h"

/* What a change is given. */
typedef struct mk_joining mk_joining;

/* With the lock, when the change begins, its worker is known and its subscriptions are about to be counted. 0 or
 * MAIKO_ENOMEM. */
int mk_joining_begin(mk_sup *sup, mk_change *c);

/* The workers that take part in the change because of that, its home included: bit set. */
uint64_t mk_joining_workers(const mk_change *c);

/* On each worker that takes part, before it takes the number of the batch. */
void mk_joining_apply(mk_worker *w);

/* With the lock, before the workers settle: how many changes are not complete before mk_joining_settled has settled
 * them, by `settle`, on their home. */
uint32_t mk_joining_expect(mk_sup *sup, void (*settle)(mk_worker *w, mk_change *c));

/* On each worker that takes part, before it settles the changes at home: sends its parts. */
void mk_joining_settle(mk_worker *w);

/* On its home, in place of settling the change: settles it now, or when the last part comes. False: it is given
 * nothing. */
bool mk_joining_settled(mk_worker *w, mk_change *c);

void mk_joining_free(mk_change *c);

#endif
