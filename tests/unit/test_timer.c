/*
 * test_timer.c - the heap of timers: the order of firing, moving and clearing, what is set
 * while others fire, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/timer.h"

#include "support.h"

enum { MOST = 1009 }; /* a prime, so that steps of 7 reach every number once */

typedef struct alarm_ {
	mk_timer timer;
	int n;
} alarm_;

static mk_timers timers;
static alarm_ alarms[MOST];
static int fired[MOST + 8];
static int fired_count;

static void note(mk_timer *timer)
{
	assert_int_equal(timer->place, 0);
	fired[fired_count++] = ((alarm_ *)(void *)timer)->n;
}

static int begin(void **state)
{
	(void)state;
	timers = (mk_timers){0};
	fired_count = 0;
	for (int i = 0; i < MOST; i++)
		alarms[i] = (alarm_){.timer = {.fire = note}, .n = i};
	return 0;
}

static int end(void **state)
{
	(void)state;
	mk_timers_fini(&timers);
	return test_allocator_living() == 0 ? 0 : -1;
}

static void reserve(int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(mk_timers_reserve(&timers), 0);
}

static void set(int n, uint64_t due_ns) { mk_timer_set(&timers, &alarms[n].timer, due_ns); }
static void clear(int n) { mk_timer_clear(&timers, &alarms[n].timer); }

static void expect_fired(const int *expected, int count)
{
	assert_int_equal(fired_count, count);
	for (int i = 0; i < count; i++)
		assert_int_equal(fired[i], expected[i]);
	fired_count = 0;
}

static void none_is_due_at_first(void **state)
{
	(void)state;
	assert_int_equal(mk_timers_due(&timers), UINT64_MAX);
	mk_timers_fire(&timers, UINT64_MAX, UINT32_MAX);
	expect_fired(NULL, 0);
}

static void they_fire_by_due_time_and_not_before(void **state)
{
	(void)state;
	reserve(4);
	set(0, 40);
	set(1, 10);
	set(2, 30);
	set(3, 20);
	assert_int_equal(mk_timers_due(&timers), 10);
	mk_timers_fire(&timers, 9, UINT32_MAX);
	expect_fired(NULL, 0);
	mk_timers_fire(&timers, 30, UINT32_MAX);
	expect_fired((int[]){1, 3, 2}, 3);
	assert_int_equal(mk_timers_due(&timers), 40);
	mk_timers_fire(&timers, 1000, UINT32_MAX);
	expect_fired((int[]){0}, 1);
	assert_int_equal(mk_timers_due(&timers), UINT64_MAX);
}

static void no_more_fire_than_may(void **state)
{
	(void)state;
	reserve(4);
	for (int i = 0; i < 4; i++)
		set(i, 5);
	mk_timers_fire(&timers, 5, 3);
	expect_fired((int[]){0, 1, 2}, 3);
	mk_timers_fire(&timers, 5, 0);
	expect_fired(NULL, 0);
	mk_timers_fire(&timers, 5, 3);
	expect_fired((int[]){3}, 1);
}

static void at_one_time_they_fire_in_the_order_set(void **state)
{
	(void)state;
	reserve(6);
	for (int i = 0; i < 6; i++)
		set(i, 5);
	set(2, 5); /* set again: now it is the last */
	mk_timers_fire(&timers, 5, UINT32_MAX);
	expect_fired((int[]){0, 1, 3, 4, 5, 2}, 6);
}

static void one_set_again_moves(void **state)
{
	(void)state;
	reserve(3);
	set(0, 10);
	set(1, 20);
	set(2, 30);
	set(2, 5);
	set(0, 25);
	assert_int_equal(timers.count, 3);
	mk_timers_fire(&timers, 100, UINT32_MAX);
	expect_fired((int[]){2, 1, 0}, 3);
}

static void one_cleared_does_not_fire(void **state)
{
	(void)state;
	reserve(3);
	clear(0); /* not set: nothing */
	set(0, 10);
	set(1, 20);
	set(2, 30);
	clear(0);
	clear(0);
	assert_int_equal(mk_timers_due(&timers), 20);
	clear(2);
	mk_timers_fire(&timers, 100, UINT32_MAX);
	expect_fired((int[]){1}, 1);
	set(0, 200); /* and can be set again */
	mk_timers_fire(&timers, 200, UINT32_MAX);
	expect_fired((int[]){0}, 1);
}

static void a_thousand_come_out_sorted(void **state)
{
	(void)state;
	reserve(MOST);
	for (int i = 0; i < MOST; i++) /* 0, 7, 14, ..., 1008, 6, 13, ... */
		set(i * 7 % MOST, (uint64_t)(i * 7 % MOST));
	mk_timers_fire(&timers, 500, UINT32_MAX);
	assert_int_equal(fired_count, 501);
	mk_timers_fire(&timers, 2000, UINT32_MAX);
	assert_int_equal(fired_count, 1009);
	for (int i = 0; i < MOST; i++)
		assert_int_equal(fired[i], i);
}

