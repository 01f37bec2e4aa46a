/*
 * sim.h - what the rooms of the simulation share.
 */
#ifndef MT_SIM_H
#define MT_SIM_H

#include <maiko/sim.h>

#include "step.h"

typedef struct mt_laws mt_laws;

/* Checks what a monitor sees against the promises of the runtime. NULL without memory. */
mt_laws *mt_laws_new(maiko_sim *sim);
void mt_laws_free(mt_laws *laws);
void mt_laws_see(mt_laws *laws, const maiko_sight *sight);

/* Nothing can be done now: so nothing may be left to do. */
void mt_laws_quiet(mt_laws *laws, mk_sup *sup);

/* After the end: the ledger balances, and every queue is empty. */
void mt_laws_end(mt_laws *laws, mk_sup *sup);

/* Where the choices of a run, and why it failed, go as well: memory that outlives the process. */
typedef struct mt_log {
	char failure[1024]; /* "": it has not */
	uint32_t size;
	_Atomic(uint32_t) count; /* may grow past the size */
	maiko_choice *choices;
} mt_log;

/* From now on simulations of this thread log there; NULL: nowhere. */
void mt_sim_log(mt_log *log);

/* Takes back a maiko_sim_check. */
void mt_sim_uncheck(maiko_sim *sim, void (*check)(maiko_sim *sim, void *arg), void *arg);

/* ---- sim_memory.c ---------------------------------------------------------------------- */

/* The library's allocations go through the simulation's functions, if they may fail or are
 * counted; and no more. malloc(3) serves them all the same. */
void mt_memory_install(bool may_fail);
void mt_memory_remove(bool may_fail);

/* Those of this thread may fail from now on, as the simulation chooses; NULL: none does. */
void mt_memory_fails_in(maiko_sim *sim);
bool mt_sim_allocation_fails(maiko_sim *sim);

/* From now on those of this thread inside simulations are counted; how many live. */
void mt_sim_count_allocations(void);
int64_t mt_sim_living(void);

#endif
