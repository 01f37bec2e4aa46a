/*
 * feed.h - a queue from one external thread to one worker: one producer and one consumer, published and acknowledged
 * in batches, in memory that is recycled.
 *
 * Items of any size lie one after the other in segments. The producer links a new segment behind a full one; the
 * consumer returns an empty one (`emptied`), which is the producer's next new one. So in the steady state nothing is
 * allocated, and a consumer that keeps up finds the items in a few kilobytes. After a burst the producer keeps some of
 * its segments; when the feed was unused for some seconds (mk_feed_cool) or its thread has ended, none.
 *
 * Everything that both must agree on is in one word, `state`: the number of items published, and three flags.
 *
 *   RESTS    nothing is published that was not taken, and the consumer does not look at the feed. The publish that
 *            clears the flag must tell the consumer (external.c: by its inbox); no other publish does anything more.
 *   CLOSED   a publish is refused. So each item is either refused, or seen by the consumer that has closed the feed.
 *   ENDED    the thread has ended. Who sets the second of RESTS and ENDED frees the segments: it is alone.
 *
 * The producer publishes by compare-and-swap, and so reads the flags at the moment at which the items become visible;
 * the consumer lets the feed rest in the same way. models/feed.pml verifies that what was accepted is taken, and
 * that no wake-up is lost. A change here changes the model first.
 *
 * Memory orders: a publish releases, reading `state` acquires, so the consumer sees the items; to rest releases, and
 * reading RESTS acquires, so the next thread that uses the feed sees what the consumer left. Both are also
 * sequentially consistent, as is `taken`, because a thread that waits for credit relies on it (external.c).
 */
#ifndef MK_FEED_H
#define MK_FEED_H

#include "ds/inbox.h"

/* An item begins with this; the rest is the caller's. */
typedef struct mk_feed_item {
	uint32_t bytes; /* to the next item; 0: that is in the next segment */
} mk_feed_item;

typedef struct mk_feed_segment {
	struct mk_feed_segment *next;
	uint32_t size;
} mk_feed_segment;

enum {
	MK_FEED_ALIGN = 16,
	MK_FEED_FIRST = 1024, /* bytes of the first segment; the next one to be allocated has twice as many */
	MK_FEED_MOST = 16 * 1024,
	MK_FEED_ITEM_MAX = MK_FEED_FIRST - MK_FEED_ALIGN /* bytes of an item */
};
_Static_assert(sizeof(mk_feed_segment) <= MK_FEED_ALIGN, "the first item is aligned");

enum { MK_FEED_RESTS = 1, MK_FEED_CLOSED = 2, MK_FEED_ENDED = 4, MK_FEED_COUNT = 3 /* the bits below the number */ };

typedef struct mk_feed {
	mk_link link; /* in a list of the consumer, while it does not rest */
	/* the producer's */
	mk_feed_segment *last;
	mk_feed_segment *spare; /* taken from `emptied`, not in use */
	uint32_t at;            /* bytes used of it */
	uint32_t size;          /* of the segment that was allocated last */
	uint64_t added;         /* items, published or not */
	uint64_t seen_taken;    /* `taken` when it was loaded last */
	_Alignas(MK_LINE) _Atomic(uint64_t) state;
	/* the consumer's */
	_Alignas(MK_LINE) _Atomic(uint64_t) taken;
	_Atomic(mk_feed_segment *) emptied; /* a stack, taken whole, so there is no ABA problem */
	mk_feed_segment *first;
	uint32_t from;          /* bytes taken of it */
	bool warm;              /* is in a list of feeds that have segments to give back */
	uint64_t noted;         /* items to take in this step of a recording */
	uint64_t cooled;        /* `taken` when that was considered last */
	struct mk_feed *cooler; /* the next in that list */
} mk_feed;

/* A zeroed feed, once initialized, rests. */
static inline void mk_feed_init(mk_feed *feed) { atomic_init(&feed->state, MK_FEED_RESTS); }
/* Frees its memory. Precondition: neither side uses it any more. */
void mk_feed_fini(mk_feed *feed);

/* ---- the producer --------------------------------------------------------------------------------------- */

/* Space for an item of that size (at most MK_FEED_ITEM_MAX), to be filled before the publish; NULL without memory. */
mk_feed_item *mk_feed_add(mk_feed *feed, uint32_t bytes);

typedef enum mk_feed_told { MK_FEED_REFUSED, MK_FEED_TOLD, MK_FEED_TELL } mk_feed_told;
/* Publishes the items added. REFUSED: it is closed, and they are gone. TELL: it has rested, so tell the consumer. */
mk_feed_told mk_feed_publish(mk_feed *feed);

/* Items added that the consumer has not taken, at most; `look`: as far as is known now. */
static inline uint64_t mk_feed_length(mk_feed *feed, bool look)
{
	if (look)
		feed->seen_taken = atomic_load_explicit(&feed->taken, memory_order_seq_cst);
	return feed->added - feed->seen_taken;
}

/* end: the producer's thread has ended. take_over: another thread is the producer; precondition: the feed rests. */
void mk_feed_end(mk_feed *feed);
static inline bool mk_feed_rests(mk_feed *feed)
{
	return (atomic_load_explicit(&feed->state, memory_order_acquire) & MK_FEED_RESTS) != 0;
}
void mk_feed_take_over(mk_feed *feed);

/* ---- the consumer --------------------------------------------------------------------------------------- */

/* Items published so far. */
static inline uint64_t mk_feed_published(mk_feed *feed)
{
	return atomic_load_explicit(&feed->state, memory_order_seq_cst) >> MK_FEED_COUNT;
}

/* Moves on to the next segment. */
void mk_feed_move_on(mk_feed *feed);

/* The next item, which is valid until the next call. Precondition: there is one. */
static inline void *mk_feed_take(mk_feed *feed)
{
	mk_feed_item *item = (mk_feed_item *)(void *)((char *)feed->first + feed->from);
	if (MK_UNLIKELY(feed->from == feed->first->size || item->bytes == 0)) {
		mk_feed_move_on(feed);
		item = (mk_feed_item *)(void *)((char *)feed->first + feed->from);
	}
	feed->from += item->bytes;
	return item;
}

/* Returns so many items to the producer as credit. */
static inline void mk_feed_acknowledge(mk_feed *feed, uint64_t count)
{
	atomic_store_explicit(&feed->taken, atomic_load_explicit(&feed->taken, memory_order_relaxed) + count,
			      memory_order_seq_cst);
}

/* Lets the feed rest. False: there are items. Precondition: what was taken is acknowledged. */
bool mk_feed_rest(mk_feed *feed);

/* Refuses later publishes. */
void mk_feed_close(mk_feed *feed);

/* Frees the segments that the producer would use next. */
void mk_feed_cool(mk_feed *feed);

#endif
