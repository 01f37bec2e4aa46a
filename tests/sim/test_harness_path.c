/*
 * Chains asked by lists with gaps, by steps, after an event, and by the part that leads to an
 * actor; and what expectations of these say.
 */
#include "harness_shop.h"

#include <stdlib.h>
#include <string.h>

MAIKO_WHERE_RECORD(from_the_shop, strcmp(it->event->sender, "shop") == 0);
MAIKO_WHERE_RECORD_WITH(on_topic, maiko_topic, strcmp(it->event->topic->name, arg->name) == 0);

static char said[8192];

static void listen_to(void *arg, const char *text)
{
	(void)arg;
	snprintf(said, sizeof said, "%s", text);
}

/* The chain of a coffee: order -> reserve, bill -> paid. */
static maiko_chain coffee(scene *s)
{
	shop_open_with(s, (maiko_harness_options){.on_failure = listen_to});
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "coffee", .price = 1500), 0);
	scene_settle(s);
	return maiko_chain_of(s->h, maiko_harness_sent(s->h));
}

static void is_list(size_t count, const char *const *names, const char *const *expected)
{
	size_t i = 0;
	for (; expected[i] != NULL; i++) {
		assert_true(i < count);
		assert_string_equal(names[i], expected[i]);
	}
	assert_int_equal(count, i);
}

static bool is_named(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s\n", part, text);
}

static void holds(int rc) { assert_int_equal(rc, 0); }
static void fails(int rc, const char *part)
{
	assert_int_equal(rc, MAIKO_EBROKEN);
	says(said, part);
}

/* ---- gaps ------------------------------------------------------------------------------- */

ON_EVERY_SCENE(actors_and_events_in_order_with_others_between)
{
	maiko_chain c = coffee(s);
	assert_true(maiko_chain_passes_actors(c, MAIKO_NAMES("customer", "ledger")));
	assert_true(maiko_chain_passes_actors(c, MAIKO_NAMES("customer", "ledger", "shop")));
	assert_true(maiko_chain_passes_actors(c, MAIKO_NAMES("shop", "shop"))); /* before the ledger and after */
	assert_true(maiko_chain_passes_actors(c, MAIKO_NAMES("customer", "shop", "ledger", "shop")));
	assert_false(maiko_chain_passes_actors(c, MAIKO_NAMES("ledger", "customer")));
	assert_false(maiko_chain_passes_actors(c, MAIKO_NAMES("shop", "shop", "shop")));
	assert_false(maiko_chain_passes_actors(c, MAIKO_NAMES("stock", "ledger"))); /* on different paths */
	assert_false(maiko_chain_has_actors(c, MAIKO_NAMES("customer", "ledger")));
	assert_true(maiko_chain_passes_events(c, MAIKO_NAMES("order", "paid")));
	assert_true(maiko_chain_passes_events(c, MAIKO_NAMES("paid")));
	assert_false(maiko_chain_passes_events(c, MAIKO_NAMES("paid", "order")));
	assert_false(maiko_chain_passes_events(c, MAIKO_NAMES("reserve", "bill")));
	assert_false(maiko_chain_passes_events(c, MAIKO_NAMES("order", "order")));
	assert_false(maiko_chain_passes_actors(c, NULL));
	assert_false(maiko_chain_passes_events(maiko_chain_of(s->h, NULL), MAIKO_NAMES("order")));
	holds(maiko_expect_chain_passes_actors(c, "customer", "ledger"));
	holds(maiko_expect_chain_passes_events(c, "order", "paid"));
	fails(maiko_expect_chain_passes_actors(c, "ledger", "customer"),
	      "a path through the actors, in that order: ledger, customer\n");
	fails(maiko_expect_chain_passes_events(c, "paid", "order"), "in that order: paid, order\n");
	fails(maiko_expect_chain_passes_events(c, "paid", "order"), "    order, bill, paid\n");
	scene_close(s);
}

/* ---- steps ------------------------------------------------------------------------------- */

