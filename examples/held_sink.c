/*
 * held_sink.c - a sink in front of something slow: maiko_hold, maiko_unhold, .drains, and a timer.
 *
 * The store takes one line at a time, and each takes it some milliseconds. While it is busy
 * the sink is on hold: its handler does not run, and the lines wait in its mailbox, where
 * the ledger counts them. Its timer passes the hold, and ends it when the store is ready.
 *
 * At the stop most lines are still queued. The timers of the other actors are cancelled; the
 * sink has its own until it has written everything, because it was added with .drains.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { LINES = 20, STORE_MS = 5 };

typedef struct line { unsigned n; } line;

MAIKO_TOPIC(lines);
MAIKO_EVENT(line, lines, n);

/* What the sink sends itself when the store has written. It has no topic: nobody else receives it. */
MAIKO_SIGNAL(written, maiko_private_topic);

typedef struct sink { unsigned written; } sink;

static int sink_on_line(sink *self, const line *ev, maiko_ctx *ctx)
{
	(void)self, (void)ev;
	int rc = maiko_hold(ctx);
	return rc == 0 ? maiko_send_self_after_ms(ctx, STORE_MS, NULL, written) : rc; /* the store writes */
}

static int sink_on_written(sink *self, const written *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->written++;
	return maiko_unhold(ctx);
}

static int sink_on_stop(sink *self, maiko_ctx *ctx)
{
	printf("%s: %u lines written\n", maiko_name(ctx), self->written);
	return 0;
}

MAIKO_ACTOR(sink, MAIKO_ON(line, sink_on_line), MAIKO_ON(written, sink_on_written), MAIKO_ON_STOP(sink_on_stop));

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
		printf("ledger: %u handled, lines and timers, %u discarded\n", (unsigned)ledger->total.handled,
		       (unsigned)ledger->total.discarded);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "held_sink: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * sink: 20 lines written
 * ledger: 40 handled, lines and timers, 0 discarded
 */
