/*
 * C14, C16: a watched descriptor that is closed, and of which a duplicate (dup, a forked child)
 * stays open and ready. The kernel then goes on telling that it is ready, under a number that is
 * over, or another's. The watch ends, its actor is told if it waits, no tick is due for it, and
 * the worker sleeps. And maiko_unwatch, which ends a watch before its descriptor is closed.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

typedef struct order {
	uint32_t what;
} order;
typedef struct knock {
	uint32_t n;
} knock;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(knocks);
MAIKO_EVENT(order, orders, what);
MAIKO_EVENT(knock, knocks, n);

PER_TEST _Atomic(uint64_t) ticks, bytes, done, errors, heard;
static _Atomic(int) last_code;

/* ---- the owner of a descriptor ---------------------------------------------------------- */

/* What it does when it is ordered to, or has read a byte. */
enum {
	REST = 1,        /* closes it, and its tick rests                                     */
	LATER,           /* ..., and comes again in a while                                   */
	LEAVE,           /* ..., and the actor ends                                           */
	REPLACE,         /* puts its spare in its place, under the same number                */
	CLOSE,           /* a handler closes it, while the tick waits                         */
	UNWATCH,         /* the same, with maiko_unwatch before                               */
	UNWATCH_AND_WAKE /* ... and the tick woken then, to watch the spare                   */
};

typedef struct owner {
	int fd, spare;
	uint32_t after_a_byte;
	uint64_t or_ms;
} owner;

static maiko_next owner_tick(owner *self, maiko_ctx *ctx)
{
	char byte;
	atomic_fetch_add(&ticks, 1);
	if (self->fd < 0)
		return maiko_never();
	ssize_t n = read(self->fd, &byte, 1);
	atomic_fetch_add(&bytes, n == 1);
	uint32_t what = n == 1 ? self->after_a_byte : 0;
	self->after_a_byte = n == 1 ? 0 : self->after_a_byte;
	if (what == REPLACE) {
		expect(dup2(self->spare, self->fd) == self->fd);
	} else if (what != 0) {
		close(self->fd);
		self->fd = -1;
		if (what == LEAVE)
			expect(maiko_stop_self(ctx) == 0);
		return what == LATER ? maiko_after_ms(3600000) : maiko_never();
	}
	return self->or_ms != 0 ? maiko_when_readable_or_ms(self->fd, self->or_ms) : maiko_when_readable(self->fd);
}

static int owner_on_order(owner *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->what == UNWATCH || ev->what == UNWATCH_AND_WAKE) {
		expect(maiko_unwatch(ctx) == 0);
		expect(maiko_unwatch(ctx) == 0);
	}
	if (self->fd >= 0)
		close(self->fd);
	if (ev->what == UNWATCH_AND_WAKE) {
		self->fd = self->spare;
		expect(maiko_wake_tick(ctx) == 0);
	}
	atomic_fetch_add(&done, 1);
	return 0;
}

/* Forgives, and has nothing to watch any more: else the tick would ask again. */
static int owner_on_error(owner *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->phase == MAIKO_PHASE_TICK);
	expect(maiko_unwatch(ctx) == 0);
	self->fd = -1;
	atomic_store(&last_code, error->code);
	atomic_fetch_add(&errors, 1);
	return 0;
}
MAIKO_ACTOR(owner, MAIKO_TICK(owner_tick), MAIKO_ON(order, owner_on_order), MAIKO_ON_ERROR(owner_on_error));

/* ---- another, on the same worker, whose watch goes on -------------------------------------- */

typedef struct neighbour {
	int fd;
} neighbour;
static maiko_next neighbour_tick(neighbour *self, maiko_ctx *ctx)
{
	char byte;
	while (read(self->fd, &byte, 1) == 1)
		atomic_fetch_add(&heard, 1);
	return maiko_when_readable(self->fd);
}
MAIKO_ACTOR(neighbour, MAIKO_TICK(neighbour_tick));

/* ---- a scene ---------------------------------------------------------------------------------- */

typedef struct scene {
	maiko_supervisor *sup;
	int watched[2], spare[2], neighbours[2];
	uint64_t knocks;
} scene;

static void pipe_new(int fds[2]) { assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0); }

