/*
 * C2: what a full mailbox does under each policy, wherever the policy comes from: the topic,
 * the option .overflow, MAIKO_SUB, or maiko_subscribe. Where sender and subscriber share a
 * worker the counts are exact; elsewhere the equations hold. Those run on threads
 * in which the order of actors on a worker counts, which a simulation changes.
 */
#include "support.h"

#include <string.h>

enum { MOST = 20000 };

typedef struct sample {
	uint32_t n;
} sample;

/* Where the samples of the test under way go. */
static const maiko_topic *_Atomic target;
static const maiko_topic *sample_topic(const sample *ev) { return atomic_load(&target); }
MAIKO_EVENT_ROUTED(sample, sample_topic, n);

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, n);

typedef struct flood {
	uint32_t count;
} flood;
MAIKO_TOPIC(floods);
MAIKO_EVENT(flood, floods, count);

/* ---- a sink that notes what it handles, in order ------------------------------------------ */

PER_TEST _Atomic(uint64_t) errors, stops;

typedef struct sink {
	int answer; /* of on_error */
} sink;

static int sink_on_sample(sink *self, const sample *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(sample), ev);
	return 0;
}
static int sink_on_reading(sink *self, const reading *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(reading), ev);
	return 0;
}
static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EOVERFLOW && error->phase == MAIKO_PHASE_OVERFLOW && error->event.type == NULL);
	atomic_fetch_add(&errors, 1);
	return self->answer;
}
static int sink_on_stop(sink *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(sample, sink_on_sample), MAIKO_ON(reading, sink_on_reading), MAIKO_ON_ERROR(sink_on_error),
	    MAIKO_ON_STOP(sink_on_stop));

TEST_LISTENER(gauge, reading); /* its topics can be left out */

/* ---- a sender that fills it in one callback ------------------------------------------------ */

typedef struct flooder {
	bool readings; /* else samples */
} flooder;

static int flooder_on_flood(flooder *self, const flood *ev, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t n = 1; rc == 0 && n <= ev->count; n++)
		rc = self->readings ? maiko_send(ctx, reading, .n = n) : maiko_send(ctx, sample, .n = n);
	return rc;
}
MAIKO_ACTOR(flooder, MAIKO_ON(flood, flooder_on_flood));

/* ---- what should become of 1, 2, ... ten in a mailbox --------------------------------------- */

typedef struct expectation {
	maiko_overflow policy;
	uint32_t mailbox;
	uint64_t handled;
	const char *heard;
	uint64_t errors;
} expectation;

#define ALL_TEN "1 2 3 4 5 6 7 8 9 10"
static const expectation expectations[] = {
	{MAIKO_BLOCK, 4, 10, ALL_TEN, 0},         {MAIKO_DROP_NEWEST, 4, 4, "1 2 3 4", 0},
	{MAIKO_DROP_OLDEST, 4, 4, "7 8 9 10", 0}, {MAIKO_KEEP_LATEST, 4, 1, "10", 0},
	{MAIKO_FAIL, 4, 4, "1 2 3 4", 1},         {MAIKO_BLOCK, 1, 10, ALL_TEN, 0},
	{MAIKO_DROP_NEWEST, 1, 1, "1", 0},        {MAIKO_DROP_OLDEST, 1, 1, "10", 0},
	{MAIKO_KEEP_LATEST, 1, 1, "10", 0},       {MAIKO_FAIL, 1, 1, "1", 1},
};
enum { EXPECTATIONS = sizeof expectations / sizeof expectations[0] };

/* Floods with ten, stops, and compares; `topic` names the row of the flooded topic. */
static void flood_and_compare(maiko_supervisor *sup, const expectation *e, const char *topic)
{
	ok(maiko_send(sup, flood, .count = 10));
	const maiko_ledger *ledger = test_stop(sup);
	const maiko_actor_row *row = test_actor_row(ledger, "sink");
	assert_int_equal(row->counts.deliveries, 10);
	assert_int_equal(row->counts.handled, e->handled);
	assert_int_equal(row->counts.dropped, 10 - e->handled);
	const maiko_topic_row *t = test_topic_row(ledger, topic);
	assert_int_equal(t->published, 10);
	assert_int_equal(t->counts.deliveries, 10);
	assert_int_equal(t->counts.handled, e->handled);
	assert_int_equal(t->counts.dropped, 10 - e->handled);
	assert_int_equal(test_actor_row(ledger, "flooder")->sent, 10);
	assert_int_equal(test_actor_row(ledger, "flooder")->mutes, e->policy == MAIKO_BLOCK ? 1 : 0);
	expect_heard_numbers("sink", e->heard);
	assert_int_equal(atomic_load(&errors), e->errors);
	test_release(sup);
}

