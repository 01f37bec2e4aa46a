/*
 * Filters of subscriptions (maiko/filter.h): what a filter turns away does not enter the mailbox, mutes nobody and is
 * counted; everything else arrives as without one (C1, C2). A filter stays with its subscription: over moves, restarts
 * and changes.
 */
#include "no_memory.h"

#include <math.h>
#include <string.h>
#include <uv.h>

typedef struct place {
	int16_t floor;
	char name[12];
} place;
typedef struct reading {
	uint32_t n;
	double value;
	float share;
	uint8_t level;
	bool urgent;
	place at;
	uint32_t used;
	int32_t series[4];
	maiko_buffer *text;
} reading;
typedef struct note {
	uint32_t n;
} note;
typedef struct alert {
	uint32_t n;
} alert;
MAIKO_TOPIC(readings);
MAIKO_TOPIC(alerts);
MAIKO_STRUCT(place, floor, name);
MAIKO_EVENT(reading, readings, n, value, share, level, urgent, MAIKO_NESTED(at, place), MAIKO_COUNTED(series, used),
	    text);
MAIKO_EVENT(note, readings, n); /* of the same topic */
MAIKO_EVENT(alert, alerts, n);

static bool is_even(const reading *ev) { return ev->n % 2 == 0; }
MAIKO_FILTER(reading, is_even);
static bool is_third(const note *ev) { return ev->n % 3 == 0; }
MAIKO_FILTER(note, is_third);
static bool is_loud(const alert *ev) { return ev->n > 2; }
MAIKO_FILTER(alert, is_loud);

TEST_LISTENER(listener, reading, note, alert);

static void send_readings(maiko_supervisor *sup, uint32_t from, uint32_t to)
{
	for (uint32_t n = from; n <= to; n++)
		ok(maiko_send(sup, reading, .n = n, .value = n));
}

static void expect_filtered(const maiko_ledger *ledger, const char *actor, uint64_t handled, uint64_t filtered)
{
	const maiko_counts *counts = &test_actor_row(ledger, actor)->counts;
	assert_int_equal(counts->handled, handled);
	assert_int_equal(counts->filtered, filtered);
	assert_int_equal(counts->deliveries, handled + filtered);
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(maiko_ledger_lost(ledger), 0);
}

/* ---- what arrives ------------------------------------------------------------------------------ */

TEST_SIM(a_subscriber_gets_what_its_filter_accepts)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "by a function",
		     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_add(sup, listener, "by a field",
		     .topics = MAIKO_TOPICS(
			     alerts,
			     MAIKO_SUB(readings, .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(value, 3.5))))));
	ok(maiko_add(sup, listener, "of another",
		     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_third)))));
	ok(maiko_add(sup, listener, "all"));
	ok(maiko_start(sup));
	send_readings(sup, 1, 6);
	ok(maiko_send(sup, note, .n = 7)); /* a filter is for events of one type */
	ok(maiko_send(sup, alert, .n = 8));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("by a function", "2 4 6 7");
	expect_heard_numbers("by a field", "4 5 6 7 8");
	expect_heard_numbers("of another", "1 2 3 4 5 6");
	expect_heard_numbers("all", "1 2 3 4 5 6 7 8");
	expect_filtered(ledger, "by a function", 4, 3);
	expect_filtered(ledger, "by a field", 5, 3);
	expect_filtered(ledger, "of another", 6, 1);
	expect_filtered(ledger, "all", 8, 0);
	assert_int_equal(test_topic_row(ledger, "readings")->counts.filtered, 7);
	assert_int_equal(test_topic_row(ledger, "readings")->counts.deliveries, 28);
	test_release(sup);
}

/* ---- tests of fields ----------------------------------------------------------------------------- */

/* Whether this one passes the filter: by an actor that subscribes with it. */
static bool passes(const maiko_filter *where, const reading *value)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, listener, "listener", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = where));
	ok(maiko_send_copy(sup, reading, value));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	bool passed = ledger->total.handled == 1;
	expect_filtered(ledger, "listener", passed, !passed);
	test_release(sup);
	return passed;
}

