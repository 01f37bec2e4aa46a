/*
 * maiko_send_on: the sender names the topic of an event; a worker remembers it. Whoever sends, the topic of a name is
 * one.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

enum { A_MINUTE = 60 * 1000 };

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_EVENT_NAMED(reading, n);

/* Its topic is another one if no send names one. */
typedef struct beat {
	uint32_t n;
} beat;
MAIKO_TOPIC(beats);
static const maiko_topic *beat_topic(const beat *ev) { return ev->n == 0 ? NULL : MAIKO_TOPIC_REF(beats); }
MAIKO_EVENT_ROUTED(beat, beat_topic, n);

MAIKO_TOPIC(orders);
typedef struct order {
	uint32_t n;
	char topic[MAIKO_NAME_MAX + 2];
} order;
MAIKO_EVENT(order, orders, n, topic);

TEST_LISTENER(person, reading, beat);

/* Sends to the topic that an order names. */
typedef struct device {
	int unused;
} device;
static int device_on_order(device *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send_on(ctx, ev->topic, reading, .n = ev->n);
}
MAIKO_ACTOR(device, MAIKO_ON(order, device_on_order));

static void listen_to(maiko_supervisor *sup, const char *person_name, const char *topic_name)
{
	const maiko_topic *topic;
	ok(maiko_topic_named(sup, topic_name, &topic));
	ok(maiko_add(sup, person, person_name,
		     .topics = (const maiko_subscription[]){{.topic = topic}, {.topic = NULL}}));
}

TEST_SIM(the_sender_names_the_topic)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, device, "device"));
	listen_to(sup, "one", "device.1");
	listen_to(sup, "two", "device.2");
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 3; n++)
		ok(maiko_send(sup, order, .n = n, MAIKO_TEXT(topic, n == 2 ? "device.2" : "device.1")));
	ok(maiko_send_on(sup, "device.2", reading, .n = 4));
	ok(maiko_send_on(sup, "device.3", reading, .n = 5));
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("one", "reading 1, reading 3");
	assert_int_equal(test_topic_row(ledger, "device.3")->unrouted, 1);
	assert_int_equal(test_topic_row(ledger, "device.1")->published, 2);
	assert_int_equal(test_topic_row(ledger, "device.2")->published, 2);
	test_release(sup);
}

TEST_SIM(a_routed_event_may_be_sent_elsewhere)
{
	maiko_supervisor *sup = test_supervisor(workers);
	listen_to(sup, "near", "beats");
	listen_to(sup, "far", "beats elsewhere");
	ok(maiko_start(sup));
	ok(maiko_send(sup, beat, .n = 1));
	ok(maiko_send_on(sup, "beats elsewhere", beat, .n = 2));
	ok(maiko_send_on(sup, "beats elsewhere", beat, .n = 0)); /* for which its function has no topic */
	assert_int_equal(test_finish(sup).deliveries, 3);
	expect_heard("near", "beat 1");
	expect_heard("far", "beat 2, beat 0");
}

/* ---- what is refused --------------------------------------------------------------------------- */

static int asked;
typedef struct asker {
	int unused;
} asker;
static int asker_on_order(asker *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	char longest[MAIKO_NAME_MAX + 2];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	returns(maiko_send_on(ctx, "", reading, .n = 1), MAIKO_EINVAL);
	returns(maiko_send_on(ctx, longest, reading, .n = 1), MAIKO_EINVAL);
	longest[MAIKO_NAME_MAX] = '\0';
	ok(maiko_send_on(ctx, longest, reading, .n = 1));
	returns(maiko_send_on(ctx, "orders", order, .n = 1), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "event 'order' is of topic 'orders' wherever it is sent"));
	returns(maiko_send_on(ctx, "maiko.lifecycle", reading, .n = 1), MAIKO_EINVAL);
	returns(maiko_send_on(ctx, "maiko.private", reading, .n = 1), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "names that begin with 'maiko.' are those of the library"));
	returns(maiko_send(ctx, reading, .n = 1), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "'reading' has no topic of its own: maiko_send_on names one"));
	returns(maiko_ctx_send_on(ctx, NULL, MAIKO_EVENT_REF(reading), &(reading){1}, 0), MAIKO_EINVAL);
	returns(maiko_ctx_send_on(ctx, "a", NULL, ev, 0), MAIKO_EINVAL);
	returns(maiko_ctx_send_on(ctx, "a", MAIKO_EVENT_REF(reading), NULL, 0), MAIKO_EINVAL);
	returns(maiko_ctx_send_on(NULL, "a", MAIKO_EVENT_REF(reading), &(reading){1}, 0), MAIKO_EINVAL);
	returns(maiko_ctx_send_on(ctx, "a", MAIKO_EVENT_REF(reading), &(reading){1}, 64), MAIKO_EINVAL);
	asked++;
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(order, asker_on_order));

