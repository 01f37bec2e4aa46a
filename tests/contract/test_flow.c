/*
 * C1, C2, C16 in full flow: while a million events pass, ten thousand actors come and go, and
 * an actor subscribes and unsubscribes again and again. Who stays sees every number once and
 * in order; who comes late or leaves early sees a part without a gap.
 */
#include "support.h"

#include <sched.h>
#include <stdio.h>
#include <uv.h>

enum {
	SOURCES = 3,
	THREADS = 2,
	SENDERS = SOURCES + THREADS,
	EACH = 200000,
	ALL = EACH * SENDERS,
	VISITORS = 10000,
	BURST = 40,   /* visitors that come and go together */
	PORTION = 800 /* events of each sender for a burst: 250 bursts make EACH */
};

typedef struct item {
	uint32_t source, n;
} item;
typedef struct more {
	uint32_t count;
} more;
MAIKO_TOPIC(items);
MAIKO_TOPIC(supplies);
MAIKO_EVENT(item, items, source, n);
MAIKO_EVENT(more, supplies, count);

PER_TEST _Atomic(uint64_t) arrived, allowed, came, went, all_gone, handled, rounds;

/* ---- senders ----------------------------------------------------------------------------- */

/* Sends what it is allowed: all, or what `more` gives. */
typedef struct source {
	uint32_t number, n, limit;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 64 && self->n < self->limit; i++) {
		if (maiko_send(ctx, item, .source = self->number, .n = self->n) != 0)
			return maiko_when_sendable();
		self->n++;
	}
	return self->n < self->limit ? maiko_again() : maiko_never();
}
static int source_on_more(source *self, const more *ev, maiko_ctx *ctx)
{
	self->limit += ev->count;
	return maiko_wake_tick(ctx);
}
MAIKO_ACTOR(source, MAIKO_ON(more, source_on_more), MAIKO_TICK(source_tick));

typedef struct outsider {
	maiko_supervisor *sup;
	uint32_t number;
	uv_thread_t thread;
} outsider;
static void outsider_main(void *arg)
{
	const outsider *self = arg;
	for (uint32_t n = 0; n < EACH; n++) {
		while (n >= atomic_load(&allowed))
			sched_yield();
		expect(maiko_send(self->sup, item, .source = self->number, .n = n) == 0);
	}
}

/* Sees every number of every sender. */
typedef struct watcher {
	uint32_t next[SENDERS];
} watcher;
static int watcher_on_item(watcher *self, const item *ev, maiko_ctx *ctx)
{
	expect(ev->n == self->next[ev->source]++);
	atomic_fetch_add(&arrived, 1);
	return 0;
}
MAIKO_ACTOR(watcher, MAIKO_ON(item, watcher_on_item));

static void add_senders_and_watcher(maiko_supervisor *sup, uint32_t limit)
{
	static const char *const names[SOURCES] = {"source0", "source1", "source2"};
	ok(maiko_add(sup, watcher, "watcher"));
	for (uint32_t i = 0; i < SOURCES; i++)
		ok(maiko_add(sup, source, names[i], .init = &(source){.number = i, .limit = limit}));
}

static void run_outsiders(maiko_supervisor *sup, outsider outsiders[THREADS])
{
	for (uint32_t i = 0; i < THREADS; i++) {
		outsiders[i] = (outsider){.sup = sup, .number = SOURCES + i};
		ok(uv_thread_create(&outsiders[i].thread, outsider_main, &outsiders[i]));
	}
}

static void join_outsiders(outsider outsiders[THREADS])
{
	for (uint32_t i = 0; i < THREADS; i++)
		ok(uv_thread_join(&outsiders[i].thread));
}

/* What one sees who subscribes for a while: from some number on, each. */
typedef struct part {
	bool seen[SENDERS];
	uint32_t next[SENDERS];
} part;

static void part_add(part *p, const item *ev)
{
	expect(p->seen[ev->source] ? ev->n == p->next[ev->source] : ev->n >= p->next[ev->source]);
	p->seen[ev->source] = true;
	p->next[ev->source] = ev->n + 1;
}

