/*
 * maiko_send_after_ms: delayed events are sent in the order in which they fall due, can be
 * cancelled, and are counted until then (C2, C10). In simulation, to the nanosecond.
 */
#include "support.h"

#include <maiko/sim.h>
#include <string.h>
#include <uv.h>

enum { MANY = 2000, HOUR_MS = 3600000, LOG_SIZE = 4096 };

typedef struct order {
	uint32_t what;
} order;
typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(words);
MAIKO_EVENT(order, orders, what);
MAIKO_EVENT(word, words, n);

PER_TEST _Atomic(uint64_t) heard, obeyed;
static _Atomic(uint32_t) log_entries[LOG_SIZE];
PER_TEST uint64_t due_ns[LOG_SIZE]; /* written before the send, read by who hears it */

/* ---- hears words: which, in what order, and not before their time ---- */

typedef struct listener {
	uint32_t unused;
} listener;

static int listener_on_word(listener *self, const word *ev, maiko_ctx *ctx)
{
	expect(due_ns[ev->n] == 0 || test_now_ns() == due_ns[ev->n] ||
	       (!test_is_simulated() && test_now_ns() > due_ns[ev->n]));
	uint64_t place = atomic_load(&heard);
	if (place < LOG_SIZE)
		atomic_store(&log_entries[place], ev->n);
	atomic_fetch_add(&heard, 1);
	return 0;
}

MAIKO_ACTOR(listener, MAIKO_ON(word, listener_on_word));

/* ---- does what an order says ---- */

enum { FEW = 1, A_LOT, BOUNDS, CANCEL, CANCEL_LATE, FOR_EVER, FAIL, LEAVE };

typedef struct planner {
	maiko_delayed first;
	bool asks_at_stop;
} planner;

static int later(maiko_ctx *ctx, uint64_t ms, uint32_t n, maiko_delayed *ret_delayed)
{
	due_ns[n] = ms < HOUR_MS ? maiko_now(ctx) + ms * 1000000 : 0;
	return maiko_send_after_ms(ctx, ms, ret_delayed, word, .n = n);
}

static void plan_few(maiko_ctx *ctx)
{
	expect(later(ctx, 30, 1, NULL) == 0);
	expect(later(ctx, 10, 2, NULL) == 0);
	expect(later(ctx, 20, 3, NULL) == 0);
	expect(later(ctx, 10, 4, NULL) == 0);
	expect(later(ctx, 0, 5, NULL) == 0);
	expect(later(ctx, 40, 6, NULL) == 0);
}

static void plan_many(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < MANY; i++)
		expect(later(ctx, i * 7919 % 40, i, NULL) == 0);
}

static void plan_bounds(maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, UINT64_MAX, NULL, word, .n = 1) == 0);
	expect(maiko_send_after_ms(ctx, MAIKO_NEXT_MS_MAX, NULL, word, .n = 2) == 0);
	expect(maiko_send_after_ms(ctx, MAIKO_NEXT_MS_MAX + 1, NULL, word, .n = 3) == 0);
	expect(maiko_send_after_ms(ctx, 1, NULL, word, .n = 4) == 0);
	expect(maiko_ctx_send_after(ctx, 1, NULL, NULL, &(word){5}) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(NULL, 1, NULL, &maiko_gen_event_word, &(word){5}) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(ctx, 1, NULL, &maiko_gen_event_word, NULL) == MAIKO_EINVAL);
}

static void plan_and_cancel(maiko_ctx *ctx)
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
}

