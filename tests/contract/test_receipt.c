/*
 * test_receipt.c - the sender of a tracked event learns what became of it: exactly once, with the outcomes of the
 * ledger, and not before what the event's handlers have sent to it (C17).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <uv.h>

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

typedef struct answer {
	uint32_t n;
} answer;
MAIKO_TOPIC(answers);
MAIKO_EVENT(answer, answers, n);

typedef struct page {
	uint32_t n;
	char text[2000];
} page;
MAIKO_EVENT(page, jobs, n, text);

/* ---- who sends ------------------------------------------------------------------------------ */

PER_TEST maiko_receipt last;
PER_TEST _Atomic(uint64_t) receipts;
PER_TEST maiko_id sent_id;

/* Sends what an order says; notes "receipt", and each answer that it gets. */
typedef struct sender {
	uint32_t unused;
} sender;

static int sender_on_receipt(sender *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	last = *receipt;
	test_note("receipt");
	atomic_fetch_add(&receipts, 1);
	return 0;
}

static int sender_on_answer(sender *self, const answer *ev, maiko_ctx *ctx)
{
	test_note("answer");
	return 0;
}

typedef struct order {
	uint32_t n, count;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, n, count);

static void send_tracked_jobs(maiko_ctx *ctx, uint32_t from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		expect(maiko_send_tracked(ctx, job, .n = from + i) == 0);
		sent_id = maiko_sent_id(ctx);
	}
}

static int sender_on_order(sender *self, const order *ev, maiko_ctx *ctx)
{
	send_tracked_jobs(ctx, ev->n, ev->count);
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_ON(order, sender_on_order), MAIKO_ON(answer, sender_on_answer),
	    MAIKO_ON_RECEIPT(sender_on_receipt));

/* ---- who works ---------------------------------------------------------------------------------- */

TEST_LISTENER(worker, job);

typedef struct answerer {
	uint32_t unused;
} answerer;
static int answerer_on_job(answerer *self, const job *ev, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < 3; i++)
		expect(maiko_send(ctx, answer, .n = i) == 0);
	return 0;
}
MAIKO_ACTOR(answerer, MAIKO_ON(job, answerer_on_job));

typedef struct failing {
	bool forgives;
} failing;
static int failing_on_job(failing *self, const job *ev, maiko_ctx *ctx) { return UV_EIO; }
static int failing_on_error(failing *self, const maiko_error *error, maiko_ctx *ctx)
{
	return self->forgives ? 0 : error->code;
}
MAIKO_ACTOR(failing, MAIKO_ON(job, failing_on_job), MAIKO_ON_ERROR(failing_on_error));

enum { KEEPER_FAILS = 7, KEEPER_ENDS = 8 };
typedef struct keeper {
	const job *kept;
} keeper;
static int keeper_on_job(keeper *self, const job *ev, maiko_ctx *ctx)
{
	expect(maiko_keep(ctx, ev) == 0);
	self->kept = ev;
	test_note("kept");
	return 0;
}
static int keeper_on_order(keeper *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->n == KEEPER_FAILS)
		return UV_EIO;
	if (ev->n == KEEPER_ENDS)
		return maiko_stop_self(ctx);
	if (ev->count == 0)
		expect(maiko_release(ctx, self->kept) == 0);
	test_note("released");
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON(job, keeper_on_job), MAIKO_ON(order, keeper_on_order));

static maiko_supervisor *with_sender(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sender, "sender"));
	return sup;
}

static void send_jobs(maiko_supervisor *sup, uint32_t count)
{
	ok(maiko_send(sup, order, .n = 1, .count = count));
	test_wait_for(&receipts, count);
}

/* ---- outcomes ------------------------------------------------------------------------------------ */

