/*
 * others.c - operations among n external threads, blocking jobs, handles and monitors.
 */
#include "growth.h"

#include <stdlib.h>
#include <uv.h>

typedef struct shout {
	uint32_t number;
} shout;
MAIKO_TOPIC(shouts);
MAIKO_EVENT(shout, shouts, number);

static uint64_t heard;

typedef struct ear {
	uint32_t heard;
} ear;
static int ear_on_shout(ear *self, const shout *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->heard++;
	heard++;
	return 0;
}

/* ---- threads, one after the other ---- */

static void thread_main(void *arg)
{
	int *result = arg;
	*result = maiko_send(growth_sup, shout, .number = 1);
}

/* As growth_measured, under a name that is counted on any thread. */
void growth_measured_thread(void *arg);
__attribute__((noinline)) void growth_measured_thread(void *arg) { thread_main(arg); }

static int run_a_thread(void (*main)(void *arg))
{
	uv_thread_t thread;
	int result = 0, rc = uv_thread_create(&thread, main, &result);
	if (rc != 0)
		return rc;
	uv_thread_join(&thread);
	return result;
}

/* ---- blocking jobs ---- */

typedef struct work {
	uint32_t number;
} work;
static uint64_t worked;

static int do_work(work *job)
{
	job->number++;
	return 0;
}
static int ear_on_worked(ear *self, work *job, int status, maiko_ctx *ctx)
{
	(void)job;
	(void)ctx;
	self->heard++;
	worked++;
	return status;
}
MAIKO_BLOCKING(ear, work, do_work, ear_on_worked);

typedef struct labour {
	uint32_t count;
} labour;
MAIKO_TOPIC(labours);
MAIKO_EVENT(labour, labours, count);
static int ear_on_labour(ear *self, const labour *ev, maiko_ctx *ctx)
{
	int rc = 0;
	self->heard++;
	for (uint32_t i = 0; rc == 0 && i < ev->count; i++)
		rc = maiko_blocking(ctx, do_work, ear_on_worked, .number = i);
	return rc;
}

MAIKO_ACTOR(ear, MAIKO_ON(shout, ear_on_shout), MAIKO_ON(labour, ear_on_labour));

static int prepare_ear(uint32_t n)
{
	(void)n;
	int rc = growth_open();
	if (rc == 0)
		rc = maiko_add(growth_sup, ear, "ear");
	return rc != 0 ? rc : growth_start();
}

static int prepare_threads(uint32_t n)
{
	int rc = prepare_ear(n);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = run_a_thread(thread_main);
		growth_until(&heard, i + 1);
	}
	return rc;
}

static int run_threads(uint32_t n, uint64_t *ret_done)
{
	enum { THREADS = 20 };
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < THREADS; i++, ++*ret_done) {
		rc = run_a_thread(growth_measured_thread);
		growth_until(&heard, (uint64_t)n + i + 1);
	}
	return rc;
}

static int ask_for_work(maiko_ctx *ctx, uint32_t n) { return maiko_send(ctx, labour, .count = n); }

static int run_jobs(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(ask_for_work, n);
	growth_until(&worked, n);
	*ret_done = n;
	return rc;
}

/* ---- handles of an actor ---- */

static uv_timer_t *timers;
static uint64_t closed;

static int adopt_all(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		uv_timer_init(maiko_loop(ctx), &timers[i]);
		rc = maiko_adopt(ctx, (uv_handle_t *)&timers[i]);
	}
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
	closed++;
}

static int close_all(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_close(ctx, (uv_handle_t *)&timers[i], on_closed);
	return rc;
}

static int prepare_handles(uint32_t n)
{
	timers = calloc(n, sizeof *timers);
	int rc = growth_open();
	return rc != 0 ? rc : growth_start();
}

static int run_handles(uint32_t n, uint64_t *ret_done)
{
	int rc = growth_in_actor(adopt_all, n);
	if (rc == 0)
		rc = growth_in_actor(close_all, n);
	growth_until(&closed, n);
	*ret_done = n;
	return rc;
}

/* ---- monitors: each observation for each monitor ---- */

static uint64_t observations;

static void see(void *arg, const maiko_observation *observation)
{
	(void)arg;
	(void)observation;
	observations++;
}

static int prepare_monitors(uint32_t n)
{
	int rc = prepare_ear(n);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		maiko_monitor *monitor;
		rc = maiko_monitor_add(growth_sup, &(maiko_hooks){.any = see}, NULL, &monitor);
	}
	return rc;
}

static int shout_often(maiko_ctx *ctx, uint32_t n)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_send(ctx, shout, .number = i);
	return rc;
}

static int run_monitors(uint32_t n, uint64_t *ret_done)
{
	enum { TIMES = 1000 };
	(void)n;
	uint64_t before = observations;
	int rc = growth_in_actor(shout_often, TIMES);
	growth_until(&heard, TIMES);
	*ret_done = observations - before;
	return rc;
}

const growth_operation growth_others[] = {{"observation", prepare_monitors, run_monitors, MAIKO_MONITORS_MAX},
					  {"thread", prepare_threads, run_threads, 2000},
					  {"job", prepare_ear, run_jobs, 0},
					  {"handle", prepare_handles, run_handles, 0},
					  {.name = NULL}};
