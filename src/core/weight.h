/*
 * weight.h - the bytes that the events of a mailbox have outside of themselves: payloads that lie
 * in a block, and buffers. They are bounded like the events: the overflow policy is asked when one
 * with such bytes arrives while there are as many as the bound. Others are not looked at, so what
 * lies inside an event costs nothing here.
 *
 * A list beside the mailbox has each of them, with its place there, in order; what has been taken
 * from the mailbox leaves the list when that is next looked at, at the end of a run at the latest.
 * What leaves the middle must be told before. Memory is had before the event is queued.
 */
#ifndef MK_WEIGHT_H
#define MK_WEIGHT_H

#include "runtime.h"

/* Of a type all events are, or none. */
static inline bool mk_is_heavy(const mk_event *e)
{
	return MK_UNLIKELY((e->klass & (MK_KLASS_BLOCK | MK_KLASS_BUFFERS)) != 0) &&
	       (e->type->size > MK_INLINE_MAX || e->type->buffer_count != 0);
}

/* Its own bound, to be set before it runs. 0 or MAIKO_ENOMEM. */
int mk_weight_bound(mk_actor *a, uint64_t bytes);

/* Whether there are as many bytes as the bound, or (many) so many times as many; whether they
 * are few, half of it. */
bool mk_weight_full(const mk_worker *w, mk_actor *a, uint64_t times);
bool mk_weight_low(const mk_worker *w, mk_actor *a);

/* Room for one more. 0 or MAIKO_ENOMEM. Then: such an event has been queued at that place. */
int mk_weight_reserve(mk_actor *a);
void mk_weight_queued(mk_actor *a, const mk_event *e, uint64_t place);

/* The event at that place is about to leave the middle of the mailbox, or to be replaced by
 * another of its type. */
void mk_weight_leaves(mk_actor *a, uint64_t place, const mk_event *replaced_by);

/* Places have changed, or topics: all anew. */
void mk_weight_again(mk_actor *a);
/* None of it is this worker's any more. */
void mk_weight_forget(mk_actor *a);

void mk_weight_settle(mk_actor *a);
void mk_weight_fini(mk_extra *x);

/* For a report, from any thread: how many bytes are queued. */
uint64_t mk_weight_of(const mk_extra *x);

#endif