TEST_SIM(a_receipt_counts_who_has_handled_it)
{
	maiko_supervisor *sup = with_sender(workers);
	for (int i = 0; i < 5; i++)
		ok(maiko_add(sup, worker, test_name("worker", (uint64_t)i)));
	ok(maiko_start(sup));
	send_jobs(sup, 1);
	assert_int_equal(last.deliveries, 5);
	assert_int_equal(last.handled, 5);
	assert_int_equal(last.unknown, 0);
	assert_true(maiko_receipt_done(&last));
	assert_true(last.event.sequence == sent_id.sequence && last.event.origin == sent_id.origin);
	assert_ptr_equal(last.type, MAIKO_EVENT_REF(job));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "maiko.private")->counts.handled, 1);
	assert_int_equal(test_actor_row(ledger, "sender")->counts.handled, 2); /* the order, and the receipt */
	test_release(sup);
}

TEST_SIM(an_event_that_nobody_hears_has_a_receipt)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_start(sup));
	send_jobs(sup, 1);
	assert_int_equal(last.deliveries, 0);
	assert_false(maiko_receipt_done(&last));
	test_finish(sup);
}

/* Hears jobs, and has no handler of them. */
TEST_LISTENER(deaf, page);

TEST_SIM(an_event_that_is_ignored_is_done)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, deaf, "deaf", .topics = MAIKO_TOPICS(jobs)));
	ok(maiko_start(sup));
	send_jobs(sup, 1);
	assert_int_equal(last.ignored, 1);
	assert_true(maiko_receipt_done(&last));
	test_finish(sup);
}

PER_TEST _Atomic(uint64_t) dropped, handled, unknown, done;

typedef struct counter {
	uint32_t unused;
} counter;
static int counter_on_receipt(counter *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	atomic_fetch_add(&dropped, receipt->dropped);
	atomic_fetch_add(&handled, receipt->handled);
	atomic_fetch_add(&unknown, receipt->unknown);
	atomic_fetch_add(&done, maiko_receipt_done(receipt));
	expect(receipt->deliveries == receipt->dropped + receipt->handled);
	atomic_fetch_add(&receipts, 1);
	return 0;
}
static int counter_on_order(counter *self, const order *ev, maiko_ctx *ctx)
{
	send_tracked_jobs(ctx, ev->n, ev->count);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(order, counter_on_order), MAIKO_ON_RECEIPT(counter_on_receipt));

TEST_SIM(receipts_have_the_counts_of_the_ledger)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .channel = 16});
	ok(maiko_add(sup, counter, "counter"));
	ok(maiko_add(sup, worker, "worker", .overflow = MAIKO_DROP_NEWEST, .mailbox = 4));
	ok(maiko_add(sup, worker, "other", .overflow = MAIKO_DROP_OLDEST, .mailbox = 4));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .count = 100));
	test_wait_for(&receipts, 100);
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_topic_row *row = test_topic_row(ledger, "jobs");
	assert_int_equal(dropped, row->counts.dropped);
	assert_int_equal(handled, row->counts.handled);
	assert_int_equal(unknown, row->channel_dropped);
	assert_int_equal(receipts, 100);
	assert_true(dropped + unknown > 0);
	assert_true(done < 100);
	test_release(sup);
}

TEST_SIM(a_failure_that_on_error_handles_is_done)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, failing, "failing", .init = &(failing){.forgives = true}));
	ok(maiko_start(sup));
	send_jobs(sup, 1);
	assert_int_equal(last.handled, 1);
	assert_int_equal(last.error, 0);
	assert_true(maiko_receipt_done(&last));
	test_finish(sup);
}

TEST_SIM(an_event_whose_handler_fails_its_actor_is_not_done)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, failing, "failing", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	send_jobs(sup, 3);
	assert_false(maiko_receipt_done(&last));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.handled, 1);
	test_release(sup);
}

TEST_SIM(a_reply_comes_before_the_receipt)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, answerer, "answerer"));
	ok(maiko_start(sup));
	send_jobs(sup, 1);
	expect_noted("answer answer answer receipt");
	test_finish(sup);
}

