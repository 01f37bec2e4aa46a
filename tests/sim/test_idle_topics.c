/*
 * Topics that come and go: one that all have released is given back a minute later, when another is made; but not
 * while anything refers to it.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

enum { A_MINUTE = 60 * 1000, DEVICES = 10000, ROUNDS = 30 };

typedef struct reading {
	uint32_t n;
	const maiko_topic *of;
} reading;
static const maiko_topic *reading_topic(const reading *ev) { return ev->of; }
MAIKO_EVENT_ROUTED(reading, reading_topic, n);
MAIKO_TOPIC(device);

static maiko_sim *sim;
static maiko_supervisor *sup;
static maiko_actor_id meter_id, all_id;

/* ---- an actor that handles them, and does what the test says ------------------------------------------ */

static int (*doing)(const reading *ev, maiko_ctx *ctx);
static const void *kept;

static int keep(const reading *ev, maiko_ctx *ctx)
{
	kept = ev;
	return maiko_keep(ctx, ev);
}
static int hold(const reading *ev, maiko_ctx *ctx)
{
	(void)ev;
	return maiko_hold(ctx);
}
static int send_later(const reading *ev, maiko_ctx *ctx)
{
	return ev->n == 99 ? 0 : maiko_send_after_ms(ctx, 3 * A_MINUTE, NULL, reading, .n = 99, .of = ev->of);
}
static const maiko_topic *pass_to;
static int pass_on(const reading *ev, maiko_ctx *ctx)
{
	return ev->n == 1 ? maiko_send(ctx, reading, .n = 2, .of = pass_to) : 0;
}

typedef struct meter {
	char unused;
} meter;
static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	(void)self;
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return doing == NULL ? 0 : doing(ev, ctx);
}
MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading));

/* ---- steps of a script ---------------------------------------------------------------------------------- */

/* With a meter that subscribes to nothing, and one that subscribes to all topics. */
static void begin(uint32_t workers, uint64_t seed)
{
	ok(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .supervisor.workers = workers}));
	sup = maiko_sim_supervisor(sim);
	doing = NULL;
	ok(maiko_add(sup, meter, "meter", .topics = MAIKO_NO_TOPICS, .ret_id = &meter_id));
	ok(maiko_add(sup, meter, "all", .topics = MAIKO_ALL_TOPICS, .ret_id = &all_id));
	ok(maiko_start(sup));
}

static void end(void)
{
	ok(maiko_sim_finish(sim));
	maiko_sim_free(sim);
}

static const maiko_topic *named(const char *name)
{
	const maiko_topic *topic = NULL;
	ok(maiko_topic_named(sup, name, &topic));
	return topic;
}

static void send_on(const maiko_topic *topic, uint32_t n)
{
	ok(maiko_send(sup, reading, .n = n, .of = topic));
	ok(maiko_sim_run(sim));
}

static void release(const maiko_topic *topic) { ok(maiko_topic_release(sup, topic)); }

/* Lets a minute pass, and makes a topic. */
static void make_another(void)
{
	static uint32_t count;
	ok(maiko_sim_advance(sim, A_MINUTE + 1));
	(void)named(test_name("another", count++));
	ok(maiko_sim_run(sim));
}

static void some_steps(void)
{
	for (uint64_t steps = maiko_sim_random(sim) % 20; steps > 0; steps--)
		(void)maiko_sim_step(sim);
}

/* The number of events that the ledger counts for a topic. */
static uint64_t published(const char *name)
{
	maiko_ledger *ledger;
	uint64_t count = 0;
	ok(maiko_report(sup, &ledger));
	assert_true(maiko_ledger_balanced(ledger));
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (strcmp(ledger->topics[i]->name, name) == 0)
			count += ledger->topics[i]->published;
	maiko_ledger_free(ledger);
	return count;
}

static void expect_given_back(void)
{
	assert_int_equal(published("device"), 0);
	assert_int_equal(published("(given back)"), 1);
}

static void expect_there(void)
{
	assert_int_equal(published("device"), 1);
	assert_int_equal(published("(given back)"), 0);
}

/* A test with each number of workers and some seeds: one event was sent on the topic. */
#define TEST_DEVICE(name)                                                                                              \
	static void name##_of(const maiko_topic *device);                                                              \
	TEST_WORKERS(name)                                                                                             \
	{                                                                                                              \
		for (uint64_t seed = 1; seed <= 20; seed++) {                                                          \
			test_begin();                                                                                  \
			begin(workers, seed);                                                                          \
			name##_of(named("device"));                                                                    \
			end();                                                                                         \
		}                                                                                                      \
	}                                                                                                              \
	static void name##_of(const maiko_topic *device)

/* ---- when it is given back -------------------------------------------------------------------------------- */

TEST_DEVICE(a_released_topic_is_given_back_when_another_is_made)
{
	send_on(device, 1);
	release(device);
	(void)named("at once");
	ok(maiko_sim_run(sim));
	expect_there();
	make_another();
	expect_given_back();
	const maiko_topic *again = named("device");
	send_on(again, 2);
	assert_int_equal(published("device"), 1);
	expect_heard_numbers("all", "1 2");
}

