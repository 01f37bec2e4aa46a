/*
 * Chains of cause: paths of actors and of events, branches, and how they are drawn.
 */
#include "harness_shop.h"

#include <stdlib.h>
#include <string.h>

/* The chain of the coffee: order -> reserve, bill -> paid. */
static maiko_chain coffee_chain(scene *s)
{
	return maiko_chain_from(
		maiko_query_of(s->h, order, .where = maiko_match(order, MAIKO_FIELD_IS(what, "coffee"))));
}

static void is_path(size_t length, const char *const *names, size_t count, const char *const *expected)
{
	assert_int_equal(length, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(names[i], expected[i]);
}

ON_EVERY_SCENE(its_events_and_paths)
{
	shop_four_orders(s);
	maiko_chain c = coffee_chain(s);
	const char *names[8];
	assert_int_equal(maiko_chain_count(c), 4);
	assert_int_equal(maiko_chain_depth(c), 3);
	assert_int_equal(maiko_chain_paths(c), 4);
	is_path(maiko_chain_actors(c, 0, names, 8), names, 3, MAIKO_NAMES("customer", "shop", "stock"));
	is_path(maiko_chain_events(c, 0, names, 8), names, 2, MAIKO_NAMES("order", "reserve"));
	is_path(maiko_chain_actors(c, 1, names, 8), names, 4, MAIKO_NAMES("customer", "shop", "ledger", "shop"));
	is_path(maiko_chain_events(c, 1, names, 8), names, 3, MAIKO_NAMES("order", "bill", "paid"));
	is_path(maiko_chain_actors(c, 2, names, 8), names, 3, MAIKO_NAMES("customer", "shop", "auditor"));
	is_path(maiko_chain_events(c, 2, names, 8), names, 2, MAIKO_NAMES("order", "bill"));
	is_path(maiko_chain_actors(c, 3, names, 8), names, 2, MAIKO_NAMES("customer", "auditor"));
	is_path(maiko_chain_events(c, 3, names, 8), names, 1, MAIKO_NAMES("order"));
	assert_int_equal(maiko_chain_actors(c, 4, names, 8), 0);
	assert_int_equal(maiko_chain_actors(c, 1, names, 2), 4);
	scene_close(s);
}

ON_EVERY_SCENE(whole_paths_and_parts_of_them)
{
	shop_four_orders(s);
	maiko_chain c = coffee_chain(s);
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "shop", "ledger", "shop")));
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "auditor")));
	assert_false(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "shop", "ledger"))); /* goes on */
	assert_false(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("shop", "ledger", "shop")));
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("order", "bill", "paid")));
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("order", "bill"))); /* to the auditor */
	assert_false(maiko_chain_has_events_exactly(c, MAIKO_NAMES("bill", "paid")));
	assert_true(maiko_chain_has_actors(c, MAIKO_NAMES("shop", "ledger")));
	assert_true(maiko_chain_has_actors(c, MAIKO_NAMES("ledger", "shop")));
	assert_false(maiko_chain_has_actors(c, MAIKO_NAMES("customer", "ledger")));
	assert_false(maiko_chain_has_actors(c, MAIKO_NAMES("customer", "shop", "ledger", "shop", "stock")));
	assert_true(maiko_chain_has_events(c, MAIKO_NAMES("bill", "paid")));
	assert_false(maiko_chain_has_events(c, MAIKO_NAMES("order", "paid")));
	assert_false(maiko_chain_has_actors(c, NULL));
	scene_close(s);
}

ON_EVERY_SCENE(through_whom_and_to_whom)
{
	shop_four_orders(s);
	maiko_chain c = coffee_chain(s);
	const char *names[8];
	assert_true(maiko_chain_passes(c, "customer"));
	assert_true(maiko_chain_passes(c, "stock"));
	assert_false(maiko_chain_passes(c, "outside"));
	assert_false(maiko_chain_passes(c, NULL));
	is_path(maiko_chain_path_to(c, "ledger", names, 8), names, 3, MAIKO_NAMES("customer", "shop", "ledger"));
	is_path(maiko_chain_path_to(c, "auditor", names, 8), names, 2, MAIKO_NAMES("customer", "auditor"));
	is_path(maiko_chain_path_to(c, "shop", names, 8), names, 2, MAIKO_NAMES("customer", "shop"));
	assert_int_equal(maiko_chain_path_to(c, "customer", names, 8), 1);
	assert_int_equal(maiko_chain_path_to(c, "nobody", names, 8), 0);
	scene_close(s);
}

