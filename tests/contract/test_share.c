/*
 * test_share.c - share groups: each event goes to one member, the one with the fewest waiting; what waits for a member
 * that ends, rests or leaves is passed on to the others (maiko/topic.h, .share).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);

typedef struct answer {
	uint32_t n;
} answer;
MAIKO_EVENT(answer, maiko_private_topic, n);

/* To one worker: it rests (maiko_hold) for so long; what it does then is one of these. */
enum { GO_ON = 1, FAIL, STOP };
typedef struct order {
	char to[16];
	uint32_t ms, then;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, to, ms, then);

typedef struct alarm_clock {
	uint32_t then;
} alarm_clock;
MAIKO_EVENT(alarm_clock, maiko_private_topic, then);

PER_TEST uint32_t fails_at; /* the job that nobody can handle */

typedef struct worker {
	uint32_t unused;
} worker;

static int on_job(worker *self, const job *ev, maiko_ctx *ctx)
{
	(void)self;
	test_hear(ctx, MAIKO_EVENT_REF(job), ev);
	return fails_at != 0 && ev->n == fails_at ? UV_EIO : maiko_reply(ctx, answer, .n = ev->n * 2);
}

static int on_order(worker *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	if (strcmp(ev->to, maiko_name(ctx)) != 0)
		return 0;
	int rc = maiko_hold(ctx);
	return rc != 0 ? rc : maiko_send_self_after_ms(ctx, ev->ms, NULL, alarm_clock, .then = ev->then);
}

static int on_alarm(worker *self, const alarm_clock *ev, maiko_ctx *ctx)
{
	(void)self;
	return ev->then == GO_ON ? maiko_unhold(ctx) : ev->then == STOP ? maiko_stop_self(ctx) : UV_EIO;
}
MAIKO_ACTOR(worker, MAIKO_ON(job, on_job), MAIKO_ON(order, on_order), MAIKO_ON(alarm_clock, on_alarm));

TEST_LISTENER(listener, job);

#define IN(group) MAIKO_TOPICS(MAIKO_SUB(jobs, .share = (group)))

static void send_jobs(maiko_supervisor *sup, uint32_t from, uint32_t to)
{
	for (uint32_t n = from; n <= to; n++)
		ok(maiko_send(sup, job, .n = n));
}

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }

static void rest(maiko_supervisor *sup, const char *name, uint32_t ms, uint32_t then)
{
	order o = {.ms = ms, .then = then};
	(void)snprintf(o.to, sizeof o.to, "%s", name);
	ok(maiko_send_copy(sup, order, &o));
	test_settle(sup);
}

/* Each job from `first` to `last` was handled by exactly one of these actors. */
static void expect_shared(const char *const *actors, uint32_t first, uint32_t last)
{
	uint32_t times[1024] = {0};
	for (; *actors != NULL; actors++) {
		size_t count;
		const uint64_t *heard = test_heard_values(*actors, &count);
		for (size_t i = 0; i < count; i++)
			times[heard[i]]++;
	}
	for (uint32_t n = first; n <= last; n++)
		assert_int_equal(times[n], 1);
}

/* ---- who gets it -------------------------------------------------------------------------------- */

TEST_SIM(each_event_goes_to_one_member_of_each_group)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++) {
		ok(maiko_add(sup, worker, test_name("worker", i), .topics = IN("workers")));
		ok(maiko_add(sup, worker, test_name("clerk", i), .topics = IN("clerks")));
	}
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	send_jobs(sup, 1, 60);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_shared((const char *const[]){"worker0", "worker1", "worker2", NULL}, 1, 60);
	expect_shared((const char *const[]){"clerk0", "clerk1", "clerk2", NULL}, 1, 60);
	expect_heard_in_order("listener", 1, 60);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.handled, 180);
	const maiko_counts *counts = &test_topic_row(ledger, "jobs")->counts;
	assert_int_equal(counts->deliveries, 180 + counts->passed_on);
	assert_int_equal(test_topic_row(ledger, "jobs")->unrouted, 0);
	test_release(sup);
}

