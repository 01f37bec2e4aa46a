/*
 * C20: what an actor keeps over a restart, and what is renewed; what its mailbox does while it is down; and what
 * becomes of members of its group that are temporary or ephemeral, or are removed meanwhile.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct price {
	uint32_t key, n;
} price;
static uint64_t key_of(const maiko_any *any) { return ((const price *)any->data)->key; }
MAIKO_TOPIC(items);
MAIKO_TOPIC(samples, .overflow = MAIKO_DROP_OLDEST);
MAIKO_TOPIC(prices, .overflow = MAIKO_KEEP_LATEST, .key = key_of);
MAIKO_TOPIC(others);
typedef item sample;
typedef item other;
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(sample, samples, n);
MAIKO_EVENT(price, prices, key, n);
MAIKO_EVENT(other, others, n);

PER_TEST _Atomic(uint64_t) starts, stops, failures_left, handled, told, interests, up, failed;

static bool fails(void)
{
	if (atomic_load(&failures_left) == 0)
		return false;
	atomic_fetch_sub(&failures_left, 1);
	return true;
}

/* Notes what it handles, and fails as often as the test says. */
typedef struct device {
	uint32_t life;
} device;
static int device_on_start(device *self, maiko_ctx *ctx)
{
	expect(self->life == 0);
	self->life = (uint32_t)atomic_fetch_add(&starts, 1) + 1;
	return 0;
}
static int device_on_stop(device *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int hear(maiko_ctx *ctx, uint32_t n)
{
	test_note("%u", n);
	atomic_fetch_add(&handled, 1);
	return fails() ? UV_EIO : 0;
}
static int device_on_item(device *self, const item *ev, maiko_ctx *ctx) { return hear(ctx, ev->n); }
static int device_on_sample(device *self, const sample *ev, maiko_ctx *ctx) { return hear(ctx, ev->n); }
static int device_on_price(device *self, const price *ev, maiko_ctx *ctx) { return hear(ctx, ev->n); }
static int device_on_interest(device *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	atomic_fetch_add(&interests, interest->wanted);
	return 0;
}
MAIKO_ACTOR(device, MAIKO_ON_START(device_on_start), MAIKO_ON_STOP(device_on_stop), MAIKO_ON(item, device_on_item),
	    MAIKO_ON(sample, device_on_sample), MAIKO_ON(price, device_on_price),
	    MAIKO_ON_INTEREST(device_on_interest, others));
TEST_LISTENER(listener, other);

static maiko_supervisor *with(uint32_t workers)
{
	test_begin();
	return test_supervisor(workers);
}

/* ---- renewed: what a puppet has begun is over after its restart ---- */

static maiko_actor_id puppet_id;
static maiko_supervisor *with_puppet(uint32_t workers)
{
	maiko_supervisor *sup = with(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, puppet, "puppet", .restart = MAIKO_TRANSIENT, .ret_id = &puppet_id,
		     .backoff = &(maiko_backoff){.first_ms = 10}));
	ok(maiko_start(sup));
	return sup;
}

static int send_later(maiko_ctx *ctx) { return maiko_send_after_ms(ctx, 100, NULL, other, .n = 1); }

TEST_SIM(what_it_sends_later_is_cancelled)
{
	maiko_supervisor *sup = with_puppet(workers);
	test_order(sup, "puppet", send_later);
	test_order(sup, "puppet", send_later);
	test_settle(sup);
	ok(maiko_restart(sup, puppet_id));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "others")->delayed_discarded, 2);
	assert_int_equal(test_topic_row(ledger, "others")->published, 0);
	test_release(sup);
}

static int note_order(maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}
static int hold(maiko_ctx *ctx) { return maiko_hold(ctx); }

TEST_SIM(a_hold_ends)
{
	maiko_supervisor *sup = with_puppet(workers);
	test_order(sup, "puppet", hold);
	test_order(sup, "puppet", note_order);
	test_settle(sup);
	assert_int_equal(atomic_load(&handled), 0);
	ok(maiko_restart(sup, puppet_id));
	test_wait_for(&handled, 1);
	(void)test_finish(sup);
}

