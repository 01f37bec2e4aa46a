/*
 * seam.h - the seam through which time, chance and choice come in.
 *
 * The core reads no clock, draws no random number and picks no "next" but through
 * here. With the hooks unset these are the machine's clock, a generator seeded by the
 * system, and first come, first served. A simulation sets all of them: one thread then
 * stands for all, and a call that would wait for another takes steps instead (step.h).
 */
#ifndef MK_SEAM_H
#define MK_SEAM_H

#include "base/base.h"

#include <uv.h>

typedef struct mk_seam {
	uint64_t (*now_ns)(void *arg);                 /* never goes back */
	uint64_t (*random)(void *arg);                 /* 64 bits         */
	uint32_t (*choose)(void *arg, uint32_t count); /* 0 to count - 1  */
	void (*wait)(void *arg);                       /* let others do something */
	void (*between)(void *arg);                    /* others may do something: no lock is held */
	/* The result of a callback that has returned `rc`: the same, or an error in its place. */
	int (*result)(void *arg, uint64_t actor, int phase, int rc);
	/* The error of a simulation that has failed, with its sentence; 0: it has not. */
	int (*failure)(void *arg);
	/* Something real was asked for: the call, and who made it. */
	void (*refused)(void *arg, const char *call, const char *who);
	/* For a library that watches a run and knows no simulation. Calls `check(check_arg)` after each step, until
	 * it is removed. 0, or an error. */
	int (*add_check)(void *arg, void (*check)(void *check_arg), void *check_arg);
	void (*remove_check)(void *arg, void (*check)(void *check_arg), void *check_arg);
	/* What must hold does not: the simulation fails, with that text. */
	void (*broken)(void *arg, const char *text);
	void *arg;
	uint64_t thread; /* a simulation: which one sends from outside, 1 and up */
	bool simulated;
	bool steered;             /* `choose` picks the next actor to run, or which one it is, is noted */
	bool noted;               /* for a recording, or led by one (note.h) */
	struct mk_scribe *scribe; /* the recorder or leader; NULL: none, or none any more */
	/* Led by a recording, which says where a run of an actor ends (pace.h): after so many tasks and
	 * events, and before a tick that is due or after it. */
	bool led, tick_waits;
	uint32_t led_tasks;
	uv_thread_t owner;       /* the thread that simulates */
	uint64_t wall_offset_ns; /* now_ns + this: since 1970-01-01 UTC */
	uint64_t seed;
} mk_seam;

/* A generator of one owner (xoshiro256** by Blackman and Vigna, 2018). */
typedef struct mk_random {
	uint64_t s[4];
} mk_random;

/* Seeds from the system. 0 or libuv's error. */
int mk_seam_init(mk_seam *seam);

MK_PRIVATE uint64_t mk_now(const mk_seam *seam);

MK_PRIVATE void mk_random_seed(mk_random *random, uint64_t seed);
MK_PRIVATE uint64_t mk_random_next(const mk_seam *seam, mk_random *random);

#endif
