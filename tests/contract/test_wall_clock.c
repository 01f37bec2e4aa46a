/*
 * A timer at a time of the machine's clock (maiko_at) comes when that clock shows it, and never before: also when the
 * clock is set, or the machine was suspended (C2, C10, C18). In simulation, to the nanosecond.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

enum { SECOND_MS = 1000, HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

typedef struct alarm_clock {
	uint32_t n;
} alarm_clock;
MAIKO_EVENT(alarm_clock, maiko_private_topic, n);

typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(others);
MAIKO_EVENT(other, others, n);

/* ---- an actor that sleeps --------------------------------------------------------------------------- */

typedef int (*act)(maiko_ctx *ctx);
typedef struct plan {
	uint32_t n;
	act act;
} plan;
MAIKO_TOPIC(plans);
MAIKO_EVENT(plan, plans, n);

PER_TEST uint64_t target_ms[4];
PER_TEST maiko_delayed names[4];

static int at(maiko_ctx *ctx, uint64_t unix_ms, uint32_t n)
{
	target_ms[n] = unix_ms;
	return maiko_at(ctx, unix_ms, &names[n], alarm_clock, .n = n);
}

typedef struct sleeper {
	uint32_t unused;
} sleeper;
static int sleeper_on_plan(sleeper *self, const plan *ev, maiko_ctx *ctx) { return ev->act(ctx); }
static int sleeper_on_alarm(sleeper *self, const alarm_clock *ev, maiko_ctx *ctx)
{
	expect(maiko_unix_ms(ctx) >= target_ms[ev->n]);
	expect(maiko_missed(ctx) == 0);
	test_hear(ctx, MAIKO_EVENT_REF(alarm_clock), ev);
	return 0;
}
MAIKO_ACTOR(sleeper, MAIKO_ON(plan, sleeper_on_plan), MAIKO_ON(alarm_clock, sleeper_on_alarm));

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }
static void order(maiko_supervisor *sup, act act) { ok(maiko_send(sup, plan, .act = act)); }
static uint64_t waiting(maiko_supervisor *sup) { return test_topic_row(test_report(sup), "maiko.private")->delayed; }

static maiko_supervisor *with_plan(uint32_t workers, act act)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "sleeper"));
	ok(maiko_start(sup));
	order(sup, act);
	if (test_is_simulated())
		pass(sup, 0);
	return sup;
}

/* ---- a clock that nobody touches -------------------------------------------------------------------- */

static int in_ten_seconds(maiko_ctx *ctx) { return at(ctx, maiko_unix_ms(ctx) + 10 * SECOND_MS, 1); }

TEST_SIM(it_comes_when_the_clock_shows_that_time)
{
	maiko_supervisor *sup = with_plan(workers, in_ten_seconds);
	pass(sup, 10 * SECOND_MS - 1);
	expect_heard("sleeper", "");
	assert_int_equal(waiting(sup), 1);
	pass(sup, 1);
	expect_heard("sleeper", "alarm_clock 1");
	pass(sup, DAY_MS);
	test_finish_timers(sup, 1, 0);
}

static int past_and_future(maiko_ctx *ctx)
{
	uint64_t now_ms = maiko_unix_ms(ctx);
	expect(now_ms > UINT64_C(1767225600000)); /* 2026 */
	expect(at(ctx, now_ms + 2500, 1) == 0);
	expect(at(ctx, now_ms - HOUR_MS, 2) == 0);
	expect(at(ctx, UINT64_MAX, 3) == 0);
	return at(ctx, 0, 0);
}

TEST_SIM(a_time_that_has_passed_comes_at_once)
{
	maiko_supervisor *sup = with_plan(workers, past_and_future);
	expect_heard_numbers("sleeper", "2 0");
	pass(sup, HOUR_MS);
	expect_heard_numbers("sleeper", "2 0 1");
	test_finish_timers(sup, 3, 1);
}

static int in_a_moment(maiko_ctx *ctx) { return at(ctx, maiko_unix_ms(ctx) + 5, 1); }

TEST_WORKERS(the_clock_of_the_machine_is_the_one)
{
	maiko_supervisor *sup = with_plan(workers, in_a_moment);
	test_wait_for(&test_heard_events, 1);
	test_finish_timers(sup, 1, 0);
}

/* ---- a clock that is set ------------------------------------------------------------------------------ */

static void set_clock(maiko_supervisor *sup, uint64_t unix_ms) { maiko_sim_set_clock(maiko_sim_of(sup), unix_ms); }

static int in_an_hour(maiko_ctx *ctx) { return at(ctx, maiko_unix_ms(ctx) + HOUR_MS, 1); }

