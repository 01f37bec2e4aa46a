/*
 * test_seam.c - the seam of time and chance: the machine's by default, the hooks' when
 * they are set, and the generator against its authors' numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/seam.h"

#include "support.h"

#include <time.h>

static uint64_t now_of_hook(void *arg) { return *(uint64_t *)arg += 5; }
static uint64_t random_of_hook(void *arg) { return *(uint64_t *)arg + 1; }

static void time_never_goes_back(void **state)
{
	(void)state;
	mk_seam seam;
	assert_int_equal(mk_seam_init(&seam), 0);
	uint64_t last = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t now = mk_now(&seam);
		assert_true(now >= last);
		last = now;
	}
}

static void now_and_the_offset_are_the_time_of_day(void **state)
{
	(void)state;
	mk_seam seam;
	time_t before = time(NULL);
	assert_int_equal(mk_seam_init(&seam), 0);
	uint64_t seconds = (mk_now(&seam) + seam.wall_offset_ns) / 1000000000;
	time_t after = time(NULL);
	/* time(2) may be a tick of the kernel's behind. */
	assert_in_range(seconds, (uintmax_t)before - 1, (uintmax_t)after + 1);
}

static void hooks_replace_the_clock_and_the_generator(void **state)
{
	(void)state;
	uint64_t value = 100;
	mk_random random = {{1, 2, 3, 4}};
	mk_seam seam = {.now_ns = now_of_hook, .random = random_of_hook, .arg = &value};
	assert_int_equal(mk_now(&seam), 105);
	assert_int_equal(mk_now(&seam), 110);
	assert_int_equal(mk_random_next(&seam, &random), 111);
	assert_int_equal(random.s[0], 1); /* it was not asked */
}

static void no_hooks_are_set_at_first(void **state)
{
	(void)state;
	mk_seam seam = {.now_ns = now_of_hook, .random = random_of_hook};
	assert_int_equal(mk_seam_init(&seam), 0);
	assert_true(seam.now_ns == NULL && seam.random == NULL && seam.choose == NULL && seam.arg == NULL);
}

static void two_seams_have_other_seeds(void **state)
{
	(void)state;
	mk_seam a, b;
	assert_int_equal(mk_seam_init(&a), 0);
	assert_int_equal(mk_seam_init(&b), 0);
	assert_int_not_equal(a.seed, b.seed); /* fails by chance once in 2^64 */
}

/* From the reference implementation, xoshiro256starstar.c, with the state 1, 2, 3, 4. */
static void the_generator_is_xoshiro256starstar(void **state)
{
	(void)state;
	const mk_seam seam = {.seed = 0};
	mk_random random = {{1, 2, 3, 4}};
	assert_int_equal(mk_random_next(&seam, &random), 11520);
	assert_int_equal(mk_random_next(&seam, &random), 0);
	assert_int_equal(mk_random_next(&seam, &random), 1509978240);
	assert_int_equal(mk_random_next(&seam, &random), 1215971899390074240);
	assert_int_equal(mk_random_next(&seam, &random), 1216172134540287360);
	assert_int_equal(mk_random_next(&seam, &random), 607988272756665600);
}

/* The first numbers of splitmix64.c for 0. */
static void it_is_seeded_by_splitmix64(void **state)
{
	(void)state;
	const mk_seam seam = {.seed = 0};
	mk_random random;
	mk_random_seed(&random, 0);
	assert_int_equal(random.s[0], 0xe220a8397b1dcdaf);
	assert_int_equal(random.s[1], 0x6e789e6aa1b965f4);
	assert_int_equal(random.s[2], 0x06c45d188009454f);
	assert_int_equal(random.s[3], 0xf88bb8a8724c81ec);
	assert_int_equal(mk_random_next(&seam, &random), 0x99ec5f36cb75f2b4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_never_goes_back),
		cmocka_unit_test(now_and_the_offset_are_the_time_of_day),
		cmocka_unit_test(hooks_replace_the_clock_and_the_generator),
		cmocka_unit_test(no_hooks_are_set_at_first),
		cmocka_unit_test(two_seams_have_other_seeds),
		cmocka_unit_test(the_generator_is_xoshiro256starstar),
		cmocka_unit_test(it_is_seeded_by_splitmix64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
