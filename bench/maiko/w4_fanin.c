/*
 * w4_fanin.c - W4: eight senders, actors or external threads, and one receiver.
 */
#include "workloads.h"

#include <stdio.h>
#include <uv.h>

enum { PRODUCERS = 8, EVENTS = 16000000, EVENTS_OF_THREADS = 4000000, BATCH = 128 /* 8 of them fit a mailbox */ };

typedef struct sample {
	uint64_t producer, seq;
} sample;
MAIKO_TOPIC(samples);
MAIKO_EVENT(sample, samples, producer, seq);

static uint64_t each; /* events per producer */
static _Atomic(uint32_t) begun;

static void begin(void)
{
	if (begun++ == 0)
		run_begins();
}

/* ---- the consumer ---- */

typedef struct consumer {
	uint64_t handled, next[PRODUCERS];
} consumer;

static int consumer_on_sample(consumer *self, const sample *ev, maiko_ctx *ctx)
{
	(void)ctx;
	bench_check(ev->seq == self->next[ev->producer]++, "out of order");
	if (++self->handled == PRODUCERS * each)
		run_ends();
	return 0;
}

MAIKO_ACTOR(consumer, MAIKO_ON(sample, consumer_on_sample));

static int add_consumer(maiko_supervisor *sup) { return maiko_add(sup, consumer, "consumer"); }

/* ---- actors that produce ---- */

typedef struct producer {
	uint64_t number, sent;
} producer;

static maiko_next producer_tick(producer *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		begin();
	for (int i = 0; i < BATCH && self->sent < each; i++, self->sent++)
		if (maiko_send(ctx, sample, .producer = self->number, .seq = self->sent) != 0)
			return maiko_when_sendable();
	return self->sent < each ? maiko_again() : maiko_never();
}

MAIKO_ACTOR(producer, MAIKO_TICK(producer_tick));

static int add_all(maiko_supervisor *sup)
{
	int rc = add_consumer(sup);
	for (uint64_t i = 0; rc == 0 && i < PRODUCERS; i++) {
		char name[32];
		snprintf(name, sizeof name, "producer%llu", (unsigned long long)i);
		rc = maiko_add(sup, producer, name, .init = &(producer){.number = i});
	}
	return rc;
}

/* ---- threads that produce ---- */

typedef struct feeder {
	uv_thread_t thread;
	maiko_supervisor *sup;
	uint64_t number;
} feeder;

static void feeder_main(void *arg)
{
	const feeder *self = arg;
	begin();
	for (uint64_t seq = 0; seq < each; seq++)
		if (maiko_send(self->sup, sample, .producer = self->number, .seq = seq) != 0)
			bench_check(false, "a thread could not send");
}

static void run_threads(maiko_supervisor *sup)
{
	feeder feeders[PRODUCERS];
	for (uint64_t i = 0; i < PRODUCERS; i++) {
		feeders[i] = (feeder){.sup = sup, .number = i};
		uv_thread_create(&feeders[i].thread, feeder_main, &feeders[i]);
	}
	for (uint64_t i = 0; i < PRODUCERS; i++)
		uv_thread_join(&feeders[i].thread);
}

/* ---- the whole ---- */

static bool run(const bench_variant *v, uint64_t events, int (*add)(maiko_supervisor *),
		void (*external)(maiko_supervisor *))
{
	each = bench_scaled(events, PRODUCERS) / PRODUCERS;
	if (!run_supervisor(&(run_plan){.options.workers = v->workers,
					.add = add,
					.external = external,
					.handled = each * PRODUCERS}))
		return false;
	bench_figure("events", "/s", (double)(each * PRODUCERS) * 1e9 / run_ns());
	return true;
}

static bool run_actors(const bench_variant *v) { return run(v, EVENTS, add_all, NULL); }
static bool run_outside(const bench_variant *v) { return run(v, EVENTS_OF_THREADS, add_consumer, run_threads); }

const bench_variant fanin_variants[] = {{"W4/actors", run_actors, .workers = 1},
					{"W4/actors-two", run_actors, .workers = 2},
					{.name = "W4/actors-default", .run = run_actors},
					{"W4/threads", run_outside, .workers = 1},
					{.name = "W4/threads-default", .run = run_outside},
					{.name = NULL}};
