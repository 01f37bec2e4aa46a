/*
 * C9, C20: supervised members of a cycle of full mailboxes fail past its bound, whatever their on_error answers, and
 * are restarted without what was queued for them; the cycle is over then, and all events are accounted for.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

enum { LARGE = 600, TOKENS = 10, FED = 200, ITEMS = 20, POISON = 1000, HOUR_MS = 3600000 };

typedef struct ping {
	uint32_t n;
	char text[LARGE];
} ping;
typedef ping pong;
typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(pings);
MAIKO_TOPIC(pongs);
MAIKO_TOPIC(items);
MAIKO_EVENT(ping, pings, n, text);
MAIKO_EVENT(pong, pongs, n, text);
MAIKO_EVENT(item, items, n);
TEST_LISTENER(bystander, item);

PER_TEST _Atomic(uint64_t) starts, stops, errors, hops, poisoned;
PER_TEST _Atomic(uint32_t) answers = 2; /* to each event */

/* ---- two that answer each event of the other with some, until one of them has failed -------------------- */

typedef struct player {
	bool lives;
	uint32_t errors;
} player;

static int player_on_start(player *self, maiko_ctx *ctx)
{
	expect(!self->lives);
	self->lives = true;
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int player_on_stop(player *self, maiko_ctx *ctx)
{
	expect(self->lives);
	self->lives = false;
	atomic_fetch_add(&stops, 1);
	return 0;
}

/* In its life, and once. */
static int player_on_error(player *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(self->lives);
	if (error->code == UV_EIO)
		return error->code;
	expect(self->errors++ == 0);
	expect(error->code == MAIKO_EDEADLK && error->phase == MAIKO_PHASE_DEADLOCK);
	expect(strncmp(error->detail, "a cycle of full mailboxes: ", 27) == 0);
	atomic_fetch_add(&errors, 1);
	return 0;
}

/* Whether it answers once more. */
static bool answers_again(uint32_t so_far) { return so_far < atomic_load(&answers) && atomic_load(&errors) == 0; }

static int player_on_ping(player *self, const ping *ev, maiko_ctx *ctx)
{
	int rc = 0;
	atomic_fetch_add(&hops, 1);
	for (uint32_t n = 0; rc == 0 && answers_again(n); n++)
		rc = maiko_send(ctx, pong, .n = ev->n + 1);
	return rc == MAIKO_EAGAIN ? 0 : rc; /* past its allowance */
}
static int player_on_pong(player *self, const pong *ev, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t n = 0; rc == 0 && answers_again(n); n++)
		rc = maiko_send(ctx, ping, .n = ev->n + 1);
	return rc == MAIKO_EAGAIN ? 0 : rc;
}
/* Has sent much when it fails. */
static int fail_full(maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < FED; n++)
		expect(maiko_send(ctx, pong, .n = 0) == 0);
	return UV_EIO;
}

static int player_on_item(player *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n == POISON)
		return strcmp(maiko_name(ctx), "left") == 0 && atomic_fetch_add(&poisoned, 1) == 0 ? fail_full(ctx) : 0;
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return 0;
}
MAIKO_ACTOR(player, MAIKO_ON_START(player_on_start), MAIKO_ON_STOP(player_on_stop), MAIKO_ON_ERROR(player_on_error),
	    MAIKO_ON(ping, player_on_ping), MAIKO_ON(pong, player_on_pong), MAIKO_ON(item, player_on_item));

static maiko_actor_id left, right;

static int feed_left(maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < TOKENS; n++)
		expect(maiko_send(ctx, ping, .n = 0) == 0);
	return 0;
}

static maiko_supervisor *with_players(uint32_t workers, maiko_strategy strategy, uint64_t delay_ms)
{
	maiko_group_id group;
	/* A small channel: what is under way when they fail does not fill a mailbox to that bound again. */
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .channel = 16});
	ok(maiko_group(sup, "group", .strategy = strategy, .backoff = &(maiko_backoff){.first_ms = delay_ms},
		       .ret_id = &group));
	ok(maiko_add(sup, bystander, "bystander"));
	ok(maiko_add(sup, puppet, "feeder"));
	ok(maiko_add(sup, player, "left", .group = group, .mailbox_bytes = LARGE, .worker = 1, .ret_id = &left,
		     .retries = 3, .topics = MAIKO_TOPICS(pings, items)));
	ok(maiko_add(sup, player, "right", .group = group, .mailbox_bytes = LARGE, .worker = workers, .ret_id = &right,
		     .retries = 3, .topics = MAIKO_TOPICS(pongs, items)));
	ok(maiko_start(sup));
	test_order(sup, "feeder", feed_left);
	return sup;
}

