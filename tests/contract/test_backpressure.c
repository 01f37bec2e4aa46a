/*
 * C8, and the bound of C9: a full subscriber holds back those who send to it and nobody
 * else, a sender in its callback has an allowance, nothing is lost, and no mailbox grows
 * past what capacities, channels and allowances hold.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum { CHANNEL = 16 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

typedef struct parcel {
	uint32_t n;
	maiko_buffer *bytes;
} parcel;
MAIKO_TOPIC(parcels);
MAIKO_EVENT(parcel, parcels, n, bytes);

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

PER_TEST _Atomic(uint64_t) sent, handled, released, runs, congested, ticks;
PER_TEST _Atomic(bool) gate;

static maiko_supervisor *with_small_channels(uint32_t workers)
{
	test_begin();
	return test_supervisor_with((maiko_options){.workers = workers, .channel = CHANNEL});
}

/* A place for a subscriber: another worker than the first, if there is one. */
static uint32_t elsewhere(uint32_t workers) { return workers > 1 ? 2 : 1; }

/* ---- a sink; items come in order, each once ------------------------------------------- */

TEST_LISTENER(sink, item);

/* ---- the allowance --------------------------------------------------------------------------- */

typedef struct spender {
	int unused;
} spender;

static void release_bytes(void *data, void *arg) { atomic_fetch_add(&released, 1); }

/* Sends until it is refused; then tries a parcel, by copy and in place. */
static int spender_on_begin(spender *self, const begin *ev, maiko_ctx *ctx)
{
	static char bytes[8];
	uint32_t n = 0;
	maiko_buffer *buffer;
	while (maiko_send(ctx, item, .n = n + 1) == 0) {
		n++;
		if (maiko_is_congested(ctx) && atomic_load(&congested) == 0)
			atomic_store(&congested, n);
	}
	atomic_store(&sent, n);
	expect(maiko_send(ctx, item, .n = n + 1) == MAIKO_EAGAIN &&
	       maiko_send_root(ctx, item, .n = n + 1) == MAIKO_EAGAIN);
	if (maiko_buffer_wrap(bytes, sizeof bytes, release_bytes, NULL, &buffer) != 0)
		return -1;
	expect(maiko_send(ctx, parcel, .n = 1, .bytes = buffer) == MAIKO_EAGAIN);
	parcel *draft = maiko_new(parcel);
	if (draft == NULL)
		return -1;
	draft->n = 77;
	draft->bytes = buffer;
	expect(maiko_publish(ctx, draft) == MAIKO_EAGAIN && draft->n == 77 && draft->bytes == buffer);
	maiko_discard(draft);
	expect(atomic_load(&released) == 0); /* ours is the last reference */
	maiko_buffer_unref(buffer);
	return 0;
}
MAIKO_ACTOR(spender, MAIKO_ON(begin, spender_on_begin));

