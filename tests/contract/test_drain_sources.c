/*
 * C10: a drain ends although libuv handles of actors go on: what they bring is refused, and what
 * is read is read no more.
 *
 * A sink holds the drain up until the source has met it: each side waits for what the other does.
 */
#include "support.h"

#include <maiko/ctx.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(items);
MAIKO_TOPIC(words);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(word, words, n);

enum { FIRES = 5 };

PER_TEST _Atomic(uint64_t) entered, sent, refused, reads, reads_stopping, jobs, ticks;
static uv_sem_t gate;

/* ---- the sink: its first item is handled when the gate opens ---- */

typedef struct sink {
	uint32_t handled;
} sink;
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	if (self->handled++ == 0) {
		atomic_fetch_add(&entered, 1);
		uv_sem_wait(&gate);
	}
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item));

/* ---- the source: a timer and a stream of libuv's ---- */

typedef struct source {
	uv_timer_t timer;
	uv_pipe_t stream;
	maiko_ctx *ctx;
	int ends[2];
	uint32_t fired_stopping;
	int leaves_with;
	char bytes[16];
} source;

typedef struct job {
	uint32_t n;
} job;
static int job_work(job *j) { return (int)j->n; }
static int source_on_job(source *self, job *j, int status, maiko_ctx *ctx)
{
	atomic_fetch_add(&jobs, 1);
	return 0;
}
MAIKO_BLOCKING(source, job, job_work, source_on_job);

/* All ways to go on feeding. */
static void feed(source *self)
{
	bool stopping = maiko_stopping(self->ctx);
	int expected = stopping ? MAIKO_ESHUTDOWN : 0;
	word draft = {.n = 1};
	expect(maiko_send(self->ctx, item, .n = 1) == expected);
	expect(maiko_send_copy(self->ctx, word, &draft) == expected);
	expect(maiko_send_root(self->ctx, item, .n = 2) == expected);
	expect(maiko_wake_tick(self->ctx) == expected);
	expect(maiko_blocking(self->ctx, job_work, source_on_job, .n = 0) == expected);
	atomic_fetch_add(stopping ? &refused : &sent, 1);
}

static void source_fired(uv_timer_t *timer)
{
	source *self = timer->data;
	if (maiko_enter(self->ctx) != 0)
		return;
	feed(self);
	if (maiko_stopping(self->ctx) && ++self->fired_stopping == 1)
		expect(write(self->ends[1], "x", 1) == 1); /* nobody reads it */
	if (self->fired_stopping == FIRES)
		uv_sem_post(&gate);
	maiko_leave(self->ctx, maiko_stopping(self->ctx) ? MAIKO_ESHUTDOWN : 0); /* which is no failure */
}

static void source_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	source *self = handle->data;
	*buf = uv_buf_init(self->bytes, sizeof self->bytes);
}

static void source_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	source *self = stream->data;
	if (maiko_enter(self->ctx) != 0)
		return;
	expect(count > 0);
	atomic_fetch_add(maiko_stopping(self->ctx) ? &reads_stopping : &reads, 1);
	maiko_leave(self->ctx, 0);
}

static int source_on_start(source *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	self->timer.data = self->stream.data = self;
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
	expect(uv_timer_start(&self->timer, source_fired, 1, 1) == 0);
	expect(uv_pipe_init(maiko_loop(ctx), &self->stream, 0) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->stream) == 0);
	expect(uv_pipe_open(&self->stream, self->ends[0]) == 0);
	expect(uv_read_start((uv_stream_t *)&self->stream, source_alloc, source_read) == 0);
	return 0;
}
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_after_events();
}
/* The event that its on_stop sends is delivered. */
static int source_on_stop(source *self, maiko_ctx *ctx) { return maiko_send(ctx, item, .n = 3); }
MAIKO_ACTOR(source, MAIKO_ON_START(source_on_start), MAIKO_ON_STOP(source_on_stop), MAIKO_TICK(source_tick));

TEST_WORKERS(a_drain_ends_although_timers_and_streams_go_on)
{
	uv_os_sock_t ends[2];
	ok(uv_sem_init(&gate, 0));
	ok(uv_socketpair(SOCK_STREAM, 0, ends, 0, 0));
	maiko_supervisor *sup = test_supervisor(workers);
	/* With a thread of its own: while it waits, the source's worker goes on. */
	ok(maiko_add(sup, sink, "sink", .own_thread = true, .mailbox = 1u << 20));
	ok(maiko_add(sup, source, "source", .init = &(source){.ends = {ends[0], ends[1]}}));
	ok(maiko_start(sup));
	assert_int_equal(write(ends[1], "x", 1), 1);
	test_wait_for(&reads, 1); /* until the stop it is read */
	test_wait_for(&entered, 1);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, total.deliveries); /* each event, to the last word */
	assert_int_equal(total.handled, 2 * atomic_load(&sent) + 1);
	assert_true(atomic_load(&refused) >= FIRES);
	assert_int_equal(atomic_load(&reads_stopping), 0);
	assert_int_equal(atomic_load(&jobs), atomic_load(&sent));
	close(ends[1]);
	uv_sem_destroy(&gate);
}
