/*
 * C2, C3: what a monitor has seen adds up to the ledger, for each actor and in all, whatever
 * became of the events; also of those that there was no memory for.
 */
#include "observations.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct sample {
	uint32_t n;
} sample;
typedef struct level {
	uint32_t n;
} level;
typedef struct orphan {
	uint32_t n;
} orphan;
typedef struct order {
	uint32_t n;
} order;
/* Too large for the events that items use. */
typedef struct bulk {
	uint32_t n;
	uint8_t bytes[200];
} bulk;
MAIKO_TOPIC(items);
MAIKO_TOPIC(samples, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST);
MAIKO_TOPIC(orphans);
MAIKO_TOPIC(orders);
MAIKO_TOPIC(bulks);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(sample, samples, n);
MAIKO_EVENT(level, levels, n);
MAIKO_EVENT(orphan, orphans, n);
MAIKO_EVENT(order, orders, n);
MAIKO_EVENT(bulk, bulks, n, bytes);

PER_TEST _Atomic(uint64_t) gate, at_gate, rounds;

/* ---- counting, by actor ------------------------------------------------------------------------ */

enum { SINKS = 8, PUMPS = 2, ACTORS = SINKS + PUMPS, NONE = ACTORS };
static const char *const names[ACTORS] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "p0", "p1"};

PER_TEST struct {
	_Atomic(uint64_t) kinds[MAIKO_OBSERVATION_KINDS], outcomes[MAIKO_LOST + 1], queued_lost;
} seen[ACTORS + 1];

static int place_of(const maiko_observation *observation)
{
	const char *name = observation->actor_name;
	return observation->actor == 0 ? NONE : name[0] == 's' ? name[1] - '0' : SINKS + name[1] - '0';
}

static void count(void *arg, const maiko_observation *observation)
{
	int place = place_of(observation);
	int64_t code = observation->code;
	atomic_fetch_add(&seen[place].kinds[observation->kind], 1);
	if (observation->kind == MAIKO_OBSERVED_HANDLED)
		atomic_fetch_add(&seen[place].outcomes[code == 1 ? MAIKO_IGNORED : MAIKO_HANDLED], 1);
	if (observation->kind != MAIKO_OBSERVED_OVERFLOWED && observation->kind != MAIKO_OBSERVED_DISCARDED) {
		expect(!observation->was_queued);
		return;
	}
	expect((observation->kind == MAIKO_OBSERVED_OVERFLOWED) == (code == MAIKO_DROPPED));
	expect(code >= MAIKO_DROPPED && code <= MAIKO_NO_MEMORY);
	atomic_fetch_add(&seen[place].outcomes[code], 1);
	atomic_fetch_add(&seen[place].queued_lost, observation->was_queued);
}

/* ---- actors of all sorts --------------------------------------------------------------------------- */

typedef struct sink {
	uint32_t poison; /* the item, counted from 1, at which it fails; 0: none */
	uint32_t count;
} sink;

static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	return ++self->count == self->poison ? MAIKO_ECANCELED : 0;
}

static int sink_on_sample(sink *self, const sample *ev, maiko_ctx *ctx)
{
	sched_yield(); /* so that others are faster */
	return 0;
}

static int sink_on_bulk(sink *self, const bulk *ev, maiko_ctx *ctx) { return 0; }

/* Of the topics that it hears, what nobody sends: it ignores the rest of them. */
typedef struct other_level {
	uint32_t n;
} other_level;
MAIKO_EVENT(other_level, levels, n);
typedef struct other_orphan {
	uint32_t n;
} other_orphan;
MAIKO_EVENT(other_orphan, orphans, n);

static int sink_on_other_level(sink *self, const other_level *ev, maiko_ctx *ctx) { return 0; }

static int sink_on_other_orphan(sink *self, const other_orphan *ev, maiko_ctx *ctx) { return 0; }

static int sink_on_error(sink *self, const maiko_error *error, maiko_ctx *ctx)
{
	return error->phase == MAIKO_PHASE_OVERFLOW ? 0 : error->code;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item), MAIKO_ON(sample, sink_on_sample), MAIKO_ON(bulk, sink_on_bulk),
	    MAIKO_ON(other_level, sink_on_other_level), MAIKO_ON(other_orphan, sink_on_other_orphan),
	    MAIKO_ON_ERROR(sink_on_error));

typedef struct pump {
	uint32_t n;
} pump;

static maiko_next pump_tick(pump *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 40; i++) {
		int rc = maiko_send(ctx, item, .n = self->n);
		if (rc == 0)
			rc = maiko_send(ctx, sample, .n = self->n);
		if (rc == 0)
			rc = maiko_send(ctx, level, .n = self->n);
		expect(rc == 0 || rc == MAIKO_EAGAIN);
	}
	(void)maiko_send(ctx, orphan, .n = self->n++);
	atomic_fetch_add(&rounds, 1);
	return maiko_again();
}
MAIKO_ACTOR(pump, MAIKO_TICK(pump_tick));

