/*
 * explore.c - see maiko/testing/explore.h: runs many seeds in many processes, and shrinks a failure.
 *
 * Seeds are taken from the board in order, so when one fails all lower ones have been taken; each
 * process continues until its next seed is above the failed one. So the lowest failing seed is
 * found whatever the number of processes. Replays for shrinking run one by one, each in its own
 * process, because the failure may be a crash.
 */
#include "base/error.h"
#include "event/event.h"
#include "exploring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOOK_MS = 200 };

typedef struct exploration {
	maiko_explore_options options;
	mt_board *board;
	mt_child *children;
	uint32_t jobs;
	uint64_t started_ns;
	mt_outcome failure; /* of the lowest seed that failed */
	uint64_t failed_at;
	/* a replay */
	mt_child replayer;
	uint64_t seed;
	const maiko_choice *choices;
	size_t count;
	bool watch;
} exploration;

/* ---- progress ------------------------------------------------------------------------------ */

static void add_up(const exploration *x, maiko_explore_progress *sum)
{
	for (uint32_t i = 0; i < x->jobs; i++) {
		const mt_slot *slot = x->children[i].slot;
		sum->seeds += atomic_load_explicit(&((mt_slot *)(uintptr_t)slot)->seeds, memory_order_relaxed);
		sum->steps += atomic_load_explicit(&((mt_slot *)(uintptr_t)slot)->steps, memory_order_relaxed);
		sum->events += atomic_load_explicit(&((mt_slot *)(uintptr_t)slot)->events, memory_order_relaxed);
	}
}

static void tell(const exploration *x, bool shrinking)
{
	maiko_explore_progress p = {.elapsed_ns = mt_real_ns() - x->started_ns, .shrinking = shrinking};
	if (x->options.progress == NULL)
		return;
	add_up(x, &p);
	x->options.progress(&p, x->options.arg);
}

/* ---- all seeds --------------------------------------------------------------------------------- */

static void child_main(void *arg, mt_slot *slot)
{
	exploration *x = arg;
	mt_child_explore(&x->options, x->board, slot);
}

static void note_failure(exploration *x, const mt_child *child, const mt_outcome *outcome)
{
	uint64_t at = atomic_load(&child->slot->at);
	if (at < atomic_load(&x->board->failed))
		atomic_store(&x->board->failed, at);
	if (at < x->failed_at) {
		x->failed_at = at;
		x->failure = *outcome;
	}
}

static int explore_all(exploration *x)
{
	uint32_t running = 0;
	int rc = 0;
	for (uint32_t i = 0; i < x->jobs && rc == 0; i++) {
		rc = mt_child_start(&x->children[i], child_main, x);
		running += rc == 0;
	}
	while (rc == 0 && running > 0) {
		mt_outcome outcome;
		const mt_child *ended =
			mt_children_wait(x->children, x->jobs, LOOK_MS, x->options.seed_ms_max, &outcome);
		tell(x, false);
		running -= ended != NULL;
		if (ended != NULL && outcome.failed)
			note_failure(x, ended, &outcome);
	}
	return rc;
}

/* ---- replays of one seed -------------------------------------------------------------------------- */

static void replay_main(void *arg, mt_slot *slot)
{
	exploration *x = arg;
	mt_child_run(&x->options, slot, x->seed, x->choices, x->count, x->watch);
}

static int run_again(exploration *x, mt_outcome *ret_outcome)
{
	int rc = mt_child_start(&x->replayer, replay_main, x);
	while (rc == 0 && mt_children_wait(&x->replayer, 1, LOOK_MS, x->options.seed_ms_max, ret_outcome) == NULL)
		tell(x, true);
	return rc;
}

/* Whether two runs failed in the same way: equal texts up to the first colon, such as "C2". */
static bool is_alike(const mt_outcome *a, const mt_outcome *b)
{
	size_t length = strcspn(a->text, ":");
	return a->failed == b->failed && a->signal == b->signal && a->too_long == b->too_long &&
	       length == strcspn(b->text, ":") && memcmp(a->text, b->text, length) == 0;
}

