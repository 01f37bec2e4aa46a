/*
 * test_feed.c - the queue from an external thread to its worker: order, memory that is recycled, given back when it
 * was not used and freed by whom the thread's end leaves alone; closing; no memory; and two threads that use it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/feed.h"

#include "support.h"

#include <sched.h>
#include <uv.h>

typedef struct number {
	mk_feed_item item;
	uint64_t n;
} number;

static void add(mk_feed *feed, uint64_t first, uint64_t last, uint32_t bytes)
{
	for (uint64_t n = first; n <= last; n++) {
		number *item = (number *)(void *)mk_feed_add(feed, bytes);
		assert_non_null(item);
		item->n = n;
	}
}

static void expect_take(mk_feed *feed, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++) {
		const number *item = mk_feed_take(feed);
		assert_int_equal(item->n, n);
	}
	mk_feed_acknowledge(feed, last - first + 1);
}

static void items_of_any_size_come_in_order(void **state)
{
	(void)state;
	mk_feed feed = {.link = {NULL}};
	mk_feed_init(&feed);
	uint64_t n = 0;
	for (uint32_t bytes = sizeof(number); bytes <= MK_FEED_ITEM_MAX; bytes += 31, n += 2)
		add(&feed, n + 1, n + 2, bytes);
	assert_int_equal(mk_feed_published(&feed), 0);
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_TELL);
	assert_int_equal(mk_feed_published(&feed), n);
	expect_take(&feed, 1, n);
	assert_true(mk_feed_rest(&feed));
	mk_feed_fini(&feed);
	assert_int_equal(test_allocator_living(), 0);
}

static void only_the_first_publish_after_a_rest_must_be_told(void **state)
{
	(void)state;
	mk_feed feed = {.link = {NULL}};
	mk_feed_init(&feed);
	assert_true(mk_feed_rests(&feed));
	add(&feed, 1, 1, sizeof(number));
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_TELL);
	add(&feed, 2, 2, sizeof(number));
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_TOLD);
	expect_take(&feed, 1, 1);
	assert_false(mk_feed_rest(&feed)); /* there is another */
	assert_int_equal(mk_feed_length(&feed, false), 2);
	assert_int_equal(mk_feed_length(&feed, true), 1);
	expect_take(&feed, 2, 2);
	assert_true(mk_feed_rest(&feed));
	add(&feed, 3, 3, sizeof(number));
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_TELL);
	mk_feed_fini(&feed);
}

/* Rounds of as many items as fill several segments. */
static void round_of(mk_feed *feed, uint64_t n)
{
	add(feed, n + 1, n + 200, 100);
	(void)mk_feed_publish(feed);
	expect_take(feed, n + 1, n + 200);
	assert_true(mk_feed_rest(feed));
}

static void the_steady_state_allocates_nothing(void **state)
{
	(void)state;
	mk_feed feed = {.link = {NULL}};
	mk_feed_init(&feed);
	for (uint64_t n = 0; n < 2000; n += 200)
		round_of(&feed, n);
	uint64_t before = test_allocator_count();
	for (uint64_t n = 2000; n < 20000; n += 200)
		round_of(&feed, n);
	assert_int_equal(test_allocator_count(), before);
	mk_feed_cool(&feed);
	assert_int_equal(test_allocator_living(), 1); /* the one that is written to */
	round_of(&feed, 20000);
	mk_feed_fini(&feed);
	assert_int_equal(test_allocator_living(), 0);
}

static void who_is_alone_frees(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		mk_feed feed = {.link = {NULL}};
		mk_feed_init(&feed);
		add(&feed, 1, 50, 100);
		(void)mk_feed_publish(&feed);
		if (first == 0)
			mk_feed_end(&feed);
		assert_true(test_allocator_living() > 1);
		expect_take(&feed, 1, 50);
		assert_true(mk_feed_rest(&feed));
		if (first == 1)
			mk_feed_end(&feed);
		assert_int_equal(test_allocator_living(), 0);
		mk_feed_take_over(&feed);
		add(&feed, 51, 51, sizeof(number));
		assert_int_equal(mk_feed_publish(&feed), MK_FEED_TELL);
		expect_take(&feed, 51, 51);
		assert_true(mk_feed_rest(&feed));
		mk_feed_end(&feed);
		assert_int_equal(test_allocator_living(), 0);
	}
}

