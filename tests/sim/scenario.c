/*
 * scenario.c - the mixed scenario from outside: what a seed makes, what happens, how it ends.
 */
#include "scenario.h"

#include "registry/directory.h"
#include "runtime/runtime.h"

#include <string.h>

sc_world sc;
static bool memory_fails; /* in the seed that was prepared last */

/* ---- the options of a seed --------------------------------------------------------------- */

static void prepare_faults(maiko_sim_faults *f, uint32_t which, uint64_t *random)
{
	bool all = which == 0;
	if (all || which == 1)
		f->callback = 20 + sc_draw(random, 200);
	if (all || which == 2)
		f->allocation = 10 + sc_draw(random, 300);
	if (all || which == 3 || which == 4)
		f->stall = 30 + sc_draw(random, 200);
	if (all || which == 3)
		f->slow = 30 + sc_draw(random, 200);
	if (all || which == 4 || which == 5)
		f->late = 4 + sc_draw(random, 100);
	if (all || which == 6)
		f->removal = 100 + sc_draw(random, 500);
	if (all || which == 7)
		f->burst = 50 + sc_draw(random, 200);
}

static void failed(void *arg, const maiko_observation *s);

static void on_burst(maiko_sim *sim, void *arg)
{
	(void)sim;
	(void)arg;
	uint64_t random = sc.random ^ sc.serial;
	for (uint32_t i = 4 + sc_draw(&random, 12); i > 0; i--)
		if (sc_send_outside(SC_BURST, sc_draw(&random, sc.used), &random, SC_TRY) != 0)
			return;
}

/* Another thread watches, and after a while does not. */
static void watch_or_leave(void)
{
	static const maiko_hooks hooks = {.failed = failed};
	if (sc.spare == NULL)
		(void)maiko_monitor_add(sc.sup, &hooks, NULL, &sc.spare);
	else if (maiko_monitor_remove(sc.spare, NULL) == 0)
		sc.spare = NULL;
}

static void on_overlap(maiko_sim *sim, void *arg)
{
	(void)sim;
	(void)arg;
	maiko_ledger *ledger;
	uint64_t random = sc.random ^ ++sc.overlaps * UINT64_C(0x9e3779b97f4a7c15);
	switch (sc_draw(&random, 16)) {
	case 0:
	case 1:
		(void)sc_add(NULL, &random);
		break;
	case 2:
	case 3:
		(void)sc_resubscribe(NULL, &random);
		break;
	case 4:
		if (maiko_report(sc.sup, &ledger) == 0)
			maiko_ledger_free(ledger);
		break;
	case 5:
		watch_or_leave();
		break;
	case 6:
	case 7:
		(void)sc_send_outside(SC_OTHER, sc_draw(&random, sc.used), &random, SC_TRY);
		break;
	case 8:
		if (sc.stops && sc_draw(&random, 8) == 0)
			(void)maiko_stop_begin(sc.sup, NULL, NULL, NULL);
		break;
	default:
		(void)sc_meet(&random);
	}
}

void scenario_prepare(maiko_sim_options *options, void *arg)
{
	uint64_t random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	(void)arg;
	for (int i = 0; i < 4; i++)
		(void)sc_draw(&random, 2);
	maiko_options *o = &options->supervisor;
	o->workers = 1 + sc_draw(&random, 4);
	o->mailbox = 1 + sc_draw(&random, 8);
	o->mailbox_bytes = o->mailbox * 400; /* which comes first among large events only */
	o->max_events_per_tick = 1 + sc_draw(&random, 4);
	o->external_credit = sc_draw(&random, 2) == 0 ? 2 + sc_draw(&random, 6) : 64;
	o->channel = 16;
	options->faults = (maiko_sim_faults){.on_burst = on_burst, .on_overlap = on_overlap};
	prepare_faults(&options->faults, sc_draw(&random, 14), &random);
	if (sc_draw(&random, 4) == 0)
		options->faults.overlap = 2 + sc_draw(&random, 60);
	memory_fails = options->faults.allocation != 0;
	options->steps_max = 200000;
}

/* ---- what happens --------------------------------------------------------------------------- */

static sc_actor *actor_of(const maiko_observation *s)
{
	for (uint32_t i = 0; i < sc.actor_count; i++)
		if (sc.actors[i].id == s->actor)
			return &sc.actors[i];
	return NULL;
}

static void started(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_actor *a = actor_of(s);
	if (a != NULL)
		a->running = true;
}

/* By a removal, or by the end of its group: it need not have had everything, even if a stop comes before it is gone. */
static void ended(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_actor *a = actor_of(s);
	const mk_actor *real = mk_directory_find(sc.sup, s->actor);
	if (a != NULL && real != NULL && !real->worker->draining)
		a->stopped = true;
}

static void failed(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_actor *a = actor_of(s);
	if (a != NULL)
		sc_failed(a, s);
}

static void restarting(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_actor *a = actor_of(s);
	if (a != NULL)
		sc_restarting(a, s);
}

static void restarted(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_actor *a = actor_of(s);
	if (a != NULL)
		sc_restarted(a);
}

static void observed(void *arg, const maiko_observation *s)
{
	(void)arg;
	sc_observed(s);
}

