/*
 * copy.c - P: a payload is copied into memory that was used before, and read.
 */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 1 << 30 /* in all */, COPIES_MAX = 2000000, PLACES = 2 };

static bool run(const bench_variant *v)
{
	uint64_t full = BYTES / v->size, copies = bench_scaled(full < COPIES_MAX ? full : COPIES_MAX, 1), sum = 0;
	unsigned char *from = bench_lines(1, v->size), *to = bench_lines(PLACES, v->size);
	from[0] = 1;
	uint64_t begun_ns = bench_now_ns();
	for (uint64_t i = 0; i < copies; i++) {
		unsigned char *place = to + i % PLACES * v->size;
		memcpy(place, from, v->size);
		__asm__ volatile("" ::"r"(place) : "memory"); /* all of it */
		sum += place[0] + place[v->size - 1];
	}
	bench_figure("event", "ns", (double)(bench_now_ns() - begun_ns) / (double)copies);
	bench_check(sum == copies, "other bytes");
	free(from);
	free(to);
	return true;
}

const bench_variant copy_variants[] = {
	{.name = "P/512B", .run = run, .size = 512},    {.name = "P/1KiB", .run = run, .size = 1024},
	{.name = "P/4KiB", .run = run, .size = 4096},   {.name = "P/16KiB", .run = run, .size = 16384},
	{.name = "P/64KiB", .run = run, .size = 65536}, {.name = NULL}};