/* Goes on hold with its second job, until its receipt has come. */
typedef struct holder {
	uint32_t unused;
} holder;
static int holder_on_order(holder *self, const order *ev, maiko_ctx *ctx)
{
	send_tracked_jobs(ctx, ev->n, 1);
	return ev->n == 2 ? maiko_hold(ctx) : 0;
}
static int holder_on_answer(holder *self, const answer *ev, maiko_ctx *ctx)
{
	test_note("answer%u", ev->n);
	return 0;
}
static int holder_on_receipt(holder *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	test_note("receipt");
	atomic_fetch_add(&receipts, 1);
	return maiko_unhold(ctx);
}
MAIKO_ACTOR(holder, MAIKO_ON(order, holder_on_order), MAIKO_ON(answer, holder_on_answer),
	    MAIKO_ON_RECEIPT(holder_on_receipt));

TEST_SIM(a_receipt_passes_the_replies_of_an_actor_on_hold_only)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, holder, "holder"));
	ok(maiko_add(sup, answerer, "answerer"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1));
	test_settle(sup);
	expect_noted("answer0 answer1 answer2 receipt");
	ok(maiko_send(sup, order, .n = 2));
	test_settle(sup);
	expect_noted("answer0 answer1 answer2 receipt receipt answer0 answer1 answer2");
	assert_int_equal(receipts, 2);
	test_finish(sup);
}

TEST_SIM(an_event_that_is_kept_is_not_done)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .count = 1));
	test_settle(sup);
	assert_int_equal(receipts, 0);
	ok(maiko_send(sup, order, .count = 0));
	test_settle(sup);
	assert_int_equal(receipts, 1);
	assert_true(maiko_receipt_done(&last));
	test_finish(sup);
}

/* A sink that writes in batches keeps what it has not written yet. */
static void play_keeper(uint32_t workers, uint32_t end, int error)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, keeper, "keeper", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .count = 1));
	test_settle(sup);
	assert_int_equal(receipts, 0);
	ok(maiko_send(sup, order, .n = end));
	test_wait_for(&receipts, 1);
	assert_int_equal(last.handled, 1);
	assert_int_equal(last.error, error);
	assert_false(maiko_receipt_done(&last));
	test_finish(sup);
}

TEST_SIM(an_event_that_is_kept_when_its_actor_fails_is_not_done) { play_keeper(workers, KEEPER_FAILS, UV_EIO); }
TEST_SIM(an_event_that_is_kept_when_its_actor_ends_is_not_done) { play_keeper(workers, KEEPER_ENDS, MAIKO_ECANCELED); }

/* ---- ends ---------------------------------------------------------------------------------------- */

TEST_SIM(what_an_ended_sender_waits_for_is_dead)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .count = 1));
	test_settle(sup);
	maiko_actor_id id;
	ok(maiko_find(sup, "sender", &id));
	ok(maiko_remove(sup, id));
	ok(maiko_send(sup, order, .count = 0));
	test_settle(sup);
	assert_int_equal(receipts, 0);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "maiko.private")->counts.dead, 1);
	test_release(sup);
}

/* Is moved about while events, replies and receipts are on their way. */
typedef struct mover {
	uint32_t answers, receipts;
} mover;
static int mover_on_answer(mover *self, const answer *ev, maiko_ctx *ctx)
{
	self->answers++;
	return 0;
}
static int mover_on_receipt(mover *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	self->receipts++;
	expect(receipt->handled == 2); /* the answerer, and the worker */
	expect(self->answers >= 3 * self->receipts);
	atomic_fetch_add(&receipts, 1);
	return 0;
}
static int mover_on_order(mover *self, const order *ev, maiko_ctx *ctx)
{
	send_tracked_jobs(ctx, ev->n, ev->count);
	return 0;
}
MAIKO_ACTOR(mover, MAIKO_ON(order, mover_on_order), MAIKO_ON(answer, mover_on_answer),
	    MAIKO_ON_RECEIPT(mover_on_receipt));

