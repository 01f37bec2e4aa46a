/*
 * C15, C19: whichever allocation fails, a subscription that the pattern of a watcher meets is refused, or the watcher
 * is told.
 */
#include "no_memory.h"

typedef struct quote {
	uint32_t n;
} quote;
MAIKO_EVENT_NAMED(quote, n);

PER_TEST _Atomic(int) wanted; /* topics and patterns, less those that are not wanted any more */

typedef struct feed {
	int unused;
} feed;
static int feed_on_interest(feed *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	atomic_fetch_add(&wanted, interest->wanted ? 1 : -1);
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(feed, MAIKO_ON_INTEREST(feed_on_interest, MAIKO_LIKE("quotes.>")));

typedef struct trader {
	int unused;
} trader;
static int trader_on_quote(trader *self, const quote *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(trader, MAIKO_ON(quote, trader_on_quote));

static void play(uint32_t workers)
{
	maiko_actor_id id = 0, late = 0;
	int subscriptions = 0;
	atomic_store(&wanted, 0);
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	bool fine = well(maiko_add(sup, trader, "trader", .topics = MAIKO_TOPICS_LIKE("quotes.a"), .ret_id = &id)) &&
		    well(maiko_add(sup, feed, "feed", .worker = workers));
	bool started = well(maiko_start(sup)) && fine;
	if (started) {
		subscriptions = 1 + well(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("quotes.acme")));
		if (well(maiko_add(sup, trader, "late", .topics = MAIKO_TOPICS_LIKE("*.bolt"), .ret_id = &late)))
			subscriptions += well(maiko_remove(sup, late)) ? 0 : 1;
		(void)well(maiko_send_on(sup, "quotes.bolt", quote, .n = 1));
		(void)well(maiko_stop(sup, NULL));
	}
	(void)no_memory_finish(sup);
	if (started)
		assert_int_equal(atomic_load(&wanted), subscriptions);
}

TEST_ONCE(any_allocation_may_fail)
{
	no_memory_play(play, 1, false);
	no_memory_play(play, 2, false);
}
TEST_ONCE(all_from_one_on_may_fail)
{
	no_memory_play(play, 1, true);
	no_memory_play(play, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
