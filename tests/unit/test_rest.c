/*
 * test_rest.c - a worker that rests: how it is woken, and how another thread stands in for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "runtime/lane.h"

#include "support.h"

#include <uv.h>

static mk_sup sup = {.seam.simulated = true}; /* so that no loop is told */

static unsigned rest_of(mk_worker *w) { return atomic_load(&w->rest); }

static void who_sleeps_is_woken_once(void **state)
{
	(void)state;
	mk_worker w = {.sup = &sup};
	mk_lane_rest(&w, MK_SLEEPS);
	mk_lane_wake(&w);
	assert_int_equal(rest_of(&w), MK_AWAKE);
	mk_lane_wake(&w);
	assert_true(mk_lane_rise(&w));
	assert_int_equal(rest_of(&w), MK_AWAKE);
	mk_lane_rest(&w, MK_SLEEPS);
	assert_false(mk_lane_rise(&w));
	assert_int_equal(rest_of(&w), MK_AWAKE);
}

static void who_spins_needs_no_waking(void **state)
{
	(void)state;
	mk_worker w = {.sup = &sup};
	mk_lane_rest(&w, MK_SPINS);
	mk_lane_wake(&w);
	assert_int_equal(rest_of(&w), MK_SPINS);
}

static void only_one_stands_in_and_only_for_one_that_rests(void **state)
{
	(void)state;
	mk_worker w = {.sup = &sup};
	assert_false(mk_lane_stand_in(&w));
	mk_lane_rest(&w, MK_SPINS);
	assert_true(mk_lane_stand_in(&w));
	assert_false(mk_lane_stand_in(&w));
	mk_lane_stand_down(&w);
	assert_int_equal(rest_of(&w), MK_SPINS);
	assert_true(mk_lane_stand_in(&w));
	mk_lane_stand_down(&w);
}

static void who_is_called_meanwhile_is_woken_after_that(void **state)
{
	(void)state;
	mk_worker w = {.sup = &sup};
	mk_lane_rest(&w, MK_SLEEPS);
	assert_true(mk_lane_stand_in(&w));
	mk_lane_wake(&w);
	mk_lane_wake(&w);
	assert_int_not_equal(rest_of(&w), MK_AWAKE);
	mk_lane_stand_down(&w);
	assert_int_equal(rest_of(&w), MK_AWAKE);
}

static void a_callback_of_libuv_keeps_others_out(void **state)
{
	(void)state;
	mk_worker w = {.sup = &sup};
	assert_false(mk_lane_enter(&w)); /* awake: there is nobody to keep out */
	mk_lane_rest(&w, MK_SLEEPS);
	assert_true(mk_lane_enter(&w));
	assert_false(mk_lane_enter(&w));
	assert_false(mk_lane_stand_in(&w));
	mk_lane_leave(&w);
	assert_int_equal(rest_of(&w), MK_SLEEPS);
}

/* ---- two threads ------------------------------------------------------------------------------ */

enum { ROUNDS = 20000 };
static uint64_t owned; /* by the worker, or by who stands in for it */
static _Atomic(bool) over;

static void stand_in(void *arg)
{
	mk_worker *w = arg;
	while (!atomic_load(&over))
		if (mk_lane_stand_in(w)) {
			owned++;
			owned--;
			mk_lane_stand_down(w);
		}
}

/* The sanitizer sees an access without the other's knowledge. */
static void what_a_worker_owns_has_one_owner(void **state)
{
	(void)state;
	static mk_worker w = {.sup = &sup};
	uv_thread_t other;
	assert_int_equal(uv_thread_create(&other, stand_in, &w), 0);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		mk_lane_rest(&w, i % 2 == 0 ? MK_SPINS : MK_SLEEPS);
		if (i % 4 == 1)
			mk_lane_wake(&w);
		(void)mk_lane_rise(&w);
		assert_int_equal(rest_of(&w), MK_AWAKE);
		assert_int_equal(owned, i);
		owned++;
	}
	atomic_store(&over, true);
	uv_thread_join(&other);
	assert_int_equal(owned, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sleeps_is_woken_once),
		cmocka_unit_test(who_spins_needs_no_waking),
		cmocka_unit_test(only_one_stands_in_and_only_for_one_that_rests),
		cmocka_unit_test(who_is_called_meanwhile_is_woken_after_that),
		cmocka_unit_test(a_callback_of_libuv_keeps_others_out),
		cmocka_unit_test(what_a_worker_owns_has_one_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
