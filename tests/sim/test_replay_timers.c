/*
 * test_replay_timers.c - what actors send to themselves is recorded; a replay of the run has the same timers, rates and
 * cancels, and the same times of the machine's clock, also of a source, whose callbacks do not run.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 200 };

typedef struct timeout {
	uint32_t n;
} timeout;
MAIKO_EVENT(timeout, maiko_private_topic, n);

typedef struct beat {
	uint32_t n;
} beat;
MAIKO_EVENT(beat, maiko_private_topic, n);

typedef struct report {
	uint32_t n;
	uint64_t sum;
} report;
MAIKO_TOPIC(reports);
MAIKO_EVENT(report, reports, n, sum);

typedef struct total {
	uint32_t n;
	uint64_t sum;
} total;
MAIKO_TOPIC(totals);
MAIKO_EVENT(total, totals, n, sum);

static _Atomic(uint64_t) rounds;
static _Atomic(bool) crashes;

/* Holds itself, and goes on by its timers; cancels some of them, before they are due or while they wait. */
typedef struct worker {
	uint64_t sum;
	maiko_delayed other, rate;
	uint32_t handled;
} worker;
static int worker_on_report(worker *self, const report *ev, maiko_ctx *ctx)
{
	self->sum += ev->sum;
	int rc = maiko_hold(ctx);
	if (rc == 0)
		rc = maiko_send_self_after_ms(ctx, ev->n % 3, NULL, timeout, .n = ev->n);
	return rc != 0 ? rc : maiko_send_self_after_ms(ctx, ev->n % 2, &self->other, timeout, .n = 1000000);
}
static int worker_on_timeout(worker *self, const timeout *ev, maiko_ctx *ctx)
{
	int cancelled = maiko_cancel(ctx, self->other);
	self->sum = self->sum * 31 + ev->n + (cancelled == 0);
	if (ev->n == 1000000)
		return 0;
	if (++self->handled == ROUNDS && atomic_load(&crashes))
		_exit(77);
	int rc = maiko_unhold(ctx);
	return rc != 0 ? rc : maiko_send(ctx, report, .n = ev->n + 1, .sum = self->sum);
}
/* What it is told of the time, and how often, is in what it sends. */
static int worker_on_beat(worker *self, const beat *ev, maiko_ctx *ctx)
{
	self->sum = self->sum * 31 + maiko_missed(ctx) + maiko_meta(ctx)->timestamp_ns + maiko_unix_ms(ctx);
	if (self->sum % 5 == 0)
		return maiko_cancel(ctx, self->rate) == 0
			       ? maiko_every_ms(ctx, 1 + self->sum % 2, &self->rate, beat, .n = 1)
			       : MAIKO_EINVAL;
	return ev->n == 1 && self->sum % 3 == 0 ? maiko_at(ctx, maiko_unix_ms(ctx) + 2, NULL, beat, .n = 2) : 0;
}
static int worker_on_start(worker *self, maiko_ctx *ctx) { return maiko_every_ms(ctx, 1, &self->rate, beat, .n = 1); }
MAIKO_ACTOR(worker, MAIKO_ON_START(worker_on_start), MAIKO_ON(report, worker_on_report), MAIKO_ON(beat, worker_on_beat),
	    MAIKO_ON(timeout, worker_on_timeout));

