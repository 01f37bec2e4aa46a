/*
 * start.c - the start as a barrier (C7).
 *
 * The calling thread walks the first batch in the order added. For each series of neighbours on
 * one worker, that worker runs on_start and the calling thread waits. Then all workers are told to
 * go, and each starts its actors without hooks, in any order. An embedded supervisor does the same
 * by direct calls.
 */
#include "lifecycle/start.h"

#include "base/error.h"
#include "lifecycle/actor.h"
#include "lifecycle/group_failure.h"
#include "lifecycle/group_steps.h"
#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"
#include "sched/end.h"
#include "sched/worker.h"

#include <stdio.h>

/* Owned by the supervisor, because an on_start that does not return may still use it. */
typedef struct mk_start_run {
	mk_message message;
	mk_actor *first;
	mk_actor *next; /* the actor after the series: on another worker, after a failure, or NULL */
	int status;
	const char *failed; /* the actor of that status */
	char detail[MK_ERROR_SIZE];
	bool complete;
} mk_start_run;

static bool hooked(const mk_actor *a) { return a->class->start != NULL || a->class->stop != NULL; }

/* The next actor of the first batch with a hook; unlinks the others. */
static mk_actor *next_hooked(mk_actor *a)
{
	while (a != NULL && !hooked(a)) {
		mk_actor *next = a->next;
		a->next = NULL;
		a = next;
	}
	return a;
}

static void tell_why(mk_start_run *s, const mk_extra *x)
{
	const char *detail = x != NULL && x->detail != NULL ? x->detail : maiko_strerror(s->status);
	snprintf(s->detail, sizeof s->detail, "%s", detail);
}

static void run_here(mk_worker *w, mk_start_run *s)
{
	mk_actor *a = s->first;
	MK_NOTE(w, MK_NOTE_HOOKS, 0, 0);
	while (a != NULL && a->worker == w && s->status == 0 && mk_state_of(w->sup) == MK_STARTING) {
		mk_actor *next = next_hooked(a->next);
		a->next = NULL;
		s->failed = a->self->name;
		s->status = mk_actor_start(w, a);
		if (s->status != 0)
			tell_why(s, a->extra);
		a = next;
	}
	s->next = a;
}

static void run_message(mk_worker *w, mk_message *m)
{
	mk_start_run *s = MK_OF(m, mk_start_run, message);
	run_here(w, s);
	uv_mutex_lock(&w->sup->lock);
	s->complete = true;
	uv_cond_broadcast(&w->sup->cond);
	uv_mutex_unlock(&w->sup->lock);
}

/* Waits for a run; false: a stop has given up waiting for an on_start. */
static bool wait_for(mk_sup *sup, const mk_start_run *s)
{
	uv_mutex_lock(&sup->lock);
	while (!s->complete && mk_state_of(sup) == MK_STARTING)
		mk_await(sup);
	bool starting = mk_state_of(sup) == MK_STARTING;
	uv_mutex_unlock(&sup->lock);
	return starting;
}

static int fail_stopped(void)
{
	return mk_fail_text(MAIKO_ETIMEDOUT, "maiko_start: a stop came, and gave up an on_start that does not return");
}

static int run_hooks(mk_sup *sup)
{
	mk_start_run *s = sup->start;
	for (mk_actor *a = next_hooked(sup->first); a != NULL; a = s->next) {
		*s = (mk_start_run){.message = {.run = run_message, .post = MK_POST_START}, .first = a};
		if (sup->embedded) {
			run_here(a->worker, s);
		} else {
			mk_lane_post(a->worker, &s->message);
			if (!wait_for(sup, s))
				return fail_stopped();
		}
		if (s->status != 0)
			return mk_fail(s->status, "maiko_start: the actor '%s' failed in on_start: %s", s->failed,
				       s->detail);
	}
	return 0;
}

static void go(mk_worker *w, mk_message *m)
{
	(void)m;
	w->go = true;
	uv_mutex_lock(&w->sup->lock);
	mk_groups_tell(w); /* those that failed during the start */
	uv_mutex_unlock(&w->sup->lock);
	for (uint32_t i = w->here_count; i-- > 0;) {
		mk_actor *a = w->here[i];
		if ((a->sched & MK_ENDED) != 0)
			continue;
		if (!hooked(a) && a->status == MAIKO_ACTOR_ADDED)
			mk_actor_begin(w, a);
		mk_actor_go(w, a, MK_WAITING);
	}
}

