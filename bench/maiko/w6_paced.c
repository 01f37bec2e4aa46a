/*
 * w6_paced.c - W6: how long an event is under way from one worker to another, at a given
 * pace, and what that costs in processor time.
 *
 * The plain variants have the default options: a worker looks for work for 20 us before
 * it sleeps. The idle ones sleep at once.
 */
#include "workloads.h"

#include "pace.h"

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

/* ---- the sensor ---- */

typedef struct sensor {
	uint64_t sent, started_ns;
	int fd;
} sensor;

static int sensor_on_start(sensor *self, maiko_ctx *ctx)
{
	(void)ctx;
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
	uint64_t due = self->fd >= 0 ? pace_read(self->fd) : pace_due(self->started_ns, self->sent, events_s);
	for (; due > 0 && self->sent < events; due--, self->sent++) {
		int rc = maiko_send(ctx, reading, .seq = self->sent, .sent_ns = bench_now_ns());
		if (rc != 0)
			return maiko_failed(rc);
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
	samples_ns[self->handled] = bench_now_ns() - ev->sent_ns;
	bench_check(ev->seq == self->handled, "out of order");
	if (self->handled == 0)
		handler_cpu_ns = bench_thread_cpu_ns();
	if (++self->handled == events) {
		process_cpu_ns = bench_process_cpu_ns() - process_cpu_ns;
		handler_cpu_ns = bench_thread_cpu_ns() - handler_cpu_ns;
		run_ends();
	}
	return 0;
}

MAIKO_ACTOR(meter, MAIKO_ON(reading, meter_on_reading));

/* ---- the whole ---- */

static int add(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, sensor, "sensor", .worker = 1);
	return rc != 0 ? rc : maiko_add(sup, meter, "meter", .worker = 2);
}

static bool run_with(const bench_variant *v, maiko_options options)
{
	events_s = v->size;
	events = bench_scaled(pace_by_descriptor(events_s) ? 2 * events_s : events_s, 1);
	samples_ns = calloc(events, sizeof *samples_ns);
	options.workers = v->workers;
	bool done =
		samples_ns != NULL && run_supervisor(&(run_plan){.options = options, .add = add, .handled = events});
	if (done) {
		bench_percentiles(samples_ns, events);
		bench_figure("cpu", "s", (double)process_cpu_ns / run_ns());
		bench_figure("receiver_cpu", "s", (double)handler_cpu_ns / run_ns());
	}
	free(samples_ns);
	return done;
}

static bool run(const bench_variant *v) { return run_with(v, (maiko_options){.no_spin = false}); }
static bool run_idle(const bench_variant *v) { return run_with(v, (maiko_options){.no_spin = true}); }

const bench_variant paced_variants[] = {{"W6/100k", run, .workers = 2, .size = 100000},
					{"W6/1k", run, .workers = 2, .size = 1000},
					{"W6/100k-idle", run_idle, .workers = 2, .size = 100000},
					{"W6/1k-idle", run_idle, .workers = 2, .size = 1000},
					{.name = NULL}};
