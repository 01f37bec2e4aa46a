/*
 * C20: what comes to an actor from an earlier life, and groups that are not there.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef item question;
MAIKO_TOPIC(items);
MAIKO_TOPIC(questions);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(question, questions, n);

PER_TEST _Atomic(uint64_t) starts, stops, receipts, answers, failures_left;

static bool fails(void)
{
	if (atomic_load(&failures_left) == 0)
		return false;
	atomic_fetch_sub(&failures_left, 1);
	return true;
}

/* ---- a receipt ---- */

/* Asks in its on_stop, and so in each life; who answers is on hold until the next life. */
typedef struct asker {
	uint32_t unused;
} asker;
static int asker_on_start(asker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int asker_on_stop(asker *self, maiko_ctx *ctx)
{
	if (!maiko_stopping(ctx))
		expect(maiko_send_tracked(ctx, question, .n = 1) == 0);
	return 0;
}
static int asker_on_item(asker *self, const item *ev, maiko_ctx *ctx) { return fails() ? UV_EIO : 0; }
static int asker_on_receipt(asker *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON_START(asker_on_start), MAIKO_ON_STOP(asker_on_stop), MAIKO_ON(item, asker_on_item),
	    MAIKO_ON_RECEIPT(asker_on_receipt));

typedef struct answerer {
	uint32_t unused;
} answerer;
static int answerer_on_start(answerer *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int answerer_on_question(answerer *self, const question *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&answers, 1);
	return 0;
}
static maiko_next answerer_tick(answerer *self, maiko_ctx *ctx)
{
	if (atomic_load(&starts) < 2)
		return maiko_after_ms(1);
	expect(maiko_unhold(ctx) == 0);
	return maiko_never();
}
MAIKO_ACTOR(answerer, MAIKO_ON_START(answerer_on_start), MAIKO_ON(question, answerer_on_question),
	    MAIKO_TICK(answerer_tick));

TEST_SIM(a_receipt_of_an_earlier_life_does_not_come)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker", .restart = MAIKO_TRANSIENT));
	ok(maiko_add(sup, answerer, "answerer", .worker = workers));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&answers, 1);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "answerer")->counts.handled, 1);
	assert_int_equal(atomic_load(&receipts), 0);
	assert_int_equal(test_actor_row(ledger, "asker")->counts.dead, 1);
	test_release(sup);
}

/* ---- a group that is not there ---- */

TEST_SIM(an_actor_of_a_group_that_is_not_there_is_refused)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .ret_id = &group));
	returns(maiko_add(sup, asker, "early", .group = group + 1), MAIKO_ENOENT);
	ok(maiko_start(sup));
	returns(maiko_add(sup, asker, "late", .group = group + 1), MAIKO_ENOENT);
	ok(maiko_remove_group(sup, group));
	returns(maiko_add(sup, asker, "late", .group = group), MAIKO_ENOENT);
	assert_non_null(strstr(maiko_last_error(), "there is no such group"));
	ok(maiko_add(sup, asker, "late", .restart = MAIKO_PERMANENT));
	(void)test_finish(sup);
}

TEST_SIM(a_group_with_empty_groups_is_removed)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id outer, inner, innermost, found;
	ok(maiko_group(sup, "outer", .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .ret_id = &inner));
	ok(maiko_group(sup, "innermost", .group = inner, .ret_id = &innermost));
	ok(maiko_group(sup, "beside", .group = outer));
	ok(maiko_remove_group(sup, outer)); /* before the start: none has actors */
	returns(maiko_find_group(sup, "outer", &found), MAIKO_ENOENT);
	returns(maiko_find_group(sup, "innermost", &found), MAIKO_ENOENT);
	ok(maiko_group(sup, "outer", .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .ret_id = &inner));
	ok(maiko_add(sup, asker, "asker", .group = outer));
	ok(maiko_start(sup));
	ok(maiko_remove_group(sup, outer));
	test_wait_gone(sup, "asker");
	test_settle(sup);
	returns(maiko_find_group(sup, "outer", &found), MAIKO_ENOENT);
	returns(maiko_find_group(sup, "inner", &found), MAIKO_ENOENT);
	(void)test_finish(sup);
}

/* ---- runs that meet ---- */

typedef struct order {
	uint32_t to;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, to);
PER_TEST _Atomic(uint64_t) up, failed;

/* Fails whenever it is told to. */
typedef struct member {
	uint32_t unused;
} member;
static int member_on_start(member *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&up, 1);
	return 0;
}
static int member_on_stop(member *self, maiko_ctx *ctx)
{
	atomic_fetch_sub(&up, 1);
	return 0;
}
static int member_on_order(member *self, const order *ev, maiko_ctx *ctx)
{
	if (maiko_name(ctx)[0] != (char)ev->to)
		return 0;
	atomic_fetch_add(&failed, 1);
	return UV_EIO;
}
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON(order, member_on_order));

static void add_member(maiko_supervisor *sup, const char *name, maiko_group_id group, uint64_t delay_ms)
{
	ok(maiko_add(sup, member, name, .group = group,
		     .backoff = &(maiko_backoff){.first_ms = delay_ms, .factor = 1}));
}

