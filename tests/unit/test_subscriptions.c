/*
 * test_subscriptions.c - the topics of an actor: one inside, more apart, and back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/subscriptions.h"

#include "support.h"

static mk_subscription place(uint32_t topic) { return (mk_subscription){.topic = topic, .overflow = topic % 3}; }

static void fill(mk_subscriptions *places, uint32_t *count, uint32_t most)
{
	while (*count < most)
		assert_int_equal(mk_subscriptions_add(places, count, place(*count)), 0);
}

static void check(mk_subscriptions *places, uint32_t count, uint32_t i, uint32_t topic)
{
	const mk_subscription *p = &mk_subscriptions_at(places, count)[i];
	assert_int_equal(p->topic, topic);
	assert_int_equal(p->overflow, topic % 3);
}

static void each_is_where_it_was_added(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL};
	uint32_t count = 0;
	for (uint32_t most = 1; most <= 100; most++) {
		fill(&places, &count, most);
		for (uint32_t i = 0; i < most; i++)
			check(&places, count, i, i);
	}
	mk_subscriptions_free(&places, count);
	assert_int_equal(test_allocator_living(), 0);
}

static void one_needs_no_memory_and_the_last_but_one_gives_it_back(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL};
	uint32_t count = 0;
	fill(&places, &count, 1);
	assert_int_equal(test_allocator_living(), 0);
	fill(&places, &count, 3);
	assert_int_equal(test_allocator_living(), 1);
	mk_subscriptions_remove(&places, &count, 0); /* the last takes its place */
	check(&places, count, 0, 2);
	check(&places, count, 1, 1);
	mk_subscriptions_remove(&places, &count, 0);
	assert_int_equal(test_allocator_living(), 0);
	check(&places, count, 0, 1);
	mk_subscriptions_remove(&places, &count, 0);
	assert_int_equal(count, 0);
	mk_subscriptions_free(&places, count);
}

/* Past and below each power of two, with no room lost or used twice. */
static void they_come_and_go_at_every_size(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL};
	uint32_t count = 0;
	for (uint32_t size = 1; size <= 40; size++) {
		fill(&places, &count, size);
		mk_subscriptions_remove(&places, &count, count - 1);
		fill(&places, &count, size);
		for (uint32_t i = 0; i < size; i++)
			check(&places, count, i, i);
	}
	mk_subscriptions_free(&places, count);
}

static void a_copy_is_its_own(void **state)
{
	(void)state;
	for (uint32_t size = 0; size <= 9; size++) {
		mk_subscriptions places = {.many = NULL}, copy = {.many = NULL};
		uint32_t count = 0, copied = size;
		fill(&places, &count, size);
		assert_int_equal(mk_subscriptions_copy(&copy, mk_subscriptions_at(&places, count), count), 0);
		mk_subscriptions_free(&places, count);
		fill(&copy, &copied, size + 5);
		for (uint32_t i = 0; i < copied; i++)
			check(&copy, copied, i, i);
		mk_subscriptions_free(&copy, copied);
	}
	assert_int_equal(test_allocator_living(), 0);
}

static void each_is_found_by_its_topic(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL};
	uint32_t count = 0;
	assert_int_equal(mk_subscriptions_find(&places, count, 0), 0);
	for (uint32_t most = 1; most <= 100; most++) { /* with an index from the seventeenth on */
		fill(&places, &count, most);
		for (uint32_t topic = 0; topic < most; topic++)
			assert_int_equal(mk_subscriptions_find(&places, count, topic), topic);
		assert_int_equal(mk_subscriptions_find(&places, count, most), count);
	}
	mk_subscriptions_remove(&places, &count, 0); /* the last takes its place */
	assert_int_equal(mk_subscriptions_find(&places, count, 99), 0);
	assert_int_equal(mk_subscriptions_find(&places, count, 0), count);
	while (count > 0) {
		uint32_t topic = mk_subscriptions_at(&places, count)[count / 2].topic;
		assert_int_equal(mk_subscriptions_find(&places, count, topic), count / 2);
		mk_subscriptions_remove(&places, &count, count / 2);
		assert_int_equal(mk_subscriptions_find(&places, count, topic), count);
	}
	mk_subscriptions_free(&places, count);
	assert_int_equal(test_allocator_living(), 0);
}

static void without_memory_they_are_looked_through(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL};
	uint32_t count = 0;
	fill(&places, &count, 50);
	test_allocator_fail_at(0, true);
	for (uint32_t topic = 0; topic < 50; topic++)
		assert_int_equal(mk_subscriptions_find(&places, count, topic), topic);
	assert_int_equal(mk_subscriptions_find(&places, count, 50), count);
	test_allocator_fail_never();
	assert_int_equal(mk_subscriptions_find(&places, count, 7), 7); /* with an index */
	test_allocator_fail_at(0, true);
	while (count < 64 && mk_subscriptions_add(&places, &count, place(count)) == 0)
		assert_int_equal(mk_subscriptions_find(&places, count, count - 1), count - 1);
	test_allocator_fail_never();
	mk_subscriptions_free(&places, count);
	assert_int_equal(test_allocator_living(), 0);
}

static void without_memory_all_is_as_it_was(void **state)
{
	(void)state;
	mk_subscriptions places = {.many = NULL}, copy = {.many = NULL};
	uint32_t count = 0;
	for (uint32_t size = 1; size <= 20; size++) {
		test_allocator_fail_at(0, true);
		int rc = mk_subscriptions_add(&places, &count, place(count));
		test_allocator_fail_never();
		assert_true(rc == 0 || rc == MAIKO_ENOMEM);
		assert_int_equal(count, rc == 0 ? size : size - 1);
		fill(&places, &count, size);
		for (uint32_t i = 0; i < size; i++)
			check(&places, count, i, i);
	}
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_subscriptions_copy(&copy, mk_subscriptions_at(&places, count), count), MAIKO_ENOMEM);
	test_allocator_fail_never();
	mk_subscriptions_free(&places, count);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_where_it_was_added),
		cmocka_unit_test(one_needs_no_memory_and_the_last_but_one_gives_it_back),
		cmocka_unit_test(they_come_and_go_at_every_size),
		cmocka_unit_test(a_copy_is_its_own),
		cmocka_unit_test(each_is_found_by_its_topic),
		cmocka_unit_test(without_memory_they_are_looked_through),
		cmocka_unit_test(without_memory_all_is_as_it_was),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
