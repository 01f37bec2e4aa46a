/*
 * Patterns with all else that an actor does: it moves, filters, lets events expire, keeps the latest, is tracked and
 * watched; topics are made by several workers while actors subscribe; memory fails.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { DEVICES = 40 };

typedef struct reading {
	uint32_t n;
	uint32_t device;
	uint32_t ages, latest; /* flags: the topic of that device has a ttl, or keeps the latest */
} reading;
static const maiko_topic *route_reading(const reading *r, maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	char name[64];
	(void)snprintf(name, sizeof name, "device.%u.%s", r->device, r->ages ? "old" : r->latest ? "last" : "temp");
	const maiko_topic like = {.overflow = r->latest && !r->ages ? MAIKO_KEEP_LATEST : MAIKO_OVERFLOW_DEFAULT,
				  .ttl_ms = r->ages ? 50 : 0,
				  .format = MAIKO_FORMAT};
	return maiko_topic_with(sup, name, &like, &topic) == 0 ? topic : NULL;
}
MAIKO_EVENT_ROUTED(reading, route_reading, n, device, ages, latest);

typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note, notes, n);

TEST_LISTENER(person, reading, note);

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

PER_TEST maiko_actor_id id;

/* ---- moves ---------------------------------------------------------------------------------------------- */

TEST_SIM(what_came_by_a_pattern_moves_along_to_where_nobody_knows_its_topic)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "reader", .topics = MAIKO_TOPICS_LIKE("device.*.temp"), .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= DEVICES; i++)
		ok(maiko_send(sup, reading, .n = i, .device = i));
	test_settle(sup);
	ok(maiko_move(sup, id, workers));
	for (uint32_t i = DEVICES + 1; i <= 2 * DEVICES; i++)
		ok(maiko_send(sup, reading, .n = i, .device = i));
	ok(maiko_move(sup, id, 1));
	test_wait_for(&test_heard_events, 2 * (uint64_t)DEVICES);
	expect_heard_in_order("reader", 1, 2 * (uint64_t)DEVICES);
	const maiko_ledger *ledger = test_report(sup);
	assert_int_equal(test_topic_row(ledger, "device.1.temp")->counts.deliveries, 1);
	test_finish(sup);
}

/* ---- filters ---------------------------------------------------------------------------------------------- */

static bool is_even(const reading *ev) { return ev->n % 2 == 0; }
MAIKO_FILTER(reading, is_even);
static bool is_small(const reading *ev) { return ev->n < 5; }
MAIKO_FILTER(reading, is_small);
static bool is_note_one(const note *ev) { return ev->n == 1; }
MAIKO_FILTER(note, is_note_one);

TEST_SIM(the_filter_of_the_first_that_matches_decides)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, person, "reader", .worker = workers, .ret_id = &id,
		     .topics = MAIKO_TOPICS(MAIKO_LIKE("device.>", .where = MAIKO_FILTER_REF(is_small)),
					    MAIKO_LIKE("device.*.temp", .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= 8; i++)
		ok(maiko_send(sup, reading, .n = i));
	for (uint32_t i = 1; i <= 8; i++)
		ok(maiko_send(sup, reading, .n = i, .latest = 1, .device = i));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.*.temp")));
	ok(maiko_send(sup, reading, .n = 3));
	ok(maiko_send(sup, reading, .n = 6));
	test_settle(sup);
	expect_heard_numbers("reader", "2 4 6 8 1 2 3 4 3");
	returns(maiko_subscribe_all(sup, id, MAIKO_TOPICS(MAIKO_LIKE("a.*", .where = MAIKO_FILTER_REF(is_note_one)))),
		MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "pattern 'a.*'"));
	maiko_counts counts = test_finish(sup);
	assert_int_equal(counts.filtered, 4 + 4 + 1);
}

/* ---- policies ------------------------------------------------------------------------------------------------ */

TEST_SIM(events_expire_and_replace_each_other_as_their_topic_says)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "reader", .topics = MAIKO_TOPICS_LIKE("device.>"), .worker = workers));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= 6; i++)
		ok(maiko_send(sup, reading, .n = i, .ages = i % 2, .latest = 1));
	test_wait_for(&test_heard_events, 1);
	test_settle(sup);
	expect_heard_numbers("reader", "6");
	maiko_counts counts = test_finish(sup);
	assert_int_equal(counts.expired, 3);
	assert_int_equal(counts.dropped, 2);
}

/* ---- the end of a subscription ---------------------------------------------------------------------------------- */

TEST_SIM(what_another_subscription_matches_stays_queued)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "reader", .topics = MAIKO_TOPICS_LIKE("device.>", "device.1.*"), .worker = workers,
		     .ret_id = &id));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= 6; i++)
		ok(maiko_send(sup, reading, .n = i, .device = i % 2));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")));
	test_wait_for(&test_heard_events, 3);
	expect_heard_numbers("reader", "1 3 5");
	maiko_counts counts = test_finish(sup);
	assert_int_equal(counts.dead, 3);
}

