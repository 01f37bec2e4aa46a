/*
 * C10, C12: a stop that gives up a callback that does not return: its text and the ledger name
 * the actor, and all that nobody will handle is counted as discarded, wherever it was.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <uv.h>

enum { LOCAL = 2, REMOTE = 5, OUTSIDE = 3 };

typedef struct item {
	uint32_t n;
} item;
typedef struct wall {
	uint32_t n;
} wall;
MAIKO_TOPIC(items);
MAIKO_TOPIC(walls, .overflow = MAIKO_DROP_NEWEST);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(wall, walls, n);

PER_TEST _Atomic(uint64_t) entered, relayed;
static uv_sem_t gate; /* never opened */

/* What a stuck worker has is abandoned; kept here, so that it does not count as leaked. */
static maiko_supervisor *abandoned[8];
static size_t abandoned_count;

static void abandon(maiko_supervisor *sup)
{
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

/* ---- sends to its neighbours, and does not return ---- */

typedef struct blocker {
	uint32_t sends;
} blocker;
static int blocker_on_wall(blocker *self, const wall *ev, maiko_ctx *ctx)
{
	int rc = maiko_send_after_ms(ctx, 3600000, NULL, item, .n = ev->n);
	for (uint32_t i = 0; rc == 0 && i < self->sends; i++)
		rc = maiko_send(ctx, item, .n = i);
	atomic_fetch_add(&entered, rc == 0);
	uv_sem_wait(&gate);
	return rc;
}
MAIKO_ACTOR(blocker, MAIKO_ON(wall, blocker_on_wall));

/* ---- its neighbours: one has an on_stop ---- */

typedef struct plain {
	uint32_t unused;
} plain, hooked;
static int plain_on_item(plain *self, const item *ev, maiko_ctx *ctx) { return 0; }
static int hooked_on_item(hooked *self, const item *ev, maiko_ctx *ctx) { return 0; }
static int hooked_on_stop(hooked *self, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(plain, MAIKO_ON(item, plain_on_item));
MAIKO_ACTOR(hooked, MAIKO_ON(item, hooked_on_item), MAIKO_ON_STOP(hooked_on_stop));

/* ---- sends to them from another worker, once that one is stuck ---- */

typedef struct relay {
	uint32_t unused;
} relay;
static maiko_next relay_tick(relay *self, maiko_ctx *ctx)
{
	if (atomic_load(&entered) == 0)
		return maiko_after_ms(1);
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < REMOTE; i++)
		rc = maiko_send(ctx, item, .n = i);
	atomic_fetch_add(&relayed, rc == 0);
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}
MAIKO_ACTOR(relay, MAIKO_TICK(relay_tick));

static maiko_supervisor *supervisor_with_stuck(void)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, plain, "plain", .worker = 1));
	ok(maiko_add(sup, hooked, "hooked", .worker = 1));
	ok(maiko_add(sup, blocker, "stuck", .worker = 1, .init = &(blocker){LOCAL}));
	ok(maiko_add(sup, relay, "relay", .worker = 2));
	ok(maiko_start(sup));
	ok(maiko_send(sup, wall, .n = 1));
	test_wait_for(&entered, 1);
	test_wait_for(&relayed, 1);
	for (uint32_t i = 0; i < OUTSIDE; i++)
		ok(maiko_send(sup, item, .n = i));
	return sup;
}

static uint64_t discarded_on_the_way(const maiko_ledger *ledger)
{
	uint64_t discarded = 0;
	for (size_t i = 0; i < ledger->pair_count; i++) {
		assert_int_equal(ledger->pairs[i]->in_flight, 0);
		discarded += ledger->pairs[i]->discarded;
	}
	return discarded;
}

TEST_ONCE(what_a_stuck_worker_had_is_counted_as_discarded)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = supervisor_with_stuck();
	returns(maiko_stop(sup, &(maiko_stop_options){.deadline_ms = 20, .ret_report = &ledger}), MAIKO_ETIMEDOUT);
	assert_string_equal(maiko_last_error(), "maiko_stop: the actor 'stuck' does not return from a callback; what "
						"was queued on its worker is discarded");
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.deliveries, 5); /* the wall, and two items for each of two */
	assert_int_equal(ledger->total.queued, 0);
	assert_int_equal(ledger->total.handled, 0);
	assert_int_equal(ledger->total.discarded, 5);
	assert_int_equal(test_actor_row(ledger, "stuck")->counts.discarded, 1);
	assert_int_equal(test_actor_row(ledger, "plain")->counts.discarded, 2);
	assert_int_equal(test_topic_row(ledger, "items")->counts.discarded, 4);
	assert_int_equal(test_topic_row(ledger, "items")->counts.queued, 0);
	assert_int_equal(test_topic_row(ledger, "items")->delayed, 0);
	assert_int_equal(test_topic_row(ledger, "items")->delayed_discarded, 1);
	assert_int_equal(discarded_on_the_way(ledger), 8);
	assert_int_equal(maiko_ledger_lost(ledger), 13);
	maiko_ledger_free(ledger);
	abandon(sup);
}

