/*
 * C9: actors that fill each other's mailboxes in a cycle go on, up to a bound; past it the
 * cycle's members fail with MAIKO_EDEADLK and a detail that names them, and the others go
 * on. Also while the supervisor stops.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { CYCLE_BOUND = 65536, MEMBERS_MAX = 10 };

/* A token wanders from member to member of the ring; each member has a topic of its own. */
typedef struct token {
	uint32_t to, hops;
} token;

static const maiko_topic *_Atomic places[MEMBERS_MAX];
static const maiko_topic *token_topic(const token *ev) { return atomic_load(&places[ev->to]); }
MAIKO_EVENT_ROUTED(token, token_topic, to, hops);

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

PER_TEST _Atomic(uint64_t) hops, failed, finished;
PER_TEST char details[MEMBERS_MAX][256];
PER_TEST _Atomic(int) codes[MEMBERS_MAX], phases[MEMBERS_MAX];
PER_TEST _Atomic(uint64_t) sent_to[MEMBERS_MAX], handled_by[MEMBERS_MAX], most_queued;

/* ---- members -------------------------------------------------------------------------- */

typedef struct member {
	uint32_t number, members;
	uint32_t tokens; /* that it brings in, */
	uint32_t hops;   /* for so many hops each; 0: each becomes two, for ever */
	bool everyone;   /* brings them in for all others rather than for the next */
} member;

static int pass_on(const member *self, uint32_t left, maiko_ctx *ctx)
{
	uint32_t first = (self->number + 1) % self->members;
	uint32_t count = self->everyone ? self->members - 1 : 1;
	for (uint32_t i = 0; i < count; i++) {
		int rc = maiko_send(ctx, token, .to = (first + i) % self->members, .hops = left);
		if (rc == MAIKO_EAGAIN)
			return 0; /* past its allowance */
		if (rc != 0)
			return rc;
		atomic_fetch_add(&sent_to[(first + i) % self->members], 1);
	}
	return 0;
}

/* Mailbox, channel and spill. */
static void note_queued(uint32_t number)
{
	uint64_t queued = atomic_load(&sent_to[number]) - atomic_load(&handled_by[number]);
	uint64_t most = atomic_load(&most_queued);
	while (queued > most && !atomic_compare_exchange_weak(&most_queued, &most, queued))
		;
}

static int member_on_token(member *self, const token *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&hops, 1);
	if (self->hops == 0) {
		atomic_fetch_add(&handled_by[self->number], 1);
		int rc = pass_on(self, 0, ctx);
		return rc != 0 ? rc : pass_on(self, 0, ctx);
	}
	if (ev->hops == 0) {
		atomic_fetch_add(&finished, 1);
		return 0;
	}
	int rc = maiko_send(ctx, token, .to = (self->number + 1) % self->members, .hops = ev->hops - 1);
	expect(rc == 0);
	return rc;
}

static int member_on_begin(member *self, const begin *ev, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < self->tokens; i++) {
		int rc = pass_on(self, self->hops, ctx);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int member_on_error(member *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_store(&codes[self->number], error->code);
	atomic_store(&phases[self->number], (int)error->phase);
	snprintf(details[self->number], sizeof details[0], "%s", error->detail);
	note_queued(self->number);
	atomic_fetch_add(&failed, 1);
	return 0; /* which a deadlock does not mind */
}
MAIKO_ACTOR(member, MAIKO_ON(token, member_on_token), MAIKO_ON(begin, member_on_begin),
	    MAIKO_ON_ERROR(member_on_error));

typedef struct ring {
	uint32_t members, mailbox, tokens, hops;
	bool echo, everyone;
} ring;

static void add_ring(maiko_supervisor *sup, const ring *r)
{
	for (uint32_t i = 0; i < r->members; i++) {
		const maiko_topic *topic;
		ok(maiko_topic_named(sup, test_name("place", i), &topic));
		atomic_store(&places[i], topic);
		const maiko_subscription topics[] = {{.topic = topic},
						     {.topic = MAIKO_TOPIC_REF(orders)},
						     {.topic = NULL}};
		member how = {.number = i,
			      .members = r->members,
			      .tokens = r->tokens,
			      .hops = r->hops,
			      .everyone = r->everyone};
		ok(maiko_add(sup, member, test_name("member", i), .init = &how, .topics = topics, .mailbox = r->mailbox,
			     .echo = r->echo, .restart = MAIKO_TEMPORARY));
	}
}

/* An actor that has nothing to do with the cycle. */
typedef struct news {
	uint32_t n;
} news;
MAIKO_TOPIC(papers);
MAIKO_EVENT(news, papers, n);

TEST_LISTENER(bystander, news);

static maiko_supervisor *with_ring(uint32_t workers, const ring *r)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .channel = 64});
	add_ring(sup, r);
	ok(maiko_add(sup, bystander, "bystander"));
	ok(maiko_start(sup));
	return sup;
}