static void play(uint32_t workers, maiko_strategy strategy, uint64_t delay_ms)
{
	maiko_supervisor *sup = with_players(workers, strategy, delay_ms);
	test_wait_for(&errors, 2);
	test_wait_for(&starts, 4);
	test_settle(sup);
	for (uint32_t n = 1; n <= ITEMS; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_in_order("left", 1, ITEMS);
	expect_heard_in_order("right", 1, ITEMS);
	expect_heard_in_order("bystander", 1, ITEMS);
	assert_int_equal(atomic_load(&errors), 2);
	assert_int_equal(atomic_load(&starts), 4);
	assert_int_equal(atomic_load(&stops), 4);
	assert_int_equal(ledger->failed, 2);
	for (size_t i = 0; i < ledger->failure_count; i++)
		assert_int_equal(ledger->failures[i]->phase, MAIKO_PHASE_DEADLOCK);
	assert_true(ledger->total.dead > 0);
	assert_int_equal(ledger->total.set_aside, 0);
	assert_int_equal(ledger->total.deliveries, ledger->total.handled + ledger->total.dead);
	assert_int_equal(test_actor_row(ledger, "left")->restarts, 1);
	assert_int_equal(test_actor_row(ledger, "right")->restarts, 1);
	test_release(sup);
}

TEST_SIM(each_of_a_cycle_is_restarted) { play(workers, MAIKO_ONE_FOR_ONE, 10); }
TEST_SIM(each_of_a_cycle_is_restarted_without_delay) { play(workers, MAIKO_ONE_FOR_ONE, 0); }
TEST_SIM(a_cycle_is_restarted_together) { play(workers, MAIKO_ONE_FOR_ALL, 10); }
TEST_SIM(a_cycle_is_restarted_in_order) { play(workers, MAIKO_REST_FOR_ONE, 10); }
TEST_WORKERS(each_of_a_cycle_is_restarted_on_real_workers) { play(workers, MAIKO_ONE_FOR_ONE, 1); }
TEST_WORKERS(a_cycle_is_restarted_together_on_real_workers) { play(workers, MAIKO_ONE_FOR_ALL, 1); }

/* ---- a member that waits for its restart ------------------------------------------------------------------ */

static uint64_t queued_for(maiko_supervisor *sup, const char *name)
{
	return test_actor_row(test_report(sup), name)->counts.queued;
}

/* The others of its cycle wait for it, and fill its mailbox no more: most of what right has been sent stays there. */
TEST_SIM(a_cycle_waits_for_a_member_that_waits)
{
	maiko_supervisor *sup = with_players(workers, MAIKO_ONE_FOR_ONE, HOUR_MS);
	test_wait_for(&hops, 15);
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&stops, 1);
	test_settle(sup);
	assert_true(queued_for(sup, "right") >= FED);
	assert_int_equal(atomic_load(&errors), 0);
	atomic_store(&answers, 0);
	test_wait_for(&starts, 3);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&errors), 0);
	assert_int_equal(ledger->failed, 1);
	assert_int_equal(ledger->total.deliveries, ledger->total.handled);
	test_release(sup);
}

/* Those that have been restarted meanwhile are members as before: past the bound they fail. */
TEST_SIM(the_bound_is_that_of_later_lives_too)
{
	atomic_store(&answers, 1);
	maiko_supervisor *sup = with_players(workers, MAIKO_ONE_FOR_ONE, 10);
	test_wait_for(&hops, 100);
	ok(maiko_restart(sup, left));
	ok(maiko_restart(sup, right));
	test_wait_for(&hops, 200);
	assert_int_equal(atomic_load(&errors), 0);
	atomic_store(&answers, 2);
	test_wait_for(&errors, 2);
	test_wait_for(&starts, 6);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 2);
	assert_int_equal(ledger->total.deliveries, ledger->total.handled + ledger->total.dead);
	test_release(sup);
}
