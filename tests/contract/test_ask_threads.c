/*
 * test_ask_threads.c - many ask at once, on real threads, while all are moved between workers and threads ask too: each
 * question ends once, with the answer to it (C21).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdio.h>
#include <uv.h>

enum { ASKERS = 6, QUESTIONS = 400, CALLS = 100 };

typedef struct question {
	uint32_t n, by;
} question;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n, by);

typedef struct answer {
	uint32_t n, by;
} answer;
MAIKO_EVENT(answer, maiko_private_topic, n, by);

typedef struct later {
	uint32_t n;
} later;
MAIKO_EVENT(later, maiko_private_topic, n);

PER_TEST _Atomic(uint64_t) finished;

/* Asks the next one when the last has ended. */
typedef struct asker {
	uint32_t number, asked;
} asker;

static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx);
MAIKO_ASK(asker, question, answer, on_answer);

static int ask_next(asker *self, maiko_ctx *ctx)
{
	uint64_t ms = self->asked % 11 == 0 ? 0 : 60000; /* 0: most end without the answer */
	return maiko_ask(ctx, on_answer, ms, question, .n = ++self->asked, .by = self->number);
}
static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
{
	expect(status == 0 ? reply->n == self->asked && reply->by == self->number
			   : status == MAIKO_ETIMEDOUT && self->asked % 11 == 1);
	if (reply != NULL) /* of a topic of the worker where it is now */
		expect(maiko_keep(ctx, reply) == 0 && maiko_release(ctx, reply) == 0);
	if (self->asked < QUESTIONS)
		return ask_next(self, ctx);
	atomic_fetch_add(&finished, 1);
	return 0;
}
static int asker_start(asker *self, maiko_ctx *ctx) { return ask_next(self, ctx); }
MAIKO_ACTOR(asker, MAIKO_ON_START(asker_start));

/* Two reply, one of them later to every fifth; a third says nothing. */
typedef struct answerer {
	bool waits;
	const question *kept;
} answerer;
static int answerer_on_question(answerer *self, const question *ev, maiko_ctx *ctx)
{
	if (!self->waits || ev->n % 5 != 0 || self->kept != NULL)
		return maiko_reply(ctx, answer, .n = ev->n, .by = ev->by);
	self->kept = ev;
	expect(maiko_keep(ctx, ev) == 0);
	int rc = maiko_send_self_after_ms(ctx, 0, NULL, later, .n = 1);
	return rc == MAIKO_ESHUTDOWN ? maiko_release(ctx, ev) : rc;
}
static int answerer_on_later(answerer *self, const later *ev, maiko_ctx *ctx)
{
	const question *kept = self->kept;
	self->kept = NULL;
	expect(maiko_reply_to(ctx, kept, answer, .n = kept->n, .by = kept->by) == 0);
	return maiko_release(ctx, kept);
}
MAIKO_ACTOR(answerer, MAIKO_ON(question, answerer_on_question), MAIKO_ON(later, answerer_on_later));

TEST_LISTENER(silent, question);

typedef struct outside {
	maiko_supervisor *sup;
	uint32_t workers;
	maiko_actor_id ids[ASKERS + 3];
	_Atomic(bool) over;
} outside;

static void move_all(void *arg)
{
	outside *o = arg;
	for (uint32_t i = 0; !atomic_load(&o->over); i++) {
		int rc = maiko_move(o->sup, o->ids[i % (ASKERS + 3)], 1 + i % o->workers);
		expect(rc == 0 || rc == MAIKO_EBUSY); /* it keeps an event */
	}
}

static void call_often(void *arg)
{
	outside *o = arg;
	for (uint32_t i = 1; i <= CALLS; i++) {
		answer got = {0};
		int rc = maiko_call(o->sup, 60000, answer, &got, question, .n = i, .by = UINT32_MAX);
		expect(rc == 0 && got.n == i && got.by == UINT32_MAX);
	}
	atomic_fetch_add(&finished, 1);
}

TEST_WORKERS(each_of_many_questions_ends_once)
{
	uv_thread_t mover, caller;
	outside o = {.sup = test_supervisor(workers), .workers = workers};
	char name[16];
	ok(maiko_add(o.sup, answerer, "quick", .ret_id = &o.ids[ASKERS]));
	ok(maiko_add(o.sup, answerer, "slow", .init = &(answerer){.waits = true}, .ret_id = &o.ids[ASKERS + 1]));
	ok(maiko_add(o.sup, silent, "silent", .ret_id = &o.ids[ASKERS + 2]));
	for (uint32_t i = 0; i < ASKERS; i++) {
		snprintf(name, sizeof name, "asker %u", i);
		ok(maiko_add(o.sup, asker, name, .init = &(asker){.number = i}, .ret_id = &o.ids[i]));
	}
	ok(maiko_start(o.sup));
	ok(uv_thread_create(&mover, move_all, &o));
	ok(uv_thread_create(&caller, call_often, &o));
	test_wait_for(&finished, ASKERS + 1);
	atomic_store(&o.over, true);
	ok(uv_thread_join(&mover));
	ok(uv_thread_join(&caller));
	test_settle(o.sup);
	test_finish(o.sup);
}
