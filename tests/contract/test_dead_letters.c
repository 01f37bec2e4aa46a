/*
 * test_dead_letters.c - deliveries that are not handled are told of, by reason, with the event, which can be sent
 * again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
	uint32_t unused;
	maiko_buffer *bytes;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n, unused, bytes);

typedef struct page {
	uint32_t n;
	char text[2000];
} page;
MAIKO_TOPIC(pages);
MAIKO_EVENT(page, pages, n, text);

/* Rests, so that its mailbox fills. */
typedef struct sink {
	bool works;
} sink;
static int sink_on_start(sink *self, maiko_ctx *ctx) { return self->works ? 0 : maiko_hold(ctx); }
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return 0;
}
static int sink_on_page(sink *self, const page *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(page), ev);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON_START(sink_on_start), MAIKO_ON(item, sink_on_item), MAIKO_ON(page, sink_on_page));

/* Reads the letters; keeps the last. */
PER_TEST _Atomic(uint64_t) letters, resent;
PER_TEST maiko_dead_letter last;
PER_TEST maiko_id last_parent;
PER_TEST char printed[400];
PER_TEST bool resends;
typedef struct reader {
	uint32_t unused;
} reader;
static int reader_on_letter(reader *self, const maiko_dead_letter *ev, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(ev);
	const item *in = maiko_as(&any, item);
	test_note("%s", maiko_letter_reason_text(ev->reason));
	if (in != NULL)
		test_note("%u", in->n);
	last = *ev;
	last_parent = maiko_meta(ctx)->parent;
	(void)maiko_layout_print(any.type->layout, any.data, printed, sizeof printed);
	if (resends) {
		expect(maiko_resend(ctx, ev) == 0);
		atomic_fetch_add(&resent, 1);
	}
	atomic_fetch_add(&letters, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(maiko_dead_letter, reader_on_letter));

static maiko_supervisor *with_reader(uint32_t workers, uint64_t reasons)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .dead_letters = reasons});
	ok(maiko_add(sup, reader, "reader", .worker = workers));
	return sup;
}

static void send_items(maiko_supervisor *sup, uint32_t count)
{
	for (uint32_t n = 1; n <= count; n++)
		ok(maiko_send(sup, item, .n = n));
}

/* ---- reasons ------------------------------------------------------------------------------------- */

TEST_SIM(what_was_queued_for_one_that_ends_is_told)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_reader(workers, 0);
	ok(maiko_add(sup, sink, "sink", .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	send_items(sup, 3);
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_wait_for(&letters, 3);
	expect_noted("dead 1 dead 2 dead 3");
	assert_string_equal(last.event, "item");
	assert_string_equal(last.topic, "items");
	assert_string_equal(last.sender, "outside");
	assert_string_equal(last.name, "sink");
	assert_true(last.actor == id && last.error == 0 && last.attempts == 0);
	assert_true(maiko_id_equal(last.id, last_parent));
	assert_string_equal(printed, "{\"n\":3,\"unused\":0,\"bytes\":null}");
	test_finish(sup);
}

TEST_SIM(what_a_full_mailbox_drops_is_told_if_switched_on)
{
	for (uint32_t on = 0; on < 2; on++) {
		maiko_supervisor *sup = with_reader(workers, on ? MAIKO_LETTER_DROPPED : 0);
		ok(maiko_add(sup, sink, "sink", .worker = 1, .mailbox = 2,
			     .topics = MAIKO_TOPICS(MAIKO_SUB(items, .overflow = MAIKO_DROP_OLDEST))));
		ok(maiko_start(sup));
		send_items(sup, 4);
		test_settle(sup);
		assert_int_equal(letters, on ? 2 : 0);
		expect_noted(on ? "dropped 1 dropped 2" : "");
		ok(maiko_stop(sup, NULL));
		test_release(sup);
	}
}

TEST_SIM(what_nobody_subscribes_to_is_told_if_switched_on)
{
	maiko_supervisor *sup = with_reader(workers, MAIKO_LETTER_UNROUTED);
	ok(maiko_start(sup));
	send_items(sup, 2);
	test_wait_for(&letters, 2);
	expect_noted("unrouted 1 unrouted 2");
	assert_true(last.actor == 0 && last.name[0] == '\0');
	test_finish(sup);
}

TEST_SIM(what_a_stop_discards_before_its_deadline_is_told_if_switched_on)
{
	maiko_supervisor *sup = with_reader(workers, MAIKO_LETTER_DISCARDED);
	ok(maiko_add(sup, sink, "sink", .worker = 1));
	ok(maiko_start(sup));
	send_items(sup, 2);
	test_settle(sup);
	ok(maiko_stop(sup, NULL));
	assert_int_equal(test_report(sup)->total.discarded, 2);
	expect_noted("discarded 1 discarded 2");
	test_release(sup);
}

/* Its last word comes to an actor that fails in the drain of the stop, and is not restarted then. */
typedef struct leaver {
	uint32_t unused;
} leaver;
static int leaver_on_stop(leaver *self, maiko_ctx *ctx) { return maiko_send(ctx, item, .n = 1); }
MAIKO_ACTOR(leaver, MAIKO_ON_STOP(leaver_on_stop));
typedef struct faulty {
	uint32_t unused;
} faulty;
static int faulty_on_item(faulty *self, const item *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(faulty, MAIKO_ON(item, faulty_on_item));

TEST_SIM(an_event_whose_handler_fails_in_a_stop_is_set_aside)
{
	for (uint32_t retries = 0; retries < 2; retries++) {
		maiko_supervisor *sup = with_reader(workers, 0);
		ok(maiko_add(sup, faulty, "faulty", .worker = 1, .restart = MAIKO_TRANSIENT, .retries = retries));
		ok(maiko_add(sup, leaver, "leaver", .worker = 1));
		ok(maiko_start(sup));
		returns(maiko_stop(sup, NULL), UV_EIO);
		const maiko_counts *counts = &test_actor_row(test_report(sup), "faulty")->counts;
		assert_int_equal(counts->handled, 0);
		assert_int_equal(counts->set_aside, 1);
		assert_int_equal(last.attempts, 1);
		assert_int_equal(last.error, UV_EIO);
		test_release(sup);
	}
	expect_noted("set aside 1 set aside 1");
}

TEST_SIM(no_letters_are_none)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_reader(workers, MAIKO_NO_LETTERS);
	ok(maiko_add(sup, sink, "sink", .ret_id = &id));
	ok(maiko_start(sup));
	send_items(sup, 3);
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_settle(sup);
	assert_int_equal(letters, 0);
	test_finish(sup);
}

TEST_ONCE(unknown_reasons_are_refused)
{
	maiko_supervisor *sup = NULL;
	returns(maiko_supervisor_new(&sup, &(maiko_options){.dead_letters = 128}), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), ".dead_letters"));
	returns(maiko_supervisor_new(&sup, &(maiko_options){.dead_letters = MAIKO_NO_LETTERS | 1}), MAIKO_EINVAL);
}

