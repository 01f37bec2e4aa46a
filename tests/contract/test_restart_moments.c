/*
 * C20: a supervised actor fails in each of its callbacks, at each moment of its life, with each strategy: it is
 * restarted with those of its group that the strategy names, handles all that was sent to it, in order, and each
 * on_start has its on_stop.
 *
 *   ahead, behind   members of its group that were added before and after it
 *   victim          fails once when a `prod` has reached it
 *   waiter          a member of a group of its own within that group: at one of the moments it has failed, and waits
 *   slow            beside the group: on hold until the test says; its full mailbox mutes the victim
 *   prodder         tells the victim to begin, and answers what is asked
 */
#include "support.h"

#include <string.h>
#include <uv.h>

enum { ITEMS = 6, BEGIN = 3, LOADS = 64 };

typedef enum what { START, HANDLE, TICK, JOB, DONE, RECEIPT, INTEREST, OVERFLOW, STOP, WHATS } what;
typedef enum moment {
	PLAIN,
	MUTED,
	HELD,
	MOVING,
	SUBSCRIBING,
	RESTARTING,
	BACKING_OFF, /* the waiter waits for its restart */
	REMOVING,
	STOPPING,
	MOMENTS
} moment;
static const char *const what_names[WHATS] = {"on_start", "handler",     "tick",     "job",    "on_done",
					      "receipt",  "on_interest", "overflow", "on_stop"};
static const char *const moment_names[MOMENTS] = {"plain",      "muted",       "held",     "moving",  "subscribing",
						  "restarting", "backing off", "removing", "stopping"};

/* By hand: at which moments it can happen that the callback fails. One that is muted, or on hold, handles no events
 * after that one; and what it begins in that handler is over before it has moved, or is removed. */
static const bool occurs[WHATS][MOMENTS] = {
	/*            plain muted held moving subscribing restarting backing_off removing stopping */
	[START] = {true, true, true, true, true, true, true, true, true},
	[HANDLE] = {true, true, true, true, true, true, true, true, true},
	[TICK] = {true, false, true, true, true, false, true, false, false},
	[JOB] = {true, false, true, true, true, false, true, false, false},
	[DONE] = {true, false, true, true, true, false, true, false, false},
	[RECEIPT] = {true, false, true, true, true, false, true, false, false},
	[INTEREST] = {true, false, true, false, true, false, true, false, false},
	[OVERFLOW] = {true, false, true, true, true, false, true, false, false},
	[STOP] = {true, true, true, true, true, true, true, true, true},
};

typedef struct item {
	uint32_t n;
} item;
typedef item load;
typedef item fill;
typedef item question;
MAIKO_TOPIC(items);
MAIKO_TOPIC(loads);
MAIKO_TOPIC(fills, .overflow = MAIKO_FAIL);
MAIKO_TOPIC(questions);
MAIKO_TOPIC(gossip);
MAIKO_TOPIC(orders);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(load, loads, n);
MAIKO_EVENT(fill, fills, n);
MAIKO_EVENT(question, questions, n);
MAIKO_SIGNAL(rumour, gossip);
MAIKO_SIGNAL(sting, orders);

PER_TEST _Atomic(uint64_t) starts, stops, failures, last, order_errors, wanted_failures, slow_may, loads_sent,
	loads_heard, begun;

/* ---- the victim ------------------------------------------------------------------------------- */

typedef struct victim {
	what what;
	moment moment;
	uint32_t elsewhere; /* where it moves to */
	uint32_t life, handled;
	bool armed; /* its next tick fails */
} victim;

/* Fails the first time. */
static int fail_in(const victim *self, what in)
{
	if (self->what != in || atomic_load(&begun) == 0 || atomic_fetch_add(&failures, 1) != 0)
		return 0;
	return UV_EIO;
}

