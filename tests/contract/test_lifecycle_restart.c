/*
 * test_lifecycle_restart.c - restarts, groups that fail and events that are set aside are told (maiko/lifecycle.h,
 * maiko/group.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

enum { POISON = 1000, END = 2000 };

/* Fails with the poison, as long as that is one. */
PER_TEST _Atomic(bool) harmless;
PER_TEST _Atomic(uint64_t) handled;
typedef struct machine {
	uint32_t unused;
} machine;
static int machine_on_item(machine *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n == END)
		return maiko_stop_self(ctx);
	if (ev->n == POISON && !atomic_load(&harmless))
		return UV_EIO;
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(machine, MAIKO_ON(item, machine_on_item));

/* Watches the machine, and notes what it is told. */
PER_TEST maiko_actor_id machine_id;
PER_TEST _Atomic(uint64_t) told, letters, groups;
PER_TEST maiko_dead_letter last;
PER_TEST maiko_group_failed last_group;
PER_TEST bool asks_for_restarts;
typedef struct operator { uint32_t unused; }
operator;
static int watch(maiko_ctx *ctx)
{
	return asks_for_restarts ? maiko_watch(ctx, machine_id, .restarts = true) : maiko_watch(ctx, machine_id);
}
static int operator_on_start(operator* self, maiko_ctx *ctx) { return watch(ctx); }
static int operator_on_restarted(operator* self, const maiko_restarted *ev, maiko_ctx *ctx)
{
	expect(ev->actor == machine_id && strcmp(ev->name, "machine") == 0);
	test_note("restarted %u with %d", ev->restarts, ev->error == UV_EIO);
	atomic_fetch_add(&told, 1);
	return 0;
}
static int operator_on_ended(operator* self, const maiko_ended *ev, maiko_ctx *ctx)
{
	test_note("ended %d after %u", (int)ev->reason, ev->restarts);
	atomic_fetch_add(&told, 1);
	return 0;
}
static int operator_on_letter(operator* self, const maiko_dead_letter *ev, maiko_ctx *ctx)
{
	last = *ev;
	atomic_fetch_add(&letters, 1);
	if (ev->reason != MAIKO_LETTER_SET_ASIDE)
		return 0;
	atomic_store(&harmless, true);
	return maiko_resend(ctx, ev);
}
static int operator_on_group(operator* self, const maiko_group_failed *ev, maiko_ctx *ctx)
{
	last_group = *ev;
	atomic_fetch_add(&groups, 1);
	return 0;
}
MAIKO_ACTOR(operator, MAIKO_ON_START(operator_on_start), MAIKO_ON(maiko_restarted, operator_on_restarted),
	    MAIKO_ON(maiko_ended, operator_on_ended), MAIKO_ON(maiko_dead_letter, operator_on_letter),
	    MAIKO_ON(maiko_group_failed, operator_on_group));

static maiko_supervisor *with_machine(uint32_t workers, uint32_t retries)
{
	maiko_group_id group;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, machine, "machine", .group = group, .worker = workers, .retries = retries,
		     .ret_id = &machine_id, .backoff = &(maiko_backoff){.first_ms = 10}));
	return sup;
}

static void send_item(maiko_supervisor *sup, uint32_t n)
{
	ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
}

TEST_SIM(each_restart_is_told_to_who_has_asked_for_it)
{
	maiko_supervisor *sup = with_machine(workers, 0);
	asks_for_restarts = true;
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_NO_TOPICS, .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&told, 1);
	ok(maiko_restart(sup, machine_id));
	test_wait_for(&told, 2);
	ok(maiko_send(sup, item, .n = END));
	test_wait_for(&told, 3);
	expect_noted("restarted 1 with 1 restarted 2 with 0 ended 1 after 2");
	test_finish(sup);
}

TEST_SIM(a_restart_is_no_end)
{
	maiko_supervisor *sup = with_machine(workers, 0);
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_NO_TOPICS, .worker = 1));
	ok(maiko_start(sup));
	test_settle(sup);
	ok(maiko_restart(sup, machine_id));
	test_settle(sup);
	expect_noted("");
	ok(maiko_remove(sup, machine_id));
	test_wait_for(&told, 1);
	expect_noted("ended 2 after 1");
	test_finish(sup);
}

TEST_SIM(restarts_are_told_on_the_topic)
{
	maiko_supervisor *sup = with_machine(workers, 0);
	ok(maiko_start(sup));
	maiko_actor_id id = machine_id;
	machine_id = UINT64_C(0x7700000000); /* it watches no actor */
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_TOPICS(maiko_lifecycle_topic), .worker = 1));
	test_wait_for(&told, 1);
	machine_id = id;
	ok(maiko_restart(sup, id));
	test_wait_for(&told, 2);
	expect_noted("ended 4 after 0 restarted 1 with 0");
	test_finish(sup);
}

