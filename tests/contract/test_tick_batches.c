/*
 * C12: a tick that waits for a number of events (maiko_after_n_events) runs when its actor has handled so many, not one
 * sooner or later; beside a time, whichever comes first; and in a drain it waits for none that will not come.
 */
#include "support.h"

#include <limits.h>
#include <maiko/testing/sim.h>
#include <string.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct stray {
	uint32_t n;
} stray;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(stray, items, n);

typedef struct beat {
	uint32_t n;
} beat;
MAIKO_EVENT(beat, maiko_private_topic, n);

PER_TEST maiko_next (*answer)(void);
PER_TEST uint64_t beat_ms;
PER_TEST _Atomic(uint64_t) handled, in_ticks, ticks;

typedef struct writer {
	uint32_t waiting, runs;
} writer;
static int writer_on_start(writer *self, maiko_ctx *ctx)
{
	return beat_ms == 0 ? 0 : maiko_every_ms(ctx, beat_ms, NULL, beat, .n = 1);
}
static int writer_on_item(writer *self, const item *ev, maiko_ctx *ctx)
{
	self->waiting++;
	atomic_fetch_add(&handled, 1);
	return 0;
}
static int writer_on_beat(writer *self, const beat *ev, maiko_ctx *ctx) { return 0; }
static maiko_next writer_tick(writer *self, maiko_ctx *ctx)
{
	if (self->runs++ > 0) /* the first is that of the start */
		test_note("%u%s", self->waiting, maiko_woken_by(ctx) == MAIKO_WOKEN_TIME ? "t" : "");
	atomic_fetch_add(&in_ticks, self->waiting);
	self->waiting = 0;
	atomic_fetch_add(&ticks, 1);
	return answer();
}
MAIKO_ACTOR(writer, MAIKO_ON_START(writer_on_start), MAIKO_ON(item, writer_on_item), MAIKO_ON(beat, writer_on_beat),
	    MAIKO_TICK(writer_tick));

static maiko_next after_5(void) { return maiko_after_n_events(5); }
static maiko_next after_5_or_50_ms(void) { return maiko_when_any(maiko_after_n_events(5), maiko_after_ms(50)); }

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }

static maiko_supervisor *with_writer(uint32_t workers, uint32_t budget, maiko_next (*next)(void))
{
	maiko_supervisor *sup = test_supervisor(workers);
	answer = next;
	ok(maiko_add(sup, writer, "writer", .max_events_per_tick = budget));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	return sup;
}

static void send_items(maiko_supervisor *sup, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ok(maiko_send(sup, item, .n = i));
}

static void in_fives(uint32_t workers, uint32_t budget)
{
	maiko_supervisor *sup = with_writer(workers, budget, after_5);
	send_items(sup, 4);
	pass(sup, 1000);
	expect_noted("");
	send_items(sup, 13);
	pass(sup, 1000);
	expect_noted("5 5 5");
	test_finish(sup);
}

TEST_SIM(it_runs_after_just_so_many_events)
{
	in_fives(workers, 64);
	test_begin();
	in_fives(workers, 1);
	test_begin();
	in_fives(workers, 3);
}

TEST_SIM(a_time_beside_it_comes_first_if_there_are_fewer)
{
	maiko_supervisor *sup = with_writer(workers, 64, after_5_or_50_ms);
	send_items(sup, 3);
	pass(sup, 49);
	expect_noted("");
	pass(sup, 1);
	expect_noted("3t");
	send_items(sup, 4); /* counted from there on */
	pass(sup, 20);
	send_items(sup, 1);
	pass(sup, 20);
	expect_noted("3t 5");
	pass(sup, 29); /* and so is the time */
	expect_noted("3t 5");
	pass(sup, 1);
	expect_noted("3t 5 0t");
	test_finish(sup);
}

TEST_SIM(what_has_no_handler_or_comes_from_the_actor_itself_does_not_count)
{
	beat_ms = 1;
	maiko_supervisor *sup = with_writer(workers, 64, after_5);
	for (uint32_t i = 0; i < 10; i++) {
		send_items(sup, 1);
		ok(maiko_send(sup, stray, .n = i));
		pass(sup, 3);
	}
	expect_noted("5 5");
	test_stop(sup);
	test_release(sup);
}

static maiko_next least_of_three(void)
{
	return maiko_when_any(maiko_after_n_events(9), maiko_when_any(maiko_after_n_events(2), maiko_never()),
			      maiko_after_n_events(3));
}
static maiko_next a_batch_and_more(void)
{
	return maiko_when_any(maiko_after_n_events(9), maiko_after_events(), maiko_after_n_events(3));
}
static maiko_next after_none(void) { return maiko_after_n_events(0); }

TEST_SIM(of_several_numbers_the_least_counts)
{
	maiko_supervisor *sup = with_writer(workers, 64, least_of_three);
	send_items(sup, 5);
	pass(sup, 1);
	expect_noted("2 2");
	test_finish(sup);
	test_begin();
	sup = with_writer(workers, 1, a_batch_and_more);
	send_items(sup, 2);
	pass(sup, 1);
	expect_noted("1 1");
	test_finish(sup);
	test_begin();
	sup = with_writer(workers, 64, after_none);
	send_items(sup, 3);
	pass(sup, 1);
	expect_noted("1 1 1");
	test_finish(sup);
	assert_int_equal(maiko_after_n_events(UINT32_MAX).error, INT32_MAX);
}

/* 7 of which 2 are left when the stop begins: the drain handles them, and the tick runs. */
TEST_SIM(in_a_drain_it_does_not_wait_for_more)
{
	maiko_supervisor *sup = with_writer(workers, 64, after_5);
	send_items(sup, 7);
	test_finish(sup);
	assert_int_equal(atomic_load(&handled), 7);
	assert_int_equal(atomic_load(&in_ticks), 7);
}

TEST_SIM(a_move_does_not_change_the_number)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_writer(workers, 64, after_5);
	ok(maiko_find(sup, "writer", &id));
	for (uint32_t i = 0; i < 10; i++) {
		send_items(sup, 1);
		ok(maiko_move(sup, id, i % workers + 1));
		pass(sup, 1);
	}
	expect_noted("5 5");
	test_finish(sup);
}

TEST_WORKERS(on_threads_it_counts_the_same)
{
	maiko_supervisor *sup = with_writer(workers, 64, after_5);
	send_items(sup, 1000);
	test_wait_for(&in_ticks, 1000);
	test_finish(sup);
	for (const char *at = test_noted(); at != NULL && *at != '\0'; at = strchr(at, ' ')) {
		at += *at == ' ';
		assert_int_equal(*at, '5');
	}
}
