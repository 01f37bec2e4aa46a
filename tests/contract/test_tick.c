/*
 * C12: a tick runs when its last answer comes true, whole, and never in a hot loop.
 */
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

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

PER_TEST _Atomic(uint64_t) ticks, handled, sent, errors, entered, read_bytes, ended, early_ticks;
PER_TEST _Atomic(int) last_code, last_phase;

static void make_pipe(int fds[2]) { assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0); }

static void close_pipe(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static uint64_t ticks_of(maiko_supervisor *sup, const char *name)
{
	return test_actor_row(test_report(sup), name)->ticks;
}

/* ---- answers what it is told, `times` times, and then never ---- */

typedef struct ticker {
	maiko_next answer;
	uint32_t times;
	bool cut_short; /* its wait ends before its time, which is counted then */
	uint64_t last_ns;
	bool started;
} ticker;

static int ticker_on_start(ticker *self, maiko_ctx *ctx)
{
	self->started = true;
	return 0;
}

static maiko_next ticker_tick(ticker *self, maiko_ctx *ctx)
{
	uint64_t now = maiko_now(ctx);
	expect(self->started);
	bool early = self->answer.kind == MAIKO_NEXT_AFTER && self->last_ns != 0 &&
		     now - self->last_ns != self->answer.ms * 1000000;
	expect(self->cut_short || !early);
	atomic_fetch_add(&early_ticks, early);
	self->last_ns = now;
	uint64_t count = atomic_fetch_add(&ticks, 1) + 1;
	return count < self->times ? self->answer : maiko_never();
}

static int ticker_on_order(ticker *self, const order *ev, maiko_ctx *ctx) { return maiko_wake_tick(ctx); }

static int ticker_on_item(ticker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(ticker, MAIKO_ON_START(ticker_on_start), MAIKO_TICK(ticker_tick), MAIKO_ON(order, ticker_on_order),
	    MAIKO_ON(item, ticker_on_item));

static maiko_supervisor *supervisor_with_ticker(uint32_t workers, maiko_next answer, uint32_t times, uint32_t budget)
{
	test_begin();
	ticker init = {.answer = answer, .times = times};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = &init, .max_events_per_tick = budget));
	ok(maiko_start(sup));
	return sup;
}

static void finish_with_ticks(maiko_supervisor *sup, uint64_t count)
{
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "ticker")->ticks, count);
	test_release(sup);
	assert_int_equal(atomic_load(&ticks), count);
}

TEST_SIM(the_first_tick_comes_after_the_start_and_never_is_never)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_never(), 100, 0);
	test_wait_for(&ticks, 1);
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&handled, 100);
	finish_with_ticks(sup, 1);
}

TEST_SIM(wake_tick_makes_a_resting_tick_due)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_never(), 100, 1);
	test_wait_for(&ticks, 1);
	for (uint32_t i = 2; i <= 20; i++) {
		ok(maiko_send(sup, order, .what = i));
		test_wait_for(&ticks, i);
	}
	finish_with_ticks(sup, 20);
}

TEST_SIM(wake_tick_ends_the_wait_of_a_timer)
{
	maiko_next answers[] = {maiko_after_ms(3600000), maiko_after_ms(UINT64_MAX), maiko_after_events()};
	for (int i = 0; i < 3; i++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ticker init = {.answer = answers[i], .times = 3, .cut_short = true};
		ok(maiko_add(sup, ticker, "ticker", .init = &init));
		ok(maiko_start(sup));
		test_wait_for(&ticks, 1);
		ok(maiko_send(sup, order, .what = 1));
		test_wait_for(&ticks, 2);
		test_stop(sup);
		test_release(sup);
		assert_int_equal(atomic_load(&early_ticks), i == 2 ? 0 : 1); /* the timer was not waited for */
	}
}

TEST_SIM(again_runs_again)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_again(), 1000, 0);
	test_wait_for(&ticks, 1000);
	finish_with_ticks(sup, 1000);
}

