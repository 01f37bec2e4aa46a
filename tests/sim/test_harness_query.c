/*
 * Queries: what was sent, delivered and received, by every condition, and matchers.
 */
#include "harness_shop.h"

#include <string.h>

MAIKO_WHERE(expensive, order, it->price > 1000);
MAIKO_WHERE(is_tea, order, strcmp(it->what, "tea") == 0);
MAIKO_WHERE_WITH(dearer_than, order, uint32_t, it->price > *arg);
MAIKO_WHERE(big_bill, bill, it->amount >= 30);
MAIKO_WHERE_RECORD(is_root, it->event->parent.sequence == 0 && it->event->parent.origin == 0);
MAIKO_WHERE_RECORD(to_the_auditor, strcmp(it->actor_name, "auditor") == 0);
MAIKO_WHERE_RECORD(dear_from_customer,
		   strcmp(it->event->sender, "customer") == 0 && maiko_payload(it, order)->price > 100);
MAIKO_WHERE_RECORD_WITH(not_before, uint64_t, it->event->timestamp_ns >= *arg);

static size_t count(maiko_query q) { return maiko_query_count(q); }

static uint32_t price_of(const maiko_record *r)
{
	const order *o = maiko_payload(r, order);
	assert_non_null(o);
	return o->price;
}

/* ---- conditions ------------------------------------------------------------------------ */

ON_EVERY_SCENE(by_type_sender_receiver_and_topic)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	assert_int_equal(count(maiko_query_of(h, order)), 4);
	assert_int_equal(count(maiko_query_of(h, order, .sender = "customer")), 3);
	assert_int_equal(count(maiko_query_of(h, order, .sender = "outside")), 1);
	assert_int_equal(count(maiko_query_of(h, order, .sender = "nobody")), 0);
	assert_int_equal(count(maiko_query_of(h, order, .receiver = "shop")), 4);
	assert_int_equal(count(maiko_query_of(h, order, .receiver = "stock")), 0);
	assert_int_equal(count(maiko_query_of(h, reserve)), 4);
	assert_int_equal(count(maiko_query_of(h, bill)), 3);
	assert_int_equal(count(maiko_query_of(h, paid)), 3);
	assert_int_equal(count(maiko_query_of(h, closing)), 0);
	assert_int_equal(count(maiko_query_events(h)), 14);
	assert_int_equal(count(maiko_query_events(h, .sender = "shop")), 7);
	assert_int_equal(count(maiko_query_events(h, .topic = "bills")), 3);
	assert_int_equal(count(maiko_query_events(h, .topic = "bills", .sender = "ledger")), 0);
	assert_int_equal(count(maiko_query_events(h, .type_name = "paid")), 3);
	assert_int_equal(count(maiko_query_events(h, .type = MAIKO_EVENT_REF(paid), .type_name = "bill")), 0);
	scene_close(s);
}

ON_EVERY_SCENE(of_deliveries_receipts_and_observations)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	assert_int_equal(count(maiko_query_of(h, order, .of = MAIKO_OF_DELIVERIES)), 8);
	assert_int_equal(count(maiko_query_of(h, order, .of = MAIKO_OF_RECEIPTS)), 8);
	assert_int_equal(count(maiko_query_of(h, order, .of = MAIKO_OF_RECEIPTS, .receiver = "auditor")), 4);
	assert_int_equal(count(maiko_query_of(h, order, .of = MAIKO_OF_OBSERVATIONS)), 20);
	assert_int_equal(count(maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .kinds = MAIKO_KIND(ADDED))), 5);
	assert_int_equal(count(maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .receiver = "shop",
						  .kinds = MAIKO_KIND(ADDED) | MAIKO_KIND(STARTED))),
			 2);
	assert_int_equal(count(maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .kinds = MAIKO_KIND(FAILED))), 0);
	assert_int_equal(count(maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .topic = "orders")), 20);
	scene_close(s);
}