#define is_accepted(...) assert_true(passes(MAIKO_FILTER_OF(reading, __VA_ARGS__), &value))
#define is_turned_away(...) assert_false(passes(MAIKO_FILTER_OF(reading, __VA_ARGS__), &value))

TEST_ONCE(numbers_are_compared_as_numbers)
{
	reading value = {.n = 4000000000, .value = -2.5, .share = 0.1F, .level = 200, .urgent = true, .at.floor = -3};
	is_accepted(MAIKO_FIELD_IS(n, 4000000000));
	is_turned_away(MAIKO_FIELD_IS_NOT(n, 4000000000));
	is_accepted(MAIKO_FIELD_GREATER(n, -1));
	is_accepted(MAIKO_FIELD_GREATER(n, 3999999999.5));
	is_accepted(MAIKO_FIELD_AT_LEAST(level, 200), MAIKO_FIELD_AT_MOST(level, 200));
	is_turned_away(MAIKO_FIELD_LESS(level, 200));
	is_accepted(MAIKO_FIELD_LESS(value, -2));
	is_turned_away(MAIKO_FIELD_LESS(value, -2.5));
	is_accepted(MAIKO_FIELD_IS(share, 0.1));
	is_accepted(MAIKO_FIELD_IS(urgent, true));
	is_accepted(MAIKO_FIELD_LESS(at.floor, 0), MAIKO_FIELD_IS(urgent, 1));
	is_turned_away(MAIKO_FIELD_LESS(at.floor, 0), MAIKO_FIELD_IS(urgent, 0)); /* all must hold */
	value.value = NAN;
	is_turned_away(MAIKO_FIELD_GREATER(value, 0));
	is_turned_away(MAIKO_FIELD_AT_MOST(value, 0));
	is_accepted(MAIKO_FIELD_IS_NOT(value, 0));
}

TEST_ONCE(texts_are_compared_as_texts_and_copied)
{
	char name[] = "kit";
	reading value = {.n = 1, .at.name = "kitchen", .text = maiko_buffer_text("too hot")};
	is_accepted(MAIKO_FIELD_STARTS(at.name, name), MAIKO_FIELD_CONTAINS(text, "hot"));
	is_turned_away(MAIKO_FIELD_IS(at.name, name));
	is_accepted(MAIKO_FIELD_IS(at.name, "kitchen"));
	is_turned_away(MAIKO_FIELD_IS_NOT(text, "too hot"));

	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, listener, "listener", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings),
			   .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_STARTS(at.name, name))));
	strcpy(name, "xxx");
	ok(maiko_send_copy(sup, reading, &value));
	test_settle(sup);
	expect_filtered(test_stop(sup), "listener", 1, 0);
	test_release(sup);
	maiko_buffer_unref(value.text);
}

TEST_ONCE(an_element_that_does_not_count_passes_no_test)
{
	reading value = {.n = 1, .used = 2, .series = {10, 20, 30, 40}};
	is_accepted(MAIKO_FIELD_IS(series[1], 20));
	is_turned_away(MAIKO_FIELD_IS(series[2], 30));
	value.used = 3;
	is_accepted(MAIKO_FIELD_IS(series[2], 30));
}

/* ---- mailboxes ------------------------------------------------------------------------------------- */