static void part_begin(part *p)
{
	for (uint32_t i = 0; i < SENDERS; i++)
		p->seen[i] = false;
}

/* ---- ten thousand come and go --------------------------------------------------------------- */

typedef struct visitor {
	part part;
} visitor;
static int visitor_on_start(visitor *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&came, 1);
	return 0;
}
static int visitor_on_item(visitor *self, const item *ev, maiko_ctx *ctx)
{
	part_add(&self->part, ev);
	atomic_fetch_add(&handled, 1);
	return 0;
}
static int visitor_on_stop(visitor *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&went, 1);
	return 0;
}
MAIKO_ACTOR(visitor, MAIKO_ON_START(visitor_on_start), MAIKO_ON(item, visitor_on_item), MAIKO_ON_STOP(visitor_on_stop));

/* Lets visitors in, a burst at a time, and each out again as soon as it is there. Every
 * eighth gets items, every fourth has a worker of its choice. */
typedef struct host {
	uint32_t workers, added, removed;
} host;
static int host_let_in(host *self, maiko_ctx *ctx)
{
	char name[16];
	if (self->added == VISITORS) {
		atomic_store(&all_gone, 1);
		return 0;
	}
	expect(maiko_send(ctx, more, .count = PORTION) == 0);
	atomic_fetch_add(&allowed, PORTION);
	for (uint32_t i = 0; i < BURST; i++, self->added++) {
		snprintf(name, sizeof name, "visitor%u", i); /* the names of the burst before */
		expect(maiko_add(ctx, visitor, name, .topics = i % 8 == 0 ? NULL : MAIKO_NO_TOPICS,
				 .worker = i % 4 == 0 ? self->added / 4 % self->workers + 1 : 0) == 0);
	}
	return 0;
}
static int host_on_done(host *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == 0);
	if (completion->change == MAIKO_CHANGE_ADD)
		expect(maiko_remove(ctx, completion->actor) == 0);
	else if (++self->removed % BURST == 0)
		return host_let_in(self, ctx);
	return 0;
}
MAIKO_ACTOR(host, MAIKO_ON_START(host_let_in), MAIKO_ON_DONE(host_on_done));

TEST_WORKERS(ten_thousand_actors_come_and_go_while_a_million_events_flow)
{
	outsider outsiders[THREADS];
	maiko_supervisor *sup = test_supervisor(workers);
	add_senders_and_watcher(sup, 0);
	ok(maiko_add(sup, host, "host", .init = &(host){.workers = workers}));
	ok(maiko_start(sup));
	run_outsiders(sup, outsiders);
	test_wait_for(&all_gone, 1);
	test_wait_for(&arrived, ALL);
	join_outsiders(outsiders);
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&arrived), 1000000);
	assert_int_equal(atomic_load(&came), 10000);
	assert_int_equal(atomic_load(&went), 10000);
	assert_int_equal(total.handled, 1000000 + 750 + atomic_load(&handled)); /* 250 times more, for three */
	assert_int_equal(total.handled + total.dead, total.deliveries);
}

/* ---- one that subscribes again and again ------------------------------------------------------ */

enum { A_WHILE = 300 };

/* When the watcher has all, the stop is not far: then changes are refused. */
static bool well(int rc) { return rc == 0 || (rc == MAIKO_ESHUTDOWN && atomic_load(&arrived) == ALL); }

/* By itself: unsubscribes when it has had some, and subscribes when that is done. */
typedef struct fickle {
	part part;
	uint32_t had;
} fickle;
static int fickle_on_item(fickle *self, const item *ev, maiko_ctx *ctx)
{
	part_add(&self->part, ev);
	atomic_fetch_add(&handled, 1);
	if (++self->had == A_WHILE)
		expect(well(maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(items))));
	return 0;
}
static int fickle_on_done(fickle *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(well(completion->status));
	if (completion->change != MAIKO_CHANGE_UNSUBSCRIBE || completion->status != 0)
		return 0;
	part_begin(&self->part); /* nothing of the subscription before comes after this */
	self->had = 0;
	atomic_fetch_add(&rounds, 1);
	expect(well(maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(items))));
	return 0;
}
MAIKO_ACTOR(fickle, MAIKO_ON(item, fickle_on_item), MAIKO_ON_DONE(fickle_on_done));

