/*
 * first.c - the program of getting-started.md: three actors and two topics.
 *
 *   thermometer --reading--> guard --alarm--> bell
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

/* ---- the events between the actors ---- */

typedef struct reading {
	double celsius;
} reading;

typedef struct alarm {
	double celsius;
	char text[32];
} alarm;

MAIKO_TOPIC(readings);
MAIKO_TOPIC(alarms);
MAIKO_EVENT(reading, readings, celsius);
MAIKO_EVENT(alarm, alarms, celsius, text);

/* ---- thermometer: sends a reading every 10 ms ---- */

typedef struct thermometer {
	unsigned sent;
} thermometer;

static maiko_next thermometer_tick(thermometer *self, maiko_ctx *ctx)
{
	static const double celsius[] = {19.5, 21, 25.5, 22, 26};
	if (self->sent == sizeof(celsius) / sizeof(celsius[0])) {
		int rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	int rc = maiko_send(ctx, reading, .celsius = celsius[self->sent]);
	if (rc < 0) return maiko_failed(rc);
	self->sent++;
	return maiko_after_ms(10);
}

MAIKO_ACTOR(thermometer, MAIKO_TICK(thermometer_tick));

/* ---- guard: raises an alarm when a reading is too high ---- */

typedef struct guard {
	double limit;
	unsigned checked;
} guard;

static int guard_on_reading(guard *self, const reading *ev, maiko_ctx *ctx)
{
	self->checked++;
	if (ev->celsius <= self->limit) return 0;
	return maiko_send(ctx, alarm, .celsius = ev->celsius, .text = "too warm");
}

static int guard_on_stop(guard *self, maiko_ctx *ctx)
{
	printf("%s: %u readings checked\n", maiko_name(ctx), self->checked);
	return 0;
}

MAIKO_ACTOR(guard, MAIKO_ON(reading, guard_on_reading), MAIKO_ON_STOP(guard_on_stop));

/* ---- bell: prints alarms ---- */

typedef struct bell {
	unsigned rung;
} bell;

static int bell_on_alarm(bell *self, const alarm *ev, maiko_ctx *ctx)
{
	self->rung++;
	printf("alarm %u from the %s: %.1f degrees, %s\n", self->rung, maiko_sender(ctx), ev->celsius, ev->text);
	return 0;
}

MAIKO_ACTOR(bell, MAIKO_ON(alarm, bell_on_alarm));

/* ---- the program ---- */

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, thermometer, "thermometer");
	if (rc == 0) rc = maiko_add(sup, guard, "guard", .init = &(guard){.limit = 25});
	if (rc == 0) rc = maiko_add(sup, bell, "bell");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup); /* until the thermometer stops all */
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "first: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * alarm 1 from the guard: 25.5 degrees, too warm
 * alarm 2 from the guard: 26.0 degrees, too warm
 * guard: 5 readings checked
 */
