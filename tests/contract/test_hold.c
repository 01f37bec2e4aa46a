/*
 * C18: an actor on hold takes no events. Its mailbox fills, and its topics' policies do the rest; all else of it
 * goes on. Nobody takes a wait for it for a deadlock, however long it lasts; a stop does not wait for ever.
 */
#include "support.h"

#include "runtime/runtime.h"

#include <maiko/testing/sim.h>
#include <string.h>

enum { MAILBOX = 8, A_SECOND = 1000, AN_HOUR = 3600 * 1000 };

typedef struct item {
	uint32_t n;
} item;
typedef struct answer {
	uint32_t n;
} answer;
typedef struct newest {
	uint32_t n;
} newest;
typedef struct oldest {
	uint32_t n;
} oldest;
typedef struct latest {
	uint32_t n;
} latest;
typedef struct strict {
	uint32_t n;
} strict;
MAIKO_TOPIC(items);
MAIKO_TOPIC(answers);
MAIKO_TOPIC(drop_newest, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(drop_oldest, .overflow = MAIKO_DROP_OLDEST);
MAIKO_TOPIC(keep_latest, .overflow = MAIKO_KEEP_LATEST);
MAIKO_TOPIC(fail_full, .overflow = MAIKO_FAIL);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(answer, answers, n);
MAIKO_EVENT(newest, drop_newest, n);
MAIKO_EVENT(oldest, drop_oldest, n);
MAIKO_EVENT(latest, keep_latest, n);
MAIKO_EVENT(strict, fail_full, n);

PER_TEST _Atomic(uint64_t) ticks, produced, errors, done, refused;
PER_TEST _Atomic(bool) opens; /* the next tick of a sink unholds it */
PER_TEST _Atomic(int) job_answer;

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }

/* ---- a sink that is on hold from the start, until its tick finds that it may go on -------------------- */

typedef struct sink {
	bool answers; /* its tick sends, too */
	uint32_t every_ms;
} sink;
static int sink_on_start(sink *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next sink_tick(sink *self, maiko_ctx *ctx)
{
	int rc = 0;
	uint64_t n = atomic_fetch_add(&ticks, 1);
	if (self->answers)
		rc = maiko_send(ctx, answer, .n = (uint32_t)n);
	if (rc == 0 && atomic_load(&opens))
		rc = maiko_unhold(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(self->every_ms);
}
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return 0;
}
static int sink_on_newest(sink *self, const newest *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(newest), ev);
	return 0;
}
static int sink_on_oldest(sink *self, const oldest *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(oldest), ev);
	return 0;
}
static int sink_on_latest(sink *self, const latest *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(latest), ev);
	return 0;
}
static int sink_on_strict(sink *self, const strict *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(strict), ev);
	return 0;
}
static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_fetch_add(&errors, 1);
	return error->code == MAIKO_EOVERFLOW ? 0 : error->code;
}
MAIKO_ACTOR(sink, MAIKO_ON_START(sink_on_start), MAIKO_TICK(sink_tick), MAIKO_ON(item, sink_on_item),
	    MAIKO_ON(newest, sink_on_newest), MAIKO_ON(oldest, sink_on_oldest), MAIKO_ON(latest, sink_on_latest),
	    MAIKO_ON(strict, sink_on_strict), MAIKO_ON_ERROR(sink_on_error));

/* ---- a producer that sends as long as it may -------------------- */

typedef struct producer {
	uint32_t most;
} producer;
static maiko_next producer_tick(producer *self, maiko_ctx *ctx)
{
	for (; !maiko_is_congested(ctx) && atomic_load(&produced) < self->most; atomic_fetch_add(&produced, 1)) {
		int rc = maiko_send(ctx, item, .n = (uint32_t)atomic_load(&produced));
		if (rc < 0)
			return maiko_failed(rc);
	}
	return atomic_load(&produced) == self->most ? maiko_never() : maiko_when_sendable();
}
static int producer_on_answer(producer *self, const answer *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(answer), ev);
	return 0;
}
MAIKO_ACTOR(producer, MAIKO_TICK(producer_tick), MAIKO_ON(answer, producer_on_answer));

