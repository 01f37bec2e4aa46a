/*
 * C2, C8, C16: what a monitor sees of events: the life of each, for every policy and most
 * ways to be lost, in its order. The rest is in test_monitor_counts.c, what it sees of actors
 * in test_monitor_actors.c, its own life in test_monitor_life.c.
 */
#include "observations.h"

#include <sched.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

/* Kept by whether n is odd. */
typedef struct level {
	uint32_t n;
} level;
static uint64_t level_key(const maiko_any *any) { return ((const level *)any->data)->n & 1; }
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST, .key = level_key);
MAIKO_EVENT(level, levels, n);

/* To the source: send so many. */
typedef struct order {
	uint32_t n;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, n);

/* Nobody subscribes to these. */
typedef struct orphan {
	uint32_t n;
} orphan;
MAIKO_TOPIC(orphans);
MAIKO_EVENT(orphan, orphans, n);

PER_TEST _Atomic(uint64_t) gate, at_gate;

static void wait_at_gate(void)
{
	atomic_fetch_add(&at_gate, 1);
	while (atomic_load(&gate) == 0)
		sched_yield();
}

/* ---- who sends, and who gets it ------------------------------------------------------------ */

typedef struct source {
	bool levels;       /* rather than items */
	uint32_t retiring; /* an item that on_stop sends */
} source;

static int source_on_order(source *self, const order *ev, maiko_ctx *ctx)
{
	for (uint32_t n = 1; n <= ev->n; n++)
		expect((self->levels ? maiko_send(ctx, level, .n = n) : maiko_send(ctx, item, .n = n)) == 0);
	return 7; /* as good as 0 */
}

static int source_on_stop(source *self, maiko_ctx *ctx)
{
	return self->retiring == 0 ? 0 : maiko_send(ctx, item, .n = self->retiring);
}
MAIKO_ACTOR(source, MAIKO_ON(order, source_on_order), MAIKO_ON_STOP(source_on_stop));

typedef struct sink {
	int answer;       /* of on_error */
	uint32_t gated;   /* an item at which it waits */
	uint32_t leaving; /* one at which it stops itself, */
	uint32_t poison;  /* ... fails */
	uint32_t deaf;    /* ... or unsubscribes */
} sink;

static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n == self->gated)
		wait_at_gate();
	if (ev->n == self->leaving)
		return maiko_stop_self(ctx);
	if (ev->n == self->deaf)
		return maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(items));
	return ev->n == self->poison ? MAIKO_ECANCELED : 0;
}

static int sink_on_level(sink *self, const level *ev, maiko_ctx *ctx) { return 0; }

static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx) { return self->answer; }
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item), MAIKO_ON(level, sink_on_level), MAIKO_ON_ERROR(sink_on_error));

static const sink plain = {.gated = UINT32_MAX, .leaving = UINT32_MAX, .poison = UINT32_MAX, .deaf = UINT32_MAX};

/* A source and a sink on the first worker, watched. */
static maiko_supervisor *watched(uint32_t workers, const source *from, const sink *to, maiko_overflow overflow,
				 uint32_t mailbox)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	ok(maiko_add(sup, sink, "sink", .init = to, .restart = MAIKO_TEMPORARY, .worker = 1, .mailbox = mailbox,
		     .overflow = overflow, .max_events_per_tick = to == &plain ? 0 : 1));
	ok(maiko_add(sup, source, "source", .init = from, .worker = 1));
	return sup;
}

static maiko_supervisor *flooded(uint32_t workers, const sink *to, maiko_overflow overflow, uint32_t mailbox,
				 uint32_t count)
{
	maiko_supervisor *sup = watched(workers, &(source){.levels = false}, to, overflow, mailbox);
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = count));
	return sup;
}

/* ---- one event ------------------------------------------------------------------------------ */