TEST_SIM(without_a_member_nobody_subscribes)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker", .topics = IN("workers"), .ret_id = &id));
	ok(maiko_start(sup));
	send_jobs(sup, 1, 2);
	test_settle(sup);
	ok(maiko_remove(sup, id));
	send_jobs(sup, 3, 5);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("worker", "1 2");
	assert_int_equal(test_topic_row(ledger, "jobs")->unrouted, 3);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.deliveries, 2);
	test_release(sup);
}

/* The jobs come while nobody runs, so that only what waits decides. */
TEST_SIM(the_member_with_the_fewest_waiting_gets_it)
{
	maiko_supervisor *sup = test_supervisor(1);
	(void)workers;
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, worker, test_name("worker", i), .topics = IN("workers")));
	for (uint32_t n = 1; n <= 40; n++)
		ok(maiko_send(sup, job, .n = n));
	ok(maiko_start(sup));
	test_settle(sup);
	for (uint32_t i = 0; i < 4; i++)
		expect_heard_count(test_name("worker", i), job, 10);
	test_finish(sup);
}

TEST_SIM(among_many_members_none_has_much_more_than_another)
{
	enum { MEMBERS = 50, JOBS = 1000 };
	maiko_supervisor *sup = test_supervisor(1);
	(void)workers;
	for (uint32_t i = 0; i < MEMBERS; i++)
		ok(maiko_add(sup, worker, test_name("worker", i), .topics = IN("workers")));
	for (uint32_t n = 1; n <= JOBS; n++)
		ok(maiko_send(sup, job, .n = n));
	ok(maiko_start(sup));
	test_settle(sup);
	for (uint32_t i = 0; i < MEMBERS; i++)
		assert_in_range(test_heard_count(test_name("worker", i), "job"), 1, 2 * JOBS / MEMBERS + 10);
	assert_int_equal(test_heard_count(NULL, "job"), JOBS);
	test_finish(sup);
}

static int send_three(maiko_ctx *ctx)
{
	for (uint32_t n = 1; n <= 3; n++)
		expect(maiko_send(ctx, job, .n = n) == 0);
	return 0;
}

typedef struct boss {
	uint32_t unused;
} boss;
static int boss_on_job(boss *self, const job *ev, maiko_ctx *ctx)
{
	(void)self;
	test_hear(ctx, MAIKO_EVENT_REF(job), ev);
	return 0;
}
static int boss_on_order(boss *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return send_three(ctx);
}
MAIKO_ACTOR(boss, MAIKO_ON(job, boss_on_job), MAIKO_ON(order, boss_on_order));

TEST_SIM(a_member_gets_its_own_events_only_by_echo)
{
	for (int echo = 0; echo <= 1; echo++) {
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, boss, "boss", .echo = echo != 0,
			     .topics = MAIKO_TOPICS(orders, MAIKO_SUB(jobs, .share = "workers"))));
		ok(maiko_start(sup));
		ok(maiko_send(sup, order, .then = 1));
		test_settle(sup);
		expect_heard_count("boss", job, echo != 0 ? 3 : 0);
		test_finish(sup);
		test_begin();
	}
}

typedef struct source {
	uint32_t unused;
} source;
static int source_on_interest(source *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	test_note("%s", interest->wanted ? "wanted" : "unwanted");
	return 0;
}
MAIKO_ACTOR(source, MAIKO_ON_INTEREST(source_on_interest, jobs));

TEST_SIM(a_member_counts_as_one_who_listens)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, source, "source"));
	ok(maiko_start(sup));
	test_settle(sup);
	ok(maiko_add(sup, worker, "worker", .topics = IN("workers"), .ret_id = &id));
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, id, IN("workers")));
	test_settle(sup);
	expect_noted("unwanted wanted unwanted");
	test_finish(sup);
}

