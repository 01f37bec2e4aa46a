/*
 * ticks.h - included before the counted library: replaces the processor's time stamp counter by a
 * counter that advances by the time of sixteen short callbacks (src/core/sched/pace.c).
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
