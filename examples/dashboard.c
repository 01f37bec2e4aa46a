/*
 * dashboard.c - who comes late gets what was said before: the topic's .retain.
 *
 * A thermometer tells the temperature of three rooms when it changes. A dashboard that is added later shows all rooms at
 * once, as they are now: the topic retains the latest event of each room. Then it follows the changes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

typedef struct temperature {
	char room[8];
	int celsius;
} temperature;

static uint64_t temperature_room(const maiko_any *any);

MAIKO_TOPIC(climate, .overflow = MAIKO_KEEP_LATEST, .key = temperature_room, .retain = 100);
MAIKO_TOPIC(doors);
MAIKO_EVENT(temperature, climate, room, celsius);
MAIKO_SIGNAL(opened, doors);

static uint64_t temperature_room(const maiko_any *any)
{
	uint64_t key = 0;
	const temperature *t = maiko_as(any, temperature);
	if (t != NULL) memcpy(&key, t->room, sizeof(key));
	return key;
}

/* ---- measures, whether anyone looks or not ---- */

typedef struct thermometer { int told; } thermometer;

static int thermometer_on_start(thermometer *self, maiko_ctx *ctx)
{
	static const temperature morning[] = {{"kitchen", 17}, {"attic", 14}, {"kitchen", 19}, {"cellar", 11}};
	int rc = 0;
	while (rc == 0 && self->told < 4)
		rc = maiko_send_copy(ctx, temperature, &morning[self->told++]);
	return rc;
}

static int thermometer_on_opened(thermometer *self, const opened *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return maiko_send(ctx, temperature, .room = "kitchen", .celsius = 18);
}

MAIKO_ACTOR(thermometer, MAIKO_ON_START(thermometer_on_start), MAIKO_ON(opened, thermometer_on_opened));

/* ---- comes late ---- */

typedef struct dashboard { int shown; } dashboard;

static int dashboard_on_temperature(dashboard *self, const temperature *ev, maiko_ctx *ctx)
{
	printf("%s %d%s\n", ev->room, ev->celsius, maiko_meta(ctx)->retained ? "" : ", now");
	self->shown++;
	if (self->shown == 3) return maiko_send(ctx, opened); /* a door: it gets cooler */
	return self->shown == 4 ? maiko_stop_all(ctx) : 0;
}

MAIKO_ACTOR(dashboard, MAIKO_ON(temperature, dashboard_on_temperature));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, thermometer, "thermometer");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_add(sup, dashboard, "dashboard");
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "dashboard: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * attic 14
 * kitchen 19
 * cellar 11
 * kitchen 18, now
 */
