/*
 * C10, C13, C16: a worker looks around between two callbacks of one actor's turn: a stop that discards and a
 * removal take effect after the callback that runs, and what a callback has sent is seen during the next.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum { QUEUED = 50, FAST = 20000, SLOW = 40 };

typedef struct job {
	uint32_t n;
} job;
typedef struct warm_up {
	uint32_t n;
} warm_up;
typedef struct result {
	uint32_t n;
} result;
MAIKO_TOPIC(jobs);
MAIKO_TOPIC(results);
MAIKO_EVENT(job, jobs, n);
MAIKO_EVENT(warm_up, jobs, n);
MAIKO_EVENT(result, results, n);

PER_TEST _Atomic(uint64_t) entered, handled, stops, wanted, ordered, opened, unseen;

/* ---- what is queued behind the callback that runs ---- */

typedef struct slow {
	uint32_t unused;
} slow;

/* The first does not return before the gate is open. */
static int slow_on_job(slow *self, const job *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&entered, 1);
	while (atomic_load(&opened) == 0)
		sched_yield();
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int slow_on_stop(slow *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(slow, MAIKO_ON(job, slow_on_job), MAIKO_ON_STOP(slow_on_stop));

/* Removes the other while that runs. */
typedef struct boss {
	uint32_t unused;
} boss;

static maiko_next boss_tick(boss *self, maiko_ctx *ctx)
{
	maiko_actor_id id;
	if (atomic_load(&wanted) == 0)
		return maiko_after_ms(1);
	int rc = maiko_find(maiko_supervisor_of(ctx), "slow", &id);
	if (rc == 0)
		rc = maiko_remove(ctx, id);
	atomic_store(&ordered, 1);
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}
MAIKO_ACTOR(boss, MAIKO_TICK(boss_tick));

/* In the first of its callbacks, with the others in its mailbox. */
static maiko_supervisor *in_its_first_callback(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, slow, "slow", .worker = 1));
	ok(maiko_add(sup, boss, "boss", .worker = workers));
	for (uint32_t i = 0; i < QUEUED; i++)
		ok(maiko_send(sup, job, .n = i));
	ok(maiko_start(sup));
	test_wait_for(&entered, 1);
	return sup;
}

static void stops_after_the_callback(uint32_t workers, const maiko_stop_options *options)
{
	maiko_supervisor *sup = in_its_first_callback(workers);
	ok(maiko_stop_begin(sup, options, NULL, NULL));
	uint64_t until_ns = uv_hrtime() + options->deadline_ms * UINT64_C(1000000);
	while (uv_hrtime() <= until_ns)
		sched_yield();
	atomic_store(&opened, 1);
	ok(maiko_join(sup));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&handled), 1);
	assert_int_equal(total.handled, 1);
	assert_int_equal(total.discarded, 49);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_WORKERS(a_stop_now_takes_effect_after_the_callback_that_runs)
{
	stops_after_the_callback(workers, &(maiko_stop_options){.now = true});
}

TEST_WORKERS(a_deadline_takes_effect_after_the_callback_that_runs)
{
	stops_after_the_callback(workers, &(maiko_stop_options){.deadline_ms = 1});
}

TEST_WORKERS(a_removal_takes_effect_after_the_callback_that_runs)
{
	if (workers == 1)
		return; /* the boss would not run */
	maiko_supervisor *sup = in_its_first_callback(workers);
	atomic_store(&wanted, 1);
	test_wait_for(&ordered, 1);
	atomic_store(&opened, 1);
	test_wait_for(&stops, 1);
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&handled), 1);
	assert_int_equal(total.handled, 1);
	assert_int_equal(total.dead, 49);
	assert_int_equal(atomic_load(&stops), 1);
}

/* Does not return before the supervisor is being freed: what refuses its sends is a stop, and the look-up
 * takes its turn after that. (What it sends until then has no subscriber.) */
typedef struct last {
	uint32_t unused;
} last;

static int last_on_job(last *self, const job *ev, maiko_ctx *ctx)
{
	maiko_supervisor *sup = maiko_supervisor_of(ctx);
	maiko_actor_id id;
	atomic_fetch_add(&entered, 1);
	while (maiko_try_send(sup, result, .n = ev->n) != MAIKO_ESHUTDOWN)
		sched_yield();
	int rc = maiko_find(sup, "last", &id);
	atomic_fetch_add(&handled, 1);
	return rc;
}

