/*
 * test_sim_real.c - what is real is not available under simulation: each such call fails it
 * with an error that names the call. And what a simulation is told to check, or not to.
 */
#include <maiko/testing/sim.h>

#include "support.h"

#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(work);
MAIKO_EVENT(item, work, n);

static int answer, error_code, error_phase;
static uint64_t handled;

static void forget(void)
{
	answer = error_code = error_phase = 0;
	handled = 0;
}

static maiko_sim *simulation(uint32_t workers)
{
	maiko_sim *sim = NULL;
	forget();
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = 5, .supervisor.workers = workers}), 0);
	return sim;
}

/* ---- one that does something real when it is told to ---------------------------------------- */

typedef enum deed { NOTHING, LOOP, ADOPT, READABLE, READABLE_OR_MS, WRITABLE, ANY } deed;

typedef struct doer {
	deed deed;
	int fd;
	uv_timer_t timer;
} doer;

static int doer_on_item(doer *self, const item *ev, maiko_ctx *ctx)
{
	(void)ev;
	handled++;
	if (self->deed == LOOP) { /* it returns no code: a loop that nobody runs */
		assert_non_null(maiko_loop(ctx));
	} else if (self->deed == ADOPT) {
		answer = maiko_adopt(ctx, (uv_handle_t *)&self->timer);
	}
	return 0;
}

static maiko_next doer_tick(doer *self, maiko_ctx *ctx)
{
	(void)ctx;
	switch (self->deed) {
	case READABLE:
		return maiko_when_readable(self->fd);
	case READABLE_OR_MS:
		return maiko_when_readable_or_ms(self->fd, 5);
	case WRITABLE:
		return maiko_when_writable(self->fd);
	case ANY:
		return maiko_when_any(maiko_after_ms(5), maiko_when_writable(self->fd));
	case NOTHING:
	case LOOP:
	case ADOPT:
		break;
	}
	return maiko_never();
}

static int doer_on_error(doer *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	error_code = error->code;
	error_phase = (int)error->phase;
	return 0;
}
MAIKO_ACTOR(doer, MAIKO_ON(item, doer_on_item), MAIKO_TICK(doer_tick), MAIKO_ON_ERROR(doer_on_error));

/* The simulation fails, says why, and goes no further. */
static void assert_failed(maiko_sim *sim, const char *why)
{
	assert_string_equal(maiko_sim_failure(sim), why);
	assert_int_equal(maiko_sim_step(sim), MAIKO_EBROKEN);
	assert_int_equal(maiko_sim_run(sim), MAIKO_EBROKEN);
	assert_int_equal(maiko_sim_advance(sim, 1), MAIKO_EBROKEN);
	assert_int_equal(maiko_sim_finish(sim), MAIKO_EBROKEN);
	assert_string_equal(maiko_sim_failure(sim), why);
	assert_null(maiko_sim_free(sim));
}

static void does(uint32_t workers, deed deed, const char *why)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	maiko_sim *sim = simulation(workers);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	doer init = {.deed = deed, .fd = deed == WRITABLE ? fds[1] : fds[0]};
	assert_int_equal(maiko_add(sup, doer, "doer", .init = &init), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, item, .n = 1), 0);
	assert_int_equal(maiko_sim_run(sim), MAIKO_EBROKEN);
	assert_failed(sim, why);
	close(fds[0]);
	close(fds[1]);
}

TEST_WORKERS(the_loop_names_itself)
{
	does(workers, LOOP, "maiko_loop, asked for by doer: not under simulation");
	assert_int_equal(handled, 1);
}

TEST_WORKERS(an_adoption_is_refused_and_names_itself)
{
	does(workers, ADOPT, "maiko_adopt, asked for by doer: not under simulation");
	assert_int_equal(answer, MAIKO_ESIMULATED);
}

TEST_WORKERS(a_descriptor_is_refused_and_names_the_call)
{
	does(workers, READABLE, "maiko_when_readable, asked for by doer: not under simulation");
	assert_int_equal(error_code, MAIKO_ESIMULATED);
	assert_int_equal(error_phase, MAIKO_PHASE_TICK);
	does(workers, READABLE_OR_MS, "maiko_when_readable, asked for by doer: not under simulation");
	assert_int_equal(error_code, MAIKO_ESIMULATED);
	does(workers, WRITABLE, "maiko_when_writable, asked for by doer: not under simulation");
	does(workers, ANY, "maiko_when_writable, asked for by doer: not under simulation");
	assert_int_equal(error_code, MAIKO_ESIMULATED);
	assert_int_equal(error_phase, MAIKO_PHASE_TICK);
}

