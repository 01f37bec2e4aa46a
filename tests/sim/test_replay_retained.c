/*
 * test_replay_retained.c - in a replay who joins is given what the topics had retained in the run: readers are added
 * from outside and by an actor while sources send, and what they are given decides what they send.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { STATES = 400, RETAIN = 5, OUTSIDE = 6, ADDED = 4 };

typedef struct state {
	uint64_t n;
} state;
typedef struct level {
	uint64_t n, key;
} level;
typedef struct sum {
	uint64_t of, given;
} sum;
static uint64_t level_key(const maiko_any *any);
MAIKO_TOPIC(states, .retain = RETAIN);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST, .key = level_key, .retain = RETAIN, .ttl_ms = 3);
MAIKO_TOPIC(sums);
MAIKO_EVENT(state, states, n);
MAIKO_EVENT(level, levels, n, key);
MAIKO_EVENT(sum, sums, of, given);
static uint64_t level_key(const maiko_any *any) { return maiko_as(any, level)->key; }

static _Atomic(uint64_t) sent, given;

typedef struct reader {
	uint64_t of;
} reader;
static int reader_saw(reader *self, maiko_ctx *ctx, uint64_t n)
{
	if (!maiko_meta(ctx)->retained)
		return 0;
	self->of = self->of * 31 + n;
	atomic_fetch_add(&given, 1);
	return maiko_send(ctx, sum, .of = self->of, .given = 1);
}
static int reader_on_state(reader *self, const state *ev, maiko_ctx *ctx) { return reader_saw(self, ctx, ev->n); }
static int reader_on_level(reader *self, const level *ev, maiko_ctx *ctx) { return reader_saw(self, ctx, ev->n); }
MAIKO_ACTOR(reader, MAIKO_ON(state, reader_on_state), MAIKO_ON(level, reader_on_level));

/* It adds a reader now and then. */
typedef struct source {
	uint64_t n, of;
	char name;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	char name[16];
	int rc = 0;
	for (int i = 0; rc == 0 && i < 10; i++) {
		self->n++;
		rc = maiko_send(ctx, state, .n = self->n + self->of % 1000);
		if (rc == 0)
			rc = maiko_send(ctx, level, .n = self->n, .key = self->n % 7);
	}
	if (rc == 0 && self->n % (STATES / ADDED) == 0) {
		snprintf(name, sizeof name, "%c %u", self->name, (unsigned)self->n);
		rc = maiko_add(ctx, reader, name);
	}
	atomic_fetch_add(&sent, 10);
	return rc != 0 ? maiko_failed(rc) : self->n < STATES ? maiko_after_ms(1) : maiko_never();
}
static int source_on_sum(source *self, const sum *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->of += ev->of;
	return 0;
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick), MAIKO_ON(sum, source_on_sum));

static int add_sources(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, source, "first", .init = &(source){.name = 'a'});
	if (rc == 0)
		rc = maiko_add(sup, source, "second", .init = &(source){.name = 'b'});
	/* The replay needs the topics of who is added from outside. */
	return rc != 0 ? rc : maiko_add(sup, reader, "from the start on");
}

TEST_WORKERS(who_joins_in_a_replay_is_given_what_it_was_given)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-retained-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&sent, 0);
	atomic_store(&given, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_sources(sup, NULL));
	ok(maiko_start(sup));
	for (uint64_t i = 0; i < OUTSIDE; i++) {
		test_wait_for(&sent, (i + 1) * 100);
		ok(maiko_add(sup, reader, test_name("outside", i)));
	}
	test_wait_for(&sent, 2 * STATES);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	uint64_t run = atomic_load(&given);
	assert_true(run >= OUTSIDE * RETAIN); /* the states; a level may have expired, or come anew */
	test_finish(sup);
	atomic_store(&given, 0);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_sources}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&given), run);
}

/* ---- a topic that only a recorded subscription names is made as it was ------------------------------------------ */

typedef struct word {
	uint64_t n;
} word;
static const maiko_topic *named(const word *w, maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	(void)w;
	(void)maiko_topic_named(sup, "named", &topic);
	return topic;
}
MAIKO_EVENT_ROUTED(word, named, n);
typedef struct say {
	uint64_t n;
} say;
MAIKO_TOPIC(sayings);
MAIKO_EVENT(say, sayings, n);

static _Atomic(uint64_t) said;

typedef struct speaker {
	uint64_t unused;
} speaker;
static int speaker_on_say(speaker *self, const say *ev, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_send(ctx, word, .n = ev->n);
	atomic_fetch_add(&said, 1);
	return rc;
}
MAIKO_ACTOR(speaker, MAIKO_ON(say, speaker_on_say));

typedef struct hearer {
	uint64_t unused;
} hearer;
static int hearer_on_word(hearer *self, const word *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	atomic_fetch_add(&given, maiko_meta(ctx)->retained);
	return 0;
}
MAIKO_ACTOR(hearer, MAIKO_ON(word, hearer_on_word));

static int add_speakers(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, speaker, "speaker");
	for (uint64_t i = 0; rc == 0 && i < 4; i++)
		rc = maiko_add(sup, hearer, test_name("hearer", i), .topics = MAIKO_NO_TOPICS);
	return rc;
}

TEST_WORKERS(a_replay_makes_a_topic_that_retains)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	maiko_actor_id id;
	const maiko_topic *topic;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-retains-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&said, 0);
	atomic_store(&given, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_speakers(sup, NULL));
	ok(maiko_start(sup));
	ok(maiko_topic_with(sup, "named", &(maiko_topic){.retain = 2, .retain_kib = 3}, &topic));
	for (uint64_t i = 0; i < 4; i++) {
		ok(maiko_find(sup, test_name("hearer", i), &id));
		ok(maiko_subscribe(sup, id, topic));
		ok(maiko_send(sup, say, .n = i));
		test_wait_for(&said, i + 1);
	}
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	assert_int_equal(atomic_load(&given), 0 + 1 + 2 + 2);
	test_finish(sup);
	atomic_store(&given, 0);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_speakers}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&given), 0 + 1 + 2 + 2);
}
