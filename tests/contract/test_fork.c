/*
 * C15: in a forked child every call returns an error and none hangs, whatever the other
 * threads did at the moment of the fork; the parent goes on.
 */
#include "support.h"

#include <maiko/testing.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

enum { FORKS = 20, FINE = 0, NOISE_THREADS = 2 };

typedef struct item {
	uint32_t n;
} item;
typedef struct request {
	uint32_t n;
} request;
MAIKO_TOPIC(items);
MAIKO_TOPIC(requests);
MAIKO_TOPIC(unused_topic);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(request, requests, n);

PER_TEST _Atomic(uint64_t) handled, forked, jobs_done;
PER_TEST _Atomic(bool) over;

/* _exit, but past the thread sanitizer, which would miss the threads that only the parent has. */
static void leave(int status) { syscall(SYS_exit_group, status); }

/* ---- counts, and makes noise: jobs, sends ---- */

typedef struct job {
	uint32_t n;
} job;
typedef struct counter {
	uint32_t seen;
} counter;

static int job_work(job *j) { return (int)(j->n % 2); }

static int counter_on_job(counter *self, job *j, int status, maiko_ctx *ctx)
{
	expect(status == (int)(j->n % 2));
	atomic_fetch_add(&jobs_done, 1);
	return 0;
}

MAIKO_BLOCKING(counter, job, job_work, counter_on_job);

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	self->seen++;
	atomic_fetch_add(&handled, 1);
	return ev->n % 8 == 0 ? maiko_blocking(ctx, job_work, counter_on_job, .n = ev->n) : 0;
}

MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

/* ---- in the child of an external thread: the number of the first wrong call, or FINE ---- */

#define CHECK(number, call)                                                                                            \
	do {                                                                                                           \
		if ((call) != MAIKO_EFORK)                                                                             \
			return number;                                                                                 \
	} while (0)

static int check_life(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	CHECK(1, maiko_start(sup));
	CHECK(2, maiko_stop(sup, NULL));
	CHECK(3, maiko_stop(sup, &(maiko_stop_options){.now = true, .ret_report = &ledger}));
	CHECK(4, maiko_stop_begin(sup, NULL, NULL, NULL));
	CHECK(5, maiko_join(sup));
	CHECK(6, maiko_run(sup));
	CHECK(7, maiko_report(sup, &ledger));
	return ledger == NULL ? FINE : 8;
}

static int check_sends(maiko_supervisor *sup, item *draft)
{
	CHECK(10, maiko_send(sup, item, .n = 1));
	CHECK(11, maiko_try_send(sup, item, .n = 1));
	CHECK(12, maiko_send_timeout(sup, 10, item, .n = 1));
	CHECK(13, maiko_send_root(sup, item, .n = 1));
	CHECK(14, maiko_send_copy(sup, item, &(item){1}));
	CHECK(15, maiko_publish(sup, draft));
	return FINE;
}

static int check_changes(maiko_supervisor *sup, maiko_actor_id id)
{
	const maiko_topic *topic = NULL;
	maiko_actor_id found = 0;
	CHECK(20, maiko_add(sup, counter, "another"));
	CHECK(21, maiko_find(sup, "counter0", &found));
	CHECK(22, maiko_remove(sup, id));
	CHECK(23, maiko_subscribe(sup, id, MAIKO_TOPIC_REF(requests)));
	CHECK(24, maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
	CHECK(25, maiko_topic_named(sup, "new", &topic));
	CHECK(26, maiko_topic_with(sup, "new too", MAIKO_TOPIC_REF(items), &topic));
	CHECK(27, maiko_subscribe(sup, id, MAIKO_TOPIC_REF(unused_topic)));
	return found == 0 && topic == NULL ? FINE : 28;
}

static void ignore(void *arg, const maiko_observation *observation) {}

static int check_monitors(maiko_supervisor *sup, maiko_monitor *monitor)
{
	maiko_monitor *another = NULL;
	CHECK(40, maiko_monitor_add(sup, &(maiko_hooks){.any = ignore}, NULL, &another));
	CHECK(41, maiko_monitor_pause(monitor));
	CHECK(42, maiko_monitor_resume(monitor));
	CHECK(43, maiko_monitor_remove(monitor, NULL));
	return another == NULL ? FINE : 44;
}

static int check_outside(maiko_supervisor *sup, maiko_actor_id id, item *draft)
{
	int rc = check_life(sup);
	if (rc == FINE)
		rc = check_sends(sup, draft);
	if (rc == FINE)
		rc = check_changes(sup, id);
	if (rc == FINE && maiko_supervisor_free(sup) != sup)
		rc = 30;
	return rc;
}

static maiko_supervisor *started(uint32_t workers, maiko_actor_id *ret_id)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter0", .ret_id = ret_id));
	ok(maiko_add(sup, counter, "counter1"));
	ok(maiko_start(sup));
	return sup;
}

