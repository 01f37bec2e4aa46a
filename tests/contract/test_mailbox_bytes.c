/*
 * The bound of a mailbox in bytes: what lies outside of its events, large payloads and buffers,
 * is bounded like the events, whichever comes first, under each policy; the ledger has it.
 */
#include "support.h"

#include <string.h>

enum { SIZE = 1000, BOUND = 4000, FLOOD = 10 };

typedef struct page {
	uint32_t n;
	uint8_t text[SIZE - 4];
} page;
typedef struct scan {
	uint32_t n;
	maiko_buffer *image;
} scan;
typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(pages);
MAIKO_TOPIC(scans);
MAIKO_TOPIC(notes);
MAIKO_EVENT(page, pages, n, text);
MAIKO_EVENT(scan, scans, n, image);
MAIKO_EVENT(note, notes, n);

typedef struct flood {
	uint32_t pages, scans, notes;
} flood;
MAIKO_TOPIC(floods);
MAIKO_EVENT(flood, floods, pages, scans, notes);

/* ---- who gets them ---- */

PER_TEST _Atomic(uint64_t) errors;

typedef struct sink {
	uint32_t unused;
} sink;
static int sink_on_page(sink *self, const page *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(page), ev);
	return 0;
}
static int sink_on_scan(sink *self, const scan *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(scan), ev);
	return 0;
}
static int sink_on_note(sink *self, const note *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(note), ev);
	return 0;
}
static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EOVERFLOW);
	atomic_fetch_add(&errors, 1);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(page, sink_on_page), MAIKO_ON(scan, sink_on_scan), MAIKO_ON(note, sink_on_note),
	    MAIKO_ON_ERROR(sink_on_error));

/* ---- who sends them, all in one callback, and then looks at the ledger ---- */

static uint64_t queued_bytes, queued_events;

static void look(maiko_supervisor *sup, const char *topic)
{
	const maiko_ledger *ledger = test_report(sup); /* this is the test's thread: it simulates */
	queued_bytes = test_actor_row(ledger, "sink")->bytes;
	queued_events = test_actor_row(ledger, "sink")->counts.queued;
	expect(test_topic_row(ledger, topic)->bytes == queued_bytes);
}

typedef struct flooder {
	uint32_t sent;
} flooder;
static int flooder_on_flood(flooder *self, const flood *ev, maiko_ctx *ctx)
{
	int rc = 0;
	maiko_buffer *image = NULL;
	for (uint32_t i = 1; rc == 0 && i <= ev->pages; i++, self->sent++)
		rc = maiko_send(ctx, page, .n = i);
	if (ev->scans != 0)
		rc = maiko_buffer_new(SIZE, &image);
	for (uint32_t i = 1; rc == 0 && i <= ev->scans; i++, self->sent++)
		rc = maiko_send(ctx, scan, .n = i, .image = image);
	maiko_buffer_unref(image);
	for (uint32_t i = 1; rc == 0 && i <= ev->notes; i++, self->sent++)
		rc = maiko_send(ctx, note, .n = 100 + i);
	look(maiko_supervisor_of(ctx), ev->pages != 0 ? "pages" : "scans");
	return rc;
}
MAIKO_ACTOR(flooder, MAIKO_ON(flood, flooder_on_flood));

/* Both on one worker, so that none is handled before all are sent. */
static void run_flood(maiko_supervisor *sup, uint64_t bytes, maiko_overflow overflow, const flood *ev)
{
	test_begin();
	ok(maiko_add(sup, sink, "sink", .mailbox_bytes = bytes, .overflow = overflow, .worker = 1));
	ok(maiko_add(sup, flooder, "flooder", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send_copy(sup, flood, ev));
	const maiko_ledger *ledger = test_stop(sup);
	for (size_t i = 0; i < ledger->actor_count; i++)
		assert_int_equal(ledger->actors[i]->bytes, 0);
	for (size_t i = 0; i < ledger->topic_count; i++)
		assert_int_equal(ledger->topics[i]->bytes, 0);
	assert_int_equal(test_actor_row(ledger, "flooder")->mutes, overflow == MAIKO_BLOCK && bytes <= BOUND ? 1 : 0);
	test_release(sup);
}

static void policies(uint32_t workers, const flood *ev)
{
	static const struct {
		maiko_overflow policy;
		const char *heard;
		uint64_t queued, errors;
	} all[] = {{MAIKO_BLOCK, "1 2 3 4 5 6 7 8 9 10", 10, 0},
		   {MAIKO_DROP_NEWEST, "1 2 3 4", 4, 0},
		   {MAIKO_DROP_OLDEST, "7 8 9 10", 4, 0},
		   {MAIKO_KEEP_LATEST, "10", 1, 0},
		   {MAIKO_FAIL, "1 2 3 4", 4, 1}};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		run_flood(test_supervisor(workers), BOUND, all[i].policy, ev);
		expect_heard_numbers("sink", all[i].heard);
		assert_int_equal(queued_events, all[i].queued);
		assert_int_equal(queued_bytes, all[i].queued * SIZE);
		assert_int_equal(atomic_load(&errors), all[i].errors);
	}
}

