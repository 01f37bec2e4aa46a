/*
 * held_sink.c - a sink in front of something slow: maiko_hold, maiko_unhold and .drains.
 *
 * The store takes one line at a time, and each takes it some milliseconds. While it is busy
 * the sink is on hold: its handler does not run, and the lines wait in its mailbox, where
 * the ledger counts them. Its tick goes on, and unholds it when the store is ready.
 *
 * At the stop most lines are still queued. The ticks of the other actors end; those of the
 * sink go on until it has written everything, because it was added with .drains.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { LINES = 20, STORE_MS = 5 };

typedef struct line { unsigned n; } line;

MAIKO_TOPIC(lines);
MAIKO_EVENT(line, lines, n);

typedef struct sink {
	bool busy, ready;
	unsigned written;
} sink;

static int sink_on_line(sink *self, const line *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->busy = true;
	int rc = maiko_hold(ctx);
	return rc == 0 ? maiko_wake_tick(ctx) : rc;
}

static maiko_next sink_tick(sink *self, maiko_ctx *ctx)
{
	if (!self->busy) return maiko_never();
	self->ready = !self->ready;
	if (self->ready) return maiko_after_ms(STORE_MS); /* the store writes */
	self->written++;
	self->busy = false;
	int rc = maiko_unhold(ctx);
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}

static int sink_on_stop(sink *self, maiko_ctx *ctx)
{
	printf("%s: %u lines written\n", maiko_name(ctx), self->written);
	return 0;
}

MAIKO_ACTOR(sink, MAIKO_ON(line, sink_on_line), MAIKO_TICK(sink_tick), MAIKO_ON_STOP(sink_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, sink, "sink", .drains = true);
	if (rc == 0) rc = maiko_start(sup);
	for (unsigned n = 1; rc == 0 && n <= LINES; n++) rc = maiko_send(sup, line, .n = n);
	if (rc == 0) rc = maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger});
	if (rc == 0)
		printf("ledger: %u handled, %u discarded\n", (unsigned)ledger->total.handled,
		       (unsigned)ledger->total.discarded);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "held_sink: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * sink: 20 lines written
 * ledger: 20 handled, 0 discarded
 */