TEST_WORKERS(a_muted_sender_has_an_allowance_and_then_nothing_is_taken)
{
	maiko_supervisor *sup = with_small_channels(workers);
	ok(maiko_add(sup, sink, "sink", .mailbox = 4, .worker = 1));
	ok(maiko_add(sup, spender, "spender", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	test_wait_for(&released, 1);
	const maiko_ledger *ledger = test_stop(sup);
	/* four fill the mailbox, the fifth mutes, 1024 more are allowed */
	assert_int_equal(atomic_load(&congested), 5);
	assert_int_equal(atomic_load(&sent), 1029);
	expect_heard_in_order("sink", 1, 1029);
	assert_int_equal(atomic_load(&released), 1);
	assert_int_equal(test_actor_row(ledger, "spender")->mutes, 1);
	assert_int_equal(test_actor_row(ledger, "spender")->sent, 1029);
	assert_int_equal(test_topic_row(ledger, "items")->published, 1029);
	assert_int_equal(ledger->published, 1030);
	test_release(sup);
}

/* Sinks on every worker: the channels, not the mailboxes, are full first. */
TEST_WORKERS(a_full_channel_mutes_and_refuses_only_past_the_allowance)
{
	if (workers == 1)
		return;
	maiko_supervisor *sup = with_small_channels(workers);
	ok(maiko_add(sup, sink, "sink", .mailbox = 1 << 20, .worker = 2));
	ok(maiko_add(sup, spender, "spender", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	test_wait_for(&released, 1);
	test_finish(sup);
	/* 15 of 16 slots are for events, the 16th event is spilled and mutes */
	assert_true(atomic_load(&congested) >= 16);
	assert_true(atomic_load(&sent) >= 16 + 1024);
	expect_heard_in_order("sink", 1, atomic_load(&sent));
}

/* ---- a muted sender rests ---------------------------------------------------------------------- */

enum { STREAM = 20000 };

/* Sends items as fast as it may, one callback a run; stops at the first sign of a mute. */
typedef struct source {
	uint32_t count, n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&runs, 1);
	expect(!maiko_is_congested(ctx)); /* it may send, or would not run */
	for (int i = 0; i < 100 && self->n < self->count && !maiko_is_congested(ctx); i++) {
		if (maiko_send(ctx, item, .n = self->n + 1) != 0) {
			expect(false);
			break;
		}
		atomic_store(&sent, ++self->n);
	}
	return self->n < self->count ? maiko_when_sendable() : maiko_never();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

TEST_ONCE(a_muted_sender_is_not_run_until_the_subscriber_has_caught_up)
{
	maiko_supervisor *sup = with_small_channels(1);
	source how = {.count = STREAM};
	ok(maiko_add(sup, sink, "sink", .mailbox = 8, .max_events_per_tick = 1));
	ok(maiko_add(sup, source, "source", .init = &how));
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, STREAM);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_in_order("sink", 1, STREAM);
	/* The first run sends 9: eight fill the mailbox, the ninth mutes. Each later one
	 * finds four left, and sends 5. 9 + 3998 * 5 = 19999; one more is the last. */
	assert_int_equal(test_actor_row(ledger, "source")->mutes, 3999);
	assert_int_equal(atomic_load(&runs), 4000);
	test_release(sup);
}

/* Waits in its handler until the gate opens. */
typedef struct keeper {
	uint32_t last;
} keeper;

static int keeper_on_item(keeper *self, const item *ev, maiko_ctx *ctx)
{
	expect(ev->n == self->last + 1);
	self->last = ev->n;
	while (!atomic_load(&gate))
		sched_yield();
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON(item, keeper_on_item));

/* Shows that its worker turns. */
typedef struct pulse {
	int unused;
} pulse;

static maiko_next pulse_tick(pulse *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_again();
}
MAIKO_ACTOR(pulse, MAIKO_TICK(pulse_tick));

static uint64_t mutes_of(maiko_supervisor *sup, const char *name)
{
	return test_actor_row(test_report(sup), name)->mutes;
}

TEST_WORKERS(a_sender_muted_by_another_worker_rests_while_its_neighbours_run)
{
	if (workers == 1)
		return;
	maiko_supervisor *sup = with_small_channels(workers);
	source how = {.count = STREAM};
	ok(maiko_add(sup, keeper, "keeper", .mailbox = 4, .worker = 2));
	ok(maiko_add(sup, source, "source", .init = &how, .worker = 1));
	ok(maiko_add(sup, pulse, "pulse", .worker = 1));
	ok(maiko_start(sup));
	while (mutes_of(sup, "source") == 0)
		;
	/* it ends the callback it was muted in, and what the keeper has taken may
	 * release the channel once more before the keeper is in its handler for good */
	uint64_t before;
	do {
		before = atomic_load(&runs);
		test_wait_for(&ticks, atomic_load(&ticks) + 1000);
	} while (atomic_load(&runs) != before);
	uint64_t count = atomic_load(&sent);
	assert_true(count < STREAM);
	/* the mailbox, the channel, the event that mutes, and a run of 100 at the most */
	assert_true(count <= 4 + CHANNEL + 1 + 100 + 1024);
	test_wait_for(&ticks, atomic_load(&ticks) + 1000);
	assert_int_equal(atomic_load(&sent), count);
	assert_int_equal(atomic_load(&runs), before);
	atomic_store(&gate, true);
	test_wait_for(&handled, STREAM);
	test_finish(sup);
}

/* ---- bounds, and nothing lost ------------------------------------------------------------------- */

enum { BURST = 300, MAILBOX = 8 };

/* Sends bursts, ignoring congestion until it is refused. */
typedef struct greedy {
	uint32_t n;
} greedy;

static maiko_next greedy_tick(greedy *self, maiko_ctx *ctx)
{
	for (int i = 0; i < BURST && self->n < STREAM; i++) {
		int rc = maiko_send(ctx, item, .n = self->n + 1);
		if (rc == MAIKO_EAGAIN)
			return maiko_when_sendable();
		if (rc != 0)
			return maiko_failed(rc);
		atomic_store(&sent, ++self->n);
	}
	return self->n < STREAM ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(greedy, MAIKO_TICK(greedy_tick));

PER_TEST _Atomic(uint64_t) most_ahead;

/* Notes the most events that were ever sent and not handled. */
typedef struct slow {
	uint32_t last;
} slow;

static int slow_on_item(slow *self, const item *ev, maiko_ctx *ctx)
{
	uint64_t ahead = atomic_load(&sent) - atomic_load(&handled);
	expect(ev->n == self->last + 1);
	self->last = ev->n;
	if (ahead > atomic_load(&most_ahead))
		atomic_store(&most_ahead, ahead);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(slow, MAIKO_ON(item, slow_on_item));

TEST_WORKERS(a_pipeline_with_a_slow_end_stays_within_its_bound)
{
	maiko_supervisor *sup = with_small_channels(workers);
	ok(maiko_add(sup, slow, "slow", .mailbox = MAILBOX, .max_events_per_tick = 1, .worker = elsewhere(workers)));
	ok(maiko_add(sup, greedy, "greedy", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&handled, STREAM);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "slow")->counts.handled, STREAM);
	assert_true(test_actor_row(ledger, "greedy")->mutes > 0);
	test_release(sup);
	/* capacity and the event that mutes; on the way the channel and the event that
	 * mutes there; and one allowance, which a mute by both does not double */
	uint64_t bound = MAILBOX + 1 + MAIKO_ALLOWANCE;
	if (workers > 1)
		bound += CHANNEL + 1;
	assert_true(atomic_load(&most_ahead) <= bound);
}

/* Each event goes through three actors, each slower than the one before. */
typedef struct step {
	uint32_t n;
} step;
MAIKO_TOPIC(steps);
MAIKO_EVENT(step, steps, n);

typedef struct middle {
	int unused;
} middle;

static int middle_on_item(middle *self, const item *ev, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, step, .n = ev->n);
	expect(rc == 0);
	return rc;
}
MAIKO_ACTOR(middle, MAIKO_ON(item, middle_on_item));

TEST_LISTENER(last, step);

TEST_WORKERS(backpressure_goes_back_through_a_pipeline)
{
	maiko_supervisor *sup = with_small_channels(workers);
	source how = {.count = STREAM};
	ok(maiko_add(sup, source, "source", .init = &how));
	ok(maiko_add(sup, middle, "middle", .mailbox = 8));
	ok(maiko_add(sup, last, "last", .mailbox = 2, .max_events_per_tick = 1));
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, STREAM);
	const maiko_ledger *ledger = test_stop(sup);
	assert_true(test_actor_row(ledger, "middle")->mutes > 0);
	assert_true(test_actor_row(ledger, "source")->mutes > 0);
	assert_int_equal(ledger->total.handled, 2 * STREAM);
	assert_int_equal(ledger->total.deliveries, 2 * STREAM);
	expect_heard_in_order("last", 1, STREAM);
	test_release(sup);
}

/* ---- who does not send to it is not held back ------------------------------------------------------ */

typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note, notes, n);

PER_TEST _Atomic(uint64_t) notes_handled;

TEST_LISTENER(reader, note);

typedef struct writer {
	uint32_t n;
} writer;

static maiko_next writer_tick(writer *self, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, note, .n = self->n + 1);
	if (rc != 0)
		return maiko_failed(rc);
	return ++self->n < STREAM ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(writer, MAIKO_TICK(writer_tick));

TEST_WORKERS(a_full_subscriber_holds_back_no_one_else)
{
	if (workers == 1)
		return; /* the keeper stops its whole worker */
	maiko_supervisor *sup = with_small_channels(workers);
	source how = {.count = STREAM};
	ok(maiko_add(sup, keeper, "keeper", .mailbox = 4, .worker = 2));
	ok(maiko_add(sup, source, "source", .init = &how, .worker = 1));
	ok(maiko_add(sup, reader, "reader", .mailbox = STREAM, .worker = 1));
	ok(maiko_add(sup, writer, "writer", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, STREAM); /* while the gate is closed */
	assert_int_equal(atomic_load(&handled), 0);
	atomic_store(&gate, true);
	test_wait_for(&handled, STREAM);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "writer")->mutes, 0);
	assert_true(test_actor_row(ledger, "source")->mutes > 0);
	expect_heard_in_order("reader", 1, STREAM);
	test_release(sup);
}

