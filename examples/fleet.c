/*
 * fleet.c - a fleet of devices: patterns, topics that the sends name.
 *
 * Each device sends on topics of its own, device.<number>.<what>, which nobody has listed anywhere. The dashboard takes
 * the temperatures of all devices, the mechanic all that is said of device 2, and the siren every alarm; a list of them
 * is nowhere, so a device that is added later needs no other change.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct reading { unsigned device; int value; } reading;
typedef struct alarm_raised { unsigned device; } alarm_raised;
typedef struct report { unsigned round; } report;

MAIKO_TOPIC(reports);
MAIKO_EVENT_NAMED(reading, device, value);
MAIKO_EVENT_NAMED(alarm_raised, device);
MAIKO_EVENT(report, reports, round);

static bool is_high(const reading *ev) { return ev->value > 70; }
MAIKO_FILTER(reading, is_high);

/* ---- a device ---- */

typedef struct device { unsigned number; } device;

static int device_on_report(device *self, const report *ev, maiko_ctx *ctx)
{
	char temp[MAIKO_NAME_MAX + 1], battery[MAIKO_NAME_MAX + 1];
	int degrees = 20 + (int)(self->number * ev->round * 10);
	snprintf(temp, sizeof temp, "device.%u.temp", self->number);
	snprintf(battery, sizeof battery, "device.%u.battery", self->number);
	int rc = maiko_send_on(ctx, temp, reading, .device = self->number, .value = degrees);
	if (rc == 0) rc = maiko_send_on(ctx, battery, reading, .device = self->number, .value = 90);
	if (rc == 0 && degrees > 70) rc = maiko_send_on(ctx, "alarm.hot", alarm_raised, .device = self->number);
	return rc;
}

MAIKO_ACTOR(device, MAIKO_ON(report, device_on_report));

/* ---- who listens ---- */

typedef struct dashboard { unsigned readings; int highest; } dashboard;

static int dashboard_on_reading(dashboard *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->readings++;
	if (ev->value > self->highest) self->highest = ev->value;
	return 0;
}

static int dashboard_stop(dashboard *self, maiko_ctx *ctx)
{
	(void)ctx;
	printf("dashboard: %u temperatures, the highest %d\n", self->readings, self->highest);
	return 0;
}

MAIKO_ACTOR(dashboard, MAIKO_ON(reading, dashboard_on_reading), MAIKO_ON_STOP(dashboard_stop));

typedef struct mechanic { unsigned readings; } mechanic;

static int mechanic_on_reading(mechanic *self, const reading *ev, maiko_ctx *ctx)
{
	self->readings++;
	printf("mechanic: %s is %d\n", maiko_meta(ctx)->topic->name, ev->value);
	return 0;
}

MAIKO_ACTOR(mechanic, MAIKO_ON(reading, mechanic_on_reading));

typedef struct siren { unsigned alarms; } siren;

static int siren_on_alarm(siren *self, const alarm_raised *ev, maiko_ctx *ctx)
{
	self->alarms++;
	printf("siren: %s, device %u\n", maiko_meta(ctx)->topic->name, ev->device);
	return 0;
}

MAIKO_ACTOR(siren, MAIKO_ON(alarm_raised, siren_on_alarm));

typedef struct safety { unsigned unused; } safety;

static int safety_on_reading(safety *self, const reading *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	printf("safety: device %u has %d degrees\n", ev->device, ev->value);
	return 0;
}

static int safety_on_report(safety *self, const report *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	printf("safety: round %u\n", ev->round);
	return 0;
}

MAIKO_ACTOR(safety, MAIKO_ON(reading, safety_on_reading), MAIKO_ON(report, safety_on_report));

/* A topic, and a pattern with a filter. */
static int add_safety(maiko_supervisor *sup)
{
	return maiko_add(sup, safety, "safety",
		.topics = MAIKO_TOPICS(reports, MAIKO_LIKE("device.*.temp", .where = MAIKO_FILTER_REF(is_high))));
}

static int run(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, dashboard, "dashboard", .topics = MAIKO_TOPICS_LIKE("device.*.temp"));
	if (rc == 0) rc = maiko_add(sup, mechanic, "mechanic", .topics = MAIKO_TOPICS_LIKE("device.2.>"));
	if (rc == 0) rc = maiko_add(sup, siren, "siren", .topics = MAIKO_TOPICS_LIKE("alarm.>"));
	if (rc == 0) rc = add_safety(sup);
	if (rc == 0) rc = maiko_add(sup, device, "device 1", .init = &(device){.number = 1});
	if (rc == 0) rc = maiko_add(sup, device, "device 2", .init = &(device){.number = 2});
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, report, .round = 1);
	if (rc == 0) rc = maiko_add(sup, device, "device 3", .init = &(device){.number = 3});
	if (rc == 0) rc = maiko_send(sup, report, .round = 2);
	return rc == 0 ? maiko_stop(sup, NULL) : rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = run(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "fleet: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * safety: round 1
 * mechanic: device.2.temp is 40
 * mechanic: device.2.battery is 90
 * safety: round 2
 * mechanic: device.2.temp is 60
 * mechanic: device.2.battery is 90
 * safety: device 3 has 80 degrees
 * siren: alarm.hot, device 3
 * dashboard: 5 temperatures, the highest 80
 */
