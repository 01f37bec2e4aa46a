/*
 * test_replay_failure.c - a run that a failure has ended is replayed: the failure comes again, and
 * the stop that follows from it.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

typedef struct reading {
	uint32_t n;
} reading;
typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(readings);
MAIKO_TOPIC(notes);
MAIKO_EVENT(reading, readings, n);
MAIKO_EVENT(note, notes, n);

enum { BREAKS_AT = 100 };

/* ---- a source, which is not run again ---- */

typedef struct sensor {
	uint32_t sent;
} sensor;
static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, reading, .n = ++self->sent);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(0);
}
MAIKO_ACTOR(sensor, MAIKO_TICK(sensor_tick));

/* ---- fails at some reading, and sends in on_stop ---- */

typedef struct fuse {
	uint32_t words;
} fuse;
static int fuse_on_reading(fuse *self, const reading *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return ev->n == BREAKS_AT ? UV_EIO : 0;
}
static int fuse_on_stop(fuse *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, note, .n = 7);
}
MAIKO_ACTOR(fuse, MAIKO_ON(reading, fuse_on_reading), MAIKO_ON_STOP(fuse_on_stop));

/* ---- goes on, until all is stopped ---- */

typedef struct listener {
	uint32_t heard;
} listener;
static int listener_on_reading(listener *self, const reading *ev, maiko_ctx *ctx)
{
	self->heard++;
	return maiko_send(ctx, note, .n = ev->n);
}
static int listener_on_note(listener *self, const note *ev, maiko_ctx *ctx)
{
	(void)ctx;
	(void)ev;
	self->heard++;
	return 0;
}
typedef listener hearer;
MAIKO_ACTOR(listener, MAIKO_ON(reading, listener_on_reading));
MAIKO_ACTOR(hearer, MAIKO_ON(note, listener_on_note));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, hearer, "hearer");
	if (rc == 0)
		rc = maiko_add(sup, listener, "listener");
	if (rc == 0)
		rc = maiko_add(sup, fuse, "fuse");
	return rc != 0 ? rc : maiko_add(sup, sensor, "sensor");
}

/* ---- recording and replaying ---- */

static int ends; /* calls of the recorded program's on_end, with its error */

static void note_end(void *arg, int status) { *(int *)arg += status == UV_EIO; }

static void send_notes(void *arg)
{
	int rc = 0;
	for (uint32_t n = 0; rc == 0; n++)
		rc = maiko_send((maiko_supervisor *)arg, note, .n = n);
	assert_int_equal(rc, MAIKO_ESHUTDOWN);
}

static void record(uint32_t workers, const char *path, bool from_outside)
{
	uv_thread_t thread;
	maiko_recorder *recorder;
	maiko_supervisor *sup = NULL;
	maiko_options options = {.workers = workers, .on_end = note_end, .on_end_arg = &ends};
	assert_int_equal(maiko_supervisor_new(&sup, &options), 0);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_actors(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	if (from_outside)
		assert_int_equal(uv_thread_create(&thread, send_notes, sup), 0);
	assert_int_equal(maiko_join(sup), UV_EIO);
	if (from_outside)
		uv_thread_join(&thread);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	test_finish_with(sup, UV_EIO);
}

static void replay_a_failure(uint32_t workers, bool from_outside)
{
	static const char *const sources[] = {"sensor", NULL};
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-failure-%ld", (long)getpid());
	for (int i = 0; i < 5; i++) {
		maiko_replay_result result;
		ends = 0;
		record(workers, path, from_outside);
		int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources},
				      &result);
		unlink(path);
		if (rc != 0)
			fail_msg("%s: %s", maiko_strerror(rc), result.text);
		assert_int_equal(ends, 1); /* and not by the replay */
		assert_true(result.complete);
		assert_true(result.events >= BREAKS_AT);
	}
}

TEST_WORKERS(a_failure_and_the_stop_that_follows_are_replayed) { replay_a_failure(workers, false); }
TEST_WORKERS(so_they_are_beside_a_thread_that_goes_on_sending) { replay_a_failure(workers, true); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_and_the_stop_that_follows_are_replayed),
		cmocka_unit_test(so_they_are_beside_a_thread_that_goes_on_sending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
