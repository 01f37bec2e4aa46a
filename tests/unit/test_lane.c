/*
 * C13: who is woken, and who yields its core for it. The thread of the test is the worker that wakes; it stays on one
 * core.
 */
#include "support.h"

#include "runtime/lane.h"

#include <sched.h>
#include <stdlib.h>

typedef struct lane_world {
	uv_loop_t loop;
	mk_sup sup;
	mk_worker *from, *to;
	int core; /* of this thread */
	cpu_set_t before;
	uint32_t woken;
} lane_world;

static void on_async(uv_async_t *async) { ((lane_world *)async->data)->woken++; }

static mk_worker *worker_of(lane_world *w)
{
	mk_worker *made = mk_calloc_aligned(sizeof *made, MK_LINE);
	assert_non_null(made);
	made->sup = &w->sup;
	made->deferred_tail = made->deferred_seen = &made->deferred;
	return made;
}

static int set_up(void **state)
{
	lane_world *w = calloc(1, sizeof *w);
	cpu_set_t one;
	w->from = worker_of(w);
	w->to = worker_of(w);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(uv_async_init(&w->loop, &w->to->async, on_async), 0);
	w->to->async.data = w;
	assert_int_equal(sched_getaffinity(0, sizeof w->before, &w->before), 0);
	do {
		w->core = sched_getcpu();
		CPU_ZERO(&one);
		CPU_SET(w->core, &one);
	} while (sched_setaffinity(0, sizeof one, &one) != 0); /* a core that was taken away meanwhile */
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	lane_world *w = *state;
	sched_setaffinity(0, sizeof w->before, &w->before);
	uv_close((uv_handle_t *)&w->to->async, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	uv_loop_close(&w->loop);
	mk_free_aligned(w->from);
	mk_free_aligned(w->to);
	free(w);
	return 0;
}

/* As `to` goes to sleep; the core on which it does. */
static void sleep_on(lane_world *w, int core)
{
	w->to->core = core;
	mk_lane_rest(w->to, MK_SLEEPS);
}

static uint32_t times_woken(lane_world *w)
{
	uv_run(&w->loop, UV_RUN_NOWAIT);
	return w->woken;
}

static void one_that_slept_on_this_core_makes_its_waker_yield(void **state)
{
	lane_world *w = *state;
	sleep_on(w, w->core);
	mk_lane_wake_by(w->from, w->to);
	assert_true(w->from->yields);
	assert_true(w->to->beside);
	assert_int_equal(w->to->rest, MK_AWAKE);
	assert_int_equal(times_woken(w), 1);
}

static void one_that_slept_elsewhere_does_not(void **state)
{
	lane_world *w = *state;
	w->to->beside = true;
	sleep_on(w, w->core + 1);
	mk_lane_wake_by(w->from, w->to);
	assert_false(w->from->yields);
	assert_false(w->to->beside);
	assert_int_equal(times_woken(w), 1);
}

/* In one turn it may wake several. */
static void another_one_does_not_change_that(void **state)
{
	lane_world *w = *state;
	sleep_on(w, w->core);
	mk_lane_wake_by(w->from, w->to);
	sleep_on(w, w->core + 1);
	mk_lane_wake_by(w->from, w->to);
	assert_true(w->from->yields);
}

static void one_that_is_awake_is_not_woken(void **state)
{
	lane_world *w = *state;
	w->to->core = w->core;
	mk_lane_wake_by(w->from, w->to);
	assert_false(w->from->yields);
	assert_int_equal(times_woken(w), 0);
}

static void a_message_wakes_the_same_way(void **state)
{
	lane_world *w = *state;
	mk_message message = {.run = NULL};
	sleep_on(w, w->core);
	mk_lane_post_by(w->from, w->to, &message);
	assert_true(w->from->yields);
	assert_int_equal(times_woken(w), 1);
	mk_lane_take(w->to);
	assert_ptr_equal(mk_lane_remove(w->to, &w->to->deferred), &message);
}

/* Another thread than a worker: nobody yields. */
static void a_thread_from_outside_only_wakes(void **state)
{
	lane_world *w = *state;
	w->to->beside = true;
	sleep_on(w, w->core);
	mk_lane_wake(w->to);
	assert_false(w->to->beside);
	assert_false(w->from->yields);
	assert_int_equal(times_woken(w), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_slept_on_this_core_makes_its_waker_yield, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_slept_elsewhere_does_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_one_does_not_change_that, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_awake_is_not_woken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_message_wakes_the_same_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_from_outside_only_wakes, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
