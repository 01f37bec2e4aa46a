/*
 * maiko_run: a supervisor as a whole program. It ends on SIGINT, on SIGTERM or when an
 * actor stops all, and leaves the process as it found it (C15).
 */
#include "support.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

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

PER_TEST _Atomic(uint64_t) handled, started, stops, caught, returned;

/* ---- the signals' dispositions ---- */

static void catch_one(int number) { atomic_fetch_add(&caught, 1); }

static const int numbers[2] = {SIGINT, SIGTERM};

/* SIGINT as given, SIGTERM ours, with flags and a mask that must come back. */
static void dispose(void (*interrupt)(int))
{
	struct sigaction a = {.sa_handler = interrupt, .sa_flags = 0};
	sigemptyset(&a.sa_mask);
	assert_int_equal(sigaction(SIGINT, &a, NULL), 0);
	a.sa_handler = catch_one;
	a.sa_flags = SA_RESTART | SA_NODEFER;
	sigaddset(&a.sa_mask, SIGUSR1);
	assert_int_equal(sigaction(SIGTERM, &a, NULL), 0);
}

static void assert_disposed(void (*interrupt)(int))
{
	struct sigaction now[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(sigaction(numbers[i], NULL, &now[i]), 0);
	assert_true(now[0].sa_handler == interrupt);
	assert_true(now[1].sa_handler == catch_one);
	assert_int_equal(now[1].sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO | SA_RESETHAND),
			 SA_RESTART | SA_NODEFER);
	assert_int_equal(sigismember(&now[1].sa_mask, SIGUSR1), 1);
	assert_int_equal(sigismember(&now[1].sa_mask, SIGUSR2), 0);
}

static void restore_defaults(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

/* ---- brings the end about ---- */

enum { STOP_ALL = -1 };

typedef struct ender {
	int how; /* a signal, or STOP_ALL */
} ender;

static int ender_on_item(ender *self, const item *ev, maiko_ctx *ctx)
{
	expect(!maiko_stopping(ctx));
	expect(maiko_run(maiko_supervisor_of(ctx)) == MAIKO_EDEADLK);
	atomic_fetch_add(&handled, 1);
	if (self->how == STOP_ALL)
		expect(maiko_stop_all(ctx) == 0);
	else
		expect(kill(getpid(), self->how) == 0);
	return 0;
}

static int ender_on_stop(ender *self, maiko_ctx *ctx)
{
	expect(maiko_stopping(ctx));
	atomic_fetch_add(&stops, 1);
	return 0;
}

MAIKO_ACTOR(ender, MAIKO_ON(item, ender_on_item), MAIKO_ON_STOP(ender_on_stop));

static void run_until(uint32_t workers, int how, bool start_first)
{
	test_begin();
	dispose(SIG_DFL);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ender, "ender", .init = &(ender){how}));
	if (start_first)
		ok(maiko_start(sup));
	assert_disposed(SIG_DFL);
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_run(sup));
	assert_disposed(SIG_DFL);
	restore_defaults();
	assert_int_equal(test_finish(sup).handled, 1);
	assert_int_equal(atomic_load(&stops), 1);
	assert_int_equal(atomic_load(&caught), 0);
}

TEST_WORKERS(it_ends_on_sigint) { run_until(workers, SIGINT, false); }
TEST_WORKERS(it_ends_on_sigterm) { run_until(workers, SIGTERM, false); }
TEST_WORKERS(it_ends_when_an_actor_stops_all) { run_until(workers, STOP_ALL, false); }
TEST_WORKERS(it_ends_when_a_started_one_is_stopped) { run_until(workers, STOP_ALL, true); }

TEST_WORKERS(signals_that_were_ignored_are_ignored_again)
{
	dispose(SIG_IGN);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ender, "ender", .init = &(ender){SIGINT}));
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_run(sup));
	assert_disposed(SIG_IGN);
	assert_int_equal(kill(getpid(), SIGINT), 0); /* no effect */
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	test_wait_for(&caught, 1);
	restore_defaults();
	test_finish(sup);
}

/* ---- a start that fails ---- */

typedef struct failer {
	uint32_t unused;
} failer;

static int failer_on_start(failer *self, maiko_ctx *ctx) { return UV_EPERM; }

MAIKO_ACTOR(failer, MAIKO_ON_START(failer_on_start));

TEST_WORKERS(a_start_that_fails_is_told_and_leaves_the_signals_alone)
{
	dispose(SIG_DFL);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, ender, "ender"));
	ok(maiko_add(sup, failer, "failer"));
	returns(maiko_run(sup), UV_EPERM);
	assert_disposed(SIG_DFL);
	restore_defaults();
	test_finish_with(sup, UV_EPERM);
	returns(maiko_run(NULL), MAIKO_EINVAL);
}

/* ---- a drain that would not end ---- */

typedef struct asker {
	bool signalled;
} asker;
typedef struct replier {
	uint32_t unused;
} replier;

static int asker_on_word(asker *self, const word *ev, maiko_ctx *ctx)
{
	if (ev->n == 1)
		expect(kill(getpid(), SIGINT) == 0);
	if (maiko_stopping(ctx) && !self->signalled) {
		self->signalled = true;
		expect(kill(getpid(), SIGTERM) == 0);
	}
	atomic_fetch_add(&handled, 1);
	return maiko_send(ctx, item, .n = ev->n + 1);
}

