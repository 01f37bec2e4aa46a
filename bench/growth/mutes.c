/*
 * mutes.c - operations among n mutes.
 */
#include "growth.h"

typedef struct call {
	uint32_t number;
} call;
typedef struct answer {
	uint32_t number;
} answer;
MAIKO_TOPIC(calls);
MAIKO_TOPIC(answers);
MAIKO_EVENT(call, calls, number);
MAIKO_EVENT(answer, answers, number);

static uint64_t answers_handled;

/* Answers to each call. */
typedef struct answerer {
	uint32_t answered;
} answerer;
static int answerer_on_call(answerer *self, const call *ev, maiko_ctx *ctx)
{
	self->answered++;
	return maiko_send(ctx, answer, .number = ev->number);
}

typedef struct sink {
	uint32_t got;
} sink;
static int sink_on_answer(sink *self, const answer *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->got++;
	answers_handled++;
	return 0;
}

MAIKO_ACTOR(answerer, MAIKO_ON(call, answerer_on_call));
MAIKO_ACTOR(sink, MAIKO_ON(answer, sink_on_answer));

static int call_once(maiko_ctx *ctx, uint32_t n) { return maiko_send(ctx, call, .number = n); }

/* ---- n senders, one full subscriber ---- */

static int make_answerers(uint32_t n)
{
	int rc = growth_open();
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, answerer, growth_name(i));
	return rc;
}

static int prepare_mute(uint32_t n)
{
	int rc = make_answerers(n);
	if (rc == 0)
		rc = maiko_add(growth_sup, sink, "sink", .mailbox = 16);
	return rc != 0 ? rc : growth_start();
}

static int run_mute(uint32_t n, uint64_t *ret_done)
{
	uint64_t before = answers_handled;
	int rc = growth_in_actor(call_once, n);
	growth_until(&answers_handled, before + n);
	*ret_done = n;
	return rc;
}

/* ---- one sender, n full subscribers ---- */

static int prepare_muted_by(uint32_t n)
{
	int rc = make_answerers(1);
	for (uint32_t i = 1; rc == 0 && i <= n; i++)
		rc = maiko_add(growth_sup, sink, growth_name(i), .mailbox = 1);
	return rc != 0 ? rc : growth_start();
}

static int call_twice(maiko_ctx *ctx, uint32_t n)
{
	int rc = call_once(ctx, n);
	return rc != 0 ? rc : call_once(ctx, n);
}

static int run_muted_by(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(call_twice, n);
	growth_until(&answers_handled, 2 * (uint64_t)n);
	*ret_done = 2 * (uint64_t)n;
	return rc;
}

const growth_operation growth_mutes[] = {
	{"mute", prepare_mute, run_mute, 0}, {"muted-by", prepare_muted_by, run_muted_by, 0}, {.name = NULL}};
