/*
 * C11: one path for failure: on_error decides, the failed actor ends, and those that were added
 * beside a temporary one go on. test_fail_fast.c has what follows when nobody has decided.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct probe {
	uint32_t n;
} probe;
MAIKO_TOPIC(items);
MAIKO_TOPIC(probes);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(probe, probes, n);

PER_TEST _Atomic(uint64_t) starts, stops, errors, items_handled, probes_handled, jobs_done;
PER_TEST _Atomic(int) last_phase, last_code;

/* ---- fails where it is told to; with and without an on_error ---- */

typedef struct fragile {
	maiko_phase at;
	bool forgives;
	uint32_t failures; /* of its tick */
} fragile;
typedef fragile silent; /* the same without on_error */

static int answer_at(const fragile *self, maiko_phase phase) { return self->at == phase ? UV_EIO : 0; }

static int fragile_on_start(fragile *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return answer_at(self, MAIKO_PHASE_START);
}

static int fragile_on_stop(fragile *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return answer_at(self, MAIKO_PHASE_STOP);
}

static int fragile_on_error(fragile *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_fetch_add(&errors, 1);
	atomic_store(&last_phase, error->phase);
	atomic_store(&last_code, error->code);
	bool has_event = error->event.type != NULL;
	expect(error->detail != NULL && has_event == (error->phase == MAIKO_PHASE_HANDLE));
	expect(!has_event || maiko_as(&error->event, item) != NULL);
	return self->forgives ? 0 : error->code;
}

static int fragile_on_done(fragile *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == MAIKO_ENOENT);
	return answer_at(self, MAIKO_PHASE_DONE);
}

/* An item makes every kind of failure happen. */
static int fragile_on_item(fragile *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&items_handled, 1);
	expect(self->at != MAIKO_PHASE_DONE || maiko_remove(ctx, UINT64_MAX) == 0);
	if (self->at == MAIKO_PHASE_TICK)
		maiko_wake_tick(ctx);
	return answer_at(self, MAIKO_PHASE_HANDLE);
}

static int fragile_on_probe(fragile *self, const probe *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&probes_handled, 1);
	return 0;
}

static maiko_next fragile_tick(fragile *self, maiko_ctx *ctx)
{
	bool woken = atomic_load(&items_handled) != 0; /* perhaps before its first run */
	bool fails = self->at == MAIKO_PHASE_TICK && woken && self->failures++ == 0;
	return fails ? maiko_failed(UV_EIO) : maiko_never();
}

MAIKO_ACTOR(fragile, MAIKO_ON_START(fragile_on_start), MAIKO_ON_STOP(fragile_on_stop), MAIKO_ON_ERROR(fragile_on_error),
	    MAIKO_ON_DONE(fragile_on_done), MAIKO_ON(item, fragile_on_item), MAIKO_ON(probe, fragile_on_probe),
	    MAIKO_TICK(fragile_tick));
MAIKO_ACTOR(silent, MAIKO_ON_START(fragile_on_start), MAIKO_ON_STOP(fragile_on_stop), MAIKO_ON_DONE(fragile_on_done),
	    MAIKO_ON(item, fragile_on_item), MAIKO_ON(probe, fragile_on_probe), MAIKO_TICK(fragile_tick));

/* ---- goes on whatever happens ---- */

TEST_LISTENER(steady, item);

static const maiko_phase failing_phases[] = {MAIKO_PHASE_START, MAIKO_PHASE_HANDLE, MAIKO_PHASE_TICK, MAIKO_PHASE_DONE};
enum { PHASES = 4 };

static maiko_supervisor *started_with_steady(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, steady, "steady"));
	ok(maiko_start(sup));
	return sup;
}

/* What is added fails in that phase. */
static void fail_once(maiko_supervisor *sup, maiko_phase phase, int expected_add)
{
	if (phase != MAIKO_PHASE_START)
		ok(maiko_send(sup, item, .n = 1));
	else
		assert_int_equal(expected_add, UV_EIO);
	test_wait_gone(sup, "fragile");
	ok(maiko_send(sup, item, .n = 2));
	test_wait_for(&test_heard_events, phase == MAIKO_PHASE_START ? 1 : 2);
}

