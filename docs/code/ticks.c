/*
 * ticks.c - the results of a tick: a time, input, a batch of events, a wake-up.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct beat {
	unsigned n;
} beat;

typedef struct bytes {
	char text[32];
} bytes;

typedef struct task {
	unsigned pieces;
} task;

typedef struct piece {
	unsigned left;
} piece;

MAIKO_TOPIC(pulse);
MAIKO_TOPIC(input);
MAIKO_TOPIC(tasks);
MAIKO_EVENT(beat, pulse, n);
MAIKO_EVENT(bytes, input, text);
MAIKO_EVENT(task, tasks, pieces);
MAIKO_EVENT(piece, tasks, left);

typedef struct heartbeat {
	unsigned n;
} heartbeat;

typedef struct reader {
	int fd;
} reader;

typedef struct writer {
	char text[128];
	size_t len;
} writer;

typedef writer batcher;

typedef struct worker {
	unsigned waiting;
} worker;

static void flush(writer *self)
{
	if (self->len > 0) printf("writer: %s\n", self->text);
	self->len = 0;
}

static int do_one(worker *self, maiko_ctx *ctx) { return maiko_send(ctx, piece, .left = --self->waiting); }

/* ---- the four ---- */

static maiko_next heartbeat_tick(heartbeat *self, maiko_ctx *ctx) /* a time-based producer */
{
	int rc = maiko_send(ctx, beat, .n = self->n++);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(5000);
}

static maiko_next reader_tick(reader *self, maiko_ctx *ctx) /* an external source */
{
	bytes ev = {.text = ""};
	ssize_t n = read(self->fd, ev.text, sizeof(ev.text) - 1);
	if (n == 0) return maiko_never(); /* its end */
	if (n < 0 && errno != EAGAIN) return maiko_failed(-errno);
	int rc = n > 0 ? maiko_send_copy(ctx, bytes, &ev) : 0;
	return rc < 0 ? maiko_failed(rc) : maiko_when_readable(self->fd);
}

static maiko_next writer_tick(writer *self, maiko_ctx *ctx) /* after a batch of events */
{
	(void)ctx;
	flush(self);
	return maiko_after_events();
}

static maiko_next worker_tick(worker *self, maiko_ctx *ctx) /* idle until a handler wakes it */
{
	if (self->waiting == 0) return maiko_never();
	int rc = do_one(self, ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_again();
}

static maiko_next batcher_tick(batcher *self, maiko_ctx *ctx) /* after 100 events, or 50 ms */
{
	(void)ctx;
	flush(self);
	return maiko_when_any(maiko_after_n_events(100), maiko_after_ms(50));
}

/* ---- their handlers ---- */

static int writer_on_bytes(writer *self, const bytes *ev, maiko_ctx *ctx)
{
	(void)ctx;
	size_t room = sizeof(self->text) - self->len;
	int n = snprintf(self->text + self->len, room, "%s", ev->text);
	self->len += (size_t)n < room ? (size_t)n : room - 1;
	return 0;
}

/* Should a stop come before its tick has run once. */
static int writer_on_stop(writer *self, maiko_ctx *ctx)
{
	(void)ctx;
	flush(self);
	return 0;
}

static int worker_on_task(worker *self, const task *ev, maiko_ctx *ctx)
{
	self->waiting += ev->pieces;
	return maiko_wake_tick(ctx);
}

MAIKO_ACTOR(heartbeat, MAIKO_TICK(heartbeat_tick));
MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick));
MAIKO_ACTOR(writer, MAIKO_ON(bytes, writer_on_bytes), MAIKO_TICK(writer_tick), MAIKO_ON_STOP(writer_on_stop));
MAIKO_ACTOR(batcher, MAIKO_ON(bytes, writer_on_bytes), MAIKO_TICK(batcher_tick), MAIKO_ON_STOP(writer_on_stop));
MAIKO_ACTOR(worker, MAIKO_ON(task, worker_on_task), MAIKO_TICK(worker_tick));

/* ---- stops all when it has received everything ---- */

typedef struct listener {
	bool beat, bytes, pieces;
} listener;

static int listener_look(const listener *self, maiko_ctx *ctx)
{
	return self->beat && self->bytes && self->pieces ? maiko_stop_all(ctx) : 0;
}

static int listener_on_beat(listener *self, const beat *ev, maiko_ctx *ctx)
{
	printf("%s: beat %u\n", maiko_name(ctx), ev->n);
	self->beat = true;
	return listener_look(self, ctx);
}

static int listener_on_bytes(listener *self, const bytes *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->bytes = true;
	return listener_look(self, ctx);
}

static int listener_on_piece(listener *self, const piece *ev, maiko_ctx *ctx)
{
	printf("%s: %u pieces left\n", maiko_name(ctx), ev->left);
	self->pieces = ev->left == 0;
	return listener_look(self, ctx);
}

MAIKO_ACTOR(listener, MAIKO_ON(beat, listener_on_beat), MAIKO_ON(bytes, listener_on_bytes),
	    MAIKO_ON(piece, listener_on_piece));

static int run(maiko_supervisor *sup, int fd)
{
	int rc = maiko_add(sup, heartbeat, "heartbeat");
	if (rc == 0) rc = maiko_add(sup, reader, "reader", .init = &(reader){.fd = fd});
	if (rc == 0) rc = maiko_add(sup, writer, "writer");
	if (rc == 0) rc = maiko_add(sup, batcher, "batcher");
	if (rc == 0) rc = maiko_add(sup, worker, "worker");
	if (rc == 0) rc = maiko_add(sup, listener, "listener");
	if (rc == 0) rc = maiko_send(sup, task, .pieces = 3); /* handled after the start */
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	return rc;
}

int main(void)
{
	int ends[2];
	if (pipe(ends) != 0) return 1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	if (write(ends[1], "hello", strlen("hello")) < 0) return 1;

	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = run(sup, ends[0]);
	maiko_supervisor_free(sup);
	close(ends[0]);
	close(ends[1]);
	if (rc != 0) fprintf(stderr, "ticks: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * listener: beat 0
 * writer: hello
 * writer: hello
 * listener: 2 pieces left
 * listener: 1 pieces left
 * listener: 0 pieces left
 */
