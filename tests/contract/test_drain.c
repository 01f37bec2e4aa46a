/*
 * C10, C2: what is queued at a stop is handled; and the totals do not depend on the number
 * of workers.
 */
#include "support.h"

enum { EVENTS = 100000 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) handled;

typedef struct counter {
	uint32_t unused;
} counter;

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

TEST_WORKERS(everything_queued_at_stop_is_handled)
{
	maiko_supervisor *sup =
		test_supervisor_with((maiko_options){.workers = workers, .external_credit = EVENTS, .mailbox = EVENTS});
	ok(maiko_add(sup, counter, "one"));
	ok(maiko_add(sup, counter, "two"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < EVENTS; i++)
		ok(maiko_send(sup, item, .n = i));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, 200000);
	assert_int_equal(total.handled, 200000);
	assert_int_equal(atomic_load(&handled), 200000);
}