ON_EVERY_SCENE(a_step_is_a_name_an_id_or_a_matcher)
{
	maiko_chain c = coffee(s);
	maiko_id bill_id = maiko_query_first(maiko_query_of(s->h, bill))->event->id;
	maiko_matcher dear = maiko_match(order, MAIKO_FIELD_GREATER(price, 1000));
	assert_true(maiko_chain_has_steps(c, MAIKO_STEPS("order", bill_id)));
	assert_true(maiko_chain_has_steps(c, MAIKO_STEPS(dear, maiko_match_type(bill))));
	assert_true(maiko_chain_has_steps(c, MAIKO_STEPS(maiko_match(bill, MAIKO_FIELD_IS(amount, 1500)), "paid")));
	assert_false(maiko_chain_has_steps(c, MAIKO_STEPS(maiko_match(bill, MAIKO_FIELD_IS(amount, 10)), "paid")));
	assert_false(maiko_chain_has_steps(c, MAIKO_STEPS(dear, "paid")));
	assert_true(maiko_chain_passes_steps(c, MAIKO_STEPS(dear, "paid")));
	assert_true(maiko_chain_passes_steps(c, MAIKO_STEPS(c.event->event->id, bill_id, maiko_match_type(paid))));
	assert_false(maiko_chain_passes_steps(c, MAIKO_STEPS("reserve", bill_id)));
	assert_true(maiko_chain_has_steps_exactly(c, MAIKO_STEPS("order", bill_id, "paid")));
	assert_false(maiko_chain_has_steps_exactly(c, MAIKO_STEPS(bill_id, "paid")));
	assert_false(maiko_chain_has_steps(c, MAIKO_STEPS((maiko_id){0}))); /* no event's */
	assert_false(maiko_chain_has_steps(c, (maiko_steps){.count = 1}));
	holds(maiko_expect_chain_steps(c, dear, bill_id));
	holds(maiko_expect_chain_steps_exactly(c, "order", "bill", "paid"));
	holds(maiko_expect_chain_passes_steps(c, dear, "paid"));
	fails(maiko_expect_chain_steps(c, dear, "paid"), "a path with price is greater than 1000, then paid\n");
	fails(maiko_expect_chain_steps_exactly(c, bill_id), "a complete path of #");
	fails(maiko_expect_chain_passes_steps(c, "paid", dear), "    order, bill, paid\n");
	assert_int_equal(maiko_harness_status(s->h), 0);
	scene_close(s);
}

ON_EVERY_SCENE(a_step_may_look_at_what_is_around_the_event)
{
	maiko_chain c = coffee(s);
	maiko_matcher on_payments = maiko_where_with(on_topic, MAIKO_TOPIC_REF(payments));
	assert_true(maiko_chain_has_steps(c, MAIKO_STEPS("order", maiko_where(from_the_shop), on_payments)));
	assert_false(maiko_chain_has_steps(c, MAIKO_STEPS("order", on_payments)));
	fails(maiko_expect_chain_steps(c, maiko_where(from_the_shop), "reserve"),
	      "from_the_shop (strcmp(it->event->sender, \"shop\") == 0), then reserve\n");
	scene_close(s);
}

ON_EVERY_SCENE(a_step_that_cannot_be_asked_is_a_misuse)
{
	maiko_chain c = coffee(s);
	maiko_matcher no_such_field = maiko_match_type(order);
	no_such_field.tests[0] = (maiko_field_test){.field = "prize", .compare = MAIKO_COMPARE_IS};
	fails(maiko_expect_chain_steps(c, no_such_field), "order.prize: no field that the event describes");
	assert_int_equal(maiko_harness_status(s->h), MAIKO_EINVAL);
	scene_close(s);
}

/* ---- after an event -------------------------------------------------------------------------- */

ON_EVERY_SCENE(what_an_event_has_caused)
{
	maiko_chain c = coffee(s);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_name("order")), 2);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_type(bill)), 1);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_type(paid)), 0);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_type(closing)), 0);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_id(c.event->event->id)), 2);
	assert_true(maiko_chain_diverges_after_event(c, maiko_match_name("order")));
	assert_false(maiko_chain_diverges_after_event(c, maiko_match_name("bill")));
	assert_false(maiko_chain_diverges_after_event(c, maiko_match_type(closing)));
	holds(maiko_expect_chain_branches_after(c, maiko_match_type(order), 2));
	holds(maiko_expect_chain_branches_after(c, maiko_match_type(paid), 0));
	holds(maiko_expect_chain_diverges_after_event(c, maiko_match_type(order)));
	fails(maiko_expect_chain_branches_after(c, maiko_match_type(order), 1),
	      "  expected  1 caused by order\n  happened  2\n");
	fails(maiko_expect_chain_branches_after(c, maiko_match_type(closing), 0), "  expected  0 caused by closing\n");
	fails(maiko_expect_chain_diverges_after_event(c, maiko_match_type(bill)), "several events caused by bill\n");
	scene_close(s);
}

