/*
 * C15, C16: what calls about monitors refuse: bad arguments, too many, no memory, and all of
 * them once a stop has given up a callback that does not return.
 */
#include "support.h"

#include <pthread.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) removals;

TEST_LISTENER(eater, item);

typedef struct watcher {
	maiko_monitor *monitor;
	_Atomic(uint64_t) called, removed;
	_Atomic(bool) silent; /* no hook may be called */
} watcher;

static void watch(void *arg, const maiko_observation *observation)
{
	watcher *w = arg;
	expect(!atomic_load(&w->silent));
	atomic_fetch_add(&w->called, 1);
}

static void removed(void *arg)
{
	expect(atomic_fetch_add(&((watcher *)arg)->removed, 1) == 0);
	atomic_fetch_add(&removals, 1);
}

static int watcher_add(watcher *w, maiko_supervisor *sup)
{
	*w = (watcher){0};
	return maiko_monitor_add(sup, &(maiko_hooks){.any = watch}, w, &w->monitor);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

TEST_ONCE(bad_arguments_are_refused)
{
	static const maiko_hooks none;
	int place;
	const maiko_hooks some = {.any = watch};
	maiko_monitor *const untouched = (maiko_monitor *)(void *)&place;
	maiko_monitor *monitor = untouched;
	maiko_supervisor *sup = test_supervisor(1);
	returns(maiko_monitor_add(NULL, &some, NULL, &monitor), MAIKO_EINVAL);
	returns(maiko_monitor_add(sup, NULL, NULL, &monitor), MAIKO_EINVAL);
	returns(maiko_monitor_add(sup, &none, NULL, &monitor), MAIKO_EINVAL);
	returns(maiko_monitor_add(sup, &some, NULL, NULL), MAIKO_EINVAL);
	assert_ptr_equal(monitor, untouched);
	returns(maiko_monitor_pause(NULL), MAIKO_EINVAL);
	returns(maiko_monitor_resume(NULL), MAIKO_EINVAL);
	returns(maiko_monitor_remove(NULL, removed), MAIKO_EINVAL);
	test_finish(sup);
}

/* With sixteen of them, no more; one less, one more. */
static void fill(maiko_supervisor *sup, watcher *all)
{
	maiko_monitor *one_more = NULL;
	for (int i = 0; i < 16; i++) {
		assert_int_equal(watcher_add(&all[i], sup), 0);
	}
	returns(maiko_monitor_add(sup, &(maiko_hooks){.any = watch}, &all[0], &one_more), MAIKO_E2BIG);
	assert_null(one_more);
	ok(maiko_monitor_remove(all[7].monitor, removed));
	assert_int_equal(watcher_add(&all[7], sup), 0);
	returns(maiko_monitor_add(sup, &(maiko_hooks){.any = watch}, &all[0], &one_more), MAIKO_E2BIG);
}

static void empty(watcher *all)
{
	for (int i = 15; i >= 0; i -= 2)
		ok(maiko_monitor_remove(all[i].monitor, NULL));
	for (int i = 0; i < 16; i += 2)
		ok(maiko_monitor_remove(all[i].monitor, removed));
}

TEST_WORKERS(there_are_sixteen_at_the_most)
{
	static watcher all[16];
	assert_int_equal(MAIKO_MONITORS_MAX, 16);
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, eater, "eater"));
	fill(sup, all);
	empty(all);
	ok(maiko_start(sup));
	fill(sup, all);
	ok(maiko_send(sup, item, .n = 0));
	for (int i = 0; i < 16; i++)
		test_wait_for(&all[i].called, 3); /* dispatched, delivered, handled */
	empty(all);
	test_stop(sup);
	fill(sup, all);
	empty(all);
	assert_int_equal(atomic_load(&removals), 27);
	test_release(sup);
}

