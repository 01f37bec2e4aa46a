/*
 * One event: to whom it was delivered, who received it, what it caused; one actor: how it
 * is; and events sent in an actor's name.
 */
#include "harness_shop.h"

#include <string.h>
#include <uv.h>

static const maiko_record *coffee_of(scene *s)
{
	return maiko_query_first(
		maiko_query_of(s->h, order, .where = maiko_match(order, MAIKO_FIELD_IS(what, "coffee"))));
}

/* ---- an event --------------------------------------------------------------------------- */

ON_EVERY_SCENE(to_whom_it_was_delivered)
{
	shop_four_orders(s);
	const maiko_record *coffee = coffee_of(s);
	assert_true(maiko_event_delivered(coffee));
	assert_true(maiko_event_delivered_to(coffee, "shop"));
	assert_false(maiko_event_delivered_to(coffee, "stock"));
	assert_false(maiko_event_delivered_to(coffee, "nobody"));
	assert_true(maiko_event_delivered_to_all(coffee, MAIKO_NAMES("auditor", "shop")));
	assert_false(maiko_event_delivered_to_all(coffee, MAIKO_NAMES("auditor", "stock")));
	assert_true(maiko_event_ratio(coffee, MAIKO_NAMES("auditor", "shop")) >= 1.0);
	assert_true(maiko_event_ratio(coffee, MAIKO_NAMES("auditor", "stock", "shop", "ledger")) == 0.5);
	assert_true(maiko_event_ratio(coffee, MAIKO_NAMES("stock")) <= 0.0);
	assert_true(maiko_event_ratio(coffee, NULL) >= 1.0);
	scene_close(s);
}

ON_EVERY_SCENE(who_sent_it_and_who_received_it)
{
	shop_four_orders(s);
	const char *names[4];
	assert_string_equal(maiko_event_sender(coffee_of(s)), "customer");
	assert_int_equal(maiko_event_receivers(coffee_of(s), names, 4), 2);
	bool in_order = strcmp(names[0], "shop") == 0;
	assert_string_equal(names[in_order ? 1 : 0], "auditor");
	assert_string_equal(names[in_order ? 0 : 1], "shop");
	/* Any record of an event stands for it. */
	const maiko_record *receipt = maiko_query_first(maiko_received_by(s->h, "ledger"));
	assert_string_equal(maiko_event_sender(receipt), "shop");
	assert_int_equal(maiko_event_receivers(receipt, NULL, 0), 2);
	scene_close(s);
}

ON_EVERY_SCENE(what_caused_it_and_what_it_caused)
{
	shop_four_orders(s);
	const maiko_record *children[4], *coffee = coffee_of(s);
	assert_null(maiko_event_parent(coffee));
	assert_int_equal(maiko_event_children(coffee, children, 4), 2);
	assert_string_equal(maiko_payload(children[0], reserve)->what, "coffee");
	assert_int_equal(maiko_payload(children[1], bill)->amount, 1500);
	assert_ptr_equal(maiko_event_parent(children[1]), coffee);
	assert_int_equal(maiko_event_children(children[0], NULL, 0), 0);
	assert_int_equal(maiko_event_children(children[1], children, 1), 1);
	assert_int_equal(maiko_payload(children[0], paid)->amount, 1500);
	scene_close(s);
}

ON_EVERY_SCENE(of_no_event_there_is_nothing)
{
	shop_four_orders(s);
	const maiko_record *nones[] = {NULL, maiko_query_first(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS,
										  .kinds = MAIKO_KIND(STARTED)))};
	assert_non_null(nones[1]);
	for (int i = 0; i < 2; i++) {
		const maiko_record *none = nones[i];
		assert_false(maiko_event_delivered(none));
		assert_false(maiko_event_delivered_to(none, "shop"));
		assert_false(maiko_event_delivered_to_all(none, MAIKO_NAMES("shop")));
		assert_true(maiko_event_ratio(none, NULL) <= 0.0);
		assert_string_equal(maiko_event_sender(none), "");
		assert_int_equal(maiko_event_receivers(none, NULL, 0), 0);
		assert_null(maiko_event_parent(none));
		assert_int_equal(maiko_event_children(none, NULL, 0), 0);
		assert_null(maiko_payload(none, order));
	}
	assert_null(maiko_payload(coffee_of(s), bill));
	scene_close(s);
}