/* For one that begins to watch later; by the topic, and by a pattern that matches it. */
TEST_SIM(a_member_that_was_there_before_counts_too)
{
	const maiko_subscription *const places[] = {IN("workers"), MAIKO_TOPICS(MAIKO_LIKE("*", .share = "workers"))};
	for (int way = 0; way < 2; way++) {
		maiko_actor_id one, other;
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, worker, "one", .topics = places[way], .ret_id = &one));
		ok(maiko_add(sup, worker, "other", .topics = places[way], .ret_id = &other));
		ok(maiko_start(sup));
		ok(maiko_add(sup, source, "source", .topics = MAIKO_NO_TOPICS));
		test_settle(sup);
		ok(maiko_remove(sup, one));
		test_settle(sup);
		expect_noted("wanted");
		ok(maiko_remove(sup, other));
		test_settle(sup);
		expect_noted("wanted unwanted");
		test_finish(sup);
		test_begin();
	}
}

/* ---- who is asked last ------------------------------------------------------------------------------ */

#define WITH_ORDERS MAIKO_TOPICS(orders, MAIKO_SUB(jobs, .share = "workers"))

static maiko_supervisor *three_workers(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, worker, test_name("worker", i), .worker = i % workers + 1, .topics = WITH_ORDERS,
			     .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	return sup;
}

static const char *const three[] = {"worker0", "worker1", "worker2", NULL};

TEST_SIM(who_rests_gets_none_while_others_work)
{
	maiko_supervisor *sup = three_workers(workers);
	rest(sup, "worker1", 100, GO_ON);
	send_jobs(sup, 1, 30);
	test_settle(sup);
	expect_heard_count("worker1", job, 0);
	expect_shared(three, 1, 30);
	rest(sup, "worker0", 1000, GO_ON);
	rest(sup, "worker2", 1000, GO_ON);
	send_jobs(sup, 31, 42); /* all rest: they wait */
	test_settle(sup);
	assert_int_equal(test_heard_count(NULL, "job"), 30);
	pass(sup, 100);
	test_settle(sup);
	expect_shared(three, 1, 42); /* it has taken over what waited for the others */
	expect_heard_count("worker1", job, 12);
	pass(sup, 1000);
	test_settle(sup);
	test_finish(sup);
}

/* What waits for one that begins to rest goes to those that have nothing to do. */
TEST_SIM(a_burst_in_front_of_a_slow_member_does_not_stay_there)
{
	enum { JOBS = 90 };
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, worker, test_name("worker", i), .worker = i % workers + 1, .topics = WITH_ORDERS));
	ok(maiko_send(sup, order, .to = {"worker1"}, .ms = 1000, .then = GO_ON)); /* the first event of all */
	send_jobs(sup, 1, JOBS);
	ok(maiko_start(sup));
	test_settle(sup);
	expect_shared(three, 1, JOBS);
	assert_in_range(test_heard_count("worker1", "job"), 0, JOBS / 3);
	pass(sup, 1000);
	test_settle(sup);
	test_finish(sup);
}

/* ---- passing on -------------------------------------------------------------------------------------- */

/* All rest, with jobs in their mailboxes; worker1 ends; then the others go on. */
static maiko_supervisor *rest_all(uint32_t workers, uint32_t then)
{
	maiko_supervisor *sup = three_workers(workers);
	rest(sup, "worker0", 1000, GO_ON);
	rest(sup, "worker1", 100, then);
	rest(sup, "worker2", 1000, GO_ON);
	send_jobs(sup, 1, 30);
	test_settle(sup);
	return sup;
}

static void expect_passed_on(maiko_supervisor *sup)
{
	pass(sup, 1000);
	test_settle(sup);
	expect_shared(three, 1, 30);
	expect_heard_count("worker1", job, 0);
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_counts *counts = &test_topic_row(ledger, "jobs")->counts;
	assert_true(counts->passed_on >= 5);
	assert_int_equal(counts->handled, 30);
	assert_int_equal(counts->deliveries, 30 + counts->passed_on);
	test_release(sup);
}

TEST_SIM(what_waits_for_a_removed_member_is_passed_on)
{
	maiko_actor_id id;
	maiko_supervisor *sup = rest_all(workers, GO_ON);
	ok(maiko_find(sup, "worker1", &id));
	ok(maiko_remove(sup, id));
	expect_passed_on(sup);
}

