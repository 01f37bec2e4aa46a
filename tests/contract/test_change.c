/*
 * C2, C16: actors come and go, subscribe and unsubscribe, while events flow from all
 * sides; each gets exactly the part of each sender's sequence that lies between.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

enum { BURST = 16, SOURCES = 4, THREADS = 2, MAIN = SOURCES + THREADS, SENDERS = MAIN + 1, PER_ROUND = 5 };

typedef struct item {
	uint32_t source, n;
	bool inside; /* main's: sent while the watcher was subscribed */
} item;
typedef struct order {
	uint32_t what;
} order;
MAIKO_TOPIC(items);
MAIKO_TOPIC(orders);
MAIKO_TOPIC(others);
MAIKO_EVENT(item, items, source, n, inside);
MAIKO_EVENT(order, orders, what);

PER_TEST _Atomic(uint64_t) gaps, epoch, heard, heard_main, starts, stops, done_calls, flow_stopped, sent_total;
PER_TEST _Atomic(bool) flowing = true;
PER_TEST _Atomic(int) done_status = 1, done_change;
PER_TEST _Atomic(uint64_t) done_actor;

static void note_done(void *arg, const maiko_completion *completion)
{
	expect(arg == &done_calls);
	atomic_store(&done_status, completion->status);
	atomic_store(&done_change, (int)completion->change);
	atomic_store(&done_actor, completion->actor);
	atomic_fetch_add(&done_calls, 1);
}

/* ---- the flow: actors on all workers, and external threads ---- */

/* The external threads send a burst when a source does: all that flows leaves the changes
 * some of the processor. */
static uv_sem_t paces[THREADS];

static void pace_external(void)
{
	for (int i = 0; i < THREADS; i++)
		uv_sem_post(&paces[i]);
}

typedef struct source {
	uint32_t number, n;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	if (!atomic_load(&flowing))
		return maiko_never();
	for (int i = 0; i < BURST; i++)
		if (maiko_send(ctx, item, .source = self->number, .n = self->n) == 0)
			self->n++;
	if (self->number == 0)
		pace_external();
	return maiko_after_ms(1);
}

MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

typedef struct flow {
	maiko_supervisor *sup;
	uv_thread_t threads[THREADS];
} flow;

typedef struct external {
	maiko_supervisor *sup;
	uint32_t number;
} external;

static external external_senders[THREADS];

static void external_main(void *arg)
{
	const external *self = arg;
	int rc = 0;
	for (uint32_t n = 0; atomic_load(&flowing) && rc == 0; n++) {
		if (n % BURST == 0)
			uv_sem_wait(&paces[self->number - SOURCES]);
		rc = maiko_send(self->sup, item, .source = self->number, .n = n);
	}
	expect(rc == 0 || rc == MAIKO_ESHUTDOWN);
}

/* ---- hears: each sender's numbers without a gap, within one epoch ---- */

typedef struct watcher {
	bool constant; /* subscribed from the start: no gap at all */
	bool counted;
	uint64_t epoch[SENDERS];
	uint32_t next[SENDERS];
} watcher;

static int watcher_on_item(watcher *self, const item *ev, maiko_ctx *ctx)
{
	uint64_t now = atomic_load(&epoch);
	if (ev->source != MAIN || self->constant) {
		bool first = !self->constant && self->epoch[ev->source] != now;
		if (first ? ev->n < self->next[ev->source] : ev->n != self->next[ev->source])
			atomic_fetch_add(&gaps, 1);
		self->epoch[ev->source] = now;
		self->next[ev->source] = ev->n + 1;
	}
	if (!self->counted)
		return 0;
	expect(now % 2 != 0); /* epochs are odd while subscribed */
	atomic_fetch_add(&heard, 1);
	if (ev->source == MAIN) {
		expect(ev->inside);
		atomic_fetch_add(&heard_main, 1);
	}
	return 0;
}

MAIKO_ACTOR(watcher, MAIKO_ON(item, watcher_on_item));

/* Started, with a constant watcher on each worker, and events on their way. */
static void flow_start(flow *f, uint32_t workers)
{
	test_begin();
	maiko_options options = {.workers = workers, .mailbox = 32, .external_credit = 8};
	ok(maiko_supervisor_new(&f->sup, &options));
	for (uint32_t i = 0; i < SOURCES; i++)
		ok(maiko_add(f->sup, source, test_name("source", i), .init = &(source){.number = i}));
	for (uint32_t i = 0; i < 2; i++)
		ok(maiko_add(f->sup, watcher, test_name("constant", i), .init = &(watcher){.constant = true}));
	ok(maiko_start(f->sup));
	for (uint32_t i = 0; i < THREADS; i++) {
		external_senders[i] = (external){f->sup, SOURCES + i};
		ok(uv_sem_init(&paces[i], 0));
		ok(uv_thread_create(&f->threads[i], external_main, &external_senders[i]));
	}
}

