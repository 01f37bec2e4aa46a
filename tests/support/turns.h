/*
 * turns.h - a supervisor whose workers take whole turns when they are told to, or when a call waits, on a clock that
 * only handlers move: for what depends on nanoseconds.
 */
#ifndef TURNS_H
#define TURNS_H

#include "runtime/runtime.h"

extern uint64_t clock_ns;

/* Creates it, at a second after the clock began. There is one at a time. */
maiko_supervisor *turns_supervisor(uint32_t workers);

/* Each of its workers takes a turn, and a nanosecond passes. */
void turns_take(void);

#endif
