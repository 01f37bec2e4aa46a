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

/* One of the supervisors. */
static mt_member *some_member(maiko_sim *sim)
{
	return sim->members[sim->member_count < 2 ? 0 : mt_sim_choose(sim, sim->member_count, 1)];
}

static void remove_one(maiko_sim *sim)
{
	mk_sup *sup = some_member(sim)->sup;
	if (mk_state_of(sup) != MK_STARTED || sup->actor_count == 0)
		return;
	maiko_actor_id id = actor_at(sup, mt_sim_choose(sim, sup->actor_count, 1));
	mk_hosting++; /* the call must not wait */
	(void)maiko_remove(sup, id, .done = ignore);
	mk_hosting--;
}

static void stall(maiko_sim *sim)
{
	mt_member *m = some_member(sim);
	m->stalled_to[mt_sim_choose(sim, mk_worker_total(m->sup), 1)] =
		sim->steps + 1 + mt_sim_choose(sim, STALL_STEPS, 1);
}

static void slow_down(maiko_sim *sim)
{
	const mt_member *m = some_member(sim);
	uint32_t workers = mk_worker_total(m->sup);
	sim->slow_member = m->number;
	sim->slow_from = mt_sim_choose(sim, workers, 1);
	sim->slow_worker = mt_sim_choose(sim, workers, 1);
	sim->slow_to = sim->steps + 1 + mt_sim_choose(sim, STALL_STEPS, 1);
}

void mt_sim_disturb(maiko_sim *sim)
{
	const maiko_sim_faults *f = &sim->options.faults;
	if (f->stall != 0 && mt_sim_strikes(sim, f->stall))
		stall(sim);
	if (f->slow != 0 && mt_sim_strikes(sim, f->slow))
		slow_down(sim);
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
	uint32_t thread = sim->thread;
	mt_place inside = sim->acting;
	mt_sim_act(sim, (mt_place){0});
	if (f->on_overlap != NULL)
		f->on_overlap(sim, f->arg);
	sim->thread = thread;
	mt_sim_act(sim, (mt_place){0});
	for (uint32_t left = mt_sim_choose(sim, OVERLAP_STEPS, 1); left > 0; left--)
		if (maiko_sim_step(sim) != 1)
			break;
	mt_sim_act(sim, inside);
}

/* Whether a supervisor runs: its start has begun, and its stop is not over. */
static bool one_runs(const maiko_sim *sim)
{
	bool runs = false;
	for (uint32_t i = 0; i < sim->member_count && !runs; i++) {
		int state = mk_state_of(sim->members[i]->sup);
		runs = state != MK_NEW && state < MK_STOPPED;
	}
	return runs;
}

void mt_sim_between(void *arg)
{
	maiko_sim *sim = arg;
	if (sim->overlapping || sim->failure != NULL || !one_runs(sim) ||
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
