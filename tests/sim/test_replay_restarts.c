/*
 * test_replay_restarts.c - a run with restarts, recorded on real threads, is replayed without a divergence: retries,
 * all strategies, delays, groups that fail, that are made and removed in callbacks, and restarts on request.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct result {
	uint32_t n, handled;
} result;
MAIKO_TOPIC(items);
MAIKO_TOPIC(results);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(result, results, n, handled);

enum { ITEMS = 200, SENDERS = 2, MACHINES = 6 };

static _Atomic(uint64_t) sent_on;

/* Fails with each item that its number says, whatever it has handled before. */
typedef struct machine {
	uint32_t number, handled;
} machine;
static int machine_on_start(machine *self, maiko_ctx *ctx)
{
	(void)self;
	if (maiko_random(ctx) % 4 == 0)
		(void)maiko_restart(ctx, maiko_self(ctx)); /* of a later life: too late for this one */
	return maiko_random(ctx) % 16 == 0 ? UV_ENODEV : 0;
}
static int machine_on_stop(machine *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_random(ctx) % 16 == 0 ? UV_EPIPE : 0;
}
static int machine_on_item(machine *self, const item *ev, maiko_ctx *ctx)
{
	self->handled++;
	if (ev->n % 31 == self->number)
		return UV_EIO;
	return maiko_send(ctx, result, .n = ev->n, .handled = self->handled);
}
static maiko_next machine_tick(machine *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_random(ctx) % 8 == 0 ? maiko_failed(UV_EBUSY) : maiko_after_ms(2);
}
MAIKO_ACTOR(machine, MAIKO_ON_START(machine_on_start), MAIKO_ON_STOP(machine_on_stop), MAIKO_ON(item, machine_on_item),
	    MAIKO_TICK(machine_tick));

/* Makes a group with a machine now and then, restarts it, and removes it. */
typedef struct manager {
	uint32_t results, made;
	maiko_group_id group;
	maiko_actor_id guest;
} manager;
static int manager_on_result(manager *self, const result *ev, maiko_ctx *ctx)
{
	char name[16];
	(void)ev;
	atomic_fetch_add(&sent_on, 1);
	switch (++self->results % 40) {
	case 1:
		snprintf(name, sizeof name, "made%u", self->made++);
		(void)maiko_group(ctx, name, .restarts = MAIKO_UNLIMITED, .ret_id = &self->group,
				  .strategy = (maiko_strategy)(self->made % 3));
		(void)maiko_add(ctx, machine, name, .group = self->group, .retries = 1, .start_may_fail = true,
				.init = &(machine){.number = 29}, .ret_id = &self->guest,
				.backoff = &(maiko_backoff){.first_ms = 1, .max_ms = 2});
		break;
	case 15:
	case 16:
	case 18:
	case 20:
		(void)maiko_restart(ctx, self->guest);
		break;
	case 30:
		(void)maiko_remove_group(ctx, self->group);
		break;
	default:
		break;
	}
	return 0;
}
MAIKO_ACTOR(manager, MAIKO_ON(result, manager_on_result));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	maiko_group_id outer = 0, inner[3] = {0};
	(void)arg;
	int rc = maiko_add(sup, manager, "manager");
	if (rc == 0)
		rc = maiko_group(sup, "outer", .restarts = MAIKO_UNLIMITED, .ret_id = &outer);
	for (uint32_t i = 0; rc == 0 && i < 3; i++)
		rc = maiko_group(sup, test_name("inner", i), .group = outer, .restarts = 5, .within_ms = 50,
				 .strategy = (maiko_strategy)i, .ret_id = &inner[i]);
	for (uint32_t i = 0; rc == 0 && i < MACHINES; i++)
		rc = maiko_add(sup, machine, test_name("machine", i), .group = inner[i % 3], .retries = i % 3,
			       .init = &(machine){.number = i}, .mailbox = 16, .start_may_fail = true,
			       .backoff = &(maiko_backoff){.first_ms = i % 2, .max_ms = 4, .jitter_percent = 20});
	return rc;
}

static void send_items(void *arg)
{
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_int_equal(maiko_send((maiko_supervisor *)arg, item, .n = i), 0);
}

static void record(uint32_t workers, const char *path)
{
	uv_thread_t threads[SENDERS];
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&sent_on, 0);
	unlink(path);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(uv_thread_create(&threads[i], send_items, sup), 0);
	for (int i = 0; i < SENDERS; i++)
		uv_thread_join(&threads[i]);
	test_wait_for(&sent_on, ITEMS * SENDERS);
	maiko_ledger *ledger = NULL;
	(void)maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger}); /* it may meet a failure */
	assert_true(maiko_ledger_balanced(ledger));
	maiko_ledger_free(ledger);
	ok(maiko_recorder_free(recorder));
	test_release(sup);
}

/* ---- a group that another thread makes --------------------------------------------------------- */

/* Tells whether the group is there. */
typedef struct finder {
	uint32_t unused;
} finder;
static int finder_on_item(finder *self, const item *ev, maiko_ctx *ctx)
{
	maiko_group_id id;
	(void)self;
	int rc = maiko_find_group(maiko_supervisor_of(ctx), "late", &id);
	return maiko_send(ctx, result, .n = ev->n, .handled = rc == 0);
}
MAIKO_ACTOR(finder, MAIKO_ON(item, finder_on_item));
TEST_LISTENER(listener, result);

static int add_finder(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, finder, "finder");
	return rc != 0 ? rc : maiko_add(sup, listener, "listener");
}

TEST_ONCE(what_a_callback_finds_is_found_in_the_replay)
{
	char path[64];
	maiko_recorder *recorder;
	maiko_replay_result replayed;
	snprintf(path, sizeof path, "/tmp/maiko-replay-find-group-%ld", (long)getpid());
	unlink(path);
	test_begin();
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_recorder_new(&recorder, sup, path, NULL));
	ok(add_finder(sup, NULL));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&test_heard_events, 1);
	ok(maiko_group(sup, "late"));
	ok(maiko_send(sup, item, .n = 2));
	test_wait_for(&test_heard_events, 2);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_release(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_finder}, &replayed);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), replayed.text);
	assert_true(replayed.complete);
	unlink(path);
}

TEST_WORKERS(a_run_with_restarts_is_replayed_without_a_divergence)
{
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-restarts-%ld", (long)getpid());
	for (int i = 0; i < 5; i++) {
		maiko_replay_result replayed;
		record(workers, path);
		int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors}, &replayed);
		if (rc != 0)
			fail_msg("%s: %s", maiko_strerror(rc), replayed.text);
		assert_true(replayed.complete);
	}
	unlink(path);
}