ON_EVERY_SCENE(of_actors_and_of_topics)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	assert_int_equal(count(maiko_received_by(h, "shop")), 7); /* four orders, three payments */
	assert_int_equal(count(maiko_received_by(h, "auditor")), 7);
	assert_int_equal(count(maiko_received_by(h, "customer")), 0);
	assert_int_equal(count(maiko_received_by(h, "nobody")), 0);
	assert_int_equal(count(maiko_received_by(h, NULL)), 0);
	assert_int_equal(count(maiko_sent_by(h, "customer")), 3);
	assert_int_equal(count(maiko_sent_by(h, "ledger")), 3);
	assert_int_equal(count(maiko_sent_by(h, "stock")), 0);
	assert_int_equal(count(maiko_published_on(h, "orders")), 4);
	assert_int_equal(count(maiko_delivered_on(h, "orders")), 8);
	assert_int_equal(count(maiko_published_on(h, "stores")), 4);
	assert_int_equal(count(maiko_delivered_on(h, "stores")), 4);
	assert_int_equal(count(maiko_published_on(h, "nothing")), 0);
	assert_int_equal(maiko_payload(maiko_query_last(maiko_received_by(h, "ledger")), bill)->amount, 30);
	assert_int_equal(maiko_payload(maiko_query_last(maiko_sent_by(h, "ledger")), paid)->amount, 30);
	scene_close(s);
}

ON_EVERY_SCENE(by_id_parent_and_correlation)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	const maiko_record *coffee = maiko_query_first(maiko_query_of(h, order, .where = maiko_where(expensive)));
	assert_non_null(coffee);
	maiko_id id = coffee->event->id;
	assert_int_equal(count(maiko_query_events(h, .id = id)), 1);
	assert_int_equal(count(maiko_query_events(h, .id = id, .of = MAIKO_OF_RECEIPTS)), 2);
	assert_int_equal(count(maiko_query_events(h, .parent = id)), 2);
	assert_int_equal(count(maiko_query_events(h, .correlation = id)), 4);
	assert_int_equal(count(maiko_query_events(h, .within = coffee)), 4);
	const maiko_record *its_bill = maiko_query_first(maiko_query_of(h, bill, .correlation = id));
	assert_int_equal(maiko_payload(its_bill, bill)->amount, 1500);
	assert_int_equal(count(maiko_query_events(h, .within = its_bill)), 2);
	assert_ptr_equal(maiko_harness_event(h, id), coffee);
	assert_null(maiko_harness_event(h, (maiko_id){.origin = 1, .sequence = 1}));
	scene_close(s);
}

ON_EVERY_SCENE(before_and_after)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	const maiko_record *third = maiko_query_first(maiko_query_of(h, order, .sender = "outside"));
	maiko_query all = maiko_query_of(h, order);
	maiko_query later = all, earlier = all;
	later.after = third;
	earlier.before = third;
	assert_int_equal(count(later), 1);
	assert_int_equal(price_of(maiko_query_first(later)), 30);
	assert_int_equal(count(earlier), 2);
	later.before = maiko_query_last(all);
	assert_int_equal(count(later), 0);
	scene_close(s);
}

/* ---- answers -------------------------------------------------------------------------------- */

ON_EVERY_SCENE(one_by_one_and_all_together)
{
	shop_four_orders(s);
	maiko_query q = maiko_query_of(s->h, order, .sender = "customer");
	const uint32_t prices[] = {10, 1500, 30};
	const maiko_record *records[8];
	assert_int_equal(price_of(maiko_query_first(q)), 10);
	assert_int_equal(price_of(maiko_query_last(q)), 30);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(price_of(maiko_query_nth(q, i)), prices[i]);
	assert_null(maiko_query_nth(q, 3));
	size_t i = 0;
	maiko_query_each(r, q) assert_int_equal(price_of(r), prices[i++]);
	assert_int_equal(i, 3);
	assert_int_equal(maiko_query_collect(q, records, 8), 3);
	assert_ptr_equal(records[2], maiko_query_last(q));
	assert_int_equal(maiko_query_collect(q, records, 1), 3);
	assert_true(maiko_query_any(q));
	q.topic = "bills";
	assert_false(maiko_query_any(q));
	assert_null(maiko_query_first(q));
	assert_null(maiko_query_last(q));
	assert_int_equal(maiko_query_collect(q, NULL, 0), 0);
	scene_close(s);
}

