/*
 * test_invariant.c - each order is followed by its acknowledgement in time, or it is told.
 */
#include <maiko/observe/invariant.h>
#include <maiko/testing/sim.h>
#include <sched.h>
#include <string.h>

#include "support.h"

typedef struct order {
	uint64_t number;
} order;
typedef struct ack {
	uint64_t number;
} ack;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(acks);
MAIKO_EVENT(order, orders, number);
MAIKO_EVENT(ack, acks, number);

static bool of_one_order(const order *first, const ack *then) { return first->number == then->number; }
MAIKO_MATCH(order, ack, of_one_order);

/* Acknowledges after so many milliseconds; 1000 and more: never. */
typedef struct clerk {
	uint64_t delay_ms;
} clerk;
static int clerk_on_order(clerk *self, const order *ev, maiko_ctx *ctx)
{
	if (self->delay_ms >= 1000)
		return 0;
	if (self->delay_ms == 0)
		return maiko_send(ctx, ack, .number = ev->number);
	return maiko_send_after_ms(ctx, self->delay_ms, NULL, ack, .number = ev->number);
}
MAIKO_ACTOR(clerk, MAIKO_ON(order, clerk_on_order));

static uint64_t told;
static int told_code;
static uint64_t told_number, told_late_ms;
static bool told_then;

static void on_violation(void *arg, const maiko_violation *v)
{
	assert_ptr_equal(arg, &told);
	assert_non_null(strstr(v->text, "order"));
	told++;
	told_code = v->code;
	told_number = ((const order *)v->data)->number;
	told_late_ms = v->late_ms;
	told_then = v->then != NULL;
}

static maiko_sim *sim;
static maiko_invariant *invariant;

static maiko_supervisor *begin(uint64_t delay_ms, uint32_t workers)
{
	told = 0;
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = 5, .supervisor.workers = workers}), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, clerk, "clerk", .init = &(clerk){delay_ms}), 0);
	return sup;
}

static void end(void)
{
	assert_null(maiko_invariant_free(invariant));
	assert_null(maiko_sim_free(sim));
}

TEST_WORKERS(an_answer_in_time_is_fine)
{
	maiko_supervisor *sup = begin(50, workers);
	assert_int_equal(maiko_followed_by(sup, order, ack, &invariant, .match = MAIKO_MATCH_REF(of_one_order),
					   .within_ms = 50, .violated = on_violation, .arg = &told),
			 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t n = 1; n <= 20; n++)
		assert_int_equal(maiko_send(sup, order, .number = n), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(maiko_invariant_open(invariant), 20);
	assert_int_equal(maiko_sim_advance(sim, 60), 0);
	assert_int_equal(maiko_invariant_open(invariant), 0);
	assert_int_equal(maiko_invariant_check(invariant), 0);
	assert_int_equal(told, 0);
	assert_int_equal(maiko_sim_finish(sim), 0);
	end();
}

static void a_late_answer_fails_the_simulation(void **state)
{
	(void)state;
	maiko_supervisor *sup = begin(51, 1);
	assert_int_equal(
		maiko_followed_by(sup, order, ack, &invariant, .within_ms = 50, .violated = on_violation, .arg = &told),
		0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, order, .number = 7), 0);
	assert_int_equal(maiko_sim_advance(sim, 60), MAIKO_EBROKEN);
	assert_non_null(strstr(maiko_sim_failure(sim), "order"));
	assert_int_equal(told, 1);
	assert_int_equal(told_code, MAIKO_EBROKEN);
	assert_int_equal(told_number, 7);
	assert_int_equal(told_late_ms, 51);
	assert_true(told_then);
	assert_int_equal(maiko_invariant_violations(invariant), 1);
	end();
}

static void no_answer_is_noticed_by_a_check(void **state)
{
	(void)state;
	maiko_supervisor *sup = begin(1000, 1);
	assert_int_equal(
		maiko_followed_by(sup, order, ack, &invariant, .within_ms = 50, .violated = on_violation, .arg = &told),
		0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, order, .number = 8), 0);
	assert_int_equal(maiko_sim_advance(sim, 50), 0);
	assert_int_equal(maiko_invariant_check(invariant), 0);
	assert_int_equal(maiko_sim_advance(sim, 1), 0); /* nothing happens, so nothing is seen */
	assert_int_equal(maiko_invariant_check(invariant), MAIKO_EBROKEN);
	assert_int_equal(told_number, 8);
	assert_false(told_then);
	assert_int_equal(maiko_sim_step(sim), MAIKO_EBROKEN);
	end();
}

