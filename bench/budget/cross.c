/*
 * cross.c - an event from one worker to another, with the same instruction count in each run.
 *
 * The workers are real, with their channel, but have no threads. As in a simulation (step.h) the
 * calling thread drives them, but by whole turns (turn.h), alternately. So the whole path is
 * counted except sleeping and waking up.
 */
#include "budget.h"

#include "runtime/callback.h"
#include "sim/step.h"
#include "sched/turn.h"

enum { BATCH = 512, WORKERS = 2 };

typedef struct parcel {
	uint64_t seq, value;
} parcel;
typedef struct receipt {
	uint64_t count;
} receipt;
MAIKO_TOPIC(parcels);
MAIKO_TOPIC(receipts);
MAIKO_EVENT(parcel, parcels, seq, value);
MAIKO_EVENT(receipt, receipts, count);

/* Sends a batch, and the next batch when it has been received. */
typedef struct shipper {
	uint64_t sent;
} shipper;
static int ship(shipper *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < BATCH; i++)
		rc = maiko_send(ctx, parcel, .seq = self->sent++);
	return rc;
}
static maiko_next shipper_tick(shipper *self, maiko_ctx *ctx)
{
	int rc = ship(self, ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}
static int shipper_on_receipt(shipper *self, const receipt *ev, maiko_ctx *ctx)
{
	return ev->count == self->sent ? ship(self, ctx) : MAIKO_EBROKEN;
}

typedef struct receiver {
	uint64_t count;
} receiver;
static int receiver_on_parcel(receiver *self, const parcel *ev, maiko_ctx *ctx)
{
	if (ev->seq != self->count++)
		return MAIKO_EBROKEN;
	budget_handled_one();
	return self->count % BATCH == 0 ? maiko_send(ctx, receipt, .count = self->count) : 0;
}

MAIKO_ACTOR(shipper, MAIKO_TICK(shipper_tick), MAIKO_ON(receipt, shipper_on_receipt));
MAIKO_ACTOR(receiver, MAIKO_ON(parcel, receiver_on_parcel));

/* Takes a turn of each; false: neither has work left. */
static bool take_turns(mk_sup *sup)
{
	bool more = false;
	mk_hosting++; /* no call in a turn may wait */
	for (uint32_t i = 0; i < WORKERS; i++)
		more |= mk_worker_turn(mk_worker_at(sup, i));
	for (uint32_t i = 0; i < WORKERS; i++)
		more |= mk_worker_has_input(mk_worker_at(sup, i));
	mk_hosting--;
	return more;
}

static mk_sup *sup;

/* maiko_start waits for the workers, so this drives them. */
static void wait_for_workers(void *arg, uint64_t until_ns)
{
	(void)arg;
	(void)until_ns;
	take_turns(sup);
}

int budget_run_cross(void)
{
	mk_seam seam = {.simulated = true, .wait = wait_for_workers, .owner = uv_thread_self(), .thread = 1, .seed = 1};
	int rc = mk_supervisor_simulated(&sup, &(maiko_options){.workers = WORKERS}, &seam);
	if (rc == 0)
		rc = maiko_add(sup, shipper, "shipper", .worker = 1);
	if (rc == 0)
		rc = maiko_add(sup, receiver, "receiver", .worker = 2);
	if (rc == 0)
		rc = maiko_start(sup);
	while (rc == 0)
		rc = take_turns(sup) ? 0 : MAIKO_EBROKEN;
	return rc;
}