/* ---- a part ------------------------------------------------------------------------------------ */

ON_EVERY_SCENE(the_part_that_leads_to_an_actor_is_a_chain)
{
	const char *names[8];
	maiko_chain whole = coffee(s), c = maiko_chain_towards(whole, "ledger");
	assert_int_equal(maiko_chain_count(c), 2);
	assert_int_equal(maiko_chain_depth(c), 2);
	assert_int_equal(maiko_chain_paths(c), 1);
	is_list(maiko_chain_actors(c, 0, names, 8), names, MAIKO_NAMES("customer", "shop", "ledger"));
	is_list(maiko_chain_events(c, 0, names, 8), names, MAIKO_NAMES("order", "bill"));
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "shop", "ledger")));
	assert_false(maiko_chain_has_actors_exactly(whole, MAIKO_NAMES("customer", "shop", "ledger")));
	assert_false(maiko_chain_passes(c, "stock"));
	assert_false(maiko_chain_passes(c, "auditor"));
	assert_int_equal(maiko_chain_branches(c, NULL, 0), 0);
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_type(order)), 1);
	is_list(maiko_chain_path_to(c, "ledger", names, 8), names, MAIKO_NAMES("customer", "shop", "ledger"));
	/* One that has received an event on the way, and one by two ways. */
	c = maiko_chain_towards(whole, "shop");
	assert_int_equal(maiko_chain_count(c), 3);
	assert_int_equal(maiko_chain_paths(c), 1);
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("order", "bill", "paid")));
	c = maiko_chain_towards(whole, "auditor");
	assert_int_equal(maiko_chain_count(c), 2);
	assert_int_equal(maiko_chain_paths(c), 2);
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "auditor")));
	assert_true(maiko_chain_has_actors_exactly(c, MAIKO_NAMES("customer", "shop", "auditor")));
	holds(maiko_expect_chain_count(c, 2));
	holds(maiko_expect_chain_all_actors(c, "customer", "shop", "auditor"));
	scene_close(s);
}

/* Receives both of what an order causes. */
typedef struct watcher {
	uint32_t unused;
} watcher;

static int watcher_on_reserve(watcher *self, const reserve *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}

static int watcher_on_bill(watcher *self, const bill *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(watcher, MAIKO_ON(reserve, watcher_on_reserve), MAIKO_ON(bill, watcher_on_bill));

ON_EVERY_SCENE(a_part_may_lead_there_by_several_branches)
{
	shop_open(s);
	assert_int_equal(maiko_add(s->sup, watcher, "watcher"), 0);
	scene_settle(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .price = 10), 0);
	scene_settle(s);
	maiko_chain c = maiko_chain_towards(maiko_chain_of(s->h, maiko_harness_sent(s->h)), "watcher");
	assert_int_equal(maiko_chain_count(c), 3);
	assert_int_equal(maiko_chain_paths(c), 2);
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("order", "reserve")));
	assert_true(maiko_chain_has_events_exactly(c, MAIKO_NAMES("order", "bill")));
	assert_int_equal(maiko_chain_branches_after(c, maiko_match_type(order)), 2);
	scene_close(s);
}

ON_EVERY_SCENE(no_part_leads_to_one_that_received_nothing)
{
	maiko_chain whole = coffee(s), c = maiko_chain_towards(whole, "customer");
	assert_int_equal(maiko_chain_count(c), 0);
	assert_int_equal(maiko_chain_paths(c), 0);
	assert_false(maiko_chain_passes(c, "customer"));
	assert_int_equal(maiko_chain_count(maiko_chain_towards(whole, NULL)), 0);
	fails(maiko_expect_chain_count(c, 0), "  happened  no event leads to customer\n  chain of order#");
	c = maiko_chain_towards(maiko_chain_towards(whole, "ledger"), "shop");
	assert_int_equal(maiko_chain_count(c), 0);
	assert_int_equal(maiko_harness_status(s->h), MAIKO_EINVAL);
	fails(maiko_expect_chain_count(c, 0),
	      "the part of a chain towards ledger is asked for its part towards shop\n");
	scene_close(s);
}

