/*
 * s_sweep.c - S: the cost of an event and of an actor with an increasing number of actors or
 * topics, from one to a million.
 *
 *   S/actors-N        N actors with a topic each, visited at random
 *   S/topics-N        N topics, all of one actor, visited at random
 *   S/subscribers-N   N actors of one topic: figures are per delivery
 */
#include "workloads.h"

#include "routing.h"

#include <stdio.h>

enum { EVENTS = 2000000, DELIVERIES = 4000000, PUBLISHES_MIN = 10, BATCH = 64 };

/* ---- actors and topics ---- */

static bool run_routing(uint64_t size, bool one_host)
{
	routing_plan of = {.topics = size, .one_host = one_host, .events = bench_scaled(EVENTS, 1)};
	if (!routing_run(&of))
		return false;
	bench_figure("event", "ns", run_ns() / (double)of.events);
	bench_figure("memory", "B", of.memory);
	return true;
}

static bool run_actors(const bench_variant *v) { return run_routing(v->size, false); }
static bool run_topics_of_one(const bench_variant *v) { return run_routing(v->size, true); }

/* ---- subscribers ---- */

typedef struct news {
	uint64_t seq, value;
} news;
MAIKO_TOPIC(all_news);
MAIKO_EVENT(news, all_news, seq, value);

static uint64_t publishes, readers, handled, resident_before;
static double memory;

typedef struct editor {
	uint64_t sent;
} editor;

static maiko_next editor_tick(editor *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		run_begins();
	for (int i = 0; i < BATCH && self->sent < publishes; i++, self->sent++)
		if (maiko_send(ctx, news, .seq = self->sent) != 0)
			return maiko_when_sendable();
	return self->sent < publishes ? maiko_again() : maiko_never();
}

typedef struct reader {
	uint64_t read;
} reader;

static int reader_on_news(reader *self, const news *ev, maiko_ctx *ctx)
{
	(void)ctx;
	bench_check(ev->seq == self->read++, "out of order");
	if (++handled == publishes * readers)
		run_ends();
	return 0;
}

MAIKO_ACTOR(editor, MAIKO_TICK(editor_tick));
MAIKO_ACTOR(reader, MAIKO_ON(news, reader_on_news));

static int add(maiko_supervisor *sup)
{
	int rc = 0;
	resident_before = bench_resident();
	for (uint64_t i = 0; rc == 0 && i < readers; i++) {
		char name[32];
		snprintf(name, sizeof name, "reader%llu", (unsigned long long)i);
		rc = maiko_add(sup, reader, name);
	}
	memory = ((double)bench_resident() - (double)resident_before) / (double)readers;
	return rc != 0 ? rc : maiko_add(sup, editor, "editor");
}

static bool run_subscribers(const bench_variant *v)
{
	readers = v->size;
	publishes = bench_scaled(DELIVERIES, 1) / readers;
	if (publishes < PUBLISHES_MIN)
		publishes = PUBLISHES_MIN;
	if (!run_supervisor(&(run_plan){.options.workers = 1, .add = add, .handled = publishes * readers}))
		return false;
	bench_figure("event", "ns", run_ns() / (double)(publishes * readers));
	bench_figure("memory", "B", memory);
	return true;
}

#define SWEEP(kind, run)                                                                                               \
	{"S/" kind "-1", run, .size = 1}, {"S/" kind "-10", run, .size = 10}, {"S/" kind "-100", run, .size = 100},    \
		{"S/" kind "-1000", run, .size = 1000}, {"S/" kind "-10000", run, .size = 10000},                      \
		{"S/" kind "-100000", run, .size = 100000},                                                            \
	{                                                                                                              \
		"S/" kind "-1000000", run, .size = 1000000                                                             \
	}

const bench_variant sweep_variants[] = {SWEEP("actors", run_actors),
					SWEEP("topics", run_topics_of_one),
					SWEEP("subscribers", run_subscribers),
					{.name = NULL}};
