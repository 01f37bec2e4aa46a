/*
 * cross.c - between two cores that both poll: ping-pong (W1), a pipeline divided between them
 * (W2), events one way and their memory back (X).
 */
#include "limits.h"

#include <string.h>
#include <uv.h>

enum {
	ROUNDS = 4000000,
	EVENTS = 30000000,
	PIPELINE = 12000000,
	HOPS = 4,
	EVENTS_UNDER_WAY = 3000,
	SHOW_EVERY = 64,
	BATCH = 256,
	HEADER = 64 /* bytes of an event that each send writes */
};

static ring there, back;
static uint64_t total;

/* Runs `other` on the second core and `self` on the first; returns the nanoseconds since both
 * were ready. */
static atomic_bool go, arrived;
static void (*other_side)(void);

static void other_main(void *unused)
{
	(void)unused;
	bench_pin(1);
	atomic_store(&arrived, true);
	while (!atomic_load(&go))
		;
	other_side();
}

static double on_two_cores(void (*self)(void), void (*other)(void))
{
	uv_thread_t thread;
	bench_pin(0);
	other_side = other;
	uv_thread_create(&thread, other_main, NULL);
	while (!atomic_load(&arrived))
		;
	uint64_t begun_ns = bench_now_ns();
	atomic_store(&go, true);
	self();
	uv_thread_join(&thread);
	return (double)(bench_now_ns() - begun_ns);
}

static inline void *pop_one(ring *r)
{
	void *entry;
	while (!ring_pop(r, &entry))
		;
	ring_show_popped(r);
	return entry;
}

static inline void push_one(ring *r, void *entry)
{
	ring_push(r, entry);
	ring_show_pushed(r);
}

/* ---- W1 ---- */

static void serve(void)
{
	for (uint64_t i = 0; i < total; i++) {
		push_one(&there, &there);
		pop_one(&back);
	}
}

static void reply(void)
{
	for (uint64_t i = 0; i < total; i++)
		push_one(&back, pop_one(&there));
}

static bool run_pingpong(const bench_variant *v)
{
	(void)v;
	total = bench_scaled(ROUNDS, 1);
	bench_figure("round_trip", "ns", on_two_cores(serve, reply) / (double)total);
	return true;
}

/* ---- X: the sender has a fixed number of events, and takes them back when all are sent ---- */

static event *idle[EVENTS_UNDER_WAY];
static uint64_t idle_count;

static void make_events(void)
{
	event *all = bench_lines(EVENTS_UNDER_WAY, sizeof(event));
	for (idle_count = 0; idle_count < EVENTS_UNDER_WAY; idle_count++)
		idle[idle_count] = &all[idle_count];
}

static event *take_idle(void)
{
	while (idle_count == 0) {
		void *entry;
		ring_show_pushed(&there);
		while (ring_pop(&back, &entry))
			idle[idle_count++] = entry;
		ring_show_popped(&back);
	}
	return idle[--idle_count];
}

static void ship(void)
{
	for (uint64_t i = 0; i < total; i++) {
		event *e = take_idle();
		memset(e, 1, HEADER);
		e->payload[0] = i;
		ring_push(&there, e);
		if (i % SHOW_EVERY == 0)
			ring_show_pushed(&there);
	}
	ring_show_pushed(&there);
}

static uint64_t ids;

static void receive(void)
{
	for (uint64_t i = 0; i < total;) {
		void *entry;
		bool some = ring_pop(&there, &entry);
		if (some) {
			const event *e = entry;
			bench_check(e->payload[0] == i++, "out of order");
			ids += e->id[1];
			ring_push(&back, entry);
		}
		if (!some || i % SHOW_EVERY == 0) {
			ring_show_popped(&there);
			ring_show_pushed(&back);
		}
	}
}

static bool run_events(const bench_variant *v)
{
	(void)v;
	total = bench_scaled(EVENTS, 1);
	make_events();
	bench_figure("event", "ns", on_two_cores(ship, receive) / (double)total);
	bench_check(ids != 0, "no event was read");
	return true;
}

/* ---- W2: source, two stages | a stage and the sink ---- */

static core first, second;
static actor *last;

static void on_forward(core *c, actor *self, event *ev)
{
	core_publish(c, self->to, self, ev, ev->payload[0], ev->payload[1]);
}

static void on_cross(core *c, actor *self, event *ev)
{
	(void)c;
	event *e = take_idle();
	memcpy(e, ev, HEADER);
	e->sender = self;
	e->payload[0] = ev->payload[0];
	ring_push(&there, e);
}

static void on_last(core *c, actor *self, event *ev)
{
	(void)c;
	bench_check(ev->payload[0] == self->handled++, "out of order");
}

static void first_half(void)
{
	for (uint64_t i = 0; i < total;) {
		for (uint64_t end = i + BATCH < total ? i + BATCH : total; i < end; i++)
			core_publish(&first, 0, NULL, NULL, i, 0);
		core_run(&first);
		ring_show_pushed(&there);
	}
}

static void second_half(void)
{
	while (last->handled < total) {
		void *entry;
		for (int i = 0; i < BATCH && ring_pop(&there, &entry); i++) {
			const event *e = entry;
			core_publish(&second, 0, e->sender, e, e->payload[0], e->payload[1]);
			ring_push(&back, entry);
		}
		ring_show_popped(&there);
		ring_show_pushed(&back);
		core_run(&second);
	}
}

static bool run_pipeline(const bench_variant *v)
{
	(void)v;
	total = bench_scaled(PIPELINE, 1);
	make_events();
	core_init(&first, 2, 1);
	core_subscribe(&first, 0, 1, on_forward);
	core_subscribe(&first, 1, 0, on_cross);
	core_init(&second, 2, 1);
	core_subscribe(&second, 0, 1, on_forward);
	last = core_subscribe(&second, 1, 0, on_last);
	double ns = on_two_cores(first_half, second_half);
	bench_figure("events", "/s", (double)total * 1e9 / ns);
	bench_figure("hop", "ns", ns / (double)(total * HOPS));
	return true;
}

const bench_variant cross_variants[] = {{.name = "W1/two", .run = run_pingpong},
					{.name = "W2/two", .run = run_pipeline},
					{.name = "X/event", .run = run_events},
					{.name = NULL}};
