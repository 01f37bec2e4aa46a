/*
 * An actor moves between workers, while events flow to it and from it: nothing is lost,
 * doubled or reordered (C1, C2), nothing of it runs meanwhile (C4), and all that it has comes
 * along: state, mailbox, mutes, its tick's time, what it sends later.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <sched.h>
#include <string.h>
#include <uv.h>

/* A million in all; fewer where each costs a hundred times as much. */
#ifdef __SANITIZE_THREAD__
enum { EACH = 10000 };
#else
enum { EACH = 200000 };
#endif
enum { SOURCES = 3, THREADS = 2, SENDERS = SOURCES + THREADS };

typedef struct item {
	uint32_t source, n;
} item;
typedef struct passed {
	uint32_t source, n, place;
} passed;
typedef struct poke {
	uint32_t what;
} poke;
MAIKO_TOPIC(items);
MAIKO_TOPIC(passes);
MAIKO_TOPIC(pokes);
MAIKO_EVENT(item, items, source, n);
MAIKO_EVENT(passed, passes, source, n, place);
MAIKO_EVENT(poke, pokes, what);

PER_TEST _Atomic(uint64_t) arrived, overlap, moved, handled;

/* ---- a million events ------------------------------------------------------------------- */

typedef struct source {
	uint32_t number, n, count;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (int i = 0; i < 64 && self->n < self->count; i++) {
		if (maiko_send(ctx, item, .source = self->number, .n = self->n) != 0)
			return maiko_when_sendable();
		self->n++;
	}
	return self->n < self->count ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

/* Passes on what it gets, numbered; and sees whether two of it run at once. */
typedef struct mover {
	uint32_t next[SENDERS], place;
} mover;
static int mover_on_item(mover *self, const item *ev, maiko_ctx *ctx)
{
	expect(atomic_fetch_add(&overlap, 1) == 0 && ev->n == self->next[ev->source]);
	self->next[ev->source] = ev->n + 1;
	int rc = maiko_send(ctx, passed, .source = ev->source, .n = ev->n, .place = self->place);
	self->place++;
	atomic_fetch_sub(&overlap, 1);
	return rc;
}
MAIKO_ACTOR(mover, MAIKO_ON(item, mover_on_item));

typedef struct judge {
	uint32_t next;
} judge;
static int judge_on_passed(judge *self, const passed *ev, maiko_ctx *ctx)
{
	expect(ev->place == self->next++);
	atomic_fetch_add(&arrived, 1);
	return 0;
}
MAIKO_ACTOR(judge, MAIKO_ON(passed, judge_on_passed));

typedef struct outsider {
	maiko_supervisor *sup;
	uint32_t number, count;
	uv_thread_t thread;
} outsider;

static void outsider_main(void *arg)
{
	const outsider *self = arg;
	for (uint32_t n = 0; n < self->count; n++)
		expect(maiko_send(self->sup, item, .source = self->number, .n = n) == 0);
}

static void saw_moved(void *arg, const maiko_observation *observation)
{
	if (strcmp(observation->actor_name, "mover") == 0) /* others may, for the sake of balance */
		atomic_fetch_add(&moved, 1);
}

/* An actor moves round the workers until all has arrived. */
static void move_while_events_flow(uint32_t workers, uint32_t each)
{
	static const char *const names[SOURCES] = {"source0", "source1", "source2"};
	outsider outsiders[THREADS];
	maiko_actor_id id;
	maiko_monitor *monitor;
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.moved = saw_moved}, NULL, &monitor));
	ok(maiko_add(sup, mover, "mover", .mailbox = 256, .ret_id = &id));
	ok(maiko_add(sup, judge, "judge"));
	for (uint32_t i = 0; i < SOURCES; i++)
		ok(maiko_add(sup, source, names[i], .init = &(source){.number = i, .count = each}));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < THREADS; i++) {
		outsiders[i] = (outsider){.sup = sup, .number = SOURCES + i, .count = each};
		ok(uv_thread_create(&outsiders[i].thread, outsider_main, &outsiders[i]));
	}
	uint64_t asked = 0, done = 0;
	for (uint32_t to = 0; atomic_load(&arrived) < (uint64_t)each * SENDERS; to++, asked++) {
		int rc = maiko_move(sup, id, to % workers + 1);
		assert_true(rc == 0 || rc == MAIKO_EBUSY);
		done += rc == 0;
	}
	for (uint32_t i = 0; i < THREADS; i++)
		uv_thread_join(&outsiders[i].thread);
	assert_true(done > 0);
	assert_int_equal(test_finish(sup).handled, (uint64_t)each * SENDERS * 2);
	if (workers == 1)
		assert_int_equal(atomic_load(&moved), 0); /* it was there already */
	else
		assert_true(atomic_load(&moved) > 1);
}