typedef struct chore {
	uint32_t n;
} chore;
static int chore_work(chore *job) { return 0; }
static int puppet_on_chore(puppet *self, chore *job, int status, maiko_ctx *ctx)
{
	atomic_fetch_add(&told, 1);
	return 0;
}
MAIKO_BLOCKING(puppet, chore, chore_work, puppet_on_chore);
static int begin_and_fail(maiko_ctx *ctx)
{
	expect(maiko_blocking(ctx, chore_work, puppet_on_chore, .n = 1) == 0);
	return UV_EIO;
}

TEST_SIM(a_blocking_job_does_not_answer_to_the_next_life)
{
	maiko_supervisor *sup = with_puppet(workers);
	test_order(sup, "puppet", begin_and_fail);
	test_order(sup, "puppet", note_order);
	test_wait_for(&handled, 1);
	test_settle(sup);
	assert_int_equal(atomic_load(&told), 0);
	(void)test_finish(sup);
}

/* Begins a change with its first item, and fails. */
typedef struct changer {
	uint32_t unused;
} changer;
static int changer_on_item(changer *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	if (!fails())
		return 0;
	expect(maiko_add(ctx, listener, "another") == 0);
	return UV_EIO;
}
static int changer_on_done(changer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	atomic_fetch_add(&told, 1);
	return 0;
}
MAIKO_ACTOR(changer, MAIKO_ON(item, changer_on_item), MAIKO_ON_DONE(changer_on_done));

TEST_SIM(a_completion_is_not_told_to_the_next_life)
{
	maiko_supervisor *sup = with(workers);
	ok(maiko_add(sup, changer, "changer", .restart = MAIKO_TRANSIENT, .retries = 1));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&handled, 2);
	test_settle(sup);
	assert_int_equal(atomic_load(&told), 0);
	maiko_actor_id id;
	ok(maiko_find(sup, "another", &id));
	(void)test_finish(sup);
}

TEST_SIM(it_is_told_anew_who_is_interested)
{
	maiko_supervisor *sup = with(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, device, "device", .restart = MAIKO_TRANSIENT, .ret_id = &id));
	ok(maiko_start(sup));
	test_wait_for(&interests, 1);
	ok(maiko_restart(sup, id));
	test_wait_for(&interests, 2);
	(void)test_finish(sup);
}

/* ---- the mailbox while it is down ---- */

/* Fails with item 0 and is down for a long time; what was queued meanwhile, it handles then. */
static maiko_supervisor *down(uint32_t workers, maiko_actor_id *id, uint32_t mailbox, maiko_backoff backoff)
{
	maiko_supervisor *sup = with(workers);
	ok(maiko_add(sup, device, "device", .restart = MAIKO_TRANSIENT, .retries = 1, .mailbox = mailbox,
		     .backoff = &backoff, .ret_id = id));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	return sup;
}

TEST_SIM(the_event_that_has_failed_comes_first)
{
	maiko_actor_id id;
	maiko_supervisor *sup = down(workers, &id, 8, (maiko_backoff){.first_ms = 1000000});
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&stops, 1);
	for (uint32_t n = 1; n <= 3; n++)
		ok(maiko_send(sup, item, .n = n));
	test_settle(sup);
	ok(maiko_restart(sup, id)); /* one that waits restarts at once */
	test_wait_for(&handled, 5);
	(void)test_finish(sup);
	expect_noted("0 0 1 2 3");
}

TEST_SIM(a_newer_one_of_its_key_replaces_the_event_that_has_failed)
{
	maiko_actor_id id;
	maiko_supervisor *sup = down(workers, &id, 8, (maiko_backoff){.first_ms = 1000000});
	ok(maiko_send(sup, price, .key = 7, .n = 1));
	test_wait_for(&stops, 1);
	ok(maiko_send(sup, price, .key = 7, .n = 2));
	ok(maiko_send(sup, price, .key = 8, .n = 3));
	ok(maiko_send(sup, price, .key = 7, .n = 4));
	test_settle(sup);
	ok(maiko_restart(sup, id));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_noted("1 4 3");
	assert_int_equal(test_actor_row(ledger, "device")->counts.dropped, 2);
	test_release(sup);
}

