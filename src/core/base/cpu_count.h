/*
 * cpu_count.h - how many cores the process may use.
 */
#ifndef MK_CPU_COUNT_H
#define MK_CPU_COUNT_H

#include <stdint.h>

/* By affinity and by the quota of its cgroup, rounded up; at least 1. */
uint32_t mk_cpu_count(void);

#endif