static const maiko_ledger *flow_end(flow *f)
{
	atomic_store(&flowing, false);
	const maiko_ledger *ledger = test_stop(f->sup);
	pace_external();
	for (uint32_t i = 0; i < THREADS; i++) {
		ok(uv_thread_join(&f->threads[i]));
		uv_sem_destroy(&paces[i]);
	}
	assert_int_equal(atomic_load(&gaps), 0);
	return ledger;
}

static void flow_finish(flow *f)
{
	flow_end(f);
	test_release(f->sup);
}

static uint32_t send_main(maiko_supervisor *sup, uint32_t n, bool inside)
{
	for (uint32_t i = 0; i < PER_ROUND; i++)
		ok(maiko_send(sup, item, .source = MAIN, .n = n++, .inside = inside));
	return n;
}

TEST_WORKERS(a_subscriber_gets_what_is_sent_between_subscribe_and_unsubscribe)
{
	flow f;
	uint32_t n = 0;
	maiko_actor_id id = 0;
	flow_start(&f, workers);
	ok(maiko_add(f.sup, watcher, "watcher", .init = &(watcher){.counted = true}, .topics = MAIKO_NO_TOPICS,
		     .ret_id = &id));
	for (uint32_t round = 0; round < 60; round++) {
		atomic_fetch_add(&epoch, 1);
		ok(maiko_subscribe(f.sup, id, MAIKO_TOPIC_REF(items)));
		n = send_main(f.sup, n, true);
		test_wait_for(&heard_main, (uint64_t)PER_ROUND * (round + 1));
		ok(maiko_unsubscribe(f.sup, id, MAIKO_TOPIC_REF(items)));
		atomic_fetch_add(&epoch, 1);
		uint64_t before = atomic_load(&heard);
		n = send_main(f.sup, n, false);
		assert_int_equal(atomic_load(&heard), before);
	}
	flow_finish(&f);
	assert_int_equal(atomic_load(&heard_main), 300);
}

TEST_WORKERS(an_actor_gets_what_is_sent_between_its_addition_and_its_removal)
{
	flow f;
	uint32_t n = 0;
	flow_start(&f, workers);
	for (uint32_t round = 0; round < 60; round++) {
		maiko_actor_id id = 0;
		atomic_fetch_add(&epoch, 1);
		ok(maiko_add(f.sup, watcher, "watcher", .init = &(watcher){.counted = true}, .ret_id = &id));
		n = send_main(f.sup, n, true);
		test_wait_for(&heard_main, (uint64_t)PER_ROUND * (round + 1));
		ok(maiko_remove(f.sup, id));
		atomic_fetch_add(&epoch, 1);
		uint64_t before = atomic_load(&heard);
		n = send_main(f.sup, n, false);
		assert_int_equal(atomic_load(&heard), before);
		returns(maiko_remove(f.sup, id), MAIKO_ENOENT);
	}
	flow_finish(&f);
	assert_int_equal(atomic_load(&heard_main), 300);
}

/* ---- comes and goes ---- */

typedef struct guest {
	uint32_t expected;
	bool heard;
} guest;

static int guest_on_start(guest *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}

static int guest_on_stop(guest *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}

static int guest_on_item(guest *self, const item *ev, maiko_ctx *ctx) { return 0; }

MAIKO_ACTOR(guest, MAIKO_ON_START(guest_on_start), MAIKO_ON_STOP(guest_on_stop), MAIKO_ON(item, guest_on_item));

/* Two thousand on one worker; fewer on more, since each change waits for every worker, and
 * they share what cores there are. */
