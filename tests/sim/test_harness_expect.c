/*
 * Expectations: each holds when it should, fails when it should, and then says what a
 * person needs to know.
 */
#include "harness_shop.h"

#include <string.h>

MAIKO_WHERE(expensive, order, it->price > 1000);

/* What the last failure said, and how many there were. */
static char said[8192];
static size_t failures;

static void listen_to(void *arg, const char *text)
{
	assert_ptr_equal(arg, said);
	snprintf(said, sizeof said, "%s", text);
	failures++;
}

static void open_and_order(scene *s)
{
	failures = 0;
	shop_open_with(s, (maiko_harness_options){.on_failure = listen_to, .arg = said});
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "tea", .price = 10), 0);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "coffee", .price = 1500), 0);
	scene_settle(s);
}

/* It held. */
static void holds(int rc) { assert_int_equal(rc, 0); }

static void says(const char *part)
{
	if (strstr(said, part) == NULL) {
		print_error("\"%s\" is not in:\n%s\n", part, said);
		fail();
	}
}

/* It failed, once, and said that. */
static void fails(int rc, const char *part)
{
	assert_int_equal(rc, MAIKO_EBROKEN);
	assert_int_equal(failures, 1);
	failures = 0;
	says(part);
}

/* ---- queries --------------------------------------------------------------------------- */

ON_EVERY_SCENE(how_many)
{
	open_and_order(s);
	maiko_query q = maiko_query_of(s->h, order, .sender = "customer");
	holds(maiko_expect_count(q, 2));
	holds(maiko_expect_at_least(q, 2));
	holds(maiko_expect_at_most(q, 2));
	holds(maiko_expect_any(q));
	holds(maiko_expect_none(maiko_query_of(s->h, closing)));
	assert_int_equal(failures, 0);
	assert_null(maiko_harness_failure(s->h));
	fails(maiko_expect_count(q, 3), "  expected  3 events\n  happened  2:\n");
	fails(maiko_expect_at_least(q, 3), "  expected  at least 3 events\n");
	fails(maiko_expect_at_most(q, 1), "  expected  at most 1 event\n");
	fails(maiko_expect_none(q), "  expected  0 events\n");
	fails(maiko_expect_any(maiko_query_of(s->h, closing)), "  expected  at least 1 event\n  happened  0\n");
	assert_int_equal(maiko_harness_failures(s->h), 5);
	assert_string_equal(maiko_harness_failure(s->h), said);
	scene_close(s);
}

ON_EVERY_SCENE(it_says_where_and_what_and_why)
{
	open_and_order(s);
	fails(maiko_expect_count(maiko_query_of(s->h, order, .sender = "customer", .where = maiko_where(expensive)), 2),
	      "test_harness_expect.c:");
	const char *parts[] = {
		": maiko_expect_count(maiko_query_of(s->h, order, .sender = \"customer\", .where = "
		"maiko_where(expensive)), 2)\n",
		"  expected  2 events\n  happened  1:\n    #",
		" dispatched   order#",
		" {\"what\":\"coffee\",\"price\":1500,",
		"  customer on orders\n",
		"  of 8 events\n         2  type order\n         2  sender customer\n         1  expensive (it->price "
		"> 1000)\n",
		"  chain of order#",
		"from customer, to ",
		" {\"what\":\"coffee\"}  from shop, to stock\n",
		" {\"amount\":1500}  from ledger, to shop\n",
	};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		says(parts[i]);
	fails(maiko_expect_any(maiko_query_events(
		      s->h, .topic = "orders", .receiver = "stock",
		      .where = maiko_match(order, MAIKO_FIELD_AT_LEAST(price, 20), MAIKO_FIELD_CONTAINS(what, "x")))),
	      "         2  topic orders\n         0  receiver stock\n"
	      "         0  price is at least 20 and what contains \"x\"\n");
	scene_close(s);
}

