/*
 * inbox.h - a queue with many producers and one consumer, which can be closed.
 *
 * Producers push onto a stack by compare-and-swap; the consumer takes the whole stack
 * with one exchange and reverses it, so each producer's items come out in the order
 * pushed. There is no ABA problem: no item is popped alone. After `close`, pushes are
 * refused; every item accepted before was returned by close or by an earlier take.
 *
 * Memory orders: a push releases, a take acquires, so the consumer sees the whole item.
 * Both are also sequentially consistent, because a worker about to sleep relies on it
 * (lane.c): either the worker sees the item, or the producer sees that it sleeps.
 *
 * The control lane uses it, and the feeds of external threads that have stopped resting (external.h).
 */
#ifndef MK_INBOX_H
#define MK_INBOX_H

#include "base/base.h"

typedef struct mk_link {
	struct mk_link *next;
} mk_link;

typedef struct mk_inbox {
	_Alignas(MK_LINE) _Atomic(mk_link *) top;
} mk_inbox;

/* False: the inbox is closed. */
MK_PRIVATE bool mk_inbox_push(mk_inbox *inbox, mk_link *link);

/* Everything pushed so far, oldest first; NULL if nothing. Consumer only. */
MK_PRIVATE mk_link *mk_inbox_take(mk_inbox *inbox);

/* The same, and refuses later pushes. Consumer only. */
mk_link *mk_inbox_close(mk_inbox *inbox);

/* Whether a take would return NULL. */
MK_PRIVATE bool mk_inbox_empty(mk_inbox *inbox);

#endif
