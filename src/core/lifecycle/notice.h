/*
 * notice.h - actors that watch a topic are told whether anyone subscribes to it (C19).
 *
 * A watcher (MAIKO_ON_INTEREST) has one notice for each topic that it watches, allocated with the actor; and one for
 * each other topic or pattern that any of its patterns meets, allocated when that is subscribed to. So telling it needs
 * no memory, and a notice that has not run yet is updated instead of given twice: the last one told is always true.
 *
 * A watcher is told in the topology change that makes the difference (topology.h):
 *
 *   begin    the new number of each topic's subscriptions is known. If a topic gets its first subscription, or loses
 *            its last one, or will have lost it if there is no memory for the new ones:
 *   apply    each worker pauses the watchers that live there, before it sends its marker
 *   decide   all markers have passed: decides whether the topic is wanted. (A subscription for which its home had no
 *            memory does not count.)
 *   settle   each worker gives its watchers their notices, before anything else of the change happens there and in
 *            front of their queued events (private.h); at the end of the step they may run again
 *
 * So a watcher is told when all workers send under the change: an event that is sent because of the notice, by any
 * actor and on any way, reaches the subscriber. And since all workers have paused their watchers before the first
 * worker settles, no watcher handles an event that the change has caused (by the on_start of a new subscriber, by a
 * completion) before its notice. models/interest.pml checks every interleaving; to change the protocol, change the
 * model first.
 *
 * Counting and entering happen under the lock; a notice itself belongs to its actor's worker.
 *
 * MAIKO_ALL_TOPICS is a topic of its own, and monitors are not subscribers: neither counts.
 */
#ifndef MK_NOTICE_H
#define MK_NOTICE_H

#include "runtime/runtime.h"

/* Makes the notices of a new actor. 0 or MAIKO_ENOMEM. */
int mk_notices_new(mk_sup *sup, mk_actor *a);

/* ---- with the lock ------------------------------------------------------------------------- */

/* The actor will be a watcher: finds what its patterns meet. And subscriptions that may be the first ones of what a
 * watcher's pattern meets: for each makes its notice. 0 or MAIKO_ENOMEM; precedes mk_listeners_add. */
int mk_notices_look(mk_sup *sup, mk_actor *a);
static inline int mk_notices_seek(mk_sup *sup, mk_actor *a)
{
	return MK_LIKELY(a->class->watched_count == 0) ? 0 : mk_notices_look(sup, a);
}
int mk_notices_find(mk_sup *sup, const mk_subscription *places, uint32_t count);
static inline int mk_notices_expect(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	return MK_LIKELY(sup->pattern_watchers == 0) ? 0 : mk_notices_find(sup, places, count);
}

/* Subscriptions that begin or end with the current batch. */
void mk_listeners_add(mk_sup *sup, const mk_subscription *places, uint32_t count);
void mk_listeners_take(mk_sup *sup, const mk_subscription *places, uint32_t count);

/* The same before the start, with immediate effect. */
void mk_listeners_add_now(mk_sup *sup, const mk_subscription *places, uint32_t count);

/* The actor becomes a watcher; it is no longer one. */
void mk_notices_enter(mk_actor *a);
void mk_notices_leave(mk_sup *sup, mk_actor *a);

/* All markers of the batch have passed: decides which topics are wanted. */
void mk_notices_decide(mk_sup *sup);

/* The batch is over. */
void mk_notices_end(mk_sup *sup);

/* ---- on a worker ---------------------------------------------------------------------------- */

/* Applies the batch of that number: pauses the watchers of topics that change. */
void mk_notices_pause(mk_worker *w, uint64_t number);

/* Settles it. tell: gives the notices. permit: the watchers may run again. */
void mk_notices_tell(mk_worker *w, uint64_t number);
void mk_notices_permit(mk_worker *w, uint64_t number);

/* The actor has started: tells it the current state of each topic. */
void mk_notices_begin(mk_worker *w, mk_actor *a);
/* The actor will be restarted: after that it is told anew. */
void mk_notices_rest(mk_actor *a);

/* Whether the last notice of each topic agrees with `wanted`; for a simulation. by_name: subscribers by patterns
 * count. */
MK_PRIVATE bool mk_notices_are_true(const mk_actor *a, bool (*wanted)(mk_sup *sup, uint32_t topic, bool by_name));

#endif
