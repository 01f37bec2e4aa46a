/*
 * bench.c - see bench.h.
 */
#include "bench.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIGURES_MAX = 16 };

static struct {
	const char *name, *unit;
	double value;
} figures[FIGURES_MAX];
static int figure_count;
static double scale = 1;
static atomic_bool wrong;

/* ---- figures and checks ---- */

void bench_figure(const char *name, const char *unit, double value)
{
	bench_check(figure_count < FIGURES_MAX, "too many figures");
	if (figure_count == FIGURES_MAX)
		return;
	figures[figure_count].name = name;
	figures[figure_count].unit = unit;
	figures[figure_count++].value = value;
}

void bench_check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "wrong: %s\n", what);
	atomic_store(&wrong, true);
}

uint64_t bench_scaled(uint64_t full, uint64_t multiple)
{
	uint64_t units = (uint64_t)((double)full * scale / (double)multiple + 0.5);
	return (units == 0 ? 1 : units) * multiple;
}

/* ---- time, processors, random numbers ---- */

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t bench_process_cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
uint64_t bench_thread_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

void bench_pin(unsigned which)
{
	cpu_set_t allowed, one;
	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
		return;
	/* A pinned thread cannot read the full set any more, so the first call, by the main thread, keeps it. */
	static cpu_set_t all;
	static atomic_bool known;
	if (!atomic_exchange(&known, true))
		all = allowed;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || which-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof one, &one);
		return;
	}
}

void bench_work(uint64_t ns)
{
	uint64_t until = bench_now_ns() + ns;
	while (bench_now_ns() < until)
		;
}

uint64_t bench_resident(void)
{
	unsigned long long size, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	bench_check(statm != NULL && fscanf(statm, "%llu %llu", &size, &resident) == 2, "/proc/self/statm");
	if (statm != NULL)
		fclose(statm);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void *bench_lines(size_t count, size_t size)
{
	enum { LINE = 64 };
	size_t bytes = (count * size + LINE - 1) / LINE * LINE;
	void *memory = aligned_alloc(LINE, bytes);
	if (memory == NULL) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	return memset(memory, 0, bytes);
}

uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static int ascending(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

uint64_t bench_percentile(uint64_t *samples, uint64_t count, uint64_t percent)
{
	qsort(samples, count, sizeof *samples, ascending);
	return samples[count * percent / 100];
}

void bench_percentiles(uint64_t *samples_ns, uint64_t count)
{
	qsort(samples_ns, count, sizeof *samples_ns, ascending);
	bench_figure("p50", "us", (double)samples_ns[count / 2] / 1e3);
	bench_figure("p99", "us", (double)samples_ns[count * 99 / 100] / 1e3);
	bench_figure("p999", "us", (double)samples_ns[count * 999 / 1000] / 1e3);
}

/* ---- the command line ---- */

/* 0 if all that was printed has been written, else 1. */
static int written(void) { return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1; }

static int list(const bench_variant *const *workloads)
{
	for (; *workloads != NULL; workloads++)
		for (const bench_variant *v = *workloads; v->name != NULL; v++)
			printf("%s\n", v->name);
	return written();
}

static const bench_variant *find(const bench_variant *const *workloads, const char *name)
{
	for (; *workloads != NULL; workloads++)
		for (const bench_variant *v = *workloads; v->name != NULL; v++)
			if (strcmp(v->name, name) == 0)
				return v;
	return NULL;
}

static int run(const bench_variant *variant)
{
	bool finished = variant->run(variant);
	if (!finished || atomic_load(&wrong) || figure_count == 0) {
		fprintf(stderr, "%s has failed\n", variant->name);
		return 1;
	}
	for (int i = 0; i < figure_count; i++)
		printf("%s %s %.6g\n", figures[i].name, figures[i].unit, figures[i].value);
	return written();
}

int bench_main(int argc, char **argv, const char *about, const bench_variant *const *workloads)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list(workloads);
	if (argc == 2 && strcmp(argv[1], "about") == 0) {
		puts(about);
		return written();
	}
	if (argc < 3 || argc > 4 || strcmp(argv[1], "run") != 0) {
		fprintf(stderr, "usage: %s list | about | run VARIANT [SCALE]\n", argv[0]);
		return 2;
	}
	const bench_variant *variant = find(workloads, argv[2]);
	if (variant == NULL) {
		fprintf(stderr, "no such variant: %s\n", argv[2]);
		return 2;
	}
	char *end = NULL;
	scale = argc == 4 ? strtod(argv[3], &end) : 1;
	if (!(scale > 0 && scale <= 1000) || (end != NULL && (*end != '\0' || end == argv[3]))) {
		fprintf(stderr, "not a scale: %s\n", argv[3]);
		return 2;
	}
	return run(variant);
}