TEST_WORKERS(an_actor_moves_while_a_million_events_flow_to_it) { move_while_events_flow(workers, EACH); }

/* ---- what comes along ----------------------------------------------------------------------- */

/* Ticks at known times, and sends later. */
typedef struct clock_actor {
	uint64_t began_ns, ticks;
} clock_actor;
static maiko_next clock_actor_tick(clock_actor *self, maiko_ctx *ctx)
{
	if (self->ticks == 0) {
		self->began_ns = maiko_now(ctx);
		expect(maiko_send_after_ms(ctx, 250, NULL, poke, .what = 1) == 0);
	} else {
		expect(maiko_now(ctx) == self->began_ns + self->ticks * 100000000);
	}
	self->ticks++;
	return maiko_after_ms(100);
}
MAIKO_ACTOR(clock_actor, MAIKO_TICK(clock_actor_tick));

TEST_LISTENER(listener, poke);

TEST_SIM(a_tick_keeps_its_time_and_what_is_sent_later_comes_when_it_was_to)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, clock_actor, "clock", .ret_id = &id));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 9; i++) {
		ok(maiko_move(sup, id, i % workers + 1));
		ok(maiko_sim_advance(maiko_sim_of(sup), 70));
		expect_heard_count("listener", poke, i < 3 ? 0 : 1); /* at 250 ms: after the fourth */
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "clock")->ticks, 7);
	test_release(sup);
}

/* Sends pokes as fast as it may. */
typedef struct pusher {
	uint32_t n, count;
} pusher;
static maiko_next pusher_tick(pusher *self, maiko_ctx *ctx)
{
	for (; self->n < self->count; self->n++)
		if (maiko_send(ctx, poke, .what = self->n) != 0)
			return maiko_when_sendable();
	return maiko_never();
}
MAIKO_ACTOR(pusher, MAIKO_TICK(pusher_tick));

TEST_LISTENER(slow, poke);

/* What it heard grows, and without a gap if it is `all`. */
static void expect_growing(bool all, uint64_t handled)
{
	size_t count;
	const uint64_t *heard = test_heard_values("slow", &count);
	assert_int_equal(count, handled);
	for (size_t i = 0; i < count; i++)
		assert_true(all ? heard[i] == i : i == 0 || heard[i] > heard[i - 1]);
}

static uint64_t move_both(uint32_t workers, maiko_overflow overflow, uint32_t count)
{
	maiko_actor_id id, from;
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, slow, "slow", .mailbox = 4, .overflow = overflow, .ret_id = &id));
	ok(maiko_add(sup, pusher, "pusher", .init = &(pusher){.count = count}, .ret_id = &from));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 24; i++) {
		ok(maiko_move(sup, id, i % workers + 1));
		for (uint32_t k = 0; k < i && maiko_sim_step(maiko_sim_of(sup)) == 1; k++)
			;
		ok(maiko_move(sup, from, i / 2 % workers + 1));
	}
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, count);
	expect_growing(overflow == MAIKO_BLOCK, total.handled);
	assert_int_equal(total.handled + total.dropped, count);
	return total.dropped;
}

TEST_SIM(a_full_mailbox_moves_and_so_does_one_that_it_mutes)
{
	assert_int_equal(move_both(workers, MAIKO_BLOCK, 300), 0);
}

TEST_SIM(what_a_full_mailbox_drops_is_counted_across_moves)
{
	uint64_t newest = move_both(workers, MAIKO_DROP_NEWEST, 300);
	uint64_t oldest = move_both(workers, MAIKO_DROP_OLDEST, 300);
	uint64_t latest = move_both(workers, MAIKO_KEEP_LATEST, 300);
	if (workers == 1) { /* all are sent in one tick, to a mailbox of four */
		assert_int_equal(newest, 296);
		assert_int_equal(oldest, 296);
		assert_int_equal(latest, 299);
	}
}

/* Has asked for its worker's loop: what libuv does for it there comes back there. */
typedef struct looper {
	struct uv_loop_s *loop;
} looper;
static int looper_on_poke(looper *self, const poke *ev, maiko_ctx *ctx)
{
	self->loop = maiko_loop(ctx);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(looper, MAIKO_ON(poke, looper_on_poke));

TEST_WORKERS(one_that_has_asked_for_its_loop_stays)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, looper, "looper", .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_move(sup, id, workers));
	ok(maiko_send(sup, poke, .what = 1));
	test_wait_for(&handled, 1);
	assert_int_equal(maiko_move(sup, id, 1), workers == 1 ? 0 : MAIKO_EBUSY);
	test_finish(sup);
}

/* ---- moves that something comes between ------------------------------------------------------ */