TEST_SIM(an_event_is_dispatched_then_delivered_then_handled)
{
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	ok(maiko_add(sup, source, "source", .worker = 1));
	ok(maiko_add(sup, sink, "sink", .worker = workers, .init = &plain));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 2));
	test_wait_for(observations_of(MAIKO_OBSERVED_HANDLED), 3);
	maiko_actor_id source_id, sink_id;
	ok(maiko_find(sup, "source", &source_id));
	ok(maiko_find(sup, "sink", &sink_id));
	test_stop(sup);
	assert_string_equal(observations_of_event("order", 2), "dispatched; delivered source; handled source");
	assert_string_equal(observations_of_event("item", 1), "dispatched; delivered sink; handled sink");
	assert_string_equal(observations_of_event("item", 2), "dispatched; delivered sink; handled sink");

	const noted_observation *cause = observations_first(MAIKO_OBSERVED_DISPATCHED, "");
	assert_ptr_equal(cause->observation.supervisor, sup);
	assert_int_equal(cause->observation.actor, 0);
	assert_string_equal(cause->actor_type, "");
	assert_string_equal(cause->event, "order");
	assert_string_equal(cause->sender, "outside");
	assert_int_equal(cause->envelope.sender_id, 0);
	assert_int_equal(cause->envelope.parent.sequence, 0);
	const noted_observation *ended = observations_first(MAIKO_OBSERVED_HANDLED, "sink");
	assert_ptr_equal(ended->observation.supervisor, sup);
	assert_true(ended->observation.actor == sink_id);
	assert_string_equal(ended->actor_type, "sink");
	assert_int_equal(ended->observation.worker, workers);
	assert_true(ended->observation.now_ns != 0);
	assert_string_equal(ended->sender, "source");
	assert_true(ended->envelope.sender_id == source_id);
	assert_string_equal(ended->topic, "items");
	assert_ptr_equal(ended->envelope.type, MAIKO_EVENT_REF(item));
	assert_true(maiko_id_equal(ended->envelope.parent, cause->envelope.id));
	assert_true(maiko_id_equal(ended->envelope.correlation, cause->envelope.id));
	assert_true(ended->envelope.timestamp_ns >= cause->envelope.timestamp_ns);
	const noted_observation *delivered = observations_first(MAIKO_OBSERVED_DELIVERED, "sink");
	assert_true(maiko_id_equal(delivered->envelope.id, ended->envelope.id));
	assert_int_equal(delivered->observation.worker, workers);
	assert_int_equal(observations_first(MAIKO_OBSERVED_DELIVERED, "source")->observation.worker, 1);
	test_release(sup);
}

TEST_WORKERS(each_subscriber_has_observations_of_its_own)
{
	enum { SINKS = 8, EVENTS = 50 };
	static const char *const names[SINKS] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	for (int i = 0; i < SINKS; i++)
		ok(maiko_add(sup, sink, names[i], .init = &plain));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < EVENTS; n++)
		ok(maiko_send(sup, item, .n = n));
	assert_int_equal(test_finish(sup).handled, 400);
	assert_int_equal(observations_count(MAIKO_OBSERVED_DISPATCHED, ""), 50);
	for (int i = 0; i < SINKS; i++) {
		assert_int_equal(observations_count(MAIKO_OBSERVED_DELIVERED, names[i]), 50);
		assert_int_equal(observations_count(MAIKO_OBSERVED_HANDLED, names[i]), 50);
	}
}

typedef struct other_item {
	uint32_t n;
} other_item;
MAIKO_EVENT(other_item, items, n);
TEST_LISTENER(deaf, other_item);

TEST_SIM(an_event_without_a_handler_is_ignored_and_one_without_a_subscriber_only_dispatched)
{
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	ok(maiko_add(sup, deaf, "deaf", .topics = MAIKO_TOPICS(items)));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_send(sup, orphan, .n = 1));
	assert_int_equal(test_finish(sup).ignored, 1);
	assert_string_equal(observations_of_event("item", 1), "dispatched; delivered deaf; handled deaf: ignored");
	assert_string_equal(observations_of_event("orphan", 1), "dispatched");
}

/* ---- a full mailbox ---------------------------------------------------------------------------- */

TEST_SIM(a_full_mailbox_that_drops_the_newest)
{
	maiko_supervisor *sup = flooded(workers, &plain, MAIKO_DROP_NEWEST, 2, 4);
	assert_int_equal(test_finish(sup).dropped, 2);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; overflowed item 3: dropped; "
			    "overflowed item 4: dropped; handled item 1; handled item 2; stopped");
	assert_string_equal(observations_of_event("item", 4), "dispatched; overflowed sink: dropped");
	assert_string_equal(observations_of_actor("source"),
			    "added; started; delivered order 4; handled order 4; stopped");
}

