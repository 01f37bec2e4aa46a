/*
 * test_replay_groups.c - groups that external threads and sources make and remove after the start, and what is in them,
 * are there again in a replay.
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
typedef struct wish {
	uint32_t n;
} wish;
MAIKO_TOPIC(items);
MAIKO_TOPIC(results);
MAIKO_TOPIC(wishes);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(result, results, n, handled);
MAIKO_EVENT(wish, wishes, n);

PER_TEST _Atomic(uint64_t) starts, finds, has_made;

/* Fails with each item that is a multiple of 3. */
typedef struct machine {
	uint32_t handled;
} machine;
static int machine_on_start(machine *self, maiko_ctx *ctx)
{
	(void)self;
	atomic_fetch_add(&starts, 1);
	return maiko_send(ctx, result, .n = 0);
}
static int machine_on_item(machine *self, const item *ev, maiko_ctx *ctx)
{
	self->handled++;
	return ev->n % 3 == 0 ? UV_EIO : maiko_send(ctx, result, .n = ev->n, .handled = self->handled);
}
MAIKO_ACTOR(machine, MAIKO_ON_START(machine_on_start), MAIKO_ON(item, machine_on_item));
TEST_LISTENER(listener, result);

static int add_listener(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, listener, "listener");
}

/* ---- a recording, and its replay ----------------------------------------------------------------- */

typedef struct recorded {
	char path[64];
	maiko_recorder *recorder;
	maiko_supervisor *sup;
	int (*setup)(maiko_supervisor *sup, void *arg);
	const char *const *sources;
} recorded;

static recorded prepare(uint32_t workers, int (*setup)(maiko_supervisor *sup, void *arg), const char *const *sources)
{
	recorded r = {.setup = setup, .sources = sources};
	snprintf(r.path, sizeof r.path, "/tmp/maiko-replay-groups-%ld", (long)getpid());
	unlink(r.path);
	r.sup = test_supervisor(workers);
	ok(maiko_recorder_new(&r.recorder, r.sup, r.path, &(maiko_recorder_options){.sources = sources}));
	ok(setup(r.sup, NULL));
	return r;
}

static recorded record(uint32_t workers, int (*setup)(maiko_supervisor *sup, void *arg), const char *const *sources)
{
	recorded r = prepare(workers, setup, sources);
	ok(maiko_start(r.sup));
	return r;
}

static void replay(recorded *r)
{
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(machine), NULL};
	maiko_replay_result replayed;
	(void)maiko_stop(r->sup, NULL); /* it may meet a failure, or the end of the root */
	ok(maiko_recorder_free(r->recorder));
	test_release(r->sup);
	int rc = maiko_replay(
		&(maiko_replay_options){.path = r->path, .setup = r->setup, .sources = r->sources, .actors = actors},
		&replayed);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), replayed.text);
	assert_true(replayed.complete);
	unlink(r->path);
}

/* ---- by an external thread ----------------------------------------------------------------------- */

static const maiko_backoff soon = {.first_ms = 1, .max_ms = 2};

TEST_WORKERS(a_group_that_another_thread_makes_and_removes_is_there_in_the_replay)
{
	maiko_group_id outer, inner;
	recorded r = record(workers, add_listener, NULL);
	ok(maiko_group(r.sup, "outer", .strategy = MAIKO_ONE_FOR_ALL, .restarts = MAIKO_UNLIMITED, .backoff = &soon,
		       .ret_id = &outer));
	ok(maiko_group(r.sup, "inner", .group = outer, .restart = MAIKO_PERMANENT, .restarts = 1, .ret_id = &inner));
	returns(maiko_group(r.sup, "inner"), MAIKO_EEXIST);
	ok(maiko_add(r.sup, machine, "first", .group = outer));
	ok(maiko_add(r.sup, machine, "second", .group = inner));
	for (uint32_t n = 1; n <= 9; n++)
		ok(maiko_send(r.sup, item, .n = n));
	test_wait_for(&starts, 2 + 3 * 2); /* each has failed with three items */
	ok(maiko_remove_group(r.sup, outer));
	returns(maiko_remove_group(r.sup, outer), MAIKO_ENOENT);
	ok(maiko_group(r.sup, "outer", .ret_id = &outer)); /* its name is free */
	ok(maiko_add(r.sup, machine, "third", .group = outer));
	ok(maiko_send(r.sup, item, .n = 1));
	replay(&r);
}

/* ---- while a callback runs that uses it ------------------------------------------------------------ */

/* Adds into a group that is made while this handler runs. */
typedef struct finder {
	uint32_t unused;
} finder;
static int finder_on_wish(finder *self, const wish *ev, maiko_ctx *ctx)
{
	maiko_group_id id;
	(void)self;
	(void)ev;
	atomic_fetch_add(&finds, 1);
	test_wait_for(&has_made, 1);
	int rc = maiko_find_group(maiko_supervisor_of(ctx), "late", &id);
	return rc != 0 ? rc : maiko_add(ctx, machine, "late", .group = id);
}
MAIKO_ACTOR(finder, MAIKO_ON(wish, finder_on_wish));