PER_TEST _Atomic(uint64_t) asked, done_calls, done_well;

static void note_done(void *arg, const maiko_completion *completion)
{
	expect(arg == &done_calls && completion->change == MAIKO_CHANGE_MOVE && completion->topic == NULL);
	atomic_fetch_add(&done_well, completion->status == 0);
	atomic_fetch_add(&done_calls, 1);
}

/* Asks to be moved at each poke, and is told each time. */
typedef struct wanderer {
	uint32_t workers, told, n;
} wanderer;
static int wanderer_on_poke(wanderer *self, const poke *ev, maiko_ctx *ctx)
{
	int rc = maiko_move(ctx, maiko_self(ctx), ++self->n % self->workers + 1, .done = note_done,
			    .done_arg = &done_calls);
	atomic_fetch_add(&asked, rc == 0);
	expect(rc == 0 || rc == MAIKO_ESHUTDOWN);
	atomic_fetch_add(&handled, 1);
	return 0;
}
/* Nobody sends it; of the topic of items it ignores the rest. */
typedef struct other_item {
	uint32_t n;
} other_item;
MAIKO_EVENT(other_item, items, n);
static int wanderer_on_other_item(wanderer *self, const other_item *ev, maiko_ctx *ctx) { return 0; }
static int wanderer_on_done(wanderer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->actor == maiko_self(ctx));
	self->told++;
	return 0;
}
MAIKO_ACTOR(wanderer, MAIKO_ON(poke, wanderer_on_poke), MAIKO_ON(other_item, wanderer_on_other_item),
	    MAIKO_ON_DONE(wanderer_on_done));

static maiko_supervisor *with_wanderer(uint32_t workers, maiko_actor_id *ret_id)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, wanderer, "wanderer", .topics = MAIKO_TOPICS(pokes), .init = &(wanderer){.workers = workers},
		     .ret_id = ret_id));
	ok(maiko_start(sup));
	return sup;
}

static void stop_while_it_moves(uint32_t workers, uint32_t pokes)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_wanderer(workers, &id);
	for (uint32_t i = 0; i < pokes; i++)
		ok(maiko_send(sup, poke, .what = i));
	assert_int_equal(test_finish(sup).handled, pokes);
	assert_int_equal(atomic_load(&done_calls), atomic_load(&asked)); /* each was told once */
}

TEST_SIM(a_stop_while_actors_move) { stop_while_it_moves(workers, 20); }
TEST_WORKERS(a_stop_while_actors_move_on_threads)
{
	for (int i = 0; i < 20; i++)
		stop_while_it_moves(workers, 100);
}

TEST_SIM(one_that_moves_is_removed)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_wanderer(workers, &id);
	for (uint32_t i = 0; i < 5; i++)
		ok(maiko_send(sup, poke, .what = i));
	test_wait_for(&handled, 1);
	ok(maiko_remove(sup, id));
	returns(maiko_move(sup, id, 1), MAIKO_ENOENT);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled + total.dead, 5);
	assert_int_equal(atomic_load(&done_calls), atomic_load(&asked));
}

TEST_SIM(one_that_moves_subscribes_and_leaves)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_wanderer(workers, &id);
	for (uint32_t i = 0; i < 12; i++) {
		ok(maiko_send(sup, poke, .what = i));
		if (i % 4 == 0)
			ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)));
		if (i % 4 == 2)
			ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)));
		ok(maiko_send(sup, item, .source = 0, .n = i));
	}
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 12);
	assert_int_equal(total.ignored + total.dead, 6);
	assert_int_equal(atomic_load(&done_calls), atomic_load(&asked));
}

/* On hold for a second: so what comes is queued, and moves with it. */
typedef struct rester {
	uint32_t next;
	bool rested;
} rester;
static int rester_on_start(rester *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next rester_tick(rester *self, maiko_ctx *ctx)
{
	if (!self->rested) {
		self->rested = true;
		return maiko_after_ms(1000);
	}
	expect(maiko_unhold(ctx) == 0);
	return maiko_never();
}
static int rester_on_poke(rester *self, const poke *ev, maiko_ctx *ctx)
{
	expect(ev->what == self->next++);
	return 0;
}
MAIKO_ACTOR(rester, MAIKO_ON_START(rester_on_start), MAIKO_TICK(rester_tick), MAIKO_ON(poke, rester_on_poke));

/* Returns the number of allocations. */
static uint64_t move_queued(maiko_supervisor *sup, maiko_actor_id id, uint32_t to)
{
	uint64_t before = test_allocator_count();
	ok(maiko_move(sup, id, to));
	return test_allocator_count() - before;
}

TEST_SIM(a_queued_event_that_moves_again_is_not_copied_again)
{
	enum { QUEUED = 200, MORE = 5 };
	maiko_actor_id id;
	int64_t before = test_allocator_living();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, pusher, "pusher", .worker = 1, .init = &(pusher){.count = QUEUED}));
	ok(maiko_add(sup, rester, "rester", .worker = 1, .ret_id = &id));
	ok(maiko_add(sup, slow, "slow")); /* it refers to the same events */
	ok(maiko_start(sup));
	ok(maiko_sim_advance(maiko_sim_of(sup), 1));
	uint64_t first = move_queued(sup, id, workers);
	for (uint32_t i = 0; i < MORE; i++)
		ok(maiko_send(sup, poke, .what = QUEUED + i));
	uint64_t back = move_queued(sup, id, 1), again = move_queued(sup, id, workers);
	if (workers != 1)
		assert_true(first >= QUEUED && back < QUEUED / 2 && again < QUEUED / 2);
	ok(maiko_sim_advance(maiko_sim_of(sup), 1000));
	assert_int_equal(test_finish(sup).handled, 2 * (QUEUED + MORE));
	assert_int_equal(test_allocator_living(), before);
}