TEST_SIM(sendable_runs_at_once_if_it_is_not_muted)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_when_sendable(), 10, 0);
	test_wait_for(&ticks, 10);
	finish_with_ticks(sup, 10);
}

TEST_SIM(after_ms_waits_so_long)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_after_ms(3), 10, 0);
	test_wait_for(&ticks, 10);
	finish_with_ticks(sup, 10);
}

TEST_SIM(after_events_runs_once_a_batch)
{
	maiko_supervisor *sup = supervisor_with_ticker(workers, maiko_after_events(), 1000, 1);
	test_wait_for(&ticks, 1);
	for (uint32_t i = 0; i < 50; i++) {
		ok(maiko_send(sup, item, .n = i));
		test_wait_for(&ticks, i + 2);
	}
	finish_with_ticks(sup, 51);
}

TEST_WORKERS(only_after_events_runs_in_the_drain)
{
	maiko_next answers[] = {maiko_after_events(), maiko_again(), maiko_after_ms(0)};
	for (int i = 0; i < 3; i++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ticker init = {.answer = answers[i], .times = UINT32_MAX, .cut_short = true};
		ok(maiko_add(sup, ticker, "ticker", .init = &init, .max_events_per_tick = 1));
		ok(maiko_start(sup));
		test_wait_for(&ticks, 1);
		ok(maiko_stop_begin(sup, NULL, NULL, NULL));
		const maiko_ledger *ledger = test_stop(sup);
		assert_int_equal(test_actor_row(ledger, "ticker")->ticks, atomic_load(&ticks));
		test_release(sup);
	}
}

/* ---- asks for its own end in a handler, with events behind it ---- */

typedef struct batcher {
	bool ticked, ended;
} batcher;

static int batcher_on_item(batcher *self, const item *ev, maiko_ctx *ctx)
{
	if (self->ticked && !self->ended) { /* a tick that has answered something else ends with the stop */
		self->ended = true;
		maiko_stop_all(ctx);
	}
	atomic_fetch_add(&handled, 1);
	return 0;
}

static maiko_next batcher_tick(batcher *self, maiko_ctx *ctx)
{
	self->ticked = true;
	if (maiko_stopping(ctx))
		atomic_fetch_add(&ticks, 1);
	return maiko_after_events();
}

MAIKO_ACTOR(batcher, MAIKO_ON(item, batcher_on_item), MAIKO_TICK(batcher_tick));

TEST_WORKERS(after_events_follows_the_batches_of_the_drain)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, batcher, "batcher", .max_events_per_tick = 10));
	for (uint32_t i = 0; i < 1000; i++)
		ok(maiko_send(sup, item, .n = i));
	ok(maiko_start(sup));
	ok(maiko_join(sup));
	assert_int_equal(test_finish(sup).handled, 1000);
	/* A batch of ten at the most each, fewer where they came in pieces; the stop is seen early. */
	assert_in_range(atomic_load(&ticks), 50, 1000);
}

/* ---- a mailbox that never empties ---- */

typedef struct feeder {
	uint32_t unused;
} feeder;

/* Two that send to each other for ever, so both always have an event. */
static int feeder_on_item(feeder *self, const item *ev, maiko_ctx *ctx)
{
	if (maiko_stopping(ctx))
		return 0;
	atomic_fetch_add(&handled, 1);
	return maiko_send(ctx, item, .n = ev->n);
}

static maiko_next feeder_tick(feeder *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_again();
}

MAIKO_ACTOR(feeder, MAIKO_ON(item, feeder_on_item), MAIKO_TICK(feeder_tick));

TEST_WORKERS(a_tick_runs_beside_a_busy_mailbox)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, feeder, "a", .max_events_per_tick = 1));
	ok(maiko_add(sup, feeder, "b", .max_events_per_tick = 1));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&ticks, 1000);
	test_wait_for(&handled, 1000);
	test_finish(sup);
}

/* ---- errors ---- */

typedef struct failer {
	maiko_next answer;
	uint32_t good; /* so many ticks are fine at first */
	bool forgives;
} failer;

