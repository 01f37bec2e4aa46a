/*
 * maiko_send_after_ms: delayed events are sent in the order in which they fall due, can be
 * cancelled, and are counted until then (C2, C10). In simulation, to the nanosecond.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>
#include <uv.h>

enum { MANY = 2000, HOUR_MS = 3600000 };

typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(words);
MAIKO_EVENT(word, words, n);

PER_TEST uint64_t due_ns[MANY]; /* written before the send, read by who hears it */

/* Not before its time; in simulation, at its time. */
typedef struct listener {
	uint32_t unused;
} listener;
static int listener_on_word(listener *self, const word *ev, maiko_ctx *ctx)
{
	uint64_t now_ns = test_now_ns();
	expect(due_ns[ev->n] == 0 || now_ns == due_ns[ev->n] || (!test_is_simulated() && now_ns > due_ns[ev->n]));
	test_hear(ctx, MAIKO_EVENT_REF(word), ev);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(word, listener_on_word));

/* ---- what the planner does ---- */

static int later(maiko_ctx *ctx, uint64_t ms, uint32_t n, maiko_delayed *ret_delayed)
{
	due_ns[n] = ms < HOUR_MS ? maiko_now(ctx) + ms * 1000000 : 0;
	return maiko_send_after_ms(ctx, ms, ret_delayed, word, .n = n);
}

static int plan_few(maiko_ctx *ctx)
{
	expect(later(ctx, 30, 1, NULL) == 0);
	expect(later(ctx, 10, 2, NULL) == 0);
	expect(later(ctx, 20, 3, NULL) == 0);
	expect(later(ctx, 10, 4, NULL) == 0);
	expect(later(ctx, 0, 5, NULL) == 0);
	expect(later(ctx, 40, 6, NULL) == 0);
	return 0;
}

static int plan_many(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < MANY; i++)
		expect(later(ctx, i * 7919 % 40, i, NULL) == 0);
	return 0;
}

static int plan_bounds(maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, UINT64_MAX, NULL, word, .n = 1) == 0);
	expect(maiko_send_after_ms(ctx, MAIKO_NEXT_MS_MAX, NULL, word, .n = 2) == 0);
	expect(maiko_send_after_ms(ctx, MAIKO_NEXT_MS_MAX + 1, NULL, word, .n = 3) == 0);
	expect(maiko_send_after_ms(ctx, 1, NULL, word, .n = 4) == 0);
	expect(maiko_ctx_send_after(ctx, 1, NULL, NULL, &(word){5}) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(NULL, 1, NULL, &maiko_gen_event_word, &(word){5}) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(ctx, 1, NULL, &maiko_gen_event_word, NULL) == MAIKO_EINVAL);
	return 0;
}

static int plan_and_cancel(maiko_ctx *ctx)
{
	maiko_delayed names[3] = {0, 0, 0};
	for (uint32_t i = 0; i < 3; i++)
		expect(later(ctx, 15, i, &names[i]) == 0);
	expect(names[0] != 0 && names[1] != 0 && names[2] != 0);
	expect(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
	expect(maiko_cancel(ctx, names[1]) == 0);
	expect(maiko_cancel(ctx, names[1]) == MAIKO_ENOENT);
	expect(maiko_cancel(ctx, 0) == MAIKO_ENOENT);
	expect(maiko_cancel(ctx, names[2] + 1000) == MAIKO_ENOENT);
	expect(maiko_cancel(NULL, names[2]) == MAIKO_EINVAL);
	return 0;
}

static maiko_delayed sent; /* the planner's */
static int plan_now(maiko_ctx *ctx) { return later(ctx, 0, 1, &sent); }
static int cancel_late(maiko_ctx *ctx)
{
	expect(maiko_cancel(ctx, sent) == MAIKO_ENOENT);
	return 0;
}

static int plan_far(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < 5; i++)
		expect(later(ctx, HOUR_MS, i, NULL) == 0);
	return 0;
}
static int fail_now(maiko_ctx *ctx) { return UV_EIO; }
static int leave(maiko_ctx *ctx) { return maiko_stop_self(ctx); }

/* Asks too late. */
typedef struct latecomer {
	uint32_t unused;
} latecomer;
static int latecomer_on_stop(latecomer *self, maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, 1, NULL, word, .n = 9) == MAIKO_ESHUTDOWN);
	return 0;
}
MAIKO_ACTOR(latecomer, MAIKO_ON_STOP(latecomer_on_stop));

static maiko_supervisor *started(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "planner", .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, latecomer, "latecomer"));
	ok(maiko_add(sup, listener, "listener", .mailbox = MANY));
	ok(maiko_start(sup));
	return sup;
}

/* What the topic of the words says at the end. */
static void assert_words(maiko_supervisor *sup, uint64_t published, uint64_t cancelled)
{
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_topic_row *row = test_topic_row(ledger, "words");
	assert_int_equal(row->published, published);
	assert_int_equal(row->delayed, 0);
	assert_int_equal(row->delayed_discarded, cancelled);
	assert_int_equal(row->counts.deliveries, published);
	assert_int_equal(row->counts.handled, published);
	test_release(sup);
	expect_heard_count("listener", word, published);
}