typedef struct sleeper {
	uint32_t unused;
} sleeper;
static int sleeper_on_start(sleeper *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int sleeper_on_reading(sleeper *self, const reading *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return 0;
}
static int sleeper_on_alert(sleeper *self, const alert *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(sleeper, MAIKO_ON_START(sleeper_on_start), MAIKO_ON(reading, sleeper_on_reading),
	    MAIKO_ON(alert, sleeper_on_alert));

PER_TEST _Atomic(uint64_t) sent;

static int fill_and_go_on(maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < 100; n++) /* 50 of them fill the mailbox but for one */
		expect(maiko_send(ctx, reading, .n = n) == 0 && !maiko_is_congested(ctx));
	expect(maiko_send(ctx, reading, .n = 100) == 0 && !maiko_is_congested(ctx)); /* takes the last room */
	for (uint32_t n = 0; n < 100; n++)
		expect(maiko_send(ctx, reading, .n = 101) == 0 && !maiko_is_congested(ctx));
	atomic_fetch_add(&sent, 1);
	return 0;
}

static int go_on(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, reading, .n = 103) == 0);
	atomic_fetch_add(&sent, 1);
	return 0;
}

TEST_SIM(what_is_turned_away_mutes_nobody)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "sleeper", .mailbox = 51,
		     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_add(sup, puppet, "sender"));
	ok(maiko_start(sup));
	test_order(sup, "sender", fill_and_go_on);
	test_wait_for(&sent, 1);
	test_order(sup, "sender", go_on);
	test_wait_for(&sent, 2); /* it runs: it is not muted */
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(test_actor_row(ledger, "sender")->mutes, 0);
	maiko_stop(sup, NULL);
	test_release(sup);
}

TEST_SIM(what_is_turned_away_replaces_nothing)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_ledger *ledger;
	ok(maiko_add(sup, sleeper, "sleeper",
		     .topics = MAIKO_TOPICS(
			     MAIKO_SUB(readings, .overflow = MAIKO_KEEP_LATEST, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_start(sup));
	send_readings(sup, 1, 5);
	test_settle(sup);
	ok(maiko_report(sup, &ledger));
	const maiko_counts *counts = &test_actor_row(ledger, "sleeper")->counts;
	assert_int_equal(counts->queued, 1); /* 4, which has replaced 2 */
	assert_int_equal(counts->dropped, 1);
	assert_int_equal(counts->filtered, 3);
	maiko_ledger_free(ledger);
	maiko_stop(sup, NULL);
	test_release(sup);
}

/* ---- receipts ---------------------------------------------------------------------------------------- */

TEST_WORKERS(a_receipt_counts_it_and_is_done)
{
	maiko_receipt receipt;
	maiko_supervisor *sup = test_supervisor(workers);
	for (int i = 0; i < 5; i++)
		ok(maiko_add(sup, listener, test_name("even", (uint64_t)i),
			     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_add(sup, listener, "all"));
	ok(maiko_start(sup));
	ok(maiko_send_wait(sup, UINT64_MAX, &receipt, reading, .n = 1));
	assert_int_equal(receipt.filtered, 5);
	assert_int_equal(receipt.handled, 1);
	assert_int_equal(receipt.deliveries, 6);
	assert_true(maiko_receipt_done(&receipt));
	ok(maiko_send_wait(sup, UINT64_MAX, &receipt, reading, .n = 2));
	assert_int_equal(receipt.handled, 6);
	test_finish(sup);
}

/* ---- changes ------------------------------------------------------------------------------------------- */

TEST_SIM(a_filter_ends_with_its_subscription)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = MAIKO_FILTER_REF(is_even)));
	send_readings(sup, 1, 3);
	test_settle(sup);
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(readings)));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings),
			   .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(n, 5))));
	send_readings(sup, 4, 7);
	test_settle(sup);
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(readings)));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings)));
	send_readings(sup, 8, 9);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("listener", "2 6 7 8 9");
	expect_filtered(ledger, "listener", 5, 4);
	test_release(sup);
}

TEST_SIM(each_of_several_has_its_own)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_subscribe_all(sup, id,
			       MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)),
					    MAIKO_SUB(alerts, .where = MAIKO_FILTER_REF(is_loud)))));
	for (uint32_t n = 1; n <= 4; n++) {
		ok(maiko_send(sup, reading, .n = n));
		ok(maiko_send(sup, alert, .n = n));
	}
	test_settle(sup);
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(readings)));
	ok(maiko_send(sup, alert, .n = 1)); /* the other stays */
	ok(maiko_send(sup, alert, .n = 5));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("listener", "reading 2, alert 3, reading 4, alert 4, alert 5");
	expect_filtered(ledger, "listener", 5, 5);
	test_release(sup);
}

