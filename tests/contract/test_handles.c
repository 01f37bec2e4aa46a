/*
 * libuv inside an actor: handles on its worker's loop, adopted by the actor, and the way
 * back from libuv's callbacks. The state outlives every close callback (C16; the address
 * sanitizer sees it).
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { FIRES = 10, ACTORS = 20, MAGIC = 0x5eed };

typedef struct item {
	uint32_t n;
} item;
typedef struct poke {
	uint32_t what;
} poke;
MAIKO_TOPIC(items);
MAIKO_TOPIC(pokes);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(poke, pokes, what);

PER_TEST _Atomic(uint64_t) handled, poked, closed, fired, stops, errors;
PER_TEST _Atomic(int) last_code, last_phase;

/* ---- counts ---- */

typedef struct counter {
	uint32_t unused;
} counter;

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	expect(strncmp(maiko_sender(ctx), "ticker", 6) == 0);
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

/* Comes and goes. */
typedef struct passer_by {
	uint32_t unused;
} passer_by;

static int passer_by_on_item(passer_by *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	expect(ev->n < FIRES);
	return 0;
}

MAIKO_ACTOR(passer_by, MAIKO_ON(item, passer_by_on_item));

/* ---- has a timer of libuv's in its state ---- */

typedef enum ending {
	LEFT_OPEN,      /* the runtime closes it                */
	CLOSED_IN_STOP, /* maiko_close in on_stop               */
	CLOSED_BY_UV    /* uv_close in on_stop                  */
} ending;

enum { FAIL = 1, LEAVE, QUIT_TIMER, AT_ONCE };

typedef struct ticker {
	uv_timer_t timer;
	maiko_ctx *ctx;
	uint32_t magic, sent, limit;
	ending ending;
	int leaves_with; /* of the first callback */
	bool fails_start;
	bool forgives;
} ticker;

static void timer_closed(uv_handle_t *handle)
{
	const ticker *self = handle->data;
	expect(self->magic == MAGIC);
	expect(handle == (const uv_handle_t *)&self->timer);
	atomic_fetch_add(&closed, 1);
}

static void timer_closed_after_the_end(uv_handle_t *handle)
{
	const ticker *self = handle->data;
	expect(maiko_enter(self->ctx) == MAIKO_EFAILED);
	timer_closed(handle);
}

static void timer_fired(uv_timer_t *timer)
{
	ticker *self = timer->data;
	int rc = maiko_enter(self->ctx);
	if (rc != 0) { /* its actor has ended; the timer is about to be closed */
		expect(rc == MAIKO_EFAILED);
		return;
	}
	expect(maiko_enter(self->ctx) == MAIKO_ESTATE);
	expect(strcmp(maiko_sender(self->ctx), "") == 0);
	expect(maiko_meta(self->ctx) == NULL);
	int sent = maiko_send(self->ctx, item, .n = self->sent++);
	expect(sent == (maiko_stopping(self->ctx) ? MAIKO_ESHUTDOWN : 0));
	if (self->sent == self->limit)
		uv_timer_stop(timer);
	rc = self->leaves_with;
	self->leaves_with = 0;
	atomic_fetch_add(&fired, sent == 0);
	maiko_leave(self->ctx, rc);
}

static int ticker_on_start(ticker *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	self->magic = MAGIC;
	self->timer.data = self;
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
	expect(uv_timer_start(&self->timer, timer_fired, 1, 1) == 0);
	return self->fails_start ? UV_EIO : 0;
}

static int ticker_on_poke(ticker *self, const poke *ev, maiko_ctx *ctx)
{
	int rc = 0;
	expect(maiko_enter(ctx) == MAIKO_ESTATE);
	if (ev->what == FAIL)
		rc = UV_EIO;
	else if (ev->what == LEAVE)
		expect(maiko_stop_self(ctx) == 0);
	else if (ev->what == QUIT_TIMER)
		expect(maiko_close(ctx, (uv_handle_t *)&self->timer, timer_closed) == 0);
	else if (ev->what == AT_ONCE)
		expect(uv_timer_start(&self->timer, timer_fired, 0, 0) == 0);
	atomic_fetch_add(&poked, 1);
	return rc;
}

static int ticker_on_stop(ticker *self, maiko_ctx *ctx)
{
	if (self->ending == CLOSED_IN_STOP)
		expect(maiko_close(ctx, (uv_handle_t *)&self->timer, timer_closed_after_the_end) == 0);
	else if (self->ending == CLOSED_BY_UV)
		uv_close((uv_handle_t *)&self->timer, timer_closed_after_the_end);
	atomic_fetch_add(&stops, 1);
	return 0;
}