/* ---- dropped, ignored, dead ------------------------------------------------------------------ */

MAIKO_TOPIC(rumours, .overflow = MAIKO_DROP_NEWEST);
typedef struct rumour {
	int32_t n;
} rumour;
MAIKO_EVENT(rumour, rumours, n);

typedef struct slow {
	uint32_t heard;
} slow;
static int slow_on_rumour(slow *self, const rumour *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->heard++;
	return 0;
}
MAIKO_ACTOR(slow, MAIKO_ON(rumour, slow_on_rumour));

typedef struct hearsay {
	int32_t n;
} hearsay;
MAIKO_EVENT(hearsay, rumours, n);

typedef struct deaf {
	uint32_t unused;
} deaf;
static int deaf_on_hearsay(deaf *self, const hearsay *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}
MAIKO_ACTOR(deaf, MAIKO_ON(hearsay, deaf_on_hearsay));

typedef struct talker {
	uint32_t unused;
} talker;
static int talker_on_closing(talker *self, const closing *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	for (int i = 0; i < 5; i++) {
		int rc = maiko_send(ctx, rumour, .n = i);
		if (rc != 0)
			return rc;
	}
	return 0;
}
MAIKO_ACTOR(talker, MAIKO_ON(closing, talker_on_closing));

ON_EVERY_SCENE(what_is_dropped_or_ignored_was_not_received)
{
	scene_open(s);
	assert_int_equal(maiko_add(s->sup, slow, "slow", .mailbox = 2, .worker = 1), 0);
	assert_int_equal(maiko_add(s->sup, talker, "talker", .worker = 1), 0);
	assert_int_equal(maiko_add(s->sup, deaf, "deaf", .worker = 1), 0);
	assert_int_equal(maiko_start(s->sup), 0);
	assert_int_equal(maiko_send(s->sup, closing), 0);
	scene_settle(s);
	assert_int_equal(maiko_query_count(maiko_query_of(s->h, rumour)), 5);
	assert_int_equal(maiko_query_count(maiko_received_by(s->h, "slow")), 2);
	assert_int_equal(maiko_query_count(maiko_query_of(s->h, rumour, .receiver = "slow")), 2);
	assert_int_equal(maiko_query_count(maiko_received_by(s->h, "deaf")), 0);
	assert_int_equal(maiko_query_count(maiko_query_of(s->h, rumour, .of = MAIKO_OF_DELIVERIES, .receiver = "deaf")),
			 5);
	const maiko_record *last = maiko_query_last(maiko_query_of(s->h, rumour));
	assert_false(maiko_event_delivered_to(last, "slow"));
	assert_true(maiko_event_delivered_to(last, "deaf"));
	assert_int_equal(maiko_event_receivers(last, NULL, 0), 0);
	scene_close(s);
}

/* ---- an actor ------------------------------------------------------------------------------------ */

ON_EVERY_SCENE(how_an_actor_is)
{
	shop_four_orders(s);
	maiko_actor_id id;
	assert_int_equal(maiko_harness_actor(s->h, "shop"), MAIKO_ACTOR_RUNNING);
	assert_int_equal(maiko_harness_actor(s->h, "nobody"), MAIKO_ACTOR_GONE);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "!"), 0); /* fails the stock */
	scene_settle(s);
	assert_int_equal(maiko_harness_actor(s->h, "stock"), MAIKO_ACTOR_FAILED);
	assert_int_equal(maiko_find(s->sup, "auditor", &id), 0);
	assert_int_equal(maiko_remove(s->sup, id), 0);
	assert_int_equal(maiko_harness_actor(s->h, "auditor"), MAIKO_ACTOR_STOPPED);
	assert_int_equal(maiko_add(s->sup, auditor, "auditor"), 0);
	assert_int_equal(maiko_harness_actor(s->h, "auditor"), MAIKO_ACTOR_RUNNING);
	maiko_harness_pause(s->h); /* then the ledger knows */
	assert_int_equal(maiko_add(s->sup, stock, "stock"), 0);
	assert_int_equal(maiko_harness_actor(s->h, "stock"), MAIKO_ACTOR_RUNNING);
	maiko_harness_record(s->h);
	assert_int_equal(maiko_stop(s->sup, NULL), 0);
	assert_int_equal(maiko_harness_actor(s->h, "shop"), MAIKO_ACTOR_STOPPED);
	assert_int_equal(maiko_harness_actor(s->h, "auditor"), MAIKO_ACTOR_STOPPED);
	scene_close(s);
}