ON_EVERY_SCENE(all_its_actors_the_first_sender_with_them)
{
	const char *names[8];
	maiko_chain c = coffee(s);
	size_t count = maiko_chain_all_actors(c, names, 8);
	assert_int_equal(count, 5);
	assert_string_equal(names[0], "customer");
	assert_true(is_named("shop", names, count) && is_named("stock", names, count));
	assert_true(is_named("ledger", names, count) && is_named("auditor", names, count));
	assert_int_equal(maiko_chain_all_actors(c, names, 2), 5);
	assert_int_equal(maiko_chain_all_actors(maiko_chain_of(s->h, NULL), NULL, 0), 0);
	holds(maiko_expect_chain_all_actors(c, "ledger", "shop", "stock", "auditor", "customer"));
	fails(maiko_expect_chain_all_actors(c, "shop", "stock", "auditor", "customer"),
	      "as all its actors shop, stock");
	fails(maiko_expect_chain_all_actors(c, "shop", "stock", "auditor", "customer", "ledger", "outside"),
	      "outside\n");
	scene_close(s);
}

/* ---- drawn --------------------------------------------------------------------------------------- */

static void draws(maiko_chain c, void (*draw)(maiko_chain chain, FILE *out), const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	draw(c, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
}

ON_EVERY_SCENE(a_part_is_drawn_and_an_empty_one_says_so)
{
	maiko_chain whole = coffee(s), none = maiko_chain_of(s->h, NULL);
	draws(none, maiko_chain_print, "(no event)\n");
	draws(none, maiko_chain_mermaid, "sequenceDiagram\n    %% (no event)\n");
	draws(maiko_chain_towards(whole, "customer"), maiko_chain_print, "(no event that leads to customer)\n");
	draws(maiko_chain_towards(whole, "customer"), maiko_chain_mermaid,
	      "sequenceDiagram\n    %% (no event that leads to customer)\n");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	maiko_chain_print(maiko_chain_towards(whole, "ledger"), out);
	assert_int_equal(fclose(out), 0);
	says(text, "\n  bill#");
	assert_null(strstr(text, "reserve"));
	assert_null(strstr(text, "paid"));
	free(text);
	scene_close(s);
}

/* ---- long ones ------------------------------------------------------------------------------------ */

typedef struct walker {
	uint32_t unused;
} walker;
typedef struct step {
	uint32_t left;
} step;
MAIKO_TOPIC(ways);
MAIKO_EVENT(step, ways, left);

static int walker_on_step(walker *self, const step *ev, maiko_ctx *ctx)
{
	(void)self;
	return ev->left == 0 ? 0 : maiko_send(ctx, step, .left = ev->left - 1);
}
MAIKO_ACTOR(walker, MAIKO_ON(step, walker_on_step));

TEST_WORKERS(a_long_chain_takes_time_by_its_length)
{
	enum { STEPS = 50000 };
	scene s = {.workers = workers};
	scene_open(&s);
	assert_int_equal(maiko_add(s.sup, walker, "walker", .echo = true), 0);
	assert_int_equal(maiko_start(s.sup), 0);
	assert_int_equal(maiko_send(s.sup, step, .left = STEPS), 0);
	scene_settle(&s);
	maiko_chain c = maiko_chain_from(maiko_query_of(s.h, step));
	maiko_matcher middle = maiko_match(step, MAIKO_FIELD_IS(left, STEPS / 2));
	maiko_matcher end = maiko_match(step, MAIKO_FIELD_IS(left, 0));
	assert_true(maiko_chain_passes_steps(c, MAIKO_STEPS("step", middle, end)));
	assert_false(maiko_chain_passes_steps(c, MAIKO_STEPS(end, middle)));
	assert_int_equal(maiko_chain_count(maiko_chain_towards(c, "walker")), STEPS + 1);
	assert_int_equal(maiko_chain_all_actors(c, NULL, 0), 2);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actors_and_events_in_order_with_others_between),
		cmocka_unit_test(a_step_is_a_name_an_id_or_a_matcher),
		cmocka_unit_test(a_step_may_look_at_what_is_around_the_event),
		cmocka_unit_test(a_step_that_cannot_be_asked_is_a_misuse),
		cmocka_unit_test(what_an_event_has_caused),
		cmocka_unit_test(the_part_that_leads_to_an_actor_is_a_chain),
		cmocka_unit_test(a_part_may_lead_there_by_several_branches),
		cmocka_unit_test(no_part_leads_to_one_that_received_nothing),
		cmocka_unit_test(all_its_actors_the_first_sender_with_them),
		cmocka_unit_test(a_part_is_drawn_and_an_empty_one_says_so),
		cmocka_unit_test(a_long_chain_takes_time_by_its_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