ON_EVERY_SCENE(which)
{
	open_and_order(s);
	maiko_query q = maiko_query_of(s->h, order);
	holds(maiko_expect_first(q, maiko_match(order, MAIKO_FIELD_IS(what, "tea"))));
	holds(maiko_expect_last(q, maiko_where(expensive)));
	holds(maiko_expect_all(q, maiko_match(order, MAIKO_FIELD_GREATER(price, 0))));
	fails(maiko_expect_first(q, maiko_where(expensive)), "of the first: expensive (it->price > 1000)");
	fails(maiko_expect_last(q, maiko_match(order, MAIKO_FIELD_IS(what, "tea"))), "of the last: what is \"tea\"");
	fails(maiko_expect_all(q, maiko_match(order, MAIKO_FIELD_LESS(price, 100))), "of all: price is less than 100");
	fails(maiko_expect_all(maiko_query_of(s->h, closing), maiko_where(expensive)), "at least 1 event");
	holds(maiko_expect_before(
		q, maiko_query_of(s->h, paid, .where = maiko_match(paid, MAIKO_FIELD_IS(amount, 1500)))));
	fails(maiko_expect_before(maiko_query_of(s->h, paid), q), "all of the one before all of the other");
	fails(maiko_expect_before(q, maiko_query_of(s->h, closing)), "at least 1 event");
	scene_close(s);
}

ON_EVERY_SCENE(who)
{
	open_and_order(s);
	maiko_query q = maiko_query_of(s->h, order);
	holds(maiko_expect_senders(q, "customer"));
	holds(maiko_expect_receivers(q, "auditor", "shop"));
	holds(maiko_expect_receivers(maiko_delivered_on(s->h, "payments"), "shop"));
	fails(maiko_expect_senders(q, "outside"), "  expected  senders: outside\n  happened  senders: customer\n");
	fails(maiko_expect_receivers(q, "shop"), "  expected  receivers: shop\n");
	fails(maiko_expect_receivers(q, "shop", "auditor", "stock"), "  expected  receivers: shop, auditor, stock\n");
	fails(maiko_expect_senders(maiko_query_of(s->h, closing), "shop"), "  happened  senders: none\n");
	scene_close(s);
}

/* ---- events, actors ----------------------------------------------------------------------------- */

ON_EVERY_SCENE(of_each_event)
{
	open_and_order(s);
	maiko_query q = maiko_query_of(s->h, order);
	holds(maiko_expect_delivered(q));
	holds(maiko_expect_delivered_to(q, "shop", "auditor"));
	holds(maiko_expect_not_delivered_to(q, "stock", "customer"));
	holds(maiko_expect_ratio(q, 0.5, "shop", "auditor", "stock"));
	holds(maiko_expect_children(q, 2));
	fails(maiko_expect_delivered_to(q, "shop", "stock"), "  expected  each delivered to shop, stock\n");
	fails(maiko_expect_delivered_to(q, "shop", "stock"), "    shop                 received\n"
							     "    stock                it was not sent there\n");
	fails(maiko_expect_not_delivered_to(q, "stock", "auditor"), "each delivered to none of stock, auditor\n");
	fails(maiko_expect_ratio(q, 0.7, "shop", "auditor", "stock"), "at least 0.7 of shop, auditor, stock\n");
	fails(maiko_expect_children(q, 1), "each with that many children: 1");
	fails(maiko_expect_delivered(maiko_query_of(s->h, closing)), "at least 1 event");
	assert_int_equal(maiko_harness_send_as(s->h, "customer", closing), 0);
	scene_settle(s);
	fails(maiko_expect_delivered(
		      maiko_query_of(s->h, order, .of = MAIKO_OF_OBSERVATIONS, .kinds = MAIKO_KIND(ADDED))),
	      "at least 1 record");
	scene_close(s);
}

ON_EVERY_SCENE(of_an_actor)
{
	open_and_order(s);
	holds(maiko_expect_actor(s->h, "shop", MAIKO_ACTOR_RUNNING));
	holds(maiko_expect_actor(s->h, "nobody", MAIKO_ACTOR_GONE));
	holds(maiko_expect_count(maiko_received_by(s->h, "shop"), 4));
	fails(maiko_expect_count(maiko_received_by(s->h, "shop"), 5), "5 receipts\n  happened  4:\n");
	fails(maiko_expect_actor(s->h, "shop", MAIKO_ACTOR_FAILED), "shop: failed\n  happened  shop: running\n");
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "!"), 0);
	scene_settle(s);
	holds(maiko_expect_actor(s->h, "stock", MAIKO_ACTOR_FAILED));
	fails(maiko_expect_actor(s->h, "stock", MAIKO_ACTOR_RUNNING), "(MAIKO_ENOENT)");
	scene_close(s);
}

