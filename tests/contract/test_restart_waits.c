/*
 * C20: what may happen while an actor waits for its restart, with each strategy: to it, to another member, to its group
 * and to what is sent to it. The wait goes on, and ends when it would have ended, unless what has happened ends it.
 *
 *   a, b, c   the members of a group, in that order; b has failed and waits for an hour
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { HOUR_MS = 3600000 };
#define STRATEGIES 3u
static const uint64_t hour_ns = HOUR_MS * UINT64_C(1000000);
static const char *const strategy_names[STRATEGIES] = {"one for one", "one for all", "rest for one"};

typedef struct item {
	uint32_t n, to; /* the first letter of a name */
} item;
typedef struct rumour {
	uint32_t n;
} rumour;
typedef rumour load;
MAIKO_TOPIC(items);
MAIKO_TOPIC(rumours);
MAIKO_TOPIC(loads);
MAIKO_EVENT(item, items, n, to);
MAIKO_EVENT(rumour, rumours, n);
MAIKO_EVENT(load, loads, n);

PER_TEST _Atomic(uint64_t) starts, stops, failures_left, receipts;

static bool fails(void)
{
	if (atomic_load(&failures_left) == 0)
		return false;
	atomic_fetch_sub(&failures_left, 1);
	return true;
}

/* ---- the members -------------------------------------------------------------------------------- */

typedef struct member {
	uint32_t lives;
} member;
static int member_on_start(member *self, maiko_ctx *ctx)
{
	expect(self->lives++ == 0);
	atomic_fetch_add(&starts, 1);
	test_note("+%s", maiko_name(ctx));
	return 0;
}
static int member_on_stop(member *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	test_note("-%s", maiko_name(ctx));
	return 0;
}
static int member_on_item(member *self, const item *ev, maiko_ctx *ctx)
{
	if ((uint32_t)maiko_name(ctx)[0] != ev->to)
		return 0;
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return ev->n == 0 && fails() ? UV_EIO : 0;
}
static int member_on_rumour(member *self, const rumour *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(rumour), ev);
	return 0;
}
static int member_on_load(member *self, const load *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(load), ev);
	return 0;
}
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON(item, member_on_item),
	    MAIKO_ON(rumour, member_on_rumour), MAIKO_ON(load, member_on_load));

/* ---- the script ---------------------------------------------------------------------------------- */

static maiko_actor_id a, b, c;
static maiko_group_id group;
static uint64_t failed_ns; /* when b failed */

static void fail_now(maiko_supervisor *sup, char name)
{
	uint64_t before = atomic_load(&stops);
	atomic_store(&failures_left, 1);
	ok(maiko_send(sup, item, .n = 0, .to = (uint32_t)name));
	test_wait_for(&stops, before + 1);
	test_settle(sup);
}

static void add_member(maiko_supervisor *sup, const char *name, uint32_t worker, const maiko_backoff *backoff,
		       maiko_actor_id *ret_id)
{
	ok(maiko_add(sup, member, name, .group = group, .retries = 1, .backoff = backoff, .worker = worker,
		     .mailbox = 8, .topics = MAIKO_TOPICS(items, loads), .ret_id = ret_id));
}

/* b waits. */
static maiko_supervisor *waiting(uint32_t workers, maiko_strategy strategy, uint32_t restarts)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_group(sup, "group", .strategy = strategy, .restarts = restarts, .ret_id = &group,
		       .backoff = &(maiko_backoff){.first_ms = 0}));
	add_member(sup, "a", 1, NULL, &a);
	add_member(sup, "b", workers, &(maiko_backoff){.first_ms = HOUR_MS}, &b);
	add_member(sup, "c", 0, NULL, &c);
	ok(maiko_start(sup));
	fail_now(sup, 'b');
	failed_ns = test_now_ns();
	return sup;
}

static void an_hour_passes(maiko_supervisor *sup) { ok(maiko_sim_advance(maiko_sim_of(sup), HOUR_MS)); }

static const char *fall(maiko_strategy strategy)
{
	static const char *const texts[STRATEGIES] =
		{[MAIKO_ONE_FOR_ONE] = "-b", [MAIKO_ONE_FOR_ALL] = "-b -c -a", [MAIKO_REST_FOR_ONE] = "-b -c"};
	return texts[strategy];
}