ON_EVERY_SCENE(where_it_branches)
{
	shop_four_orders(s);
	maiko_chain c = coffee_chain(s);
	const maiko_record *branches[4];
	assert_int_equal(maiko_chain_branches(c, branches, 4), 1);
	assert_ptr_equal(branches[0], c.event);
	assert_true(maiko_chain_diverges_after(c, "customer")); /* to the shop, to the auditor */
	assert_true(maiko_chain_diverges_after(c, "shop"));
	assert_false(maiko_chain_diverges_after(c, "ledger"));
	assert_false(maiko_chain_diverges_after(c, "stock"));
	assert_false(maiko_chain_diverges_after(c, "nobody"));
	/* The sample is not billed. */
	maiko_chain sample = maiko_chain_from(maiko_query_of(s->h, order, .sender = "outside"));
	assert_int_equal(maiko_chain_count(sample), 2);
	assert_int_equal(maiko_chain_branches(sample, NULL, 0), 0);
	assert_false(maiko_chain_diverges_after(sample, "shop"));
	assert_true(maiko_chain_has_actors_exactly(sample, MAIKO_NAMES("outside", "shop", "stock")));
	scene_close(s);
}

ON_EVERY_SCENE(from_the_middle_from_any_record_and_from_none)
{
	shop_four_orders(s);
	maiko_query bills = maiko_query_of(s->h, bill, .where = maiko_match(bill, MAIKO_FIELD_IS(amount, 1500)));
	maiko_chain c = maiko_chain_from(bills);
	assert_int_equal(maiko_chain_count(c), 2);
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("shop", "ledger", "shop")));
	bills.of = MAIKO_OF_RECEIPTS;
	assert_int_equal(maiko_chain_count(maiko_chain_of(s->h, maiko_query_last(bills))), 2);
	maiko_chain none = maiko_chain_of(s->h, NULL);
	assert_int_equal(maiko_chain_count(none), 0);
	assert_int_equal(maiko_chain_depth(none), 0);
	assert_int_equal(maiko_chain_paths(none), 0);
	assert_int_equal(maiko_chain_actors(none, 0, NULL, 0), 0);
	assert_int_equal(maiko_chain_branches(none, NULL, 0), 0);
	assert_int_equal(maiko_chain_path_to(none, "shop", NULL, 0), 0);
	assert_false(maiko_chain_passes(none, "shop"));
	assert_false(maiko_chain_diverges_after(none, "shop"));
	scene_close(s);
}

ON_EVERY_SCENE(an_event_that_no_one_receives_is_a_path_of_its_sender)
{
	shop_open(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", closing), 0);
	scene_settle(s);
	maiko_chain c = maiko_chain_of(s->h, maiko_harness_sent(s->h));
	assert_int_equal(maiko_chain_count(c), 1);
	assert_int_equal(maiko_chain_paths(c), 1);
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer")));
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("closing")));
	scene_close(s);
}

/* ---- drawn ------------------------------------------------------------------------------------ */