/* Keeps its worker while the gate is shut. */
PER_TEST _Atomic(bool) gate;
typedef struct porter {
	int unused;
} porter;
static int porter_on_item(porter *self, const item *ev, maiko_ctx *ctx)
{
	atomic_store(&overlap, 1);
	while (!atomic_load(&gate))
		sched_yield();
	return 0;
}
MAIKO_ACTOR(porter, MAIKO_ON(item, porter_on_item));

/* ---- without memory ----------------------------------------------------------------------------- */

TEST_WORKERS(without_memory_it_stays_or_what_is_lost_is_counted)
{
	enum { POKES = 10 };
	maiko_actor_id id;
	for (uint64_t n = 0, done = 0; done == 0; n++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, slow, "slow", .worker = 1, .ret_id = &id));
		ok(maiko_add(sup, porter, "porter", .worker = 1));
		ok(maiko_start(sup));
		ok(maiko_send(sup, item, .n = 0));
		test_wait_for(&overlap, 1); /* its worker is held up: so pokes wait in the mailbox */
		for (uint32_t i = 0; i < POKES; i++)
			ok(maiko_send(sup, poke, .what = i));
		maiko_change_options o = {.done = note_done, .done_arg = &done_calls};
		test_allocator_fail_at(n, true);
		atomic_store(&gate, true);
		int rc = maiko_supervisor_move(sup, id, workers, &o);
		done = rc == 0 && !test_allocator_has_failed();
		test_allocator_fail_never();
		assert_true(rc == 0 || rc == MAIKO_ENOMEM);
		maiko_counts total = test_finish(sup);
		assert_int_equal(total.deliveries, POKES + 1);
		assert_int_equal(total.handled + total.no_memory, POKES + 1);
		expect_growing(false, test_heard_count("slow", "poke"));
	}
}

/* ---- what is refused ------------------------------------------------------------------------ */

typedef struct keeper {
	const poke *kept;
} keeper;
static int keeper_on_poke(keeper *self, const poke *ev, maiko_ctx *ctx)
{
	if (self->kept != NULL) {
		expect(maiko_release(ctx, self->kept) == 0);
		self->kept = NULL;
	} else {
		expect(maiko_keep(ctx, ev) == 0);
		self->kept = ev;
	}
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON(poke, keeper_on_poke));

TEST_SIM(one_that_keeps_an_event_stays_until_it_lets_go)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, keeper, "keeper", .worker = 1, .ret_id = &id));
	returns(maiko_move(sup, id, 1), MAIKO_ESTATE); /* before the start */
	ok(maiko_start(sup));
	ok(maiko_send(sup, poke, .what = 1));
	test_wait_for(&handled, 1);
	assert_int_equal(maiko_move(sup, id, workers), workers == 1 ? 0 : MAIKO_EBUSY);
	ok(maiko_send(sup, poke, .what = 2));
	test_wait_for(&handled, 2);
	ok(maiko_move(sup, id, workers));
	returns(maiko_move(sup, id, 0), MAIKO_EINVAL);
	returns(maiko_move(sup, id, workers + 1), MAIKO_EINVAL);
	returns(maiko_move(sup, id + 100, 1), MAIKO_ENOENT);
	returns(maiko_supervisor_move(NULL, id, 1, NULL), MAIKO_EINVAL);
	returns(maiko_ctx_move(NULL, id, 1, NULL), MAIKO_EINVAL);
	returns(maiko_move(sup, id, 1, .overflow = (maiko_overflow)99), MAIKO_EINVAL);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "keeper")->worker, workers);
	returns(maiko_move(sup, id, 1), MAIKO_ESHUTDOWN);
	test_release(sup);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