static int ticker_on_error(ticker *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->event.type == NULL || error->phase == MAIKO_PHASE_HANDLE);
	atomic_store(&last_code, error->code);
	atomic_store(&last_phase, (int)error->phase);
	atomic_fetch_add(&errors, 1);
	return self->forgives ? 0 : error->code;
}

MAIKO_ACTOR(ticker, MAIKO_ON(poke, ticker_on_poke), MAIKO_ON_START(ticker_on_start), MAIKO_ON_STOP(ticker_on_stop),
	    MAIKO_ON_ERROR(ticker_on_error));

static maiko_supervisor *started_with(uint32_t workers, uint32_t tickers, const ticker *init)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter"));
	for (uint32_t i = 0; i < tickers; i++)
		ok(maiko_add(sup, ticker, test_name("ticker", i), .init = init, .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	return sup;
}

static maiko_actor_id id_of(maiko_supervisor *sup, const char *name)
{
	maiko_actor_id id = 0;
	ok(maiko_find(sup, name, &id));
	return id;
}

TEST_WORKERS(a_timer_of_libuv_sends_as_its_actor)
{
	maiko_supervisor *sup = started_with(workers, ACTORS, &(ticker){.limit = FIRES});
	test_wait_for(&handled, ACTORS * FIRES);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 200);
	assert_int_equal(atomic_load(&handled), 200);
}

/* Such changes are made in the name of a worker that sleeps, and a callback of libuv keeps them out meanwhile. */
TEST_WORKERS(changes_from_outside_come_between_the_callbacks_of_libuv)
{
	maiko_supervisor *sup = started_with(workers, ACTORS, &(ticker){.limit = FIRES});
	do {
		maiko_actor_id id;
		ok(maiko_add(sup, passer_by, "passer-by", .worker = 1, .ret_id = &id));
		ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
		ok(maiko_remove(sup, id));
	} while (atomic_load(&handled) < ACTORS * FIRES);
	test_finish(sup);
	assert_int_equal(atomic_load(&handled), 200);
}

/* The loop runs such a timer before it polls, and must not sleep on what was sent. */
TEST_WORKERS(what_a_timer_that_is_due_at_once_sends_is_not_left_lying)
{
	maiko_supervisor *sup = started_with(workers, 1, &(ticker){.limit = 1});
	test_wait_for(&handled, 1);
	for (uint64_t i = 2; i <= 100; i++) {
		ok(maiko_send(sup, poke, .what = AT_ONCE));
		test_wait_for(&handled, i);
	}
	assert_int_equal(test_finish(sup).handled, 199);
}

TEST_WORKERS(a_stop_closes_what_is_open)
{
	maiko_supervisor *sup = started_with(workers, ACTORS, NULL);
	test_wait_for(&handled, ACTORS);
	maiko_counts total = test_finish(sup);
	/* The timers fire until their actors have stopped; but what they send is refused from the stop on. */
	assert_int_equal(total.handled, atomic_load(&fired));
	assert_int_equal(total.handled, total.deliveries);
	assert_int_equal(atomic_load(&stops), 20);
}

TEST_WORKERS(a_handle_closed_at_the_stop_finds_its_state)
{
	for (int i = 0; i < 2; i++) {
		ticker init = {.ending = i == 0 ? CLOSED_IN_STOP : CLOSED_BY_UV};
		maiko_supervisor *sup = started_with(workers, ACTORS, &init);
		test_wait_for(&handled, 1);
		test_finish(sup);
		assert_int_equal(atomic_load(&closed), 20);
	}
}

/* ---- removed while its handle is open ---- */

static void remove_all(uint32_t workers, ending end)
{
	maiko_supervisor *sup = started_with(workers, ACTORS, &(ticker){.ending = end});
	test_wait_for(&handled, 1);
	for (uint32_t i = 0; i < ACTORS; i++) {
		ok(maiko_remove(sup, id_of(sup, test_name("ticker", i))));
	}
	assert_int_equal(atomic_load(&stops), 20);
	uint64_t last = atomic_load(&fired); /* the removal is complete: no callback follows */
	if (end != LEFT_OPEN)
		test_wait_for(&closed, ACTORS);
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&fired), last);
	assert_int_equal(total.handled, last);
	assert_int_equal(atomic_load(&closed), end == LEFT_OPEN ? 0 : 20);
}