static void a_thousand_come_out_sorted_though_every_third_is_cleared(void **state)
{
	(void)state;
	reserve(MOST);
	for (int i = 0; i < MOST; i++)
		set(i, (uint64_t)(i * 7 % MOST));
	for (int i = 0; i < MOST; i += 3)
		clear(i);
	mk_timers_fire(&timers, 2000, UINT32_MAX);
	assert_int_equal(fired_count, 672);
	for (int i = 1; i < fired_count; i++)
		assert_true(fired[i - 1] * 7 % MOST < fired[i] * 7 % MOST);
	for (int i = 0; i < fired_count; i++)
		assert_int_not_equal(fired[i] % 3, 0);
}

/* ---- while they fire ------------------------------------------------------------------ */

static void note_and_set_again(mk_timer *timer)
{
	note(timer);
	mk_timer_set(&timers, timer, 10);
}

static void one_set_again_while_firing_waits_for_the_next_call(void **state)
{
	(void)state;
	reserve(2);
	alarms[0].timer.fire = note_and_set_again;
	set(0, 10);
	set(1, 10);
	mk_timers_fire(&timers, 10, UINT32_MAX);
	expect_fired((int[]){0, 1}, 2);
	assert_int_equal(mk_timers_due(&timers), 10);
	mk_timers_fire(&timers, 10, UINT32_MAX);
	expect_fired((int[]){0}, 1);
}

static void note_and_set_the_third(mk_timer *timer)
{
	note(timer);
	set(2, 11);
}

static void another_set_while_firing_waits_too(void **state)
{
	(void)state;
	reserve(3);
	alarms[0].timer.fire = note_and_set_the_third;
	set(0, 10);
	set(1, 11);
	mk_timers_fire(&timers, 50, UINT32_MAX);
	expect_fired((int[]){0, 1}, 2);
	mk_timers_fire(&timers, 50, UINT32_MAX);
	expect_fired((int[]){2}, 1);
}

static void note_and_clear_the_second(mk_timer *timer)
{
	note(timer);
	clear(1);
}

static void one_cleared_while_others_fire_does_not(void **state)
{
	(void)state;
	reserve(3);
	alarms[0].timer.fire = note_and_clear_the_second;
	for (int i = 0; i < 3; i++)
		set(i, 10);
	mk_timers_fire(&timers, 10, UINT32_MAX);
	expect_fired((int[]){0, 2}, 2);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void room_that_is_reserved_needs_no_memory(void **state)
{
	(void)state;
	reserve(100);
	test_allocator_fail_at(0, true);
	for (int i = 0; i < 100; i++)
		set(i, (uint64_t)(100 - i));
	mk_timers_fire(&timers, 50, UINT32_MAX);
	test_allocator_fail_never();
	assert_int_equal(fired_count, 50);
	assert_int_equal(fired[0], 99);
	assert_int_equal(fired[49], 50);
}

static void room_given_back_is_reserved_again_without_memory(void **state)
{
	(void)state;
	reserve(3);
	mk_timers_unreserve(&timers);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_timers_reserve(&timers), 0);
	test_allocator_fail_never();
	assert_int_equal(timers.reserved, 3);
}

static void without_memory_a_reservation_fails_and_the_others_stand(void **state)
{
	(void)state;
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_timers_reserve(&timers), MAIKO_ENOMEM);
	assert_int_equal(timers.reserved, 0);
	test_allocator_fail_never();
	reserve(3); /* with slot 0, which is unused, the four of the first array */
	for (int i = 0; i < 3; i++)
		set(i, (uint64_t)(3 - i));
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_timers_reserve(&timers), MAIKO_ENOMEM);
	test_allocator_fail_never();
	assert_int_equal(timers.reserved, 3);
	mk_timers_fire(&timers, 3, UINT32_MAX);
	expect_fired((int[]){2, 1, 0}, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(none_is_due_at_first),
		TEST(they_fire_by_due_time_and_not_before),
		TEST(no_more_fire_than_may),
		TEST(at_one_time_they_fire_in_the_order_set),
		TEST(one_set_again_moves),
		TEST(one_cleared_does_not_fire),
		TEST(a_thousand_come_out_sorted),
		TEST(a_thousand_come_out_sorted_though_every_third_is_cleared),
		TEST(one_set_again_while_firing_waits_for_the_next_call),
		TEST(another_set_while_firing_waits_too),
		TEST(one_cleared_while_others_fire_does_not),
		TEST(room_that_is_reserved_needs_no_memory),
		TEST(room_given_back_is_reserved_again_without_memory),
		TEST(without_memory_a_reservation_fails_and_the_others_stand),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
