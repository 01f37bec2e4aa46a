/*
 * C11 at each moment: every callback of an actor fails once, wherever in the life of a
 * supervisor it can. on_error is asked once, with the code and the phase; forgiven, the actor
 * goes on; not forgiven, it ends, with its on_stop if it had started; the others go on.
 *
 *   victim    fails once, when a `prod`, an `odd` or some `fill` reach it
 *   prodder   on the same worker, sends these: in its on_start, when it is told to, in its
 *             on_stop, or held until a stop has begun
 *   steady    elsewhere, to show that others go on
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum { MAILBOX = 4, FILLS = 12, TICKS_MAX = 20 };

typedef enum what { START, HANDLE, ANY, TICK, JOB, DONE, STOP, LOOP, OVERFLOW, WHATS } what;
typedef enum moment { FIRST_BATCH, RUNNING, DRAIN, STOP_DRAIN, MOMENTS } moment;

/* By hand: the phase and code that on_error is to see, and when it can happen at all. */
static const struct {
	const char *name;
	maiko_phase phase;
	int code;
	bool occurs[MOMENTS];
} table[WHATS] = {
	/*                                                   first  running drain  drain of an on_stop */
	[START] = {"on_start", MAIKO_PHASE_START, UV_EIO, {true, true, false, false}},
	[HANDLE] = {"handler", MAIKO_PHASE_HANDLE, UV_EIO, {true, true, true, true}},
	[ANY] = {"on_any", MAIKO_PHASE_HANDLE, UV_EIO, {true, true, true, true}},
	[TICK] = {"tick", MAIKO_PHASE_TICK, UV_EIO, {true, true, true, true}},
	[JOB] = {"blocking done", MAIKO_PHASE_DONE, UV_EIO, {true, true, true, true}},
	[DONE] = {"on_done", MAIKO_PHASE_DONE, UV_EIO, {true, true, true, false}}, /* no more changes */
	[STOP] = {"on_stop", MAIKO_PHASE_STOP, UV_EIO, {true, true, true, false}}, /* it has its own */
	[LOOP] = {"loop", MAIKO_PHASE_LOOP, UV_EIO, {true, true, true, true}},
	[OVERFLOW] = {"overflow", MAIKO_PHASE_OVERFLOW, MAIKO_EOVERFLOW, {true, true, true, true}},
};

typedef struct prod {
	uint32_t n;
} prod;
typedef struct odd {
	uint32_t n;
} odd;
typedef struct fill {
	uint32_t n;
} fill;
typedef struct ping {
	uint32_t n;
} ping;
MAIKO_TOPIC(prods);
MAIKO_TOPIC(fills, .overflow = MAIKO_FAIL);
MAIKO_TOPIC(pings);
MAIKO_TOPIC(orders);
MAIKO_EVENT(prod, prods, n);
MAIKO_EVENT(odd, prods, n);
MAIKO_EVENT(fill, fills, n);
MAIKO_EVENT(ping, pings, n);
MAIKO_SIGNAL(go, orders);

PER_TEST _Atomic(uint64_t) errors, starts, stops, ticks, filled, after, looped, held, stop_begun, failing;

static void await(_Atomic(uint64_t) *value)
{
	while (atomic_load(value) == 0)
		sched_yield();
}

/* ---- the victim ------------------------------------------------------------------------------ */

typedef struct victim {
	what what;
	bool forgives, waits; /* in its handler, until a stop has begun */
	bool armed;           /* its next tick fails */
	uv_timer_t timer;
} victim;

/* Where this one fails, and for the first time? */
static int answer_at(const victim *self, what at)
{
	return self->what == at && atomic_fetch_add(&failing, 1) == 0 ? UV_EIO : 0;
}

static int victim_on_start(victim *self, maiko_ctx *ctx)
{
	int rc = answer_at(self, START);
	atomic_fetch_add(&starts, rc == 0 || self->forgives);
	return rc;
}

static int victim_on_stop(victim *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return answer_at(self, STOP);
}

static int victim_on_error(victim *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == table[self->what].code);
	expect(error->phase == table[self->what].phase);
	expect((error->event.type != NULL) == (error->phase == MAIKO_PHASE_HANDLE));
	expect(self->what != HANDLE || maiko_as(&error->event, prod) != NULL);
	expect(self->what != ANY || maiko_as(&error->event, odd) != NULL);
	atomic_fetch_add(&errors, 1);
	return self->forgives ? 0 : error->code;
}

typedef struct job {
	bool waits; /* keeps a drain from its end, until the loop has come round */
} job;
static int job_work(job *j)
{
	if (j->waits)
		await(&looped);
	return 0;
}
static int victim_on_job(victim *self, job *j, int status, maiko_ctx *ctx)
{
	expect(status == 0);
	return answer_at(self, JOB);
}
MAIKO_BLOCKING(victim, job, job_work, victim_on_job);

