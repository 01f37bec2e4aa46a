/*
 * test_ask.c - a question ends exactly once, and its status is the true reason (C21).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct question {
	uint32_t n;
} question;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n);

typedef struct answer {
	uint32_t n;
} answer;
MAIKO_EVENT(answer, maiko_private_topic, n);

typedef struct other {
	uint32_t n;
} other;
MAIKO_EVENT(other, maiko_private_topic, n);

/* What an actor is to do: `n` is one of these. */
enum { ASK = 1, ASK_ALL, ASK_AND_STOP, REPLY, RELEASE, FAIL, HOLD };
typedef struct order {
	char to[16];
	uint32_t n;
	uint64_t ms;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, to, n, ms);

typedef struct remark {
	uint32_t n;
} remark;
MAIKO_TOPIC(remarks);
MAIKO_EVENT(remark, remarks, n);

PER_TEST _Atomic(uint64_t) ended, kept_events, held;

/* ---- who asks -------------------------------------------------------------------------------- */

typedef struct asker {
	uint32_t asked;
} asker;

static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx);
MAIKO_ASK(asker, question, answer, on_answer);

static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
{
	if (status == 0 && reply != NULL)
		test_note("answer %u", reply->n);
	else
		test_note("%s", status == 0 ? "all" : maiko_err_name(status));
	atomic_fetch_add(&ended, 1);
	if (status == MAIKO_ESHUTDOWN)
		expect(maiko_ask(ctx, on_answer, 100, question, .n = 1) == MAIKO_ESHUTDOWN);
	return 0;
}

static bool is_for(const order *ev, const maiko_ctx *ctx) { return strcmp(ev->to, maiko_name(ctx)) == 0; }

static int asker_on_order(asker *self, const order *ev, maiko_ctx *ctx)
{
	if (!is_for(ev, ctx))
		return 0;
	switch (ev->n) {
	case ASK:
		return maiko_ask(ctx, on_answer, ev->ms, question, .n = ++self->asked);
	case ASK_ALL:
		return maiko_ask_all(ctx, on_answer, ev->ms, question, .n = ++self->asked);
	case ASK_AND_STOP:
		expect(maiko_ask(ctx, on_answer, ev->ms, question, .n = 1) == 0);
		return maiko_stop_self(ctx);
	case HOLD:
		return maiko_hold(ctx);
	default:
		return UV_EIO;
	}
}

static int asker_on_remark(asker *self, const remark *ev, maiko_ctx *ctx)
{
	test_note("remark %u", ev->n);
	return 0;
}

static int asker_on_stop(asker *self, maiko_ctx *ctx)
{
	expect(maiko_ask(ctx, on_answer, 100, question, .n = 1) == MAIKO_ESHUTDOWN);
	test_note("stop");
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(order, asker_on_order), MAIKO_ON(remark, asker_on_remark), MAIKO_ON_STOP(asker_on_stop));

/* ---- who answers ----------------------------------------------------------------------------------- */

typedef struct answerer {
	uint32_t base;
	bool remarks;
} answerer;

static int answerer_on_question(answerer *self, const question *ev, maiko_ctx *ctx)
{
	if (self->remarks)
		expect(maiko_send(ctx, remark, .n = ev->n) == 0);
	return maiko_reply(ctx, answer, .n = self->base + ev->n);
}
MAIKO_ACTOR(answerer, MAIKO_ON(question, answerer_on_question));

TEST_LISTENER(silent, question);

typedef struct failing {
	uint32_t unused;
} failing;
static int failing_on_question(failing *self, const question *ev, maiko_ctx *ctx) { return UV_EPIPE; }
MAIKO_ACTOR(failing, MAIKO_ON(question, failing_on_question));

/* Keeps each question until it is told to reply, to release it, or to fail. */
typedef struct keeper {
	const question *kept;
} keeper;

static int keeper_on_question(keeper *self, const question *ev, maiko_ctx *ctx)
{
	expect(maiko_keep(ctx, ev) == 0);
	self->kept = ev;
	atomic_fetch_add(&kept_events, 1);
	return 0;
}

