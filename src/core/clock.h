/*
 * clock.h - the seam through which time, chance and choice come in.
 *
 * The core reads no clock, draws no random number and picks no "next" but through
 * here. With the hooks unset these are the machine's clock, a generator seeded by the
 * system, and first come, first served; a simulation sets them.
 */
#ifndef MK_CLOCK_H
#define MK_CLOCK_H

#include "base.h"

typedef struct mk_seam {
	uint64_t (*now_ns)(void *arg);                    /* never goes back */
	uint64_t (*random)(void *arg);                    /* 64 bits         */
	uint32_t (*choose)(void *arg, uint32_t count);    /* 0 to count - 1  */
	void *arg;
	uint64_t wall_offset_ns; /* now_ns + this: since 1970-01-01 UTC */
	uint64_t seed;
} mk_seam;

/* A generator of one owner (xoshiro256** by Blackman and Vigna, 2018). */
typedef struct mk_random {
	uint64_t s[4];
} mk_random;

/* Seeds from the system. 0 or libuv's error. */
int mk_seam_init(mk_seam *seam);

uint64_t mk_now(const mk_seam *seam);

void mk_random_seed(mk_random *random, uint64_t seed);
uint64_t mk_random_next(const mk_seam *seam, mk_random *random);

#endif
