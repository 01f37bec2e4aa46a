/*
 * C1, C2: an actor that alone gets all events of a type gets them by a short way, which the
 * sender's worker remembers. Whatever ends that is heeded from the next event on: others that
 * subscribe, or leave it alone again, monitors, moves, its end.
 */
#include "support.h"

enum { MANY = 2000, MOVES = 50 };

typedef struct item {
	uint64_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) sent, seen;
/* By number of the listener: how many it got, and the next that it expects, if it has begun. */
PER_TEST _Atomic(uint64_t) got[3];

/* ---- who sends, without end, and who listens ---- */

typedef struct source {
	uint64_t n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 4 && maiko_send(ctx, item, .n = self->n) == 0; i++)
		self->n++;
	atomic_store(&sent, self->n);
	return maiko_stopping(ctx) ? maiko_never() : maiko_again();
}

MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

typedef struct listener {
	uint32_t number;
	bool begun;
	uint64_t next;
} listener;

static int listener_on_item(listener *self, const item *ev, maiko_ctx *ctx)
{
	expect(!self->begun || ev->n == self->next);
	self->begun = true;
	self->next = ev->n + 1;
	atomic_fetch_add(&got[self->number], 1);
	return 0;
}

MAIKO_ACTOR(listener, MAIKO_ON(item, listener_on_item));

static maiko_supervisor *begin(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .no_balance = true});
	ok(maiko_add(sup, source, "source", .worker = 1));
	ok(maiko_add(sup, listener, "first", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&got[0], MANY);
	return sup;
}

static void finish(maiko_supervisor *sup)
{
	test_finish(sup);
	assert_int_equal(atomic_load(&got[0]), atomic_load(&sent));
}

/* Whoever listens gets more. */
static void expect_flow(uint32_t number) { test_wait_for(&got[number], atomic_load(&got[number]) + MANY); }

/* ---- what ends it ---- */

TEST_WORKERS(another_subscriber_gets_all_from_then_on)
{
	maiko_supervisor *sup = begin(workers);
	for (int round = 0; round < 3; round++) {
		maiko_actor_id id;
		ok(maiko_add(sup, listener, "second", .init = &(listener){.number = 1}, .worker = 1, .ret_id = &id));
		expect_flow(1);
		ok(maiko_remove(sup, id));
		expect_flow(0); /* alone again */
	}
	finish(sup);
}

TEST_WORKERS(a_subscriber_of_all_topics_gets_all_from_then_on)
{
	maiko_supervisor *sup = begin(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, listener, "all", .init = &(listener){.number = 1}, .worker = workers,
		     .topics = maiko_all_topics, .ret_id = &id));
	expect_flow(1);
	ok(maiko_remove(sup, id));
	expect_flow(0);
	finish(sup);
}

TEST_WORKERS(one_that_unsubscribes_gets_nothing_more)
{
	maiko_supervisor *sup = begin(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, listener, "second", .init = &(listener){.number = 1}, .worker = 1, .ret_id = &id));
	expect_flow(1);
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
	uint64_t then = atomic_load(&got[1]);
	expect_flow(0);
	assert_int_equal(atomic_load(&got[1]), then);
	finish(sup);
}

TEST_WORKERS(one_that_moves_misses_nothing)
{
	maiko_supervisor *sup = begin(workers);
	maiko_actor_id id;
	ok(maiko_find(sup, "first", &id));
	for (uint32_t i = 0; workers > 1 && i < MOVES; i++) {
		ok(maiko_move(sup, id, 2 + i % (workers - 1)));
		ok(maiko_move(sup, id, 1));
	}
	expect_flow(0);
	finish(sup);
}

/* ---- a monitor sees each event, from when it is there until it goes ---- */

static void see(void *arg, const maiko_observation *observation) { atomic_fetch_add(&seen, 1); }

TEST_WORKERS(a_monitor_misses_no_event)
{
	maiko_supervisor *sup = begin(workers);
	for (int round = 0; round < 3; round++) {
		maiko_monitor *monitor = NULL;
		atomic_store(&seen, 0);
		ok(maiko_monitor_add(sup, &(maiko_hooks){.delivered = see}, NULL, &monitor));
		uint64_t from = atomic_load(&sent);
		expect_flow(0);
		uint64_t until = atomic_load(&got[0]);
		assert_true(atomic_load(&seen) >= until - from);
		ok(maiko_monitor_remove(monitor, NULL));
		expect_flow(0);
	}
	finish(sup);
}
