/*
 * tick_housekeeping.c - a tick that runs after a batch of events: maiko_after_events.
 *
 * The handler only puts lines into a buffer; the tick, which runs after each batch of
 * events, writes them out together. A batch is what the actor handles in one turn, at
 * most .max_events_per_tick events. Such a tick keeps running while a stop drains the
 * mailboxes, and on_stop writes what is left, so no line is lost.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { LINES = 10, BATCH = 4 };

typedef struct line { int number; } line;

MAIKO_TOPIC(log_lines);
MAIKO_EVENT(line, log_lines, number);

typedef struct source { int sent; } source;

/* Ten lines at once: they are all queued before the writer starts on them. */
static int source_on_start(source *self, maiko_ctx *ctx)
{
	int rc = 0;
	while (rc == 0 && self->sent < LINES) rc = maiko_send(ctx, line, .number = ++self->sent);
	return rc;
}

MAIKO_ACTOR(source, MAIKO_ON_START(source_on_start));

typedef struct writer {
	int lines[LINES];
	int count;
	int writes;
} writer;

static void writer_flush(writer *self)
{
	if (self->count == 0) return;
	printf("write %d:", ++self->writes);
	for (int i = 0; i < self->count; i++) printf(" line %d", self->lines[i]);
	printf("\n");
	self->count = 0;
}

static int writer_on_line(writer *self, const line *ev, maiko_ctx *ctx)
{
	self->lines[self->count++] = ev->number;
	return ev->number == LINES ? maiko_stop_all(ctx) : 0;
}

static maiko_next writer_tick(writer *self, maiko_ctx *ctx)
{
	(void)ctx;
	writer_flush(self);
	return maiko_after_events();
}

static int writer_on_stop(writer *self, maiko_ctx *ctx)
{
	writer_flush(self);
	printf("%s: %d lines in %d writes\n", maiko_name(ctx), LINES, self->writes);
	return 0;
}

MAIKO_ACTOR(writer, MAIKO_ON(line, writer_on_line), MAIKO_TICK(writer_tick), MAIKO_ON_STOP(writer_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1}); /* batches do not depend on timing */
	if (rc == 0) rc = maiko_add(sup, source, "source");
	if (rc == 0) rc = maiko_add(sup, writer, "writer", .max_events_per_tick = BATCH);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "tick_housekeeping: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * write 1: line 1 line 2 line 3 line 4
 * write 2: line 5 line 6 line 7 line 8
 * write 3: line 9 line 10
 * writer: 10 lines in 3 writes
 */
