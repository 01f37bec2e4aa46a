/*
 * w8_skew.c - W8: sixty-four actors of which eight have work, evenly placed or all on the
 * first worker; the time until both workers are busy, and the throughput.
 *
 * The runtime places actors in turn, and none is pinned: of two workers the first gets the 1st,
 * 3rd, 5th ... actor that is added. A busy actor sends itself jobs of 2 us.
 */
#include "workloads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { ACTORS = 64, BUSY = 8, IN_FLIGHT = 4, JOBS = 800000, WORK_NS = 2000 };

typedef struct job {
	uint64_t owner, seq;
} job;
static const maiko_topic **topics;
static const maiko_topic *job_topic(const job *ev) { return topics[ev->owner]; }
MAIKO_EVENT_ROUTED(job, job_topic, owner, seq);

static uint64_t each; /* jobs per actor */
static bool skewed;
static _Atomic(uint32_t) begun, complete;

/* The thread of the first job, and the time when another thread first ran one; 0: not yet. */
static uv_thread_t first_thread;
static uint64_t begun_ns;
static _Atomic(uint64_t) second_ns;

typedef struct hand {
	uint64_t number, sent, handled;
	bool busy;
} hand;

static int send_next(hand *self, maiko_ctx *ctx)
{
	return self->sent < each ? maiko_send(ctx, job, .owner = self->number, .seq = self->sent++) : 0;
}

static maiko_next hand_tick(hand *self, maiko_ctx *ctx)
{
	if (self->busy && begun++ == 0) {
		first_thread = uv_thread_self();
		run_begins();
		begun_ns = bench_now_ns();
	}
	for (int i = 0; self->busy && i < IN_FLIGHT; i++)
		bench_check(send_next(self, ctx) == 0, "a hand could not begin");
	return maiko_never();
}

static int hand_on_job(hand *self, const job *ev, maiko_ctx *ctx)
{
	bench_check(ev->owner == self->number && ev->seq == self->handled, "another's job, or out of order");
	if (skewed && second_ns == 0) {
		uv_thread_t now = uv_thread_self();
		if (!uv_thread_equal(&first_thread, &now))
			second_ns = bench_now_ns();
	}
	bench_work(WORK_NS);
	if (++self->handled == each && ++complete == BUSY)
		run_ends();
	return send_next(self, ctx);
}

MAIKO_ACTOR(hand, MAIKO_TICK(hand_tick), MAIKO_ON(job, hand_on_job));

/* Even: pairs of neighbours, one on each worker. Skewed: every second actor, all on the first. */
static bool is_busy(uint64_t number) { return skewed ? number % 2 == 0 && number < 2 * BUSY : number < BUSY; }

static int add(maiko_supervisor *sup)
{
	topics = run_topics(sup, "job", ACTORS);
	int rc = topics == NULL ? MAIKO_ENOMEM : 0;
	for (uint64_t i = 0; rc == 0 && i < ACTORS; i++) {
		char name[32];
		snprintf(name, sizeof name, "hand%llu", (unsigned long long)i);
		rc = maiko_add(sup, hand, name, .init = &(hand){.number = i, .busy = is_busy(i)}, .echo = true,
			       .topics = (maiko_subscription[]){{.topic = topics[i]}, {.topic = NULL}});
	}
	return rc;
}

static bool run(const bench_variant *v)
{
	each = bench_scaled(JOBS, BUSY) / BUSY;
	skewed = v->size != 0;
	bool done = run_supervisor(&(run_plan){.options.workers = v->workers, .add = add, .handled = each * BUSY});
	free(topics);
	if (!done)
		return false;
	bench_figure("events", "/s", (double)(each * BUSY) * 1e9 / run_ns());
	if (skewed)
		bench_figure("both_busy", "ms", second_ns == 0 ? INFINITY : (double)(second_ns - begun_ns) / 1e6);
	return true;
}

const bench_variant skew_variants[] = {
	{"W8/even", run, .workers = 2}, {"W8/skew", run, .workers = 2, .size = 1}, {.name = NULL}};
