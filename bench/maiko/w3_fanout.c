/*
 * w3_fanout.c - W3: one publisher and a hundred subscribers; with 16 bytes in the event,
 * or with a shared buffer beside them.
 */
#include "workloads.h"

#include <stdio.h>

enum { SUBSCRIBERS = 100, EVENTS = 400000, BATCH = 64 };

typedef struct quote {
	uint64_t seq, price;
} quote;
typedef struct depth {
	uint64_t seq;
	maiko_buffer *book;
} depth;
MAIKO_TOPIC(quotes);
MAIKO_EVENT(quote, quotes, seq, price);
MAIKO_EVENT(depth, quotes, seq, book);

static uint64_t events;
static maiko_buffer *book; /* NULL: quotes without a buffer */
static _Atomic(uint64_t) complete;

typedef struct publisher {
	uint64_t sent;
} publisher;

static maiko_next publisher_tick(publisher *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		run_begins();
	for (int i = 0; i < BATCH && self->sent < events; i++, self->sent++) {
		int rc = book == NULL ? maiko_send(ctx, quote, .seq = self->sent)
				      : maiko_send(ctx, depth, .seq = self->sent, .book = book);
		if (rc != 0)
			return maiko_when_sendable();
	}
	return self->sent < events ? maiko_again() : maiko_never();
}

typedef struct subscriber {
	uint64_t handled, sum;
} subscriber;

static int handled_one(subscriber *self, uint64_t seq)
{
	bench_check(seq == self->handled, "out of order");
	if (++self->handled == events && ++complete == SUBSCRIBERS)
		run_ends();
	return 0;
}

/* Reads the event: the price, or a byte of the buffer. */
static int subscriber_on_quote(subscriber *self, const quote *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->price;
	return handled_one(self, ev->seq);
}

static int subscriber_on_depth(subscriber *self, const depth *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += *(const unsigned char *)maiko_buffer_data(ev->book);
	return handled_one(self, ev->seq);
}

MAIKO_ACTOR(publisher, MAIKO_TICK(publisher_tick));
MAIKO_ACTOR(subscriber, MAIKO_ON(quote, subscriber_on_quote), MAIKO_ON(depth, subscriber_on_depth));

static int add(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, publisher, "publisher");
	for (int i = 0; rc == 0 && i < SUBSCRIBERS; i++) {
		char name[32];
		snprintf(name, sizeof name, "subscriber%d", i);
		rc = maiko_add(sup, subscriber, name);
	}
	return rc;
}

static bool run(const bench_variant *v)
{
	events = bench_scaled(EVENTS, 1);
	if (v->size != 0 && maiko_buffer_new(v->size, &book) != 0)
		return false;
	bool done =
		run_supervisor(&(run_plan){.options.workers = v->workers, .add = add, .handled = events * SUBSCRIBERS});
	book = maiko_buffer_unref(book);
	if (done)
		bench_figure("deliveries", "/s", (double)(events * SUBSCRIBERS) * 1e9 / run_ns());
	return done;
}

const bench_variant fanout_variants[] = {{"W3/one", run, .workers = 1},
					 {"W3/two", run, .workers = 2},
					 {.name = "W3/default", .run = run},
					 {"W3/one-1KiB", run, .workers = 1, .size = 1024},
					 {"W3/one-64KiB", run, .workers = 1, .size = 65536},
					 {.name = NULL}};
