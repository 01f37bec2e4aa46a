/*
 * batches.c - a sink that writes in batches, and a line is acknowledged only when it is in the file: maiko_keep,
 * maiko_hold and maiko_blocking.
 *
 * The sink keeps each line until a batch is full, or a moment has passed. A thread of the blocking pool writes the
 * batch; meanwhile the sink is on hold, and lines wait in its mailbox. What has been written is released: only then
 * does the reader get its receipts. If the write failed the sink would fail, and what it keeps would not be done.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { LINES = 7, BATCH_LINES = 3, BATCH_MS = 500 };

typedef struct line { unsigned n; } line;

MAIKO_TOPIC(lines);
MAIKO_EVENT(line, lines, n);

/* ---- who reads ---- */

typedef struct reader { unsigned sent, acknowledged; } reader;

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	if (self->sent == LINES) return maiko_never();
	int rc = maiko_send_tracked(ctx, line, .n = self->sent + 1);
	if (rc != 0) return maiko_failed(rc);
	self->sent++;
	return maiko_again();
}

static int reader_on_receipt(reader *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	if (!maiko_receipt_done(receipt)) return 0;
	return ++self->acknowledged == LINES ? maiko_stop_all(ctx) : 0;
}

static int reader_on_stop(reader *self, maiko_ctx *ctx)
{
	printf("%s: %u lines acknowledged\n", maiko_name(ctx), self->acknowledged);
	return 0;
}

MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick), MAIKO_ON_RECEIPT(reader_on_receipt), MAIKO_ON_STOP(reader_on_stop));

/* ---- who writes ---- */

typedef struct batch { FILE *file; unsigned count, numbers[BATCH_LINES]; } batch;
typedef struct write_job { batch batch; } write_job; /* a copy, for the thread that writes */

typedef struct sink {
	batch batch;
	const line *kept[BATCH_LINES];
	bool writing;
	unsigned written;
} sink;

static int batch_write(const batch *b)
{
	for (unsigned i = 0; i < b->count; i++)
		if (fprintf(b->file, "%u\n", b->numbers[i]) < 0) return MAIKO_EFAILED;
	return fflush(b->file) == 0 ? 0 : MAIKO_EFAILED;
}

static int sink_written(sink *self, maiko_ctx *ctx)
{
	int rc = 0;
	self->written += self->batch.count;
	for (unsigned i = 0; rc == 0 && i < self->batch.count; i++) rc = maiko_release(ctx, self->kept[i]);
	self->batch.count = 0;
	return rc;
}

static int write_work(write_job *job) { return batch_write(&job->batch); }

static int write_done(sink *self, write_job *job, int status, maiko_ctx *ctx)
{
	(void)job;
	self->writing = false;
	int rc = status == 0 ? sink_written(self, ctx) : status;
	return rc == 0 ? maiko_unhold(ctx) : rc;
}

MAIKO_BLOCKING(sink, write_job, write_work, write_done);

static int sink_flush(sink *self, maiko_ctx *ctx)
{
	if (self->writing || self->batch.count == 0) return 0;
	int rc = maiko_hold(ctx);
	if (rc == 0) rc = maiko_blocking(ctx, write_work, write_done, .batch = self->batch);
	self->writing = rc == 0;
	return rc;
}

static int sink_on_line(sink *self, const line *ev, maiko_ctx *ctx)
{
	int rc = maiko_keep(ctx, ev);
	if (rc != 0) return rc;
	self->kept[self->batch.count] = ev;
	self->batch.numbers[self->batch.count++] = ev->n;
	return self->batch.count == BATCH_LINES ? sink_flush(self, ctx) : 0;
}

static maiko_next sink_tick(sink *self, maiko_ctx *ctx)
{
	int rc = sink_flush(self, ctx);
	return rc == 0 ? maiko_after_ms(BATCH_MS) : maiko_failed(rc);
}

/* The last lines of a stop, when no tick comes any more. */
static int sink_on_stop(sink *self, maiko_ctx *ctx)
{
	int rc = self->writing ? MAIKO_EFAILED : batch_write(&self->batch);
	if (rc == 0) rc = sink_written(self, ctx);
	printf("%s: %u lines written\n", maiko_name(ctx), self->written);
	return rc;
}

MAIKO_ACTOR(sink, MAIKO_ON(line, sink_on_line), MAIKO_TICK(sink_tick), MAIKO_ON_STOP(sink_on_stop));

int main(void)
{
	maiko_supervisor *sup = NULL;
	FILE *file = tmpfile();
	if (file == NULL) return 1;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, reader, "reader");
	if (rc == 0) rc = maiko_add(sup, sink, "sink", .init = &(sink){.batch = {.file = file}});
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	fclose(file);
	if (rc != 0) fprintf(stderr, "batches: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * sink: 7 lines written
 * reader: 7 lines acknowledged
 */
