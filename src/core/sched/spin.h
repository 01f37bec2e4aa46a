/*
 * spin.h - decides how long a worker checks for work before it sleeps. Reads no clock: idle.c measures.
 *
 * Sleeping costs a wake-up: some 20 to 50 µs until the worker runs, and processor time, of its own and of the thread
 * that wakes it. Spinning costs the time until work arrives. The worker keeps the lengths of its last gaps without
 * work, some two dozen, the older ones with less weight, and spins for the length that would have been cheapest:
 *
 *     a gap that the spin covers costs itself; a longer one costs the spin, and a wake-up
 *
 * If that is more than none, it spins longer, as far as that would have cost little more: a gap that the spin just
 * missed costs most.
 *
 * So it spins as long as gaps are short against a wake-up, stops when most are longer, and begins again when they
 * become short: gaps in which it slept count as well. A gap that ended with a descriptor or a timer counts as long,
 * because spinning would not have noticed it.
 */
#ifndef MK_SPIN_H
#define MK_SPIN_H

#include "runtime/runtime.h"

/* most_ns: the longest spin. A wake-up counts as a quarter of it. */
void mk_spin_init(mk_spin *s, uint64_t most_ns);

/* How long to spin now, with nothing to do; 0: not at all. Here the last gap is counted, not when it has just ended and
 * there is work. */
uint64_t mk_spin_length(mk_spin *s);

/* After `gap_ns` without work another thread brought some: during a spin, or, if `slept`, by a wake-up. */
void mk_spin_gap(mk_spin *s, uint64_t gap_ns, bool slept);

/* The worker slept until a descriptor or a timer woke it. */
void mk_spin_in_vain(mk_spin *s);

#endif
