/*
 * growth.c - runs an operation of bench/growth among n objects, for counting its instructions
 * (growth.sh).
 *
 *   growth list             the operations, and the largest N of each; 0: any number
 *   growth OPERATION N      runs it, and prints the number of operations
 *
 * The instructions of growth_measured and its callees are counted.
 */
#include "growth.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_STEP_NS = 5000 };

/* Replaces the C library's, also for libuv: time-dependent work is the same in each run. */
int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	static _Atomic(uint64_t) now_ns = UINT64_C(1000000000000);
	uint64_t now = now_ns += CLOCK_STEP_NS;
	(void)clock;
	ret_time->tv_sec = (time_t)(now / 1000000000u);
	ret_time->tv_nsec = (long)(now % 1000000000u);
	return 0;
}

/* Not inline, because callgrind finds it by name. */
int growth_measured(const growth_operation *o, uint32_t n, uint64_t *ret_done);
__attribute__((noinline)) int growth_measured(const growth_operation *o, uint32_t n, uint64_t *ret_done)
{
	return o->run(n, ret_done);
}

/* Those of bench/growth, then those that only this program has. */
static const growth_operation *operation_at(uint32_t i)
{
	uint32_t shared = 0;
	while (growth_at(shared) != NULL)
		shared++;
	if (i < shared)
		return growth_at(i);
	const growth_operation *o = growth_workers;
	for (i -= shared; i > 0 && o->name != NULL; i--)
		o++;
	return o->name == NULL ? NULL : o;
}

static const growth_operation *operation_of(const char *name)
{
	const growth_operation *o;
	for (uint32_t i = 0; (o = operation_at(i)) != NULL; i++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

int main(int argc, char **argv)
{
	const growth_operation *o;
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (uint32_t i = 0; (o = operation_at(i)) != NULL; i++)
			printf("%s %u\n", o->name, o->most);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	o = n == 0 ? NULL : operation_of(argv[1]);
	uint64_t done = 0;
	int rc = o == NULL ? MAIKO_EINVAL : o->prepare(n);
	if (rc == 0)
		rc = growth_measured(o, n, &done);
	if (rc != 0 || done == 0) {
		fprintf(stderr, "growth %s: %s\n", argc > 1 ? argv[1] : "", maiko_strerror(rc));
		return 1;
	}
	printf("done %llu\n", (unsigned long long)done);
	_exit(fflush(stdout) == 0 ? 0 : 1); /* the rest must not be counted */
}