/* Has so many other prices queued when it fails that where they are is looked up anew. */
typedef struct flooded {
	uint32_t unused;
} flooded;
static int flooded_on_price(flooded *self, const price *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	for (uint32_t n = 0; ev->n == 1 && n < 40; n++)
		expect(maiko_send(ctx, price, .key = 100 + n, .n = 0) == 0);
	return ev->n == 1 ? UV_EIO : 0;
}
static int flooded_on_stop(flooded *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(flooded, MAIKO_ON(price, flooded_on_price), MAIKO_ON_STOP(flooded_on_stop));

TEST_SIM(a_newer_one_of_its_key_replaces_it_among_many)
{
	maiko_supervisor *sup = with(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, flooded, "flooded", .restart = MAIKO_TRANSIENT, .retries = 1, .mailbox = 64, .echo = true,
		     .backoff = &(maiko_backoff){.first_ms = 1000000}, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_send(sup, price, .key = 7, .n = 1));
	test_wait_for(&stops, 1);
	ok(maiko_send(sup, price, .key = 7, .n = 2));
	test_settle(sup);
	ok(maiko_restart(sup, id));
	test_wait_for(&handled, 42);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "flooded")->counts.dropped, 1);
	test_release(sup);
}

TEST_SIM(the_event_that_has_failed_is_the_oldest_to_be_dropped)
{
	maiko_actor_id id;
	maiko_supervisor *sup = down(workers, &id, 2, (maiko_backoff){.first_ms = 1000000});
	ok(maiko_send(sup, sample, .n = 1));
	test_wait_for(&stops, 1);
	for (uint32_t n = 2; n <= 5; n++)
		ok(maiko_send(sup, sample, .n = n));
	test_settle(sup);
	ok(maiko_restart(sup, id));
	test_wait_for(&handled, 3);
	(void)test_finish(sup);
	expect_noted("1 4 5");
}

static int send_items(maiko_ctx *ctx)
{
	for (uint32_t n = 1; n <= 20; n++)
		expect(maiko_send(ctx, item, .n = n) == 0);
	return 0;
}

TEST_SIM(an_absent_device_does_not_stop_its_producers)
{
	maiko_actor_id id;
	maiko_supervisor *sup =
		down(workers, &id, 2, (maiko_backoff){.first_ms = 1000000, .overflow = MAIKO_DROP_OLDEST});
	ok(maiko_add(sup, puppet, "producer"));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&stops, 1);
	test_order(sup, "producer", send_items);
	test_order(sup, "producer", note_order);
	test_wait_for(&handled, 2); /* the producer goes on */
	test_settle(sup);
	ok(maiko_restart(sup, id));
	test_wait_for(&handled, 4);
	(void)test_finish(sup);
	expect_noted("0 19 20");
}

/* ---- groups ---- */

static int member_on_start(puppet *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&up, 1);
	test_note("+%s", maiko_name(ctx));
	return 0;
}
static int member_on_stop(puppet *self, maiko_ctx *ctx)
{
	atomic_fetch_sub(&up, 1);
	test_note("-%s", maiko_name(ctx));
	return 0;
}
typedef puppet member;
static int member_on_item(member *self, const item *ev, maiko_ctx *ctx)
{
	if ((uint32_t)maiko_name(ctx)[0] != ev->n || !fails())
		return 0;
	atomic_fetch_add(&failed, 1);
	return UV_EIO;
}
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON(item, member_on_item));

TEST_SIM(temporary_and_ephemeral_members_leave_when_their_group_restarts)
{
	maiko_supervisor *sup = with(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &group));
	ok(maiko_add(sup, member, "a", .group = group));
	ok(maiko_add(sup, member, "t", .group = group, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, member, "e", .group = group, .ephemeral = true));
	ok(maiko_add(sup, member, "z", .group = group));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 'a'));
	test_wait_gone(sup, "e");
	test_wait_gone(sup, "t");
	test_wait_for(&up, 2);
	test_settle(sup);
	(void)test_finish(sup);
	expect_noted("+a +t +e +z -a -z -e -t +a +z -z -a");
}