/* The description of the second is at the same address, by which its worker has looked up the first. */
TEST_DEVICE(an_actor_that_has_sent_to_it_sends_to_its_successor)
{
	const maiko_topic *hub = named("hub");
	doing = pass_on;
	pass_to = device;
	send_on(hub, 1);
	assert_int_equal(published("device"), 1);
	release(device);
	make_another();
	assert_int_equal(published("(given back)"), 1);
	pass_to = named("successor");
	assert_ptr_equal(pass_to, device);
	send_on(hub, 1);
	assert_int_equal(published("successor"), 1);
	assert_int_equal(published("(given back)"), 1);
}

TEST_DEVICE(it_stays_until_all_who_named_it_have_released_it)
{
	assert_ptr_equal(named("device"), device);
	send_on(device, 1);
	release(device);
	make_another();
	expect_there();
	release(device);
	make_another();
	expect_given_back();
}

TEST_DEVICE(one_that_retains_an_event_stays)
{
	const maiko_topic *keeps = NULL, *empty = NULL;
	ok(maiko_topic_with(sup, "keeps", &(maiko_topic){.retain = 1}, &keeps));
	ok(maiko_topic_with(sup, "empty", &(maiko_topic){.retain = 1}, &empty));
	send_on(keeps, 1);
	send_on(device, 1);
	release(keeps);
	release(empty);
	release(device);
	make_another();
	expect_given_back();
	ok(maiko_topic_with(sup, "empty", &(maiko_topic){.retain = 2}, &empty)); /* it is another one */
	returns(maiko_topic_with(sup, "keeps", &(maiko_topic){.retain = 2}, &keeps), MAIKO_EINVAL);
	ok(maiko_subscribe(sup, meter_id, named("keeps")));
	ok(maiko_sim_run(sim));
	expect_heard_numbers("meter", "1");
}

TEST_DEVICE(it_stays_while_it_has_a_subscriber)
{
	send_on(device, 1);
	ok(maiko_subscribe(sup, meter_id, device));
	release(device);
	make_another();
	expect_there();
	ok(maiko_unsubscribe(sup, meter_id, device));
	make_another();
	make_another();
	expect_given_back();
}

TEST_DEVICE(it_stays_while_an_event_is_queued)
{
	doing = hold;
	send_on(named("other"), 1);
	send_on(device, 2); /* rests in the mailbox */
	release(device);
	make_another();
	expect_there();
}

TEST_DEVICE(it_stays_while_an_event_is_kept)
{
	doing = keep;
	send_on(device, 1);
	release(device);
	make_another();
	expect_there();
	assert_int_equal(((const reading *)kept)->n, 1);
}

TEST_DEVICE(it_stays_while_an_event_is_delayed)
{
	doing = send_later;
	send_on(device, 1);
	release(device);
	make_another();
	expect_there();
	ok(maiko_sim_advance(sim, 5 * A_MINUTE));
	assert_int_equal(published("device"), 2);
	make_another();
	assert_int_equal(published("(given back)"), 2);
}

TEST_DEVICE(it_stays_if_it_is_named_while_it_is_examined)
{
	const maiko_topic *other = named("other");
	send_on(other, 0);
	send_on(device, 1);
	release(other);
	release(device);
	ok(maiko_sim_advance(sim, A_MINUTE + 1));
	(void)named("another");
	some_steps();
	const maiko_topic *again = named("device"); /* that one, or a new one */
	if (maiko_sim_random(sim) % 2 == 0) {
		release(again);
		assert_ptr_equal(named("device"), again);
	}
	send_on(again, 2);
	assert_int_equal(published("other"), 0);
	assert_int_equal(published("device") + published("(given back)"), 3);
	send_on(again, 3);
	expect_heard_numbers("all", "0 1 2 3");
}

TEST_DEVICE(it_stays_if_a_static_descriptor_comes_while_it_is_examined)
{
	send_on(device, 1);
	release(device);
	ok(maiko_sim_advance(sim, A_MINUTE + 1));
	(void)named("another");
	some_steps();
	ok(maiko_add(sup, meter, "fixed", .topics = MAIKO_TOPICS(device)));
	(void)named("third");
	send_on(named("device"), 2);
	expect_heard_numbers("fixed", "2");
}

/* What was delivered to it by one worker is discarded by another. */
TEST_DEVICE(it_is_given_back_after_its_subscriber_has_moved)
{
	maiko_actor_id mover;
	ok(maiko_add(sup, meter, "mover", .worker = maiko_worker_count(sup), .topics = MAIKO_NO_TOPICS,
		     .ret_id = &mover));
	ok(maiko_subscribe(sup, mover, device));
	ok(maiko_remove(sup, all_id)); /* who would rest with its event, too */
	doing = hold;
	send_on(device, 1);
	send_on(device, 2); /* rests in the mailbox */
	ok(maiko_move(sup, mover, 1));
	ok(maiko_unsubscribe(sup, mover, device));
	release(device);
	make_another();
	assert_int_equal(published("(given back)"), 2);
}