static int fork_and_check(maiko_supervisor *sup, maiko_actor_id id)
{
	item *draft = maiko_new(item);
	assert_non_null(draft);
	maiko_monitor *monitor;
	ok(maiko_monitor_add(sup, &(maiko_hooks){.any = ignore}, NULL, &monitor));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int rc = check_outside(sup, id, draft);
		leave(rc != FINE ? rc : check_monitors(sup, monitor));
	}
	int status = test_status_of(child);
	maiko_discard(draft);
	ok(maiko_monitor_remove(monitor, NULL));
	return status;
}

TEST_WORKERS(in_a_child_every_call_is_refused_and_the_parent_goes_on)
{
	maiko_actor_id id = 0;
	maiko_supervisor *sup = started(workers, &id);
	ok(maiko_send(sup, item, .n = 1));
	assert_int_equal(fork_and_check(sup, id), FINE);
	ok(maiko_send(sup, item, .n = 1));
	assert_int_equal(test_finish(sup).handled, 4);
}

TEST_WORKERS(a_child_of_one_that_has_not_started_or_has_stopped_is_refused_too)
{
	maiko_actor_id id = 0;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter0", .ret_id = &id));
	assert_int_equal(fork_and_check(sup, id), FINE);
	ok(maiko_start(sup));
	ok(maiko_stop(sup, NULL));
	assert_int_equal(fork_and_check(sup, id), FINE);
	test_finish(sup);
}

/* ---- what the library for tests has made ---- */

static int check_harness(maiko_harness *h, maiko_invariant *invariant)
{
	CHECK(60, maiko_harness_record(h));
	CHECK(61, maiko_harness_pause(h));
	CHECK(62, maiko_harness_clear(h));
	CHECK(63, maiko_harness_status(h));
	CHECK(64, maiko_harness_settle(h));
	CHECK(65, maiko_harness_send_as(h, "counter0", request, .n = 1));
	CHECK(66, maiko_invariant_check(invariant));
	if (maiko_harness_free(h) != h)
		return 67;
	return maiko_invariant_free(invariant) == invariant ? FINE : 68;
}

TEST_WORKERS(a_child_is_refused_its_parents_harness_too)
{
	maiko_actor_id id = 0;
	maiko_harness *h;
	maiko_invariant *invariant;
	maiko_supervisor *sup = started(workers, &id);
	ok(maiko_harness_new(&h, sup));
	ok(maiko_invariant_followed_by(sup, MAIKO_EVENT_REF(item), MAIKO_EVENT_REF(request), &invariant,
				       &(maiko_followed_by_options){.within_ms = 3600000}));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		leave(check_harness(h, invariant));
	assert_int_equal(test_status_of(child), FINE);
	ok(maiko_harness_settle(h));
	assert_null(maiko_invariant_free(invariant));
	assert_null(maiko_harness_free(h));
	test_finish(sup);
}

/* ---- what needs nothing of the parent's ---- */

/* The thread sanitizer does not follow a child that makes threads: that child is on a loop. */
#if defined __SANITIZE_THREAD__
#define ON_LOOP true
#else
#define ON_LOOP false
#endif

static int make_another(void)
{
	maiko_supervisor *own;
	maiko_buffer *buffer;
	uv_loop_t loop;
	if (uv_loop_init(&loop) != 0 || maiko_buffer_new(8, &buffer) != 0)
		return 69;
	if (maiko_supervisor_new(&own, &(maiko_options){.loop = ON_LOOP ? &loop : NULL}) != 0)
		return 70;
	maiko_buffer_unref(buffer);
	if (maiko_add(own, counter, "counter0") != 0 || maiko_start(own) != 0)
		return 71;
	if (maiko_send(own, item, .n = 1) != 0 || maiko_stop_begin(own, NULL, NULL, NULL) != 0)
		return 72;
	if (ON_LOOP ? uv_run(&loop, UV_RUN_DEFAULT) != 0 : maiko_join(own) != 0)
		return 75;
	maiko_ledger *ledger;
	if (maiko_report(own, &ledger) != 0 || ledger->total.handled != 1)
		return 73;
	maiko_ledger_free(ledger);
	return maiko_supervisor_free(own) == NULL ? FINE : 74;
}

TEST_WORKERS(a_child_may_make_a_supervisor_of_its_own)
{
	maiko_actor_id id = 0;
	maiko_supervisor *sup = started(workers, &id);
	ok(maiko_send(sup, item, .n = 1));
	test_settle(sup); /* else a thread may hold a lock of the address sanitizer, which the child then waits for */
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		leave(make_another());
	assert_int_equal(test_status_of(child), FINE);
	test_finish(sup);
}

/* ---- with locks held by others at the moment of the fork ---- */

static void make_noise(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t i = 0; !atomic_load(&over); i++) {
		maiko_ledger *ledger = NULL;
		maiko_actor_id id;
		expect(maiko_find(sup, "counter1", &id) == 0);
		expect(maiko_send(sup, item, .n = i) == 0);
		expect(maiko_report(sup, &ledger) == 0);
		maiko_ledger_free(ledger);
	}
}