static maiko_supervisor *crowd(uint32_t workers, maiko_actor_id *ret_leaver)
{
	static maiko_monitor *monitor;
	test_begin();
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .channel = 16});
	ok(maiko_monitor_add(sup, &(maiko_hooks){.any = count}, NULL, &monitor));
	ok(maiko_add(sup, sink, "s0", .topics = MAIKO_TOPICS(items), .mailbox = 8));
	ok(maiko_add(sup, sink, "s1", .topics = MAIKO_TOPICS(samples), .mailbox = 4));
	ok(maiko_add(sup, sink, "s2", .topics = MAIKO_TOPICS(MAIKO_SUB(samples, .overflow = MAIKO_DROP_OLDEST)),
		     .mailbox = 4));
	ok(maiko_add(sup, sink, "s3", .topics = MAIKO_TOPICS(levels), .mailbox = 8)); /* ignores */
	ok(maiko_add(sup, sink, "s4", .topics = MAIKO_TOPICS(items), .mailbox = 4, .overflow = MAIKO_FAIL,
		     .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, sink, "s5", .topics = MAIKO_TOPICS(items), .init = &(sink){.poison = 100},
		     .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, sink, "s6", .topics = MAIKO_TOPICS(items, levels), .ret_id = ret_leaver));
	ok(maiko_add(sup, sink, "s7", .topics = MAIKO_ALL_TOPICS, .max_events_per_tick = 1));
	ok(maiko_add(sup, pump, "p0"));
	ok(maiko_add(sup, pump, "p1"));
	return sup;
}

static void *send_from_outside(void *arg)
{
	for (uint32_t n = 0; n < 500; n++)
		expect(maiko_send((maiko_supervisor *)arg, item, .n = n) == 0);
	return NULL;
}

/* ---- comparing --------------------------------------------------------------------------------------- */

static void compare_outcomes(const maiko_counts *counts, const _Atomic(uint64_t) *outcomes)
{
	assert_int_equal(counts->handled, outcomes[MAIKO_HANDLED]);
	assert_int_equal(counts->ignored, outcomes[MAIKO_IGNORED]);
	assert_int_equal(counts->dropped, outcomes[MAIKO_DROPPED]);
	assert_int_equal(counts->discarded, outcomes[MAIKO_DISCARDED]);
	assert_int_equal(counts->dead, outcomes[MAIKO_DEAD]);
	assert_int_equal(counts->no_memory, outcomes[MAIKO_NO_MEMORY]);
}

/* Whatever was delivered was handled or is lost from the queue; what is on the ledger was
 * delivered, or refused. */
static void compare_actor(const maiko_ledger *ledger, int i)
{
	const _Atomic(uint64_t) *kinds = seen[i].kinds;
	assert_int_equal(kinds[MAIKO_OBSERVED_DELIVERED], kinds[MAIKO_OBSERVED_HANDLED] + seen[i].queued_lost);
	assert_int_equal(kinds[MAIKO_OBSERVED_ADDED], 1);
	assert_int_equal(kinds[MAIKO_OBSERVED_STARTED], 1);
	assert_int_equal(kinds[MAIKO_OBSERVED_STOPPED], 1);
	assert_int_equal(kinds[MAIKO_OBSERVED_FAILED], i == 5 ? 1 : 0);
	assert_int_equal(kinds[MAIKO_OBSERVED_REMOVED], i == 5 || i == 6 ? 1 : 0);
	assert_int_equal(kinds[MAIKO_OBSERVED_TICK_ENTERED], kinds[MAIKO_OBSERVED_TICK_LEFT]);
	assert_true(kinds[MAIKO_OBSERVED_RELEASED] <= kinds[MAIKO_OBSERVED_MUTED]);
	if (i == 5 || i == 6)
		return;
	const maiko_actor_row *row = test_actor_row(ledger, names[i]);
	compare_outcomes(&row->counts, seen[i].outcomes);
	assert_int_equal(row->counts.deliveries, kinds[MAIKO_OBSERVED_HANDLED] + kinds[MAIKO_OBSERVED_OVERFLOWED] +
							 kinds[MAIKO_OBSERVED_DISCARDED]);
	assert_int_equal(row->ticks, kinds[MAIKO_OBSERVED_TICK_ENTERED]);
	assert_int_equal(row->mutes, kinds[MAIKO_OBSERVED_MUTED]);
}

