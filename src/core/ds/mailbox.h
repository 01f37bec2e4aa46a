/*
 * mailbox.h - an actor's queue of events: a plain ring on the actor's worker.
 *
 * The ring is allocated with the first event and doubles on demand. It is freed when it was
 * unused for a while and the worker is idle, so an actor without events has no ring. It may
 * hold more than the capacity: the overflow policy decides before the push.
 *
 * An event removed from the middle leaves a hole (a NULL), which a pop skips. When there are
 * more holes than events the holes are closed: the events move to higher positions, never to
 * lower ones.
 *
 * head and tail count from the start and never wrap. Only the owner writes them;
 * maiko_report reads them from any thread (relaxed: a length for a report).
 */
#ifndef MK_MAILBOX_H
#define MK_MAILBOX_H

#include "base/base.h"

struct mk_event;

typedef struct mk_mailbox {
	struct mk_event **ring;
	uint32_t size;     /* slots: 0 or a power of two */
	uint32_t capacity; /* with this many events the overflow policy decides */
	mk_counter head, tail;
	_Atomic(uint32_t) holes; /* between head and tail; written by the owner only */
	uint32_t budget;         /* the most events taken in one run of the actor */
} mk_mailbox;

/* Grows the ring by one event at least. 0 or MAIKO_ENOMEM. */
int mk_mailbox_grow(mk_mailbox *box);

/* Frees the ring of an empty mailbox. */
void mk_mailbox_shrink(mk_mailbox *box);

static inline uint32_t mk_mailbox_holes(const mk_mailbox *box)
{
	return atomic_load_explicit((_Atomic(uint32_t) *)(uintptr_t)&box->holes, memory_order_relaxed);
}

/* The number of slots in use, holes included; and the number of events. */
static inline uint64_t mk_mailbox_span(const mk_mailbox *box) { return mk_count(&box->tail) - mk_count(&box->head); }
static inline uint64_t mk_mailbox_length(const mk_mailbox *box) { return mk_mailbox_span(box) - mk_mailbox_holes(box); }

static inline struct mk_event **mk_mailbox_slot(const mk_mailbox *box, uint64_t position)
{
	return &box->ring[position & (box->size - 1)];
}

/* Appends; `tail` is the mailbox's tail. Precondition: its span is less than its size. */
static inline void mk_mailbox_put(mk_mailbox *box, struct mk_event *e, uint64_t tail)
{
	*mk_mailbox_slot(box, tail) = e;
	atomic_store_explicit(&box->tail, tail + 1, memory_order_relaxed);
}

/* Appends. 0 or MAIKO_ENOMEM. */
static inline int mk_mailbox_push(mk_mailbox *box, struct mk_event *e)
{
	int rc = mk_mailbox_span(box) == box->size ? mk_mailbox_grow(box) : 0;
	if (rc == 0)
		mk_mailbox_put(box, e, mk_count(&box->tail));
	return rc;
}

/* NULL when empty. */
static inline struct mk_event *mk_mailbox_pop(mk_mailbox *box)
{
	uint64_t head = mk_count(&box->head);
	while (head != mk_count(&box->tail)) {
		struct mk_event *e = *mk_mailbox_slot(box, head);
		atomic_store_explicit(&box->head, ++head, memory_order_relaxed);
		if (MK_LIKELY(e != NULL))
			return e;
		atomic_store_explicit(&box->holes, mk_mailbox_holes(box) - 1, memory_order_relaxed);
	}
	return NULL;
}

/* Removes the event at `position`. Returns whether other events have moved to higher positions. */
bool mk_mailbox_remove(mk_mailbox *box, uint64_t position);

#endif