/* A source: each timer sends what no other run would. */
typedef struct source {
	uint32_t n, beats;
	maiko_delayed rate;
} source;
static int source_on_start(source *self, maiko_ctx *ctx)
{
	int rc = maiko_send_self_after_ms(ctx, 1, NULL, timeout, .n = 1);
	if (rc == 0)
		rc = maiko_every_ms(ctx, 1, &self->rate, beat, .n = 3);
	return rc != 0 ? rc : maiko_send_self_after_ms(ctx, 1, NULL, timeout, .n = 2);
}
static int source_on_timeout(source *self, const timeout *ev, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, report, .n = ++self->n, .sum = maiko_random(ctx));
	atomic_fetch_add(&rounds, 1);
	if (rc == 0 && self->n < ROUNDS)
		rc = maiko_send_self_after_ms(ctx, 1, NULL, timeout, .n = ev->n);
	return self->n % 7 == 0 ? MAIKO_ECANCELED : rc; /* on_error handles it */
}
static int source_on_beat(source *self, const beat *ev, maiko_ctx *ctx)
{
	if (++self->beats == 20)
		return maiko_cancel(ctx, self->rate);
	if (ev->n == 3 && self->beats % 4 == 0)
		return maiko_at(ctx, maiko_unix_ms(ctx) + 1, NULL, beat, .n = 4);
	return maiko_send(ctx, report, .n = 5, .sum = maiko_missed(ctx) + maiko_unix_ms(ctx));
}
static int source_on_error(source *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return error->code == MAIKO_ECANCELED ? 0 : error->code;
}
MAIKO_ACTOR(source, MAIKO_ON_START(source_on_start), MAIKO_ON(timeout, source_on_timeout),
	    MAIKO_ON(beat, source_on_beat), MAIKO_ON_ERROR(source_on_error));

/* Works in batches, by number or by time. One is a source too. */
typedef struct batcher {
	uint64_t sum;
	uint32_t waiting;
} batcher;
static int batcher_on_report(batcher *self, const report *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->sum;
	self->waiting++;
	return 0;
}
static maiko_next batcher_tick(batcher *self, maiko_ctx *ctx)
{
	int rc = self->waiting == 0 ? 0 : maiko_send(ctx, total, .n = self->waiting, .sum = self->sum);
	self->waiting = 0;
	return rc != 0 ? maiko_failed(rc) : maiko_when_any(maiko_after_n_events(7), maiko_after_ms(5));
}
MAIKO_ACTOR(batcher, MAIKO_ON(report, batcher_on_report), MAIKO_TICK(batcher_tick));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, worker, "one");
	if (rc == 0)
		rc = maiko_add(sup, worker, "two");
	if (rc == 0)
		rc = maiko_add(sup, batcher, "batcher");
	if (rc == 0)
		rc = maiko_add(sup, batcher, "batching source");
	return rc == 0 ? maiko_add(sup, source, "source") : rc;
}

static const maiko_event_type *const types[] = {MAIKO_EVENT_REF(total), NULL};
static const char *const sources[] = {"source", "batching source", NULL};

static void replay(const char *path, maiko_replay_result *ret_result)
{
	int rc = maiko_replay(
		&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources, .types = types},
		ret_result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), ret_result->text);
}

static void record(maiko_supervisor *sup, const char *path, maiko_recorder **ret_recorder)
{
	atomic_store(&rounds, 0);
	ok(maiko_recorder_new(ret_recorder, sup, path, &(maiko_recorder_options){.sources = sources}));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
}

TEST_WORKERS(timers_come_again)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-timers-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	record(sup, path, &recorder);
	test_wait_for(&rounds, ROUNDS);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_release(sup);
	replay(path, &result);
	assert_true(result.complete);
	assert_true(result.events >= ROUNDS);
}

/* A process ends inside the handler of a timer: the recording is whole until there, and the replay calls it too. */
TEST_ONCE(a_crash_in_one_is_reached_again)
{
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-timers-%ld", (long)getpid());
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		maiko_recorder *recorder;
		maiko_supervisor *sup = test_supervisor(1);
		atomic_store(&crashes, true);
		record(sup, path, &recorder);
		(void)maiko_join(sup);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
	pid_t again = fork();
	assert_true(again >= 0);
	if (again == 0) {
		maiko_replay_result result;
		atomic_store(&rounds, 0);
		atomic_store(&crashes, true);
		(void)maiko_replay(
			&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources, .types = types},
			&result);
		fprintf(stderr, "%s\n", result.text);
		_exit(1);
	}
	assert_int_equal(waitpid(again, &status, 0), again);
	unlink(path);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
}

int main(void) { return test_main(); }
