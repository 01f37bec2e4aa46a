/*
 * test_replay.c - what was recorded of a real run, on real threads, is replayed without a
 * divergence; and a change of an actor is found, by the first event that differs.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(readings, .overflow = MAIKO_BLOCK);
MAIKO_TOPIC(sums);
MAIKO_TOPIC(notes, .overflow = MAIKO_DROP_OLDEST);

typedef struct reading {
	uint64_t n;
	double value;
	char unit[8];
} reading;
MAIKO_EVENT(reading, readings, n, value, unit);

typedef struct sum {
	uint64_t n;
	double total;
} sum;
MAIKO_EVENT(sum, sums, n, total);

typedef struct note {
	uint32_t number;
} note;
MAIKO_EVENT(note, notes, number);

enum { READINGS = 300, NOTES = 200, STAGES = 3 };

static _Atomic(uint64_t) summed;
static bool changed; /* the deliberate change */
static int closed;   /* sensors that have stopped */

/* ---- a source: its events depend on external input ---- */

typedef struct sensor {
	uint64_t sent;
} sensor;

static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 7 && self->sent < READINGS; i++) {
		int rc = maiko_send(ctx, reading, .n = self->sent, .value = (double)(uv_hrtime() % 1000), .unit = "mV");
		if (rc != 0)
			return maiko_failed(rc);
		self->sent++;
	}
	return self->sent < READINGS ? maiko_when_any(maiko_after_ms(1), maiko_after_events()) : maiko_never();
}

/* Releases its resource; not called in a replay, where it has none. */
static int sensor_stop(sensor *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	closed++;
	return 0;
}
MAIKO_ACTOR(sensor, MAIKO_TICK(sensor_tick), MAIKO_ON_STOP(sensor_stop));

/* ---- actors that do the same when the same happens to them ---- */

typedef struct adder {
	double total;
	uint64_t count;
	uint32_t ticks;
} adder;

static int adder_on_reading(adder *self, const reading *ev, maiko_ctx *ctx)
{
	self->total += ev->value;
	self->count++;
	if (changed && ev->n == READINGS / 2)
		self->total += 1;
	return maiko_send(ctx, sum, .n = ev->n, .total = self->total);
}

static maiko_next adder_tick(adder *self, maiko_ctx *ctx)
{
	self->ticks++;
	self->total += maiko_woken_by(ctx) == MAIKO_WOKEN_TIME; /* its sums depend on what has come */
	return maiko_when_any(maiko_after_events(), maiko_after_ms(1));
}
MAIKO_ACTOR(adder, MAIKO_ON(reading, adder_on_reading), MAIKO_TICK(adder_tick));

typedef struct sink {
	uint64_t sums, notes;
	bool late;
} sink;

static int sink_on_sum(sink *self, const sum *ev, maiko_ctx *ctx)
{
	(void)ev;
	if (++self->sums % 10 == 0) {
		int rc = maiko_send_after_ms(ctx, 2, NULL, note, .number = (uint32_t)self->sums);
		if (rc != 0)
			return rc;
	}
	atomic_fetch_add(&summed, 1);
	return 0;
}

static int sink_on_note(sink *self, const note *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->notes += ev->number;
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(sum, sink_on_sum), MAIKO_ON(note, sink_on_note));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, sink, "sink", .mailbox = 16);
	for (int i = 0; rc == 0 && i < STAGES; i++) {
		char name[16];
		snprintf(name, sizeof name, "adder%d", i);
		rc = maiko_add(sup, adder, name, .mailbox = 8, .max_events_per_tick = 4);
	}
	if (rc == 0)
		rc = maiko_add(sup, sensor, "sensor", .topics = MAIKO_NO_TOPICS);
	return rc;
}

/* ---- recording ---- */

static void send_notes(void *arg)
{
	for (uint32_t i = 0; i < NOTES; i++)
		assert_int_equal(maiko_send((maiko_supervisor *)arg, note, .number = i), 0);
}

static void record(uint32_t workers, const char *path, bool stop)
{
	uv_thread_t threads[2];
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&summed, 0);
	unlink(path);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_actors(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(uv_thread_create(&threads[i], send_notes, sup), 0);
	maiko_actor_id id; /* while it records, all stay where they are */
	assert_int_equal(maiko_find(sup, "sink", &id), 0);
	assert_int_equal(maiko_move(sup, id, 1), MAIKO_EBUSY);
	test_wait_for(&summed, (uint64_t)READINGS * STAGES);
	for (int i = 0; i < 2; i++)
		uv_thread_join(&threads[i]);
	if (stop)
		assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	test_finish(sup);
}

static const char *temporary(void)
{
	static char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-%ld", (long)getpid());
	return path;
}

static int replay(maiko_replay_result *ret_result)
{
	static const char *const sources[] = {"sensor", NULL};
	return maiko_replay(&(maiko_replay_options){.path = temporary(), .setup = add_actors, .sources = sources},
			    ret_result);
}

TEST_WORKERS(a_run_is_replayed_without_a_divergence)
{
	maiko_replay_result result;
	changed = false;
	for (int i = 0; i < 5; i++) {
		int before = closed;
		record(workers, temporary(), i % 2 == 0);
		int rc = replay(&result);
		assert_int_equal(closed, before + 1);
		if (rc != 0)
			fail_msg("%s: %s", maiko_strerror(rc), result.text);
		assert_true(result.complete);
		assert_true(result.events >= (uint64_t)READINGS * STAGES * 2);
	}
	unlink(temporary());
}

TEST_WORKERS(a_change_of_an_actor_is_named)
{
	maiko_replay_result result;
	changed = false;
	record(workers, temporary(), true);
	changed = true;
	assert_int_equal(replay(&result), MAIKO_EBROKEN);
	assert_non_null(strstr(result.text, "dispatched, event sum #"));
	assert_non_null(strstr(result.text, "its content differs"));
	assert_non_null(strstr(result.text, "\"n\":150"));
	changed = false;
	unlink(temporary());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_replayed_without_a_divergence),
		cmocka_unit_test(a_change_of_an_actor_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
