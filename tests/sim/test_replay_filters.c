/*
 * test_replay_filters.c - a replay refuses at the send, filters, and lets events expire as the run did, also for the
 * subscriptions that were asked for from outside.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct reading {
	uint32_t n;
	char name[8];
	double value;
} reading;
static const char *check_reading(const maiko_any *event);
MAIKO_TOPIC(readings, .check = check_reading);
MAIKO_EVENT(reading, readings, n, name, value);
static const char *check_reading(const maiko_any *event)
{
	const reading *r = maiko_as(event, reading);
	return r != NULL && r->value > 100 ? "it is too hot" : NULL;
}

/* What the actors that filter have seen: it decides what is sent. */
typedef struct sum {
	uint64_t count, of;
} sum;
MAIKO_TOPIC(sums);
MAIKO_EVENT(sum, sums, count, of);

static bool is_even(const reading *ev) { return ev->n % 2 == 0; }
MAIKO_FILTER(reading, is_even);

enum { READINGS = 400 };
static _Atomic(uint64_t) sums_seen, refused;

typedef struct start {
	uint32_t unused;
} start;
MAIKO_TOPIC(starts);
MAIKO_EVENT(start, starts, unused);

/* Sends half of its readings when it is told to; every fifth is refused. */
typedef struct sensor {
	uint32_t sent, until;
} sensor;
static int sensor_on_start_event(sensor *self, const start *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->until += READINGS / 2;
	return maiko_wake_tick(ctx);
}
static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 20 && self->sent < self->until; i++) {
		uint32_t n = self->sent++;
		int rc = maiko_send(ctx, reading, .n = n, .name = "kitchen", .value = n % 5 == 0 ? 101 : n % 100);
		if (rc == MAIKO_EINVAL)
			atomic_fetch_add(&refused, 1);
		else if (rc != 0)
			return maiko_failed(rc);
	}
	return self->sent < self->until ? maiko_after_ms(1) : maiko_never();
}
MAIKO_ACTOR(sensor, MAIKO_TICK(sensor_tick), MAIKO_ON(start, sensor_on_start_event));

typedef struct meter {
	uint64_t count, of;
} meter;
static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	self->count++;
	self->of += ev->n;
	return maiko_send(ctx, sum, .count = self->count, .of = self->of);
}
MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading));

typedef struct archive {
	uint64_t count;
} archive;
static int archive_on_sum(archive *self, const sum *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->count++;
	atomic_fetch_add(&sums_seen, 1);
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(sum, archive_on_sum));

/* What has expired by the time that it takes events again depends on the run; what is left decides what it sends. */
typedef struct hurry {
	uint64_t n;
} hurry;
MAIKO_TOPIC(hurries, .ttl_ms = 1);
MAIKO_EVENT(hurry, hurries, n);

/* Each send of it says how long it lives; from outside too. */
typedef struct chore {
	uint64_t n;
} chore;
MAIKO_TOPIC(chores);
MAIKO_EVENT(chore, chores, n);

static _Atomic(uint64_t) called;

typedef struct caller {
	uint64_t sent, of;
} caller;
static maiko_next caller_tick(caller *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 5; i++) {
		int rc = maiko_send(ctx, hurry, .n = self->sent);
		if (rc == 0)
			rc = maiko_send_ttl_ms(ctx, 1 + self->sent % 3, chore, .n = self->sent);
		self->sent++;
		if (rc != 0)
			return maiko_failed(rc);
		atomic_fetch_add(&called, 1);
	}
	return self->sent < READINGS ? maiko_after_ms(1) : maiko_never();
}
static int caller_on_sum(caller *self, const sum *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->of += ev->of;
	return 0;
}
MAIKO_ACTOR(caller, MAIKO_TICK(caller_tick), MAIKO_ON(sum, caller_on_sum));

