/*
 * test_replay_mutes.c - a recording is replayed exactly where backpressure was at work: senders muted
 * and released between workers, by mailboxes and by channels, in cycles, and events dropped.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(items);
MAIKO_TOPIC(results);
MAIKO_TOPIC(losses, .overflow = MAIKO_DROP_OLDEST);

typedef struct item {
	uint32_t n;
} item;
MAIKO_EVENT(item, items, n);

typedef struct result {
	uint32_t n;
} result;
MAIKO_EVENT(result, results, n);

typedef struct loss {
	uint32_t n;
} loss;
MAIKO_EVENT(loss, losses, n);

enum { ITEMS = 4000, BURST = 50, ROUNDS = 4, STALL_NS = 500000 };

static bool flows; /* real, not replayed: then a writer stalls now and then */

/* ---- a source that sends as fast as it may ---- */

typedef struct source {
	uint32_t n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < BURST; i++) {
		if (maiko_is_congested(ctx))
			return maiko_when_sendable();
		if (self->n == ITEMS) {
			int rc = maiko_stop_all(ctx);
			return rc < 0 ? maiko_failed(rc) : maiko_never();
		}
		int rc = maiko_send(ctx, item, .n = self->n++);
		if (rc < 0)
			return maiko_failed(rc);
	}
	return maiko_again();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

/* ---- and those that it keeps busy ---- */

typedef struct parser {
	uint32_t n;
} parser;

static int parser_on_item(parser *self, const item *ev, maiko_ctx *ctx)
{
	self->n++;
	int rc = maiko_send(ctx, loss, .n = ev->n);
	return rc < 0 ? rc : maiko_send(ctx, result, .n = ev->n);
}
MAIKO_ACTOR(parser, MAIKO_ON(item, parser_on_item));

typedef struct writer {
	uint32_t n;
} writer;

static int writer_on_result(writer *self, const result *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	if (++self->n % 1000 == 0 && flows)
		for (uint64_t until = uv_hrtime() + STALL_NS; uv_hrtime() < until;)
			;
	return 0;
}
MAIKO_ACTOR(writer, MAIKO_ON(result, writer_on_result));

typedef struct loser {
	uint32_t n;
} loser;

static int loser_on_loss(loser *self, const loss *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->n++;
	return 0;
}
MAIKO_ACTOR(loser, MAIKO_ON(loss, loser_on_loss));

static int set_up(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, writer, "writer");
	if (rc == 0)
		rc = maiko_add(sup, loser, "loser", .mailbox = 4);
	if (rc == 0)
		rc = maiko_add(sup, parser, "parser");
	if (rc == 0)
		rc = maiko_add(sup, parser, "second parser", .own_thread = true);
	if (rc == 0)
		rc = maiko_add(sup, source, "source", .topics = MAIKO_NO_TOPICS);
	return rc;
}

/* ---- cycles: each forwards to the others, who are full ---- */

typedef struct gossip {
	uint32_t n;
} gossip;

static int gossip_on_result(gossip *self, const result *ev, maiko_ctx *ctx)
{
	self->n++;
	return ev->n == 0 ? 0 : maiko_send(ctx, item, .n = ev->n - 1);
}

static int gossip_on_item(gossip *self, const item *ev, maiko_ctx *ctx)
{
	self->n++;
	return ev->n == 0 ? 0 : maiko_send(ctx, result, .n = ev->n - 1);
}
MAIKO_ACTOR(gossip, MAIKO_ON(result, gossip_on_result), MAIKO_ON(item, gossip_on_item));

typedef struct starter {
	uint32_t n;
} starter;

static maiko_next starter_tick(starter *self, maiko_ctx *ctx)
{
	enum { FIRST = 6, STARTS = 20 };
	if (self->n == STARTS) {
		int rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	self->n++;
	int rc = maiko_send(ctx, item, .n = FIRST);
	return rc < 0 ? maiko_failed(rc) : maiko_when_sendable();
}
MAIKO_ACTOR(starter, MAIKO_TICK(starter_tick));

static int set_up_cycle(maiko_supervisor *sup, void *arg)
{
	static const char *const names[] = {"anne", "berta", "clara"};
	(void)arg;
	int rc = 0;
	for (int i = 0; rc == 0 && i < 3; i++)
		rc = maiko_add(sup, gossip, names[i], .mailbox = 2);
	return rc == 0 ? maiko_add(sup, starter, "starter", .topics = MAIKO_NO_TOPICS) : rc;
}

/* ---- recorded, and replayed ---- */

static uint64_t mutes_of(maiko_supervisor *sup)
{
	maiko_ledger *ledger;
	uint64_t mutes = 0;
	assert_int_equal(maiko_report(sup, &ledger), 0);
	for (size_t i = 0; i < ledger->actor_count; i++)
		mutes += ledger->actors[i]->mutes;
	maiko_ledger_free(ledger);
	return mutes;
}

/* Returns how often a sender was muted. */
static uint64_t record_and_replay(uint32_t workers, uint32_t mailbox, int (*add)(maiko_supervisor *sup, void *arg))
{
	char path[64];
	maiko_recorder *recorder;
	maiko_supervisor *sup;
	maiko_replay_result outcome;
	snprintf(path, sizeof path, "/tmp/maiko-mutes-%ld", (long)getpid());
	unlink(path);
	flows = true;
	assert_int_equal(
		maiko_supervisor_new(&sup, &(maiko_options){.workers = workers, .mailbox = mailbox, .channel = 16}), 0);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_join(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	uint64_t mutes = mutes_of(sup);
	assert_null(maiko_supervisor_free(sup));
	flows = false;
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add}, &outcome);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), outcome.text);
	assert_true(outcome.complete);
	assert_true(outcome.records > 0);
	unlink(path);
	return mutes;
}

static void senders_that_were_muted_are_muted_again_at_the_same_places(void **state)
{
	static const uint32_t workers[] = {1, 2, 3, 8};
	static const uint32_t mailboxes[] = {1, 8, 256};
	uint64_t mutes = 0;
	(void)state;
	for (size_t w = 0; w < sizeof workers / sizeof workers[0]; w++)
		for (size_t m = 0; m < sizeof mailboxes / sizeof mailboxes[0]; m++)
			mutes += record_and_replay(workers[w], mailboxes[m], set_up);
	assert_true(mutes > 0);
}

static void cycles_of_full_mailboxes_are_found_again(void **state)
{
	uint64_t mutes = 0;
	(void)state;
	for (uint32_t i = 0; i < ROUNDS; i++)
		mutes += record_and_replay(1 + i, 1024, set_up_cycle);
	assert_true(mutes > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(senders_that_were_muted_are_muted_again_at_the_same_places),
		cmocka_unit_test(cycles_of_full_mailboxes_are_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
