/*
 * C3, C10: an actor that waits for a thread of its own is on no worker: a report says so, while
 * it waits and after a stop that gave up what it waits for.
 */
#include "support.h"

#include <sched.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

static _Atomic(uint64_t) entered, returned;
static uv_sem_t gate;
static maiko_supervisor *abandoned[16]; /* what is left of them stays reachable */
static uint32_t abandoned_count;

typedef struct blocker {
	uint32_t unused;
} blocker;

static int blocker_on_item(blocker *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&entered, 1);
	uv_sem_wait(&gate); /* asleep: a stop gives it up after the grace time, however busy the machine is */
	return 0;
}
MAIKO_ACTOR(blocker, MAIKO_ON(item, blocker_on_item));

typedef struct guest {
	uint32_t unused;
} guest;

static int guest_on_start(guest *self, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(guest, MAIKO_ON_START(guest_on_start));

typedef struct adding {
	maiko_supervisor *sup;
	const char *name;
	bool own_thread;
	int rc;
	uv_thread_t thread;
} adding;

static void add(void *arg)
{
	adding *a = arg;
	a->rc = maiko_add(a->sup, guest, a->name, .topics = MAIKO_NO_TOPICS, .own_thread = a->own_thread);
	atomic_fetch_add(&returned, 1);
}

static void begin(adding *a)
{
	maiko_actor_id id;
	ok(uv_thread_create(&a->thread, add, a));
	while (maiko_find(a->sup, a->name, &id) != 0) /* from then on it is queued */
		sched_yield();
}

typedef struct scene {
	maiko_supervisor *sup;
	adding first, alone;
} scene;

/* The batch that adds the first cannot complete, and the other waits for the next one. */
static void scene_open(scene *s, uint32_t workers)
{
	atomic_store(&entered, 0);
	atomic_store(&returned, 0);
	s->sup = test_supervisor(workers);
	ok(maiko_add(s->sup, blocker, "blocker", .worker = 1));
	ok(maiko_start(s->sup));
	ok(maiko_send(s->sup, item, .n = 1));
	test_wait_for(&entered, 1);
	s->first = (adding){.sup = s->sup, .name = "first"};
	s->alone = (adding){.sup = s->sup, .name = "alone", .own_thread = true};
	begin(&s->first);
	begin(&s->alone);
}

static void scene_join(scene *s, int rc)
{
	ok(uv_thread_join(&s->first.thread));
	ok(uv_thread_join(&s->alone.thread));
	assert_int_equal(s->first.rc, rc);
	assert_int_equal(s->alone.rc, rc);
}

static void assert_on_no_worker(const maiko_ledger *ledger)
{
	const maiko_actor_row *row = test_actor_row(ledger, "alone");
	assert_int_equal(row->worker, 0);
	assert_int_equal(row->status, MAIKO_ACTOR_ADDED);
	assert_int_equal(test_actor_row(ledger, "blocker")->worker, 1);
}

TEST_WORKERS(it_is_reported_on_no_worker_while_it_waits)
{
	scene s;
	scene_open(&s, workers);
	const maiko_ledger *ledger = test_report(s.sup);
	assert_on_no_worker(ledger);
	assert_int_equal(atomic_load(&returned), 0);
	uv_sem_post(&gate);
	scene_join(&s, 0);
	ledger = test_report(s.sup);
	assert_int_equal(test_actor_row(ledger, "alone")->worker, workers + 1);
	test_finish(s.sup);
}

/* It lives on no worker that it could leave. */
TEST_WORKERS(it_cannot_be_moved_while_it_waits)
{
	scene s;
	maiko_actor_id id;
	scene_open(&s, workers);
	ok(maiko_find(s.sup, "alone", &id));
	returns(maiko_move(s.sup, id, 1), MAIKO_EINVAL);
	uv_sem_post(&gate);
	scene_join(&s, 0);
	test_finish(s.sup);
}

TEST_WORKERS(it_is_reported_on_no_worker_after_a_stop_that_gave_up)
{
	scene s;
	maiko_ledger *ledger = NULL;
	scene_open(&s, workers);
	maiko_stop_options options = {.deadline_ms = 20, .ret_report = &ledger};
	returns(maiko_stop(s.sup, &options), MAIKO_ETIMEDOUT);
	scene_join(&s, MAIKO_ESHUTDOWN);
	assert_on_no_worker(ledger);
	assert_int_equal(test_actor_row(ledger, "blocker")->status, MAIKO_ACTOR_STUCK);
	maiko_ledger_free(ledger);
	abandoned[abandoned_count++] = s.sup;
	test_release(s.sup);
}

/* A worker that was given up is never joined. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "report_thread_leaks=0"; }

static int open_gate(void **state) { return uv_sem_init(&gate, 0); }

/* Those that were given up return yet. */
static int release_abandoned(void **state)
{
	for (uint32_t i = 0; i < abandoned_count; i++)
		uv_sem_post(&gate);
	return 0;
}

int main(void) { return test_main_with(open_gate, release_abandoned); }