/* Who is named has started and stopped since b has failed, in that order. */
static void expect_since(maiko_strategy strategy, const char *what, const char *then, const char *later)
{
	char text[128];
	(void)snprintf(text, sizeof text, "+a +b +c %s%s%s%s%s", fall(strategy), *then != '\0' ? " " : "", then,
		       *later != '\0' ? " " : "", later);
	if (strcmp(test_noted(), text) != 0)
		fail_msg("%s, %s: '%s', not '%s'", strategy_names[strategy], what, test_noted(), text);
}

static void expect_wait(maiko_supervisor *sup)
{
	const maiko_actor_row *row = test_actor_row(test_report(sup), "b");
	assert_int_equal(row->status, MAIKO_ACTOR_RESTARTING);
	assert_int_equal(row->error, UV_EIO);
	assert_int_equal(row->resumes_ns, failed_ns + hour_ns);
}

/* ---- what happens to the members, and to their group --------------------------------------------------- */

static void nothing(maiko_supervisor *sup, uint32_t workers) {}
static void a_is_asked(maiko_supervisor *sup, uint32_t workers) { ok(maiko_restart(sup, a)); }
static void b_is_asked(maiko_supervisor *sup, uint32_t workers) { ok(maiko_restart(sup, b)); }
static void c_is_asked(maiko_supervisor *sup, uint32_t workers) { ok(maiko_restart(sup, c)); }
static void a_fails(maiko_supervisor *sup, uint32_t workers) { fail_now(sup, 'a'); }
static void c_fails(maiko_supervisor *sup, uint32_t workers) { fail_now(sup, 'c'); }
static void a_is_removed(maiko_supervisor *sup, uint32_t workers) { ok(maiko_remove(sup, a)); }
static void b_is_removed(maiko_supervisor *sup, uint32_t workers) { ok(maiko_remove(sup, b)); }
static void c_is_removed(maiko_supervisor *sup, uint32_t workers) { ok(maiko_remove(sup, c)); }
static void all_are_removed(maiko_supervisor *sup, uint32_t workers)
{
	ok(maiko_remove_group(sup, group));
	returns(maiko_restart(sup, b), MAIKO_ENOENT);
}

static uint32_t worker_of(maiko_supervisor *sup, const char *name)
{
	return test_actor_row(test_report(sup), name)->worker;
}

static void b_is_moved(maiko_supervisor *sup, uint32_t workers)
{
	uint32_t here = worker_of(sup, "b");
	if (workers > 1)
		returns(maiko_move(sup, b, here % workers + 1), MAIKO_EBUSY);
	ok(maiko_move(sup, b, here));
}

static void a_is_moved(maiko_supervisor *sup, uint32_t workers)
{
	bool runs = test_actor_row(test_report(sup), "a")->status == MAIKO_ACTOR_RUNNING;
	returns(maiko_move(sup, a, workers), runs || workers == 1 ? 0 : MAIKO_EBUSY);
}

static void d_is_added(maiko_supervisor *sup, uint32_t workers) { add_member(sup, "d", 0, NULL, NULL); }

static void b_is_subscribed(maiko_supervisor *sup, uint32_t workers)
{
	ok(maiko_subscribe(sup, b, MAIKO_TOPIC_REF(rumours)));
	ok(maiko_unsubscribe(sup, b, MAIKO_TOPIC_REF(rumours)));
}

/* By hand: who starts and stops at once, and when the hour is over; NULL: it cannot happen then. */
typedef struct happening {
	const char *name;
	void (*act)(maiko_supervisor *sup, uint32_t workers);
	const char *at_once[STRATEGIES], *later[STRATEGIES];
} happening;
static const happening happenings[] = {
	/*                                           one for one  one for all  rest for one */
	{"nothing", nothing, {"", "", ""}, {"+b", "+a +b +c", "+b +c"}},
	{"a is asked for", a_is_asked, {"-a +a", "+a +b +c", "-a +a"}, {"+b", "", "+b +c"}},
	{"b is asked for", b_is_asked, {"+b", "+a +b +c", "+b +c"}, {"", "", ""}},
	{"c is asked for", c_is_asked, {"-c +c", "+a +b +c", "+b +c"}, {"+b", "", ""}},
	{"a fails", a_fails, {"-a +a", NULL, "-a +a +b +c"}, {"+b", NULL, ""}},
	{"c fails", c_fails, {"-c +c", NULL, NULL}, {"+b", NULL, NULL}},
	{"a is removed", a_is_removed, {"-a", "", "-a"}, {"+b", "+b +c", "+b +c"}},
	{"b is removed", b_is_removed, {"", "+a +c", "+c"}, {"", "", ""}},
	{"c is removed", c_is_removed, {"-c", "", ""}, {"+b", "+a +b", "+b"}},
	{"all are removed", all_are_removed, {"-c -a", "", "-a"}, {"", "", ""}},
	{"a is moved", a_is_moved, {"", "", ""}, {"+b", "+a +b +c", "+b +c"}},
	{"b is moved", b_is_moved, {"", "", ""}, {"+b", "+a +b +c", "+b +c"}},
	{"d is added", d_is_added, {"+d", "+d", "+d"}, {"+b", "+a +b +c", "+b +c"}},
	{"b is subscribed", b_is_subscribed, {"", "", ""}, {"+b", "+a +b +c", "+b +c"}},
};