TEST_WORKERS(on_one_worker_too_the_others_are_never_muted)
{
	maiko_supervisor *sup = with_small_channels(workers);
	source how = {.count = STREAM};
	ok(maiko_add(sup, sink, "sink", .mailbox = 4, .worker = 1, .max_events_per_tick = 1));
	ok(maiko_add(sup, source, "source", .init = &how, .worker = 1));
	ok(maiko_add(sup, reader, "reader", .mailbox = 64, .worker = 1));
	ok(maiko_add(sup, writer, "writer", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, 2 * STREAM);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "writer")->mutes, 0);
	assert_true(test_actor_row(ledger, "source")->mutes > 0);
	expect_heard_in_order("sink", 1, STREAM);
	expect_heard_in_order("reader", 1, STREAM);
	test_release(sup);
}

/* ---- delayed events ---------------------------------------------------------------------------------- */

enum { AHEAD = 300, DELAY_NS = 3000000 };
PER_TEST _Atomic(uint64_t) due_ns, first_kind; /* 1: the delayed one came first; 2: it did not */

typedef struct planner {
	bool planned;
} planner;

static maiko_next planner_tick(planner *self, maiko_ctx *ctx)
{
	if (self->planned) { /* released */
		(void)maiko_send(ctx, note, .n = 2);
		return maiko_never();
	}
	self->planned = true;
	atomic_store(&due_ns, maiko_now(ctx) + 2 * DELAY_NS);
	expect(maiko_send_after_ms(ctx, 1, NULL, note, .n = 1) == 0);
	for (uint32_t n = 1; n <= AHEAD; n++)
		expect(maiko_send(ctx, item, .n = n) == 0);
	return maiko_when_sendable();
}
MAIKO_ACTOR(planner, MAIKO_TICK(planner_tick));

