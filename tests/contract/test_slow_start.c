/*
 * C7 under load: an on_start is held while others, and external threads, send what they can.
 * Nothing is handled too early, what is refused is past a bound, and nothing is lost after.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum {
	TALKERS = 4,  /* in the first batch; the last starts after the one that is held */
	FLOOD = 5000, /* what each of them tries to send in its on_start */
	THREADS = 4,
	CREDIT = 100,
	EACH = 250, /* what each thread sends in all */
	SENDERS = TALKERS + THREADS,
	MEMBERS = TALKERS + 3 /* and the one that is held, and two listeners */
};

typedef struct item {
	uint32_t source, n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, source, n);

PER_TEST _Atomic(uint64_t) started, handled, entered, gate, refused, accepted, go_on, begun;

static void await(_Atomic(uint64_t) *value)
{
	while (atomic_load(value) == 0)
		sched_yield();
}

/* ---- the one that is held ------------------------------------------------------------------ */

/* Hears too, each sender from `next` on. */
typedef struct held {
	uint32_t next[SENDERS];
} held;
static int held_on_start(held *self, maiko_ctx *ctx)
{
	atomic_store(&entered, 1);
	await(&gate);
	atomic_fetch_add(&started, 1);
	return 0;
}
static int held_on_item(held *self, const item *ev, maiko_ctx *ctx)
{
	expect(atomic_load(&gate) == 1);
	expect(ev->n == self->next[ev->source]++);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(held, MAIKO_ON_START(held_on_start), MAIKO_ON(item, held_on_item));

/* ---- the first batch -------------------------------------------------------------------------- */

typedef struct talker {
	uint32_t source;
} talker;
static int talker_on_start(talker *self, maiko_ctx *ctx)
{
	uint32_t n = 0;
	int rc = 0;
	while (n < FLOOD && (rc = maiko_send(ctx, item, .source = self->source, .n = n)) == 0)
		n++;
	expect(rc == 0 || rc == MAIKO_EAGAIN);
	expect(n > 0);
	atomic_fetch_add(&accepted, n);
	atomic_fetch_add(&started, 1);
	return 0;
}
static maiko_next talker_tick(talker *self, maiko_ctx *ctx)
{
	expect(atomic_load(&started) == MEMBERS);
	return maiko_never();
}
MAIKO_ACTOR(talker, MAIKO_ON_START(talker_on_start), MAIKO_TICK(talker_tick));

typedef struct listener {
	uint32_t next[SENDERS];
} listener;
static int listener_on_start(listener *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&started, 1);
	return 0;
}
static int listener_on_item(listener *self, const item *ev, maiko_ctx *ctx)
{
	expect(atomic_load(&started) == MEMBERS);
	expect(ev->n == self->next[ev->source]++);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON_START(listener_on_start), MAIKO_ON(item, listener_on_item));

typedef struct outsider {
	maiko_supervisor *sup;
	uint32_t source;
	uv_thread_t thread;
} outsider;

/* As much as is taken while the start is under way; the rest after it. */
static void outsider_main(void *arg)
{
	const outsider *self = arg;
	uint32_t n = 0;
	while (maiko_send(self->sup, item, .source = self->source, .n = n) == 0)
		n++;
	expect(n == CREDIT);
	expect(maiko_send(self->sup, item, .source = self->source, .n = n) == MAIKO_EAGAIN);
	expect(maiko_try_send(self->sup, item, .source = self->source, .n = n) == MAIKO_EAGAIN);
	expect(maiko_send_timeout(self->sup, 1000000, item, .source = self->source, .n = n) == MAIKO_EAGAIN);
	atomic_fetch_add(&refused, 1);
	await(&go_on);
	for (; n < EACH; n++)
		expect(maiko_send(self->sup, item, .source = self->source, .n = n) == 0);
}

static void start_main(void *arg)
{
	expect(maiko_start(arg) == 0);
	atomic_store(&begun, 1);
}

static void add_first_batch(maiko_supervisor *sup, uint32_t workers)
{
	static const char *const names[TALKERS] = {"talker0", "talker1", "talker2", "talker3"};
	ok(maiko_add(sup, listener, "near", .worker = 1));
	for (uint32_t i = 0; i < TALKERS; i++) {
		if (i == TALKERS - 1)
			ok(maiko_add(sup, held, "held", .worker = workers, .topics = MAIKO_NO_TOPICS));
		ok(maiko_add(sup, talker, names[i], .init = &(talker){i}));
	}
	ok(maiko_add(sup, listener, "far", .worker = workers));
}

