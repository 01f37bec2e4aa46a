/*
 * C4: one at a time. An actor that has every kind of callback, all of them under load, never
 * is in two of them at once: an atomic counter that each enters and leaves is never above 1.
 * One such actor is moved from worker to worker meanwhile; another has a timer of libuv's.
 */
#include "support.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { SOURCES = 2, THREADS = 2, LEAST = 50, MOVES = 50 };

typedef struct item {
	uint32_t n;
} item;
typedef struct noise {
	uint32_t n;
} noise;
typedef struct later {
	uint32_t n;
} later;
MAIKO_TOPIC(items);
MAIKO_TOPIC(noises);
MAIKO_TOPIC(laters);
MAIKO_TOPIC(spares);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(noise, noises, n);
MAIKO_EVENT(later, laters, n);

/* ---- who is inside what ---------------------------------------------------------------- */

/* Only one that has a timer is entered by the loop. */
typedef enum kind { HANDLER, ANY, DELAYED, TICK, CHANGED, JOB, FAILED, LOOP, STARTED, STOPPED, KINDS } kind;
enum { MOVER, TIMED, SUBJECTS };

PER_TEST _Atomic(uint64_t) inside[SUBJECTS], counts[SUBJECTS][KINDS];
PER_TEST _Atomic(bool) over;

static void enter(uint32_t who, kind k)
{
	expect(atomic_fetch_add(&inside[who], 1) == 0);
	if (atomic_fetch_add(&counts[who][k], 1) % 8 == 0)
		sched_yield(); /* so that another would have the time to come in */
}
static void leave(uint32_t who) { expect(atomic_fetch_sub(&inside[who], 1) == 1); }

/* ---- one with every kind of callback ----------------------------------------------------- */

typedef struct subject {
	uint32_t who, n;
	bool changing, spare, working;
	uv_timer_t timer;
	maiko_ctx *ctx;
} subject;

typedef struct job {
	uint32_t n;
} job;

static int job_work(job *j)
{
	sched_yield();
	return (int)j->n;
}

static int subject_on_job(subject *self, job *j, int status, maiko_ctx *ctx)
{
	enter(self->who, JOB);
	expect(status == (int)j->n);
	self->working = false;
	leave(self->who);
	return j->n % 2 == 0 ? 0 : UV_EIO;
}
MAIKO_BLOCKING(subject, job, job_work, subject_on_job);

/* Jobs only half of the time: an actor that waits for one does not move. */
static void start_job(subject *self, maiko_ctx *ctx)
{
	if (self->working || self->n / 1024 % 2 == 0 || maiko_stopping(ctx))
		return;
	int rc = maiko_blocking(ctx, job_work, subject_on_job, .n = self->n / 16);
	expect(rc == 0);
	self->working = rc == 0;
}

static void ask_for_change(subject *self, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(spares);
	if (self->changing || maiko_stopping(ctx))
		return;
	int rc = self->spare ? maiko_unsubscribe(ctx, maiko_self(ctx), topic)
			     : maiko_subscribe(ctx, maiko_self(ctx), topic);
	expect(rc == 0 || rc == MAIKO_ESHUTDOWN);
	self->changing = rc == 0;
}

static int subject_on_item(subject *self, const item *ev, maiko_ctx *ctx)
{
	enter(self->who, HANDLER);
	uint32_t n = ++self->n;
	if (n % 16 == 0) {
		start_job(self, ctx);
		int rc = maiko_send_after_ms(ctx, n / 16 % 2, NULL, later, .n = n);
		expect(rc == 0 || (rc == MAIKO_ESHUTDOWN && maiko_stopping(ctx)));
	}
	if (n % 32 == 0)
		ask_for_change(self, ctx);
	if (n % 128 == 0)
		expect(maiko_wake_tick(ctx) == 0 || maiko_stopping(ctx));
	leave(self->who);
	return n % 64 == 0 ? UV_EIO : 0;
}

static int subject_on_later(subject *self, const later *ev, maiko_ctx *ctx)
{
	enter(self->who, DELAYED);
	leave(self->who);
	return 0;
}

static int subject_on_any(subject *self, const maiko_any *ev, maiko_ctx *ctx)
{
	enter(self->who, ANY);
	expect(ev->type == MAIKO_EVENT_REF(noise));
	leave(self->who);
	return 0;
}

static maiko_next subject_tick(subject *self, maiko_ctx *ctx)
{
	enter(self->who, TICK);
	uint64_t count = atomic_load(&counts[self->who][TICK]);
	leave(self->who);
	switch (count % 8) {
	case 0:
		return maiko_after_ms(0);
	case 1:
		return maiko_after_events();
	case 2:
		return maiko_never(); /* it is woken */
	case 3:
		return maiko_failed(UV_EIO);
	case 4:
		return maiko_after_ms(1);
	case 5:
		return maiko_when_sendable();
	default:
		return maiko_again();
	}
}

