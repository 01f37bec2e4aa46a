/*
 * External threads that end: what a supervisor keeps of one serves the next, which is a sender
 * of its own all the same (C1), and waits for nobody because of it (C9); each may outlive the
 * other; and in a forked child nothing of the parent's is in the way (C15).
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include <uv.h>

enum { THREADS = 1000, FORKS = 10 };

typedef struct item {
	uint32_t n;
} item;
typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(items);
MAIKO_TOPIC(others);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(other, others, n);

PER_TEST _Atomic(uint64_t) handled, others_handled, entered, permitted, result;
PER_TEST _Atomic(bool) over;

typedef struct counter {
	uint32_t seen;
} counter;
static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	self->seen++;
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

static maiko_supervisor *started(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter"));
	ok(maiko_start(sup));
	return sup;
}

static void send_one(void *arg) { atomic_store(&result, (uint64_t)-maiko_send((maiko_supervisor *)arg, item, .n = 1)); }

static void run_thread(void (*main)(void *arg), void *arg)
{
	uv_thread_t thread;
	ok(uv_thread_create(&thread, main, arg));
	ok(uv_thread_join(&thread));
	assert_int_equal(atomic_load(&result), 0);
}

/* Until what external threads have sent has been taken. */
static void wait_until_taken(maiko_supervisor *sup)
{
	uint64_t in_flight;
	do {
		const maiko_ledger *ledger = test_report(sup);
		in_flight = 0;
		for (size_t i = 0; i < ledger->pair_count; i++)
			in_flight += ledger->pairs[i]->from == 0 ? ledger->pairs[i]->in_flight : 0;
		sched_yield();
	} while (in_flight != 0);
}

/* ---- one record for all ---- */

TEST_WORKERS(threads_one_after_the_other_leave_one_record)
{
	maiko_supervisor *sup = started(workers);
	int64_t living = 0;
	for (uint64_t i = 1; i <= THREADS; i++) {
		run_thread(send_one, sup);
		test_wait_for(&handled, i);
		wait_until_taken(sup);
		if (i == THREADS / 10)
			living = test_allocator_living();
	}
	assert_true(test_allocator_living() - living < THREADS / 10);
	assert_int_equal(test_finish(sup).handled, THREADS);
}

static maiko_supervisor *both[2];

static void send_to_both(void *arg)
{
	for (int i = 0; i < 2; i++)
		send_one(both[i]);
}

static void stays(void *arg)
{
	send_to_both(arg);
	atomic_fetch_add(&entered, 1);
	while (!atomic_load(&over))
		sched_yield();
}

