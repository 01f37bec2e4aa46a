/*
 * feed.c - see feed.h, which holds the argument.
 */
#include "ds/feed.h"

#include "base/memory.h"

static void free_list(mk_feed_segment *s)
{
	while (s != NULL) {
		mk_feed_segment *next = s->next;
		mk_free_aligned(s);
		s = next;
	}
}

static mk_feed_segment *take_emptied(mk_feed *feed)
{
	return atomic_exchange_explicit(&feed->emptied, NULL, memory_order_acquire);
}

void mk_feed_cool(mk_feed *feed) { free_list(take_emptied(feed)); }

/* By who owns both ends. */
static void free_segments(mk_feed *feed)
{
	free_list(feed->first);
	free_list(feed->spare);
	feed->first = feed->last = feed->spare = NULL;
	mk_feed_cool(feed);
}

void mk_feed_fini(mk_feed *feed) { free_segments(feed); }

/* ---- the producer --------------------------------------------------------------------------------------- */

static mk_feed_segment *segment_new(mk_feed *feed)
{
	uint32_t size = feed->last == NULL ? MK_FEED_FIRST : 2 * feed->size;
	if (size > MK_FEED_MOST)
		size = MK_FEED_MOST;
	mk_feed_segment *s = mk_malloc_aligned(size, MK_LINE);
	if (s != NULL)
		s->size = feed->size = size;
	return s;
}

static mk_feed_item *item_at(mk_feed_segment *s, uint32_t at) { return (mk_feed_item *)(void *)((char *)s + at); }

/* A segment that was used before, or NULL. Of those that a burst has left some are enough; the rest is freed. */
static mk_feed_segment *take_spare(mk_feed *feed)
{
	enum { KEPT = 8 };
	if (feed->spare == NULL) {
		mk_feed_segment *last = feed->spare = take_emptied(feed);
		for (uint32_t i = 1; i < KEPT && last != NULL; i++)
			last = last->next;
		if (last != NULL) {
			free_list(last->next);
			last->next = NULL;
		}
	}
	mk_feed_segment *s = feed->spare;
	if (s != NULL)
		feed->spare = s->next;
	return s;
}

/* False without memory. */
static bool add_segment(mk_feed *feed)
{
	mk_feed_segment *s = take_spare(feed);
	if (s == NULL && (s = segment_new(feed)) == NULL)
		return false;
	s->next = NULL;
	if (feed->last == NULL) { /* it rests, so the consumer reads neither before the next publish */
		feed->first = s;
		feed->from = MK_FEED_ALIGN;
	} else {
		if (feed->at != feed->last->size)
			item_at(feed->last, feed->at)->bytes = 0;
		feed->last->next = s;
	}
	feed->last = s;
	feed->at = MK_FEED_ALIGN;
	return true;
}

mk_feed_item *mk_feed_add(mk_feed *feed, uint32_t bytes)
{
	assert(bytes <= MK_FEED_ITEM_MAX);
	bytes = (bytes + MK_FEED_ALIGN - 1) & ~(uint32_t)(MK_FEED_ALIGN - 1);
	if (MK_UNLIKELY(feed->last == NULL || feed->last->size - feed->at < bytes) && !add_segment(feed))
		return NULL;
	mk_feed_item *item = item_at(feed->last, feed->at);
	item->bytes = bytes;
	feed->at += bytes;
	feed->added++;
	return item;
}

mk_feed_told mk_feed_publish(mk_feed *feed)
{
	uint64_t old = atomic_load_explicit(&feed->state, memory_order_relaxed);
	do
		if (MK_UNLIKELY((old & MK_FEED_CLOSED) != 0)) {
			feed->added = old >> MK_FEED_COUNT;
			return MK_FEED_REFUSED;
		}
	while (!atomic_compare_exchange_weak_explicit(&feed->state, &old, feed->added << MK_FEED_COUNT,
						      memory_order_seq_cst, memory_order_relaxed));
	return (old & MK_FEED_RESTS) != 0 ? MK_FEED_TELL : MK_FEED_TOLD;
}

void mk_feed_end(mk_feed *feed)
{
	if ((atomic_fetch_or_explicit(&feed->state, MK_FEED_ENDED, memory_order_acq_rel) & MK_FEED_RESTS) != 0)
		free_segments(feed);
}

void mk_feed_take_over(mk_feed *feed)
{
	assert(mk_feed_rests(feed));
	atomic_fetch_and_explicit(&feed->state, ~(uint64_t)MK_FEED_ENDED, memory_order_relaxed);
}

/* ---- the consumer --------------------------------------------------------------------------------------- */

void mk_feed_move_on(mk_feed *feed)
{
	mk_feed_segment *empty = feed->first;
	feed->first = empty->next;
	feed->from = MK_FEED_ALIGN;
	empty->next = NULL;
	while (!atomic_compare_exchange_weak_explicit(&feed->emptied, &empty->next, empty, memory_order_release,
						      memory_order_relaxed))
		;
}

bool mk_feed_rest(mk_feed *feed)
{
	uint64_t taken = atomic_load_explicit(&feed->taken, memory_order_relaxed);
	for (;;) {
		uint64_t state = atomic_load_explicit(&feed->state, memory_order_acquire);
		if (state >> MK_FEED_COUNT != taken)
			return false;
		if (MK_UNLIKELY((state & MK_FEED_ENDED) != 0))
			free_segments(feed);
		if (atomic_compare_exchange_weak_explicit(&feed->state, &state, state | MK_FEED_RESTS,
							  memory_order_seq_cst, memory_order_relaxed))
			return true;
	}
}

void mk_feed_close(mk_feed *feed) { atomic_fetch_or_explicit(&feed->state, MK_FEED_CLOSED, memory_order_seq_cst); }