typedef struct dozer {
	uint64_t count, of;
	bool holds;
} dozer;
static maiko_next dozer_tick(dozer *self, maiko_ctx *ctx)
{
	self->holds = !self->holds;
	int rc = self->holds ? maiko_hold(ctx) : maiko_unhold(ctx);
	return rc != 0 ? maiko_failed(rc) : maiko_after_ms(3);
}
static int dozer_on_hurry(dozer *self, const hurry *ev, maiko_ctx *ctx)
{
	self->count++;
	self->of += ev->n;
	return maiko_send(ctx, sum, .count = self->count, .of = self->of);
}
static int dozer_on_chore(dozer *self, const chore *ev, maiko_ctx *ctx)
{
	return dozer_on_hurry(self, &(hurry){.n = ev->n}, ctx);
}
MAIKO_ACTOR(dozer, MAIKO_TICK(dozer_tick), MAIKO_ON(hurry, dozer_on_hurry), MAIKO_ON(chore, dozer_on_chore));

static int add_hurried(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, caller, "caller");
	if (rc == 0)
		rc = maiko_add(sup, dozer, "dozer");
	return rc != 0 ? rc : maiko_add(sup, dozer, "dozer of all", .topics = MAIKO_TOPICS(hurries, chores));
}

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0)
		rc = maiko_add(sup, sensor, "sensor");
	if (rc == 0)
		rc = maiko_add(sup, meter, "none", .topics = MAIKO_NO_TOPICS);
	return rc != 0 ? rc
		       : maiko_add(sup, meter, "even",
				   .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even))));
}

/* Of the second half: by fields, which are recorded, and by a function that an actor of the first half has. */
static void change_from_outside(maiko_supervisor *sup)
{
	maiko_actor_id id;
	const maiko_filter *late = MAIKO_FILTER_OF(reading, MAIKO_FIELD_AT_LEAST(n, 300),
						   MAIKO_FIELD_STARTS(name, "kit"), MAIKO_FIELD_LESS(value, 50.5));
	ok(maiko_find(sup, "none", &id));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = MAIKO_FILTER_REF(is_even)));
	ok(maiko_add(sup, meter, "late", .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = late))));
}

TEST_WORKERS(a_replay_refuses_and_filters_as_the_run_did)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-filters-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&sums_seen, 0);
	atomic_store(&refused, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	ok(maiko_send(sup, start));
	test_wait_for(&sums_seen, 80); /* the even ones of the first half, but for every fifth */
	change_from_outside(sup);
	ok(maiko_send(sup, start));
	test_wait_for(&sums_seen, 80 + 80 + 80 + 40);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(test_topic_row(ledger, "readings")->refused, READINGS / 5);
	assert_int_equal(test_actor_row(ledger, "late")->counts.handled, 40);
	test_finish(sup);
	atomic_store(&refused, 0);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&refused), READINGS / 5);
}

static uint64_t settled(maiko_supervisor *sup, const char *topic)
{
	const maiko_counts *counts = &test_topic_row(test_report(sup), topic)->counts;
	return counts->expired + counts->handled;
}

TEST_WORKERS(events_expire_in_a_replay_where_they_did)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-ttl-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&called, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_hurried(sup, NULL));
	ok(maiko_start(sup));
	for (uint64_t n = 0; n < READINGS; n++)
		ok(maiko_send_ttl_ms(sup, n % 2 == 0 ? 1 : MAIKO_NEXT_MS_MAX, chore, .n = n));
	test_wait_for(&called, READINGS);
	while (settled(sup, "hurries") < 2 * (uint64_t)READINGS || settled(sup, "chores") < 4 * (uint64_t)READINGS)
		sched_yield();
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	const maiko_ledger *ledger = test_report(sup);
	assert_true(test_topic_row(ledger, "hurries")->counts.expired > 0);
	assert_true(test_topic_row(ledger, "chores")->counts.expired > 0);
	assert_int_equal(test_topic_row(ledger, "hurries")->counts.deliveries, 2 * READINGS);
	test_finish(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_hurried}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
}