static maiko_supervisor *started(uint32_t workers, const sink *init, uint32_t most)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sink, "sink", .init = init, .mailbox = MAILBOX));
	if (most != 0)
		ok(maiko_add(sup, producer, "producer", .init = &(producer){most}, .mailbox = MAILBOX));
	ok(maiko_start(sup));
	return sup;
}

TEST_SIM(its_mailbox_fills_and_mutes_who_sends_while_its_tick_goes_on)
{
	enum { ITEMS = 20000 };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, ITEMS);
	pass(sup, A_SECOND);
	expect_heard("sink", "");
	assert_true(atomic_load(&ticks) >= 100);
	const maiko_ledger *ledger = test_report(sup);
	assert_true(test_actor_row(ledger, "sink")->held);
	assert_string_equal(test_actor_row(ledger, "sink")->detail, "on hold");
	assert_false(test_actor_row(ledger, "producer")->held);
	assert_int_equal(test_actor_row(ledger, "producer")->mutes, 1);
	assert_true(atomic_load(&produced) >= MAILBOX);
	assert_true(atomic_load(&produced) <= MAILBOX + 1 + MAIKO_ALLOWANCE + 4096);
	atomic_store(&opens, true);
	pass(sup, A_SECOND);
	expect_heard_in_order("sink", 0, ITEMS - 1);
	assert_false(test_actor_row(test_report(sup), "sink")->held);
	assert_int_equal(test_finish(sup).handled, ITEMS);
}

TEST_SIM(policies_that_drop_go_on_dropping)
{
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, 0);
	for (uint32_t n = 1; n <= MAILBOX + 2; n++)
		ok(maiko_send(sup, newest, .n = n));
	test_settle(sup);
	atomic_store(&opens, true);
	pass(sup, 100);
	expect_heard_numbers("sink", "1 2 3 4 5 6 7 8");
	assert_int_equal(test_finish(sup).dropped, 2);
}

TEST_SIM(the_oldest_are_dropped)
{
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, 0);
	for (uint32_t n = 1; n <= MAILBOX + 2; n++)
		ok(maiko_send(sup, oldest, .n = n));
	test_settle(sup);
	atomic_store(&opens, true);
	pass(sup, 100);
	expect_heard_numbers("sink", "3 4 5 6 7 8 9 10");
	assert_int_equal(test_finish(sup).dropped, 2);
}

TEST_SIM(the_latest_is_kept)
{
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, 0);
	for (uint32_t n = 1; n <= 100; n++)
		ok(maiko_send(sup, latest, .n = n));
	test_settle(sup);
	atomic_store(&opens, true);
	pass(sup, 100);
	expect_heard_numbers("sink", "100");
	assert_int_equal(test_finish(sup).dropped, 99);
}

TEST_SIM(an_overflow_that_is_an_error_is_told_while_it_is_on_hold)
{
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, 0);
	for (uint32_t n = 1; n <= MAILBOX + 1; n++)
		ok(maiko_send(sup, strict, .n = n));
	test_settle(sup);
	assert_int_equal(atomic_load(&errors), 1);
	expect_heard("sink", "");
	atomic_store(&opens, true);
	pass(sup, 100);
	expect_heard_numbers("sink", "1 2 3 4 5 6 7 8");
	assert_int_equal(test_finish(sup).dropped, 1);
}

/* ---- one thing at a time: on hold while a job is under way -------------------- */

