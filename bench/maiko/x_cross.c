/*
 * x_cross.c - X: the throughput of events from one worker to another.
 */
#include "workloads.h"

enum { EVENTS = 8000000, BATCH = 512 };

typedef struct parcel {
	uint64_t seq, value;
} parcel;
MAIKO_TOPIC(parcels);
MAIKO_EVENT(parcel, parcels, seq, value);

static uint64_t events;

typedef struct shipper {
	uint64_t sent;
} shipper;

static maiko_next shipper_tick(shipper *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		run_begins();
	for (int i = 0; i < BATCH && self->sent < events; i++, self->sent++)
		if (maiko_send(ctx, parcel, .seq = self->sent) != 0)
			return maiko_when_sendable();
	return self->sent < events ? maiko_again() : maiko_never();
}

typedef struct receiver {
	uint64_t handled;
} receiver;

static int receiver_on_parcel(receiver *self, const parcel *ev, maiko_ctx *ctx)
{
	(void)ctx;
	bench_check(ev->seq == self->handled, "out of order");
	if (++self->handled == events)
		run_ends();
	return 0;
}

MAIKO_ACTOR(shipper, MAIKO_TICK(shipper_tick));
MAIKO_ACTOR(receiver, MAIKO_ON(parcel, receiver_on_parcel));

static int add(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, shipper, "shipper", .worker = 1);
	return rc != 0 ? rc : maiko_add(sup, receiver, "receiver", .worker = 2);
}

static bool run(const bench_variant *v)
{
	events = bench_scaled(EVENTS, 1);
	if (!run_supervisor(&(run_plan){.options.workers = v->workers, .add = add, .handled = events}))
		return false;
	bench_figure("event", "ns", run_ns() / (double)events);
	return true;
}

const bench_variant cross_variants[] = {{"X/event", run, .workers = 2}, {.name = NULL}};
