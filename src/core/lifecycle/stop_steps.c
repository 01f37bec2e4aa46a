/*
 * stop_steps.c - the steps of a stop, and which step follows (stop.h).
 */
#include "lifecycle/group_steps.h"
#include "lifecycle/stop_steps.h"

#include "lifecycle/topology.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/stop_order.h"
#include "routing/delivery.h"
#include "routing/external.h"
#include "routing/router.h"
#include "runtime/lane.h"
#include "runtime/timed.h"
#include "sched/end.h"
#include "sched/handles.h"
#include "sched/intake.h"
#include "sched/worker.h"

/* ---- the steps, under the lock ---------------------------------------------------------------- */

/* Whether the worker has not completed the current step; false for one that was given up. */
static bool is_asked(const mk_worker *w) { return (w->sup->stop->asked & mk_stop_bit(w)) != 0; }

static void ask(mk_worker *w, void (*run)(mk_worker *, mk_message *))
{
	mk_stop *s = w->sup->stop;
	s->asked |= mk_stop_bit(w);
	s->marks[w->index] = (mk_stop_mark){.looked_ns = 0};
	w->stop_message = (mk_message){.run = run, .post = MK_POST_STOP};
	mk_lane_post(w, &w->stop_message);
}

uint64_t mk_stop_all(mk_sup *sup) { return (UINT64_MAX >> (64 - mk_worker_total(sup))) & ~mk_stop_stuck(sup); }

static void run_quiesce(mk_worker *w, mk_message *m)
{
	(void)m;
	w->asked_idle = true;
}

static void run_begin(mk_worker *w, mk_message *m);
static void run_finish(mk_worker *w, mk_message *m);
static void run_hook(mk_worker *w, mk_message *m);
static void run_end(mk_worker *w, mk_message *m);
static void run_exit(mk_worker *w, mk_message *m);

void mk_stop_take(mk_sup *sup, mk_stop_step next, uint64_t workers, mk_actor *hook)
{
	static void (*const runs[])(mk_worker *, mk_message *) = {
		[MK_STOP_BEGIN] = run_begin, [MK_STOP_QUIESCE] = run_quiesce, [MK_STOP_FINISH] = run_finish,
		[MK_STOP_HOOK] = run_hook,   [MK_STOP_END] = run_end,         [MK_STOP_EXIT] = run_exit};
	mk_stop *s = sup->stop;
	if (next != MK_STOP_BEGIN) /* MK_STOP_BEGIN is recorded as MK_NOTE_STOP */
		mk_note_sup(sup, MK_NOTE_STEP, hook == NULL ? workers : hook->self->id, next);
	s->step = next;
	s->hook = hook;
	s->ended |= next == MK_STOP_END;
	for (; workers != 0; workers &= workers - 1)
		ask(mk_worker_at(sup, (uint32_t)__builtin_ctzll(workers)), runs[next]);
}

static void next_hook(mk_sup *sup);

/* Whether nothing is in transit to the worker. */
static bool is_input_empty(mk_sup *sup, mk_worker *w)
{
	if (!mk_inbox_empty(&w->control))
		return false;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_channel *ch = atomic_load_explicit(&w->in[i], memory_order_acquire);
		if (ch == NULL || (mk_stop_stuck(sup) >> i & 1) != 0)
			continue;
		uint64_t taken = atomic_load_explicit(&ch->taken, memory_order_acquire);
		if (taken != mk_count(&ch->sent))
			return false;
	}
	return true;
}

/* The activity count must be read last: see stop.h. */
static bool is_at_rest(mk_sup *sup, mk_worker *w)
{
	const mk_stop *s = sup->stop;
	return (s->answered_idle & mk_stop_bit(w)) != 0 && is_input_empty(sup, w) &&
	       mk_count(&w->activity) == s->activity[w->index];
}

static void quiesce(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	uint64_t workers = 0;
	/* After a worker was given up no change completes, so none is waited for. */
	if (mk_stop_stuck(sup) == 0 && mk_topology_busy(sup))
		s->answered_idle = 0;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = mk_worker_at(sup, i);
		if ((mk_stop_stuck(sup) & mk_stop_bit(w)) == 0 && !is_at_rest(sup, w))
			workers |= mk_stop_bit(w);
	}
	mk_stop_take(sup, MK_STOP_QUIESCE, workers, NULL);
	uint64_t drainers = s->drainers & ~mk_stop_stuck(sup);
	if (s->asked == 0 && drainers != 0)
		mk_stop_take(sup, MK_STOP_FINISH, drainers, NULL);
	else if (s->asked == 0)
		next_hook(sup);
}

void mk_stop_is_over(mk_sup *sup)
{
	uint64_t stuck = mk_stop_stuck(sup);
	mk_note_sup(sup, MK_NOTE_OVER, 0, 0);
	sup->stop->step = MK_STOP_DONE;
	atomic_store_explicit(&sup->state, stuck == 0 ? MK_STOPPED : MK_ABANDONED, memory_order_seq_cst);
	for (; stuck != 0; stuck &= stuck - 1) /* a worker that returns later leaves */
		mk_lane_wake(mk_worker_at(sup, (uint32_t)__builtin_ctzll(stuck)));
	uv_cond_broadcast(&sup->cond);
	mk_watchdog_wake(sup); /* it ends */
}