typedef struct clerk {
	bool busy;
} clerk;
typedef struct letter {
	uint32_t n;
} letter;
static int letter_work(letter *job) { return atomic_load(&job_answer); }
static int letter_done(clerk *self, letter *job, int status, maiko_ctx *ctx)
{
	self->busy = false;
	test_note("done%u", job->n);
	atomic_fetch_add(&done, 1);
	if (status < 0)
		return status;
	int rc = maiko_send(ctx, answer, .n = job->n);
	return rc < 0 ? rc : maiko_unhold(ctx);
}
MAIKO_BLOCKING(clerk, letter, letter_work, letter_done);
static int clerk_on_item(clerk *self, const item *ev, maiko_ctx *ctx)
{
	expect(!self->busy);
	self->busy = true;
	test_note("%u", ev->n);
	int rc = maiko_hold(ctx);
	return rc < 0 ? rc : maiko_blocking(ctx, letter_work, letter_done, .n = ev->n);
}
MAIKO_ACTOR(clerk, MAIKO_ON(item, clerk_on_item));
TEST_LISTENER(listener, answer);

static maiko_supervisor *with_clerk(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, clerk, "clerk"));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	return sup;
}

TEST_SIM(its_jobs_go_on_and_what_they_send_arrives)
{
	maiko_supervisor *sup = with_clerk(workers);
	for (uint32_t n = 1; n <= 4; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	expect_noted("1 done1 2 done2 3 done3 4 done4");
	expect_heard_numbers("listener", "1 2 3 4");
	test_finish(sup);
}

/* A job that is under way unholds it: the drain waits for it, event by event. */
TEST_SIM(a_stop_waits_for_the_jobs_that_unhold_it)
{
	maiko_supervisor *sup = with_clerk(workers);
	for (uint32_t n = 1; n <= 4; n++)
		ok(maiko_send(sup, item, .n = n));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.discarded, 0);
	expect_noted("1 done1 2 done2 3 done3 4 done4");
}

/* On hold with events queued until the receipt of what it has sent has come. */
typedef struct asker {
	bool asked;
} asker;
static int asker_on_item(asker *self, const item *ev, maiko_ctx *ctx)
{
	test_note("%u", ev->n);
	int rc = maiko_hold(ctx);
	return rc < 0 ? rc : maiko_send_tracked(ctx, answer, .n = ev->n);
}
static int asker_on_receipt(asker *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	test_note("receipt");
	return maiko_receipt_done(receipt) ? maiko_unhold(ctx) : MAIKO_ECANCELED;
}
MAIKO_ACTOR(asker, MAIKO_ON(item, asker_on_item), MAIKO_ON_RECEIPT(asker_on_receipt));

TEST_SIM(its_receipts_pass_the_hold)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker"));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 3; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	expect_noted("1 receipt 2 receipt 3 receipt");
	expect_heard_numbers("listener", "1 2 3");
	test_finish(sup);
}

/* On hold until a change is complete that it has asked for; or, once a stop refuses changes, not at all. */
typedef struct joiner {
	bool joined;
} joiner;
static int joiner_on_item(joiner *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	int rc = maiko_hold(ctx);
	if (rc == 0 && self->joined)
		rc = maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(answers));
	else if (rc == 0)
		rc = maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(answers));
	self->joined = !self->joined;
	return rc == MAIKO_ESHUTDOWN ? maiko_unhold(ctx) : rc;
}
static int joiner_on_answer(joiner *self, const answer *ev, maiko_ctx *ctx) { return 0; }
static int joiner_on_done(joiner *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return maiko_unhold(ctx);
}
MAIKO_ACTOR(joiner, MAIKO_ON(item, joiner_on_item), MAIKO_ON(answer, joiner_on_answer), MAIKO_ON_DONE(joiner_on_done));

TEST_SIM(a_stop_waits_for_the_change_that_unholds_it)
{
	enum { ITEMS = 12 };
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, joiner, "joiner", .topics = MAIKO_TOPICS(MAIKO_SUB(items))));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < ITEMS; n++)
		ok(maiko_send(sup, item, .n = n));
	assert_int_equal(test_finish(sup).discarded, 0);
	expect_heard_numbers("joiner", "0 1 2 3 4 5 6 7 8 9 10 11");
}

