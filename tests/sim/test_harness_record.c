/*
 * Recording: everything, in an order that can have happened, with its content; from several
 * workers at once, while another thread asks; paused, cleared, and freed anywhere.
 */
#include "harness_shop.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* ---- what is recorded --------------------------------------------------------------------- */

ON_EVERY_SCENE(everything_is_recorded_a_cause_before_its_effect)
{
	shop_four_orders(s);
	uint64_t last = 0;
	size_t count = 0;
	maiko_query_each(r, maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS))
	{
		assert_true(r->order > last);
		last = r->order;
		assert_true(r->worker >= 1 && r->worker <= s->workers);
		const maiko_record *sent = r->event == NULL ? NULL : maiko_harness_event(s->h, r->event->id);
		if (sent != NULL) {
			const maiko_record *parent = maiko_event_parent(r);
			assert_true(r->order >= sent->order);
			assert_true(parent == NULL || parent->order < sent->order);
			assert_ptr_equal(r->data, sent->data);
		}
		count++;
	}
	/* 14 events, each sent once; 8 + 4 + 6 + 3 deliveries, all handled; five actors */
	size_t changes =
		maiko_query_count(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS, .kinds = MAIKO_KIND(TOPOLOGY)));
	assert_int_equal(count - changes, 14 + 21 + 21 + 10);
	scene_close(s);
}

ON_EVERY_SCENE(of_a_stop_too)
{
	shop_open(s);
	assert_int_equal(maiko_stop(s->sup, NULL), 0);
	assert_int_equal(
		maiko_query_count(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS, .kinds = MAIKO_KIND(STOPPED))),
		5);
	scene_close(s);
}

ON_EVERY_SCENE(paused_it_records_nothing)
{
	shop_open(s);
	maiko_harness *h = s->h;
	assert_int_equal(maiko_harness_pause(h), 0);
	assert_int_equal(maiko_harness_pause(h), 0);
	assert_int_equal(maiko_harness_send_as(h, "customer", order, .price = 1), 0);
	scene_settle(s);
	assert_int_equal(maiko_query_count(maiko_query_events(h)), 0);
	assert_null(maiko_harness_sent(h));
	assert_int_equal(maiko_harness_record(h), 0);
	assert_int_equal(maiko_harness_send_as(h, "customer", order, .price = 2), 0);
	scene_settle(s);
	assert_int_equal(maiko_query_count(maiko_query_of(h, order)), 1);
	assert_int_equal(maiko_payload(maiko_harness_sent(h), order)->price, 2);
	scene_close(s);
}

ON_EVERY_SCENE(cleared_it_begins_anew)
{
	shop_four_orders(s);
	uint64_t last = maiko_query_last(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS))->order;
	assert_int_equal(maiko_harness_clear(s->h), 0);
	assert_null(maiko_query_first(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS)));
	assert_null(maiko_harness_sent(s->h));
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .price = 2), 0);
	scene_settle(s);
	const maiko_record *first = maiko_query_first(maiko_query_events(s->h, .of = MAIKO_OF_OBSERVATIONS));
	assert_int_equal(first->order, last + 1);
	assert_int_equal(maiko_query_count(maiko_query_events(s->h)), 4);
	assert_null(maiko_query_next(maiko_query_of(s->h, order), first));
	scene_close(s);
}

static _Atomic(uint64_t) released;

static void release(void *data, void *arg)
{
	(void)data;
	(void)arg;
	atomic_fetch_add(&released, 1);
}

ON_EVERY_SCENE(buffers_live_as_long_as_their_record)
{
	static char bytes[] = "a letter";
	shop_open(s);
	atomic_store(&released, 0);
	for (int i = 0; i < 2; i++) {
		maiko_buffer *letter;
		assert_int_equal(maiko_buffer_wrap(bytes, 8, release, NULL, &letter), 0);
		assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .letter = letter), 0);
		maiko_buffer_unref(letter);
		scene_settle(s);
		const order *o = maiko_payload(maiko_harness_sent(s->h), order);
		assert_memory_equal(maiko_buffer_data(o->letter), "a letter", 8);
		if (i == 0)
			maiko_harness_clear(s->h);
	}
	assert_true(atomic_load(&released) < 2);
	scene_close(s);
	assert_int_equal(atomic_load(&released), 2);
}