static bool fails_with(void *arg, const maiko_choice *choices, size_t count)
{
	exploration *x = arg;
	mt_outcome outcome;
	x->choices = choices;
	x->count = count;
	return run_again(x, &outcome) == 0 && is_alike(&outcome, &x->failure);
}

/* ---- the failure ------------------------------------------------------------------------------------ */

/* Copies the last observations, the oldest first, and marks those of the last event and its causes,
 * found by the parents' ids. */
static int take_moments(const mt_slot *slot, maiko_explore_result *r)
{
	uint64_t count = slot->moment_count;
	uint64_t first = count > MAIKO_EXPLORE_MOMENTS_MAX ? count - MAIKO_EXPLORE_MOMENTS_MAX : 0;
	r->moments = calloc(count - first + 1, sizeof *r->moments);
	if (r->moments == NULL)
		return MAIKO_ENOMEM;
	for (uint64_t i = first; i < count; i++)
		r->moments[r->moment_count++] = slot->moments[i % MAIKO_EXPLORE_MOMENTS_MAX];
	maiko_id wanted = {0, 0};
	for (size_t i = r->moment_count; i-- > 0;) {
		maiko_moment *m = &r->moments[i];
		if (m->event[0] == '\0')
			continue;
		if (mk_id_is_none(wanted))
			wanted = m->id;
		m->is_cause = maiko_id_equal(m->id, wanted);
		/* Observations older than an event's dispatch are about its parent, if any. */
		if (m->is_cause && m->kind == MAIKO_OBSERVED_DISPATCHED) {
			if (mk_id_is_none(m->parent))
				break;
			wanted = m->parent;
		}
	}
	return 0;
}

static int take_choices(exploration *x, maiko_explore_result *r, const mt_child *child)
{
	uint32_t count = atomic_load_explicit(&child->slot->log.count, memory_order_acquire);
	r->choices_all = count;
	bool whole = count <= MAIKO_EXPLORE_CHOICES_MAX;
	r->choice_count = whole ? count : 0;
	r->choices = malloc((r->choice_count + 1) * sizeof *r->choices);
	maiko_choice *spare = malloc((r->choice_count + 1) * sizeof *spare);
	if (r->choices == NULL || spare == NULL) {
		free(spare);
		return MAIKO_ENOMEM;
	}
	memcpy(r->choices, child->slot->log.choices, r->choice_count * sizeof *r->choices);
	r->repeats = whole && fails_with(x, r->choices, r->choice_count);
	uint32_t runs = x->failure.too_long ? x->options.shrink_max / 100 : x->options.shrink_max;
	if (r->repeats && !x->options.no_shrink)
		r->choice_count = mt_shrink(r->choices, r->choice_count, spare, runs, fails_with, x);
	free(spare);
	return 0;
}

/* Runs it a last time, with observations. */
static int watch(exploration *x, maiko_explore_result *r)
{
	mt_outcome outcome;
	x->choices = r->choices;
	x->count = r->failed && r->repeats ? r->choice_count : 0;
	if (r->failed && !r->repeats)
		x->choices = NULL;
	x->watch = true;
	int rc = run_again(x, &outcome);
	if (rc != 0)
		return rc;
	if (r->failed && outcome.failed)
		memcpy(r->text, outcome.text, sizeof r->text);
	return take_moments(x->replayer.slot, r);
}

static int explain(exploration *x, maiko_explore_result *r)
{
	int rc = mt_child_new(&x->replayer);
	if (rc != 0)
		return rc;
	x->seed = x->options.from + (r->failed ? x->failed_at : x->options.count - 1);
	r->seed = x->seed;
	if (r->failed) {
		const mt_child *child = x->children;
		while (atomic_load(&child->slot->at) != x->failed_at)
			child++;
		r->signal = x->failure.signal;
		memcpy(r->text, x->failure.text, sizeof r->text);
		rc = take_choices(x, r, child);
	}
	if (rc == 0)
		rc = watch(x, r);
	if (rc == 0 && (r->report = mt_child_report(&x->replayer)) == NULL)
		rc = MAIKO_ENOMEM;
	return rc;
}

