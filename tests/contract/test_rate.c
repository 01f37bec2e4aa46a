/*
 * A timer at a fixed rate (maiko_every_ms) does not drift, makes up for nothing, and tells what it has missed; it ends
 * with its actor, or when it is cancelled, and not one delivery later (C2, C10, C18). In simulation, to the nanosecond.
 */
#include "support.h"

#include "runtime/runtime.h"

#include <maiko/testing/sim.h>
#include <string.h>
#include <uv.h>

enum { HOUR_MS = 3600000, MINUTE_MS = 60000, NS_A_MS = 1000000 };

typedef struct pulse {
	uint32_t n;
} pulse;
MAIKO_EVENT(pulse, maiko_private_topic, n);

/* Something large, with a buffer. */
typedef struct parcel {
	uint32_t n;
	uint8_t bytes[2000];
	maiko_buffer *buffer;
} parcel;
MAIKO_EVENT(parcel, maiko_private_topic, n, bytes, buffer);

typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(others);
MAIKO_EVENT(other, others, n);

/* ---- the actor with a rate -------------------------------------------------------------------------- */

typedef int (*act)(maiko_ctx *ctx);
typedef struct plan {
	uint32_t n;
	act act;
} plan;
MAIKO_TOPIC(plans);
MAIKO_EVENT(plan, plans, n);

PER_TEST uint64_t begun_ns;
PER_TEST maiko_delayed name;
PER_TEST act at_pulse;                     /* what the handler of a pulse does besides */
PER_TEST uint64_t last_ns;                 /* the time of the last one, */
PER_TEST _Atomic(uint64_t) pulses, missed; /* and how many have come, and have not */
PER_TEST const parcel *kept[4];
PER_TEST uint32_t kept_count;
PER_TEST bool quiet, anew;

static uint64_t ms_since(uint64_t ns) { return (ns - begun_ns) / NS_A_MS; }

static int begin(maiko_ctx *ctx, uint64_t period_ms)
{
	begun_ns = maiko_now(ctx);
	return maiko_every_ms(ctx, period_ms, &name, pulse, .n = 7);
}

typedef struct beater {
	uint32_t beats;
} beater;
static int beater_on_start(beater *self, maiko_ctx *ctx) { return anew ? begin(ctx, 10) : 0; }
static int beater_on_plan(beater *self, const plan *ev, maiko_ctx *ctx)
{
	expect(maiko_missed(ctx) == 0);
	return ev->act(ctx);
}
static int beater_on_pulse(beater *self, const pulse *ev, maiko_ctx *ctx)
{
	uint64_t offset_ns = ctx->worker->wall_offset_ns;
	last_ns = maiko_meta(ctx)->timestamp_ns - offset_ns;
	expect(ev->n == 7 && last_ns <= test_now_ns());
	atomic_fetch_add(&missed, maiko_missed(ctx));
	atomic_fetch_add(&pulses, 1);
	if (!quiet)
		test_note("%u+%u", (unsigned)ms_since(last_ns), (unsigned)maiko_missed(ctx));
	return at_pulse != NULL ? at_pulse(ctx) : 0;
}
static int beater_on_parcel(beater *self, const parcel *ev, maiko_ctx *ctx)
{
	expect(ev->n == 9 && ev->bytes[1999] == 7 && maiko_buffer_size(ev->buffer) == 5);
	kept[kept_count++] = ev;
	return maiko_keep(ctx, ev);
}
static int beater_on_error(beater *self, const maiko_error *error, maiko_ctx *ctx)
{
	return error->code == UV_EAGAIN ? 0 : error->code;
}
static int beater_on_stop(beater *self, maiko_ctx *ctx)
{
	expect(maiko_every_ms(ctx, 1, NULL, pulse, .n = 9) == MAIKO_ESHUTDOWN);
	return 0;
}
MAIKO_ACTOR(beater, MAIKO_ON_START(beater_on_start), MAIKO_ON(plan, beater_on_plan), MAIKO_ON(pulse, beater_on_pulse),
	    MAIKO_ON(parcel, beater_on_parcel), MAIKO_ON_ERROR(beater_on_error), MAIKO_ON_STOP(beater_on_stop));

static int every_10(maiko_ctx *ctx) { return begin(ctx, 10); }
static int every_1(maiko_ctx *ctx) { return begin(ctx, 1); }

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }
static void order(maiko_supervisor *sup, act act) { ok(maiko_send(sup, plan, .act = act)); }

