/*
 * look - a first look at speed on one worker: nanoseconds a hop of a pipeline, a delivery
 * of a fan-out, a round of ping-pong; 16-byte payloads, every feature on. The best of five
 * runs each, as one JSON object.
 *
 * The source of each sends by batches from a tick and yields in between, so that what is
 * measured is the steady state of mailboxes that neither overflow nor run dry.
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <uv.h>

enum {
	HOPS = 4,
	HOP_EVENTS = 2000000,
	FANOUT = 100,
	FAN_EVENTS = 200000,
	ROUNDS = 200000,
	BATCH = 512,
	FAN_BATCH = 64
};

typedef struct e0 {
	uint64_t a, b;
} e0;
typedef struct e1 {
	uint64_t a, b;
} e1;
typedef struct e2 {
	uint64_t a, b;
} e2;
typedef struct e3 {
	uint64_t a, b;
} e3;
MAIKO_TOPIC(t0);
MAIKO_TOPIC(t1);
MAIKO_TOPIC(t2);
MAIKO_TOPIC(t3);
MAIKO_EVENT(e0, t0, a, b);
MAIKO_EVENT(e1, t1, a, b);
MAIKO_EVENT(e2, t2, a, b);
MAIKO_EVENT(e3, t3, a, b);

static uint64_t started_ns, ended_ns, wanted;

typedef struct source {
	uint64_t sent, total, batch;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		started_ns = uv_hrtime();
	for (uint64_t i = 0; i < self->batch && self->sent < self->total; i++, self->sent++)
		if (maiko_send(ctx, e0, .a = self->sent, .b = 1) != 0)
			return maiko_failed(MAIKO_EAGAIN);
	return self->sent < self->total ? maiko_again() : maiko_never();
}
MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

typedef struct stage {
	uint64_t handled;
} stage;
static int stage1_on(stage *self, const e0 *ev, maiko_ctx *ctx)
{
	self->handled++;
	return maiko_send(ctx, e1, .a = ev->a, .b = ev->b);
}
typedef struct stage2 {
	uint64_t handled;
} stage2;
static int stage2_on(stage2 *self, const e1 *ev, maiko_ctx *ctx)
{
	self->handled++;
	return maiko_send(ctx, e2, .a = ev->a, .b = ev->b);
}
typedef struct stage3 {
	uint64_t handled;
} stage3;
static int stage3_on(stage3 *self, const e2 *ev, maiko_ctx *ctx)
{
	self->handled++;
	return maiko_send(ctx, e3, .a = ev->a, .b = ev->b);
}
typedef struct sink {
	uint64_t handled;
} sink;
static int sink_on(sink *self, const e3 *ev, maiko_ctx *ctx)
{
	(void)ev;
	if (++self->handled == wanted) {
		ended_ns = uv_hrtime();
		return maiko_stop_all(ctx);
	}
	return 0;
}
MAIKO_ACTOR(stage, MAIKO_ON(e0, stage1_on));
MAIKO_ACTOR(stage2, MAIKO_ON(e1, stage2_on));
MAIKO_ACTOR(stage3, MAIKO_ON(e2, stage3_on));
MAIKO_ACTOR(sink, MAIKO_ON(e3, sink_on));

static uint64_t fan_handled;
typedef struct leaf {
	uint64_t handled;
} leaf;
static int leaf_on(leaf *self, const e0 *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->handled++;
	if (++fan_handled == wanted) {
		ended_ns = uv_hrtime();
		return maiko_stop_all(ctx);
	}
	return 0;
}
MAIKO_ACTOR(leaf, MAIKO_ON(e0, leaf_on));

typedef struct pinger {
	uint64_t rounds;
} pinger;
static int pinger_start(pinger *self, maiko_ctx *ctx)
{
	(void)self;
	started_ns = uv_hrtime();
	return maiko_send(ctx, e0, .a = 1);
}
static int pinger_on(pinger *self, const e1 *ev, maiko_ctx *ctx)
{
	if (++self->rounds == ROUNDS) {
		ended_ns = uv_hrtime();
		return maiko_stop_all(ctx);
	}
	return maiko_send(ctx, e0, .a = ev->a);
}
typedef struct ponger {
	uint64_t rounds;
} ponger;
static int ponger_on(ponger *self, const e0 *ev, maiko_ctx *ctx)
{
	self->rounds++;
	return maiko_send(ctx, e1, .a = ev->a);
}
MAIKO_ACTOR(pinger, MAIKO_ON_START(pinger_start), MAIKO_ON(e1, pinger_on));
MAIKO_ACTOR(ponger, MAIKO_ON(e0, ponger_on));

static int add_pipeline(maiko_supervisor *sup)
{
	wanted = HOP_EVENTS;
	int rc = maiko_add(sup, source, "source", .init = &(source){.total = HOP_EVENTS, .batch = BATCH});
	if (rc == 0)
		rc = maiko_add(sup, stage, "one");
	if (rc == 0)
		rc = maiko_add(sup, stage2, "two");
	if (rc == 0)
		rc = maiko_add(sup, stage3, "three");
	return rc != 0 ? rc : maiko_add(sup, sink, "sink");
}

static int add_fanout(maiko_supervisor *sup)
{
	wanted = (uint64_t)FAN_EVENTS * FANOUT;
	fan_handled = 0;
	int rc = maiko_add(sup, source, "source", .init = &(source){.total = FAN_EVENTS, .batch = FAN_BATCH});
	for (int i = 0; rc == 0 && i < FANOUT; i++) {
		char name[16];
		snprintf(name, sizeof name, "leaf%d", i);
		rc = maiko_add(sup, leaf, name);
	}
	return rc;
}

static int add_pingpong(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, pinger, "ping");
	return rc != 0 ? rc : maiko_add(sup, ponger, "pong");
}

/* Nanoseconds from the first send to the last handler, 0 if something failed. */
static uint64_t run(int (*add)(maiko_supervisor *), uint32_t workers)
{
	maiko_supervisor *sup = NULL;
	started_ns = ended_ns = 0;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = workers});
	if (rc == 0)
		rc = add(sup);
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	return rc == 0 ? ended_ns - started_ns : 0;
}

static double best(int (*add)(maiko_supervisor *), uint32_t workers, double events)
{
	uint64_t least = UINT64_MAX;
	for (int i = 0; i < 5; i++) {
		uint64_t ns = run(add, workers);
		if (ns != 0 && ns < least)
			least = ns;
	}
	return (double)least / events;
}

int main(void)
{
	double pingpong = best(add_pingpong, 1, ROUNDS);
	double hop = best(add_pipeline, 1, (double)HOP_EVENTS * HOPS);
	double delivery = best(add_fanout, 1, (double)FAN_EVENTS * FANOUT);
	double pingpong2 = best(add_pingpong, 2, ROUNDS);
	double hop2 = best(add_pipeline, 2, (double)HOP_EVENTS * HOPS);
	printf("{\"pingpong_one_worker_ns\": %.1f, \"hop_one_worker_ns\": %.2f, \"delivery_one_worker_ns\": %.2f, "
	       "\"pingpong_two_workers_ns\": %.0f, \"hop_two_workers_ns\": %.2f}\n",
	       pingpong, hop, delivery, pingpong2, hop2);
	return 0;
}
