/*
 * receipts.c - a line of a file is acknowledged only when it has been handled: maiko_send_tracked.
 *
 * The reader sends each line of a spool file, and remembers where the next one begins. The receipt of a line says
 * what became of it: only when the work is done does the reader acknowledge it, here by printing the offset from
 * which a restart would go on. A line whose handler fails is not acknowledged.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

typedef struct line { unsigned number; char text[80]; } line;

MAIKO_TOPIC(lines);
MAIKO_EVENT(line, lines, number, text);

/* ---- who reads ---- */

enum { LINES_MAX = 16 };

typedef struct reader {
	FILE *spool;
	unsigned count;
	maiko_id sent[LINES_MAX]; /* the event of each line */
	long next[LINES_MAX];     /* the offset behind it */
} reader;

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char text[80];
	if (self->count == LINES_MAX || fgets(text, sizeof text, self->spool) == NULL) return maiko_never();
	text[strcspn(text, "\n")] = '\0';
	int rc = maiko_send_tracked(ctx, line, .number = self->count + 1, MAIKO_TEXT(text, text));
	if (rc != 0) return maiko_failed(rc);
	self->sent[self->count] = maiko_sent_id(ctx);
	self->next[self->count++] = ftell(self->spool);
	return maiko_again();
}

static int reader_on_receipt(reader *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	for (unsigned i = 0; i < self->count; i++) {
		if (!maiko_id_equal(self->sent[i], receipt->event)) continue;
		if (maiko_receipt_done(receipt))
			printf("line %u is done: go on at %ld\n", i + 1, self->next[i]);
		else
			printf("line %u is not: %s\n", i + 1, maiko_strerror(receipt->error));
	}
	return self->count == 3 && receipt->event.sequence == self->sent[2].sequence ? maiko_stop_all(ctx) : 0;
}

MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick), MAIKO_ON_RECEIPT(reader_on_receipt));

/* ---- who works ---- */

typedef struct parser { unsigned lines; } parser;

static int parser_on_line(parser *self, const line *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->lines++;
	return strcmp(ev->text, "last") == 0 ? MAIKO_EINVAL : 0;
}

MAIKO_ACTOR(parser, MAIKO_ON(line, parser_on_line));

int main(void)
{
	maiko_supervisor *sup = NULL;
	FILE *spool = tmpfile();
	if (spool == NULL || fputs("first\nsecond\nlast\n", spool) < 0 || fseek(spool, 0, SEEK_SET) != 0) return 1;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, reader, "reader", .init = &(reader){.spool = spool});
	if (rc == 0) rc = maiko_add(sup, parser, "parser", .restart = MAIKO_TEMPORARY);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	fclose(spool);
	if (rc != 0) fprintf(stderr, "receipts: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * line 1 is done: go on at 6
 * line 2 is done: go on at 13
 * line 3 is not: invalid argument
 */
