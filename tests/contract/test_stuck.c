/*
 * C20, C10: a callback that runs too long is reported while it runs, with those that wait for it; short ones never are,
 * and an idle program wakes nobody for it. A group's member that does not stop in time ends the supervisor.
 */
#include "support.h"

#include <maiko/lifecycle.h>

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
typedef struct bell {
	uint32_t n;
} bell;
MAIKO_TOPIC(items);
MAIKO_TOPIC(bells);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(bell, bells, n);

enum { NS_PER_MS = 1000000 };

PER_TEST _Atomic(uint64_t) reports, entered, released, handled, stops, ended, lives, told, removed;
PER_TEST _Atomic(uint64_t) last_ms;

/* ---- the observation ---- */

static struct {
	maiko_actor_id actor;
	uint32_t worker, n;
	char actor_name[MAIKO_NAME_MAX + 1], event[MAIKO_NAME_MAX + 1], sender[MAIKO_NAME_MAX + 1];
} seen; /* of the last report; read when `reports` has grown, and no other can come */

static void copy(char *to, const char *text) { (void)snprintf(to, MAIKO_NAME_MAX + 1, "%s", text); }

static void on_stuck(void *arg, const maiko_observation *o)
{
	expect(o->code > 0 && (uint64_t)o->code > atomic_load(&last_ms));
	atomic_store(&last_ms, (uint64_t)o->code);
	seen.actor = o->actor;
	seen.worker = o->worker;
	copy(seen.actor_name, o->actor_name);
	copy(seen.event, o->event == NULL ? "" : o->event->type->layout->name);
	copy(seen.sender, o->event == NULL ? "" : o->event->sender);
	seen.n = o->event == NULL ? 0 : ((const item *)o->data)->n;
	atomic_fetch_add(&reports, 1);
}

static maiko_supervisor *observed(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	ok(maiko_monitor_add(sup, &(maiko_hooks){.stuck = on_stuck}, NULL, &monitor));
	return sup;
}

/* Blocks the calling callback until that many reports have been made. `busy`: it keeps its processor. */
static uv_sem_t gate;
static void stay(uint64_t until, bool busy)
{
	atomic_fetch_add(&entered, 1);
	while (atomic_load(&reports) < until || atomic_load(&released) == 0)
		if (busy)
			(void)sched_yield();
		else
			uv_sem_wait(&gate);
}

/* Lets them all go on that have been reported. */
static void release(void)
{
	atomic_store(&released, 1);
	for (int i = 0; i < 16; i++)
		uv_sem_post(&gate);
}

/* ---- an actor that stays in its callbacks ---- */

typedef struct slow {
	uint64_t start, handler, tick, stop; /* how many reports each waits for; 0: it returns at once */
	bool busy, own;
} slow;

static int slow_on_start(slow *self, maiko_ctx *ctx)
{
	if (self->start != 0)
		stay(self->start, self->busy);
	return self->own ? maiko_send_self_after_ms(ctx, 1, NULL, bell, .n = 9) : 0;
}
static int slow_on_stop(slow *self, maiko_ctx *ctx)
{
	if (self->stop != 0)
		stay(self->stop, self->busy);
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int slow_on_item(slow *self, const item *ev, maiko_ctx *ctx)
{
	if (self->handler != 0)
		stay(self->handler, self->busy);
	atomic_fetch_add(&handled, 1);
	return 0;
}
static int slow_on_bell(slow *self, const bell *ev, maiko_ctx *ctx)
{
	stay(1, self->busy);
	return 0;
}
static maiko_next slow_tick(slow *self, maiko_ctx *ctx)
{
	if (self->tick != 0 && atomic_load(&entered) == 0)
		stay(self->tick, self->busy);
	return maiko_after_events();
}
MAIKO_ACTOR(slow, MAIKO_ON_START(slow_on_start), MAIKO_ON_STOP(slow_on_stop), MAIKO_ON(item, slow_on_item),
	    MAIKO_ON(bell, slow_on_bell), MAIKO_TICK(slow_tick));
TEST_LISTENER(listener, item);

static void open_gate(void)
{
	test_begin();
	memset(&seen, 0, sizeof seen);
	while (uv_sem_trywait(&gate) == 0)
		continue;
}

static maiko_supervisor *begin(uint32_t workers)
{
	open_gate();
	return observed(test_supervisor(workers));
}

static void expect_report(const char *actor, uint32_t worker, const char *event, uint32_t n)
{
	assert_string_equal(seen.actor_name, actor);
	assert_int_equal(seen.worker, worker);
	assert_string_equal(seen.event, event);
	assert_int_equal(seen.n, n);
}

/* ---- reported while it runs ---- */

static void report_handler(uint32_t workers, bool busy)
{
	maiko_supervisor *sup = begin(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .worker = workers, .init = &(slow){.handler = 1, .busy = busy},
		     .ret_id = &id));
	ok(maiko_add(sup, listener, "beside", .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 7));
	test_wait_for(&reports, 1);
	expect_report("slow", workers, "item", 7);
	assert_string_equal(seen.sender, "outside");
	assert_true(seen.actor == id);
	const maiko_ledger *ledger = test_report(sup);
	assert_non_null(strstr(test_actor_row(ledger, "slow")->detail, "in one callback for "));
	assert_non_null(strstr(test_actor_row(ledger, "beside")->detail, "waits: 'slow' is in one callback"));
	assert_int_equal(atomic_load(&handled), 0);
	release();
	test_wait_for(&handled, 1);
	ledger = test_stop(sup);
	assert_string_equal(test_actor_row(ledger, "slow")->detail, "");
	assert_string_equal(test_actor_row(ledger, "beside")->detail, "");
	test_release(sup);
}

