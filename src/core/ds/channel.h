/*
 * channel.h - a queue from one worker to another: a ring with one producer and one
 * consumer, published and acknowledged in batches.
 *
 * An entry is an event that the producer owns, or a marker: the number of a topology change, or a
 * parcel: something that the consumer owns once it has taken it.
 * The consumer copies what it needs before it acknowledges. So the producer may reuse an
 * acknowledged entry; no message returns it.
 *
 *            reclaimed         head            published        tail
 *   ring  ------|----------------|-----------------|--------------|------
 *          to reclaim       to be taken        to be published
 *
 * Only the producer uses reclaimed and tail. The producer stores `published` with release
 * order and the consumer loads it with acquire: that makes the entries and their events
 * visible. The consumer stores `head` with release order, after it has copied the events and
 * posted any mutes on the control lane; the producer loads it with acquire. So a producer
 * that sees room also finds the mutes posted before it (backpressure.c).
 *
 * Entries that do not fit the ring wait in the producer's spill, in order. A parcel for
 * which the spill has no memory waits in a list, and enters the ring when the spill is empty: it never overtakes an
 * entry that was sent before it.
 *
 * models/channel.pml verifies that entries are taken exactly once and in order, that none is
 * overwritten, and that no wake-up is lost. A change here changes the model first.
 */
#ifndef MK_CHANNEL_H
#define MK_CHANNEL_H

#include "base/base.h"
#include "ds/map.h"

struct mk_event;
struct mk_link;
struct mk_wait;

typedef struct mk_channel {
	/* written by the producer */
	_Alignas(MK_LINE) _Atomic(uint64_t) published;
	uint64_t tail;
	uint64_t seen_head; /* the last head acquired */
	uint64_t reclaimed;
	uint64_t *spill; /* a ring, power of two */
	uint32_t spill_size;
	uint64_t spill_head, spill_tail;
	bool backlog;                            /* something is in the spill, or a parcel waits */
	struct mk_wait *waits;                   /* the senders that this channel mutes */
	mk_map muted;                            /* the same, by sender */
	mk_counter sent;                         /* events */
	mk_counter dropped;                      /* events that did not fit */
	struct mk_link *parcels, **parcels_tail; /* that wait for the spill to be empty */
	/* written by the consumer */
	_Alignas(MK_LINE) _Atomic(uint64_t) head;
	uint64_t taken_to; /* not acknowledged yet */
	uint64_t marker;   /* the last one taken; before that, the argument of mk_channel_new */
	mk_counter taken;  /* events */
	/* set by the producer while the channel is full: the consumer then wakes it */
	_Alignas(MK_LINE) _Atomic(bool) producer_waits;
	uint64_t capacity; /* a power of two */
	_Alignas(MK_LINE) uint64_t slots[];
} mk_channel;

/* NULL without memory. `marker`: the topology change that precedes the first entries. */
mk_channel *mk_channel_new(uint32_t capacity, uint64_t marker);
void mk_channel_free(mk_channel *ch);

/* An entry is a pointer to an event or, with the lowest bit set, a marker, or with the next one a parcel, which
 * begins with an mk_link. */
static inline bool mk_entry_is_event(uint64_t entry) { return (entry & 3) == 0; }
static inline bool mk_entry_is_marker(uint64_t entry) { return (entry & 1) != 0; }
static inline uint64_t mk_entry_of_parcel(const void *parcel) { return (uintptr_t)parcel | 2; }
static inline void *mk_entry_parcel(uint64_t entry) { return (void *)(uintptr_t)(entry & ~UINT64_C(3)); }
static inline uint64_t mk_entry_of_marker(uint64_t number) { return number << 1 | 1; }
static inline uint64_t mk_entry_marker(uint64_t entry) { return entry >> 1; }

static inline bool mk_channel_spilling(const mk_channel *ch) { return ch->spill_head != ch->spill_tail; }
/* Whether an event fits. The last slot of the ring is reserved for a marker, of which at
 * most one is in the channel. */
static inline bool mk_channel_has_room(const mk_channel *ch) { return ch->tail - ch->reclaimed < ch->capacity - 1; }

/* Producer: adds an entry, not published yet. Precondition: no spill; room, for an event. */
static inline void mk_channel_push(mk_channel *ch, uint64_t entry)
{
	ch->slots[ch->tail++ & (ch->capacity - 1)] = entry;
}

/* Producer: adds an entry to the spill. 0 or MAIKO_ENOMEM. The spill also reserves one slot
 * for a marker, so that a marker behind other entries always fits. */
int mk_channel_spill(mk_channel *ch, uint64_t entry);

/* Producer: moves as many entries as fit from the spill to the ring. */
static inline bool mk_channel_waits(const mk_channel *ch) { return ch->backlog; }
void mk_channel_send_parcel(mk_channel *ch, struct mk_link *parcel);
void mk_channel_unspill(mk_channel *ch);

/* Producer: makes all entries visible. Sequentially consistent, see lane.c. Returns
 * whether there were any. */
bool mk_channel_publish(mk_channel *ch);

/* Producer: loads the consumer's head. The entries from `reclaimed` to `seen_head` can then
 * be reclaimed, one at a time. */
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

/* Consumer: takes the next entry, which stays valid until mk_channel_acknowledge.
 * mk_channel_untake puts back an entry that cannot be used yet. */
static inline bool mk_channel_take(mk_channel *ch, uint64_t published, uint64_t *ret_entry)
{
	if (ch->taken_to == published)
		return false;
	*ret_entry = ch->slots[ch->taken_to++ & (ch->capacity - 1)];
	return true;
}

/* Consumer: the entry that a take would return. Precondition: there is one. */
static inline uint64_t mk_channel_first(const mk_channel *ch) { return ch->slots[ch->taken_to & (ch->capacity - 1)]; }

static inline void mk_channel_untake(mk_channel *ch) { ch->taken_to--; }

/* Consumer: the position up to which entries can be taken. */
static inline uint64_t mk_channel_published(mk_channel *ch)
{
	return atomic_load_explicit(&ch->published, memory_order_seq_cst);
}

/* Consumer: returns the taken entries to the producer. True: the producer waits for that. */
bool mk_channel_acknowledge(mk_channel *ch);

#endif