static int planner_on_order(planner *self, const order *ev, maiko_ctx *ctx)
{
	int rc = 0;
	if (ev->what == FEW)
		plan_few(ctx);
	else if (ev->what == A_LOT)
		plan_many(ctx);
	else if (ev->what == BOUNDS)
		plan_bounds(ctx);
	else if (ev->what == CANCEL)
		plan_and_cancel(ctx);
	else if (ev->what == CANCEL_LATE && self->first == 0)
		expect(later(ctx, 0, 1, &self->first) == 0);
	else if (ev->what == CANCEL_LATE)
		expect(maiko_cancel(ctx, self->first) == MAIKO_ENOENT);
	else if (ev->what == FOR_EVER)
		for (uint32_t i = 0; i < 5; i++)
			expect(later(ctx, HOUR_MS, i, NULL) == 0);
	else if (ev->what == FAIL)
		rc = UV_EIO;
	else if (ev->what == LEAVE)
		expect(maiko_stop_self(ctx) == 0);
	atomic_fetch_add(&obeyed, 1);
	return rc;
}

static int planner_on_stop(planner *self, maiko_ctx *ctx)
{
	if (self->asks_at_stop)
		expect(maiko_send_after_ms(ctx, 1, NULL, word, .n = 9) == MAIKO_ESHUTDOWN);
	return 0;
}

MAIKO_ACTOR(planner, MAIKO_ON(order, planner_on_order), MAIKO_ON_STOP(planner_on_stop));

static maiko_supervisor *started(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, planner, "planner", .init = &(planner){.asks_at_stop = true}, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, listener, "listener", .mailbox = MANY));
	ok(maiko_start(sup));
	return sup;
}

/* What the topic of the words says at the end. */
static void assert_words(maiko_supervisor *sup, uint64_t published, uint64_t cancelled)
{
	maiko_ledger *ledger = test_stop(sup);
	const maiko_topic_row *row = test_topic_row(ledger, "words");
	assert_int_equal(row->published, published);
	assert_int_equal(row->delayed, 0);
	assert_int_equal(row->delayed_discarded, cancelled);
	assert_int_equal(row->counts.deliveries, published);
	assert_int_equal(row->counts.handled, published);
	maiko_ledger_free(ledger);
	test_release(sup);
	assert_int_equal(atomic_load(&heard), published);
}

static uint64_t delayed_now(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	ok(maiko_report(sup, &ledger));
	uint64_t delayed = test_topic_row(ledger, "words")->delayed;
	maiko_ledger_free(ledger);
	return delayed;
}

static void give(maiko_supervisor *sup, uint32_t what, uint64_t obeyed_then)
{
	ok(maiko_send(sup, order, .what = what));
	test_wait_for(&obeyed, obeyed_then);
}

TEST_WORKERS(real_time_passes_for_delayed_events_too)
{
	maiko_supervisor *sup = started(workers);
	give(sup, FEW, 1);
	test_wait_for(&heard, 6);
	assert_int_equal(atomic_load(&log_entries[5]), 6);
	assert_words(sup, 6, 0);
}

