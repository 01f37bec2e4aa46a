/*
 * C12: a tick that waits for several things runs as soon as one has come, and is told which.
 */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct order {
	uint32_t what;
} order;
MAIKO_TOPIC(items);
MAIKO_TOPIC(orders);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(order, orders, what);

enum { WAKE = 1, UNWATCH, ANSWERS = 6, LONG_MS = 3600000, NS_PER_MS = 1000000 };

PER_TEST _Atomic(uint64_t) ticks, orders_done, errors, waited_ms;
PER_TEST _Atomic(int) last_code;
PER_TEST unsigned woken[ANSWERS + 2]; /* of each run; written before `ticks` counts it */
PER_TEST char last_detail[200];

/* ---- answers what it is told, and then never ---- */

typedef struct ticker {
	maiko_next answers[ANSWERS];
	uint32_t runs;
	uint64_t last_ns;
} ticker;

static maiko_next ticker_tick(ticker *self, maiko_ctx *ctx)
{
	uint32_t run = self->runs++;
	expect(run < ANSWERS);
	woken[run] = maiko_woken_by(ctx);
	expect(maiko_woken_by(ctx) == woken[run]);
	if (run > 0)
		atomic_store(&waited_ms, (maiko_now(ctx) - self->last_ns) / NS_PER_MS);
	self->last_ns = maiko_now(ctx);
	maiko_next next = run < ANSWERS ? self->answers[run] : maiko_never();
	atomic_fetch_add(&ticks, 1);
	return next;
}

static int ticker_on_order(ticker *self, const order *ev, maiko_ctx *ctx)
{
	expect((ev->what == WAKE ? maiko_wake_tick(ctx) : maiko_unwatch(ctx)) == 0);
	atomic_fetch_add(&orders_done, 1);
	return 0;
}

static int ticker_on_item(ticker *self, const item *ev, maiko_ctx *ctx) { return 0; }

static int ticker_on_error(ticker *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->phase == MAIKO_PHASE_TICK);
	atomic_store(&last_code, error->code);
	snprintf(last_detail, sizeof last_detail, "%s", error->detail);
	atomic_fetch_add(&errors, 1);
	return 0;
}

MAIKO_ACTOR(ticker, MAIKO_TICK(ticker_tick), MAIKO_ON(order, ticker_on_order), MAIKO_ON(item, ticker_on_item),
	    MAIKO_ON_ERROR(ticker_on_error));

#define started(workers, ...) start((workers), &(ticker){.answers = {__VA_ARGS__}})
static maiko_supervisor *start(uint32_t workers, const ticker *init)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = init));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	assert_int_equal(woken[0], 0);
	return sup;
}

/* The second run has come, for that; and there is no third. */
static void expect_woken(maiko_supervisor *sup, unsigned by)
{
	test_wait_for(&ticks, 2);
	test_finish(sup);
	assert_int_equal(atomic_load(&ticks), 2);
	assert_int_equal(woken[1], by);
}

/* ---- time, events, sendable, a call ---- */

TEST_SIM(the_time_comes)
{
	maiko_supervisor *sup =
		started(workers, maiko_when_any(maiko_after_ms(20), maiko_after_events(), maiko_after_ms(LONG_MS)));
	expect_woken(sup, MAIKO_WOKEN_TIME);
	assert_true(atomic_load(&waited_ms) >= 20); /* the shorter */
	assert_true(atomic_load(&waited_ms) < LONG_MS);
}

TEST_SIM(events_come)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_ms(LONG_MS), maiko_after_events()));
	ok(maiko_send(sup, item, .n = 1));
	expect_woken(sup, MAIKO_WOKEN_EVENTS);
}

TEST_SIM(the_tick_is_called)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_ms(LONG_MS), maiko_never()));
	ok(maiko_send(sup, order, .what = WAKE));
	expect_woken(sup, MAIKO_WOKEN_CALL);
}

TEST_SIM(it_is_called_in_a_batch_of_events_and_told_both)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_events(), maiko_after_ms(LONG_MS)));
	ok(maiko_send(sup, order, .what = WAKE));
	expect_woken(sup, MAIKO_WOKEN_CALL | MAIKO_WOKEN_EVENTS);
}

