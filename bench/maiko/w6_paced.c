/*
 * w6_paced.c - W6: the latency of an event from one worker to another, at a given rate, and its
 * cost in processor time.
 *
 * The plain variants have the default options: a worker spins while that pays. In the idle variants it
 * sleeps at once. The causes variants note why events are late (cause.h). In the flood variants the
 * sensor's worker always has work beside the tick: events that are sent again by their handlers, each of
 * which takes the time given by the variant. There the latency counts from the time when the descriptor
 * was due, and includes that wait.
 */
#include "workloads.h"

#include "cause.h"
#include "pace.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct reading {
	uint64_t seq, sent_ns;
} reading;
MAIKO_TOPIC(readings);
MAIKO_EVENT(reading, readings, seq, sent_ns);

static uint64_t events, events_s;
static uint64_t *samples_ns;
static uint64_t process_cpu_ns, handler_cpu_ns; /* from the first event to the last */

static _Atomic(bool) measured; /* the flood must end */
static bool since_due;         /* latency counts from when an event was due, not from its send */
static bool causes;            /* note why events are late */

/* ---- the sensor ---- */

typedef struct sensor {
	uint64_t sent, started_ns, opened_ns;
	int fd;
} sensor;

static int sensor_on_start(sensor *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->opened_ns = bench_now_ns();
	self->fd = pace_by_descriptor(events_s) ? pace_open(events_s, false) : -1;
	return 0;
}

static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	if (self->started_ns == 0) {
		run_begins();
		self->started_ns = bench_now_ns();
		process_cpu_ns = bench_process_cpu_ns();
	}
	if (causes)
		cause_sender_runs(bench_now_ns());
	uint64_t due = self->fd >= 0 ? pace_read(self->fd) : pace_due(self->started_ns, self->sent, events_s);
	for (; due > 0 && self->sent < events; due--, self->sent++) {
		uint64_t due_ns = self->opened_ns + (self->sent + 1) * 1000000000 / events_s;
		uint64_t sent_ns = since_due ? due_ns : bench_now_ns();
		int rc = maiko_send(ctx, reading, .seq = self->sent, .sent_ns = sent_ns);
		if (rc != 0)
			return maiko_failed(rc);
		if (causes)
			cause_sent(self->sent, sent_ns);
	}
	if (self->sent == events)
		return maiko_never();
	return self->fd >= 0 ? maiko_when_readable(self->fd) : maiko_again();
}

static int sensor_on_stop(sensor *self, maiko_ctx *ctx)
{
	(void)ctx;
	if (self->fd >= 0)
		close(self->fd);
	return 0;
}

MAIKO_ACTOR(sensor, MAIKO_ON_START(sensor_on_start), MAIKO_TICK(sensor_tick), MAIKO_ON_STOP(sensor_on_stop));

/* ---- the meter ---- */

typedef struct meter {
	uint64_t handled;
} meter;

static int meter_on_reading(meter *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	uint64_t now_ns = bench_now_ns();
	samples_ns[self->handled] = now_ns - ev->sent_ns;
	if (causes)
		cause_handled(now_ns);
	bench_check(ev->seq == self->handled, "out of order");
	if (self->handled == 0)
		handler_cpu_ns = bench_thread_cpu_ns();
	if (++self->handled == events) {
		process_cpu_ns = bench_process_cpu_ns() - process_cpu_ns;
		handler_cpu_ns = bench_thread_cpu_ns() - handler_cpu_ns;
		atomic_store_explicit(&measured, true, memory_order_relaxed);
		run_ends();
	}
	return 0;
}

MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading));

/* ---- the flood ---- */

enum { FLOOD = 500 };
static uint64_t flood_ns;

typedef struct drop {
	uint64_t n;
} drop;
MAIKO_TOPIC(drops);
MAIKO_EVENT(drop, drops, n);

static _Atomic(uint64_t) drops_handled;

typedef struct flood {
	uint64_t handled;
} flood;

static int flood_on_start(flood *self, maiko_ctx *ctx)
{
	(void)self;
	int rc = 0;
	for (uint64_t n = 0; n < FLOOD && rc == 0; n++)
		rc = maiko_send(ctx, drop, .n = n);
	return rc;
}

static int flood_on_drop(flood *self, const drop *ev, maiko_ctx *ctx)
{
	uint64_t until_ns = bench_now_ns() + flood_ns;
	while (bench_now_ns() < until_ns)
		;
	atomic_store_explicit(&drops_handled, ++self->handled, memory_order_relaxed);
	return atomic_load_explicit(&measured, memory_order_relaxed) ? 0 : maiko_send(ctx, drop, .n = ev->n);
}

MAIKO_ACTOR(flood, MAIKO_ON_START(flood_on_start), MAIKO_ON(drop, flood_on_drop));

/* ---- the whole ---- */

static int add(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, sensor, "sensor", .worker = 1);
	return rc != 0 ? rc : maiko_add(sup, meter, "meter", .worker = 2);
}

static int add_flooded(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, flood, "flood", .worker = 1, .echo = true);
	return rc != 0 ? rc : add(sup);
}

static bool run_with(const bench_variant *v, maiko_options options, int (*add_all)(maiko_supervisor *sup))
{
	events_s = v->size;
	events = bench_scaled(pace_by_descriptor(events_s) ? 2 * events_s : events_s, 1);
	samples_ns = bench_lines(events, sizeof *samples_ns);
	if (causes)
		cause_open(events);
	options.workers = v->workers;
	bool done = run_supervisor(
		&(run_plan){.options = options, .add = add_all, .handled = events, .beside = &drops_handled});
	if (done)
		bench_percentiles(samples_ns, events);
	if (done && causes) {
		cause_figures();
	} else if (done) {
		bench_figure("cpu", "s", (double)process_cpu_ns / run_ns());
		bench_figure("receiver_cpu", "s", (double)handler_cpu_ns / run_ns());
	}
	free(samples_ns);
	return done;
}

static bool run(const bench_variant *v) { return run_with(v, (maiko_options){.no_spin = false}, add); }
static bool run_idle(const bench_variant *v) { return run_with(v, (maiko_options){.no_spin = true}, add); }

static bool run_causes(const bench_variant *v)
{
	causes = true;
	return run(v);
}

static bool run_flooded(const bench_variant *v, uint64_t takes_ns)
{
	since_due = true;
	flood_ns = takes_ns;
	return run_with(v, (maiko_options){.no_spin = false}, add_flooded);
}

static bool run_flood(const bench_variant *v) { return run_flooded(v, 0); }
static bool run_slow_flood(const bench_variant *v) { return run_flooded(v, 20000); }

const bench_variant paced_variants[] = {{"W6/100k", run, .workers = 2, .size = 100000},
					{"W6/1k", run, .workers = 2, .size = 1000},
					{"W6/100k-idle", run_idle, .workers = 2, .size = 100000},
					{"W6/1k-idle", run_idle, .workers = 2, .size = 1000},
					{"W6/100k-causes", run_causes, .workers = 2, .size = 100000},
					{"W6/1k-causes", run_causes, .workers = 2, .size = 1000},
					{"W6/1k-flood", run_flood, .workers = 2, .size = 1000},
					{"W6/1k-flood-20us", run_slow_flood, .workers = 2, .size = 1000},
					{.name = NULL}};