static maiko_next failer_tick(failer *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	if (self->good > 0) {
		self->good--;
		return maiko_again();
	}
	return self->answer;
}

static int failer_on_error(failer *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_store(&last_code, error->code);
	atomic_store(&last_phase, error->phase);
	atomic_fetch_add(&errors, 1);
	return self->forgives ? 0 : error->code;
}

static int failer_on_order(failer *self, const order *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(failer, MAIKO_TICK(failer_tick), MAIKO_ON_ERROR(failer_on_error), MAIKO_ON(order, failer_on_order));

/* The n-th error comes no sooner than after 1 + 2 + 4 + ... ms of waiting. */
static void assert_backed_off(uint64_t count, uint64_t elapsed_ns)
{
	uint64_t waited_ms = 0;
	for (uint64_t i = 1, wait_ms = 1; i < count; i++) {
		waited_ms += wait_ms;
		wait_ms = wait_ms * 2 < 1000 ? wait_ms * 2 : 1000;
	}
	assert_true(waited_ms * 1000000 <= elapsed_ns);
}

TEST_SIM(a_forgiven_error_is_tried_again_ever_later)
{
	maiko_supervisor *sup = test_supervisor(workers);
	uint64_t start = test_now_ns();
	failer init = {.answer = maiko_failed(UV_EIO), .forgives = true, .good = 3};
	ok(maiko_add(sup, failer, "failer", .init = &init));
	ok(maiko_start(sup));
	test_wait_for(&errors, 14);
	/* 1 + 2 + 4 + ... + 512, and then 1000 each */
	assert_int_equal(test_now_ns() - start, UINT64_C(4023000000));
	assert_int_equal(ticks_of(sup, "failer"), 14 + 3);
	assert_int_equal(atomic_load(&last_code), UV_EIO);
	assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_TICK);
	test_finish(sup);
}

TEST_SIM(an_error_without_a_code_is_einval)
{
	maiko_supervisor *sup = test_supervisor(workers);
	failer init = {.answer = maiko_failed(5)};
	ok(maiko_add(sup, failer, "failer", .init = &init));
	ok(maiko_start(sup));
	test_wait_for(&errors, 1);
	test_finish_with(sup, MAIKO_EINVAL);
	assert_int_equal(atomic_load(&last_code), MAIKO_EINVAL);
}

/* ---- watches a descriptor that is ready, and fails each time ---- */

typedef struct unlucky {
	int fd;
	bool watches; /* it has, once; from then on it fails */
} unlucky;

static maiko_next unlucky_tick(unlucky *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	if (self->watches)
		return maiko_failed(UV_EIO);
	self->watches = true;
	return maiko_when_readable(self->fd);
}

static int unlucky_on_error(unlucky *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == UV_EIO);
	atomic_fetch_add(&errors, 1);
	return 0;
}

static int unlucky_on_order(unlucky *self, const order *ev, maiko_ctx *ctx) { return 0; }

MAIKO_ACTOR(unlucky, MAIKO_TICK(unlucky_tick), MAIKO_ON(order, unlucky_on_order), MAIKO_ON_ERROR(unlucky_on_error));

/* The actor rests during a change of it, and its watch with it; but not for longer. */
TEST_WORKERS(a_change_does_not_shorten_the_back_off)
{
	int fds[2];
	maiko_actor_id id = 0;
	make_pipe(fds);
	assert_int_equal(write(fds[1], "x", 1), 1);
	uint64_t start = uv_hrtime();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, unlucky, "unlucky", .init = &(unlucky){.fd = fds[0]}, .ret_id = &id));
	ok(maiko_start(sup));
	test_wait_for(&errors, 1);
	while (atomic_load(&errors) < 7) {
		ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(orders)));
		ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(orders)));
	}
	uint64_t count = atomic_load(&errors);
	assert_backed_off(count, uv_hrtime() - start);
	test_finish(sup);
	close_pipe(fds);
}