/* Samples go to a topic like that. A subscription to it alone, valid until the next one. */
static const maiko_subscription *samples_like(maiko_supervisor *sup, maiko_topic like)
{
	static maiko_subscription topics[2];
	const maiko_topic *topic;
	ok(maiko_topic_with(sup, "samples", &like, &topic));
	atomic_store(&target, topic);
	topics[0] = (maiko_subscription){.topic = topic};
	return topics;
}

static maiko_supervisor *with_flooder(uint32_t workers, bool readings)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	flooder how = {.readings = readings};
	ok(maiko_add(sup, flooder, "flooder", .init = &how, .worker = 1));
	return sup;
}

TEST_SIM(the_topics_policy_decides)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation *e = &expectations[i];
		maiko_supervisor *sup = with_flooder(workers, false);
		ok(maiko_add(sup, sink, "sink", .topics = samples_like(sup, (maiko_topic){.overflow = e->policy}),
			     .mailbox = e->mailbox, .worker = 1));
		ok(maiko_start(sup));
		flood_and_compare(sup, e, "samples");
	}
}

TEST_SIM(a_subscription_may_have_a_policy_of_its_own)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation *e = &expectations[i];
		maiko_supervisor *sup = with_flooder(workers, true);
		ok(maiko_add(sup, sink, "sink", .mailbox = e->mailbox, .worker = 1,
			     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .overflow = e->policy))));
		ok(maiko_start(sup));
		flood_and_compare(sup, e, "readings");
	}
}

TEST_SIM(the_option_overflow_covers_the_derived_topics)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation e = expectations[i];
		if (e.policy == MAIKO_FAIL)
			continue; /* a gauge does not forgive: see the tests of failing */
		maiko_supervisor *sup = with_flooder(workers, true);
		ok(maiko_add(sup, gauge, "sink", .overflow = e.policy, .mailbox = e.mailbox, .worker = 1));
		ok(maiko_start(sup));
		flood_and_compare(sup, &e, "readings");
	}
}

TEST_SIM(subscribing_may_bring_a_policy_of_its_own)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation *e = &expectations[i];
		maiko_supervisor *sup = with_flooder(workers, true);
		maiko_actor_id id;
		ok(maiko_add(sup, sink, "sink", .topics = MAIKO_NO_TOPICS, .mailbox = e->mailbox, .worker = 1,
			     .ret_id = &id));
		ok(maiko_start(sup));
		ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings), .overflow = e->policy));
		flood_and_compare(sup, e, "readings");
	}
}

TEST_WORKERS(a_subscriber_of_all_topics_has_each_topics_own_policy)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation *e = &expectations[i];
		maiko_supervisor *sup = with_flooder(workers, false);
		samples_like(sup, (maiko_topic){.overflow = e->policy});
		/* room for the flood itself, which comes first and is handled after its sender */
		ok(maiko_add(sup, sink, "all", .topics = MAIKO_ALL_TOPICS, .mailbox = e->mailbox + 1, .worker = 1));
		ok(maiko_start(sup));
		ok(maiko_send(sup, flood, .count = 10));
		const maiko_ledger *ledger = test_stop(sup);
		const maiko_actor_row *row = test_actor_row(ledger, "all");
		assert_int_equal(row->counts.deliveries, 11);
		assert_int_equal(row->counts.ignored, 1);
		assert_int_equal(row->counts.handled, e->handled);
		assert_int_equal(row->counts.dropped, 10 - e->handled);
		assert_int_equal(test_actor_row(ledger, "flooder")->mutes, e->policy == MAIKO_BLOCK ? 1 : 0);
		expect_heard_numbers("all", e->heard);
		assert_int_equal(atomic_load(&errors), e->errors);
		test_release(sup);
	}
}