/* On the first worker; the tick of its owner waits. */
static scene scene_new(uint32_t workers, owner init)
{
	scene s = {.sup = test_supervisor(workers)};
	test_begin();
	pipe_new(s.watched);
	pipe_new(s.spare);
	pipe_new(s.neighbours);
	init.fd = s.watched[0];
	init.spare = s.spare[0];
	ok(maiko_add(s.sup, owner, "owner", .init = &init, .worker = 1));
	ok(maiko_add(s.sup, neighbour, "neighbour", .init = &(neighbour){.fd = s.neighbours[0]}, .worker = 1));
	ok(maiko_start(s.sup));
	test_wait_for(&ticks, 1);
	return s;
}

/* The worker looks at its descriptors, and those that go on are heard of. */
static void knock_at(scene *s)
{
	assert_int_equal(write(s->neighbours[1], "k", 1), 1);
	test_wait_for(&heard, ++s->knocks);
}

/* Whether all other threads sleep. */
static bool all_sleep(void)
{
	DIR *dir = opendir("/proc/self/task");
	bool all = dir != NULL;
	for (const struct dirent *e; all && (e = readdir(dir)) != NULL;) {
		char path[300], text[200] = "";
		if (e->d_name[0] == '.' || atol(e->d_name) == syscall(SYS_gettid))
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%s/stat", e->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		const char *state = fd >= 0 && read(fd, text, sizeof text - 1) > 0 ? strrchr(text, ')') : NULL;
		all = state == NULL || state[2] == 'S'; /* or it has gone */
		if (fd >= 0)
			close(fd);
	}
	closedir(dir);
	return all;
}

/* A thread that is busy in vain does not sleep so many times in a row that it is looked at. */
static void expect_sleep(void)
{
	enum { LOOKS = 50 };
	uint64_t until = uv_hrtime() + UINT64_C(300000000000);
	for (int asleep = 0; asleep < LOOKS;) {
		asleep = all_sleep() ? asleep + 1 : 0;
		assert_true(uv_hrtime() < until);
		sched_yield();
	}
}

/* Nothing is due any more, and the neighbour is heard of as before. */
static void scene_end(scene *s)
{
	knock_at(s);
	expect_sleep();
	uint64_t ticked = atomic_load(&ticks);
	for (int i = 0; i < 20; i++)
		knock_at(s);
	expect_sleep();
	assert_int_equal(atomic_load(&ticks), ticked);
	assert_int_equal(test_wrong(), 0);
	test_finish(s->sup);
	close(s->watched[1]);
	close(s->spare[0]);
	close(s->spare[1]);
	close(s->neighbours[0]);
	close(s->neighbours[1]);
}

/* ---- closed by the tick itself ------------------------------------------------------------------ */

static void closes_in_its_tick(uint32_t workers, uint32_t what)
{
	scene s = scene_new(workers, (owner){.after_a_byte = what});
	int duplicate = dup(s.watched[0]);
	assert_int_equal(write(s.watched[1], "abc", 3), 3); /* one of them is read */
	test_wait_for(&bytes, 1);
	scene_end(&s);
	assert_int_equal(atomic_load(&errors), 0);
	close(duplicate);
}

TEST_WORKERS(what_a_tick_closes_is_forgotten_though_a_duplicate_is_ready)
{
	closes_in_its_tick(workers, REST);
	closes_in_its_tick(workers, LATER);
	closes_in_its_tick(workers, LEAVE);
}

TEST_WORKERS(a_number_is_watched_anew_though_a_duplicate_of_the_old_is_ready)
{
	scene s = scene_new(workers, (owner){.after_a_byte = REPLACE});
	int duplicate = dup(s.watched[0]);
	assert_int_equal(write(s.watched[1], "abc", 3), 3);
	test_wait_for(&bytes, 1);
	expect_sleep();
	assert_int_equal(write(s.spare[1], "x", 1), 1);
	test_wait_for(&bytes, 2);
	scene_end(&s);
	assert_int_equal(atomic_load(&errors), 0);
	close(duplicate);
	close(s.watched[0]);
}

/* ---- closed by a handler, while the tick waits ---------------------------------------------------- */

static void closes_while_the_tick_waits(uint32_t workers, const char *text)
{
	scene s = scene_new(workers, (owner){.spare = -1});
	int duplicate = dup(s.watched[0]);
	expect_sleep();
	ok(maiko_send(s.sup, order, .what = CLOSE));
	test_wait_for(&done, 1);
	if (text[0] != '\0')
		assert_int_equal(write(s.watched[1], text, strlen(text)), (ssize_t)strlen(text));
	test_wait_for(&errors, 1);
	assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
	scene_end(&s);
	assert_int_equal(atomic_load(&bytes), 0);
	close(duplicate);
}

