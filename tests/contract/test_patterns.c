/*
 * Patterns: an actor subscribes to all topics whose names match, also to those that are made later; it gets each event
 * once; a pattern is subscribed and unsubscribed like a topic, and is none otherwise.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

typedef struct reading {
	uint32_t n;
	uint32_t device;
	uint32_t kind; /* 0: temp, 1: battery, 2: nothing else */
} reading;
typedef struct alarm_raised {
	uint32_t n;
} alarm_raised;
typedef struct note {
	uint32_t n;
} note;

static const maiko_topic *route_reading(const reading *r, maiko_supervisor *sup)
{
	static const char *const kinds[] = {"temp", "battery", "temp.raw"};
	const maiko_topic *topic = NULL;
	char name[64];
	(void)snprintf(name, sizeof name, "device.%u.%s", r->device, kinds[r->kind]);
	return maiko_topic_named(sup, name, &topic) == 0 ? topic : NULL;
}
MAIKO_TOPIC(alarms);
MAIKO_TOPIC(notes);
MAIKO_EVENT_ROUTED(reading, route_reading, n, device, kind);
MAIKO_EVENT(alarm_raised, alarms, n);
MAIKO_EVENT(note, notes, n);

TEST_LISTENER(person, reading, alarm_raised);
TEST_LISTENER(writer, note);

/* One that takes nothing until its tick runs for the second time. */
typedef struct sleeper {
	uint32_t ticks;
} sleeper;
static int sleeper_on_start(sleeper *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int sleeper_on_reading(sleeper *self, const reading *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return 0;
}
static maiko_next sleeper_tick(sleeper *self, maiko_ctx *ctx)
{
	if (self->ticks++ == 0)
		return maiko_after_ms(100);
	expect(maiko_unhold(ctx) == 0);
	return maiko_never();
}
MAIKO_ACTOR(sleeper, MAIKO_ON_START(sleeper_on_start), MAIKO_ON(reading, sleeper_on_reading), MAIKO_TICK(sleeper_tick));

/* Topics whose names have dots. */
static const maiko_topic fire = {.name = "alarm.fire", .format = MAIKO_FORMAT};

PER_TEST maiko_actor_id id;

static maiko_supervisor *start(uint32_t workers, const maiko_subscription *topics)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "sender", .worker = 1));
	ok(maiko_add(sup, person, "reader", .topics = topics, .worker = workers, .ret_id = &id));
	ok(maiko_start(sup));
	return sup;
}

static int send_from_inside(maiko_ctx *ctx) { return maiko_send(ctx, reading, .n = 100, .device = 9); }

TEST_SIM(an_actor_gets_the_events_of_all_topics_that_match)
{
	maiko_supervisor *sup = start(workers, MAIKO_TOPICS_LIKE("device.*.temp"));
	ok(maiko_send(sup, reading, .n = 1, .device = 1));
	ok(maiko_send(sup, reading, .n = 2, .device = 2));
	ok(maiko_send(sup, reading, .n = 3, .device = 1, .kind = 1));
	ok(maiko_send(sup, reading, .n = 4, .device = 1, .kind = 2));
	ok(maiko_send(sup, reading, .n = 5, .device = 1));
	test_settle(sup);
	test_order(sup, "sender", send_from_inside);
	test_settle(sup);
	expect_heard_numbers("reader", "1 2 5 100");
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(test_topic_row(ledger, "device.1.temp")->counts.deliveries, 2);
	assert_int_equal(test_topic_row(ledger, "device.1.battery")->unrouted, 1);
	test_finish(sup);
}

TEST_SIM(a_rest_is_one_token_or_more)
{
	maiko_supervisor *sup = start(workers, MAIKO_TOPICS_LIKE("device.1.>"));
	ok(maiko_send(sup, reading, .n = 1, .device = 1));
	ok(maiko_send(sup, reading, .n = 2, .device = 1, .kind = 2));
	ok(maiko_send(sup, reading, .n = 3, .device = 2, .kind = 2));
	test_settle(sup);
	expect_heard_numbers("reader", "1 2");
	test_finish(sup);
}

TEST_SIM(an_event_comes_once_however_many_subscriptions_match)
{
	maiko_supervisor *sup =
		start(workers, MAIKO_TOPICS(alarms, MAIKO_LIKE(">"), MAIKO_LIKE("device.>"), MAIKO_LIKE("device.*.*")));
	for (uint32_t i = 1; i <= 20; i++)
		ok(maiko_send(sup, reading, .n = i, .device = i % 3, .kind = i % 2));
	ok(maiko_send(sup, alarm_raised, .n = 21));
	test_settle(sup);
	expect_heard_in_order("reader", 1, 21);
	maiko_counts counts = test_finish(sup);
	assert_int_equal(counts.handled, 21);
}

