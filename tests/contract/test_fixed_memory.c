/*
 * Memory in one block: a program on the caller's loop takes none from malloc, from its first
 * call to its last. And once it has warmed up it takes none at all in a steady course: events,
 * ticks, delayed events, cancelled ones, events dropped for newer ones, replaced by them or
 * kept, a descriptor that is read.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { WARM = 50, ROUNDS = 300, BURST = 50, ROOM = 8, HOPS = 300, BLOCK = 256 << 10 };

/* ---- malloc, counted ---------------------------------------------------------------- */

static _Atomic(uint64_t) from_malloc, from_libuv;

/* A sanitizer has a malloc of its own in place of the C library's; and only glibc has a second
 * name for its own. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || !defined __GLIBC__
#define COUNTS_MALLOC false
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTS_MALLOC false
#endif
#endif

#ifdef COUNTS_MALLOC
#define real_malloc malloc
#define real_calloc calloc
#define real_realloc realloc
#define real_free free
#else
#define COUNTS_MALLOC true
#define real_malloc __libc_malloc
#define real_calloc __libc_calloc
#define real_realloc __libc_realloc
#define real_free __libc_free
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *memory);

/* In place of the C library's, for all of this process. */
static void count_malloc(void) { atomic_fetch_add(&from_malloc, 1); }
void *malloc(size_t size) { return count_malloc(), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return count_malloc(), __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return count_malloc(), __libc_realloc(memory, size); }
void *aligned_alloc(size_t align, size_t size) { return count_malloc(), __libc_memalign(align, size); }
int posix_memalign(void **ret_memory, size_t align, size_t size)
{
	count_malloc();
	*ret_memory = __libc_memalign(align, size);
	return 0;
}
void free(void *memory) { __libc_free(memory); }
#endif

/* libuv has hooks of its own, so that what it takes is told apart. */
static void *uv_malloc(size_t size) { return atomic_fetch_add(&from_libuv, 1), real_malloc(size); }
static void *uv_calloc(size_t count, size_t size) { return atomic_fetch_add(&from_libuv, 1), real_calloc(count, size); }
static void *uv_realloc(void *memory, size_t size)
{
	return atomic_fetch_add(&from_libuv, 1), real_realloc(memory, size);
}
static void uv_free(void *memory) { real_free(memory); }

/* ---- a program with a steady course ----------------------------------------------------- */

typedef struct order {
	uint32_t n;
	char text[100];
} order;
typedef struct sample {
	uint32_t n;
} sample;
typedef struct level {
	uint32_t n;
} level;
typedef struct ball {
	uint32_t hops;
} ball;
MAIKO_TOPIC(orders);
MAIKO_TOPIC(samples, .overflow = MAIKO_DROP_OLDEST);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST);
MAIKO_TOPIC(court);
MAIKO_TOPIC(reminders);
MAIKO_EVENT(order, orders, n, text);
MAIKO_EVENT(sample, samples, n);
MAIKO_EVENT(level, levels, n);
MAIKO_EVENT(ball, court, hops);
MAIKO_SIGNAL(reminder, reminders);

static struct {
	uint64_t orders, samples, levels, hops, reminders, mutes, bytes;
	uint64_t malloc_before, libuv_before, hooks_before;
	uint64_t malloc_after, libuv_after, hooks_after;
} seen;

typedef struct player {
	int unused;
} player;
static int player_on_ball(player *self, const ball *ev, maiko_ctx *ctx)
{
	seen.hops++;
	return ev->hops < HOPS ? maiko_send(ctx, ball, .hops = ev->hops + 1) : 0;
}
MAIKO_ACTOR(player, MAIKO_ON(ball, player_on_ball));