ON_EVERY_SCENE(names_and_types)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	const char *names[8];
	maiko_tally types[8];
	assert_int_equal(maiko_query_senders(maiko_query_of(h, order), names, 8), 2);
	assert_string_equal(names[0], "customer");
	assert_string_equal(names[1], "outside");
	assert_int_equal(maiko_query_receivers(maiko_sent_by(h, "shop"), names, 8), 3);
	assert_int_equal(maiko_query_receivers(maiko_published_on(h, "stores"), names, 8), 1);
	assert_string_equal(names[0], "stock");
	assert_int_equal(maiko_query_receivers(maiko_delivered_on(h, "orders"), names, 1), 2);
	assert_int_equal(maiko_query_senders(maiko_received_by(h, "shop"), NULL, 0), 3);
	assert_int_equal(maiko_query_types(maiko_sent_by(h, "shop"), types, 8), 2);
	assert_string_equal(types[0].name, "reserve");
	assert_int_equal(types[0].count, 4);
	assert_string_equal(types[1].name, "bill");
	assert_int_equal(types[1].count, 3);
	assert_int_equal(maiko_query_types(maiko_query_events(h), types, 1), 4);
	scene_close(s);
}

/* ---- matchers ----------------------------------------------------------------------------------- */

ON_EVERY_SCENE(by_a_predicate)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	uint32_t limit = 20;
	assert_int_equal(count(maiko_query_of(h, order, .where = maiko_where(expensive))), 1);
	assert_int_equal(count(maiko_query_events(h, .where = maiko_where(is_tea))), 2);
	assert_int_equal(count(maiko_query_events(h, .where = maiko_where_with(dearer_than, &limit))), 2);
	limit = 0;
	assert_int_equal(count(maiko_query_events(h, .where = maiko_where_with(dearer_than, &limit))), 3);
	assert_int_equal(count(maiko_query_of(h, order, .where = maiko_where(big_bill))), 0);
	assert_int_equal(count(maiko_query_of(h, bill, .of = MAIKO_OF_RECEIPTS, .where = maiko_where(big_bill))), 4);
	maiko_query both = maiko_query_where(maiko_query_of(h, order, .where = maiko_where(is_tea)),
					     maiko_where_with(dearer_than, &limit));
	assert_int_equal(count(both), 2);
	limit = 10;
	assert_int_equal(count(both), 1);
	assert_true(maiko_query_all(both, maiko_where(is_tea)));
	assert_false(maiko_query_all(maiko_query_of(h, order), maiko_where(is_tea)));
	assert_true(maiko_query_all(maiko_query_of(h, closing), maiko_where(is_tea)));
	assert_true(maiko_record_matches(maiko_query_first(both), maiko_where(is_tea)));
	assert_false(maiko_record_matches(NULL, maiko_where(is_tea)));
	assert_int_equal(maiko_harness_status(h), 0);
	scene_close(s);
}

/* How many of the four orders match. */
static size_t matching(maiko_harness *h, maiko_matcher m) { return count(maiko_query_events(h, .where = m)); }

ON_EVERY_SCENE(by_the_fields_of_numbers)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(price, 10))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS_NOT(price, 10))), 3);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_GREATER(price, 10))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_AT_LEAST(price, 10))), 3);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_LESS(price, 30))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_AT_MOST(price, 30u))), 3);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_GREATER(price, -1))), 4);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_GREATER(price, 29.5))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(floor, -2))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_LESS(floor, UINT64_MAX))), 4);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(big, UINT64_MAX))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(big, -1))), 0);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(weight, 0.5))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(rate, 0.1))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(urgent, true))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(paint, GREEN))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(to.x, -3), MAIKO_FIELD_IS(to.y, 4))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(to.x, -3), MAIKO_FIELD_IS(to.y, 5))), 0);
	assert_int_equal(maiko_harness_status(h), 0);
	scene_close(s);
}

