/*
 * An actor that waits for a descriptor moves between workers, and its watch with it: nothing that arrives meanwhile is
 * missed, and a descriptor that is closed meanwhile is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

PER_TEST _Atomic(uint64_t) bytes, closed, timeouts;

typedef struct reader {
	int fd;
	uint64_t or_ms;
} reader;
static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char some[16];
	ssize_t n;
	(void)ctx;
	while ((n = read(self->fd, some, sizeof some)) > 0)
		atomic_fetch_add(&bytes, (uint64_t)n);
	if (self->or_ms == 0)
		return maiko_when_readable(self->fd);
	atomic_fetch_add(&timeouts, 1);
	return maiko_when_readable_or_ms(self->fd, self->or_ms);
}
static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	expect(error->code == MAIKO_EBADF && error->phase == MAIKO_PHASE_TICK);
	atomic_fetch_add(&closed, 1);
	return error->code; /* it ends: it is temporary */
}
MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick), MAIKO_ON_ERROR(reader_on_error));

static int far, near;
static maiko_actor_id id;

static maiko_supervisor *with_reader(uint32_t workers, uint64_t or_ms)
{
	int ends[2];
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	near = ends[0];
	far = ends[1];
	ok(maiko_add(sup, reader, "reader", .init = &(reader){.fd = near, .or_ms = or_ms}, .ret_id = &id,
		     .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	return sup;
}

static void finish(maiko_supervisor *sup)
{
	test_finish(sup);
	close(far);
}

/* A change of another kind may be under way, or a callback. */
static void move(maiko_supervisor *sup, uint32_t to)
{
	int rc;
	while ((rc = maiko_move(sup, id, to)) == MAIKO_EBUSY)
		;
	ok(rc);
}

static void write_one(void) { assert_int_equal(write(far, "x", 1), 1); }

TEST_WORKERS(what_arrives_before_and_after_a_move_is_read)
{
	enum { MOVES = 40 };
	maiko_supervisor *sup = with_reader(workers, 0);
	for (uint32_t i = 1; i <= MOVES; i++) {
		write_one();
		move(sup, i % workers + 1);
		write_one();
		test_wait_for(&bytes, i * 2);
	}
	finish(sup);
	close(near);
}

static void write_many(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < 2000; i++)
		while (write(far, "x", 1) != 1)
			;
}

TEST_WORKERS(what_arrives_during_moves_is_read)
{
	maiko_supervisor *sup = with_reader(workers, 0);
	uv_thread_t writer;
	assert_int_equal(uv_thread_create(&writer, write_many, NULL), 0);
	for (uint32_t i = 1; atomic_load(&bytes) < 2000; i++)
		move(sup, i % workers + 1);
	uv_thread_join(&writer);
	finish(sup);
	close(near);
}

TEST_WORKERS(a_wait_with_a_timeout_goes_on_after_a_move)
{
	maiko_supervisor *sup = with_reader(workers, 1);
	for (uint32_t i = 1; i <= 10; i++) {
		uint64_t before = atomic_load(&timeouts);
		move(sup, i % workers + 1);
		test_wait_for(&timeouts, before + 3);
		write_one();
		test_wait_for(&bytes, i);
	}
	finish(sup);
	close(near);
}

TEST_WORKERS(a_descriptor_that_was_closed_is_told_by_the_new_worker)
{
	maiko_supervisor *sup = with_reader(workers, 0);
	write_one();
	test_wait_for(&bytes, 1); /* so it watches */
	move(sup, workers);       /* which opens what it needs for that; later it could get the closed number */
	move(sup, 1);
	write_one();
	test_wait_for(&bytes, 2);
	assert_int_equal(syscall(SYS_close, near), 0); /* ThreadSanitizer takes a close for a write to what is read */
	if (workers > 1) {                             /* else nothing makes the only one look */
		int rc;
		while ((rc = maiko_move(sup, id, workers)) == MAIKO_EBUSY)
			;
		assert_true(rc == 0 || rc == MAIKO_ENOENT /* it was told before */);
		test_wait_for(&closed, 1);
	}
	finish(sup);
}