/* ---- they go on ------------------------------------------------------------------------- */

/* Each member brings in more tokens than a mailbox holds, so all are full and wait for
 * each other; every token is handled hops + 1 times. */
static void goes_on(const ring *r)
{
	for (const uint32_t *workers = test_workers(); *workers != 0; workers++) {
		maiko_supervisor *sup = with_ring(*workers, r);
		ok(maiko_send(sup, begin));
		uint64_t tokens = (uint64_t)r->members * r->tokens;
		test_wait_for(&finished, tokens);
		ok(maiko_send(sup, news));
		const maiko_ledger *ledger = test_stop(sup);
		assert_int_equal(atomic_load(&failed), 0);
		assert_int_equal(atomic_load(&hops), tokens * (r->hops + 1));
		assert_int_equal(ledger->total.handled, tokens * (r->hops + 1) + r->members + 1);
		assert_int_equal(ledger->total.deliveries, ledger->total.handled);
		for (uint32_t i = 0; i < r->members; i++)
			assert_true(ledger->actors[i]->mutes > 0);
		expect_heard_count("bystander", news, 1);
		test_release(sup);
	}
}

TEST_ONCE(two_that_fill_each_other_go_on)
{
	goes_on(&(ring){.members = 2, .mailbox = 4, .tokens = 100, .hops = 200});
	goes_on(&(ring){.members = 2, .mailbox = 1, .tokens = 10, .hops = 1000});
}

TEST_ONCE(three_in_a_ring_go_on) { goes_on(&(ring){.members = 3, .mailbox = 4, .tokens = 100, .hops = 200}); }

TEST_ONCE(one_that_hears_itself_goes_on)
{
	goes_on(&(ring){.members = 1, .mailbox = 4, .tokens = 100, .hops = 200, .echo = true});
}

TEST_ONCE(a_long_ring_goes_on) { goes_on(&(ring){.members = 10, .mailbox = 2, .tokens = 30, .hops = 100}); }

/* Each sends to all others: every pair, and every longer round, is a cycle. */
TEST_WORKERS(all_with_all_go_on)
{
	const ring r = {.members = 10, .mailbox = 2, .tokens = 30, .hops = 20, .everyone = true};
	maiko_supervisor *sup = with_ring(workers, &r);
	ok(maiko_send(sup, begin));
	test_wait_for(&finished, 10 * 30 * 9);
	test_finish(sup);
	assert_int_equal(atomic_load(&failed), 0);
	assert_int_equal(atomic_load(&hops), 10 * 30 * 9 * 21);
}

TEST_WORKERS(a_stop_drains_a_cycle)
{
	const ring r = {.members = 3, .mailbox = 2, .tokens = 50, .hops = 300};
	maiko_supervisor *sup = with_ring(workers, &r);
	ok(maiko_send(sup, begin));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&finished), 150);
	assert_int_equal(total.handled, 150 * 301 + 3);
	assert_int_equal(total.deliveries, total.handled);
}

/* ---- the bound --------------------------------------------------------------------------- */

/* Whether `text` names the members in the order of the ring, from any of them. */
static bool names_the_ring(const char *text, uint32_t members)
{
	for (uint32_t first = 0; first < members; first++) {
		char expected[256];
		size_t used = (size_t)snprintf(expected, sizeof expected, "a cycle of full mailboxes:");
		for (uint32_t i = 0; i <= members; i++)
			used += (size_t)snprintf(expected + used, sizeof expected - used, "%s member%u",
						 i == 0 ? "" : " ->", (first + i) % members);
		if (strcmp(text, expected) == 0)
			return true;
	}
	return false;
}

static void check_failed(const ring *r)
{
	assert_int_equal(atomic_load(&failed), r->members);
	for (uint32_t i = 0; i < r->members; i++) {
		assert_int_equal(atomic_load(&codes[i]), MAIKO_EDEADLK);
		assert_int_equal(atomic_load(&phases[i]), MAIKO_PHASE_DEADLOCK);
		assert_true(names_the_ring(details[i], r->members));
	}
}

/* The fullest had reached the bound; until the verdict came it may have handled some and
 * been sent more: at most a turn's runs, and what a channel and an allowance hold. */
static void check_bound(void)
{
	enum { RUNS_A_TURN = 64, EVENTS_A_RUN = 128, CHANNEL = 64 };
	assert_true(atomic_load(&most_queued) >= CYCLE_BOUND - RUNS_A_TURN * EVENTS_A_RUN);
	assert_true(atomic_load(&most_queued) <=
		    CYCLE_BOUND + 2 * RUNS_A_TURN * EVENTS_A_RUN + CHANNEL + 4 * MAIKO_ALLOWANCE);
}

