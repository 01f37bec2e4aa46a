/*
 * w5_idle.c - W5: a million idle actors: the memory of each without its state, and the time of
 * start and stop.
 */
#include "workloads.h"

#include <stdio.h>

enum { ACTORS = 1000000 };

typedef struct alarm_raised {
	uint64_t level;
} alarm_raised;
MAIKO_TOPIC(alarms);
MAIKO_EVENT(alarm_raised, alarms, level);

typedef struct idler {
	uint64_t alarms;
} idler;

static int idler_on_alarm(idler *self, const alarm_raised *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->alarms += ev->level;
	return 0;
}

MAIKO_ACTOR(idler, MAIKO_ON(alarm_raised, idler_on_alarm));

static int add_all(maiko_supervisor *sup, uint64_t count)
{
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "idler%llu", (unsigned long long)i);
		rc = maiko_add(sup, idler, name);
	}
	return rc;
}

/* Checks that each actor has a row with its status at the end. */
static int judge(maiko_supervisor *sup, uint64_t count)
{
	maiko_ledger *ledger = NULL;
	uint64_t stopped = 0;
	int rc = maiko_report(sup, &ledger);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ledger->actor_count; i++)
		stopped += ledger->actors[i]->status == MAIKO_ACTOR_STOPPED;
	bench_check(stopped == count, "not every actor started and stopped");
	maiko_ledger_free(ledger);
	return 0;
}

static bool run(const bench_variant *v)
{
	(void)v;
	uint64_t count = bench_scaled(ACTORS, 1), begun_ns = 0, stopping_ns = 0;
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	uint64_t before = bench_resident();
	begun_ns = bench_now_ns();
	if (rc == 0)
		rc = add_all(sup, count);
	if (rc == 0)
		rc = maiko_start(sup);
	uint64_t started_ns = bench_now_ns();
	double grown = (double)bench_resident() - (double)before;
	stopping_ns = bench_now_ns();
	if (rc == 0)
		rc = maiko_stop(sup, NULL);
	uint64_t stopped_ns = bench_now_ns();
	if (rc == 0)
		rc = judge(sup, count);
	maiko_supervisor_free(sup);
	bench_figure("memory", "B", grown / (double)count - sizeof(idler));
	bench_figure("start", "actors/s", (double)count * 1e9 / (double)(started_ns - begun_ns));
	bench_figure("stop", "actors/s", (double)count * 1e9 / (double)(stopped_ns - stopping_ns));
	return rc == 0;
}

const bench_variant idle_variants[] = {{.name = "W5/idle", .run = run}, {.name = NULL}};
