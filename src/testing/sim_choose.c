/*
 * sim_choose.c - the choices of a simulation, and its signature.
 *
 * Every decision is made by maiko_sim_choose. The value 0 always means fair scheduling: the next
 * worker, its next kind of work, no fault, actors placed in turn. So a schedule is the short list of
 * choices that were not 0. Shrinking (explore.c) removes choices as long as the failure remains.
 *
 * Seeds differ in how often they choose a value other than 0: some do so everywhere, some
 * disturb a fair run in a few places, which finds other faults (Musuvathi and Qadeer, "Iterative
 * context bounding", 2007: few preemptions suffice for most).
 */
#include "sim.h"

#include "base/seam.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local mt_log *shared_log;

/* ---- the signature ------------------------------------------------------------------------ */

/* One round of splitmix64 (Steele, Lea and Flood, 2014) over the previous and the new value. */
void mt_sim_sign(maiko_sim *sim, uint64_t value)
{
	uint64_t z = (sim->signature ^ value) + UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	sim->signature = z ^ (z >> 27);
}

/* ---- choosing ------------------------------------------------------------------------------- */

void mt_sim_log(mt_log *log) { shared_log = log; }

void mt_sim_log_failure(const char text[MT_FAILURE_SIZE])
{
	if (shared_log != NULL)
		memcpy(shared_log->failure, text, MT_FAILURE_SIZE);
}

static void remember(maiko_sim *sim, uint64_t index, uint32_t value)
{
	if (shared_log != NULL) {
		uint32_t count = atomic_load_explicit(&shared_log->count, memory_order_relaxed);
		if (count < shared_log->size)
			shared_log->choices[count] = (maiko_choice){index, value};
		atomic_store_explicit(&shared_log->count, count + 1, memory_order_release);
	}
	if (sim->chosen_count == sim->chosen_size) {
		size_t size = sim->chosen_size == 0 ? 64 : sim->chosen_size * 2;
		maiko_choice *grown = realloc(sim->chosen, size * sizeof *grown);
		if (grown == NULL) {
			maiko_sim_fail(sim, "no memory for the choices");
			return;
		}
		sim->chosen = grown;
		sim->chosen_size = size;
	}
	sim->chosen[sim->chosen_count++] = (maiko_choice){index, value};
}

/* The choice of the replayed schedule for this index; 0: it has none. */
static uint32_t replayed(maiko_sim *sim, uint64_t index)
{
	const maiko_sim_options *o = &sim->options;
	while (sim->replayed < o->replay_count && o->replay[sim->replayed].index < index)
		sim->replayed++;
	bool here = sim->replayed < o->replay_count && o->replay[sim->replayed].index == index;
	return here ? o->replay[sim->replayed].value : 0;
}

/* A number below `count` without a division: the high half of a product (Lemire, 2019, without the
 * rejection: a bias of 2^-32 does not matter here). */
static uint32_t below(maiko_sim *sim, uint32_t count)
{
	uint64_t r = mk_random_next(&sim->seam, &sim->schedule) >> 32;
	return (uint32_t)(r * count >> 32);
}

/* Whether the choice of that index is 0, whatever the alternatives. The seed makes one choice in
 * `one_in` another one. */
bool mt_sim_is_first(maiko_sim *sim, uint64_t index, uint32_t one_in)
{
	if (sim->options.replays)
		return replayed(sim, index) == 0;
	return one_in > 1 && below(sim, one_in) != 0;
}

uint32_t mt_sim_choose_any(maiko_sim *sim, uint64_t index, uint32_t count)
{
	uint32_t value = sim->options.replays ? replayed(sim, index) % count : below(sim, count);
	if (value != 0) {
		mt_sim_sign(sim, index << 16 ^ value);
		remember(sim, index, value);
	}
	return value;
}

uint32_t mt_sim_choose(maiko_sim *sim, uint32_t count, uint32_t one_in)
{
	uint64_t index = sim->choices++;
	return mt_sim_is_first(sim, index, one_in) ? 0 : mt_sim_choose_any(sim, index, count);
}

uint32_t maiko_sim_choose(maiko_sim *sim, uint32_t count)
{
	return sim == NULL || count < 2 ? 0 : mt_sim_choose(sim, count, sim->density);
}

/* Whether a fault occurs. */
bool mt_sim_strikes(maiko_sim *sim, uint32_t one_in)
{
	if (one_in == 0)
		return false;
	uint64_t index = sim->choices++;
	bool yes = sim->options.replays ? replayed(sim, index) != 0 : below(sim, one_in) == 0;
	if (yes) {
		mt_sim_sign(sim, index << 16 ^ 1);
		remember(sim, index, 1);
	}
	return yes;
}

uint64_t maiko_sim_random(maiko_sim *sim) { return mk_random_next(&sim->seam, &sim->data); }