static void timer_fired(uv_timer_t *timer)
{
	maiko_ctx *ctx = timer->data;
	expect(maiko_enter(ctx) == 0);
	maiko_leave(ctx, UV_EIO);
	atomic_store(&looped, 1);
}

/* The first makes it fail; the second shows whether it goes on. */
static int victim_on_prod(victim *self, const prod *ev, maiko_ctx *ctx)
{
	if (ev->n != 0) {
		atomic_fetch_add(&after, 1);
		return 0;
	}
	self->armed = self->what == TICK;
	if (self->what == JOB || self->what == LOOP)
		expect(maiko_blocking(ctx, job_work, victim_on_job, .waits = self->what == LOOP) == 0);
	if (self->what == LOOP) {
		expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
		expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
		self->timer.data = ctx;
		expect(uv_timer_start(&self->timer, timer_fired, 0, 0) == 0);
	}
	if (self->what == DONE)
		expect(maiko_remove(ctx, UINT64_MAX) == 0); /* there is no such actor, as on_done hears */
	if (self->waits) {
		atomic_store(&held, 1);
		await(&stop_begun);
	}
	return answer_at(self, HANDLE);
}

static int victim_on_any(victim *self, const maiko_any *ev, maiko_ctx *ctx)
{
	expect(maiko_as(ev, odd) != NULL);
	return answer_at(self, ANY);
}

static int victim_on_fill(victim *self, const fill *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&filled, 1);
	return 0;
}

static int victim_on_done(victim *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == MAIKO_ENOENT || (self->waits && completion->status == MAIKO_ESHUTDOWN));
	return answer_at(self, DONE);
}

static maiko_next victim_tick(victim *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return self->armed && answer_at(self, TICK) != 0 ? maiko_failed(UV_EIO) : maiko_after_events();
}

MAIKO_ACTOR(victim, MAIKO_ON_START(victim_on_start), MAIKO_ON_STOP(victim_on_stop), MAIKO_ON_ERROR(victim_on_error),
	    MAIKO_ON(prod, victim_on_prod), MAIKO_ON_ANY(victim_on_any), MAIKO_ON(fill, victim_on_fill),
	    MAIKO_ON_DONE(victim_on_done), MAIKO_TICK(victim_tick));

/* ---- who makes it fail -------------------------------------------------------------------------- */

typedef struct prodder {
	what what;
	moment moment;
	int fails; /* what its on_start answers */
} prodder;

static void prodder_prods(const prodder *self, maiko_ctx *ctx)
{
	if (self->what == OVERFLOW)
		for (uint32_t i = 0; i < FILLS; i++) /* in one callback, so that none is handled between */
			expect(maiko_send(ctx, fill, .n = i) == 0);
	else if (self->what == ANY)
		expect(maiko_send(ctx, odd) == 0);
	else
		expect(maiko_send(ctx, prod, .n = 0) == 0);
	if (self->what == HANDLE || self->what == ANY)
		expect(maiko_send(ctx, prod, .n = 1) == 0);
}

static int prodder_on_start(prodder *self, maiko_ctx *ctx)
{
	if (self->moment == FIRST_BATCH)
		prodder_prods(self, ctx);
	return self->fails;
}

static int prodder_on_go(prodder *self, const go *ev, maiko_ctx *ctx)
{
	if (self->moment == DRAIN && self->what != DONE) { /* for that one the victim waits */
		atomic_store(&held, 1);
		await(&stop_begun);
	}
	prodder_prods(self, ctx);
	return 0;
}

static int prodder_on_stop(prodder *self, maiko_ctx *ctx)
{
	if (self->moment == STOP_DRAIN)
		prodder_prods(self, ctx);
	return 0;
}
MAIKO_ACTOR(prodder, MAIKO_ON_START(prodder_on_start), MAIKO_ON(go, prodder_on_go), MAIKO_ON_STOP(prodder_on_stop));

typedef struct steady {
	uint32_t unused;
} steady;
static int steady_on_ping(steady *self, const ping *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(ping), ev);
	return 0;
}
static int steady_on_stop(steady *self, maiko_ctx *ctx)
{
	test_note("stopped");
	return 0;
}
MAIKO_ACTOR(steady, MAIKO_ON(ping, steady_on_ping), MAIKO_ON_STOP(steady_on_stop));

/* ---- one cell of the table ------------------------------------------------------------------------ */

typedef struct cell {
	what what;
	moment moment;
	bool forgives;
	uint32_t workers;
	maiko_supervisor *sup;
	maiko_actor_id victim;
} cell;

