/*
 * stream.c - a libuv stream in an actor: its callbacks turn the input into events.
 *
 *   far end of a socket ──▶ uv_read_start ──▶ lines (an actor) ──line──▶ printer
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

typedef struct line {
	char text[64];
} line;

MAIKO_TOPIC(input);
MAIKO_EVENT(line, input, text);

/* ---- the actor that owns the stream ---- */

typedef struct lines {
	uv_pipe_t stream;
	uv_os_sock_t fd;
	maiko_ctx *ctx;  /* valid as long as the state is */
	char bytes[256]; /* where libuv puts what it has read */
	line ev;         /* the line so far */
	size_t len;
} lines;

static int lines_take(lines *self, char c)
{
	if (c != '\n') {
		if (self->len + 1 < sizeof(self->ev.text)) self->ev.text[self->len++] = c;
		return 0;
	}
	self->ev.text[self->len] = '\0';
	self->len = 0;
	return maiko_send_copy(self->ctx, line, &self->ev);
}

static void lines_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	lines *self = handle->data;
	*buf = uv_buf_init(self->bytes, sizeof(self->bytes));
}

static void lines_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	lines *self = stream->data;
	if (maiko_enter(self->ctx) != 0) return; /* the actor has ended */
	int rc = count == UV_EOF ? maiko_stop_all(self->ctx) : count < 0 ? (int)count : 0;
	for (ssize_t i = 0; rc == 0 && i < count; i++) rc = lines_take(self, buf->base[i]);
	maiko_leave(self->ctx, rc); /* negative: on_error decides */
}

static int lines_on_start(lines *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	int rc = uv_pipe_init(maiko_loop(ctx), &self->stream, 0);
	if (rc < 0) return rc;
	self->stream.data = self;
	rc = maiko_adopt(ctx, (uv_handle_t *)&self->stream); /* closed when the actor ends */
	if (rc == 0) rc = uv_pipe_open(&self->stream, self->fd);
	if (rc == 0) rc = uv_read_start((uv_stream_t *)&self->stream, lines_alloc, lines_read);
	return rc;
}

MAIKO_ACTOR(lines, MAIKO_ON_START(lines_on_start));

/* ---- prints ---- */

typedef struct printer {
	unsigned lines;
} printer;

static int printer_on_line(printer *self, const line *ev, maiko_ctx *ctx)
{
	(void)ctx;
	printf("line %u: %s\n", ++self->lines, ev->text);
	return 0;
}

MAIKO_ACTOR(printer, MAIKO_ON(line, printer_on_line));

/* ---- the program ---- */

int main(void)
{
	static const char text[] = "one\ntwo\nthree\n";
	uv_os_sock_t ends[2];
	if (uv_socketpair(SOCK_STREAM, 0, ends, 0, 0) != 0) return 1;
	if (write(ends[1], text, strlen(text)) < 0) return 1;
	close(ends[1]);

	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, printer, "printer");
	if (rc == 0) rc = maiko_add(sup, lines, "lines", .init = &(lines){.fd = ends[0]});
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup); /* until the end of the stream */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "stream: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * line 1: one
 * line 2: two
 * line 3: three
 */