ON_EVERY_SCENE(it_can_be_written_down)
{
	char *text = NULL;
	size_t size;
	shop_four_orders(s);
	FILE *out = open_memstream(&text, &size);
	maiko_harness_dump(s->h, out);
	fclose(out);
	const char *parts[] = {"#1 ",
			       " added        customer (customer)\n",
			       " started      shop (shop)\n",
			       " dispatched   order#",
			       "\"price\":10,",
			       "  customer on orders\n",
			       " delivered    bill#",
			       "  shop -> ledger\n",
			       " handled      paid#",
			       "  ledger -> shop\n"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (strstr(text, parts[i]) == NULL)
			fail_msg("\"%s\" is not in:\n%s", parts[i], text);
	free(text);
	scene_close(s);
}

ON_EVERY_SCENE(a_dump_of_nothing_says_so)
{
	char text[64] = "";
	shop_open(s);
	scene_settle(s);
	assert_int_equal(maiko_harness_clear(s->h), 0);
	FILE *out = fmemopen(text, sizeof text, "w");
	assert_non_null(out);
	maiko_harness_dump(s->h, out);
	fclose(out);
	assert_string_equal(text, "(no records)\n");
	scene_close(s);
}

/* ---- life ------------------------------------------------------------------------------------------ */

ON_EVERY_SCENE(it_comes_and_goes_while_events_flow)
{
	maiko_harness *more[3];
	shop_open(s);
	for (uint32_t round = 0; round < 5; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(maiko_harness_new(&more[i], s->sup), 0);
		for (uint32_t i = 0; i < 20; i++)
			assert_int_equal(maiko_send(s->sup, order, .price = i), 0);
		assert_null(maiko_harness_free(more[0]));
		assert_int_equal(maiko_harness_settle(more[1]), 0);
		assert_int_equal(maiko_query_count(maiko_query_of(more[1], order)), 20);
		assert_int_equal(maiko_query_count(maiko_query_of(more[2], order)), 20);
		assert_null(maiko_harness_free(more[2]));
		assert_null(maiko_harness_free(more[1]));
	}
	assert_int_equal(maiko_query_count(maiko_query_of(s->h, order)), 100);
	scene_close(s);
}

static void bad_arguments(void **state)
{
	(void)state;
	maiko_harness *h = NULL;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_harness_open(NULL, sup, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_open(&h, NULL, NULL), MAIKO_EINVAL);
	assert_null(maiko_harness_free(NULL));
	assert_int_equal(maiko_harness_record(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_pause(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_clear(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_status(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_failures(NULL), 0);
	assert_null(maiko_harness_failure(NULL));
	assert_null(maiko_harness_sent(NULL));
	assert_null(maiko_harness_event(NULL, (maiko_id){1, 1}));
	assert_int_equal(maiko_harness_settle_until(NULL, NULL, NULL, 1), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_actor(NULL, "x"), MAIKO_ACTOR_GONE);
	assert_int_equal(maiko_query_senders((maiko_query){.harness = NULL}, NULL, 0), 0);
	assert_int_equal(maiko_query_types((maiko_query){.harness = NULL}, NULL, 0), 0);
	assert_int_equal(maiko_harness_open(&h, sup, NULL), 0);
	assert_int_equal(maiko_harness_settle_until(h, NULL, NULL, 1), MAIKO_EINVAL);
	assert_null(maiko_harness_free(h));
	test_finish(sup);
}

/* On the loop's own thread a monitor goes later than the call that removes it. */
static void freed_on_an_embedded_loop(void **state)
{
	(void)state;
	for (int before_stop = 0; before_stop < 2; before_stop++) {
		uv_loop_t loop;
		maiko_supervisor *sup;
		maiko_harness *h;
		assert_int_equal(uv_loop_init(&loop), 0);
		assert_int_equal(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop, .workers = 1}), 0);
		assert_int_equal(maiko_add(sup, customer, "customer", .topics = MAIKO_NO_TOPICS), 0);
		assert_int_equal(maiko_add(sup, auditor, "auditor"), 0);
		assert_int_equal(maiko_harness_new(&h, sup), 0);
		assert_int_equal(maiko_start(sup), 0);
		assert_int_equal(maiko_harness_send_as(h, "customer", order, .price = 3), 0);
		assert_int_equal(maiko_harness_settle(h), 0);
		assert_int_equal(maiko_expect_delivered_to(maiko_query_of(h, order), "auditor"), 0);
		assert_int_equal(maiko_harness_send_as(h, "nobody", order), MAIKO_ENOENT);
		assert_int_equal(maiko_send(sup, order, .price = 4), 0);
		if (before_stop)
			assert_null(maiko_harness_free(h));
		assert_int_equal(maiko_stop_begin(sup, NULL, NULL, NULL), 0);
		assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
		if (!before_stop) {
			assert_int_equal(maiko_expect_count(maiko_received_by(h, "auditor"), 2), 0);
			assert_null(maiko_harness_free(h));
		}
		assert_null(maiko_supervisor_free(sup));
		assert_int_equal(uv_loop_close(&loop), 0);
	}
}

/* ---- several threads --------------------------------------------------------------------------------- */

typedef struct asking {
	maiko_harness *h;
	_Atomic(bool) over;
	_Atomic(uint64_t) wrong;
} asking;

/* What it sees grows, and is whole. */
static void ask_all_the_time(void *arg)
{
	asking *a = arg;
	size_t last = 0;
	while (!atomic_load(&a->over)) {
		maiko_query q = maiko_query_of(a->h, order);
		size_t now = maiko_query_count(q);
		atomic_fetch_add(&a->wrong, now < last);
		last = now;
		maiko_chain c = maiko_chain_of(a->h, maiko_query_last(q));
		atomic_fetch_add(&a->wrong, maiko_chain_count(c) > 4);
		atomic_fetch_add(&a->wrong, maiko_chain_passes(c, "nobody"));
		atomic_fetch_add(&a->wrong, maiko_query_receivers(q, NULL, 0) > 2);
		q.where = maiko_match(order, MAIKO_FIELD_IS(what, "tea"));
		q.before = maiko_query_last(maiko_query_of(a->h, order)); /* then it grows no more */
		if (q.before != NULL)
			atomic_fetch_add(&a->wrong, maiko_query_count(q) != maiko_query_count(q));
	}
}

TEST_WORKERS(one_may_ask_while_all_record)
{
	scene s = {.workers = workers};
	asking a = {.over = false};
	uv_thread_t thread;
	shop_open(&s);
	a.h = s.h;
	assert_int_equal(uv_thread_create(&thread, ask_all_the_time, &a), 0);
	for (uint32_t i = 0; i < 600; i++)
		assert_int_equal(maiko_send(s.sup, order, .what = "tea", .price = i), 0);
	scene_settle(&s);
	atomic_store(&a.over, true);
	uv_thread_join(&thread);
	assert_int_equal(atomic_load(&a.wrong), 0);
	assert_int_equal(maiko_expect_count(maiko_query_of(s.h, order), 600), 0);
	assert_int_equal(maiko_expect_count(maiko_received_by(s.h, "shop"), 600 + 599), 0);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_recorded_a_cause_before_its_effect),
		cmocka_unit_test(of_a_stop_too),
		cmocka_unit_test(paused_it_records_nothing),
		cmocka_unit_test(cleared_it_begins_anew),
		cmocka_unit_test(buffers_live_as_long_as_their_record),
		cmocka_unit_test(it_can_be_written_down),
		cmocka_unit_test(it_comes_and_goes_while_events_flow),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(freed_on_an_embedded_loop),
		cmocka_unit_test(one_may_ask_while_all_record),
		cmocka_unit_test(a_dump_of_nothing_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