static maiko_supervisor *with_plan(uint32_t workers, act act)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, beater, "beater", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	order(sup, act);
	if (test_is_simulated())
		pass(sup, 0);
	return sup;
}

/* ---- when it comes ---------------------------------------------------------------------------------- */

TEST_SIM(it_comes_each_time_that_its_period_has_passed)
{
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 9);
	expect_noted("");
	pass(sup, 1);
	expect_noted("10+0");
	pass(sup, 29);
	expect_noted("10+0 20+0 30+0");
	test_finish_timers(sup, 3, 1);
}

TEST_WORKERS(real_time_passes_for_it_too)
{
	quiet = true;
	maiko_supervisor *sup = with_plan(workers, every_1);
	test_wait_for(&pulses, 50);
	test_stop(sup);
	assert_int_equal((last_ns - begun_ns) % NS_A_MS, 0);
	assert_int_equal(ms_since(last_ns), atomic_load(&pulses) + atomic_load(&missed));
	test_release(sup);
}

static void a_minute(uint32_t late)
{
	maiko_sim *sim;
	test_begin();
	quiet = true;
	ok(maiko_sim_new(&sim, &(maiko_sim_options){.seed = 5, .supervisor.workers = 2, .faults.late = late}));
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	ok(maiko_add(sup, beater, "beater"));
	ok(maiko_start(sup));
	order(sup, every_1);
	ok(maiko_sim_run(sim));
	ok(maiko_sim_advance(sim, MINUTE_MS));
	assert_int_equal((last_ns - begun_ns) % NS_A_MS, 0);
	assert_int_equal(ms_since(last_ns), atomic_load(&pulses) + atomic_load(&missed));
	ok(maiko_sim_finish(sim));
	maiko_sim_free(sim);
}

TEST_ONCE(a_thousand_times_a_second_it_does_not_drift_in_a_minute)
{
	a_minute(0);
	assert_int_equal(atomic_load(&pulses), MINUTE_MS);
	assert_int_equal(last_ns - begun_ns, UINT64_C(60000000000));
	a_minute(40); /* timers are up to 100 ms late */
	assert_true(atomic_load(&missed) > 1000 && atomic_load(&pulses) > 1000);
	assert_true(atomic_load(&missed) + atomic_load(&pulses) >= MINUTE_MS - 1);
}

/* ---- late ---------------------------------------------------------------------------------------------- */

/* At its second time it takes so long that the third and the fourth pass; so they do, in the middle of a period. */
static int be_slow(maiko_ctx *ctx)
{
	if (ms_since(last_ns) == 20)
		maiko_sim_spend(maiko_sim_of(maiko_supervisor_of(ctx)), 35000);
	return 0;
}

TEST_SIM(a_late_one_stands_for_the_last_time_and_tells_how_many_were_missed)
{
	at_pulse = be_slow;
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 70);
	expect_noted("10+0 20+0 50+2 60+0 70+0");
	test_finish_timers(sup, 5, 1);
}

static int be_slow_twice(maiko_ctx *ctx)
{
	if (atomic_load(&pulses) <= 2)
		maiko_sim_spend(maiko_sim_of(maiko_supervisor_of(ctx)), 10500);
	return 0;
}

TEST_SIM(a_handler_that_takes_longer_than_the_period_misses_some)
{
	at_pulse = be_slow_twice;
	maiko_supervisor *sup = with_plan(workers, every_1);
	pass(sup, 23);
	expect_noted("1+0 11+9 22+10 23+0");
	test_finish_timers(sup, 4, 1);
}

static int hold_and_begin(maiko_ctx *ctx)
{
	expect(maiko_hold(ctx) == 0);
	return every_10(ctx);
}

TEST_SIM(it_passes_a_hold)
{
	maiko_supervisor *sup = with_plan(workers, hold_and_begin);
	pass(sup, 20);
	expect_noted("10+0 20+0");
	test_finish_timers(sup, 2, 1);
}

/* ---- what it is ----------------------------------------------------------------------------------------- */

