/*
 * ticks.h - included before the library that is counted: a counter in place of the processor's time
 * stamp, whose steps are as far apart as sixteen short callbacks (src/core/sched/pace.c).
 */
#ifndef BUDGET_TICKS_H
#define BUDGET_TICKS_H

#include <stdint.h>

#define MK_TICKS() budget_ticks()

static inline uint64_t budget_ticks(void)
{
	static uint64_t ticks;
	return ticks += 1000;
}

#endif