/* An on_stop fails in the first batch when the start does, for another's on_start. */
static int add_victim(cell *c)
{
	victim init = {.what = c->what, .forgives = c->forgives, .waits = c->what == DONE && c->moment == DRAIN};
	return maiko_add(c->sup, victim, "victim", .topics = MAIKO_TOPICS(prods, fills), .mailbox = MAILBOX,
			 .worker = c->workers, .restart = MAIKO_TEMPORARY, .init = &init, .ret_id = &c->victim);
}

static int add_prodder(cell *c)
{
	bool spoils = c->what == STOP && c->moment == FIRST_BATCH;
	prodder init = {c->what, c->moment, spoils ? UV_EBUSY : 0};
	return maiko_add(c->sup, prodder, "prodder", .worker = c->workers, .init = &init);
}

static bool start_fails(const cell *c)
{
	return c->moment == FIRST_BATCH && ((c->what == START && !c->forgives) || c->what == STOP);
}

static int start_status(const cell *c) { return !start_fails(c) ? 0 : c->what == STOP ? UV_EBUSY : UV_EIO; }

static void begin(cell *c)
{
	c->sup = test_supervisor(c->workers);
	ok(maiko_add(c->sup, steady, "steady", .worker = 1));
	if (c->moment == FIRST_BATCH) {
		assert_int_equal(add_victim(c), 0);
		assert_int_equal(add_prodder(c), 0);
		assert_int_equal(maiko_start(c->sup), start_status(c));
		return;
	}
	ok(maiko_start(c->sup));
	assert_int_equal(add_victim(c), c->what == START && !c->forgives ? UV_EIO : 0);
	assert_int_equal(add_prodder(c), 0);
	if (c->what != START)
		test_wait_for(&ticks, 1); /* it has answered maiko_after_events */
}

/* Makes it fail, if it has not yet. */
static void provoke(const cell *c)
{
	if (c->what == START || start_fails(c))
		return;
	if (c->moment == RUNNING && c->what == STOP)
		ok(maiko_remove(c->sup, c->victim));
	else if (c->moment == RUNNING || c->moment == DRAIN)
		ok(maiko_send(c->sup, go));
	if (c->moment == DRAIN)
		test_wait_for(&held, 1);
	else if (c->moment != STOP_DRAIN)
		test_wait_for(&errors, 1);
}

/* While it runs: is the victim there yet, and do others go on? */
static void look_at_others(const cell *c)
{
	maiko_actor_id id;
	bool gone = !c->forgives || c->what == STOP;
	if ((c->moment != FIRST_BATCH && c->moment != RUNNING) || start_fails(c))
		return;
	ok(maiko_send(c->sup, ping, .n = 1));
	test_wait_for(&test_heard_events, 1);
	_Atomic(uint64_t) as_is = 0;
	for (uint64_t until = uv_hrtime() + UINT64_C(300000000000); uv_hrtime() < until && as_is == 0;)
		as_is = maiko_find(c->sup, "victim", &id) == (gone ? MAIKO_ENOENT : 0);
	assert_int_equal(as_is, 1);
}

static uint64_t expected_stops(const cell *c) { return c->what == START && !c->forgives ? 0 : 1; }

static void end(const cell *c)
{
	if (c->moment == DRAIN) {
		ok(maiko_stop_begin(c->sup, NULL, NULL, NULL));
		atomic_store(&stop_begun, 1);
	}
	maiko_counts total = test_finish_with(c->sup, start_status(c));
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(atomic_load(&starts), expected_stops(c));
	assert_int_equal(atomic_load(&stops), expected_stops(c));
	expect_noted("stopped");
	if (c->what == HANDLE || c->what == ANY)
		assert_int_equal(atomic_load(&after), c->forgives ? 1 : 0);
	if (c->what == OVERFLOW) { /* 4 of 12 fit */
		assert_int_equal(total.dropped, 8);
		assert_int_equal(atomic_load(&filled), c->forgives ? 4 : 0);
		assert_int_equal(total.dead, c->forgives ? 0 : 4);
	}
	assert_true(atomic_load(&ticks) < TICKS_MAX);
}

static void fail_everywhere(uint32_t workers, bool forgives)
{
	for (what w = START; w < WHATS; w++)
		for (moment m = FIRST_BATCH; m < MOMENTS; m++) {
			cell c = {.what = w, .moment = m, .forgives = forgives, .workers = workers};
			if (!table[w].occurs[m])
				continue;
			test_begin();
			begin(&c);
			provoke(&c);
			look_at_others(&c);
			end(&c);
		}
}

TEST_WORKERS(an_error_that_is_forgiven_at_any_moment_changes_nothing) { fail_everywhere(workers, true); }
TEST_WORKERS(an_error_that_is_not_forgiven_at_any_moment_ends_that_actor_alone) { fail_everywhere(workers, false); }
