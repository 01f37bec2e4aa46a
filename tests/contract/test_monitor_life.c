/*
 * C6, C15, C16: a monitor is added, paused, resumed and removed at any moment, by any thread:
 * between a pause and the resume no hook is called, after a removal none ever. What is
 * refused is in test_monitor_refused.c.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { OUTSIDE = 2, TURNS = 12, THREADS = 6, EACH = 20 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) removals;
PER_TEST _Atomic(bool) enough;

/* ---- events without end --------------------------------------------------------------------- */

typedef struct pump {
	uint32_t n;
} pump;
static maiko_next pump_tick(pump *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 8; i++)
		(void)maiko_send(ctx, item, .n = self->n++);
	return maiko_when_sendable();
}
MAIKO_ACTOR(pump, MAIKO_TICK(pump_tick));

TEST_LISTENER(eater, item);

static void *send_from_outside(void *arg)
{
	maiko_supervisor *sup = arg;
	int rc = 0;
	while (rc == 0 && !atomic_load(&enough))
		rc = maiko_send(sup, item, .n = 0);
	expect(rc == 0 || rc == MAIKO_ESHUTDOWN);
	return NULL;
}

typedef struct flow {
	maiko_supervisor *sup;
	pthread_t threads[OUTSIDE];
} flow;

static void flow_begin(flow *f, uint32_t workers)
{
	static const char *const pumps[] = {"p0", "p1"}, *const eaters[] = {"e0", "e1", "e2"};
	test_begin();
	f->sup = test_supervisor(workers);
	for (int i = 0; i < 3; i++)
		ok(maiko_add(f->sup, eater, eaters[i], .mailbox = 16));
	for (int i = 0; i < 2; i++)
		ok(maiko_add(f->sup, pump, pumps[i]));
	ok(maiko_start(f->sup));
	for (int i = 0; i < OUTSIDE; i++)
		assert_int_equal(pthread_create(&f->threads[i], NULL, send_from_outside, f->sup), 0);
}

/* Some more events have been handled: enough for all workers to have seen some. */
static void flow_on(void) { test_wait_for(&test_heard_events, atomic_load(&test_heard_events) + 100); }

static void flow_end(flow *f)
{
	atomic_store(&enough, true);
	for (int i = 0; i < OUTSIDE; i++)
		assert_int_equal(pthread_join(f->threads[i], NULL), 0);
	test_finish(f->sup);
}

/* ---- one that watches --------------------------------------------------------------------------- */

typedef struct watcher {
	maiko_monitor *monitor;
	_Atomic(uint64_t) called, removed;
	_Atomic(bool) silent; /* no hook may be called */
	bool kept;            /* not freed when removed */
} watcher;

static void watch(void *arg, const maiko_observation *observation)
{
	watcher *w = arg;
	expect(observation->supervisor != NULL);
	expect(!atomic_load(&w->silent));
	expect(w->monitor != NULL); /* even if the addition has not returned yet */
	atomic_fetch_add(&w->called, 1);
}

static void removed(void *arg)
{
	watcher *w = arg;
	expect(atomic_fetch_add(&w->removed, 1) == 0);
	atomic_store(&w->silent, true);
	atomic_fetch_add(&removals, 1);
	if (!w->kept)
		free(w);
}

static int watcher_add(watcher *w, maiko_supervisor *sup)
{
	return maiko_monitor_add(sup, &(maiko_hooks){.any = watch}, w, &w->monitor);
}

TEST_WORKERS(between_a_pause_and_the_resume_no_hook_is_called)
{
	flow f;
	watcher w = {.kept = true};
	flow_begin(&f, workers);
	assert_int_equal(watcher_add(&w, f.sup), 0);
	for (int turn = 0; turn < TURNS; turn++) {
		ok(maiko_monitor_pause(w.monitor));
		atomic_store(&w.silent, true);
		uint64_t called = atomic_load(&w.called);
		if (turn % 2 == 1)
			ok(maiko_monitor_pause(w.monitor));
		flow_on();
		assert_int_equal(atomic_load(&w.called), called);
		atomic_store(&w.silent, false);
		ok(maiko_monitor_resume(w.monitor));
		if (turn % 2 == 1)
			ok(maiko_monitor_resume(w.monitor));
		test_wait_for(&w.called, called + 1);
	}
	ok(maiko_monitor_remove(w.monitor, removed));
	assert_int_equal(atomic_load(&w.removed), 1);
	flow_end(&f);
}

