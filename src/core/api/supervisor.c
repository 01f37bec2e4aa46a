/*
 * supervisor.c - the public calls of a supervisor: creating, freeing, starting and stopping it,
 * adding and finding actors.
 */
#include "api/add.h"
#include "base/cpu_count.h"
#include "base/error.h"
#include "lifecycle/actor.h"
#include "lifecycle/start.h"
#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "lifecycle/watchdog.h"
#include "observe/monitor.h"
#include "registry/departed.h"
#include "registry/directory.h"
#include "registry/failure.h"
#include "registry/group.h"
#include "registry/registry.h"
#include "registry/schema.h"
#include "registry/topic.h"
#include "routing/external.h"
#include "routing/letter.h"
#include "routing/origin.h"
#include "routing/receipt.h"
#include "runtime/callback.h"
#include "runtime/stop_state.h"
#include "runtime/timed.h"
#include "sched/blocking.h"
#include "sched/worker.h"
#include "sim/step.h"

/* ---- creation and end -------------------------------------------------------------------------- */

static void set_default(uint32_t *option, uint32_t value)
{
	if (*option == 0)
		*option = value;
}

static int check_at_most(const char *option, uint32_t value, uint32_t most)
{
	return value <= most
		       ? 0
		       : mk_fail(MAIKO_EINVAL, "maiko_supervisor_new: .%s is %u; at most %u", option, value, most);
}

static int check_options(const maiko_options *o)
{
	int rc = check_at_most("workers", o->workers, MAIKO_WORKERS_MAX);
	if (rc == 0)
		rc = check_at_most("mailbox", o->mailbox, MAIKO_MAILBOX_MAX);
	if (rc == 0)
		rc = check_at_most("max_events_per_tick", o->max_events_per_tick, MAIKO_BUDGET_MAX);
	if (rc == 0)
		rc = check_at_most("external_credit", o->external_credit, MAIKO_MAILBOX_MAX);
	if (rc == 0)
		rc = check_at_most("blocking_threads", o->blocking_threads, 1024);
	if (rc == 0)
		rc = check_at_most("spin_us", o->spin_us, 1000);
	if (rc != 0)
		return rc;
	if (o->loop != NULL && o->workers != 1)
		return mk_fail(MAIKO_EINVAL, "maiko_supervisor_new: .workers is %u; with .loop it must be 1",
			       o->workers);
	if (o->channel < 16 || o->channel > 65536 || (o->channel & (o->channel - 1)) != 0)
		return mk_fail(MAIKO_EINVAL,
			       "maiko_supervisor_new: .channel is %u; it must be a power of 2, 16 to 65536",
			       o->channel);
	return mk_letters_check(o->dead_letters);
}

static int set_options(mk_sup *sup, const maiko_options *options)
{
	maiko_options *o = &sup->options;
	int rc = MK_RESERVED("maiko_supervisor_new", options);
	if (rc != 0)
		return rc;
	if (options != NULL)
		*o = *options;
	uint32_t cores = o->workers != 0 && o->no_spin && o->no_balance ? 1 : mk_cpu_count(); /* 1: not used */
	sup->embedded = o->loop != NULL;
	set_default(&o->workers, sup->embedded ? 1 : cores < MAIKO_WORKERS_MAX ? cores : MAIKO_WORKERS_MAX);
	set_default(&o->mailbox, 1024);
	set_default(&o->max_events_per_tick, 128);
	set_default(&o->external_credit, 1024);
	set_default(&o->channel, 4096);
	set_default(&o->blocking_threads, 4);
	set_default(&o->spin_us, 200);
	if (o->mailbox_bytes == 0)
		o->mailbox_bytes = MAIKO_MAILBOX_BYTES;
	sup->balance = !o->no_balance && !sup->embedded && o->workers > 1;
	sup->spin = !o->no_spin && o->workers > 1;
	sup->cores = cores;
	return check_options(o);
}

