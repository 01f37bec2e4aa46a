/*
 * test_explore.c - exploration finds the seed that fails, whatever way it fails, shrinks its
 * schedule, and tells what led to it.
 */
#include <maiko/testing/explore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "support.h"

/* ---- a program with a fault: two relays, whose events meet in either order ------------------ */

typedef struct ping {
	uint64_t n;
} ping;
typedef struct pong {
	uint64_t n, relay;
} pong;
MAIKO_TOPIC(pings);
MAIKO_TOPIC(pongs);
MAIKO_EVENT(ping, pings, n);
MAIKO_EVENT(pong, pongs, n, relay);

typedef struct relay {
	uint64_t number;
} relay;
static int relay_on_ping(relay *self, const ping *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, pong, .n = ev->n, .relay = self->number);
}
MAIKO_ACTOR(relay, MAIKO_ON(ping, relay_on_ping));

typedef struct judge {
	bool answered; /* the fifth, by the second relay */
} judge;

enum { FAILS, CRASHES, HANGS, LEAKS };
static int way;

static void go_wrong(maiko_ctx *ctx)
{
	maiko_buffer *lost;
	if (way == FAILS) {
		maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "order: the first relay came first");
	} else if (way == CRASHES) {
		fputs("the judge despairs\n", stderr);
		raise(SIGSEGV);
	} else if (way == LEAKS) {
		assert_int_equal(maiko_buffer_new(10, &lost), 0);
	} else {
		for (volatile bool for_ever = true; for_ever;)
			;
	}
}

/* In a fair run the second relay, alone on its worker, is the first to answer. */
static int judge_on_pong(judge *self, const pong *ev, maiko_ctx *ctx)
{
	if (ev->n == 5 && ev->relay == 1 && !self->answered)
		go_wrong(ctx);
	self->answered |= ev->n == 5;
	return 0;
}
MAIKO_ACTOR(judge, MAIKO_ON(pong, judge_on_pong));

static int pings_are_judged(maiko_sim *sim, void *arg)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	(void)arg;
	int rc = maiko_add(sup, relay, "first", .init = &(relay){1}, .worker = 1);
	if (rc == 0)
		rc = maiko_add(sup, relay, "second", .init = &(relay){2}, .worker = 2);
	if (rc == 0)
		rc = maiko_add(sup, judge, "judge", .worker = 1);
	if (rc == 0)
		rc = maiko_start(sup);
	for (uint64_t n = 1; rc == 0 && n <= 10; n++)
		rc = maiko_send(sup, ping, .n = n);
	return rc == 0 ? maiko_sim_finish(sim) : rc;
}

static maiko_explore_result explore(int how, uint32_t jobs)
{
	maiko_explore_result r = {0};
	way = how;
	maiko_explore_options o = {.scenario = pings_are_judged,
				   .sim.supervisor.workers = 2,
				   .count = 400,
				   .jobs = jobs,
				   .seed_ms_max = how == HANGS ? 300 : 0,
				   .no_shrink = how == HANGS};
	assert_int_equal(maiko_explore(&o, &r), MAIKO_EBROKEN);
	assert_true(r.failed);
	return r;
}

static void a_failure_is_found_and_shrunk(void **state)
{
	(void)state;
	maiko_explore_result r = explore(FAILS, 1);
	assert_string_equal(r.text, "order: the first relay came first");
	assert_true(r.repeats);
	assert_int_equal(r.signal, 0);
	assert_in_range(r.choice_count, 1, 12);
	assert_true(r.choice_count <= r.choices_all);

	/* The schedule alone makes it fail, and one choice less does not. */
	for (size_t left_out = 0; left_out <= r.choice_count; left_out++) {
		maiko_choice some[16];
		size_t count = 0;
		for (size_t i = 0; i < r.choice_count; i++)
			if (i != left_out)
				some[count++] = r.choices[i];
		maiko_sim *sim;
		maiko_sim_options o = {.seed = r.seed,
				       .supervisor.workers = 2,
				       .replay = some,
				       .replay_count = count,
				       .replays = true,
				       .varies = true};
		assert_int_equal(maiko_sim_new(&sim, &o), 0);
		bool failed = pings_are_judged(sim, NULL) != 0;
		assert_int_equal(failed, left_out == r.choice_count);
		maiko_sim_free(sim);
	}
	maiko_explore_result_fini(&r);
}

