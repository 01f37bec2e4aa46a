/*
 * sim.c - see maiko/testing/sim.h: selects the next step, advances the time, injects faults.
 *
 * Every decision is made by maiko_sim_choose. The value 0 always means fair scheduling: the next
 * worker, its next kind of work, no fault. So a schedule is the short list of choices that were
 * not 0. Shrinking (explore.c) removes choices as long as the failure remains.
 *
 * Seeds differ in how often they choose a value other than 0: some do so everywhere, some
 * disturb a fair run in a few places, which finds other faults (Musuvathi and Qadeer, "Iterative
 * context bounding", 2007: few preemptions suffice for most).
 */
#include "sim.h"

#include "base/error.h"
#include "base/seam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = MK_STEP_JOB + 1 };
static const uint64_t START_NS = 1000000000;                    /* not 0, which often means never */
static const uint64_t EPOCH_NS = UINT64_C(1767225600000000000); /* 2026-01-01: any fixed day */

static _Thread_local mt_log *shared_log;

/* ---- the signature ------------------------------------------------------------------------ */

/* One round of splitmix64 (Steele, Lea and Flood, 2014) over the previous and the new value. */
static void sign(maiko_sim *sim, uint64_t value)
{
	uint64_t z = (sim->signature ^ value) + UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	sim->signature = z ^ (z >> 27);
}

/* ---- choosing ------------------------------------------------------------------------------- */

void mt_sim_log(mt_log *log) { shared_log = log; }

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
	uint64_t r = mk_random_next(&sim->sup->seam, &sim->schedule) >> 32;
	return (uint32_t)(r * count >> 32);
}

/* Whether the choice of that index is 0, whatever the alternatives. The seed makes one choice in
 * `one_in` another one. */
static bool is_first(maiko_sim *sim, uint64_t index, uint32_t one_in)
{
	if (sim->options.replays)
		return replayed(sim, index) == 0;
	return one_in > 1 && below(sim, one_in) != 0;
}

static uint32_t choose_any(maiko_sim *sim, uint64_t index, uint32_t count)
{
	uint32_t value = sim->options.replays ? replayed(sim, index) % count : below(sim, count);
	if (value != 0) {
		sign(sim, index << 16 ^ value);
		remember(sim, index, value);
	}
	return value;
}

uint32_t mt_sim_choose(maiko_sim *sim, uint32_t count, uint32_t one_in)
{
	uint64_t index = sim->choices++;
	return is_first(sim, index, one_in) ? 0 : choose_any(sim, index, count);
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
		sign(sim, index << 16 ^ 1);
		remember(sim, index, 1);
	}
	return yes;
}

static uint32_t seam_choose(void *arg, uint32_t count) { return maiko_sim_choose(arg, count); }

uint64_t maiko_sim_random(maiko_sim *sim) { return mk_random_next(&sim->sup->seam, &sim->data); }

/* ---- failing -------------------------------------------------------------------------------- */

void maiko_sim_fail(maiko_sim *sim, const char *format, ...)
{
	va_list args;
	if (sim->failure != NULL)
		return;
	char text[1024];
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (shared_log != NULL)
		memcpy(shared_log->failure, text, sizeof text);
	sim->failure = strdup(text);
	if (sim->failure == NULL)
		abort(); /* no memory for the failure text */
}

const char *maiko_sim_failure(const maiko_sim *sim) { return sim == NULL ? NULL : sim->failure; }

static void seam_refused(void *arg, const char *call, const char *who)
{
	maiko_sim *sim = arg;
	sim->refused |= sim->failure == NULL;
	maiko_sim_fail(sim, "%s, asked for by %s: not under simulation", call, who);
}

/* The error of a call that waited when the simulation failed. */
static int seam_failure(void *arg)
{
	const maiko_sim *sim = arg;
	return sim->failure == NULL ? 0
				    : mk_fail(sim->refused ? MAIKO_ESIMULATED : MAIKO_EBROKEN,
					      "the simulation has failed: %s", sim->failure);
}