/* ---- keep latest ------------------------------------------------------------------------------ */

static uint64_t by_three(const struct maiko_any *event)
{
	const sample *s = maiko_as(event, sample);
	return s == NULL ? 0 : s->n % 3;
}

static uint64_t by_itself(const struct maiko_any *event)
{
	const sample *s = maiko_as(event, sample);
	return s == NULL ? 0 : s->n;
}

static void keep_latest(uint32_t workers, uint64_t (*key)(const struct maiko_any *), const expectation *e)
{
	maiko_supervisor *sup = with_flooder(workers, false);
	const maiko_subscription *topics = samples_like(sup, (maiko_topic){.overflow = MAIKO_KEEP_LATEST, .key = key});
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = e->mailbox, .worker = 1));
	ok(maiko_start(sup));
	flood_and_compare(sup, e, "samples");
}

TEST_SIM(keep_latest_replaces_in_place_by_key)
{
	/* places are those of 1, 2 and 3 */
	static const expectation full = {MAIKO_KEEP_LATEST, 3, 3, "10 8 9", 0};
	static const expectation roomy = {MAIKO_KEEP_LATEST, 100, 3, "10 8 9", 0};
	keep_latest(workers, by_three, &full);
	keep_latest(workers, by_three, &roomy);
}

TEST_SIM(a_new_key_in_a_full_mailbox_blocks)
{
	/* counted as MAIKO_BLOCK: its sender is muted once */
	static const expectation e = {MAIKO_BLOCK, 2, 10, ALL_TEN, 0};
	keep_latest(workers, by_itself, &e);
}

/* Two rounds of the same keys, the first handled before the second comes. */
TEST_SIM(keep_latest_forgets_what_was_handled)
{
	maiko_supervisor *sup = with_flooder(workers, false);
	const maiko_subscription *topics =
		samples_like(sup, (maiko_topic){.overflow = MAIKO_KEEP_LATEST, .key = by_three});
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = 3, .worker = 1));
	ok(maiko_start(sup));
	for (int round = 0; round < 5; round++) {
		ok(maiko_send(sup, flood, .count = 7));
		test_settle(sup);
	}
	assert_int_equal(test_finish(sup).dropped, 20);
	expect_heard_numbers("sink", "7 5 6 7 5 6 7 5 6 7 5 6 7 5 6");
}

/* ---- several topics in one mailbox ------------------------------------------------------------- */

/* Two readings fill the mailbox, then a sample comes; its topic drops the oldest. */
static int fill(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, reading, .n = 1) == 0);
	expect(maiko_send(ctx, reading, .n = 2) == 0);
	return maiko_send(ctx, sample, .n = 3);
}

TEST_SIM(drop_oldest_drops_no_other_topics_events)
{
	maiko_supervisor *sup = test_supervisor(workers);
	const maiko_topic *samples = samples_like(sup, (maiko_topic){.overflow = MAIKO_DROP_OLDEST})->topic;
	const maiko_subscription topics[] = {{.topic = samples}, {.topic = MAIKO_TOPIC_REF(readings)}, {.topic = NULL}};
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = 2, .worker = 1));
	ok(maiko_add(sup, puppet, "filler", .worker = 1));
	ok(maiko_start(sup));
	test_order(sup, "filler", fill);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sink", "reading 1, reading 2");
	assert_int_equal(test_topic_row(ledger, "samples")->counts.dropped, 1);
	test_release(sup);
}

/* ---- the policy that fails ------------------------------------------------------------------------ */

static maiko_supervisor *failing(uint32_t workers, int answer)
{
	maiko_supervisor *sup = with_flooder(workers, true);
	sink how = {.answer = answer};
	ok(maiko_add(sup, sink, "sink", .init = &how, .mailbox = 4, .worker = 1, .restart = MAIKO_TEMPORARY,
		     .topics = MAIKO_TOPICS(MAIKO_SUB(readings, .overflow = MAIKO_FAIL))));
	ok(maiko_add(sup, gauge, "other"));
	ok(maiko_start(sup));
	return sup;
}

