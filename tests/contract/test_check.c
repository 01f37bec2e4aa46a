/*
 * A topic's .check: a bad event is refused at the send, whatever way it is sent, with the reason; the sender goes on,
 * nothing else is affected, and the ledger counts it.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct reading {
	uint32_t n;
	double value;
} reading;
typedef struct samples {
	uint32_t n, used;
	double values[4];
} samples;
typedef struct routed {
	uint32_t n;
} routed;
typedef struct picture {
	uint32_t n;
	maiko_buffer *pixels;
} picture;

PER_TEST _Atomic(uint64_t) looked; /* how many elements of samples the check has looked at */

static const char *check_reading(const maiko_any *event);
MAIKO_TOPIC(readings, .check = check_reading);
MAIKO_EVENT(reading, readings, n, value);
MAIKO_EVENT(samples, readings, n, MAIKO_COUNTED(values, used));
MAIKO_EVENT(picture, readings, n, pixels);

/* Of all types of the topic: a reading is from 0 to 100, no sample is negative, a picture is not empty. */
static const char *check_reading(const maiko_any *event)
{
	const reading *r = maiko_as(event, reading);
	const samples *s = maiko_as(event, samples);
	const picture *p = maiko_as(event, picture);
	if (r != NULL)
		return r->value < 0 || r->value > 100 ? "the value is out of range" : NULL;
	for (uint32_t i = 0; s != NULL && i < s->used; i++) {
		atomic_fetch_add(&looked, 1);
		if (s->values[i] < 0)
			return "a value is negative";
	}
	return p != NULL && maiko_buffer_size(p->pixels) == 0 ? "it is empty" : NULL;
}

static const maiko_topic *_Atomic devices[2];
static const maiko_topic *routed_topic(const routed *ev) { return atomic_load(&devices[ev->n % 2]); }
MAIKO_EVENT_ROUTED(routed, routed_topic, n);
static const char *check_routed(const maiko_any *event)
{
	const routed *r = maiko_as(event, routed);
	return r != NULL && r->n > 10 ? "no such device" : NULL;
}

TEST_LISTENER(listener, reading, samples, picture);
TEST_LISTENER(meter, routed);

static const char out_of_range[] = "topic 'readings' refuses the event 'reading': the value is out of range";

#define refused(call)                                                                                                  \
	do {                                                                                                           \
		expect((call) == MAIKO_EINVAL);                                                                        \
		expect(strcmp(maiko_last_error(), out_of_range) == 0);                                                 \
	} while (0)

static void expect_topic(const maiko_ledger *ledger, const char *name, uint64_t published, uint64_t refused_)
{
	const maiko_topic_row *row = test_topic_row(ledger, name);
	assert_int_equal(row->published, published);
	assert_int_equal(row->refused, refused_);
	assert_true(maiko_ledger_balanced(ledger));
}

/* ---- an actor sends -------------------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) receipts;

typedef struct source {
	bool done;
} source;

static maiko_envelope elsewhere(uint64_t n)
{
	return (maiko_envelope){.id = {UINT64_C(0xfeed), n}, .sender = "far away"};
}

static int on_reply(source *self, const routed *reply, int status, maiko_ctx *ctx)
{
	expect(reply == NULL); /* nobody replies */
	return 0;
}
MAIKO_ASK(source, reading, routed, on_reply);

static void all_bad(maiko_ctx *ctx)
{
	const reading bad = {.n = 1, .value = 101}, mixed[2] = {{.n = 2, .value = 50}, {.n = 3, .value = -1}};
	const maiko_envelope envelope = elsewhere(1);
	size_t sent = 7;
	refused(maiko_send(ctx, reading, .n = 1, .value = 100.5));
	refused(maiko_send_root(ctx, reading, .value = -0.5));
	refused(maiko_try_send(ctx, reading, .value = 1000));
	refused(maiko_send_copy(ctx, reading, &bad));
	refused(maiko_ctx_send(ctx, MAIKO_EVENT_REF(reading), &bad, 0));
	refused(maiko_send_tracked(ctx, reading, .value = 101));
	refused(maiko_ask(ctx, on_reply, 1, reading, .value = 101));
	refused(maiko_send_after_ms(ctx, 1, NULL, reading, .value = 101));
	refused(maiko_send_self_after_ms(ctx, 1, NULL, reading, .value = 101));
	refused(maiko_inject(ctx, MAIKO_EVENT_REF(reading), &bad, &envelope));
	refused(maiko_inject_tracked(ctx, MAIKO_EVENT_REF(reading), &bad, &envelope));
	refused(maiko_send_many(ctx, reading, mixed, 2, &sent)); /* the first is good */
	expect(sent == 1);
	reading *draft = maiko_new(reading);
	draft->value = 101;
	refused(maiko_publish(ctx, draft));
	draft->value = 99; /* it is still the caller's */
	draft->n = 4;
	expect(maiko_publish(ctx, draft) == 0);
}
enum { WAYS = 13, GOOD_OF_BAD = 2 };