/* For the program a suspended machine is the same: its timers stand still, the clock goes on. */
TEST_SIM(a_clock_that_is_set_forward_is_noticed_within_a_second)
{
	maiko_supervisor *sup = with_plan(workers, in_an_hour);
	pass(sup, 500);
	set_clock(sup, target_ms[1] - 1);
	pass(sup, 0);
	expect_heard("sleeper", "");
	pass(sup, 499);
	expect_heard("sleeper", "");
	pass(sup, 1);
	expect_heard("sleeper", "alarm_clock 1");
	test_finish_timers(sup, 1, 0);
}

/* A look finds the clock a millisecond before that time. */
TEST_SIM(a_look_just_before_that_time_waits_for_it)
{
	maiko_supervisor *sup = with_plan(workers, in_an_hour);
	pass(sup, 500);
	set_clock(sup, target_ms[1] - 501);
	pass(sup, 500);
	expect_heard("sleeper", "");
	pass(sup, 1);
	expect_heard("sleeper", "alarm_clock 1");
	test_finish_timers(sup, 1, 0);
}

TEST_SIM(a_clock_that_is_set_back_shows_that_time_later)
{
	maiko_supervisor *sup = with_plan(workers, in_ten_seconds);
	pass(sup, 9 * SECOND_MS);
	set_clock(sup, target_ms[1] - HOUR_MS);
	pass(sup, HOUR_MS - 1);
	expect_heard("sleeper", "");
	pass(sup, 1);
	expect_heard("sleeper", "alarm_clock 1");
	test_finish_timers(sup, 1, 0);
}

TEST_SIM(a_clock_that_is_set_to_and_fro_brings_it_once)
{
	maiko_supervisor *sup = with_plan(workers, in_ten_seconds);
	for (uint64_t i = 0; i < 10; i++) {
		set_clock(sup, target_ms[1] + (i % 2 == 0 ? HOUR_MS : 0) - 1);
		pass(sup, 2 * SECOND_MS);
	}
	expect_heard("sleeper", "alarm_clock 1");
	test_finish_timers(sup, 1, 0);
}

/* ---- its end ------------------------------------------------------------------------------------------- */

static int cancel(maiko_ctx *ctx)
{
	expect(maiko_cancel(ctx, names[1]) == 0);
	expect(maiko_cancel(ctx, names[1]) == MAIKO_ENOENT);
	return 0;
}

TEST_SIM(after_a_cancel_it_does_not_come)
{
	maiko_supervisor *sup = with_plan(workers, in_ten_seconds);
	pass(sup, 9 * SECOND_MS);
	order(sup, cancel);
	pass(sup, DAY_MS);
	expect_heard("sleeper", "");
	test_finish_timers(sup, 0, 1);
}

TEST_SIM(a_stop_cancels_it)
{
	maiko_supervisor *sup = with_plan(workers, in_an_hour);
	pass(sup, SECOND_MS);
	test_finish_timers(sup, 0, 1);
}

TEST_SIM(it_moves_with_its_actor)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_plan(workers, in_ten_seconds);
	ok(maiko_find(sup, "sleeper", &id));
	for (uint32_t i = 0; i < 10; i++) {
		expect_heard("sleeper", "");
		pass(sup, SECOND_MS);
		ok(maiko_move(sup, id, i % workers + 1));
	}
	expect_heard("sleeper", "alarm_clock 1");
	test_finish_timers(sup, 1, 0);
}

/* ---- what is refused ------------------------------------------------------------------------------------- */

#define SAYS(call, words)                                                                                              \
	do {                                                                                                           \
		expect((call) == MAIKO_EINVAL);                                                                        \
		expect(strcmp(maiko_last_error(), (words)) == 0);                                                      \
	} while (0)

static int misuse(maiko_ctx *ctx)
{
	SAYS(maiko_at(ctx, 1, NULL, other, .n = 1),
	     "maiko_at: actor 'sleeper' has no handler of event 'other', which it sends to itself");
	SAYS(maiko_ctx_at(NULL, 1, NULL, MAIKO_EVENT_REF(alarm_clock), &(alarm_clock){1}), "maiko_ctx_at: ctx is NULL");
	SAYS(maiko_ctx_at(ctx, 1, NULL, NULL, &(alarm_clock){1}), "maiko_ctx_at: type is NULL");
	SAYS(maiko_ctx_at(ctx, 1, NULL, MAIKO_EVENT_REF(alarm_clock), NULL), "maiko_ctx_at: event is NULL");
	return 0;
}

TEST_SIM(misuse_is_refused_in_words)
{
	maiko_supervisor *sup = with_plan(workers, misuse);
	test_finish(sup);
}