TEST_WORKERS(a_callback_that_blocks_is_reported_while_it_runs) { report_handler(workers, false); }
TEST_WORKERS(a_callback_that_computes_is_reported_while_it_runs) { report_handler(workers, true); }

TEST_WORKERS(it_is_reported_again_each_time_that_has_doubled)
{
	maiko_supervisor *sup = begin(workers);
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = &(slow){.handler = 3, .busy = true}));
	ok(maiko_start(sup));
	atomic_store(&released, 1);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&handled, 1);
	assert_true(atomic_load(&reports) >= 3); /* each longer than the one before: on_stuck */
	assert_true(atomic_load(&last_ms) >= 4);
	test_finish(sup);
}

/* Every kind of callback; of those without an event it says so. */
static void report_in(uint32_t workers, const slow *how, const char *event, uint32_t n)
{
	maiko_supervisor *sup = begin(workers);
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = how, .worker = 1));
	atomic_store(&released, 1);
	ok(maiko_start(sup));
	if (how->stop != 0)
		ok(maiko_stop(sup, NULL));
	test_wait_for(&reports, 1);
	expect_report("slow", 1, event, n);
	test_finish(sup);
}

TEST_WORKERS(an_on_start_is_reported) { report_in(workers, &(slow){.start = 1, .busy = true}, "", 0); }
TEST_WORKERS(a_tick_is_reported) { report_in(workers, &(slow){.tick = 1, .busy = true}, "", 0); }
TEST_WORKERS(an_on_stop_is_reported) { report_in(workers, &(slow){.stop = 1, .busy = true}, "", 0); }
TEST_WORKERS(the_handler_of_a_timer_of_its_own_is_reported)
{
	report_in(workers, &(slow){.own = true, .busy = true}, "bell", 9);
}

/* ---- told to who subscribes ---- */

typedef struct operator { uint32_t unused; }
operator;
static int operator_on_stuck(operator* self, const maiko_stuck *ev, maiko_ctx *ctx)
{
	expect(strcmp(ev->name, "slow") == 0 && strcmp(ev->event, "item") == 0);
	expect(ev->ms > 0 && ev->worker == 1 && ev->actors >= 2);
	if (atomic_fetch_add(&told, 1) == 0)
		release();
	return 0;
}
MAIKO_ACTOR(operator, MAIKO_ON(maiko_stuck, operator_on_stuck));

/* On another worker while it runs; on the same one when it can. */
TEST_WORKERS(a_subscriber_is_told)
{
	maiko_supervisor *sup = begin(workers);
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .worker = 1, .init = &(slow){.handler = 1, .busy = true}));
	ok(maiko_add(sup, listener, "beside", .worker = 1));
	ok(maiko_add(sup, operator, "operator", .worker = workers));
	ok(maiko_start(sup));
	if (workers == 1)
		atomic_store(&released, 1);
	ok(maiko_send(sup, item, .n = 7));
	test_wait_for(&told, 1);
	test_wait_for(&handled, 1);
	test_finish(sup);
}

/* ---- on the caller's loop, and in a libuv callback ---- */

typedef struct looped {
	uv_timer_t timer;
} looped;