static void come_about(victim *self, maiko_ctx *ctx)
{
	switch (self->moment) {
	case MUTED:
		for (uint32_t n = 0; n < LOADS && !maiko_is_congested(ctx); n++)
			atomic_fetch_add(&loads_sent, maiko_send(ctx, load, .n = n) == 0);
		break;
	case HELD:
		expect(maiko_hold(ctx) == 0);
		break;
	case MOVING:
		expect(maiko_move(ctx, maiko_self(ctx), self->elsewhere) == 0);
		break;
	case SUBSCRIBING:
		expect(maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(gossip)) == 0);
		break;
	case RESTARTING:
		expect(maiko_restart(ctx, maiko_self(ctx)) == 0);
		break;
	case REMOVING:
		expect(maiko_remove(ctx, maiko_self(ctx)) == 0);
		break;
	case STOPPING:
		expect(maiko_stop_all(ctx) == 0);
		break;
	case PLAIN:
	case BACKING_OFF:
	case MOMENTS:
		break;
	}
}

typedef struct chore {
	uint32_t n;
} chore;
static int chore_work(chore *job) { return 0; }
static int victim_on_chore(victim *self, chore *job, int status, maiko_ctx *ctx) { return fail_in(self, JOB); }
MAIKO_BLOCKING(victim, chore, chore_work, victim_on_chore);

/* Makes that callback run. */
static int provoke_it(victim *self, maiko_ctx *ctx)
{
	switch (self->what) {
	case TICK:
		self->armed = true;
		return maiko_wake_tick(ctx);
	case JOB:
		return maiko_blocking(ctx, chore_work, victim_on_chore, .n = 1);
	case DONE:
		return maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(questions));
	case RECEIPT:
		return maiko_send_tracked(ctx, question, .n = 1);
	case INTEREST:
		return maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(questions));
	case OVERFLOW:
		for (uint32_t n = 0; n < LOADS; n++)
			(void)maiko_send(ctx, fill, .n = n);
		return 0;
	default:
		return 0;
	}
}

static int victim_on_start(victim *self, maiko_ctx *ctx)
{
	expect(self->life == 0 && self->handled == 0);
	expect(atomic_load(&starts) == atomic_load(&stops));
	test_note("+%s", maiko_name(ctx));
	int rc = fail_in(self, START);
	self->life = 1;
	atomic_fetch_add(&starts, rc == 0);
	return rc;
}

static int victim_on_stop(victim *self, maiko_ctx *ctx)
{
	test_note("-%s", maiko_name(ctx));
	atomic_fetch_add(&stops, 1);
	return fail_in(self, STOP);
}

/* With START and STOP it is the handler's failure that leads there. */
static int victim_on_item(victim *self, const item *ev, maiko_ctx *ctx)
{
	self->handled++;
	uint64_t before = atomic_exchange(&last, ev->n);
	atomic_fetch_add(&order_errors, ev->n != before + 1 && ev->n != before);
	if (ev->n != BEGIN || atomic_fetch_add(&begun, 1) != 0)
		return 0;
	come_about(self, ctx);
	expect(provoke_it(self, ctx) == 0);
	bool leads = self->what == START || self->what == STOP;
	return leads ? UV_ENODEV : fail_in(self, HANDLE);
}