TEST_WORKERS(one_thing_at_a_time_on_real_threads)
{
	enum { LETTERS = 200 };
	maiko_supervisor *sup = with_clerk(workers);
	for (uint32_t n = 1; n <= LETTERS; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	assert_int_equal(atomic_load(&done), LETTERS);
	expect_heard_count("listener", answer, LETTERS);
	assert_int_equal(test_finish(sup).discarded, 0);
}

TEST_SIM(what_waits_for_one_that_fails_is_dead)
{
	maiko_supervisor *sup = with_clerk(workers);
	atomic_store(&job_answer, MAIKO_ECANCELED);
	for (uint32_t n = 1; n <= 4; n++)
		ok(maiko_send(sup, item, .n = n));
	maiko_counts total = test_finish_with(sup, MAIKO_ECANCELED);
	expect_noted("1 done1");
	assert_int_equal(total.dead, 3);
}

/* ---- calls -------------------- */

/* Holds and unholds again in one handler; on_stop can do neither. */
typedef struct fickle {
	uint32_t unused;
} fickle;
static int fickle_on_item(fickle *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	expect(maiko_unhold(ctx) == 0);
	expect(maiko_hold(ctx) == 0);
	expect(maiko_hold(ctx) == 0);
	expect(maiko_unhold(ctx) == 0);
	return 0;
}
static int fickle_on_stop(fickle *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&refused, (maiko_hold(ctx) == MAIKO_ESTATE) + (maiko_unhold(ctx) == MAIKO_ESTATE));
	return 0;
}
MAIKO_ACTOR(fickle, MAIKO_ON(item, fickle_on_item), MAIKO_ON_STOP(fickle_on_stop));

TEST_SIM(both_calls_may_be_made_twice)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, fickle, "fickle"));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 4; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	expect_heard_numbers("fickle", "1 2 3 4");
	test_finish(sup);
	assert_int_equal(atomic_load(&refused), 2);
	returns(maiko_hold(NULL), MAIKO_EINVAL);
	returns(maiko_unhold(NULL), MAIKO_EINVAL);
}

/* ---- time -------------------- */

static struct mk_probing probes_of(maiko_supervisor *sup)
{
	struct mk_probing all = {0};
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		all.begun += mk_worker_at(sup, i)->probed.begun;
		all.sent += mk_worker_at(sup, i)->probed.sent;
	}
	return all;
}

TEST_SIM(an_hour_on_hold_costs_no_memory_and_no_probes)
{
	enum { ITEMS = 20000, A_MINUTE = 60 * A_SECOND };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = A_SECOND}, ITEMS);
	pass(sup, A_MINUTE);
	int64_t living = test_allocator_living();
	struct mk_probing then = probes_of(sup);
	assert_true(then.sent <= 1);
	pass(sup, AN_HOUR);
	struct mk_probing now = probes_of(sup);
	assert_int_equal(test_allocator_living(), living);
	assert_int_equal(now.begun, then.begun);
	assert_int_equal(now.sent, then.sent);
	atomic_store(&opens, true);
	pass(sup, A_MINUTE);
	expect_heard_in_order("sink", 0, ITEMS - 1);
	test_finish(sup);
}

/* The sink sends to the one that it mutes, whose mailbox is full as well: both wait for each other. The sink goes
 * on, so that its tick can unhold it; the producer does not, as the sink could not handle what it sends. */
TEST_SIM(a_circle_through_one_on_hold_is_no_deadlock)
{
	enum { ITEMS = 20000, TEN_MINUTES = 600 * A_SECOND };
	maiko_supervisor *sup = started(workers, &(sink){.answers = true, .every_ms = A_SECOND}, ITEMS);
	pass(sup, TEN_MINUTES);
	assert_true(atomic_load(&ticks) >= TEN_MINUTES / A_SECOND);
	uint64_t sent = atomic_load(&produced);
	struct mk_probing then = probes_of(sup);
	pass(sup, TEN_MINUTES);
	assert_true(atomic_load(&ticks) >= 2 * TEN_MINUTES / A_SECOND);
	assert_int_equal(atomic_load(&produced), sent);
	assert_int_equal(probes_of(sup).sent, then.sent);
	expect_heard("sink", "");
	atomic_store(&opens, true);
	pass(sup, TEN_MINUTES);
	expect_heard_in_order("sink", 0, ITEMS - 1);
	assert_int_equal(test_finish(sup).handled, ITEMS + test_heard_count("producer", "answer"));
}