static void looped_on_timer(uv_timer_t *timer)
{
	maiko_ctx *ctx = timer->data;
	if (maiko_enter(ctx) != 0)
		return;
	stay(1, true);
	uv_timer_stop(timer);
	atomic_fetch_add(&handled, 1);
	maiko_leave(ctx, 0);
}
static int looped_on_start(looped *self, maiko_ctx *ctx)
{
	uv_loop_t *loop = maiko_loop(ctx);
	int rc = uv_timer_init(loop, &self->timer);
	self->timer.data = ctx;
	if (rc == 0)
		rc = maiko_adopt(ctx, (uv_handle_t *)&self->timer);
	return rc == 0 ? uv_timer_start(&self->timer, looped_on_timer, 1, 0) : rc;
}
MAIKO_ACTOR(looped, MAIKO_ON_START(looped_on_start));

TEST_WORKERS(a_libuv_callback_is_reported)
{
	maiko_supervisor *sup = begin(workers);
	atomic_store(&released, 1);
	ok(maiko_add(sup, looped, "looped", .stuck_ms = 1));
	ok(maiko_start(sup));
	test_wait_for(&handled, 1);
	assert_string_equal(seen.actor_name, "looped");
	assert_string_equal(seen.event, "");
	test_finish(sup);
}

TEST_ONCE(on_the_callers_loop_the_option_asks_for_a_thread)
{
	uv_loop_t loop;
	maiko_supervisor *sup;
	open_gate();
	atomic_store(&released, 1);
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	(void)observed(sup);
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = &(slow){.handler = 1, .busy = true}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 3));
	test_run_loop(&loop, &handled, 1);
	expect_report("slow", 1, "item", 3);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	test_finish(sup);
	ok(uv_loop_close(&loop));
}

/* ---- never of short ones ---- */

/* Long enough that whoever looks finds it in a callback almost always. */
static void spend(void)
{
	for (uint64_t end = test_now_ns() + NS_PER_MS / 5; test_now_ns() < end;)
		continue;
}
typedef struct quick {
	uint32_t unused;
} quick;
static int quick_on_item(quick *self, const item *ev, maiko_ctx *ctx)
{
	spend();
	return 0;
}
MAIKO_ACTOR(quick, MAIKO_ON(item, quick_on_item));
typedef struct ticker {
	uint32_t unused;
} ticker;
static maiko_next ticker_tick(ticker *self, maiko_ctx *ctx)
{
	spend();
	return maiko_again();
}
MAIKO_ACTOR(ticker, MAIKO_TICK(ticker_tick));

/* For much longer than .stuck_ms. */
static void be_quick(uint32_t workers, const maiko_actor_type *type)
{
	enum { STUCK_MS = 20 };
	maiko_supervisor *sup = begin(workers);
	for (uint32_t i = 1; i <= workers; i++)
		ok(maiko_supervisor_add(sup, type, test_name("quick", i),
					&(maiko_add_options){.stuck_ms = STUCK_MS, .worker = i}));
	ok(maiko_start(sup));
	for (uint64_t end = test_now_ns() + 6 * STUCK_MS * NS_PER_MS; test_now_ns() < end;)
		for (uint32_t n = 0; type == MAIKO_ACTOR_REF(quick) && n < 10; n++)
			ok(maiko_send(sup, item, .n = n));
	assert_int_equal(atomic_load(&reports), 0);
	test_finish(sup);
}

TEST_WORKERS(short_handlers_one_after_the_other_are_not_reported) { be_quick(workers, MAIKO_ACTOR_REF(quick)); }
TEST_WORKERS(short_ticks_one_after_the_other_are_not_reported) { be_quick(workers, MAIKO_ACTOR_REF(ticker)); }

/* ---- an idle program ---- */

/* How often the other threads of this process have gone to sleep so far. */
static uint64_t sleeps_of_others(void)
{
	uint64_t sum = 0;
	DIR *tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
		char path[320], line[256];
		(void)snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
		FILE *in = task->d_name[0] == '.' || atoi(task->d_name) == getpid() ? NULL : fopen(path, "r");
		unsigned long long count;
		while (in != NULL && fgets(line, sizeof line, in) != NULL)
			if (sscanf(line, "voluntary_ctxt_switches: %llu", &count) == 1)
				sum += count;
		if (in != NULL)
			(void)fclose(in);
	}
	(void)closedir(tasks);
	return sum;
}