static int last_on_stop(last *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(last, MAIKO_ON(job, last_on_job), MAIKO_ON_STOP(last_on_stop));

TEST_WORKERS(to_free_a_supervisor_takes_no_longer_than_the_callback_that_runs)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, last, "last", .worker = 1));
	for (uint32_t i = 0; i < QUEUED; i++)
		ok(maiko_send(sup, job, .n = i));
	ok(maiko_start(sup));
	test_wait_for(&entered, 1);
	test_release(sup);
	assert_int_equal(atomic_load(&handled), 1);
	assert_int_equal(atomic_load(&stops), 1);
}

/* ---- what a callback has sent to its own actor ---- */

typedef struct lap {
	uint32_t n;
} lap;
MAIKO_TOPIC(laps);
MAIKO_EVENT(lap, laps, n);

typedef struct runner {
	uint32_t unused;
} runner;

static int runner_on_lap(runner *self, const lap *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&entered, 1);
	int rc = maiko_send(ctx, lap, .n = ev->n + 1);
	return rc != 0 || ev->n != 0 ? rc : maiko_remove(ctx, maiko_self(ctx));
}

static int runner_on_stop(runner *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(runner, MAIKO_ON(lap, runner_on_lap), MAIKO_ON_STOP(runner_on_stop));

/* The event that it handles was the only one in its mailbox. */
TEST_WORKERS(a_removal_takes_effect_before_what_the_callback_has_sent_to_its_own_actor)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, runner, "runner", .worker = 1, .echo = true));
	ok(maiko_start(sup));
	ok(maiko_send(sup, lap, .n = 0));
	test_wait_for(&stops, 1);
	assert_int_equal(atomic_load(&entered), 1);
	(void)test_finish(sup);
}

/* ---- what a callback has sent ---- */

typedef struct sender {
	uint32_t fast;
} sender;

/* As many short callbacks, one after the other; then all slow ones are queued. */
static int sender_on_warm_up(sender *self, const warm_up *ev, maiko_ctx *ctx)
{
	int rc = 0;
	if (ev->n < self->fast)
		return maiko_send(ctx, warm_up, .n = ev->n + 1);
	for (uint32_t i = 0; i < SLOW && rc == 0; i++)
		rc = maiko_send(ctx, job, .n = i);
	return rc;
}

/* Slow, and not over before what those before it have sent is handled elsewhere. */
static int sender_on_job(sender *self, const job *ev, maiko_ctx *ctx)
{
	enum { SLOW_NS = 200000, VAIN_S = 60 };
	uint64_t now_ns, began_ns = uv_hrtime();
	while ((now_ns = uv_hrtime()) < began_ns + SLOW_NS ||
	       (atomic_load(&test_heard_events) < ev->n && atomic_load(&unseen) == 0)) {
		if (now_ns > began_ns + VAIN_S * UINT64_C(1000000000))
			atomic_fetch_add(&unseen, 1);
		sched_yield();
	}
	atomic_fetch_add(&handled, 1);
	return maiko_send(ctx, result, .n = ev->n);
}
MAIKO_ACTOR(sender, MAIKO_ON(warm_up, sender_on_warm_up), MAIKO_ON(job, sender_on_job));

TEST_LISTENER(reader, result);

static void is_seen_at_once(uint32_t workers, uint32_t fast)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	sender init = {.fast = fast};
	ok(maiko_add(sup, sender, "sender", .init = &init, .echo = true, .worker = 1));
	ok(maiko_add(sup, reader, "reader", .worker = 2));
	ok(maiko_start(sup));
	ok(maiko_send(sup, warm_up, .n = 0));
	test_wait_for(&handled, SLOW);
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&unseen), 0);
	expect_heard_count("reader", result, SLOW);
	assert_int_equal(total.deliveries, total.handled);
}

TEST_WORKERS(what_a_callback_has_sent_is_seen_during_the_next)
{
	if (workers > 1)
		is_seen_at_once(workers, 0);
}

TEST_WORKERS(what_the_first_slow_callback_after_fast_ones_has_sent_is_seen_during_the_next)
{
	if (workers > 1)
		is_seen_at_once(workers, FAST);
}

/* ---- control messages that post others ---- */

/* Is restarted without end and without delay. */
typedef struct hopeless {
	uint32_t unused;
} hopeless;

static int hopeless_on_start(hopeless *self, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(hopeless, MAIKO_ON_START(hopeless_on_start));

TEST_WORKERS(an_actor_that_restarts_without_end_delays_no_other)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "hopeless", .restarts = MAIKO_UNLIMITED, .backoff = &(maiko_backoff){.first_ms = 0},
		       .ret_id = &group));
	ok(maiko_add(sup, hopeless, "hopeless", .worker = 1, .group = group, .start_may_fail = true));
	ok(maiko_add(sup, reader, "reader", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, result, .n = 1));
	test_wait_for(&test_heard_events, 1);
	(void)test_finish(sup);
}