TEST_WORKERS(a_tick_that_waits_for_what_a_handler_closes_hears_of_it)
{
	closes_while_the_tick_waits(workers, "");
	closes_while_the_tick_waits(workers, "abc");
}

TEST_WORKERS(a_forked_child_that_has_it_open_makes_no_difference)
{
	int until[2];
	pipe_new(until);
	scene s = scene_new(workers, (owner){.spare = -1});
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char byte;
		close(until[1]);
		fcntl(until[0], F_SETFL, 0);
		_exit(read(until[0], &byte, 1) == 0 ? 0 : 1); /* its end */
	}
	ok(maiko_send(s.sup, order, .what = CLOSE));
	assert_int_equal(write(s.watched[1], "abc", 3), 3);
	test_wait_for(&errors, 1);
	assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
	scene_end(&s);
	close(until[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(until[0]);
}

/* Against the rules, by another thread: it is noticed when there is something to read. */
TEST_WORKERS(a_tick_hears_of_what_another_thread_has_closed)
{
	scene s = scene_new(workers, (owner){.spare = -1});
	int duplicate = dup(s.watched[0]);
	expect_sleep();
	syscall(SYS_close, s.watched[0]); /* not by close: a thread sanitizer would tell, rightly */
	assert_int_equal(write(s.watched[1], "abc", 3), 3);
	test_wait_for(&errors, 1);
	assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
	scene_end(&s);
	assert_int_equal(atomic_load(&bytes), 0);
	close(duplicate);
}

/* ---- maiko_unwatch --------------------------------------------------------------------------------- */

static void unwatches(uint32_t workers, owner init)
{
	scene s = scene_new(workers, init);
	int duplicate = dup(s.watched[0]);
	expect_sleep();
	ok(maiko_send(s.sup, order, .what = UNWATCH));
	test_wait_for(&done, 1);
	assert_int_equal(write(s.watched[1], "abc", 3), 3);
	scene_end(&s);
	assert_int_equal(atomic_load(&ticks), 1);
	assert_int_equal(atomic_load(&errors), 0);
	close(duplicate);
}

TEST_WORKERS(after_unwatch_the_tick_rests)
{
	unwatches(workers, (owner){.fd = -1});
	unwatches(workers, (owner){.or_ms = 3600000});
}

TEST_WORKERS(after_unwatch_the_tick_can_be_woken_and_watch_another)
{
	scene s = scene_new(workers, (owner){.fd = -1});
	expect_sleep();
	ok(maiko_send(s.sup, order, .what = UNWATCH_AND_WAKE));
	test_wait_for(&ticks, 2);
	assert_int_equal(write(s.spare[1], "x", 1), 1);
	test_wait_for(&bytes, 1);
	scene_end(&s);
	assert_int_equal(atomic_load(&errors), 0);
}

/* ---- for whom there is nothing to end --------------------------------------------------------------- */

typedef struct timed {
	bool again;
} timed;
static maiko_next timed_tick(timed *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	expect(maiko_unwatch(ctx) == 0);
	if (self->again)
		return maiko_never();
	self->again = true;
	return maiko_after_ms(10);
}
static int timed_on_knock(timed *self, const knock *ev, maiko_ctx *ctx)
{
	expect(maiko_unwatch(ctx) == 0);
	return 0;
}
MAIKO_ACTOR(timed, MAIKO_TICK(timed_tick), MAIKO_ON(knock, timed_on_knock));

typedef struct plain {
	int unused;
} plain;
static int plain_on_knock(plain *self, const knock *ev, maiko_ctx *ctx)
{
	expect(maiko_unwatch(ctx) == MAIKO_EINVAL);
	return 0;
}
MAIKO_ACTOR(plain, MAIKO_ON(knock, plain_on_knock));

TEST_SIM(unwatch_leaves_a_tick_that_waits_for_something_else)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, timed, "timed"));
	ok(maiko_add(sup, plain, "plain"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, knock, .n = 0));
	test_wait_for(&ticks, 2);
	test_finish(sup);
	assert_int_equal(atomic_load(&ticks), 2);
	returns(maiko_unwatch(NULL), MAIKO_EINVAL);
}
