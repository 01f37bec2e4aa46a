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

PER_TEST uint32_t seen[MOST];
PER_TEST _Atomic(uint64_t) seen_count, errors, stops;
PER_TEST _Atomic(int) error_code, error_phase, error_with_event;

typedef struct sink {
	int answer; /* of on_error */
} sink;

static int sink_note(uint32_t n)
{
	uint64_t place = atomic_load(&seen_count);
	if (place < MOST)
		seen[place] = n;
	atomic_store(&seen_count, place + 1);
	return 0;
}

static int sink_on_sample(sink *self, const sample *ev, maiko_ctx *ctx) { return sink_note(ev->n); }

static int sink_on_reading(sink *self, const reading *ev, maiko_ctx *ctx) { return sink_note(ev->n); }

static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_store(&error_code, error->code);
	atomic_store(&error_phase, (int)error->phase);
	atomic_store(&error_with_event, error->event.type != NULL);
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

/* Handles readings alone: its topics can be left out. */
typedef struct gauge {
	int unused;
} gauge;

static int gauge_on_reading(gauge *self, const reading *ev, maiko_ctx *ctx) { return sink_note(ev->n); }
MAIKO_ACTOR(gauge, MAIKO_ON(reading, gauge_on_reading));

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
	uint64_t handled, dropped, dead;
	uint32_t values[10];
	uint64_t errors;
} expectation;

static const expectation expectations[] = {
	{MAIKO_BLOCK, 4, 10, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0},
	{MAIKO_DROP_NEWEST, 4, 4, 6, 0, {1, 2, 3, 4}, 0},
	{MAIKO_DROP_OLDEST, 4, 4, 6, 0, {7, 8, 9, 10}, 0},
	{MAIKO_KEEP_LATEST, 4, 1, 9, 0, {10}, 0},
	{MAIKO_FAIL, 4, 4, 6, 0, {1, 2, 3, 4}, 1},
	{MAIKO_BLOCK, 1, 10, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0},
	{MAIKO_DROP_NEWEST, 1, 1, 9, 0, {1}, 0},
	{MAIKO_DROP_OLDEST, 1, 1, 9, 0, {10}, 0},
	{MAIKO_KEEP_LATEST, 1, 1, 9, 0, {10}, 0},
	{MAIKO_FAIL, 1, 1, 9, 0, {1}, 1},
};
enum { EXPECTATIONS = sizeof expectations / sizeof expectations[0] };

static void check_error(uint64_t count)
{
	assert_int_equal(atomic_load(&errors), count);
	if (count == 0)
		return;
	assert_int_equal(atomic_load(&error_code), MAIKO_EOVERFLOW);
	assert_int_equal(atomic_load(&error_phase), MAIKO_PHASE_OVERFLOW);
	assert_int_equal(atomic_load(&error_with_event), 0);
}

/* Floods with ten, stops, and compares; `topic` names the row of the flooded topic. */
static void flood_and_compare(maiko_supervisor *sup, const expectation *e, const char *topic)
{
	ok(maiko_send(sup, flood, .count = 10));
	maiko_ledger *ledger = test_stop(sup);
	const maiko_actor_row *row = test_actor_row(ledger, "sink");
	assert_int_equal(row->counts.deliveries, 10);
	assert_int_equal(row->counts.handled, e->handled);
	assert_int_equal(row->counts.dropped, e->dropped);
	assert_int_equal(row->counts.dead, e->dead);
	const maiko_topic_row *t = test_topic_row(ledger, topic);
	assert_int_equal(t->published, 10);
	assert_int_equal(t->counts.deliveries, 10);
	assert_int_equal(t->counts.handled, e->handled);
	assert_int_equal(t->counts.dropped, e->dropped);
	assert_int_equal(test_actor_row(ledger, "flooder")->sent, 10);
	assert_int_equal(test_actor_row(ledger, "flooder")->mutes, e->policy == MAIKO_BLOCK ? 1 : 0);
	assert_int_equal(atomic_load(&seen_count), e->handled);
	for (uint64_t i = 0; i < e->handled; i++)
		assert_int_equal(seen[i], e->values[i]);
	maiko_ledger_free(ledger);
	test_release(sup);
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
		maiko_topic like = {.name = "", .overflow = e->policy};
		const maiko_topic *topic;
		ok(maiko_topic_with(sup, "samples", &like, &topic));
		atomic_store(&target, topic);
		const maiko_subscription topics[] = {{.topic = topic}, {.topic = NULL}};
		ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = e->mailbox, .worker = 1));
		ok(maiko_start(sup));
		flood_and_compare(sup, e, "samples");
		check_error(e->errors);
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
		check_error(e->errors);
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
		check_error(e->errors);
	}
}

