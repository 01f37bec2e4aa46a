/*
 * C12: a slow tick beside a mailbox that is never empty: it is whole, as no handler runs
 * inside it; it is never starved, as it comes after so many events as its answer and the
 * budget say; and it starves nobody.
 */
#include "support.h"

#include <sched.h>
#include <string.h>

/* RING events circle in the mailbox, each handled one sends itself again; others come from
 * outside. A turn of a worker is at most RUNS_A_TURN runs of a budget each. */
enum { RING = 200, TICKS = 200, EXTRAS = 50, RUNS_A_TURN = 64, ATTEMPTS_A_TICK = 20 };

typedef struct item {
	uint32_t n;
} item;
typedef struct extra {
	uint32_t n;
} extra;
MAIKO_TOPIC(items);
MAIKO_TOPIC(extras);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(extra, extras, n);

PER_TEST _Atomic(uint64_t) ticks, handled, extras_sent, extras_handled, attempts, inside;

static void enter(void) { expect(atomic_fetch_add(&inside, 1) == 0); }
static void leave(void) { expect(atomic_fetch_sub(&inside, 1) == 1); }

typedef struct busy {
	maiko_next answer;
	uint32_t least, most; /* events from one tick to the next, once all circle */
	uint32_t circling;
	bool circles[RING];
	uint64_t since; /* events since the last tick; UINT64_MAX: not all did circle then */
} busy;

static int busy_on_item(busy *self, const item *ev, maiko_ctx *ctx)
{
	enter();
	self->circling += !self->circles[ev->n];
	self->circles[ev->n] = true;
	self->since += self->since != UINT64_MAX;
	atomic_fetch_add(&handled, 1);
	if (!maiko_stopping(ctx))
		expect(maiko_send(ctx, item, .n = ev->n) == 0);
	leave();
	return 0;
}

static int busy_on_extra(busy *self, const extra *ev, maiko_ctx *ctx)
{
	enter();
	expect(ev->n == atomic_fetch_add(&extras_handled, 1));
	self->since += self->since != UINT64_MAX;
	leave();
	return 0;
}

/* Slow: it waits until the external thread has had the time to send some more. */
static maiko_next busy_tick(busy *self, maiko_ctx *ctx)
{
	enter();
	if (self->since != UINT64_MAX && !maiko_stopping(ctx))
		expect(self->since >= self->least && self->since <= self->most);
	uint64_t count = atomic_load(&handled), extras_count = atomic_load(&extras_handled);
	uint64_t until = atomic_load(&attempts) + ATTEMPTS_A_TICK;
	while (atomic_load(&ticks) < TICKS && atomic_load(&attempts) < until)
		sched_yield();
	expect(atomic_load(&handled) == count && atomic_load(&extras_handled) == extras_count);
	self->since = self->circling == RING ? 0 : UINT64_MAX;
	atomic_fetch_add(&ticks, 1);
	leave();
	return self->answer;
}
MAIKO_ACTOR(busy, MAIKO_ON(item, busy_on_item), MAIKO_ON(extra, busy_on_extra), MAIKO_TICK(busy_tick));

/* Until there were so many ticks. So few at a time that the mailbox does not fill: what
 * happens then is another test's. */
static void send_extras(maiko_supervisor *sup)
{
	for (uint32_t n = 0; atomic_load(&ticks) < TICKS; atomic_fetch_add(&attempts, 1)) {
		if (n - atomic_load(&extras_handled) >= EXTRAS) {
			sched_yield();
			continue;
		}
		ok(maiko_send(sup, extra, .n = n));
		atomic_store(&extras_sent, ++n);
	}
}

static void beside(uint32_t workers, uint32_t budget, maiko_next answer, uint32_t least, uint32_t most)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	busy init = {.answer = answer, .least = least, .most = most, .since = UINT64_MAX};
	ok(maiko_add(sup, busy, "busy", .init = &init, .echo = true, .max_events_per_tick = budget, .worker = 1));
	for (uint32_t i = 0; i < RING; i++)
		ok(maiko_send(sup, item, .n = i));
	ok(maiko_start(sup));
	send_extras(sup);
	test_wait_for(&handled, 2 * RING);
	test_wait_for(&extras_handled, atomic_load(&extras_sent));
	maiko_counts total = test_finish(sup);
	assert_true(atomic_load(&extras_sent) > 0);
	assert_int_equal(atomic_load(&extras_handled), atomic_load(&extras_sent));
	assert_int_equal(total.handled, atomic_load(&handled) + atomic_load(&extras_handled));
	assert_int_equal(total.deliveries, total.handled);
}

/* After each run: of its budget, or of fewer events when the worker's turn has lasted long enough. */
TEST_WORKERS(a_slow_tick_that_comes_again_takes_turns_with_a_busy_mailbox)
{
	beside(workers, 1, maiko_again(), 1, 1);
	beside(workers, 128, maiko_again(), 1, 128);
	beside(workers, 1, maiko_when_sendable(), 1, 1);
	beside(workers, 128, maiko_when_sendable(), 1, 128);
}

TEST_WORKERS(a_slow_tick_after_events_follows_each_batch_of_a_busy_mailbox)
{
	beside(workers, 1, maiko_after_events(), 1, 1);
	beside(workers, 128, maiko_after_events(), 1, 128);
}

/* Its time is looked at once a turn of the worker. */
TEST_WORKERS(a_slow_tick_after_a_time_is_a_turn_late_at_the_most)
{
	beside(workers, 1, maiko_after_ms(0), 1, RUNS_A_TURN);
	beside(workers, 128, maiko_after_ms(0), 1, RUNS_A_TURN * 128);
}