TEST_WORKERS(guests_come_and_go_while_events_flow)
{
	flow f;
	uint32_t rounds = 1000 / workers;
	flow_start(&f, workers);
	for (uint32_t i = 0; i < rounds; i++) {
		maiko_actor_id ids[2] = {0, 0}, found = 0;
		ok(maiko_add(f.sup, guest, "guest", .ret_id = &ids[0], .worker = i % workers + 1));
		ok(maiko_add(f.sup, guest, test_name("guest", i), .ret_id = &ids[1]));
		ok(maiko_find(f.sup, "guest", &found));
		assert_true(found == ids[0]);
		ok(maiko_remove(f.sup, ids[0]));
		ok(maiko_remove(f.sup, ids[1]));
		returns(maiko_find(f.sup, "guest", &found), MAIKO_ENOENT);
	}
	assert_int_equal(atomic_load(&starts), 2 * rounds);
	assert_int_equal(atomic_load(&stops), 2 * rounds);
	flow_finish(&f);
	assert_int_equal(atomic_load(&stops), 2 * rounds);
}

/* ---- threads of their own ---- */

TEST_WORKERS(a_thread_of_an_actor_is_used_again)
{
	flow f;
	flow_start(&f, workers);
	assert_int_equal(maiko_worker_count(f.sup), workers);
	for (uint32_t round = 0; round < 20; round++) {
		maiko_actor_id ids[3];
		for (uint32_t i = 0; i < 3; i++)
			ok(maiko_add(f.sup, guest, test_name("own", i), .own_thread = true, .ret_id = &ids[i]));
		assert_int_equal(maiko_worker_count(f.sup), workers + 3);
		for (uint32_t i = 0; i < 3; i++)
			ok(maiko_remove(f.sup, ids[(i + round) % 3]));
	}
	assert_int_equal(maiko_worker_count(f.sup), workers + 3);
	flow_finish(&f);
	assert_int_equal(atomic_load(&stops), 60);
}

TEST_WORKERS(threads_of_their_own_have_a_bound)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	for (uint32_t i = workers; i < MAIKO_WORKERS_MAX; i++)
		ok(maiko_add(sup, guest, test_name("own", i), .own_thread = true));
	assert_int_equal(maiko_worker_count(sup), 64);
	returns(maiko_add(sup, guest, "too many", .own_thread = true), MAIKO_E2BIG);
	ok(maiko_add(sup, guest, "shared"));
	test_finish(sup);
	assert_int_equal(atomic_load(&stops), 64 - workers + 1);
}

/* ---- errors, completions ---- */

static int failing_on_start(guest *self, maiko_ctx *ctx) { return UV_EIO; }
typedef guest failing;
MAIKO_ACTOR(failing, MAIKO_ON_START(failing_on_start), MAIKO_ON_STOP(guest_on_stop), MAIKO_ON(item, guest_on_item));

TEST_WORKERS(changes_that_cannot_be_made_say_why)
{
	maiko_actor_id id = 0, untouched = 77;
	const maiko_topic *topic = MAIKO_TOPIC_REF(others);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, guest, "early", .ret_id = &id));
	returns(maiko_add(sup, guest, "early", .ret_id = &untouched), MAIKO_EEXIST);
	ok(maiko_start(sup));
	returns(maiko_add(sup, guest, "early", .ret_id = &untouched), MAIKO_EEXIST);
	returns(maiko_add(sup, guest, "", .ret_id = &untouched), MAIKO_EINVAL);
	returns(maiko_add(sup, guest, "x", .worker = workers + 1, .ret_id = &untouched), MAIKO_EINVAL);
	returns(maiko_add(sup, guest, "x", .worker = 1, .own_thread = true), MAIKO_EINVAL);
	returns(maiko_add(sup, guest, "x", .mailbox = MAIKO_MAILBOX_MAX + 1), MAIKO_EINVAL);
	returns(maiko_add(sup, guest, "x", .max_events_per_tick = MAIKO_BUDGET_MAX + 1), MAIKO_EINVAL);
	returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)), MAIKO_EEXIST);
	returns(maiko_unsubscribe(sup, id, topic), MAIKO_ENOENT);
	returns(maiko_subscribe(sup, id, topic, .overflow = (maiko_overflow)99), MAIKO_EINVAL);
	returns(maiko_subscribe(sup, id, topic), MAIKO_EINVAL); /* it handles nothing of it */
	topic = MAIKO_TOPIC_REF(items);
	ok(maiko_unsubscribe(sup, id, topic));
	returns(maiko_unsubscribe(sup, id, topic), MAIKO_ENOENT);
	ok(maiko_subscribe(sup, id, topic));
	returns(maiko_subscribe(sup, id, topic), MAIKO_EEXIST);
	returns(maiko_subscribe(sup, id + 1, topic), MAIKO_ENOENT);
	returns(maiko_remove(sup, 0), MAIKO_ENOENT);
	returns(maiko_remove((maiko_supervisor *)NULL, id), MAIKO_EINVAL);
	returns(maiko_add(sup, failing, "failing"), UV_EIO);
	returns(maiko_add(sup, failing, "failing"), UV_EIO); /* the name is free again */
	ok(maiko_remove(sup, id));
	returns(maiko_remove(sup, id), MAIKO_ENOENT);
	ok(maiko_stop(sup, NULL));
	returns(maiko_add(sup, guest, "late", .ret_id = &untouched), MAIKO_ESHUTDOWN);
	returns(maiko_remove(sup, id), MAIKO_ESHUTDOWN);
	returns(maiko_subscribe(sup, id, topic), MAIKO_ESHUTDOWN);
	assert_true(untouched == 77);
	test_finish(sup);
	assert_int_equal(atomic_load(&stops), 1);
}

