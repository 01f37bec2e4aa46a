/*
 * sim.c - see maiko/testing/sim.h: selects the next step of any supervisor, advances the time.
 */
#include "sim.h"

#include "base/error.h"
#include "base/seam.h"
#include "runtime/callback.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = MK_STEP_JOB + 1 };
static const uint64_t START_NS = 1000000000;                    /* not 0, which often means never */
static const uint64_t EPOCH_NS = UINT64_C(1767225600000000000); /* 2026-01-01: any fixed day */

static uint32_t seam_choose(void *arg, uint32_t count) { return maiko_sim_choose(arg, count); }

/* Which worker an actor lives on: one after another if this is 0. Few are placed, so whether they are in turn
 * does not depend on how often the seed disturbs the steps. */
static uint32_t seam_place(void *arg, uint32_t count) { return mt_sim_choose(arg, count, 2); }

/* ---- failing -------------------------------------------------------------------------------- */

void maiko_sim_fail(maiko_sim *sim, const char *format, ...)
{
	va_list args;
	if (sim->failure != NULL)
		return;
	char text[MT_FAILURE_SIZE];
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	mt_sim_log_failure(text);
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
	return sim->steps < sim->slow_to && step.kind == MK_STEP_TAKE && step.sup == sim->slow_member &&
	       step.worker == sim->slow_worker && step.from == sim->slow_from;
}

/* Adds the steps of one worker that no fault delays; returns whether a fault delays others. */
static bool gather_of(maiko_sim *sim, const mt_member *m, uint32_t worker, uint32_t *count)
{
	mk_step *mine = &sim->steps_now[*count];
	uint32_t found = mk_steps_of(m->sup->workers[worker], mine), left = 0;
	bool stalled = sim->steps < m->stalled_to[worker];
	for (uint32_t i = 0; i < found; i++) {
		mine[i].sup = m->number;
		if (!stalled && !is_slow(sim, mine[i]))
			mine[left++] = mine[i];
	}
	*count += left;
	return left != found;
}

/* Adds the steps of a worker of a supervisor, or of its blocking pool, which counts as one more. */
static bool gather_at(maiko_sim *sim, const mt_member *m, uint32_t worker, uint32_t *count)
{
	uint32_t workers = mk_worker_total(m->sup);
	if (m == sim->stepping.member && worker == sim->stepping.worker)
		return true; /* inside a step */
	if (worker < workers && mk_step_may_wake(m->sup->workers[worker], sim->now_ns))
		return gather_of(sim, m, worker, count);
	if (worker == workers && mk_step_has_job(m->sup))
		sim->steps_now[(*count)++] =
			(mk_step){.kind = MK_STEP_JOB, .worker = (uint8_t)worker, .sup = m->number};
	return false;
}

/* Collects all steps, those of the next worker first; `one`: only those of the first worker that has
 * any. The supervisors follow each other. `ret_held`: faults delay other steps. */
