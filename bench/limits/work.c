/*
 * work.c - W7: only the work of the pipeline's stages, on one core, or divided between two cores
 * that never wait for each other.
 */
#include "limits.h"

#include <uv.h>

enum { EVENTS = 100000, STAGES = 3, WORK_NS = 2000, CORES_MAX = 2 };

static uint64_t each; /* units of work per core */

static void work(void *which)
{
	bench_pin(*(const unsigned *)which);
	for (uint64_t i = 0; i < each; i++)
		bench_work(WORK_NS);
}

static bool run(const bench_variant *v)
{
	uint64_t events = bench_scaled(EVENTS, 2);
	unsigned first = 0, second = 1;
	uv_thread_t thread;
	bench_pin(first);
	each = events * STAGES / v->workers;
	uint64_t begun_ns = bench_now_ns();
	if (v->workers == CORES_MAX)
		uv_thread_create(&thread, work, &second);
	work(&first);
	if (v->workers == CORES_MAX)
		uv_thread_join(&thread);
	bench_figure("events", "/s", (double)events * 1e9 / (double)(bench_now_ns() - begun_ns));
	return true;
}

const bench_variant work_variants[] = {{.name = "W7/one", .run = run, .workers = 1},
				       {.name = "W7/two", .run = run, .workers = CORES_MAX},
				       {.name = NULL}};