TEST_WORKERS(without_memory_all_stays_as_it_was)
{
	watcher w = {0};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, eater, "eater"));
	ok(maiko_start(sup));
	uint64_t n = 0;
	int rc;
	do {
		test_allocator_fail_at(n++, true);
		rc = watcher_add(&w, sup);
		test_allocator_fail_never();
		assert_true(rc == 0 || (rc == MAIKO_ENOMEM && w.monitor == NULL));
	} while (rc != 0);
	assert_int_equal(n, 3); /* the monitor, the request */
	test_allocator_fail_at(0, true);
	returns(maiko_monitor_pause(w.monitor), MAIKO_ENOMEM);
	returns(maiko_monitor_remove(w.monitor, removed), MAIKO_ENOMEM);
	test_allocator_fail_never();
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&w.called, 3); /* dispatched, delivered, handled */
	ok(maiko_monitor_pause(w.monitor));
	test_allocator_fail_at(0, true);
	returns(maiko_monitor_resume(w.monitor), MAIKO_ENOMEM);
	test_allocator_fail_never();
	atomic_store(&w.silent, true);
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&test_heard_events, 2);
	ok(maiko_monitor_remove(w.monitor, removed));
	test_finish(sup);
	assert_int_equal(atomic_load(&w.removed), 1);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- a callback that does not return ---------------------------------------------------------------------- */

static maiko_supervisor *abandoned[16]; /* so that it does not count as leaked */
static watcher abandoned_watchers[16];
static size_t abandoned_count;
static uv_sem_t stuck_gate;
static _Atomic(uint64_t) stuck, returned;

typedef struct blocker {
	int unused;
} blocker;
static int blocker_on_item(blocker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&stuck, 1);
	uv_sem_wait(&stuck_gate);
	atomic_fetch_add(&returned, 1);
	return 0;
}
MAIKO_ACTOR(blocker, MAIKO_ON(item, blocker_on_item));

static maiko_supervisor *with_stuck(watcher *w, uint32_t workers)
{
	uint64_t before = atomic_load(&stuck);
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, blocker, "stuck", .worker = workers));
	assert_int_equal(watcher_add(w, sup), 0);
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&stuck, before + 1);
	return sup;
}

/* Its handler may yet return, and that be told. */
TEST_WORKERS(once_a_callback_was_given_up_nothing_is_removed)
{
	watcher *w = &abandoned_watchers[abandoned_count];
	maiko_monitor *other = NULL;
	maiko_supervisor *sup = with_stuck(w, workers);
	returns(maiko_stop(sup, &(maiko_stop_options){.now = true}), MAIKO_ETIMEDOUT);
	returns(maiko_monitor_pause(w->monitor), MAIKO_ETIMEDOUT);
	returns(maiko_monitor_resume(w->monitor), MAIKO_ETIMEDOUT);
	returns(maiko_monitor_remove(w->monitor, removed), MAIKO_ETIMEDOUT);
	returns(maiko_monitor_add(sup, &(maiko_hooks){.any = watch}, w, &other), MAIKO_ETIMEDOUT);
	assert_null(other);
	assert_int_equal(atomic_load(&w->removed), 0);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

typedef struct remover {
	watcher *w;
	_Atomic(uint64_t) about, done;
	int rc;
} remover;

static void *remove_and_note(void *arg)
{
	remover *r = arg;
	atomic_store(&r->about, 1);
	r->rc = maiko_monitor_remove(r->w->monitor, removed);
	atomic_store(&r->done, 1);
	return NULL;
}

TEST_ONCE(nor_if_the_removal_was_under_way)
{
	watcher *w = &abandoned_watchers[abandoned_count];
	remover r = {.w = w};
	pthread_t thread;
	maiko_supervisor *sup = with_stuck(w, 2);
	assert_int_equal(pthread_create(&thread, NULL, remove_and_note, &r), 0);
	test_wait_for(&r.about, 1);
	returns(maiko_stop(sup, &(maiko_stop_options){.now = true}), MAIKO_ETIMEDOUT);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(r.rc, MAIKO_ETIMEDOUT);
	assert_int_equal(atomic_load(&w->removed), 0);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

/* A thread that does not return cannot be joined. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "report_thread_leaks=0"; }

static int prepare(void **state)
{
	test_allocator_install();
	return uv_sem_init(&stuck_gate, 0);
}

static int release_the_stuck(void **state)
{
	for (size_t i = 0; i < abandoned_count; i++)
		uv_sem_post(&stuck_gate);
	test_wait_for(&returned, abandoned_count);
	return 0;
}

int main(void) { return test_main_with(prepare, release_the_stuck); }