/* From outside: `rounds` grows while it is not subscribed. */
typedef struct guided {
	part part;
	uint64_t round;
} guided;
static int guided_on_item(guided *self, const item *ev, maiko_ctx *ctx)
{
	uint64_t round = atomic_load(&rounds);
	if (self->round != round)
		part_begin(&self->part);
	self->round = round;
	part_add(&self->part, ev);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(guided, MAIKO_ON(item, guided_on_item));

typedef struct guide {
	maiko_supervisor *sup;
	maiko_actor_id actor;
	uint32_t workers;
	uv_thread_t thread;
} guide;

/* Until all have arrived. Each subscription lasts until it has brought something. */
static void guide_subscriptions(void *arg)
{
	const guide *self = arg;
	while (atomic_load(&arrived) < ALL) {
		uint64_t before = atomic_load(&handled);
		while (atomic_load(&handled) == before && atomic_load(&arrived) < ALL)
			sched_yield();
		expect(maiko_unsubscribe(self->sup, self->actor, MAIKO_TOPIC_REF(items)) == 0);
		atomic_fetch_add(&rounds, 1);
		expect(maiko_subscribe(self->sup, self->actor, MAIKO_TOPIC_REF(items)) == 0);
	}
}

static void guide_moves(void *arg)
{
	const guide *self = arg;
	uint32_t moves = 0;
	for (uint32_t to = 0; atomic_load(&arrived) < ALL; to++) {
		int rc = maiko_move(self->sup, self->actor, to % self->workers + 1);
		expect(rc == 0 || rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
		moves += rc == 0;
	}
	expect(moves > 0);
}

static maiko_supervisor *flow_begins(uint32_t workers, bool fickle_one, maiko_actor_id *ret_id)
{
	test_begin();
	atomic_store(&allowed, EACH);
	maiko_supervisor *sup = test_supervisor(workers);
	add_senders_and_watcher(sup, EACH);
	if (fickle_one)
		ok(maiko_add(sup, fickle, "one", .ret_id = ret_id));
	else
		ok(maiko_add(sup, guided, "one", .ret_id = ret_id));
	ok(maiko_start(sup));
	return sup;
}

static void flow_ends(maiko_supervisor *sup, outsider outsiders[THREADS])
{
	test_wait_for(&arrived, ALL);
	join_outsiders(outsiders);
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&arrived), 1000000);
	assert_true(atomic_load(&rounds) > 1);
	assert_int_equal(total.handled, 1000000 + atomic_load(&handled));
	assert_int_equal(total.handled + total.dead, total.deliveries);
}

TEST_WORKERS(an_actor_subscribes_and_unsubscribes_itself_while_a_million_events_flow)
{
	outsider outsiders[THREADS];
	maiko_actor_id id;
	maiko_supervisor *sup = flow_begins(workers, true, &id);
	run_outsiders(sup, outsiders);
	flow_ends(sup, outsiders);
}

static void guided_flow(uint32_t workers, bool moves)
{
	outsider outsiders[THREADS];
	guide guides[2] = {{.workers = workers}};
	guides[0].sup = flow_begins(workers, false, &guides[0].actor);
	guides[1] = guides[0];
	run_outsiders(guides[0].sup, outsiders);
	ok(uv_thread_create(&guides[0].thread, guide_subscriptions, &guides[0]));
	if (moves)
		ok(uv_thread_create(&guides[1].thread, guide_moves, &guides[1]));
	ok(uv_thread_join(&guides[0].thread));
	if (moves)
		ok(uv_thread_join(&guides[1].thread));
	flow_ends(guides[0].sup, outsiders);
}

TEST_WORKERS(an_actor_is_subscribed_and_unsubscribed_while_a_million_events_flow) { guided_flow(workers, false); }

TEST_WORKERS(an_actor_is_subscribed_unsubscribed_and_moved_while_a_million_events_flow) { guided_flow(workers, true); }

int main(void)
{
	test_allocator_install();
	return test_main();
}