TEST_WORKERS(a_removal_closes_what_is_open) { remove_all(workers, LEFT_OPEN); }
TEST_WORKERS(a_close_in_on_stop_finds_its_state) { remove_all(workers, CLOSED_IN_STOP); }
TEST_WORKERS(a_close_past_the_runtime_finds_its_state) { remove_all(workers, CLOSED_BY_UV); }

TEST_WORKERS(an_actor_that_fails_or_leaves_lets_go_of_its_handle)
{
	for (uint32_t what = FAIL; what <= LEAVE; what++) {
		maiko_supervisor *sup = started_with(workers, 1, &(ticker){.ending = CLOSED_IN_STOP});
		test_wait_for(&handled, 1);
		ok(maiko_send(sup, poke, .what = what));
		test_wait_gone(sup, "ticker0");
		test_wait_for(&closed, 1);
		test_finish(sup);
		assert_int_equal(atomic_load(&stops), 1);
		assert_int_equal(atomic_load(&errors), what == FAIL ? 1 : 0);
	}
}

TEST_WORKERS(a_handle_adopted_by_a_start_that_fails_is_closed)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	ticker init = {.fails_start = true};
	returns(maiko_add(sup, ticker, "ticker", .init = &init), UV_EIO);
	test_finish(sup);
	sup = test_supervisor(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = &init));
	returns(maiko_start(sup), UV_EIO);
	test_finish_with(sup, UV_EIO);
	assert_int_equal(atomic_load(&stops), 0);
	assert_int_equal(atomic_load(&errors), 2);
	assert_int_equal(atomic_load(&fired), 0);
}

TEST_WORKERS(a_handle_can_be_closed_and_the_actor_goes_on)
{
	maiko_supervisor *sup = started_with(workers, 1, NULL);
	test_wait_for(&handled, 1);
	ok(maiko_send(sup, poke, .what = QUIT_TIMER));
	test_wait_for(&closed, 1);
	ok(maiko_send(sup, poke, .what = 0));
	test_wait_for(&poked, 2);
	test_finish(sup);
	assert_int_equal(atomic_load(&closed), 1);
	assert_int_equal(atomic_load(&stops), 1);
}

/* ---- errors on the way back ---- */

TEST_WORKERS(an_error_given_to_leave_goes_to_on_error)
{
	maiko_supervisor *sup = started_with(workers, 1, &(ticker){.leaves_with = UV_EPIPE, .forgives = true});
	test_wait_for(&handled, 5);
	test_finish(sup);
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(atomic_load(&last_code), UV_EPIPE);
	assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_LOOP);
}

TEST_WORKERS(an_error_given_to_leave_ends_the_actor)
{
	maiko_supervisor *sup = started_with(workers, 1, &(ticker){.leaves_with = UV_EPIPE, .ending = CLOSED_IN_STOP});
	test_wait_for(&closed, 1);
	test_wait_gone(sup, "ticker0");
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 1); /* what it sent before it failed */
	assert_int_equal(atomic_load(&fired), 1);
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(atomic_load(&last_phase), MAIKO_PHASE_LOOP);
}

/* ---- wrong calls ---- */

typedef struct fumbler {
	uv_timer_t timer, other, twice;
} fumbler;

static void nothing(uv_handle_t *handle) { atomic_fetch_add(&closed, 1); }

static void adopt_wrongly(fumbler *self, maiko_ctx *ctx, uv_loop_t *external)
{
	uv_timer_t stranger;
	expect(uv_timer_init(external, &stranger) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&stranger) == MAIKO_EINVAL);
	uv_close((uv_handle_t *)&stranger, NULL);
	uv_run(external, UV_RUN_DEFAULT);
	expect(maiko_adopt(NULL, (uv_handle_t *)&self->timer) == MAIKO_EINVAL);
	expect(maiko_adopt(ctx, NULL) == MAIKO_EINVAL);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == MAIKO_EEXIST);
}