/* Keeps its worker busy with the first item until the delayed event is due. */
typedef struct busy {
	uint32_t last;
} busy;

static int busy_on_item(busy *self, const item *ev, maiko_ctx *ctx)
{
	if (self->last == 0)
		while (uv_hrtime() < atomic_load(&due_ns))
			;
	self->last = ev->n;
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int busy_on_note(busy *self, const note *ev, maiko_ctx *ctx)
{
	if (atomic_load(&first_kind) == 0)
		atomic_store(&first_kind, ev->n);
	atomic_fetch_add(&notes_handled, 1);
	return 0;
}
MAIKO_ACTOR(busy, MAIKO_ON(item, busy_on_item), MAIKO_ON(note, busy_on_note));

TEST_WORKERS(a_delayed_event_that_fell_due_while_muted_goes_first)
{
	maiko_supervisor *sup = with_small_channels(workers);
	ok(maiko_add(sup, busy, "busy", .mailbox = AHEAD - 50, .max_events_per_tick = 1, .worker = elsewhere(workers)));
	ok(maiko_add(sup, planner, "planner", .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&notes_handled, 2);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&first_kind), 1);
	assert_true(test_actor_row(ledger, "planner")->mutes > 0);
	test_release(sup);
}

/* ---- external threads ------------------------------------------------------------------------------------ */

enum { CREDIT = 16 };

static maiko_supervisor *with_keeper(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor_with(
		(maiko_options){.workers = workers, .channel = CHANNEL, .external_credit = CREDIT});
	ok(maiko_add(sup, keeper, "keeper", .mailbox = 4));
	ok(maiko_start(sup));
	return sup;
}

/* Sends 1, 2, ... without waiting until there is no room; returns how many. */
static uint32_t fill(maiko_supervisor *sup)
{
	uint32_t n = 0;
	int rc, in_vain = 0;
	while (in_vain < 1000) { /* a worker may take some yet */
		rc = maiko_try_send(sup, item, .n = n + 1);
		assert_true(rc == 0 || rc == MAIKO_EAGAIN);
		n += rc == 0;
		in_vain = rc == 0 ? 0 : in_vain + 1;
		sched_yield();
	}
	return n;
}

TEST_WORKERS(a_thread_outside_may_try_and_may_wait_for_a_time)
{
	maiko_supervisor *sup = with_keeper(workers);
	uint32_t n = fill(sup);
	assert_true(n > 4);
	/* at most mailbox and channel, the credit, and what comes before a mute is noticed */
	assert_true(n <= 4 + CHANNEL + 3 * CREDIT);
	uint64_t before = uv_hrtime();
	returns(maiko_send_timeout(sup, 5, item, .n = n + 1), MAIKO_ETIMEDOUT);
	assert_true(uv_hrtime() - before >= 5000000);
	returns(maiko_send_timeout(sup, 0, item, .n = n + 1), MAIKO_ETIMEDOUT);
	returns(maiko_try_send(sup, item, .n = n + 1), MAIKO_EAGAIN);
	item *draft = maiko_new(item);
	draft->n = n + 1;
	returns(maiko_supervisor_publish(sup, draft, MAIKO_SEND_TRY), MAIKO_EAGAIN);
	assert_int_equal(draft->n, n + 1);
	atomic_store(&gate, true);
	ok(maiko_supervisor_publish(sup, draft, 0));
	ok(maiko_send_timeout(sup, 20000, item, .n = n + 2));
	ok(maiko_send(sup, item, .n = n + 3));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, n + 3);
}