TEST_WORKERS(an_idle_program_is_not_woken)
{
	enum { QUIET_MS = 40 };
	maiko_supervisor *sup = begin(workers);
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = &(slow){.handler = 1, .busy = true}));
	ok(maiko_start(sup));
	uint64_t sleeps, begun_ns = test_now_ns();
	do {
		sleeps = sleeps_of_others();
		for (uint64_t end = test_now_ns() + QUIET_MS * NS_PER_MS; test_now_ns() < end;)
			(void)sched_yield();
		assert_true(test_now_ns() - begun_ns < UINT64_C(300000) * NS_PER_MS);
	} while (sleeps_of_others() != sleeps);
	atomic_store(&released, 1);
	ok(maiko_send(sup, item, .n = 1)); /* the worker that rises for it wakes the one that looks */
	test_wait_for(&handled, 1);
	assert_true(atomic_load(&reports) >= 1);
	test_finish(sup);
}

/* ---- a member that does not stop ---- */

typedef struct fragile {
	uint32_t unused;
} fragile;
static int fragile_on_start(fragile *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&lives, 1);
	return 0;
}
static int fragile_on_item(fragile *self, const item *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(fragile, MAIKO_ON_START(fragile_on_start), MAIKO_ON(item, fragile_on_item));
typedef struct lingering {
	uint32_t unused;
} lingering;
static int lingering_on_stop(lingering *self, maiko_ctx *ctx)
{
	stay(1, true);
	return 0;
}
MAIKO_ACTOR(lingering, MAIKO_ON_STOP(lingering_on_stop));

TEST_WORKERS(a_member_that_does_not_stop_in_time_ends_the_supervisor)
{
	maiko_supervisor *sup = begin(workers);
	maiko_group_id group;
	atomic_store(&released, 1);
	ok(maiko_group(sup, "devices", .strategy = MAIKO_ONE_FOR_ALL, .stop_ms = 1, .ret_id = &group));
	ok(maiko_add(sup, fragile, "fragile", .group = group));
	ok(maiko_add(sup, lingering, "lingering", .group = group));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	returns(maiko_join(sup), MAIKO_ETIMEDOUT);
	assert_non_null(strstr(maiko_last_error(), "'lingering'"));
	assert_non_null(strstr(maiko_last_error(), "the group 'devices' restarts"));
	assert_non_null(strstr(maiko_last_error(), "within 1 ms"));
	assert_int_equal(atomic_load(&reports), 1);
	assert_string_equal(seen.actor_name, "lingering");
	(void)test_stop_with(sup, MAIKO_ETIMEDOUT);
	test_release(sup);
}

TEST_WORKERS(members_that_stop_in_time_are_restarted)
{
	maiko_supervisor *sup = begin(workers);
	maiko_group_id group;
	ok(maiko_group(sup, "devices", .strategy = MAIKO_ONE_FOR_ALL, .restarts = MAIKO_UNLIMITED, .ret_id = &group));
	ok(maiko_add(sup, fragile, "fragile", .group = group, .backoff = &(maiko_backoff){.first_ms = 0}));
	ok(maiko_add(sup, slow, "slow", .group = group));
	ok(maiko_start(sup));
	for (uint64_t i = 1; i <= 20; i++) {
		ok(maiko_send(sup, item, .n = 1));
		test_wait_for(&lives, i + 1);
	}
	assert_int_equal(atomic_load(&reports), 0);
	test_finish(sup);
}

/* ---- at the same moment as everything else ---- */

/* Each of its callbacks waits for one more report, from any actor, or until the end. */
typedef struct busy {
	uint32_t unused;
} busy;
static void wait_for_another(void)
{
	uint64_t before = atomic_load(&reports);
	while (atomic_load(&reports) == before && atomic_load(&ended) == 0)
		(void)sched_yield();
}
static int busy_on_item(busy *self, const item *ev, maiko_ctx *ctx)
{
	if (ev->n % 4 == 0)
		wait_for_another();
	return 0;
}
static int busy_on_stop(busy *self, maiko_ctx *ctx)
{
	wait_for_another();
	return 0;
}
MAIKO_ACTOR(busy, MAIKO_ON(item, busy_on_item), MAIKO_ON_STOP(busy_on_stop));

static void count_report(void *arg, const maiko_observation *o)
{
	expect(strncmp(o->actor_name, "busy", 4) == 0);
	expect(o->event == NULL || ((const item *)o->data)->n % 4 == 0);
	atomic_fetch_add(&reports, 1);
}

static void change_one(maiko_supervisor *sup, uint32_t round, uint32_t workers)
{
	maiko_actor_id id;
	const char *name = test_name("busy", round % 4);
	maiko_monitor *monitor;
	if (maiko_find(sup, name, &id) != 0)
		(void)maiko_add(sup, busy, name, .stuck_ms = 1);
	else if (round % 3 == 0)
		(void)maiko_remove(sup, id);
	else
		(void)maiko_move(sup, id, round % workers + 1);
	if (maiko_monitor_add(sup, &(maiko_hooks){.stuck = count_report}, NULL, &monitor) == 0)
		ok(maiko_monitor_remove(monitor, NULL));
}

TEST_WORKERS(reports_and_removals_moves_and_stops_at_the_same_time)
{
	maiko_monitor *monitor;
	open_gate();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.stuck = count_report}, NULL, &monitor));
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, busy, test_name("busy", i), .stuck_ms = 1));
	ok(maiko_start(sup));
	for (uint32_t round = 1; round <= 12; round++) {
		for (uint32_t n = 1; n <= 8; n++)
			ok(maiko_send(sup, item, .n = n));
		change_one(sup, round, workers);
	}
	atomic_store(&ended, 1);
	ok(maiko_monitor_remove(monitor, NULL));
	ok(maiko_stop(sup, NULL));
	test_release(sup);
}