TEST_WORKERS(a_child_does_not_hang_on_what_other_threads_held)
{
	maiko_actor_id id = 0;
	uv_thread_t noise[NOISE_THREADS];
	maiko_supervisor *sup = started(workers, &id);
	for (int i = 0; i < NOISE_THREADS; i++)
		ok(uv_thread_create(&noise[i], make_noise, sup));
	test_wait_for(&handled, 100);
	for (int i = 0; i < FORKS; i++)
		assert_int_equal(fork_and_check(sup, id), FINE);
	atomic_store(&over, true);
	for (int i = 0; i < NOISE_THREADS; i++)
		ok(uv_thread_join(&noise[i]));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, total.deliveries);
	assert_int_equal(total.handled, atomic_load(&handled));
}

/* ---- in the child of an actor ---- */

typedef struct forker {
	uv_timer_t timer, unadopted;
	maiko_actor_id other;
} forker;

static int forker_work(job *j) { return (int)j->n; }

static int forker_on_job(forker *self, job *j, int status, maiko_ctx *ctx) { return 0; }

MAIKO_BLOCKING(forker, job, forker_work, forker_on_job);

static int check_own_changes(forker *self, maiko_ctx *ctx)
{
	CHECK(50, maiko_add(ctx, counter, "another"));
	CHECK(51, maiko_remove(ctx, self->other));
	CHECK(52, maiko_subscribe(ctx, self->other, MAIKO_TOPIC_REF(requests)));
	CHECK(53, maiko_unsubscribe(ctx, self->other, MAIKO_TOPIC_REF(items)));
	CHECK(54, maiko_subscribe(ctx, self->other, MAIKO_TOPIC_REF(unused_topic)));
	CHECK(55, maiko_stop_self(ctx));
	CHECK(56, maiko_stop_all(ctx));
	CHECK(57, maiko_blocking(ctx, forker_work, forker_on_job, .n = 1));
	return FINE;
}

static int check_own_calls(forker *self, const request *ev, maiko_delayed delayed, maiko_ctx *ctx)
{
	CHECK(40, maiko_send(ctx, item, .n = 1));
	CHECK(41, maiko_send_root(ctx, item, .n = 1));
	CHECK(42, maiko_send_after_ms(ctx, 1, NULL, item, .n = 1));
	CHECK(43, maiko_cancel(ctx, delayed));
	CHECK(44, maiko_keep(ctx, ev));
	CHECK(45, maiko_adopt(ctx, (uv_handle_t *)&self->unadopted));
	CHECK(46, maiko_close(ctx, (uv_handle_t *)&self->timer, NULL));
	CHECK(47, maiko_enter(ctx));
	CHECK(48, maiko_wake_tick(ctx));
	CHECK(49, maiko_release(ctx, ev));
	return FINE;
}

static int forker_on_start(forker *self, maiko_ctx *ctx)
{
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(uv_timer_init(maiko_loop(ctx), &self->unadopted) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
	return 0;
}

static int forker_on_request(forker *self, const request *ev, maiko_ctx *ctx)
{
	maiko_delayed delayed = 0;
	item *draft = maiko_new(item);
	expect(maiko_send_after_ms(ctx, 3600000, &delayed, item, .n = 1) == 0);
	pid_t child = fork();
	if (child == 0) {
		int rc = check_own_calls(self, ev, delayed, ctx);
		if (rc == FINE)
			rc = check_own_changes(self, ctx);
		leave(rc != FINE ? rc : check_outside(maiko_supervisor_of(ctx), self->other, draft));
	}
	int status = child < 0 ? -1 : test_status_of(child);
	if (status != FINE)
		print_error("child: %d\n", status);
	expect(status == FINE);
	maiko_discard(draft);
	expect(maiko_cancel(ctx, delayed) == 0);
	expect(maiko_send(ctx, item, .n = 8) == 0);
	atomic_fetch_add(&forked, 1);
	return 0;
}

static maiko_next forker_tick(forker *self, maiko_ctx *ctx) { return maiko_never(); }

MAIKO_ACTOR(forker, MAIKO_ON(request, forker_on_request), MAIKO_ON_START(forker_on_start), MAIKO_TICK(forker_tick));

TEST_WORKERS(an_actor_may_fork_and_go_on)
{
	maiko_actor_id id = 0;
	uv_thread_t noise;
	maiko_supervisor *sup = started(workers, &id);
	ok(maiko_add(sup, forker, "forker", .init = &(forker){.other = id}));
	ok(uv_thread_create(&noise, make_noise, sup));
	for (uint32_t i = 0; i < FORKS; i++)
		ok(maiko_send(sup, request, .n = i));
	test_wait_for(&forked, FORKS);
	atomic_store(&over, true);
	ok(uv_thread_join(&noise));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, total.deliveries);
	assert_int_equal(total.handled, atomic_load(&handled) + 20);
}
