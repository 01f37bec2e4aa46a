/*
 * C10, C13, C14: a worker looks around between two callbacks: a stop, a removal and the clock do not wait for the
 * rest of an actor's budget, nor for that of others. In simulation, where a callback takes what the test says.
 */
#include <maiko/testing/sim.h>

#include "support.h"

/* BETWEEN: a stop is two control messages, and a simulated worker may run an actor between two of them. */
enum { QUEUED = 50, SLOW_US = 10000, TICK_MS = 5, BETWEEN = 1 };

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

static maiko_sim *sim;
static maiko_supervisor *sup;
static maiko_harness *h;
PER_TEST uint32_t handled, ticks;
PER_TEST uint64_t latest_us; /* how late a tick came at the most */

/* With its third job it does what it was made for. */
typedef struct slow {
	void (*third)(maiko_ctx *ctx);
} slow;

static int slow_on_job(slow *self, const job *ev, maiko_ctx *ctx)
{
	maiko_sim_spend(sim, SLOW_US);
	if (++handled == 3 && self->third != NULL)
		self->third(ctx);
	return 0;
}

static int slow_on_stop(slow *self, maiko_ctx *ctx)
{
	test_note("stopped");
	return 0;
}
MAIKO_ACTOR(slow, MAIKO_ON(job, slow_on_job), MAIKO_ON_STOP(slow_on_stop));

typedef struct clock_watcher {
	uint64_t due_ns;
} clock_watcher;

static maiko_next clock_watcher_tick(clock_watcher *self, maiko_ctx *ctx)
{
	uint64_t now_ns = maiko_sim_now(sim);
	if (self->due_ns != 0 && (now_ns - self->due_ns) / 1000 > latest_us)
		latest_us = (now_ns - self->due_ns) / 1000;
	self->due_ns = now_ns + (uint64_t)TICK_MS * 1000000;
	ticks++;
	return handled < QUEUED ? maiko_after_ms(TICK_MS) : maiko_never();
}
MAIKO_ACTOR(clock_watcher, MAIKO_TICK(clock_watcher_tick));

/* The schedule of a fair machine: always the first possible. */
static void begin(void)
{
	maiko_sim_options options = {.supervisor = {.workers = 1, .max_events_per_tick = 128}, .replays = true};
	ok(maiko_sim_new(&sim, &options));
	sup = maiko_sim_supervisor(sim);
	ok(maiko_harness_new(&h, sup));
}

static void add_slow(void (*third)(maiko_ctx *ctx))
{
	ok(maiko_add(sup, slow, "slow", .init = &(slow){.third = third}));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < QUEUED; i++)
		ok(maiko_send(sup, job, .n = i));
}

/* It has handled that many, or as many more as may come between, and has stopped. */
static void run_until_it_has_handled(size_t least, size_t between)
{
	ok(maiko_sim_run(sim));
	ok(maiko_expect_at_least(maiko_received_by(h, "slow"), least));
	ok(maiko_expect_at_most(maiko_received_by(h, "slow"), least + between));
	expect_noted("stopped");
}

static void end(void)
{
	h = maiko_harness_free(h);
	ok(maiko_sim_finish(sim));
	sim = maiko_sim_free(sim);
}

static void stop_now(maiko_ctx *ctx) { ok(maiko_stop_begin(sup, &(maiko_stop_options){.now = true}, NULL, NULL)); }

TEST_ONCE(a_stop_now_comes_after_the_callback_that_runs)
{
	begin();
	add_slow(stop_now);
	run_until_it_has_handled(3, BETWEEN);
	end();
}

/* In 35 ms: during the fourth callback from then. */
static void stop_soon(maiko_ctx *ctx)
{
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.deadline_ms = 35}, NULL, NULL));
}

TEST_ONCE(a_deadline_comes_after_the_callback_that_runs)
{
	begin();
	add_slow(stop_soon);
	run_until_it_has_handled(3 + 4, BETWEEN);
	end();
}

static void remove_itself(maiko_ctx *ctx) { ok(maiko_remove(ctx, maiko_self(ctx))); }

TEST_ONCE(a_removal_comes_after_the_callback_that_runs)
{
	begin();
	add_slow(remove_itself);
	run_until_it_has_handled(3, 0);
	end();
}

/* Two callbacks late at the most: the one that runs when it falls due, and that of an actor that was ready
 * before. */
TEST_ONCE(the_clock_is_looked_at_between_slow_callbacks)
{
	begin();
	ok(maiko_add(sup, clock_watcher, "clock"));
	add_slow(NULL);
	ok(maiko_sim_run(sim));
	assert_int_equal(handled, QUEUED);
	assert_true(ticks >= QUEUED / 2 - 1);
	assert_true(latest_us <= 2 * SLOW_US);
	end();
}