TEST_WORKERS(a_closed_descriptor_is_ebadf)
{
	int bad[] = {-1, 1 << 19, 1 << 20}; /* no small number: the workers' loops may use it */
	for (int i = 0; i < 3; i++) {
		for (int forgives = 0; forgives < 2; forgives++) {
			test_begin();
			uint64_t start = uv_hrtime();
			maiko_supervisor *sup = test_supervisor(workers);
			failer init = {.answer = maiko_when_readable(bad[i]), .forgives = forgives == 1};
			ok(maiko_add(sup, failer, "failer", .init = &init));
			ok(maiko_start(sup));
			test_wait_for(&errors, forgives == 1 ? 5 : 1);
			assert_backed_off(atomic_load(&errors), uv_hrtime() - start);
			test_finish_with(sup, forgives == 1 ? 0 : MAIKO_EBADF);
			assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
			assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_TICK);
		}
	}
}

/* ---- reads what there is ---- */

typedef struct reader {
	int fd;
	uint64_t or_ms; /* 0: no bound */
} reader;

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char buffer[16];
	ssize_t got = read(self->fd, buffer, sizeof buffer);
	atomic_fetch_add(&ticks, 1);
	if (got > 0)
		atomic_fetch_add(&read_bytes, (uint64_t)got);
	if (got == 0) {
		atomic_fetch_add(&ended, 1);
		return maiko_never();
	}
	return self->or_ms != 0 ? maiko_when_readable_or_ms(self->fd, self->or_ms) : maiko_when_readable(self->fd);
}

static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_store(&last_code, error->code);
	atomic_fetch_add(&errors, 1);
	return 0;
}

MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick), MAIKO_ON_ERROR(reader_on_error));

TEST_WORKERS(readable_waits_for_what_can_be_read)
{
	int fds[2];
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "reader", .init = &(reader){.fd = fds[0]}));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	for (uint32_t i = 1; i <= 50; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		test_wait_for(&read_bytes, i);
	}
	assert_in_range(ticks_of(sup, "reader"), 51, 101);
	close(fds[1]); /* the end of the file is readable */
	test_wait_for(&ended, 1);
	test_finish(sup);
	close(fds[0]);
	assert_int_equal(atomic_load(&errors), 0);
}

TEST_WORKERS(readable_or_ms_comes_at_the_latest_then)
{
	int fds[2];
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "fast", .init = &(reader){.fd = fds[0], .or_ms = 2}));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 5); /* by time */
	assert_int_equal(write(fds[1], "x", 1), 1);
	test_wait_for(&read_bytes, 1);
	test_finish(sup);
	close_pipe(fds);
}

TEST_WORKERS(readable_or_ms_comes_sooner_if_it_can_be_read)
{
	int fds[2];
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "slow", .init = &(reader){.fd = fds[0], .or_ms = 3600000}));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		test_wait_for(&read_bytes, i);
	}
	test_finish(sup);
	close_pipe(fds);
}

TEST_WORKERS(two_cannot_watch_one_descriptor)
{
	int fds[2];
	maiko_actor_id first = 0;
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "first", .init = &(reader){.fd = fds[0]}, .ret_id = &first));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	ok(maiko_add(sup, reader, "second", .init = &(reader){.fd = fds[0]}));
	test_wait_for(&errors, 3); /* it goes on trying */
	assert_int_equal(atomic_load(&last_code), MAIKO_EBUSY);
	ok(maiko_remove(sup, first));
	assert_int_equal(write(fds[1], "x", 1), 1);
	test_wait_for(&read_bytes, 1);
	test_finish(sup);
	close_pipe(fds);
}

TEST_WORKERS(a_regular_file_is_always_ready)
{
	char path[] = "/tmp/maiko_test_tick_XXXXXX";
	int fd = mkstemp(path);
	test_begin();
	assert_true(fd >= 0);
	unlink(path);
	char text[100];
	memset(text, 'x', sizeof text);
	assert_int_equal(write(fd, text, sizeof text), 100);
	lseek(fd, 0, SEEK_SET);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "reader", .init = &(reader){.fd = fd}));
	ok(maiko_start(sup));
	test_wait_for(&read_bytes, 100);
	test_wait_for(&ticks, 8); /* seven reads of at most 16, and the end */
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "reader")->ticks, 8);
	test_release(sup);
	close(fd);
}

