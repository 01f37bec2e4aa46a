/*
 * C15, C14: several supervisors in one process, very many actors, and none of them in
 * the way when there is nothing to do.
 */
#include "support.h"

#include <sys/resource.h>
#include <time.h>
#include <uv.h>

enum { ACTORS = 10000, ROUNDS = 3, BALLS = 8, HOPS = 20000, QUIET_MS = 300 };

typedef struct ball {
	uint32_t hops;
} ball;
typedef struct call {
	uint32_t n;
} call;
MAIKO_TOPIC(balls);
MAIKO_TOPIC(calls);
MAIKO_EVENT(ball, balls, hops);
MAIKO_EVENT(call, calls, n);

PER_TEST _Atomic(uint64_t) hops, refused, starts, stops, handled;

/* ---- two that play with each other ---- */

typedef struct player {
	maiko_supervisor *other;
	uint32_t pending; /* balls that the other side could not accept yet */
} player;

/* Never waits: what cannot be taken now is tried again from the tick. */
static void player_throw(player *self)
{
	while (self->pending > 0) {
		int rc = maiko_send(self->other, ball, .hops = 1);
		if (rc == MAIKO_ESHUTDOWN)
			self->pending = 0;
		expect(rc == 0 || rc == MAIKO_EAGAIN || rc == MAIKO_ESHUTDOWN);
		if (rc != 0) {
			atomic_fetch_add(&refused, 1);
			return;
		}
		self->pending--;
	}
}

static int player_on_ball(player *self, const ball *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&hops, 1);
	self->pending++;
	player_throw(self);
	return 0;
}

static maiko_next player_tick(player *self, maiko_ctx *ctx)
{
	player_throw(self);
	return self->pending > 0 ? maiko_after_ms(1) : maiko_after_events();
}

MAIKO_ACTOR(player, MAIKO_ON(ball, player_on_ball), MAIKO_TICK(player_tick));

TEST_WORKERS(two_supervisors_send_to_each_other)
{
	maiko_supervisor *sups[2] = {NULL, NULL};
	maiko_options options = {.workers = workers, .external_credit = 4};
	for (int i = 0; i < 2; i++)
		ok(maiko_supervisor_new(&sups[i], &options));
	for (int i = 0; i < 2; i++) {
		ok(maiko_add(sups[i], player, "player", .init = &(player){.other = sups[1 - i]}));
		ok(maiko_start(sups[i]));
	}
	for (uint32_t i = 0; i < BALLS; i++)
		ok(maiko_send(sups[i % 2], ball, .hops = 0));
	test_wait_for(&hops, HOPS);
	/* Both at once: each is sent to by the other until its own end. */
	for (int i = 0; i < 2; i++)
		ok(maiko_stop_begin(sups[i], NULL, NULL, NULL));
	uint64_t handled = test_stop(sups[0])->total.handled;
	handled += test_stop(sups[1])->total.handled;
	assert_int_equal(handled, atomic_load(&hops));
	for (int i = 0; i < 2; i++)
		test_release(sups[i]);
}

/* ---- ten thousand ---- */

typedef struct one {
	uint32_t number;
} one;

static int one_on_start(one *self, maiko_ctx *ctx)
{
	/* in the order added, and so in the reverse of it below */
	expect(atomic_fetch_add(&starts, 1) == self->number);
	return 0;
}

static int one_on_call(one *self, const call *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&handled, 1);
	return 0;
}

static int one_on_stop(one *self, maiko_ctx *ctx)
{
	expect(atomic_fetch_add(&stops, 1) == ACTORS - 1 - self->number);
	return 0;
}

MAIKO_ACTOR(one, MAIKO_ON_START(one_on_start), MAIKO_ON(call, one_on_call), MAIKO_ON_STOP(one_on_stop));

TEST_WORKERS(ten_thousand_actors_start_hear_and_stop)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < ACTORS; i++)
		ok(maiko_add(sup, one, test_name("one", i), .init = &(one){i}));
	ok(maiko_start(sup));
	assert_int_equal(atomic_load(&starts), 10000);
	for (uint32_t i = 0; i < ROUNDS; i++)
		ok(maiko_send(sup, call, .n = i));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 30000);
	assert_int_equal(atomic_load(&stops), 10000);
}

TEST_WORKERS(supervisors_come_and_go)
{
	for (int i = 0; i < 30; i++) {
		test_begin();
		maiko_supervisor *sups[3];
		for (int k = 0; k < 3; k++) {
			sups[k] = test_supervisor(workers);
			ok(maiko_add(sups[k], player, "player"));
			ok(maiko_start(sups[k]));
		}
		for (int k = 0; k < 3; k++)
			ok(maiko_send(sups[k], call, .n = 1));
		for (int k = 0; k < 3; k++)
			test_finish(sups[(k + i) % 3]);
	}
}

/* ---- nothing to do ---- */

typedef struct alarm_clock {
	uv_sem_t *rings;
	bool set;
} alarm_clock;

static maiko_next alarm_clock_tick(alarm_clock *self, maiko_ctx *ctx)
{
	if (self->set)
		uv_sem_post(self->rings);
	self->set = true;
	return maiko_after_ms(QUIET_MS);
}

MAIKO_ACTOR(alarm_clock, MAIKO_TICK(alarm_clock_tick));

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t switches(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_nvcsw;
}

/* Between two rings of an alarm clock, only what the clock needs happens. */
TEST_WORKERS(an_idle_supervisor_uses_no_processor)
{
	uv_sem_t rings;
	ok(uv_sem_init(&rings, 0));
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 100; i++)
		ok(maiko_add(sup, player, test_name("player", i)));
	ok(maiko_add(sup, alarm_clock, "alarm", .init = &(alarm_clock){.rings = &rings}));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 1000; i++)
		ok(maiko_send(sup, call, .n = i));
	uv_sem_wait(&rings);
	uint64_t cpu_before = cpu_ns(), switches_before = switches();
	uv_sem_wait(&rings);
	uint64_t cpu = cpu_ns() - cpu_before, woken = switches() - switches_before;
	assert_true(woken <= 10);
	assert_true(cpu <= (uint64_t)QUIET_MS * 1000000 / 10);
	test_finish(sup);
	uv_sem_destroy(&rings);
}
