/*
 * test_replay_shares.c - a replay gives each event to the member that had it in the run, and passes on what the run
 * did, also for members that came from outside.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { JOBS = 600 };

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

/* Who has handled how many, as of each: it depends on how they were shared. */
typedef struct share {
	uint64_t count, of;
} share;
MAIKO_TOPIC(shares);
MAIKO_EVENT(share, shares, count, of);

typedef struct start {
	uint32_t unused;
} start;
MAIKO_TOPIC(starts);
MAIKO_EVENT(start, starts, unused);

static _Atomic(uint64_t) shares_seen;

typedef struct boss {
	uint32_t sent, until;
} boss;
static int boss_on_start_event(boss *self, const start *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->until += JOBS / 2;
	return maiko_wake_tick(ctx);
}
static maiko_next boss_tick(boss *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 30 && self->sent < self->until; i++) {
		int rc = maiko_send_tracked(ctx, job, .n = self->sent++);
		if (rc != 0)
			return maiko_failed(rc);
	}
	return self->sent < self->until ? maiko_after_ms(1) : maiko_never();
}
static int boss_on_receipt(boss *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, share, .count = receipt->deliveries, .of = 0);
}
MAIKO_ACTOR(boss, MAIKO_TICK(boss_tick), MAIKO_ON(start, boss_on_start_event), MAIKO_ON_RECEIPT(boss_on_receipt));

/* It rests and fails now and then, so that what waits for it is passed on. */
typedef struct hand {
	uint64_t count, of;
} hand;
static int hand_on_job(hand *self, const job *ev, maiko_ctx *ctx)
{
	self->count++;
	self->of += ev->n;
	if (ev->n % 17 == 0 && maiko_hold(ctx) != 0)
		return MAIKO_EINVAL;
	if (ev->n % 59 == 0)
		return MAIKO_EBADF;
	return maiko_send(ctx, share, .count = self->count, .of = self->of);
}
static maiko_next hand_tick(hand *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_unhold(ctx) == 0 ? maiko_after_ms(2) : maiko_failed(MAIKO_EINVAL);
}
MAIKO_ACTOR(hand, MAIKO_ON(job, hand_on_job), MAIKO_TICK(hand_tick));

typedef struct archive {
	uint64_t of;
} archive;
static int archive_on_share(archive *self, const share *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->of = self->of * 31 + ev->of;
	atomic_fetch_add(&shares_seen, 1);
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(share, archive_on_share));

#define IN(group) MAIKO_TOPICS(MAIKO_SUB(jobs, .share = (group)))

static int add_actors(maiko_supervisor *sup, void *arg)
{
	maiko_group_id group;
	(void)arg;
	int rc = maiko_add(sup, archive, "archive");
	if (rc == 0)
		rc = maiko_add(sup, boss, "boss");
	if (rc == 0)
		rc = maiko_group(sup, "hands", .restarts = UINT32_MAX, .ret_id = &group);
	for (uint32_t i = 0; rc == 0 && i < 3; i++)
		rc = maiko_add(sup, hand, test_name("hand", i), .topics = IN("hands"), .group = group,
			       .backoff = &(maiko_backoff){.first_ms = 2});
	return rc != 0 ? rc : maiko_add(sup, hand, "none", .topics = MAIKO_NO_TOPICS, .restart = MAIKO_TEMPORARY);
}

static void change_from_outside(maiko_supervisor *sup)
{
	maiko_actor_id id;
	ok(maiko_find(sup, "none", &id));
	ok(maiko_subscribe_all(sup, id, IN("hands")));
	ok(maiko_add(sup, hand, "late", .topics = IN("others"), .restart = MAIKO_TEMPORARY));
	int rc = maiko_unsubscribe_all(sup, id, IN("hands"));
	assert_true(rc == 0 || rc == MAIKO_ENOENT); /* it may have failed */
}

TEST_WORKERS(a_replay_shares_as_the_run_did)
{
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-shares-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&shares_seen, 0);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	ok(maiko_send(sup, start));
	test_wait_for(&shares_seen, JOBS / 2); /* a receipt for each */
	change_from_outside(sup);
	ok(maiko_send(sup, start));
	test_wait_for(&shares_seen, 2 * JOBS - 60); /* not those that the hands fail at */
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	const maiko_ledger *ledger = test_report(sup);
	assert_true(test_topic_row(ledger, "jobs")->counts.passed_on > 0);
	test_finish(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
}
