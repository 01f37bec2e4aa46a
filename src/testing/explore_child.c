/*
 * explore_child.c - one process of an exploration: one run per seed.
 *
 * Data that must survive a crash is written to the slot at once: the seed, each choice and, in an
 * observed run, each observation.
 */
#include "exploring.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t mt_real_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- observations --------------------------------------------------------------------------- */

static void copy_name(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);
	memcpy(to, from, length);
	to[length] = '\0';
}

static void see(void *arg, uint32_t number, const maiko_observation *s)
{
	mt_slot *slot = arg;
	maiko_moment *m = &slot->moments[slot->moment_count % MAIKO_EXPLORE_MOMENTS_MAX];
	*m = (maiko_moment){.step = maiko_sim_steps(maiko_sim_of(s->supervisor)),
			    .now_ns = s->now_ns,
			    .kind = s->kind,
			    .supervisor = number,
			    .worker = s->worker,
			    .code = s->code,
			    .was_queued = s->was_queued};
	copy_name(m->actor, sizeof m->actor, s->actor_name);
	if (s->event != NULL) {
		m->id = s->event->id;
		m->parent = s->event->parent;
		copy_name(m->event, sizeof m->event, s->event->type->layout->name);
		copy_name(m->topic, sizeof m->topic, s->event->topic->name);
		copy_name(m->from, sizeof m->from, s->event->sender);
	}
	slot->moment_count++;
}

/* ---- a run ------------------------------------------------------------------------------------ */

static void fail(mt_slot *slot, const char *text)
{
	slot->failed = true;
	copy_name(slot->text, sizeof slot->text, text);
}

/* Adds one run to the sums of the slot. The signatures are summed, so the order of seeds does not
 * matter; each is mixed with its seed first, so that a swap of two signatures changes the sum. */
static void add_up(mt_slot *slot, const maiko_sim *sim, uint64_t seed)
{
	uint64_t z = (maiko_sim_signature(sim) ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
	atomic_fetch_add_explicit(&slot->seeds, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&slot->steps, maiko_sim_steps(sim), memory_order_relaxed);
	atomic_fetch_add_explicit(&slot->events, maiko_sim_events(sim), memory_order_relaxed);
	atomic_fetch_add_explicit(&slot->signature, z ^ (z >> 29), memory_order_relaxed);
}

static void judge(mt_slot *slot, const maiko_sim *sim, int rc)
{
	char text[64];
	const char *failure = maiko_sim_failure(sim);
	if (failure != NULL) {
		fail(slot, failure);
	} else if (rc != 0) {
		snprintf(text, sizeof text, "the scenario returned %d", rc);
		fail(slot, text);
	}
}

static void run_scenario(const maiko_explore_options *options, mt_slot *slot, const maiko_sim_options *run, bool watch)
{
	maiko_sim *sim;
	char text[128];
	int64_t living = mt_sim_living();
	int rc = maiko_sim_new(&sim, run);
	if (rc != 0) {
		snprintf(text, sizeof text, "maiko_sim_new: %s", maiko_strerror(rc));
		fail(slot, text);
		return;
	}
	if (watch)
		mt_sim_watch(sim, see, slot);
	rc = options->scenario(sim, options->arg);
	judge(slot, sim, rc);
	add_up(slot, sim, run->seed);
	if (slot->failed)
		return; /* a broken supervisor is not freed: the process ends */
	maiko_sim_free(sim);
	if (mt_sim_living() != living) {
		snprintf(text, sizeof text, "leak: %" PRId64 " allocations are never freed", mt_sim_living() - living);
		fail(slot, text);
	}
}

void mt_child_run(const maiko_explore_options *options, mt_slot *slot, uint64_t seed, const maiko_choice *choices,
		  size_t count, bool watch)
{
	maiko_sim_options run = options->sim;
	run.seed = seed;
	run.varies = !options->fixed;
	if (options->prepare != NULL)
		options->prepare(&run, options->arg);
	run.seed = seed;
	if (choices != NULL || count != 0) {
		run.replay = choices;
		run.replay_count = count;
		run.replays = true;
	}
	atomic_store_explicit(&slot->log.count, 0, memory_order_relaxed);
	slot->log.failure[0] = '\0';
	slot->moment_count = 0;
	slot->failed = false;
	mt_sim_log(&slot->log);
	mt_sim_count_allocations();
	atomic_store_explicit(&slot->started_ns, mt_real_ns(), memory_order_release);
	run_scenario(options, slot, &run, watch);
	atomic_store_explicit(&slot->started_ns, 0, memory_order_release);
}

/* ---- many runs ------------------------------------------------------------------------------------ */

static void lower(_Atomic(uint64_t) *value, uint64_t to)
{
	uint64_t now = atomic_load(value);
	while (to < now && !atomic_compare_exchange_weak(value, &now, to))
		;
}

void mt_child_explore(const maiko_explore_options *options, mt_board *board, mt_slot *slot)
{
	enum { TAKEN_AT_ONCE = 16 };
	for (;;) {
		uint64_t at = atomic_fetch_add(&board->next, TAKEN_AT_ONCE), end = at + TAKEN_AT_ONCE;
		if (at >= options->count)
			return;
		for (; at < end && at < options->count; at++) {
			if (at >= atomic_load_explicit(&board->failed, memory_order_relaxed))
				return;
			atomic_store(&slot->at, at);
			mt_child_run(options, slot, options->from + at, NULL, 0, false);
			if (slot->failed) {
				lower(&board->failed, at);
				return;
			}
		}
	}
}
