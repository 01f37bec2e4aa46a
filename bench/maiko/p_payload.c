/*
 * p_payload.c - P: an event with a large payload, which an actor sends to itself: copied once, and read at both ends.
 */
#include "workloads.h"

enum { BYTES = 1 << 30 /* in all */, EVENTS_MAX = 2000000 };

static uint64_t events;

/* An event of so many bytes, and an actor that sends it to itself again and again. */
#define PAYLOAD(size)                                                                                                  \
	typedef struct block##size {                                                                                   \
		uint64_t seq;                                                                                          \
		uint8_t bytes[(size)-8];                                                                               \
	} block##size;                                                                                                 \
	MAIKO_TOPIC(blocks##size);                                                                                     \
	MAIKO_EVENT(block##size, blocks##size, seq, bytes);                                                            \
	static block##size sent##size = {.bytes = {1}};                                                                \
	typedef struct mover##size {                                                                                   \
		uint64_t handled, sum;                                                                                 \
	} mover##size;                                                                                                 \
	static maiko_next mover##size##_tick(mover##size *self, maiko_ctx *ctx)                                        \
	{                                                                                                              \
		(void)self;                                                                                            \
		run_begins();                                                                                          \
		int rc = maiko_send_copy(ctx, block##size, &sent##size);                                               \
		return rc == 0 ? maiko_never() : maiko_failed(rc);                                                     \
	}                                                                                                              \
	static int mover##size##_on_block(mover##size *self, const block##size *ev, maiko_ctx *ctx)                    \
	{                                                                                                              \
		bench_check(ev->seq == self->handled, "out of order");                                                 \
		self->sum += ev->bytes[0] + ev->bytes[sizeof ev->bytes - 1];                                           \
		sent##size.seq = ++self->handled;                                                                      \
		if (self->handled < events)                                                                            \
			return maiko_send_copy(ctx, block##size, &sent##size);                                         \
		bench_check(self->sum == events, "other bytes");                                                       \
		run_ends();                                                                                            \
		return 0;                                                                                              \
	}                                                                                                              \
	MAIKO_ACTOR(mover##size, MAIKO_TICK(mover##size##_tick), MAIKO_ON(block##size, mover##size##_on_block));       \
	static int add##size(maiko_supervisor *sup) { return maiko_add(sup, mover##size, "mover", .echo = true); }     \
	static bool run##size(const bench_variant *v) { return run(v, add##size); }

static bool run(const bench_variant *v, int (*add)(maiko_supervisor *))
{
	uint64_t full = BYTES / v->size;
	events = bench_scaled(full < EVENTS_MAX ? full : EVENTS_MAX, 1);
	if (!run_supervisor(&(run_plan){.options.workers = 1, .add = add, .handled = events}))
		return false;
	bench_figure("event", "ns", run_ns() / (double)events);
	return true;
}

PAYLOAD(512)
PAYLOAD(1024)
PAYLOAD(4096)
PAYLOAD(16384)
PAYLOAD(65536)

const bench_variant payload_variants[] = {
	{.name = "P/512B", .run = run512, .size = 512},      {.name = "P/1KiB", .run = run1024, .size = 1024},
	{.name = "P/4KiB", .run = run4096, .size = 4096},    {.name = "P/16KiB", .run = run16384, .size = 16384},
	{.name = "P/64KiB", .run = run65536, .size = 65536}, {.name = NULL}};