static void compare(maiko_supervisor *sup)
{
	_Atomic(uint64_t) outcomes[MAIKO_NO_MEMORY + 1] = {0};
	uint64_t channel_dropped = 0;
	const maiko_ledger *ledger = test_stop(sup);
	for (int i = 0; i < ACTORS; i++) {
		compare_actor(ledger, i);
		for (int k = 0; k <= MAIKO_NO_MEMORY; k++)
			outcomes[k] += seen[i].outcomes[k];
	}
	compare_outcomes(&ledger->total, outcomes);
	for (size_t i = 0; i < ledger->topic_count; i++)
		channel_dropped += ledger->topics[i]->channel_dropped;
	assert_int_equal(seen[NONE].kinds[MAIKO_OBSERVED_DISPATCHED], ledger->published);
	assert_int_equal(seen[NONE].kinds[MAIKO_OBSERVED_OVERFLOWED], channel_dropped);
	assert_int_equal(seen[NONE].kinds[MAIKO_OBSERVED_DISCARDED], 0);
	assert_int_equal(seen[NONE].kinds[MAIKO_OBSERVED_DRAINING], ledger->workers);
	test_release(sup);
}

TEST_WORKERS(what_was_seen_adds_up_to_the_ledger)
{
	for (int round = 0; round < 4; round++) {
		maiko_actor_id leaver;
		pthread_t threads[3];
		maiko_supervisor *sup = crowd(workers, &leaver);
		ok(maiko_start(sup));
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, send_from_outside, sup), 0);
		test_wait_for(&rounds, 50);
		ok(maiko_remove(sup, leaver));
		test_wait_for(&seen[5].kinds[MAIKO_OBSERVED_REMOVED], 1);
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		test_wait_for(&rounds, 100);
		if (round % 2 == 1)
			ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
		compare(sup);
	}
}

/* ---- without memory --------------------------------------------------------------------------------- */

/* First makes its pool, its routes and its channel; then sends when all memory has gone,
 * which the monitor brings back. */
typedef struct miser {
	int unused;
} miser;

static int miser_on_order(miser *self, const order *ev, maiko_ctx *ctx)
{
	if (ev->n == 0) {
		expect(maiko_send(ctx, orphan, .n = 0) == 0);
		expect(maiko_send(ctx, item, .n = 0) == 0);
		expect(maiko_send(ctx, bulk, .n = 0) == 0);
		return 0;
	}
	test_allocator_fail_at(0, true);
	expect((ev->n == 1 ? maiko_send(ctx, item, .n = 1) : maiko_send(ctx, bulk, .n = 2)) == 0);
	return 0;
}
MAIKO_ACTOR(miser, MAIKO_ON(order, miser_on_order));

static void relieve(void *arg, const maiko_observation *observation) { test_allocator_fail_never(); }

/* The sink has no ring; and for what is larger, its worker no pool, if it is another. */
TEST_WORKERS(an_event_that_there_is_no_memory_for_is_discarded)
{
	maiko_monitor *reliever;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.discarded = relieve}, NULL, &reliever));
	observations_watch(sup); /* is told later */
	ok(maiko_add(sup, miser, "miser", .worker = 1));
	ok(maiko_add(sup, sink, "deaf", .topics = MAIKO_TOPICS(orphans), .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 0));
	test_wait_for(observations_of(MAIKO_OBSERVED_HANDLED), 2);
	ok(maiko_add(sup, sink, "sink", .worker = workers, .topics = MAIKO_TOPICS(items, bulks)));
	for (uint32_t n = 1; n <= 2; n++) {
		ok(maiko_send(sup, order, .n = n));
		test_wait_for(observations_of(MAIKO_OBSERVED_DISCARDED), n);
		test_wait_for(observations_of(MAIKO_OBSERVED_HANDLED), 2 + n);
	}
	assert_int_equal(test_finish(sup).no_memory, 2);
	assert_string_equal(observations_of_event("item", 1), "dispatched; discarded sink: no memory");
	assert_string_equal(observations_of_event("bulk", 2), "dispatched; discarded sink: no memory");
}

static void wait_at_gate(void)
{
	atomic_fetch_add(&at_gate, 1);
	while (atomic_load(&gate) == 0)
		sched_yield();
}

typedef struct holder {
	int unused;
} holder;
static int holder_on_order(holder *self, const order *ev, maiko_ctx *ctx)
{
	wait_at_gate();
	test_allocator_fail_at(0, true);
	return 0;
}
MAIKO_ACTOR(holder, MAIKO_ON(order, holder_on_order));

TEST_ONCE(one_that_there_is_no_memory_to_route_is_lost_for_all)
{
	maiko_monitor *reliever;
	test_begin();
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.overflowed = relieve}, NULL, &reliever));
	observations_watch(sup); /* is told later */
	ok(maiko_add(sup, holder, "holder"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1));
	test_wait_for(&at_gate, 1);
	ok(maiko_send(sup, orphan, .n = 1)); /* of a topic that the worker does not know yet */
	atomic_store(&gate, 1);
	test_wait_for(observations_of(MAIKO_OBSERVED_OVERFLOWED), 1);
	test_allocator_fail_never();
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->published, 2);
	test_release(sup);
	assert_string_equal(observations_of_event("orphan", 1), "dispatched; overflowed: dropped");
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
