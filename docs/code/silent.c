/*
 * silent.c - a sensor that falls silent is noticed: .expect_every_ms and maiko_silent.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct reading {
	double value;
} reading;

MAIKO_TOPIC(readings, .expect_every_ms = 20);
MAIKO_EVENT(reading, readings, value);

MAIKO_TOPIC(repairs);
MAIKO_SIGNAL(repair, repairs);

/* Sends one reading, and then none until it is repaired. */
typedef struct sensor {
	unsigned sent;
} sensor;

static int sensor_on_start(sensor *self, maiko_ctx *ctx)
{
	self->sent++;
	return maiko_send(ctx, reading, .value = 20.5);
}

static int sensor_on_repair(sensor *self, const repair *ev, maiko_ctx *ctx)
{
	(void)ev;
	return sensor_on_start(self, ctx);
}

MAIKO_ACTOR(sensor, MAIKO_ON_START(sensor_on_start), MAIKO_ON(repair, sensor_on_repair));

typedef struct caretaker {
	unsigned told;
} caretaker;

static int caretaker_on_silent(caretaker *self, const maiko_silent *ev, maiko_ctx *ctx)
{
	self->told++;
	printf("%s: %s\n", ev->topic, ev->again ? "something comes again" : "nothing comes any more");
	return ev->again ? maiko_stop_all(ctx) : maiko_send(ctx, repair);
}

MAIKO_ACTOR(caretaker, MAIKO_ON(maiko_silent, caretaker_on_silent));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, sensor, "sensor");
	if (rc == 0) rc = maiko_add(sup, caretaker, "caretaker", .topics = MAIKO_TOPICS(maiko_silent_topic));
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "silent: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * readings: nothing comes any more
 * readings: something comes again
 */
