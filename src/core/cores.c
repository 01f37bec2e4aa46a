/*
 * cores.c - see cores.h. The quota is read as the kernel documents it: cgroup v2, in
 * Documentation/admin-guide/cgroup-v2.rst, "cpu.max"; v1 in scheduler/sched-bwc.rst.
 */
#include "cores.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/* Reads the start of a small file as text; without a stream, whose buffer comes from malloc. */
static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -1;
}

/* Quota over period, rounded up; 0: none. */
static uint32_t ratio(long long quota, long long period)
{
	return quota > 0 && period > 0 ? (uint32_t)((quota + period - 1) / period) : 0;
}

/* The tightest cpu.max from our cgroup, which is cut shorter step by step, to the root. */
static uint32_t quota_v2(char *cgroup)
{
	char file[1024], text[64];
	uint32_t tightest = 0;
	for (char *end = cgroup + strlen(cgroup); end != NULL; end = strrchr(cgroup, '/')) {
		long long quota, period;
		*end = '\0';
		snprintf(file, sizeof file, "/sys/fs/cgroup%s/cpu.max", cgroup);
		if (read_text(file, text, sizeof text) == 0 && sscanf(text, "%lld %lld", &quota, &period) == 2) {
			uint32_t cores = ratio(quota, period);
			if (cores != 0 && (tightest == 0 || cores < tightest))
				tightest = cores;
		}
	}
	return tightest;
}

static uint32_t quota_v1(void)
{
	char quota[64], period[64];
	if (read_text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) != 0 ||
	    read_text("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period) != 0)
		return 0;
	return ratio(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

uint32_t mk_cores(void)
{
	uint32_t cores = uv_available_parallelism(); /* by affinity */
	char text[600];
	uint32_t quota = 0;
	if (read_text("/proc/self/cgroup", text, sizeof text) == 0) {
		char *v2 = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
		if (v2 != NULL) {
			char *cgroup = strstr(v2, "::") + 2;
			cgroup[strcspn(cgroup, "\n")] = '\0';
			quota = quota_v2(cgroup);
		}
	}
	if (quota == 0)
		quota = quota_v1();
	if (quota != 0 && quota < cores)
		cores = quota;
	return cores == 0 ? 1 : cores;
}
