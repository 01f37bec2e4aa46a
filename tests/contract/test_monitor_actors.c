/*
 * C7, C11, C12, C16: what a monitor sees of actors: coming, failing in every way, ticking,
 * going; and of workers: changes of the topology, a stop. Which hook is called for what.
 */
#include "observations.h"

#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

/* ---- one that fails, in a phase of its life ---------------------------------------------------- */

typedef struct victim {
	maiko_phase fails; /* where */
	bool forgives;
	uint32_t unused;
} victim;

static int result(const victim *self, maiko_phase phase) { return self->fails == phase ? MAIKO_ECANCELED : 0; }

static int victim_on_start(victim *self, maiko_ctx *ctx) { return result(self, MAIKO_PHASE_START); }

static int victim_on_stop(victim *self, maiko_ctx *ctx) { return result(self, MAIKO_PHASE_STOP); }

static int victim_on_done(victim *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == 0);
	return result(self, MAIKO_PHASE_DONE);
}

static int victim_on_item(victim *self, const item *ev, maiko_ctx *ctx)
{
	if (self->fails == MAIKO_PHASE_DONE)
		return maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(items));
	return result(self, MAIKO_PHASE_HANDLE);
}

static int victim_on_error(victim *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_ECANCELED && error->phase == self->fails);
	return self->forgives ? 0 : MAIKO_EFAILED;
}
MAIKO_ACTOR(victim, MAIKO_ON_START(victim_on_start), MAIKO_ON_STOP(victim_on_stop), MAIKO_ON_DONE(victim_on_done),
	    MAIKO_ON(item, victim_on_item), MAIKO_ON_ERROR(victim_on_error));

static maiko_supervisor *watched(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	observations_watch(sup);
	return sup;
}

static void finish_with(maiko_supervisor *sup, int status, const char *actor, const char *expected)
{
	test_finish_with(sup, status);
	assert_string_equal(observations_of_actor(actor), expected);
}

static void finish(maiko_supervisor *sup, const char *actor, const char *expected)
{
	finish_with(sup, 0, actor, expected);
}

