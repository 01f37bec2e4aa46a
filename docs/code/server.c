/*
 * server.c - a server that stops gracefully: it answers the questions it has read, reads no
 * more, and reports events that it had to discard.
 *
 * Each connection is an actor. It may fail alone: the others continue.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct question {
	uint64_t connection;
	char letter;
} question;
typedef struct answer {
	uint64_t connection;
	char letter;
} answer;

MAIKO_TOPIC(questions);
MAIKO_TOPIC(answers);
MAIKO_EVENT(question, questions, connection, letter);
MAIKO_EVENT(answer, answers, connection, letter);

/* ---- a connection: reads questions, writes answers ---- */

typedef struct connection {
	uv_pipe_t stream;
	maiko_ctx *ctx; /* the actor's own: it is valid as long as this state */
	int fd;
	char bytes[64];
} connection;

static void connection_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	connection *self = handle->data;
	*buf = uv_buf_init(self->bytes, sizeof(self->bytes));
}

static int connection_ask(connection *self, const char *bytes, ssize_t count)
{
	int rc = 0;
	for (ssize_t i = 0; rc == 0 && i < count; i++)
		rc = maiko_send(self->ctx, question, .connection = maiko_self(self->ctx), .letter = bytes[i]);
	return rc;
}

/* Not called after a stop has begun: the library stops the reading. */
static void connection_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	connection *self = stream->data;
	if (maiko_enter(self->ctx) != 0) return; /* the actor has ended */
	int rc = 0;
	if (count == UV_EOF)
		rc = maiko_stop_self(self->ctx);
	else if (count < 0)
		rc = (int)count; /* it fails, alone */
	else
		rc = connection_ask(self, buf->base, count);
	maiko_leave(self->ctx, rc);
}

static int connection_on_answer(connection *self, const answer *ev, maiko_ctx *ctx)
{
	if (ev->connection != maiko_self(ctx)) return 0;
	uv_buf_t text = uv_buf_init((char *)(uintptr_t)&ev->letter, 1);
	int written = uv_try_write((uv_stream_t *)&self->stream, &text, 1);
	return written < 0 ? written : 0;
}

static int connection_on_start(connection *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	int rc = uv_pipe_init(maiko_loop(ctx), &self->stream, 0);
	if (rc < 0) return rc;
	self->stream.data = self;
	rc = maiko_adopt(ctx, (uv_handle_t *)&self->stream); /* closed when the actor ends */
	if (rc == 0) rc = uv_pipe_open(&self->stream, self->fd);
	if (rc == 0) rc = uv_read_start((uv_stream_t *)&self->stream, connection_alloc, connection_read);
	return rc;
}

MAIKO_ACTOR(connection, MAIKO_ON(answer, connection_on_answer), MAIKO_ON_START(connection_on_start));

/* ---- the acceptor: gives each descriptor to a connection ---- */

typedef struct acceptor {
	int fds[2];
} acceptor;

static int acceptor_on_start(acceptor *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < 2; i++) {
		char name[16];
		snprintf(name, sizeof(name), "connection%d", i);
		rc = maiko_add(ctx, connection, name, .init = &(connection){.fd = self->fds[i]},
			       .restart = MAIKO_TEMPORARY);
	}
	return rc;
}

/* The completion of a failed addition has a copy of its .init. */
static int acceptor_on_done(acceptor *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	const connection *asked = completion->init;
	if (completion->change != MAIKO_CHANGE_ADD || completion->status == 0) return 0;
	printf("%s: %s\n", completion->name, maiko_strerror(completion->status));
	close(asked->fd);
	return 0;
}

MAIKO_ACTOR(acceptor, MAIKO_ON_START(acceptor_on_start), MAIKO_ON_DONE(acceptor_on_done));

/* ---- the service: answers slowly ---- */

typedef struct oracle {
	unsigned answered;
} oracle;

static int oracle_on_question(oracle *self, const question *ev, maiko_ctx *ctx)
{
	if (self->answered++ == 0) kill(getpid(), SIGTERM); /* as an operator does, in the middle of the work */
	return maiko_send(ctx, answer, .connection = ev->connection, .letter = (char)(ev->letter - 'a' + 'A'));
}

MAIKO_ACTOR(oracle, MAIKO_ON(question, oracle_on_question));

/* ---- the program ---- */

static int serve(maiko_supervisor *sup, const int fds[2])
{
	maiko_ledger *ledger = NULL;
	int rc = maiko_add(sup, oracle, "oracle");
	if (rc == 0) rc = maiko_add(sup, acceptor, "acceptor", .init = &(acceptor){.fds = {fds[0], fds[1]}});
	if (rc == 0) rc = maiko_run(sup, .deadline_ms = 20000, .ret_report = &ledger);
	if (rc != 0) fprintf(stderr, "server: %s\n", maiko_last_error());
	if (ledger != NULL)
		printf("%u deliveries, %u handled, %u discarded, %u failures\n", (unsigned)ledger->total.deliveries,
		       (unsigned)ledger->total.handled, (unsigned)ledger->total.discarded, (unsigned)ledger->failed);
	maiko_ledger_free(ledger);
	return rc;
}

/* Everything that a client receives, to the end of the stream. */
static void print_answers(int fd, const char *who)
{
	char text[16] = "", *end = text;
	ssize_t n;
	while ((n = read(fd, end, sizeof(text) - 1 - (size_t)(end - text))) > 0) end += n;
	printf("%s: '%s'\n", who, text);
	close(fd);
}

int main(void)
{
	uv_os_sock_t first[2], second[2];
	maiko_supervisor *sup = NULL;
	if (uv_socketpair(SOCK_STREAM, 0, first, 0, 0) != 0 || uv_socketpair(SOCK_STREAM, 0, second, 0, 0) != 0)
		return 1;
	if (write(first[1], "abc", 3) != 3) return 1; /* the questions of the clients */

	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = serve(sup, (const int[]){first[0], second[0]});
	maiko_supervisor_free(sup);
	print_answers(first[1], "first client");
	print_answers(second[1], "second client");
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * 9 deliveries, 9 handled, 0 discarded, 0 failures
 * first client: 'ABC'
 * second client: ''
 */
