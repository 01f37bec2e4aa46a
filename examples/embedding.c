/*
 * embedding.c - actors on the loop of a libuv program: maiko_options.loop.
 *
 * The program has its own loop, with a timer and idle work. The actors run on that
 * loop and its thread; maiko starts no thread. No call may wait on that thread: a send
 * that would have to wait returns MAIKO_EAGAIN, the program stops the actors with
 * maiko_stop_begin, and uv_run returns when the last handle is closed.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <maiko/maiko.h>
#include <stdio.h>
#include <uv.h>

enum { BEATS = 3, SLICES = 1000 };

/* ---- the actors ---- */

typedef struct beat { unsigned n; } beat;

MAIKO_TOPIC(pulse);
MAIKO_EVENT(beat, pulse, n);

typedef struct monitor { unsigned heard; } monitor;

static int monitor_on_beat(monitor *self, const beat *ev, maiko_ctx *ctx)
{
	self->heard++;
	printf("%s: beat %u from %s\n", maiko_name(ctx), ev->n, maiko_sender(ctx));
	return 0;
}

MAIKO_ACTOR(monitor, MAIKO_ON(beat, monitor_on_beat));

/* ---- the program that was there before ---- */

typedef struct program {
	uv_timer_t timer;
	uv_idle_t idle;
	unsigned beats, slices;
	maiko_supervisor *sup;
	int rc; /* the first error */
} program;

static void program_stopped(void *arg, int status)
{
	program *self = arg;
	if (self->rc == 0) self->rc = status;
}

static void program_on_timer(uv_timer_t *timer)
{
	program *self = timer->data;
	self->rc = maiko_send(self->sup, beat, .n = ++self->beats);
	if (self->rc == 0 && self->beats < BEATS) return;
	uv_close((uv_handle_t *)timer, NULL);
	int rc = maiko_stop_begin(self->sup, NULL, program_stopped, self);
	if (self->rc == 0) self->rc = rc;
}

static void program_on_idle(uv_idle_t *idle)
{
	program *self = idle->data;
	if (++self->slices == SLICES) uv_close((uv_handle_t *)idle, NULL);
}

/* None of these four can fail. */
static void program_start(program *self, uv_loop_t *loop)
{
	uv_timer_init(loop, &self->timer);
	uv_idle_init(loop, &self->idle);
	self->timer.data = self->idle.data = self;
	uv_timer_start(&self->timer, program_on_timer, 2, 2);
	uv_idle_start(&self->idle, program_on_idle);
}

int main(void)
{
	uv_loop_t loop;
	int rc = uv_loop_init(&loop);
	if (rc != 0) return 1;

	program p = {.beats = 0};
	rc = maiko_supervisor_new(&p.sup, &(maiko_options){.loop = &loop});
	if (rc == 0) rc = maiko_add(p.sup, monitor, "monitor");
	if (rc == 0) rc = maiko_start(p.sup); /* does not run the loop */
	if (rc == 0) {
		program_start(&p, &loop);
		uv_run(&loop, UV_RUN_DEFAULT);
		rc = p.rc;
		printf("program: %u beats, %u slices of idle work\n", p.beats, p.slices);
	}
	maiko_supervisor_free(p.sup);
	if (rc == 0) rc = uv_loop_close(&loop); /* 0: the actors left nothing behind */
	if (rc != 0) fprintf(stderr, "embedding: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * monitor: beat 1 from outside
 * monitor: beat 2 from outside
 * monitor: beat 3 from outside
 * program: 3 beats, 1000 slices of idle work
 */