static int subject_on_done(subject *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	enter(self->who, CHANGED);
	expect(completion->status == 0 || completion->status == MAIKO_ESHUTDOWN);
	self->spare ^= completion->status == 0;
	self->changing = false;
	leave(self->who);
	return 0;
}

static int subject_on_error(subject *self, const maiko_error *error, maiko_ctx *ctx)
{
	enter(self->who, FAILED);
	expect(error->code == UV_EIO);
	leave(self->who);
	return 0;
}

static void timer_fired(uv_timer_t *timer)
{
	const subject *self = timer->data;
	maiko_ctx *ctx = self->ctx;
	int rc = maiko_enter(ctx);
	if (rc != 0) { /* its actor has ended; the timer is about to be closed */
		expect(rc == MAIKO_EFAILED);
		return;
	}
	enter(self->who, LOOP);
	uint64_t count = atomic_load(&counts[self->who][LOOP]);
	leave(self->who);
	maiko_leave(ctx, count % 4 == 0 ? UV_EIO : 0);
}

static int subject_on_start(subject *self, maiko_ctx *ctx)
{
	enter(self->who, STARTED);
	self->ctx = ctx;
	self->timer.data = self;
	if (self->who == TIMED) {
		expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
		expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
		expect(uv_timer_start(&self->timer, timer_fired, 0, 1) == 0);
	}
	leave(self->who);
	return 0;
}

static int subject_on_stop(subject *self, maiko_ctx *ctx)
{
	enter(self->who, STOPPED);
	leave(self->who);
	return 0;
}

MAIKO_ACTOR(subject, MAIKO_ON(item, subject_on_item), MAIKO_ON(later, subject_on_later), MAIKO_ON_ANY(subject_on_any),
	    MAIKO_TICK(subject_tick), MAIKO_ON_DONE(subject_on_done), MAIKO_ON_ERROR(subject_on_error),
	    MAIKO_ON_START(subject_on_start), MAIKO_ON_STOP(subject_on_stop));

/* ---- the load ------------------------------------------------------------------------------ */

typedef struct source {
	uint32_t n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 16; i++) {
		int rc =
			self->n++ % 4 == 0 ? maiko_send(ctx, noise, .n = self->n) : maiko_send(ctx, item, .n = self->n);
		if (rc != 0)
			expect(rc == MAIKO_EAGAIN);
	}
	return maiko_when_sendable();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

static void send_outside(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t n = 0; !atomic_load(&over); n++)
		expect((n % 4 == 0 ? maiko_send(sup, noise, .n = n) : maiko_send(sup, item, .n = n)) == 0);
}

/* ---- the test -------------------------------------------------------------------------------- */

static maiko_supervisor *with_subjects(uint32_t workers, maiko_actor_id ids[SUBJECTS])
{
	static const char *const names[SUBJECTS] = {"mover", "timed"};
	maiko_supervisor *sup = test_supervisor(workers);
	test_begin();
	for (uint32_t i = 0; i < SUBJECTS; i++)
		ok(maiko_add(sup, subject, names[i], .init = &(subject){.who = i}, .mailbox = 64,
			     .max_events_per_tick = 16, .echo = true, .worker = 1, .ret_id = &ids[i],
			     .topics = MAIKO_TOPICS(items, noises, laters)));
	ok(maiko_add(sup, source, "source0"));
	ok(maiko_add(sup, source, "source1", .worker = workers));
	ok(maiko_start(sup));
	return sup;
}

static bool all_seen(void)
{
	for (int i = 0; i < SUBJECTS; i++)
		for (int k = HANDLER; k <= FAILED; k++)
			if (atomic_load(&counts[i][k]) < LEAST)
				return false;
	return atomic_load(&counts[TIMED][LOOP]) >= LEAST;
}

TEST_WORKERS(an_actor_is_never_in_two_of_its_callbacks)
{
	maiko_actor_id ids[SUBJECTS];
	uv_thread_t threads[THREADS];
	uint64_t moves = 0, until = uv_hrtime() + UINT64_C(60000000000);
	maiko_supervisor *sup = with_subjects(workers, ids);
	for (int i = 0; i < THREADS; i++)
		ok(uv_thread_create(&threads[i], send_outside, sup));
	for (uint32_t to = 1; !all_seen() || moves < MOVES; to++) {
		int rc = maiko_move(sup, ids[MOVER], to % workers + 1);
		assert_true(rc == 0 || rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
		moves += rc == 0;
		if (workers > 1 && to % 16 == 0) { /* what has a handle stays */
			rc = maiko_move(sup, ids[TIMED], 2);
			assert_true(rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
		}
		assert_true(uv_hrtime() < until);
	}
	atomic_store(&over, true);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	test_finish(sup);
	for (int i = 0; i < SUBJECTS; i++) {
		assert_int_equal(atomic_load(&inside[i]), 0);
		assert_int_equal(atomic_load(&counts[i][STARTED]), 1);
		assert_int_equal(atomic_load(&counts[i][STOPPED]), 1);
	}
	assert_int_equal(atomic_load(&counts[MOVER][LOOP]), 0);
}