typedef struct sink {
	uint32_t ticks;
	const level *kept;
} sink;
static int sink_on_order(sink *self, const order *ev, maiko_ctx *ctx)
{
	seen.orders += strcmp(ev->text, "to be done") == 0;
	return 0;
}
static int sink_on_sample(sink *self, const sample *ev, maiko_ctx *ctx)
{
	seen.samples += ev->n >= BURST - ROOM; /* the others have made room for these */
	return 0;
}
static int sink_on_level(sink *self, const level *ev, maiko_ctx *ctx)
{
	seen.levels += ev->n == BURST - 1; /* in the place of the others */
	int rc = self->kept == NULL ? 0 : maiko_release(ctx, self->kept);
	self->kept = ev;
	return rc == 0 ? maiko_keep(ctx, ev) : rc;
}
static int sink_on_reminder(sink *self, const reminder *ev, maiko_ctx *ctx)
{
	seen.reminders++;
	return maiko_wake_tick(ctx);
}
static maiko_next sink_tick(sink *self, maiko_ctx *ctx)
{
	self->ticks++;
	return maiko_after_events();
}
MAIKO_ACTOR(sink, MAIKO_ON(order, sink_on_order), MAIKO_ON(sample, sink_on_sample), MAIKO_ON(level, sink_on_level),
	    MAIKO_ON(reminder, sink_on_reminder), MAIKO_TICK(sink_tick));

/* Reads from a pipe, for which it always waits: one that waits for something else between
 * gives the watch back. */
static int pipe_ends[2];
typedef struct reader {
	int unused;
} reader;
static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char byte;
	seen.bytes += read(pipe_ends[0], &byte, 1) == 1;
	return maiko_when_readable_or_ms(pipe_ends[0], 5);
}
MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick));

typedef struct driver {
	uint32_t rounds;
} driver;

static int send_a_round(maiko_ctx *ctx)
{
	maiko_delayed never;
	int rc = maiko_send(ctx, ball);
	for (uint32_t n = 0; rc == 0 && n < BURST; n++) {
		rc = maiko_send(ctx, order, .n = n, .text = "to be done");
		if (rc == 0)
			rc = maiko_send(ctx, sample, .n = n);
		if (rc == 0)
			rc = maiko_send(ctx, level, .n = n);
	}
	seen.mutes += maiko_is_congested(ctx);
	if (rc == 0)
		rc = maiko_send_after_ms(ctx, 1, NULL, reminder);
	if (rc == 0)
		rc = maiko_send_after_ms(ctx, 1000, &never, reminder);
	return rc == 0 ? maiko_cancel(ctx, never) : rc;
}

/* How often a ball is hit until the round is over: one is served, both answer, two fly. */
enum { RALLY = 2 * (HOPS + 1) };

static maiko_next driver_tick(driver *self, maiko_ctx *ctx)
{
	if (seen.hops < (uint64_t)self->rounds * RALLY)
		return maiko_after_ms(1); /* a slow machine: as much is to be on its way in each round */
	if (self->rounds == WARM) {
		seen.malloc_before = atomic_load(&from_malloc);
		seen.libuv_before = atomic_load(&from_libuv);
		seen.hooks_before = test_allocator_count();
	}
	if (self->rounds == WARM + ROUNDS) {
		seen.malloc_after = atomic_load(&from_malloc);
		seen.libuv_after = atomic_load(&from_libuv);
		seen.hooks_after = test_allocator_count();
		int rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	self->rounds++;
	int rc = send_a_round(ctx);
	if (write(pipe_ends[1], "x", 1) != 1)
		return maiko_failed(UV_EIO);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(1);
}
MAIKO_ACTOR(driver, MAIKO_TICK(driver_tick));

/* From the first call to the last; 0 if all went well. With little room for orders, their
 * sender is muted once a round. */
static int run_program(uv_loop_t *loop, uint32_t room)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.loop = loop});
	if (rc == 0)
		rc = maiko_add(sup, sink, "sink one", .mailbox = room, .topics = MAIKO_TOPICS(orders));
	if (rc == 0)
		rc = maiko_add(sup, sink, "sink two", .mailbox = ROOM, .topics = MAIKO_TOPICS(samples));
	if (rc == 0)
		rc = maiko_add(sup, sink, "sink three", .mailbox = ROOM, .topics = MAIKO_TOPICS(levels, reminders));
	if (rc == 0)
		rc = maiko_add(sup, player, "player one");
	if (rc == 0)
		rc = maiko_add(sup, player, "player two");
	if (rc == 0)
		rc = maiko_add(sup, reader, "reader");
	if (rc == 0)
		rc = maiko_add(sup, driver, "driver");
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = uv_run(loop, UV_RUN_DEFAULT);
	maiko_supervisor_free(sup);
	return rc;
}