/* Tokens double at every hop: the ring can only grow. */
static void fails_past_the_bound(const ring *r)
{
	for (const uint32_t *workers = test_workers(); *workers != 0; workers++) {
		maiko_supervisor *sup = with_ring(*workers, r);
		ok(maiko_send(sup, begin));
		test_wait_for(&failed, r->members);
		/* the others go on, and so do new ones */
		for (uint32_t i = 0; i < 100; i++)
			ok(maiko_send(sup, news, .n = i));
		test_wait_for(&test_heard_events, 100);
		test_stop(sup);
		check_failed(r);
		check_bound();
		test_release(sup);
	}
}

TEST_ONCE(two_that_only_grow_fail_past_the_bound)
{
	fails_past_the_bound(&(ring){.members = 2, .mailbox = 4, .tokens = 10});
}

TEST_ONCE(three_that_only_grow_fail_past_the_bound)
{
	fails_past_the_bound(&(ring){.members = 3, .mailbox = 16, .tokens = 10});
}

TEST_ONCE(one_that_only_grows_fails_past_the_bound)
{
	fails_past_the_bound(&(ring){.members = 1, .mailbox = 4, .tokens = 10, .echo = true});
}

TEST_WORKERS(a_stop_ends_a_cycle_that_only_grows)
{
	const ring r = {.members = 2, .mailbox = 4, .tokens = 10};
	maiko_supervisor *sup = with_ring(workers, &r);
	ok(maiko_send(sup, begin));
	test_finish(sup);
	check_failed(&r);
}

/* ---- a cycle that is over ------------------------------------------------------------------ */

/* One of a cycle feeds a slow end besides. Once the cycle has dissolved, the slow end holds
 * it back again: it does not run into the bound of the cycle. */
typedef struct drop {
	uint32_t n;
} drop;
MAIKO_TOPIC(drops);
MAIKO_EVENT(drop, drops, n);

enum { DROPS = 150000 };
PER_TEST _Atomic(uint64_t) drops_handled, drops_sent, most_ahead;

typedef struct feeder {
	uint32_t n;
} feeder;

static int feeder_on_begin(feeder *self, const begin *ev, maiko_ctx *ctx)
{
	for (int i = 0; i < 100; i++) /* to itself: a cycle of one */
		expect(maiko_send(ctx, token, .to = 0) == 0);
	return 0;
}

static int feeder_on_token(feeder *self, const token *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&hops, 1);
	return 0;
}

static maiko_next feeder_tick(feeder *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 100 && self->n < DROPS; i++) {
		if (maiko_send(ctx, drop, .n = self->n) != 0)
			break; /* past its allowance */
		atomic_store(&drops_sent, ++self->n);
	}
	return self->n < DROPS ? maiko_again() : maiko_never();
}

static int feeder_on_error(feeder *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_fetch_add(&failed, 1);
	return 0;
}
MAIKO_ACTOR(feeder, MAIKO_ON(begin, feeder_on_begin), MAIKO_ON(token, feeder_on_token), MAIKO_TICK(feeder_tick),
	    MAIKO_ON_ERROR(feeder_on_error));

typedef struct drain {
	int unused;
} drain;

static int drain_on_drop(drain *self, const drop *ev, maiko_ctx *ctx)
{
	uint64_t ahead = atomic_load(&drops_sent) - atomic_fetch_add(&drops_handled, 1);
	if (ahead > atomic_load(&most_ahead))
		atomic_store(&most_ahead, ahead);
	return 0;
}
MAIKO_ACTOR(drain, MAIKO_ON(drop, drain_on_drop));

TEST_WORKERS(a_cycle_that_is_over_holds_its_members_back_again)
{
	maiko_supervisor *sup = test_supervisor(workers);
	const maiko_topic *topic;
	ok(maiko_topic_named(sup, "place0", &topic));
	atomic_store(&places[0], topic);
	const maiko_subscription topics[] = {{.topic = topic}, {.topic = MAIKO_TOPIC_REF(orders)}, {.topic = NULL}};
	ok(maiko_add(sup, drain, "drain", .mailbox = 8, .max_events_per_tick = 1, .worker = 1));
	ok(maiko_add(sup, feeder, "feeder", .topics = topics, .mailbox = 16, .echo = true, .worker = 1));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 50; i++) {
		ok(maiko_send(sup, begin));
		test_wait_for(&hops, (i + 1) * 100);
	}
	test_wait_for(&drops_handled, DROPS);
	test_finish(sup);
	assert_int_equal(atomic_load(&failed), 0);
	assert_true(atomic_load(&most_ahead) < 8 + 50 * 100 + 2 * MAIKO_ALLOWANCE);
}