static void play_moves(uint32_t workers)
{
	maiko_actor_id ids[3];
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, mover, "mover", .ret_id = &ids[0]));
	ok(maiko_add(sup, answerer, "answerer", .ret_id = &ids[1]));
	ok(maiko_add(sup, worker, "worker", .ret_id = &ids[2]));
	ok(maiko_start(sup));
	for (uint32_t round = 0; round < 6; round++) {
		ok(maiko_send(sup, order, .count = 20));
		for (uint32_t i = 0; i < 3 && workers > 1; i++) {
			int rc = maiko_move(sup, ids[i], (round + i) % workers + 1);
			assert_true(rc == 0 || rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
		}
	}
	test_wait_for(&receipts, 120);
	test_settle(sup);
	assert_int_equal(receipts, 120);
	test_finish(sup);
}

TEST_SIM(receipts_find_a_sender_that_moves_and_stay_behind_the_replies) { play_moves(workers); }
TEST_WORKERS(receipts_find_a_sender_that_moves_on_real_workers) { play_moves(workers); }

TEST_SIM(a_graceful_stop_waits_for_the_receipts)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, worker, "worker"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .count = 200));
	test_stop(sup);
	assert_int_equal(receipts, 200);
	assert_true(maiko_receipt_done(&last));
	test_release(sup);
}

TEST_SIM(what_an_actor_keeps_until_its_end_is_counted_at_the_stop)
{
	maiko_supervisor *sup = with_sender(workers);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1, .count = 1));
	test_settle(sup);
	const maiko_topic_row *row = test_topic_row(test_stop(sup), "maiko.private");
	assert_int_equal(row->counts.handled + row->counts.dead, 1);
	assert_int_equal(row->counts.handled, receipts);
	test_release(sup);
}

/* Sends the next one when it hears what became of the last. */
typedef struct pacer {
	uint32_t unused;
} pacer;
static int pacer_on_start(pacer *self, maiko_ctx *ctx) { return maiko_send_tracked(ctx, job, .n = 1); }
static int pacer_on_receipt(pacer *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	int rc = atomic_fetch_add(&receipts, 1) < 1000000 ? maiko_send_tracked(ctx, job, .n = 2) : 0;
	if (rc == MAIKO_ESHUTDOWN)
		test_note("refused");
	return rc;
}
MAIKO_ACTOR(pacer, MAIKO_ON_START(pacer_on_start), MAIKO_ON_RECEIPT(pacer_on_receipt));

static void play_pacer(uint32_t workers, uint64_t before)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker"));
	ok(maiko_add(sup, pacer, "pacer", .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	test_wait_for(&receipts, before);
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	expect_noted("refused");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "maiko.private")->counts.handled, receipts);
	test_release(sup);
}

TEST_SIM(a_sender_that_sends_again_at_each_receipt_does_not_outlive_the_deadline) { play_pacer(workers, 0); }
TEST_WORKERS(nor_does_it_on_real_workers) { play_pacer(workers, 100); }

/* ---- from outside ---------------------------------------------------------------------------------- */

TEST_SIM(a_thread_waits_for_what_became_of_its_event)
{
	maiko_receipt receipt, first;
	maiko_supervisor *sup = test_supervisor(workers);
	for (int i = 0; i < 4; i++)
		ok(maiko_add(sup, worker, test_name("worker", (uint64_t)i)));
	returns(maiko_send_wait(sup, 1000, &receipt, job, .n = 1), MAIKO_ESTATE);
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 10; i++) {
		ok(maiko_send_wait(sup, 60000, &receipt, job, .n = i));
		assert_int_equal(receipt.handled, 4);
		assert_true(maiko_receipt_done(&receipt));
		assert_ptr_equal(receipt.type, MAIKO_EVENT_REF(job));
		first = i == 0 ? receipt : first;
		assert_int_equal(receipt.event.origin, first.event.origin);
		assert_int_equal(receipt.event.sequence, first.event.sequence + i);
		assert_true(maiko_id_equal(receipt.correlation, receipt.event));
	}
	assert_true(first.event.sequence != 0);
	ok(maiko_send_wait(sup, 60000, NULL, answer, .n = 1));
	expect_heard_numbers("worker0", "0 1 2 3 4 5 6 7 8 9");
	test_finish(sup);
}

