/*
 * stop.c - see stop.h.
 */
#include "stop.h"

#include "adopt.h"
#include "backpressure.h"
#include "delayed.h"
#include "foreign.h"
#include "overflow.h"
#include "run.h"
#include "tick.h"
#include "topology.h"
#include "worker.h"

typedef enum step { STEP_NONE = 0, STEP_BEGIN, STEP_QUIESCE, STEP_HOOK, STEP_EXIT, STEP_DONE } step;

typedef struct done_call {
	struct done_call *next;
	void (*done)(void *arg, int status);
	void *arg;
} done_call;

/* All under the lock. */
typedef struct mk_stop {
	step step;
	uint32_t waiting; /* workers that have not answered */
	uint64_t sent, taken; /* sums of this round of quiesce */
	uint64_t last_sent, last_taken;
	bool compared; /* there was a round before */
	mk_actor *hook;
	bool discarding;
	bool wanted; /* asked for while the start was under way */
	uint64_t wanted_ms;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	done_call *calls;
} mk_stop;

int mk_stop_init(mk_sup *sup)
{
	sup->stop = MK_NEW(mk_stop);
	return sup->stop == NULL ? MAIKO_ENOMEM : 0;
}

void mk_stop_fini(mk_sup *sup)
{
	while (sup->stop != NULL && sup->stop->calls != NULL) {
		done_call *call = sup->stop->calls;
		sup->stop->calls = call->next;
		mk_free(call);
	}
	mk_free(sup->stop);
	sup->stop = NULL;
}

/* ---- what is owed ------------------------------------------------------------------------ */

void mk_stop_owe(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return;
	uv_mutex_lock(&sup->lock);
	a->hooked = true;
	a->prev_hooked = NULL;
	a->next_hooked = sup->hooked;
	if (sup->hooked != NULL)
		sup->hooked->prev_hooked = a;
	sup->hooked = a;
	uv_mutex_unlock(&sup->lock);
}

bool mk_stop_settle(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return false;
	uv_mutex_lock(&sup->lock);
	bool owed = a->hooked;
	if (owed) {
		a->hooked = false;
		if (a->prev_hooked != NULL)
			a->prev_hooked->next_hooked = a->next_hooked;
		else
			sup->hooked = a->next_hooked;
		if (a->next_hooked != NULL)
			a->next_hooked->prev_hooked = a->prev_hooked;
	}
	uv_mutex_unlock(&sup->lock);
	return owed;
}

/* ---- the steps, under the lock ---------------------------------------------------------------- */

static void ask(mk_worker *w, void (*run)(mk_worker *, mk_message *))
{
	w->stop_message = (mk_message){.run = run};
	mk_worker_post(w, &w->stop_message);
}

static void ask_all(mk_sup *sup, void (*run)(mk_worker *, mk_message *))
{
	uint32_t count = mk_worker_total(sup);
	sup->stop->waiting = count;
	for (uint32_t i = 0; i < count; i++)
		ask(sup->workers[i], run);
}

static void run_quiesce(mk_worker *w, mk_message *m)
{
	(void)m;
	w->asked_idle = true;
}

static void run_hook(mk_worker *w, mk_message *m);
static void run_exit(mk_worker *w, mk_message *m);

static void quiesce(mk_sup *sup, bool afresh)
{
	mk_stop *s = sup->stop;
	s->step = STEP_QUIESCE;
	s->sent = s->taken = 0;
	s->compared &= !afresh;
	ask_all(sup, run_quiesce);
}

static void next_hook(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	if (sup->hooked == NULL) {
		s->step = STEP_EXIT;
		ask_all(sup, run_exit);
		return;
	}
	s->step = STEP_HOOK;
	s->hook = sup->hooked;
	s->waiting = 1;
	ask(mk_worker_at(sup, s->hook->self->worker), run_hook);
}

static void after_quiesce(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	bool equal = s->sent == s->taken && s->compared && s->sent == s->last_sent && s->taken == s->last_taken;
	/* One worker alone that has nothing left has nothing under way either. */
	if ((equal || mk_worker_total(sup) == 1) && !mk_topology_busy(sup)) {
		s->compared = false;
		next_hook(sup);
		return;
	}
	s->last_sent = s->sent;
	s->last_taken = s->taken;
	s->compared = true;
	quiesce(sup, false);
}

/* A worker has answered; `sent` says whether a hook sent something. */
static void answered(mk_sup *sup, bool sent)
{
	mk_stop *s = sup->stop;
	if (--s->waiting > 0)
		return;
	if (s->step == STEP_BEGIN)
		quiesce(sup, true);
	else if (s->step == STEP_QUIESCE)
		after_quiesce(sup);
	else if (s->step == STEP_HOOK && sent)
		quiesce(sup, true);
	else if (s->step == STEP_HOOK)
		next_hook(sup);
}

/* ---- the steps, on a worker ---------------------------------------------------------------------- */

static void deadline_passed(mk_timer *timer);
static void discard_all(mk_sup *sup);

