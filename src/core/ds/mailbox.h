/*
 * mailbox.h - an actor's queue of events: a plain ring on the actor's worker.
 *
 * The first slot is in the mailbox itself: an actor that never has two events has no ring. The
 * ring is allocated with the second and doubles on demand. It is freed when it was unused for a
 * while and the worker is idle. It may hold more than the capacity: the overflow policy decides
 * before the push.
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
	union {
		struct mk_event **ring;
		struct mk_event *one; /* the slot, if there is only one */
	};
	uint32_t size;     /* slots: 0 or a power of two */
	uint32_t capacity; /* with this many events the overflow policy decides */
	mk_counter head, tail;
	_Atomic(uint32_t) holes; /* between head and tail; written by the owner only */
	uint32_t budget;         /* the most events taken in one run of the actor */
} mk_mailbox;

/* Grows the mailbox by one slot at least. 0 or MAIKO_ENOMEM. */
int mk_mailbox_grow(mk_mailbox *box);

/* Whether memory was allocated for it; and frees that of an empty mailbox. */
static inline bool mk_mailbox_has_ring(const mk_mailbox *box) { return box->size > 1; }
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
	uint32_t mask = box->size - 1;
	struct mk_event **slots = box->ring;
	/* A select instead of a branch: which of many actors have a ring is hard to predict. */
	if (__builtin_expect_with_probability(mask == 0, 1, 0.5))
		slots = (struct mk_event **)(uintptr_t)&box->one;
	return &slots[position & mask];
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

/* The event that a pop would return. NULL when empty. */
static inline struct mk_event *mk_mailbox_first(const mk_mailbox *box)
{
	for (uint64_t at = mk_count(&box->head); at != mk_count(&box->tail); at++)
		if (*mk_mailbox_slot(box, at) != NULL)
			return *mk_mailbox_slot(box, at);
	return NULL;
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

/* Puts the event that was popped last back, as the first. 0 or MAIKO_ENOMEM. */
int mk_mailbox_unpop(mk_mailbox *box, struct mk_event *e);

/* Makes `count` slots before all others, which the caller fills: what is there moves to positions higher by so many. 0
 * or MAIKO_ENOMEM. */
int mk_mailbox_make_room(mk_mailbox *box, uint32_t count);

/* Moves the head over the holes that it is at, to the first event or to the tail. */
void mk_mailbox_pass_holes(mk_mailbox *box);

/* Removes the event at `position`. Returns whether other events have moved to higher positions. */
bool mk_mailbox_remove(mk_mailbox *box, uint64_t position);

#endif
