/*
 * test_replay_silent.c - what was told of a silent topic (maiko_silent) is in the recording; a replay tells the same,
 * and what it causes.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { EVERY_MS = 4, TOLD = 40 };

typedef struct reading {
	uint64_t n;
} reading;
MAIKO_TOPIC(readings, .expect_every_ms = EVERY_MS);
MAIKO_EVENT(reading, readings, n);

static _Atomic(uint64_t) told;

/* Answers a silence with a reading, so that something comes again; other topics on other workers tell too. */
typedef struct operator_ {
	uint64_t sum;
} operator_;
static int operator_on_silent(operator_ *self, const maiko_silent *ev, maiko_ctx *ctx)
{
	self->sum = self->sum * 31 + ev->ms + ev->again;
	atomic_fetch_add(&told, 1);
	return ev->again ? 0 : maiko_send(ctx, reading, .n = self->sum);
}
MAIKO_ACTOR(operator_, MAIKO_ON(maiko_silent, operator_on_silent));

typedef struct reader {
	uint64_t sum;
} reader;
static int reader_on_reading(reader *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum = self->sum * 31 + ev->n;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(reading, reader_on_reading));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, operator_, "one", .topics = MAIKO_TOPICS(maiko_silent_topic));
	if (rc == 0)
		rc = maiko_add(sup, operator_, "two", .topics = MAIKO_TOPICS(maiko_silent_topic));
	return rc == 0 ? maiko_add(sup, reader, "reader") : rc;
}

TEST_WORKERS(a_silence_comes_again)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-silent-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&told, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	test_wait_for(&told, TOLD);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_release(sup);
	uint64_t recorded = atomic_exchange(&told, 0);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&told), recorded);
}

int main(void) { return test_main(); }
