/*
 * C6, C10: stops at the worst moment: a flood through narrow channels, a tick without end,
 * a start or an addition that does not come to its end.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <uv.h>

enum { FLOOD = 20000, EARLY = 200, NARROW = 16, ROUNDS = 10, FRAME = 4096 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) handled, ticks, entered, left, returned, late;

/* ---- narrow channels ---- */

typedef struct counter {
	uint32_t next;
} counter;

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	expect(ev->n == self->next++);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

typedef struct flooder {
	uint32_t unused;
} flooder;

static int flooder_on_stop(flooder *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < FLOOD; i++)
		expect(maiko_send(ctx, item, .n = i) == 0);
	return 0;
}
MAIKO_ACTOR(flooder, MAIKO_ON_STOP(flooder_on_stop));

static maiko_supervisor *narrow_supervisor(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup =
		test_supervisor_with((maiko_options){.workers = workers, .channel = NARROW, .no_spin = true});
	ok(maiko_add(sup, counter, "counter", .worker = workers));
	return sup;
}

TEST_WORKERS(what_an_on_stop_sends_past_a_full_channel_arrives)
{
	for (int round = 0; round < ROUNDS; round++) {
		maiko_supervisor *sup = narrow_supervisor(workers);
		ok(maiko_add(sup, flooder, "flooder", .worker = 1, .topics = MAIKO_NO_TOPICS));
		ok(maiko_start(sup));
		maiko_counts total = test_finish(sup);
		assert_int_equal(total.deliveries, 20000);
		assert_int_equal(total.handled, 20000);
		assert_int_equal(atomic_load(&handled), 20000);
	}
}

TEST_WORKERS(a_stop_before_the_start_leaves_nothing_in_a_channel)
{
	maiko_supervisor *sup = narrow_supervisor(workers);
	for (uint32_t i = 0; i < EARLY; i++)
		ok(maiko_send(sup, item, .n = i));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, 200);
	assert_int_equal(total.discarded, 200);
	assert_int_equal(atomic_load(&handled), 0);
}

/* ---- a tick that is due for ever, in the drain too ---- */

typedef struct restless {
	uint32_t unused;
} restless;

static int restless_on_item(restless *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

static maiko_next restless_tick(restless *self, maiko_ctx *ctx)
{
	int rc = maiko_wake_tick(ctx);
	expect(rc == 0 || (rc == MAIKO_ESHUTDOWN && maiko_stopping(ctx)));
	atomic_fetch_add(&ticks, 1);
	return maiko_after_events();
}
MAIKO_ACTOR(restless, MAIKO_ON(item, restless_on_item), MAIKO_TICK(restless_tick));

static void stop_restless(uint32_t workers, const maiko_stop_options *options)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, restless, "restless", .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&handled, 1);
	test_wait_for(&ticks, 100);
	ok(maiko_stop(sup, options));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, 1);
	assert_int_equal(total.handled, 1);
}

TEST_WORKERS(a_tick_that_wakes_itself_does_not_keep_a_stop_from_ending)
{
	stop_restless(workers, &(maiko_stop_options){.now = true});
	stop_restless(workers, &(maiko_stop_options){.deadline_ms = 20});
}

/* ---- an on_start that does not return ---- */

/* What a stuck worker has is abandoned; kept here, so that it does not count as leaked. */
static maiko_supervisor *abandoned[64];
static size_t abandoned_count;
static uv_sem_t stuck_gate;

typedef struct sleeper {
	uint32_t unused;
} sleeper;

static int sleeper_on_start(sleeper *self, maiko_ctx *ctx)
{
	pthread_detach(pthread_self()); /* nobody joins it: its supervisor is abandoned */
	atomic_fetch_add(&entered, 1);
	uv_sem_wait(&stuck_gate);
	atomic_fetch_add(&left, 1);
	return 0;
}
MAIKO_ACTOR(sleeper, MAIKO_ON_START(sleeper_on_start));

static void start_in_thread(void *arg)
{
	expect(maiko_start(arg) == MAIKO_ETIMEDOUT);
	atomic_fetch_add(&returned, 1);
}

static void stop_at_deadline(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	maiko_stop_options options = {.deadline_ms = 20, .ret_report = &ledger};
	test_wait_for(&entered, 1);
	returns(maiko_stop(sup, &options), MAIKO_ETIMEDOUT);
	assert_int_equal(test_actor_row(ledger, "sleeper")->status, MAIKO_ACTOR_STUCK);
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
}

static void abandon(maiko_supervisor *sup)
{
	assert_int_equal(atomic_load(&left), 0);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
	uv_sem_post(&stuck_gate);
	test_wait_for(&left, 1);
}

TEST_WORKERS(a_start_that_does_not_end_can_be_stopped)
{
	uv_thread_t starter;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter", .worker = 1));
	ok(maiko_add(sup, sleeper, "sleeper", .topics = MAIKO_NO_TOPICS, .worker = workers));
	ok(uv_thread_create(&starter, start_in_thread, sup));
	stop_at_deadline(sup);
	ok(uv_thread_join(&starter));
	assert_int_equal(atomic_load(&returned), 1);
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	returns(maiko_send(sup, item, .n = 0), MAIKO_ESHUTDOWN);
	abandon(sup);
}

static void count_late(void *arg, const maiko_completion *completion)
{
	expect(completion->change == MAIKO_CHANGE_ADD);
	atomic_fetch_add(&late, 1);
}

/* Stands where the frame of the addition stood, until that is over. */
__attribute__((noinline)) static void frame_stays_untouched(void)
{
	volatile unsigned char frame[FRAME];
	for (size_t i = 0; i < FRAME; i++)
		frame[i] = 0x5a;
	atomic_fetch_add(&returned, 1);
	while (atomic_load(&late) == 0)
		sched_yield();
	for (size_t i = 0; i < FRAME; i++)
		expect(frame[i] == 0x5a);
}

static void add_in_thread(void *arg)
{
	expect(maiko_add((maiko_supervisor *)arg, sleeper, "sleeper", .topics = MAIKO_NO_TOPICS,
			 .worker = maiko_worker_count(arg), .done = count_late) == MAIKO_ESHUTDOWN);
	frame_stays_untouched();
}

TEST_WORKERS(an_addition_that_does_not_end_returns_at_the_stop)
{
	uv_thread_t adder;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	ok(uv_thread_create(&adder, add_in_thread, sup));
	stop_at_deadline(sup);
	test_wait_for(&returned, 1);
	abandon(sup);
	ok(uv_thread_join(&adder));
	assert_int_equal(atomic_load(&late), 1);
}

static int make_gate(void **state) { return uv_sem_init(&stuck_gate, 0); }

int main(void) { return test_main_with(make_gate, NULL); }
