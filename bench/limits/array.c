/*
 * array.c - W9: the limit of routing: a random access to an array of as many entries, each as
 * large as a worker's topic.
 */
#include "limits.h"

#include <stdlib.h>

enum { ACCESSES = 20000000, ENTRY_WORDS = 20 /* 160 bytes */ };
static const uint64_t SEED = 88172645463325252u;

static bool run(const bench_variant *v)
{
	uint64_t accesses = bench_scaled(ACCESSES, 1), chance = SEED, sum = 0;
	uint64_t(*entries)[ENTRY_WORDS] = bench_lines(v->size, sizeof *entries);
	uint64_t begun_ns = bench_now_ns();
	/* Each access depends on the previous one, because the next publish is not known in advance. */
	for (uint64_t i = 0, seen = 0; i < accesses; i++) {
		uint64_t where = (((bench_random(&chance) >> 32) + (seen & 1)) * v->size) >> 32;
		seen = entries[where < v->size ? where : 0][0] += 2;
	}
	double ns = (double)(bench_now_ns() - begun_ns);
	for (uint64_t i = 0; i < v->size; i++)
		sum += entries[i][0];
	bench_check(sum == 2 * accesses, "accesses are missing");
	bench_figure("publish", "ns", ns / (double)accesses);
	free(entries);
	return true;
}

const bench_variant array_variants[] = {{.name = "W9/10", .run = run, .size = 10},
					{.name = "W9/1000", .run = run, .size = 1000},
					{.name = "W9/100000", .run = run, .size = 100000},
					{.name = NULL}};
