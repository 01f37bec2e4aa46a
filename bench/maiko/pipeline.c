/*
 * pipeline.c - see pipeline.h.
 */
#include "pipeline.h"

enum { BATCH = 512, HANDLERS = 4 };

typedef struct raw {
	uint64_t seq, value;
} raw;
typedef struct parsed {
	uint64_t seq, value;
} parsed;
typedef struct scaled {
	uint64_t seq, value;
} scaled;
typedef struct ready {
	uint64_t seq, value;
} ready;
MAIKO_TOPIC(raws);
MAIKO_TOPIC(parseds);
MAIKO_TOPIC(scaleds);
MAIKO_TOPIC(readies);
MAIKO_EVENT(raw, raws, seq, value);
MAIKO_EVENT(parsed, parseds, seq, value);
MAIKO_EVENT(scaled, scaleds, seq, value);
MAIKO_EVENT(ready, readies, seq, value);

static pipeline_plan plan;

/* ---- the source ---- */

typedef struct source {
	uint64_t sent;
} source;

static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	if (self->sent == 0)
		run_begins();
	for (int i = 0; i < BATCH && self->sent < plan.events; i++, self->sent++)
		if (maiko_send(ctx, raw, .seq = self->sent, .value = 1) != 0)
			return maiko_when_sendable();
	return self->sent < plan.events ? maiko_again() : maiko_never();
}

MAIKO_ACTOR(source, MAIKO_TICK(source_tick));

/* ---- the stages ---- */

static inline void work(void)
{
	if (plan.work_ns != 0)
		bench_work(plan.work_ns);
}

typedef struct parser {
	uint64_t handled;
} parser;
static int parser_on_raw(parser *self, const raw *ev, maiko_ctx *ctx)
{
	self->handled++;
	work();
	return maiko_send(ctx, parsed, .seq = ev->seq, .value = ev->value);
}

typedef struct scaler {
	uint64_t handled;
} scaler;
static int scaler_on_parsed(scaler *self, const parsed *ev, maiko_ctx *ctx)
{
	self->handled++;
	work();
	return maiko_send(ctx, scaled, .seq = ev->seq, .value = ev->value);
}

typedef struct filter {
	uint64_t handled;
} filter;
static int filter_on_scaled(filter *self, const scaled *ev, maiko_ctx *ctx)
{
	self->handled++;
	work();
	return maiko_send(ctx, ready, .seq = ev->seq, .value = ev->value);
}

typedef struct sink {
	uint64_t handled;
} sink;
static int sink_on_ready(sink *self, const ready *ev, maiko_ctx *ctx)
{
	(void)ctx;
	bench_check(ev->seq == self->handled, "out of order");
	if (plan.sink_works)
		work();
	if (++self->handled == plan.events)
		run_ends();
	return 0;
}

MAIKO_ACTOR(parser, MAIKO_ON(raw, parser_on_raw));
MAIKO_ACTOR(scaler, MAIKO_ON(parsed, scaler_on_parsed));
MAIKO_ACTOR(filter, MAIKO_ON(scaled, filter_on_scaled));
MAIKO_ACTOR(sink, MAIKO_ON(ready, sink_on_ready));

/* ---- the whole ---- */

static int add(maiko_supervisor *sup)
{
	uint32_t first = plan.halves ? 1 : 0, second = plan.halves ? plan.workers : 0;
	int rc = plan.watch == NULL ? 0 : plan.watch(sup);
	if (rc == 0)
		rc = maiko_add(sup, source, "source", .worker = first);
	if (rc == 0)
		rc = maiko_add(sup, parser, "parser", .worker = first);
	if (rc == 0)
		rc = maiko_add(sup, scaler, "scaler", .worker = first);
	if (rc == 0)
		rc = maiko_add(sup, filter, "filter", .worker = second);
	return rc != 0 ? rc : maiko_add(sup, sink, "sink", .worker = second);
}

bool pipeline_run(const pipeline_plan *of)
{
	plan = *of;
	if (!run_supervisor(&(run_plan){.options.workers = plan.workers,
					.add = add,
					.ended = plan.ended,
					.handled = HANDLERS * plan.events}))
		return false;
	bench_figure("events", "/s", (double)plan.events * 1e9 / run_ns());
	return true;
}
