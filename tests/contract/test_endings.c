/*
 * C2, C10, C15: ends that nobody asked for in so many words: all actors leave by themselves
 * while a thread waits in maiko_join; a supervisor is freed in full flow.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

enum { LEAVERS = 6, ROUNDS = 8, LATER = 10, NARROW = 16 };

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);
MAIKO_TOPIC(orders);
MAIKO_SIGNAL(leave, orders);

PER_TEST _Atomic(uint64_t) starts, stops, handled, joined, job_runs;
PER_TEST _Atomic(int) join_status = 1;

/* ---- nobody is left ------------------------------------------------------------------------ */

typedef struct leaver {
	bool fails;
} leaver;
static int leaver_on_start(leaver *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int leaver_on_leave(leaver *self, const leave *ev, maiko_ctx *ctx)
{
	return self->fails ? UV_EIO : maiko_stop_self(ctx);
}
static int leaver_on_stop(leaver *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(leaver, MAIKO_ON_START(leaver_on_start), MAIKO_ON(leave, leaver_on_leave), MAIKO_ON_STOP(leaver_on_stop));

/* Ends all, when it is told to. */
typedef struct closer {
	uint32_t unused;
} closer;
static int closer_on_item(closer *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}
static int closer_on_leave(closer *self, const leave *ev, maiko_ctx *ctx) { return maiko_stop_all(ctx); }
MAIKO_ACTOR(closer, MAIKO_ON(item, closer_on_item), MAIKO_ON(leave, closer_on_leave));

static void join_main(void *arg)
{
	atomic_store(&join_status, maiko_join(arg));
	atomic_store(&joined, 1);
}

static void wait_until_all_have_left(maiko_supervisor *sup)
{
	maiko_actor_id id;
	test_wait_for(&stops, LEAVERS);
	_Atomic(uint64_t) gone = 0;
	for (uint64_t until = uv_hrtime() + UINT64_C(300000000000); uv_hrtime() < until && gone < LEAVERS;) {
		gone = 0;
		for (uint32_t i = 0; i < LEAVERS; i++)
			gone += maiko_find(sup, test_name("leaver", i), &id) == MAIKO_ENOENT;
	}
	assert_int_equal(gone, 6);
}

/* How the end comes at last: from outside, or from an actor. */
static void join_an_empty_supervisor(uint32_t workers, bool failing, bool from_inside)
{
	uv_thread_t joiner;
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < LEAVERS; i++)
		ok(maiko_add(sup, leaver, test_name("leaver", i), .init = &(leaver){failing},
			     .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	ok(uv_thread_create(&joiner, join_main, sup));
	ok(maiko_send(sup, leave));
	wait_until_all_have_left(sup);
	/* It goes on: there can be others, and they work. */
	ok(maiko_add(sup, closer, "closer"));
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_send(sup, item, .n = i));
	test_wait_for(&handled, 100);
	assert_int_equal(atomic_load(&joined), 0);
	if (from_inside)
		ok(maiko_send(sup, leave));
	else
		ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	ok(uv_thread_join(&joiner));
	assert_int_equal(atomic_load(&joined), 1);
	assert_int_equal(atomic_load(&join_status), 0);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, from_inside ? 107 : 106);
	assert_int_equal(total.handled, total.deliveries);
	assert_int_equal(atomic_load(&starts), 6);
	assert_int_equal(atomic_load(&stops), 6);
}

TEST_WORKERS(who_joins_waits_on_when_all_actors_have_stopped_by_themselves)
{
	join_an_empty_supervisor(workers, false, false);
	join_an_empty_supervisor(workers, false, true);
}

TEST_WORKERS(who_joins_waits_on_when_all_actors_have_failed)
{
	join_an_empty_supervisor(workers, true, false);
	join_an_empty_supervisor(workers, true, true);
}

/* ---- freed in full flow ------------------------------------------------------------------------ */

typedef struct burden {
	uint32_t n;
	maiko_buffer *bytes;
} burden;
MAIKO_TOPIC(burdens);
MAIKO_EVENT(burden, burdens, n, bytes);

/* Sends as much as it may, over a narrow channel to a slow one with a small mailbox. */
typedef struct pump {
	uint32_t n;
} pump;
static int pump_on_start(pump *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	for (uint32_t i = 0; i < LATER; i++)
		expect(maiko_send_after_ms(ctx, 1000000 + i, NULL, item, .n = i) == 0);
	return 0;
}
static maiko_next pump_tick(pump *self, maiko_ctx *ctx)
{
	maiko_buffer *bytes = NULL;
	expect(maiko_buffer_new(64, &bytes) == 0);
	for (uint32_t i = 0; i < 500 && maiko_send(ctx, burden, .n = self->n, .bytes = bytes) == 0; i++)
		self->n++;
	maiko_buffer_unref(bytes);
	return maiko_when_sendable();
}
static int pump_on_stop(pump *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(pump, MAIKO_ON_START(pump_on_start), MAIKO_TICK(pump_tick), MAIKO_ON_STOP(pump_on_stop));

typedef struct drain {
	uint32_t started;
} drain;

/* Under way until the supervisor stops. */
typedef struct job {
	maiko_supervisor *sup;
} job;
static int job_work(job *j)
{
	atomic_fetch_add(&job_runs, 1);
	while (maiko_try_send(j->sup, item, .n = 1) != MAIKO_ESHUTDOWN)
		sched_yield();
	return 0;
}
static int drain_on_job(drain *self, job *j, int status, maiko_ctx *ctx) { return status; }
MAIKO_BLOCKING(drain, job, job_work, drain_on_job);
static int drain_on_burden(drain *self, const burden *ev, maiko_ctx *ctx)
{
	expect(maiko_buffer_size(ev->bytes) == 64);
	if (self->started++ == 0)
		expect(maiko_blocking(ctx, job_work, drain_on_job, .sup = maiko_supervisor_of(ctx)) == 0);
	sched_yield(); /* slower than those who send */
	return 0;
}
MAIKO_ACTOR(drain, MAIKO_ON(burden, drain_on_burden));

/* Whether a ledger shows all that is to be on its way when the supervisor is freed. */
static bool is_in_flow(maiko_supervisor *sup, uint32_t workers)
{
	const maiko_ledger *ledger = test_report(sup);
	uint64_t delayed = 0;
	bool spilt = workers == 1;
	for (size_t i = 0; i < ledger->pair_count; i++)
		spilt |= ledger->pairs[i]->from != 0 && ledger->pairs[i]->in_flight > NARROW;
	for (size_t i = 0; i < ledger->topic_count; i++)
		delayed += ledger->topics[i]->delayed;
	bool flows =
		spilt && ledger->total.queued > 0 && delayed == 20 && ledger->jobs == 2 && atomic_load(&job_runs) == 2;
	return flows;
}

TEST_WORKERS(a_supervisor_is_freed_in_full_flow)
{
	for (int round = 0; round < ROUNDS; round++) {
		int64_t before = test_allocator_living();
		_Atomic(uint64_t) flows = 0;
		test_begin();
		maiko_supervisor *sup =
			test_supervisor_with((maiko_options){.workers = workers, .channel = NARROW, .mailbox = 8});
		ok(maiko_add(sup, pump, "pump0", .worker = 1));
		ok(maiko_add(sup, pump, "pump1", .worker = workers));
		ok(maiko_add(sup, drain, "drain0", .worker = 1));
		ok(maiko_add(sup, drain, "drain1", .worker = workers));
		ok(maiko_start(sup));
		for (uint64_t until = uv_hrtime() + UINT64_C(300000000000); uv_hrtime() < until && flows == 0;)
			flows = is_in_flow(sup, workers);
		assert_int_equal(flows, 1);
		test_release(sup);
		assert_int_equal(test_allocator_living(), before);
		assert_int_equal(atomic_load(&starts), 2);
		assert_int_equal(atomic_load(&stops), 2);
		assert_int_equal(atomic_load(&job_runs), 2);
	}
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