static void all_good(maiko_ctx *ctx)
{
	const reading good[2] = {{.n = 10, .value = 0}, {.n = 11, .value = 100}};
	const maiko_envelope envelope = elsewhere(2), other = elsewhere(3);
	expect(maiko_send_many(ctx, reading, good, 2, NULL) == 0);
	expect(maiko_send_tracked(ctx, reading, .n = 12) == 0);
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(reading), &good[0], &envelope) == 0);
	expect(maiko_inject_tracked(ctx, MAIKO_EVENT_REF(reading), &good[1], &other) == 0);
	expect(maiko_send_after_ms(ctx, 1, NULL, reading, .n = 13) == 0);
	expect(maiko_send_self_after_ms(ctx, 1, NULL, reading, .n = 14) == 0);
}
enum { GOOD = 6 };

static int source_on_start(source *self, maiko_ctx *ctx)
{
	all_bad(ctx);
	all_good(ctx);
	all_bad(ctx); /* also where the way of an event is known by now */
	return 0;
}
static int source_on_reading(source *self, const reading *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return 0;
}
static int source_on_receipt(source *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(maiko_receipt_done(receipt));
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(source, MAIKO_ON_START(source_on_start), MAIKO_ON(reading, source_on_reading),
	    MAIKO_ON_RECEIPT(source_on_receipt));

TEST_SIM(whatever_way_an_actor_sends_it_a_bad_event_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, source, "source", .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, GOOD + 1 + 2 * GOOD_OF_BAD);
	test_wait_for(&receipts, 2);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("listener", "reading 2, reading 4, reading 10, reading 11, reading 12, reading 10, reading 11, "
				 "reading 2, reading 4, reading 13");
	expect_heard("source", "reading 14");
	expect_topic(ledger, "readings", GOOD + 2 * GOOD_OF_BAD, 2 * WAYS);
	assert_int_equal(ledger->total.deliveries, ledger->total.handled);
	test_release(sup);
}

/* The way to an only subscriber is remembered; a check is not forgotten because of that. */
static int in_turns(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < 100; i++) {
		expect(maiko_send(ctx, reading, .n = i, .value = i) == 0);
		refused(maiko_send(ctx, reading, .n = i, .value = 101 + i));
	}
	return 0;
}

TEST_SIM(a_good_event_opens_the_way_for_no_bad_one)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener", .worker = 1));
	ok(maiko_add(sup, puppet, "sender", .worker = 1));
	ok(maiko_start(sup));
	test_order(sup, "sender", in_turns);
	test_wait_for(&test_heard_events, 100);
	expect_topic(test_stop(sup), "readings", 100, 100);
	expect_heard_in_order("listener", 0, 99);
	test_release(sup);
}

/* ---- by content -------------------------------------------------------------------------------- */

static maiko_supervisor *with_devices(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	const maiko_topic *topic;
	ok(maiko_topic_with(sup, "device.0", &(maiko_topic){.check = check_routed}, &topic));
	atomic_store(&devices[0], topic);
	ok(maiko_topic_named(sup, "device.1", &topic));
	atomic_store(&devices[1], topic);
	return sup;
}

static int even_and_odd(maiko_ctx *ctx)
{
	for (uint32_t n = 8; n < 14; n++)
		expect(maiko_send(ctx, routed, .n = n) == (n == 12 ? MAIKO_EINVAL : 0));
	expect(maiko_send_self_after_ms(ctx, 1, NULL, routed, .n = 12) == MAIKO_EINVAL); /* no handler */
	return 0;
}

TEST_SIM(a_topic_that_is_chosen_by_content_checks_too)
{
	maiko_supervisor *sup = with_devices(workers);
	const maiko_subscription topics[] = {{.topic = devices[0]}, {.topic = devices[1]}, {.topic = NULL}};
	ok(maiko_add(sup, meter, "meter", .topics = topics));
	ok(maiko_add(sup, puppet, "sender"));
	ok(maiko_start(sup));
	test_order(sup, "sender", even_and_odd);
	test_wait_for(&test_heard_events, 5);
	returns(maiko_send(sup, routed, .n = 14), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "topic 'device.0' refuses the event 'routed': no such device");
	ok(maiko_send(sup, routed, .n = 15));
	test_wait_for(&test_heard_events, 6);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("meter", "8 9 10 11 13 15");
	expect_topic(ledger, "device.0", 2, 2);
	expect_topic(ledger, "device.1", 4, 0);
	test_release(sup);
}

/* ---- from outside ------------------------------------------------------------------------------- */

static void bad_from_outside(maiko_supervisor *sup)
{
	const reading bad = {.n = 1, .value = 101}, mixed[2] = {{.n = 2, .value = 50}, {.n = 3, .value = -1}};
	size_t sent = 7;
	refused(maiko_send(sup, reading, .value = 101));
	refused(maiko_send_root(sup, reading, .value = 101));
	refused(maiko_try_send(sup, reading, .value = 101));
	refused(maiko_send_timeout(sup, 1000, reading, .value = 101));
	refused(maiko_send_copy(sup, reading, &bad));
	refused(maiko_send_many(sup, reading, mixed, 2, &sent));
	expect(sent == 1);
	refused(maiko_try_send_many(sup, reading, &bad, 1, &sent));
	expect(sent == 0);
	reading *draft = maiko_new(reading);
	draft->value = 101;
	refused(maiko_publish(sup, draft));
	maiko_discard(draft);
}
enum { OUTSIDE_WAYS = 8 };