TEST_SIM(two_members_on_different_workers_fail_at_the_same_time)
{
	maiko_supervisor *sup = with(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .strategy = MAIKO_ONE_FOR_ALL, .restarts = 2, .ret_id = &group,
		       .backoff = &(maiko_backoff){.first_ms = 1}));
	ok(maiko_add(sup, member, "x", .group = group, .worker = 1));
	ok(maiko_add(sup, member, "y", .group = group));
	ok(maiko_add(sup, member, "x2", .group = group, .worker = workers));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 2);
	ok(maiko_send(sup, item, .n = 'x'));
	test_wait_for(&failed, 2);
	test_wait_for(&up, 3);
	(void)test_finish(sup);
}

TEST_SIM(one_that_is_down_is_removed)
{
	maiko_actor_id id;
	maiko_supervisor *sup = down(workers, &id, 8, (maiko_backoff){.first_ms = 1000000});
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&stops, 1);
	ok(maiko_send(sup, item, .n = 1));
	test_settle(sup);
	ok(maiko_remove(sup, id));
	returns(maiko_restart(sup, id), MAIKO_ENOENT);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->total.dead, 2);
	assert_int_equal(atomic_load(&starts), 1);
	test_release(sup);
}

TEST_SIM(a_group_whose_members_are_down_is_removed)
{
	maiko_supervisor *sup = with(workers);
	maiko_group_id outer, inner, found;
	ok(maiko_group(sup, "outer", .strategy = MAIKO_ONE_FOR_ALL, .ret_id = &outer,
		       .backoff = &(maiko_backoff){.first_ms = 1000000}));
	ok(maiko_group(sup, "inner", .group = outer, .ret_id = &inner));
	ok(maiko_add(sup, member, "a", .group = outer, .backoff = &(maiko_backoff){.first_ms = 1000000}));
	ok(maiko_add(sup, member, "b", .group = inner));
	ok(maiko_start(sup));
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 'a'));
	test_settle(sup);
	ok(maiko_remove_group(sup, outer));
	test_wait_gone(sup, "a");
	test_wait_gone(sup, "b");
	test_settle(sup);
	returns(maiko_find_group(sup, "outer", &found), MAIKO_ENOENT);
	returns(maiko_find_group(sup, "inner", &found), MAIKO_ENOENT);
	(void)test_finish(sup);
	assert_int_equal(atomic_load(&up), 0);
}

/* ---- libuv's handles, on real threads ---- */

typedef struct clock_of {
	uint32_t ticks;
	uv_timer_t timer;
} clock_of;
static void clock_fired(uv_timer_t *timer)
{
	maiko_ctx *ctx = timer->data;
	if (maiko_enter(ctx) != 0)
		return;
	atomic_fetch_add(&handled, 1);
	maiko_leave(ctx, fails() ? UV_EIO : 0);
}
static int clock_of_on_start(clock_of *self, maiko_ctx *ctx)
{
	expect(!uv_is_active((uv_handle_t *)&self->timer)); /* zeroed, and so closed before */
	atomic_fetch_add(&starts, 1);
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	self->timer.data = ctx;
	expect(uv_timer_start(&self->timer, clock_fired, 0, 1) == 0);
	return maiko_adopt(ctx, (uv_handle_t *)&self->timer);
}
MAIKO_ACTOR(clock_of, MAIKO_ON_START(clock_of_on_start));

TEST_WORKERS(adopted_handles_are_closed_before_the_next_life)
{
	maiko_supervisor *sup = with(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, clock_of, "clock", .restart = MAIKO_TRANSIENT, .topics = MAIKO_NO_TOPICS, .ret_id = &id,
		     .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_start(sup));
	for (uint64_t n = 1; n <= 20; n++) {
		test_wait_for(&handled, n * 2);
		ok(maiko_restart(sup, id));
	}
	atomic_store(&failures_left, 3);
	test_wait_for(&starts, 24);
	(void)test_finish(sup);
}
