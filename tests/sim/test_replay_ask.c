/*
 * test_replay_ask.c - questions of a recorded run end in its replay as they did: by replies at once and later, by the
 * time, by nobody.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 200 };

MAIKO_TOPIC(sums);
MAIKO_TOPIC(nothing);

typedef struct sum {
	uint32_t a, b;
} sum;
MAIKO_EVENT(sum, sums, a, b);

typedef struct total {
	uint32_t n;
} total;
MAIKO_EVENT(total, maiko_private_topic, n);

typedef struct riddle {
	uint32_t n;
} riddle;
MAIKO_EVENT(riddle, nothing, n);

typedef struct later {
	uint32_t n;
} later;
MAIKO_EVENT(later, maiko_private_topic, n);

static uint64_t history[2]; /* of the run, and of its replay */
static _Atomic(uint64_t) done;

/* ---- who asks ---------------------------------------------------------------------------- */

typedef struct asker {
	uint32_t asked, ended;
	uint64_t history;
} asker;

static int on_total(asker *self, const total *answer, int status, maiko_ctx *ctx);
static int on_riddle(asker *self, const total *answer, int status, maiko_ctx *ctx);
MAIKO_ASK(asker, sum, total, on_total);
MAIKO_ASK(asker, riddle, total, on_riddle);

static int next(asker *self, uint32_t what, maiko_ctx *ctx)
{
	self->history = (self->history ^ what) * UINT64_C(0x9e3779b97f4a7c15);
	if (++self->ended == ROUNDS) {
		history[atomic_fetch_add(&done, 1)] = self->history;
		return maiko_stop_all(ctx);
	}
	if (self->ended % 10 == 0)
		return maiko_ask(ctx, on_riddle, 1000, riddle, .n = self->ended);
	/* now and then too short for the answer */
	return maiko_ask(ctx, on_total, self->ended % 7 == 0 ? 0 : 1000, sum, .a = self->ended, .b = 1);
}

static int on_total(asker *self, const total *answer, int status, maiko_ctx *ctx)
{
	return next(self, answer != NULL ? answer->n : (uint32_t)status, ctx);
}
static int on_riddle(asker *self, const total *answer, int status, maiko_ctx *ctx)
{
	expect(answer == NULL && status == MAIKO_ENOSUBSCRIBER);
	return next(self, (uint32_t)status, ctx);
}
static int asker_start(asker *self, maiko_ctx *ctx) { return next(self, 0, ctx); }
MAIKO_ACTOR(asker, MAIKO_ON_START(asker_start));

/* ---- who answers: every third question later ------------------------------------------------ */

typedef struct adder {
	const sum *kept;
} adder;
static int adder_on_sum(adder *self, const sum *ev, maiko_ctx *ctx)
{
	if (ev->a % 3 != 0 || self->kept != NULL)
		return maiko_reply(ctx, total, .n = ev->a + ev->b);
	self->kept = ev;
	int rc = maiko_keep(ctx, ev);
	return rc == 0 ? maiko_send_self_after_ms(ctx, 1, NULL, later, .n = 1) : rc;
}
static int adder_on_later(adder *self, const later *ev, maiko_ctx *ctx)
{
	(void)ev;
	const sum *kept = self->kept;
	self->kept = NULL;
	int rc = maiko_reply_to(ctx, kept, total, .n = kept->a + kept->b);
	return rc == 0 ? maiko_release(ctx, kept) : rc;
}
MAIKO_ACTOR(adder, MAIKO_ON(sum, adder_on_sum), MAIKO_ON(later, adder_on_later));

static int set_up(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, adder, "one");
	rc = rc == 0 ? maiko_add(sup, adder, "two") : rc;
	return rc == 0 ? maiko_add(sup, asker, "asker") : rc;
}

TEST_WORKERS(questions_end_as_they_did)
{
	char path[64];
	maiko_recorder *recorder;
	maiko_replay_result result;
	atomic_store(&done, 0);
	snprintf(path, sizeof path, "/tmp/maiko-ask-%ld", (long)getpid());
	unlink(path);
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(set_up(sup, NULL), 0);
	assert_int_equal(maiko_run(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = set_up}, &result);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&done), 2);
	assert_true(history[0] == history[1]);
	unlink(path);
}
