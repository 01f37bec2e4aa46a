/*
 * w1_pingpong.c - W1: two actors and one event between them: on one worker, on two, on two of eight, or where the
 * runtime places them.
 *
 * To read the clock takes half as long as a round trip on one worker, so the 99th percentile is that of the means of a
 * hundred.
 */
#include "workloads.h"

#include <stdlib.h>

enum { ROUNDS_ONE = 10000000, ROUNDS_TWO = 2000000, ROUNDS_DEFAULT = 5000000, SERIES = 100 };

typedef struct ping {
	uint64_t round, sum;
} ping;
typedef struct pong {
	uint64_t round, sum;
} pong;
MAIKO_TOPIC(pings);
MAIKO_TOPIC(pongs);
MAIKO_EVENT(ping, pings, round, sum);
MAIKO_EVENT(pong, pongs, round, sum);

static uint64_t rounds;
static uint64_t *series_ns; /* the duration of each series */
static uint32_t second_worker;

typedef struct pinger {
	uint64_t round, series_began_ns;
} pinger;

static maiko_next pinger_tick(pinger *self, maiko_ctx *ctx)
{
	run_begins();
	self->series_began_ns = bench_now_ns();
	return maiko_send(ctx, ping, .round = self->round) == 0 ? maiko_never() : maiko_failed(MAIKO_EAGAIN);
}

static int pinger_on_pong(pinger *self, const pong *ev, maiko_ctx *ctx)
{
	bench_check(ev->round == self->round, "a pong of another round");
	if (++self->round % SERIES == 0) {
		uint64_t now_ns = bench_now_ns();
		series_ns[self->round / SERIES - 1] = now_ns - self->series_began_ns;
		self->series_began_ns = now_ns;
	}
	if (self->round < rounds)
		return maiko_send(ctx, ping, .round = self->round, .sum = ev->sum);
	run_ends();
	return 0;
}

typedef struct ponger {
	uint64_t sum;
} ponger;

static int ponger_on_ping(ponger *self, const ping *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, pong, .round = ev->round, .sum = self->sum += ev->round);
}

MAIKO_ACTOR(pinger, MAIKO_TICK(pinger_tick), MAIKO_ON(pong, pinger_on_pong));
MAIKO_ACTOR(ponger, MAIKO_ON(ping, ponger_on_ping));

static int add(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, pinger, "pinger", .worker = second_worker == 0 ? 0 : 1);
	return rc != 0 ? rc : maiko_add(sup, ponger, "ponger", .worker = second_worker);
}

static bool run(const bench_variant *v)
{
	rounds = bench_scaled(v->workers == 0 ? ROUNDS_DEFAULT : v->workers == 1 ? ROUNDS_ONE : ROUNDS_TWO, SERIES);
	series_ns = bench_lines(rounds / SERIES, sizeof *series_ns);
	second_worker = v->workers;
	bool done = run_supervisor(&(run_plan){.options.workers = v->workers, .add = add, .handled = 2 * rounds});
	if (done) {
		bench_figure("round_trip", "ns", run_ns() / (double)rounds);
		bench_figure("p99", "ns", (double)bench_percentile(series_ns, rounds / SERIES, 99) / SERIES);
	}
	free(series_ns);
	return done;
}

const bench_variant pingpong_variants[] = {{"W1/one", run, .workers = 1},
					   {"W1/two", run, .workers = 2},
					   {"W1/eight", run, .workers = 8},
					   {.name = "W1/default", .run = run},
					   {.name = NULL}};