TEST_SIM(whatever_way_a_thread_sends_it_a_bad_event_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	bad_from_outside(sup); /* also before the start */
	ok(maiko_start(sup));
	bad_from_outside(sup);
	test_wait_for(&test_heard_events, 2);
	returns(maiko_send(sup, picture, .n = 5), MAIKO_EINVAL); /* one that is no copy of a few bytes */
	assert_string_equal(maiko_last_error(), "topic 'readings' refuses the event 'picture': it is empty");
	expect_topic(test_stop(sup), "readings", 2, 2 * OUTSIDE_WAYS + 1);
	expect_heard("listener", "reading 2, reading 2");
	test_release(sup);
}

TEST_WORKERS(who_waits_for_a_receipt_is_refused_at_once)
{
	maiko_receipt receipt = {.deliveries = 77};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	refused(maiko_send_wait(sup, 60000, &receipt, reading, .value = 101));
	assert_int_equal(receipt.deliveries, 77);
	ok(maiko_send_wait(sup, 60000, &receipt, reading, .n = 1, .value = 99));
	assert_int_equal(receipt.handled, 1);
	expect_topic(test_stop(sup), "readings", 1, 1);
	test_release(sup);
}

/* Several threads and several actors at the same time. */
enum { THREADS = 4, EACH = 2000 };

static void thread_main(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t i = 0; i < EACH; i++) {
		refused(maiko_send(sup, reading, .value = 101));
		expect(maiko_send(sup, reading, .n = i) == 0);
	}
}
static int many_turns(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < MAIKO_ALLOWANCE; i++)
		refused(maiko_send(ctx, reading, .value = 101));
	return 0;
}

TEST_WORKERS(each_that_is_refused_is_counted_once)
{
	uv_thread_t threads[THREADS];
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	for (uint32_t i = 0; i < THREADS; i++)
		ok(maiko_add(sup, puppet, test_name("sender", i)));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_create(&threads[i], thread_main, sup), 0);
		test_order(sup, test_name("sender", i), many_turns);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	expect_topic(test_stop(sup), "readings", THREADS * EACH, THREADS * (EACH + MAIKO_ALLOWANCE));
	expect_heard_count("listener", reading, THREADS * EACH);
	test_release(sup);
}

/* ---- what a check sees ---------------------------------------------------------------------------- */

TEST_SIM(it_sees_each_event_that_could_be_sent_and_once)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, samples, .n = 1, .used = 2, .values = {1, 2}));
	assert_int_equal(atomic_load(&looked), 2);
	returns(maiko_send(sup, samples, .n = 2, .used = 3, .values = {1, -2, 3}), MAIKO_EINVAL);
	assert_int_equal(atomic_load(&looked), 4);
	returns(maiko_send(sup, samples, .n = 3, .used = 5), MAIKO_EINVAL); /* the count is beyond the array */
	assert_int_equal(atomic_load(&looked), 4);
	test_wait_for(&test_heard_events, 1);
	expect_topic(test_stop(sup), "readings", 1, 1);
	expect_heard("listener", "samples 1");
	test_release(sup);
}

/* ---- a topic has one ------------------------------------------------------------------------------- */

TEST_SIM(all_who_define_a_topic_agree_on_its_check)
{
	uint64_t slots[2] = {0, 0};
	const maiko_topic *topic = NULL;
	const maiko_topic without = {.name = "readings", .slot = &slots[0]};
	const maiko_topic other = {.name = "readings", .check = check_routed, .slot = &slots[1]};
	const maiko_subscription topics[] = {{.topic = &without}, {.topic = NULL}};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	returns(maiko_topic_with(sup, "readings", &other, &topic), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "topic 'readings' has another .check elsewhere; they must be equal");
	returns(maiko_topic_with(sup, "readings", &without, &topic), MAIKO_EINVAL);
	returns(maiko_add(sup, listener, "x", .topics = topics), MAIKO_EINVAL);
	assert_null(topic);
	ok(maiko_topic_with(sup, "readings", MAIKO_TOPIC_REF(readings), &topic));
	ok(maiko_topic_named(sup, "readings", &topic)); /* as it is */
	assert_true(topic->check == check_reading);
	ok(maiko_start(sup));
	refused(maiko_send(sup, reading, .value = 101));
	expect_topic(test_stop(sup), "readings", 0, 1);
	test_release(sup);
}

static int too_much(maiko_ctx *ctx) { return maiko_send(ctx, reading, .value = 101); }

/* A handler that passes the error on fails with the reason. */
TEST_SIM(the_reason_is_the_detail_of_a_failure)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "sender", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	test_order(sup, "sender", too_much);
	test_wait_gone(sup, "sender");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failure_count, 1);
	assert_string_equal(ledger->failures[0]->detail, out_of_range);
	expect_topic(ledger, "readings", 0, 1);
	test_release(sup);
}