ON_EVERY_SCENE(by_the_fields_of_texts)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	maiko_buffer *letter;
	char wanted[] = "tea";
	assert_int_equal(maiko_buffer_copy("dear shop", 9, &letter), 0);
	assert_int_equal(maiko_harness_send_as(h, "customer", order, .what = "sixteen letters", .letter = letter), 0);
	maiko_buffer_unref(letter);
	scene_settle(s);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(what, "tea"))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(what, wanted))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS_NOT(what, "tea"))), 3);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(what, "te"))), 0);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_CONTAINS(what, "e"))), 5);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_CONTAINS(what, "ee"))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_STARTS(what, "s"))), 2);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_STARTS(what, "sixteen letters and"))), 0);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_CONTAINS(letter, "shop"))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(letter, "dear shop"))), 1);
	assert_int_equal(matching(h, maiko_match(order, MAIKO_FIELD_IS(letter, ""))), 4);
	assert_int_equal(maiko_harness_status(h), 0);
	scene_close(s);
}

typedef struct basket {
	uint32_t prices[3];
	uint32_t used;
	place places[4];
} basket;
MAIKO_EVENT(basket, orders, prices, MAIKO_COUNTED(MAIKO_NESTED(places, place), used));
static const uint32_t three[3] = {10, 20, 30};
MAIKO_WHERE(of_three_prices, basket, memcmp(it->prices, three, sizeof three) == 0);

ON_EVERY_SCENE(by_the_elements_of_arrays)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	assert_int_equal(maiko_harness_send_as(h, "customer", basket, .prices = {10, 20, 30}, .used = 1,
					       .places = {{1, 2}, {3, 4}}),
			 0);
	scene_settle(s);
	assert_int_equal(matching(h, maiko_match(basket, MAIKO_FIELD_IS(prices[2], 30))), 1);
	assert_int_equal(matching(h, maiko_match(basket, MAIKO_FIELD_IS(prices[1], 30))), 0);
	assert_int_equal(matching(h, maiko_match(basket, MAIKO_FIELD_IS(places[0].y, 2))), 1);
	assert_int_equal(matching(h, maiko_match(basket, MAIKO_FIELD_IS(places[1].y, 4))), 0); /* does not count */
	assert_int_equal(matching(h, maiko_where(of_three_prices)), 1);
	assert_int_equal(maiko_harness_status(h), 0);
	scene_close(s);
}

/* ---- misuse ------------------------------------------------------------------------------------------ */

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void is_misuse(maiko_harness *h, maiko_query q, const char *text)
{
	assert_int_equal(maiko_query_count(q), 0);
	assert_null(maiko_query_first(q));
	assert_null(maiko_query_last(q));
	assert_int_equal(maiko_harness_status(h), MAIKO_EINVAL);
	assert_int_equal(maiko_expect_count(q, 0), MAIKO_EBROKEN);
	assert_non_null(strstr(maiko_harness_failure(h), text));
	assert_int_equal(maiko_harness_settle(h), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_clear(h), 0);
	assert_int_equal(maiko_harness_status(h), 0);
}

ON_EVERY_SCENE(a_misuse_is_no_answer)
{
	shop_open_with(s, (maiko_harness_options){.on_failure = ignore});
	maiko_harness *h = s->h;
	is_misuse(h, maiko_query_events(h, .where = maiko_match(order, MAIKO_FIELD_IS(hidden, 1))), "order.hidden");
	is_misuse(h, maiko_query_events(h, .where = maiko_where(dearer_than)), "dearer_than");
	maiko_matcher raw = {.type = MAIKO_EVENT_REF(order)};
	raw.tests[0] = (maiko_field_test){"price", MAIKO_COMPARE_IS, {.kind = MAIKO_VALUE_TEXT, .as.text = "10"}};
	is_misuse(h, maiko_query_events(h, .where = raw), "order.price");
	raw.tests[0].field = "to";
	is_misuse(h, maiko_query_events(h, .where = raw), "order.to");
	raw.tests[0].field = "price.x";
	is_misuse(h, maiko_query_events(h, .where = raw), "price.x");
	raw.type = NULL;
	is_misuse(h, maiko_query_events(h, .where = raw), "no type");
	is_misuse(h, maiko_query_events(h, .of = (maiko_query_base)9), ".of");
	maiko_query many = maiko_query_of(h, order);
	for (int i = 0; i < MAIKO_MATCHERS_MAX; i++)
		many = maiko_query_where(many, maiko_where(is_tea));
	assert_int_equal(maiko_harness_status(h), 0);
	(void)maiko_query_where(many, maiko_where(is_tea));
	assert_int_equal(maiko_harness_status(h), MAIKO_EINVAL);
	assert_int_equal(maiko_query_count((maiko_query){.harness = NULL}), 0);
	assert_int_equal(maiko_expect_count((maiko_query){.harness = NULL}, 0), MAIKO_EINVAL);
	scene_close(s);
}