static void seam_broken(void *arg, const char *text) { maiko_sim_fail(arg, "%s", text); }

/* ---- checks -------------------------------------------------------------------------------------- */

static int add_check(maiko_sim *sim, mt_check check)
{
	if (sim->check_count == MT_CHECKS_MAX)
		return mk_fail(MAIKO_E2BIG, "maiko_sim_check: there are %d checks already", MT_CHECKS_MAX);
	sim->checks[sim->check_count++] = check;
	return 0;
}

static void check_all(maiko_sim *sim)
{
	for (uint32_t i = 0; i < sim->check_count; i++) {
		mt_check check = sim->checks[i];
		if (check.of_test != NULL)
			check.of_test(sim, check.arg);
		else
			check.of_seam(check.arg);
	}
}

static int seam_add_check(void *arg, void (*check)(void *check_arg), void *check_arg)
{
	return add_check(arg, (mt_check){.of_seam = check, .arg = check_arg});
}

static void seam_remove_check(void *arg, void (*check)(void *check_arg), void *check_arg)
{
	maiko_sim *sim = arg;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < sim->check_count; i++)
		if (sim->checks[i].of_seam != check || sim->checks[i].arg != check_arg)
			sim->checks[kept++] = sim->checks[i];
	sim->check_count = kept;
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static bool is_slow(const maiko_sim *sim, mk_step step)
{
	return sim->steps < sim->slow_to && step.kind == MK_STEP_TAKE && step.worker == sim->slow_worker &&
	       step.from == sim->slow_from;
}

/* Adds the steps of one worker that no fault delays; returns whether a fault delays others. */
static bool gather_of(maiko_sim *sim, mk_worker *w, uint32_t *count)
{
	mk_step *mine = &sim->steps_now[*count];
	uint32_t found = mk_steps_of(w, mine), left = 0;
	bool stalled = sim->steps < sim->stalled_to[w->index];
	for (uint32_t i = 0; i < found; i++)
		if (!stalled && !is_slow(sim, mine[i]))
			mine[left++] = mine[i];
	*count += left;
	return left != found;
}

/* Collects all steps, those of the next worker first; `one`: only those of the first worker that has
 * any. The blocking pool counts as one more worker. `ret_held`: faults delay other steps. */
static uint32_t gather(maiko_sim *sim, bool one, bool *ret_held)
{
	mk_sup *sup = sim->sup;
	uint32_t count = 0, workers = mk_worker_total(sup), at = sim->last_worker;
	*ret_held = false;
	for (uint32_t left = workers + 1; left > 0 && (count == 0 || !one); left--) {
		at = at >= workers ? 0 : at + 1;
		if (at == sim->stepping)
			*ret_held = true; /* inside a step */
		else if (at < workers && mk_step_may_wake(sup->workers[at], sim->now_ns))
			*ret_held |= gather_of(sim, sup->workers[at], &count);
		else if (at == workers && mk_step_has_job(sup))
			sim->steps_now[count++] = (mk_step){.kind = MK_STEP_JOB, .worker = (uint8_t)workers};
	}
	return count;
}

static uint16_t rank_of(mk_step step) { return (uint16_t)(step.kind * MAIKO_WORKERS_MAX + step.from); }

/* The fair choice: the next worker's next kind of work after its last one. */
static uint32_t fair(const maiko_sim *sim, uint32_t count)
{
	const mk_step *steps = sim->steps_now;
	enum { RANKS = KINDS * MAIKO_WORKERS_MAX };
	uint32_t best = 0, best_distance = RANKS;
	uint16_t last = sim->last_rank[steps[0].worker];
	for (uint32_t i = 0; i < count && steps[i].worker == steps[0].worker; i++) {
		uint32_t distance = (uint32_t)(rank_of(steps[i]) + RANKS - last - 1) % RANKS;
		if (distance < best_distance) {
			best = i;
			best_distance = distance;
		}
	}
	return best;
}

static int broken(const maiko_sim *sim) { return mk_fail(MAIKO_EBROKEN, "%s", sim->failure); }

