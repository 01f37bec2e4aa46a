/*
 * test_sim.c - the simulation: one seed one run, virtual time, and properties that hold.
 */
#include <maiko/testing/sim.h>

#include "support.h"

typedef struct item {
	uint64_t n;
} item;

MAIKO_TOPIC(work);
MAIKO_TOPIC(results);
MAIKO_EVENT(item, work, n);

typedef struct result {
	uint64_t n;
} result;
MAIKO_EVENT(result, results, n);

typedef struct doubler {
	uint64_t handled;
} doubler;

static int doubler_on_item(doubler *self, const item *ev, maiko_ctx *ctx)
{
	self->handled++;
	return maiko_send(ctx, result, .n = ev->n * 2);
}
MAIKO_ACTOR(doubler, MAIKO_ON(item, doubler_on_item));

static uint64_t sum, count;

typedef struct adder {
	uint64_t unused;
} adder;

static int adder_on_result(adder *self, const result *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	sum += ev->n;
	count++;
	return 0;
}
MAIKO_ACTOR(adder, MAIKO_ON(result, adder_on_result));

static uint64_t run_once(uint64_t seed, uint32_t workers)
{
	maiko_sim *sim;
	sum = count = 0;
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .supervisor.workers = workers}), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, doubler, "doubler"), 0);
	assert_int_equal(maiko_add(sup, adder, "adder"), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t i = 1; i <= 100; i++)
		assert_int_equal(maiko_send(sup, item, .n = i), 0);
	int rc = maiko_sim_run(sim);
	if (rc != 0)
		fail_msg("%s", maiko_sim_failure(sim));
	assert_int_equal(count, 100);
	assert_int_equal(sum, 10100);
	if (maiko_sim_finish(sim) != 0)
		fail_msg("%s", maiko_sim_failure(sim));
	uint64_t signature = maiko_sim_signature(sim);
	assert_null(maiko_sim_free(sim));
	return signature;
}

TEST_WORKERS(one_seed_is_one_run)
{
	for (uint64_t seed = 0; seed < 100; seed++)
		assert_int_equal(run_once(seed, workers), run_once(seed, workers));
	assert_int_not_equal(run_once(1, workers), run_once(2, workers));
}

/* ---- what was sent before a start that the simulation has not come through --------------------- */

typedef struct letter {
	maiko_buffer *text;
} letter;
MAIKO_EVENT(letter, work, text);

typedef struct breaker {
	uint64_t unused;
} breaker;
static int breaker_on_start(breaker *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "on purpose");
	return 0;
}
static int breaker_on_letter(breaker *self, const letter *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(breaker, MAIKO_ON_START(breaker_on_start), MAIKO_ON(letter, breaker_on_letter));

static void let_go(void *data, void *arg)
{
	(void)data;
	++*(uint64_t *)arg;
}

TEST_WORKERS(a_failed_simulation_lets_go_of_what_was_sent)
{
	maiko_sim *sim;
	maiko_buffer *text;
	static char data[] = "x";
	uint64_t gone = 0;
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.supervisor.workers = workers}), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, breaker, "breaker"), 0);
	assert_int_equal(maiko_buffer_wrap(data, sizeof data, let_go, &gone, &text), 0);
	assert_int_equal(maiko_send(sup, letter, .text = text), 0);
	maiko_buffer_unref(text);
	assert_int_not_equal(maiko_start(sup), 0);
	assert_string_equal(maiko_sim_failure(sim), "on purpose");
	assert_int_equal(gone, 0);
	assert_null(maiko_sim_free(sim));
	assert_int_equal(gone, 1);
}

/* ---- actors with workers of their own that were still to come -------------------------------------- */

/* One addition is under way then, the others are pending. */
enum { GUESTS = 3 };
typedef struct host {
	uint64_t unused;
} host;
static int host_on_start(host *self, maiko_ctx *ctx)
{
	static const char *const names[GUESTS] = {"guest0", "guest1", "guest2"};
	for (int i = 0; i < GUESTS; i++)
		expect(maiko_add(ctx, adder, names[i], .own_thread = true) == 0);
	(void)self;
	maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "on purpose");
	return 0;
}
MAIKO_ACTOR(host, MAIKO_ON_START(host_on_start));

TEST_WORKERS(a_failed_simulation_lets_go_of_workers_that_were_to_come)
{
	maiko_sim *sim;
	int64_t living = test_allocator_living();
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.supervisor.workers = workers}), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, host, "host"), 0);
	assert_int_not_equal(maiko_start(sup), 0);
	assert_string_equal(maiko_sim_failure(sim), "on purpose");
	assert_null(maiko_sim_free(sim));
	assert_int_equal(test_allocator_living(), living);
}

int main(void)
{
	test_allocator_install();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_seed_is_one_run),
		cmocka_unit_test(a_failed_simulation_lets_go_of_what_was_sent),
		cmocka_unit_test(a_failed_simulation_lets_go_of_workers_that_were_to_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