typedef struct thread {
	uv_thread_t id;
	maiko_supervisor *sup;
	uint32_t number, count;
	int rc;
} thread;

typedef struct word {
	uint32_t thread, n;
} word;
MAIKO_TOPIC(words);
MAIKO_EVENT(word, words, thread, n);

enum { THREADS = 4, WORDS = 5000 };
PER_TEST _Atomic(uint64_t) started;

static void send_words(void *arg)
{
	thread *t = arg;
	atomic_fetch_add(&started, 1);
	for (uint32_t n = 1; n <= WORDS && t->rc == 0; n++)
		t->rc = maiko_send(t->sup, word, .thread = t->number, .n = n);
}

typedef struct listener {
	uint32_t last[THREADS];
} listener;

static int listener_on_word(listener *self, const word *ev, maiko_ctx *ctx)
{
	expect(ev->n == ++self->last[ev->thread]);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(word, listener_on_word));

TEST_WORKERS(threads_outside_wait_and_lose_nothing)
{
	maiko_supervisor *sup = test_supervisor_with(
		(maiko_options){.workers = workers, .channel = CHANNEL, .external_credit = CREDIT});
	ok(maiko_add(sup, listener, "a", .mailbox = 4, .max_events_per_tick = 1));
	ok(maiko_add(sup, listener, "b", .mailbox = 1));
	ok(maiko_start(sup));
	thread threads[THREADS];
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = (thread){.sup = sup, .number = i};
		ok(uv_thread_create(&threads[i].id, send_words, &threads[i]));
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		uv_thread_join(&threads[i].id);
		assert_int_equal(threads[i].rc, 0);
	}
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 2 * THREADS * WORDS);
	assert_int_equal(total.deliveries, 2 * THREADS * WORDS);
}

static void send_until_shutdown(void *arg)
{
	thread *t = arg;
	atomic_fetch_add(&started, 1);
	while ((t->rc = maiko_send(t->sup, word, .thread = t->number, .n = t->count + 1)) == 0)
		t->count++;
}

TEST_WORKERS(a_stop_wakes_the_threads_that_wait)
{
	maiko_supervisor *sup = test_supervisor_with(
		(maiko_options){.workers = workers, .channel = CHANNEL, .external_credit = CREDIT});
	ok(maiko_add(sup, listener, "a", .mailbox = 1, .max_events_per_tick = 1));
	ok(maiko_start(sup));
	thread threads[THREADS];
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = (thread){.sup = sup, .number = i};
		ok(uv_thread_create(&threads[i].id, send_until_shutdown, &threads[i]));
	}
	test_wait_for(&handled, 1000);
	const maiko_ledger *ledger = test_stop(sup);
	uint64_t accepted = 0;
	for (uint32_t i = 0; i < THREADS; i++) {
		uv_thread_join(&threads[i].id);
		assert_int_equal(threads[i].rc, MAIKO_ESHUTDOWN);
		accepted += threads[i].count;
	}
	assert_int_equal(ledger->total.handled, accepted);
	assert_int_equal(ledger->published, accepted);
	test_release(sup);
}

/* ---- an edge ends with its subscriber -------------------------------------------------------------------- */

TEST_WORKERS(a_subscriber_that_goes_releases_whom_it_muted)
{
	for (int unsubscribes = 0; unsubscribes < 2; unsubscribes++) {
		if (workers == 1)
			continue;
		maiko_supervisor *sup = with_small_channels(workers);
		maiko_actor_id id;
		source how = {.count = STREAM};
		ok(maiko_add(sup, keeper, "keeper", .mailbox = 4, .worker = 2, .ret_id = &id));
		ok(maiko_add(sup, source, "source", .init = &how, .worker = 1));
		ok(maiko_start(sup));
		while (mutes_of(sup, "source") == 0)
			;
		atomic_store(&gate, true); /* it is full still, most likely */
		if (unsubscribes)
			ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
		else
			ok(maiko_remove(sup, id));
		test_wait_for(&sent, STREAM);
		maiko_counts total = test_finish(sup);
		assert_int_equal(total.handled + total.dead, total.deliveries);
		assert_int_equal(total.handled, atomic_load(&handled));
	}
}