static void what_is_open_is_bounded(void **state)
{
	(void)state;
	maiko_supervisor *sup = begin(1000, 1);
	assert_int_equal(maiko_followed_by(sup, order, ack, &invariant, .within_ms = 50, .open_max = 3,
					   .violated = on_violation, .arg = &told),
			 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t n = 1; n <= 4; n++)
		assert_int_equal(maiko_send(sup, order, .number = n), 0);
	assert_int_equal(maiko_sim_run(sim), MAIKO_EBROKEN);
	assert_int_equal(told, 1);
	assert_int_equal(told_code, MAIKO_E2BIG);
	assert_int_equal(told_number, 4);
	assert_int_equal(maiko_invariant_open(invariant), 3);
	end();
}

/* In production, on several threads: what is not followed is noticed by whoever looks. */
TEST_WORKERS(it_watches_a_real_supervisor)
{
	maiko_supervisor *sup = test_supervisor(workers);
	told = 0;
	assert_int_equal(maiko_add(sup, clerk, "clerk"), 0);
	assert_int_equal(maiko_followed_by(sup, order, ack, &invariant, .match = MAIKO_MATCH_REF(of_one_order),
					   .within_ms = 60000, .violated = on_violation, .arg = &told),
			 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t n = 1; n <= 1000; n++)
		assert_int_equal(maiko_send(sup, order, .number = n), 0);
	while (maiko_invariant_open(invariant) != 0 || told != 0)
		sched_yield();
	assert_int_equal(maiko_invariant_check(invariant), 0);
	assert_null(maiko_invariant_free(invariant));

	assert_int_equal(
		maiko_followed_by(sup, ack, order, &invariant, .within_ms = 1, .violated = on_violation, .arg = &told),
		0);
	assert_int_equal(maiko_send(sup, order, .number = 1001), 0);
	while (maiko_invariant_violations(invariant) == 0)
		(void)maiko_invariant_check(invariant);
	assert_int_equal(maiko_invariant_check(invariant), MAIKO_EBROKEN);
	assert_null(maiko_invariant_free(invariant));
	test_finish(sup);
}

static void bad_options_are_refused(void **state)
{
	(void)state;
	maiko_supervisor *sup = begin(0, 1);
	const maiko_event_type *first = MAIKO_EVENT_REF(order), *then = MAIKO_EVENT_REF(ack);
	maiko_followed_by_options many = {.open_max = MAIKO_INVARIANT_OPEN_MAX + 1};
	assert_int_equal(maiko_invariant_followed_by(NULL, first, then, &invariant, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_followed_by(sup, NULL, then, &invariant, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_followed_by(sup, first, NULL, &invariant, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_followed_by(sup, first, first, &invariant, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_followed_by(sup, first, then, NULL, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_followed_by(sup, first, then, &invariant, &many), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_check(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_invariant_violations(NULL), 0);
	assert_int_equal(maiko_invariant_open(NULL), 0);
	assert_null(maiko_invariant_free(NULL));
	assert_null(maiko_sim_free(sim));
}

static void see_nothing(void *arg, const maiko_observation *observation) { (void)arg, (void)observation; }

/* It leaves no check behind, neither one that counts nor one that is called. */
static void one_that_cannot_watch_leaves_nothing(void **state)
{
	(void)state;
	maiko_supervisor *sup = begin(5, 1);
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	uint32_t count = 0;
	while (maiko_monitor_add(sup, &(maiko_hooks){.any = see_nothing}, NULL, &monitors[count]) == 0)
		count++;
	for (int i = 0; i < 100; i++)
		assert_int_equal(maiko_followed_by(sup, order, ack, &invariant, .within_ms = 50), MAIKO_E2BIG);
	assert_int_equal(maiko_send(sup, order, .number = 1), 0);
	assert_int_equal(maiko_sim_run(sim), 0);

	while (count > 0)
		assert_int_equal(maiko_monitor_remove(monitors[--count], NULL), 0);
	assert_int_equal(maiko_followed_by(sup, order, ack, &invariant, .within_ms = 50), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_time_is_fine),
		cmocka_unit_test(a_late_answer_fails_the_simulation),
		cmocka_unit_test(no_answer_is_noticed_by_a_check),
		cmocka_unit_test(what_is_open_is_bounded),
		cmocka_unit_test(it_watches_a_real_supervisor),
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(one_that_cannot_watch_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