TEST_SIM(what_waits_for_one_that_stops_itself_is_passed_on)
{
	maiko_supervisor *sup = rest_all(workers, STOP);
	expect_passed_on(sup);
}

TEST_SIM(what_waits_for_one_that_fails_is_passed_on)
{
	maiko_supervisor *sup = rest_all(workers, FAIL);
	expect_passed_on(sup);
}

TEST_SIM(what_waits_for_one_that_leaves_the_group_is_passed_on)
{
	maiko_actor_id id;
	maiko_supervisor *sup = rest_all(workers, GO_ON);
	ok(maiko_find(sup, "worker1", &id));
	ok(maiko_unsubscribe_all(sup, id, IN("workers")));
	expect_passed_on(sup);
}

TEST_SIM(without_another_member_it_is_dead)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker", .topics = WITH_ORDERS, .ret_id = &id));
	ok(maiko_start(sup));
	rest(sup, "worker", 1000, GO_ON);
	send_jobs(sup, 1, 4);
	test_settle(sup);
	ok(maiko_remove(sup, id));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.dead, 4);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.passed_on, 0);
	test_release(sup);
}

/* It waits for its restart: the others have its jobs meanwhile, but not the one that it could not handle. */
TEST_SIM(a_member_that_restarts_passes_on_all_but_what_it_has_failed_at)
{
	maiko_supervisor *sup = test_supervisor(workers);
	fails_at = 1;
	ok(maiko_add(sup, worker, "worker0", .topics = WITH_ORDERS, .restart = MAIKO_TRANSIENT, .retries = 1,
		     .worker = 1, .backoff = &(maiko_backoff){.first_ms = 500}));
	for (uint32_t n = 1; n <= 10; n++)
		ok(maiko_send(sup, job, .n = n)); /* all for it, as yet the only member */
	ok(maiko_start(sup));
	ok(maiko_add(sup, worker, "worker1", .topics = WITH_ORDERS, .worker = workers));
	test_settle(sup);
	pass(sup, 2000);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_count("worker1", job, test_heard_count(NULL, "job") - test_heard_count("worker0", "job"));
	size_t count;
	const uint64_t *heard = test_heard_values("worker1", &count);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(heard[i], 1);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.set_aside, 1);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.handled, 9);
	test_release(sup);
}

/* ---- filters and policies ------------------------------------------------------------------------------ */

static bool is_even(const job *j) { return j->n % 2 == 0; }
static bool is_large(const job *j) { return j->n > 10; }
MAIKO_FILTER(job, is_even);
MAIKO_FILTER(job, is_large);

TEST_SIM(what_one_turns_away_goes_to_another)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "even", .worker = 1,
		     .topics = MAIKO_TOPICS(MAIKO_SUB(jobs, .share = "workers", .where = MAIKO_FILTER_REF(is_even)))));
	ok(maiko_add(sup, worker, "large", .worker = workers,
		     .topics = MAIKO_TOPICS(MAIKO_SUB(jobs, .share = "workers", .where = MAIKO_FILTER_REF(is_large)))));
	ok(maiko_start(sup));
	send_jobs(sup, 1, 20);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	size_t count;
	const uint64_t *heard = test_heard_values("even", &count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(heard[i] % 2, 0);
	heard = test_heard_values("large", &count);
	for (size_t i = 0; i < count; i++)
		assert_true(heard[i] > 10);
	const maiko_counts *counts = &test_topic_row(ledger, "jobs")->counts;
	assert_int_equal(counts->handled, 15);
	assert_int_equal(counts->filtered, 5); /* 1 3 5 7 9 */
	assert_int_equal(counts->deliveries, 20 + counts->passed_on);
	test_release(sup);
}

