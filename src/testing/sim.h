/*
 * sim.h - what the rooms of the simulation share.
 */
#ifndef MT_SIM_H
#define MT_SIM_H

#include <maiko/testing/sim.h>

#include "sim/step.h"

typedef struct mt_properties mt_properties;

static const uint64_t NS_A_MS = 1000000;

enum { MT_STEPS_ROOM = MAIKO_WORKERS_MAX * MK_STEPS_MAX + 1, MT_CHECKS_MAX = 16 };

/* Called after each step: one of the two functions. */
typedef struct mt_check {
	void (*of_test)(maiko_sim *sim, void *arg);
	void (*of_seam)(void *arg);
	void *arg;
} mt_check;

struct maiko_sim {
	maiko_sim_options options;
	mk_sup *sup;
	mt_properties *properties;
	maiko_monitor *monitor;
	uint64_t now_ns, steps, events, signature;
	mk_random schedule, data;
	/* choices */
	uint32_t density; /* one in so many is not the first */
	uint64_t choices;
	size_t replayed; /* of options.replay */
	maiko_choice *chosen;
	size_t chosen_count, chosen_size;
	/* where the rotation is */
	uint32_t last_worker;
	uint16_t last_rank[MAIKO_WORKERS_MAX + 1]; /* the last: of the blocking pool */
	/* faults */
	uint64_t stalled_to[MAIKO_WORKERS_MAX]; /* a step count */
	uint32_t slow_from, slow_worker;
	uint64_t slow_to;
	int state_before;  /* an mk_state: in which its waits were given up */
	uint32_t stepping; /* the worker in the midst of a step, or UINT32_MAX */
	bool overlapping;  /* other threads act in the midst of a step or a call */
	mt_check checks[MT_CHECKS_MAX];
	uint32_t check_count;
	char *failure;
	bool refused; /* that is why */
	mk_step steps_now[MT_STEPS_ROOM];
};

/* ---- sim.c ------------------------------------------------------------------------------- */

/* A choice of the schedule; `one_in`: how seldom the seed chooses anything but 0. And whether a
 * fault strikes, which does so one in so many times, 0: never. */
uint32_t mt_sim_choose(maiko_sim *sim, uint32_t count, uint32_t one_in);
bool mt_sim_strikes(maiko_sim *sim, uint32_t one_in);

/* ---- sim_faults.c ------------------------------------------------------------------------ */

/* Before a step. */
void mt_sim_disturb(maiko_sim *sim);

/* Of the seam. */
int mt_sim_result(void *arg, uint64_t actor, int phase, int rc);
void mt_sim_between(void *arg);

/* ---- properties.c ------------------------------------------------------------------------------ */

/* Checks what a monitor sees against the promises of the runtime. NULL without memory. */
mt_properties *mt_properties_new(maiko_sim *sim);
void mt_properties_free(mt_properties *properties);
void mt_properties_see(mt_properties *properties, const maiko_observation *observation);

/* Nothing can be done now: so nothing may be left to do. */
void mt_properties_quiet(mt_properties *properties, mk_sup *sup);

/* After the end: the ledger balances, and every queue is empty. */
void mt_properties_end(mt_properties *properties, mk_sup *sup);

/* Where the choices of a run, and why it failed, go as well: memory that outlives the process. */
typedef struct mt_log {
	char failure[1024]; /* "": it has not */
	uint32_t size;
	_Atomic(uint32_t) count; /* may grow past the size */
	maiko_choice *choices;
} mt_log;

/* From now on simulations of this thread log there; NULL: nowhere. */
void mt_sim_log(mt_log *log);

/* ---- sim_memory.c ---------------------------------------------------------------------- */

/* The library's allocations go through the simulation's functions, if they may fail or are
 * counted; and no more. malloc(3) serves them all the same. */
void mt_memory_install(bool may_fail);
void mt_memory_remove(bool may_fail);

/* Those of this thread may fail from now on, as the simulation chooses; NULL: none does.
 * Returns what it was. */
maiko_sim *mt_memory_fails_in(maiko_sim *sim);
bool mt_sim_allocation_fails(maiko_sim *sim);

/* From now on those of this thread inside simulations are counted; how many live. */
void mt_sim_count_allocations(void);
int64_t mt_sim_living(void);

#endif
