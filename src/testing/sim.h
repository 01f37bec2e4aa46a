/*
 * sim.h - what the files of the simulation share.
 */
#ifndef MT_SIM_H
#define MT_SIM_H

#include <maiko/testing/sim.h>

#include "sim/step.h"

typedef struct mt_properties mt_properties;

static const uint64_t NS_A_MS = 1000000;

enum { MT_STEPS_ROOM = MAIKO_WORKERS_MAX * MK_STEPS_MAX + 1, MT_CHECKS_MAX = 16, MT_FAILURE_SIZE = 1024 };

/* Called after each step: one of the two functions. */
typedef struct mt_check {
	void (*of_test)(maiko_sim *sim, void *arg);
	void (*of_seam)(void *arg);
	void *arg;
} mt_check;

/* One of the supervisors. The arrays are by worker; the last rank is that of the blocking pool. */
typedef struct mt_member {
	maiko_sim *sim;
	mk_sup *sup;
	mt_properties *properties;
	maiko_monitor *monitor;
	uint8_t number;                            /* from 0, in the order of their addition */
	int state_before;                          /* the mk_state in which waiting calls gave up */
	uint16_t last_rank[MAIKO_WORKERS_MAX + 1]; /* the position of the fair rotation */
	uint64_t stalled_to[MAIKO_WORKERS_MAX];    /* a step count */
} mt_member;

/* A worker of a supervisor, or its blocking pool. */
typedef struct mt_place {
	mt_member *member; /* NULL: none */
	uint32_t worker;
} mt_place;

struct maiko_sim {
	maiko_sim_options options;
	mk_seam seam; /* of which each supervisor has a copy */
	mt_member **members;
	uint32_t member_count;
	uint64_t now_ns, steps, events, signature;
	uint64_t wall_ns; /* the clock of the machine shows so much more than now_ns */
	mk_random schedule, data;
	/* choices */
	uint32_t density; /* one choice in so many is not 0 */
	uint64_t choices;
	size_t replayed; /* choices taken from options.replay */
	maiko_choice *chosen;
	size_t chosen_count, chosen_size;
	/* the position of the fair rotation */
	uint32_t last_member, last_worker;
	/* faults */
	uint32_t slow_member, slow_from, slow_worker;
	uint64_t slow_to;
	mt_place stepping; /* the one inside a step */
	mt_place acting;   /* the one whose thread this is now; none: an external thread, of that number */
	uint32_t thread;
	bool overlapping; /* other threads act inside a step or a call */
	void (*watch)(void *arg, uint32_t number, const maiko_observation *s);
	void *watch_arg;
	mt_check checks[MT_CHECKS_MAX];
	uint32_t check_count;
	char *failure;
	bool refused;       /* it failed because of a refused call */
	mk_step *steps_now; /* room for the steps of all supervisors */
};

/* ---- sim.c ------------------------------------------------------------------------------- */

/* From now on this is the thread of that worker: each worker is a separate sender to the other supervisors. */
void mt_sim_act(maiko_sim *sim, mt_place place);

/* Calls `watch` with each observation and the number of its supervisor, from 1. */
void mt_sim_watch(maiko_sim *sim, void (*watch)(void *arg, uint32_t number, const maiko_observation *s), void *arg);

/* ---- sim_choose.c ------------------------------------------------------------------------ */

void mt_sim_sign(maiko_sim *sim, uint64_t value);

/* The two halves of a choice, for one whose alternatives are costly to find: whether it is 0, and if not,
 * which it is. */
bool mt_sim_is_first(maiko_sim *sim, uint64_t index, uint32_t one_in);
uint32_t mt_sim_choose_any(maiko_sim *sim, uint64_t index, uint32_t count);

/* choose: a choice of the schedule; the seed makes one choice in `one_in` other than 0. strikes:
 * whether a fault occurs, one time in `one_in`; 0: never. */
uint32_t mt_sim_choose(maiko_sim *sim, uint32_t count, uint32_t one_in);
bool mt_sim_strikes(maiko_sim *sim, uint32_t one_in);

/* ---- sim_faults.c ------------------------------------------------------------------------ */

/* Before a step. */
void mt_sim_disturb(maiko_sim *sim);

/* The seam's functions `result` and `between`. */
int mt_sim_result(void *arg, uint64_t actor, int phase, int rc);
void mt_sim_between(void *arg);

/* ---- properties.c ------------------------------------------------------------------------------ */

/* Checks observations against the promises of the runtime. NULL: no memory. */
mt_properties *mt_properties_new(maiko_sim *sim);
void mt_properties_free(mt_properties *properties);
void mt_properties_see(mt_properties *properties, const maiko_observation *s);

/* No step is possible now: checks that no work is left. */
void mt_properties_quiet(mt_properties *properties, mk_sup *sup);

/* After the end: the ledger balances, and every queue is empty. */
void mt_properties_end(mt_properties *properties, mk_sup *sup);

/* A copy of the choices of a run and of its failure text, in memory that survives the process. */
typedef struct mt_log {
	char failure[MT_FAILURE_SIZE]; /* "": it has not failed */
	uint32_t size;
	_Atomic(uint32_t) count; /* may exceed the size */
	maiko_choice *choices;
} mt_log;

/* From now on simulations of this thread log there; NULL: they do not log. */
void mt_sim_log(mt_log *log);
void mt_sim_log_failure(const char text[MT_FAILURE_SIZE]);

/* ---- sim_memory.c ---------------------------------------------------------------------- */

/* install: the library's allocations go through the simulation's functions, because they may fail
 * or are counted. remove: they no longer do. malloc(3) serves them in both cases. */
void mt_memory_install(bool may_fail);
void mt_memory_remove(bool may_fail);

/* From now on allocations of this thread may fail, as the simulation chooses; NULL: none fails.
 * Returns the previous value. */
maiko_sim *mt_memory_fails_in(maiko_sim *sim);
bool mt_sim_allocation_fails(maiko_sim *sim);

/* From now on allocations of this thread inside simulations are counted; the number that live. */
void mt_sim_count_allocations(void);
int64_t mt_sim_living(void);

#endif