/* ---- in an actor's name ------------------------------------------------------------------------------ */

ON_EVERY_SCENE(what_is_sent_in_a_name_is_that_actor_s)
{
	shop_open(s);
	maiko_actor_id id;
	assert_null(maiko_harness_sent(s->h));
	assert_int_equal(maiko_find(s->sup, "customer", &id), 0);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "tea", .price = 7), 0);
	const maiko_record *sent = maiko_harness_sent(s->h);
	assert_non_null(sent);
	assert_int_equal(sent->kind, MAIKO_OBSERVED_DISPATCHED);
	assert_int_equal(sent->event->sender_id, id);
	assert_int_equal(maiko_payload(sent, order)->price, 7);
	assert_true(maiko_id_equal(sent->event->correlation, sent->event->id));
	assert_int_equal(sent->event->parent.sequence, 0);
	scene_settle(s);
	assert_int_equal(maiko_query_count(maiko_query_events(s->h, .within = sent)), 4);
	/* The auditor gets its own no more than in a callback. */
	assert_int_equal(maiko_harness_send_as(s->h, "auditor", order, .what = "tea"), 0);
	scene_settle(s);
	assert_false(maiko_event_delivered_to(maiko_harness_sent(s->h), "auditor"));
	assert_true(maiko_event_delivered_to(maiko_harness_sent(s->h), "shop"));
	scene_close(s);
}

ON_EVERY_SCENE(they_come_in_the_order_sent)
{
	shop_open(s);
	for (uint32_t i = 1; i <= 50; i++)
		assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .price = i), 0);
	scene_settle(s);
	uint32_t last = 0;
	maiko_query_each(r, maiko_query_of(s->h, order, .of = MAIKO_OF_RECEIPTS, .receiver = "shop"))
	{
		assert_int_equal(maiko_payload(r, order)->price, last + 1);
		last++;
	}
	assert_int_equal(last, 50);
	scene_close(s);
}

typedef struct stray {
	uint32_t unused;
} stray;

static const maiko_topic *nowhere(const stray *ev)
{
	(void)ev;
	return NULL;
}
MAIKO_EVENT_ROUTED(stray, nowhere, unused);

ON_EVERY_SCENE(a_send_in_a_name_says_why_it_failed)
{
	shop_open(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", stray, .unused = 1), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "event 'stray': the function that routes it returned NULL; it must "
						"return a topic");
	scene_close(s);
}

ON_EVERY_SCENE(a_send_in_a_name_may_be_refused)
{
	shop_open(s);
	maiko_event_type bad = *MAIKO_EVENT_REF(order);
	assert_int_equal(maiko_harness_send_as(s->h, "nobody", order, .price = 1), MAIKO_ENOENT);
	assert_non_null(strstr(maiko_last_error(), "maiko_harness_send_as: there is no actor 'nobody'"));
	assert_int_equal(maiko_harness_dispatch(s->h, "customer", NULL, &bad), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_dispatch(s->h, NULL, &bad, &bad), MAIKO_EINVAL);
	bad.layout = NULL;
	assert_int_equal(maiko_harness_dispatch(s->h, "customer", &bad, &bad), MAIKO_EINVAL);
	assert_int_equal(maiko_stop(s->sup, NULL), 0);
	int rc = maiko_harness_send_as(s->h, "customer", order, .price = 1);
	assert_int_equal(rc, MAIKO_ESHUTDOWN);
	scene_close(s);
}