static char *drawn(maiko_chain c, void (*draw)(maiko_chain chain, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	draw(c, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		print_error("\"%s\" is not in:\n%s\n", part, text);
		fail();
	}
}

ON_EVERY_SCENE(as_a_tree)
{
	shop_four_orders(s);
	char *text = drawn(coffee_chain(s), maiko_chain_print);
	says(text, "order#");
	says(text, "\"what\":\"coffee\",\"price\":1500");
	says(text, "\n  reserve#");
	says(text, " {\"what\":\"coffee\"}  from shop, to stock\n");
	says(text, "\n  bill#");
	says(text, "\n    paid#");
	says(text, " {\"amount\":1500}  from ledger, to shop\n");
	free(text);
	scene_close(s);
}

ON_EVERY_SCENE(as_a_diagram)
{
	shop_open(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order), 0);
	scene_settle(s);
	maiko_chain sample = maiko_chain_of(s->h, maiko_harness_sent(s->h));
	char *text = drawn(sample, maiko_chain_mermaid);
	assert_memory_equal(text, "sequenceDiagram\n    participant p0 as customer\n", 47);
	says(text, " as shop\n");
	says(text, " as auditor\n");
	says(text, "    participant p3 as stock\n");
	says(text, "    p0->>p1: order\n");
	says(text, "    p0->>p2: order\n");
	says(text, "->>p3: reserve\n");
	free(text);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", closing), 0);
	scene_settle(s);
	text = drawn(maiko_chain_of(s->h, maiko_harness_sent(s->h)), maiko_chain_mermaid);
	says(text, "closing");
	free(text);
	scene_close(s);
}

static void an_odd_name_is_escaped(void **state)
{
	(void)state;
	scene s = {.workers = 1};
	scene_open(&s);
	assert_int_equal(maiko_add(s.sup, customer, "a;b#c", .topics = MAIKO_NO_TOPICS), 0);
	assert_int_equal(maiko_start(s.sup), 0);
	assert_int_equal(maiko_harness_send_as(s.h, "a;b#c", order), 0);
	scene_settle(&s);
	char *text = drawn(maiko_chain_of(s.h, maiko_harness_sent(s.h)), maiko_chain_mermaid);
	assert_string_equal(text, "sequenceDiagram\n"
				  "    participant p0 as a#59;b#35;c\n"
				  "    Note over p0: order, to no one\n");
	free(text);
	scene_close(&s);
}

/* ---- long ones ---------------------------------------------------------------------------------- */

typedef struct step {
	uint32_t left;
} step;
typedef struct walker {
	uint32_t unused;
} walker;
MAIKO_TOPIC(ways);
MAIKO_EVENT(step, ways, left);

static int walker_on_step(walker *self, const step *ev, maiko_ctx *ctx)
{
	(void)self;
	return ev->left == 0 ? 0 : maiko_send(ctx, step, .left = ev->left - 1);
}
MAIKO_ACTOR(walker, MAIKO_ON(step, walker_on_step));

TEST_WORKERS(a_chain_may_be_long)
{
	enum { STEPS = 50000 };
	scene s = {.workers = workers};
	scene_open(&s);
	assert_int_equal(maiko_add(s.sup, walker, "walker", .echo = true), 0);
	assert_int_equal(maiko_start(s.sup), 0);
	assert_int_equal(maiko_send(s.sup, step, .left = STEPS), 0);
	scene_settle(&s);
	maiko_chain c = maiko_chain_from(maiko_query_of(s.h, step));
	const char *names[3];
	assert_int_equal(maiko_chain_count(c), STEPS + 1);
	assert_int_equal(maiko_chain_depth(c), STEPS + 1);
	assert_int_equal(maiko_chain_paths(c), 1);
	assert_int_equal(maiko_chain_actors(c, 0, names, 3), STEPS + 2);
	assert_string_equal(names[0], "outside");
	assert_string_equal(names[2], "walker");
	assert_true(maiko_chain_has_actors(c, MAIKO_NAMES("outside", "walker", "walker")));
	assert_false(maiko_chain_has_actors(c, MAIKO_NAMES("walker", "outside")));
	FILE *out = fopen("/dev/null", "w");
	assert_non_null(out);
	maiko_chain_print(c, out);
	maiko_chain_mermaid(c, out);
	fclose(out);
	assert_int_equal(maiko_harness_status(s.h), 0);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_events_and_paths),
		cmocka_unit_test(whole_paths_and_parts_of_them),
		cmocka_unit_test(through_whom_and_to_whom),
		cmocka_unit_test(where_it_branches),
		cmocka_unit_test(from_the_middle_from_any_record_and_from_none),
		cmocka_unit_test(an_event_that_no_one_receives_is_a_path_of_its_sender),
		cmocka_unit_test(as_a_tree),
		cmocka_unit_test(as_a_diagram),
		cmocka_unit_test(an_odd_name_is_escaped),
		cmocka_unit_test(a_chain_may_be_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
