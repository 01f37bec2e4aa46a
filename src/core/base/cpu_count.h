/*
 * cpu_count.h - how many cores the process may use.
 */
#ifndef MK_CPU_COUNT_H
#define MK_CPU_COUNT_H

#include <stdint.h>

/* The lower of the CPU affinity's count and the cgroup's quota, rounded up; at least 1. */
uint32_t mk_cpu_count(void);

#endif