static int victim_on_receipt(victim *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	return fail_in(self, RECEIPT);
}
static int victim_on_done(victim *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return completion->change == MAIKO_CHANGE_UNSUBSCRIBE ? fail_in(self, DONE) : 0;
}
static int victim_on_interest(victim *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	return fail_in(self, INTEREST);
}
static int victim_on_question(victim *self, const question *ev, maiko_ctx *ctx) { return 0; }
static int victim_on_fill(victim *self, const fill *ev, maiko_ctx *ctx) { return 0; }
static int victim_on_rumour(victim *self, const rumour *ev, maiko_ctx *ctx) { return 0; }
static maiko_next victim_tick(victim *self, maiko_ctx *ctx)
{
	int rc = self->armed ? fail_in(self, TICK) : 0;
	return rc != 0 ? maiko_failed(rc) : maiko_never();
}
static int victim_on_error(victim *self, const maiko_error *error, maiko_ctx *ctx)
{
	if (error->code == MAIKO_EOVERFLOW)
		return self->what == OVERFLOW && atomic_fetch_add(&failures, 1) == 0 ? error->code : 0;
	expect(error->code == UV_EIO || error->code == UV_ENODEV);
	return error->code;
}
MAIKO_ACTOR(victim, MAIKO_ON_START(victim_on_start), MAIKO_ON_STOP(victim_on_stop), MAIKO_ON(item, victim_on_item),
	    MAIKO_ON(question, victim_on_question), MAIKO_ON(fill, victim_on_fill), MAIKO_ON(rumour, victim_on_rumour),
	    MAIKO_ON_RECEIPT(victim_on_receipt), MAIKO_ON_DONE(victim_on_done),
	    MAIKO_ON_INTEREST(victim_on_interest, questions), MAIKO_TICK(victim_tick), MAIKO_ON_ERROR(victim_on_error));

/* ---- the others ------------------------------------------------------------------------------- */

typedef struct member {
	uint32_t lives;
} member;
PER_TEST _Atomic(uint64_t) member_starts, member_stops;
static int member_on_start(member *self, maiko_ctx *ctx)
{
	expect(self->lives++ == 0);
	test_note("+%s", maiko_name(ctx));
	atomic_fetch_add(&member_starts, 1);
	return 0;
}
static int member_on_stop(member *self, maiko_ctx *ctx)
{
	test_note("-%s", maiko_name(ctx));
	atomic_fetch_add(&member_stops, 1);
	return 0;
}
static int member_on_sting(member *self, const sting *ev, maiko_ctx *ctx) { return UV_EPIPE; }
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(member_on_stop), MAIKO_ON(sting, member_on_sting));

typedef struct slow {
	uint32_t unused;
} slow;
static int slow_on_start(slow *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int slow_on_load(slow *self, const load *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&loads_heard, 1);
	return 0;
}
static maiko_next slow_tick(slow *self, maiko_ctx *ctx)
{
	if (atomic_load(&slow_may) == 0)
		return maiko_after_ms(1);
	expect(maiko_unhold(ctx) == 0);
	return maiko_never();
}
MAIKO_ACTOR(slow, MAIKO_ON_START(slow_on_start), MAIKO_ON(load, slow_on_load), MAIKO_TICK(slow_tick));

/* ---- the script ------------------------------------------------------------------------------- */

/* Fails, and waits for an hour. */
static void add_waiter(maiko_supervisor *sup, uint32_t workers, maiko_group_id group)
{
	enum { HOUR_MS = 3600000 };
	maiko_group_id inner;
	ok(maiko_group(sup, "inner", .group = group, .ret_id = &inner));
	ok(maiko_add(sup, member, "waiter", .group = inner, .worker = workers,
		     .backoff = &(maiko_backoff){.first_ms = HOUR_MS}));
}

static maiko_supervisor *set_up(uint32_t workers, maiko_strategy strategy, what what, moment moment)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "group", .strategy = strategy, .backoff = &(maiko_backoff){.first_ms = 5},
		       .ret_id = &group));
	ok(maiko_add(sup, slow, "slow", .mailbox = 4, .worker = workers));
	ok(maiko_add(sup, member, "ahead", .group = group, .topics = MAIKO_NO_TOPICS));
	ok(maiko_add(sup, victim, "victim", .group = group, .retries = 1, .mailbox = 16, .echo = true, .worker = 1,
		     .topics = MAIKO_TOPICS(items, fills),
		     .init = &(victim){.what = what, .moment = moment, .elsewhere = workers}));
	ok(maiko_add(sup, member, "behind", .group = group, .worker = workers, .topics = MAIKO_NO_TOPICS));
	if (moment == BACKING_OFF)
		add_waiter(sup, workers, group);
	ok(maiko_start(sup));
	if (moment == BACKING_OFF) {
		ok(maiko_send(sup, sting));
		test_wait_for(&member_stops, 1);
	}
	for (uint32_t n = 1; n <= ITEMS; n++)
		ok(maiko_send(sup, item, .n = n));
	return sup;
}