TEST_SIM(each_begins_a_chain_of_its_own)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_harness *h = test_harness(sup);
	ok(maiko_add(sup, beater, "beater"));
	ok(maiko_start(sup));
	order(sup, every_10);
	pass(sup, 20);
	const maiko_record *first = maiko_query_first(maiko_query_of(h, pulse, .receiver = "beater"));
	const maiko_record *last = maiko_query_last(maiko_query_of(h, pulse, .receiver = "beater"));
	assert_true(maiko_id_equal(first->event->parent, (maiko_id){0, 0}));
	assert_true(maiko_id_equal(first->event->correlation, first->event->id));
	assert_true(maiko_id_equal(last->event->correlation, last->event->id));
	assert_false(maiko_id_equal(last->event->id, first->event->id));
	assert_string_equal(last->event->sender, "beater");
	assert_int_equal(last->event->timestamp_ns - first->event->timestamp_ns, 10 * NS_A_MS);
	test_finish(sup);
}

static int begin_parcel(maiko_ctx *ctx)
{
	parcel *value = maiko_new(parcel);
	value->n = 9;
	value->bytes[1999] = 7;
	value->buffer = maiko_buffer_text("12345");
	int rc = maiko_ctx_every(ctx, 10, NULL, MAIKO_EVENT_REF(parcel), value);
	maiko_buffer_unref(value->buffer);
	maiko_discard(value);
	return rc;
}
static int release_parcels(maiko_ctx *ctx)
{
	expect(kept_count == 3 && kept[0] != kept[1] && kept[1] != kept[2]);
	for (uint32_t i = 0; i < kept_count; i++) {
		expect(kept[i]->bytes[1999] == 7 && maiko_buffer_size(kept[i]->buffer) == 5);
		expect(maiko_release(ctx, kept[i]) == 0);
	}
	return 0;
}

TEST_SIM(it_may_be_large_and_each_may_be_kept)
{
	maiko_supervisor *sup = with_plan(workers, begin_parcel);
	pass(sup, 30);
	order(sup, release_parcels);
	pass(sup, 1);
	test_finish_timers(sup, 3, 1);
}

/* ---- cancelled ------------------------------------------------------------------------------------------ */

static int cancel(maiko_ctx *ctx)
{
	expect(maiko_cancel(ctx, name) == 0);
	expect(maiko_cancel(ctx, name) == MAIKO_ENOENT);
	return 0;
}

TEST_SIM(after_a_cancel_it_does_not_come)
{
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 25);
	order(sup, cancel);
	pass(sup, HOUR_MS);
	expect_noted("10+0 20+0");
	test_finish_timers(sup, 2, 1);
}

static int cancel_at_20(maiko_ctx *ctx) { return ms_since(last_ns) == 20 ? cancel(ctx) : 0; }

TEST_SIM(its_own_handler_may_cancel_it)
{
	at_pulse = cancel_at_20;
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, HOUR_MS);
	expect_noted("10+0 20+0");
	test_finish_timers(sup, 2, 1);
}

/* The order to cancel it is sent as its third time comes: whoever is first, nothing comes after the cancel. */
static int cancel_and_note(maiko_ctx *ctx)
{
	test_note("cancel");
	return cancel(ctx);
}

TEST_SIM(a_cancel_and_its_time_meet)
{
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 29);
	maiko_sim_spend(maiko_sim_of(sup), 1000); /* it is due, and nobody has seen it yet */
	order(sup, cancel_and_note);
	pass(sup, HOUR_MS);
	bool first = strcmp(test_noted(), "10+0 20+0 cancel") == 0;
	assert_true(first || strcmp(test_noted(), "10+0 20+0 30+0 cancel") == 0);
	test_finish_timers(sup, first ? 2 : 3, 1);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

TEST_SIM(a_removal_ends_it)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 15);
	ok(maiko_find(sup, "beater", &id));
	ok(maiko_remove(sup, id));
	pass(sup, HOUR_MS);
	expect_noted("10+0");
	test_finish_timers(sup, 1, 1);
}

/* In its own handler. */
static void end_in_it(uint32_t workers, act way)
{
	at_pulse = way;
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, HOUR_MS);
	expect_noted("10+0");
	test_finish_timers(sup, 1, 1);
}
static int leave(maiko_ctx *ctx) { return maiko_stop_self(ctx); }
static int fail_now(maiko_ctx *ctx) { return UV_EIO; }
TEST_SIM(an_actor_that_leaves_ends_it) { end_in_it(workers, leave); }
TEST_SIM(a_failure_ends_it) { end_in_it(workers, fail_now); }

static int fail_lightly(maiko_ctx *ctx) { return UV_EAGAIN; }

