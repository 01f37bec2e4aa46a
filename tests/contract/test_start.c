/*
 * C7: the start is a barrier, in the order added; what fails in it is undone in reverse.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum { ACTORS = 16, EARLY = 50, CREDIT = 10, FAILS = 6 };

typedef struct hi {
	uint32_t n;
} hi;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hi, greetings, n);

PER_TEST _Atomic(uint64_t) started, ticked, done_calls;
PER_TEST _Atomic(int) done_status = 1;

static void count_done(void *arg, const maiko_completion *completion)
{
	atomic_store(&done_status, completion->status);
	atomic_fetch_add(&done_calls, 1);
}

/* ---- greets in on_start, and again in its tick ---- */

typedef struct greeter {
	uint32_t all; /* to be started before anything is handled */
} greeter;

static int greeter_on_start(greeter *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, hi, .n = 1);
	for (int i = 0; i < 200; i++) /* time for the others to do wrong */
		sched_yield();
	atomic_fetch_add(&started, 1);
	return rc;
}

static int greeter_on_hi(greeter *self, const hi *ev, maiko_ctx *ctx)
{
	expect(atomic_load(&started) >= self->all);
	test_hear(ctx, MAIKO_EVENT_REF(hi), ev);
	return 0;
}

static maiko_next greeter_tick(greeter *self, maiko_ctx *ctx)
{
	expect(atomic_load(&started) >= self->all);
	atomic_fetch_add(&ticked, 1);
	return maiko_never();
}

MAIKO_ACTOR(greeter, MAIKO_ON_START(greeter_on_start), MAIKO_ON(hi, greeter_on_hi), MAIKO_TICK(greeter_tick));

TEST_WORKERS(nothing_is_handled_before_every_on_start_has_returned)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < ACTORS; i++)
		ok(maiko_add(sup, greeter, test_name("actor", i), .init = &(greeter){.all = ACTORS}));
	for (uint32_t i = 0; i < EARLY; i++)
		ok(maiko_send(sup, hi, .n = i));
	ok(maiko_start(sup));
	assert_int_equal(atomic_load(&started), 16);
	test_wait_for(&ticked, ACTORS);
	assert_int_equal(test_finish(sup).handled,
			 16 * 15 + 50 * 16); /* greetings to the others, what came early to all */
	expect_heard_count(NULL, hi, 16 * 15 + 50 * 16);
	assert_int_equal(atomic_load(&ticked), 16);
}

/* ---- notes its start and its end ---- */

typedef struct member {
	int number;
	int fails;     /* what on_start answers */
	bool forgives; /* what on_error does */
} member;

static int member_on_start(member *self, maiko_ctx *ctx)
{
	test_note("%d", self->number);
	return self->fails;
}

static int member_on_stop(member *self, maiko_ctx *ctx)
{
	test_note("%d", -self->number);
	return 0;
}

static int member_on_error(member *self, const maiko_error *error, maiko_ctx *ctx)
{
	return self->forgives && error->phase == MAIKO_PHASE_START ? 0 : error->code;
}

static int member_on_hi(member *self, const hi *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(hi), ev);
	return 0;
}

MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON_ERROR(member_on_error),
	    MAIKO_ON(hi, member_on_hi));

static void add_members(maiko_supervisor *sup, uint32_t workers, bool forgives)
{
	for (int i = 1; i <= 10; i++)
		ok(maiko_add(sup, member, test_name("actor", (uint32_t)i),
			     .init = &(member){i, i == FAILS ? UV_EIO : 0, forgives},
			     .worker = (uint32_t)i * 7 % workers + 1));
}

TEST_WORKERS(on_start_runs_in_the_order_added)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_members(sup, workers, true); /* one start fails, and is forgiven */
	ok(maiko_start(sup));
	expect_noted("1 2 3 4 5 6 7 8 9 10");
	test_finish(sup);
	expect_noted("1 2 3 4 5 6 7 8 9 10 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1");
}

TEST_WORKERS(a_failing_on_start_stops_those_started_in_reverse)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_members(sup, workers, false);
	ok(maiko_send(sup, hi, .n = 1));
	returns(maiko_start(sup), UV_EIO);
	expect_noted("1 2 3 4 5 6 -5 -4 -3 -2 -1");
	returns(maiko_start(sup), MAIKO_ESTATE);
	returns(maiko_send(sup, hi, .n = 2), MAIKO_ESHUTDOWN);
	returns(maiko_add(sup, member, "late"), MAIKO_ESHUTDOWN);
	returns(maiko_join(sup), UV_EIO);
	const maiko_ledger *ledger = test_stop_with(sup, UV_EIO);
	assert_true(ledger->stopped);
	assert_int_equal(ledger->published, 1);
	assert_int_equal(ledger->total.deliveries, 10);
	assert_int_equal(ledger->total.discarded + ledger->total.dead, 10);
	assert_int_equal(test_actor_row(ledger, "actor6")->status, MAIKO_ACTOR_FAILED);
	assert_int_equal(test_actor_row(ledger, "actor6")->error, UV_EIO);
	expect_heard_count(NULL, hi, 0);
	test_release(sup);
}

TEST_WORKERS(sends_before_the_start_are_kept_up_to_the_credit)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .external_credit = CREDIT});
	ok(maiko_add(sup, member, "member"));
	for (uint32_t i = 0; i < CREDIT; i++)
		ok(maiko_send(sup, hi, .n = i));
	returns(maiko_send(sup, hi, .n = 10), MAIKO_EAGAIN);
	returns(maiko_try_send(sup, hi, .n = 10), MAIKO_EAGAIN);
	expect_heard_count(NULL, hi, 0);
	ok(maiko_start(sup));
	returns(maiko_start(sup), MAIKO_ESTATE);
	ok(maiko_send(sup, hi, .n = 10));
	assert_int_equal(test_finish(sup).handled, 11);
}

