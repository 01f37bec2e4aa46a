/*
 * cpu_count.c - see cpu_count.h. The quota is read as the kernel documents it: cgroup v2, in
 * Documentation/admin-guide/cgroup-v2.rst, "cpu.max"; v1 in scheduler/sched-bwc.rst.
 * /proc/self/cgroup names the process's group, /proc/self/mountinfo the mounts of the groups
 * (proc(5)). A container often sees only a subtree of the groups, whose root has another name
 * on the host.
 */
#include "base/cpu_count.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/* Reads a file line by line. Not by a stream, whose buffer would come from malloc. */
typedef struct lines {
	int fd;
	size_t start, end;
	char text[4096];
} lines;

static bool lines_open(lines *l, const char *path)
{
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	l->start = l->end = 0;
	return l->fd >= 0;
}

/* The next line, valid until the next call; NULL at the end. A line that does not fit is
 * returned in pieces; no line that matters here is that long. */
static char *lines_next(lines *l)
{
	size_t room = sizeof l->text - 1;
	memmove(l->text, l->text + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	for (ssize_t n = 1; memchr(l->text, '\n', l->end) == NULL && l->end < room && n > 0; l->end += (size_t)n)
		if ((n = read(l->fd, l->text + l->end, room - l->end)) < 0)
			n = 0;
	if (l->end == 0)
		return NULL;
	char *newline = memchr(l->text, '\n', l->end);
	size_t length = newline != NULL ? (size_t)(newline - l->text) : l->end;
	l->start = newline != NULL ? length + 1 : length;
	if (newline == NULL) /* the byte after it is not read yet, or does not exist */
		l->text[length] = '\0';
	else
		*newline = '\0';
	return l->text;
}

/* Reads the first two numbers of a small file. Returns how many it has: 0, 1 or 2. */
static int read_numbers(const char *directory, const char *name, long long *ret_first, long long *ret_second)
{
	lines file;
	char path[1400];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	if (!lines_open(&file, path))
		return 0;
	const char *text = lines_next(&file);
	int count = text == NULL ? 0 : sscanf(text, "%lld %lld", ret_first, ret_second);
	close(file.fd);
	return count;
}

/* The CPU quota of one group in cores, rounded up; 0: no quota. */
static uint32_t quota_of(const char *directory, bool v2)
{
	long long quota, period, none;
	bool has = v2 ? read_numbers(directory, "cpu.max", &quota, &period) == 2
		      : read_numbers(directory, "cpu.cfs_quota_us", &quota, &none) >= 1 &&
				   read_numbers(directory, "cpu.cfs_period_us", &period, &none) >= 1;
	return has && quota > 0 && period > 0 ? (uint32_t)((quota + period - 1) / period) : 0;
}

/* The lower of two quotas; 0: no quota. */
static uint32_t tighter(uint32_t a, uint32_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

/* Whether a comma-separated list contains `cpu`. */
static bool has_cpu(const char *list)
{
	for (const char *at = list; at != NULL; at = strchr(at, ','), at = at == NULL ? NULL : at + 1)
		if (strncmp(at, "cpu", 3) == 0 && strchr(",\n", at[3]) != NULL) /* or its end */
			return true;
	return false;
}

/* The path of this process's group from the root of its hierarchy: v2, or the v1 hierarchy with
 * the cpu controller. */
static bool find_group(bool v2, char *group, size_t size)
{
	lines file;
	bool found = false;
	if (!lines_open(&file, "/proc/self/cgroup"))
		return false;
	for (char *line; !found && (line = lines_next(&file)) != NULL;) {
		char *controllers = strchr(line, ':'); /* number:controllers:path */
		char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
		if (path == NULL)
			continue;
		*path++ = '\0';
		found = v2 ? strcmp(line, "0:") == 0 : has_cpu(controllers + 1);
		if (found)
			snprintf(group, size, "%s", path);
	}
	close(file.fd);
	return found;
}

/* The lowest quota from `group` up to the root of a mount; `root` is the group mounted there. */
static uint32_t quota_from(const char *mount, const char *root, const char *group, bool v2)
{
	char directory[1300];
	size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root), top = strlen(mount);
	bool inside = strncmp(group, root, skip) == 0 && strchr("/", group[skip]) != NULL; /* or its end */
	uint32_t cores = 0;
	const char *below = inside && strcmp(group + skip, "/") != 0 ? group + skip : "";
	snprintf(directory, sizeof directory, "%s%s", mount, below);
	for (char *end = directory + strlen(directory); end >= directory + top; end = strrchr(directory, '/')) {
		*end = '\0';
		cores = tighter(cores, quota_of(directory, v2));
		if (strlen(directory) <= top)
			break;
	}
	return cores;
}

/* The lowest quota of all groups of that version that contain this process. */
static uint32_t quota(bool v2)
{
	lines file;
	char group[600], root[600], mount[600], type[32], options[200];
	uint32_t cores = 0;
	if (!find_group(v2, group, sizeof group) || !lines_open(&file, "/proc/self/mountinfo"))
		return 0;
	for (const char *line; (line = lines_next(&file)) != NULL;) {
		const char *rest = strstr(line, " - ");
		if (rest == NULL || sscanf(line, "%*s %*s %*s %599s %599s", root, mount) != 2 ||
		    sscanf(rest, " - %31s %*s %199s", type, options) != 2)
			continue;
		if (v2 ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_cpu(options))
			cores = tighter(cores, quota_from(mount, root, group, v2));
	}
	close(file.fd);
	return cores;
}

uint32_t mk_cpu_count(void)
{
	uint32_t cores = uv_available_parallelism(); /* by affinity */
	uint32_t limit = tighter(quota(true), quota(false));
	if (limit != 0 && limit < cores)
		cores = limit;
	return cores == 0 ? 1 : cores;
}
