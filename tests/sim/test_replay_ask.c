/*
 * test_replay_ask.c - questions of a recorded run end in its replay as they did: by replies at once and later, by the
 * time, by nobody; also those that a source has asked or answered.
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
static _Atomic(uint32_t) outside; /* what sources read: another value each time */

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

/* The replay is complete, its actors have the same history, and its sources have not run. */
static void record_and_replay(uint32_t workers, const maiko_recorder_options *recording, maiko_replay_options *options)
{
	char path[64];
	maiko_recorder *recorder;
	maiko_replay_result result;
	atomic_store(&done, 0);
	snprintf(path, sizeof path, "/tmp/maiko-ask-%ld", (long)getpid());
	unlink(path);
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, recording), 0);
	assert_int_equal(options->setup(sup, NULL), 0);
	assert_int_equal(maiko_run(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	uint32_t read = atomic_load(&outside);
	options->path = path;
	int rc = maiko_replay(options, &result);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
	assert_int_equal(atomic_load(&done), 2);
	assert_true(history[0] == history[1]);
	assert_int_equal(atomic_load(&outside), read);
	unlink(path);
}

TEST_WORKERS(questions_end_as_they_did) { record_and_replay(workers, NULL, &(maiko_replay_options){.setup = set_up}); }

/* ---- sources that ask and answer ------------------------------------------------------------ */

MAIKO_TOPIC(guesses);
MAIKO_TOPIC(reports);

typedef struct guess {
	uint32_t n;
} guess;
MAIKO_EVENT(guess, guesses, n);

enum { GO_ON = 1, LAST = 2 };
typedef struct heard {
	uint32_t what, then;
} heard;
MAIKO_EVENT(heard, reports, what, then);

typedef struct go {
	uint32_t n;
} go;
MAIKO_EVENT(go, nothing, n);

typedef struct caller {
	uint32_t asked;
} caller;

static int on_guessed(caller *self, const total *answer, int status, maiko_ctx *ctx);
static int on_all_guessed(caller *self, const total *answer, int status, maiko_ctx *ctx);
static int on_nobody(caller *self, const total *answer, int status, maiko_ctx *ctx);
MAIKO_ASK(caller, guess, total, on_guessed);
MAIKO_ASK(caller, guess, total, on_all_guessed);
MAIKO_ASK(caller, riddle, total, on_nobody);

static int ask_next(caller *self, maiko_ctx *ctx)
{
	uint32_t n = ++self->asked;
	atomic_fetch_add(&outside, 1);
	if (n % 10 == 0)
		return maiko_ask(ctx, on_nobody, 1000, riddle, .n = n);
	if (n % 3 == 0)
		return maiko_ask_all(ctx, on_all_guessed, 1000, guess, .n = n);
	return maiko_ask(ctx, on_guessed, n % 7 == 0 ? 0 : 1000, guess, .n = n);
}

/* The next question is asked here, or in the handler of an event. */
static int question_over(caller *self, uint32_t what, maiko_ctx *ctx)
{
	uint32_t then = self->asked == ROUNDS ? LAST : self->asked % 2 == 0 ? GO_ON : 0;
	int rc = maiko_send(ctx, heard, .what = what, .then = then);
	return rc != 0 || then != 0 ? rc : ask_next(self, ctx);
}

static int on_guessed(caller *self, const total *answer, int status, maiko_ctx *ctx)
{
	return question_over(self, answer != NULL ? answer->n : (uint32_t)status, ctx);
}
static int on_all_guessed(caller *self, const total *answer, int status, maiko_ctx *ctx)
{
	return answer != NULL ? maiko_send(ctx, heard, .what = answer->n) : question_over(self, (uint32_t)status, ctx);
}
static int on_nobody(caller *self, const total *answer, int status, maiko_ctx *ctx)
{
	expect(answer == NULL && status == MAIKO_ENOSUBSCRIBER);
	return question_over(self, (uint32_t)status, ctx);
}
static int caller_start(caller *self, maiko_ctx *ctx) { return ask_next(self, ctx); }
static int caller_on_go(caller *self, const go *ev, maiko_ctx *ctx)
{
	(void)ev;
	return ask_next(self, ctx);
}
MAIKO_ACTOR(caller, MAIKO_ON_START(caller_start), MAIKO_ON(go, caller_on_go));

/* Replies at once, not, or later. */
typedef struct oracle {
	uint32_t count;
	const guess *kept;
} oracle;
static int oracle_on_guess(oracle *self, const guess *ev, maiko_ctx *ctx)
{
	uint32_t n = atomic_fetch_add(&outside, 1);
	if (++self->count % 4 == 0)
		return 0;
	if (self->count % 4 != 2 || self->kept != NULL)
		return maiko_reply(ctx, total, .n = n * ev->n);
	self->kept = ev;
	int rc = maiko_keep(ctx, ev);
	return rc == 0 ? maiko_send_self_after_ms(ctx, self->count / 4 % 2, NULL, later, .n = n) : rc;
}
static int oracle_on_later(oracle *self, const later *ev, maiko_ctx *ctx)
{
	const guess *kept = self->kept;
	self->kept = NULL;
	int rc = maiko_reply_to(ctx, kept, total, .n = kept->n * ev->n);
	return rc == 0 ? maiko_release(ctx, kept) : rc;
}
MAIKO_ACTOR(oracle, MAIKO_ON(guess, oracle_on_guess), MAIKO_ON(later, oracle_on_later));

typedef struct guesser {
	uint32_t count;
} guesser;
static int guesser_on_guess(guesser *self, const guess *ev, maiko_ctx *ctx)
{
	return ++self->count % 5 == 0 ? 0 : maiko_reply(ctx, total, .n = ev->n);
}
MAIKO_ACTOR(guesser, MAIKO_ON(guess, guesser_on_guess));

typedef struct listener {
	uint64_t history;
} listener;
static int listener_on_heard(listener *self, const heard *ev, maiko_ctx *ctx)
{
	self->history = (self->history ^ ev->what) * UINT64_C(0x9e3779b97f4a7c15);
	if (ev->then == GO_ON)
		return maiko_send(ctx, go, .n = ev->what);
	if (ev->then != LAST)
		return 0;
	history[atomic_fetch_add(&done, 1)] = self->history;
	return maiko_stop_all(ctx);
}
MAIKO_ACTOR(listener, MAIKO_ON(heard, listener_on_heard));

static int set_up_sources(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, oracle, "oracle");
	rc = rc == 0 ? maiko_add(sup, guesser, "guesser") : rc;
	rc = rc == 0 ? maiko_add(sup, listener, "listener") : rc;
	return rc == 0 ? maiko_add(sup, caller, "caller") : rc;
}

TEST_WORKERS(questions_and_replies_of_sources_are_repeated)
{
	static const char *const sources[] = {"caller", "oracle", NULL};
	static const maiko_event_type *const types[] = {MAIKO_EVENT_REF(total), MAIKO_EVENT_REF(riddle), NULL};
	maiko_replay_options options = {.setup = set_up_sources, .sources = sources, .types = types};
	record_and_replay(workers, &(maiko_recorder_options){.sources = sources}, &options);
}
