/*
 * test_replay_patterns.c - a replay delivers by patterns as the run did: topics are made by several workers while
 * actors subscribe and unsubscribe by patterns, from inside and from outside.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { READINGS = 300, SENSORS = 2, PATTERNS = 4 };

typedef struct reading {
	uint32_t n, device;
} reading;
static const maiko_topic *route_reading(const reading *r, maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	char name[64];
	(void)snprintf(name, sizeof name, "device.%u.%s", r->device, r->n % 3 == 0 ? "battery" : "temp");
	return maiko_topic_named(sup, name, &topic) == 0 ? topic : NULL;
}
MAIKO_EVENT_ROUTED(reading, route_reading, n, device);

static bool is_even(const reading *ev) { return ev->n % 2 == 0; }
MAIKO_FILTER(reading, is_even);

/* What a meter has seen decides what it sends. */
typedef struct sum {
	uint64_t count, of;
} sum;
MAIKO_TOPIC(sums);
MAIKO_EVENT(sum, sums, count, of);

static _Atomic(uint64_t) ended;

/* Sends on a new topic every few readings. */
typedef struct sensor {
	uint32_t number, sent;
} sensor;
static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 5 && self->sent < READINGS; i++, self->sent++)
		if (maiko_send(ctx, reading, .n = self->sent, .device = self->sent / 8 * SENSORS + self->number) != 0)
			return maiko_when_sendable();
	if (self->sent < READINGS)
		return maiko_after_ms(1);
	atomic_fetch_add(&ended, 1);
	return maiko_never();
}
MAIKO_ACTOR(sensor, MAIKO_TICK(sensor_tick));

/* Takes another pattern now and then, and gives it up again. */
typedef struct meter {
	uint64_t count, of;
	uint32_t changes;
} meter;
static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	static const char *const patterns[PATTERNS] = {"device.*.battery", "*.*.temp", "device.>", "*.7.*"};
	const char *pattern = patterns[self->changes / 2 % PATTERNS];
	self->count++;
	self->of += ev->n;
	if (self->count % 16 == 0) {
		const maiko_subscription *list = MAIKO_TOPICS_LIKE(pattern);
		maiko_actor_id self_id = maiko_self(ctx);
		int rc = self->changes++ % 2 == 0 ? maiko_subscribe_all(ctx, self_id, list)
						  : maiko_unsubscribe_all(ctx, self_id, list);
		if (rc != 0)
			return rc;
	}
	return maiko_send(ctx, sum, .count = self->count, .of = self->of);
}
static int meter_on_done(meter *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	(void)completion;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading), MAIKO_ON_DONE(meter_on_done));

typedef struct archive {
	uint64_t count, of;
} archive;
static int archive_on_sum(archive *self, const sum *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->count++;
	self->of += ev->of;
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(sum, archive_on_sum));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, archive, "archive");
	for (uint32_t i = 0; rc == 0 && i < SENSORS; i++)
		rc = maiko_add(sup, sensor, test_name("sensor", i), .init = &(sensor){.number = i});
	if (rc == 0)
		rc = maiko_add(sup, meter, "meter 1",
			       .topics = MAIKO_TOPICS_LIKE("device.1.*", "device.*.temp.>", "*.2.*"));
	if (rc == 0)
		rc = maiko_add(sup, meter, "even",
			       .topics = MAIKO_TOPICS(MAIKO_LIKE("device.*.*", .where = MAIKO_FILTER_REF(is_even))));
	return rc != 0 ? rc : maiko_add(sup, meter, "none", .topics = MAIKO_NO_TOPICS);
}

static void change_from_outside(maiko_supervisor *sup)
{
	maiko_actor_id id;
	ok(maiko_find(sup, "none", &id));
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.3.*", "*.*.battery")));
	ok(maiko_add(sup, meter, "late",
		     .topics = MAIKO_TOPICS(MAIKO_LIKE("device.>", .where = MAIKO_FILTER_REF(is_even)),
					    MAIKO_LIKE("device.4.temp"))));
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("*.*.battery")));
}

TEST_WORKERS(a_replay_delivers_by_patterns_as_the_run_did)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-patterns-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&ended, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	change_from_outside(sup);
	test_wait_for(&ended, SENSORS);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	const maiko_ledger *ledger = test_report(sup);
	assert_true(test_actor_row(ledger, "even")->counts.handled >= READINGS);
	assert_true(test_actor_row(ledger, "archive")->counts.handled > READINGS);
	test_finish(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
}
