/*
 * cores.h - how many cores the process may use.
 */
#ifndef MK_CORES_H
#define MK_CORES_H

#include <stdint.h>

/* By affinity and by the quota of its cgroup, rounded up; at least 1. */
uint32_t mk_cores(void);

#endif
