/*
 * C10, C6: a stop is graceful, finite and idempotent, wherever it is asked for.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { SENDERS = 4, STOPPERS = 8, SLOW_NS = 1000000 };

typedef struct item {
	uint32_t n;
} item;
typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(items);
MAIKO_TOPIC(words);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(word, words, n);

PER_TEST _Atomic(uint64_t) handled, stopped, entered, returned, accepted, refused, done_calls;
PER_TEST _Atomic(int) done_status = 1;

static void count_done(void *arg, int status)
{
	atomic_store(&done_status, status);
	atomic_fetch_add(&done_calls, 1);
}

/* ---- counts, and notes its end ---- */

typedef struct counter {
	int number;
} counter;

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int counter_on_stop(counter *self, maiko_ctx *ctx)
{
	expect(maiko_stopping(ctx));
	test_note("%d", self->number);
	atomic_fetch_add(&stopped, 1);
	return 0;
}

MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item), MAIKO_ON_STOP(counter_on_stop));

static void add_counters(maiko_supervisor *sup, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ok(maiko_add(sup, counter, test_name("counter", i), .init = &(counter){.number = (int)i}));
}

TEST_WORKERS(on_stop_runs_in_the_reverse_of_the_order_added)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 12);
	ok(maiko_start(sup));
	ok(maiko_add(sup, counter, "late", .init = &(counter){.number = 12}));
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(sup, item, .n = i));
	assert_int_equal(test_finish(sup).handled, 1300);
	expect_noted("12 11 10 9 8 7 6 5 4 3 2 1 0");
}

/* ---- sends much in on_stop, and knows what those that stopped before have sent ---- */

typedef struct talker {
	uint64_t before; /* handled when its on_stop begins */
	uint32_t sends;
} talker;

static int talker_on_stop(talker *self, maiko_ctx *ctx)
{
	expect(atomic_load(&handled) == self->before);
	for (uint32_t i = 0; i < self->sends; i++)
		expect(maiko_send(ctx, item, .n = i) == 0);
	return 0;
}

MAIKO_ACTOR(talker, MAIKO_ON_STOP(talker_on_stop));

static void drain_after_each(uint32_t workers, uint32_t sends, uint32_t mailbox)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter", .mailbox = mailbox));
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, talker, test_name("talker", i), .init = &(talker){(3 - i) * (uint64_t)sends, sends},
			     .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 4 * sends);
	assert_int_equal(total.deliveries, 4 * sends);
}

TEST_WORKERS(what_an_on_stop_sends_is_handled_before_the_next) { drain_after_each(workers, 300, 0); }

TEST_WORKERS(an_on_stop_has_no_allowance) { drain_after_each(workers, 3000, 8); }

/* ---- before the start, twice, again ---- */

TEST_WORKERS(a_stop_before_the_start_is_final)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 3);
	for (uint32_t i = 0; i < 7; i++)
		ok(maiko_send(sup, item, .n = i));
	returns(maiko_join(sup), MAIKO_ESTATE);
	ok(maiko_stop(sup, NULL));
	returns(maiko_start(sup), MAIKO_ESTATE);
	returns(maiko_run(sup), MAIKO_EDISCARDED); /* the seven */
	returns(maiko_send(sup, item, .n = 0), MAIKO_ESHUTDOWN);
	returns(maiko_add(sup, counter, "late"), MAIKO_ESHUTDOWN);
	ok(maiko_join(sup));
	ok(maiko_stop_begin(sup, NULL, count_done, NULL));
	assert_int_equal(atomic_load(&done_calls), 1);
	assert_int_equal(atomic_load(&done_status), 0);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, 21);
	assert_int_equal(total.discarded, 21);
	assert_int_equal(atomic_load(&stopped), 0);
}

TEST_WORKERS(a_stop_can_be_repeated)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 3);
	ok(maiko_start(sup));
	for (int i = 0; i < 3; i++)
		ok(maiko_stop(sup, NULL));
	ok(maiko_join(sup));
	test_finish(sup);
	assert_int_equal(atomic_load(&stopped), 3);
}