ON_EVERY_SCENE(of_anything)
{
	open_and_order(s);
	holds(maiko_expect(s->h, failures == 0));
	fails(maiko_expect(s->h, 2 + 2 == 5), "maiko_expect(s->h, 2 + 2 == 5)\n  expected  this to hold\n");
	assert_int_equal(maiko_expect(NULL, true), MAIKO_EINVAL);
	scene_close(s);
}

/* ---- chains ------------------------------------------------------------------------------------------ */

ON_EVERY_SCENE(of_a_chain)
{
	open_and_order(s);
	maiko_chain c = maiko_chain_from(maiko_query_of(s->h, order));
	holds(maiko_expect_chain_count(c, 4));
	holds(maiko_expect_chain_branches(c, 1));
	holds(maiko_expect_chain_actors_exactly(c, "customer", "shop", "ledger", "shop"));
	holds(maiko_expect_chain_events_exactly(c, "order", "reserve"));
	holds(maiko_expect_chain_actors(c, "shop", "ledger"));
	holds(maiko_expect_chain_events(c, "bill", "paid"));
	holds(maiko_expect_chain_passes(c, "stock"));
	holds(maiko_expect_chain_avoids(c, "outside"));
	holds(maiko_expect_chain_diverges_after(c, "shop"));
	holds(maiko_expect_chain_path_to(c, "customer", "shop", "stock"));
	holds(maiko_expect_chain_path_to(c, "customer", "shop", "ledger"));
	fails(maiko_expect_chain_count(c, 5), "  expected  5 events\n  happened  4\n  chain of order#");
	fails(maiko_expect_chain_branches(c, 0), "  expected  0 events with several children\n  happened  1\n");
	fails(maiko_expect_chain_actors_exactly(c, "customer", "shop"),
	      "a complete path of the actors customer, shop\n");
	fails(maiko_expect_chain_actors_exactly(c, "customer", "shop"), "    customer, shop, ledger, shop\n");
	fails(maiko_expect_chain_events_exactly(c, "order", "paid"), "    order, bill, paid\n");
	fails(maiko_expect_chain_actors(c, "stock", "ledger"), "a path with the actors stock, ledger\n");
	fails(maiko_expect_chain_events(c, "paid", "bill"), "a path with the events paid, bill\n");
	fails(maiko_expect_chain_passes(c, "outside"), "a path through outside\n");
	fails(maiko_expect_chain_avoids(c, "stock"), "no path through stock\n");
	fails(maiko_expect_chain_diverges_after(c, "ledger"), "different ways on after ledger\n");
	fails(maiko_expect_chain_path_to(c, "customer", "ledger"), "as the shortest path to the last of them");
	fails(maiko_expect_chain_path_to(c, "shop", "ledger", "shop"), "as the shortest path to the last of them");
	fails(maiko_expect_chain_count(maiko_chain_from(maiko_query_of(s->h, closing)), 1), "there is no event");
	scene_close(s);
}

/* ---- names ------------------------------------------------------------------------------------------- */

