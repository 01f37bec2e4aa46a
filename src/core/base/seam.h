/*
 * seam.h - the hooks for all sources of nondeterminism: time, random numbers, scheduling.
 *
 * The core reads the clock, draws random numbers and chooses what runs next only through
 * these hooks. If they are unset it uses the monotonic clock, a generator seeded by the
 * system, and FIFO order. A simulation sets all of them: one thread then simulates all
 * threads, and a call that would wait for another thread executes steps instead (step.h).
 */
#ifndef MK_SEAM_H
#define MK_SEAM_H

#include "base/base.h"

#include <uv.h>

typedef struct mk_seam {
	uint64_t (*now_ns)(void *arg);                 /* never goes back */
	uint64_t (*wall_ns)(void *arg);                /* since 1970-01-01 UTC; it may be set, also back */
	uint64_t (*random)(void *arg);                 /* 64 bits         */
	uint32_t (*choose)(void *arg, uint32_t count); /* 0 to count - 1  */
	/* Where an actor or an external thread is placed for which nobody has said it: so many workers after the
	 * next one in turn. */
	uint32_t (*place)(void *arg, uint32_t count);
	void (*wait)(void *arg, uint64_t until_ns); /* must run steps of other threads; UINT64_MAX: no bound */
	void (*between)(void *arg);                 /* may run steps of other threads; no lock is held */
	/* The result to use for a callback that returned `rc`: `rc`, or an injected error. */
	int (*result)(void *arg, uint64_t actor, int phase, int rc);
	/* The error of a failed simulation, with its text stored (error.h); 0: it has not failed. */
	int (*failure)(void *arg);
	/* I/O or another real resource was requested, which a simulation does not have: by that call of `who`. */
	void (*refused)(void *arg, const char *call, const char *who);
	/* For a library that watches a run and knows no simulation. Calls `check(check_arg)` after each step, until
	 * it is removed. 0, or an error. */
	int (*add_check)(void *arg, void (*check)(void *check_arg), void *check_arg);
	void (*remove_check)(void *arg, void (*check)(void *check_arg), void *check_arg);
	/* What must hold does not: the simulation fails, with that text. */
	void (*broken)(void *arg, const char *text);
	void *arg;
	uint64_t thread; /* in a simulation: the number of the external thread that sends, from 1 */
	bool simulated;
	bool steered;             /* `choose` selects the next actor to run, or that choice is recorded */
	bool noted;               /* a recording or a replay is active (note.h) */
	struct mk_scribe *scribe; /* the recorder or the replay; NULL: none, or it has ended */
	/* A replay: the recording says where a run of an actor ends (pace.h): after how many tasks and
	 * events, and whether before a due tick. */
	bool led, tick_waits;
	uint32_t led_tasks, led_privates;
	uv_thread_t owner;       /* the thread that simulates */
	uint64_t wall_offset_ns; /* now_ns + this: since 1970-01-01 UTC */
	uint64_t seed;
} mk_seam;

/* A generator with one owner (xoshiro256** by Blackman and Vigna, 2018). */
typedef struct mk_random {
	uint64_t s[4];
} mk_random;

/* Seeds from the system. 0 or libuv's error. */
int mk_seam_init(mk_seam *seam);

MK_PRIVATE uint64_t mk_now(const mk_seam *seam);

/* The clock of the machine: nanoseconds since 1970-01-01 UTC. Anyone may set it, and it goes on while the machine is
 * suspended; mk_now does neither. */
uint64_t mk_wall(const mk_seam *seam);

/* The program that counts instructions (bench/budget) defines its own counter. */
#if !defined(MK_TICKS) && (defined(__x86_64__) || defined(__i386__))
#define MK_TICKS() __builtin_ia32_rdtsc()
#endif

/* A counter, where there is one: its difference is an upper bound of the nanoseconds passed (pace.c). Else the time. */
static inline uint64_t mk_ticks(const mk_seam *seam)
{
#ifdef MK_TICKS
	if (MK_LIKELY(seam->now_ns == NULL))
		return MK_TICKS();
#endif
	return mk_now(seam);
}

/* The deadline of a timeout that begins now, in the time of mk_now; UINT64_MAX: never. */
MK_PRIVATE uint64_t mk_deadline(const mk_seam *seam, uint64_t timeout_ms);

MK_PRIVATE void mk_random_seed(mk_random *random, uint64_t seed);
MK_PRIVATE uint64_t mk_random_next(const mk_seam *seam, mk_random *random);

#endif