static void answer(mk_worker *w, bool sent)
{
	uv_mutex_lock(&w->sup->lock);
	answered(w->sup, sent);
	uv_mutex_unlock(&w->sup->lock);
}

static void run_begin(mk_worker *w, mk_message *m)
{
	(void)m;
	w->draining = true;
	mk_foreign_intake(w, true);
	for (mk_actor *a = w->actors; a != NULL; a = a->next_here) {
		mk_tick_drain(w, a);
		mk_delayed_discard(w, a);
	}
	if (w->sup->stop->deadline_ns != UINT64_MAX) {
		w->deadline.fire = deadline_passed;
		mk_timer_set(&w->timers, &w->deadline, w->sup->stop->deadline_ns);
	}
	answer(w, false);
}

void mk_stop_idle(mk_worker *w)
{
	mk_stop *s = w->sup->stop;
	w->asked_idle = false;
	uv_mutex_lock(&w->sup->lock);
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++) {
		mk_channel *in = atomic_load_explicit(&w->in[i], memory_order_acquire);
		s->sent += w->out[i] == NULL ? 0 : mk_count(&w->out[i]->sent);
		s->taken += in == NULL ? 0 : mk_count(&in->taken);
	}
	answered(w->sup, false);
	uv_mutex_unlock(&w->sup->lock);
}

static void run_hook(mk_worker *w, mk_message *m)
{
	mk_actor *a = w->sup->stop->hook;
	uint64_t before = w->sequence;
	(void)m;
	mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, w->discarding ? MK_FATE_OF(discarded) : MK_FATE_OF(dead));
	answer(w, w->sequence != before);
}

static void run_exit(mk_worker *w, mk_message *m)
{
	(void)m;
	for (mk_actor *a = w->actors; a != NULL; a = a->next_here)
		mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, MK_FATE_OF(discarded));
	for (mk_actor *a = w->actors; a != NULL; a = a->next_here)
		mk_adopted_close(w, a, NULL);
	mk_timer_clear(&w->timers, &w->deadline);
	w->exiting = true;
	mk_worker_exit(w);
}

void mk_stop_exited(mk_worker *w)
{
	mk_sup *sup = w->sup;
	uv_mutex_lock(&sup->lock);
	bool last = --sup->stop->waiting == 0;
	done_call *calls = NULL;
	if (last) {
		sup->stop->step = STEP_DONE;
		atomic_store_explicit(&sup->state, MK_STOPPED, memory_order_release);
		calls = sup->stop->calls;
		sup->stop->calls = NULL;
		uv_cond_broadcast(&sup->cond);
	}
	uv_mutex_unlock(&sup->lock);
	while (calls != NULL) { /* from here on the supervisor may be freed by who waited */
		done_call *call = calls;
		calls = call->next;
		call->done(call->arg, 0);
		mk_free(call);
	}
}

/* ---- discarding -------------------------------------------------------------------------------------- */

static void run_discard(mk_worker *w, mk_message *m)
{
	(void)m;
	w->discarding = true;
	for (mk_actor *a = w->actors; a != NULL; a = a->next_here) {
		if ((a->sched & MK_ENDED) != 0)
			continue;
		a->box.capacity = 0; /* so that each later delivery asks overflow.c */
		mk_purge(w, a, NULL, MK_FATE_OF(discarded));
		mk_release_all(w, a);
		mk_delayed_discard(w, a);
	}
}

/* With the lock. */
static void discard_all(mk_sup *sup)
{
	if (sup->stop->discarding)
		return;
	sup->stop->discarding = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		sup->workers[i]->discard_message = (mk_message){.run = run_discard};
		mk_worker_post(sup->workers[i], &sup->workers[i]->discard_message);
	}
}

static void deadline_passed(mk_timer *timer)
{
	mk_sup *sup = MK_OF(timer, mk_worker, deadline)->sup;
	uv_mutex_lock(&sup->lock);
	discard_all(sup);
	uv_mutex_unlock(&sup->lock);
}

/* ---- asking for it --------------------------------------------------------------------------------------- */

/* Nothing runs yet: what was sent so far is discarded. The lock is held on entry and on
 * return, but not meanwhile: the last reference on a buffer calls its owner. */
static void stop_unstarted(mk_sup *sup)
{
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	sup->stop->deadline_ns = UINT64_MAX;
	uv_mutex_unlock(&sup->lock);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		w->draining = w->discarding = true;
		for (mk_actor *a = w->actors; a != NULL; a = a->next_here)
			a->box.capacity = 0;
		mk_foreign_intake(w, true);
		mk_worker_turn(w); /* entries for the others, which discard them too */
	}
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		mk_worker_turn(sup->workers[i]);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		for (mk_actor *a = sup->workers[i]->actors; a != NULL; a = a->next_here)
			mk_actor_end(sup->workers[i], a, MAIKO_ACTOR_STOPPED, MK_FATE_OF(discarded));
	uv_mutex_lock(&sup->lock);
	sup->stop->step = STEP_DONE;
	atomic_store_explicit(&sup->state, MK_STOPPED, memory_order_release);
	uv_cond_broadcast(&sup->cond);
}