/* ---- adds others in on_start ---- */

typedef struct parent {
	int fails;
	bool own_thread;
} parent;

static int parent_on_start(parent *self, maiko_ctx *ctx)
{
	int rc = maiko_add(ctx, greeter, "child", .init = &(greeter){.all = 1}, .own_thread = self->own_thread,
			   .done = count_done);
	if (maiko_add(ctx, greeter, "child") == MAIKO_EEXIST && rc == 0)
		return self->fails;
	return MAIKO_EINVAL;
}

static int parent_on_done(parent *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	if (completion->status != 0 || completion->change != MAIKO_CHANGE_ADD)
		return MAIKO_EINVAL;
	return maiko_send(ctx, hi, .n = 3);
}

MAIKO_ACTOR(parent, MAIKO_ON_START(parent_on_start), MAIKO_ON_DONE(parent_on_done));

TEST_WORKERS(what_on_start_adds_starts_after_the_first_batch)
{
	for (int own_thread = 0; own_thread < 2; own_thread++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, parent, "parent", .init = &(parent){0, own_thread == 1}));
		ok(maiko_start(sup));
		test_wait_for(&done_calls, 1);
		test_wait_for(&test_heard_events, 1);
		const maiko_ledger *ledger = test_stop(sup);
		assert_int_equal(atomic_load(&done_status), 0);
		assert_int_equal(atomic_load(&done_calls), 1);
		assert_int_equal(test_actor_row(ledger, "child")->counts.handled, 1);
		assert_int_equal(test_actor_row(ledger, "child")->ticks, 1);
		test_release(sup);
	}
}

TEST_WORKERS(what_on_start_adds_is_refused_if_the_start_fails)
{
	for (int own_thread = 0; own_thread < 2; own_thread++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		parent init = {UV_EIO, own_thread == 1};
		ok(maiko_add(sup, parent, "parent", .init = &init));
		returns(maiko_start(sup), UV_EIO);
		test_wait_for(&done_calls, 1);
		assert_int_equal(atomic_load(&done_status), MAIKO_ESHUTDOWN);
		test_finish_with(sup, UV_EIO);
		assert_int_equal(atomic_load(&started), 0);
	}
}

/* ---- stops all in on_start ---- */

typedef struct quitter {
	bool now;
} quitter;

static int quitter_on_start(quitter *self, maiko_ctx *ctx)
{
	test_note("1");
	if (self->now)
		return maiko_stop_begin(maiko_supervisor_of(ctx), &(maiko_stop_options){.now = true}, NULL, NULL);
	return maiko_stop_all(ctx);
}

static int quitter_on_stop(quitter *self, maiko_ctx *ctx)
{
	test_note("-1");
	return 0;
}

MAIKO_ACTOR(quitter, MAIKO_ON_START(quitter_on_start), MAIKO_ON_STOP(quitter_on_stop));

TEST_WORKERS(a_stop_asked_for_in_on_start_comes_after_the_start)
{
	for (int now = 0; now < 2; now++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, quitter, "quitter", .init = &(quitter){.now = now == 1}));
		ok(maiko_add(sup, member, "second", .init = &(member){.number = 2}));
		for (uint32_t i = 0; i < EARLY; i++)
			ok(maiko_send(sup, hi, .n = i));
		ok(maiko_start(sup));
		ok(maiko_join(sup));
		expect_noted("1 2 -2 -1");
		maiko_counts total = test_finish(sup);
		assert_int_equal(total.deliveries, 50);
		assert_int_equal(now == 1 ? total.discarded : total.handled, 50);
	}
}

/* ---- adds and stops of other threads while the start is under way ---- */

typedef struct slow {
	uv_sem_t *entered, *go_on;
} slow;

static int slow_on_start(slow *self, maiko_ctx *ctx)
{
	uv_sem_post(self->entered);
	uv_sem_wait(self->go_on);
	return 0;
}

MAIKO_ACTOR(slow, MAIKO_ON_START(slow_on_start));

static void start_in_thread(void *arg)
{
	if (maiko_start(arg) == 0)
		atomic_fetch_add(&done_calls, 1);
}

TEST_WORKERS(sends_while_the_start_is_under_way_are_kept_and_stops_wait_for_it)
{
	uv_thread_t starter;
	uv_sem_t entered, go_on;
	slow gates = {&entered, &go_on};
	ok(uv_sem_init(gates.entered, 0));
	ok(uv_sem_init(gates.go_on, 0));
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, member, "member"));
	ok(maiko_add(sup, slow, "slow", .init = &gates));
	ok(uv_thread_create(&starter, start_in_thread, sup));
	uv_sem_wait(gates.entered);
	returns(maiko_start(sup), MAIKO_ESTATE);
	ok(maiko_send(sup, hi, .n = 1));
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	ok(maiko_send(sup, hi, .n = 2)); /* it has not begun */
	uv_sem_post(gates.go_on);
	ok(uv_thread_join(&starter));
	assert_int_equal(atomic_load(&done_calls), 1);
	assert_int_equal(test_finish(sup).handled, 2);
	uv_sem_destroy(gates.entered);
	uv_sem_destroy(gates.go_on);
}
