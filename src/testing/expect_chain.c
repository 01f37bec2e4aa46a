/*
 * expect_chain.c - expectations of chains.
 */
#include "base/error.h"
#include "harness.h"

enum { PATHS_MAX = 10, NAMES_MAX = 32 }; /* in a text */

static void print_path(maiko_chain chain, size_t n, bool actors, FILE *out)
{
	const char *names[NAMES_MAX] = {NULL};
	size_t length = (actors ? maiko_chain_actors : maiko_chain_events)(chain, n, names, NAMES_MAX);
	fprintf(out, "    ");
	for (size_t i = 0; i < length && i < NAMES_MAX; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ", names[i]);
	fprintf(out, "%s\n", length > NAMES_MAX ? ", ..." : "");
}

static void print_paths(maiko_chain chain, bool actors, FILE *out)
{
	size_t count = maiko_chain_paths(chain);
	fprintf(out, "its complete paths, by %s:\n", actors ? "actors" : "events");
	for (size_t n = 0; n < count && n < PATHS_MAX; n++)
		print_path(chain, n, actors, out);
	if (count > PATHS_MAX)
		fprintf(out, "    ... %zu in all\n", count);
}

/* 0: the chain can be evaluated. */
static int begin(const maiko_here *here, maiko_chain chain)
{
	mt_failure f;
	int rc = mt_expect_begin(here, chain.harness);
	if (rc == 0 && chain.towards != NULL)
		rc = mt_expect_actors(here, chain.harness, MAIKO_NAMES(chain.towards));
	if (rc != 0 || maiko_chain_count(chain) != 0)
		return rc;
	mt_fail_begin(&f, here, chain.harness, "a chain");
	mt_fail_happened(&f);
	if (mt_event_of(chain.event) == NULL) {
		fprintf(f.out, "there is no event that it could start from\n");
	} else {
		fprintf(f.out, "no event leads to %s\n", chain.towards);
		chain.towards = NULL;
		mt_fail_chain(&f, chain);
	}
	return mt_fail_end(&f);
}

/* The text that was expected, with a list of names or one name. */
static int failed(const maiko_here *here, maiko_chain chain, const char *text, const char *const *names, bool actors)
{
	mt_failure f;
	mt_fail_begin(&f, here, chain.harness, "%s", text);
	mt_print_list(names, f.out);
	mt_fail_happened(&f);
	print_paths(chain, actors, f.out);
	if (!actors)
		mt_fail_types(chain.harness, names, f.out);
	mt_fail_chain(&f, chain);
	return mt_fail_end(&f);
}

static int count_failed(const maiko_here *here, maiko_chain chain, size_t count, size_t found, const char *what)
{
	mt_failure f;
	mt_fail_begin(&f, here, chain.harness, "%zu %s", count, what);
	mt_fail_happened(&f);
	fprintf(f.out, "%zu\n", found);
	mt_fail_chain(&f, chain);
	return mt_fail_end(&f);
}

int maiko_expect_chain_count_at(const maiko_here *here, maiko_chain chain, size_t count)
{
	int rc = begin(here, chain);
	size_t found = rc == 0 ? maiko_chain_count(chain) : count;
	return found == count ? rc : count_failed(here, chain, count, found, "events");
}

int maiko_expect_chain_branches_at(const maiko_here *here, maiko_chain chain, size_t count)
{
	int rc = begin(here, chain);
	size_t found = rc == 0 ? maiko_chain_branches(chain, NULL, 0) : count;
	return found == count ? rc : count_failed(here, chain, count, found, "events with several children");
}

typedef bool (*path_question)(maiko_chain chain, const char *const *names);

static int expect_path(const maiko_here *here, maiko_chain chain, const char *text, path_question question,
		       const char *const *names, bool actors)
{
	int rc = begin(here, chain);
	if (rc == 0 && names == NULL)
		rc = mk_fail(MAIKO_EINVAL, "%s:%d: the list of names is NULL", here->file, here->line);
	if (rc == 0 && actors)
		rc = mt_expect_actors(here, chain.harness, names);
	if (rc == 0 && !question(chain, names))
		rc = failed(here, chain, text, names, actors);
	return rc;
}

int maiko_expect_chain_actors_exactly_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a complete path of the actors ", maiko_chain_has_actors_exactly, names, true);
}

int maiko_expect_chain_events_exactly_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a complete path of the events ", maiko_chain_has_events_exactly, names, false);
}

int maiko_expect_chain_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a path with the actors ", maiko_chain_has_actors, names, true);
}

int maiko_expect_chain_events_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a path with the events ", maiko_chain_has_events, names, false);
}

int maiko_expect_chain_passes_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a path through the actors, in that order: ", maiko_chain_passes_actors, names,
			   true);
}

int maiko_expect_chain_passes_events_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "a path through the events, in that order: ", maiko_chain_passes_events, names,
			   false);
}

static bool passes(maiko_chain chain, const char *const *names) { return maiko_chain_passes(chain, names[0]); }
static bool avoids(maiko_chain chain, const char *const *names) { return !maiko_chain_passes(chain, names[0]); }
static bool diverges(maiko_chain chain, const char *const *names)
{
	return maiko_chain_diverges_after(chain, names[0]);
}

static int expect_actor(const maiko_here *here, maiko_chain chain, const char *text, path_question question,
			const char *actor)
{
	return expect_path(here, chain, text, question, actor == NULL ? NULL : MAIKO_NAMES(actor), true);
}

int maiko_expect_chain_passes_at(const maiko_here *here, maiko_chain chain, const char *actor)
{
	return expect_actor(here, chain, "a path through ", passes, actor);
}