TEST_WORKERS(what_cannot_be_sent_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker"));
	ok(maiko_start(sup));
	asked = 0;
	ok(maiko_send(sup, order, .n = 1));
	returns(maiko_send_on(sup, "", reading, .n = 1), MAIKO_EINVAL);
	returns(maiko_send_on(sup, "orders", order, .n = 1), MAIKO_EINVAL);
	returns(maiko_send_on(sup, "maiko.lifecycle", reading, .n = 1), MAIKO_EINVAL);
	returns(maiko_send(sup, reading, .n = 1), MAIKO_EINVAL);
	returns(maiko_supervisor_send_on(sup, NULL, MAIKO_EVENT_REF(reading), &(reading){1}, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send_on(sup, "a", NULL, &(reading){1}, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send_on(NULL, "a", MAIKO_EVENT_REF(reading), &(reading){1}, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send_on(sup, "a", MAIKO_EVENT_REF(reading), &(reading){1}, MAIKO_SEND_TRACKED),
		MAIKO_EINVAL);
	(void)test_finish(sup);
	assert_int_equal(asked, 1);
}

/* ---- with a receipt -------------------------------------------------------------------------------- */

static maiko_receipt told;
typedef struct clerk {
	int unused;
} clerk;
static int clerk_on_order(clerk *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_ctx_send_on(ctx, ev->topic, MAIKO_EVENT_REF(reading), &(reading){ev->n}, MAIKO_SEND_TRACKED);
}
static int clerk_on_receipt(clerk *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	told = *receipt;
	return 0;
}
MAIKO_ACTOR(clerk, MAIKO_ON(order, clerk_on_order), MAIKO_ON_RECEIPT(clerk_on_receipt));

TEST_SIM(a_receipt_tells_what_became_of_it)
{
	maiko_supervisor *sup = test_supervisor(workers);
	told = (maiko_receipt){.deliveries = 0};
	ok(maiko_add(sup, clerk, "clerk"));
	listen_to(sup, "one", "device.1");
	listen_to(sup, "two", "device.1");
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 7, .topic = "device.1"));
	(void)test_finish(sup);
	assert_int_equal(told.deliveries, 2);
	assert_int_equal(told.handled, 2);
}

/* ---- a topic of a name is one, whoever makes it -------------------------------------------------------- */

enum { DEVICES = 8, TOPICS = 64 };

/* Two handlers on two workers each make the same topics while the other does. */
TEST_WORKERS(handlers_on_all_workers_make_the_same_topics)
{
	char name[16];
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < DEVICES; i++) {
		snprintf(name, sizeof name, "device %u", i);
		ok(maiko_add(sup, device, name, .worker = i % workers + 1));
	}
	ok(maiko_add(sup, person, "all", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < TOPICS; i++) {
		snprintf(name, sizeof name, "topic.%u", i);
		ok(maiko_send(sup, order, .n = i, MAIKO_TEXT(topic, name)));
	}
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_count("all", reading, DEVICES * TOPICS);
	for (uint32_t i = 0; i < TOPICS; i++) {
		snprintf(name, sizeof name, "topic.%u", i);
		assert_int_equal(test_topic_row(ledger, name)->published, DEVICES);
	}
	test_release(sup);
}

/* ---- a topic that nobody else names ---------------------------------------------------------------------- */

static uint32_t topics_now(maiko_supervisor *sup)
{
	maiko_ledger *ledger;
	ok(maiko_report(sup, &ledger));
	uint32_t count = (uint32_t)ledger->topic_count;
	maiko_ledger_free(ledger);
	return count;
}

TEST_ONCE(a_topic_that_is_sent_to_no_more_is_given_back_and_made_again)
{
	maiko_sim *sim;
	char name[16];
	ok(maiko_sim_new(&sim, &(maiko_sim_options){.seed = 1, .supervisor.workers = 2}));
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	ok(maiko_add(sup, device, "device"));
	ok(maiko_start(sup));
	uint32_t most = 0;
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < TOPICS; i++) {
			snprintf(name, sizeof name, "%u.%u", round % 7, i); /* in the end those of before again */
			ok(maiko_send(sup, order, .n = i, MAIKO_TEXT(topic, name)));
		}
		ok(maiko_sim_advance(sim, 2 * A_MINUTE));
		most = topics_now(sup) > most ? topics_now(sup) : most;
	}
	expect(most < 4 * TOPICS); /* of the 7 * TOPICS names */
	ok(maiko_sim_finish(sim));
	maiko_sim_free(sim);
}

/* ---- from elsewhere, and again ----------------------------------------------------------------------------- */

/* Injects what is ordered, with the topic of the order. */
typedef struct port {
	int unused;
} port;
static int port_on_order(port *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	reading value = {ev->n};
	maiko_envelope envelope = {.id = {UINT64_C(0xabcd), ev->n}, .sender = "far away"};
	returns(maiko_inject(ctx, MAIKO_EVENT_REF(reading), &value, &envelope), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "'reading' has no topic of its own, and envelope->topic is NULL"));
	envelope.topic = &(const maiko_topic){.name = ev->topic};
	return maiko_inject(ctx, MAIKO_EVENT_REF(reading), &value, &envelope);
}
MAIKO_ACTOR(port, MAIKO_ON(order, port_on_order));

TEST_SIM(an_injected_event_is_of_the_topic_of_its_envelope)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, port, "port"));
	listen_to(sup, "one", "device.1");
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .topic = "device.1"));
	ok(maiko_send(sup, order, .n = 2, .topic = "device.2"));
	assert_int_equal(test_finish(sup).deliveries, 3);
	expect_heard("one", "reading 1");
}

/* Sends dead letters again, to whom has come meanwhile. */
typedef struct postman {
	maiko_actor_id listener;
	uint32_t again;
} postman;
static int postman_on_letter(postman *self, const maiko_dead_letter *letter, maiko_ctx *ctx)
{
	return self->again++ == 0 ? maiko_resend(ctx, letter) : 0;
}
MAIKO_ACTOR(postman, MAIKO_ON(maiko_dead_letter, postman_on_letter));

TEST_ONCE(a_dead_letter_goes_to_its_topic_again)
{
	maiko_supervisor *sup =
		test_supervisor_with((maiko_options){.workers = 1, .dead_letters = MAIKO_LETTER_UNROUTED});
	ok(maiko_add(sup, postman, "postman"));
	ok(maiko_start(sup));
	ok(maiko_send_on(sup, "device.9", reading, .n = 9));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "device.9")->published, 2);
	test_release(sup);
}