TEST_ONCE(no_actor_of_a_stuck_worker_is_said_to_run)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = supervisor_with_stuck();
	returns(maiko_stop(sup, &(maiko_stop_options){.now = true, .ret_report = &ledger}), MAIKO_ETIMEDOUT);
	assert_int_equal(test_actor_row(ledger, "stuck")->status, MAIKO_ACTOR_STUCK);
	assert_int_equal(test_actor_row(ledger, "plain")->status, MAIKO_ACTOR_CUT_OFF);
	assert_string_equal(test_actor_row(ledger, "plain")->detail, "its worker is stuck");
	assert_int_equal(test_actor_row(ledger, "hooked")->status, MAIKO_ACTOR_CUT_OFF);
	assert_string_equal(test_actor_row(ledger, "hooked")->detail,
			    "its on_stop did not run, because its worker is stuck");
	assert_int_equal(test_actor_row(ledger, "relay")->status, MAIKO_ACTOR_STOPPED);
	assert_int_equal(ledger->cut_off, 1);
	maiko_ledger_free(ledger);
	abandon(sup);
}

/* ---- does not return from its tick ---- */

typedef struct sleeper {
	uint32_t unused;
} sleeper;
static maiko_next sleeper_tick(sleeper *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&entered, 1);
	uv_sem_wait(&gate);
	return maiko_never();
}
MAIKO_ACTOR(sleeper, MAIKO_TICK(sleeper_tick));

TEST_ONCE(each_call_that_waits_names_the_actor)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, sleeper, "first", .worker = 1));
	ok(maiko_add(sup, sleeper, "second", .worker = 2));
	ok(maiko_start(sup));
	test_wait_for(&entered, 2);
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.now = true}, NULL, NULL));
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	assert_string_equal(maiko_last_error(),
			    "maiko_join: the actor 'first' (and 1 more) does not return from a callback; what was "
			    "queued on its worker is discarded");
	returns(maiko_run(sup), MAIKO_ETIMEDOUT);
	assert_non_null(strstr(maiko_last_error(), "maiko_run: the actor 'first'"));
	abandon(sup);
}

/* ---- an actor's own failure with the same code ---- */

typedef struct slow {
	uint32_t unused;
} slow;
static int slow_on_item(slow *self, const item *ev, maiko_ctx *ctx) { return MAIKO_ETIMEDOUT; }
MAIKO_ACTOR(slow, MAIKO_ON(item, slow_on_item));

/* ---- returns after all ---- */

PER_TEST _Atomic(uint64_t) leaving, left;
PER_TEST _Atomic(bool) freed_next;
static pthread_key_t of_thread;
static uv_sem_t late_gate;

/* The thread's last act, of which the test's thread would see nothing yet if it did not wait. */
static void leave(void *unused)
{
	atomic_fetch_add(&leaving, 1);
	while (!atomic_load(&freed_next))
		sched_yield();
	for (int i = 0; i < 10000; i++)
		sched_yield();
	atomic_fetch_add(&left, 1);
}

typedef struct late {
	uint32_t unused;
} late;
static int late_on_wall(late *self, const wall *ev, maiko_ctx *ctx)
{
	expect(pthread_setspecific(of_thread, self) == 0);
	atomic_fetch_add(&entered, 1);
	uv_sem_wait(&late_gate);
	return 0;
}
MAIKO_ACTOR(late, MAIKO_ON(wall, late_on_wall));

TEST_ONCE(a_worker_that_has_returned_after_all_is_joined)
{
	maiko_supervisor *sup = test_supervisor(2);
	ok(pthread_key_create(&of_thread, leave));
	ok(uv_sem_init(&late_gate, 0));
	ok(maiko_add(sup, late, "late", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, wall, .n = 1));
	test_wait_for(&entered, 1);
	returns(maiko_stop(sup, &(maiko_stop_options){.now = true}), MAIKO_ETIMEDOUT);
	uv_sem_post(&late_gate);
	test_wait_for(&leaving, 1);
	atomic_store(&freed_next, true);
	abandon(sup);
	assert_int_equal(atomic_load(&left), 1);
	uv_sem_destroy(&late_gate);
	ok(pthread_key_delete(of_thread));
}

TEST_SIM(an_actor_that_fails_with_that_code_has_failed)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, slow, "slow"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	assert_string_equal(maiko_last_error(), "maiko_join: the actor 'slow' failed in a handler: timed out");
	test_finish_with(sup, MAIKO_ETIMEDOUT);
}

/* ---- the sum ---- */

/* Each loss is another power of two; what is none, another power of ten. */
TEST_ONCE(what_is_lost_is_summed_and_nothing_else)
{
	const maiko_topic_row topic = {.name = "t", .channel_dropped = 16, .delayed = 1000, .delayed_discarded = 10000};
	const maiko_pair_row pair = {.from = 1, .to = 2, .discarded = 32, .in_flight = 100000, .dropped = 1000000};
	const maiko_ledger ledger = {
		.total = {.dropped = 1, .discarded = 2, .dead = 4, .no_memory = 8, .queued = 100, .ignored = 10000000},
		.topic_count = 1,
		.topics = (const maiko_topic_row *const[]){&topic},
		.pair_count = 1,
		.pairs = (const maiko_pair_row *const[]){&pair}};
	assert_int_equal(maiko_ledger_lost(&ledger), 63);
	assert_int_equal(maiko_ledger_lost(NULL), 0);
}

static int make_gate(void **state) { return uv_sem_init(&gate, 0); }

/* A worker that was given up is never joined. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "report_thread_leaks=0"; }

int main(void) { return test_main_with(make_gate, NULL); }