static int keeper_on_order(keeper *self, const order *ev, maiko_ctx *ctx)
{
	if (!is_for(ev, ctx))
		return 0;
	if (ev->n == FAIL)
		return UV_EIO;
	if (ev->n == HOLD) {
		atomic_fetch_add(&held, 1);
		return maiko_hold(ctx);
	}
	if (ev->n == REPLY)
		expect(maiko_reply_to(ctx, self->kept, answer, .n = 50 + self->kept->n) == 0);
	return maiko_release(ctx, self->kept);
}
MAIKO_ACTOR(keeper, MAIKO_ON(question, keeper_on_question), MAIKO_ON(order, keeper_on_order));

/* ---- scripts ------------------------------------------------------------------------------------------ */

static void tell_ms(maiko_supervisor *sup, const char *who, uint32_t what, uint64_t ms)
{
	ok(maiko_send(sup, order, MAIKO_TEXT(to, who), .n = what, .ms = ms));
}
static void tell(maiko_supervisor *sup, const char *who, uint32_t what) { tell_ms(sup, who, what, 1000); }

static maiko_supervisor *with_asker(uint32_t workers, maiko_actor_id *ret_id)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker", .ret_id = ret_id));
	return sup;
}

/* An asker, and a keeper that has its first question. */
static maiko_supervisor *with_kept_question(uint32_t workers, maiko_actor_id *ret_id, uint64_t ms)
{
	maiko_supervisor *sup = with_asker(workers, ret_id);
	ok(maiko_add(sup, keeper, "keeper", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	tell_ms(sup, "asker", ASK, ms);
	test_wait_for(&kept_events, 1);
	return sup;
}

/* Asks once; the question ends without the time having passed. */
static void ask_once(maiko_supervisor *sup)
{
	uint64_t before = test_now_ns();
	tell(sup, "asker", ASK);
	test_wait_for(&ended, 1);
	if (test_is_simulated())
		assert_true(test_now_ns() - before < UINT64_C(1000000000));
}

TEST_SIM(a_reply_ends_a_question)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "answerer", .init = &(answerer){.base = 10}));
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("answer 11");
	test_finish(sup);
}

TEST_SIM(what_the_answerer_sent_before_comes_first)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "answerer", .init = &(answerer){.remarks = true}));
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("remark 1 answer 1");
	test_finish(sup);
}

TEST_SIM(nobody_subscribes)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("MAIKO_ENOSUBSCRIBER");
	test_finish(sup);
}

TEST_SIM(all_have_handled_it_and_none_replied)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, silent, "one"));
	ok(maiko_add(sup, silent, "two"));
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("MAIKO_ENOREPLY");
	test_finish(sup);
}

TEST_SIM(its_handler_failed)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, failing, "failing", .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("EPIPE");
	test_finish(sup);
}

TEST_SIM(who_kept_it_failed)
{
	maiko_supervisor *sup = with_kept_question(workers, NULL, 1000);
	tell(sup, "keeper", FAIL);
	test_wait_for(&ended, 1);
	expect_noted("EIO");
	test_finish(sup);
}

TEST_SIM(a_kept_question_is_answered_later)
{
	maiko_supervisor *sup = with_kept_question(workers, NULL, UINT64_MAX);
	tell(sup, "keeper", REPLY);
	test_wait_for(&ended, 1);
	expect_noted("answer 51");
	test_finish(sup);
}

TEST_SIM(a_kept_question_is_released)
{
	maiko_supervisor *sup = with_kept_question(workers, NULL, 1000);
	tell(sup, "keeper", RELEASE);
	test_wait_for(&ended, 1);
	expect_noted("MAIKO_ENOREPLY");
	test_finish(sup);
}

/* The late reply is a delivery that was dropped. */
TEST_SIM(the_time_is_over)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	tell_ms(sup, "asker", ASK, 20);
	test_wait_for(&ended, 1);
	expect_noted("MAIKO_ETIMEDOUT");
	test_wait_for(&kept_events, 1);
	tell(sup, "keeper", REPLY);
	test_settle(sup);
	expect_noted("MAIKO_ETIMEDOUT");
	assert_int_equal(test_finish(sup).dropped, 1);
}

