/*
 * C9: what an unsubscription does to those that wait for a full subscriber. Who sent to the
 * topic that it leaves goes on; who sent it something else waits on, or a subscriber that
 * often leaves a topic would have no bound.
 */
#include "support.h"

enum { MAILBOX = 4, CHANNEL = 64, CREDIT = 16, BURST = 1000, BACKLOG = 1000, CHANGES = 1000 };

typedef struct item {
	uint32_t n;
} item;
typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(items);
MAIKO_TOPIC(others);
MAIKO_TOPIC(spares);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(other, others, n);

PER_TEST _Atomic(uint64_t) sent, handled, ticks, changes, mixed_ticks;

/* ---- a subscriber that comes to another topic and leaves it, again and again ---- */

typedef struct restless {
	uint64_t bound;
	bool changing, subscribed;
} restless;

static int restless_on_item(restless *self, const item *ev, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(spares);
	expect(atomic_load(&sent) - atomic_load(&handled) <= self->bound);
	atomic_fetch_add(&handled, 1);
	if (self->changing)
		return 0;
	int rc = self->subscribed ? maiko_unsubscribe(ctx, maiko_self(ctx), topic)
				  : maiko_subscribe(ctx, maiko_self(ctx), topic);
	self->changing = rc == 0;
	return rc == MAIKO_ESHUTDOWN ? 0 : rc;
}

static int restless_on_done(restless *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == 0 || completion->status == MAIKO_ESHUTDOWN);
	self->subscribed = !self->subscribed;
	self->changing = false;
	atomic_fetch_add(&changes, 1);
	return 0;
}
typedef struct spare { /* that nobody sends */
	uint32_t n;
} spare;
MAIKO_EVENT(spare, spares, n);

static int restless_on_spare(restless *self, const spare *ev, maiko_ctx *ctx) { return MAIKO_EFAILED; }
MAIKO_ACTOR(restless, MAIKO_ON(item, restless_on_item), MAIKO_ON(spare, restless_on_spare),
	    MAIKO_ON_DONE(restless_on_done));

/* Sends what it may: in bursts, each when it is not muted. */
typedef struct source {
	uint32_t n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < BURST; i++) {
		atomic_fetch_add(&sent, 1);
		if (maiko_send(ctx, item, .n = self->n++) != 0) {
			atomic_fetch_sub(&sent, 1);
			self->n--;
			break;
		}
	}
	return maiko_when_sendable();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

TEST_WORKERS(leaving_another_topic_lets_nobody_past_a_full_mailbox)
{
	restless init = {.bound = MAILBOX + CHANNEL + MAIKO_ALLOWANCE + 1}; /* and the one in its hands */
	maiko_supervisor *sup = test_supervisor_with(
		(maiko_options){.workers = workers, .channel = CHANNEL, .external_credit = CREDIT});
	ok(maiko_add(sup, restless, "restless", .init = &init, .topics = MAIKO_TOPICS(items), .mailbox = MAILBOX,
		     .max_events_per_tick = 1, .worker = 1));
	ok(maiko_add(sup, source, "source", .worker = workers));
	ok(maiko_start(sup));
	test_wait_for(&changes, CHANGES);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, atomic_load(&sent));
	assert_int_equal(total.deliveries, atomic_load(&sent));
}

/* ---- who is released, and who is not ---- */

TEST_LISTENER(reader, item, other);

/* Fills the reader with others, and sends items besides if `mixed`; then it waits. */
typedef struct filler {
	bool mixed, filled;
} filler;

static maiko_next filler_tick(filler *self, maiko_ctx *ctx)
{
	if (self->filled) { /* it was muted, and has been released: by the low mark alone */
		expect(atomic_load(&sent) - test_heard_count("reader", "other") <= MAILBOX / 2);
		atomic_fetch_add(&mixed_ticks, 1);
		return maiko_never();
	}
	self->filled = true;
	for (uint32_t i = 0; i < BACKLOG; i++)
		expect(maiko_send(ctx, other, .n = i) == 0);
	atomic_store(&sent, BACKLOG);
	if (self->mixed)
		expect(maiko_send(ctx, item, .n = 0) == 0);
	return maiko_when_sendable();
}
MAIKO_ACTOR(filler, MAIKO_TICK(filler_tick));

/* Sends items alone. */
typedef struct sender {
	uint32_t unused;
} sender;

static maiko_next sender_tick(sender *self, maiko_ctx *ctx)
{
	if (atomic_load(&sent) == 0)
		return maiko_again();
	expect(maiko_send(ctx, item, .n = 0) == 0);
	return atomic_fetch_add(&ticks, 1) < 100 ? maiko_when_sendable() : maiko_never();
}
MAIKO_ACTOR(sender, MAIKO_TICK(sender_tick));

TEST_SIM(leaving_a_topic_releases_those_that_wait_for_it_alone)
{
	for (int mixed = 0; mixed < 2; mixed++) {
		maiko_actor_id id;
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, reader, "reader", .mailbox = MAILBOX, .worker = 1, .ret_id = &id));
		ok(maiko_add(sup, filler, "filler", .init = &(filler){.mixed = mixed}, .worker = 1));
		ok(maiko_add(sup, sender, "sender", .worker = workers));
		ok(maiko_start(sup));
		test_wait_for(&ticks, 1);
		ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
		test_wait_for(&ticks, 100);
		assert_true(test_heard_count("reader", "other") < BACKLOG - MAILBOX); /* it is full yet */
		assert_int_equal(atomic_load(&mixed_ticks), 0);
		test_wait_for(&mixed_ticks, 1);
		test_finish(sup);
		expect_heard_count("reader", other, BACKLOG);
	}
}