/* A hook may end what it observes, but not wait for it, nor free it. */
static void stop_it(void *arg, const maiko_observation *o)
{
	expect(maiko_stop(o->supervisor, NULL) == MAIKO_EDEADLK);
	expect(maiko_stop_begin(o->supervisor, NULL, NULL, NULL) == 0);
	expect(maiko_supervisor_free(o->supervisor) == o->supervisor);
	expect(maiko_monitor_remove(*(maiko_monitor **)arg, NULL) == 0);
	atomic_fetch_add(&reports, 1);
}

TEST_WORKERS(a_hook_may_stop_the_supervisor_and_remove_its_monitor)
{
	static maiko_monitor *monitor;
	open_gate();
	atomic_store(&released, 1);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.stuck = stop_it}, &monitor, &monitor));
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = &(slow){.handler = 1, .busy = true}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	ok(maiko_join(sup));
	assert_int_equal(atomic_load(&reports), 1);
	test_finish(sup);
}

/* All workers have applied the removal; its hook still runs. */
static void count_removed(void *arg) { atomic_fetch_add(&removed, 1); }
static void remove_itself(void *arg, const maiko_observation *o)
{
	expect(maiko_monitor_remove(*(maiko_monitor **)arg, count_removed) == 0);
	atomic_fetch_add(&reports, 1);
	while (atomic_load(&handled) < maiko_worker_count(o->supervisor))
		(void)sched_yield();
	expect(atomic_load(&removed) == 0);
}

TEST_WORKERS(a_monitor_is_not_freed_while_its_hook_runs)
{
	static maiko_monitor *monitor;
	open_gate();
	atomic_store(&released, 1);
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.stuck = remove_itself}, &monitor, &monitor));
	ok(maiko_add(sup, slow, "slow", .stuck_ms = 1, .init = &(slow){.tick = 1, .busy = true},
		     .topics = MAIKO_NO_TOPICS));
	for (uint32_t i = 1; i <= workers; i++)
		ok(maiko_add(sup, slow, test_name("handles", i), .worker = i));
	ok(maiko_start(sup));
	test_wait_for(&reports, 1);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&handled, workers);
	test_wait_for(&removed, 1);
	test_finish(sup);
}

/* ---- options ---- */

TEST_ONCE(an_option_out_of_its_bounds_is_refused)
{
	maiko_supervisor *sup = test_supervisor(1);
	returns(maiko_add(sup, listener, "one", .stuck_ms = MAIKO_NEXT_MS_MAX + 1), MAIKO_EINVAL);
	ok(maiko_add(sup, listener, "two", .stuck_ms = MAIKO_NEXT_MS_MAX));
	ok(maiko_start(sup));
	test_finish(sup);
}

static int open_semaphore(void **state)
{
	(void)state;
	return uv_sem_init(&gate, 0);
}
static int close_semaphore(void **state)
{
	(void)state;
	uv_sem_destroy(&gate);
	return 0;
}
int main(void) { return test_main_with(open_semaphore, close_semaphore); }
