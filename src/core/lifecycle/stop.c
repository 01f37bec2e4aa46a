/*
 * stop.c - see stop.h.
 */
#include "lifecycle/stop.h"

#include "base/error.h"
#include "lifecycle/start.h"
#include "lifecycle/stop_steps.h"
#include "lifecycle/topology.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/failure.h"
#include "routing/delivery.h"
#include "routing/external.h"
#include "sched/end.h"
#include "sched/turn.h"

enum { NS_PER_MS = 1000000 };

/* ---- requests --------------------------------------------------------------------------------------------- */

static bool all_quiet(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	bool quiet = !mk_topology_busy(sup);
	uv_mutex_unlock(&sup->lock);
	for (uint32_t i = 0; quiet && i < mk_worker_total(sup); i++)
		quiet = mk_worker_quiet(sup->workers[i]);
	return quiet;
}

/* No worker runs: this thread takes turns for all workers, which discard the events sent so far.
 * The lock is held on entry and on return, but not in between: the release of the last reference
 * on a buffer calls its owner. */
static void stop_unstarted(mk_sup *sup)
{
	bool untold = mk_state_of(sup) == MK_NEW;
	const void *before = mk_ending_enter(sup);
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	sup->stop->deadline_ns = UINT64_MAX;
	mk_topology_next(sup); /* changes requested during a failed start are refused */
	uv_mutex_unlock(&sup->lock);
	if (untold)
		mk_start_tell_added(sup);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		w->draining = w->discarding = true;
		for (uint32_t k = 0; k < w->here_count; k++)
			w->here[k]->box.capacity = 0;
		mk_external_close(w);
	}
	do
		for (uint32_t i = 0; i < mk_worker_total(sup); i++)
			mk_worker_turn(sup->workers[i]);
	while (!all_quiet(sup));
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		for (uint32_t k = w->here_count; k-- > 0;)
			mk_actor_end_in_stop(w, w->here[k], MK_OUTCOME_OF(discarded));
	}
	mk_ending_leave(sup, before);
	uv_mutex_lock(&sup->lock);
	sup->stop->step = MK_STOP_DONE;
	atomic_store_explicit(&sup->state, MK_STOPPED, memory_order_release);
	uv_cond_broadcast(&sup->cond);
}

void mk_stop_never_started(mk_sup *sup, int code)
{
	uv_mutex_lock(&sup->lock);
	mk_note_sup(sup, MK_NOTE_GIVE_UP, 0, code);
	sup->failures->status = code;
	stop_unstarted(sup);
	mk_stop_unlock_and_tell(sup);
}

static uint64_t deadline_after(mk_sup *sup, uint64_t deadline_ms)
{
	if (deadline_ms == 0)
		deadline_ms = sup->stop_ms;
	return mk_deadline(&sup->seam, deadline_ms);
}

/* With the lock, like the next three. */
void mk_stop_begin_until(mk_sup *sup, uint64_t deadline_ns)
{
	mk_note_sup(sup, MK_NOTE_STOP, 0, (int64_t)deadline_ns);
	sup->stop->deadline_ns = deadline_ns;
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	uv_cond_broadcast(&sup->cond); /* threads that wait for the end have a deadline now */
	for (mk_stop_call *call = sup->stop->calls; call != NULL; call = call->next)
		if (call->begun != NULL)
			call->begun(call->arg);
	mk_external_wake_all(sup);
	mk_stop_take(sup, MK_STOP_BEGIN, mk_stop_all(sup), NULL);
}

static void begin(mk_sup *sup, uint64_t deadline_ms)
{
	if (MK_LIKELY(!sup->seam.led)) /* a replay begins it where the recording did */
		mk_stop_begin_until(sup, deadline_after(sup, deadline_ms));
}

static void end_now(mk_sup *sup)
{
	if (MK_UNLIKELY(sup->seam.led))
		return;
	sup->stop->deadline_ns = mk_now(&sup->seam);
	mk_stop_discard_all(sup);
	uv_cond_broadcast(&sup->cond);
}

/* The start is under way: notes the request for mk_stop_started. */
static void want(mk_sup *sup, const maiko_stop_options *o)
{
	mk_stop *s = sup->stop;
	if (!s->wanted) {
		s->wanted = true;
		s->wanted_ms = o->deadline_ms;
		s->deadline_ns = deadline_after(sup, o->deadline_ms);
	}
	if (o->now) {
		s->wanted_now = true;
		s->deadline_ns = mk_now(&sup->seam);
	}
	uv_cond_broadcast(&sup->cond);
}