TEST_WORKERS(after_a_removal_no_hook_is_called_and_removed_was_once)
{
	static watcher all[TURNS];
	flow f;
	flow_begin(&f, workers);
	for (int turn = 0; turn < TURNS; turn++) {
		watcher *w = turn % 2 == 0 ? &all[turn] : calloc(1, sizeof *w);
		memset((void *)w, 0, sizeof *w);
		w->kept = turn % 2 == 0;
		assert_int_equal(watcher_add(w, f.sup), 0);
		if (turn % 3 != 0)
			test_wait_for(&w->called, 1);
		if (turn % 5 == 0)
			ok(maiko_monitor_pause(w->monitor));
		ok(maiko_monitor_remove(w->monitor, removed));
		assert_int_equal(atomic_load(&removals), turn + 1);
	}
	flow_on();
	flow_end(&f);
	for (int turn = 0; turn < TURNS; turn += 2)
		assert_int_equal(atomic_load(&all[turn].removed), 1);
}

/* ---- many at once --------------------------------------------------------------------------------- */

/* Adds and removes for ever so often, in one of a few manners. */
static void *come_and_go(void *arg)
{
	maiko_supervisor *sup = arg;
	for (int i = 0; i < EACH; i++) {
		watcher *w = calloc(1, sizeof *w);
		expect(watcher_add(w, sup) == 0);
		if (i % 3 == 1) {
			expect(maiko_monitor_pause(w->monitor) == 0);
			atomic_store(&w->silent, true);
			sched_yield();
			atomic_store(&w->silent, false);
			expect(maiko_monitor_resume(w->monitor) == 0);
		}
		if (i % 3 == 2)
			expect(maiko_monitor_pause(w->monitor) == 0);
		expect(maiko_monitor_remove(w->monitor, removed) == 0);
	}
	return NULL;
}

static void crowd_begin(pthread_t *threads, maiko_supervisor *sup)
{
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, sup), 0);
}

static void crowd_end(const pthread_t *threads)
{
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&removals), 120);
	assert_int_equal(test_wrong(), 0);
}

TEST_WORKERS(many_threads_add_and_remove_at_once)
{
	pthread_t threads[THREADS];
	flow f;
	flow_begin(&f, workers);
	crowd_begin(threads, f.sup);
	crowd_end(threads);
	flow_end(&f);
}

TEST_WORKERS(they_do_so_while_it_starts_and_while_it_stops)
{
	pthread_t threads[THREADS];
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, eater, "eater"));
	ok(maiko_add(sup, pump, "pump"));
	crowd_begin(threads, sup);
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, 100);
	test_stop(sup);
	crowd_end(threads);
	test_release(sup);
}

static void count(void *arg, const maiko_observation *observation) { atomic_fetch_add((_Atomic(uint64_t) *)arg, 1); }

static void *add_actors(void *arg)
{
	static _Atomic(uint64_t) last;
	for (int i = 0; i < EACH; i++) {
		char name[32];
		snprintf(name, sizeof name, "actor %llu", (unsigned long long)atomic_fetch_add(&last, 1));
		expect(maiko_add((maiko_supervisor *)arg, eater, name) == 0);
	}
	return NULL;
}

TEST_WORKERS(before_the_start_others_add_actors_meanwhile)
{
	pthread_t threads[THREADS], adders[4];
	_Atomic(uint64_t) added = 0;
	maiko_monitor *monitor;
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.added = count}, &added, &monitor));
	crowd_begin(threads, sup);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&adders[i], NULL, add_actors, sup), 0);
	ok(maiko_start(sup));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(adders[i], NULL), 0);
	crowd_end(threads);
	test_finish(sup);
	assert_int_equal(atomic_load(&added), 80);
}

/* ---- when ---------------------------------------------------------------------------------------------- */

TEST_WORKERS(nothing_waits_before_the_start_and_after_the_stop)
{
	watcher early = {.kept = true}, first = {.kept = true}, late = {.kept = true};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, eater, "eater"));
	assert_int_equal(watcher_add(&early, sup), 0);
	assert_int_equal(watcher_add(&first, sup), 0);
	ok(maiko_monitor_pause(early.monitor));
	ok(maiko_monitor_resume(early.monitor));
	ok(maiko_monitor_pause(early.monitor));
	assert_int_equal(atomic_load(&first.called), 0);
	ok(maiko_monitor_remove(first.monitor, removed));
	assert_int_equal(atomic_load(&first.removed), 1);
	atomic_store(&early.silent, true);
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&test_heard_events, 1);
	atomic_store(&early.silent, false);
	ok(maiko_monitor_resume(early.monitor));
	ok(maiko_send(sup, item, .n = 0));
	test_stop(sup);
	assert_true(atomic_load(&early.called) >= 4);
	atomic_store(&early.silent, true);
	ok(maiko_monitor_pause(early.monitor));
	ok(maiko_monitor_resume(early.monitor));
	assert_int_equal(watcher_add(&late, sup), 0);
	ok(maiko_monitor_remove(late.monitor, removed));
	ok(maiko_monitor_remove(early.monitor, removed));
	assert_int_equal(atomic_load(&early.removed), 1);
	assert_int_equal(atomic_load(&late.removed), 1);
	assert_int_equal(atomic_load(&late.called), 0);
	test_release(sup);
}

