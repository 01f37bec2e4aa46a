/*
 * start.c - the start as a barrier (C7).
 *
 * The calling thread walks the first batch in the order added and has each worker run the
 * on_start of its actors, a run of neighbours at a time, waiting for it. Then it tells all
 * workers to go. An embedded supervisor does the same by plain calls.
 */
#include "start.h"

#include "run.h"
#include "stop.h"
#include "tick.h"
#include "topology.h"
#include "worker.h"

typedef struct start_run {
	mk_message message;
	mk_actor *first;
	mk_actor *next; /* where it ended: on another worker, failed, or NULL */
	int status;
	bool complete;
} start_run;

static bool hooked(const mk_actor *a) { return a->class->start != NULL || a->class->stop != NULL; }

static void run_here(mk_worker *w, start_run *s)
{
	mk_actor *a = s->first;
	while (a != NULL && a->worker == w && s->status == 0) {
		mk_actor *next = a->next;
		a->next = NULL;
		if (hooked(a))
			s->status = mk_actor_start(w, a);
		else
			mk_status_set(a, MAIKO_ACTOR_RUNNING);
		a = next;
	}
	s->next = a;
}

static void run_message(mk_worker *w, mk_message *m)
{
	start_run *s = MK_OF(m, start_run, message);
	run_here(w, s);
	uv_mutex_lock(&w->sup->lock);
	s->complete = true;
	uv_cond_broadcast(&w->sup->cond);
	uv_mutex_unlock(&w->sup->lock);
}

static int run_hooks(mk_sup *sup)
{
	mk_actor *a = sup->first;
	while (a != NULL) {
		start_run s = {.message = {.run = run_message}, .first = a};
		if (sup->embedded) {
			run_here(a->worker, &s);
		} else {
			mk_worker_post(a->worker, &s.message);
			uv_mutex_lock(&sup->lock);
			while (!s.complete)
				uv_cond_wait(&sup->cond, &sup->lock);
			uv_mutex_unlock(&sup->lock);
		}
		if (s.status != 0)
			return s.status;
		a = s.next;
	}
	return 0;
}

static void go(mk_worker *w, mk_message *m)
{
	(void)m;
	w->go = true;
	for (mk_actor *a = w->actors, *next; a != NULL; a = next) {
		next = a->next_here;
		if ((a->sched & MK_ENDED) != 0)
			continue;
		mk_permit(w, a, MK_WAITING);
		mk_tick_begin(w, a);
	}
}

static int open_all(mk_sup *sup)
{
	int rc = 0;
	uint32_t count = mk_worker_total(sup), spawned = 0;
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = mk_worker_open(sup->workers[i]);
	if (sup->embedded && rc == 0)
		mk_hosting++;
	for (uint32_t i = 0; rc == 0 && !sup->embedded && i < count; i++) {
		rc = mk_worker_spawn(sup->workers[i]);
		spawned += rc == 0;
	}
	if (rc != 0) { /* those that run find the state and leave */
		atomic_store_explicit(&sup->state, MK_ABANDONED, memory_order_seq_cst);
		for (uint32_t i = 0; i < spawned; i++) {
			mk_worker_wake(sup->workers[i]);
			uv_thread_join(&sup->workers[i]->thread);
			sup->workers[i]->thread_made = false;
		}
	}
	return rc;
}

int mk_start(mk_sup *sup)
{
	int expected = MK_NEW;
	uv_mutex_lock(&sup->lock);
	bool first = atomic_compare_exchange_strong(&sup->state, &expected, MK_STARTING);
	uv_mutex_unlock(&sup->lock);
	if (!first)
		return MAIKO_ESTATE;
	int rc = open_all(sup);
	if (rc != 0) {
		atomic_store_explicit(&sup->state, MK_STOPPED, memory_order_release);
		return rc;
	}
	rc = run_hooks(sup);
	uv_mutex_lock(&sup->lock);
	sup->first = NULL;
	atomic_store_explicit(&sup->state, MK_STARTED, memory_order_release);
	for (uint32_t i = 0; rc == 0 && i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		w->go_message = (mk_message){.run = go};
		mk_worker_post(w, &w->go_message);
	}
	mk_topology_started(sup, rc == 0);
	if (rc == 0)
		mk_stop_started(sup);
	uv_cond_broadcast(&sup->cond);
	uv_mutex_unlock(&sup->lock);
	if (rc != 0) {
		mk_stop_failed_start(sup);
		if (!sup->embedded)
			mk_stop_wait(sup);
	}
	return rc;
}