static void assert_done(uint64_t calls, maiko_change change, maiko_actor_id id, int status)
{
	test_wait_for(&done_calls, calls);
	assert_int_equal(atomic_load(&done_calls), calls);
	assert_int_equal(atomic_load(&done_change), change);
	assert_true(atomic_load(&done_actor) == id);
	assert_int_equal(atomic_load(&done_status), status);
}

TEST_WORKERS(done_is_called_once_a_change)
{
	maiko_actor_id id = 0;
	const maiko_topic *topic = MAIKO_TOPIC_REF(items);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	ok(maiko_add(sup, guest, "guest", .ret_id = &id, .done = note_done, .done_arg = &done_calls));
	assert_done(1, MAIKO_CHANGE_ADD, id, 0);
	ok(maiko_unsubscribe(sup, id, topic, .done = note_done, .done_arg = &done_calls));
	assert_done(2, MAIKO_CHANGE_UNSUBSCRIBE, id, 0);
	ok(maiko_subscribe(sup, id, topic, .done = note_done, .done_arg = &done_calls));
	assert_done(3, MAIKO_CHANGE_SUBSCRIBE, id, 0);
	ok(maiko_remove(sup, id, .done = note_done, .done_arg = &done_calls));
	assert_done(4, MAIKO_CHANGE_REMOVE, id, 0);
	returns(maiko_remove(sup, id, .done = note_done, .done_arg = &done_calls), MAIKO_ENOENT);
	assert_done(5, MAIKO_CHANGE_REMOVE, id, MAIKO_ENOENT);
	test_finish(sup);
}

/* ---- changes from inside, one after the other, each told by ON_DONE ---- */

enum { INSIDE_ROUNDS = 100 };

typedef struct manager {
	uint32_t step;
	maiko_actor_id guest;
} manager;

static int manager_next(manager *self, maiko_ctx *ctx)
{
	switch (self->step++ % 4) {
	case 0:
		return maiko_add(ctx, watcher, "managed", .init = &(watcher){0}, .topics = MAIKO_NO_TOPICS,
				 .ret_id = &self->guest);
	case 1:
		return maiko_subscribe(ctx, self->guest, MAIKO_TOPIC_REF(items));
	case 2:
		return maiko_unsubscribe(ctx, self->guest, MAIKO_TOPIC_REF(items));
	default:
		return maiko_remove(ctx, self->guest);
	}
}

static int manager_on_order(manager *self, const order *ev, maiko_ctx *ctx) { return manager_next(self, ctx); }

static int manager_on_done(manager *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	static const maiko_change expected[] = {MAIKO_CHANGE_REMOVE, MAIKO_CHANGE_ADD, MAIKO_CHANGE_SUBSCRIBE,
						MAIKO_CHANGE_UNSUBSCRIBE};
	bool topic = self->step % 4 == 2 || self->step % 4 == 3;
	expect(completion->status == 0 && completion->change == expected[self->step % 4] &&
	       completion->actor == self->guest && (completion->topic != NULL) == topic);
	expect(!topic || strcmp(completion->topic->name, "items") == 0);
	atomic_fetch_add(&epoch, 1);
	atomic_fetch_add(&done_calls, 1);
	return self->step < 4 * INSIDE_ROUNDS ? manager_next(self, ctx) : 0;
}

MAIKO_ACTOR(manager, MAIKO_ON(order, manager_on_order), MAIKO_ON_DONE(manager_on_done));

TEST_WORKERS(an_actor_makes_changes_and_is_told_of_each)
{
	flow f;
	flow_start(&f, workers);
	ok(maiko_add(f.sup, manager, "manager"));
	ok(maiko_send(f.sup, order, .what = 1));
	test_wait_for(&done_calls, 4 * INSIDE_ROUNDS);
	flow_finish(&f);
	assert_int_equal(atomic_load(&done_calls), 400);
}

