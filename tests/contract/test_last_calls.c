/*
 * test_last_calls.c - what would last beyond a callback is refused in an on_stop: at the end of an actor, and before a
 * restart alike (C4, C20).
 */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) starts, stops, ticks;
PER_TEST int codes[8];
PER_TEST char why[400];

typedef struct clerk {
	uint32_t unused;
} clerk;
static int clerk_on_start(clerk *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int clerk_on_item(clerk *self, const item *ev, maiko_ctx *ctx) { return ev->n == 0 ? 0 : UV_EIO; }
static maiko_next clerk_tick(clerk *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_never();
}
static int clerk_on_stop(clerk *self, maiko_ctx *ctx)
{
	int i = 0;
	maiko_delayed delayed = 77;
	codes[i++] = maiko_send_self_after_ms(ctx, 1, &delayed, item, .n = 0);
	snprintf(why, sizeof why, "%s", maiko_last_error());
	codes[i++] = maiko_send_after_ms(ctx, 1, &delayed, item, .n = 0);
	codes[i++] = maiko_wake_tick(ctx);
	codes[i++] = maiko_hold(ctx);
	codes[i++] = maiko_unhold(ctx);
	expect(delayed == 77);
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(clerk, MAIKO_ON_START(clerk_on_start), MAIKO_ON_STOP(clerk_on_stop), MAIKO_ON(item, clerk_on_item),
	    MAIKO_TICK(clerk_tick));

static void expect_refused(void)
{
	assert_int_equal(codes[0], MAIKO_ESHUTDOWN);
	assert_int_equal(codes[1], MAIKO_ESHUTDOWN);
	assert_int_equal(codes[2], MAIKO_ESHUTDOWN);
	assert_int_equal(codes[3], MAIKO_ESTATE);
	assert_int_equal(codes[4], MAIKO_ESTATE);
	assert_string_equal(why, "no delayed send: the actor is in its on_stop, whose end, or restart, cancels it");
	memset(codes, 0, sizeof codes);
	why[0] = '\0';
}

static maiko_supervisor *with_clerk(uint32_t workers, maiko_actor_id *ret_id)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, clerk, "clerk", .restart = MAIKO_TRANSIENT, .ret_id = ret_id,
		     .backoff = &(maiko_backoff){.first_ms = 1}));
	ok(maiko_start(sup));
	return sup;
}

TEST_SIM(an_on_stop_delays_nothing_before_a_restart)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_clerk(workers, &id);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&starts, 2);
	expect_refused();
	ok(maiko_restart(sup, id));
	expect_refused();
	ok(maiko_send(sup, item, .n = 0)); /* it is not on hold */
	test_settle(sup);
	assert_in_range(atomic_load(&ticks), 1, 3); /* one of each life that lasts long enough */
	assert_int_equal(test_actor_row(test_report(sup), "clerk")->counts.handled, 1);
	assert_int_equal(test_topic_row(test_stop(sup), "items")->delayed_discarded, 0);
	expect_refused();
	test_release(sup);
}

TEST_SIM(an_on_stop_delays_nothing_at_the_end)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_clerk(workers, &id);
	ok(maiko_remove(sup, id));
	expect_refused();
	test_finish(sup);
}

/* ---- handles --------------------------------------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) closed;
static void on_closed(uv_handle_t *handle) { atomic_fetch_add(&closed, 1); }

/* Adopts a timer in its on_stop: it is refused, so it is still its own to close. */
typedef struct owner {
	uint32_t unused;
} owner;
static uv_timer_t timer;
static int owner_on_start(owner *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int owner_on_stop(owner *self, maiko_ctx *ctx)
{
	expect(uv_timer_init(maiko_loop(ctx), &timer) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&timer) == MAIKO_ESTATE);
	uv_close((uv_handle_t *)&timer, on_closed);
	return 0;
}
MAIKO_ACTOR(owner, MAIKO_ON_START(owner_on_start), MAIKO_ON_STOP(owner_on_stop));

TEST_WORKERS(an_on_stop_adopts_nothing)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, owner, "owner", .restart = MAIKO_TRANSIENT, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_restart(sup, id));
	test_wait_for(&closed, 1);
	ok(maiko_remove(sup, id));
	test_wait_for(&closed, 2);
	test_finish(sup);
}