/* ---- moves and restarts ---------------------------------------------------------------------------------- */

enum { ROUNDS = 40 };

PER_TEST uint32_t next;

static int send_some(maiko_ctx *ctx)
{
	for (int i = 0; i < 10; i++)
		expect(maiko_send(ctx, reading, .n = next++) == 0);
	return 0;
}

TEST_SIM(a_filter_moves_with_its_actor)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .mailbox = 4, .ret_id = &id,
		     .topics = MAIKO_TOPICS(alerts, MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_add(sup, puppet, "sender"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < ROUNDS; i++) {
		test_order(sup, "sender", send_some);
		ok(maiko_move(sup, id, i % workers + 1));
	}
	test_wait_for(&test_heard_events, ROUNDS * 10 / 2);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	size_t count;
	const uint64_t *heard = test_heard_values("listener", &count);
	assert_int_equal(count, ROUNDS * 10 / 2);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(heard[i], 2 * i);
	expect_filtered(ledger, "listener", ROUNDS * 5, ROUNDS * 5);
	test_release(sup);
}

typedef struct machine {
	uint32_t unused;
} machine;
static int machine_on_reading(machine *self, const reading *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return ev->n == 4 ? UV_EIO : 0;
}
MAIKO_ACTOR(machine, MAIKO_ON(reading, machine_on_reading));

TEST_SIM(a_filter_survives_a_restart)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .backoff = &(maiko_backoff){.first_ms = 50},
		     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_start(sup));
	send_readings(sup, 1, 6);
	test_wait_for(&test_heard_events, 3);
	send_readings(sup, 7, 8);
	test_wait_for(&test_heard_events, 4);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("machine", "2 4 6 8");
	const maiko_counts *counts = &test_actor_row(ledger, "machine")->counts;
	assert_int_equal(counts->filtered, 4);
	assert_int_equal(counts->handled + counts->set_aside, 4);
	test_release(sup);
}

/* ---- at the same moment -------------------------------------------------------------------------------------- */

PER_TEST _Atomic(bool) over;

static void sender_main(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t n = 0; !atomic_load(&over); n++)
		expect(maiko_send(sup, reading, .n = n) == 0);
}

PER_TEST _Atomic(uint64_t) odd_when_even;
typedef struct even_only {
	uint32_t unused;
} even_only;
static int even_only_on_reading(even_only *self, const reading *ev, maiko_ctx *ctx)
{
	if (ev->n % 2 != 0)
		atomic_fetch_add(&odd_when_even, 1);
	return 0;
}
MAIKO_ACTOR(even_only, MAIKO_ON(reading, even_only_on_reading));

/* It subscribes and unsubscribes, moves, and comes and goes, while two threads send. */
TEST_WORKERS(no_event_slips_past_a_change)
{
	uv_thread_t threads[2];
	maiko_actor_id id, other;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, even_only, "even", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	for (int i = 0; i < 2; i++)
		assert_int_equal(uv_thread_create(&threads[i], sender_main, sup), 0);
	for (uint32_t i = 0; i < 100; i++) {
		ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = MAIKO_FILTER_REF(is_even)));
		ok(maiko_move(sup, id, i % workers + 1));
		ok(maiko_add(sup, even_only, "other", .ret_id = &other,
			     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
		ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(readings)));
		ok(maiko_remove(sup, other));
	}
	atomic_store(&over, true);
	for (int i = 0; i < 2; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(atomic_load(&odd_when_even), 0);
	test_finish(sup);
}

/* ---- bad input ---------------------------------------------------------------------------------------------- */