TEST_WORKERS(running_until_a_signal_is_refused_and_names_itself)
{
	for (int started = 0; started < 2; started++) {
		maiko_sim *sim = simulation(workers);
		maiko_supervisor *sup = maiko_sim_supervisor(sim);
		assert_int_equal(maiko_add(sup, doer, "doer"), 0);
		if (started)
			assert_int_equal(maiko_start(sup), 0);
		assert_int_equal(maiko_run(sup), MAIKO_ESIMULATED);
		assert_failed(sim, "maiko_run, asked for by outside: not under simulation");
	}
}

static void send_from_a_thread(void *arg) { answer = maiko_send((maiko_supervisor *)arg, item, .n = 1); }
static void try_from_a_thread(void *arg) { answer = maiko_try_send((maiko_supervisor *)arg, item, .n = 1); }
static void send_for_a_time(void *arg) { answer = maiko_send_timeout((maiko_supervisor *)arg, 1, item, .n = 1); }
static void publish_from_a_thread(void *arg)
{
	item *draft = maiko_new(item);
	answer = maiko_publish((maiko_supervisor *)arg, draft);
	maiko_discard(draft); /* a failed publish leaves it here */
}

TEST_WORKERS(a_send_from_another_thread_is_refused_and_names_itself)
{
	void (*const ways[])(void *) = {send_from_a_thread, try_from_a_thread, send_for_a_time, publish_from_a_thread};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		uv_thread_t thread;
		maiko_sim *sim = simulation(workers);
		maiko_supervisor *sup = maiko_sim_supervisor(sim);
		assert_int_equal(maiko_add(sup, doer, "doer"), 0);
		assert_int_equal(maiko_start(sup), 0);
		assert_int_equal(uv_thread_create(&thread, ways[i], sup), 0);
		uv_thread_join(&thread);
		assert_int_equal(answer, MAIKO_ESIMULATED);
		assert_int_equal(handled, 0);
		assert_failed(sim, "a send from another thread, asked for by outside: not under simulation");
	}
}

/* ---- what it checks --------------------------------------------------------------------------- */

static void check_few(maiko_sim *sim, void *arg)
{
	uint64_t *calls = arg;
	++*calls;
	if (handled > 3)
		maiko_sim_fail(sim, "%llu handled, after %llu steps", (unsigned long long)handled,
			       (unsigned long long)maiko_sim_steps(sim));
}

static void check_too(maiko_sim *sim, void *arg)
{
	(void)arg;
	if (handled > 3)
		maiko_sim_fail(sim, "a second finding, which does not count");
}

static maiko_sim *with_five_items(void)
{
	maiko_sim *sim = simulation(1);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, doer, "doer"), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint32_t n = 1; n <= 5; n++)
		assert_int_equal(maiko_send(sup, item, .n = n), 0);
	return sim;
}

static void an_invariant_fails_the_run_at_the_step_that_breaks_it(void **state)
{
	uint64_t calls = 0, steps = 0;
	char expected[64];
	(void)state;
	maiko_sim *sim = with_five_items();
	assert_int_equal(maiko_sim_check(sim, check_few, &calls), 0);
	assert_int_equal(maiko_sim_check(sim, check_too, NULL), 0);
	while (maiko_sim_step(sim) == 1) {
		assert_int_equal(calls, ++steps); /* after every step */
		assert_in_range(handled, 0, 3);
	}
	assert_int_equal(handled, 4); /* not the fifth */
	assert_int_equal(calls, steps + 1);
	snprintf(expected, sizeof expected, "4 handled, after %llu steps", (unsigned long long)maiko_sim_steps(sim));
	assert_failed(sim, expected);
}

static void a_failed_invariant_ends_a_call_that_waits(void **state)
{
	uint64_t calls = 0;
	(void)state;
	maiko_sim *sim = with_five_items();
	assert_int_equal(maiko_sim_check(sim, check_few, &calls), 0);
	assert_true(maiko_stop(maiko_sim_supervisor(sim), NULL) < 0);
	assert_int_equal(handled, 4);
	assert_true(strncmp(maiko_sim_failure(sim), "4 handled, after ", 17) == 0);
	assert_null(maiko_sim_free(sim));
}