static const maiko_counts *fill(maiko_supervisor *sup, uint32_t workers, maiko_overflow overflow)
{
	for (uint32_t i = 0; i < 2; i++)
		ok(maiko_add(sup, worker, test_name("worker", i), .worker = i % workers + 1, .mailbox = 4,
			     .topics =
				     MAIKO_TOPICS(orders, MAIKO_SUB(jobs, .share = "workers", .overflow = overflow))));
	ok(maiko_start(sup));
	rest(sup, "worker0", 100, GO_ON);
	rest(sup, "worker1", 100, GO_ON);
	send_jobs(sup, 1, 10);
	test_settle(sup);
	pass(sup, 100);
	test_settle(sup);
	return &test_topic_row(test_stop(sup), "jobs")->counts;
}

TEST_SIM(all_are_full_before_a_policy_matters)
{
	maiko_supervisor *sup = test_supervisor(workers);
	const maiko_counts *counts = fill(sup, workers, MAIKO_DROP_NEWEST);
	assert_int_equal(counts->dropped, 3); /* an order takes a place as well */
	assert_int_equal(counts->handled, 7);
	test_release(sup);
	test_begin();
	sup = test_supervisor(workers);
	counts = fill(sup, workers, MAIKO_BLOCK);
	assert_int_equal(counts->dropped, 0);
	assert_int_equal(counts->handled, 10);
	test_release(sup);
}

/* ---- receipts and questions ------------------------------------------------------------------------------ */

typedef struct asker {
	uint32_t answers;
} asker;
static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx);
MAIKO_ASK(asker, job, answer, on_answer);
static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	if (status != 0 || reply == NULL)
		test_note("%s", status == 0 ? "all" : maiko_err_name(status));
	else
		test_note("%u", reply->n);
	return 0;
}
static int asker_on_order(asker *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	if (strcmp(ev->to, "asker") != 0)
		return 0;
	return ev->then == 0   ? maiko_ask(ctx, on_answer, 5000, job, .n = 4)
	       : ev->then == 1 ? maiko_ask_all(ctx, on_answer, 5000, job, .n = 4)
			       : maiko_send_tracked(ctx, job, .n = 4);
}
static int on_receipt(asker *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	expect(receipt->deliveries == 1 && receipt->handled == 1 && receipt->passed_on == 0);
	expect(maiko_receipt_done(receipt));
	test_note("receipt");
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(order, asker_on_order), MAIKO_ON_RECEIPT(on_receipt));

TEST_SIM(a_question_to_a_group_is_answered_by_one_member)
{
	maiko_supervisor *sup = three_workers(workers);
	ok(maiko_add(sup, asker, "asker", .topics = MAIKO_TOPICS(orders)));
	for (uint32_t what = 0; what <= 2; what++) {
		ok(maiko_send(sup, order, .to = {"asker"}, .then = what));
		test_settle(sup);
	}
	expect_noted("8 8 all receipt");
	assert_int_equal(test_heard_count(NULL, "job"), 3);
	test_finish(sup);
}

TEST_SIM(a_tracked_event_that_is_passed_on_has_one_delivery)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker0", .topics = WITH_ORDERS, .worker = 1, .ret_id = &id));
	ok(maiko_add(sup, asker, "asker", .topics = MAIKO_TOPICS(orders), .worker = workers));
	ok(maiko_start(sup));
	rest(sup, "worker0", 1000, GO_ON);
	ok(maiko_send(sup, order, .to = {"asker"}, .then = 2));
	ok(maiko_send(sup, order, .to = {"asker"}, .then = 0));
	test_settle(sup);
	expect_noted("");
	ok(maiko_add(sup, worker, "worker1", .topics = WITH_ORDERS, .worker = workers));
	ok(maiko_remove(sup, id));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("worker1", "4 4");
	assert_string_equal(strlen(test_noted()) == strlen("receipt 8") ? "both" : test_noted(), "both");
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.passed_on, 2);
	test_release(sup);
}

/* ---- moves and changes ------------------------------------------------------------------------------------- */