static int set_up(maiko_sim *sim)
{
	maiko_monitor *monitor;
	uint64_t random = maiko_sim_random(sim);
	memset(&sc, 0, sizeof sc);
	sc.sim = sim;
	sc.sup = maiko_sim_supervisor(sim);
	sc.used = 2 + sc_draw(&random, SC_USED_MAX - 1);
	uint32_t first = sc_draw(&random, SC_TOPICS);
	for (uint32_t i = 0; i < sc.used; i++) /* 5 and 12 have no divisor in common: no topic twice */
		sc.topics[i] = (uint8_t)((first + 5 * i) % SC_TOPICS);
	sc.stops = sc_draw(&random, 4) == 0;
	sc.fatal = sc_draw(&random, 4) == 0;
	sc.random = random;
	sc.groups = (random >> 50 & 1) != 0;
	sc.wide = (random >> 51 & 1) != 0;
	if (sc.wide && (random >> 52 & 3) != 0)
		sc.topics[sc.used - 1] = (random >> 52 & 3) == 1 ? SC_EXPIRING : SC_RETAINING;
	uint64_t groups = random ^ UINT64_C(0x6a09e667f3bcc909);
	for (uint32_t i = sc_draw(&groups, 4); sc.groups && i > 0; i--)
		(void)sc_group(NULL, &groups);
	const maiko_hooks hooks = {.started = started,
				   .stopped = ended,
				   .failed = failed,
				   .restarting = restarting,
				   .restarted = restarted,
				   .handled = observed,
				   .set_aside = observed,
				   .overflowed = observed,
				   .discarded = observed};
	int rc = maiko_monitor_add(sc.sup, &hooks, NULL, &monitor);
	for (uint32_t i = 2 + sc_draw(&random, 7); rc == 0 && i > 0; i--)
		(void)sc_add(NULL, &random);
	return rc;
}

static void send_outside(uint64_t *random)
{
	uint32_t thread = sc_draw(random, SC_BURST);
	int how = (int)sc_draw(random, 3);
	for (uint32_t i = 1 + sc_draw(random, 10); i > 0; i--)
		if (sc_send_outside(thread, sc_draw(random, sc.used), random, how) != 0)
			return;
}

/* With actors and groups that are restarted. */
static void supervise(uint64_t *random)
{
	switch (sc_draw(random, 8)) {
	case 0:
		(void)sc_group(NULL, random);
		break;
	case 1:
		(void)sc_ungroup(NULL, random);
		break;
	case 2:
	case 3:
		(void)sc_restart(NULL, random);
		break;
	default:
		break;
	}
}

static void do_something(uint64_t *random)
{
	uint64_t other = *random ^ UINT64_C(0xbb67ae8584caa73b);
	if (sc.groups)
		supervise(&other);
	switch (sc_draw(random, 14)) {
	case 0:
		(void)sc_add(NULL, random);
		break;
	case 1:
		(void)sc_remove(NULL, random);
		break;
	case 2:
	case 3:
		(void)sc_resubscribe(NULL, random);
		break;
	case 4:
	case 5:
		(void)maiko_sim_advance(sc.sim, sc_draw(random, 30));
		break;
	case 7:
	case 8:
		(void)sc_move(NULL, random);
		break;
	case 6:
		if (maiko_sim_run(sc.sim) == 0)
			sc_quiet();
		break;
	default:
		send_outside(random);
	}
	for (uint32_t left = sc_draw(random, 24); left > 0; left--)
		if (maiko_sim_step(sc.sim) != 1)
			return;
}

/* ---- how it ends --------------------------------------------------------------------------------- */

static void some_steps(uint64_t *random)
{
	for (uint32_t left = sc_draw(random, 60); left > 0; left--)
		if (maiko_sim_step(sc.sim) != 1)
			return;
}

static void stop(uint64_t *random)
{
	uint32_t how = sc_draw(random, 10);
	sc.graceful = how > 3 && sc.graceful;
	if (how == 0) {
		(void)maiko_stop(sc.sup, &(maiko_stop_options){.now = true});
	} else if (how == 1) {
		(void)maiko_stop(sc.sup, &(maiko_stop_options){.deadline_ms = 1 + sc_draw(random, 5)});
	} else if (how == 2) {
		(void)maiko_stop_begin(sc.sup, NULL, NULL, NULL);
		some_steps(random);
		(void)maiko_stop_begin(sc.sup, &(maiko_stop_options){.now = true}, NULL, NULL);
	} else if (how == 3) {
		(void)maiko_stop_begin(sc.sup, &(maiko_stop_options){.deadline_ms = 1}, NULL, NULL);
		some_steps(random);
		(void)maiko_sim_advance(sc.sim, 10);
	} else if (how == 4) {
		(void)maiko_stop_begin(sc.sup, NULL, NULL, NULL);
		some_steps(random);
	}
}

int scenario_run(maiko_sim *sim, void *arg)
{
	(void)arg;
	int rc = set_up(sim);
	if (rc != 0)
		return rc;
	uint64_t random = sc.random;
	sc.graceful = true;
	sc.strict = !memory_fails;
	if (sc_draw(&random, 3) == 0)
		send_outside(&random); /* before the start */
	if (sc_draw(&random, 64) != 0) {
		sc.begun = true;
		rc = maiko_start(sc.sup);
		sc.started = rc == 0;
		if (sc.status == 0 && mk_state_of(sc.sup) != MK_NEW)
			sc.status = rc;
		for (uint32_t i = 3 + sc_draw(&random, 10); i > 0 && maiko_sim_failure(sim) == NULL; i--)
			do_something(&random);
		stop(&random);
	}
	rc = maiko_sim_finish(sim);
	if (!sc_is_status(rc) && maiko_sim_failure(sim) == NULL)
		maiko_sim_fail(sim, "C11: the end says %d, not %d", rc, sc.status);
	else if (rc != MAIKO_EBROKEN)
		sc_end();
	rc = 0;
	return maiko_sim_failure(sim) != NULL ? MAIKO_EBROKEN : rc;
}
