/*
 * run.c - see run.h.
 */
#include "run.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t begun_ns, ended_ns;
static sem_t over;

void run_begins(void) { begun_ns = bench_now_ns(); }

void run_ends(void)
{
	ended_ns = bench_now_ns();
	sem_post(&over);
}

double run_ns(void) { return (double)(ended_ns - begun_ns); }

static void judge(const maiko_ledger *ledger, uint64_t handled)
{
	bench_check(maiko_ledger_balanced(ledger), "the ledger does not balance");
	bench_check(ledger->total.handled == ledger->total.deliveries, "some deliveries were not handled");
	bench_check(ledger->total.handled == handled, "not as many were handled as were sent");
}

bool run_supervisor(const run_plan *plan)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	sem_init(&over, 0, 0);
	int rc = maiko_supervisor_new(&sup, &plan->options);
	if (rc == 0)
		rc = plan->add(sup);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0) {
		if (plan->external != NULL)
			plan->external(sup);
		while (sem_wait(&over) != 0)
			;
		rc = maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger});
	}
	if (rc == 0)
		judge(ledger, plan->handled + (plan->beside == NULL ? 0 : *plan->beside));
	else
		fprintf(stderr, "%s\n", maiko_strerror(rc));
	maiko_ledger_free(ledger);
	if (rc == 0 && plan->ended != NULL)
		plan->ended();
	maiko_supervisor_free(sup);
	sem_destroy(&over);
	return rc == 0;
}

const maiko_topic **run_topics(maiko_supervisor *sup, const char *stem, uint64_t count)
{
	const maiko_topic **topics = calloc(count, sizeof *topics);
	int rc = topics == NULL ? MAIKO_ENOMEM : 0;
	for (uint64_t i = 0; rc == 0 && i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "%s%llu", stem, (unsigned long long)i);
		rc = maiko_topic_named(sup, name, &topics[i]);
	}
	if (rc == 0)
		return topics;
	free(topics);
	return NULL;
}
