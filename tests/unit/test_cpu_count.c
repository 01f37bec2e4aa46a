/*
 * test_cpu_count.c - how many cores the process may use: by affinity, and by the quota of its
 * cgroup, as the kernel writes it to files. The room is compiled in here, so that it reads
 * files of the test's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

static struct {
	const char *path, *content;
} files[8];                /* what the kernel says; ends with a NULL */
static const char *mounts; /* /proc/self/mountinfo */
static unsigned parallelism;
static bool real; /* ask the kernel itself */

static int file_with(const char *content)
{
	ssize_t size = (ssize_t)strlen(content);
	int fd = memfd_create("file", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, (size_t)size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int open_file(const char *path, int flags)
{
	if (real)
		return open(path, flags);
	if (strcmp(path, "/proc/self/mountinfo") == 0)
		return file_with(mounts);
	for (int i = 0; files[i].path != NULL; i++)
		if (strcmp(files[i].path, path) == 0)
			return file_with(files[i].content);
	return -1;
}

static unsigned available(void) { return real ? uv_available_parallelism() : parallelism; }

#define open open_file
#define uv_available_parallelism available
#include "base/cpu_count.c"
#undef open
#undef uv_available_parallelism

static const char usual_mounts[] =
	"23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	"32 31 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
	"33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime master:7 shared:8 - cgroup cgroup rw,cpu,cpuacct\n";

static int eight_cores_and_no_files(void **state)
{
	(void)state;
	memset(files, 0, sizeof files);
	mounts = usual_mounts;
	parallelism = 8;
	real = false;
	return 0;
}

static void file(const char *path, const char *content)
{
	int i = 0;
	while (files[i].path != NULL)
		i++;
	files[i].path = path;
	files[i].content = content;
}

static void without_a_cgroup_affinity_decides(void **state)
{
	(void)state;
	assert_int_equal(mk_cpu_count(), 8);
	parallelism = 1;
	assert_int_equal(mk_cpu_count(), 1);
	parallelism = 0; /* libuv could not tell */
	assert_int_equal(mk_cpu_count(), 1);
}

static void a_quota_is_rounded_up(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "0::/\n");
	file("/sys/fs/cgroup/cpu.max", "150000 100000\n");
	assert_int_equal(mk_cpu_count(), 2);
	files[1].content = "200000 100000\n";
	assert_int_equal(mk_cpu_count(), 2);
	files[1].content = "200001 100000\n";
	assert_int_equal(mk_cpu_count(), 3);
	files[1].content = "1000 100000\n";
	assert_int_equal(mk_cpu_count(), 1);
}

static void a_quota_never_adds_cores(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "0::/\n");
	file("/sys/fs/cgroup/cpu.max", "6400000 100000\n");
	assert_int_equal(mk_cpu_count(), 8);
}

static void max_means_no_quota(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "0::/a\n");
	file("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
	assert_int_equal(mk_cpu_count(), 8);
}

static void the_tightest_of_the_groups_above_counts(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "0::/a/b/c\n");
	file("/sys/fs/cgroup/a/b/c/cpu.max", "500000 100000\n");
	file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	file("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
	assert_int_equal(mk_cpu_count(), 3);
	files[1].content = "200000 100000\n";
	assert_int_equal(mk_cpu_count(), 2);
}

static void a_hybrid_machine_has_the_line_of_version_2_anywhere(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "3:cpu,cpuacct:/x\n0::/service\n1:name=systemd:/y\n");
	file("/sys/fs/cgroup/service/cpu.max", "400000 100000\n");
	assert_int_equal(mk_cpu_count(), 4);
}

static void version_1_has_two_files(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "3:cpu,cpuacct:/x\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_int_equal(mk_cpu_count(), 3);
	files[1].content = "-1\n"; /* none */
	assert_int_equal(mk_cpu_count(), 8);
	files[1].content = "250000\n";
	files[2].path = "elsewhere";
	assert_int_equal(mk_cpu_count(), 8);
}