static int quiet(maiko_sim *sim)
{
	if (sim->properties != NULL)
		mt_properties_quiet(sim->properties, sim->sup);
	return sim->failure != NULL ? broken(sim) : 0;
}

/* The next step, in `ret_step`; false if there is none. */
static bool pick(maiko_sim *sim, mk_step *ret_step)
{
	bool held;
	uint64_t index = sim->choices++;
	bool fairly = is_first(sim, index, sim->density);
	uint32_t count = gather(sim, fairly, &held);
	if (count == 0 && held) { /* the faults end when no other step is left */
		memset(sim->stalled_to, 0, sizeof sim->stalled_to);
		sim->slow_to = 0;
		count = gather(sim, fairly, &held);
	}
	if (count == 0)
		return false;
	uint32_t first = fair(sim, count);
	uint32_t k = fairly || count == 1 ? 0 : choose_any(sim, index, count);
	/* 0 is the fair step; the others follow in their order. */
	*ret_step = sim->steps_now[k == 0 ? first : k <= first ? k - 1 : k];
	return true;
}

int maiko_sim_step(maiko_sim *sim)
{
	mk_step step;
	if (sim->failure != NULL)
		return broken(sim);
	uint64_t steps = sim->steps;
	mt_sim_disturb(sim);
	if (!pick(sim, &step)) {
		if (sim->steps != steps) /* an overlap inside the disturbance has taken the last steps */
			return sim->failure != NULL ? broken(sim) : 1;
		return sim->overlapping ? 0 : quiet(sim);
	}
	sim->last_worker = step.worker;
	sim->last_rank[step.worker] = rank_of(step);
	uint32_t outer = sim->stepping;
	sim->stepping = step.worker;
	maiko_sim *before = mt_memory_fails_in(sim->options.faults.allocation != 0 ? sim : NULL);
	mk_step_take(sim->sup, step);
	(void)mt_memory_fails_in(before);
	sim->stepping = outer;
	sim->steps++;
	if (!sim->overlapping) /* else this is inside another step or call */
		check_all(sim);
	if (sim->steps > sim->options.steps_max)
		maiko_sim_fail(sim, "no end after %llu steps", (unsigned long long)sim->steps - 1);
	return sim->failure != NULL ? broken(sim) : 1;
}

int maiko_sim_run(maiko_sim *sim)
{
	int rc;
	while ((rc = maiko_sim_step(sim)) == 1)
		;
	return rc;
}

/* ---- time ----------------------------------------------------------------------------------------- */

static uint64_t seam_now(void *arg) { return ((const maiko_sim *)arg)->now_ns; }

/* Advances the time to the next timer that is due, if that is not after `until`. */
static bool move_on(maiko_sim *sim, uint64_t until)
{
	enum { LATE_MS = 100 };
	uint64_t due = mk_step_due(sim->sup);
	if (due > until || due == UINT64_MAX)
		return false;
	if (mt_sim_strikes(sim, sim->options.faults.late))
		due += mt_sim_choose(sim, LATE_MS, 1) * NS_A_MS;
	if (due > until)
		due = until;
	if (due > sim->now_ns)
		sim->now_ns = due;
	return true;
}

int maiko_sim_advance(maiko_sim *sim, uint64_t ms)
{
	uint64_t until = ms < (UINT64_MAX - sim->now_ns) / NS_A_MS ? sim->now_ns + ms * NS_A_MS : UINT64_MAX - 1;
	int rc;
	do
		rc = maiko_sim_run(sim);
	while (rc == 0 && move_on(sim, until));
	if (rc == 0 && sim->now_ns < until)
		sim->now_ns = until;
	return rc;
}

