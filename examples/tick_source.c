/*
 * tick_source.c - a tick that reads an external source: maiko_when_readable.
 *
 * on_start opens the source, here a pipe that an external thread feeds; the tick runs
 * when there is something to read and turns it into events; on_stop closes it. No
 * thread of the runtime ever waits in read().
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <errno.h>
#include <maiko/maiko.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

typedef struct reading { int celsius; } reading;

MAIKO_TOPIC(telemetry);
MAIKO_EVENT(reading, telemetry, celsius);

/* ---- the other end of the pipe: writes three numbers and closes ---- */

static void thermometer(void *arg)
{
	static const int celsius[] = {19, 20, 22};
	const uv_file *fd = arg;
	if (write(*fd, celsius, sizeof(celsius)) < 0) perror("write");
	close(*fd);
}

/* ---- the source ---- */

typedef struct sensor {
	uv_file pipe[2]; /* to read, to write */
	uv_thread_t thread;
} sensor;

static int sensor_on_start(sensor *self, maiko_ctx *ctx)
{
	(void)ctx;
	int rc = uv_pipe(self->pipe, UV_NONBLOCK_PIPE, 0);
	if (rc < 0) return rc;
	rc = uv_thread_create(&self->thread, thermometer, &self->pipe[1]);
	if (rc < 0) { /* a start that fails cleans up: on_stop will not run */
		close(self->pipe[0]);
		close(self->pipe[1]);
	}
	return rc;
}

static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	reading r;
	ssize_t n = read(self->pipe[0], &r.celsius, sizeof(r.celsius));
	if (n < 0 && errno != EAGAIN) return maiko_failed(uv_translate_sys_error(errno));
	int rc = 0;
	if (n > 0) rc = maiko_send_copy(ctx, reading, &r);
	if (n == 0) rc = maiko_stop_all(ctx); /* the end of the source */
	if (rc < 0) return maiko_failed(rc);
	return n == 0 ? maiko_never() : maiko_when_readable(self->pipe[0]);
}

static int sensor_on_stop(sensor *self, maiko_ctx *ctx)
{
	(void)ctx;
	close(self->pipe[0]);
	return uv_thread_join(&self->thread);
}

MAIKO_ACTOR(sensor, MAIKO_ON_START(sensor_on_start), MAIKO_TICK(sensor_tick), MAIKO_ON_STOP(sensor_on_stop));

/* ---- the sink ---- */

typedef struct display { unsigned shown; } display;

static int display_on_reading(display *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	printf("reading %u: %d degrees\n", ++self->shown, ev->celsius);
	return 0;
}

MAIKO_ACTOR(display, MAIKO_ON(reading, display_on_reading));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, sensor, "sensor");
	if (rc == 0) rc = maiko_add(sup, display, "display");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "tick_source: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * reading 1: 19 degrees
 * reading 2: 20 degrees
 * reading 3: 22 degrees
 */
