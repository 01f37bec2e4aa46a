/*
 * flow.c - W1, W2 and W7: events that go from one actor to the next.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actor.h"

enum {
	FLOW_EVENTS = 3000000,
	WORKING_EVENTS = 100000,
	STAGES = 3,
	/* The total capacity of the mailboxes of three stages and a sink, 1,024 each. */
	WINDOW = 4096,
	CREDIT = 1024
};

typedef struct player {
	actor *other;
	guint64 rounds, in_order, done_ns;
	GAsyncQueue *done;
} player;

static void ponger_on_event(gpointer state, gpointer message) { actor_send(((player *)state)->other, message); }

static void pinger_on_event(gpointer state, gpointer message)
{
	player *self = state;
	event *ev = message;

	if (ev->seq == self->in_order && ++self->in_order < self->rounds) {
		ev->seq++;
		actor_send(self->other, ev);
		return;
	}
	g_free(ev);
	self->done_ns = measure_now_ns();
	g_async_queue_push(self->done, self);
}

int ping_pong(int workers_count, guint64 rounds, double scale)
{
	workers workers = workers_new(workers_count);
	player pinger = {.rounds = measure_scaled(rounds, scale), .done = g_async_queue_new()}, ponger = {0};

	ponger.other = actor_new(workers_share(&workers, 0, 2), pinger_on_event, &pinger);
	pinger.other = actor_new(workers_share(&workers, 1, 2), ponger_on_event, &ponger);
	workers_start(&workers);
	guint64 start_ns = measure_now_ns();
	actor_send(pinger.other, event_new(0, 1));
	g_async_queue_pop(pinger.done);
	workers_stop(&workers);
	g_async_queue_unref(pinger.done);

	if (measure_expect("round trips in order", pinger.in_order, pinger.rounds) != 0)
		return -1;
	measure_figure("round_trip", "ns", (double)(pinger.done_ns - start_ns) / (double)pinger.rounds);
	return 0;
}

typedef struct source {
	actor *to;
	guint64 sent, count;
} source;

typedef struct stage {
	actor *to;
	void (*work)(void);
} stage;

typedef struct sink {
	actor *source;
	guint64 count, arrived, in_order, done_ns;
	GAsyncQueue *done;
} sink;

/* A credit message is a number in a pointer. */
static void source_on_credit(gpointer state, gpointer message)
{
	source *self = state;

	for (guint credit = GPOINTER_TO_UINT(message); credit > 0 && self->sent < self->count; credit--, self->sent++)
		actor_send(self->to, event_new(self->sent, 0));
}

static void stage_on_event(gpointer state, gpointer message)
{
	stage *self = state;
	event *ev = message;

	if (self->work != NULL)
		self->work();
	ev->value++;
	actor_send(self->to, ev);
}

static void sink_on_event(gpointer state, gpointer message)
{
	sink *self = state;
	event *ev = message;

	self->in_order += ev->seq == self->in_order && ev->value == STAGES;
	g_free(ev);
	if (++self->arrived % CREDIT == 0)
		actor_send(self->source, GUINT_TO_POINTER(CREDIT));
	if (self->arrived == self->count) {
		self->done_ns = measure_now_ns();
		g_async_queue_push(self->done, self);
	}
}

/* Sends events through the stages; returns the time in ns, 0 if a count was wrong. */
static guint64 flow(int workers_count, guint64 count, void (*work)(void))
{
	enum { ACTORS = STAGES + 2 };
	workers workers = workers_new(workers_count);
	source source = {.count = count};
	stage stages[STAGES];
	sink sink = {.count = count, .done = g_async_queue_new()};
	actor *to = actor_new(workers_share(&workers, STAGES + 1, ACTORS), sink_on_event, &sink);

	for (int i = STAGES - 1; i >= 0; i--) {
		stages[i] = (stage){.to = to, .work = work};
		to = actor_new(workers_share(&workers, i + 1, ACTORS), stage_on_event, &stages[i]);
	}
	source.to = to;
	sink.source = actor_new(workers_share(&workers, 0, ACTORS), source_on_credit, &source);
	workers_start(&workers);
	guint64 start_ns = measure_now_ns();
	actor_send(sink.source, GUINT_TO_POINTER(WINDOW));
	g_async_queue_pop(sink.done);
	workers_stop(&workers);
	g_async_queue_unref(sink.done);
	return measure_expect("events in order at the sink", sink.in_order, count) == 0 ? sink.done_ns - start_ns : 0;
}

int pipeline(int workers_count, double scale)
{
	guint64 count = measure_scaled(FLOW_EVENTS, scale);
	guint64 took_ns = flow(workers_count, count, NULL);

	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	measure_figure("hop", "ns", (double)took_ns / (double)count / (STAGES + 1));
	return 0;
}

int working_pipeline(int workers_count, double scale)
{
	guint64 count = measure_scaled(WORKING_EVENTS, scale);
	guint64 took_ns = flow(workers_count, count, measure_work);

	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	return 0;
}