TEST_SIM(it_may_send_now)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_ms(LONG_MS), maiko_when_sendable()));
	expect_woken(sup, MAIKO_WOKEN_SENDABLE);
}

TEST_SIM(again_is_a_time_and_never_adds_nothing)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_never(), maiko_again(), maiko_after_ms(LONG_MS)),
					maiko_when_any(maiko_never()));
	expect_woken(sup, MAIKO_WOKEN_TIME);
}

TEST_SIM(a_single_result_is_told_too)
{
	maiko_supervisor *sup =
		started(workers, maiko_again(), maiko_after_ms(1), maiko_when_sendable(), maiko_after_events());
	test_wait_for(&ticks, 4);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&ticks, 5);
	test_finish(sup);
	assert_int_equal(woken[1], 0);
	assert_int_equal(woken[2], MAIKO_WOKEN_TIME);
	assert_int_equal(woken[3], MAIKO_WOKEN_SENDABLE);
	assert_int_equal(woken[4], MAIKO_WOKEN_EVENTS);
}

TEST_SIM(a_stop_lets_it_go_on_for_events_alone)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_events(), maiko_after_ms(LONG_MS)),
					maiko_when_any(maiko_after_events(), maiko_again()));
	ok(maiko_send(sup, item, .n = 1)); /* it may be handled before or after the stop has begun */
	test_finish(sup);
	assert_in_range(atomic_load(&ticks), 2, 3);
	assert_int_equal(woken[1], MAIKO_WOKEN_EVENTS);
}

TEST_SIM(a_forgiven_error_applies_all_of_it_again)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_after_events(), maiko_after_ms(10)),
					maiko_failed(MAIKO_ECANCELED));
	test_wait_for(&ticks, 3);
	test_finish(sup);
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(woken[2], MAIKO_WOKEN_TIME);
	assert_true(atomic_load(&waited_ms) >= 10);
}

/* ---- what makes no sense ---- */

TEST_SIM(two_descriptors_are_an_error)
{
	maiko_next two = maiko_when_any(maiko_when_readable(7), maiko_after_ms(1), maiko_when_writable(0));
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_again()), maiko_when_any(two, maiko_again()));
	test_wait_for(&errors, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&last_code), MAIKO_EINVAL);
	assert_string_equal(last_detail, "maiko_when_any: the descriptors 7 and 0: a tick waits for one descriptor");
}

TEST_SIM(a_failure_among_them_is_the_tick_s)
{
	maiko_supervisor *sup =
		started(workers, maiko_again(), maiko_when_any(maiko_after_ms(LONG_MS), maiko_failed(MAIKO_ECANCELED)));
	test_wait_for(&errors, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&last_code), MAIKO_ECANCELED);
}

TEST_ONCE(the_raw_call_refuses_null)
{
	maiko_next next = maiko_next_any(NULL, 1);
	assert_int_equal(next.kind, MAIKO_NEXT_FAILED);
	assert_int_equal(next.error, MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "maiko_next_any: nexts is NULL");
}

/* ---- a descriptor ---- */

