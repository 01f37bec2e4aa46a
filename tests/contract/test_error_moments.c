/*
 * C11 in the middle of something: an error while the actor is muted, while it mutes its
 * sender, while it is about to move, and for an event that was delayed. Each callback fails
 * once at each moment. on_error is asked once; forgiven, the actor goes on, unmuted and moved;
 * not forgiven, it ends, and what waited for it goes on.
 *
 *   victim    fails once, when a `prod`, an `odd` or some `fill` reach it
 *   prodder   on the same worker, sends these when it is told to
 *   slow      on the same worker, with a small mailbox: mutes the victim
 */
#include "support.h"

#include <uv.h>

enum { MAILBOX = 4, FILLS = 12, MOST = 64 };

typedef enum what { START, HANDLE, ANY, TICK, JOB, DONE, STOP, LOOP, OVERFLOW, WHATS } what;
typedef enum moment { DELAYED, MUTED, MUTING, MOVING, MOMENTS } moment;

/* By hand: what on_error is to see, and when it can happen at all. */
static const struct {
	const char *name;
	maiko_phase phase;
	int code;
	bool occurs[MOMENTS];
} table[WHATS] = {
	/*                                                   delayed muted muting moving */
	[START] = {"on_start", MAIKO_PHASE_START, UV_EIO, {false, true, false, false}},
	[HANDLE] = {"handler", MAIKO_PHASE_HANDLE, UV_EIO, {true, true, true, true}},
	[ANY] = {"on_any", MAIKO_PHASE_HANDLE, UV_EIO, {true, true, true, true}},
	[TICK] = {"tick", MAIKO_PHASE_TICK, UV_EIO, {true, true, true, true}},
	[JOB] = {"blocking done", MAIKO_PHASE_DONE, UV_EIO, {true, true, true, true}},
	[DONE] = {"on_done", MAIKO_PHASE_DONE, UV_EIO, {true, true, true, true}},
	[STOP] = {"on_stop", MAIKO_PHASE_STOP, UV_EIO, {true, true, true, true}},
	[LOOP] = {"loop", MAIKO_PHASE_LOOP, UV_EIO, {true, true, true, false}}, /* it stays */
	[OVERFLOW] = {"overflow", MAIKO_PHASE_OVERFLOW, MAIKO_EOVERFLOW, {true, true, false, false}},
};
static const char *const moment_names[MOMENTS] = {"delayed", "muted", "muting", "moving"};

typedef struct prod {
	uint32_t n;
} prod;
typedef prod odd;
typedef prod fill;
typedef prod load;
MAIKO_TOPIC(prods);
MAIKO_TOPIC(fills, .overflow = MAIKO_FAIL);
MAIKO_TOPIC(loads);
MAIKO_TOPIC(orders);
MAIKO_TOPIC(answers);
MAIKO_EVENT(prod, prods, n);
MAIKO_EVENT(odd, prods, n);
MAIKO_EVENT(fill, fills, n);
MAIKO_EVENT(load, loads, n);
MAIKO_SIGNAL(go, orders);
MAIKO_SIGNAL(heard, orders);
MAIKO_SIGNAL(ready, answers);

PER_TEST _Atomic(uint64_t) errors, starts, stops, ticks, filled, after, last, failing, loads_sent, moves_asked,
	moves_told, moves_done, released;

/* ---- the victim ------------------------------------------------------------------------- */

typedef struct victim {
	what what;
	moment moment;
	bool forgives, armed; /* its next tick fails */
	uint32_t target;      /* where it moves to */
	uv_timer_t timer;
} victim;

static void move_told(void *arg, const maiko_completion *completion)
{
	expect(completion->change == MAIKO_CHANGE_MOVE);
	atomic_fetch_add(&moves_done, completion->status == 0);
	atomic_fetch_add(&moves_told, 1);
}

/* Begins what it is in the middle of when it fails. */
static void upset(const victim *self, maiko_ctx *ctx)
{
	if (self->moment == MUTED) {
		for (uint32_t n = 0; n < MOST && !maiko_is_congested(ctx); n++, atomic_fetch_add(&loads_sent, 1))
			expect(maiko_send(ctx, load, .n = n) == 0);
		expect(maiko_is_congested(ctx));
	}
	if (self->moment == MOVING) {
		expect(maiko_move(ctx, maiko_self(ctx), self->target, .done = move_told) == 0);
		atomic_fetch_add(&moves_asked, 1);
	}
}

/* Is it here that this one fails, and for the first time? */
static int answer_at(const victim *self, what at, maiko_ctx *ctx)
{
	if (self->what != at || atomic_fetch_add(&failing, 1) != 0)
		return 0;
	if (at != STOP) /* there it has begun before */
		upset(self, ctx);
	return UV_EIO;
}

static int victim_on_start(victim *self, maiko_ctx *ctx)
{
	int rc = answer_at(self, START, ctx);
	atomic_fetch_add(&starts, rc == 0 || self->forgives);
	return rc;
}

