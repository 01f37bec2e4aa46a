/*
 * channel.h - the way from one worker to another: a ring with one producer and one
 * consumer, written and acknowledged in batches.
 *
 * An entry is an event of the producer's, or a marker: the number of a topology change.
 * The consumer copies what it needs before it acknowledges; so an entry that the
 * producer sees acknowledged is the producer's again, and needs no way back of its own.
 *
 *            reclaimed         head            published        tail
 *   ring  ------|----------------|-----------------|--------------|------
 *          to take back     to be taken        to be published
 *
 * reclaimed and tail are the producer's alone. `published` is released by the producer
 * and acquired by the consumer: it makes the entries and the events behind them visible.
 * `head` is released by the consumer, after it has copied and after any mute it sent on
 * the control lane, and acquired by the producer: entries may be reused, and a producer
 * that learns of room finds the mutes that belong to it (backpressure.c).
 *
 * What does not fit the ring waits in the producer's spill, in order.
 *
 * models/channel.pml shows that entries come out once and in order, that none is
 * overwritten, and that no wake-up is lost; a change of this changes it first.
 */
#ifndef MK_CHANNEL_H
#define MK_CHANNEL_H

#include "base/base.h"
#include "ds/map.h"

struct mk_event;
struct mk_wait;

typedef struct mk_channel {
	/* the producer's */
	_Alignas(MK_LINE) _Atomic(uint64_t) published;
	uint64_t tail;
	uint64_t seen_head; /* the last head acquired */
	uint64_t reclaimed;
	uint64_t *spill; /* a ring, power of two */
	uint32_t spill_size;
	uint64_t spill_head, spill_tail;
	struct mk_wait *waits; /* the senders that it mutes */
	mk_map muted;          /* the same, by sender */
	mk_counter sent;       /* events */
	mk_counter dropped;    /* events that it did not take */
	/* the consumer's */
	_Alignas(MK_LINE) _Atomic(uint64_t) head;
	uint64_t taken_to; /* not acknowledged yet */
	uint64_t marker;   /* the last one taken, or the one it was born with */
	mk_counter taken;  /* events */
	/* set by the producer while it is full: the consumer then wakes it */
	_Alignas(MK_LINE) _Atomic(bool) producer_waits;
	uint64_t capacity; /* a power of two */
	_Alignas(MK_LINE) uint64_t slots[];
} mk_channel;

/* NULL without memory. `marker`: the topology that the first entries are under. */
mk_channel *mk_channel_new(uint32_t capacity, uint64_t marker);
void mk_channel_free(mk_channel *ch);

/* An entry is a pointer or, with the lowest bit set, a marker. */
static inline bool mk_entry_is_marker(uint64_t entry) { return (entry & 1) != 0; }
static inline uint64_t mk_entry_of_marker(uint64_t number) { return number << 1 | 1; }
static inline uint64_t mk_entry_marker(uint64_t entry) { return entry >> 1; }

static inline bool mk_channel_spilling(const mk_channel *ch) { return ch->spill_head != ch->spill_tail; }
/* For an event: the last slot of the ring is kept for a marker, of which there is at
 * most one under way. */
static inline bool mk_channel_has_room(const mk_channel *ch) { return ch->tail - ch->reclaimed < ch->capacity - 1; }

/* Producer: adds an entry, not published yet. Precondition: no spill; room, for an event. */
static inline void mk_channel_push(mk_channel *ch, uint64_t entry)
{
	ch->slots[ch->tail++ & (ch->capacity - 1)] = entry;
}

/* Producer: adds an entry to the spill. 0 or MAIKO_ENOMEM. There too one slot is kept
 * for a marker, so that spilling one behind others does not fail. */
int mk_channel_spill(mk_channel *ch, uint64_t entry);

/* Producer: moves from the spill to the ring what fits. */
void mk_channel_unspill(mk_channel *ch);

/* Producer: makes all entries visible. Sequentially consistent, see worker.c. Returns
 * whether there were any. */
bool mk_channel_publish(mk_channel *ch);

/* Producer: reads how far the consumer is. Then take back the entries from
 * `reclaimed` to `seen_head`, one by one. */
static inline void mk_channel_look(mk_channel *ch)
{
	ch->seen_head = atomic_load_explicit(&ch->head, memory_order_acquire);
}
static inline bool mk_channel_reclaim(mk_channel *ch, uint64_t *ret_entry)
{
	if (ch->reclaimed == ch->seen_head)
		return false;
	*ret_entry = ch->slots[ch->reclaimed++ & (ch->capacity - 1)];
	return true;
}

/* Consumer: the next entry, which stays valid until mk_channel_acknowledge. An entry
 * that it cannot use yet it puts back with mk_channel_untake. */
static inline bool mk_channel_take(mk_channel *ch, uint64_t published, uint64_t *ret_entry)
{
	if (ch->taken_to == published)
		return false;
	*ret_entry = ch->slots[ch->taken_to++ & (ch->capacity - 1)];
	return true;
}

/* Consumer: the entry that a take would give. Precondition: there is one. */
static inline uint64_t mk_channel_first(const mk_channel *ch) { return ch->slots[ch->taken_to & (ch->capacity - 1)]; }

static inline void mk_channel_untake(mk_channel *ch) { ch->taken_to--; }

/* Consumer: up to where entries can be taken. */
static inline uint64_t mk_channel_published(mk_channel *ch)
{
	return atomic_load_explicit(&ch->published, memory_order_seq_cst);
}

/* Consumer: gives what was taken back. Returns whether the producer waits for it. */
bool mk_channel_acknowledge(mk_channel *ch);

#endif