/* A victim that gets an item; until so many of that kind are seen. */
static void offend(uint32_t workers, const victim *v, maiko_observation_kind kind, const char *expected)
{
	maiko_supervisor *sup = watched(workers);
	ok(maiko_add(sup, victim, "victim", .init = v, .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(observations_of(kind), 1);
	finish(sup, "victim", expected);
}

TEST_WORKERS(a_handler_that_fails)
{
	offend(workers, &(victim){.fails = MAIKO_PHASE_HANDLE}, MAIKO_OBSERVED_REMOVED,
	       "added; started; delivered item 1; handled item 1: MAIKO_ECANCELED; error item 1: MAIKO_ECANCELED; "
	       "failed: MAIKO_EFAILED; stopped; removed");
	offend(workers, &(victim){.fails = MAIKO_PHASE_HANDLE, .forgives = true}, MAIKO_OBSERVED_ERROR,
	       "added; started; delivered item 1; handled item 1: MAIKO_ECANCELED; error item 1: MAIKO_ECANCELED; "
	       "stopped");
}

TEST_WORKERS(a_completion_that_fails)
{
	offend(workers, &(victim){.fails = MAIKO_PHASE_DONE}, MAIKO_OBSERVED_REMOVED,
	       "added; started; delivered item 1; handled item 1; error: MAIKO_ECANCELED; failed: MAIKO_EFAILED; "
	       "stopped; removed");
	offend(workers, &(victim){.fails = MAIKO_PHASE_DONE, .forgives = true}, MAIKO_OBSERVED_ERROR,
	       "added; started; delivered item 1; handled item 1; error: MAIKO_ECANCELED; stopped");
}

TEST_WORKERS(an_on_stop_that_fails)
{
	offend(workers, &(victim){.fails = MAIKO_PHASE_STOP}, MAIKO_OBSERVED_HANDLED,
	       "added; started; delivered item 1; handled item 1; error: MAIKO_ECANCELED; failed: MAIKO_EFAILED; "
	       "stopped: MAIKO_ECANCELED");
	maiko_supervisor *sup = watched(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, victim, "victim", .init = &(victim){.fails = MAIKO_PHASE_STOP}, .restart = MAIKO_TEMPORARY,
		     .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_remove(sup, id));
	finish(sup, "victim",
	       "added; started; error: MAIKO_ECANCELED; failed: MAIKO_EFAILED; stopped: MAIKO_ECANCELED; removed");
}

TEST_WORKERS(an_on_start_that_fails_later)
{
	victim v = {.fails = MAIKO_PHASE_START};
	maiko_supervisor *sup = watched(workers);
	ok(maiko_start(sup));
	returns(maiko_add(sup, victim, "victim", .init = &v), MAIKO_EFAILED);
	finish(sup, "victim", "added; error: MAIKO_ECANCELED; failed: MAIKO_EFAILED; removed");
	v.forgives = true;
	sup = watched(workers);
	ok(maiko_start(sup));
	ok(maiko_add(sup, victim, "victim", .init = &v));
	finish(sup, "victim", "added; error: MAIKO_ECANCELED; started; stopped");
}

TEST_WORKERS(an_on_start_that_fails_the_start)
{
	maiko_supervisor *sup = watched(workers);
	ok(maiko_add(sup, victim, "first"));
	ok(maiko_add(sup, victim, "victim", .init = &(victim){.fails = MAIKO_PHASE_START}));
	ok(maiko_add(sup, victim, "last"));
	returns(maiko_start(sup), MAIKO_EFAILED);
	finish_with(sup, MAIKO_EFAILED, "victim", "added; error: MAIKO_ECANCELED; failed: MAIKO_EFAILED");
	assert_string_equal(observations_of_actor("first"), "added; started; stopped");
	assert_string_equal(observations_of_actor("last"), "added");
}

/* Each item becomes two, for the other of the pair: they fill each other for ever. */
typedef struct doubler {
	int unused;
} doubler;
static int doubler_on_item(doubler *self, const item *ev, maiko_ctx *ctx)
{
	int rc = maiko_send(ctx, item, .n = 0);
	if (rc == 0)
		rc = maiko_send(ctx, item, .n = 0);
	return rc == MAIKO_EAGAIN ? 0 : rc;
}
static int doubler_on_error(doubler *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EDEADLK);
	return 0;
}
MAIKO_ACTOR(doubler, MAIKO_ON(item, doubler_on_item), MAIKO_ON_ERROR(doubler_on_error));

PER_TEST _Atomic(uint64_t) ends[3]; /* errors, failures, others of their kinds */

static void count_end(void *arg, const maiko_observation *observation)
{
	int at = observation->code != MAIKO_EDEADLK ? 2 : observation->kind == MAIKO_OBSERVED_ERROR ? 0 : 1;
	atomic_fetch_add(&ends[at], 1);
}

TEST_WORKERS(a_cycle_that_overflows)
{
	maiko_monitor *monitor;
	maiko_hooks hooks = {.error = count_end, .failed = count_end};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &hooks, NULL, &monitor));
	ok(maiko_add(sup, doubler, "one", .worker = 1, .mailbox = 1));
	ok(maiko_add(sup, doubler, "two", .worker = workers, .mailbox = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 0));
	test_wait_for(&ends[1], 2);
	test_finish_with(sup, MAIKO_EDEADLK);
	assert_int_equal(atomic_load(&ends[0]), 2);
	assert_int_equal(atomic_load(&ends[1]), 2);
	assert_int_equal(atomic_load(&ends[2]), 0);
}

/* ---- ticks ----------------------------------------------------------------------------------------- */

enum { ANSWERS = 8 };

typedef struct ticker {
	maiko_next answers[ANSWERS];
	uint32_t next;
} ticker;