static void pair_new(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

static void pair_close(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

/* Until no more can be written. */
static void fill(int fd)
{
	static const char bytes[4096];
	while (write(fd, bytes, sizeof bytes) > 0)
		continue;
}

static void drain(int fd)
{
	char bytes[4096];
	while (read(fd, bytes, sizeof bytes) > 0)
		continue;
}

#define both_ways(fd) maiko_when_readable(fd), maiko_when_writable(fd)

TEST_WORKERS(it_is_readable)
{
	int fds[2];
	pair_new(fds);
	fill(fds[0]);
	maiko_supervisor *sup = started(workers, maiko_when_any(both_ways(fds[0]), maiko_after_ms(LONG_MS)));
	assert_int_equal(write(fds[1], "x", 1), 1);
	expect_woken(sup, MAIKO_WOKEN_READABLE);
	pair_close(fds);
}

TEST_WORKERS(it_is_writable)
{
	int fds[2];
	pair_new(fds);
	fill(fds[0]);
	maiko_supervisor *sup = started(workers, maiko_when_any(both_ways(fds[0]), maiko_after_events()));
	drain(fds[1]);
	expect_woken(sup, MAIKO_WOKEN_WRITABLE);
	pair_close(fds);
}

TEST_WORKERS(it_is_both)
{
	int fds[2];
	pair_new(fds);
	assert_int_equal(write(fds[1], "x", 1), 1);
	expect_woken(started(workers, maiko_when_any(both_ways(fds[0]))), MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE);
	pair_close(fds);
}

TEST_WORKERS(its_end_comes_in_both_ways)
{
	int fds[2];
	pair_new(fds);
	fill(fds[0]);
	maiko_supervisor *sup = started(workers, maiko_when_any(both_ways(fds[0])));
	close(fds[1]);
	expect_woken(sup, MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE);
	close(fds[0]);
}

TEST_WORKERS(an_error_comes_in_the_way_that_is_waited_for)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	fill(fds[1]);
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_when_writable(fds[1]), maiko_after_ms(LONG_MS)));
	close(fds[0]); /* it stays full: the kernel tells an error alone */
	expect_woken(sup, MAIKO_WOKEN_WRITABLE);
	close(fds[1]);
}

TEST_WORKERS(the_other_way_is_waited_for_next)
{
	int fds[2];
	pair_new(fds);
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_when_readable(fds[0]), maiko_after_ms(LONG_MS)),
					maiko_when_any(both_ways(fds[0])), maiko_when_any(maiko_when_readable(fds[0])));
	assert_int_equal(write(fds[1], "x", 1), 1);
	test_wait_for(&ticks, 4);
	test_finish(sup);
	assert_int_equal(woken[1], MAIKO_WOKEN_READABLE);
	assert_int_equal(woken[2], MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE);
	assert_int_equal(woken[3], MAIKO_WOKEN_READABLE);
	pair_close(fds);
}

TEST_WORKERS(the_time_or_events_come_before_the_descriptor)
{
	int fds[2];
	pair_new(fds);
	maiko_next silent = maiko_when_any(maiko_when_readable(fds[0]), maiko_after_ms(5));
	maiko_supervisor *sup =
		started(workers, silent, maiko_when_any(maiko_when_readable(fds[0]), maiko_after_events()), silent);
	test_wait_for(&ticks, 2);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&ticks, 4);
	test_finish(sup);
	assert_int_equal(woken[1], MAIKO_WOKEN_TIME);
	assert_int_equal(woken[2], MAIKO_WOKEN_EVENTS);
	assert_int_equal(woken[3], MAIKO_WOKEN_TIME);
	pair_close(fds);
}

TEST_WORKERS(unwatched_it_waits_for_the_rest)
{
	int fds[2];
	pair_new(fds);
	maiko_supervisor *sup = started(workers, maiko_when_any(maiko_when_readable(fds[0]), maiko_after_ms(200)));
	ok(maiko_send(sup, order, .what = UNWATCH));
	test_wait_for(&orders_done, 1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	expect_woken(sup, MAIKO_WOKEN_TIME);
	pair_close(fds);
}

TEST_WORKERS(a_regular_file_is_ready_both_ways)
{
	char path[] = "/tmp/maiko-any-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	expect_woken(started(workers, maiko_when_any(both_ways(fd), maiko_after_ms(LONG_MS))),
		     MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE);
	close(fd);
	unlink(path);
}

TEST_WORKERS(a_descriptor_that_is_not_open_is_an_error)
{
	maiko_supervisor *sup = started(workers, maiko_when_any(both_ways(1000000), maiko_when_sendable()));
	test_wait_for(&errors, 2); /* forgiven: applied again, no tick for the rest of it */
	assert_int_equal(atomic_load(&ticks), 1);
	ok(maiko_send(sup, order, .what = UNWATCH));
	expect_woken(sup, MAIKO_WOKEN_SENDABLE);
	assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
}