/* ---- writes while it can ---- */

typedef struct writer {
	int fd;
} writer;

static maiko_next writer_tick(writer *self, maiko_ctx *ctx)
{
	char buffer[4096] = {0};
	atomic_fetch_add(&ticks, 1);
	ssize_t put = write(self->fd, buffer, sizeof buffer);
	if (put > 0)
		atomic_fetch_add(&sent, (uint64_t)put);
	return maiko_when_writable(self->fd);
}

MAIKO_ACTOR(writer, MAIKO_TICK(writer_tick));

TEST_WORKERS(writable_waits_for_room)
{
	int fds[2];
	char buffer[4096];
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, writer, "writer", .init = &(writer){.fd = fds[1]}));
	ok(maiko_start(sup));
	uint64_t got = 0;
	while (got < 1 << 20) {
		ssize_t n = read(fds[0], buffer, sizeof buffer);
		got += n > 0 ? (uint64_t)n : 0;
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_true(test_actor_row(ledger, "writer")->ticks <= 2 * atomic_load(&sent) / 4096 + 2);
	test_release(sup);
	close_pipe(fds);
}

/* ---- closes what it watches, in its own callbacks ---- */

typedef struct closer {
	int fd;    /* watched */
	int spare; /* closed in its place before the next watch, or -1 */
	uint32_t orders;
} closer;

static maiko_next closer_tick(closer *self, maiko_ctx *ctx)
{
	char buffer[16];
	atomic_fetch_add(&ticks, 1);
	if (self->fd < 0)
		return maiko_never();
	ssize_t got = read(self->fd, buffer, sizeof buffer);
	if (got > 0)
		atomic_fetch_add(&read_bytes, (uint64_t)got);
	return maiko_when_readable(self->fd);
}

/* 1: closes; 2: puts the spare in its place. */
static int closer_on_order(closer *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->what == 1)
		close(self->fd);
	if (ev->what == 2) {
		expect(dup2(self->spare, self->fd) == self->fd);
		close(self->spare);
	}
	atomic_fetch_add(&handled, 1);
	return maiko_wake_tick(ctx);
}

static int closer_on_error(closer *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_store(&last_code, error->code);
	self->fd = -1;
	atomic_fetch_add(&errors, 1);
	return 0;
}

MAIKO_ACTOR(closer, MAIKO_TICK(closer_tick), MAIKO_ON(order, closer_on_order), MAIKO_ON_ERROR(closer_on_error));

TEST_WORKERS(a_descriptor_closed_while_it_is_watched_is_ebadf)
{
	int fds[2];
	make_pipe(fds);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, closer, "closer", .init = &(closer){.fd = fds[0]}));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	ok(maiko_send(sup, order, .what = 1));
	test_wait_for(&errors, 1);
	assert_int_equal(atomic_load(&last_code), MAIKO_EBADF);
	test_finish(sup);
	close(fds[1]);
}

TEST_WORKERS(a_number_used_again_is_watched_anew)
{
	int fds[2], second[2];
	make_pipe(fds);
	make_pipe(second);
	maiko_supervisor *sup = test_supervisor(workers);
	closer init = {.fd = fds[0], .spare = second[0]};
	ok(maiko_add(sup, closer, "closer", .init = &init));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1);
	ok(maiko_send(sup, order, .what = 2));
	test_wait_for(&handled, 1);
	test_wait_for(&ticks, 2);
	assert_int_equal(write(second[1], "abc", 3), 3);
	test_wait_for(&read_bytes, 3);
	test_finish(sup);
	assert_int_equal(atomic_load(&errors), 0);
	close(fds[0]);
	close(fds[1]);
	close(second[1]);
}

/* ---- its watch and the closing of it in one turn, before libuv has seen it ---- */

typedef struct hasty {
	int fd;
	bool closed;
} hasty;