TEST_SIM(delayed_events_come_in_the_order_in_which_they_fall_due)
{
	static const uint32_t expected[] = {5, 2, 4, 3, 1, 6};
	maiko_supervisor *sup = started(workers);
	give(sup, FEW, 1);
	test_wait_for(&heard, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(atomic_load(&log_entries[i]), expected[i]);
	assert_words(sup, 6, 0);
}

TEST_SIM(many_delayed_events_come_in_order)
{
	maiko_supervisor *sup = started(workers);
	give(sup, A_LOT, 1);
	test_wait_for(&heard, MANY);
	for (uint32_t i = 1; i < MANY; i++) {
		uint32_t before = atomic_load(&log_entries[i - 1]), after = atomic_load(&log_entries[i]);
		assert_true(due_ns[before] < due_ns[after] || (due_ns[before] == due_ns[after] && before < after));
	}
	assert_words(sup, MANY, 0);
}

TEST_SIM(a_delay_past_the_bound_counts_as_the_bound)
{
	maiko_supervisor *sup = started(workers);
	give(sup, BOUNDS, 1);
	test_wait_for(&heard, 1);
	assert_int_equal(atomic_load(&log_entries[0]), 4);
	assert_int_equal(delayed_now(sup), 3);
	assert_words(sup, 1, 3);
}

TEST_SIM(what_is_cancelled_is_not_sent)
{
	maiko_supervisor *sup = started(workers);
	give(sup, CANCEL, 1);
	test_wait_for(&heard, 2);
	assert_int_equal(atomic_load(&log_entries[0]), 0);
	assert_int_equal(atomic_load(&log_entries[1]), 2);
	assert_words(sup, 2, 1);
}

TEST_SIM(what_was_sent_cannot_be_cancelled)
{
	maiko_supervisor *sup = started(workers);
	give(sup, CANCEL_LATE, 1);
	test_wait_for(&heard, 1);
	give(sup, CANCEL_LATE, 2);
	assert_words(sup, 1, 0);
}

TEST_SIM(a_stop_cancels_them)
{
	maiko_supervisor *sup = started(workers);
	give(sup, FOR_EVER, 1);
	give(sup, FOR_EVER, 2);
	assert_int_equal(delayed_now(sup), 10);
	assert_words(sup, 0, 10);
}

/* ---- how their actor ends ---- */

static void wait_until_gone(maiko_supervisor *sup, const char *name)
{
	maiko_actor_id id;
	maiko_sim *sim = maiko_sim_of(sup);
	ok(maiko_sim_run(sim));
	returns(maiko_find(sup, name, &id), MAIKO_ENOENT);
}

static void end_planner(uint32_t workers, uint32_t what)
{
	maiko_actor_id id;
	maiko_supervisor *sup = started(workers);
	give(sup, FOR_EVER, 1);
	assert_int_equal(delayed_now(sup), 5);
	if (what != 0) {
		give(sup, what, 2);
		wait_until_gone(sup, "planner");
	} else {
		ok(maiko_find(sup, "planner", &id));
		ok(maiko_remove(sup, id));
	}
	assert_int_equal(delayed_now(sup), 0);
	assert_words(sup, 0, 5);
}

TEST_SIM(a_removal_cancels_them) { end_planner(workers, 0); }
TEST_SIM(a_failure_cancels_them) { end_planner(workers, FAIL); }
TEST_SIM(an_actor_that_leaves_cancels_them) { end_planner(workers, LEAVE); }

/* ---- causality ---- */

static maiko_envelope cause, first, second; /* written by one actor, read after the stop */

typedef struct starter {
	uint32_t unused;
} starter;

static int starter_on_start(starter *self, maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, 5, NULL, word, .n = 3) == 0);
	return 0;
}

static int starter_on_order(starter *self, const order *ev, maiko_ctx *ctx)
{
	cause = *maiko_meta(ctx);
	expect(maiko_send(ctx, word, .n = 1) == 0);
	expect(maiko_send_after_ms(ctx, 20, NULL, word, .n = 2) == 0);
	return 0;
}

MAIKO_ACTOR(starter, MAIKO_ON(order, starter_on_order), MAIKO_ON_START(starter_on_start));

typedef struct reader {
	uint32_t unused;
} reader;

static int reader_on_word(reader *self, const word *ev, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	expect(strcmp(maiko_sender(ctx), "starter") == 0);
	if (ev->n == 1)
		first = *meta;
	else if (ev->n == 2)
		second = *meta;
	else
		expect(maiko_id_equal(meta->parent, (maiko_id){0, 0}) && maiko_id_equal(meta->correlation, meta->id));
	atomic_fetch_add(&heard, 1);
	return 0;
}

MAIKO_ACTOR(reader, MAIKO_ON(word, reader_on_word));

TEST_SIM(a_delayed_event_is_a_child_and_stamped_when_it_is_sent)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, starter, "starter"));
	ok(maiko_add(sup, reader, "reader"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .what = 1));
	test_wait_for(&heard, 3);
	test_finish(sup);
	assert_true(maiko_id_equal(first.parent, cause.id));
	assert_true(maiko_id_equal(second.parent, cause.id));
	assert_true(maiko_id_equal(second.correlation, cause.id));
	assert_false(maiko_id_equal(second.id, first.id));
	assert_int_equal(second.timestamp_ns, first.timestamp_ns + 20000000);
}