int maiko_expect_chain_avoids_at(const maiko_here *here, maiko_chain chain, const char *actor)
{
	return expect_actor(here, chain, "no path through ", avoids, actor);
}

int maiko_expect_chain_diverges_after_at(const maiko_here *here, maiko_chain chain, const char *actor)
{
	return expect_actor(here, chain, "different ways on after ", diverges, actor);
}

/* Whether the names are the shortest path to the last of them. */
static bool leads(maiko_chain chain, const char *const *names)
{
	size_t count = 0;
	while (names[count] != NULL)
		count++;
	if (count == 0 || maiko_chain_path_to(chain, names[count - 1], NULL, 0) != count)
		return false;
	/* There may be several of that length: one of them must be the beginning of a path. */
	return mt_chain_begins_with(chain, names);
}

int maiko_expect_chain_path_to_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "as the shortest path to the last of them ", leads, names, true);
}

/* Whether its actors are exactly the names. */
static bool are_all(maiko_chain chain, const char *const *names)
{
	mt_names found = {0};
	bool all = mt_chain_add_actors(chain, &found) && mt_names_are(&found, names);
	mt_names_give(&found, NULL, 0);
	return all;
}

int maiko_expect_chain_all_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names)
{
	return expect_path(here, chain, "as all its actors ", are_all, names, true);
}

/* ---- steps --------------------------------------------------------------------------------- */

static void print_steps(maiko_steps steps, FILE *out)
{
	for (size_t i = 0; i < steps.count; i++) {
		fputs(i == 0 ? "" : ", then ", out);
		mt_matcher_print(&steps.steps[i], out);
	}
}

/* Prints each type named by a step that is unknown. */
static void print_unknown(maiko_harness *h, maiko_steps steps, FILE *out)
{
	for (size_t i = 0; i < steps.count; i++)
		if (steps.steps[i].type_name != NULL)
			mt_fail_types(h, MAIKO_NAMES(steps.steps[i].type_name), out);
}

static int steps_failed(const maiko_here *here, maiko_chain chain, const char *text, maiko_steps steps)
{
	mt_failure f;
	mt_fail_begin(&f, here, chain.harness, "%s", text);
	print_steps(steps, f.out);
	mt_fail_happened(&f);
	print_paths(chain, false, f.out);
	print_unknown(chain.harness, steps, f.out);
	mt_fail_chain(&f, chain);
	return mt_fail_end(&f);
}

typedef bool (*steps_question)(maiko_chain chain, maiko_steps steps);

/* A misuse of a step is found only when it is evaluated: then the expectation fails for that. */
static int expect_steps(const maiko_here *here, maiko_chain chain, const char *text, steps_question question,
			maiko_steps steps)
{
	int rc = begin(here, chain);
	if (rc == 0 && steps.steps == NULL)
		rc = mk_fail(MAIKO_EINVAL, "%s:%d: the list of steps is NULL", here->file, here->line);
	if (rc != 0 || question(chain, steps))
		return rc;
	rc = mt_expect_begin(here, chain.harness);
	return rc != 0 ? rc : steps_failed(here, chain, text, steps);
}

int maiko_expect_chain_steps_exactly_at(const maiko_here *here, maiko_chain chain, maiko_steps steps)
{
	return expect_steps(here, chain, "a complete path of ", maiko_chain_has_steps_exactly, steps);
}

int maiko_expect_chain_steps_at(const maiko_here *here, maiko_chain chain, maiko_steps steps)
{
	return expect_steps(here, chain, "a path with ", maiko_chain_has_steps, steps);
}

int maiko_expect_chain_passes_steps_at(const maiko_here *here, maiko_chain chain, maiko_steps steps)
{
	return expect_steps(here, chain, "a path through ", maiko_chain_passes_steps, steps);
}

/* ---- after an event ------------------------------------------------------------------------ */

static bool has_event(maiko_chain chain, maiko_matcher event)
{
	return maiko_chain_has_steps(chain, (maiko_steps){.steps = &event, .count = 1});
}

/* 0: there is such an event. `text`: what is expected after it. */
static int begin_event(const maiko_here *here, maiko_chain chain, const char *text, maiko_matcher event)
{
	int rc = begin(here, chain);
	if (rc != 0 || has_event(chain, event))
		return rc;
	rc = mt_expect_begin(here, chain.harness);
	return rc != 0 ? rc : steps_failed(here, chain, text, (maiko_steps){.steps = &event, .count = 1});
}

int maiko_expect_chain_branches_after_at(const maiko_here *here, maiko_chain chain, maiko_matcher event, size_t count)
{
	char text[64];
	snprintf(text, sizeof text, "%zu caused by ", count);
	int rc = begin_event(here, chain, text, event);
	size_t found = rc == 0 ? maiko_chain_branches_after(chain, event) : count;
	if (found == count)
		return rc;
	mt_failure f;
	mt_fail_begin(&f, here, chain.harness, "%s", text);
	mt_matcher_print(&event, f.out);
	mt_fail_happened(&f);
	fprintf(f.out, "%zu\n", found);
	mt_fail_chain(&f, chain);
	return mt_fail_end(&f);
}

int maiko_expect_chain_diverges_after_event_at(const maiko_here *here, maiko_chain chain, maiko_matcher event)
{
	static const char text[] = "several events caused by ";
	int rc = begin_event(here, chain, text, event);
	if (rc == 0 && !maiko_chain_diverges_after_event(chain, event))
		rc = steps_failed(here, chain, text, (maiko_steps){.steps = &event, .count = 1});
	return rc;
}
