/*
 * C20: a callback that ends, and another that begins, while the library decides that it has run too long; and members
 * of a group that do not stop, on the caller's loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

enum { NS_PER_MS = 1000000, STUCK_MS = 20, AHEAD = 16 };

PER_TEST _Atomic(uint64_t) reports, entered, entered_ns, left, due, met, threads, lives, ended;

static void count_report(void *arg, const maiko_observation *o) { atomic_fetch_add(&reports, 1); }

static maiko_supervisor *observed(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	ok(maiko_monitor_add(sup, &(maiko_hooks){.stuck = count_report}, NULL, &monitor));
	return sup;
}

/* ---- a callback ends while it is looked at ------------------------------------------------------- */

/*
 * The library reads the state of a thread that it has seen in the same callback twice: it opens this file with the
 * program's own `open`. There the callback ends, and the next one of that actor begins.
 */
static const char states[] = "/proc/self/task/";

static uv_sem_t gate;
static uint64_t first_met; /* the callback that was met last, and was not due; of the thread that looks */

static bool sleeps(const char *state)
{
	char text[256] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, state, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof text - 1);
	(void)close(fd);
	const char *name_end = size > 0 ? strrchr(text, ')') : NULL;
	return name_end != NULL && strncmp(name_end, ") S", 3) == 0;
}

/* The first time it makes sure that the callback is due the next time, if it is not so already. */
static void meet(const char *state)
{
	uint64_t call = atomic_load(&left) + 1, now_ns = test_now_ns();
	if (call != first_met && now_ns - atomic_load(&entered_ns) < STUCK_MS * NS_PER_MS) {
		first_met = call;
		while (test_now_ns() - now_ns < 2 * STUCK_MS * NS_PER_MS)
			(void)sched_yield();
		return;
	}
	atomic_fetch_add(&due, call == first_met);
	uv_sem_post(&gate);
	while (atomic_load(&entered) <= call || !sleeps(state))
		(void)sched_yield();
}

static int open_and_meet(const char *path, int flags, int mode)
{
	if (atomic_load(&met) != 0 && strncmp(path, states, sizeof states - 1) == 0)
		meet(path);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open_replaced(const char *path, int flags, int mode) __asm__("open");
int open_replaced(const char *path, int flags, int mode) { return open_and_meet(path, flags, mode); }
int open64_replaced(const char *path, int flags, int mode) __asm__("open64");
int open64_replaced(const char *path, int flags, int mode) { return open_and_meet(path, flags, mode); }

typedef struct stayer {
	uint32_t unused;
} stayer;
static int stayer_on_item(stayer *self, const item *ev, maiko_ctx *ctx)
{
	atomic_store(&entered_ns, test_now_ns());
	atomic_fetch_add(&entered, 1);
	if (atomic_load(&ended) == 0)
		uv_sem_wait(&gate);
	atomic_fetch_add(&left, 1);
	return 0;
}
MAIKO_ACTOR(stayer, MAIKO_ON(item, stayer_on_item));

TEST_ONCE(a_callback_that_ends_just_when_it_is_due_is_not_reported_nor_is_the_next)
{
	maiko_supervisor *sup = observed(test_supervisor(1));
	first_met = 0;
	ok(uv_sem_init(&gate, 0));
	ok(maiko_add(sup, stayer, "stayer", .stuck_ms = STUCK_MS));
	ok(maiko_start(sup));
	atomic_store(&met, 1);
	for (uint32_t n = 1; atomic_load(&due) < 2; n++) { /* when the second is, the first would have been reported */
		if (n > AHEAD)
			test_wait_for(&entered, n - AHEAD);
		ok(maiko_send(sup, item, .n = n));
	}
	assert_int_equal(atomic_load(&reports), 0);
	atomic_store(&ended, 1);
	atomic_store(&met, 0);
	uv_sem_post(&gate);
	(void)test_finish(sup);
	uv_sem_destroy(&gate);
}

/* ---- members that do not stop, on the caller's loop ------------------------------------------------ */

static uint64_t thread_count(void)
{
	uint64_t count = 0;
	DIR *tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	for (const struct dirent *task; (task = readdir(tasks)) != NULL;)
		count += task->d_name[0] != '.';
	(void)closedir(tasks);
	return count;
}

typedef struct fragile {
	uint32_t unused;
} fragile;
static int fragile_on_start(fragile *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&lives, 1);
	return 0;
}
static int fragile_on_item(fragile *self, const item *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(fragile, MAIKO_ON_START(fragile_on_start), MAIKO_ON(item, fragile_on_item));

/* Stops when it was reported, or at once. */
typedef struct lingering {
	uint64_t until;
} lingering;
static int lingering_on_stop(lingering *self, maiko_ctx *ctx)
{
	atomic_store(&threads, thread_count());
	while (atomic_load(&reports) < self->until)
		(void)sched_yield();
	return 0;
}
MAIKO_ACTOR(lingering, MAIKO_ON_STOP(lingering_on_stop));

static maiko_supervisor *on_a_loop(uv_loop_t *loop, uint64_t until)
{
	maiko_supervisor *sup;
	maiko_group_id group;
	ok(uv_loop_init(loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = loop}));
	ok(maiko_group(sup, "devices", .strategy = MAIKO_ONE_FOR_ALL, .stop_ms = 1, .ret_id = &group));
	ok(maiko_add(sup, fragile, "fragile", .group = group, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_add(sup, lingering, "lingering", .group = group, .init = &(lingering){until}));
	return observed(sup);
}

TEST_ONCE(on_the_callers_loop_no_thread_is_made_that_nobody_has_asked_for)
{
	uv_loop_t loop;
	maiko_supervisor *sup = on_a_loop(&loop, 0);
	uint64_t before = thread_count();
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_run_loop(&loop, &lives, 2);
	assert_int_equal(atomic_load(&threads), before);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	(void)test_finish(sup);
	ok(uv_loop_close(&loop));
}

TEST_ONCE(on_the_callers_loop_an_actor_with_stuck_ms_limits_the_time_to_stop)
{
	uv_loop_t loop;
	maiko_supervisor *sup = on_a_loop(&loop, 1);
	ok(maiko_add(sup, stayer, "stayer", .stuck_ms = MAIKO_NEXT_MS_MAX, .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&reports), 1);
	(void)test_stop_with(sup, MAIKO_ETIMEDOUT);
	test_release(sup);
	ok(uv_loop_close(&loop));
}
