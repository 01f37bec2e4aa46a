/*
 * channel.c - see channel.h, which holds the argument.
 */
#include "ds/channel.h"

#include "base/memory.h"
#include "ds/inbox.h"

#include <maiko/error.h>

mk_channel *mk_channel_new(uint32_t capacity, uint64_t marker)
{
	assert(capacity >= 16 && (capacity & (capacity - 1)) == 0);
	mk_channel *ch = mk_calloc_aligned(sizeof *ch + capacity * sizeof ch->slots[0], MK_LINE);
	if (ch == NULL)
		return NULL;
	ch->capacity = capacity;
	ch->marker = marker;
	return ch;
}

void mk_channel_free(mk_channel *ch)
{
	if (ch != NULL) {
		mk_free(ch->spill);
		mk_map_fini(&ch->muted);
		mk_free_aligned(ch);
	}
}

static int grow_spill(mk_channel *ch)
{
	uint32_t size = ch->spill_size == 0 ? 64 : ch->spill_size * 2;
	uint64_t *larger = mk_malloc(size * sizeof *larger);
	if (larger == NULL)
		return MAIKO_ENOMEM;
	for (uint64_t i = ch->spill_head; i != ch->spill_tail; i++)
		larger[i & (size - 1)] = ch->spill[i & (ch->spill_size - 1)];
	mk_free(ch->spill);
	ch->spill = larger;
	ch->spill_size = size;
	return 0;
}

int mk_channel_spill(mk_channel *ch, uint64_t entry)
{
	uint64_t needed = ch->spill_tail - ch->spill_head + (mk_entry_is_marker(entry) ? 1 : 2);
	if (needed > ch->spill_size && grow_spill(ch) != 0)
		return MAIKO_ENOMEM;
	ch->spill[ch->spill_tail++ & (ch->spill_size - 1)] = entry;
	ch->backlog = true;
	return 0;
}

void mk_channel_unspill(mk_channel *ch)
{
	while (mk_channel_spilling(ch) && mk_channel_has_room(ch))
		mk_channel_push(ch, ch->spill[ch->spill_head++ & (ch->spill_size - 1)]);
	while (ch->parcels != NULL && !mk_channel_spilling(ch) && mk_channel_has_room(ch)) {
		mk_link *parcel = ch->parcels;
		ch->parcels = parcel->next;
		mk_channel_push(ch, mk_entry_of_parcel(parcel));
	}
	ch->backlog = mk_channel_spilling(ch) || ch->parcels != NULL;
}

void mk_channel_send_parcel(mk_channel *ch, mk_link *parcel)
{
	if (!mk_channel_waits(ch) && mk_channel_has_room(ch)) {
		mk_channel_push(ch, mk_entry_of_parcel(parcel));
	} else if (ch->parcels != NULL || mk_channel_spill(ch, mk_entry_of_parcel(parcel)) != 0) {
		if (ch->parcels == NULL)
			ch->parcels_tail = &ch->parcels;
		parcel->next = NULL;
		*ch->parcels_tail = parcel;
		ch->parcels_tail = &parcel->next;
		ch->backlog = true;
	}
}

bool mk_channel_publish(mk_channel *ch)
{
	if (atomic_load_explicit(&ch->published, memory_order_relaxed) == ch->tail)
		return false;
	atomic_store_explicit(&ch->published, ch->tail, memory_order_seq_cst);
	return true;
}

bool mk_channel_acknowledge(mk_channel *ch)
{
	if (atomic_load_explicit(&ch->head, memory_order_relaxed) == ch->taken_to)
		return false;
	/* seq_cst, as in the producer, which stores producer_waits and then loads head again:
	 * at least one of the two sees the other's store. */
	atomic_store_explicit(&ch->head, ch->taken_to, memory_order_seq_cst);
	return atomic_load_explicit(&ch->producer_waits, memory_order_seq_cst);
}