TEST_WORKERS(stop_begin_tells_its_end_once)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 3);
	ok(maiko_start(sup));
	ok(maiko_stop_begin(sup, NULL, count_done, NULL));
	ok(maiko_stop_begin(sup, NULL, count_done, NULL));
	ok(maiko_join(sup));
	test_wait_for(&done_calls, 2);
	assert_int_equal(atomic_load(&done_status), 0);
	ok(maiko_stop_begin(sup, NULL, count_done, NULL)); /* at once */
	assert_int_equal(atomic_load(&done_calls), 3);
	test_finish(sup);
	assert_int_equal(atomic_load(&done_calls), 3);
}

/* ---- stops from inside ---- */

typedef struct insider {
	uint32_t unused;
} insider;

static int insider_on_item(insider *self, const item *ev, maiko_ctx *ctx)
{
	maiko_supervisor *sup = maiko_supervisor_of(ctx);
	expect(maiko_stop(sup, NULL) == MAIKO_EDEADLK);
	expect(maiko_join(sup) == MAIKO_EDEADLK);
	expect(maiko_start(sup) == MAIKO_EDEADLK);
	expect(maiko_run(sup) == MAIKO_EDEADLK);
	expect(maiko_supervisor_free(sup) == sup);
	expect(maiko_stop_all(ctx) == 0);
	expect(maiko_stop_all(ctx) == 0);
	expect(maiko_stop(sup, NULL) == MAIKO_EDEADLK);
	expect(maiko_stop_begin(sup, NULL, count_done, NULL) == 0);
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(insider, MAIKO_ON(item, insider_on_item));

TEST_WORKERS(an_actor_can_ask_for_a_stop_but_not_wait_for_it)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, insider, "insider"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_join(sup));
	test_wait_for(&done_calls, 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&handled), 1);
}

/* The end is told on a worker, which cannot wait for itself. */
static void free_in_done(void *arg, int status)
{
	expect(status == 0);
	expect(maiko_supervisor_free(arg) == arg);
	expect(maiko_stop(arg, NULL) == 0);
	expect(maiko_join(arg) == 0);
	atomic_fetch_add(&done_calls, 1);
}

TEST_WORKERS(a_free_on_a_worker_does_nothing)
{
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 2);
	ok(maiko_start(sup));
	ok(maiko_stop_begin(sup, NULL, free_in_done, sup));
	test_wait_for(&done_calls, 1);
	test_finish(sup);
}

/* ---- stops from many threads, with external senders ---- */

static void stop_in_thread(void *arg)
{
	expect(maiko_stop(arg, NULL) == 0);
	atomic_fetch_add(&returned, 1);
}

static void join_in_thread(void *arg)
{
	expect(maiko_join(arg) == 0);
	atomic_fetch_add(&returned, 1);
}

static void send_until_refused(void *arg)
{
	int rc;
	for (uint32_t i = 0; (rc = maiko_send((maiko_supervisor *)arg, item, .n = i)) == 0; i++)
		atomic_fetch_add(&accepted, 1);
	expect(rc == MAIKO_ESHUTDOWN);
	atomic_fetch_add(&refused, 1);
}

static void spawn(uv_thread_t *threads, int count, void (*run)(void *arg), void *arg)
{
	for (int i = 0; i < count; i++)
		ok(uv_thread_create(&threads[i], run, arg));
}

static void join(uv_thread_t *threads, int count)
{
	for (int i = 0; i < count; i++)
		ok(uv_thread_join(&threads[i]));
}

static maiko_supervisor *supervisor_with(uint32_t workers, uint32_t credit, uint32_t mailbox)
{
	return test_supervisor_with((maiko_options){.workers = workers, .external_credit = credit, .mailbox = mailbox});
}

TEST_WORKERS(many_threads_may_stop_while_many_send)
{
	uv_thread_t senders[SENDERS], stoppers[STOPPERS], joiner;
	maiko_supervisor *sup = supervisor_with(workers, 16, 32);
	add_counters(sup, 2);
	ok(maiko_start(sup));
	spawn(senders, SENDERS, send_until_refused, sup);
	spawn(&joiner, 1, join_in_thread, sup);
	test_wait_for(&handled, 2000);
	spawn(stoppers, STOPPERS, stop_in_thread, sup);
	join(stoppers, STOPPERS);
	join(senders, SENDERS);
	join(&joiner, 1);
	assert_int_equal(atomic_load(&returned), 9);
	assert_int_equal(atomic_load(&refused), 4);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->published, atomic_load(&accepted));
	assert_int_equal(ledger->total.deliveries, 2 * atomic_load(&accepted));
	assert_int_equal(ledger->total.handled, 2 * atomic_load(&accepted));
	test_release(sup);
	assert_int_equal(atomic_load(&stopped), 2);
}

