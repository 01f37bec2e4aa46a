/*
 * C20: an actor that fails is restarted: what it keeps, what is renewed, when it runs again, and what becomes of the
 * event whose handler has failed (maiko/group.h).
 */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct done {
	uint32_t n, life;
} done;
MAIKO_TOPIC(items);
MAIKO_TOPIC(results);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(done, results, n, life);

enum { POISON = 1000 };

PER_TEST _Atomic(uint64_t) starts, stops, failures_left, start_failures_left, asks_left, answers;
PER_TEST int answer;

/* ---- a machine: passes items on, and fails with the poison, as often as the test says ---- */

typedef struct machine {
	uint32_t life; /* which one, from 1 */
	uint32_t handled;
	uint32_t given; /* of .init */
} machine;

static bool fails(_Atomic(uint64_t) *left)
{
	if (atomic_load(left) == 0)
		return false;
	atomic_fetch_sub(left, 1);
	return true;
}

static void answered(void *arg, const maiko_completion *completion)
{
	answer = completion->status;
	atomic_fetch_add(&answers, 1);
}

static int machine_on_start(machine *self, maiko_ctx *ctx)
{
	expect(self->handled == 0 && self->life == 0);
	self->life = (uint32_t)atomic_fetch_add(&starts, 1) + 1;
	if (self->life > 1 && fails(&asks_left))
		expect(maiko_restart(ctx, maiko_self(ctx), .done = answered) == 0);
	return fails(&start_failures_left) ? UV_ENODEV : 0;
}
static int machine_on_stop(machine *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int machine_on_item(machine *self, const item *ev, maiko_ctx *ctx)
{
	self->handled++;
	if (ev->n >= POISON && fails(&failures_left))
		return UV_EIO;
	return maiko_send(ctx, done, .n = ev->n, .life = self->life);
}
MAIKO_ACTOR(machine, MAIKO_ON_START(machine_on_start), MAIKO_ON_STOP(machine_on_stop), MAIKO_ON(item, machine_on_item));
TEST_LISTENER(listener, done);

static maiko_supervisor *with_listener(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	return sup;
}

TEST_SIM(what_was_queued_is_handled_after_the_restart)
{
	maiko_supervisor *sup = with_listener(workers);
	atomic_store(&failures_left, 1);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 10; n++)
		ok(maiko_send(sup, item, .n = n == 3 ? POISON : n));
	test_wait_for(&starts, 2);
	test_wait_for(&test_heard_events, 9);
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_actor_row *row = test_actor_row(ledger, "machine");
	expect_heard_count("listener", done, 9);
	assert_int_equal(row->counts.handled, 9);
	assert_int_equal(row->counts.set_aside, 1);
	assert_int_equal(atomic_load(&stops), 2);
	assert_int_equal(ledger->failed, 1);
	test_release(sup);
}

/* ---- the delay ---- */

TEST_SIM(the_delay_doubles_up_to_its_maximum)
{
	static const uint64_t delays_ms[] = {10, 20, 40, 50, 50};
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "all", .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, machine, "machine", .group = group, .retries = 10,
		     .backoff = &(maiko_backoff){.first_ms = 10, .max_ms = 50}));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 5);
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&stops, 1);
	for (uint64_t i = 0; i < 5; i++) {
		uint64_t before = test_now_ns();
		test_wait_for(&starts, i + 2);
		uint64_t after = test_now_ns();
		expect(after - before <= delays_ms[i] * 1000000);
		test_wait_for(&stops, i < 4 ? i + 2 : 5);
	}
	test_wait_for(&test_heard_events, 1);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "machine")->counts.handled, 1);
	test_release(sup);
}

TEST_SIM(one_whose_start_keeps_failing_waits_longer_and_longer)
{
	enum { FAILURES = 6, TOTAL_MS = 10 + 20 + 40 + 50 + 50 + 50 };
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "all", .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, machine, "machine", .group = group, .start_may_fail = true,
		     .backoff = &(maiko_backoff){.first_ms = 10, .max_ms = 50}));
	atomic_store(&start_failures_left, FAILURES);
	uint64_t before = test_now_ns();
	ok(maiko_start(sup));
	test_wait_for(&starts, FAILURES + 1);
	expect(test_now_ns() - before >= TOTAL_MS * 1000000);
	(void)test_finish(sup);
}

/* ---- the intensity ---- */

