/*
 * C15: whichever allocation fails, what an actor sends to itself is refused, or it comes, or its cancel is counted,
 * also when the actor moves with it; a topic that is expected to have something is made or refused; and a steady use of
 * timers allocates nothing.
 */
#include "no_memory.h"

typedef struct timeout {
	uint32_t n;
	char text[600]; /* in a block */
} timeout;
MAIKO_EVENT(timeout, maiko_private_topic, n, text);

typedef struct work {
	uint32_t n;
} work;
MAIKO_TOPIC(works);
MAIKO_EVENT(work, works, n);

enum { TIMERS = 10 };

PER_TEST _Atomic(uint64_t) steady, rated;

/* Some are due at once, some are not; one of each is cancelled. */
typedef struct waiter {
	maiko_delayed timers[TIMERS];
} waiter;
static int waiter_on_start(waiter *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < TIMERS; i++)
		(void)well(maiko_send_self_after_ms(ctx, i % 2 * 1000, &self->timers[i], timeout, .n = i));
	(void)well(maiko_every_ms(ctx, 1, NULL, timeout, .n = TIMERS));
	(void)well(maiko_at(ctx, maiko_unix_ms(ctx) + 1, NULL, timeout, .n = TIMERS));
	return 0;
}
static int waiter_on_work(waiter *self, const work *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	for (uint32_t i = 1; ev->n == 1 && i < 3; i++) {
		int rc = maiko_cancel(ctx, self->timers[i]);
		expect(rc == 0 || rc == MAIKO_ENOENT); /* refused without memory, or it has come, or a stop has begun */
	}
	return 0;
}
static int waiter_on_timeout(waiter *self, const timeout *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(waiter, MAIKO_ON_START(waiter_on_start), MAIKO_ON(work, waiter_on_work),
	    MAIKO_ON(timeout, waiter_on_timeout));

static void play(uint32_t workers)
{
	maiko_actor_id id = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	const maiko_topic *topic;
	maiko_topic like = {.name = "like", .expect_every_ms = 1};
	(void)well(maiko_topic_with(sup, "expected", &like, &topic));
	bool fine = well(maiko_add(sup, waiter, "waiter", .max_events_per_tick = 1, .ret_id = &id));
	if (well(maiko_start(sup)) && fine) {
		for (uint32_t n = 0; n < 4; n++)
			(void)well(maiko_send(sup, work, .n = n));
		if (workers > 1)
			(void)well(maiko_move(sup, id, 2));
		(void)well(maiko_send(sup, work, .n = 5));
		if (workers > 1)
			(void)well(maiko_move(sup, id, 1));
		(void)well(maiko_stop(sup, NULL));
	}
	assert_int_equal(no_memory_finish(sup), 0);
}

TEST_ONCE(any_allocation_may_fail)
{
	no_memory_play(play, 1, false);
	no_memory_play(play, 2, false);
}
TEST_ONCE(all_from_one_on_may_fail)
{
	no_memory_play(play, 1, true);
	no_memory_play(play, 2, true);
}

/* ---- a steady use ---------------------------------------------------------------------------------- */

typedef struct pulse {
	uint32_t n;
} pulse;
MAIKO_EVENT(pulse, maiko_private_topic, n);

typedef struct heart {
	uint32_t beats;
} heart;
static int heart_on_start(heart *self, maiko_ctx *ctx)
{
	expect(maiko_every_ms(ctx, 1, NULL, pulse, .n = 0) == 0);
	expect(maiko_at(ctx, maiko_unix_ms(ctx) + 3600000, NULL, pulse, .n = 0) == 0);
	return maiko_send_self_after_ms(ctx, 0, NULL, pulse, .n = 1);
}
static int heart_on_pulse(heart *self, const pulse *ev, maiko_ctx *ctx)
{
	maiko_delayed other;
	expect(maiko_send_self_after_ms(ctx, 1000, &other, pulse, .n = 0) == 0);
	expect(maiko_cancel(ctx, other) == 0);
	atomic_fetch_add(ev->n == 0 ? &rated : &steady, 1);
	return ev->n == 0 ? 0 : maiko_send_self_after_ms(ctx, 0, NULL, pulse, .n = ev->n + 1);
}
MAIKO_ACTOR(heart, MAIKO_ON_START(heart_on_start), MAIKO_ON(pulse, heart_on_pulse));

TEST_ONCE(a_steady_use_allocates_nothing)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, heart, "heart"));
	ok(maiko_start(sup));
	test_wait_for(&steady, 100);
	test_wait_for(&rated, 2);
	uint64_t before = test_allocator_count();
	test_wait_for(&steady, 2000);
	assert_int_equal(test_allocator_count(), before);
	test_finish(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
