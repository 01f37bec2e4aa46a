/*
 * More than test_many.c has: actors that flood the actors of another supervisor (C6),
 * 10,000 actors that come and go while it runs (C16), 2,000 named topics.
 */
#include "support.h"

#include <string.h>

enum { FLOOD = 20000, ACTORS = 10000, TOPICS = 2000 };

typedef struct drop {
	uint32_t n;
} drop;
typedef struct hail {
	uint32_t n;
} hail;
typedef struct farewell {
	uint32_t n;
} farewell;
typedef struct reading {
	uint32_t device;
} reading;

static const maiko_topic *devices[TOPICS];
static const maiko_topic *reading_topic(const reading *r) { return devices[r->device]; }

MAIKO_TOPIC(drops);
MAIKO_TOPIC(hails);
MAIKO_TOPIC(farewells);
MAIKO_EVENT(drop, drops, n);
MAIKO_EVENT(hail, hails, n);
MAIKO_EVENT(farewell, farewells, n);
MAIKO_EVENT_ROUTED(reading, reading_topic, device);

PER_TEST _Atomic(uint64_t) handled, ended, accepted, refused, started, stops, completed;

/* ---- two supervisors ---- */

/* Floods the other supervisor, whose subscriber is slow to take it: refused, never waiting. */
typedef struct cloud {
	maiko_supervisor *other;
	uint32_t sent;
} cloud;

static maiko_next cloud_tick(cloud *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 100 && self->sent < FLOOD; i++) {
		int rc = maiko_send(self->other, drop, .n = self->sent);
		expect(rc == 0 || rc == MAIKO_EAGAIN);
		atomic_fetch_add(rc == 0 ? &accepted : &refused, 1);
		self->sent++;
	}
	if (self->sent < FLOOD)
		return maiko_again();
	atomic_fetch_add(&ended, 1);
	return maiko_never();
}

static int cloud_on_drop(cloud *self, const drop *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(cloud, MAIKO_ON(drop, cloud_on_drop), MAIKO_TICK(cloud_tick));

TEST_WORKERS(supervisors_that_flood_each_other_refuse_and_never_wait)
{
	maiko_supervisor *sups[2] = {test_supervisor(workers), test_supervisor(workers)};
	for (int i = 0; i < 2; i++)
		ok(maiko_add(sups[i], cloud, "cloud", .init = &(cloud){sups[1 - i], 0}, .mailbox = 16));
	for (int i = 0; i < 2; i++)
		ok(maiko_start(sups[i]));
	test_wait_for(&ended, 2);
	maiko_counts first = test_finish(sups[0]), second = test_finish(sups[1]);
	assert_int_equal(first.handled + second.handled, atomic_load(&accepted));
	assert_int_equal(first.deliveries + second.deliveries, atomic_load(&accepted));
	assert_int_equal(atomic_load(&accepted) + atomic_load(&refused), 40000);
}

/* ---- 10,000 actors ---- */

typedef struct citizen {
	uint32_t number;
	uint32_t hailed;
} citizen;

static int citizen_on_start(citizen *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&started, 1);
	return 0;
}

static int citizen_on_hail(citizen *self, const hail *ev, maiko_ctx *ctx)
{
	expect(self->hailed++ == ev->n);
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int citizen_on_farewell(citizen *self, const farewell *ev, maiko_ctx *ctx)
{
	expect(maiko_stop_self(ctx) == 0);
	return 0;
}

static int citizen_on_stop(citizen *self, maiko_ctx *ctx)
{
	expect(self->hailed == 2);
	atomic_fetch_add(&stops, 1);
	return 0;
}

MAIKO_ACTOR(citizen, MAIKO_ON(hail, citizen_on_hail), MAIKO_ON(farewell, citizen_on_farewell),
	    MAIKO_ON_START(citizen_on_start), MAIKO_ON_STOP(citizen_on_stop));

static void hail_twice(maiko_supervisor *sup)
{
	for (uint32_t i = 0; i < 2; i++)
		ok(maiko_send(sup, hail, .n = i));
	test_wait_for(&handled, 2 * ACTORS);
}

/* Adds all the others while the supervisor runs. */
typedef struct founder {
	uint32_t complete;
} founder;

static int founder_on_start(founder *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < ACTORS; i++)
		expect(maiko_add(ctx, citizen, test_name("citizen", i), .init = &(citizen){i, 0}) == 0);
	return 0;
}

static int founder_on_done(founder *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	self->complete++;
	expect(completion->change == MAIKO_CHANGE_ADD && completion->status == 0);
	atomic_fetch_add(&completed, 1);
	return 0;
}

MAIKO_ACTOR(founder, MAIKO_ON_START(founder_on_start), MAIKO_ON_DONE(founder_on_done));

TEST_WORKERS(ten_thousand_actors_come_and_go_while_it_runs)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	ok(maiko_add(sup, founder, "founder", .topics = MAIKO_NO_TOPICS));
	test_wait_for(&completed, ACTORS);
	assert_int_equal(atomic_load(&started), 10000);
	hail_twice(sup);
	ok(maiko_send(sup, farewell, .n = 0));
	test_wait_for(&stops, ACTORS);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 30000);
	assert_int_equal(total.deliveries, 30000);
	assert_int_equal(atomic_load(&stops), 10000);
}

/* ---- 2,000 named topics, one subscriber each ---- */

typedef struct device {
	uint32_t number;
	uint32_t readings;
} device;

static int device_on_reading(device *self, const reading *ev, maiko_ctx *ctx)
{
	expect(ev->device == self->number);
	expect(strcmp(maiko_meta(ctx)->topic->name, maiko_name(ctx)) == 0);
	self->readings++;
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int device_on_stop(device *self, maiko_ctx *ctx)
{
	expect(self->readings == 3);
	return 0;
}

MAIKO_ACTOR(device, MAIKO_ON(reading, device_on_reading), MAIKO_ON_STOP(device_on_stop));

static void assert_topics(const maiko_ledger *ledger)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (ledger->topics[i]->published == 3 && ledger->topics[i]->counts.handled == 3 &&
		    ledger->topics[i]->unrouted == 0)
			seen++;
	assert_int_equal(seen, 2000);
}

TEST_WORKERS(two_thousand_named_topics_each_reach_their_subscriber)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < TOPICS; i++) {
		const char *name = test_name("device.", i);
		ok(maiko_topic_named(sup, name, &devices[i]));
		const maiko_subscription own[] = {{.topic = devices[i]}, {.topic = NULL}};
		ok(maiko_add(sup, device, name, .init = &(device){i, 0}, .topics = own));
	}
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 3 * TOPICS; i++)
		ok(maiko_send(sup, reading, .device = i * 7 % TOPICS));
	test_wait_for(&handled, 3 * TOPICS);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->total.handled, 6000);
	assert_int_equal(ledger->total.deliveries, 6000);
	assert_topics(ledger);
	test_release(sup);
}