/* ---- public ------------------------------------------------------------------------------------------- */

static int set_options(exploration *x, const maiko_explore_options *options)
{
	if (options == NULL || options->scenario == NULL)
		return mk_fail(MAIKO_EINVAL, "maiko_explore: the options need a .scenario");
	int rc = MK_RESERVED("maiko_explore", options);
	if (rc != 0)
		return rc;
	x->options = *options;
	maiko_explore_options *o = &x->options;
	if (o->count == 0)
		o->count = 1000;
	if ((o->sim.replays || o->sim.replay_count != 0) && o->count != 1)
		return mk_fail(MAIKO_EINVAL, "maiko_explore: .count is %llu; a replay of choices is of one seed",
			       (unsigned long long)o->count);
	if (o->seed_ms_max == 0)
		o->seed_ms_max = 10000;
	if (o->shrink_max == 0)
		o->shrink_max = 3000;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	x->jobs = o->jobs != 0 ? o->jobs : cores > 0 ? (uint32_t)cores : 1;
	if (x->jobs > MAIKO_WORKERS_MAX)
		x->jobs = MAIKO_WORKERS_MAX;
	x->failed_at = UINT64_MAX;
	return 0;
}

static int make_children(exploration *x)
{
	x->board = mmap(NULL, sizeof *x->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (x->board == MAP_FAILED) {
		x->board = NULL;
		return -errno;
	}
	atomic_store(&x->board->failed, UINT64_MAX);
	x->children = calloc(x->jobs, sizeof *x->children);
	if (x->children == NULL)
		return MAIKO_ENOMEM;
	uint32_t jobs = x->jobs;
	for (x->jobs = 0; x->jobs < jobs; x->jobs++) {
		int rc = mt_child_new(&x->children[x->jobs]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void free_children(exploration *x)
{
	for (uint32_t i = 0; x->children != NULL && i < x->jobs; i++)
		mt_child_fini(&x->children[i]);
	free(x->children);
	if (x->replayer.slot != NULL)
		mt_child_fini(&x->replayer);
	if (x->board != NULL)
		munmap(x->board, sizeof *x->board);
}

int maiko_explore(const maiko_explore_options *options, maiko_explore_result *ret_result)
{
	exploration x = {0};
	maiko_explore_result r = {0};
	maiko_explore_progress sum = {0};
	int rc = ret_result == NULL ? MK_NULL(ret_result) : set_options(&x, options);
	if (rc != 0)
		return rc;
	rc = make_children(&x);
	x.started_ns = mt_real_ns();
	if (rc == 0)
		rc = explore_all(&x);
	r.elapsed_ns = mt_real_ns() - x.started_ns;
	r.failed = x.failed_at != UINT64_MAX;
	if (rc == 0) {
		add_up(&x, &sum);
		r.seeds = sum.seeds;
		r.steps = sum.steps;
		r.events = sum.events;
		for (uint32_t i = 0; i < x.jobs; i++)
			r.signature += atomic_load(&x.children[i].slot->signature);
	}
	if (rc == 0 && (r.failed || x.options.watch))
		rc = explain(&x, &r);
	if (rc == 0 && r.report == NULL && (r.report = calloc(1, 1)) == NULL)
		rc = MAIKO_ENOMEM;
	free_children(&x);
	if (rc != 0) {
		maiko_explore_result_fini(&r);
		return mk_fail(rc, "maiko_explore: a process that runs seeds could not be made: %s",
			       maiko_strerror(rc));
	}
	*ret_result = r;
	return r.failed ? mk_fail(MAIKO_EBROKEN, "maiko_explore: a seed fails: see the result") : 0;
}

void maiko_explore_result_fini(maiko_explore_result *result)
{
	if (result == NULL)
		return;
	free(result->choices);
	free(result->moments);
	free(result->report);
	*result = (maiko_explore_result){0};
}
