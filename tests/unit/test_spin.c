/*
 * C13, C14: for how long a worker spins, by the gaps that it has had. No clock: the test tells the gaps.
 */
#include "support.h"

#include "sched/spin.h"

enum { WORTH_NS = 50000, MANY = 300 };

static mk_spin after(uint64_t gap_ns, bool slept, int times)
{
	mk_spin s;
	mk_spin_init(&s, WORTH_NS);
	for (int i = 0; i < times; i++)
		mk_spin_gap(&s, gap_ns, slept);
	return s;
}

static void the_first_spin_is_the_longest(void **state)
{
	(void)state;
	assert_int_equal(after(0, false, 0).length_ns, 50000);
}

static void spins_a_little_longer_than_the_gaps(void **state)
{
	(void)state;
	assert_int_equal(after(0, false, MANY).length_ns, 781);
	assert_int_equal(after(2000, false, MANY).length_ns, 3125);
	assert_int_equal(after(10000, false, MANY).length_ns, 12500);
	assert_int_equal(after(50000, false, MANY).length_ns, 50000);
}

static void one_gap_longer_than_a_wake_up_is_worth_ends_the_first_spin(void **state)
{
	(void)state;
	assert_int_equal(after(50001, false, 1).length_ns, 0);
	assert_int_equal(after(50001, false, MANY).length_ns, 0);
}

static void some_long_gaps_do_not_end_it(void **state)
{
	(void)state;
	mk_spin s = after(10000, false, MANY);
	for (int i = 0; i < MANY; i++) {
		mk_spin_gap(&s, 500000, false);
		for (int j = 0; j < 3; j++)
			mk_spin_gap(&s, 10000, false);
		assert_int_equal(s.length_ns, 12500);
	}
}

/* A broker: another worker answers after 60 us, the next message comes from a descriptor. */
static void does_not_spin_for_half_of_the_gaps_if_they_are_nearly_as_long_as_a_wake_up(void **state)
{
	(void)state;
	mk_spin s = after(2000, false, MANY);
	for (int i = 0; i < MANY; i++) {
		mk_spin_gap(&s, 60000, true);
		mk_spin_in_vain(&s);
	}
	assert_int_equal(s.length_ns, 0);
}

static void does_not_spin_for_descriptors_and_timers(void **state)
{
	(void)state;
	mk_spin s = after(2000, false, MANY);
	for (int i = 0; i < MANY; i++)
		mk_spin_in_vain(&s);
	assert_int_equal(s.length_ns, 0);
	assert_int_equal(s.weight[1], 0); /* nothing is left of what was long ago */
}

/* Of 30 us in which it slept and was woken, 25 are the wake-up. */
static void begins_again_when_gaps_become_short(void **state)
{
	(void)state;
	mk_spin s = after(1000000, true, MANY);
	assert_int_equal(s.length_ns, 0);
	for (int i = 0; i < 4; i++)
		mk_spin_gap(&s, 30000, true);
	assert_int_equal(s.length_ns, 6250);
}

static void the_option_is_the_worth_of_a_wake_up(void **state)
{
	(void)state;
	mk_spin s;
	mk_spin_init(&s, 1000000);
	mk_spin_gap(&s, 900000, false);
	assert_int_equal(s.length_ns, 1000000);
	mk_spin_init(&s, 1000);
	mk_spin_gap(&s, 1001, false);
	assert_int_equal(s.length_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_spin_is_the_longest),
		cmocka_unit_test(spins_a_little_longer_than_the_gaps),
		cmocka_unit_test(one_gap_longer_than_a_wake_up_is_worth_ends_the_first_spin),
		cmocka_unit_test(some_long_gaps_do_not_end_it),
		cmocka_unit_test(does_not_spin_for_half_of_the_gaps_if_they_are_nearly_as_long_as_a_wake_up),
		cmocka_unit_test(does_not_spin_for_descriptors_and_timers),
		cmocka_unit_test(begins_again_when_gaps_become_short),
		cmocka_unit_test(the_option_is_the_worth_of_a_wake_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
