/*
 * patterns.c - operations among n patterns and as many topics, each of which one pattern matches.
 */
#include "growth.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct reading {
	uint32_t topic;
} reading;
static const maiko_topic **topics;
static const maiko_topic *reading_topic(const reading *r) { return topics[r->topic]; }
MAIKO_EVENT_ROUTED(reading, reading_topic, topic);

static uint64_t read_readings, changed;
static maiko_actor_id listener;
static char (*patterns)[32];
static uint32_t topic_count;

typedef struct watcher {
	uint32_t read;
} watcher;
static int watcher_on_reading(watcher *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->read++;
	read_readings++;
	return 0;
}
MAIKO_ACTOR(watcher, MAIKO_ON(reading, watcher_on_reading));

static void on_changed(void *arg, const maiko_completion *completion)
{
	(void)arg;
	changed += completion->status == 0;
}

static int make_topic(uint32_t device, const char *what)
{
	char name[64];
	(void)snprintf(name, sizeof name, "device.%u.%s", (unsigned)device, what);
	return maiko_topic_named(growth_sup, name, &topics[topic_count++]);
}

/* n topics, and n patterns, to which one actor subscribes; with room for as many topics. */
static int make_patterns(uint32_t n)
{
	int rc = growth_open();
	maiko_topic *descs = calloc(n, sizeof *descs);
	maiko_subscription *all = calloc((size_t)n + 1, sizeof *all);
	topics = calloc(2 * (size_t)n, sizeof *topics);
	patterns = calloc(n, sizeof *patterns);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		(void)snprintf(patterns[i], sizeof patterns[i], "device.%u.*", (unsigned)i);
		descs[i] = (maiko_topic){.name = patterns[i], .format = MAIKO_FORMAT};
		all[i].topic = &descs[i];
		rc = make_topic(i, "temp");
	}
	if (rc == 0)
		rc = maiko_add(growth_sup, watcher, "watcher", .topics = all, .ret_id = &listener,
			       .mailbox = MAIKO_MAILBOX_MAX);
	free(all);
	free(descs);
	return rc != 0 ? rc : growth_start();
}

/* ---- an event --------------------------------------------------------------------------------------- */

static int read_each(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, reading, .topic = i);
	return rc;
}

/* Each topic has had events before. */
static int prepare_publish(uint32_t n)
{
	int rc = make_patterns(n);
	for (int round = 1; rc == 0 && round <= 2; round++) {
		rc = growth_in_actor(read_each, n);
		growth_until(&read_readings, (uint64_t)round * n);
	}
	return rc;
}

static int run_publish(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(read_each, n);
	growth_until(&read_readings, 3 * (uint64_t)n);
	*ret_done = n;
	return rc;
}

/* ---- a new topic, and its first event ------------------------------------------------------------------ */

static int read_new(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++) {
		rc = make_topic(i, "battery");
		if (rc == 0)
			rc = maiko_send(ctx, reading, .topic = topic_count - 1);
	}
	return rc;
}

static int run_new_topic(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(read_new, n);
	growth_until(&read_readings, growth_some(n));
	*ret_done = growth_some(n);
	return rc;
}

/* ---- a new pattern ---------------------------------------------------------------------------------------- */

static int run_new_pattern(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	char text[32];
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		(void)snprintf(text, sizeof text, "*.%u.temp", (unsigned)i);
		const maiko_subscription *list = MAIKO_TOPICS_LIKE(text);
		rc = maiko_subscribe_all(growth_sup, listener, list, .done = on_changed);
		growth_until(&changed, 2 * i + 1);
		if (rc == 0)
			rc = maiko_unsubscribe_all(growth_sup, listener, list, .done = on_changed);
		growth_until(&changed, 2 * i + 2);
	}
	return rc;
}

const growth_operation growth_patterns[] = {{"publish-like", prepare_publish, run_publish, 0},
					    {"new-topic", make_patterns, run_new_topic, 0},
					    {"new-pattern", make_patterns, run_new_pattern, 0},
					    {.name = NULL}};