static int victim_on_stop(victim *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return answer_at(self, STOP, ctx);
}

static int victim_on_error(victim *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == table[self->what].code);
	expect(error->phase == table[self->what].phase);
	expect((error->event.type != NULL) == (error->phase == MAIKO_PHASE_HANDLE));
	atomic_fetch_add(&errors, 1);
	return self->forgives ? 0 : error->code;
}

typedef struct job {
	uint32_t n;
} job;
static int job_work(job *j) { return (int)j->n; }
static int victim_on_job(victim *self, job *j, int status, maiko_ctx *ctx)
{
	expect(status == 0);
	return answer_at(self, JOB, ctx);
}
MAIKO_BLOCKING(victim, job, job_work, victim_on_job);

static void timer_fired(uv_timer_t *timer)
{
	maiko_ctx *ctx = timer->data;
	expect(maiko_enter(ctx) == 0);
	maiko_leave(ctx, UV_EIO);
}

static void start_timer(victim *self, maiko_ctx *ctx)
{
	upset(self, ctx);
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&self->timer) == 0);
	self->timer.data = ctx;
	expect(uv_timer_start(&self->timer, timer_fired, 0, 0) == 0);
}

/* The first makes it fail; the others show whether it goes on. */
static int victim_on_prod(victim *self, const prod *ev, maiko_ctx *ctx)
{
	if (ev->n != 0) {
		atomic_fetch_add(ev->n == 1 ? &after : &last, 1);
		return 0;
	}
	self->armed = self->what == TICK;
	if (self->what == JOB)
		expect(maiko_blocking(ctx, job_work, victim_on_job, .n = 0) == 0);
	if (self->what == LOOP)
		start_timer(self, ctx);
	if (self->what == DONE)
		expect(maiko_remove(ctx, UINT64_MAX) == 0); /* there is no such actor, as on_done hears */
	if (self->what == STOP) {
		upset(self, ctx);
		expect(maiko_stop_self(ctx) == 0);
	}
	if (self->what == OVERFLOW) {
		upset(self, ctx);
		expect(maiko_send(ctx, ready) == 0);
	}
	return answer_at(self, HANDLE, ctx);
}

static int victim_on_any(victim *self, const maiko_any *ev, maiko_ctx *ctx)
{
	expect(maiko_as(ev, odd) != NULL);
	return answer_at(self, ANY, ctx);
}

static int victim_on_fill(victim *self, const fill *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&filled, 1);
	return 0;
}

static int victim_on_done(victim *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return completion->change == MAIKO_CHANGE_REMOVE ? answer_at(self, DONE, ctx) : 0;
}

static maiko_next victim_tick(victim *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return self->armed && answer_at(self, TICK, ctx) != 0 ? maiko_failed(UV_EIO) : maiko_after_events();
}

MAIKO_ACTOR(victim, MAIKO_ON_START(victim_on_start), MAIKO_ON_STOP(victim_on_stop), MAIKO_ON_ERROR(victim_on_error),
	    MAIKO_ON(prod, victim_on_prod), MAIKO_ON_ANY(victim_on_any), MAIKO_ON(fill, victim_on_fill),
	    MAIKO_ON_DONE(victim_on_done), MAIKO_TICK(victim_tick));

/* ---- who makes it fail ---------------------------------------------------------------------- */

typedef struct prodder {
	what what;
	moment moment;
} prodder;

/* Now or, as the moment is, in a millisecond. */
static void send_prod(const prodder *self, uint32_t n, maiko_ctx *ctx)
{
	int rc;
	if (self->what == ANY && n == 0)
		rc = self->moment == DELAYED ? maiko_send_after_ms(ctx, 1, NULL, odd) : maiko_send(ctx, odd);
	else
		rc = self->moment == DELAYED ? maiko_send_after_ms(ctx, 1, NULL, prod, .n = n)
					     : maiko_send(ctx, prod, .n = n);
	expect(rc == 0);
}

/* In one callback, so that none is handled between. */
static void send_fills(const prodder *self, maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < FILLS; n++)
		expect((self->moment == DELAYED ? maiko_send_after_ms(ctx, 1, NULL, fill, .n = n)
						: maiko_send(ctx, fill, .n = n)) == 0);
}

static int prodder_on_go(prodder *self, const go *ev, maiko_ctx *ctx)
{
	if (self->what == OVERFLOW && self->moment == DELAYED) {
		send_fills(self, ctx);
		return 0;
	}
	send_prod(self, 0, ctx);
	for (uint32_t n = 1; self->moment == MUTING && n < FILLS; n++)
		send_prod(self, 1, ctx);
	expect(maiko_is_congested(ctx) == (self->moment == MUTING));
	return 0;
}

static int prodder_on_ready(prodder *self, const ready *ev, maiko_ctx *ctx)
{
	send_fills(self, ctx);
	return 0;
}

/* Comes after a go, so not while it is muted. */
static int prodder_on_heard(prodder *self, const heard *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&released, 1);
	return 0;
}
MAIKO_ACTOR(prodder, MAIKO_ON(go, prodder_on_go), MAIKO_ON(ready, prodder_on_ready), MAIKO_ON(heard, prodder_on_heard));