/* ---- changes -------------------- */

static maiko_actor_id id_of(maiko_supervisor *sup, const char *name)
{
	maiko_actor_id id = 0;
	ok(maiko_find(sup, name, &id));
	return id;
}

TEST_SIM(one_on_hold_can_be_removed)
{
	enum { ITEMS = 20000 };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, ITEMS);
	pass(sup, A_SECOND);
	ok(maiko_remove(sup, id_of(sup, "sink")));
	pass(sup, A_SECOND);
	assert_int_equal(atomic_load(&produced), ITEMS);
	expect_heard("sink", "");
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 0);
	assert_true(total.dead >= MAILBOX);
}

TEST_SIM(a_move_keeps_it_on_hold)
{
	enum { ITEMS = 20000 };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, ITEMS);
	pass(sup, 100);
	for (uint32_t to = 1; to <= workers; to++) {
		uint64_t before = atomic_load(&ticks);
		ok(maiko_move(sup, id_of(sup, "sink"), to));
		pass(sup, 100);
		assert_int_equal(test_actor_row(test_report(sup), "sink")->worker, to);
		assert_true(test_actor_row(test_report(sup), "sink")->held);
		assert_true(atomic_load(&ticks) > before);
	}
	expect_heard("sink", "");
	atomic_store(&opens, true);
	pass(sup, A_SECOND);
	expect_heard_in_order("sink", 0, ITEMS - 1);
	test_finish(sup);
}

/* ---- rest, and the end -------------------- */

TEST_WORKERS(all_is_quiet_when_the_rest_waits_for_one_on_hold)
{
	enum { ITEMS = 20000 };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = AN_HOUR}, ITEMS);
	test_settle(sup);
	assert_true(atomic_load(&produced) >= MAILBOX);
	assert_true(atomic_load(&produced) < ITEMS);
	ok(maiko_stop(sup, NULL));
	test_finish(sup);
	expect_heard("sink", "");
}

/* Forwards: it is muted by the sink with answers left to forward. */
typedef struct forwarder {
	uint32_t unused;
} forwarder;
static int forwarder_on_answer(forwarder *self, const answer *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(answer), ev);
	return maiko_send(ctx, item, .n = ev->n);
}
MAIKO_ACTOR(forwarder, MAIKO_ON(answer, forwarder_on_answer));

TEST_SIM(who_waits_for_it_goes_on_at_a_stop)
{
	enum { ANSWERS = 500 };
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sink, "sink", .init = &(sink){.every_ms = A_SECOND}, .mailbox = MAILBOX));
	ok(maiko_add(sup, forwarder, "forwarder"));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < ANSWERS; n++)
		ok(maiko_send(sup, answer, .n = n));
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_true(test_now_ns() - now < UINT64_C(1000000000));
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_in_order("forwarder", 0, ANSWERS - 1);
	assert_int_equal(test_actor_row(ledger, "sink")->counts.discarded, ANSWERS);
	test_release(sup);
}

/* Without .drains nothing unholds it once the ticks have ended. Who waits for it goes on. */
TEST_SIM(a_stop_counts_and_names_what_is_left)
{
	enum { ITEMS = 20000 };
	maiko_supervisor *sup = started(workers, &(sink){.every_ms = 10}, ITEMS);
	pass(sup, 100);
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_true(test_now_ns() - now < UINT64_C(1000000000));
	expect_heard("sink", "");
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_actor_row *row = test_actor_row(ledger, "sink");
	assert_true(row->held);
	assert_int_equal(row->status, MAIKO_ACTOR_STOPPED);
	assert_int_equal(row->counts.discarded, atomic_load(&produced));
	assert_string_equal(row->detail, "on hold when it ended");
	test_release(sup);
}