ON_EVERY_SCENE(before_the_start_nothing_is_sent)
{
	scene_open(s);
	assert_int_equal(maiko_add(s->sup, customer, "customer", .topics = MAIKO_NO_TOPICS), 0);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .price = 1), MAIKO_ESTATE);
	scene_close(s);
}

static maiko_harness *the_harness;
static int inside_rc;

typedef struct sneak {
	uint32_t unused;
} sneak;
static int sneak_on_closing(sneak *self, const closing *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	inside_rc = maiko_harness_send_as(the_harness, "sneak", order, .price = 1);
	return 0;
}
MAIKO_ACTOR(sneak, MAIKO_ON(closing, sneak_on_closing));

ON_EVERY_SCENE(not_from_inside_a_callback)
{
	scene_open(s);
	the_harness = s->h;
	assert_int_equal(maiko_add(s->sup, sneak, "sneak"), 0);
	assert_int_equal(maiko_start(s->sup), 0);
	assert_int_equal(maiko_send(s->sup, closing), 0);
	scene_settle(s);
	assert_int_equal(inside_rc, MAIKO_EDEADLK);
	scene_close(s);
}

/* ---- backpressure ---------------------------------------------------------------------------------------- */

static uv_sem_t gate;
static _Atomic(uint64_t) opened;

typedef struct keeper {
	uint32_t unused;
} keeper;
static int keeper_on_bill(keeper *self, const bill *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	uv_sem_wait(&gate);
	atomic_fetch_add(&opened, 1);
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON(bill, keeper_on_bill));

/* A muted actor's send waits for its release; the one that runs into the time-out is not sent. */
TEST_WORKERS(a_muted_actor_s_send_waits)
{
	scene s = {.workers = workers};
	atomic_store(&opened, 0);
	assert_int_equal(uv_sem_init(&gate, 0), 0);
	scene_open_with(&s, (maiko_options){.workers = 0}, (maiko_harness_options){.timeout_ms = 100});
	assert_int_equal(maiko_add(s.sup, keeper, "keeper", .mailbox = 1, .own_thread = true), 0);
	assert_int_equal(maiko_add(s.sup, customer, "customer", .topics = MAIKO_NO_TOPICS), 0);
	assert_int_equal(maiko_start(s.sup), 0);
	uint64_t sent = 0;
	int rc;
	while ((rc = maiko_harness_send_as(s.h, "customer", bill, .amount = (uint32_t)sent)) == 0 && sent < 5000)
		sent++;
	assert_int_equal(rc, MAIKO_ETIMEDOUT);
	for (uint64_t i = 0; i < sent; i++)
		uv_sem_post(&gate);
	test_wait_for(&opened, sent);
	assert_int_equal(maiko_harness_send_as(s.h, "customer", bill, .amount = 1), 0);
	uv_sem_post(&gate);
	assert_int_equal(maiko_harness_settle(s.h), 0);
	assert_int_equal(atomic_load(&opened), sent + 1);
	assert_int_equal(maiko_query_count(maiko_sent_by(s.h, "customer")), sent + 1);
	scene_close(&s);
	uv_sem_destroy(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_whom_it_was_delivered),
		cmocka_unit_test(who_sent_it_and_who_received_it),
		cmocka_unit_test(what_caused_it_and_what_it_caused),
		cmocka_unit_test(of_no_event_there_is_nothing),
		cmocka_unit_test(what_is_dropped_or_ignored_was_not_received),
		cmocka_unit_test(how_an_actor_is),
		cmocka_unit_test(what_is_sent_in_a_name_is_that_actor_s),
		cmocka_unit_test(they_come_in_the_order_sent),
		cmocka_unit_test(a_send_in_a_name_says_why_it_failed),
		cmocka_unit_test(a_send_in_a_name_may_be_refused),
		cmocka_unit_test(before_the_start_nothing_is_sent),
		cmocka_unit_test(not_from_inside_a_callback),
		cmocka_unit_test(a_muted_actor_s_send_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