TEST_SIM(a_member_that_moves_keeps_what_waits_for_it)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker0", .topics = WITH_ORDERS, .ret_id = &id));
	ok(maiko_add(sup, worker, "worker1", .topics = WITH_ORDERS));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 20; i++) {
		send_jobs(sup, 10 * i + 1, 10 * i + 10);
		ok(maiko_move(sup, id, i % workers + 1));
	}
	test_settle(sup);
	expect_shared((const char *const[]){"worker0", "worker1", NULL}, 1, 200);
	test_finish(sup);
}

TEST_SIM(members_come_and_go_while_jobs_are_sent)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, worker, "worker0", .topics = IN("workers"), .worker = workers));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 20; i++) {
		ok(maiko_add(sup, worker, "other", .topics = IN("workers"), .ret_id = &id, .worker = i % workers + 1));
		send_jobs(sup, 10 * i + 1, 10 * i + 5);
		ok(maiko_unsubscribe_all(sup, id, IN("workers")));
		send_jobs(sup, 10 * i + 6, 10 * i + 8);
		ok(maiko_subscribe_all(sup, id, IN("workers")));
		send_jobs(sup, 10 * i + 9, 10 * i + 10);
		ok(maiko_remove(sup, id));
	}
	test_settle(sup);
	expect_shared((const char *const[]){"worker0", "other", NULL}, 1, 200);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "jobs")->counts.handled, 200);
	test_release(sup);
}

/* ---- patterns ---------------------------------------------------------------------------------------------- */

typedef struct shift {
	uint32_t n;
} shift;
static const maiko_topic shift_day = {.name = "shift.day"}, shift_night = {.name = "shift.night"};
PER_TEST const maiko_topic *shift_named; /* instead of them */
static const maiko_topic *route(const shift *ev, maiko_supervisor *sup)
{
	(void)sup;
	if (shift_named != NULL)
		return shift_named;
	return ev->n % 2 == 0 ? &shift_day : &shift_night;
}
MAIKO_EVENT_ROUTED(shift, route, n);
TEST_LISTENER(staff, shift);

TEST_SIM(a_group_may_share_what_a_pattern_matches)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, staff, test_name("staff", i),
			     .topics = MAIKO_TOPICS(MAIKO_LIKE("shift.*", .share = "staff"))));
	ok(maiko_add(sup, staff, "by day", .topics = (maiko_subscription[]){{.topic = &shift_day}, {.topic = NULL}}));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 30; n++)
		ok(maiko_send(sup, shift, .n = n));
	test_settle(sup);
	expect_shared((const char *const[]){"staff0", "staff1", "staff2", NULL}, 1, 30);
	expect_heard_count("by day", shift, 15);
	test_finish(sup);
}

/* Topics of a name each, with a group that comes and goes: what nobody uses any more is given back, and made again. */
TEST_SIM(a_group_without_members_is_given_back)
{
	enum { ROUNDS = 6, IDLE_MS = 61000 };
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < ROUNDS; i++) {
		const maiko_topic *topic;
		ok(maiko_topic_named(sup, test_name("shift", i % 2), &topic));
		shift_named = topic;
		maiko_subscription list[] = {{.topic = topic, .share = "staff"}, {.topic = NULL}};
		for (uint32_t k = 0; k < 2; k++)
			ok(maiko_add(sup, staff, test_name("staff", k), .topics = list));
		for (uint32_t n = 0; n < 4; n++)
			ok(maiko_send(sup, shift, .n = 4 * i + n));
		test_settle(sup);
		for (uint32_t k = 0; k < 2; k++) {
			ok(maiko_find(sup, test_name("staff", k), &id));
			ok(maiko_remove(sup, id));
		}
		ok(maiko_topic_release(sup, topic));
		pass(sup, IDLE_MS);
	}
	expect_shared((const char *const[]){"staff0", "staff1", NULL}, 0, 4 * ROUNDS - 1);
	test_finish(sup);
}

/* ---- on real threads ------------------------------------------------------------------------------------------ */

enum { THREADS = 2, EACH = 3000 };

PER_TEST _Atomic(uint64_t) done;

