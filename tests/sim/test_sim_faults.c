/*
 * test_sim_faults.c - each fault of a simulation strikes, and the properties hold all the same.
 */
#include <maiko/testing/sim.h>

#include "support.h"

typedef struct item {
	uint64_t n;
} item;
MAIKO_TOPIC(work);
MAIKO_EVENT(item, work, n);
typedef struct answer {
	uint64_t n;
} answer;
MAIKO_TOPIC(answers);
MAIKO_EVENT(answer, answers, n);

static uint64_t handled, errors, no_memory, started, ticks;

typedef struct worker {
	uint64_t unused;
} worker;
static int worker_on_item(worker *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	handled++;
	no_memory += maiko_send(ctx, answer, .n = ev->n) == MAIKO_ENOMEM;
	return 0;
}
static int worker_on_error(worker *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	assert_int_equal(error->code, MAIKO_ECANCELED);
	errors++;
	return 0;
}
static int worker_on_start(worker *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	started++;
	return 0;
}
static maiko_next worker_tick(worker *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	ticks++;
	return maiko_after_ms(10);
}
MAIKO_ACTOR(worker, MAIKO_ON(item, worker_on_item), MAIKO_ON_START(worker_on_start), MAIKO_ON_ERROR(worker_on_error),
	    MAIKO_TICK(worker_tick));

typedef struct reader {
	uint64_t unused;
} reader;
static int reader_on_answer(reader *self, const answer *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}
static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)error;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(answer, reader_on_answer), MAIKO_ON_ERROR(reader_on_error));

static uint64_t signature, gone;

/* Sends 100 items, lets 200 ms pass, and ends. */
static void run(uint64_t seed, const maiko_sim_faults *faults)
{
	maiko_sim *sim;
	maiko_sim_options o = {.seed = seed,
			       .supervisor = {.workers = 2, .mailbox = 16, .channel = 16},
			       .faults = *faults};
	handled = errors = no_memory = started = ticks = 0;
	assert_int_equal(maiko_sim_new(&sim, &o), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	maiko_actor_id id;
	assert_int_equal(maiko_add(sup, worker, "worker"), 0);
	assert_int_equal(maiko_add(sup, reader, "reader"), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t i = 1; i <= 100; i++)
		assert_int_equal(maiko_send(sup, item, .n = i), 0);
	if (maiko_sim_advance(sim, 200) != 0)
		fail_msg("seed %llu: %s", (unsigned long long)seed, maiko_sim_failure(sim));
	gone = (maiko_find(sup, "worker", &id) != 0) + (maiko_find(sup, "reader", &id) != 0);
	if (maiko_sim_finish(sim) != 0)
		fail_msg("seed %llu: %s", (unsigned long long)seed, maiko_sim_failure(sim));
	signature = maiko_sim_signature(sim);
	maiko_sim_free(sim);
}

enum { SEEDS = 40 };

static void without_faults_nothing_is_wrong(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){0});
		assert_int_equal(handled, 100);
		assert_int_equal(errors, 0);
		assert_int_equal(no_memory, 0);
		assert_int_equal(gone, 0);
		assert_int_equal(ticks, 21); /* at 0, 10, ... 200 ms */
	}
}

static void callbacks_fail(void **state)
{
	uint64_t all = 0;
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){.callback = 30});
		assert_int_equal(handled, 100); /* an error forgiven loses nothing */
		all += errors;
	}
	assert_in_range(all, SEEDS, SEEDS * 20);
}

static void allocations_fail(void **state)
{
	uint64_t all = 0;
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS * 5; seed++) {
		run(seed, &(maiko_sim_faults){.allocation = 2});
		all += no_memory + (100 - handled);
	}
	assert_true(all > 0);
}

static void workers_stall_and_channels_are_slow(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){0});
		uint64_t undisturbed = signature;
		run(seed, &(maiko_sim_faults){.stall = 10, .slow = 10});
		assert_int_equal(handled, 100);
		assert_int_not_equal(signature, undisturbed);
	}
}

static void time_runs_late(void **state)
{
	uint64_t late = 0;
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){.late = 20});
		assert_int_equal(handled, 100);
		late += ticks < 21;
	}
	assert_true(late > SEEDS / 2);
}

static void actors_are_removed(void **state)
{
	uint64_t all = 0;
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){.removal = 200});
		all += gone;
	}
	assert_true(all > SEEDS / 2);
}

static uint64_t bursts;

static void on_burst(maiko_sim *sim, void *arg)
{
	assert_ptr_equal(arg, &bursts);
	bursts++;
	(void)maiko_try_send(maiko_sim_supervisor(sim), answer, .n = 0);
}

static void bursts_come(void **state)
{
	(void)state;
	bursts = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		run(seed, &(maiko_sim_faults){.burst = 50, .on_burst = on_burst, .arg = &bursts});
		assert_int_equal(handled, 100);
	}
	assert_true(bursts > SEEDS);
}

static void one_seed_is_one_run_with_all_of_them(void **state)
{
	(void)state;
	maiko_sim_faults all = {.callback = 50,
				.allocation = 50,
				.stall = 50,
				.slow = 50,
				.late = 50,
				.removal = 2000,
				.burst = 50,
				.on_burst = on_burst,
				.arg = &bursts};
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		all.allocation = seed % 2 == 0 ? 50 : 0;
		all.callback = started = 0; /* a start that fails is another test's */
		run(seed, &all);
		uint64_t first = signature;
		run(seed, &all);
		assert_int_equal(signature, first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_faults_nothing_is_wrong),
		cmocka_unit_test(callbacks_fail),
		cmocka_unit_test(allocations_fail),
		cmocka_unit_test(workers_stall_and_channels_are_slow),
		cmocka_unit_test(time_runs_late),
		cmocka_unit_test(actors_are_removed),
		cmocka_unit_test(bursts_come),
		cmocka_unit_test(one_seed_is_one_run_with_all_of_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
