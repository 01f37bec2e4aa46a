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

PER_TEST _Atomic(uint64_t) starts, stops, failures_left, start_failures_left;

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

static int machine_on_start(machine *self, maiko_ctx *ctx)
{
	expect(self->handled == 0 && self->life == 0);
	self->life = (uint32_t)atomic_fetch_add(&starts, 1) + 1;
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
