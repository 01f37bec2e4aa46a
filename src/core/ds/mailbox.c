/*
 * mailbox.c - see mailbox.h.
 */
#include "ds/mailbox.h"

#include "base/memory.h"

#include <maiko/error.h>

enum { RING_SIZE = 8 }; /* of the smallest ring */

int mk_mailbox_grow(mk_mailbox *box)
{
	uint64_t head = mk_count(&box->head), tail = mk_count(&box->tail);
	if (box->size == 0) {
		box->size = 1;
		return 0;
	}
	uint32_t size = box->size == 1 ? RING_SIZE : box->size * 2;
	struct mk_event **ring = mk_malloc(size * sizeof(struct mk_event *));
	if (ring == NULL)
		return MAIKO_ENOMEM;
	for (uint64_t i = head; i < tail; i++)
		ring[i & (size - 1)] = *mk_mailbox_slot(box, i);
	if (mk_mailbox_has_ring(box))
		mk_free(box->ring);
	box->ring = ring;
	box->size = size;
	return 0;
}

void mk_mailbox_shrink(mk_mailbox *box)
{
	assert(mk_mailbox_span(box) == 0);
	if (mk_mailbox_has_ring(box))
		mk_free(box->ring);
	box->ring = NULL;
	box->size = 0;
}

int mk_mailbox_unpop(mk_mailbox *box, struct mk_event *e)
{
	int rc = mk_mailbox_span(box) == box->size ? mk_mailbox_grow(box) : 0;
	if (rc == 0) {
		uint64_t head = mk_count(&box->head) - 1;
		*mk_mailbox_slot(box, head) = e;
		atomic_store_explicit(&box->head, head, memory_order_relaxed);
	}
	return rc;
}

int mk_mailbox_make_room(mk_mailbox *box, uint32_t count)
{
	while (box->size - mk_mailbox_span(box) < count)
		if (mk_mailbox_grow(box) != 0)
			return MAIKO_ENOMEM;
	uint64_t head = mk_count(&box->head), tail = mk_count(&box->tail);
	for (uint64_t place = tail; place > head; place--)
		*mk_mailbox_slot(box, place - 1 + count) = *mk_mailbox_slot(box, place - 1);
	atomic_store_explicit(&box->tail, tail + count, memory_order_relaxed);
	return 0;
}

void mk_mailbox_pass_holes(mk_mailbox *box)
{
	uint64_t head = mk_count(&box->head), tail = mk_count(&box->tail);
	uint32_t holes = mk_mailbox_holes(box);
	for (; head != tail && *mk_mailbox_slot(box, head) == NULL; head++)
		holes--;
	atomic_store_explicit(&box->head, head, memory_order_relaxed);
	atomic_store_explicit(&box->holes, holes, memory_order_relaxed);
}

/* Moves the events towards the tail, over the holes. */
static void close_holes(mk_mailbox *box)
{
	uint64_t head = mk_count(&box->head), to = mk_count(&box->tail);
	for (uint64_t from = to; from > head; from--) {
		struct mk_event *e = *mk_mailbox_slot(box, from - 1);
		if (e != NULL)
			*mk_mailbox_slot(box, --to) = e;
	}
	atomic_store_explicit(&box->head, to, memory_order_relaxed);
	atomic_store_explicit(&box->holes, 0, memory_order_relaxed);
}

bool mk_mailbox_remove(mk_mailbox *box, uint64_t position)
{
	uint64_t head = mk_count(&box->head);
	assert(position >= head && position < mk_count(&box->tail) && *mk_mailbox_slot(box, position) != NULL);
	if (position == head) {
		atomic_store_explicit(&box->head, head + 1, memory_order_relaxed);
	} else {
		*mk_mailbox_slot(box, position) = NULL;
		atomic_store_explicit(&box->holes, mk_mailbox_holes(box) + 1, memory_order_relaxed);
	}
	bool closes = mk_mailbox_holes(box) > mk_mailbox_length(box);
	if (closes)
		close_holes(box);
	return closes;
}