TEST_WORKERS(a_subscriber_of_all_topics_has_each_topics_own_policy)
{
	for (int i = 0; i < EXPECTATIONS; i++) {
		const expectation *e = &expectations[i];
		maiko_supervisor *sup = with_flooder(workers, false);
		maiko_topic like = {.name = "", .overflow = e->policy};
		const maiko_topic *topic;
		ok(maiko_topic_with(sup, "samples", &like, &topic));
		atomic_store(&target, topic);
		/* room for the flood itself, which comes first and is handled after its sender */
		ok(maiko_add(sup, sink, "all", .topics = MAIKO_ALL_TOPICS, .mailbox = e->mailbox + 1, .worker = 1));
		ok(maiko_start(sup));
		ok(maiko_send(sup, flood, .count = 10));
		maiko_ledger *ledger = test_stop(sup);
		const maiko_actor_row *row = test_actor_row(ledger, "all");
		assert_int_equal(row->counts.deliveries, 11);
		assert_int_equal(row->counts.ignored, 1);
		assert_int_equal(row->counts.handled, e->handled);
		assert_int_equal(row->counts.dropped, e->dropped);
		assert_int_equal(test_actor_row(ledger, "flooder")->mutes, e->policy == MAIKO_BLOCK ? 1 : 0);
		for (uint64_t n = 0; n < e->handled; n++)
			assert_int_equal(seen[n], e->values[n]);
		check_error(e->errors);
		maiko_ledger_free(ledger);
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
	maiko_topic like = {.name = "", .overflow = MAIKO_KEEP_LATEST, .key = key};
	const maiko_topic *topic;
	ok(maiko_topic_with(sup, "samples", &like, &topic));
	atomic_store(&target, topic);
	const maiko_subscription topics[] = {{.topic = topic}, {.topic = NULL}};
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = e->mailbox, .worker = 1));
	ok(maiko_start(sup));
	flood_and_compare(sup, e, "samples");
}

TEST_SIM(keep_latest_replaces_in_place_by_key)
{
	/* places are those of 1, 2 and 3 */
	static const expectation full = {MAIKO_KEEP_LATEST, 3, 3, 7, 0, {10, 8, 9}, 0};
	static const expectation roomy = {MAIKO_KEEP_LATEST, 100, 3, 7, 0, {10, 8, 9}, 0};
	keep_latest(workers, by_three, &full);
	keep_latest(workers, by_three, &roomy);
}

TEST_SIM(a_new_key_in_a_full_mailbox_blocks)
{
	/* counted as MAIKO_BLOCK: its sender is muted once */
	static const expectation e = {MAIKO_BLOCK, 2, 10, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0};
	keep_latest(workers, by_itself, &e);
}

/* Two rounds of the same keys, the first handled before the second comes. */
TEST_SIM(keep_latest_forgets_what_was_handled)
{
	maiko_supervisor *sup = with_flooder(workers, false);
	maiko_topic like = {.name = "", .overflow = MAIKO_KEEP_LATEST, .key = by_three};
	const maiko_topic *topic;
	ok(maiko_topic_with(sup, "samples", &like, &topic));
	atomic_store(&target, topic);
	const maiko_subscription topics[] = {{.topic = topic}, {.topic = NULL}};
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = 3, .worker = 1));
	ok(maiko_start(sup));
	for (uint64_t round = 1; round <= 100; round++) {
		ok(maiko_send(sup, flood, .count = 7));
		test_wait_for(&seen_count, round * 3);
	}
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.dropped, 400);
	for (int round = 0; round < 100; round++) {
		assert_int_equal(seen[round * 3], 7);
		assert_int_equal(seen[round * 3 + 1], 5);
		assert_int_equal(seen[round * 3 + 2], 6);
	}
}

/* ---- several topics in one mailbox ------------------------------------------------------------- */

typedef struct filler {
	int unused;
} filler;

/* Two readings fill the mailbox, then a sample comes; its topic drops the oldest. */
static int filler_on_flood(filler *self, const flood *ev, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, reading, .n = 1);
	if (rc == 0)
		rc = maiko_send(ctx, reading, .n = 2);
	return rc == 0 ? maiko_send(ctx, sample, .n = 3) : rc;
}
MAIKO_ACTOR(filler, MAIKO_ON(flood, filler_on_flood));