/* ---- a full subscriber that does not move: its senders wait ---- */

typedef struct blocker {
	uv_sem_t *gate; /* waited for in each handler */
} blocker;

static int blocker_on_item(blocker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&entered, 1);
	uv_sem_wait(self->gate);
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int blocker_on_stop(blocker *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stopped, 1);
	return 0;
}

MAIKO_ACTOR(blocker, MAIKO_ON(item, blocker_on_item), MAIKO_ON_STOP(blocker_on_stop));

static maiko_supervisor *supervisor_with_blocker(uint32_t workers, uint32_t credit, uv_sem_t *gate)
{
	test_begin();
	ok(uv_sem_init(gate, 0));
	maiko_supervisor *sup = supervisor_with(workers, credit, credit);
	ok(maiko_add(sup, blocker, "blocker", .init = &(blocker){gate}, .max_events_per_tick = 1));
	ok(maiko_start(sup));
	return sup;
}

TEST_WORKERS(waiting_senders_are_told_of_a_stop)
{
	uv_sem_t gate;
	uv_thread_t senders[SENDERS];
	maiko_supervisor *sup = supervisor_with_blocker(workers, 4, &gate);
	spawn(senders, SENDERS, send_until_refused, sup);
	test_wait_for(&accepted, 8);
	test_wait_for(&entered, 1);
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.now = true}, NULL, NULL));
	join(senders, SENDERS); /* while the blocker is still in its handler */
	uv_sem_post(&gate);
	ok(maiko_join(sup));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->published, atomic_load(&accepted));
	assert_int_equal(ledger->total.deliveries, atomic_load(&accepted));
	assert_int_equal(ledger->total.handled, 1);
	assert_int_equal(ledger->total.discarded, atomic_load(&accepted) - 1);
	test_release(sup);
	uv_sem_destroy(&gate);
}

TEST_WORKERS(stop_now_discards_what_is_queued)
{
	uv_sem_t gate;
	maiko_supervisor *sup = supervisor_with_blocker(workers, 200, &gate);
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&entered, 1);
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.now = true}, NULL, NULL));
	uv_sem_post(&gate);
	ok(maiko_join(sup));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, 100);
	assert_int_equal(total.handled, 1);
	assert_int_equal(total.discarded, 99);
	assert_int_equal(atomic_load(&stopped), 1);
	uv_sem_destroy(&gate);
}

TEST_WORKERS(a_running_supervisor_can_be_freed)
{
	uv_thread_t senders[SENDERS];
	maiko_supervisor *sup = supervisor_with(workers, 64, 64);
	add_counters(sup, 4);
	ok(maiko_start(sup));
	spawn(senders, SENDERS, send_until_refused, sup);
	test_wait_for(&handled, 1000);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	join(senders, SENDERS); /* a freed supervisor must not be sent to */
	test_release(sup);
	assert_int_equal(atomic_load(&stopped), 4);
}

TEST_WORKERS(a_free_discards_what_is_in_flight)
{
	maiko_supervisor *sup = supervisor_with(workers, 1000, 1000);
	add_counters(sup, 4);
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 1000; i++)
		ok(maiko_send(sup, item, .n = i));
	test_release(sup);
	assert_int_equal(atomic_load(&stopped), 4);
}

/* ---- deadlines ---- */

typedef struct slow {
	uint32_t unused;
} slow;

static int slow_on_item(slow *self, const item *ev, maiko_ctx *ctx)
{
	for (uint64_t until = uv_hrtime() + SLOW_NS; uv_hrtime() < until;)
		;
	atomic_fetch_add(&handled, 1);
	return 0;
}

MAIKO_ACTOR(slow, MAIKO_ON(item, slow_on_item));

