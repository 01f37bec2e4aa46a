/*
 * weight.h - the bytes of a mailbox's events that are outside the events: payloads in blocks, and
 * buffers. They are bounded like the number of events: when an event with such bytes (a heavy
 * event) arrives and the bound is reached, the overflow policy decides. Other events cost nothing here.
 *
 * A list for each mailbox has its heavy events with their positions, in order. Events taken from the
 * mailbox leave the list at the next check, at the latest at the end of a run; before an event leaves
 * the middle, mk_weight_leaves is called. Memory is reserved before an event is queued.
 */
#ifndef MK_WEIGHT_H
#define MK_WEIGHT_H

#include "runtime/runtime.h"

/* All events of a type are heavy, or none. */
static inline bool mk_is_heavy(const mk_event *e)
{
	return MK_UNLIKELY((e->size_class & (MK_SIZE_CLASS_BLOCK | MK_SIZE_CLASS_BUFFERS)) != 0) &&
	       (e->type->size > MK_INLINE_MAX || e->type->buffer_count != 0);
}

/* Sets the actor's own bound, before it runs. 0 or MAIKO_ENOMEM. */
int mk_weight_bound(mk_actor *a, uint64_t bytes);

/* Whether the bytes have reached `times` the bound; whether they are at most half of it. */
bool mk_weight_full(const mk_worker *w, mk_actor *a, uint64_t times);
bool mk_weight_low(const mk_worker *w, mk_actor *a);

/* Reserves an entry: 0 or MAIKO_ENOMEM. After that: adds the heavy event queued at that position. */
int mk_weight_reserve(mk_actor *a);
/* The same for so many, which are queued before the others: mk_weight_again adds them. */
int mk_weight_reserve_more(mk_actor *a, uint32_t count);
void mk_weight_queued(mk_actor *a, const mk_event *e, uint64_t place);

/* The event at that position is about to leave the middle of the mailbox, or to be replaced by
 * another of its type. */
void mk_weight_leaves(mk_actor *a, uint64_t place, const mk_event *replaced_by);

/* Positions or topics have changed: rebuilds the list. */
void mk_weight_again(mk_actor *a);
/* The actor leaves this worker: clears the list, and subtracts its bytes from the counts. */
void mk_weight_forget(mk_actor *a);

/* Removes from the list the events that were taken from the mailbox. */
void mk_weight_settle(mk_actor *a);
void mk_weight_fini(mk_extra *x);

/* The number of bytes queued, for a report; from any thread. */
uint64_t mk_weight_of(const mk_extra *x);

#endif