/* Frees a supervisor, also one whose creation has failed at any step. */
static void free_all(mk_sup *sup)
{
	mk_monitor_fini(sup); /* first: its callbacks may use the rest */
	mk_blocking_fini(sup);
	if (sup->topology != NULL)
		mk_topology_fini(sup);
	if (mk_state_of(sup) < MK_STOPPED) /* a simulation that has failed: nobody is told anything any more */
		atomic_store_explicit(&sup->state, MK_ABANDONED, memory_order_relaxed);
	mk_workers_free(sup);
	mk_free(sup->start); /* after the workers: a failed simulation may have left it in a control lane */
	mk_receipts_fini(sup);
	mk_external_fini(sup);
	mk_directory_fini(sup);
	mk_departed_fini(sup);
	mk_origins_fini(sup);
	mk_registry_fini(sup);
	mk_schemas_fini(sup);
	mk_stop_fini(sup);
	mk_failures_fini(sup);
	mk_groups_fini(sup);
	mk_watchdog_fini(sup);
	mk_free(sup->watched);
	mk_alive_free(sup->alive);
	if (sup->magic == MK_SUP_MAGIC) { /* else they were not created */
		uv_cond_destroy(&sup->cond);
		uv_mutex_destroy(&sup->lock);
	}
	sup->magic = 0;
	mk_free(sup);
}

static uint32_t next_serial(void)
{
	static _Atomic(uint32_t) last;
	uint32_t serial;
	do
		serial = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	while (serial == 0); /* 0 marks an unused slot */
	return serial;
}

/* Sets `magic` when both exist. */
static int lock_init(mk_sup *sup)
{
	/* Recursive: mk_actor_arrive, mk_topic_here and mk_topology_settle_all take the lock themselves, because
	 * workers call them without it. maiko_add (before the start, or for a new worker) and a replay call them
	 * with the lock held, as part of a larger critical section. mk_await needs the lock held once. */
	int rc = uv_mutex_init_recursive(&sup->lock);
	if (rc == 0 && (rc = uv_cond_init(&sup->cond)) != 0)
		uv_mutex_destroy(&sup->lock);
	if (rc == 0)
		sup->magic = MK_SUP_MAGIC;
	return rc;
}

/* `seam` NULL: that of the machine. */
static int seam_init(mk_sup *sup, const mk_seam *seam)
{
	int rc = 0;
	if (seam != NULL)
		sup->seam = *seam;
	else
		rc = mk_seam_init(&sup->seam);
	sup->seam.steered = sup->seam.choose != NULL;
	return rc;
}

static int fill(mk_sup *sup)
{
	sup->last = &sup->first;
	sup->stop_ms = MAIKO_STOP_DEADLINE_MS;
	sup->serial = next_serial();
	sup->alive = mk_alive_new();
	if (sup->alive == NULL)
		return mk_fail(MAIKO_ENOMEM, "not enough memory: no page to notice a fork by");
	mk_directory_init(sup);
	int rc = mk_registry_init(sup);
	if (rc == 0)
		rc = mk_failures_init(sup);
	if (rc == 0)
		rc = mk_groups_init(sup);
	if (rc == 0)
		rc = mk_topology_init(sup);
	if (rc == 0)
		rc = mk_stop_init(sup);
	if (rc == 0)
		rc = mk_blocking_init(sup);
	for (uint32_t i = 0; rc == 0 && i < sup->options.workers; i++)
		rc = mk_worker_add(sup, false, NULL);
	return rc;
}

static int supervisor_new(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam)
{
	mk_sup *sup = MK_NEW(mk_sup);
	int rc = sup == NULL ? MAIKO_ENOMEM : set_options(sup, options);
	if (rc == 0)
		rc = seam_init(sup, seam);
	if (rc == 0)
		rc = lock_init(sup);
	if (rc == 0)
		rc = fill(sup);
	if (rc == 0)
		*ret_sup = sup;
	else if (sup != NULL)
		free_all(sup);
	return rc;
}

int maiko_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options)
{
	if (ret_sup == NULL)
		return MK_NULL(ret_sup);
	return supervisor_new(ret_sup, options, NULL);
}

int mk_supervisor_simulated(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam)
{
	if (ret_sup == NULL || options == NULL || options->workers == 0 || options->loop != NULL)
		return mk_fail(MAIKO_EINVAL, "a simulated supervisor has its own workers, 1 or more, and no .loop");
	return supervisor_new(ret_sup, options, seam);
}

