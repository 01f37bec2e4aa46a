/*
 * C13, C14: for how long a worker spins, by the gaps that it has had. No clock: the test tells the gaps.
 */
#include "support.h"

#include "sched/spin.h"

enum { MOST_NS = 200000, MANY = 300 }; /* a wake-up counts as 50 us */

/* The length of the spin after so many gaps of one length. */
static uint64_t after(uint64_t gap_ns, bool slept, int times, mk_spin *s)
{
	mk_spin_init(s, MOST_NS);
	uint64_t length_ns = mk_spin_length(s);
	for (int i = 0; i < times; i++) {
		mk_spin_gap(s, gap_ns, slept);
		length_ns = mk_spin_length(s);
	}
	return length_ns;
}

static void the_first_spin_is_the_longest(void **state)
{
	(void)state;
	mk_spin s;
	assert_int_equal(after(0, false, 0, &s), 200000);
}

/* None that is longer would have cost more; a shorter one may miss the next gap. */
static void spins_for_the_longest_if_all_gaps_are_short(void **state)
{
	(void)state;
	mk_spin s;
	assert_int_equal(after(0, false, MANY, &s), 200000);
	assert_int_equal(after(10000, false, MANY, &s), 200000);
	assert_int_equal(after(50000, false, MANY, &s), 200000);
}

static void one_gap_longer_than_a_wake_up_is_worth_ends_the_first_spin(void **state)
{
	(void)state;
	mk_spin s;
	assert_int_equal(after(50001, false, 1, &s), 0);
	assert_int_equal(after(50001, false, MANY, &s), 0);
}

/* 3 gaps of 10 us, one long: 12.5 us are cheapest, 25 us cost 3.1 us a gap more. */
static void some_long_gaps_shorten_it(void **state)
{
	(void)state;
	mk_spin s;
	uint64_t length_ns = after(10000, false, MANY, &s);
	for (int i = 0; i < MANY; i++) {
		mk_spin_gap(&s, 500000, false);
		mk_spin_length(&s);
		for (int j = 0; j < 3; j++) {
			mk_spin_gap(&s, 10000, false);
			length_ns = mk_spin_length(&s);
		}
	}
	assert_int_equal(length_ns, 25000);
}

/* A broker: another worker answers after 60 us, the next message comes from a descriptor. */
static void does_not_spin_for_half_of_the_gaps_if_they_are_nearly_as_long_as_a_wake_up(void **state)
{
	(void)state;
	mk_spin s;
	after(2000, false, MANY, &s);
	for (int i = 0; i < MANY; i++) {
		mk_spin_gap(&s, 60000, true);
		mk_spin_length(&s);
		mk_spin_in_vain(&s);
		mk_spin_length(&s);
	}
	assert_int_equal(mk_spin_length(&s), 0);
}

static void does_not_spin_for_descriptors_and_timers(void **state)
{
	(void)state;
	mk_spin s;
	after(2000, false, MANY, &s);
	for (int i = 0; i < MANY; i++) {
		mk_spin_in_vain(&s);
		mk_spin_length(&s);
	}
	assert_int_equal(mk_spin_length(&s), 0);
	assert_int_equal(s.weight[2], 0); /* nothing is left of what was long ago */
}

/* Of 30 us in which it slept and was woken, 25 are the wake-up. */
static void begins_again_when_gaps_become_short(void **state)
{
	(void)state;
	mk_spin s;
	assert_int_equal(after(1000000, true, MANY, &s), 0);
	for (int i = 0; i < 4; i++) {
		mk_spin_gap(&s, 30000, true);
		mk_spin_length(&s);
	}
	assert_int_equal(mk_spin_length(&s), 6250);
}

/* Of sixteen gaps, one of a microsecond pays a spin of three. */
static void a_gap_counts_once(void **state)
{
	(void)state;
	mk_spin s;
	after(1000000, false, MANY, &s);
	mk_spin_gap(&s, 1000, false);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(mk_spin_length(&s), 3125);
}

static void the_option_is_the_longest_spin(void **state)
{
	(void)state;
	mk_spin s;
	mk_spin_init(&s, 1000000);
	mk_spin_gap(&s, 250000, false);
	assert_int_equal(mk_spin_length(&s), 1000000);
	mk_spin_init(&s, 1000);
	mk_spin_gap(&s, 1001, false);
	assert_int_equal(mk_spin_length(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_spin_is_the_longest),
		cmocka_unit_test(spins_for_the_longest_if_all_gaps_are_short),
		cmocka_unit_test(one_gap_longer_than_a_wake_up_is_worth_ends_the_first_spin),
		cmocka_unit_test(some_long_gaps_shorten_it),
		cmocka_unit_test(does_not_spin_for_half_of_the_gaps_if_they_are_nearly_as_long_as_a_wake_up),
		cmocka_unit_test(does_not_spin_for_descriptors_and_timers),
		cmocka_unit_test(begins_again_when_gaps_become_short),
		cmocka_unit_test(a_gap_counts_once),
		cmocka_unit_test(the_option_is_the_longest_spin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
