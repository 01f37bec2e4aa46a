/*
 * m_monitors.c - M: a hop of W2 on one worker, with nobody watching, a monitor of failures, a monitor of all kinds of
 * observations, and a recorder.
 */
#include "pipeline.h"
#include "workloads.h"

#include <maiko/observe/recorder.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EVENTS = 4000000, EVENTS_RECORDED = 100000 /* 100 MB */, HOPS = 4 };

static uint64_t failures, observations;

static void on_failed(void *arg, const maiko_observation *observation)
{
	(void)arg;
	(void)observation;
	failures++;
}

static void on_any(void *arg, const maiko_observation *observation)
{
	(void)arg;
	observations += observation->kind < MAIKO_OBSERVATION_KINDS;
}

static int watch_failures(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	return maiko_monitor_add(sup, &(maiko_hooks){.failed = on_failed, .error = on_failed}, NULL, &monitor);
}

static int watch_all(maiko_supervisor *sup)
{
	maiko_monitor *monitor;
	return maiko_monitor_add(sup, &(maiko_hooks){.any = on_any}, NULL, &monitor);
}

/* ---- the recorder, into a file that is removed ---- */

static maiko_recorder *recorder;

static int record(maiko_supervisor *sup)
{
	char folder[] = "/tmp/maiko-bench-XXXXXX", path[sizeof folder + 8];
	if (mkdtemp(folder) == NULL)
		return MAIKO_EINVAL;
	snprintf(path, sizeof path, "%s/run.mkr", folder);
	int rc = maiko_recorder_new(&recorder, sup, path, NULL);
	unlink(path);
	rmdir(folder);
	return rc;
}

static void end_recording(void) { bench_check(maiko_recorder_free(recorder) == 0, "the recording is not complete"); }

/* ---- the whole ---- */

static bool run(uint64_t most, int (*watch)(maiko_supervisor *), void (*ended)(void))
{
	uint64_t events = bench_scaled(most, 1);
	if (!pipeline_run(&(pipeline_plan){.workers = 1, .events = events, .watch = watch, .ended = ended}))
		return false;
	bench_figure("hop", "ns", run_ns() / (double)(events * HOPS));
	return true;
}

static bool run_alone(const bench_variant *v)
{
	(void)v;
	return run(EVENTS, NULL, NULL);
}

static bool run_failures(const bench_variant *v)
{
	(void)v;
	bool done = run(EVENTS, watch_failures, NULL);
	bench_check(failures == 0, "something has failed");
	return done;
}

static bool run_all(const bench_variant *v)
{
	(void)v;
	bool done = run(EVENTS, watch_all, NULL);
	bench_check(observations >= bench_scaled(EVENTS, 1) * HOPS * 2, "a send or a handled event was not observed");
	return done;
}

static bool run_recorded(const bench_variant *v)
{
	(void)v;
	return run(EVENTS_RECORDED, record, end_recording);
}

const bench_variant monitor_variants[] = {{.name = "M/none", .run = run_alone},
					  {.name = "M/failures", .run = run_failures},
					  {.name = "M/all", .run = run_all},
					  {.name = "M/recorder", .run = run_recorded},
					  {.name = NULL}};
