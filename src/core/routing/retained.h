/*
 * retained.h - what the topics that an actor joins have retained for it goes into its mailbox (keeper.h).
 *
 * It is put before all that waits there, however full the mailbox is: it was sent before the actor joined, so before
 * every event of these topics that is queued. From there on these are events like any others: a hold, a move, a
 * restart, the end of the actor, a stop and the ledger need to know nothing of them.
 */
#ifndef MK_RETAINED_H
#define MK_RETAINED_H

#include "runtime/runtime.h"

/* One of them, a copy on the heap; NULL: there was no memory for it. */
typedef struct mk_retained {
	mk_event *event;
	uint32_t topic;
} mk_retained;

/* On the home of an actor that has joined these topics, and that is held since: gives it the events, in this order, and
 * `lost` more for which there was no memory. They are counted as deliveries; but those that it would not get either if
 * they were sent now (its own, expired ones, older ones of a key) are not given. Takes over the events. */
void mk_retained_give(mk_worker *w, mk_actor *a, const mk_retained *list, uint32_t count, uint64_t lost);

#endif