/* ---- all at once: the changes need not wait for each other ---- */

static void note_success(void *arg, const maiko_completion *completion)
{
	expect(completion->status == 0);
	note_done(arg, completion);
}

static int burst_on_order(guest *self, const order *ev, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(items);
	maiko_actor_id id = 0;
	void *arg = &done_calls;
	int rc = maiko_remove(ctx, UINT64_MAX); /* fails later; what follows waits for it, and begins together */
	if (rc == 0)
		rc = maiko_add(ctx, guest, "burst", .topics = MAIKO_NO_TOPICS, .ret_id = &id, .done = note_success,
			       .done_arg = arg);
	if (rc == 0)
		rc = maiko_subscribe(ctx, id, topic, .done = note_success, .done_arg = arg);
	if (rc == 0)
		rc = maiko_unsubscribe(ctx, id, topic, .done = note_success, .done_arg = arg);
	if (rc == 0)
		rc = maiko_subscribe(ctx, id, topic, .done = note_success, .done_arg = arg);
	return rc != 0 ? rc : maiko_remove(ctx, id, .done = note_success, .done_arg = arg);
}
typedef guest burst;
MAIKO_ACTOR(burst, MAIKO_ON(order, burst_on_order));

TEST_WORKERS(changes_of_one_actor_happen_in_the_order_asked)
{
	flow f;
	flow_start(&f, workers);
	ok(maiko_add(f.sup, burst, "burster"));
	for (uint32_t round = 0; round < 30; round++) {
		ok(maiko_send(f.sup, order, .what = 1));
		test_wait_for(&done_calls, 5 * (round + 1));
		assert_int_equal(atomic_load(&done_status), 0); /* the removal, the last */
		assert_int_equal(atomic_load(&done_change), MAIKO_CHANGE_REMOVE);
	}
	flow_finish(&f);
	assert_int_equal(atomic_load(&starts), 30);
	assert_int_equal(atomic_load(&stops), 30);
}

/* ---- a stop while many change ---- */

typedef struct changer {
	maiko_supervisor *sup;
	uint32_t number;
} changer;

static bool expected_while_stopping(int rc) { return rc == 0 || rc == MAIKO_ENOENT || rc == MAIKO_ESHUTDOWN; }

static void changer_main(void *arg)
{
	const changer *self = arg;
	int rc = 0;
	while (rc != MAIKO_ESHUTDOWN) {
		maiko_actor_id id = 0;
		rc = maiko_add(self->sup, guest, test_name("changer", self->number), .topics = MAIKO_NO_TOPICS,
			       .ret_id = &id, .own_thread = self->number == 0);
		int added = rc;
		if (added == 0)
			rc = maiko_subscribe(self->sup, id, MAIKO_TOPIC_REF(items));
		if (added == 0 && rc != MAIKO_ESHUTDOWN)
			rc = maiko_remove(self->sup, id);
		expect(expected_while_stopping(rc));
		atomic_fetch_add(&done_calls, 1);
	}
}

TEST_WORKERS(a_stop_ends_changes_under_way)
{
	for (int round = 0; round < 10; round++) {
		flow f;
		uv_thread_t threads[4];
		changer changers[4];
		flow_start(&f, workers);
		for (uint32_t i = 0; i < 4; i++) {
			changers[i] = (changer){f.sup, i};
			ok(uv_thread_create(&threads[i], changer_main, &changers[i]));
		}
		test_wait_for(&done_calls, 20);
		flow_end(&f);
		for (int i = 0; i < 4; i++)
			ok(uv_thread_join(&threads[i]));
		test_release(f.sup);
		assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	}
}

/* ---- the ledger can be read at any time ---- */

TEST_WORKERS(a_report_can_be_taken_while_all_changes)
{
	flow f;
	uv_thread_t thread;
	flow_start(&f, workers);
	changer c = {f.sup, 1};
	ok(uv_thread_create(&thread, changer_main, &c));
	for (int i = 0; i < 200; i++) {
		maiko_ledger *ledger = NULL;
		ok(maiko_report(f.sup, &ledger));
		assert_false(ledger->stopped);
		assert_true(ledger->actor_count >= 7);
		assert_null(maiko_ledger_free(ledger));
	}
	flow_end(&f);
	ok(uv_thread_join(&thread));
	test_release(f.sup);
}
