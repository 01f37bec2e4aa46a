/*
 * What topics retain, on threads: readers join and leave while senders send, on all workers and from threads, and move;
 * a stop comes in the midst of it. Each reader gets of each sender a piece without a gap (C1, C2, C16).
 */
#include "support.h"

#include <uv.h>

enum { SENDERS = 4, RETAIN = 8, JOINS = 60 };

typedef struct state {
	uint32_t sender, n;
} state;
typedef struct go {
	uint32_t unused;
} go;
MAIKO_TOPIC(states, .retain = RETAIN);
MAIKO_TOPIC(goes);
MAIKO_EVENT(state, states, sender, n);
MAIKO_EVENT(go, goes, unused);

PER_TEST _Atomic(uint64_t) quit, joined;

/* ---- senders: each sends for as long as the test runs ------------------------------------------------------- */

typedef struct sender {
	uint32_t number, n;
} sender;
static int sender_on_go(sender *self, const go *ev, maiko_ctx *ctx) { return maiko_wake_tick(ctx); }
static maiko_next sender_tick(sender *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 4; i++)
		if (maiko_send(ctx, state, .sender = self->number, .n = self->n + 1) == 0)
			self->n++;
	return atomic_load(&quit) != 0 ? maiko_never() : maiko_again();
}
MAIKO_ACTOR(sender, MAIKO_ON(go, sender_on_go), MAIKO_TICK(sender_tick));

/* ---- readers ----------------------------------------------------------------------------------------------------- */

typedef struct reader {
	uint32_t last[SENDERS + 1], given;
	bool live;
} reader;
static int reader_on_state(reader *self, const state *ev, maiko_ctx *ctx)
{
	uint32_t *last = &self->last[ev->sender];
	bool retained = maiko_meta(ctx)->retained;
	self->given += retained;
	expect(*last == 0 || ev->n == *last + 1);
	expect(!retained || !self->live);
	expect(self->given <= RETAIN);
	*last = ev->n;
	if (!retained && !self->live)
		atomic_fetch_add(&joined, 1);
	self->live |= !retained;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(state, reader_on_state));

static void outside(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t n = 1; atomic_load(&quit) == 0; n++)
		if (maiko_send(sup, state, .sender = SENDERS, .n = n) != 0)
			break;
}

static maiko_supervisor *started(uint32_t workers, maiko_actor_id *senders, uv_thread_t *thread)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < SENDERS; i++)
		ok(maiko_add(sup, sender, test_name("sender", i), .init = &(sender){.number = i},
			     .worker = 1 + i % workers, .ret_id = &senders[i]));
	ok(maiko_start(sup));
	assert_int_equal(uv_thread_create(thread, outside, sup), 0);
	return sup;
}

TEST_WORKERS(readers_join_while_all_send)
{
	maiko_actor_id senders[SENDERS], readers[JOINS];
	uv_thread_t thread;
	maiko_supervisor *sup = started(workers, senders, &thread);
	for (uint32_t i = 0; i < JOINS; i++) {
		ok(maiko_add(sup, reader, test_name("reader", i), .ret_id = &readers[i]));
		if (i % 3 == 0)
			(void)maiko_move(sup, senders[i % SENDERS], 1 + (i / 3) % workers);
		if (i >= 4)
			ok(maiko_remove(sup, readers[i - 4]));
	}
	test_wait_for(&joined, 1);
	atomic_store(&quit, 1);
	uv_thread_join(&thread);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "states")->retained, RETAIN);
	test_release(sup);
}

TEST_WORKERS(a_stop_comes_while_some_join)
{
	maiko_actor_id senders[SENDERS];
	uv_thread_t thread;
	for (uint32_t round = 0; round < 10; round++) {
		atomic_store(&quit, 0);
		maiko_supervisor *sup = started(workers, senders, &thread);
		for (uint32_t i = 0; i < round; i++)
			ok(maiko_add(sup, reader, test_name("reader", i)));
		ok(maiko_stop(sup, &(maiko_stop_options){.now = round % 2 == 0}));
		atomic_store(&quit, 1);
		uv_thread_join(&thread);
		assert_true(maiko_ledger_balanced(test_report(sup)));
		test_release(sup);
	}
}
