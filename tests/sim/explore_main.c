/*
 * explore_main.c - the program behind `./dev explore`: the mixed scenario for many seeds.
 *
 *   explore [SCENARIO] [--seeds N] [--from X] [--jobs N] [--seed-ms MS] [--quiet]
 *   explore [SCENARIO] --replay SEED [--schedule "INDEX:VALUE ..."]
 *
 * SCENARIO: --questions, --patterns, --retained, --shares: that of questions, of patterns, of retained events, of
 * share groups.
 *
 * Ends with 1 if a seed fails or what it prints is lost, 2 if it could not explore.
 */
#include "scenario.h"
#include "scenario_patterns.h"
#include "scenario_questions.h"
#include "scenario_retained.h"
#include "scenario_shares.h"

#include <maiko/testing/explore.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
	fputs("usage: explore [SCENARIO] [--seeds N] [--from X] [--jobs N] [--seed-ms MS] [--quiet]\n"
	      "       explore [SCENARIO] --replay SEED [--schedule \"INDEX:VALUE ...\"]\n"
	      "SCENARIO: --questions, --patterns, --retained, --shares\n",
	      stderr);
	return 2;
}

static void progress(const maiko_explore_progress *p, void *arg)
{
	static uint64_t last_ns;
	(void)arg;
	if (p->elapsed_ns - last_ns < UINT64_C(5000000000))
		return;
	last_ns = p->elapsed_ns;
	printf("%s: %" PRIu64 " seeds, %" PRIu64 " events, %.2f million events/s\n",
	       p->shrinking ? "shrinking" : "exploring", p->seeds, p->events,
	       (double)p->events / (double)p->elapsed_ns * 1e3);
	fflush(stdout);
}

/* "3:1 17:2": at most as many as there are colons. NULL: not one. */
static maiko_choice *parse_schedule(const char *text, size_t *ret_count)
{
	size_t size = 1, count = 0;
	for (const char *at = text; *at != '\0'; at++)
		size += *at == ':';
	maiko_choice *choices = malloc(size * sizeof *choices);
	while (choices != NULL && *text != '\0') {
		char *end;
		uint64_t index = strtoull(text, &end, 10);
		if (*end != ':') {
			free(choices);
			return NULL;
		}
		choices[count++] = (maiko_choice){index, (uint32_t)strtoul(end + 1, &end, 10)};
		text = end + strspn(end, " ");
	}
	*ret_count = count;
	return choices;
}

static bool parse(int argc, char **argv, maiko_explore_options *o, bool *quiet)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quiet") == 0) {
			*quiet = true;
			continue;
		}
		if (strcmp(argv[i], "--questions") == 0) {
			o->scenario = questions_run;
			o->prepare = questions_prepare;
			continue;
		}
		if (strcmp(argv[i], "--patterns") == 0) {
			o->scenario = patterns_run;
			o->prepare = patterns_prepare;
			continue;
		}
		if (strcmp(argv[i], "--retained") == 0) {
			o->scenario = retained_run;
			o->prepare = retained_prepare;
			continue;
		}
		if (strcmp(argv[i], "--shares") == 0) {
			o->scenario = shares_run;
			o->prepare = shares_prepare;
			continue;
		}
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (value == NULL)
			return false;
		if (strcmp(argv[i], "--seeds") == 0) {
			o->count = strtoull(value, NULL, 10);
		} else if (strcmp(argv[i], "--from") == 0) {
			o->from = strtoull(value, NULL, 10);
		} else if (strcmp(argv[i], "--jobs") == 0) {
			o->jobs = (uint32_t)strtoul(value, NULL, 10);
		} else if (strcmp(argv[i], "--seed-ms") == 0) {
			o->seed_ms_max = (uint32_t)strtoul(value, NULL, 10);
		} else if (strcmp(argv[i], "--replay") == 0) {
			o->from = strtoull(value, NULL, 10);
			o->count = 1;
			o->watch = true;
		} else if (strcmp(argv[i], "--schedule") == 0) {
			o->sim.replay = parse_schedule(value, &o->sim.replay_count);
			o->sim.replays = true;
			if (o->sim.replay == NULL)
				return false;
		} else {
			return false;
		}
		i++;
	}
	return true;
}

int main(int argc, char **argv)
{
	maiko_explore_options options = {.scenario = scenario_run, .prepare = scenario_prepare, .count = 100000};
	maiko_explore_result result;
	bool quiet = false;
	if (!parse(argc, argv, &options, &quiet))
		return usage();
	if (!quiet)
		options.progress = progress;
	int rc = maiko_explore(&options, &result);
	free((void *)(uintptr_t)options.sim.replay);
	if (rc != 0 && rc != MAIKO_EBROKEN) {
		fprintf(stderr, "explore: %s\n", maiko_strerror(rc));
		return 2;
	}
	if (options.watch)
		maiko_moments_print(result.moments, result.moment_count, false, stdout);
	else
		maiko_explore_print(&result, stdout);
	if (options.watch && result.failed)
		printf("FAILED: seed %" PRIu64 ": %s\n%s\n", result.seed, result.text, result.report);
	maiko_explore_result_fini(&result);
	return rc == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
