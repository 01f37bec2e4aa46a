/*
 * thermostats.c - a fleet of thermostats: which events are sent, delivered and handled at all.
 *
 * A thermostat that is broken sends what no room can be: the topic's .check refuses it at the send, so that no receiver
 * has to check for itself. The siren wants hot rooms alone, the heater those that are below their own wish: filters
 * turn the others away before they take room in a mailbox. And a valve that was stuck must not do what it was told long
 * ago: orders have a time to live.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct reading { unsigned room; double celsius, wished; } reading;

/* ---- what may be sent ---- */

static const char *check_reading(const maiko_any *event);
MAIKO_TOPIC(readings, .check = check_reading);
MAIKO_EVENT(reading, readings, room, celsius, wished);

static const char *check_reading(const maiko_any *event)
{
	const reading *r = maiko_as(event, reading);
	if (r != NULL && (r->celsius < -50 || r->celsius > 100)) return "no room is so cold or so hot";
	return NULL;
}

MAIKO_TOPIC(orders, .ttl_ms = 20);
typedef struct order { unsigned percent; } order;
MAIKO_EVENT(order, orders, percent);

/* ---- who receives it ---- */

typedef struct journal { double sum; } journal;

static int journal_on_reading(journal *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->celsius;
	printf("journal: room %u has %.1f\n", ev->room, ev->celsius);
	return 0;
}

MAIKO_ACTOR(journal, MAIKO_ON(reading, journal_on_reading));

typedef struct siren { unsigned alarms; } siren;

static int siren_on_reading(siren *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->alarms++;
	printf("siren: room %u is on fire\n", ev->room);
	return 0;
}

MAIKO_ACTOR(siren, MAIKO_ON(reading, siren_on_reading));

typedef struct heater { unsigned heated; } heater;

static int heater_on_reading(heater *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->heated++;
	printf("heater: room %u is heated\n", ev->room);
	return 0;
}

MAIKO_ACTOR(heater, MAIKO_ON(reading, heater_on_reading));

/* A valve that is stuck for a moment, and is told to open meanwhile. */
typedef struct valve { bool waited; } valve;

static int valve_on_start(valve *self, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_send(ctx, order, .percent = 100);
	return rc == 0 ? maiko_hold(ctx) : rc;
}

static maiko_next valve_tick(valve *self, maiko_ctx *ctx)
{
	if (!self->waited) {
		self->waited = true;
		return maiko_after_ms(50);
	}
	int rc = maiko_unhold(ctx);
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}

static int valve_on_order(valve *self, const order *ev, maiko_ctx *ctx)
{
	(void)self, (void)ctx;
	printf("valve: open %u %%\n", ev->percent);
	return 0;
}

MAIKO_ACTOR(valve, MAIKO_ON_START(valve_on_start), MAIKO_TICK(valve_tick), MAIKO_ON(order, valve_on_order));

static bool is_too_cold(const reading *ev) { return ev->celsius < ev->wished; }
MAIKO_FILTER(reading, is_too_cold);

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	const maiko_filter *hot = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(celsius, 80.0));
	const maiko_filter *cold = MAIKO_FILTER_REF(is_too_cold);
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, journal, "journal");
	if (rc == 0) rc = maiko_add(sup, siren, "siren", .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = hot)));
	if (rc == 0) rc = maiko_add(sup, heater, "heater", .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = cold)));
	if (rc == 0) rc = maiko_add(sup, valve, "valve", .echo = true, .drains = true);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, reading, .room = 1, .celsius = 21.5, .wished = 20);
	if (rc == 0) rc = maiko_send(sup, reading, .room = 2, .celsius = 17, .wished = 19);
	if (rc == 0) rc = maiko_send(sup, reading, .room = 3, .celsius = 85, .wished = 19);
	if (rc == 0 && maiko_send(sup, reading, .room = 2, .celsius = 850) == MAIKO_EINVAL)
		printf("%s\n", maiko_last_error());
	if (rc == 0) rc = maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger});
	if (rc == 0) printf("filtered: %llu, expired: %llu\n", (unsigned long long)ledger->total.filtered,
			    (unsigned long long)ledger->total.expired);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "thermostats: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * topic 'readings' refuses the event 'reading': no room is so cold or so hot
 * journal: room 1 has 21.5
 * journal: room 2 has 17.0
 * heater: room 2 is heated
 * journal: room 3 has 85.0
 * siren: room 3 is on fire
 * filtered: 4, expired: 1
 */