static maiko_next ticker_tick(ticker *self, maiko_ctx *ctx)
{
	return self->next < ANSWERS ? self->answers[self->next++] : maiko_never();
}
static int ticker_on_item(ticker *self, const item *ev, maiko_ctx *ctx) { return 0; }
static int ticker_on_error(ticker *self, const maiko_error *error, maiko_ctx *ctx)
{
	return error->code == MAIKO_ECANCELED ? 0 : MAIKO_EFAILED;
}
MAIKO_ACTOR(ticker, MAIKO_TICK(ticker_tick), MAIKO_ON(item, ticker_on_item), MAIKO_ON_ERROR(ticker_on_error));

TEST_WORKERS(a_tick_is_entered_and_left_with_its_answer)
{
	int ends_of_pipe[2];
	assert_int_equal(pipe(ends_of_pipe), 0);
	assert_int_equal(write(ends_of_pipe[1], "x", 1), 1);
	ticker t = {.answers = {maiko_again(), maiko_after_ms(1), maiko_when_readable(ends_of_pipe[0]),
				maiko_when_writable(ends_of_pipe[1]), maiko_when_sendable(),
				maiko_when_any(maiko_again(), maiko_when_readable(ends_of_pipe[0])),
				maiko_after_events(), maiko_never()}};
	maiko_supervisor *sup = watched(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = &t));
	ok(maiko_start(sup));
	test_wait_for(observations_of(MAIKO_OBSERVED_TICK_LEFT), 7);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(observations_of(MAIKO_OBSERVED_TICK_LEFT), 8);
	finish(sup, "ticker",
	       "added; started; tick entered; tick left: again; tick entered; tick left: after; tick entered; "
	       "tick left: readable; tick entered; tick left: writable; tick entered; tick left: sendable; "
	       "tick entered; tick left: any; tick entered; tick left: events; delivered item 1; handled item 1; tick "
	       "entered; tick left: never; "
	       "stopped");
	close(ends_of_pipe[0]);
	close(ends_of_pipe[1]);
}

TEST_WORKERS(a_tick_that_fails)
{
	ticker t = {.answers = {maiko_again(), maiko_failed(MAIKO_ECANCELED), maiko_never()}};
	maiko_supervisor *sup = watched(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = &t));
	ok(maiko_start(sup));
	test_wait_for(observations_of(MAIKO_OBSERVED_TICK_LEFT), 3);
	finish(sup, "ticker",
	       "added; started; tick entered; tick left: again; tick entered; tick left: failed; "
	       "error: MAIKO_ECANCELED; tick entered; tick left: never; stopped");
	t.answers[1] = maiko_failed(MAIKO_EAGAIN);
	sup = watched(workers);
	ok(maiko_add(sup, ticker, "ticker", .init = &t, .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	test_wait_for(observations_of(MAIKO_OBSERVED_REMOVED), 1);
	finish(sup, "ticker",
	       "added; started; tick entered; tick left: again; tick entered; tick left: failed; "
	       "error: MAIKO_EAGAIN; failed: MAIKO_EFAILED; stopped; removed");
}

/* ---- workers ---------------------------------------------------------------------------------------- */

enum { WORKERS_MOST = 16 };
PER_TEST uint64_t changes_seen[WORKERS_MOST + 1]; /* of a worker: only it writes */
PER_TEST _Atomic(uint64_t) changes, drains[WORKERS_MOST + 1];

static void see_change(void *arg, const maiko_observation *observation)
{
	uint64_t *first = arg;
	uint64_t *last = &changes_seen[observation->worker];
	expect(observation->actor == 0 && observation->event == NULL);
	expect(observation->code == (int64_t)(*last == 0 ? first[observation->worker] : *last + 1));
	*last = (uint64_t)observation->code;
	atomic_fetch_add(&changes, 1);
}

static void see_draining(void *arg, const maiko_observation *observation)
{
	atomic_fetch_add(&drains[observation->worker], 1);
}

/* The worker of the fourth change is there from the fourth on. */
TEST_WORKERS(each_worker_sees_each_change_of_the_topology_and_the_stop)
{
	uint64_t first[WORKERS_MOST + 1];
	maiko_monitor *monitor;
	maiko_actor_id id;
	for (uint32_t i = 0; i <= WORKERS_MOST; i++)
		first[i] = i <= workers ? 1 : 4;
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_hooks hooks = {.topology = see_change, .draining = see_draining};
	ok(maiko_monitor_add(sup, &hooks, first, &monitor));
	ok(maiko_start(sup));
	ok(maiko_add(sup, victim, "victim", .ret_id = &id));
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)));
	assert_int_equal(atomic_load(&changes), 3 * workers);
	ok(maiko_add(sup, victim, "alone", .own_thread = true));
	ok(maiko_remove(sup, id));
	assert_int_equal(atomic_load(&changes), 3 * workers + 2 * (workers + 1));
	test_finish(sup);
	for (uint32_t i = 1; i <= WORKERS_MOST; i++) {
		assert_int_equal(changes_seen[i], i <= workers + 1 ? 5 : 0);
		assert_int_equal(atomic_load(&drains[i]), i <= workers + 1 ? 1 : 0);
	}
}