TEST_WORKERS(what_is_not_removed_goes_with_the_supervisor)
{
	watcher w = {.kept = true}, paused = {.kept = true};
	flow f;
	flow_begin(&f, workers);
	assert_int_equal(watcher_add(&w, f.sup), 0);
	assert_int_equal(watcher_add(&paused, f.sup), 0);
	ok(maiko_monitor_pause(paused.monitor));
	flow_on();
	flow_end(&f);
	assert_true(atomic_load(&w.called) > 0);
	assert_int_equal(atomic_load(&removals), 0);
	assert_int_equal(test_allocator_living(), 0);
}

static void *remove_from_elsewhere(void *arg)
{
	watcher *w = arg;
	expect(maiko_monitor_remove(w->monitor, removed) == 0);
	expect(atomic_load(&w->removed) == 1);
	return NULL;
}

static void run_until(uv_loop_t *loop, _Atomic(uint64_t) *value, uint64_t least)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	while (atomic_load(value) < least && uv_hrtime() < until)
		uv_run(loop, UV_RUN_NOWAIT);
	assert_true(atomic_load(value) >= least);
}

TEST_ONCE(embedded_the_loops_thread_does_not_wait)
{
	uv_loop_t loop;
	pthread_t thread;
	watcher w = {.kept = true}, other = {.kept = true};
	maiko_supervisor *sup = NULL;
	test_begin();
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	ok(maiko_add(sup, eater, "eater"));
	assert_int_equal(watcher_add(&other, sup), 0);
	ok(maiko_start(sup));
	assert_int_equal(watcher_add(&w, sup), 0);
	ok(maiko_send(sup, item, .n = 0));
	run_until(&loop, &w.called, 1);
	ok(maiko_monitor_remove(w.monitor, removed));
	returns(maiko_monitor_remove(w.monitor, removed), MAIKO_ESTATE);
	returns(maiko_monitor_pause(w.monitor), MAIKO_ESTATE);
	returns(maiko_monitor_resume(w.monitor), MAIKO_ESTATE);
	assert_int_equal(atomic_load(&w.removed), 0);
	run_until(&loop, &w.removed, 1);
	assert_int_equal(pthread_create(&thread, NULL, remove_from_elsewhere, &other), 0);
	run_until(&loop, &other.removed, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	uv_run(&loop, UV_RUN_DEFAULT);
	test_finish(sup);
	ok(uv_loop_close(&loop));
	assert_int_equal(test_wrong(), 0);
}

/* ---- two supervisors ------------------------------------------------------------------------------------------ */

PER_TEST _Atomic(uint64_t) additions, seen_of_other;

static void count_removal(void *arg)
{
	expect(arg == &seen_of_other);
	atomic_fetch_add(&removals, 1);
}

/* On a worker: nothing is waited for. */
static void watch_other(void *arg, const maiko_observation *observation)
{
	maiko_monitor *monitor = NULL;
	int rc = maiko_monitor_add((maiko_supervisor *)arg, &(maiko_hooks){.any = count}, &seen_of_other, &monitor);
	expect(rc == 0 || rc == MAIKO_E2BIG);
	atomic_fetch_add(&additions, rc == 0);
	if (rc == 0)
		expect(maiko_monitor_remove(monitor, count_removal) == 0);
}

TEST_WORKERS(a_hook_of_one_supervisor_watches_another)
{
	maiko_monitor *monitor;
	maiko_supervisor *sup = test_supervisor(workers), *other = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.handled = watch_other}, other, &monitor));
	ok(maiko_add(sup, eater, "eater"));
	ok(maiko_start(sup));
	ok(maiko_start(other));
	for (uint32_t n = 0; n < 100; n++)
		ok(maiko_send(sup, item, .n = n));
	test_finish(sup);
	test_finish(other);
	assert_true(atomic_load(&additions) > 0);
	assert_int_equal(atomic_load(&removals), atomic_load(&additions));
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