TEST_SIM(too_many_failures_stop_the_supervisor_with_the_chain_in_words)
{
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id outer, inner;
	ok(maiko_group(sup, "outer", .restarts = 1, .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .restarts = 2, .ret_id = &inner));
	ok(maiko_add(sup, machine, "machine", .group = inner, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	atomic_store(&failures_left, UINT32_MAX);
	for (uint32_t n = 0; n < 100; n++)
		(void)maiko_send(sup, item, .n = POISON + n);
	returns(maiko_join(sup), UV_EIO);
	assert_non_null(strstr(maiko_last_error(), "'machine'"));
	assert_non_null(strstr(maiko_last_error(), "'item'"));
	assert_non_null(strstr(maiko_last_error(), "'inner' had restarted 2 times"));
	assert_non_null(strstr(maiko_last_error(), "'outer' had restarted 1 time "));
	/* 3 failures make inner fail; outer restarts it once; 3 more, and outer fails; the root restarts it 3 times. */
	assert_int_equal(atomic_load(&starts), 3 * 2 * 4);
	(void)test_stop_with(sup, UV_EIO);
	test_release(sup);
}

/* ---- strategies ---- */

typedef struct member {
	uint32_t unused;
} member;
static int member_on_start(member *self, maiko_ctx *ctx)
{
	test_note("+%s", maiko_name(ctx));
	return 0;
}
static int member_on_stop(member *self, maiko_ctx *ctx)
{
	test_note("-%s", maiko_name(ctx));
	return 0;
}
static int member_on_item(member *self, const item *ev, maiko_ctx *ctx)
{
	char name[8];
	(void)snprintf(name, sizeof name, "%c", (int)ev->n);
	if (strcmp(name, maiko_name(ctx)) == 0 && fails(&failures_left))
		return UV_EIO;
	return maiko_send(ctx, done, .n = ev->n);
}
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON(item, member_on_item));

/* a, b, c and d, of which c fails once. */
static void fail_c(uint32_t workers, maiko_strategy strategy, const char *expected, uint64_t events)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "all", .strategy = strategy, .ret_id = &group));
	for (int i = 0; i < 4; i++)
		ok(maiko_add(sup, member, names[i], .group = group, .retries = 1));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 'c'));
	test_wait_for(&test_heard_events, events);
	(void)test_stop(sup);
	expect_noted(expected);
	test_release(sup);
}

TEST_SIM(one_for_one_restarts_it_alone) { fail_c(workers, MAIKO_ONE_FOR_ONE, "+a +b +c +d -c +c -d -c -b -a", 4); }
TEST_SIM(one_for_all_stops_all_in_reverse_and_starts_them_in_order)
{
	fail_c(workers, MAIKO_ONE_FOR_ALL, "+a +b +c +d -c -d -b -a +a +b +c +d -d -c -b -a", 4);
}
TEST_SIM(rest_for_one_restarts_those_after_it)
{
	fail_c(workers, MAIKO_REST_FOR_ONE, "+a +b +c +d -c -d +c +d -d -c -b -a", 4);
}

TEST_SIM(who_comes_and_goes_down_during_the_delay_is_started_too)
{
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id all, early, id;
	ok(maiko_group(sup, "all", .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &all));
	ok(maiko_group(sup, "early", .group = all, .ret_id = &early));
	ok(maiko_add(sup, member, "c", .group = all, .retries = 1));
	ok(maiko_add(sup, member, "d", .group = all));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 'c'));
	test_settle(sup);
	ok(maiko_add(sup, member, "a", .group = early, .ret_id = &id));
	ok(maiko_restart(sup, id));
	test_wait_for(&test_heard_events, 2);
	(void)test_stop(sup);
	expect_noted("+c +d -c -d +a -a +a +c +d -a -d -c");
	test_release(sup);
}

/* Fails in its first callback, and does not want another. */
typedef struct quitter {
	uint32_t unused;
} quitter;

static int quitter_on_start(quitter *self, maiko_ctx *ctx)
{
	expect(maiko_stop_self(ctx) == 0);
	return UV_EIO;
}
MAIKO_ACTOR(quitter, MAIKO_ON_START(quitter_on_start));

TEST_SIM(one_that_fails_and_stops_itself_during_the_start_ends)
{
	maiko_supervisor *sup = with_listener(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, quitter, "quitter", .worker = 1, .restart = MAIKO_TRANSIENT, .start_may_fail = true));
	for (const char *name = "abcdefgh"; *name != '\0';
	     name++) /* their starts take steps, in which the first may end */
		ok(maiko_add(sup, member, ((char[]){*name, '\0'})));
	ok(maiko_start(sup));
	test_settle(sup);
	returns(maiko_find(sup, "quitter", &id), MAIKO_ENOENT);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 1);
	test_release(sup);
}

/* ---- on request ---- */

TEST_SIM(a_restart_on_request_counts_as_no_failure)
{
	maiko_supervisor *sup = with_listener(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .ret_id = &id));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 10; n++) {
		ok(maiko_send(sup, item, .n = n));
		ok(maiko_restart(sup, id));
		assert_int_equal(atomic_load(&starts), n + 1);
	}
	test_wait_for(&test_heard_events, 10);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 0);
	expect_heard_in_order("listener", 1, 10);
	test_release(sup);
}

