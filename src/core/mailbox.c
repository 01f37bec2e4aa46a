/*
 * mailbox.c - see mailbox.h.
 */
#include "mailbox.h"

#include "memory.h"

#include <maiko/error.h>

enum { FIRST_SIZE = 8 };

int mk_mailbox_grow(mk_mailbox *box)
{
	uint64_t head = mk_count(&box->head), length = mk_mailbox_length(box);
	uint32_t size = box->size == 0 ? FIRST_SIZE : box->size * 2;
	struct mk_event **ring = mk_malloc(size * sizeof(struct mk_event *));
	if (ring == NULL)
		return MAIKO_ENOMEM;
	for (uint64_t i = head; i < head + length; i++)
		ring[i & (size - 1)] = *mk_mailbox_slot(box, i);
	mk_free(box->ring);
	box->ring = ring;
	box->size = size;
	return 0;
}

void mk_mailbox_shrink(mk_mailbox *box)
{
	assert(mk_mailbox_length(box) == 0);
	mk_free(box->ring);
	box->ring = NULL;
	box->size = 0;
}

struct mk_event *mk_mailbox_remove(mk_mailbox *box, uint64_t position)
{
	uint64_t head = mk_count(&box->head);
	assert(position >= head && position < mk_count(&box->tail));
	struct mk_event *e = *mk_mailbox_slot(box, position);
	for (; position > head; position--)
		*mk_mailbox_slot(box, position) = *mk_mailbox_slot(box, position - 1);
	atomic_store_explicit(&box->head, head + 1, memory_order_relaxed);
	return e;
}