TEST_SIM(patterns_are_subscribed_and_unsubscribed_like_topics)
{
	maiko_supervisor *sup = start(workers, MAIKO_NO_TOPICS);
	ok(maiko_send(sup, reading, .n = 1));
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")));
	ok(maiko_send(sup, reading, .n = 2));
	returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")), MAIKO_EEXIST);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS(alarms, MAIKO_LIKE("device.0.*"))));
	ok(maiko_send(sup, reading, .n = 3));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")));
	returns(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")), MAIKO_ENOENT);
	ok(maiko_send(sup, reading, .n = 4));
	ok(maiko_send(sup, reading, .n = 5, .device = 1));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.0.*")));
	ok(maiko_send(sup, reading, .n = 6));
	ok(maiko_send(sup, alarm_raised, .n = 7));
	test_settle(sup);
	expect_heard_numbers("reader", "2 3 4 7");
	test_finish(sup);
}

TEST_SIM(a_pattern_made_at_run_time_is_copied)
{
	char text[16] = "device.*.temp";
	maiko_supervisor *sup = start(workers, MAIKO_TOPICS_LIKE(text));
	(void)snprintf(text, sizeof text, "nothing");
	ok(maiko_send(sup, reading, .n = 1));
	test_settle(sup);
	expect_heard_numbers("reader", "1");
	test_finish(sup);
}

TEST_SIM(a_text_without_wildcards_is_the_name_of_a_topic)
{
	maiko_supervisor *sup = start(workers, MAIKO_TOPICS_LIKE("device.1.temp"));
	ok(maiko_send(sup, reading, .n = 1, .device = 1));
	ok(maiko_send(sup, reading, .n = 2, .device = 2));
	test_settle(sup);
	returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.1.temp")), MAIKO_EEXIST);
	expect_heard_numbers("reader", "1");
	test_finish(sup);
}

TEST_SIM(patterns_do_not_match_the_topics_of_the_library)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, person, "reader", .topics = MAIKO_TOPICS_LIKE(">", "*.*", "maiko.>")));
	ok(maiko_start(sup));
	ok(maiko_add(sup, person, "other", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_remove(sup, id));
	test_settle(sup);
	maiko_counts counts = test_finish(sup);
	assert_int_equal(counts.deliveries, 0);
}

TEST_SIM(the_policy_is_that_of_the_topic_unless_the_subscription_has_one)
{
	static const maiko_topic lossy = {.name = "device.0.temp",
					  .overflow = MAIKO_DROP_NEWEST,
					  .format = MAIKO_FORMAT};
	const maiko_topic *topic;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_topic_with(sup, "device.0.temp", &lossy, &topic));
	ok(maiko_add(sup, sleeper, "first", .topics = MAIKO_TOPICS_LIKE("device.>"), .mailbox = 2));
	ok(maiko_add(sup, sleeper, "last", .topics = MAIKO_TOPICS(MAIKO_LIKE("*.>", .overflow = MAIKO_DROP_OLDEST)),
		     .mailbox = 2, .worker = workers));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= 5; i++)
		ok(maiko_send(sup, reading, .n = i));
	test_wait_for(&test_heard_events, 4);
	test_settle(sup);
	expect_heard_numbers("first", "1 2");
	expect_heard_numbers("last", "4 5");
	test_finish(sup);
}

TEST_SIM(a_pattern_is_no_topic_of_an_event)
{
	const maiko_topic *topic;
	maiko_supervisor *sup = start(workers, MAIKO_NO_TOPICS);
	returns(maiko_topic_named(sup, "device.*", &topic), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "'device.*' is a pattern"));
	returns(maiko_topic_with(sup, "a.>.b", &fire, &topic), MAIKO_EINVAL);
	returns(maiko_topic_named(sup, "*", &topic), MAIKO_EINVAL);
	ok(maiko_topic_named(sup, "a*b", &topic));
	ok(maiko_topic_named(sup, "a.b*", &topic));
	test_finish(sup);
}

TEST_SIM(a_pattern_that_can_match_nothing_is_refused)
{
	static const char *const wrong[] = {"a.>.b", ">.a", "a..*", ".*", "*.", "*..b"};
	maiko_supervisor *sup = start(workers, MAIKO_NO_TOPICS);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE(wrong[i])), MAIKO_EINVAL);
		assert_non_null(strstr(maiko_last_error(), wrong[i]));
	}
	returns(maiko_subscribe(sup, id, (&(maiko_topic){.name = "a.*", .overflow = MAIKO_FAIL})), MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("")), MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE(NULL)), MAIKO_EINVAL);
	test_finish(sup);
}

TEST_SIM(a_type_that_handles_nothing_that_may_match_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	returns(maiko_add(sup, writer, "writer", .topics = MAIKO_TOPICS_LIKE("alarm.>")), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "'alarm.>'"));
	ok(maiko_add(sup, writer, "writer", .topics = MAIKO_TOPICS_LIKE("*")));
	ok(maiko_start(sup));
	ok(maiko_send(sup, note, .n = 1));
	test_settle(sup);
	expect_heard_numbers("writer", "1");
	test_finish(sup);
}