/* `asked` restarts while its group waits for an hour. */
static void ask_a_waiting_group(uint32_t workers, const char *asked)
{
	enum { HOUR_MS = 3600000 };
	maiko_supervisor *sup = with_listener(workers);
	maiko_group_id group;
	maiko_actor_id id;
	ok(maiko_group(sup, "all", .strategy = MAIKO_ONE_FOR_ALL, .backoff = &(maiko_backoff){.first_ms = HOUR_MS},
		       .ret_id = &group));
	for (const char *name = "abc"; *name != '\0'; name++)
		ok(maiko_add(sup, member, ((char[]){*name, '\0'}), .group = group, .retries = 1));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 'b'));
	test_settle(sup);
	ok(maiko_find(sup, asked, &id));
	uint64_t before = test_now_ns();
	ok(maiko_restart(sup, id));
	expect(test_now_ns() - before < HOUR_MS * UINT64_C(1000000));
	test_wait_for(&test_heard_events, 3);
	(void)test_stop(sup);
	expect_noted("+a +b +c -b -c -a +a +b +c -c -b -a");
	test_release(sup);
}
TEST_SIM(a_restart_of_who_has_failed_ends_the_delay_of_its_group) { ask_a_waiting_group(workers, "b"); }
TEST_SIM(a_restart_of_another_member_ends_the_delay_of_its_group) { ask_a_waiting_group(workers, "c"); }

/* That was the answer; the attempt after it is not the caller's. */
TEST_SIM(a_restart_on_request_that_fails_is_followed_by_the_delay)
{
	enum { HOUR_MS = 3600000 };
	maiko_supervisor *sup = with_listener(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT,
		     .backoff = &(maiko_backoff){.first_ms = HOUR_MS}, .ret_id = &id));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	atomic_store(&start_failures_left, 1);
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&stops, 1);
	returns(maiko_restart(sup, id), UV_ENODEV);
	test_settle(sup);
	assert_int_equal(atomic_load(&starts), 2);
	ok(maiko_restart(sup, id));
	assert_int_equal(atomic_load(&starts), 3);
	(void)test_finish(sup);
}

/* What that on_start has read may be older than the request. */
static void ask_during_on_start(uint32_t workers, uint64_t start_failures)
{
	enum { HOUR_MS = 3600000 };
	maiko_supervisor *sup = with_listener(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .retries = 1,
		     .backoff = &(maiko_backoff){.first_ms = 1, .max_ms = HOUR_MS}));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	atomic_store(&start_failures_left, start_failures);
	atomic_store(&asks_left, 1);
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&answers, 1);
	test_settle(sup);
	assert_int_equal(answer, 0);
	assert_int_equal(atomic_load(&starts), 3);
	test_wait_for(&test_heard_events, 1);
	(void)test_finish(sup);
}
TEST_SIM(one_asked_for_during_on_start_begins_another_life) { ask_during_on_start(workers, 0); }
TEST_SIM(also_if_that_fails) { ask_during_on_start(workers, 1); }

TEST_SIM(a_restart_may_be_asked_for_as_soon_as_the_start_has_returned)
{
	maiko_supervisor *sup = with_listener(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, puppet, "puppet", .restart = MAIKO_TRANSIENT, .ret_id = &id));
	returns(maiko_restart(sup, id), MAIKO_ESTATE);
	ok(maiko_start(sup));
	ok(maiko_restart(sup, id));
	(void)test_finish(sup);
}

TEST_SIM(a_permanent_actor_comes_back_when_it_has_stopped_itself)
{
	maiko_supervisor *sup = with_listener(workers);
	ok(maiko_add(sup, puppet, "puppet", .restart = MAIKO_PERMANENT, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	for (int i = 0; i < 3; i++) {
		test_order(sup, "puppet", maiko_stop_self);
		test_settle(sup);
	}
	maiko_actor_id id;
	ok(maiko_find(sup, "puppet", &id));
	(void)test_finish(sup);
}

/* ---- the start ---- */

TEST_SIM(a_first_start_that_fails_fails_the_start)
{
	maiko_supervisor *sup = with_listener(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT));
	atomic_store(&start_failures_left, 1);
	returns(maiko_start(sup), UV_ENODEV);
	(void)test_stop_with(sup, UV_ENODEV);
	test_release(sup);
}

TEST_SIM(one_that_may_fail_is_tried_again)
{
	maiko_supervisor *sup = with_listener(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .start_may_fail = true));
	atomic_store(&start_failures_left, 3);
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 7));
	test_wait_for(&test_heard_events, 1);
	assert_int_equal(atomic_load(&starts), 4);
	(void)test_finish(sup);
}

/* ---- the stop ---- */

TEST_SIM(a_stop_ends_an_actor_that_waits_for_its_restart)
{
	maiko_supervisor *sup = with_listener(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .retries = 5,
		     .backoff = &(maiko_backoff){.first_ms = 1000000}));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&stops, 1);
	ok(maiko_send(sup, item, .n = 1));
	maiko_ledger *ledger;
	ok(maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger}));
	const maiko_actor_row *row = test_actor_row(ledger, "machine");
	assert_int_equal(row->counts.discarded + row->counts.dead, 2); /* dead: what came from another worker later */
	assert_int_equal(row->status, MAIKO_ACTOR_FAILED);
	assert_int_equal(atomic_load(&starts), 1);
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
	test_release(sup);
}
