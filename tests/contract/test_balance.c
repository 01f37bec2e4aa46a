/*
 * Actors spread over the workers by themselves: from one that has too much to do to one that
 * has room. What is chatty stays together, what is pinned stays, and nothing is lost or
 * reordered on the way (C1, C2).
 */
#include "support.h"

#include <sched.h>
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

/* All begin on the first worker; without balancing in turn, so that every other one, the busy ones, is there. */
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

/* With one core nothing is gained by another worker, and nothing moves. */
static bool has_cores(void)
{
	cpu_set_t cores;
	return sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) > 1;
}

static void finish(maiko_supervisor *sup)
{
	atomic_store(&over, true);
	test_finish(sup);
}

TEST_ONCE(both_workers_get_their_share)
{
	maiko_supervisor *sup = with_toilers(&(maiko_options){.workers = WORKERS}, 0);
	test_wait_for(&moved, has_cores()); /* how many depends on what they took: each keeps a worker busy by itself */
	test_wait_for(&ticks_on[2], has_cores() ? 500 : 0);
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

/* ---- one that is long in its callbacks, beside one that needs little --------------------------------- */

typedef struct hog {
	int unused;
} hog;
static maiko_next hog_tick(hog *self, maiko_ctx *ctx)
{
	for (uint64_t until = uv_hrtime() + 20000000; uv_hrtime() < until;)
		;
	return atomic_load(&over) ? maiko_never() : maiko_again();
}
MAIKO_ACTOR(hog, MAIKO_TICK(hog_tick));

PER_TEST _Atomic(uint64_t) beats;
typedef struct clock_ {
	int unused;
} clock_;
static maiko_next clock__tick(clock_ *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&beats, 1);
	return maiko_after_ms(1);
}
MAIKO_ACTOR(clock_, MAIKO_TICK(clock__tick));

/* The sum of their work does not change, but one waits for the other no longer. */
TEST_ONCE(one_with_long_callbacks_gets_a_worker_for_itself)
{
	maiko_supervisor *sup = watched(&(maiko_options){.workers = WORKERS});
	ok(maiko_add(sup, hog, "hog"));
	ok(maiko_add(sup, clock_, "clock"));
	ok(maiko_start(sup));
	test_wait_for(&moved, has_cores());
	uint64_t before = atomic_load(&beats);
	test_wait_for(&beats, before + 200);
	finish(sup);
}

/* ---- a ring --------------------------------------------------------------------------------------- */

enum { RING = 200 };
static const maiko_topic *places[RING];
PER_TEST _Atomic(uint64_t) laps;

typedef struct token {
	uint32_t at;
} token;
static const maiko_topic *token_topic(const token *ev) { return places[ev->at]; }
MAIKO_EVENT_ROUTED(token, token_topic, at);

typedef struct stop {
	uint32_t at;
} stop;
static int stop_on_token(stop *self, const token *ev, maiko_ctx *ctx)
{
	atomic_fetch_add_explicit(&laps, ev->at == 0, memory_order_relaxed);
	return atomic_load(&over) ? 0 : maiko_send(ctx, token, .at = (self->at + 1) % RING);
}
MAIKO_ACTOR(stop, MAIKO_ON(token, stop_on_token));

/* Events that have gone from one worker to another. */
static uint64_t between_workers(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	uint64_t sum = 0;
	ok(maiko_report(sup, &ledger));
	for (size_t i = 0; i < ledger->pair_count; i++)
		sum += ledger->pairs[i]->from == 0 ? 0 : ledger->pairs[i]->sent;
	maiko_ledger_free(ledger);
	return sum;
}

/* Where a hop takes microseconds a sample has only some of the hops, and a few more crossings cost nothing. */
#ifdef __SANITIZE_THREAD__
enum { CROSSINGS = RING };
#else
enum { CROSSINGS = 4 };
#endif

/* Two arcs: of 200 hops two go from one worker to the other. A wrong cut would be followed by better ones. */
TEST_ONCE(a_ring_lives_on_both_workers_in_two_arcs)
{
	maiko_supervisor *sup = watched(&(maiko_options){.workers = WORKERS});
	for (uint32_t i = 0; i < RING; i++) {
		maiko_subscription own[] = {{.topic = NULL}, {.topic = NULL}};
		ok(maiko_topic_named(sup, test_name("place", i), &places[i]));
		own[0].topic = places[i];
		ok(maiko_add(sup, stop, test_name("stop", i), .init = &(stop){i}, .topics = own));
	}
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < RING; i++)
		ok(maiko_send(sup, token, .at = i));
	test_wait_for(&moved, has_cores() ? RING / 4 : 0);
	uint64_t few = has_cores() ? 0 : 5;
	while (few < 5) {
		uint64_t lap = atomic_load(&laps), before = between_workers(sup);
		test_wait_for(&laps, lap + 1000);
		uint64_t crossed = between_workers(sup) - before, passed = atomic_load(&laps) - lap;
		few += crossed <= CROSSINGS * passed && crossed >= passed / 2;
	}
	finish(sup);
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

/* An exchange in which the extra cost of events between workers is most of the time. */
#ifndef __SANITIZE_THREAD__
TEST_ONCE(a_chatty_pair_that_was_moved_apart_comes_together_again)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched(&(maiko_options){.workers = WORKERS});
	ok(maiko_add(sup, server, "server"));
	ok(maiko_add(sup, player, "player", .ret_id = &id));
	ok(maiko_start(sup));
	test_wait_for(&rounds, 1000);
	ok(maiko_move(sup, id, WORKERS));
	test_wait_for(&moved, has_cores() ? 2 : 1);
	finish(sup);
}
#endif

/* ---- three stages for two workers --------------------------------------------------------------------- */

enum { STAGES = 3, BATCH = 64 };
static const maiko_topic *between[STAGES];

typedef struct piece {
	uint32_t stage;
} piece;
static const maiko_topic *piece_topic(const piece *ev) { return between[ev->stage]; }
MAIKO_EVENT_ROUTED(piece, piece_topic, stage);

typedef struct stage {
	uint32_t number;
} stage;
static int stage_on_piece(stage *self, const piece *ev, maiko_ctx *ctx)
{
	for (uint64_t until = uv_hrtime() + 5000; uv_hrtime() < until;)
		;
	return ev->stage + 1 == STAGES ? 0 : maiko_send(ctx, piece, .stage = self->number + 1);
}
MAIKO_ACTOR(stage, MAIKO_ON(piece, stage_on_piece));

typedef struct well {
	int unused;
} well;
static maiko_next well_tick(well *self, maiko_ctx *ctx)
{
	for (int i = 0; i < BATCH; i++)
		if (maiko_send(ctx, piece, .stage = 0) != 0)
			return maiko_when_sendable();
	return atomic_load(&over) ? maiko_never() : maiko_again();
}
MAIKO_ACTOR(well, MAIKO_TICK(well_tick));

/* One and a half for each: a stage goes to and fro. */
TEST_ONCE(of_three_equal_stages_both_workers_run_one_in_turns)
{
	maiko_supervisor *sup = watched(&(maiko_options){.workers = WORKERS});
	for (uint32_t i = 0; i < STAGES; i++) {
		maiko_subscription own[] = {{.topic = NULL}, {.topic = NULL}};
		ok(maiko_topic_named(sup, test_name("between", i), &between[i]));
		own[0].topic = between[i];
		ok(maiko_add(sup, stage, test_name("stage", i), .init = &(stage){i}, .topics = own));
	}
	ok(maiko_add(sup, well, "well"));
	ok(maiko_start(sup));
	test_wait_for(&moved, has_cores() ? 20 : 0);
	finish(sup);
}