TEST_WORKERS(a_forgiven_overflow_lets_the_subscriber_go_on)
{
	maiko_supervisor *sup = failing(workers, 0);
	for (uint64_t round = 1; round <= 3; round++) {
		ok(maiko_send(sup, flood, .count = 10));
		test_wait_for(&errors, round);
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&errors), 3);
	assert_int_equal(test_actor_row(ledger, "sink")->counts.handled, 12);
	assert_int_equal(test_actor_row(ledger, "sink")->counts.dropped, 18);
	assert_int_equal(test_actor_row(ledger, "sink")->status, MAIKO_ACTOR_STOPPED);
	assert_int_equal(test_actor_row(ledger, "other")->counts.handled, 30);
	assert_int_equal(atomic_load(&stops), 1);
	test_release(sup);
}

TEST_SIM(an_overflow_not_forgiven_fails_the_subscriber_alone)
{
	maiko_supervisor *sup = failing(workers, -1);
	ok(maiko_send(sup, flood, .count = 10));
	test_wait_for(&stops, 1); /* it has failed */
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&errors), 1);
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(ledger->total.dropped, 6);
	assert_int_equal(ledger->total.dead, 4);
	assert_int_equal(ledger->total.deliveries, 21); /* the flood and twice ten */
	assert_int_equal(test_actor_row(ledger, "other")->counts.handled, 10);
	test_release(sup);
}

/* ---- over workers, with small channels --------------------------------------------------------------- */

/* Sends samples 1 to MOST over many runs, as fast as it may. */
typedef struct pump {
	uint32_t n;
} pump;

static maiko_next pump_tick(pump *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 100 && self->n < MOST && !maiko_is_congested(ctx); i++)
		if (maiko_send(ctx, sample, .n = self->n + 1) == 0)
			self->n++;
	return self->n < MOST ? maiko_when_sendable() : maiko_never();
}
MAIKO_ACTOR(pump, MAIKO_TICK(pump_tick));

static uint64_t published(maiko_supervisor *sup) { return test_report(sup)->published; }

static void check_over_workers(const maiko_ledger *ledger, maiko_overflow policy)
{
	const maiko_topic_row *t = test_topic_row(ledger, "samples");
	const maiko_actor_row *row = test_actor_row(ledger, "sink");
	size_t count;
	const uint64_t *heard = test_heard_values("sink", &count);
	bool drops = policy == MAIKO_DROP_NEWEST || policy == MAIKO_DROP_OLDEST;
	assert_int_equal(t->published, MOST);
	assert_int_equal(t->counts.deliveries + t->channel_dropped, MOST);
	assert_int_equal(row->counts.deliveries, t->counts.deliveries);
	assert_int_equal(row->counts.handled + row->counts.dropped, row->counts.deliveries);
	assert_int_equal(row->counts.handled, count);
	if (!drops)
		assert_int_equal(t->channel_dropped, 0);
	if (policy == MAIKO_BLOCK)
		assert_int_equal(row->counts.handled, MOST);
	if (policy == MAIKO_KEEP_LATEST)
		assert_int_equal(heard[count - 1], MOST);
	for (size_t i = 1; i < count; i++)
		assert_true(heard[i - 1] < heard[i]);
	uint64_t entries_dropped = 0;
	for (size_t i = 0; i < ledger->pair_count; i++)
		entries_dropped += ledger->pairs[i]->dropped;
	assert_int_equal(entries_dropped, t->channel_dropped);
}

TEST_WORKERS(no_policy_loses_anything_uncounted_between_workers)
{
	static const maiko_overflow policies[] = {MAIKO_BLOCK, MAIKO_DROP_NEWEST, MAIKO_DROP_OLDEST, MAIKO_KEEP_LATEST,
						  MAIKO_FAIL};
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		test_begin();
		maiko_supervisor *sup =
			test_supervisor_with((maiko_options){.workers = workers, .channel = 16, .mailbox = 8});
		const maiko_subscription *topics = samples_like(sup, (maiko_topic){.overflow = policies[i]});
		ok(maiko_add(sup, sink, "sink", .topics = topics, .max_events_per_tick = 3));
		ok(maiko_add(sup, pump, "pump"));
		ok(maiko_start(sup));
		while (published(sup) < MOST)
			;
		const maiko_ledger *ledger = test_stop(sup);
		check_over_workers(ledger, policies[i]);
		test_release(sup);
	}
}
