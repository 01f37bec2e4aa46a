/*
 * Topics that come and go, named, used and released by several threads at once, while a minute of the supervisor's
 * clock lasts 60 microseconds: no event is lost, and each topic is given back many times.
 */
#include "support.h"

#include "runtime/runtime.h"

#include <sched.h>
#include <string.h>
#include <uv.h>

enum { THREADS = 3, ROUNDS = 2000, NAMES = 300, TIMES_FASTER = 1000000 };

typedef struct reading {
	const maiko_topic *of;
	uint32_t n;
} reading;
static const maiko_topic *reading_topic(const reading *ev) { return ev->of; }
MAIKO_EVENT_ROUTED(reading, reading_topic, n);

PER_TEST _Atomic(uint64_t) heard, sent, done;

static uint64_t fast_clock(void *arg)
{
	(void)arg;
	static _Atomic(uint64_t) first;
	uint64_t now = uv_hrtime(), none = 0;
	atomic_compare_exchange_strong(&first, &none, now);
	return first + (now - first) * TIMES_FASTER;
}

/* Names one of the topics, sends on it, and releases it. */
#define USE(to, sup, n)                                                                                                \
	do {                                                                                                           \
		const maiko_topic *topic_;                                                                             \
		expect(maiko_topic_named((sup), test_name("topic", (n) % NAMES), &topic_) == 0);                       \
		expect(maiko_send((to), reading, .of = topic_) == 0);                                                  \
		expect(maiko_topic_release((sup), topic_) == 0);                                                       \
		atomic_fetch_add(&sent, 1);                                                                            \
	} while (0)

typedef struct user {
	uint64_t rounds;
} user;
static maiko_next user_tick(user *self, maiko_ctx *ctx)
{
	USE(ctx, maiko_supervisor_of(ctx), self->rounds);
	if (++self->rounds < ROUNDS)
		return maiko_again();
	atomic_fetch_add(&done, 1);
	return maiko_never();
}
static int user_on_reading(user *self, const reading *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	atomic_fetch_add(&heard, 1);
	return 0;
}
MAIKO_ACTOR(user, MAIKO_TICK(user_tick), MAIKO_ON(reading, user_on_reading));

static void run_thread(void *arg)
{
	for (uint64_t n = 0; n < ROUNDS; n++) {
		USE((maiko_supervisor *)arg, (maiko_supervisor *)arg, n);
		if (n % 16 == 0)
			test_wait_for(&heard, 2 * n); /* so that some are idle */
	}
}

static uint64_t given_back(maiko_supervisor *sup)
{
	const maiko_ledger *ledger = test_report(sup);
	uint64_t count = 0;
	for (size_t i = 0; i < ledger->topic_count; i++)
		count += strcmp(ledger->topics[i]->name, "(given back)") == 0 ? ledger->topics[i]->published : 0;
	return count;
}

/* Each of two actors hears all but its own. */
TEST_ONCE(topics_come_and_go_between_threads)
{
	uv_thread_t threads[THREADS];
	maiko_supervisor *sup = test_supervisor(2);
	sup->seam.now_ns = fast_clock;
	ok(maiko_add(sup, user, "one", .worker = 1, .topics = MAIKO_ALL_TOPICS));
	ok(maiko_add(sup, user, "two", .worker = 2, .topics = MAIKO_ALL_TOPICS));
	ok(maiko_start(sup));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_create(&threads[i], run_thread, sup), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_join(&threads[i]), 0);
	test_wait_for(&done, 2);
	test_wait_for(&heard, (2 * THREADS + 2) * ROUNDS);
	while (given_back(sup) == 0) { /* if none was in all that time */
		const maiko_topic *topic;
		ok(maiko_topic_named(sup, "last", &topic));
		(void)sched_yield();
	}
	ok(maiko_stop(sup, &(maiko_stop_options){.deadline_ms = MAIKO_NO_DEADLINE}));
	const maiko_ledger *ledger = test_report(sup);
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->published, (THREADS + 2) * ROUNDS);
	assert_int_equal(atomic_load(&heard), (2 * THREADS + 2) * ROUNDS);
	test_release(sup);
}