static void an_invariant_that_holds_says_nothing(void **state)
{
	uint64_t calls = 0;
	(void)state;
	maiko_sim *sim = simulation(1);
	assert_int_equal(maiko_sim_check(NULL, check_few, &calls), MAIKO_EINVAL);
	assert_int_equal(maiko_sim_check(sim, NULL, &calls), MAIKO_EINVAL);
	for (int i = 0; i < 16; i++)
		assert_int_equal(maiko_sim_check(sim, check_few, &calls), 0);
	assert_int_equal(maiko_sim_check(sim, check_few, &calls), MAIKO_E2BIG);
	assert_int_equal(maiko_add(maiko_sim_supervisor(sim), doer, "doer"), 0);
	assert_int_equal(maiko_start(maiko_sim_supervisor(sim)), 0);
	assert_int_equal(maiko_send(maiko_sim_supervisor(sim), item, .n = 1), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(calls, 16 * maiko_sim_steps(sim));
	assert_int_equal(maiko_sim_finish(sim), 0);
	assert_null(maiko_sim_failure(sim));
	assert_null(maiko_sim_free(sim));
}

/* ---- the properties, and the choices ------------------------------------------------------------------ */

static int poke(maiko_supervisor *sup, uint32_t from, uint32_t to)
{
	int rc = 0;
	for (uint32_t n = from; rc == 0 && n <= to; n++)
		rc = maiko_send(sup, item, .n = n);
	return rc;
}

typedef struct outcome {
	uint64_t signature, handled, steps;
	size_t count;
	maiko_choice choices[256];
} outcome;

static outcome run(maiko_sim_options options)
{
	static const char *const names[] = {"doer1", "doer2", "doer3"};
	outcome o = {.signature = 0};
	const maiko_choice *choices = NULL;
	maiko_sim *sim = NULL;
	forget();
	assert_int_equal(maiko_sim_new(&sim, &options), 0);
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	for (int i = 0; i < 3; i++)
		assert_int_equal(maiko_add(sup, doer, names[i]), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(poke(sup, 1, 10), 0);
	assert_int_equal(maiko_sim_run(sim), 0);
	assert_int_equal(maiko_sim_finish(sim), 0);
	o.signature = maiko_sim_signature(sim);
	o.steps = maiko_sim_steps(sim);
	o.handled = handled;
	o.count = maiko_sim_choices(sim, &choices);
	assert_in_range(o.count, 0, 256);
	for (size_t i = 0; i < o.count; i++)
		o.choices[i] = choices[i];
	maiko_sim_free(sim);
	return o;
}

TEST_WORKERS(the_properties_watch_and_change_nothing)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		maiko_sim_options options = {.seed = seed, .supervisor.workers = workers};
		outcome with = run(options);
		options.no_properties = true;
		outcome without = run(options);
		assert_int_equal(with.handled, 30);
		assert_int_equal(without.handled, 30);
		assert_int_equal(without.steps, with.steps);
		assert_int_equal(without.count, with.count);
		for (size_t i = 0; i < with.count; i++) {
			assert_int_equal(without.choices[i].index, with.choices[i].index);
			assert_int_equal(without.choices[i].value, with.choices[i].value);
		}
	}
}

/* The choices are all that a seed decides: led by them alone, another seed's run is the same. */
TEST_WORKERS(the_choices_of_a_run_lead_another_to_the_same)
{
	uint64_t chosen = 0;
	for (uint64_t seed = 1; seed < 20; seed++) {
		outcome first = run((maiko_sim_options){.seed = seed, .supervisor.workers = workers});
		for (size_t i = 0; i < first.count; i++) {
			assert_true(first.choices[i].value > 0);
			assert_true(i == 0 || first.choices[i - 1].index < first.choices[i].index);
		}
		outcome again = run((maiko_sim_options){.seed = seed,
							.supervisor.workers = workers,
							.replay = first.choices,
							.replay_count = first.count,
							.replays = true});
		assert_int_equal(again.signature, first.signature);
		assert_int_equal(again.count, first.count);
		outcome fair = run((maiko_sim_options){.seed = seed, .supervisor.workers = workers, .replays = true});
		assert_int_equal(fair.count, 0);
		assert_int_equal(fair.handled, 30);
		chosen += first.count;
	}
	assert_true(chosen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_names_itself),
		cmocka_unit_test(an_adoption_is_refused_and_names_itself),
		cmocka_unit_test(a_descriptor_is_refused_and_names_the_call),
		cmocka_unit_test(running_until_a_signal_is_refused_and_names_itself),
		cmocka_unit_test(a_send_from_another_thread_is_refused_and_names_itself),
		cmocka_unit_test(an_invariant_fails_the_run_at_the_step_that_breaks_it),
		cmocka_unit_test(a_failed_invariant_ends_a_call_that_waits),
		cmocka_unit_test(an_invariant_that_holds_says_nothing),
		cmocka_unit_test(the_properties_watch_and_change_nothing),
		cmocka_unit_test(the_choices_of_a_run_lead_another_to_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