/* d fails, and waits; then c, and so b and c; then a, which includes all of them. */
TEST_SIM(a_run_includes_the_runs_that_have_begun_before_it)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id outer, inner;
	ok(maiko_group(sup, "outer", .strategy = MAIKO_REST_FOR_ONE, .ret_id = &outer));
	add_member(sup, "a", outer, 10);
	ok(maiko_group(sup, "inner", .group = outer, .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &inner));
	add_member(sup, "b", inner, 200);
	add_member(sup, "c", inner, 200);
	add_member(sup, "d", outer, 100);
	ok(maiko_start(sup));
	for (const char *name = "dca"; *name != '\0'; name++) {
		uint64_t before = atomic_load(&failed);
		ok(maiko_send(sup, order, .to = (uint32_t)*name));
		test_wait_for(&failed, before + 1);
		test_settle(sup);
	}
	test_wait_for(&up, 4);
	(void)test_finish(sup);
	assert_int_equal(atomic_load(&up), 0);
}

static int fail_a_soon(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, order, .to = 'b') == 0);
	return maiko_send_after_ms(ctx, 1, NULL, order, .to = 'a');
}

/* b has waited for its millisecond just when a fails. */
TEST_SIM(a_run_begins_again_when_its_delay_is_over)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .strategy = MAIKO_REST_FOR_ONE, .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, puppet, "puppet", .worker = workers));
	add_member(sup, "a", group, 0);
	add_member(sup, "b", group, 1);
	ok(maiko_start(sup));
	for (uint64_t n = 1; n <= 20; n++) {
		test_order(sup, "puppet", fail_a_soon);
		test_wait_for(&failed, 2 * n);
		test_wait_for(&up, 2);
	}
	(void)test_finish(sup);
}

/* ---- a failing on_stop ---- */

typedef struct sore {
	uint32_t unused;
} sore;
static int sore_on_stop(sore *self, maiko_ctx *ctx) { return maiko_stopping(ctx) ? 0 : UV_EIO; }
MAIKO_ACTOR(sore, MAIKO_ON_STOP(sore_on_stop));

TEST_SIM(a_failure_in_on_stop_does_not_stop_others)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, sore, "sore", .restart = MAIKO_TRANSIENT, .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_restart(sup, id));
	ok(maiko_remove(sup, id));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 2);
	test_release(sup);
}

/* ---- a hold that on_stop begins ---- */

typedef struct holder {
	uint32_t unused;
} holder;
static int holder_on_stop(holder *self, maiko_ctx *ctx) { return maiko_stopping(ctx) ? 0 : maiko_hold(ctx); }
static int holder_on_question(holder *self, const question *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&answers, 1);
	return 0;
}
MAIKO_ACTOR(holder, MAIKO_ON_STOP(holder_on_stop), MAIKO_ON(question, holder_on_question));

TEST_SIM(a_hold_that_on_stop_begins_ends_with_that_life)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, holder, "holder", .restart = MAIKO_TRANSIENT, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_restart(sup, id));
	ok(maiko_send(sup, question, .n = 1));
	test_wait_for(&answers, 1);
	(void)test_finish(sup);
}

/* ---- a stop, and one on hold who has asked for a restart ----------------------------------------------- */

MAIKO_TOPIC(errands);
MAIKO_SIGNAL(errand, errands);

PER_TEST maiko_actor_id patient_id;
PER_TEST _Atomic(uint64_t) told;

typedef struct patient {
	uint32_t unused;
} patient;
/* The stop begins while it starts again. */
static int patient_on_start(patient *self, maiko_ctx *ctx)
{
	return atomic_fetch_add(&starts, 1) == 0 ? 0 : maiko_stop_all(ctx);
}
MAIKO_ACTOR(patient, MAIKO_ON_START(patient_on_start));

/* Sends an errand for each visit; soon it is muted, and has visits left. */
MAIKO_SIGNAL(visit, items);
typedef struct visitor {
	uint32_t unused;
} visitor;
static int visitor_on_visit(visitor *self, const visit *ev, maiko_ctx *ctx) { return maiko_send(ctx, errand); }
MAIKO_ACTOR(visitor, MAIKO_ON(visit, visitor_on_visit));

/* At its first errand asks for a restart, and rests until the restart is done; other errands wait. */
typedef struct nurse {
	uint32_t errands;
} nurse;
static int nurse_on_errand(nurse *self, const errand *ev, maiko_ctx *ctx)
{
	if (self->errands++ > 0)
		return 0;
	expect(maiko_restart(ctx, patient_id) == 0);
	return maiko_hold(ctx);
}
static int nurse_on_done(nurse *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->change == MAIKO_CHANGE_RESTART);
	expect(completion->status == 0 || completion->status == MAIKO_ESHUTDOWN);
	atomic_fetch_add(&told, 1);
	return maiko_unhold(ctx);
}
MAIKO_ACTOR(nurse, MAIKO_ON(errand, nurse_on_errand), MAIKO_ON_DONE(nurse_on_done));

TEST_SIM(who_has_asked_for_a_restart_is_told_when_a_stop_begins)
{
	maiko_group_id group;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_group(sup, "ward", .ret_id = &group));
	ok(maiko_add(sup, patient, "patient", .group = group, .ret_id = &patient_id));
	ok(maiko_add(sup, nurse, "nurse", .mailbox = 1));
	ok(maiko_add(sup, visitor, "visitor"));
	ok(maiko_start(sup));
	for (int i = 0; i < 6; i++)
		ok(maiko_send(sup, visit));
	ok(maiko_join(sup));
	assert_int_equal(told, 1);
	assert_int_equal(test_finish(sup).discarded, 0);
}