static int open_all(mk_sup *sup)
{
	uint32_t count = mk_worker_total(sup), spawned = 0;
	uv_mutex_lock(&sup->lock);
	int rc = sup->watchdog != NULL ? mk_up.watchdog_need(sup, 0) : 0; /* some actor has .stuck_ms */
	uv_mutex_unlock(&sup->lock);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = mk_worker_open(sup->workers[i]);
	sup->loop_thread = uv_thread_self();
	if (sup->embedded && rc == 0)
		mk_hosting++;
	for (uint32_t i = 0; rc == 0 && !sup->embedded && i < count; i++) {
		rc = mk_worker_spawn(sup->workers[i]);
		spawned += rc == 0;
	}
	if (rc != 0) { /* the spawned workers see the state and leave */
		atomic_store_explicit(&sup->state, MK_ABANDONED, memory_order_seq_cst);
		for (uint32_t i = 0; i < spawned; i++) {
			mk_lane_wake(sup->workers[i]);
			uv_thread_join(&sup->workers[i]->thread);
			sup->workers[i]->thread_made = false;
		}
	}
	return rc;
}

static void tell_to_go(mk_sup *sup)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		w->go_message = (mk_message){.run = go, .post = MK_POST_GO};
		mk_lane_post(w, &w->go_message);
	}
}

/* Ends the start after the hooks have run or one has failed. In one critical section, so that
 * no stop of another thread interferes. */
static int conclude(mk_sup *sup, int rc)
{
	const mk_scribe *scribe = sup->seam.led ? mk_scribe_of(sup) : NULL;
	if (MK_UNLIKELY(scribe != NULL) && !scribe->reach_started(scribe->arg))
		return MAIKO_ETIMEDOUT;
	uv_mutex_lock(&sup->lock);
	mk_note_sup(sup, MK_NOTE_STARTED, 0, 0);
	if (mk_state_of(sup) != MK_STARTING) {
		rc = fail_stopped();
	} else {
		sup->first = NULL;
		atomic_store_explicit(&sup->state, MK_STARTED, memory_order_release);
		if (rc != 0)
			mk_stop_failed_start(sup, rc);
		mk_groups_started(sup);
		mk_stop_started(sup); /* before the go: a stop that discards must find all events still queued */
		if (rc == 0)
			tell_to_go(sup);
	}
	mk_topology_next(sup);
	uv_cond_broadcast(&sup->cond);
	uv_mutex_unlock(&sup->lock);
	return rc;
}

void mk_start_tell_added(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	bool watched = sup->monitor_count != 0;
	uv_mutex_unlock(&sup->lock);
	for (const mk_actor *a = watched ? sup->first : NULL; a != NULL; a = a->next)
		MK_NOTIFY(a->worker, MAIKO_OBSERVED_ADDED, a, NULL, 0);
}

int mk_start(mk_sup *sup)
{
	mk_start_run *run = MK_NEW(mk_start_run);
	if (run == NULL)
		return MAIKO_ENOMEM;
	int expected = MK_NEW;
	uv_mutex_lock(&sup->lock);
	bool first = atomic_compare_exchange_strong(&sup->state, &expected, MK_STARTING);
	if (first) {
		sup->start = run;
		mk_note_sup(sup, MK_NOTE_STARTING, 0, 0);
	}
	uv_mutex_unlock(&sup->lock);
	if (!first) {
		mk_free(run);
		return mk_fail_text(MAIKO_ESTATE, "maiko_start: the supervisor was started or stopped before");
	}
	mk_start_tell_added(sup);
	int rc = open_all(sup);
	if (rc != 0) {
		(void)mk_fail(rc, "maiko_start: a worker's loop or thread could not be made: %s", maiko_strerror(rc));
		mk_stop_never_started(sup, rc);
		return rc;
	}
	rc = conclude(sup, run_hooks(sup));
	int broken = rc != MAIKO_ETIMEDOUT || sup->seam.failure == NULL ? 0 : sup->seam.failure(sup->seam.arg);
	if (broken != 0)
		return broken;
	if (rc != 0 && !sup->embedded && mk_stop_wait(sup) == rc)
		rc = mk_stop_say(sup, "maiko_start", rc); /* the text names the on_start that does not return */
	return rc;
}