/* A misspelt name would make what expects nothing hold for ever. */
ON_EVERY_SCENE(an_actor_that_nobody_knows_fails_and_lists_those_known)
{
	static const char *const known = "; known: customer, shop, stock, ledger, auditor, outside\n";
	open_and_order(s);
	maiko_chain c = maiko_chain_from(maiko_query_of(s->h, order));
	fails(maiko_expect_none(maiko_sent_by(s->h, "shpo")),
	      "  expected  an actor named shpo\n  happened  there is none, and none is recorded");
	says(known);
	fails(maiko_expect_at_most(maiko_query_of(s->h, order, .receiver = "shpo"), 3), known);
	fails(maiko_expect_count(maiko_received_by(s->h, "shpo"), 0), known);
	fails(maiko_expect_all(maiko_sent_by(s->h, "shpo"), maiko_where(expensive)), known);
	fails(maiko_expect_not_delivered_to(maiko_query_of(s->h, order), "stock", "shpo"), known);
	fails(maiko_expect_ratio(maiko_query_of(s->h, order), 0, "shpo"), known);
	fails(maiko_expect_receivers(maiko_query_of(s->h, order), "shpo", "auditor"), known);
	fails(maiko_expect_actor(s->h, "shpo", MAIKO_ACTOR_RUNNING), known);
	fails(maiko_expect_chain_avoids(c, "shpo"), known);
	fails(maiko_expect_chain_actors(c, "customer", "shpo"), known);
	fails(maiko_expect_chain_count(maiko_chain_towards(c, "shpo"), 0), known);
	/* One that is gone is known by its records, one that is there without any. */
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "!"), 0);
	scene_settle(s);
	holds(maiko_expect_none(maiko_sent_by(s->h, "stock")));
	assert_int_equal(maiko_harness_clear(s->h), 0);
	holds(maiko_expect_none(maiko_sent_by(s->h, "customer")));
	fails(maiko_expect_none(maiko_sent_by(s->h, "shpo")), "; known: customer, shop, ");
	scene_close(s);
}

ON_EVERY_SCENE(where_one_fails_a_topic_or_type_without_records_is_told)
{
	open_and_order(s);
	maiko_chain c = maiko_chain_from(maiko_query_of(s->h, order));
	fails(maiko_expect_any(maiko_published_on(s->h, "ordrs")),
	      "  no topic of a recorded event is named ordrs; known: orders, ");
	fails(maiko_expect_any(maiko_query_events(s->h, .type_name = "ordr")),
	      "  no recorded event is named ordr; known: order, ");
	fails(maiko_expect_chain_events(c, "order", "bil"), "  no recorded event is named bil; known: order, ");
	fails(maiko_expect_chain_passes_steps(c, "order", "bil"), "  no recorded event is named bil; known: order, ");
	holds(maiko_expect_none(maiko_published_on(s->h, "never used")));
	scene_close(s);
}

/* ---- what it can rely on ---------------------------------------------------------------------------------- */

ON_EVERY_SCENE(a_full_record_fails_everything)
{
	failures = 0;
	shop_open_with(s, (maiko_harness_options){.on_failure = listen_to, .arg = said, .records_max = 20});
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .price = 1), 0);
	assert_int_equal(maiko_harness_settle(s->h), MAIKO_E2BIG);
	assert_int_equal(maiko_harness_status(s->h), MAIKO_E2BIG);
	assert_int_equal(maiko_query_count(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS)), 20);
	fails(maiko_expect_count(maiko_query_of(s->h, order), 8), "more than 20 records");
	fails(maiko_expect_chain_count(maiko_chain_from(maiko_query_of(s->h, order)), 4), "more than 20 records");
	fails(maiko_expect(s->h, true), "more than 20 records");
	assert_int_equal(maiko_harness_clear(s->h), 0);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order), 0);
	scene_settle(s);
	holds(maiko_expect_count(maiko_query_of(s->h, order), 1));
	scene_close(s);
}

/* As a test would be written with cmocka. */
ON_EVERY_SCENE(in_a_test_it_is_one_line)
{
	open_and_order(s);
	assert_int_equal(maiko_expect_count(maiko_query_of(s->h, bill, .receiver = "ledger"), 2), 0);
	assert_int_equal(maiko_expect_delivered_to(maiko_query_of(s->h, order), "shop", "auditor"), 0);
	assert_int_equal(
		maiko_expect_chain_path_to(maiko_chain_from(maiko_query_of(s->h, order)), "customer", "shop", "ledger"),
		0);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_many),
		cmocka_unit_test(it_says_where_and_what_and_why),
		cmocka_unit_test(which),
		cmocka_unit_test(who),
		cmocka_unit_test(of_each_event),
		cmocka_unit_test(of_an_actor),
		cmocka_unit_test(of_anything),
		cmocka_unit_test(of_a_chain),
		cmocka_unit_test(an_actor_that_nobody_knows_fails_and_lists_those_known),
		cmocka_unit_test(where_one_fails_a_topic_or_type_without_records_is_told),
		cmocka_unit_test(a_full_record_fails_everything),
		cmocka_unit_test(in_a_test_it_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