TEST_WORKERS(at_the_deadline_the_rest_is_discarded_and_counted)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = supervisor_with(workers, 3000, 3000);
	ok(maiko_add(sup, slow, "slow", .max_events_per_tick = 4));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 3000; i++) /* three seconds of work */
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&handled, 1);
	maiko_stop_options options = {.deadline_ms = 30, .ret_report = &ledger};
	ok(maiko_stop(sup, &options));
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.deliveries, 3000);
	assert_int_equal(ledger->total.handled + ledger->total.discarded, 3000);
	assert_true(ledger->total.discarded > 0);
	assert_int_equal(ledger->total.handled, atomic_load(&handled));
	maiko_ledger_free(ledger);
	test_finish(sup);
}

/* ---- two that answer each other for ever ---- */

typedef struct asker {
	uint32_t unused;
} asker;
typedef struct replier {
	uint32_t unused;
} replier;

static int asker_on_word(asker *self, const word *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return maiko_send(ctx, item, .n = ev->n + 1);
}

static int replier_on_item(replier *self, const item *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, word, .n = ev->n + 1);
}

MAIKO_ACTOR(asker, MAIKO_ON(word, asker_on_word));
MAIKO_ACTOR(replier, MAIKO_ON(item, replier_on_item));

TEST_WORKERS(an_endless_conversation_ends_at_the_deadline)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker"));
	ok(maiko_add(sup, replier, "replier"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 5; i++)
		ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&handled, 1000);
	maiko_stop_options options = {.deadline_ms = 20, .ret_report = &ledger};
	ok(maiko_stop(sup, &options));
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(ledger->total.discarded, 5);
	maiko_ledger_free(ledger);
	test_finish(sup);
}

TEST_WORKERS(a_second_stop_now_ends_the_drain_of_the_first)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker"));
	ok(maiko_add(sup, replier, "replier"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&handled, 100);
	ok(maiko_stop_begin(sup, &(maiko_stop_options){.deadline_ms = MAIKO_NO_DEADLINE}, count_done, NULL));
	test_wait_for(&handled, atomic_load(&handled) + 100); /* it goes on in the drain */
	assert_int_equal(atomic_load(&done_calls), 0);
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	test_wait_for(&done_calls, 1);
	test_finish(sup);
}

/* ---- a failure and a stop at once ---- */

typedef struct failer {
	uint32_t left;
} failer;

static int failer_on_item(failer *self, const item *ev, maiko_ctx *ctx) { return self->left-- == 0 ? UV_EIO : 0; }

static int failer_on_stop(failer *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stopped, 1);
	return 0;
}

MAIKO_ACTOR(failer, MAIKO_ON(item, failer_on_item), MAIKO_ON_STOP(failer_on_stop));

TEST_WORKERS(failures_while_stopping_change_nothing)
{
	for (int round = 0; round < 10; round++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		for (uint32_t i = 0; i < 8; i++)
			ok(maiko_add(sup, failer, test_name("failer", i), .init = &(failer){i * 12},
				     .restart = MAIKO_TEMPORARY));
		ok(maiko_add(sup, counter, "counter"));
		ok(maiko_start(sup));
		for (uint32_t i = 0; i < 100; i++)
			ok(maiko_send(sup, item, .n = i));
		maiko_counts total = test_finish(sup);
		assert_int_equal(atomic_load(&handled), 100);
		assert_int_equal(atomic_load(&stopped), 9);
		assert_int_equal(total.handled + total.dead, total.deliveries);
		assert_int_equal(total.handled, 444); /* 1 + 13 + ... + 85 by the failers, 100 */
	}
}

/* ---- a callback that does not return ---- */

/* What a stuck worker has is abandoned; kept here, so that it does not count as leaked. */
static maiko_supervisor *abandoned[64];
static size_t abandoned_count;
static uv_sem_t stuck_gate;

static bool has_stopped(const maiko_ledger *ledger, const char *name)
{
	return test_actor_row(ledger, name)->status == MAIKO_ACTOR_STOPPED;
}

/* Whatever else its worker has is lost with it; the others go their way. */
static void assert_only_stuck(const maiko_ledger *ledger, uint32_t workers)
{
	assert_true(maiko_ledger_balanced(ledger));
	const maiko_actor_row *stuck = test_actor_row(ledger, "stuck");
	assert_int_equal(stuck->status, MAIKO_ACTOR_STUCK);
	assert_int_equal(stuck->worker, workers + 1);
	assert_int_equal(ledger->cut_off, 1); /* itself */
	uint32_t stopped_here = 0;
	for (uint32_t i = 0; i < 8; i++)
		stopped_here += has_stopped(ledger, test_name("counter", i));
	assert_int_equal(stopped_here, 8);
}