/* A batch has one change of an actor: the third waits for the batch after the next. Then a minute passes. */
static int change_three_times(const reading *ev, maiko_ctx *ctx)
{
	const maiko_topic *mine = named("device");
	ok(maiko_subscribe(ctx, meter_id, ev->of));
	ok(maiko_unsubscribe(ctx, meter_id, ev->of));
	ok(maiko_subscribe(ctx, meter_id, mine));
	release(mine);
	release(mine);
	maiko_sim_spend(sim, (A_MINUTE + 1) * UINT64_C(1000));
	return 0;
}

TEST_DEVICE(it_stays_while_a_subscription_to_it_waits)
{
	doing = change_three_times;
	send_on(named("other"), 1);
	doing = NULL;
	(void)named("third"); /* would be in its place, had it been given back */
	assert_ptr_equal(named("device"), device);
	send_on(device, 2);
	expect_heard_numbers("meter", "2");
}

/* ---- which are never ---------------------------------------------------------------------------------------- */

TEST_DEVICE(one_of_a_static_descriptor_is_never)
{
	send_on(device, 1);
	ok(maiko_subscribe(sup, meter_id, MAIKO_TOPIC_REF(device)));
	ok(maiko_unsubscribe(sup, meter_id, MAIKO_TOPIC_REF(device)));
	release(device);
	make_another();
	expect_there();
}

TEST_DEVICE(one_of_an_event_that_a_schema_describes_is_never)
{
	static const maiko_schema_field fields[] = {{.name = "n", .kind = MAIKO_KIND_UINT, .width = 4}};
	const maiko_event_type *type;
	const maiko_schema schema = {.name = "described", .fields = fields, .count = 1};
	ok(maiko_event_from(sup, &schema, "device", &type));
	send_on(device, 1);
	release(device);
	returns(maiko_topic_release(sup, device), 0); /* that of the type */
	make_another();
	expect_there();
}

/* Its records name topics. */
TEST_DEVICE(none_is_while_a_harness_watches)
{
	maiko_harness *h;
	ok(maiko_harness_open(&h, sup, NULL));
	send_on(device, 1);
	release(device);
	make_another();
	expect_there();
	maiko_harness_free(h);
}

/* ---- without memory ----------------------------------------------------------------------------------------- */

TEST_DEVICE(without_memory_its_place_waits_for_the_next)
{
	const maiko_topic *topic;
	send_on(device, 1);
	release(device);
	make_another();
	expect_given_back();
	for (uint64_t n = 0; n < 2; n++) { /* its name, and perhaps the index of names */
		test_allocator_fail_at(0, true);
		returns(maiko_topic_named(sup, "next", &topic), MAIKO_ENOMEM);
		test_allocator_fail_never();
	}
	send_on(named("next"), 2);
	assert_int_equal(published("next"), 1);
}

/* ---- misuse --------------------------------------------------------------------------------------------------- */

TEST_DEVICE(a_release_too_many_is_refused)
{
	release(device);
	returns(maiko_topic_release(sup, device), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(),
			    "maiko_topic_release: topic 'device' was released as often as it was named");
	returns(maiko_topic_release(sup, MAIKO_TOPIC_REF(device)), MAIKO_EINVAL);
	make_another();
	returns(maiko_topic_release(sup, device), MAIKO_EINVAL);
	returns(maiko_topic_release(NULL, device), MAIKO_EINVAL);
	returns(maiko_topic_release(sup, NULL), MAIKO_EINVAL);
}

/* ---- many -------------------------------------------------------------------------------------------------------- */

/* The meter subscribes to all of them, each gets an event, and all go. */
static void come_and_go(void)
{
	static const maiko_topic *topics[DEVICES];
	static maiko_subscription list[DEVICES + 1];
	static uint32_t count;
	for (uint32_t i = 0; i < DEVICES; i++) {
		topics[i] = named(test_name("fleet", count++));
		list[i] = (maiko_subscription){.topic = topics[i]};
	}
	ok(maiko_subscribe_all(sup, meter_id, list));
	for (uint32_t i = 0; i < DEVICES; i++)
		ok(maiko_send(sup, reading, .n = i, .of = topics[i]));
	ok(maiko_sim_run(sim));
	ok(maiko_unsubscribe_all(sup, meter_id, list));
	for (uint32_t i = 0; i < DEVICES; i++)
		release(topics[i]);
	make_another();
}

TEST_ONCE(three_hundred_thousand_topics_that_come_and_go_leave_memory_flat)
{
	begin(2, 1);
	come_and_go();
	come_and_go();
	int64_t living = test_allocator_living();
	for (int round = 2; round < ROUNDS; round++)
		come_and_go();
	assert_in_range(test_allocator_living(), 0, living + ROUNDS * 8); /* those of make_another */
	assert_int_equal(published("(given back)"), (uint64_t)ROUNDS * DEVICES);
	end();
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
