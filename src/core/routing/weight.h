/*
 * weight.h - the bytes that the events of a mailbox have outside of themselves: payloads in a block,
 * and buffers. They are bounded like the number of events: when an event with such bytes (a heavy
 * one) arrives and the bound is reached, the overflow policy decides. Other events cost nothing here.
 *
 * A list beside the mailbox has each heavy event with its place there, in order. What has been taken
 * from the mailbox leaves the list at the next look, at the end of a run at the latest; what leaves
 * the middle is reported before. Memory is reserved before the event is queued.
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

/* Its own bound, to be set before it runs. 0 or MAIKO_ENOMEM. */
int mk_weight_bound(mk_actor *a, uint64_t bytes);

/* Whether the bytes have reached so many times the bound; whether they have fallen to half of it. */
bool mk_weight_full(const mk_worker *w, mk_actor *a, uint64_t times);
bool mk_weight_low(const mk_worker *w, mk_actor *a);

/* Reserves room for one more: 0 or MAIKO_ENOMEM. And then: a heavy event has been queued at that place. */
int mk_weight_reserve(mk_actor *a);
void mk_weight_queued(mk_actor *a, const mk_event *e, uint64_t place);

/* The event at that place is about to leave the middle of the mailbox, or to be replaced by
 * another of its type. */
void mk_weight_leaves(mk_actor *a, uint64_t place, const mk_event *replaced_by);

/* Places have changed, or topics: makes the list anew. */
void mk_weight_again(mk_actor *a);
/* The actor leaves this worker: empties the list, and takes its bytes from the counts. */
void mk_weight_forget(mk_actor *a);

/* Takes from the list what has been taken from the mailbox. */
void mk_weight_settle(mk_actor *a);
void mk_weight_fini(mk_extra *x);

/* For a report, from any thread: how many bytes are queued. */
uint64_t mk_weight_of(const mk_extra *x);

#endif