static void happens(uint32_t workers, maiko_strategy strategy, const happening *h)
{
	const char *at_once = h->at_once[strategy], *later = h->later[strategy];
	maiko_supervisor *sup = waiting(workers, strategy, 0);
	h->act(sup, workers);
	test_settle(sup);
	expect_since(strategy, h->name, at_once, "");
	if (strstr(later, "+b") != NULL)
		expect_wait(sup);
	an_hour_passes(sup);
	expect_since(strategy, h->name, at_once, later);
	bool is_back = strstr(at_once, "+b") != NULL || strstr(later, "+b") != NULL;
	expect_heard("b", is_back ? "item 0, item 0" : "item 0");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->total.set_aside, 0);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	test_release(sup);
}

TEST_SIM(the_wait_ends_when_it_should_whatever_happens)
{
	for (size_t i = 0; i < sizeof happenings / sizeof happenings[0]; i++)
		for (maiko_strategy strategy = 0; strategy < STRATEGIES; strategy++)
			if (happenings[i].at_once[strategy] != NULL)
				happens(workers, strategy, &happenings[i]);
}

/* A test that runs with each strategy. */
#define TEST_STRATEGIES(name)                                                                                          \
	static void name##_of(uint32_t workers, maiko_strategy strategy);                                              \
	TEST_SIM(name)                                                                                                 \
	{                                                                                                              \
		for (maiko_strategy strategy = 0; strategy < STRATEGIES; strategy++)                                   \
			name##_of(workers, strategy);                                                                  \
	}                                                                                                              \
	static void name##_of(uint32_t workers, maiko_strategy strategy)

/* ---- it fails with its group ----------------------------------------------------------------------- */

static void fail_with_its_group(uint32_t workers, maiko_strategy strategy, const char *expected)
{
	maiko_supervisor *sup = waiting(workers, strategy, 1);
	fail_now(sup, 'a');
	expect_since(strategy, "a fails too", expected, "");
	an_hour_passes(sup);
	expect_since(strategy, "later", expected, "");
	expect_heard("b", "item 0, item 0");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->failed, 2);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	test_release(sup);
}

/* The delay before the second life of a group is that of the actor whose failure was one too many. */
TEST_SIM(its_group_fails)
{
	fail_with_its_group(workers, MAIKO_ONE_FOR_ONE, "-a -c +a +b +c");
	fail_with_its_group(workers, MAIKO_REST_FOR_ONE, "-a +a +b +c");
}

/* ---- the stop ---------------------------------------------------------------------------------------- */

static void stop_meanwhile(uint32_t workers, maiko_strategy strategy, bool now)
{
	static const char *const texts[STRATEGIES] =
		{[MAIKO_ONE_FOR_ONE] = "-c -a", [MAIKO_ONE_FOR_ALL] = "", [MAIKO_REST_FOR_ONE] = "-a"};
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = waiting(workers, strategy, 0);
	ok(maiko_send(sup, item, .n = 1, .to = 'b'));
	test_settle(sup);
	ok(maiko_stop(sup, &(maiko_stop_options){.now = now, .ret_report = &ledger}));
	expect_since(strategy, "stop", texts[strategy], "");
	expect_heard("b", "item 0");
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.queued, 0);
	assert_int_equal(test_actor_row(ledger, "b")->counts.discarded, 2);
	assert_int_equal(test_actor_row(ledger, "b")->status, MAIKO_ACTOR_FAILED);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	maiko_ledger_free(ledger);
	test_release(sup);
}

TEST_STRATEGIES(a_stop_ends_the_wait) { stop_meanwhile(workers, strategy, false); }
TEST_STRATEGIES(a_stop_without_a_drain_ends_the_wait) { stop_meanwhile(workers, strategy, true); }

/* ---- what is sent to it --------------------------------------------------------------------------------- */

