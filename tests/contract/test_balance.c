/*
 * Actors spread over the workers by themselves: from one that has too much to do to one that
 * has room. What is chatty stays together, what is pinned stays, and nothing is lost or
 * reordered on the way (C1, C2).
 */
#include "support.h"

#include <uv.h>

enum { BUSY = 8, WORKERS = 2 };

PER_TEST _Atomic(uint64_t) moved, rounds, ticks, ticks_on[WORKERS + 1];
PER_TEST _Atomic(bool) over;

static void saw_moved(void *arg, const maiko_observation *observation) { atomic_fetch_add(&moved, 1); }

static void saw_tick(void *arg, const maiko_observation *observation)
{
	atomic_fetch_add(&ticks, 1);
	atomic_fetch_add(&ticks_on[observation->worker], 1);
}

static maiko_supervisor *watched(const maiko_options *options)
{
	maiko_supervisor *sup = NULL;
	maiko_monitor *monitor;
	test_begin();
	ok(maiko_supervisor_new(&sup, options));
	ok(maiko_monitor_add(sup, &(maiko_hooks){.moved = saw_moved, .tick_entered = saw_tick}, NULL, &monitor));
	return sup;
}

/* ---- eight that are busy, on one worker --------------------------------------------------------- */

typedef struct toiler {
	bool idle;
} toiler;
static maiko_next toiler_tick(toiler *self, maiko_ctx *ctx)
{
	if (self->idle || atomic_load(&over))
		return maiko_never();
	for (uint64_t until = uv_hrtime() + 20000; uv_hrtime() < until;)
		;
	return maiko_again();
}
MAIKO_ACTOR(toiler, MAIKO_TICK(toiler_tick));

/* They are placed in turn, so every other one comes to the first worker: the busy ones. */
static maiko_supervisor *with_toilers(const maiko_options *options, uint32_t worker)
{
	maiko_supervisor *sup = watched(options);
	for (uint32_t i = 0; i < BUSY * WORKERS; i++) {
		toiler how = {.idle = i % WORKERS != 0};
		ok(maiko_add(sup, toiler, test_name("toiler", i), .init = &how, .worker = how.idle ? 0 : worker));
	}
	ok(maiko_start(sup));
	return sup;
}

static void finish(maiko_supervisor *sup)
{
	atomic_store(&over, true);
	test_finish(sup);
}

TEST_ONCE(both_workers_get_their_share)
{
	maiko_supervisor *sup = with_toilers(&(maiko_options){.workers = WORKERS}, 0);
	test_wait_for(&moved, 1); /* how many depends on what they took: each keeps a worker busy by itself */
	test_wait_for(&ticks_on[2], 500);
	finish(sup);
}

TEST_ONCE(what_is_pinned_stays)
{
	maiko_supervisor *sup = with_toilers(&(maiko_options){.workers = WORKERS}, 1);
	test_wait_for(&ticks, 5000);
	finish(sup);
	assert_int_equal(atomic_load(&moved), 0);
}

TEST_ONCE(nothing_moves_if_it_is_not_wanted)
{
	maiko_supervisor *sup = with_toilers(&(maiko_options){.workers = WORKERS, .no_balance = true}, 0);
	test_wait_for(&ticks, 5000);
	finish(sup);
	assert_int_equal(atomic_load(&moved), 0);
}

/* ---- a chatty pair --------------------------------------------------------------------------------- */

typedef struct ball {
	uint64_t n;
} ball;
typedef ball ping;
typedef ball pong;
MAIKO_TOPIC(pings);
MAIKO_TOPIC(pongs);
MAIKO_EVENT(ping, pings, n);
MAIKO_EVENT(pong, pongs, n);

typedef struct player {
	int unused;
} player;
static int player_on_ping(player *self, const ping *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, pong, .n = ev->n + 1);
}
MAIKO_ACTOR(player, MAIKO_ON(ping, player_on_ping));

typedef struct server {
	int unused;
} server;
static int server_on_start(server *self, maiko_ctx *ctx) { return maiko_send(ctx, ping, .n = 0); }
static int server_on_pong(server *self, const pong *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&rounds, 1);
	return atomic_load(&over) ? 0 : maiko_send(ctx, ping, .n = ev->n + 1);
}
MAIKO_ACTOR(server, MAIKO_ON_START(server_on_start), MAIKO_ON(pong, server_on_pong));

TEST_ONCE(a_chatty_pair_stays_together)
{
	maiko_supervisor *sup = watched(&(maiko_options){.workers = WORKERS});
	ok(maiko_add(sup, server, "server"));
	ok(maiko_add(sup, toiler, "nobody", .init = &(toiler){.idle = true}));
	ok(maiko_add(sup, player, "player"));
	ok(maiko_start(sup));
	test_wait_for(&rounds, 1000000);
	finish(sup);
	assert_int_equal(atomic_load(&moved), 0);
}