TEST_LISTENER(slow, load);

/* ---- one cell of the table -------------------------------------------------------------------- */

typedef struct cell {
	what what;
	moment moment;
	bool forgives;
	uint32_t workers;
	maiko_supervisor *sup;
} cell;

static void begin(cell *c)
{
	victim init = {.what = c->what, .moment = c->moment, .forgives = c->forgives, .target = c->workers};
	c->sup = test_supervisor(c->workers);
	ok(maiko_add(c->sup, slow, "slow", .worker = 1, .mailbox = MAILBOX));
	ok(maiko_add(c->sup, prodder, "prodder", .worker = 1, .init = &(prodder){c->what, c->moment}));
	ok(maiko_start(c->sup));
	maiko_actor_id id;
	int rc = maiko_add(c->sup, victim, "victim", .topics = MAIKO_TOPICS(prods, fills), .mailbox = MAILBOX,
			   .worker = 1, .restart = MAIKO_TEMPORARY, .init = &init, .ret_id = &id);
	assert_int_equal(rc, c->what == START && !c->forgives ? UV_EIO : 0);
}

static bool ends(const cell *c) { return !c->forgives || c->what == STOP; }

static void provoke(const cell *c)
{
	if (c->what != START) {
		test_wait_for(&ticks, 1); /* it has answered maiko_after_events */
		ok(maiko_send(c->sup, go));
		ok(maiko_send(c->sup, heard));
		test_wait_for(&released, 1);
	}
	test_wait_for(&errors, 1);
	if (ends(c) && c->what != START)
		test_wait_for(&stops, 1);
	if (!ends(c)) {
		ok(maiko_send(c->sup, prod, .n = 2));
		test_wait_for(&last, 1);
	}
	test_wait_for(&test_heard_events, atomic_load(&loads_sent));
	test_wait_for(&moves_told, atomic_load(&moves_asked));
}

static void check_at(const cell *c, bool good, const char *text, int line)
{
	if (good)
		return;
	print_error("%s, %s, %sforgiven, %u workers: not %s\n", table[c->what].name, moment_names[c->moment],
		    c->forgives ? "" : "not ", c->workers, text);
	_fail(__FILE__, line);
}
#define check(condition) check_at(c, (condition), #condition, __LINE__)

static void end(const cell *c)
{
	maiko_counts total = test_finish(c->sup);
	uint64_t started = c->what == START && !c->forgives ? 0 : 1;
	check(atomic_load(&errors) == 1);
	check(atomic_load(&starts) == started);
	check(atomic_load(&stops) == started);
	check(atomic_load(&last) == (ends(c) ? 0 : 1));
	check(test_heard_count("slow", "load") == atomic_load(&loads_sent));
	check(c->moment != MUTED || atomic_load(&loads_sent) > 0);
	check(atomic_load(&moves_asked) == (c->moment == MOVING ? 1 : 0));
	if (c->moment == MUTING && !ends(c))
		check(atomic_load(&after) == FILLS - 1);
	if (c->moment == MUTING && !c->forgives && (c->what == HANDLE || c->what == ANY))
		check(atomic_load(&after) == 0);
	if (c->moment == MOVING)
		check(atomic_load(&moves_told) == 1);
	if (c->moment == MOVING && !ends(c))
		check(atomic_load(&moves_done) == 1);
	if (c->what == OVERFLOW) { /* 4 of 12 fit */
		check(total.dropped == (FILLS - MAILBOX));
		check(atomic_load(&filled) == (c->forgives ? MAILBOX : 0));
	}
	check(test_wrong() == 0);
}

/* In simulation there is no loop, and between two delayed events all may be handled. */
static bool occurs(what w, moment m)
{
	bool real = w == LOOP || (w == OVERFLOW && m == DELAYED);
	return table[w].occurs[m] && !(real && test_is_simulated());
}

static void fail_at_each_moment(uint32_t workers, bool forgives)
{
	for (what w = START; w < WHATS; w++)
		for (moment m = DELAYED; m < MOMENTS; m++) {
			cell c = {.what = w, .moment = m, .forgives = forgives, .workers = workers};
			if (!occurs(w, m))
				continue;
			test_begin();
			begin(&c);
			provoke(&c);
			end(&c);
		}
}

static void forgiven_with(uint32_t workers) { fail_at_each_moment(workers, true); }
static void not_forgiven_with(uint32_t workers) { fail_at_each_moment(workers, false); }

TEST_SIM(in_the_middle_of_something_a_forgiven_error_changes_nothing) { forgiven_with(workers); }
TEST_SIM(in_the_middle_of_something_an_error_ends_the_actor_alone) { not_forgiven_with(workers); }
TEST_WORKERS(so_it_is_on_threads_when_it_is_forgiven) { forgiven_with(workers); }
TEST_WORKERS(so_it_is_on_threads_when_it_is_not) { not_forgiven_with(workers); }