static void the_chain_of_causes_is_told(void **state)
{
	(void)state;
	maiko_explore_result r = explore(FAILS, 1);
	assert_true(r.moment_count > 0);
	const maiko_moment *cause[16];
	size_t count = 0;
	for (size_t i = 0; i < r.moment_count && count < 16; i++)
		if (r.moments[i].is_cause && r.moments[i].kind == MAIKO_OBSERVED_DISPATCHED)
			cause[count++] = &r.moments[i];
	/* The ping from outside, and the pong that the first relay sent for it. */
	assert_int_equal(count, 2);
	assert_string_equal(cause[0]->event, "ping");
	assert_string_equal(cause[0]->from, "outside");
	assert_string_equal(cause[1]->event, "pong");
	assert_string_equal(cause[1]->from, "first");
	assert_true(maiko_id_equal(cause[1]->parent, cause[0]->id));

	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_int_equal(maiko_explore_print(&r, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "FAILED: seed "));
	assert_non_null(strstr(text, "pong"));
	free(text);
	maiko_explore_result_fini(&r);
}

static void a_crash_is_a_failure(void **state)
{
	(void)state;
	maiko_explore_result r = explore(CRASHES, 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which end with a report instead */
	assert_int_equal(r.signal, SIGSEGV);
#endif
	assert_true(r.repeats);
	assert_in_range(r.choice_count, 1, 12);
	assert_non_null(strstr(r.report, "the judge despairs"));
	maiko_explore_result_fini(&r);
}

static void an_endless_loop_is_a_failure(void **state)
{
	(void)state;
	maiko_explore_result r = explore(HANGS, 1);
	assert_non_null(strstr(r.text, "no end within 300 ms"));
	maiko_explore_result_fini(&r);
}

static void memory_that_is_not_freed_is_a_failure(void **state)
{
	(void)state;
	maiko_explore_result r = explore(LEAKS, 1);
	assert_non_null(strstr(r.text, "leak: 1 allocations"));
	maiko_explore_result_fini(&r);
}

static void processes_make_no_difference(void **state)
{
	(void)state;
	maiko_explore_result one = explore(FAILS, 1), three = explore(FAILS, 3);
	assert_string_equal(one.text, three.text);
	assert_int_equal(one.seed, three.seed);
	assert_int_equal(one.choice_count, three.choice_count);
	assert_memory_equal(one.choices, three.choices, one.choice_count * sizeof *one.choices);
	maiko_explore_result_fini(&one);
	maiko_explore_result_fini(&three);

	maiko_explore_options o = {.scenario = scenario_run, .prepare = scenario_prepare, .count = 300, .jobs = 1};
	maiko_explore_result again[2];
	for (int i = 0; i < 2; i++) {
		o.jobs = i == 0 ? 1 : 3;
		assert_int_equal(maiko_explore(&o, &again[i]), 0);
		assert_false(again[i].failed);
	}
	assert_int_equal(again[0].seeds, 300);
	assert_int_equal(again[0].signature, again[1].signature);
	assert_int_equal(again[0].events, again[1].events);
	for (int i = 0; i < 2; i++)
		maiko_explore_result_fini(&again[i]);
}

static void what_cannot_be_explored_is_refused(void **state)
{
	(void)state;
	maiko_explore_result r;
	maiko_choice one = {3, 1};
	assert_int_equal(maiko_explore(NULL, &r), MAIKO_EINVAL);
	assert_int_equal(maiko_explore(&(maiko_explore_options){.count = 1}, &r), MAIKO_EINVAL);
	assert_int_equal(maiko_explore(&(maiko_explore_options){.scenario = pings_are_judged}, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_explore(&(maiko_explore_options){.scenario = pings_are_judged,
								.sim.replay = &one,
								.sim.replay_count = 1},
				       &r),
			 MAIKO_EINVAL);
	assert_int_equal(maiko_explore_print(NULL, stderr), MAIKO_EINVAL);
	assert_int_equal(maiko_moments_print(NULL, 1, false, stderr), MAIKO_EINVAL);
	maiko_explore_result_fini(NULL);
}

/* The mixed scenario, in every preset. `./dev explore` runs more. */
static void the_mixed_scenario_holds(void **state)
{
	(void)state;
	maiko_explore_result r;
	maiko_explore_options o = {.scenario = scenario_run, .prepare = scenario_prepare, .count = 5000, .jobs = 2};
	int rc = maiko_explore(&o, &r);
	print_message("%llu seeds, signature %016llx\n", (unsigned long long)r.seeds, (unsigned long long)r.signature);
	if (rc == MAIKO_EBROKEN)
		maiko_explore_print(&r, stderr);
	assert_int_equal(rc, 0);
	maiko_explore_result_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_is_found_and_shrunk),
		cmocka_unit_test(the_chain_of_causes_is_told),
		cmocka_unit_test(a_crash_is_a_failure),
		cmocka_unit_test(an_endless_loop_is_a_failure),
		cmocka_unit_test(memory_that_is_not_freed_is_a_failure),
		cmocka_unit_test(processes_make_no_difference),
		cmocka_unit_test(what_cannot_be_explored_is_refused),
		cmocka_unit_test(the_mixed_scenario_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
