/*
 * t_timers.c - T: an actor sets a million timers, cancels half of them in random order, and handles the rest, which are
 * all due when it begins to. The second round counts, in which all memory was used before.
 */
#include "workloads.h"

#include <stdlib.h>

enum { TIMERS = 1000000, RANGE_MS = 1000, NS_A_MS = 1000000 };
static const uint64_t SEED = 88172645463325252u;

typedef struct alarm_at {
	uint64_t number, due_ms;
} alarm_at;
MAIKO_EVENT(alarm_at, maiko_private_topic, number, due_ms);

static maiko_delayed *timers;
static uint64_t count, set_ns, cancelled_ns;

typedef struct setter {
	uint64_t handled, due_ms, rounds;
} setter;

static void shuffle(uint64_t chance) /* Fisher and Yates */
{
	for (uint64_t i = count - 1; i > 0; i--) {
		uint64_t other = bench_random(&chance) % (i + 1);
		maiko_delayed timer = timers[i];
		timers[i] = timers[other];
		timers[other] = timer;
	}
}

static maiko_next setter_tick(setter *self, maiko_ctx *ctx)
{
	int rc = 0;
	uint64_t chance = SEED, due_ns = maiko_now(ctx) + (uint64_t)RANGE_MS * NS_A_MS, begun_ns;
	self->handled = self->due_ms = 0;
	begun_ns = bench_now_ns();
	for (uint64_t i = 0; rc == 0 && i < count; i++) {
		uint64_t ms = (bench_random(&chance) >> 32) * RANGE_MS >> 32;
		rc = maiko_send_self_after_ms(ctx, ms, &timers[i], alarm_at, .number = i, .due_ms = ms);
	}
	set_ns = bench_now_ns() - begun_ns;
	shuffle(chance);
	begun_ns = bench_now_ns();
	for (uint64_t i = 0; rc == 0 && i < count / 2; i++)
		rc = maiko_cancel(ctx, timers[i]);
	cancelled_ns = bench_now_ns() - begun_ns;
	while (bench_now_ns() < due_ns)
		;
	if (++self->rounds == 2)
		run_begins();
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}

static int setter_on_alarm(setter *self, const alarm_at *ev, maiko_ctx *ctx)
{
	bench_check(ev->due_ms >= self->due_ms, "out of order");
	self->due_ms = ev->due_ms;
	if (++self->handled < count - count / 2)
		return 0;
	if (self->rounds == 1)
		return maiko_wake_tick(ctx);
	run_ends();
	return 0;
}

MAIKO_ACTOR(setter, MAIKO_TICK(setter_tick), MAIKO_ON(alarm_at, setter_on_alarm));

static int add(maiko_supervisor *sup) { return maiko_add(sup, setter, "setter"); }

static bool run(const bench_variant *v)
{
	(void)v;
	count = bench_scaled(TIMERS, 2);
	timers = calloc(count, sizeof *timers);
	if (!run_supervisor(&(run_plan){.options.workers = 1, .add = add, .handled = 2 * (count - count / 2)}))
		return false;
	bench_figure("insert", "ns", (double)set_ns / (double)count);
	bench_figure("cancel", "ns", (double)cancelled_ns / (double)(count / 2));
	bench_figure("fire", "ns", run_ns() / (double)(count - count / 2));
	free(timers);
	return true;
}

const bench_variant timer_variants[] = {{.name = "T/million", .run = run}, {.name = NULL}};
