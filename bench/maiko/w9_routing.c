/*
 * w9_routing.c - W9: random publishes to many topics with one subscriber each. Also used by
 * S/actors-N and S/topics-N: the cost per actor or topic as their number grows.
 */
#include "workloads.h"

#include "routing.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64 };
static const uint64_t SEED = 88172645463325252u;

typedef struct visit {
	uint64_t where, seq;
} visit;
static const maiko_topic **topics;
static const maiko_topic *visit_topic(const visit *ev) { return topics[ev->where]; }
MAIKO_EVENT_ROUTED(visit, visit_topic, where, seq);

static routing_plan plan;
static uint64_t handled, resident_before;

typedef struct visitor {
	uint64_t sent, chance;
} visitor;

static maiko_next visitor_tick(visitor *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		run_begins();
	for (int i = 0; i < BATCH && self->sent < plan.events; i++, self->sent++) {
		uint64_t where = (uint64_t)(((bench_random(&self->chance) >> 32) * plan.topics) >> 32);
		if (maiko_send(ctx, visit, .where = where, .seq = self->sent) != 0)
			return maiko_when_sendable();
	}
	return self->sent < plan.events ? maiko_again() : maiko_never();
}

typedef struct host {
	uint64_t number, visits;
} host;

static int host_on_visit(host *self, const visit *ev, maiko_ctx *ctx)
{
	(void)ctx;
	bench_check(plan.one_host || ev->where == self->number, "another's visit");
	self->visits++;
	if (++handled == plan.events)
		run_ends();
	return 0;
}

MAIKO_ACTOR(visitor, MAIKO_TICK(visitor_tick));
MAIKO_ACTOR(host, MAIKO_ON(visit, host_on_visit));

/* One actor for all topics. */
static int add_one(maiko_supervisor *sup)
{
	maiko_subscription *list = calloc(plan.topics + 1, sizeof *list);
	if (list == NULL)
		return MAIKO_ENOMEM;
	for (uint64_t i = 0; i < plan.topics; i++)
		list[i].topic = topics[i];
	int rc = maiko_add(sup, host, "host", .topics = list);
	free(list);
	return rc;
}

/* One actor per topic. */
static int add_each(maiko_supervisor *sup)
{
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < plan.topics; i++) {
		char name[32];
		snprintf(name, sizeof name, "host%llu", (unsigned long long)i);
		rc = maiko_add(sup, host, name, .init = &(host){.number = i},
			       .topics = (maiko_subscription[]){{.topic = topics[i]}, {.topic = NULL}});
	}
	return rc;
}

static int add(maiko_supervisor *sup)
{
	resident_before = bench_resident();
	topics = run_topics(sup, "place", plan.topics);
	int rc = topics == NULL ? MAIKO_ENOMEM : 0;
	if (rc == 0)
		rc = plan.one_host ? add_one(sup) : add_each(sup);
	return rc != 0 ? rc : maiko_add(sup, visitor, "visitor", .init = &(visitor){.chance = SEED});
}

static void measure(maiko_supervisor *sup)
{
	(void)sup;
	plan.memory = ((double)bench_resident() - (double)resident_before) / (double)plan.topics - sizeof *topics;
}

bool routing_run(routing_plan *of)
{
	plan = *of;
	bool done = run_supervisor(
		&(run_plan){.options.workers = 1, .add = add, .external = measure, .handled = plan.events});
	free(topics);
	*of = plan;
	return done;
}

static bool run(const bench_variant *v)
{
	enum { EVENTS = 4000000 };
	routing_plan of = {.topics = v->size, .events = bench_scaled(EVENTS, 1)};
	if (!routing_run(&of))
		return false;
	bench_figure("publish", "ns", run_ns() / (double)of.events);
	return true;
}

const bench_variant routing_variants[] = {
	{"W9/10", run, .size = 10}, {"W9/1000", run, .size = 1000}, {"W9/100000", run, .size = 100000}, {.name = NULL}};
