/*
 * C10, C2: what is queued at a stop is handled; and the totals do not depend on the number
 * of workers.
 */
#include "support.h"

enum { EVENTS = 50000 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

TEST_LISTENER(counter, item);

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
	assert_int_equal(total.deliveries, 2 * EVENTS);
	assert_int_equal(total.handled, 2 * EVENTS);
	expect_heard_count("one", item, EVENTS);
	expect_heard_count("two", item, EVENTS);
}