static int replier_on_item(replier *self, const item *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, word, .n = ev->n + 1);
}

MAIKO_ACTOR(asker, MAIKO_ON(word, asker_on_word));
MAIKO_ACTOR(replier, MAIKO_ON(item, replier_on_item));

TEST_WORKERS(a_second_signal_ends_the_drain)
{
	dispose(SIG_DFL);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker"));
	ok(maiko_add(sup, replier, "replier"));
	ok(maiko_send(sup, item, .n = 0));
	uint64_t before_ns = uv_hrtime();
	returns(maiko_run(sup), MAIKO_EDISCARDED);
	assert_true(uv_hrtime() - before_ns < UINT64_C(20000000000)); /* the deadline is at 30 seconds */
	assert_disposed(SIG_DFL);
	restore_defaults();
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.discarded, 1);
}

/* Nobody sends a second signal: the deadline given for the first ends it, and is told of. */
TEST_WORKERS(a_deadline_ends_the_drain_and_what_it_discards_is_an_error)
{
	dispose(SIG_DFL);
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker", .init = &(asker){.signalled = true}));
	ok(maiko_add(sup, replier, "replier"));
	ok(maiko_send(sup, item, .n = 0));
	returns(maiko_run(sup, .deadline_ms = 20, .ret_report = &ledger), MAIKO_EDISCARDED);
	assert_non_null(strstr(maiko_last_error(), "1 deliveries were discarded"));
	assert_non_null(ledger);
	assert_true(ledger->stopped);
	assert_int_equal(ledger->total.discarded, 1);
	maiko_ledger_free(ledger);
	returns(maiko_run(sup), MAIKO_EDISCARDED); /* as it was */
	restore_defaults();
	assert_int_equal(test_finish(sup).discarded, 1);
}

/* ---- an actor fails ---- */

static int failer_on_item(ender *self, const item *ev, maiko_ctx *ctx) { return UV_EIO; }
typedef ender breaker;
MAIKO_ACTOR(breaker, MAIKO_ON(item, failer_on_item));

TEST_WORKERS(the_failure_of_an_actor_ends_it)
{
	dispose(SIG_DFL);
	maiko_ledger *ledger = NULL;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, breaker, "breaker"));
	ok(maiko_send(sup, item, .n = 0));
	returns(maiko_run(sup, .ret_report = &ledger), UV_EIO);
	assert_non_null(strstr(maiko_last_error(), "maiko_run: the actor 'breaker' failed in a handler"));
	assert_int_equal(ledger->failure_count, 1);
	assert_string_equal(ledger->failures[0]->actor, "breaker");
	maiko_ledger_free(ledger);
	assert_disposed(SIG_DFL);
	restore_defaults();
	test_finish_with(sup, UV_EIO);
}

/* ---- two at once ---- */

static void run_in_thread(void *arg)
{
	expect(maiko_run(arg) == 0);
	atomic_fetch_add(&returned, 1);
}

static int member_on_start(ender *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&started, 1);
	return 0;
}

typedef ender member;
MAIKO_ACTOR(member, MAIKO_ON_START(member_on_start), MAIKO_ON_STOP(ender_on_stop));

TEST_WORKERS(one_signal_ends_all_that_run)
{
	dispose(SIG_DFL);
	maiko_supervisor *sups[3];
	uv_thread_t threads[3];
	for (int i = 0; i < 3; i++) {
		sups[i] = test_supervisor(workers);
		ok(maiko_add(sups[i], member, "member"));
		ok(uv_thread_create(&threads[i], run_in_thread, sups[i]));
	}
	test_wait_for(&started, 3); /* each watches the signals before it starts */
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	for (int i = 0; i < 3; i++)
		ok(uv_thread_join(&threads[i]));
	assert_disposed(SIG_DFL);
	restore_defaults();
	for (int i = 0; i < 3; i++)
		test_finish(sups[i]);
	assert_int_equal(atomic_load(&returned), 3);
	assert_int_equal(atomic_load(&stops), 3);
	assert_int_equal(atomic_load(&caught), 0);
}

/* ---- on a loop of the caller's ---- */

static void caller_timer(uv_timer_t *timer) { (void)timer; }

static void run_embedded(int how)
{
	test_begin();
	dispose(SIG_DFL);
	uv_loop_t loop;
	uv_timer_t own;
	maiko_supervisor *sup = NULL;
	ok(uv_loop_init(&loop));
	ok(uv_timer_init(&loop, &own));
	ok(uv_timer_start(&own, caller_timer, 1, 1));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	ok(maiko_add(sup, ender, "ender", .init = &(ender){how}));
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_run(sup)); /* though the loop has more to do */
	assert_disposed(SIG_DFL);
	restore_defaults();
	assert_true(uv_is_active((uv_handle_t *)&own));
	uv_close((uv_handle_t *)&own, NULL);
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	assert_int_equal(test_finish(sup).handled, 1);
	ok(uv_loop_close(&loop));
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_ONCE(an_embedded_loop_runs_until_a_signal)
{
	run_embedded(SIGINT);
	run_embedded(SIGTERM);
}

TEST_ONCE(an_embedded_loop_runs_until_an_actor_stops_all) { run_embedded(STOP_ALL); }