static bool ends(moment m) { return m == REMOVING || m == STOPPING; }

/* The waiter has begun its second life with the group, or waits on; then it begins that now. */
static void end_the_wait(maiko_supervisor *sup, maiko_strategy strategy)
{
	maiko_actor_id id;
	bool waits = strategy == MAIKO_ONE_FOR_ONE;
	const maiko_actor_row *row = test_actor_row(test_report(sup), "waiter");
	assert_int_equal(row->status, waits ? MAIKO_ACTOR_RESTARTING : MAIKO_ACTOR_RUNNING);
	assert_int_equal(row->restarts, !waits);
	if (!waits)
		return;
	ok(maiko_find(sup, "waiter", &id));
	ok(maiko_restart(sup, id));
}

/* It goes on after its restart, with the others that the strategy names. */
static void goes_on(maiko_supervisor *sup, maiko_strategy strategy, moment moment)
{
	uint64_t members = strategy == MAIKO_ONE_FOR_ONE ? 2 : strategy == MAIKO_REST_FOR_ONE ? 3 : 4;
	if (moment == BACKING_OFF)
		members += strategy == MAIKO_ONE_FOR_ONE ? 1 : 2;
	test_wait_for(&starts, 2);
	atomic_store(&slow_may, 1);
	test_wait_for(&last, ITEMS);
	test_wait_for(&member_starts, members);
	test_settle(sup);
	if (moment == BACKING_OFF)
		end_the_wait(sup, strategy);
	assert_true(atomic_load(&failures) > 0);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&order_errors), 0);
	assert_int_equal(atomic_load(&loads_heard), atomic_load(&loads_sent));
	assert_int_equal(test_actor_row(ledger, "victim")->counts.discarded, 0);
	assert_int_equal(test_actor_row(ledger, "victim")->counts.set_aside, 0);
}

/* It ends, whatever has happened before; a failure of the stop is the stop's. */
static void comes_to_an_end(maiko_supervisor *sup, moment moment)
{
	maiko_ledger *ledger = NULL;
	if (moment == REMOVING)
		test_wait_gone(sup, "victim");
	test_wait_for(&begun, 1);
	atomic_store(&slow_may, 1);
	int rc = maiko_stop(sup, &(maiko_stop_options){.ret_report = &ledger});
	expect(rc == 0 || rc == UV_EIO || rc == UV_ENODEV);
	assert_non_null(ledger);
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.queued, 0);
	maiko_ledger_free(ledger);
	assert_int_equal(test_wrong(), 0);
}

static void fail_everywhere(uint32_t workers, maiko_strategy strategy)
{
	for (what what = 0; what < WHATS; what++)
		for (moment moment = 0; moment < MOMENTS; moment++) {
			if (!occurs[what][moment])
				continue;
			maiko_supervisor *sup = set_up(workers, strategy, what, moment);
			if (ends(moment))
				comes_to_an_end(sup, moment);
			else
				goes_on(sup, strategy, moment);
			if (atomic_load(&starts) != atomic_load(&stops))
				fail_msg("%s, %s: %llu on_start, %llu on_stop", what_names[what], moment_names[moment],
					 (unsigned long long)atomic_load(&starts),
					 (unsigned long long)atomic_load(&stops));
			assert_int_equal(atomic_load(&member_starts), atomic_load(&member_stops));
			test_release(sup);
		}
}

TEST_SIM(it_fails_alone) { fail_everywhere(workers, MAIKO_ONE_FOR_ONE); }
TEST_SIM(all_are_restarted_with_it) { fail_everywhere(workers, MAIKO_ONE_FOR_ALL); }
TEST_SIM(those_behind_it_are_restarted_with_it) { fail_everywhere(workers, MAIKO_REST_FOR_ONE); }
