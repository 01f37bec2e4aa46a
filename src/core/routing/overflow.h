/*
 * overflow.h - deliveries that cannot simply be queued: the mailbox is full, the policy is
 * keep-latest, the subscription has a filter, the event may expire, or the subscriber has ended.
 */
#ifndef MK_OVERFLOW_H
#define MK_OVERFLOW_H

#include "runtime/runtime.h"

/* Delivers an event by the filter and the overflow policy of the subscription, to its topic, or (_by) of that view. */
void mk_overflow(mk_worker *w, const mk_sub *s, mk_event *e);
void mk_overflow_by(mk_worker *w, const mk_topic *view, const mk_sub *s, mk_event *e);
/* The same of an event that its filter has accepted. */
void mk_overflow_accepted(mk_worker *w, const mk_sub *s, mk_event *e);

/* Counts a channel entry that could not be copied without memory; `t` may be NULL. Returns
 * the number of deliveries. */
uint64_t mk_overflow_no_memory(mk_worker *w, mk_topic *t, const mk_event *from, uint64_t marker);

/* Removes all events, or those of topics that the actor has left (mk_attached_left), from a mailbox and counts
 * `outcome` (an offset in mk_counts) for each. */
void mk_purge(mk_worker *w, mk_actor *a, bool left, size_t outcome);

/* Events have moved to other positions in the mailbox. */
void mk_overflow_shifted(mk_actor *a);

/* Of events on the heap that will be queued before all others, the oldest first: frees those whose key comes again
 * behind them, among them or in the mailbox, if the subscription keeps the latest. Returns how many are left, or
 * UINT32_MAX without memory, with all of them left. */
uint32_t mk_overflow_newest(mk_actor *a, mk_event **events, uint32_t count);

/* Takes the event at that place out of a mailbox; the caller has its reference then. */
void mk_overflow_take_out(mk_actor *a, uint64_t place);

void mk_keep_fini(mk_extra *x);
/* The lower bounds of positions by topic are no longer valid. */
void mk_oldest_forget(mk_extra *x);

/* Whether the actor has a newer event of its key queued, which replaces an event that would go back. */
bool mk_overflow_is_replaced(mk_actor *a, const mk_event *e);
/* It has gone back, as the first. */
void mk_overflow_returned(mk_actor *a, const mk_event *e);

#endif