/* A thread that has sent to two, of which one is freed before it ends. */
TEST_WORKERS(a_thread_outlives_a_supervisor_and_a_supervisor_a_thread)
{
	for (int i = 0; i < 2; i++)
		both[i] = started(workers);
	uv_thread_t thread;
	ok(uv_thread_create(&thread, stays, NULL));
	test_wait_for(&entered, 1);
	run_thread(send_to_both, NULL);
	assert_int_equal(test_finish(both[0]).handled, 2);
	run_thread(send_one, both[1]);
	atomic_store(&over, true);
	ok(uv_thread_join(&thread));
	run_thread(send_one, both[1]);
	assert_int_equal(test_finish(both[1]).handled, 4);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- what it has left behind ---- */

/* Handles one event each time that it is permitted to. */
typedef struct slow {
	uint32_t seen;
} slow;
static int slow_on_item(slow *self, const item *ev, maiko_ctx *ctx)
{
	self->seen++;
	atomic_fetch_add(&entered, 1);
	while (atomic_load(&permitted) < self->seen)
		sched_yield();
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(slow, MAIKO_ON(item, slow_on_item));

typedef struct quick {
	uint32_t seen;
} quick;
static int quick_on_other(quick *self, const other *ev, maiko_ctx *ctx)
{
	self->seen++;
	atomic_fetch_add(&others_handled, 1);
	return 0;
}
MAIKO_ACTOR(quick, MAIKO_ON(other, quick_on_other));

enum { LEFT = 6 };

/* The first, and while that is being handled the rest, none of which gets so far. */
static void leave_some(void *arg)
{
	send_one(arg);
	while (atomic_load(&entered) < 1)
		sched_yield();
	for (int i = 1; i < LEFT && atomic_load(&result) == 0; i++)
		send_one(arg);
}

/* On a thread of its own, so that it may take over what another has left. */
static void try_another(void *arg)
{
	maiko_supervisor *sup = arg;
	int rc = maiko_try_send(sup, other, .n = 1);
	atomic_store(&result, (uint64_t)-rc);
}

static void try_before_and_after(void *arg)
{
	try_another(arg);
	atomic_store(&permitted, 1);
	while (atomic_load(&entered) < 2) /* by then the rest lies in its mailbox, which is full */
		sched_yield();
	try_another(arg);
}

/* Threads begin with the first worker. Either it has the slow one, or in its channel to that what
 * the first thread has sent, which mutes its sender when it arrives: but that has ended. */
TEST_ONCE(a_thread_does_not_wait_for_what_another_has_sent)
{
	for (uint32_t home = 1; home <= 2; home++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(2);
		ok(maiko_add(sup, slow, "slow", .mailbox = 1, .worker = home));
		ok(maiko_add(sup, quick, "quick", .worker = 3 - home));
		ok(maiko_start(sup));
		run_thread(leave_some, sup);
		if (home == 2) /* else they stay with the worker that has the slow one */
			wait_until_taken(sup);
		run_thread(try_before_and_after, sup);
		test_wait_for(&others_handled, 1);
		atomic_store(&permitted, UINT64_MAX);
		test_wait_for(&handled, LEFT);
		test_wait_for(&others_handled, 2);
		test_finish(sup);
	}
}

/* ---- a thread that sends as it ends ---- */

static pthread_key_t last_words;

/* The thread sanitizer has let go of a thread before the last round. */
#if defined __SANITIZE_THREAD__
enum { WORDS = 2 };
#else
enum { WORDS = 100 };
#endif

static void say_last_words(void *sup)
{
	static _Thread_local int words;
	send_one(sup);
	if (++words < WORDS)
		pthread_setspecific(last_words, sup); /* again, as often as there is a round */
}

static void ends_with_words(void *arg)
{
	send_one(arg);
	pthread_setspecific(last_words, arg);
}

TEST_WORKERS(a_thread_may_send_while_it_ends)
{
	maiko_supervisor *sup = started(workers);
	assert_int_equal(pthread_key_create(&last_words, say_last_words), 0);
	for (uint64_t i = 1; i <= 20; i++) {
		run_thread(ends_with_words, sup);
		test_wait_for(&handled, 2 * i);
	}
	pthread_key_delete(last_words);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, total.deliveries);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- a child ---- */

static void make_noise(void *arg)
{
	while (!atomic_load(&over)) {
		uv_thread_t thread;
		if (uv_thread_create(&thread, send_one, arg) == 0)
			uv_thread_join(&thread);
	}
}

/* 0 if it can use a supervisor of its own. */
static int use_one(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0)
		rc = maiko_add(sup, counter, "counter");
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_send(sup, item, .n = 1);
	if (rc == 0)
		rc = maiko_stop(sup, NULL);
	return rc != 0 ? 1 : maiko_supervisor_free(sup) == NULL ? 0 : 2;
}

TEST_ONCE(a_child_can_use_a_supervisor_of_its_own)
{
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
	skip(); /* their own locks may be held by a thread that the child does not have */
#endif
	test_begin();
	uv_thread_t noise;
	maiko_supervisor *sup = started(2);
	ok(maiko_send(sup, item, .n = 1)); /* this thread has a record in the parent */
	ok(uv_thread_create(&noise, make_noise, sup));
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(use_one());
		assert_int_equal(test_status_of(child), 0);
	}
	atomic_store(&over, true);
	ok(uv_thread_join(&noise));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, total.deliveries);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