TEST_SIM(an_error_that_is_not_forgiven_ends_the_actor)
{
	for (int i = 0; i < 2 * PHASES; i++) {
		maiko_phase phase = failing_phases[i / 2];
		bool tells = i % 2 == 0;
		maiko_supervisor *sup = started_with_steady(workers);
		fragile init = {.at = phase};
		int rc = tells ? maiko_add(sup, fragile, "fragile", .init = &init, .restart = MAIKO_TEMPORARY)
			       : maiko_add(sup, silent, "fragile", .init = &init, .restart = MAIKO_TEMPORARY);
		fail_once(sup, phase, rc);
		ok(maiko_add(sup, steady, "fragile")); /* its name can be used again */
		maiko_counts total = test_finish(sup);
		assert_int_equal(atomic_load(&starts), 1);
		assert_int_equal(atomic_load(&stops), phase == MAIKO_PHASE_START ? 0 : 1);
		assert_int_equal(atomic_load(&errors), tells ? 1 : 0);
		assert_int_equal(atomic_load(&last_phase), tells ? phase : 0);
		assert_int_equal(atomic_load(&last_code), tells ? UV_EIO : 0);
		assert_int_equal(atomic_load(&items_handled), phase == MAIKO_PHASE_START ? 0 : 1);
		assert_int_equal(total.deliveries, total.handled + total.dead);
	}
}

TEST_SIM(a_forgiven_error_changes_nothing)
{
	for (int i = 0; i < PHASES; i++) {
		maiko_phase phase = failing_phases[i];
		maiko_supervisor *sup = started_with_steady(workers);
		fragile init = {.at = phase, .forgives = true};
		ok(maiko_add(sup, fragile, "fragile", .init = &init));
		ok(maiko_send(sup, item, .n = 1));
		test_wait_for(&errors, 1);
		ok(maiko_send(sup, probe, .n = 2));
		test_wait_for(&probes_handled, 1);
		const maiko_ledger *ledger = test_stop(sup);
		assert_int_equal(test_actor_row(ledger, "fragile")->status, MAIKO_ACTOR_STOPPED);
		assert_int_equal(test_actor_row(ledger, "fragile")->error, 0);
		assert_int_equal(test_actor_row(ledger, "fragile")->counts.handled, 2);
		test_release(sup);
		assert_int_equal(atomic_load(&errors), 1);
		assert_int_equal(atomic_load(&last_phase), phase);
		assert_int_equal(atomic_load(&starts), 1);
		assert_int_equal(atomic_load(&stops), 1);
	}
}

TEST_SIM(an_error_of_on_stop_is_told_and_the_stop_goes_on)
{
	for (int forgives = 0; forgives < 2; forgives++) {
		maiko_supervisor *sup = started_with_steady(workers);
		fragile init = {.at = MAIKO_PHASE_STOP, .forgives = forgives == 1};
		ok(maiko_add(sup, fragile, "fragile", .init = &init));
		ok(maiko_add(sup, silent, "silent", .init = &init, .restart = MAIKO_TEMPORARY));
		const maiko_ledger *ledger = test_stop_with(sup, forgives == 1 ? 0 : UV_EIO);
		assert_int_equal(test_actor_row(ledger, "fragile")->error, forgives == 1 ? 0 : UV_EIO);
		assert_int_equal(test_actor_row(ledger, "silent")->error, UV_EIO);
		assert_int_equal(test_actor_row(ledger, "silent")->status, MAIKO_ACTOR_FAILED);
		assert_int_equal(ledger->failed, forgives == 1 ? 1 : 2);
		test_release(sup);
		assert_int_equal(atomic_load(&stops), 2);
		assert_int_equal(atomic_load(&errors), 1);
		assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_STOP);
	}
}

TEST_SIM(what_was_queued_for_it_is_dead)
{
	maiko_supervisor *sup = started_with_steady(workers);
	fragile init = {.at = MAIKO_PHASE_HANDLE};
	ok(maiko_add(sup, silent, "one", .init = &init, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, silent, "two", .init = &init, .restart = MAIKO_TEMPORARY));
	for (uint32_t i = 0; i < 500; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&test_heard_events, 500);
	test_wait_gone(sup, "one");
	test_wait_gone(sup, "two");
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&items_handled), 2);
	assert_int_equal(atomic_load(&stops), 2);
	assert_int_equal(total.handled, 502);
	assert_int_equal(total.dead, total.deliveries - 502);
	assert_true(total.deliveries <= 1500);
}

TEST_SIM(a_failure_in_the_first_batch_is_in_the_ledger)
{
	maiko_supervisor *sup = test_supervisor(workers);
	fragile init = {.at = MAIKO_PHASE_HANDLE};
	ok(maiko_add(sup, silent, "fragile", .init = &init));
	for (uint32_t i = 0; i < 10; i++)
		ok(maiko_send(sup, item, .n = i));
	ok(maiko_start(sup));
	test_wait_for(&stops, 1);
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO);
	assert_int_equal(ledger->total.handled, 1);
	assert_int_equal(ledger->total.dead + ledger->total.handled, ledger->total.deliveries);
	assert_int_equal(test_actor_row(ledger, "fragile")->status, MAIKO_ACTOR_FAILED);
	assert_int_equal(test_actor_row(ledger, "fragile")->error, UV_EIO);
	test_release(sup);
}