static uint32_t gather(maiko_sim *sim, bool one, bool *ret_held)
{
	uint32_t count = 0, left = 0, at = sim->last_worker, number = sim->last_member;
	for (uint32_t i = 0; i < sim->member_count; i++)
		left += mk_worker_total(sim->members[i]->sup) + 1;
	*ret_held = false;
	for (; left > 0 && (count == 0 || !one); left--) {
		if (at < mk_worker_total(sim->members[number]->sup)) {
			at++;
		} else {
			at = 0;
			number = number + 1 < sim->member_count ? number + 1 : 0;
		}
		*ret_held |= gather_at(sim, sim->members[number], at, &count);
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
	uint16_t last = sim->members[steps[0].sup]->last_rank[steps[0].worker];
	for (uint32_t i = 0; i < count && steps[i].worker == steps[0].worker && steps[i].sup == steps[0].sup; i++) {
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
	for (uint32_t i = 0; i < sim->member_count; i++)
		if (sim->members[i]->properties != NULL)
			mt_properties_quiet(sim->members[i]->properties, sim->members[i]->sup);
	return sim->failure != NULL ? broken(sim) : 0;
}

/* The next step, in `ret_step`; false if there is none. */
static bool pick(maiko_sim *sim, mk_step *ret_step)
{
	bool held;
	uint64_t index = sim->choices++;
	bool fairly = mt_sim_is_first(sim, index, sim->density);
	uint32_t count = gather(sim, fairly, &held);
	if (count == 0 && held) { /* the faults end when no other step is left */
		for (uint32_t i = 0; i < sim->member_count; i++)
			memset(sim->members[i]->stalled_to, 0, sizeof sim->members[i]->stalled_to);
		sim->slow_to = 0;
		count = gather(sim, fairly, &held);
	}
	if (count == 0)
		return false;
	uint32_t first = fair(sim, count);
	uint32_t k = fairly || count == 1 ? 0 : mt_sim_choose_any(sim, index, count);
	/* 0 is the fair step; the others follow in their order. */
	*ret_step = sim->steps_now[k == 0 ? first : k <= first ? k - 1 : k];
	return true;
}

static void take(maiko_sim *sim, mk_step step)
{
	mt_member *m = sim->members[step.sup];
	sim->last_member = step.sup;
	sim->last_worker = step.worker;
	m->last_rank[step.worker] = rank_of(step);
	mt_place outer = sim->stepping, acted = sim->acting;
	sim->stepping = (mt_place){m, step.worker};
	mt_sim_act(sim, sim->stepping);
	maiko_sim *before = mt_memory_fails_in(sim->options.faults.allocation != 0 ? sim : NULL);
	mk_step_take(m->sup, step);
	(void)mt_memory_fails_in(before);
	mt_sim_act(sim, acted);
	sim->stepping = outer;
	sim->steps++;
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
	take(sim, step);
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

static uint64_t seam_wall(void *arg) { return ((const maiko_sim *)arg)->now_ns + ((const maiko_sim *)arg)->wall_ns; }

void maiko_sim_set_clock(maiko_sim *sim, uint64_t unix_ms)
{
	uint64_t wall_ns = unix_ms < INT64_MAX / NS_A_MS ? unix_ms * NS_A_MS : INT64_MAX;
	sim->wall_ns = wall_ns - sim->now_ns; /* modulo 2^64 */
}

/* Advances the time to the next timer that is due, if that is not after `until`. */
static bool move_on(maiko_sim *sim, uint64_t until)
{
	enum { LATE_MS = 100 };
	uint64_t due = UINT64_MAX;
	for (uint32_t i = 0; i < sim->member_count; i++) {
		uint64_t first = mk_step_due(sim->members[i]->sup);
		due = first < due ? first : due;
	}
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

/* The moment in so many milliseconds; never UINT64_MAX, at which nothing is due. */
static uint64_t moment_in(const maiko_sim *sim, uint64_t ms)
{
	return ms < (UINT64_MAX - sim->now_ns) / NS_A_MS ? sim->now_ns + ms * NS_A_MS : UINT64_MAX - 1;
}

int maiko_sim_advance(maiko_sim *sim, uint64_t ms)
{
	uint64_t until = moment_in(sim, ms);
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
	uint64_t until = moment_in(sim, limit_ms);
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
	for (uint32_t i = 0; i < sim->member_count; i++) {
		mt_member *m = sim->members[i];
		if (mk_state_of(m->sup) < MK_STOPPED)
			m->state_before = mk_state_of(m->sup);
		atomic_store_explicit(&m->sup->state, MK_ABANDONED, memory_order_seq_cst);
	}
}

/* Prepares the stop of a failed simulation, which releases its resources as far as possible. */
static void stop_failed(maiko_sim *sim)
{
	enum { STEPS_MAX = 1000000 };
	for (uint32_t i = 0; i < sim->member_count; i++) {
		mt_member *m = sim->members[i];
		if (mk_state_of(m->sup) == MK_ABANDONED && m->state_before >= MK_STARTED)
			atomic_store_explicit(&m->sup->state, m->state_before, memory_order_seq_cst);
		if (m->properties != NULL)
			mt_properties_free(m->properties);
		m->properties = NULL;
	}
	free(sim->failure);
	sim->failure = NULL;
	sim->check_count = 0;
	sim->options.faults = (maiko_sim_faults){0};
	sim->options.steps_max = sim->steps + STEPS_MAX;
}

/* ---- creation and end ------------------------------------------------------------------------------- */

static void see(void *arg, const maiko_observation *observation)
{
	const mt_member *m = arg;
	maiko_sim *sim = m->sim;
	uint64_t value = observation->actor ^ (uint64_t)observation->kind << 56 ^ (uint64_t)observation->code << 24 ^
			 (uint64_t)m->number << 48;
	if (observation->event != NULL)
		value ^= observation->event->id.sequence << 8 ^ observation->event->id.origin;
	mt_sim_sign(sim, value);
	sim->events += observation->kind == MAIKO_OBSERVED_HANDLED;
	if (m->properties != NULL)
		mt_properties_see(m->properties, observation);
	if (sim->watch != NULL)
		sim->watch(sim->watch_arg, m->number + 1, observation);
}

void mt_sim_watch(maiko_sim *sim, void (*watch)(void *arg, uint32_t number, const maiko_observation *s), void *arg)
{
	sim->watch = watch;
	sim->watch_arg = arg;
}

static void set_options(maiko_sim *sim, const maiko_sim_options *options)
{
	static const uint32_t densities[] = {1, 2, 8, 64};
	maiko_sim_options *o = &sim->options;
	if (options != NULL)
		*o = *options;
	if (o->steps_max == 0)
		o->steps_max = 10000000;
	o->replays |= o->replay_count != 0;
	mk_random_seed(&sim->schedule, o->seed);
	mk_random_seed(&sim->data, ~o->seed);
	sim->density = densities[o->seed % (sizeof densities / sizeof densities[0])];
	sim->signature = o->seed;
	sim->now_ns = START_NS;
	sim->wall_ns = EPOCH_NS;
	sim->thread = 1;
	sim->seam = (mk_seam){.now_ns = seam_now,
			      .wall_ns = seam_wall,
			      .choose = seam_choose,
			      .wait = seam_wait,
			      .between = mt_sim_between,
			      .result = mt_sim_result,
			      .refused = seam_refused,
			      .failure = seam_failure,
			      .add_check = seam_add_check,
			      .remove_check = seam_remove_check,
			      .broken = seam_broken,
			      .place = sim->options.varies ? seam_place : NULL,
			      .arg = sim,
			      .thread = 1,
			      .simulated = true,
			      .owner = uv_thread_self(),
			      .wall_offset_ns = EPOCH_NS,
			      .seed = sim->options.seed};
}

static void member_free(mt_member *m)
{
	maiko_supervisor_free(m->sup);
	if (m->properties != NULL)
		mt_properties_free(m->properties);
	free(m);
}

/* Makes room for one more. */
static bool grow(maiko_sim *sim)
{
	uint32_t count = sim->member_count + 1;
	mt_member **members = realloc(sim->members, count * sizeof(mt_member *));
	if (members != NULL)
		sim->members = members;
	mk_step *steps = realloc(sim->steps_now, (size_t)count * MT_STEPS_ROOM * sizeof *steps);
	if (steps != NULL)
		sim->steps_now = steps;
	return members != NULL && steps != NULL;
}

static int member_new(maiko_sim *sim, const maiko_options *options, mt_member **ret_member)
{
	enum { VARIED_WORKERS = 4 };
	static const maiko_options plain;
	maiko_options o = options == NULL ? plain : *options;
	if (o.workers == 0)
		o.workers = sim->options.varies ? 1 + mt_sim_choose(sim, VARIED_WORKERS, 1) : 1;
	if (o.max_events_per_tick == 0)
		o.max_events_per_tick = 1;
	o.no_spin = true;
	mk_seam seam = sim->seam;
	seam.seed ^= sim->member_count * UINT64_C(0x9e3779b97f4a7c15); /* no id twice */
	mt_member *m = calloc(1, sizeof *m);
	if (m == NULL || !grow(sim)) {
		free(m);
		return MAIKO_ENOMEM;
	}
	m->sim = sim;
	m->number = (uint8_t)sim->member_count;
	int rc = mk_supervisor_simulated(&m->sup, &o, &seam);
	if (rc == 0)
		rc = maiko_monitor_add(m->sup, &(maiko_hooks){.any = see}, m, &m->monitor);
	if (rc == 0 && !sim->options.no_properties && (m->properties = mt_properties_new(sim)) == NULL)
		rc = MAIKO_ENOMEM;
	if (rc != 0) {
		member_free(m);
		return rc;
	}
	sim->members[sim->member_count++] = m;
	*ret_member = m;
	return 0;
}

int maiko_sim_new(maiko_sim **ret_sim, const maiko_sim_options *options)
{
	mt_member *first;
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
	rc = member_new(sim, &sim->options.supervisor, &first);
	if (rc != 0) {
		maiko_sim_free(sim);
		return rc;
	}
	*ret_sim = sim;
	return 0;
}

int maiko_sim_add(maiko_sim *sim, const maiko_options *options, maiko_supervisor **ret_sup)
{
	mt_member *m;
	if (sim == NULL || ret_sup == NULL)
		return MK_NULL(sim, ret_sup);
	if (!mk_may_wait_here())
		return mk_fail(MAIKO_EDEADLK, "maiko_sim_add: not inside a callback");
	if (sim->failure != NULL)
		return broken(sim);
	if (sim->member_count == MAIKO_SIM_SUPERVISORS_MAX)
		return mk_fail(MAIKO_E2BIG, "maiko_sim_add: there are %d supervisors already",
			       MAIKO_SIM_SUPERVISORS_MAX);
	int rc = member_new(sim, options, &m);
	if (rc != 0)
		return rc;
	*ret_sup = m->sup;
	mt_sim_act(sim, sim->acting);
	return 0;
}

int maiko_sim_finish(maiko_sim *sim)
{
	int rc = 0;
	for (uint32_t i = sim->member_count; i > 0 && sim->failure == NULL; i--) {
		mk_sup *sup = sim->members[i - 1]->sup;
		int of_one = maiko_stop(sup, NULL);
		rc = rc == 0 ? of_one : rc;
		if (sim->failure == NULL && mk_state_of(sup) != MK_STOPPED)
			maiko_sim_fail(sim, "the stop failed");
	}
	for (uint32_t i = 0; i < sim->member_count && sim->failure == NULL; i++)
		if (sim->members[i]->properties != NULL)
			mt_properties_end(sim->members[i]->properties, sim->members[i]->sup);
	return sim->failure == NULL ? rc : broken(sim);
}

maiko_sim *maiko_sim_free(maiko_sim *sim)
{
	if (sim == NULL)
		return NULL;
	bool faults = sim->options.faults.allocation != 0;
	if (sim->failure != NULL)
		stop_failed(sim);
	/* All stop before the first is freed: their actors send to each other. */
	for (uint32_t i = sim->member_count > 1 ? sim->member_count : 0; i > 0; i--)
		(void)maiko_stop(sim->members[i - 1]->sup, &(maiko_stop_options){.now = true});
	for (; sim->member_count > 0; sim->member_count--)
		member_free(sim->members[sim->member_count - 1]);
	mt_memory_remove(faults);
	free(sim->members);
	free(sim->steps_now);
	free(sim->chosen);
	free(sim->failure);
	free(sim);
	return NULL;
}

maiko_supervisor *maiko_sim_supervisor(maiko_sim *sim) { return sim == NULL ? NULL : sim->members[0]->sup; }

maiko_sim *maiko_sim_of(const maiko_supervisor *sup)
{
	return sup == NULL || sup->seam.now_ns != seam_now ? NULL : sup->seam.arg;
}

void maiko_sim_spend(maiko_sim *sim, uint64_t us) { sim->now_ns += us * 1000; }

void maiko_sim_thread(maiko_sim *sim, uint32_t thread)
{
	sim->thread = thread == 0 ? 1 : thread;
	mt_sim_act(sim, sim->acting);
}

void mt_sim_act(maiko_sim *sim, mt_place place)
{
	sim->acting = place;
	uint64_t worker = (UINT64_C(1) << 32) + 1 + place.worker;
	for (uint32_t i = 0; i < sim->member_count; i++) {
		mt_member *m = sim->members[i];
		bool other = place.member != NULL && place.member != m;
		m->sup->seam.thread =
			other ? worker + place.member->number * (MAIKO_WORKERS_MAX + UINT64_C(1)) : sim->thread;
	}
}

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
