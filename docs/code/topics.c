/*
 * topics.c - subscriptions: topics of handled events, topics by content, all topics.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

/* ---- three topics, three events ---- */

typedef struct door_opened {
	unsigned door;
} door_opened;

typedef struct measured {
	char room[16];
	double celsius;
} measured;

MAIKO_TOPIC(doors);
MAIKO_TOPIC(warm_rooms);
MAIKO_TOPIC(cold_rooms);

MAIKO_EVENT(door_opened, doors, door);

/* The content decides: called for each event, on the sender's thread. */
static const maiko_topic *measured_topic(const measured *ev)
{
	return ev->celsius < 18 ? MAIKO_TOPIC_REF(cold_rooms) : MAIKO_TOPIC_REF(warm_rooms);
}

MAIKO_EVENT_ROUTED(measured, measured_topic, room, celsius);

/* ---- subscribes to what it handles: doors ---- */

typedef struct doorman {
	unsigned opened;
} doorman;

static int doorman_on_door_opened(doorman *self, const door_opened *ev, maiko_ctx *ctx)
{
	self->opened++;
	printf("%s: door %u\n", maiko_name(ctx), ev->door);
	return 0;
}

MAIKO_ACTOR(doorman, MAIKO_ON(door_opened, doorman_on_door_opened));

/* ---- needs .topics, because its event is routed by content ---- */

typedef struct heater {
	unsigned lit;
} heater;

static int heater_on_measured(heater *self, const measured *ev, maiko_ctx *ctx)
{
	self->lit++;
	printf("%s: lit in the %s\n", maiko_name(ctx), ev->room);
	return 0;
}

MAIKO_ACTOR(heater, MAIKO_ON(measured, heater_on_measured));

/* ---- receives everything ---- */

typedef struct journal {
	unsigned lines;
} journal;

static int journal_on_any(journal *self, const maiko_any *any, maiko_ctx *ctx)
{
	char text[128];
	int rc = maiko_layout_print(any->type->layout, any->data, text, sizeof(text));
	if (rc < 0) return rc;
	self->lines++;
	printf("%s: %s %s\n", maiko_name(ctx), any->type->layout->name, text);
	return 0;
}

MAIKO_ACTOR(journal, MAIKO_ON_ANY(journal_on_any));

/* ---- the program ---- */

static int run(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, doorman, "doorman");
	if (rc == 0) rc = maiko_add(sup, heater, "heater", .topics = MAIKO_TOPICS(cold_rooms));
	if (rc == 0) rc = maiko_add(sup, journal, "journal", .topics = MAIKO_ALL_TOPICS);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_send(sup, door_opened, .door = 2);
	if (rc == 0) rc = maiko_send(sup, measured, .room = "attic", .celsius = 12);
	if (rc == 0) rc = maiko_send(sup, measured, .room = "kitchen", .celsius = 21);
	if (rc == 0) rc = maiko_stop(sup, NULL);
	return rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = run(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "topics: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output, in any order:
 * doorman: door 2
 * heater: lit in the attic
 * journal: door_opened {"door":2}
 * journal: measured {"room":"attic","celsius":12}
 * journal: measured {"room":"kitchen","celsius":21}
 */