/* ---- why it failed: what the call says whose code the callback returns ---- */

typedef struct caller {
	bool swallows;
} caller;
static int caller_call(const caller *self, maiko_ctx *ctx)
{
	int rc = maiko_wake_tick(ctx);
	return self->swallows ? UV_EIO : rc;
}
static int caller_on_item(caller *self, const item *ev, maiko_ctx *ctx) { return caller_call(self, ctx); }
MAIKO_ACTOR(caller, MAIKO_ON(item, caller_on_item));

typedef caller early, late, looker;
static int early_on_start(early *self, maiko_ctx *ctx) { return caller_call(self, ctx); }
MAIKO_ACTOR(early, MAIKO_ON_START(early_on_start));
static int late_on_stop(late *self, maiko_ctx *ctx) { return caller_call(self, ctx); }
MAIKO_ACTOR(late, MAIKO_ON_STOP(late_on_stop));
static maiko_next looker_tick(looker *self, maiko_ctx *ctx) { return maiko_when_readable(-5); }
MAIKO_ACTOR(looker, MAIKO_TICK(looker_tick));

static void expect_end(maiko_supervisor *sup, int code, const char *detail, const char *end)
{
	const maiko_ledger *ledger = test_stop_with(sup, code);
	assert_string_equal(ledger->failures[0]->detail, detail);
	assert_int_equal(maiko_stop(sup, NULL), code);
	assert_string_equal(maiko_last_error(), end);
	test_release(sup);
}

TEST_SIM(a_failure_says_what_the_failed_call_says)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, caller, "caller"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	expect_end(sup, MAIKO_EINVAL, "maiko_wake_tick: actor 'caller' has no MAIKO_TICK",
		   "maiko_stop: the actor 'caller' failed in a handler: maiko_wake_tick: actor 'caller' has no "
		   "MAIKO_TICK");

	sup = test_supervisor(workers);
	ok(maiko_add(sup, late, "late"));
	ok(maiko_start(sup));
	expect_end(sup, MAIKO_EINVAL, "maiko_wake_tick: actor 'late' has no MAIKO_TICK",
		   "maiko_stop: the actor 'late' failed in on_stop: maiko_wake_tick: actor 'late' has no MAIKO_TICK");

	sup = test_supervisor(workers);
	ok(maiko_add(sup, early, "early"));
	assert_int_equal(maiko_start(sup), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "maiko_start: the actor 'early' failed in on_start: maiko_wake_tick: "
						"actor 'early' has no MAIKO_TICK");
	test_release(sup);
}

TEST_SIM(a_failure_of_its_own_says_what_its_code_says)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, caller, "caller", .init = &(caller){.swallows = true}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	expect_end(sup, UV_EIO, "i/o error", "maiko_stop: the actor 'caller' failed in a handler: i/o error");
}

TEST_ONCE(a_tick_that_waits_for_no_descriptor_is_told_which)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, looker, "looker"));
	ok(maiko_start(sup));
	assert_int_equal(maiko_join(sup), MAIKO_EBADF);
	expect_end(sup, MAIKO_EBADF, "the tick waits for the descriptor -5, which is not open",
		   "maiko_stop: the actor 'looker' failed in its tick: the tick waits for the descriptor -5, which "
		   "is not open");
}

/* ---- many fail at once, while others are added under their names ---- */

TEST_WORKERS(actors_fail_and_are_replaced_under_load)
{
	maiko_supervisor *sup = started_with_steady(workers);
	for (uint32_t round = 0; round < 50; round++) {
		for (int i = 0; i < 4; i++) {
			const char *names[] = {"a", "b", "c", "d"};
			fragile init = {.at = MAIKO_PHASE_HANDLE};
			test_wait_gone(sup, names[i]);
			ok(maiko_add(sup, silent, names[i], .init = &init, .restart = MAIKO_TEMPORARY));
		}
		for (uint32_t i = 0; i < 20; i++)
			ok(maiko_send(sup, item, .n = i));
		test_wait_for(&stops, 4 * (round + 1));
	}
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&starts), 200);
	assert_int_equal(atomic_load(&stops), 200);
	expect_heard_count("steady", item, 1000);
	assert_int_equal(atomic_load(&items_handled), 200);
	assert_int_equal(total.handled + total.dead, total.deliveries);
}