TEST_SIM(drop_oldest_drops_no_other_topics_events)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_topic like = {.name = "", .overflow = MAIKO_DROP_OLDEST};
	const maiko_topic *topic;
	ok(maiko_topic_with(sup, "samples", &like, &topic));
	atomic_store(&target, topic);
	const maiko_subscription topics[] = {{.topic = topic}, {.topic = MAIKO_TOPIC_REF(readings)}, {.topic = NULL}};
	ok(maiko_add(sup, sink, "sink", .topics = topics, .mailbox = 2, .worker = 1));
	ok(maiko_add(sup, filler, "filler", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, flood));
	maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "samples")->counts.dropped, 1);
	assert_int_equal(test_topic_row(ledger, "readings")->counts.handled, 2);
	assert_int_equal(atomic_load(&seen_count), 2);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 2);
	maiko_ledger_free(ledger);
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
	maiko_ledger *ledger = test_stop(sup);
	check_error(3);
	assert_int_equal(test_actor_row(ledger, "sink")->counts.handled, 12);
	assert_int_equal(test_actor_row(ledger, "sink")->counts.dropped, 18);
	assert_int_equal(test_actor_row(ledger, "sink")->status, MAIKO_ACTOR_STOPPED);
	assert_int_equal(test_actor_row(ledger, "other")->counts.handled, 30);
	assert_int_equal(atomic_load(&stops), 1);
	maiko_ledger_free(ledger);
	test_release(sup);
}

TEST_SIM(an_overflow_not_forgiven_fails_the_subscriber_alone)
{
	maiko_supervisor *sup = failing(workers, -1);
	ok(maiko_send(sup, flood, .count = 10));
	test_wait_for(&stops, 1); /* it has failed */
	maiko_ledger *ledger = test_stop(sup);
	check_error(1);
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(ledger->total.dropped, 6);
	assert_int_equal(ledger->total.dead, 4);
	assert_int_equal(ledger->total.deliveries, 21); /* the flood and twice ten */
	assert_int_equal(test_actor_row(ledger, "other")->counts.handled, 10);
	maiko_ledger_free(ledger);
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
static _Atomic(uint64_t) pumps_done;
static int pump_on_stop(pump *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&pumps_done, 1);
	return 0;
}
MAIKO_ACTOR(pump, MAIKO_TICK(pump_tick), MAIKO_ON_STOP(pump_on_stop));

static uint64_t published(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	ok(maiko_report(sup, &ledger));
	uint64_t count = ledger->published;
	maiko_ledger_free(ledger);
	return count;
}

static void check_over_workers(const maiko_ledger *ledger, maiko_overflow policy)
{
	const maiko_topic_row *t = test_topic_row(ledger, "samples");
	const maiko_actor_row *row = test_actor_row(ledger, "sink");
	bool drops = policy == MAIKO_DROP_NEWEST || policy == MAIKO_DROP_OLDEST;
	assert_int_equal(t->published, MOST);
	assert_int_equal(t->counts.deliveries + t->channel_dropped, MOST);
	assert_int_equal(row->counts.deliveries, t->counts.deliveries);
	assert_int_equal(row->counts.handled + row->counts.dropped, row->counts.deliveries);
	assert_int_equal(row->counts.handled, atomic_load(&seen_count));
	if (!drops)
		assert_int_equal(t->channel_dropped, 0);
	if (policy == MAIKO_BLOCK)
		assert_int_equal(row->counts.handled, MOST);
	if (policy == MAIKO_KEEP_LATEST)
		assert_int_equal(seen[atomic_load(&seen_count) - 1], MOST);
	for (uint64_t i = 1; i < atomic_load(&seen_count); i++)
		assert_true(seen[i - 1] < seen[i]);
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
		maiko_topic like = {.name = "", .overflow = policies[i]};
		const maiko_topic *topic;
		ok(maiko_topic_with(sup, "samples", &like, &topic));
		atomic_store(&target, topic);
		const maiko_subscription topics[] = {{.topic = topic}, {.topic = NULL}};
		ok(maiko_add(sup, sink, "sink", .topics = topics, .max_events_per_tick = 3));
		ok(maiko_add(sup, pump, "pump"));
		ok(maiko_start(sup));
		while (published(sup) < MOST)
			;
		maiko_ledger *ledger = test_stop(sup);
		check_over_workers(ledger, policies[i]);
		maiko_ledger_free(ledger);
		test_release(sup);
	}
}
