/*
 * C6, C16: what a hook, and a callback of an actor, may do with monitors and with their
 * supervisor: remove itself or another, add, pause, resume, send; and what it may not: wait.
 */
#include "support.h"

#include <sched.h>
#include <string.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct order {
	uint32_t n;
} order;
typedef struct echo {
	uint32_t n;
} echo;
MAIKO_TOPIC(items);
MAIKO_TOPIC(orders);
MAIKO_TOPIC(echoes);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(order, orders, n);
MAIKO_EVENT(echo, echoes, n);

PER_TEST _Atomic(uint64_t) removals, ended, echoed;

/* ---- actors that give every kind something to see ----------------------------------------------- */

typedef struct source {
	int unused;
} source;
static int source_on_order(source *self, const order *ev, maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < ev->n; n++)
		expect(maiko_send(ctx, item, .n = n) == 0);
	return 0;
}
MAIKO_ACTOR(source, MAIKO_ON(order, source_on_order));

typedef struct sink {
	uint32_t poison;
} sink;
static int sink_on_item(sink *self, const item *ev, maiko_ctx *ctx)
{
	return self->poison != 0 && ev->n == self->poison ? MAIKO_ECANCELED : 0;
}
static int sink_on_echo(sink *self, const echo *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&echoed, 1);
	return 0;
}
MAIKO_ACTOR(sink, MAIKO_ON(item, sink_on_item), MAIKO_ON(echo, sink_on_echo));

typedef struct ticker {
	uint32_t n;
} ticker;
static maiko_next ticker_tick(ticker *self, maiko_ctx *ctx) { return self->n++ < 10 ? maiko_again() : maiko_never(); }
MAIKO_ACTOR(ticker, MAIKO_TICK(ticker_tick));

static void note_end(void *arg, const maiko_observation *observation) { atomic_fetch_add(&ended, 1); }

static maiko_actor_id ticker_id;

/* Not started. */
static maiko_supervisor *cast(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ticker, "ticker", .ret_id = &ticker_id));
	ok(maiko_add(sup, sink, "slow", .mailbox = 2, .worker = 1, .max_events_per_tick = 1));
	ok(maiko_add(sup, sink, "narrow", .mailbox = 2, .overflow = MAIKO_DROP_OLDEST));
	ok(maiko_add(sup, sink, "poisoned", .worker = 1, .init = &(sink){.poison = 2}, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, source, "source", .worker = 1));
	return sup;
}

/* Until the poisoned one is gone: then each kind has been seen but those of the stop. */
static void play(maiko_supervisor *sup, uint32_t workers)
{
	static maiko_monitor *last;
	ok(maiko_monitor_add(sup, &(maiko_hooks){.removed = note_end}, NULL, &last));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 10));
	test_wait_for(&ended, 1);
	for (uint32_t to = 1; to <= workers && to <= 2; to++) {
		int rc;
		while ((rc = maiko_move(sup, ticker_id, to)) == MAIKO_EBUSY) /* in a callback, most likely */
			sched_yield();
		assert_int_equal(rc, 0);
	}
}

/* With one worker there is nowhere to move. */
static bool is_seen(maiko_observation_kind kind, uint32_t workers)
{
	return kind != MAIKO_OBSERVED_MOVED || workers > 1;
}

static maiko_hooks only(maiko_observation_kind kind, maiko_hook hook)
{
	maiko_hooks hooks = {0};
	maiko_hook *of[] = {
#define HOOK(number, KIND, name, text) &hooks.name,
		MAIKO_OBSERVATION_MAP(HOOK)
#undef HOOK
	};
	*of[kind] = hook;
	return hooks;
}

/* ---- for each kind ----------------------------------------------------------------------------------- */

enum { WORKERS_MOST = 9 };

typedef struct actor {
	maiko_monitor *self, *other;
	maiko_supervisor *sup;
	_Atomic(uint64_t) called, other_called, first, removed;
	_Atomic(bool) silent[WORKERS_MOST]; /* on that worker no hook may be called */
	maiko_observation_kind kind;        /* of the observation at which `other` was added, */
	maiko_actor_id about;               /* ... and its actor */
} actor;

static void gone(void *arg)
{
	expect(atomic_fetch_add(&((actor *)arg)->removed, 1) == 0);
	atomic_fetch_add(&removals, 1);
}