/* A watcher that is restarted has no watches any more. */
TEST_SIM(a_restart_of_the_watcher_ends_its_watches)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_machine(workers, 0);
	ok(maiko_start(sup));
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_NO_TOPICS, .worker = 1, .ret_id = &id,
		     .restart = MAIKO_TRANSIENT));
	maiko_actor_id first = machine_id;
	ok(maiko_add(sup, machine, "another", .ret_id = &machine_id, .topics = MAIKO_NO_TOPICS));
	ok(maiko_restart(sup, id)); /* it watches the other one now */
	ok(maiko_remove(sup, first));
	test_settle(sup);
	expect_noted("");
	ok(maiko_remove(sup, machine_id));
	test_wait_for(&told, 1);
	expect_noted("ended 2 after 0");
	test_finish(sup);
}

TEST_SIM(an_event_that_was_set_aside_can_be_sent_again)
{
	maiko_supervisor *sup = with_machine(workers, 2);
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_TOPICS(maiko_dead_letters_topic), .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = POISON));
	test_wait_for(&handled, 1);
	assert_int_equal(letters, 1);
	assert_int_equal(last.reason, MAIKO_LETTER_SET_ASIDE);
	assert_int_equal(last.attempts, 3);
	assert_int_equal(last.error, UV_EIO);
	assert_string_equal(last.name, "machine");
	test_finish(sup);
}

TEST_SIM(a_group_that_has_failed_is_told)
{
	maiko_group_id outer, inner;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_group(sup, "outer", .restarts = MAIKO_UNLIMITED, .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .restarts = 2, .within_ms = 60000, .ret_id = &inner));
	ok(maiko_add(sup, machine, "machine", .group = inner, .worker = workers, .ret_id = &machine_id,
		     .backoff = &(maiko_backoff){.first_ms = 1}));
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_TOPICS(maiko_groups_topic), .worker = 1));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 3; i++)
		send_item(sup, POISON);
	test_wait_for(&groups, 1);
	assert_true(last_group.group == inner && last_group.actor == machine_id);
	assert_string_equal(last_group.name, "inner");
	assert_string_equal(last_group.actor_name, "machine");
	assert_int_equal(last_group.error, UV_EIO);
	assert_int_equal(last_group.restarts, 2);
	assert_int_equal(last_group.within_ms, 60000);
	test_finish(sup);
}

/* ---- for a program, which is no actor -------------------------------------------------------------- */

static int argument;
static void on_group_failed(void *arg, const maiko_observation *o)
{
	const maiko_group_failed *failed = o->data;
	expect(arg == &argument && o->actor == 0 && o->event == NULL && o->worker >= 1);
	expect(o->code == UV_EIO && failed->error == UV_EIO && strcmp(failed->actor_name, "machine") == 0);
	expect(maiko_stop(o->supervisor, NULL) == MAIKO_EDEADLK); /* it counts as a callback */
	test_note("'%s' %u", failed->name, failed->restarts);
}

static void fail_groups(uint32_t workers, bool subscribed)
{
	maiko_group_id outer, inner;
	maiko_monitor *monitor;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.group_failed = on_group_failed}, &argument, &monitor));
	ok(maiko_group(sup, "outer", .restarts = 1, .ret_id = &outer));
	ok(maiko_group(sup, "inner", .group = outer, .restarts = 1, .ret_id = &inner));
	ok(maiko_add(sup, machine, "machine", .group = inner, .worker = workers, .ret_id = &machine_id,
		     .backoff = &(maiko_backoff){.first_ms = 0}));
	if (subscribed)
		ok(maiko_add(sup, operator, "operator", .topics = MAIKO_TOPICS(maiko_groups_topic), .worker = 1));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 16; n++)
		ok(maiko_send(sup, item, .n = POISON));
	returns(maiko_join(sup), UV_EIO);
	/* Every second failure of the inner group is one of the outer, and every second of those one of the root. */
	expect_noted("'inner' 1 'inner' 1 'outer' 1 'inner' 1 'inner' 1 'outer' 1 "
		     "'inner' 1 'inner' 1 'outer' 1 'inner' 1 'inner' 1 'outer' 1 '' 3");
	test_finish_with(sup, UV_EIO);
	assert_int_equal(atomic_load(&groups), subscribed ? 13 : 0);
}

TEST_WORKERS(a_monitor_is_told_on_real_threads_of_each_group_that_fails) { fail_groups(workers, true); }
TEST_SIM(a_monitor_is_told_once_of_each_group_that_fails) { fail_groups(workers, false); }
TEST_SIM(a_monitor_and_a_subscriber_are_told_of_each_group_that_fails) { fail_groups(workers, true); }
