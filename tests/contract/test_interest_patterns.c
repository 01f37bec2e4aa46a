/*
 * C19: an actor that watches by a pattern is told of each topic and each pattern that others subscribe to and that
 * meets it; and of a topic that is watched by its name who subscribes by a pattern counts.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

typedef struct quote {
	double price;
} quote;
MAIKO_TOPIC(metals);
static const maiko_topic *quote_topic(const quote *ev)
{
	(void)ev;
	return MAIKO_TOPIC_REF(metals);
}
MAIKO_EVENT_ROUTED(quote, quote_topic, price);

TEST_LISTENER(trader, quote);

static int note_interest(const maiko_interest *interest)
{
	test_note("%s %s", interest->topic->name, interest->wanted ? "on" : "off");
	return 0;
}

typedef struct feed {
	int unused;
} feed;
static int feed_on_interest(feed *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return note_interest(interest);
}
MAIKO_ACTOR(feed, MAIKO_ON_INTEREST(feed_on_interest, MAIKO_LIKE("quotes.>")));

typedef struct mint {
	int unused;
} mint;
static int mint_on_interest(mint *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return note_interest(interest);
}
MAIKO_ACTOR(mint, MAIKO_ON_INTEREST(mint_on_interest, metals, MAIKO_LIKE("coins.*")));

static maiko_supervisor *with_feed(uint32_t workers, maiko_actor_id *ret_trader)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, feed, "feed", .worker = workers));
	ok(maiko_add(sup, trader, "trader", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = ret_trader));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_noted("");
	return sup;
}

static void subscribe(maiko_supervisor *sup, maiko_actor_id id, const char *name)
{
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE(name)));
	test_settle(sup);
}
static void unsubscribe(maiko_supervisor *sup, maiko_actor_id id, const char *name)
{
	ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE(name)));
	test_settle(sup);
}

TEST_SIM(who_watches_a_pattern_is_told_of_each_topic_that_it_matches)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_feed(workers, &id);
	subscribe(sup, id, "quotes.acme");
	expect_noted("quotes.acme on");
	subscribe(sup, id, "news.acme");
	unsubscribe(sup, id, "quotes.acme");
	expect_noted("quotes.acme on quotes.acme off");
	subscribe(sup, id, "quotes.acme");
	expect_noted("quotes.acme on quotes.acme off quotes.acme on");
	test_finish(sup);
}

TEST_SIM(it_is_told_of_patterns_that_can_have_the_same_events)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_feed(workers, &id);
	subscribe(sup, id, "*.acme");
	expect_noted("*.acme on");
	subscribe(sup, id, "news.>");
	subscribe(sup, id, "quotes");
	expect_noted("*.acme on");
	subscribe(sup, id, "quotes.acme"); /* which the pattern matches too */
	expect_noted("*.acme on quotes.acme on");
	unsubscribe(sup, id, "*.acme");
	expect_noted("*.acme on quotes.acme on *.acme off");
	test_finish(sup);
}

TEST_SIM(at_its_start_it_is_told_what_is_wanted)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, trader, "trader", .topics = MAIKO_TOPICS_LIKE("quotes.acme"), .ret_id = &id));
	ok(maiko_add(sup, feed, "feed"));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_noted("quotes.acme on");
	ok(maiko_add(sup, feed, "another feed"));
	test_settle(sup);
	expect_noted("quotes.acme on quotes.acme on");
	unsubscribe(sup, id, "quotes.acme");
	ok(maiko_add(sup, feed, "a third feed"));
	test_settle(sup);
	expect_noted("quotes.acme on quotes.acme on quotes.acme off quotes.acme off");
	test_finish(sup);
}

TEST_SIM(a_removed_watcher_is_told_nothing)
{
	maiko_actor_id id, watcher;
	maiko_supervisor *sup = with_feed(workers, &id);
	subscribe(sup, id, "quotes.acme");
	ok(maiko_find(sup, "feed", &watcher));
	ok(maiko_remove(sup, watcher));
	unsubscribe(sup, id, "quotes.acme");
	subscribe(sup, id, "quotes.bolt");
	expect_noted("quotes.acme on");
	test_finish(sup);
}

