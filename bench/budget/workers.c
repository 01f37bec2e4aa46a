/*
 * workers.c - costs that grow with the number of workers and with the traffic between two of them: operations like
 * those of bench/growth, but with workers that have no threads (cross.c), so that each count is the same.
 */
#include "workers.h"

#include "runtime/callback.h"
#include "sim/step.h"
#include "sched/turn.h"

#include <stdio.h>

typedef struct go {
	uint32_t round;
} go;
typedef struct parcel {
	uint32_t round;
} parcel;
MAIKO_TOPIC(starts);
MAIKO_TOPIC(parcels);
MAIKO_EVENT(go, starts, round);
MAIKO_EVENT(parcel, parcels, round);

static uint64_t heard;

typedef struct receiver {
	uint32_t rounds;
} receiver;
static int receiver_on_go(receiver *self, const go *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->rounds = ev->round;
	heard++;
	return 0;
}
static int receiver_on_parcel(receiver *self, const parcel *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->rounds = ev->round;
	heard++;
	return 0;
}
typedef receiver listener;
MAIKO_ACTOR(listener, MAIKO_ON(go, receiver_on_go));
MAIKO_ACTOR(receiver, MAIKO_ON(parcel, receiver_on_parcel));

typedef struct sender {
	uint32_t rounds;
} sender;
static int sender_on_go(sender *self, const go *ev, maiko_ctx *ctx)
{
	self->rounds = ev->round;
	return maiko_send(ctx, parcel, .round = ev->round);
}
MAIKO_ACTOR(sender, MAIKO_ON(go, sender_on_go));

/* ---- workers without threads ---- */

static mk_sup *sup;

/* Takes a turn of each worker from the first to the last; returns whether any has more to do. */
static bool take_turns(uint32_t first, uint32_t last)
{
	bool more = false;
	mk_hosting++; /* no call in a turn may wait */
	for (uint32_t i = first; i <= last; i++)
		more |= mk_worker_turn(mk_worker_at(sup, i));
	for (uint32_t i = first; i <= last; i++)
		more |= mk_worker_has_input(mk_worker_at(sup, i));
	mk_hosting--;
	return more;
}

static void wait_for_workers(void *arg, uint64_t until_ns)
{
	(void)arg;
	(void)until_ns;
	take_turns(0, sup->options.workers - 1);
}

static int open_workers(uint32_t workers)
{
	static mk_seam seam = {.simulated = true, .wait = wait_for_workers, .thread = 1, .seed = 1};
	seam.owner = uv_thread_self();
	return mk_supervisor_simulated(&sup, &(maiko_options){.workers = workers, .channel = 64}, &seam);
}

static int until_heard(uint64_t least)
{
	while (heard < least)
		if (!take_turns(0, sup->options.workers - 1) && heard < least)
			return MAIKO_EBROKEN;
	return 0;
}

static const char *name_of(uint32_t i)
{
	static char name[16];
	snprintf(name, sizeof name, "a%u", i);
	return name;
}

/* ---- an event to a subscriber on each of n other workers ---- */

static int prepare_fan(uint32_t n)
{
	int rc = open_workers(n + 1);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(sup, listener, name_of(i), .worker = i + 2);
	return rc == 0 ? maiko_start(sup) : rc;
}

static int run_fan(uint32_t n, uint64_t *ret_done)
{
	enum { ROUNDS = 64 };
	int rc = 0;
	for (uint32_t round = 0; rc == 0 && round < ROUNDS; round++) {
		rc = maiko_send(sup, go, .round = round);
		if (rc == 0)
			rc = until_heard((uint64_t)(round + 1) * n);
	}
	*ret_done = heard;
	return rc;
}

/* ---- moving one of n actors ---- */

static int move_one(uint32_t i)
{
	maiko_actor_id id;
	int rc = maiko_find(sup, name_of(i), &id);
	return rc == 0 ? maiko_move(sup, id, 2) : rc;
}

static int prepare_moves(uint32_t n)
{
	int rc = open_workers(2);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(sup, listener, name_of(i), .worker = 1);
	if (rc == 0)
		rc = maiko_start(sup);
	return rc == 0 ? move_one(0) : rc; /* the first migration creates an index of the topic's subscribers */
}

static int run_moves(uint32_t n, uint64_t *ret_done)
{
	enum { MOST = 64 };
	int rc = 0;
	for (uint32_t i = 1; rc == 0 && i < n && i < MOST; i++, ++*ret_done)
		rc = move_one(i);
	return rc;
}

/* ---- a full channel that mutes n senders, and releases them ---- */

static int prepare_held(uint32_t n)
{
	int rc = open_workers(2);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(sup, sender, name_of(i), .worker = 1);
	if (rc == 0)
		rc = maiko_add(sup, receiver, "receiver", .worker = 2, .mailbox = 65536);
	return rc == 0 ? maiko_start(sup) : rc;
}

static int run_held(uint32_t n, uint64_t *ret_done)
{
	int rc = maiko_send(sup, go, .round = 1);
	while (rc == 0 && take_turns(0, 0)) /* the first worker alone: its channel fills up */
		;
	rc = rc == 0 ? until_heard(n) : rc;
	*ret_done = heard;
	return rc;
}

const growth_operation growth_workers[] = {{"worker", prepare_fan, run_fan, MAIKO_WORKERS_MAX - 1},
					   {"move", prepare_moves, run_moves, 0},
					   {"channel-mute", prepare_held, run_held, 0},
					   {.name = NULL}};