TEST_SIM(the_first_reply_wins_and_later_ones_are_counted)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "one"));
	ok(maiko_add(sup, answerer, "two"));
	ok(maiko_add(sup, answerer, "three"));
	ok(maiko_start(sup));
	ask_once(sup);
	test_settle(sup);
	expect_noted("answer 1");
	assert_int_equal(test_finish(sup).dropped, 2);
}

TEST_SIM(all_replies_are_gathered)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "one"));
	ok(maiko_add(sup, answerer, "two"));
	ok(maiko_start(sup));
	tell(sup, "asker", ASK_ALL);
	test_wait_for(&ended, 3);
	expect_noted("answer 1 answer 1 all");
	test_finish(sup);
}

TEST_SIM(one_of_all_is_silent)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "one"));
	ok(maiko_add(sup, silent, "two"));
	ok(maiko_start(sup));
	tell(sup, "asker", ASK_ALL);
	test_wait_for(&ended, 2);
	expect_noted("answer 1 MAIKO_ENOREPLY");
	test_finish(sup);
}

TEST_SIM(all_of_nobody)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_start(sup));
	tell(sup, "asker", ASK_ALL);
	test_wait_for(&ended, 1);
	expect_noted("MAIKO_ENOSUBSCRIBER");
	test_finish(sup);
}

/* ---- the asker's life --------------------------------------------------------------------------------- */

TEST_SIM(an_asker_on_hold_gets_the_answer)
{
	maiko_supervisor *sup = with_kept_question(workers, NULL, 1000);
	tell(sup, "asker", HOLD);
	ok(maiko_send(sup, remark, .n = 1));
	tell(sup, "keeper", REPLY);
	test_wait_for(&ended, 1);
	expect_noted("answer 51");
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	test_release(sup);
}

static void move_around(maiko_supervisor *sup, maiko_actor_id id, uint32_t workers)
{
	for (uint32_t w = 1; w <= workers; w++)
		ok(maiko_move(sup, id, w));
}

TEST_SIM(a_question_moves_with_its_asker)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_kept_question(workers, &id, 1000);
	move_around(sup, id, workers);
	tell(sup, "keeper", REPLY);
	test_wait_for(&ended, 1);
	expect_noted("answer 51");
	tell_ms(sup, "asker", ASK, 5000);
	test_wait_for(&kept_events, 2);
	move_around(sup, id, workers);
	if (test_is_simulated())
		test_wait_for(&ended, 2);
	else
		tell(sup, "keeper", REPLY);
	test_wait_for(&ended, 2);
	expect_noted(test_is_simulated() ? "answer 51 MAIKO_ETIMEDOUT" : "answer 51 answer 52");
	test_finish(sup);
}

TEST_SIM(a_question_ends_with_its_asker)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "answerer"));
	ok(maiko_start(sup));
	tell(sup, "asker", ASK_AND_STOP);
	test_settle(sup);
	expect_noted("stop");
	assert_in_range(test_finish(sup).dead, 1, 2); /* the question, and the reply if that comes after it */
}

TEST_SIM(a_restarted_asker_hears_nothing_of_its_earlier_life)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .ret_id = &group));
	ok(maiko_add(sup, asker, "asker", .group = group, .backoff = &(maiko_backoff){.first_ms = 0, .max_ms = 1}));
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	tell(sup, "asker", ASK);
	test_wait_for(&kept_events, 1);
	tell(sup, "asker", FAIL);
	tell(sup, "asker", ASK);
	test_wait_for(&kept_events, 2);
	tell(sup, "keeper", REPLY);
	test_wait_for(&ended, 1);
	expect_noted("stop answer 51");
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	test_release(sup);
}

TEST_SIM(a_stop_ends_what_nobody_can_answer_any_more)
{
	maiko_supervisor *sup = with_kept_question(workers, NULL, UINT64_MAX);
	test_finish(sup);
	expect_noted("MAIKO_ESHUTDOWN stop");
}