TEST_SIM(after_an_error_that_on_error_handles_it_goes_on)
{
	at_pulse = fail_lightly;
	maiko_supervisor *sup = with_plan(workers, every_10);
	pass(sup, 20);
	expect_noted("10+0 20+0");
	test_finish_timers(sup, 2, 1);
}

static int fail_at_20(maiko_ctx *ctx) { return ms_since(last_ns) == 20 ? UV_EIO : 0; }

/* Its on_start sets it again: from there on it counts. */
TEST_SIM(a_restart_ends_it_and_the_next_life_has_its_own)
{
	maiko_supervisor *sup = test_supervisor(workers);
	at_pulse = fail_at_20;
	anew = true;
	ok(maiko_add(sup, beater, "beater", .restart = MAIKO_PERMANENT, .backoff = &(maiko_backoff){.first_ms = 5}));
	ok(maiko_start(sup));
	pass(sup, 20);
	expect_noted("10+0 20+0");
	pass(sup, 14);
	expect_noted("10+0 20+0");
	pass(sup, 1);
	expect_noted("10+0 20+0 10+0");
	test_finish_timers(sup, 3, 2);
}

static int unhold_at_third(maiko_ctx *ctx) { return atomic_load(&pulses) == 3 ? maiko_unhold(ctx) : 0; }

/* On hold, it ends that at its third time: it goes on during the stop, since the actor has .drains. */
TEST_SIM(a_stop_waits_for_that_of_one_that_drains)
{
	maiko_supervisor *sup = test_supervisor(workers);
	at_pulse = unhold_at_third;
	ok(maiko_add(sup, beater, "beater", .drains = true));
	ok(maiko_start(sup));
	order(sup, hold_and_begin);
	pass(sup, 1);
	order(sup, every_10);
	uint64_t now_ns = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_int_equal(test_now_ns() - now_ns, 29 * NS_A_MS);
	expect_noted("10+0 20+0 30+0");
	test_finish_timers(sup, 3, 2);
}

/* ---- moves ---------------------------------------------------------------------------------------------- */

TEST_SIM(it_moves_with_its_actor)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_plan(workers, every_10);
	ok(maiko_find(sup, "beater", &id));
	for (uint32_t i = 0; i < 10; i++) {
		ok(maiko_move(sup, id, i % workers + 1));
		pass(sup, 3);
	}
	expect_noted("10+0 20+0 30+0");
	test_finish_timers(sup, 3, 1);
}

/* It is due when the move begins. */
TEST_SIM(a_move_and_its_time_meet)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_plan(workers, every_10);
	ok(maiko_find(sup, "beater", &id));
	for (uint32_t i = 1; i <= 4; i++) {
		pass(sup, 9);
		maiko_sim_spend(maiko_sim_of(sup), 1000);
		ok(maiko_move(sup, id, i % workers + 1));
	}
	pass(sup, 0);
	expect_noted("10+0 20+0 30+0 40+0");
	test_finish_timers(sup, 4, 1);
}

/* ---- what is refused ------------------------------------------------------------------------------------- */

#define SAYS(call, words)                                                                                              \
	do {                                                                                                           \
		expect((call) == MAIKO_EINVAL);                                                                        \
		expect(strcmp(maiko_last_error(), (words)) == 0);                                                      \
	} while (0)

static int misuse(maiko_ctx *ctx)
{
	SAYS(maiko_every_ms(ctx, 0, NULL, pulse, .n = 1), "maiko_every_ms: the period is 0 ms; at least 1");
	SAYS(maiko_every_ms(ctx, 1, NULL, other, .n = 1),
	     "maiko_every_ms: actor 'beater' has no handler of event 'other', which it sends to itself");
	SAYS(maiko_ctx_every(NULL, 1, NULL, MAIKO_EVENT_REF(pulse), &(pulse){1}), "maiko_ctx_every: ctx is NULL");
	SAYS(maiko_ctx_every(ctx, 1, NULL, NULL, &(pulse){1}), "maiko_ctx_every: type is NULL");
	SAYS(maiko_ctx_every(ctx, 1, NULL, MAIKO_EVENT_REF(pulse), NULL), "maiko_ctx_every: event is NULL");
	return maiko_every_ms(ctx, UINT64_MAX, NULL, pulse, .n = 1);
}

TEST_SIM(misuse_is_refused_in_words_and_a_long_period_is_shortened)
{
	maiko_supervisor *sup = with_plan(workers, misuse);
	pass(sup, HOUR_MS);
	expect_noted("");
	test_finish_timers(sup, 0, 1);
}
