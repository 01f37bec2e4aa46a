/*
 * exploring.h - what the rooms of an exploration share: the memory that its processes see.
 *
 * A slot belongs to one child, which writes it; the parent reads it, also after the child
 * has died. The board is everybody's.
 */
#ifndef MT_EXPLORING_H
#define MT_EXPLORING_H

#include <maiko/testing/explore.h>

#include "sim.h"

#include <sys/types.h>

typedef struct mt_board {
	_Atomic(uint64_t) next;   /* the first seed that nobody has taken, counted from options.from */
	_Atomic(uint64_t) failed; /* the lowest that has failed, counted alike; UINT64_MAX: none */
} mt_board;

typedef struct mt_slot {
	_Atomic(uint64_t) started_ns; /* of real time: the seed under way; 0: none */
	_Atomic(uint64_t) at;         /* that seed, counted from options.from */
	_Atomic(uint64_t) seeds, steps, events, signature;
	bool failed;
	char text[1024];
	uint64_t moment_count; /* ever; the ring holds the last */
	maiko_moment moments[MAIKO_EXPLORE_MOMENTS_MAX];
	mt_log log; /* its choices follow the slot */
} mt_slot;

/* A child, as its parent has it. */
typedef struct mt_child {
	pid_t pid;  /* 0: none */
	int alive;  /* the end of a pipe that closes when the child ends; -1: none */
	int errors; /* what it writes to stderr: a file without a name; -1: none */
	mt_slot *slot;
} mt_child;

/* How a run ended. */
typedef struct mt_outcome {
	bool failed;
	int signal;
	bool too_long;
	char text[1024];
} mt_outcome;

/* ---- explore_child.c ---------------------------------------------------------------- */

/* Takes seeds from the board until there are none, or one fails. In the child. */
void mt_child_explore(const maiko_explore_options *options, mt_board *board, mt_slot *slot);

/* Runs one seed. With `choices` not NULL, those instead of the seed's. In the child. */
void mt_child_run(const maiko_explore_options *options, mt_slot *slot, uint64_t seed, const maiko_choice *choices,
		  size_t count, bool watch);

uint64_t mt_real_ns(void);

/* ---- explore_process.c ------------------------------------------------------------------ */

/* A child with a slot, not started yet. 0 or a negative errno. */
int mt_child_new(mt_child *child);
void mt_child_fini(mt_child *child);

/* Runs `main(arg, slot)` in a new process. 0 or a negative errno. */
int mt_child_start(mt_child *child, void (*main)(void *arg, mt_slot *slot), void *arg);

/* Waits up to `wait_ms` until one of them has ended, and ends those whose seed has taken
 * longer than `seed_ms_max`. Returns one that has ended, with how, or NULL. */
mt_child *mt_children_wait(mt_child *children, uint32_t count, int wait_ms, uint64_t seed_ms_max,
			   mt_outcome *ret_outcome);

/* Kills it and waits for its end. */
void mt_child_kill(mt_child *child);

/* What it wrote to stderr, to be freed; NULL without memory. */
char *mt_child_report(const mt_child *child);

/* ---- shrink.c ------------------------------------------------------------------------------ */

/* Fewer choices that still fail: ddmin (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002). Calls `fails(arg, choices, count)` up to `runs_max` times;
 * shortens `choices` in place and returns how many are left. `spare` has room for as many. */
size_t mt_shrink(maiko_choice *choices, size_t count, maiko_choice *spare, uint32_t runs_max,
		 bool (*fails)(void *arg, const maiko_choice *choices, size_t count), void *arg);

#endif