TEST_SIM(a_stop_lets_those_who_can_answer)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, answerer, "answerer"));
	ok(maiko_start(sup));
	tell(sup, "asker", ASK);
	test_finish(sup);
	expect_noted("answer 1 stop");
}

/* ---- who should have received it ---------------------------------------------------------------------- */

TEST_SIM(a_full_mailbox_drops_it)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, keeper, "full", .mailbox = 1,
		     .topics = MAIKO_TOPICS(orders, MAIKO_SUB(questions, .overflow = MAIKO_DROP_NEWEST))));
	ok(maiko_start(sup));
	tell(sup, "full", HOLD);
	test_wait_for(&held, 1);
	tell_ms(sup, "asker", ASK, UINT64_MAX); /* fills it */
	ask_once(sup);
	assert_non_null(strstr(test_noted(), "MAIKO_EOVERFLOW"));
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	test_release(sup);
}

/* ---- wrong calls ------------------------------------------------------------------------------------------ */

static int reply_without_event(maiko_ctx *ctx)
{
	returns(maiko_reply_to(ctx, &(question){1}, answer, .n = 1), MAIKO_EINVAL);
	returns(maiko_ask(ctx, on_answer, 1, question, .n = 1), MAIKO_ETYPE);
	returns(maiko_ctx_ask(ctx, NULL, 1, &(question){1}, 0), MAIKO_EINVAL);
	returns(maiko_ctx_reply(ctx, NULL, NULL, &(answer){1}), MAIKO_EINVAL);
	return 0;
}

TEST_SIM(a_wrong_call_says_why)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", reply_without_event);
	test_settle(sup);
	test_finish(sup);
}

typedef struct mistaken {
	uint32_t unused;
} mistaken;
static int mistaken_on_question(mistaken *self, const question *ev, maiko_ctx *ctx)
{
	returns(maiko_reply(ctx, other, .n = 1), MAIKO_ETYPE);
	return maiko_reply(ctx, answer, .n = 7);
}
MAIKO_ACTOR(mistaken, MAIKO_ON(question, mistaken_on_question));

TEST_SIM(a_reply_of_another_type_is_refused)
{
	maiko_supervisor *sup = with_asker(workers, NULL);
	ok(maiko_add(sup, mistaken, "mistaken"));
	ok(maiko_start(sup));
	ask_once(sup);
	expect_noted("answer 7");
	test_finish(sup);
}

TEST_SIM(a_reply_to_what_was_only_sent_goes_to_nobody)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, answerer, "answerer"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, question, .n = 1));
	test_settle(sup);
	test_finish(sup);
}

/* ---- from a thread ------------------------------------------------------------------------------------------- */

TEST_SIM(a_thread_asks_and_waits)
{
	answer got = {0};
	maiko_supervisor *sup = test_supervisor(workers);
	returns(maiko_call(sup, 1000, answer, &got, question, .n = 1), MAIKO_ESTATE);
	ok(maiko_start(sup));
	returns(maiko_call(sup, 1000, answer, &got, question, .n = 1), MAIKO_ENOSUBSCRIBER);
	ok(maiko_add(sup, silent, "silent"));
	returns(maiko_call(sup, 1000, answer, &got, question, .n = 2), MAIKO_ENOREPLY);
	ok(maiko_add(sup, answerer, "answerer", .init = &(answerer){.base = 10}));
	ok(maiko_call(sup, 1000, answer, &got, question, .n = 3));
	assert_int_equal(got.n, 13);
	test_finish(sup);
}

TEST_SIM(a_thread_waits_no_longer_than_it_said)
{
	answer got = {0};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, keeper, "keeper"));
	ok(maiko_start(sup));
	returns(maiko_call(sup, 10, answer, &got, question, .n = 1), MAIKO_ETIMEDOUT);
	test_wait_for(&kept_events, 1);
	tell(sup, "keeper", REPLY);
	test_settle(sup);
	assert_int_equal(got.n, 0);
	test_finish(sup);
}