/* Joins the threads; false if one does not return from a callback. */
static bool join_all(mk_sup *sup)
{
	bool all = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		bool stuck =
			(mk_stop_stuck(sup) >> i & 1) != 0 && !atomic_load_explicit(&w->finished, memory_order_acquire);
		if (w->thread_made && !stuck)
			mk_worker_join(w);
		all &= !stuck;
	}
	return all;
}

/* Whether this is the thread of a worker, which cannot join itself. */
static bool is_worker_thread(const mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	for (uint32_t i = 0; mk_hosting != 0 && i < mk_worker_total(sup); i++)
		if (sup->workers[i]->thread_made && uv_thread_equal(&self, &sup->workers[i]->thread))
			return true;
	return false;
}

/* Whether this thread cannot free the supervisor now. */
static bool is_in_use(mk_sup *sup)
{
	bool over = mk_state_of(sup) >= MK_STOPPED || mk_state_of(sup) == MK_NEW;
	return mk_inside != NULL || is_worker_thread(sup) || mk_watchdog_is_here(sup) || mk_blocking_is_worker(sup) ||
	       (!over && (sup->embedded || !mk_may_wait()));
}

maiko_supervisor *maiko_supervisor_free(maiko_supervisor *sup)
{
	if (sup == NULL || mk_forked(sup))
		return sup;
	if (mk_is_ending_here(sup)) /* embedded and ended: on_end was called by maiko_supervisor_free */
		return sup->embedded && mk_state_of(sup) >= MK_STOPPED ? NULL : sup;
	if (is_in_use(sup))
		return sup;
	mk_stop_untold(sup, &(maiko_stop_options){.now = true});
	const void *before = mk_ending_enter(sup);
	mk_stop_tell(sup);
	mk_ending_leave(sup, before);
	mk_watchdog_end(sup);
	/* A callback or job that still returns may use any memory: then nothing is freed. */
	bool left = (mk_state_of(sup) != MK_ABANDONED || sup->seam.simulated) &&
		    mk_blocking_drain(sup, MAIKO_STOP_GRACE_MS);
	if (join_all(sup) && left)
		free_all(sup);
	return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------------ */

/* This thread is in a callback, or runs an embedded loop: it would wait for itself. */
static int fail_to_wait(const char *call)
{
	return mk_fail(MAIKO_EDEADLK,
		       "%s waits, which a thread inside a callback or job, or with an embedded loop, may not", call);
}

int maiko_start(maiko_supervisor *sup)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && (mk_inside != NULL || (!sup->embedded && !mk_may_wait())))
		rc = fail_to_wait("maiko_start");
	return rc != 0 ? rc : mk_start(sup);
}

int maiko_stop_begin(maiko_supervisor *sup, const maiko_stop_options *options, void (*done)(void *arg, int status),
		     void *arg)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : mk_stop_begin(sup, options, done, arg);
}

/* Whether this thread would wait for itself if it waited for the end of the supervisor. */
static bool would_deadlock(mk_sup *sup)
{
	bool may_wait = mk_may_wait() && !mk_blocking_is_worker(sup) && !mk_is_ending_here(sup);
	return !may_wait && mk_state_of(sup) != MK_NEW && mk_state_of(sup) < MK_STOPPED;
}

int maiko_stop(maiko_supervisor *sup, const maiko_stop_options *options)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && would_deadlock(sup))
		rc = fail_to_wait("maiko_stop");
	if (rc != 0)
		return rc;
	rc = mk_stop_say(sup, "maiko_stop", mk_stop_untold(sup, options));
	if (options != NULL && options->ret_report != NULL) {
		int reported = maiko_report(sup, options->ret_report);
		rc = rc == 0 ? reported : rc;
	}
	mk_stop_tell(sup);
	return rc;
}

int maiko_join(maiko_supervisor *sup)
{
	int rc = mk_check_sup(sup);
	if (rc != 0)
		return rc;
	if (mk_state_of(sup) == MK_NEW)
		return mk_fail(MAIKO_ESTATE, "maiko_join: the supervisor has never been started");
	return would_deadlock(sup) ? fail_to_wait("maiko_join") : mk_stop_say(sup, "maiko_join", mk_stop_wait(sup));
}

uint32_t maiko_worker_count(const maiko_supervisor *sup) { return sup == NULL ? 0 : mk_worker_total(sup); }