TEST_SIM(what_a_pattern_has_brought_releases_its_sender_when_it_ends)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sleeper, "reader", .topics = MAIKO_TOPICS_LIKE("device.>"), .worker = workers, .mailbox = 2,
		     .ret_id = &id));
	ok(maiko_start(sup));
	uint32_t sent = 0;
	while (maiko_try_send(sup, reading, .n = sent) == 0 && sent < 100000)
		sent++;
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.>")));
	ok(maiko_send(sup, reading, .n = sent));
	test_settle(sup);
	test_finish(sup);
}

/* ---- receipts --------------------------------------------------------------------------------------------------- */

PER_TEST maiko_receipt last;
PER_TEST _Atomic(uint64_t) receipts;

typedef struct tracker {
	uint32_t unused;
} tracker;
static int tracker_on_note(tracker *self, const note *ev, maiko_ctx *ctx)
{
	expect(maiko_send_tracked(ctx, reading, .n = ev->n) == 0);
	return 0;
}
static int tracker_on_receipt(tracker *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	last = *receipt;
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(tracker, MAIKO_ON(note, tracker_on_note), MAIKO_ON_RECEIPT(tracker_on_receipt));

TEST_SIM(a_receipt_has_those_that_take_it_by_patterns)
{
	static const char *const patterns[] = {"device.>", "*.*.temp", "device.0.*", ">"};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, tracker, "sender", .worker = 1));
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, person, test_name("reader", i), .topics = MAIKO_TOPICS_LIKE(patterns[i], "*.0.>"),
			     .worker = i % workers + 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, note, .n = 1));
	test_wait_for(&receipts, 1);
	assert_true(maiko_receipt_done(&last));
	assert_int_equal(last.deliveries, 4);
	maiko_receipt got;
	ok(maiko_send_wait(sup, 1000, &got, reading, .n = 2));
	assert_int_equal(got.handled, 4);
	test_finish(sup);
}

/* ---- interest ---------------------------------------------------------------------------------------------------- */

typedef struct camera {
	uint32_t unused;
} camera;
static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note("%s %s", interest->topic->name, interest->wanted ? "on" : "off");
	return 0;
}
MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, notes));

TEST_SIM(who_subscribes_by_a_pattern_is_interested)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, person, "reader", .topics = MAIKO_TOPICS_LIKE("device.*"), .ret_id = &id));
	ok(maiko_add(sup, camera, "camera", .worker = workers));
	ok(maiko_start(sup));
	test_settle(sup);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("*")));
	test_settle(sup);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS(notes, MAIKO_LIKE(">"))));
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS(notes)));
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("*")));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE(">")));
	test_settle(sup);
	expect_noted("notes off notes on notes off");
	test_finish(sup);
}

TEST_SIM(a_watcher_that_comes_later_is_told_of_patterns)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, person, "reader", .topics = MAIKO_TOPICS_LIKE("*"), .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_add(sup, camera, "camera", .worker = workers));
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_settle(sup);
	expect_noted("notes on notes off");
	test_finish(sup);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

#ifdef __SANITIZE_THREAD__
enum { EACH = 300 };
#else
enum { EACH = 3000 };
#endif
enum { SENDERS = 4, READERS = 4 };

/* Sends on a new topic each time; those of several are the same. */
typedef struct maker {
	uint32_t number, sent;
} maker;
static maiko_next maker_tick(maker *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 8 && self->sent < EACH; i++) {
		if (maiko_send(ctx, reading, .n = self->sent, .device = self->sent / 2 + self->number % 2 * EACH) != 0)
			return maiko_when_sendable();
		self->sent++;
	}
	return self->sent < EACH ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(maker, MAIKO_TICK(maker_tick));

PER_TEST _Atomic(uint64_t) counted;

typedef struct counter {
	uint32_t count;
} counter;
static int counter_on_reading(counter *self, const reading *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&counted, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(reading, counter_on_reading));

TEST_WORKERS(topics_are_made_by_several_workers_at_a_time)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < READERS; i++)
		ok(maiko_add(sup, counter, test_name("reader", i), .topics = MAIKO_TOPICS_LIKE("device.*.temp", "*.>"),
			     .worker = i % workers + 1));
	for (uint32_t i = 0; i < SENDERS; i++)
		ok(maiko_add(sup, maker, test_name("sender", i), .init = &(maker){.number = i},
			     .worker = i % workers + 1));
	ok(maiko_start(sup));
	ok(maiko_add(sup, person, "other", .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	for (uint32_t i = 0; i < 20; i++) {
		ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.7.*", test_name("no.", i))));
		ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.7.*", test_name("no.", i))));
	}
	test_wait_for(&counted, (uint64_t)SENDERS * EACH * READERS);
	test_finish(sup);
	assert_int_equal(counted, (uint64_t)SENDERS * EACH * READERS);
}
