/*
 * stopping.c - a stop handles queued events, runs on_stop in reverse order, and reports.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct job {
	unsigned n;
} job;

typedef struct total {
	unsigned jobs;
} total;

MAIKO_TOPIC(jobs);
MAIKO_TOPIC(totals);
MAIKO_EVENT(job, jobs, n);
MAIKO_EVENT(total, totals, jobs);

/* ---- works, and reports its total in on_stop ---- */

typedef struct worker {
	unsigned done;
} worker;

/* Due in an hour: the stop cancels it and counts it. */
static int worker_on_start(worker *self, maiko_ctx *ctx)
{
	return maiko_send_after_ms(ctx, 3600 * 1000, NULL, total, .jobs = self->done);
}

static int worker_on_job(worker *self, const job *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->done++;
	return 0;
}

static int worker_on_stop(worker *self, maiko_ctx *ctx)
{
	printf("%s: stops\n", maiko_name(ctx));
	return maiko_send(ctx, total, .jobs = self->done);
}

MAIKO_ACTOR(worker, MAIKO_ON_START(worker_on_start), MAIKO_ON(job, worker_on_job), MAIKO_ON_STOP(worker_on_stop));

/* ---- was added first, so it stops last and still receives the total ---- */

typedef struct office {
	unsigned reports;
} office;

static int office_on_total(office *self, const total *ev, maiko_ctx *ctx)
{
	self->reports++;
	printf("%s: %u jobs done by the %s\n", maiko_name(ctx), ev->jobs, maiko_sender(ctx));
	return 0;
}

static int office_on_stop(office *self, maiko_ctx *ctx)
{
	printf("%s: stops after %u report\n", maiko_name(ctx), self->reports);
	return 0;
}

MAIKO_ACTOR(office, MAIKO_ON(total, office_on_total), MAIKO_ON_STOP(office_on_stop));

/* ---- the program ---- */

static int run(maiko_supervisor *sup, maiko_ledger **ret_ledger)
{
	int rc = maiko_add(sup, office, "office");
	if (rc == 0) rc = maiko_add(sup, worker, "worker");
	if (rc == 0) rc = maiko_start(sup);
	for (unsigned n = 1; rc == 0 && n <= 100; n++) rc = maiko_send(sup, job, .n = n);
	if (rc == 0) rc = maiko_stop(sup, &(maiko_stop_options){.deadline_ms = 20000, .ret_report = ret_ledger});
	return rc;
}

static void print_ledger(const maiko_ledger *ledger)
{
	printf("%u deliveries: %u handled, %u discarded\n", (unsigned)ledger->total.deliveries,
	       (unsigned)ledger->total.handled, (unsigned)ledger->total.discarded);
	for (size_t i = 0; i < ledger->topic_count; i++) {
		const maiko_topic_row *row = ledger->topics[i];
		if (row->delayed_discarded > 0)
			printf("%s: %u cancelled before its time\n", row->name, (unsigned)row->delayed_discarded);
	}
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = run(sup, &ledger);
	if (rc == 0) print_ledger(ledger);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "stopping: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * worker: stops
 * office: 100 jobs done by the worker
 * office: stops after 1 report
 * 101 deliveries: 101 handled, 0 discarded
 * totals: 1 cancelled before its time
 */