TEST_SIM(a_full_mailbox_that_drops_the_oldest)
{
	maiko_supervisor *sup = flooded(workers, &plain, MAIKO_DROP_OLDEST, 2, 4);
	assert_int_equal(test_finish(sup).dropped, 2);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; overflowed item 1 queued: dropped; "
			    "delivered item 3; overflowed item 2 queued: dropped; delivered item 4; handled item 3; "
			    "handled item 4; stopped");
	assert_string_equal(observations_of_event("item", 1),
			    "dispatched; delivered sink; overflowed sink queued: dropped");
}

TEST_SIM(the_latest_of_each_key_takes_the_place_of_the_one_before)
{
	maiko_supervisor *sup = watched(workers, &(source){.levels = true}, &plain, MAIKO_OVERFLOW_DEFAULT, 8);
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 5));
	assert_int_equal(test_finish(sup).dropped, 3);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered level 1; delivered level 2; overflowed level 1 queued: dropped; "
			    "delivered level 3; overflowed level 2 queued: dropped; delivered level 4; "
			    "overflowed level 3 queued: dropped; delivered level 5; handled level 5; handled level 4; "
			    "stopped");
}

TEST_SIM(a_full_mailbox_mutes_who_sends_and_releases_it)
{
	maiko_supervisor *sup = flooded(workers, &plain, MAIKO_BLOCK, 2, 4);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "source")->mutes, 1);
	test_release(sup);
	assert_string_equal(observations_of_actor("source"),
			    "added; started; delivered order 4; muted; handled order 4; released; stopped");
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; delivered item 3; delivered item 4; "
			    "handled item 1; handled item 2; handled item 3; handled item 4; stopped");
}

TEST_SIM(a_full_mailbox_that_fails_is_forgiven)
{
	maiko_supervisor *sup = flooded(workers, &plain, MAIKO_FAIL, 2, 4);
	assert_int_equal(test_finish(sup).dropped, 2);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; overflowed item 3: dropped; "
			    "overflowed item 4: dropped; error: MAIKO_EOVERFLOW; handled item 1; handled item 2; "
			    "stopped");
}

TEST_SIM(a_full_mailbox_that_fails_is_not_forgiven)
{
	sink strict = plain;
	strict.answer = MAIKO_ECANCELED;
	maiko_supervisor *sup = flooded(workers, &strict, MAIKO_FAIL, 2, 4);
	test_wait_for(observations_of(MAIKO_OBSERVED_REMOVED), 1);
	assert_int_equal(test_finish(sup).dead, 2);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; overflowed item 3: dropped; "
			    "overflowed item 4: dropped; error: MAIKO_EOVERFLOW; failed: MAIKO_ECANCELED; stopped; "
			    "discarded item 1 queued: dead; discarded item 2 queued: dead; removed");
}

/* A ring of 16 has 15 places for events. */
TEST_WORKERS(a_full_channel_drops_for_no_actor_in_particular)
{
	maiko_supervisor *sup = NULL;
	maiko_options options = {.workers = workers, .channel = 16};
	sink gated = plain;
	gated.gated = 0;
	if (workers == 1)
		return;
	test_begin();
	ok(maiko_supervisor_new(&sup, &options));
	observations_watch(sup);
	ok(maiko_add(sup, source, "source", .worker = 1));
	ok(maiko_add(sup, sink, "sink", .init = &gated, .worker = workers, .overflow = MAIKO_DROP_NEWEST));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&at_gate, 1);
	ok(maiko_send(sup, order, .n = 1000));
	test_wait_for(observations_of(MAIKO_OBSERVED_HANDLED), 1);
	atomic_store(&gate, 1);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "items")->channel_dropped, 985);
	assert_int_equal(ledger->total.dropped, 0);
	test_release(sup);
	assert_int_equal(observations_count(MAIKO_OBSERVED_OVERFLOWED, ""), 985);
	assert_int_equal(observations_count(MAIKO_OBSERVED_HANDLED, "sink"), 16);
	assert_string_equal(observations_of_event("item", 15), "dispatched; delivered sink; handled sink");
	assert_string_equal(observations_of_event("item", 16), "dispatched; overflowed: dropped");
	assert_int_equal(observations_first(MAIKO_OBSERVED_OVERFLOWED, "")->observation.actor, 0);
	assert_int_equal(observations_first(MAIKO_OBSERVED_OVERFLOWED, "")->observation.worker, 1);
}

/* ---- dead --------------------------------------------------------------------------------------- */