#define bad(text, ...)                                                                                                 \
	do {                                                                                                           \
		returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .where = (__VA_ARGS__)), MAIKO_EINVAL);    \
		assert_string_equal(maiko_last_error(), (text));                                                       \
	} while (0)

TEST_SIM(a_filter_that_cannot_be_is_refused)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	bad("maiko_subscribe: .where of topic 'readings' is for event 'alert', which is of topic 'alerts'",
	    MAIKO_FILTER_REF(is_loud));
	bad("maiko_subscribe: .where has no event (NULL)", &(maiko_filter){.accepts = maiko_gen_accepts_is_even});
	bad("maiko_subscribe: .where has neither a function nor a test",
	    &(maiko_filter){.event = MAIKO_EVENT_REF(reading)});
	bad("maiko_subscribe: .where tests reading.colour, a field that the event does not describe",
	    &(maiko_filter){.event = MAIKO_EVENT_REF(reading),
			    .tests = {{.field = "colour", .compare = MAIKO_COMPARE_IS}}});
	bad("maiko_subscribe: .where compares reading.value as it cannot be: numbers with numbers, texts with texts",
	    &(maiko_filter){.event = MAIKO_EVENT_REF(reading),
			    .tests = {{.field = "value", .compare = MAIKO_COMPARE_CONTAINS}}});
	returns(maiko_subscribe_all(sup, id,
				    MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)),
						 MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_third)))),
		MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "maiko_subscribe_all has 'readings' twice, with different .where");
	returns(maiko_add(sup, listener, "x",
			  .topics = MAIKO_TOPICS(readings, MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))),
		MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "actor 'x': .topics has 'readings' twice, with different .where");
	returns(maiko_add(sup, listener, "x",
			  .topics = MAIKO_TOPICS(MAIKO_SUB(alerts, .where = MAIKO_FILTER_REF(is_even)))),
		MAIKO_EINVAL);
	ok(maiko_send(sup, reading, .n = 1));
	assert_int_equal(test_topic_row(test_stop(sup), "readings")->unrouted, 1); /* nobody has subscribed */
	test_release(sup);
}

/* ---- without memory ----------------------------------------------------------------------------------------- */

typedef struct counter {
	uint32_t unused;
} counter;
static int counter_on_reading(counter *self, const reading *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	if (ev->n % 2 != 0)
		atomic_fetch_add(&no_memory_wrong, 1);
	return 0;
}
static int counter_on_alert(counter *self, const alert *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(reading, counter_on_reading), MAIKO_ON(alert, counter_on_alert));

/* A subscription for which there is no memory is none: nothing passes a filter that is not there. */
static void subscribe_move_and_leave(uint32_t workers)
{
	maiko_actor_id one = 0, two = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	bool added = well(maiko_add(sup, counter, "one", .ret_id = &one,
				    .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_even)))));
	if (added && well(maiko_start(sup))) {
		(void)well(maiko_add(sup, counter, "two", .topics = MAIKO_NO_TOPICS, .ret_id = &two));
		if (two != 0 &&
		    well(maiko_subscribe_all(
			    sup, two,
			    MAIKO_TOPICS(MAIKO_SUB(readings, .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_IS(n, 2),
										      MAIKO_FIELD_STARTS(at.name, ""))),
					 MAIKO_SUB(alerts, .where = MAIKO_FILTER_REF(is_loud))))))
			(void)well(maiko_move(sup, two, workers));
		for (uint32_t n = 1; n <= 4; n++)
			(void)well(maiko_send(sup, reading, .n = n));
		(void)well(maiko_move(sup, one, workers));
		(void)well(maiko_send(sup, reading, .n = 5));
	}
	no_memory_finish(sup);
}

TEST_ONCE(without_memory_there_is_no_subscription_without_its_filter)
{
	no_memory_play(subscribe_move_and_leave, 1, false);
	no_memory_play(subscribe_move_and_leave, 2, false);
	no_memory_play(subscribe_move_and_leave, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