static void enter(actor *a, const maiko_observation *observation)
{
	expect(a->self != NULL && observation->worker < WORKERS_MOST);
	expect(!atomic_load(&a->silent[observation->worker]));
	atomic_fetch_add(&a->called, 1);
}

static void remove_self(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	enter(a, observation);
	int rc = maiko_monitor_remove(a->self, gone);
	if (rc == 0) {
		expect(atomic_fetch_add(&a->first, 1) == 0);
		atomic_store(&a->silent[observation->worker], true);
	} else {
		expect(rc == MAIKO_ESTATE);
	}
	expect(maiko_monitor_remove(a->self, gone) == MAIKO_ESTATE);
	expect(maiko_monitor_pause(a->self) == MAIKO_ESTATE);
	expect(maiko_monitor_resume(a->self) == MAIKO_ESTATE);
}

static void pause_self(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	enter(a, observation);
	expect(maiko_monitor_pause(a->self) == 0);
	atomic_store(&a->silent[observation->worker], true);
}

static void see_other(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	expect(!atomic_load(&a->silent[observation->worker]));
	if (observation->kind >= MAIKO_OBSERVED_ADDED &&
	    observation->kind <= MAIKO_OBSERVED_REMOVED) /* once for each actor */
		expect(observation->kind != a->kind || observation->actor != a->about);
	atomic_fetch_add(&a->other_called, 1);
}

static void add_other(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	enter(a, observation);
	if (atomic_fetch_add(&a->first, 1) == 0) {
		a->kind = observation->kind;
		a->about = observation->actor;
		expect(maiko_monitor_add(a->sup, &(maiko_hooks){.any = see_other}, a, &a->other) == 0);
	}
}

/* The other comes later in the same telling: not any more. */
static void pause_other(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	expect(maiko_monitor_pause(a->other) == 0);
	atomic_store(&a->silent[observation->worker], true);
	atomic_fetch_add(&a->called, 1);
}

static actor *watched(maiko_supervisor *sup, maiko_observation_kind kind, maiko_hook hook)
{
	static actor a;
	maiko_hooks hooks = only(kind, hook);
	memset((void *)&a, 0, sizeof a);
	test_begin();
	a.sup = sup;
	ok(maiko_monitor_add(sup, &hooks, &a, &a.self));
	return &a;
}

static void check(const actor *a, maiko_observation_kind kind)
{
	if (test_wrong() != 0 || atomic_load(&a->called) == 0)
		print_error("in a hook of: %s\n", maiko_observation_text(kind));
	assert_int_equal(test_wrong(), 0);
	assert_true(atomic_load(&a->called) > 0);
}

TEST_WORKERS(a_monitor_removes_itself_in_any_of_its_hooks)
{
	for (int k = 0; k <= MAIKO_OBSERVED_MOVED && is_seen((maiko_observation_kind)k, workers); k++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, (maiko_observation_kind)k, remove_self);
		play(sup, workers);
		test_finish(sup);
		check(a, (maiko_observation_kind)k);
		assert_int_equal(atomic_load(&a->first), 1);
		assert_int_equal(atomic_load(&a->removed), 1);
	}
}

TEST_WORKERS(a_monitor_pauses_itself_in_any_of_its_hooks)
{
	for (int k = 0; k <= MAIKO_OBSERVED_MOVED && is_seen((maiko_observation_kind)k, workers); k++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, (maiko_observation_kind)k, pause_self);
		play(sup, workers);
		ok(maiko_monitor_pause(a->self)); /* no hook is half done any more */
		for (int i = 0; i < WORKERS_MOST; i++)
			atomic_store(&a->silent[i], false);
		ok(maiko_monitor_resume(a->self));
		test_stop(sup);
		check(a, (maiko_observation_kind)k);
		ok(maiko_monitor_remove(a->self, gone));
		assert_int_equal(atomic_load(&a->removed), 1);
		test_release(sup);
	}
}

TEST_WORKERS(a_monitor_adds_another_in_any_of_its_hooks)
{
	for (int k = 0; k <= MAIKO_OBSERVED_MOVED && is_seen((maiko_observation_kind)k, workers); k++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, (maiko_observation_kind)k, add_other);
		play(sup, workers);
		test_finish(sup);
		check(a, (maiko_observation_kind)k);
		assert_non_null(a->other);
		if (k != MAIKO_OBSERVED_STOPPED)
			assert_true(atomic_load(&a->other_called) > 0);
	}
}