static maiko_next hasty_tick(hasty *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return self->closed ? maiko_never() : maiko_when_readable(self->fd);
}

static int hasty_on_order(hasty *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->what == 2 && !self->closed) {
		close(self->fd);
		self->closed = true;
	}
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int hasty_on_error(hasty *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EBADF);
	atomic_fetch_add(&errors, 1);
	return error->code;
}

MAIKO_ACTOR(hasty, MAIKO_TICK(hasty_tick), MAIKO_ON(order, hasty_on_order), MAIKO_ON_ERROR(hasty_on_error));

TEST_WORKERS(a_descriptor_closed_before_it_is_polled_does_no_harm)
{
	for (int round = 0; round < 10; round++) {
		int fds[2];
		test_begin();
		make_pipe(fds);
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, hasty, "hasty", .init = &(hasty){.fd = fds[0]}, .max_events_per_tick = 1,
			     .restart = MAIKO_TEMPORARY));
		/* the tick comes between the first event and the second, in one go */
		ok(maiko_send(sup, order, .what = 1));
		ok(maiko_send(sup, order, .what = 2));
		ok(maiko_start(sup));
		test_wait_for(&handled, 2);
		test_finish(sup);
		close(fds[1]);
	}
}

/* ---- a muted actor's watch rests ---- */

typedef struct sink {
	uv_sem_t *gate;
} sink;

static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n == 0) {
		atomic_fetch_add(&entered, 1);
		uv_sem_wait(self->gate);
	}
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item));

typedef struct pump {
	int fd;
	uint32_t n;
} pump;

static maiko_next pump_tick(pump *self, maiko_ctx *ctx)
{
	char c;
	atomic_fetch_add(&ticks, 1);
	expect(!maiko_is_congested(ctx));
	while (!maiko_is_congested(ctx) && read(self->fd, &c, 1) == 1)
		if (maiko_send(ctx, item, .n = self->n++) == 0)
			atomic_fetch_add(&sent, 1);
	return maiko_when_readable(self->fd);
}

MAIKO_ACTOR(pump, MAIKO_TICK(pump_tick));

TEST_WORKERS(the_watch_of_a_muted_actor_rests)
{
	int fds[2];
	uv_sem_t gate;
	make_pipe(fds);
	ok(uv_sem_init(&gate, 0));
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sink, "sink", .init = &(sink){&gate}, .mailbox = 4, .own_thread = true));
	ok(maiko_add(sup, pump, "pump", .init = &(pump){.fd = fds[0]}));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 20000; i++) {
		while (write(fds[1], "x", 1) != 1)
			;
		if (i == 0)
			test_wait_for(&entered, 1);
		if (i == 100) /* the pump is, or will soon be, muted: nothing is lost by it */
			uv_sem_post(&gate);
	}
	test_wait_for(&handled, 20000);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "pump")->sent, 20000);
	test_release(sup);
	uv_sem_destroy(&gate);
	close_pipe(fds);
}

/* ---- calls that do not fit ---- */

typedef struct tickless {
	uint32_t unused;
} tickless;

static int tickless_on_order(tickless *self, const order *ev, maiko_ctx *ctx)
{
	expect(maiko_wake_tick(ctx) == MAIKO_EINVAL);
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int stopping_on_stop(tickless *self, maiko_ctx *ctx)
{
	expect(maiko_wake_tick(ctx) == MAIKO_ESHUTDOWN);
	return 0;
}

static maiko_next stopping_tick(tickless *self, maiko_ctx *ctx) { return maiko_never(); }

typedef tickless stopping;
MAIKO_ACTOR(tickless, MAIKO_ON(order, tickless_on_order));
MAIKO_ACTOR(stopping, MAIKO_ON_STOP(stopping_on_stop), MAIKO_TICK(stopping_tick));

TEST_SIM(a_tick_that_is_not_there_or_over_cannot_be_woken)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, tickless, "tickless"));
	ok(maiko_add(sup, stopping, "stopping"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .what = 1));
	test_finish(sup);
	assert_int_equal(atomic_load(&handled), 1);
}