static void begin(mk_sup *sup, uint64_t deadline_ms)
{
	sup->stop->deadline_ns = UINT64_MAX;
	if (deadline_ms == 0)
		deadline_ms = MAIKO_STOP_DEADLINE_MS;
	if (deadline_ms < MAIKO_NEXT_MS_MAX)
		sup->stop->deadline_ns = mk_now(&sup->seam) + deadline_ms * 1000000;
	sup->stop->step = STEP_BEGIN;
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	uv_cond_broadcast(&sup->cond); /* who waits for the end now has a deadline */
	mk_foreign_wake_all(sup);
	ask_all(sup, run_begin);
}

int mk_stop_watch(mk_sup *sup, void (*done)(void *arg, int status), void *arg)
{
	done_call *call = MK_NEW(done_call);
	if (call == NULL)
		return MAIKO_ENOMEM;
	uv_mutex_lock(&sup->lock);
	int state = mk_state_of(sup);
	if (state < MK_STOPPED) {
		*call = (done_call){sup->stop->calls, done, arg};
		sup->stop->calls = call;
		call = NULL;
	}
	uv_mutex_unlock(&sup->lock);
	if (call != NULL) {
		mk_free(call);
		done(arg, state == MK_ABANDONED ? MAIKO_ETIMEDOUT : 0);
	}
	return 0;
}

int mk_stop_begin(mk_sup *sup, const maiko_stop_options *options, void (*done)(void *arg, int status), void *arg)
{
	static const maiko_stop_options plain;
	const maiko_stop_options *o = options == NULL ? &plain : options;
	int rc = 0;
	uv_mutex_lock(&sup->lock);
	if (mk_state_of(sup) == MK_NEW)
		stop_unstarted(sup);
	if (done != NULL && mk_state_of(sup) < MK_STOPPED)
		rc = mk_stop_watch(sup, done, arg);
	if (rc == 0 && mk_state_of(sup) == MK_STARTING) { /* mk_stop_started will see to it */
		sup->stop->wanted = true;
		sup->stop->wanted_ms = o->deadline_ms;
	} else if (rc == 0 && mk_state_of(sup) == MK_STARTED) {
		begin(sup, o->deadline_ms);
	}
	if (rc == 0 && o->now && mk_state_of(sup) == MK_STOPPING) {
		sup->stop->deadline_ns = mk_now(&sup->seam);
		discard_all(sup);
		uv_cond_broadcast(&sup->cond);
	}
	bool over = mk_state_of(sup) >= MK_STOPPED;
	uv_mutex_unlock(&sup->lock);
	return rc == 0 && over && done != NULL ? mk_stop_watch(sup, done, arg) : rc;
}

void mk_stop_started(mk_sup *sup)
{
	if (sup->stop->wanted)
		begin(sup, sup->stop->wanted_ms);
}

void mk_stop_failed_start(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	begin(sup, MAIKO_STOP_DEADLINE_MS);
	discard_all(sup);
	uv_mutex_unlock(&sup->lock);
}

/* A callback does not return: its worker's memory is left alone from now on. With the
 * lock, which the calls of `done` are made without. */
static void abandon(mk_sup *sup)
{
	done_call *calls = sup->stop->calls;
	sup->stop->calls = NULL;
	atomic_store_explicit(&sup->state, MK_ABANDONED, memory_order_seq_cst);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		mk_worker_wake(sup->workers[i]); /* those that can will leave */
	uv_cond_broadcast(&sup->cond);
	uv_mutex_unlock(&sup->lock);
	while (calls != NULL) {
		done_call *call = calls;
		calls = call->next;
		call->done(call->arg, MAIKO_ETIMEDOUT);
		mk_free(call);
	}
	uv_mutex_lock(&sup->lock);
}

int mk_stop_wait(mk_sup *sup)
{
	const uint64_t grace_ns = (uint64_t)MAIKO_STOP_GRACE_MS * 1000000;
	uv_mutex_lock(&sup->lock);
	while (mk_state_of(sup) < MK_STOPPED) {
		uint64_t now = mk_now(&sup->seam), deadline_ns = sup->stop->deadline_ns;
		if (mk_state_of(sup) != MK_STOPPING || deadline_ns == UINT64_MAX) {
			uv_cond_wait(&sup->cond, &sup->lock);
		} else if (now < deadline_ns) {
			uv_cond_timedwait(&sup->cond, &sup->lock, deadline_ns - now);
		} else if (now < deadline_ns + grace_ns) {
			discard_all(sup); /* the workers' own timers may be stuck behind a callback */
			uv_cond_timedwait(&sup->cond, &sup->lock, deadline_ns + grace_ns - now);
		} else {
			abandon(sup);
		}
	}
	int rc = mk_state_of(sup) == MK_ABANDONED ? MAIKO_ETIMEDOUT : 0;
	uv_mutex_unlock(&sup->lock);
	return rc;
}