ON_EVERY_SCENE(by_what_is_around_the_event)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	maiko_query all = maiko_query_events(h), records = maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS);
	assert_int_equal(count(maiko_query_where(all, maiko_where(is_root))), 4);
	assert_int_equal(count(maiko_query_where(all, maiko_where(dear_from_customer))), 1);
	assert_int_equal(count(maiko_query_events(h, .of = MAIKO_OF_RECEIPTS, .where = maiko_where(to_the_auditor))),
			 7);
	uint64_t last = maiko_query_last(maiko_query_of(h, order))->event->timestamp_ns;
	maiko_query orders = maiko_query_of(h, order, .where = maiko_where_with(not_before, &last));
	assert_true(maiko_query_any(orders));
	assert_true(maiko_query_all(orders, maiko_where_with(not_before, &last)));
	last++;
	assert_false(maiko_query_any(orders));
	/* A record of no event has nothing around one. */
	assert_int_equal(count(maiko_query_where(records, maiko_where(is_root))),
			 count(maiko_query_events(h, .of = MAIKO_OF_OBSERVATIONS, .topic = "orders")));
	assert_int_equal(maiko_harness_status(h), 0);
	orders.where = maiko_where_with(not_before, (const uint64_t *)NULL);
	assert_int_equal(count(orders), 0);
	assert_int_equal(maiko_harness_status(h), MAIKO_EINVAL);
	scene_close(s);
}

ON_EVERY_SCENE(by_id_and_by_name_as_matchers)
{
	shop_four_orders(s);
	maiko_harness *h = s->h;
	maiko_query all = maiko_query_events(h);
	const maiko_record *second = maiko_query_nth(maiko_query_of(h, order), 1);
	assert_int_equal(count(maiko_query_where(all, maiko_match_id(second->event->id))), 1);
	assert_int_equal(count(maiko_query_where(all, maiko_match_id(second->event->parent))), 0); /* a root's */
	assert_int_equal(count(maiko_query_where(all, maiko_match_name("bill"))), 3);
	assert_int_equal(count(maiko_query_where(all, maiko_match_name(NULL))), 0);
	assert_int_equal(count(maiko_query_where(all, maiko_match_type(bill))), 3);
	assert_true(maiko_record_matches(second, maiko_match_type(order)));
	assert_false(maiko_record_matches(second, maiko_match_name("bill")));
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_type_sender_receiver_and_topic),
		cmocka_unit_test(of_deliveries_receipts_and_observations),
		cmocka_unit_test(of_actors_and_of_topics),
		cmocka_unit_test(by_id_parent_and_correlation),
		cmocka_unit_test(before_and_after),
		cmocka_unit_test(one_by_one_and_all_together),
		cmocka_unit_test(names_and_types),
		cmocka_unit_test(by_a_predicate),
		cmocka_unit_test(by_the_fields_of_numbers),
		cmocka_unit_test(by_the_fields_of_texts),
		cmocka_unit_test(by_the_elements_of_arrays),
		cmocka_unit_test(a_misuse_is_no_answer),
		cmocka_unit_test(by_what_is_around_the_event),
		cmocka_unit_test(by_id_and_by_name_as_matchers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