static int fumbler_on_start(fumbler *self, maiko_ctx *ctx)
{
	uv_loop_t external;
	expect(uv_loop_init(&external) == 0);
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(uv_timer_init(maiko_loop(ctx), &self->other) == 0);
	expect(uv_timer_init(maiko_loop(ctx), &self->twice) == 0);
	expect(maiko_close(ctx, (uv_handle_t *)&self->other, nothing) == MAIKO_EINVAL); /* nothing adopted yet */
	adopt_wrongly(self, ctx, &external);
	expect(uv_loop_close(&external) == 0);
	expect(maiko_close(ctx, (uv_handle_t *)&self->other, nothing) == MAIKO_EINVAL);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->other) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->twice) == 0);
	expect(maiko_close(NULL, (uv_handle_t *)&self->twice, nothing) == MAIKO_EINVAL);
	expect(maiko_close(ctx, NULL, nothing) == MAIKO_EINVAL);
	expect(maiko_close(ctx, (uv_handle_t *)&self->twice, nothing) == 0);
	expect(maiko_close(ctx, (uv_handle_t *)&self->twice, nothing) == MAIKO_EINVAL);
	expect(maiko_enter(NULL) == MAIKO_EINVAL);
	expect(maiko_enter(ctx) == MAIKO_ESTATE);
	return 0;
}

static int fumbler_on_stop(fumbler *self, maiko_ctx *ctx)
{
	uv_timer_t *late = malloc(sizeof *late);
	expect(late != NULL && uv_timer_init(maiko_loop(ctx), late) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)late) == MAIKO_ESTATE);
	uv_close((uv_handle_t *)late, (uv_close_cb)free);
	expect(maiko_close(ctx, (uv_handle_t *)&self->other, NULL) == 0);
	return 0;
}

MAIKO_ACTOR(fumbler, MAIKO_ON_START(fumbler_on_start), MAIKO_ON_STOP(fumbler_on_stop));

TEST_WORKERS(wrong_calls_are_told_and_change_nothing)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, fumbler, "one"));
	ok(maiko_add(sup, fumbler, "two"));
	ok(maiko_start(sup));
	test_wait_for(&closed, 2);
	ok(maiko_remove(sup, id_of(sup, "one")));
	test_finish(sup);
	assert_int_equal(atomic_load(&closed), 2);
}

/* ---- a thread of the user's wakes its actor ---- */

typedef struct bell {
	uv_async_t async;
	maiko_ctx *ctx;
	uint32_t rung;
} bell;

static _Atomic(uv_async_t *) rope;

static void bell_rung(uv_async_t *async)
{
	bell *self = async->data;
	expect(maiko_enter(self->ctx) == 0);
	self->rung++;
	expect(maiko_send(self->ctx, item, .n = self->rung) == 0);
	maiko_leave(self->ctx, 0);
}

static int bell_on_start(bell *self, maiko_ctx *ctx)
{
	self->ctx = ctx;
	self->async.data = self;
	expect(uv_async_init(maiko_loop(ctx), &self->async, bell_rung) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->async) == 0);
	atomic_store(&rope, &self->async);
	return 0;
}

MAIKO_ACTOR(bell, MAIKO_ON_START(bell_on_start));

TEST_WORKERS(a_thread_outside_can_wake_an_idle_actor)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, bell, "ticker of a kind"));
	ok(maiko_add(sup, counter, "counter"));
	ok(maiko_start(sup));
	for (uint64_t i = 1; i <= 100; i++) {
		ok(uv_async_send(atomic_load(&rope)));
		test_wait_for(&handled, i);
	}
	assert_int_equal(test_finish(sup).handled, 100);
}

/* ---- on a loop of the caller's ---- */

typedef struct on_loop {
	uv_loop_t *loop;
} on_loop;

static int on_loop_on_item(on_loop *self, const item *ev, maiko_ctx *ctx)
{
	expect(maiko_loop(ctx) == self->loop);
	if (ev->n == FIRES - 1)
		expect(maiko_stop_all(ctx) == 0);
	return 0;
}

MAIKO_ACTOR(on_loop, MAIKO_ON(item, on_loop_on_item));

TEST_ONCE(handles_on_an_embedded_loop_are_closed_with_their_actor)
{
	test_begin();
	uv_loop_t loop;
	maiko_supervisor *sup = NULL;
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	ticker init = {.ending = CLOSED_IN_STOP};
	ok(maiko_add(sup, ticker, "ticker", .init = &init));
	ok(maiko_add(sup, ticker, "ticker2"));
	ok(maiko_add(sup, on_loop, "on_loop", .init = &(on_loop){&loop}));
	ok(maiko_start(sup));
	ok(uv_run(&loop, UV_RUN_DEFAULT)); /* nothing is left open */
	assert_int_equal(atomic_load(&closed), 1);
	assert_int_equal(atomic_load(&stops), 2);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled + total.discarded + total.dead, atomic_load(&fired));
	ok(uv_loop_close(&loop));
	assert_int_equal(test_wrong(), 0);
}
