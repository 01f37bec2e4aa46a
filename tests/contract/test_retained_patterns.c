/*
 * Who subscribes by a pattern is given what all topics that it matches retain, each event once, whatever else the actor
 * subscribes to.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_EVENT_NAMED(reading, n);

/* Retained ones are noted with their number + 1000. */
typedef struct panel {
	int unused;
} panel;
static int panel_on_reading(panel *self, const reading *ev, maiko_ctx *ctx)
{
	(void)self;
	uint32_t noted = ev->n + (maiko_meta(ctx)->retained ? 1000 : 0);
	test_hear(ctx, MAIKO_EVENT_REF(reading), &noted);
	return 0;
}
MAIKO_ACTOR(panel, MAIKO_ON(reading, panel_on_reading));

static void send(maiko_supervisor *sup, const char *topic, uint32_t n)
{
	ok(maiko_send_on(sup, topic, reading, .n = n));
	test_settle(sup);
}

/* With topics "rooms.1.heat" to "rooms.3.heat", which retain two events each, and have had three. */
static maiko_supervisor *with_rooms(uint32_t workers)
{
	const maiko_topic *topic;
	char name[24];
	maiko_topic like = {.name = "like", .retain = 2};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	for (uint32_t room = 1; room <= 3; room++) {
		snprintf(name, sizeof name, "rooms.%u.heat", room);
		ok(maiko_topic_with(sup, name, &like, &topic));
		for (uint32_t n = 1; n <= 3; n++)
			send(sup, name, room * 10 + n);
	}
	send(sup, "rooms.4.heat", 41); /* of a topic that retains nothing */
	return sup;
}

/* The numbers that it has heard, in any order of the topics: as many, and each of them. */
static void expect_set(const char *who, const uint64_t *numbers, size_t count)
{
	size_t heard;
	const uint64_t *values = test_heard_values(who, &heard);
	assert_int_equal(heard, count);
	for (size_t i = 0; i < count; i++) {
		size_t found = 0;
		for (size_t k = 0; k < heard; k++)
			found += values[k] == numbers[i];
		assert_int_equal(found, 1);
	}
}

TEST_SIM(a_joiner_by_a_pattern_gets_what_each_topic_retains)
{
	maiko_supervisor *sup = with_rooms(workers);
	ok(maiko_add(sup, panel, "panel", .topics = MAIKO_TOPICS_LIKE("rooms.*.heat")));
	test_settle(sup);
	expect_set("panel", (const uint64_t[]){1012, 1013, 1022, 1023, 1032, 1033}, 6);
	send(sup, "rooms.2.heat", 24);
	expect_set("panel", (const uint64_t[]){1012, 1013, 1022, 1023, 1032, 1033, 24}, 7);
	test_finish(sup);
}

TEST_SIM(what_it_has_by_another_subscription_it_does_not_get_again)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_rooms(workers);
	ok(maiko_add(sup, panel, "panel", .topics = MAIKO_TOPICS_LIKE("rooms.2.heat"), .ret_id = &id));
	test_settle(sup);
	expect_set("panel", (const uint64_t[]){1022, 1023}, 2);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("rooms.>", "*.1.heat"))); /* both match the first room */
	test_settle(sup);
	expect_set("panel", (const uint64_t[]){1022, 1023, 1012, 1013, 1032, 1033}, 6);
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("rooms.3.heat")));
	test_settle(sup);
	expect_set("panel", (const uint64_t[]){1022, 1023, 1012, 1013, 1032, 1033}, 6);
	test_finish(sup);
}

TEST_SIM(the_filter_of_the_pattern_applies)
{
	maiko_supervisor *sup = with_rooms(workers);
	ok(maiko_add(sup, panel, "panel",
		     .topics = MAIKO_TOPICS(MAIKO_LIKE(
			     "rooms.*.heat", .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_AT_LEAST(n, 23))))));
	test_settle(sup);
	expect_set("panel", (const uint64_t[]){1023, 1032, 1033}, 3);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "panel")->counts.filtered, 3);
	test_release(sup);
}

TEST_SIM(whose_pattern_matches_nothing_gets_nothing)
{
	maiko_supervisor *sup = with_rooms(workers);
	ok(maiko_add(sup, panel, "panel", .topics = MAIKO_TOPICS_LIKE("rooms.*", "halls.>")));
	test_settle(sup);
	assert_int_equal(test_finish(sup).deliveries, 0);
}

TEST_SIM(members_of_a_share_group_get_only_what_comes)
{
	maiko_supervisor *sup = with_rooms(workers);
	ok(maiko_add(sup, panel, "panel", .topics = MAIKO_TOPICS(MAIKO_LIKE("rooms.*.heat", .share = "panels"))));
	test_settle(sup);
	send(sup, "rooms.2.heat", 24);
	expect_set("panel", (const uint64_t[]){24}, 1);
	test_finish(sup);
}