typedef struct hand {
	uint32_t handled;
} hand;
static int hand_on_job(hand *self, const job *ev, maiko_ctx *ctx)
{
	(void)ev;
	atomic_fetch_add(&done, 1);
	return ++self->handled % 97 == 0 ? UV_EIO : ctx != NULL && self->handled % 89 == 0 ? maiko_hold(ctx) : 0;
}
static maiko_next hand_tick(hand *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_unhold(ctx) == 0 ? maiko_after_ms(1) : maiko_failed(MAIKO_EINVAL);
}
MAIKO_ACTOR(hand, MAIKO_ON(job, hand_on_job), MAIKO_TICK(hand_tick));

static void jobs_main(void *arg)
{
	maiko_supervisor *sup = arg;
	for (uint32_t n = 0; n < EACH; n++)
		expect(maiko_send(sup, job, .n = n) == 0);
}

/* Members fail and are restarted, rest, come, go and move, while threads send. */
TEST_WORKERS(nothing_is_lost_on_threads)
{
	uv_thread_t threads[THREADS];
	maiko_actor_id id[4], other;
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "hands", .restarts = UINT32_MAX, .ret_id = &group));
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, hand, test_name("hand", i), .topics = IN("hands"), .group = group,
			     .backoff = &(maiko_backoff){.first_ms = 1}, .mailbox = 16, .ret_id = &id[i]));
	ok(maiko_start(sup));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_create(&threads[i], jobs_main, sup), 0);
	for (uint32_t i = 0; i < 30; i++) {
		ok(maiko_add(sup, hand, "other", .topics = IN("hands"), .restart = MAIKO_TEMPORARY, .ret_id = &other));
		int rc = maiko_move(sup, id[i % 4], i % workers + 1);
		assert_true(rc == 0 || rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
		rc = maiko_remove(sup, other);
		assert_true(rc == 0 || rc == MAIKO_ENOENT); /* it may have failed */
		test_wait_gone(sup, "other");
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_join(&threads[i]), 0);
	test_wait_for(&done, (uint64_t)THREADS * EACH);
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_counts *counts = &test_topic_row(ledger, "jobs")->counts;
	assert_int_equal(counts->handled + counts->set_aside, (uint64_t)THREADS * EACH);
	assert_int_equal(counts->deliveries, counts->handled + counts->set_aside + counts->passed_on);
	test_release(sup);
}

/* ---- bad input ------------------------------------------------------------------------------------------------ */

#define expect_error(part)                                                                                             \
	if (strstr(maiko_last_error(), (part)) == NULL)                                                                \
	fail_msg("the error says: %s", maiko_last_error())

TEST_ONCE(bad_input_is_refused_in_words)
{
	char longer[MAIKO_NAME_MAX + 2];
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(1);
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	returns(maiko_add(sup, worker, "w", .topics = IN("")), MAIKO_EINVAL);
	expect_error("share group");
	returns(maiko_add(sup, worker, "w", .topics = IN(longer)), MAIKO_EINVAL);
	expect_error("share group");
	returns(maiko_add(sup, worker, "w", .topics = MAIKO_TOPICS(jobs, MAIKO_SUB(jobs, .share = "workers"))),
		MAIKO_EINVAL);
	expect_error("'jobs' with .share 'workers'");
	returns(maiko_add(sup, worker, "w",
			  .topics = MAIKO_TOPICS(MAIKO_SUB(jobs, .share = "a"), MAIKO_SUB(jobs, .share = "b"))),
		MAIKO_EINVAL);
	expect_error("in no other way");
	ok(maiko_add(sup, worker, "w", .topics = IN("workers"), .ret_id = &id));
	ok(maiko_start(sup));
	returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(jobs)), MAIKO_EEXIST);
	returns(maiko_subscribe_all(sup, id, IN("others")), MAIKO_EEXIST);
	returns(maiko_subscribe_all(sup, id, IN("workers")), MAIKO_EEXIST);
	returns(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(jobs)), MAIKO_ENOENT);
	returns(maiko_unsubscribe_all(sup, id, IN("others")), MAIKO_ENOENT);
	ok(maiko_unsubscribe_all(sup, id, IN("workers")));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(jobs)));
	test_finish(sup);
}