static void next_hook(mk_sup *sup)
{
	const mk_stop *s = sup->stop;
	const mk_hook *h = sup->hooks;
	while (h != NULL && (!h->pending || (mk_stop_stuck(sup) & mk_stop_bit(h->actor->worker)) != 0))
		h = h->next;
	if (h != NULL) {
		mk_stop_take(sup, MK_STOP_HOOK, mk_stop_bit(h->actor->worker), h->actor);
		return;
	}
	mk_stop_take(sup, s->ended ? MK_STOP_EXIT : MK_STOP_END, mk_stop_all(sup), NULL);
	if (s->asked == 0)
		mk_stop_is_over(sup);
}

void mk_stop_step_over(mk_sup *sup)
{
	const mk_stop *s = sup->stop;
	if (s->step == MK_STOP_EXIT)
		mk_stop_is_over(sup);
	else if (s->step == MK_STOP_END && !s->ended_late)
		next_hook(sup);
	else
		quiesce(sup);
}

static void answered(mk_worker *w)
{
	mk_stop *s = w->sup->stop;
	if (!is_asked(w))
		return;
	s->asked &= ~mk_stop_bit(w);
	if (s->asked == 0 && !w->sup->seam.led)
		mk_stop_step_over(w->sup);
}

/* ---- the steps, on a worker ---------------------------------------------------------------------- */

static void answer(mk_worker *w)
{
	uv_mutex_lock(&w->sup->lock);
	answered(w);
	mk_stop_unlock_and_tell(w->sup);
}

static void run_begin(mk_worker *w, mk_message *m)
{
	(void)m;
	w->draining = true;
	mk_external_close(w);
	MK_NOTIFY(w, MAIKO_OBSERVED_DRAINING, NULL, NULL, 0); /* follows all external sends */
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_drain(w, w->here[i]);
	mk_groups_refuse_askers(w);
	uv_mutex_lock(&w->sup->lock);
	uint64_t deadline_ns = w->sup->stop->deadline_ns;
	uv_mutex_unlock(&w->sup->lock);
	if (deadline_ns != UINT64_MAX) {
		w->deadline.fire = mk_stop_deadline_passed;
		mk_timer_set(&w->timers, &w->deadline, deadline_ns);
	}
	answer(w);
}

/* With the lock. */
static void note_drainers(const mk_worker *w)
{
	mk_stop *s = w->sup->stop;
	s->drainers = w->drainers != 0 ? s->drainers | mk_stop_bit(w) : s->drainers & ~mk_stop_bit(w);
}

void mk_stop_idle(mk_worker *w)
{
	mk_stop *s = w->sup->stop;
	if (mk_intake_discard(w) || !w->asked_idle) /* the first may give others something to do */
		return;
	w->asked_idle = false;
	w->quiet_sends = mk_sends(w);
	uv_mutex_lock(&w->sup->lock);
	s->answered_idle |= mk_stop_bit(w);
	note_drainers(w);
	s->activity[w->index] = mk_count(&w->activity);
	answered(w);
	mk_stop_unlock_and_tell(w->sup);
}

/* One that is on hold now has ticked since its worker answered. */
static void run_finish(mk_worker *w, mk_message *m)
{
	(void)m;
	for (uint32_t i = w->here_count; i-- > 0;)
		if ((w->here[i]->sched & MK_ON_HOLD) == 0)
			mk_actor_finish(w, w->here[i]);
	uv_mutex_lock(&w->sup->lock);
	note_drainers(w);
	answered(w);
	mk_stop_unlock_and_tell(w->sup);
}

static void run_hook(mk_worker *w, mk_message *m)
{
	(void)m;
	uv_mutex_lock(&w->sup->lock);
	mk_actor *a = is_asked(w) ? w->sup->stop->hook : NULL;
	uv_mutex_unlock(&w->sup->lock);
	if (a == NULL)
		return; /* the worker was given up */
	mk_actor_end_in_stop(w, a, w->discarding ? MK_OUTCOME_OF(discarded) : MK_OUTCOME_OF(dead));
	w->asked_idle = true;
}

static bool was_given_up(mk_worker *w)
{
	uv_mutex_lock(&w->sup->lock);
	bool late = !is_asked(w);
	uv_mutex_unlock(&w->sup->lock);
	return late;
}

/* After this no actor of the worker sends: maiko_enter refuses. */
static void run_end(mk_worker *w, mk_message *m)
{
	(void)m;
	if (was_given_up(w))
		return;
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_end_in_stop(w, w->here[i], MK_OUTCOME_OF(discarded));
	mk_publish_news(w); /* letters of what was discarded */
	uv_mutex_lock(&w->sup->lock);
	w->sup->stop->ended_late |= mk_sends(w) != w->quiet_sends;
	answered(w);
	mk_stop_unlock_and_tell(w->sup);
}

static void run_exit(mk_worker *w, mk_message *m)
{
	(void)m;
	if (was_given_up(w))
		return;
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_adopted_close(w, w->here[i]);
	mk_timer_clear(&w->timers, &w->deadline);
	mk_worker_exit(w);
}

void mk_stop_exited(mk_worker *w) { answer(w); }