static uint64_t delayed_now(maiko_supervisor *sup) { return test_topic_row(test_report(sup), "words")->delayed; }

TEST_WORKERS(real_time_passes_for_delayed_events_too)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_few);
	test_wait_for(&test_heard_events, 6);
	assert_words(sup, 6, 0);
}

TEST_SIM(delayed_events_come_in_the_order_in_which_they_fall_due)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_few);
	test_wait_for(&test_heard_events, 6);
	expect_heard_numbers("listener", "5 2 4 3 1 6");
	assert_words(sup, 6, 0);
}

TEST_SIM(many_delayed_events_come_in_order)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_many);
	test_wait_for(&test_heard_events, MANY);
	size_t count;
	const uint64_t *heard = test_heard_values("listener", &count);
	for (size_t i = 1; i < count; i++) {
		uint64_t before = heard[i - 1], after = heard[i];
		assert_true(due_ns[before] < due_ns[after] || (due_ns[before] == due_ns[after] && before < after));
	}
	assert_words(sup, MANY, 0);
}

TEST_SIM(a_delay_past_the_bound_counts_as_the_bound)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_bounds);
	test_wait_for(&test_heard_events, 1);
	expect_heard("listener", "word 4");
	assert_int_equal(delayed_now(sup), 3);
	assert_words(sup, 1, 3);
}

TEST_SIM(what_is_cancelled_is_not_sent)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_and_cancel);
	test_wait_for(&test_heard_events, 2);
	expect_heard("listener", "word 0, word 2");
	assert_words(sup, 2, 1);
}

TEST_SIM(what_was_sent_cannot_be_cancelled)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_now);
	test_wait_for(&test_heard_events, 1);
	test_order(sup, "planner", cancel_late);
	assert_words(sup, 1, 0);
}

TEST_SIM(a_stop_cancels_them)
{
	maiko_supervisor *sup = started(workers);
	test_order(sup, "planner", plan_far);
	test_order(sup, "planner", plan_far);
	test_settle(sup);
	assert_int_equal(delayed_now(sup), 10);
	assert_words(sup, 0, 10);
}

/* ---- how their actor ends ---- */

static void end_planner(uint32_t workers, int (*way)(maiko_ctx *ctx))
{
	maiko_actor_id id;
	maiko_supervisor *sup = started(workers);
	ok(maiko_find(sup, "planner", &id));
	test_order(sup, "planner", plan_far);
	test_settle(sup);
	assert_int_equal(delayed_now(sup), 5);
	if (way == NULL)
		ok(maiko_remove(sup, id));
	else
		test_order(sup, "planner", way);
	test_settle(sup);
	returns(maiko_find(sup, "planner", &id), MAIKO_ENOENT);
	assert_int_equal(delayed_now(sup), 0);
	assert_words(sup, 0, 5);
}

TEST_SIM(a_removal_cancels_them) { end_planner(workers, NULL); }
TEST_SIM(a_failure_cancels_them) { end_planner(workers, fail_now); }
TEST_SIM(an_actor_that_leaves_cancels_them) { end_planner(workers, leave); }

/* ---- causality ---- */

typedef struct starter {
	uint32_t unused;
} starter;
static int starter_on_start(starter *self, maiko_ctx *ctx) { return maiko_send_after_ms(ctx, 5, NULL, word, .n = 3); }
MAIKO_ACTOR(starter, MAIKO_ON_START(starter_on_start));

static int now_and_later(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, word, .n = 1) == 0);
	return maiko_send_after_ms(ctx, 20, NULL, word, .n = 2);
}

TEST_SIM(a_delayed_event_is_a_child_and_stamped_when_it_is_sent)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_harness *h = test_harness(sup);
	ok(maiko_add(sup, starter, "starter"));
	ok(maiko_add(sup, puppet, "planner"));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	test_order(sup, "planner", now_and_later);
	test_wait_for(&test_heard_events, 3);
	const maiko_record *order = maiko_query_first(maiko_published_on(h, "puppet_orders"));
	maiko_query words = maiko_query_of(h, word, .sender = "planner");
	const maiko_record *first = maiko_query_nth(words, 0), *second = maiko_query_nth(words, 1);
	ok(maiko_expect_chain_branches_after(maiko_chain_of(h, order), maiko_match_name("order_to"), 2));
	assert_true(maiko_id_equal(second->event->parent, order->event->id));
	assert_true(maiko_id_equal(second->event->correlation, order->event->id));
	assert_false(maiko_id_equal(second->event->id, first->event->id));
	assert_int_equal(second->event->timestamp_ns, first->event->timestamp_ns + 20000000);
	const maiko_record *root = maiko_query_first(maiko_query_of(h, word, .sender = "starter"));
	assert_null(maiko_event_parent(root));
	assert_true(maiko_id_equal(root->event->correlation, root->event->id));
	test_finish(sup);
}
