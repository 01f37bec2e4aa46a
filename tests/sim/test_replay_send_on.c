/*
 * test_replay_send_on.c - a replay sends to the topics that the sends of the run named: those of threads, of sources,
 * and of injected events, which it has from the recording.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_EVENT_NAMED(reading, n);

typedef struct sum {
	uint64_t of;
} sum;
MAIKO_TOPIC(sums);
MAIKO_EVENT(sum, sums, of);

enum { READINGS = 100 };
static _Atomic(uint64_t) sums_seen;

static const char *device_of(char *name, size_t size, uint32_t n)
{
	snprintf(name, size, "device.%u", n % 3);
	return name;
}

/* A source: it sends every second reading, and injects the others. */
typedef struct port {
	uint32_t sent;
} port;
static int pass(maiko_ctx *ctx, uint32_t n)
{
	char name[16];
	maiko_envelope envelope = {.id = {UINT64_C(0xabcd), n + 1},
				   .sender = "ship",
				   .topic = &(const maiko_topic){.name = device_of(name, sizeof name, n)}};
	return n % 2 == 0 ? maiko_send_on(ctx, name, reading, .n = n)
			  : maiko_inject(ctx, MAIKO_EVENT_REF(reading), &(reading){n}, &envelope);
}
static maiko_next port_tick(port *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 10 && self->sent < READINGS; i++) {
		int rc = pass(ctx, self->sent++);
		if (rc != 0)
			return maiko_failed(rc);
	}
	return self->sent < READINGS ? maiko_after_ms(1) : maiko_never();
}
MAIKO_ACTOR(port, MAIKO_TICK(port_tick));

typedef struct meter {
	uint64_t of;
} meter;
static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	self->of += ev->n;
	return maiko_send(ctx, sum, .of = self->of);
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

static int add_actors(maiko_supervisor *sup, void *arg)
{
	char name[16];
	(void)arg;
	int rc = maiko_add(sup, archive, "archive");
	for (uint32_t i = 0; rc == 0 && i < 3; i++) {
		const maiko_topic *topic = NULL;
		rc = maiko_topic_named(sup, device_of(name, sizeof name, i), &topic);
		if (rc == 0)
			rc = maiko_add(sup, meter, name,
				       .topics = (const maiko_subscription[]){{.topic = topic}, {.topic = NULL}});
	}
	return rc == 0 ? maiko_add(sup, port, "port") : rc;
}

TEST_WORKERS(a_replay_sends_to_the_topics_that_were_named)
{
	static const char *const sources[] = {"port", NULL};
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64], name[16];
	snprintf(path, sizeof path, "/tmp/maiko-replay-send-on-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&sums_seen, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < READINGS; n++)
		ok(maiko_send_on(sup, device_of(name, sizeof name, n), reading, .n = n));
	test_wait_for(&sums_seen, (uint64_t)2 * READINGS);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_finish(sup);
	atomic_store(&sums_seen, 0);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&sums_seen), 2 * READINGS);
}
