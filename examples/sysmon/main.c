/*
 * sysmon - a monitor of the machine that it runs on, as a set of actors.
 *
 *   cpu memory network disk --samples--> rates --figures--> alerter --alerts--> console
 *   watch ------------------------------------------------------------files--> console
 *   journal <-- everything
 *
 * The sources, watch among them, are a group: one whose file goes away is started again until it is back.
 *
 * This file puts the actors together, runs them, and accounts for the events at the end.
 * They stop in the reverse of the order in which they are added: the console is first so
 * that it stops last, and receives the last events of all the others.
 *
 * --record records a run, and --replay repeats it without I/O: the actors that do I/O do
 * not run, their events are sent again, and all others must act as in the recording.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"
#include "options.h"

#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include <locale.h>
#include <stdio.h>

/* The actors that do I/O. */
static const char *const external[] = {"cpu", "memory", "network", "disk", "watch", "console", "journal", NULL};

static int add_actors(maiko_supervisor *sup, const options *o)
{
	const maiko_backoff backoff = {.first_ms = 500, .max_ms = 5000};
	maiko_group_id sources; /* what they read may go and come back */
	int rc = console_add(sup);
	if (rc == 0 && o->journal != NULL) rc = journal_add(sup, o->journal);
	if (rc == 0) rc = alerter_add(sup, &o->limits);
	if (rc == 0) rc = rates_add(sup);
	if (rc == 0) rc = maiko_group(sup, "sources", .restarts = MAIKO_UNLIMITED, .backoff = &backoff, .ret_id = &sources);
	if (rc == 0) rc = watch_add(sup, sources, o->watch_dir);
	if (rc == 0) rc = sources_add(sup, sources, o->proc_dir, o->interval_ms);
	if (rc == 0 && o->seconds > 0) rc = time_limit_add(sup, o->seconds);
	return rc;
}

static int add_actors_again(maiko_supervisor *sup, void *chosen) { return add_actors(sup, chosen); }

/* Says what the replay has found. The exit status. */
static int replay(options *chosen)
{
	maiko_replay_result result;
	int rc = maiko_replay(&(maiko_replay_options){.path = chosen->replay,
						      .setup = add_actors_again,
						      .arg = chosen,
						      .sources = external},
			      &result);

	if (rc == 0)
		printf("replayed: %llu observations, %llu events handled, no divergence%s\n", (unsigned long long)result.records,
		       (unsigned long long)result.events, result.complete ? "" : " up to where the recording breaks off");
	else fprintf(stderr, "sysmon: replay: %s\n", result.text[0] != '\0' ? result.text : maiko_strerror(rc));
	return rc == 0 ? 0 : 1;
}

/* Prints where every event went. Whether all is accounted for. */
static bool account(maiko_supervisor *sup)
{
	maiko_ledger *ledger = NULL;
	int rc = maiko_report(sup, &ledger);
	bool fine = rc == 0 && maiko_ledger_balanced(ledger);

	if (rc != 0) fprintf(stderr, "sysmon: no ledger: %s\n", maiko_strerror(rc));
	else if (!fine) fprintf(stderr, "sysmon: the ledger does not balance\n");
	if (rc == 0) fine = fine && ledger->cut_off == 0 && ledger->total.discarded == 0;
	putchar('\n'); /* below what the console has left there */
	if (rc == 0) rc = maiko_ledger_print(ledger, stdout);
	maiko_ledger_free(ledger);
	return fine && rc == 0 && fflush(stdout) == 0 && !ferror(stdout);
}

int main(int argc, char **argv)
{
	options chosen;
	maiko_supervisor *sup = NULL;

	setlocale(LC_CTYPE, ""); /* for the width of characters */
	options_answer answer = options_parse(argc, argv, &chosen);
	if (answer != OPTIONS_RUN) return answer == OPTIONS_HELPED ? 0 : 2;
	if (chosen.replay != NULL) return replay(&chosen);

	maiko_recorder *recorder = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = chosen.workers});
	if (rc == 0 && chosen.record != NULL)
		rc = maiko_recorder_new(&recorder, sup, chosen.record, &(maiko_recorder_options){.sources = external});
	if (rc == 0) rc = add_actors(sup, &chosen);
	if (rc == 0) rc = maiko_run(sup);
	int recorded = maiko_recorder_free(recorder);
	if (rc == 0) rc = recorded;
	if (rc != 0) fprintf(stderr, "sysmon: %s\n", maiko_last_error()[0] != '\0' ? maiko_last_error() : maiko_strerror(rc));
	bool fine = sup != NULL && account(sup);
	maiko_supervisor_free(sup);
	return rc == 0 && fine ? 0 : 1;
}