int maiko_sim_run_until(maiko_sim *sim, bool (*condition)(void *arg), void *arg, uint64_t limit_ms)
{
	uint64_t until =
		limit_ms < (UINT64_MAX - sim->now_ns) / NS_A_MS ? sim->now_ns + limit_ms * NS_A_MS : UINT64_MAX - 1;
	while (!condition(arg)) {
		int rc = maiko_sim_step(sim);
		if (rc < 0)
			return rc;
		if (rc == 0 && !move_on(sim, until)) {
			if (sim->now_ns < until)
				sim->now_ns = until;
			return condition(arg) ? 0 : mk_fail(MAIKO_ETIMEDOUT, "the condition did not come true in time");
		}
	}
	return 0;
}

/* A call of the test waits: takes a step or advances the time; else the call would wait for ever. */
static void seam_wait(void *arg, uint64_t until_ns)
{
	maiko_sim *sim = arg;
	int rc = maiko_sim_step(sim);
	bool waits = rc == 0 && !move_on(sim, until_ns < UINT64_MAX ? until_ns : UINT64_MAX - 1);
	if (waits && until_ns != UINT64_MAX)
		sim->now_ns = until_ns > sim->now_ns ? until_ns : sim->now_ns;
	else if (waits)
		maiko_sim_fail(sim, "a call waits for what will never happen: nothing is queued, running or due");
	if (sim->failure == NULL)
		return;
	/* All waiting calls give up. */
	if (mk_state_of(sim->sup) < MK_STOPPED)
		sim->state_before = mk_state_of(sim->sup);
	atomic_store_explicit(&sim->sup->state, MK_ABANDONED, memory_order_seq_cst);
}

/* Prepares the stop of a failed simulation, which releases its resources as far as possible. */
static void stop_failed(maiko_sim *sim)
{
	enum { STEPS_MAX = 1000000 };
	if (mk_state_of(sim->sup) == MK_ABANDONED && sim->state_before >= MK_STARTED)
		atomic_store_explicit(&sim->sup->state, sim->state_before, memory_order_seq_cst);
	free(sim->failure);
	sim->failure = NULL;
	if (sim->properties != NULL)
		mt_properties_free(sim->properties);
	sim->properties = NULL;
	sim->check_count = 0;
	sim->options.faults = (maiko_sim_faults){0};
	sim->options.steps_max = sim->steps + STEPS_MAX;
}

/* ---- creation and end ------------------------------------------------------------------------------- */

static void see(void *arg, const maiko_observation *observation)
{
	maiko_sim *sim = arg;
	uint64_t value = observation->actor ^ (uint64_t)observation->kind << 56 ^ (uint64_t)observation->code << 24;
	if (observation->event != NULL)
		value ^= observation->event->id.sequence << 8 ^ observation->event->id.origin;
	sign(sim, value);
	sim->events += observation->kind == MAIKO_OBSERVED_HANDLED;
	if (sim->properties != NULL)
		mt_properties_see(sim->properties, observation);
}

static void set_options(maiko_sim *sim, const maiko_sim_options *options)
{
	static const uint32_t densities[] = {1, 2, 8, 64};
	maiko_sim_options *o = &sim->options;
	if (options != NULL)
		*o = *options;
	if (o->supervisor.workers == 0)
		o->supervisor.workers = 1;
	if (o->supervisor.max_events_per_tick == 0)
		o->supervisor.max_events_per_tick = 1;
	if (o->steps_max == 0)
		o->steps_max = 10000000;
	o->supervisor.no_spin = true;
	o->replays |= o->replay_count != 0;
	mk_random_seed(&sim->schedule, o->seed);
	mk_random_seed(&sim->data, ~o->seed);
	sim->density = densities[o->seed % (sizeof densities / sizeof densities[0])];
	sim->signature = o->seed;
	sim->now_ns = START_NS;
	sim->stepping = UINT32_MAX;
}

static mk_seam seam_of(maiko_sim *sim)
{
	return (mk_seam){.now_ns = seam_now,
			 .choose = seam_choose,
			 .wait = seam_wait,
			 .between = mt_sim_between,
			 .result = mt_sim_result,
			 .refused = seam_refused,
			 .failure = seam_failure,
			 .add_check = seam_add_check,
			 .remove_check = seam_remove_check,
			 .broken = seam_broken,
			 .arg = sim,
			 .thread = 1,
			 .simulated = true,
			 .owner = uv_thread_self(),
			 .wall_offset_ns = EPOCH_NS,
			 .seed = sim->options.seed};
}