static maiko_supervisor *supervisor_with_stuck(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	add_counters(sup, 4);
	ok(maiko_add(sup, blocker, "stuck", .own_thread = true, .stuck_ms = 1, .init = &(blocker){&stuck_gate}));
	for (uint32_t i = 4; i < 8; i++)
		ok(maiko_add(sup, counter, test_name("counter", i), .init = &(counter){.number = (int)i}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&entered, 1);
	for (uint32_t i = 1; i < 10; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&handled, 80);
	return sup;
}

TEST_WORKERS(a_stuck_callback_ends_a_stop_with_etimedout)
{
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = supervisor_with_stuck(workers);
	maiko_stop_options options = {.deadline_ms = 20, .ret_report = &ledger};
	returns(maiko_stop(sup, &options), MAIKO_ETIMEDOUT);
	assert_int_equal(atomic_load(&stopped), 8); /* all but the stuck one's */
	expect_noted("7 6 5 4 3 2 1 0");
	assert_only_stuck(ledger, workers);
	maiko_ledger_free(ledger);
	returns(maiko_stop(sup, NULL), MAIKO_ETIMEDOUT);
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	returns(maiko_send(sup, item, .n = 0), MAIKO_ESHUTDOWN);
	returns(maiko_add(sup, counter, "late"), MAIKO_ESHUTDOWN);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

TEST_WORKERS(stop_begin_tells_of_a_stuck_callback)
{
	maiko_supervisor *sup = supervisor_with_stuck(workers);
	maiko_stop_options options = {.deadline_ms = 20};
	ok(maiko_stop_begin(sup, &options, count_done, NULL));
	test_wait_for(&done_calls, 1);
	assert_int_equal(atomic_load(&done_status), MAIKO_ETIMEDOUT);
	assert_int_equal(atomic_load(&stopped), 8);
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

/* Each line of the printed ledger that begins so. */
static size_t lines_with(const maiko_ledger *ledger, const char *begin)
{
	char text[8192] = "";
	size_t count = 0;
	FILE *out = fmemopen(text, sizeof text, "w");
	assert_non_null(out);
	ok(maiko_ledger_print(ledger, out));
	assert_int_equal(fclose(out), 0);
	for (const char *at = text; (at = strstr(at, begin)) != NULL; at++)
		count++;
	return count;
}

/* Its worker has all the others, and none of them gets its on_stop: they are named. */
TEST_ONCE(a_stuck_callback_on_the_only_worker)
{
	test_begin();
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = test_supervisor(1);
	add_counters(sup, 2);
	ok(maiko_add(sup, blocker, "stuck", .stuck_ms = 1, .init = &(blocker){&stuck_gate}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&entered, 1);
	maiko_stop_options options = {.now = true, .ret_report = &ledger};
	returns(maiko_stop(sup, &options), MAIKO_ETIMEDOUT);
	assert_int_equal(test_actor_row(ledger, "stuck")->status, MAIKO_ACTOR_STUCK);
	assert_int_equal(test_actor_row(ledger, "counter0")->status, MAIKO_ACTOR_CUT_OFF);
	assert_int_equal(test_actor_row(ledger, "counter1")->status, MAIKO_ACTOR_CUT_OFF);
	assert_int_equal(ledger->cut_off, 3);
	assert_int_equal(lines_with(ledger, "\n  stuck stuck: in a callback that does not return"), 1);
	assert_int_equal(lines_with(ledger, " cut off: its on_stop did not run"), 2);
	assert_true(maiko_ledger_balanced(ledger));
	assert_int_equal(atomic_load(&stopped), 0);
	maiko_ledger_free(ledger);
	abandoned[abandoned_count++] = sup;
	test_release(sup);
}

/* A thread that does not return cannot be joined. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "report_thread_leaks=0"; }

static int open_gate(void **state) { return uv_sem_init(&stuck_gate, 0); }

static int release_the_stuck(void **state)
{
	uint64_t before = atomic_load(&handled);
	for (size_t i = 0; i < 10 * abandoned_count; i++)
		uv_sem_post(&stuck_gate);
	test_wait_for(&handled, before + abandoned_count);
	return 0;
}

int main(void) { return test_main_with(open_gate, release_the_stuck); }
