/*
 * sim_faults.c - the faults of a simulation, and the actions of other threads inside a step: see
 * maiko/testing/sim.h, maiko_sim_faults.
 */
#include "runtime/callback.h"
#include "sim.h"

enum { STALL_STEPS = 64, BUSY_MS = 5, OVERLAP_STEPS = 16 };

int mt_sim_result(void *arg, uint64_t actor, int phase, int rc)
{
	maiko_sim *sim = arg;
	(void)actor;
	(void)phase;
	return rc >= 0 && mt_sim_strikes(sim, sim->options.faults.callback) ? MAIKO_ECANCELED : rc;
}

bool mt_sim_allocation_fails(maiko_sim *sim) { return mt_sim_strikes(sim, sim->options.faults.allocation); }

/* ---- before a step ------------------------------------------------------------------------- */

/* The k-th existing actor in the order of creation. */
static maiko_actor_id actor_at(mk_sup *sup, uint32_t k)
{
	for (uint32_t slot = 0; slot < sup->actor_slots; slot++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, slot);
		if (a != NULL && k-- == 0)
			return a->self->id;
	}
	return 0;
}

static void ignore(void *arg, const maiko_completion *completion)
{
	(void)arg;
	(void)completion;
}

static void remove_one(maiko_sim *sim)
{
	if (mk_state_of(sim->sup) != MK_STARTED || sim->sup->actor_count == 0)
		return;
	maiko_actor_id id = actor_at(sim->sup, mt_sim_choose(sim, sim->sup->actor_count, 1));
	mk_hosting++; /* the call must not wait */
	(void)maiko_remove(sim->sup, id, .done = ignore);
	mk_hosting--;
}

void mt_sim_disturb(maiko_sim *sim)
{
	const maiko_sim_faults *f = &sim->options.faults;
	uint32_t workers = mk_worker_total(sim->sup);
	if (f->stall != 0 && mt_sim_strikes(sim, f->stall))
		sim->stalled_to[mt_sim_choose(sim, workers, 1)] = sim->steps + 1 + mt_sim_choose(sim, STALL_STEPS, 1);
	if (f->slow != 0 && mt_sim_strikes(sim, f->slow)) {
		sim->slow_from = mt_sim_choose(sim, workers, 1);
		sim->slow_worker = mt_sim_choose(sim, workers, 1);
		sim->slow_to = sim->steps + 1 + mt_sim_choose(sim, STALL_STEPS, 1);
	}
	if (f->removal != 0 && mt_sim_strikes(sim, f->removal))
		remove_one(sim);
	if (f->late != 0 && mt_sim_strikes(sim, f->late))
		sim->now_ns += mt_sim_choose(sim, BUSY_MS, 1) * NS_A_MS;
	if (f->burst != 0 && f->on_burst != NULL && mt_sim_strikes(sim, f->burst)) {
		mk_hosting++; /* a wait would take steps inside this one */
		f->on_burst(sim, f->arg);
		mk_hosting--;
	}
}

/* ---- inside a step, or a call ---------------------------------------------------------------- */

/* Other threads act: one makes any call, and the other workers take steps. The interrupted step
 * continues when they have finished: so of two threads one runs without interruption, which is
 * enough to find a fault between two. */
static void overlap(maiko_sim *sim)
{
	const maiko_sim_faults *f = &sim->options.faults;
	uint64_t thread = sim->sup->seam.thread;
	if (f->on_overlap != NULL)
		f->on_overlap(sim, f->arg);
	sim->sup->seam.thread = thread;
	for (uint32_t left = mt_sim_choose(sim, OVERLAP_STEPS, 1); left > 0; left--)
		if (maiko_sim_step(sim) != 1)
			break;
}

void mt_sim_between(void *arg)
{
	maiko_sim *sim = arg;
	int state = sim->sup == NULL ? MK_NEW : mk_state_of(sim->sup);
	if (sim->overlapping || sim->failure != NULL || state == MK_NEW || state >= MK_STOPPED ||
	    !mt_sim_strikes(sim, sim->options.faults.overlap))
		return;
	sim->overlapping = true;
	maiko_sim *failing = mt_memory_fails_in(NULL);
	mk_worker *inside = mk_step_aside();
	overlap(sim);
	mk_step_back(inside);
	(void)mt_memory_fails_in(failing);
	sim->overlapping = false;
}