TEST_SIM(a_thread_that_has_not_waited_long_enough_leaves_the_event_to_its_course)
{
	maiko_receipt receipt = {.deliveries = 7};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	returns(maiko_send_wait(sup, 20, &receipt, job, .n = 1), MAIKO_ETIMEDOUT);
	assert_int_equal(receipt.deliveries, 7);
	test_finish(sup);
}

enum { WAITERS = 4, WAITS = 200 };

static void wait_often(void *arg)
{
	maiko_receipt receipt;
	for (uint32_t i = 0; i < WAITS; i++) {
		expect(maiko_send_wait(arg, UINT64_MAX, &receipt, job, .n = i) == 0);
		expect(receipt.handled == 3 && maiko_receipt_done(&receipt));
	}
}

TEST_WORKERS(many_threads_wait_each_for_its_own)
{
	uv_thread_t threads[WAITERS];
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint64_t i = 0; i < 3; i++)
		ok(maiko_add(sup, worker, test_name("worker", i)));
	ok(maiko_start(sup));
	for (int i = 0; i < WAITERS; i++)
		ok(uv_thread_create(&threads[i], wait_often, sup));
	for (int i = 0; i < WAITERS; i++)
		uv_thread_join(&threads[i]);
	expect_heard_count("worker0", job, WAITERS * WAITS);
	test_finish(sup);
}

static int wait_inside(maiko_ctx *ctx)
{
	expect(maiko_send_wait(maiko_supervisor_of(ctx), 0, NULL, job, .n = 1) == MAIKO_EAGAIN);
	expect(maiko_send_tracked(ctx, job, .n = 1) == MAIKO_EINVAL); /* a puppet has no MAIKO_ON_RECEIPT */
	test_note("refused");
	return 0;
}

TEST_SIM(who_has_no_use_for_a_receipt_is_refused)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_add(sup, worker, "worker"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", wait_inside);
	test_settle(sup);
	expect_noted("refused");
	returns(maiko_supervisor_send(sup, MAIKO_EVENT_REF(job), &(job){1}, MAIKO_SEND_TRACKED), MAIKO_EINVAL);
	returns(maiko_supervisor_send_wait(NULL, MAIKO_EVENT_REF(job), &(job){1}, 1, NULL), MAIKO_EINVAL);
	returns(maiko_supervisor_send_wait(sup, NULL, &(job){1}, 1, NULL), MAIKO_EINVAL);
	test_finish(sup);
	assert_false(maiko_receipt_done(NULL));
	assert_int_equal(maiko_sent_id(NULL).sequence, 0);
}

/* ---- large ones ------------------------------------------------------------------------------------ */

static int publish_page(maiko_ctx *ctx)
{
	page *p = maiko_new(page);
	p->n = 5;
	expect(maiko_ctx_publish(ctx, p, MAIKO_SEND_TRACKED) == 0);
	return 0;
}

typedef struct printer {
	uint32_t unused;
} printer;
static int printer_on_receipt(printer *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	last = *receipt;
	atomic_fetch_add(&receipts, 1);
	return 0;
}
static int printer_on_order(printer *self, const order *ev, maiko_ctx *ctx) { return publish_page(ctx); }
MAIKO_ACTOR(printer, MAIKO_ON(order, printer_on_order), MAIKO_ON_RECEIPT(printer_on_receipt));
TEST_LISTENER(reader, page);

TEST_SIM(a_large_event_is_tracked_too)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, printer, "printer"));
	ok(maiko_add(sup, reader, "reader"));
	ok(maiko_add(sup, reader, "other"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1));
	test_wait_for(&receipts, 1);
	assert_int_equal(last.handled, 2);
	test_finish(sup);
}