TEST_WORKERS(an_actor_with_a_thread_of_its_own_is_watched_whenever_it_comes)
{
	maiko_supervisor *sup = watched(workers);
	ok(maiko_add(sup, victim, "early", .own_thread = true));
	ok(maiko_start(sup));
	ok(maiko_add(sup, victim, "late", .own_thread = true));
	ok(maiko_send(sup, item, .n = 1));
	assert_int_equal(test_finish(sup).handled, 2);
	assert_string_equal(observations_of_actor("early"),
			    "added; started; delivered item 1; handled item 1; stopped");
	assert_string_equal(observations_of_actor("late"), "added; started; delivered item 1; handled item 1; stopped");
	assert_int_equal(observations_first(MAIKO_OBSERVED_HANDLED, "early")->observation.worker, workers + 1);
	assert_int_equal(observations_first(MAIKO_OBSERVED_HANDLED, "late")->observation.worker, workers + 2);
}

TEST_WORKERS(the_first_actors_are_added_and_started_in_their_order)
{
	maiko_supervisor *sup = watched(workers);
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	for (int i = 0; i < 5; i++)
		ok(maiko_add(sup, victim, names[i]));
	ok(maiko_start(sup));
	test_finish(sup);
	const noted_observation *last = NULL;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 5; i++) {
			const noted_observation *s =
				observations_first(k == 0 ? MAIKO_OBSERVED_ADDED : MAIKO_OBSERVED_STARTED, names[i]);
			assert_non_null(s);
			assert_true(last == NULL || s > last);
			last = s;
			assert_int_equal(s->observation.worker,
					 observations_first(MAIKO_OBSERVED_STOPPED, names[i])->observation.worker);
		}
	for (int i = 1; i < 5; i++)
		assert_true(observations_first(MAIKO_OBSERVED_STOPPED, names[i]) <
			    observations_first(MAIKO_OBSERVED_STOPPED, names[i - 1]));
}

static void note_done(void *arg, int status) { *(bool *)arg = true; }