TEST_SIM(a_topic_that_is_watched_by_name_is_wanted_by_patterns)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, mint, "mint", .worker = workers));
	ok(maiko_add(sup, trader, "trader", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_noted("metals off");
	subscribe(sup, id, "*");
	expect_noted("metals off metals on");
	subscribe(sup, id, "metals");
	unsubscribe(sup, id, "*");
	expect_noted("metals off metals on");
	unsubscribe(sup, id, "metals");
	expect_noted("metals off metals on metals off");
	test_finish(sup);
}

TEST_SIM(the_members_of_a_share_group_count_as_subscribers)
{
	maiko_actor_id id, member;
	maiko_supervisor *sup = with_feed(workers, &id);
	ok(maiko_add(sup, trader, "member", .topics = MAIKO_TOPICS(MAIKO_LIKE("quotes.acme", .share = "desk")),
		     .ret_id = &member));
	test_settle(sup);
	expect_noted("quotes.acme on");
	subscribe(sup, id, "quotes.acme");
	ok(maiko_remove(sup, member));
	test_settle(sup);
	expect_noted("quotes.acme on");
	unsubscribe(sup, id, "quotes.acme");
	expect_noted("quotes.acme on quotes.acme off");
	test_finish(sup);
}

/* Each trader listens to a topic of its own while others come and go, and watchers too. */
TEST_WORKERS(watchers_and_listeners_come_and_go)
{
	enum { ROUNDS = 40 };
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		maiko_actor_id one, other, watcher;
		char name[24];
		snprintf(name, sizeof name, "quotes.%u", round % 5);
		ok(maiko_add(sup, trader, "one", .topics = MAIKO_TOPICS_LIKE(name), .ret_id = &one));
		ok(maiko_add(sup, feed, "feed", .ret_id = &watcher));
		ok(maiko_add(sup, trader, "other", .topics = MAIKO_TOPICS_LIKE("quotes.*", "*.1"), .ret_id = &other));
		if (workers > 1)
			ok(maiko_move(sup, watcher, round % workers + 1));
		ok(maiko_remove(sup, one));
		ok(maiko_remove(sup, round % 2 == 0 ? other : watcher));
		ok(maiko_remove(sup, round % 2 == 0 ? watcher : other));
	}
	test_finish(sup);
}

/* ---- once ----------------------------------------------------------------------------------------- */

typedef struct desk {
	int unused;
} desk;
static int desk_on_interest(desk *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return note_interest(interest);
}
MAIKO_ACTOR(desk, MAIKO_ON_INTEREST(desk_on_interest, metals, MAIKO_LIKE("*"), MAIKO_LIKE("x.>"), MAIKO_LIKE("*.y")));

TEST_SIM(several_of_its_patterns_tell_it_once)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, desk, "desk"));
	ok(maiko_add(sup, trader, "trader", .topics = MAIKO_TOPICS_LIKE("x.y", "metals"), .ret_id = &id));
	ok(maiko_start(sup));
	test_settle(sup);
	assert_true(strcmp(test_noted(), "metals on x.y on") == 0 || strcmp(test_noted(), "x.y on metals on") == 0);
	unsubscribe(sup, id, "x.y");
	unsubscribe(sup, id, "metals");
	const char *noted = test_noted();
	assert_string_equal(noted + strlen("metals on x.y on"), " x.y off metals off");
	test_finish(sup);
}

/* ---- restarts --------------------------------------------------------------------------------------- */

typedef struct news_feed {
	int unused;
} news_feed;
static int news_feed_on_interest(news_feed *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return note_interest(interest);
}
MAIKO_ACTOR(news_feed, MAIKO_ON_INTEREST(news_feed_on_interest, MAIKO_LIKE("news.*")));

TEST_SIM(after_a_restart_it_is_told_again)
{
	maiko_actor_id watcher, id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, news_feed, "feed", .restart = MAIKO_TRANSIENT, .ret_id = &watcher));
	ok(maiko_add(sup, trader, "trader", .topics = MAIKO_TOPICS_LIKE("news.a", "news.b"), .ret_id = &id));
	ok(maiko_start(sup));
	test_settle(sup);
	unsubscribe(sup, id, "news.a");
	const size_t before = strlen(test_noted());
	ok(maiko_restart(sup, watcher));
	test_settle(sup);
	assert_string_equal(test_noted() + before, " news.b on");
	test_finish(sup);
}