TEST_WORKERS(nothing_is_handled_or_lost_while_an_on_start_of_the_first_batch_is_held)
{
	uv_thread_t starter;
	outsider outsiders[THREADS];
	maiko_supervisor *sup =
		test_supervisor_with((maiko_options){.workers = workers, .external_credit = CREDIT, .mailbox = 64});
	add_first_batch(sup, workers);
	ok(uv_thread_create(&starter, start_main, sup));
	test_wait_for(&entered, 1);
	for (uint32_t i = 0; i < THREADS; i++) {
		outsiders[i] = (outsider){.sup = sup, .source = TALKERS + i};
		ok(uv_thread_create(&outsiders[i].thread, outsider_main, &outsiders[i]));
	}
	test_wait_for(&refused, THREADS);
	assert_int_equal(atomic_load(&started), 4); /* a listener and three talkers */
	assert_int_equal(atomic_load(&handled), 0);
	assert_int_equal(atomic_load(&begun), 0);
	atomic_store(&gate, 1);
	ok(uv_thread_join(&starter));
	assert_int_equal(atomic_load(&started), 7);
	atomic_store(&go_on, 1);
	for (uint32_t i = 0; i < THREADS; i++)
		ok(uv_thread_join(&outsiders[i].thread));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 2 * (atomic_load(&accepted) + 1000)); /* to both; 4 threads, 250 each */
	assert_int_equal(total.handled, total.deliveries);
}

/* ---- one that is added later -------------------------------------------------------------------- */

enum { BEFORE = 100, SINCE = 500, OUTSIDE = 200, OUTSIDER = 1 };

PER_TEST _Atomic(uint64_t) limit, steady_handled;

/* Looks for more to send all the time, so that it needs no event from outside to go on. */
typedef struct source {
	uint32_t n;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (; self->n < atomic_load(&limit); self->n++)
		if (maiko_send(ctx, item, .source = 0, .n = self->n) != 0)
			return maiko_when_sendable();
	return self->n < BEFORE + SINCE ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

typedef struct steady {
	uint32_t next[2];
} steady;
static int steady_on_item(steady *self, const item *ev, maiko_ctx *ctx)
{
	expect(ev->n == self->next[ev->source]++);
	atomic_fetch_add(&steady_handled, ev->source == 0);
	return 0;
}
MAIKO_ACTOR(steady, MAIKO_ON(item, steady_on_item));

typedef struct adder {
	maiko_supervisor *sup;
	uint32_t worker;
} adder;
static void add_main(void *arg)
{
	const adder *a = arg;
	held init = {.next = {BEFORE, 0}}; /* what was sent before its moment is not for it */
	expect(maiko_add(a->sup, held, "held", .worker = a->worker, .init = &init) == 0);
	atomic_store(&begun, 1);
}

TEST_WORKERS(others_go_on_while_the_on_start_of_an_added_actor_is_held)
{
	uv_thread_t thread;
	atomic_store(&limit, BEFORE);
	maiko_supervisor *sup = test_supervisor(workers);
	adder adder = {sup, workers};
	ok(maiko_add(sup, steady, "steady", .worker = 1));
	ok(maiko_add(sup, source, "source", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&steady_handled, BEFORE);
	ok(uv_thread_create(&thread, add_main, &adder));
	test_wait_for(&entered, 1);
	atomic_store(&limit, BEFORE + SINCE);
	for (uint32_t n = 0; n < OUTSIDE; n++)
		ok(maiko_send(sup, item, .source = OUTSIDER, .n = n));
	if (workers > 1)
		test_wait_for(&steady_handled, 600); /* all of the source's */
	assert_int_equal(atomic_load(&handled), 0);
	assert_int_equal(atomic_load(&begun), 0);
	atomic_store(&gate, 1);
	test_wait_for(&handled, 700);
	ok(uv_thread_join(&thread));
	assert_int_equal(atomic_load(&begun), 1);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "held")->counts.handled, 700);
	assert_int_equal(test_actor_row(ledger, "held")->counts.deliveries, 700);
	assert_int_equal(test_actor_row(ledger, "steady")->counts.handled, 800);
	test_release(sup);
}