static void the_tightest_of_the_groups_of_version_1_counts(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "4:cpuset:/\n3:cpu,cpuacct:/a/b\n");
	file("/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "50000\n");
	file("/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"); /* the root has no quota */
	assert_int_equal(mk_cpu_count(), 1);
	files[1].path = "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us";
	files[2].path = "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us";
	files[1].content = "300000\n";
	assert_int_equal(mk_cpu_count(), 3);
	files[0].content = "3:cpuacct,cpu:/a\n4:cpuset:/a/b\n";
	assert_int_equal(mk_cpu_count(), 3);
	files[0].content = "4:cpuset:/a/b\n3:cpuacct:/a\n"; /* of other controllers */
	assert_int_equal(mk_cpu_count(), 8);
}

/* Its root is a group below the machine's, under which it is named all the same. */
static void a_container_sees_its_own_groups_alone(void **state)
{
	(void)state;
	mounts = "9 8 0:30 /docker/12ab /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
	file("/proc/self/cgroup", "3:cpu:/docker/12ab/job\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_int_equal(mk_cpu_count(), 2);
	file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100000\n");
	file("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
	assert_int_equal(mk_cpu_count(), 1);
	files[0].content = "3:cpu:/docker/12\n"; /* not below the root: no more is known than of that */
	assert_int_equal(mk_cpu_count(), 2);
}

static void version_2_may_be_mounted_anywhere(void **state)
{
	(void)state;
	mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		 "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
	file("/proc/self/cgroup", "0::/service\n");
	file("/sys/fs/cgroup/unified/service/cpu.max", "400000 100000\n");
	assert_int_equal(mk_cpu_count(), 4);
}

static void of_both_versions_the_tighter_counts(void **state)
{
	(void)state;
	file("/proc/self/cgroup", "3:cpu,cpuacct:/\n0::/\n");
	file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
	file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_int_equal(mk_cpu_count(), 3);
	files[1].content = "200000 100000\n";
	assert_int_equal(mk_cpu_count(), 2);
}

/* More mounts than fit into what is read at a time, and one whose line alone does not. */
static void a_long_list_of_mounts_is_read_to_its_end(void **state)
{
	(void)state;
	static char many[40000];
	char *at = many;
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "%d 1 0:%d / /mnt/some/where/%d rw,relatime - tmpfs tmpfs rw\n", i, i, i);
	at += sprintf(at, "300 1 0:300 / /layers rw - overlay overlay rw,lowerdir=");
	memset(at, 'x', 10000);
	sprintf(at + 10000, "\n%s", usual_mounts);
	mounts = many;
	file("/proc/self/cgroup", "0::/\n");
	file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
	assert_int_equal(mk_cpu_count(), 3);
}

static void nonsense_is_no_quota(void **state)
{
	(void)state;
	static const char *const nonsense[] = {"\n", "100000\n", "0 100000\n", "100000 0\n", "-5 -5\n", "a b\n"};
	file("/proc/self/cgroup", "0::/\n");
	file("/sys/fs/cgroup/cpu.max", "");
	for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
		files[1].content = nonsense[i];
		assert_int_equal(mk_cpu_count(), 8);
	}
}

static void bound_to_one_core_there_is_one(void **state)
{
	(void)state;
	cpu_set_t before, one;
	real = true;
	assert_true(mk_cpu_count() >= 1);
	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	int core = sched_getcpu();
	CPU_ZERO(&one);
	CPU_SET(core, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	uint32_t cores = mk_cpu_count();
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
	assert_int_equal(cores, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, eight_cores_and_no_files)
	const struct CMUnitTest tests[] = {
		TEST(without_a_cgroup_affinity_decides),
		TEST(a_quota_is_rounded_up),
		TEST(a_quota_never_adds_cores),
		TEST(max_means_no_quota),
		TEST(the_tightest_of_the_groups_above_counts),
		TEST(a_hybrid_machine_has_the_line_of_version_2_anywhere),
		TEST(version_1_has_two_files),
		TEST(the_tightest_of_the_groups_of_version_1_counts),
		TEST(a_container_sees_its_own_groups_alone),
		TEST(version_2_may_be_mounted_anywhere),
		TEST(of_both_versions_the_tighter_counts),
		TEST(a_long_list_of_mounts_is_read_to_its_end),
		TEST(nonsense_is_no_quota),
		TEST(bound_to_one_core_there_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
