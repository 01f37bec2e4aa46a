/*
 * tick_wake.c - a tick that waits until a handler wakes it: maiko_wake_tick.
 *
 * The printer's tick returns maiko_never when it is idle. The handler of a job stores it
 * and wakes the tick, which prints one page at a time: with maiko_again queued events are
 * handled between the pages, so a long job does not delay the handling of the next one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { PAGES = 5 };

typedef struct job { unsigned pages; } job;

MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, pages);

typedef struct printer {
	unsigned waiting; /* pages to print */
	unsigned printed;
} printer;

static int printer_on_job(printer *self, const job *ev, maiko_ctx *ctx)
{
	self->waiting += ev->pages;
	return maiko_wake_tick(ctx);
}

static maiko_next printer_tick(printer *self, maiko_ctx *ctx)
{
	if (self->waiting == 0) return maiko_never();
	self->waiting--;
	self->printed++;
	printf("page %u\n", self->printed);
	if (self->printed == PAGES) {
		int rc = maiko_stop_all(ctx);
		if (rc < 0) return maiko_failed(rc);
	}
	return maiko_again();
}

MAIKO_ACTOR(printer, MAIKO_ON(job, printer_on_job), MAIKO_TICK(printer_tick));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, printer, "printer");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, job, .pages = 2);
	if (rc == 0) rc = maiko_send(sup, job, .pages = 3);
	if (rc == 0) rc = maiko_join(sup); /* a stop from here would end the tick before its last page */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "tick_wake: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * page 1
 * page 2
 * page 3
 * page 4
 * page 5
 */