TEST_WORKERS(a_monitor_pauses_another_in_any_of_its_hooks)
{
	for (int k = 0; k <= MAIKO_OBSERVED_MOVED && is_seen((maiko_observation_kind)k, workers); k++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, (maiko_observation_kind)k, pause_other);
		ok(maiko_monitor_add(sup, &(maiko_hooks){.any = see_other}, a, &a->other));
		play(sup, workers);
		test_finish(sup);
		check(a, (maiko_observation_kind)k);
	}
}

/* ---- more than one ------------------------------------------------------------------------------------- */

static actor sixteen[16];

/* The place of a monitor is free when all workers have let go of it. */
static void renew_self(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	int rc = maiko_monitor_remove(a->self, gone);
	expect(rc == 0 || rc == MAIKO_ESTATE);
	rc = maiko_monitor_add(a->sup, &(maiko_hooks){.any = see_other}, a, &a->other);
	expect(rc == 0 || rc == MAIKO_E2BIG);
}

TEST_WORKERS(sixteen_monitors_take_each_others_places)
{
	maiko_supervisor *sup = cast(workers);
	test_begin();
	memset((void *)sixteen, 0, sizeof sixteen);
	for (int i = 0; i < 16; i++) {
		maiko_hooks hooks = {.added = renew_self};
		sixteen[i].sup = sup;
		ok(maiko_monitor_add(sup, &hooks, &sixteen[i], &sixteen[i].self));
	}
	ok(maiko_add(sup, sink, "alone", .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	test_finish(sup);
	assert_int_equal(atomic_load(&removals), 16);
}

static void add_when_removed(void *arg)
{
	actor *a = arg;
	maiko_ledger *ledger = NULL;
	gone(a);
	expect(maiko_report(a->sup, &ledger) == 0);
	maiko_ledger_free(ledger);
	expect(maiko_monitor_add(a->sup, &(maiko_hooks){.any = see_other}, a, &a->other) == 0);
}

static void remove_and_add(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	enter(a, observation);
	int rc = maiko_monitor_remove(a->self, add_when_removed);
	expect(rc == 0 || rc == MAIKO_ESTATE);
}

TEST_WORKERS(once_it_is_removed_anything_may_be_called)
{
	static const maiko_observation_kind kinds[] = {MAIKO_OBSERVED_ADDED, MAIKO_OBSERVED_HANDLED,
						       MAIKO_OBSERVED_STOPPED};
	for (int i = 0; i < 3; i++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, kinds[i], remove_and_add);
		play(sup, workers);
		test_finish(sup);
		check(a, kinds[i]);
		assert_int_equal(atomic_load(&removals), 1);
		assert_non_null(a->other);
	}
}

/* ---- in an actor's callback -------------------------------------------------------------------------------- */

static actor outer;
static _Atomic(bool) in_handler;

static void gone_later(void *arg)
{
	expect(!atomic_load(&in_handler));
	gone(arg);
}

typedef struct handler {
	bool resumes; /* it has been paused; and a change of the topology comes in between */
} handler;

static int handler_on_item(handler *self, const item *ev, maiko_ctx *ctx)
{
	atomic_store(&in_handler, true);
	if (self->resumes) {
		expect(maiko_monitor_resume(outer.self) == 0);
		expect(maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(items)) == 0);
	}
	expect(maiko_monitor_remove(outer.self, gone_later) == 0);
	expect(maiko_monitor_remove(outer.self, gone_later) == MAIKO_ESTATE);
	atomic_store(&outer.silent[1], true);
	atomic_store(&in_handler, false);
	return 0;
}
MAIKO_ACTOR(handler, MAIKO_ON(item, handler_on_item));

static void see(void *arg, const maiko_observation *observation) { enter(arg, observation); }

static void handle_one(uint32_t workers, bool resumes)
{
	test_begin();
	memset((void *)&outer, 0, sizeof outer);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.any = see}, &outer, &outer.self));
	ok(maiko_add(sup, handler, "handler", .worker = 1, .init = &(handler){resumes}));
	ok(maiko_start(sup));
	if (resumes) {
		ok(maiko_monitor_pause(outer.self));
		atomic_store(&outer.silent[1], true);
	}
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&outer.removed, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&outer.removed), 1);
}