int maiko_sim_new(maiko_sim **ret_sim, const maiko_sim_options *options)
{
	if (ret_sim == NULL)
		return MK_NULL(ret_sim);
	if (options != NULL && options->replay == NULL && options->replay_count != 0)
		return mk_fail(MAIKO_EINVAL, "maiko_sim_new: .replay_count without .replay");
	int rc = MK_RESERVED("maiko_sim_new", options);
	if (rc == 0 && options != NULL)
		rc = MK_RESERVED("maiko_sim_new: .faults", &options->faults);
	if (rc != 0)
		return rc;
	maiko_sim *sim = calloc(1, sizeof *sim);
	if (sim == NULL)
		return MAIKO_ENOMEM;
	set_options(sim, options);
	mt_memory_install(sim->options.faults.allocation != 0);
	mk_seam seam = seam_of(sim);
	rc = mk_supervisor_simulated(&sim->sup, &sim->options.supervisor, &seam);
	if (rc == 0)
		rc = maiko_monitor_add(sim->sup, &(maiko_hooks){.any = see}, sim, &sim->monitor);
	if (rc == 0 && !sim->options.no_properties && (sim->properties = mt_properties_new(sim)) == NULL)
		rc = MAIKO_ENOMEM;
	if (rc != 0) {
		maiko_sim_free(sim);
		return rc;
	}
	*ret_sim = sim;
	return 0;
}

int maiko_sim_finish(maiko_sim *sim)
{
	int rc = sim->failure == NULL ? maiko_stop(sim->sup, NULL) : 0;
	if (sim->failure == NULL && mk_state_of(sim->sup) != MK_STOPPED)
		maiko_sim_fail(sim, "the stop failed");
	if (sim->failure == NULL && sim->properties != NULL)
		mt_properties_end(sim->properties, sim->sup);
	return sim->failure == NULL ? rc : broken(sim);
}

maiko_sim *maiko_sim_free(maiko_sim *sim)
{
	if (sim == NULL)
		return NULL;
	bool faults = sim->options.faults.allocation != 0;
	if (sim->failure != NULL && sim->sup != NULL)
		stop_failed(sim);
	maiko_supervisor_free(sim->sup);
	if (sim->properties != NULL)
		mt_properties_free(sim->properties);
	mt_memory_remove(faults);
	free(sim->chosen);
	free(sim->failure);
	free(sim);
	return NULL;
}

maiko_supervisor *maiko_sim_supervisor(maiko_sim *sim) { return sim == NULL ? NULL : sim->sup; }

maiko_sim *maiko_sim_of(const maiko_supervisor *sup)
{
	return sup == NULL || sup->seam.now_ns != seam_now ? NULL : sup->seam.arg;
}

void maiko_sim_spend(maiko_sim *sim, uint64_t us) { sim->now_ns += us * 1000; }

void maiko_sim_thread(maiko_sim *sim, uint32_t thread) { sim->sup->seam.thread = thread == 0 ? 1 : thread; }
uint64_t maiko_sim_now(const maiko_sim *sim) { return sim->now_ns; }
uint64_t maiko_sim_steps(const maiko_sim *sim) { return sim->steps; }
uint64_t maiko_sim_events(const maiko_sim *sim) { return sim->events; }
uint64_t maiko_sim_signature(const maiko_sim *sim) { return sim->signature; }
size_t maiko_sim_choices(const maiko_sim *sim, const maiko_choice **ret_choices)
{
	*ret_choices = sim->chosen;
	return sim->chosen_count;
}

int maiko_sim_check(maiko_sim *sim, void (*check)(maiko_sim *sim, void *arg), void *arg)
{
	if (sim == NULL || check == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_sim_check: sim or check is NULL");
	return add_check(sim, (mt_check){.of_test = check, .arg = arg});
}