/* Sends more than the mailbox of b holds, and asks for receipts of some. */
typedef struct sender {
	uint32_t sent;
} sender;
enum { LOADS = 40 };
static maiko_next sender_tick(sender *self, maiko_ctx *ctx)
{
	for (; self->sent < LOADS && !maiko_is_congested(ctx); self->sent++)
		expect((self->sent % 4 == 0 ? maiko_send_tracked(ctx, load, .n = self->sent)
					    : maiko_send(ctx, load, .n = self->sent)) == 0);
	return self->sent < LOADS ? maiko_when_sendable() : maiko_never();
}
static int sender_on_receipt(sender *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(maiko_receipt_done(receipt));
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_TICK(sender_tick), MAIKO_ON_RECEIPT(sender_on_receipt));

/* The sender is muted; the receipts come when all members have handled what they are of. */
TEST_STRATEGIES(its_senders_wait_and_their_receipts_come_later)
{
	maiko_supervisor *sup = waiting(workers, strategy, 0);
	ok(maiko_add(sup, sender, "sender", .worker = 1));
	test_settle(sup);
	assert_int_equal(atomic_load(&receipts), 0);
	assert_true(test_actor_row(test_report(sup), "b")->counts.queued < LOADS);
	an_hour_passes(sup);
	assert_int_equal(atomic_load(&receipts), LOADS / 4);
	for (const char *name = "abc"; *name != '\0'; name++)
		expect_heard_count(((char[]){*name, '\0'}), load, LOADS);
	(void)test_finish(sup);
}

static int send_later(maiko_ctx *ctx)
{
	expect(maiko_send_after_ms(ctx, 1000, NULL, item, .n = 1, .to = 'b') == 0);
	return maiko_send_after_ms(ctx, 2 * HOUR_MS, NULL, item, .n = 2, .to = 'b');
}

TEST_STRATEGIES(a_delayed_event_of_another_falls_due)
{
	maiko_supervisor *sup = waiting(workers, strategy, 0);
	ok(maiko_add(sup, puppet, "puppet"));
	test_order(sup, "puppet", send_later);
	test_settle(sup);
	ok(maiko_sim_advance(maiko_sim_of(sup), 2000));
	expect_heard("b", "item 0");
	assert_int_equal(test_actor_row(test_report(sup), "b")->counts.queued, 2);
	an_hour_passes(sup);
	expect_heard("b", "item 0, item 0, item 1");
	an_hour_passes(sup);
	expect_heard("b", "item 0, item 0, item 1, item 2");
	(void)test_finish(sup);
}

TEST_STRATEGIES(a_subscription_begins_and_ends_meanwhile)
{
	maiko_supervisor *sup = waiting(workers, strategy, 0);
	ok(maiko_subscribe(sup, b, MAIKO_TOPIC_REF(rumours)));
	ok(maiko_send(sup, rumour, .n = 1));
	ok(maiko_send(sup, item, .n = 3, .to = 'b'));
	ok(maiko_unsubscribe(sup, b, MAIKO_TOPIC_REF(items)));
	an_hour_passes(sup);
	expect_heard("b", "item 0, rumour 1");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "b")->counts.dead, 2); /* the one that failed too */
	test_release(sup);
}

/* ---- what the others do ----------------------------------------------------------------------------------- */

/* Holds itself, and answers again when it lives again. */
typedef struct holder {
	uint32_t unused;
} holder;
static int holder_on_rumour(holder *self, const rumour *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(rumour), ev);
	return ev->n == 0 ? maiko_hold(ctx) : 0;
}
MAIKO_ACTOR(holder, MAIKO_ON(rumour, holder_on_rumour));

/* A hold of another member lasts as long as its life. */
TEST_STRATEGIES(another_member_is_on_hold)
{
	bool restarts = strategy != MAIKO_ONE_FOR_ONE;
	maiko_actor_id id;
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_group(sup, "group", .strategy = strategy, .ret_id = &group));
	add_member(sup, "b", workers, &(maiko_backoff){.first_ms = HOUR_MS}, &b);
	ok(maiko_add(sup, holder, "holder", .group = group, .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_send(sup, rumour, .n = 0));
	test_settle(sup);
	fail_now(sup, 'b');
	ok(maiko_send(sup, rumour, .n = 1));
	an_hour_passes(sup);
	expect_heard("holder", restarts ? "rumour 0, rumour 1" : "rumour 0");
	assert_int_equal(test_actor_row(test_report(sup), "holder")->held, !restarts);
	ok(maiko_restart(sup, id));
	test_settle(sup);
	expect_heard("holder", "rumour 0, rumour 1");
	(void)test_finish(sup);
}
