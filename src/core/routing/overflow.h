/*
 * overflow.h - what happens to a delivery that cannot simply be queued: the mailbox is
 * full, the policy is keep-latest, or the subscriber has ended.
 */
#ifndef MK_OVERFLOW_H
#define MK_OVERFLOW_H

#include "runtime/runtime.h"

/* Delivers by policy. */
void mk_overflow(mk_worker *w, const mk_sub *s, mk_event *e);

/* Counts an entry of another worker for which there was no memory; `t` may be NULL. */
void mk_overflow_no_memory(mk_worker *w, mk_topic *t, const mk_event *from, uint64_t marker);

/* Empties a mailbox, of one topic or (NULL) of all, counting `outcome` (an offset in
 * mk_counts). */
void mk_purge(mk_worker *w, mk_actor *a, const mk_topic *topic, size_t outcome);

void mk_keep_fini(mk_extra *x);
/* What it knows of places by topic does not hold any more. */
void mk_oldest_forget(mk_extra *x);

#endif