static void a_closed_feed_refuses_and_keeps_what_it_has(void **state)
{
	(void)state;
	mk_feed feed = {.link = {NULL}};
	mk_feed_init(&feed);
	add(&feed, 1, 2, sizeof(number));
	(void)mk_feed_publish(&feed);
	add(&feed, 3, 4, sizeof(number));
	mk_feed_close(&feed);
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_REFUSED);
	assert_int_equal(mk_feed_published(&feed), 2);
	assert_int_equal(mk_feed_length(&feed, true), 2);
	expect_take(&feed, 1, 2);
	assert_true(mk_feed_rest(&feed));
	assert_int_equal(mk_feed_publish(&feed), MK_FEED_REFUSED);
	mk_feed_fini(&feed);
}

static void without_memory_nothing_is_added(void **state)
{
	(void)state;
	mk_feed feed = {.link = {NULL}};
	mk_feed_init(&feed);
	test_allocator_fail_at(0, true);
	assert_null(mk_feed_add(&feed, sizeof(number)));
	test_allocator_fail_never();
	add(&feed, 1, 3, 300);
	test_allocator_fail_at(0, true);
	assert_null(mk_feed_add(&feed, 300)); /* it does not fit the segment */
	add(&feed, 4, 4, sizeof(number));
	test_allocator_fail_never();
	(void)mk_feed_publish(&feed);
	expect_take(&feed, 1, 4);
	mk_feed_fini(&feed);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- two threads ---- */

enum { ITEMS = 200000, CREDIT = 100 };

static _Atomic(bool) told;

static void produce(void *arg)
{
	mk_feed *feed = arg;
	for (uint64_t n = 1; n <= ITEMS; n++) {
		while (mk_feed_length(feed, true) >= CREDIT)
			sched_yield();
		add(feed, n, n, (uint32_t)(sizeof(number) + n % 7 * 50));
		if (n % 5 == 0 && mk_feed_publish(feed) == MK_FEED_TELL) {
			assert_false(atomic_load(&told));
			atomic_store(&told, true);
		}
	}
	mk_feed_end(feed);
}

static void two_threads_use_it(void **state)
{
	(void)state;
	static mk_feed feed;
	mk_feed_init(&feed);
	uv_thread_t producer;
	uint64_t taken = 0;
	assert_int_equal(uv_thread_create(&producer, produce, &feed), 0);
	while (taken < ITEMS) {
		while (!atomic_load(&told))
			sched_yield();
		atomic_store(&told, false);
		do {
			uint64_t published = mk_feed_published(&feed);
			if (published != taken)
				expect_take(&feed, taken + 1, published);
			taken = published;
			if (taken % 3 == 0)
				mk_feed_cool(&feed);
		} while (!mk_feed_rest(&feed));
	}
	uv_thread_join(&producer);
	assert_int_equal(test_allocator_living(), 0);
}

/* Relaxed: it orders nothing, so only the feed tells the consumer what the producer has done. */
static _Atomic(bool) over;

static void end_after_a_refusal(void *arg)
{
	mk_feed *feed = arg;
	add(feed, 2, 50, 100);
	assert_int_equal(mk_feed_publish(feed), MK_FEED_REFUSED);
	mk_feed_end(feed);
	atomic_store_explicit(&over, true, memory_order_relaxed);
}

static void the_consumer_frees_what_the_producer_has_left(void **state)
{
	(void)state;
	static mk_feed feed;
	mk_feed_init(&feed);
	uv_thread_t producer;
	add(&feed, 1, 1, sizeof(number));
	(void)mk_feed_publish(&feed);
	expect_take(&feed, 1, 1);
	mk_feed_close(&feed);
	assert_int_equal(uv_thread_create(&producer, end_after_a_refusal, &feed), 0);
	while (!atomic_load_explicit(&over, memory_order_relaxed))
		sched_yield();
	assert_true(mk_feed_rest(&feed));
	uv_thread_join(&producer);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_of_any_size_come_in_order),
		cmocka_unit_test(only_the_first_publish_after_a_rest_must_be_told),
		cmocka_unit_test(the_steady_state_allocates_nothing),
		cmocka_unit_test(who_is_alone_frees),
		cmocka_unit_test(a_closed_feed_refuses_and_keeps_what_it_has),
		cmocka_unit_test(without_memory_nothing_is_added),
		cmocka_unit_test(two_threads_use_it),
		cmocka_unit_test(the_consumer_frees_what_the_producer_has_left),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
