/*
 * budget.c - runs an operation COUNT times, for counting its instructions (check.sh).
 *
 *   budget OPERATION COUNT    hop, watched (a hop beside a monitor of failures), named (a
 *                             hop, and one whose sender names the topic), delivery, cross, add
 *   budget about              the compiler that built it, and the architecture
 *
 * The process ends in the last handler, so that the stop is not counted. Differences between
 * two runs are removed:
 *
 *   - the clock is a counter: a worker polls libuv after a fixed number of turns;
 *   - hop, watched, named and delivery use the caller's loop instead of a worker's thread;
 *   - cross has two workers without threads, which take turns (cross.c).
 */
#include "budget.h"

#include <maiko/maiko.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { BATCH = 512, FAN_BATCH = 64, SUBSCRIBERS = 100, CLOCK_STEP_NS = 5000 };

static uint64_t wanted, handled;

/* Replaces the C library's, also for libuv. */
int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	static uint64_t now_ns = UINT64_C(1000000000000);
	(void)clock;
	now_ns += CLOCK_STEP_NS;
	ret_time->tv_sec = (time_t)(now_ns / 1000000000u);
	ret_time->tv_nsec = (long)(now_ns % 1000000000u);
	return 0;
}

int budget_handled_one(void)
{
	if (++handled == wanted)
		_exit(0);
	return 0;
}

/* ---- hop: source, relay, relay, sink --------------------------------------------------- */

typedef struct first {
	uint64_t seq, value;
} first;
typedef struct second {
	uint64_t seq, value;
} second;
typedef struct third {
	uint64_t seq, value;
} third;
MAIKO_TOPIC(firsts);
MAIKO_TOPIC(seconds);
MAIKO_TOPIC(thirds);
MAIKO_EVENT(first, firsts, seq, value);
MAIKO_EVENT(second, seconds, seq, value);
MAIKO_EVENT(third, thirds, seq, value);

typedef struct source {
	uint64_t sent, batch;
} source;
static maiko_next source_tick(source *self, maiko_ctx *ctx)
{
	for (uint64_t i = 0; i < self->batch; i++)
		if (maiko_send(ctx, first, .seq = self->sent++) != 0)
			return maiko_when_sendable();
	return maiko_again();
}

typedef struct relay {
	uint64_t passed;
} relay;
static int relay_on_first(relay *self, const first *ev, maiko_ctx *ctx)
{
	self->passed++;
	budget_handled_one();
	return maiko_send(ctx, second, .seq = ev->seq, .value = ev->value);
}

typedef struct next_relay {
	uint64_t passed;
} next_relay;
static int next_relay_on_second(next_relay *self, const second *ev, maiko_ctx *ctx)
{
	self->passed++;
	budget_handled_one();
	return maiko_send(ctx, third, .seq = ev->seq, .value = ev->value);
}

typedef struct sink {
	uint64_t passed;
} sink;
static int sink_on_third(sink *self, const third *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->passed++;
	return budget_handled_one();
}

MAIKO_ACTOR(source, MAIKO_TICK(source_tick));
MAIKO_ACTOR(relay, MAIKO_ON(first, relay_on_first));
MAIKO_ACTOR(next_relay, MAIKO_ON(second, next_relay_on_second));
MAIKO_ACTOR(sink, MAIKO_ON(third, sink_on_third));

static int add_hop(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, source, "source", .init = &(source){.batch = BATCH});
	if (rc == 0)
		rc = maiko_add(sup, relay, "relay");
	if (rc == 0)
		rc = maiko_add(sup, next_relay, "next relay");
	return rc != 0 ? rc : maiko_add(sup, sink, "sink");
}

/* ---- watched: a hop, and a monitor of what does not happen ----------------------------------- */

static void never(void *arg, const maiko_observation *observation)
{
	(void)arg;
	(void)observation;
	abort();
}

static int add_watched_hop(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	int rc = maiko_monitor_add(sup, &(maiko_hooks){.failed = never, .error = never}, NULL, &monitor);
	return rc != 0 ? rc : add_hop(sup);
}

/* ---- named: a hop, and one whose sender names the topic ------------------------------------------ */

