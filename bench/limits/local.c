/*
 * local.c - on one core: ping-pong (W1), a pipeline (W2, W4), a fan-out (W3), a ring of
 * actors (W10).
 */
#include "limits.h"

enum {
	ROUNDS = 20000000,
	PIPELINE = 16000000,
	HOPS = 4,
	PUBLISHES = 600000,
	SUBSCRIBERS = 100,
	RING_ACTORS = 1000,
	RING_HOPS = 20000000,
	BATCH = 512,
	FAN_BATCH = 64
};

static uint64_t limit;

static void on_last(core *c, actor *self, event *ev)
{
	(void)c;
	bench_check(ev->payload[0] == self->handled++, "out of order");
}

static void on_forward(core *c, actor *self, event *ev)
{
	self->handled++;
	core_publish(c, self->to, self, ev, ev->payload[0], ev->payload[1]);
}

/* Publishes `events` to topic 0 in batches, and runs the actors; returns nanoseconds. */
static double flow(core *c, uint64_t events, uint64_t batch)
{
	uint64_t begun_ns = bench_now_ns();
	for (uint64_t i = 0; i < events;) {
		for (uint64_t end = i + batch < events ? i + batch : events; i < end; i++)
			core_publish(c, 0, NULL, NULL, i, 0);
		core_run(c);
	}
	return (double)(bench_now_ns() - begun_ns);
}

/* ---- W1 ---- */

static void on_ball(core *c, actor *self, event *ev)
{
	if (self->handled++ < limit)
		core_publish(c, self->to, self, ev, ev->payload[0] + 1, 0);
}

static bool run_pingpong(const bench_variant *v)
{
	(void)v;
	core c;
	limit = bench_scaled(ROUNDS, 1);
	core_init(&c, 2, 1);
	actor *ping = core_subscribe(&c, 0, 1, on_ball);
	actor *pong = core_subscribe(&c, 1, 0, on_ball);
	double ns = flow(&c, 1, 1);
	bench_check(ping->handled == limit + 1 && pong->handled == limit, "rounds are missing");
	bench_figure("round_trip", "ns", ns / (double)limit);
	return true;
}

/* ---- W2, and W4, whose limit is one hop too ---- */

static bool run_hops(const bench_variant *v)
{
	core c;
	uint64_t events = bench_scaled(PIPELINE, 1);
	uint32_t stages = (uint32_t)v->size;
	core_init(&c, stages, 1);
	for (uint32_t i = 0; i + 1 < stages; i++)
		core_subscribe(&c, i, i + 1, on_forward);
	actor *last = core_subscribe(&c, stages - 1, 0, on_last);
	double ns = flow(&c, events, BATCH);
	bench_check(last->handled == events, "events are missing");
	bench_figure("events", "/s", (double)events * 1e9 / ns);
	bench_figure("hop", "ns", ns / (double)(events * stages));
	return true;
}

/* ---- W3 ---- */

static const volatile unsigned char *block; /* all subscribers read a byte of it; NULL: none */

static void on_copy(core *c, actor *self, event *ev)
{
	on_last(c, self, ev);
	if (block != NULL)
		(void)block[0];
}

static bool run_fanout(const bench_variant *v)
{
	core c;
	uint64_t events = bench_scaled(PUBLISHES, 1);
	actor *subscribers[SUBSCRIBERS];
	block = v->size != 0 ? bench_lines(1, v->size) : NULL;
	core_init(&c, 1, SUBSCRIBERS);
	for (int i = 0; i < SUBSCRIBERS; i++)
		subscribers[i] = core_subscribe(&c, 0, 0, on_copy);
	double ns = flow(&c, events, FAN_BATCH);
	for (int i = 0; i < SUBSCRIBERS; i++)
		bench_check(subscribers[i]->handled == events, "deliveries are missing");
	bench_figure("deliveries", "/s", (double)(events * SUBSCRIBERS) * 1e9 / ns);
	return true;
}

/* ---- W10 ---- */

static uint64_t hops;

static void on_token(core *c, actor *self, event *ev)
{
	hops++;
	if (ev->payload[0] < limit)
		core_publish(c, self->to, self, ev, ev->payload[0] + 1, 0);
}

static bool run_ring(const bench_variant *v)
{
	(void)v;
	core c;
	uint64_t total = bench_scaled(RING_HOPS, RING_ACTORS);
	limit = total / RING_ACTORS;
	core_init(&c, RING_ACTORS, 1);
	for (uint32_t i = 0; i < RING_ACTORS; i++)
		core_subscribe(&c, i, (i + 1) % RING_ACTORS, on_token);
	uint64_t begun_ns = bench_now_ns();
	for (uint32_t i = 0; i < RING_ACTORS; i++)
		core_publish(&c, i, NULL, NULL, 1, 0);
	core_run(&c);
	double ns = (double)(bench_now_ns() - begun_ns);
	bench_check(hops == total, "hops are missing");
	bench_figure("hops", "/s", (double)total * 1e9 / ns);
	return true;
}

const bench_variant local_variants[] = {{.name = "W1/one", .run = run_pingpong},
					{.name = "W2/one", .run = run_hops, .size = HOPS},
					{.name = "W4/actors", .run = run_hops, .size = 1},
					{.name = "W3/one", .run = run_fanout},
					{.name = "W3/one-1KiB", .run = run_fanout, .size = 1024},
					{.name = "W3/one-64KiB", .run = run_fanout, .size = 65536},
					{.name = "W10/ring", .run = run_ring},
					{.name = NULL}};