TEST_ONCE(embedded_it_is_told_on_the_loop)
{
	uv_loop_t loop;
	bool done = false;
	maiko_supervisor *sup = NULL;
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	observations_watch(sup);
	ok(maiko_add(sup, victim, "victim"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	assert_string_equal(observations_of_actor("victim"), "added; started");
	while (atomic_load(observations_of(MAIKO_OBSERVED_HANDLED)) == 0)
		uv_run(&loop, UV_RUN_ONCE);
	ok(maiko_stop_begin(sup, NULL, note_done, &done));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(done);
	finish(sup, "victim", "added; started; delivered item 1; handled item 1; stopped");
	assert_int_equal(observations_count(MAIKO_OBSERVED_DRAINING, ""), 1);
	ok(uv_loop_close(&loop));
}

/* ---- which hook ---------------------------------------------------------------------------------------- */

TEST_ONCE(every_kind_has_a_text)
{
	static const char *const texts[] = {
		"dispatched", "delivered", "handled",      "overflowed",       "discarded",    "added",
		"started",    "stopped",   "failed",       "removed",          "tick entered", "tick left",
		"muted",      "released",  "error",        "topology changed", "draining",     "moved",
		"restarting", "restarted", "group failed", "set aside",        "stuck",        "held",
		"unheld",     "link up",   "link down",    "receipt",          "interest",     "question ended"};
	assert_int_equal(MAIKO_OBSERVATION_KINDS, sizeof texts / sizeof texts[0]);
	for (int i = 0; i < MAIKO_OBSERVATION_KINDS; i++)
		assert_string_equal(maiko_observation_text((maiko_observation_kind)i), texts[i]);
	assert_string_equal(maiko_observation_text(MAIKO_OBSERVATION_KINDS), "");
	assert_string_equal(maiko_observation_text((maiko_observation_kind)-1), "");
}

/* A hook that adds one to what it gets, by kind; nobody may call it for another. */
typedef struct tally {
	_Atomic(uint64_t) of[MAIKO_OBSERVATION_KINDS];
} tally;
static void count(void *arg, const maiko_observation *observation)
{
	atomic_fetch_add(&((tally *)arg)->of[observation->kind], 1);
}

static void run_some(maiko_supervisor *sup)
{
	ok(maiko_add(sup, victim, "victim"));
	ok(maiko_start(sup));
	for (uint32_t n = 0; n < 10; n++)
		ok(maiko_send(sup, item, .n = n));
	assert_int_equal(test_finish(sup).handled, 10);
}

TEST_WORKERS(any_is_for_the_kinds_without_a_hook_of_their_own)
{
	static tally own, rest, only;
	memset((void *)&own, 0, sizeof own);
	memset((void *)&rest, 0, sizeof rest);
	memset((void *)&only, 0, sizeof only);
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_monitor *monitors[3];
	ok(maiko_monitor_add(sup, &(maiko_hooks){.handled = observations_note, .any = count}, &rest, &monitors[0]));
	ok(maiko_monitor_add(sup, &(maiko_hooks){.handled = count}, &only, &monitors[1]));
	ok(maiko_monitor_add(sup, &(maiko_hooks){.any = count}, &own, &monitors[2]));
	observations_forget();
	run_some(sup);
	for (int i = 0; i < MAIKO_OBSERVATION_KINDS; i++) {
		assert_int_equal(rest.of[i], i == MAIKO_OBSERVED_HANDLED ? 0 : own.of[i]);
		assert_int_equal(only.of[i], i == MAIKO_OBSERVED_HANDLED ? 10 : 0);
	}
	assert_int_equal(atomic_load(observations_of(MAIKO_OBSERVED_HANDLED)), 10);
	assert_int_equal(own.of[MAIKO_OBSERVED_HANDLED], 10);
	assert_int_equal(own.of[MAIKO_OBSERVED_DISPATCHED], 10);
	assert_int_equal(own.of[MAIKO_OBSERVED_DELIVERED], 10);
	assert_int_equal(own.of[MAIKO_OBSERVED_ADDED], 1);
	assert_int_equal(own.of[MAIKO_OBSERVED_STARTED], 1);
	assert_int_equal(own.of[MAIKO_OBSERVED_STOPPED], 1);
	assert_int_equal(own.of[MAIKO_OBSERVED_DRAINING], workers);
}

TEST_WORKERS(a_monitor_sees_nothing_of_another_supervisor)
{
	static tally seen;
	maiko_monitor *monitor;
	memset((void *)&seen, 0, sizeof seen);
	maiko_supervisor *watched_one = test_supervisor(workers), *other = test_supervisor(workers);
	ok(maiko_monitor_add(watched_one, &(maiko_hooks){.any = count}, &seen, &monitor));
	run_some(other);
	for (int i = 0; i < MAIKO_OBSERVATION_KINDS; i++)
		assert_int_equal(seen.of[i], 0);
	test_finish(watched_one);
}