/* ---- .drains: a sink in front of a slow database ----------------------------------------------------- */

/* Each item takes its time, which its tick waits for: on hold meanwhile. */
enum { WRITE_MS = 20 };
typedef struct writer {
	uint32_t writing;
} writer;
static int writer_on_item(writer *self, const item *ev, maiko_ctx *ctx)
{
	expect(self->writing == 0);
	self->writing = ev->n + 1;
	int rc = maiko_hold(ctx);
	return rc < 0 ? rc : maiko_wake_tick(ctx);
}
static maiko_next writer_tick(writer *self, maiko_ctx *ctx)
{
	if (self->writing == 0)
		return maiko_never();
	if (atomic_fetch_add(&ticks, 1) % 2 == 0)
		return maiko_after_ms(WRITE_MS);
	int rc = maiko_send(ctx, answer, .n = self->writing - 1);
	self->writing = 0;
	if (rc == 0)
		rc = maiko_unhold(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}
static int writer_on_error(writer *self, const maiko_error *error, maiko_ctx *ctx)
{
	return error->code == MAIKO_ESHUTDOWN ? 0 : error->code;
}
MAIKO_ACTOR(writer, MAIKO_ON(item, writer_on_item), MAIKO_TICK(writer_tick), MAIKO_ON_ERROR(writer_on_error));

enum { WRITES = 30 };
static maiko_supervisor *with_writer(uint32_t workers, bool drains)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, writer, "writer", .drains = drains));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < WRITES; n++)
		ok(maiko_send(sup, item, .n = n));
	return sup;
}

TEST_SIM(a_stop_waits_for_what_drains)
{
	maiko_supervisor *sup = with_writer(workers, true);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.discarded, 0);
	assert_int_equal(total.handled, 2 * WRITES);
	expect_heard_in_order("listener", 0, WRITES - 1);
}

TEST_WORKERS(what_drains_is_waited_for_on_real_threads)
{
	maiko_supervisor *sup = with_writer(workers, true);
	assert_int_equal(test_finish(sup).discarded, 0);
	expect_heard_in_order("listener", 0, WRITES - 1);
}

TEST_SIM(without_drains_it_is_counted_and_named)
{
	maiko_supervisor *sup = with_writer(workers, false);
	test_settle(sup);
	ok(maiko_stop(sup, NULL));
	const maiko_actor_row *row = test_actor_row(test_stop(sup), "writer");
	assert_true(row->held);
	assert_int_equal(row->counts.handled, 1);
	assert_int_equal(row->counts.discarded, WRITES - 1);
	test_release(sup);
}

TEST_SIM(past_the_deadline_it_is_counted_and_named)
{
	maiko_supervisor *sup = with_writer(workers, true);
	test_settle(sup);
	ok(maiko_stop(sup, &(maiko_stop_options){.deadline_ms = WRITE_MS * 5 / 2}));
	const maiko_actor_row *row = test_actor_row(test_stop(sup), "writer");
	assert_true(row->held);
	assert_int_equal(row->counts.handled, 3);
	assert_int_equal(row->counts.discarded, WRITES - 3);
	test_release(sup);
}

/* Not on hold, and nothing queued: nothing keeps the stop waiting for its next tick. */
TEST_SIM(what_drains_and_is_done_ends_at_once)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, writer, "writer", .drains = true));
	ok(maiko_start(sup));
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_true(test_now_ns() - now < UINT64_C(1000000) * WRITE_MS);
	test_finish(sup);
	returns(maiko_add((maiko_supervisor *)NULL, writer, "writer", .drains = true), MAIKO_EINVAL);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
