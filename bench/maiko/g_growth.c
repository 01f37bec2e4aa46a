/*
 * g_growth.c - G: the cost of an operation of bench/growth among a thousand objects of its kind,
 * and among a hundred thousand; of some for the plot from one on.
 */
#include "workloads.h"

#include "growth.h"

#include <stdio.h>
#include <string.h>

/* "G/<operation>-<n>" */
static bool run_growth(const bench_variant *v)
{
	char name[32];
	const char *operation = strchr(v->name, '/') + 1;
	snprintf(name, sizeof name, "%.*s", (int)(strrchr(operation, '-') - operation), operation);
	const growth_operation *o = growth_find(name);
	bench_check(o != NULL && o->prepare((uint32_t)v->size) == 0, "it cannot be prepared");
	uint64_t done = 0, start_ns = bench_now_ns();
	bench_check(o != NULL && o->run((uint32_t)v->size, &done) == 0 && done != 0, "it has failed");
	bench_figure("operation", "ns", (double)(bench_now_ns() - start_ns) / (double)done);
	return true;
}

#define GROWTH(operation)                                                                                              \
	{"G/" operation "-1000", run_growth, .size = 1000}, { "G/" operation "-100000", run_growth, .size = 100000 }

#define GROWTH_FROM_ONE(operation)                                                                                     \
	{"G/" operation "-1", run_growth, .size = 1}, {"G/" operation "-10", run_growth, .size = 10},                  \
		{"G/" operation "-100", run_growth, .size = 100}, GROWTH(operation),                                   \
	{                                                                                                              \
		"G/" operation "-10000", run_growth, .size = 10000                                                     \
	}

const bench_variant growth_variants[] = {GROWTH("find"),
					 GROWTH("add"),
					 GROWTH("remove"),
					 GROWTH("remove-all"),
					 GROWTH("report"),
					 GROWTH("start"),
					 GROWTH("stop"),
					 GROWTH("tick"),
					 GROWTH("type"),
					 GROWTH("name-topic"),
					 GROWTH("subscribe"),
					 GROWTH("subscribe-all"),
					 GROWTH("publish"),
					 GROWTH("publish-like"),
					 GROWTH("new-topic"),
					 GROWTH("new-pattern"),
					 GROWTH("join"),
					 GROWTH("deliver"),
					 GROWTH("send-late"),
					 GROWTH_FROM_ONE("cancel"),
					 GROWTH("keep"),
					 GROWTH("release"),
					 GROWTH("keep-latest"),
					 GROWTH("keep-latest-mixed"),
					 GROWTH("drop-oldest"),
					 GROWTH_FROM_ONE("mute"),
					 GROWTH_FROM_ONE("muted-by"),
					 GROWTH_FROM_ONE("thread"),
					 GROWTH("job"),
					 GROWTH("handle"),
					 GROWTH("subscribe-list"),
					 {"G/observation-1", run_growth, .size = 1},
					 {"G/observation-4", run_growth, .size = 4},
					 {"G/observation-16", run_growth, .size = MAIKO_MONITORS_MAX},
					 {.name = NULL}};
