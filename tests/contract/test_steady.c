/*
 * In the steady state an event that stays on its worker costs no allocation.
 */
#include "support.h"

enum { WARM = 20000, COUNTED = 100000, HOPS = WARM + COUNTED };

typedef struct ball {
	uint32_t hops;
} ball;
MAIKO_TOPIC(court);
MAIKO_EVENT(ball, court, hops);

PER_TEST _Atomic(uint64_t) first, last, finished, heard;

static void note(uint32_t hops)
{
	if (hops == WARM)
		atomic_store(&first, test_allocator_count());
	if (hops == HOPS) {
		atomic_store(&last, test_allocator_count());
		atomic_fetch_add(&finished, 1);
	}
}

typedef struct player {
	int unused;
} player;

static int player_on_ball(player *self, const ball *ev, maiko_ctx *ctx)
{
	note(ev->hops);
	return ev->hops < HOPS ? maiko_send(ctx, ball, .hops = ev->hops + 1) : 0;
}
MAIKO_ACTOR(player, MAIKO_ON(ball, player_on_ball));

static void end(maiko_supervisor *sup)
{
	test_wait_for(&finished, 1);
	test_finish(sup);
	assert_true(atomic_load(&first) > 0);
	assert_int_equal(atomic_load(&last) - atomic_load(&first), 0);
}

/* The ball comes in from outside, to both; each answers: two balls fly from then on. */
TEST_WORKERS(a_ball_between_two_costs_no_allocation)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, player, "one", .worker = 1));
	ok(maiko_add(sup, player, "two", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, ball));
	end(sup);
}

/* ---- a fan-out under each policy, in pieces that have been heard before the next ------------- */

typedef struct note_of {
	uint32_t n;
	char text[100];
} note_of;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note_of, notes, n, text);

typedef struct crier {
	uint32_t n;
} crier;

static maiko_next crier_tick(crier *self, maiko_ctx *ctx)
{
	if (atomic_load(&heard) < 3 * (uint64_t)self->n) /* all but who keeps the latest: no mailbox grows */
		return maiko_again();
	for (int i = 0; i < 50 && self->n < HOPS; i++) {
		int rc = maiko_send(ctx, note_of, .n = self->n + 1, .text = "hear");
		if (rc == MAIKO_EAGAIN)
			break;
		if (rc != 0)
			return maiko_failed(rc);
		note(++self->n);
	}
	return self->n < HOPS ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(crier, MAIKO_TICK(crier_tick));

typedef struct listener {
	bool keeps_latest; /* and does not hear all */
} listener;

static int listener_on_note_of(listener *self, const note_of *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&heard, !self->keeps_latest);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(note_of, listener_on_note_of));

TEST_WORKERS(a_fan_out_costs_no_allocation)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "one", .worker = 1));
	ok(maiko_add(sup, listener, "two", .worker = 1));
	ok(maiko_add(sup, listener, "three", .worker = 1, .overflow = MAIKO_DROP_OLDEST));
	ok(maiko_add(sup, listener, "four", .worker = 1, .overflow = MAIKO_KEEP_LATEST, .init = &(listener){true}));
	ok(maiko_add(sup, crier, "crier", .worker = 1));
	ok(maiko_start(sup));
	end(sup);
	assert_int_equal(atomic_load(&heard), 3 * HOPS);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