static int add_finder(maiko_supervisor *sup, void *arg)
{
	int rc = maiko_add(sup, finder, "finder");
	return rc != 0 ? rc : add_listener(sup, arg);
}

TEST_WORKERS(a_group_that_is_made_while_a_callback_runs_that_uses_it_is_there_in_the_replay)
{
	maiko_group_id outer;
	recorded r = record(workers, add_finder, NULL);
	ok(maiko_send(r.sup, wish, .n = 1));
	test_wait_for(&finds, 1);
	ok(maiko_group(r.sup, "outer", .ret_id = &outer));
	ok(maiko_group(r.sup, "late", .group = outer, .backoff = &soon));
	atomic_fetch_add(&has_made, 1);
	test_wait_for(&starts, 1);
	ok(maiko_send(r.sup, item, .n = 3));
	test_wait_for(&starts, 2);
	replay(&r);
}

/* ---- in a callback -------------------------------------------------------------------------------- */

/* Makes a group with a machine, by the supervisor or by its ctx; removes it again. */
typedef struct manager {
	maiko_group_id group;
} manager;
static int manager_on_wish(manager *self, const wish *ev, maiko_ctx *ctx)
{
	maiko_supervisor *sup = maiko_supervisor_of(ctx);
	char name[16];
	if (ev->n == 0)
		return maiko_remove_group(ctx, self->group);
	snprintf(name, sizeof name, "made%u", ev->n);
	int rc = ev->n == 1 ? maiko_group(sup, name, .backoff = &soon, .ret_id = &self->group)
			    : maiko_group(ctx, name, .backoff = &soon, .ret_id = &self->group);
	if (rc == MAIKO_EEXIST)
		return 0;
	return rc != 0 ? rc : maiko_add(ctx, machine, name, .group = self->group);
}
MAIKO_ACTOR(manager, MAIKO_ON(wish, manager_on_wish));

static int add_manager(maiko_supervisor *sup, void *arg)
{
	int rc = maiko_add(sup, manager, "manager");
	return rc != 0 ? rc : add_listener(sup, arg);
}

static void let_it_manage(recorded *r)
{
	for (uint32_t n = 1; n <= 2; n++) {
		ok(maiko_send(r->sup, wish, .n = n));
		ok(maiko_send(r->sup, wish, .n = n)); /* there is one already */
		test_wait_for(&starts, 2 * n - 1);
		ok(maiko_send(r->sup, item, .n = 3));
		test_wait_for(&starts, 2 * n);
		ok(maiko_send(r->sup, wish, .n = 0));
		test_wait_gone(r->sup, test_name("made", n));
	}
	replay(r);
}

TEST_WORKERS(a_group_that_a_callback_makes_by_the_supervisor_is_made_once_in_the_replay)
{
	recorded r = record(workers, add_manager, NULL);
	let_it_manage(&r);
}

TEST_WORKERS(a_group_that_a_source_makes_and_removes_is_there_in_the_replay)
{
	static const char *const sources[] = {"manager", NULL};
	recorded r = record(workers, add_manager, sources);
	let_it_manage(&r);
}

/* ---- groups that fail -------------------------------------------------------------------------------- */

/* Fails in each on_start. */
typedef struct weak {
	bool unused;
} weak;
static int weak_on_start(weak *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return UV_ENODEV;
}
MAIKO_ACTOR(weak, MAIKO_ON_START(weak_on_start));

static int add_weak(maiko_supervisor *sup, void *arg)
{
	maiko_group_id group;
	int rc = 0;
	(void)arg;
	for (uint32_t i = 0; rc == 0 && i < 4; i++) {
		rc = maiko_group(sup, test_name("group", i), .restarts = 1, .ret_id = &group, .backoff = &soon);
		for (uint32_t k = 0; rc == 0 && k < 2; k++)
			rc = maiko_add(sup, weak, test_name("weak", 2 * i + k), .group = group, .start_may_fail = true);
	}
	return rc;
}

static void see_failure(void *arg, const maiko_observation *o)
{
	(void)arg;
	(void)o;
	atomic_fetch_add(&finds, 1);
}

/* Of the actors that failed before it was over each worker tells about its own. */
TEST_WORKERS(groups_that_fail_while_the_supervisor_starts_fail_in_the_replay)
{
	maiko_monitor *monitor;
	recorded r = prepare(workers, add_weak, NULL);
	ok(maiko_monitor_add(r.sup, &(maiko_hooks){.group_failed = see_failure}, NULL, &monitor));
	ok(maiko_start(r.sup));
	test_wait_for(&finds, 4);
	replay(&r);
}
