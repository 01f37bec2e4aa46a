/*
 * measure.c - what the peers in C and C++ share.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "measure.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { WORK_NS = 2000, SHORTEST_SLEEP_NS = 200000, NS_PER_S = 1000000000 };

/* 0 if all that was printed has been written, else 1. */
static int written(void) { return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1; }

static int run(const char *name, double scale, const variant *variants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(variants[i].name, name) == 0)
			return variants[i].run(scale) == 0 ? written() : 1;
	fprintf(stderr, "no variant %s\n", name);
	return 1;
}

int measure_main(int argc, char **argv, const char *about, const variant *variants, size_t count)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(command, "list") == 0) {
		for (size_t i = 0; i < count; i++)
			puts(variants[i].name);
		return written();
	}
	if (argc == 2 && strcmp(command, "about") == 0) {
		puts(about);
		return written();
	}
	if ((argc == 3 || argc == 4) && strcmp(command, "run") == 0)
		return run(argv[2], argc == 4 ? strtod(argv[3], NULL) : 1.0, variants, count);
	fprintf(stderr, "usage: run-peer list | about | run VARIANT [SCALE]\n");
	return 1;
}

void measure_figure(const char *name, const char *unit, double value) { printf("%s %s %.3f\n", name, unit, value); }

void measure_rate(const char *name, const char *unit, uint64_t count, uint64_t took_ns)
{
	measure_figure(name, unit, (double)count * 1e9 / (double)took_ns);
}

int measure_expect(const char *what, uint64_t count, uint64_t expected)
{
	if (count == expected)
		return 0;
	fprintf(stderr, "%llu %s, expected %llu\n", (unsigned long long)count, what, (unsigned long long)expected);
	return -1;
}

uint64_t measure_scaled(uint64_t count, double scale)
{
	uint64_t scaled = (uint64_t)((double)count * scale);

	return scaled > 1 ? scaled : 1;
}

uint64_t measure_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void measure_work(void)
{
	uint64_t end = measure_now_ns() + WORK_NS;

	while (measure_now_ns() < end)
		;
}

void measure_use_cores(int count)
{
	cpu_set_t allowed, used;

	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
		return;
	CPU_ZERO(&used);
	for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&used) < count; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			CPU_SET(cpu, &used);
	sched_setaffinity(0, sizeof used, &used);
}

uint64_t measure_resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL || fscanf(statm, "%*u %llu", &pages) != 1)
		perror("/proc/self/statm");
	if (statm != NULL)
		fclose(statm);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

double measure_cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void measure_wait_until(uint64_t due_ns, uint64_t period_ns)
{
	struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S), .tv_nsec = (long)(due_ns % NS_PER_S)};

	if (period_ns > SHORTEST_SLEEP_NS)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	while (measure_now_ns() < due_ns)
		;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

void measure_latencies(uint64_t *samples_ns, size_t count, double cpu_s, uint64_t took_ns)
{
	qsort(samples_ns, count, sizeof *samples_ns, compare);
	measure_figure("p50", "us", (double)samples_ns[(count - 1) * 500 / 1000] / 1e3);
	measure_figure("p99", "us", (double)samples_ns[(count - 1) * 990 / 1000] / 1e3);
	measure_figure("p999", "us", (double)samples_ns[(count - 1) * 999 / 1000] / 1e3);
	measure_figure("cpu", "s", cpu_s * 1e9 / (double)took_ns);
}