/* The reader's own mailbox drops letters, and ends with some: nobody is told of those. */
TEST_SIM(of_a_letter_there_is_no_letter)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .dead_letters = 127});
	ok(maiko_add(sup, reader, "reader", .mailbox = 2, .worker = 1));
	ok(maiko_start(sup));
	send_items(sup, 50);
	test_settle(sup);
	const maiko_ledger *ledger = test_report(sup);
	const maiko_topic_row *row = test_topic_row(ledger, "maiko.dead_letters");
	assert_int_equal(row->published, 50);
	assert_int_equal(row->counts.handled + row->counts.dropped, 50);
	test_finish(sup);
}

/* ---- the event itself ---------------------------------------------------------------------------------- */

static _Atomic(uint64_t) released;
static void release(void *data, void *arg) { atomic_fetch_add(&released, 1); }

TEST_SIM(a_letter_holds_the_buffers_of_its_event)
{
	static char bytes[] = "abc";
	maiko_actor_id id;
	maiko_buffer *buffer;
	atomic_store(&released, 0);
	maiko_supervisor *sup = with_reader(workers, 0);
	ok(maiko_add(sup, sink, "sink", .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_buffer_wrap(bytes, 3, release, NULL, &buffer));
	ok(maiko_send(sup, item, .n = 9, .bytes = buffer));
	maiko_buffer_unref(buffer);
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_wait_for(&letters, 1);
	assert_string_equal(printed, "{\"n\":9,\"unused\":0,\"bytes\":\"616263\"}");
	test_finish(sup);
	assert_int_equal(released, 1);
}

TEST_SIM(a_letter_has_a_large_event)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_reader(workers, 0);
	ok(maiko_add(sup, sink, "sink", .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_send(sup, page, .n = 7, .text = "a page"));
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_wait_for(&letters, 1);
	assert_string_equal(printed, "{\"n\":7,\"text\":\"a page\"}");
	test_finish(sup);
}

/* ---- again ------------------------------------------------------------------------------------------------ */

PER_TEST maiko_id heard_id;
PER_TEST char heard_sender[MAIKO_NAME_MAX + 1];
PER_TEST _Atomic(uint64_t) heard;
typedef struct checker {
	uint32_t unused;
} checker;
static int checker_on_item(checker *self, const item *ev, maiko_ctx *ctx)
{
	heard_id = maiko_meta(ctx)->id;
	expect(maiko_meta(ctx)->injected);
	strncpy(heard_sender, maiko_sender(ctx), sizeof heard_sender - 1);
	atomic_fetch_add(&heard, 1);
	return 0;
}
MAIKO_ACTOR(checker, MAIKO_ON(item, checker_on_item));

TEST_SIM(the_event_of_a_letter_is_sent_again)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_reader(workers, 0);
	resends = true;
	ok(maiko_add(sup, sink, "sink", .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	send_items(sup, 1);
	test_settle(sup);
	ok(maiko_add(sup, checker, "checker"));
	ok(maiko_remove(sup, id));
	test_wait_for(&heard, 1);
	assert_true(maiko_id_equal(heard_id, last.id));
	assert_string_equal(heard_sender, "outside");
	test_finish(sup);
	assert_int_equal(resent, 1);
}

static int resend_nothing(maiko_ctx *ctx)
{
	const maiko_dead_letter empty = {.event = "item"};
	expect(maiko_resend(ctx, &empty) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), "has no event") != NULL);
	expect(maiko_resend(ctx, NULL) == MAIKO_EINVAL);
	expect(maiko_letter_event(&empty).type == NULL);
	expect(maiko_letter_event(NULL).type == NULL);
	return 0;
}

TEST_SIM(a_letter_without_an_event_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", resend_nothing);
	test_settle(sup);
	test_finish(sup);
}

TEST_ONCE(each_reason_of_a_letter_has_a_text)
{
	static const char *const texts[] = {"set aside", "dead", "dropped", "expired", "discarded", "unrouted", "lost"};
	for (unsigned i = 0; i < 7; i++)
		assert_string_equal(maiko_letter_reason_text((maiko_letter_reason)(1u << i)), texts[i]);
	assert_string_equal(maiko_letter_reason_text((maiko_letter_reason)0), "?");
	assert_string_equal(maiko_letter_reason_text((maiko_letter_reason)3), "?");
	assert_string_equal(maiko_letter_reason_text((maiko_letter_reason)128), "?");
}