TEST_WORKERS(after_a_removal_in_a_handler_its_worker_calls_no_hook)
{
	handle_one(workers, false);
	handle_one(workers, true);
}

/* ---- sending, and what would wait --------------------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) echoes_sent;

static void send_echo(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	if (maiko_as(&((maiko_any){observation->event->type, observation->data}), item) == NULL)
		return;
	int rc = maiko_try_send(a->sup, echo, .n = 1);
	expect(rc == 0 || rc == MAIKO_EAGAIN);
	atomic_fetch_add(&echoes_sent, rc == 0);
	atomic_fetch_add(&a->called, 1);
}

TEST_WORKERS(a_hook_sends)
{
	enum { ITEMS = 500 };
	maiko_supervisor *sup = test_supervisor(workers);
	actor *a = watched(sup, MAIKO_OBSERVED_HANDLED, send_echo);
	ok(maiko_add(sup, sink, "one"));
	ok(maiko_add(sup, sink, "two"));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < ITEMS; n++)
		ok(maiko_send(sup, item, .n = n));
	test_wait_for(&a->called, 1000);
	test_wait_for(&echoed, 2 * atomic_load(&echoes_sent));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&echoed), 2 * atomic_load(&echoes_sent));
	assert_int_equal(ledger->total.handled, 1000 + atomic_load(&echoed));
	assert_int_equal(test_topic_row(ledger, "echoes")->published, atomic_load(&echoes_sent));
	test_release(sup);
}

/* All the same calls on the thread that starts, on one that stops what never started, in and
 * outside callbacks of actors. */
static void try_to_wait(void *arg, const maiko_observation *observation)
{
	actor *a = arg;
	enter(a, observation);
	int rc = 0;
	for (int i = 0; i < 100 && rc == 0; i++)
		rc = maiko_send(a->sup, echo, .n = 0);
	expect(rc == 0 || rc == MAIKO_EAGAIN || rc == MAIKO_ESHUTDOWN); /* 0: another worker takes as fast */
	expect(maiko_start(a->sup) == MAIKO_EDEADLK);
	expect(maiko_stop(a->sup, NULL) == MAIKO_EDEADLK);
	expect(maiko_join(a->sup) == MAIKO_EDEADLK);
	expect(maiko_run(a->sup) == MAIKO_EDEADLK);
	expect(maiko_supervisor_free(a->sup) == a->sup);
	expect(maiko_monitor_pause(a->self) == 0);
	expect(maiko_monitor_resume(a->self) == 0);
}

TEST_WORKERS(in_a_hook_nothing_waits)
{
	for (int k = 0; k <= MAIKO_OBSERVED_MOVED; k++) {
		maiko_options options = {.workers = workers, .external_credit = 16};
		maiko_supervisor *sup = NULL;
		ok(maiko_supervisor_new(&sup, &options));
		actor *a = watched(sup, (maiko_observation_kind)k, try_to_wait);
		ok(maiko_add(sup, ticker, "ticker", .ret_id = &ticker_id));
		ok(maiko_add(sup, sink, "sink", .topics = MAIKO_TOPICS(items)));
		ok(maiko_start(sup));
		ok(maiko_send(sup, item, .n = 0));
		test_finish(sup);
		assert_true(atomic_load(&a->called) > 0 || k >= MAIKO_OBSERVED_OVERFLOWED);
	}
}

TEST_WORKERS(nor_at_a_stop_without_a_start)
{
	static const maiko_observation_kind kinds[] = {MAIKO_OBSERVED_ADDED, MAIKO_OBSERVED_DISPATCHED,
						       MAIKO_OBSERVED_DISCARDED};
	for (int i = 0; i < 3; i++) {
		maiko_supervisor *sup = cast(workers);
		actor *a = watched(sup, kinds[i], remove_self);
		for (uint32_t n = 0; n < 10; n++)
			ok(maiko_send(sup, item, .n = n));
		test_finish(sup);
		check(a, kinds[i]);
		assert_int_equal(atomic_load(&a->removed), 1);
	}
}