TEST_SIM(what_is_queued_for_one_that_leaves_is_dead)
{
	sink leaving = plain;
	leaving.leaving = 1;
	maiko_supervisor *sup = flooded(workers, &leaving, MAIKO_BLOCK, 8, 3);
	test_wait_for(observations_of(MAIKO_OBSERVED_REMOVED), 1);
	assert_int_equal(test_finish(sup).dead, 2);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; delivered item 3; handled item 1; "
			    "stopped; discarded item 2 queued: dead; discarded item 3 queued: dead; removed");
}

/* It hears what it sends, and fails: then comes what its on_stop sends. */
typedef struct brittle {
	uint32_t last_words;
} brittle;

static int brittle_on_item(brittle *self, const item *ev, maiko_ctx *ctx) { return MAIKO_ECANCELED; }

static int brittle_on_stop(brittle *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t n = 1; rc == 0 && n <= self->last_words; n++)
		rc = maiko_send(ctx, item, .n = n);
	return rc;
}
MAIKO_ACTOR(brittle, MAIKO_ON(item, brittle_on_item), MAIKO_ON_STOP(brittle_on_stop));

TEST_WORKERS(what_comes_for_one_that_has_failed_is_dead)
{
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	ok(maiko_add(sup, brittle, "brittle", .init = &(brittle){.last_words = 2}, .echo = true,
		     .restart = MAIKO_TEMPORARY));
	ok(maiko_send(sup, item, .n = 0));
	ok(maiko_start(sup));
	test_wait_for(observations_of(MAIKO_OBSERVED_REMOVED), 1);
	assert_int_equal(test_finish(sup).dead, 2);
	assert_string_equal(
		observations_of_actor("brittle"),
		"added; started; delivered item 0; handled item 0: MAIKO_ECANCELED; error item 0: MAIKO_ECANCELED; "
		"failed: MAIKO_ECANCELED; discarded item 1: dead; discarded item 2: dead; stopped; removed");
}

TEST_SIM(what_is_queued_of_a_topic_that_is_given_up_is_dead)
{
	sink deaf_at_one = plain;
	deaf_at_one.deaf = 1;
	maiko_supervisor *sup = watched(workers, &(source){.levels = false}, &deaf_at_one, MAIKO_BLOCK, 0);
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1000));
	test_wait_for(observations_of(MAIKO_OBSERVED_TOPOLOGY), workers);
	maiko_counts total = test_finish(sup);
	assert_true(total.dead > 0);
	assert_int_equal(observations_count(MAIKO_OBSERVED_DISCARDED, "sink"), total.dead);
	const noted_observation *dead = observations_first(MAIKO_OBSERVED_DISCARDED, "sink");
	assert_int_equal(dead->observation.code, MAIKO_DEAD);
	assert_true(dead->observation.was_queued);
	assert_int_equal(observations_count(MAIKO_OBSERVED_HANDLED, "sink") + total.dead, 1000);
}

/* ---- discarded at a stop --------------------------------------------------------------------------- */

TEST_WORKERS(a_stop_that_does_not_drain_discards)
{
	sink gated = plain;
	gated.gated = 1;
	maiko_supervisor *sup = watched(workers, &(source){.retiring = 9}, &gated, MAIKO_BLOCK, 8);
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 3));
	test_wait_for(&at_gate, 1);
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.now = true}, NULL, NULL));
	atomic_store(&gate, 1);
	ok(maiko_join(sup));
	assert_int_equal(test_finish(sup).discarded, 3);
	assert_string_equal(observations_of_actor("sink"),
			    "added; started; delivered item 1; delivered item 2; delivered item 3; handled item 1; "
			    "discarded item 2 queued: discarded; discarded item 3 queued: discarded; "
			    "discarded item 9: discarded; stopped");
}

TEST_SIM(what_was_sent_to_one_that_never_started_is_discarded)
{
	maiko_supervisor *sup = watched(workers, &(source){.levels = false}, &plain, MAIKO_BLOCK, 8);
	for (uint32_t n = 1; n <= 3; n++)
		ok(maiko_send(sup, item, .n = n));
	assert_int_equal(test_finish(sup).discarded, 3);
	assert_string_equal(observations_of_actor("source"), "added");
	assert_string_equal(
		observations_of_actor("sink"),
		"added; discarded item 1: discarded; discarded item 2: discarded; discarded item 3: discarded");
	assert_string_equal(observations_of_event("item", 2), "dispatched; discarded sink: discarded");
}
