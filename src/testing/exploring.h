/*
 * exploring.h - what the files of the exploration share: the shared memory of its processes.
 *
 * A slot belongs to one child, which writes it; the parent reads it, also after a crash of the
 * child. All processes use the board.
 */
#ifndef MT_EXPLORING_H
#define MT_EXPLORING_H

#include <maiko/testing/explore.h>

#include "sim.h"

#include <sys/types.h>

typedef struct mt_board {
	_Atomic(uint64_t) next;   /* the first seed not taken, counted from options.from */
	_Atomic(uint64_t) failed; /* the lowest failed seed, counted alike; UINT64_MAX: none */
} mt_board;

typedef struct mt_slot {
	_Atomic(uint64_t) started_ns; /* real time when the current seed began; 0: none */
	_Atomic(uint64_t) at;         /* the current seed, counted from options.from */
	_Atomic(uint64_t) seeds, steps, events, signature;
	bool failed;
	char text[1024];
	uint64_t moment_count; /* in all; the ring has the last ones */
	maiko_moment moments[MAIKO_EXPLORE_MOMENTS_MAX];
	mt_log log; /* the array of its choices follows the slot */
} mt_slot;

/* A child process, as seen by its parent. */
typedef struct mt_child {
	pid_t pid;  /* 0: none */
	int alive;  /* read end of a pipe that is closed when the child ends; -1: none */
	int errors; /* an unnamed file with its stderr output; -1: none */
	mt_slot *slot;
} mt_child;

/* The result of a run. */
typedef struct mt_outcome {
	bool failed;
	int signal;
	bool too_long;
	char text[1024];
} mt_outcome;

/* ---- explore_child.c ---------------------------------------------------------------- */

/* In the child: takes seeds from the board and runs them until none is left or one fails. */
void mt_child_explore(const maiko_explore_options *options, mt_board *board, mt_slot *slot);

/* In the child: runs one seed; with `choices` not NULL, with these choices. */
void mt_child_run(const maiko_explore_options *options, mt_slot *slot, uint64_t seed, const maiko_choice *choices,
		  size_t count, bool watch);

uint64_t mt_real_ns(void);

/* ---- explore_process.c ------------------------------------------------------------------ */

/* Creates a child with a slot, not started yet. 0 or a negative errno. */
int mt_child_new(mt_child *child);
void mt_child_fini(mt_child *child);

/* Runs `main(arg, slot)` in a new process. 0 or a negative errno. */
int mt_child_start(mt_child *child, void (*main)(void *arg, mt_slot *slot), void *arg);

/* Waits up to `wait_ms` until a child has ended, and kills those whose seed has taken longer
 * than `seed_ms_max`. Returns a child that has ended, with its outcome, or NULL. */
mt_child *mt_children_wait(mt_child *children, uint32_t count, int wait_ms, uint64_t seed_ms_max,
			   mt_outcome *ret_outcome);

/* Kills it and waits for its end. */
void mt_child_kill(mt_child *child);

/* Its stderr output, which the caller frees. NULL: no memory. */
char *mt_child_report(const mt_child *child);

/* ---- shrink.c ------------------------------------------------------------------------------ */

/* Finds fewer choices that still fail: ddmin (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002), and then lower values. Calls `fails(arg, choices, count)` up to `runs_max` times;
 * shortens `choices` in place and returns how many are left. `spare` has the same size. */
size_t mt_shrink(maiko_choice *choices, size_t count, maiko_choice *spare, uint32_t runs_max,
		 bool (*fails)(void *arg, const maiko_choice *choices, size_t count), void *arg);

#endif
