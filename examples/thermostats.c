/*
 * thermostats.c - a fleet of thermostats: which events are sent, delivered and handled at all.
 *
 * A thermostat that is broken sends what no room can be: the topic's .check refuses it at the send, so that no receiver
 * has to check for itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

typedef struct reading { unsigned room; double celsius; } reading;

/* ---- what may be sent ---- */

static const char *check_reading(const maiko_any *event);
MAIKO_TOPIC(readings, .check = check_reading);
MAIKO_EVENT(reading, readings, room, celsius);

static const char *check_reading(const maiko_any *event)
{
	const reading *r = maiko_as(event, reading);
	if (r != NULL && (r->celsius < -50 || r->celsius > 100)) return "no room is so cold or so hot";
	return NULL;
}

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

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, journal, "journal");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, reading, .room = 1, .celsius = 21.5);
	if (rc == 0 && maiko_send(sup, reading, .room = 2, .celsius = 850) == MAIKO_EINVAL)
		printf("%s\n", maiko_last_error());
	if (rc == 0) rc = maiko_stop(sup, NULL);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "thermostats: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * topic 'readings' refuses the event 'reading': no room is so cold or so hot
 * journal: room 1 has 21.5
 */