TEST_SIM(large_payloads_are_bounded_under_each_policy) { policies(workers, &(flood){.pages = FLOOD}); }
TEST_SIM(buffers_are_bounded_under_each_policy) { policies(workers, &(flood){.scans = FLOOD}); }

TEST_SIM(what_lies_inside_an_event_passes_a_mailbox_that_is_full_of_bytes)
{
	run_flood(test_supervisor(workers), BOUND, MAIKO_DROP_NEWEST, &(flood){.pages = FLOOD, .notes = 3});
	expect_heard("sink", "page 1, page 2, page 3, page 4, note 101, note 102, note 103");
	assert_int_equal(queued_bytes, 4 * SIZE);
}

TEST_SIM(one_event_is_taken_however_large)
{
	run_flood(test_supervisor(workers), 1, MAIKO_DROP_NEWEST, &(flood){.pages = FLOOD});
	expect_heard("sink", "page 1");
	run_flood(test_supervisor(workers), 1, MAIKO_DROP_OLDEST, &(flood){.pages = FLOOD});
	expect_heard("sink", "page 10");
}

TEST_SIM(where_no_bound_is_said_there_is_the_usual_one)
{
	run_flood(test_supervisor(workers), 0, MAIKO_DROP_NEWEST, &(flood){.pages = FLOOD});
	expect_heard_numbers("sink", "1 2 3 4 5 6 7 8 9 10"); /* far below 64 MiB */
	assert_int_equal(queued_bytes, FLOOD * SIZE);
}

TEST_SIM(a_supervisor_has_a_bound_for_all)
{
	const maiko_options options = {.workers = workers, .mailbox_bytes = BOUND};
	run_flood(test_supervisor_with(options), 0, MAIKO_DROP_NEWEST, &(flood){.pages = FLOOD});
	expect_heard_numbers("sink", "1 2 3 4");
	/* its own comes first */
	run_flood(test_supervisor_with(options), 2 * BOUND, MAIKO_DROP_NEWEST, &(flood){.pages = FLOOD});
	expect_heard_numbers("sink", "1 2 3 4 5 6 7 8");
}

/* ---- a move takes them along ---- */

PER_TEST _Atomic(uint64_t) moved;

static void on_moved(void *arg, const maiko_completion *completion)
{
	expect(completion->status == 0);
	atomic_fetch_add(&moved, 1);
}

/* Fills the sink's mailbox, and moves it, before it runs. */
typedef struct mover {
	uint32_t to;
	maiko_actor_id sink;
} mover;
static int mover_on_flood(mover *self, const flood *ev, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t i = 1; rc == 0 && i <= ev->pages; i++)
		rc = maiko_send(ctx, page, .n = i);
	return rc != 0 ? rc : maiko_move(ctx, self->sink, self->to, .done = on_moved);
}
MAIKO_ACTOR(mover, MAIKO_ON(flood, mover_on_flood));

TEST_SIM(a_move_takes_them_along)
{
	if (workers < 2)
		return;
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, sink, "sink", .max_events_per_tick = 1, .ret_id = &id, .worker = 1));
	ok(maiko_add(sup, mover, "mover", .init = &(mover){2, id}, .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, flood, .pages = FLOOD));
	test_settle(sup);
	assert_int_equal(atomic_load(&moved), 1);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "sink")->bytes, 0);
	assert_int_equal(test_topic_row(ledger, "pages")->bytes, 0);
	test_release(sup);
	expect_heard_numbers("sink", "1 2 3 4 5 6 7 8 9 10");
}