typedef struct reading {
	uint64_t seq, value;
} reading;
MAIKO_EVENT_NAMED(reading, seq, value);

typedef struct device {
	uint64_t passed;
} device;
static int device_on_first(device *self, const first *ev, maiko_ctx *ctx)
{
	self->passed++;
	return maiko_send_on(ctx, "device.42.temperature", reading, .seq = ev->seq, .value = ev->value);
}

typedef struct display {
	uint64_t passed;
} display;
static int display_on_reading(display *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->passed++;
	return budget_handled_one();
}

MAIKO_ACTOR(device, MAIKO_ON(first, device_on_first));
MAIKO_ACTOR(display, MAIKO_ON(reading, display_on_reading));

static int add_named(maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	int rc = maiko_topic_named(sup, "device.42.temperature", &topic);
	if (rc == 0)
		rc = maiko_add(sup, source, "source", .init = &(source){.batch = BATCH});
	if (rc == 0)
		rc = maiko_add(sup, device, "device");
	if (rc == 0)
		rc = maiko_add(sup, display, "display",
			       .topics = (const maiko_subscription[]){{.topic = topic}, {.topic = NULL}});
	return rc;
}

/* ---- delivery: one of a hundred --------------------------------------------------------- */

typedef struct subscriber {
	uint64_t passed;
} subscriber;
static int subscriber_on_first(subscriber *self, const first *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->passed++;
	return budget_handled_one();
}
MAIKO_ACTOR(subscriber, MAIKO_ON(first, subscriber_on_first));

static int add_fan(maiko_supervisor *sup)
{
	int rc = maiko_add(sup, source, "source", .init = &(source){.batch = FAN_BATCH});
	for (int i = 0; rc == 0 && i < SUBSCRIBERS; i++) {
		char name[16];
		snprintf(name, sizeof name, "subscriber%d", i);
		rc = maiko_add(sup, subscriber, name);
	}
	return rc;
}

static int run_on_loop(int (*add)(maiko_supervisor *sup))
{
	uv_loop_t loop;
	maiko_supervisor *sup = NULL;
	int rc = uv_loop_init(&loop);
	if (rc == 0)
		rc = maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop});
	if (rc == 0)
		rc = add(sup);
	if (rc == 0)
		rc = maiko_start(sup);
	return rc != 0 ? rc : uv_run(&loop, UV_RUN_DEFAULT);
}

/* ---- add: an actor with a topic, before the start ------------------------------------------- */

static int run_add(void)
{
	maiko_supervisor *sup = NULL;
	char name[] = "actor 00000000";
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	for (uint64_t n = 0; rc == 0; n++) {
		uint64_t digits = n;
		for (size_t at = sizeof name - 2; digits > 0; digits /= 16)
			name[at--] = "0123456789abcdef"[digits % 16];
		rc = maiko_add(sup, subscriber, name);
		budget_handled_one();
	}
	return rc;
}

/* ---- the command line ------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
	const char *operation = argc > 1 ? argv[1] : "";
	wanted = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int rc = MAIKO_EINVAL;
	if (strcmp(operation, "about") == 0) {
#if defined __x86_64__
		const char *architecture = "x86_64";
#else
		const char *architecture = "another";
#endif
		return printf("gcc %s %s\n", __VERSION__, architecture) < 0 || fflush(stdout) != 0;
	}
	if (wanted > 0 && strcmp(operation, "hop") == 0)
		rc = run_on_loop(add_hop);
	if (wanted > 0 && strcmp(operation, "watched") == 0)
		rc = run_on_loop(add_watched_hop);
	if (wanted > 0 && strcmp(operation, "named") == 0)
		rc = run_on_loop(add_named);
	if (wanted > 0 && strcmp(operation, "delivery") == 0)
		rc = run_on_loop(add_fan);
	if (wanted > 0 && strcmp(operation, "cross") == 0)
		rc = budget_run_cross();
	if (wanted > 0 && strcmp(operation, "add") == 0)
		rc = run_add();
	/* Reached only on failure. */
	fprintf(stderr, "budget %s: %s\n", operation, maiko_strerror(rc));
	return 1;
}