/* All of it has happened, as often as it was to. */
static void check_course(bool muted)
{
	enum { ALL = WARM + ROUNDS };
	assert_int_equal(seen.orders, ALL * BURST);
	assert_int_equal(seen.samples, ALL * ROOM);
	assert_int_equal(seen.levels, ALL);
	assert_true(seen.reminders >= ALL - 1); /* the last may be due after the stop */
	assert_true(seen.bytes > 0);
	assert_int_equal(seen.mutes, muted ? ALL : 0);
	assert_int_equal(seen.hops, ALL * RALLY);
}

static void run_on_a_loop(uint32_t room)
{
	uv_loop_t loop;
	memset(&seen, 0, sizeof seen);
	ok(uv_pipe(pipe_ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE));
	ok(uv_loop_init(&loop));
	assert_int_equal(run_program(&loop, room), 0);
	ok(uv_loop_close(&loop));
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	check_course(room < BURST);
}

/* ---- the tests ---------------------------------------------------------------------------- */

TEST_ONCE(no_memory_comes_from_malloc_where_there_is_a_block)
{
	static char block[BLOCK];
	ok(maiko_use_memory(block, sizeof block));
	uint64_t before = atomic_load(&from_malloc);
	run_on_a_loop(ROOM);
	assert_int_equal(atomic_load(&from_malloc) - before, 0);
	assert_int_equal(seen.libuv_after - seen.libuv_before, 0);
	ok(maiko_use_memory(NULL, 0));
}

/* What the hooks were asked for in the steady course. */
static uint64_t allocations(uint32_t room)
{
	test_allocator_install();
	run_on_a_loop(room);
	assert_true(seen.hooks_before > 0);
	assert_int_equal(seen.malloc_after - seen.malloc_before,
			 COUNTS_MALLOC ? seen.hooks_after - seen.hooks_before : 0);
	assert_int_equal(seen.libuv_after - seen.libuv_before, 0);
	assert_int_equal(test_allocator_living(), 0);
	ok(maiko_set_allocator(NULL));
	return seen.hooks_after - seen.hooks_before;
}

TEST_ONCE(hooks_that_are_taken_back_are_not_asked)
{
	maiko_supervisor *sup = NULL;
	test_allocator_install();
	ok(maiko_set_allocator(NULL));
	uint64_t before = test_allocator_count();
	ok(maiko_supervisor_new(&sup, NULL));
	assert_null(maiko_supervisor_free(sup));
	assert_int_equal(test_allocator_count(), before);
}

TEST_ONCE(a_steady_course_allocates_nothing) { assert_int_equal(allocations(BURST), 0); }

/* An edge, what waits at its end, and perhaps a probe along it: however many events. */
TEST_ONCE(a_mute_allocates_three_times_at_most) { assert_true(allocations(ROOM) <= 3 * ROUNDS); }

/* Were it not counted, nothing would be shown above. */
TEST_ONCE(malloc_is_counted)
{
	uint64_t before = atomic_load(&from_malloc);
	char *copy = strdup("from the C library"); /* which calls malloc */
	assert_int_equal(atomic_load(&from_malloc) - before, COUNTS_MALLOC ? 1 : 0);
	free(copy);
}

int main(void)
{
	if (uv_replace_allocator(uv_malloc, uv_realloc, uv_calloc, uv_free) != 0)
		return 1;
	return test_main();
}