void mk_stop_started(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	if (mk_state_of(sup) != MK_STARTED || !s->wanted)
		return;
	begin(sup, s->wanted_ms);
	if (s->wanted_now)
		end_now(sup);
}

void mk_stop_failed_start(mk_sup *sup, int code)
{
	sup->failures->status = code;
	begin(sup, MAIKO_STOP_DEADLINE_MS);
	mk_stop_discard_all(sup);
}

/* With the lock. */
static int ask_for_it(mk_sup *sup, const maiko_stop_options *o, void (*done)(void *arg, int status), void *arg)
{
	int rc = MK_RESERVED("maiko_stop", o);
	if (rc != 0)
		return rc;
	if (mk_state_of(sup) == MK_NEW)
		stop_unstarted(sup);
	if (done != NULL && mk_state_of(sup) < MK_STOPPED)
		rc = mk_stop_call_add(sup, done, NULL, arg);
	if (rc == 0 && mk_state_of(sup) == MK_STARTING)
		want(sup, o);
	if (rc == 0 && mk_state_of(sup) == MK_STARTED)
		begin(sup, o->deadline_ms);
	if (rc == 0 && o->now && mk_state_of(sup) == MK_STOPPING)
		end_now(sup);
	return rc;
}

int mk_stop_begin(mk_sup *sup, const maiko_stop_options *options, void (*done)(void *arg, int status), void *arg)
{
	static const maiko_stop_options plain;
	uv_mutex_lock(&sup->lock);
	int rc = ask_for_it(sup, options == NULL ? &plain : options, done, arg);
	bool over = mk_state_of(sup) >= MK_STOPPED;
	int status = mk_end_status(sup);
	mk_stop_unlock_and_tell(sup); /* may free the supervisor */
	if (rc == 0 && over && done != NULL)
		done(arg, status);
	return rc;
}

void mk_stop_for_failure(mk_sup *sup, int code)
{
	uv_mutex_lock(&sup->lock);
	if (sup->failures->status == 0)
		sup->failures->status = code;
	uv_mutex_unlock(&sup->lock);
	(void)mk_stop_begin(sup, NULL, NULL, NULL); /* without `done` it needs no memory */
}

int mk_stop_untold(mk_sup *sup, const maiko_stop_options *options)
{
	static const maiko_stop_options plain;
	uv_mutex_lock(&sup->lock);
	int rc = ask_for_it(sup, options == NULL ? &plain : options, NULL, NULL);
	uv_mutex_unlock(&sup->lock);
	return rc != 0 ? rc : mk_stop_wait(sup);
}

/* Enforces the deadline from a waiting thread: the workers' own timers may be blocked by a callback,
 * or not run yet. With the lock. */
static void insist(mk_sup *sup)
{
	if (mk_state_of(sup) == MK_STARTING) { /* an on_start does not return */
		begin(sup, 1);
		end_now(sup);
	}
	mk_stop_discard_all(sup);
	mk_stop_give_up(sup);
}

/* The deadline that a waiting thread enforces; UINT64_MAX: none. In a simulation the workers' own timers do. */
static uint64_t deadline_of(const mk_sup *sup)
{
	const mk_stop *s = sup->stop;
	bool limited = mk_state_of(sup) == MK_STOPPING || (mk_state_of(sup) == MK_STARTING && s->wanted);
	return limited && !sup->seam.simulated ? s->deadline_ns : UINT64_MAX;
}

int mk_stop_wait(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	while (mk_state_of(sup) < MK_STOPPED) {
		uint64_t now_ns = mk_now(&sup->seam), deadline_ns = deadline_of(sup);
		if (now_ns < deadline_ns) {
			mk_await_until(sup, deadline_ns);
			continue;
		}
		insist(sup);
		if (mk_state_of(sup) < MK_STOPPED)
			mk_await_until(sup, now_ns + (uint64_t)MK_STOP_LOOK_MS * NS_PER_MS);
	}
	int rc = mk_end_status(sup);
	if (mk_state_of(sup) == MK_ABANDONED) /* perhaps just now by this thread, which must notify; it is not freed */
		mk_stop_unlock_and_tell(sup);
	else
		uv_mutex_unlock(&sup->lock);
	return rc;
}
