/*
 * stop.c - see stop.h.
 */
#include "stop.h"

#include "adopt.h"
#include "directory.h"
#include "error.h"
#include "failure.h"
#include "foreign.h"
#include "monitor.h"
#include "note.h"
#include "overflow.h"
#include "owed.h"
#include "run.h"
#include "start.h"
#include "stop_state.h"
#include "thread_time.h"
#include "tick.h"
#include "topology.h"
#include "worker.h"

enum {
	LOOK_MS = MAIKO_STOP_GRACE_MS / 4,           /* how often, after the deadline, for workers that do not move */
	OUTSIDE_GRACE_MS = MAIKO_STOP_GRACE_MS * 10, /* for one in no callback of an actor: perhaps in one of libuv's */
	NS_A_MS = 1000000
};

/* ---- the steps, under the lock ---------------------------------------------------------------- */

static uint64_t bit_of(const mk_worker *w) { return UINT64_C(1) << w->index; }

uint64_t mk_stop_stuck(const mk_sup *sup) { return atomic_load_explicit(&sup->stop->stuck, memory_order_relaxed); }

/* Whether the worker still owes an answer; one that was given up does not. */
static bool is_asked(const mk_worker *w) { return (w->sup->stop->asked & bit_of(w)) != 0; }

static mk_stop_mark mark_of(mk_sup *sup, mk_worker *w)
{
	mk_stop_mark m = {.running = atomic_load_explicit(&w->running, memory_order_relaxed)};
	const mk_actor *a = m.running == NULL ? NULL : mk_directory_find(sup, m.running->id);
	m.head = a == NULL ? 0 : mk_count(&a->box.head);
	return m;
}

static void ask(mk_worker *w, void (*run)(mk_worker *, mk_message *))
{
	mk_stop *s = w->sup->stop;
	s->asked |= bit_of(w);
	s->marks[w->index] = (mk_stop_mark){.looked_ns = 0};
	w->stop_message = (mk_message){.run = run, .post = MK_POST_STOP};
	mk_worker_post(w, &w->stop_message);
}

/* All but those that were given up. */
static uint64_t all_of(mk_sup *sup) { return (UINT64_MAX >> (64 - mk_worker_total(sup))) & ~mk_stop_stuck(sup); }

static void run_quiesce(mk_worker *w, mk_message *m)
{
	(void)m;
	w->asked_idle = true;
}

static void run_begin(mk_worker *w, mk_message *m);
static void run_hook(mk_worker *w, mk_message *m);
static void run_end(mk_worker *w, mk_message *m);
static void run_exit(mk_worker *w, mk_message *m);

void mk_stop_take(mk_sup *sup, mk_stop_step next, uint64_t workers, mk_actor *hook)
{
	static void (*const runs[])(mk_worker *, mk_message *) = {[MK_STOP_BEGIN] = run_begin,
								  [MK_STOP_QUIESCE] = run_quiesce,
								  [MK_STOP_HOOK] = run_hook,
								  [MK_STOP_END] = run_end,
								  [MK_STOP_EXIT] = run_exit};
	mk_stop *s = sup->stop;
	if (next != MK_STOP_BEGIN) /* which is noted as the stop */
		mk_note_sup(sup, MK_NOTE_STEP, hook == NULL ? workers : hook->self->id, next);
	s->step = next;
	s->hook = hook;
	s->ended |= next == MK_STOP_END;
	for (; workers != 0; workers &= workers - 1)
		ask(mk_worker_at(sup, (uint32_t)__builtin_ctzll(workers)), runs[next]);
}

static void next_hook(mk_sup *sup);

/* Whether nothing is on its way to it. */
static bool is_reached_by_nothing(mk_sup *sup, mk_worker *w)
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

/* See stop.h: the count of stirs last. */
static bool is_at_rest(mk_sup *sup, mk_worker *w)
{
	const mk_stop *s = sup->stop;
	return (s->answered_idle & bit_of(w)) != 0 && is_reached_by_nothing(sup, w) &&
	       mk_count(&w->stirred) == s->stirred[w->index];
}

static void quiesce(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	uint64_t workers = 0;
	/* With one given up no change completes. */
	if (mk_stop_stuck(sup) == 0 && mk_topology_busy(sup))
		s->answered_idle = 0;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = mk_worker_at(sup, i);
		if ((mk_stop_stuck(sup) & bit_of(w)) == 0 && !is_at_rest(sup, w))
			workers |= bit_of(w);
	}
	mk_stop_take(sup, MK_STOP_QUIESCE, workers, NULL);
	if (s->asked == 0)
		next_hook(sup);
}

void mk_stop_is_over(mk_sup *sup)
{
	uint64_t stuck = mk_stop_stuck(sup);
	mk_note_sup(sup, MK_NOTE_OVER, 0, 0);
	sup->stop->step = MK_STOP_DONE;
	atomic_store_explicit(&sup->state, stuck == 0 ? MK_STOPPED : MK_ABANDONED, memory_order_seq_cst);
	for (; stuck != 0; stuck &= stuck - 1) /* one that returns yet leaves */
		mk_worker_wake(mk_worker_at(sup, (uint32_t)__builtin_ctzll(stuck)));
	uv_cond_broadcast(&sup->cond);
}

static void next_hook(mk_sup *sup)
{
	const mk_stop *s = sup->stop;
	const mk_hook *h = sup->hooks;
	while (h != NULL && (mk_stop_stuck(sup) & bit_of(h->actor->worker)) != 0)
		h = h->next;
	if (h != NULL) {
		mk_stop_take(sup, MK_STOP_HOOK, bit_of(h->actor->worker), h->actor);
		return;
	}
	mk_stop_take(sup, s->ended ? MK_STOP_EXIT : MK_STOP_END, all_of(sup), NULL);
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
	s->asked &= ~bit_of(w);
	if (s->asked == 0 && !w->sup->seam.led)
		mk_stop_step_over(w->sup);
}

/* ---- the steps, on a worker ---------------------------------------------------------------------- */

static void deadline_passed(mk_timer *timer);

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
	mk_foreign_intake(w, true);
	MK_TELL(w, MAIKO_SAW_DRAINING, NULL, NULL, 0); /* whoever sends from outside does it before */
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_drain(w, w->here[i]);
	uv_mutex_lock(&w->sup->lock);
	uint64_t deadline_ns = w->sup->stop->deadline_ns;
	uv_mutex_unlock(&w->sup->lock);
	if (deadline_ns != UINT64_MAX) {
		w->deadline.fire = deadline_passed;
		mk_timer_set(&w->timers, &w->deadline, deadline_ns);
	}
	answer(w);
}

void mk_stop_idle(mk_worker *w)
{
	mk_stop *s = w->sup->stop;
	w->asked_idle = false;
	w->quiet_sequence = w->sequence;
	uv_mutex_lock(&w->sup->lock);
	s->answered_idle |= bit_of(w);
	s->stirred[w->index] = mk_count(&w->stirred);
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
		return; /* too late: given up */
	mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, w->discarding ? MK_FATE_OF(discarded) : MK_FATE_OF(dead));
	w->asked_idle = true;
}

static bool was_given_up(mk_worker *w)
{
	uv_mutex_lock(&w->sup->lock);
	bool late = !is_asked(w);
	uv_mutex_unlock(&w->sup->lock);
	return late;
}

/* From here on nothing of the worker's sends: maiko_enter refuses. */
static void run_end(mk_worker *w, mk_message *m)
{
	(void)m;
	if (was_given_up(w))
		return;
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_end(w, w->here[i], MAIKO_ACTOR_STOPPED, MK_FATE_OF(discarded));
	uv_mutex_lock(&w->sup->lock);
	w->sup->stop->ended_late |= w->sequence != w->quiet_sequence;
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

/* ---- discarding -------------------------------------------------------------------------------------- */

static void run_discard(mk_worker *w, mk_message *m)
{
	(void)m;
	w->discarding = true;
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_discard_queued(w, w->here[i]);
	if (!w->exiting) { /* from now on it looks for others that do not return */
		w->deadline.fire = deadline_passed;
		mk_timer_set(&w->timers, &w->deadline, w->now_ns + (uint64_t)LOOK_MS * NS_A_MS);
	}
}

void mk_stop_discard_now(mk_sup *sup)
{
	sup->stop->discarding = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		sup->workers[i]->discard_message = (mk_message){.run = run_discard, .post = MK_POST_DISCARD};
		mk_worker_post(sup->workers[i], &sup->workers[i]->discard_message);
	}
}

/* With the lock. Led, it is when the recording says so. */
static void discard_all(mk_sup *sup)
{
	if (sup->stop->discarding || sup->seam.led)
		return;
	mk_note_sup(sup, MK_NOTE_DISCARD, 0, 0);
	mk_stop_discard_now(sup);
}

/* Whether a worker has not moved for its grace, and not for want of a processor. With the lock. */
static bool stands_still(mk_sup *sup, mk_worker *w)
{
	mk_stop_mark *last = &sup->stop->marks[w->index], m = mark_of(sup, w);
	m.looked_ns = mk_now(&sup->seam);
	bool wants = mk_thread_time_wants(w, &m.run_ns);
	if (last->looked_ns != 0 && m.running == last->running && m.head == last->head)
		m.stood_ns = last->stood_ns + (!wants              ? m.looked_ns - last->looked_ns
					       : last->run_ns != 0 ? m.run_ns - last->run_ns
								   : 0);
	*last = m;
	return m.stood_ns >= (uint64_t)(m.running != NULL ? MAIKO_STOP_GRACE_MS : OUTSIDE_GRACE_MS) * NS_A_MS;
}

/* Gives up the workers that do not return from a callback; the others go on without
 * them. With the lock. */
static void give_up(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	uint64_t stuck = 0;
	for (uint64_t left = s->asked; left != 0; left &= left - 1) {
		mk_worker *w = mk_worker_at(sup, (uint32_t)__builtin_ctzll(left));
		if (stands_still(sup, w))
			stuck |= bit_of(w);
	}
	if (stuck == 0 || sup->seam.led)
		return;
	mk_note_sup(sup, MK_NOTE_GIVE_UP, stuck, MAIKO_ETIMEDOUT);
	atomic_fetch_or_explicit(&s->stuck, stuck, memory_order_relaxed);
	s->asked &= ~stuck;
	if (s->asked == 0)
		mk_stop_step_over(sup);
}

uint32_t mk_stop_given_up(mk_sup *sup, uint32_t *ret_worker, const mk_sender **ret_in)
{
	uint64_t stuck = mk_stop_stuck(sup);
	uint32_t count = 0;
	uv_mutex_lock(&sup->lock);
	for (; stuck != 0; stuck &= stuck - 1, count++) {
		uint32_t i = (uint32_t)__builtin_ctzll(stuck);
		const mk_sender *in = sup->stop->marks[i].running;
		if (count != 0 && (*ret_in != NULL || in == NULL))
			continue;
		*ret_worker = i;
		*ret_in = in;
	}
	uv_mutex_unlock(&sup->lock);
	return count;
}

void mk_stop_look(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	if (mk_state_of(sup) == MK_STOPPING && mk_now(&sup->seam) >= sup->stop->deadline_ns) {
		discard_all(sup);
		give_up(sup);
	}
	mk_stop_unlock_and_tell(sup);
}

static void deadline_passed(mk_timer *timer)
{
	mk_worker *w = MK_OF(timer, mk_worker, deadline);
	mk_timer_set(&w->timers, timer, w->now_ns + (uint64_t)LOOK_MS * NS_A_MS);
	mk_stop_look(w->sup);
}

/* ---- asking for it --------------------------------------------------------------------------------------- */

static bool all_quiet(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	bool quiet = !mk_topology_busy(sup);
	uv_mutex_unlock(&sup->lock);
	for (uint32_t i = 0; quiet && i < mk_worker_total(sup); i++)
		quiet = mk_worker_quiet(sup->workers[i]);
	return quiet;
}

/* Nothing runs: what was sent so far is discarded, by turns that this thread takes for
 * all workers. The lock is held on entry and on return, but not meanwhile: the last
 * reference on a buffer calls its owner. */
static void stop_unstarted(mk_sup *sup)
{
	bool untold = mk_state_of(sup) == MK_NEW;
	const void *before = mk_ending_enter(sup);
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	sup->stop->deadline_ns = UINT64_MAX;
	mk_topology_started(sup); /* what a start that failed was asked for is refused */
	uv_mutex_unlock(&sup->lock);
	if (untold)
		mk_start_tell_added(sup);
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		w->draining = w->discarding = true;
		for (uint32_t k = 0; k < w->here_count; k++)
			w->here[k]->box.capacity = 0;
		mk_foreign_intake(w, true);
	}
	do
		for (uint32_t i = 0; i < mk_worker_total(sup); i++)
			mk_worker_turn(sup->workers[i]);
	while (!all_quiet(sup));
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		for (uint32_t k = w->here_count; k-- > 0;)
			mk_actor_end(w, w->here[k], MAIKO_ACTOR_STOPPED, MK_FATE_OF(discarded));
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
	return deadline_ms < MAIKO_NEXT_MS_MAX ? mk_now(&sup->seam) + deadline_ms * NS_A_MS : UINT64_MAX;
}

/* With the lock, as are the next three. */
void mk_stop_begin_until(mk_sup *sup, uint64_t deadline_ns)
{
	mk_note_sup(sup, MK_NOTE_STOP, 0, (int64_t)deadline_ns);
	sup->stop->deadline_ns = deadline_ns;
	atomic_store_explicit(&sup->state, MK_STOPPING, memory_order_seq_cst);
	uv_cond_broadcast(&sup->cond); /* who waits for the end now has a deadline */
	for (mk_stop_call *call = sup->stop->calls; call != NULL; call = call->next)
		if (call->begun != NULL)
			call->begun(call->arg);
	mk_foreign_wake_all(sup);
	mk_stop_take(sup, MK_STOP_BEGIN, all_of(sup), NULL);
}

static void begin(mk_sup *sup, uint64_t deadline_ms)
{
	if (MK_LIKELY(!sup->seam.led)) /* else it is when the recording says so */
		mk_stop_begin_until(sup, deadline_after(sup, deadline_ms));
}

static void end_now(mk_sup *sup)
{
	if (MK_UNLIKELY(sup->seam.led))
		return;
	sup->stop->deadline_ns = mk_now(&sup->seam);
	discard_all(sup);
	uv_cond_broadcast(&sup->cond);
}

/* The start is under way; mk_stop_started will see to it. */
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
	discard_all(sup);
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
	mk_stop_unlock_and_tell(sup); /* which may free it */
	if (rc == 0 && over && done != NULL)
		done(arg, status);
	return rc;
}

int mk_stop_untold(mk_sup *sup, const maiko_stop_options *options)
{
	static const maiko_stop_options plain;
	uv_mutex_lock(&sup->lock);
	int rc = ask_for_it(sup, options == NULL ? &plain : options, NULL, NULL);
	uv_mutex_unlock(&sup->lock);
	return rc != 0 ? rc : mk_stop_wait(sup);
}

/* What the deadline means to one who waits: the workers' own timers may be stuck behind
 * a callback, or not run yet. With the lock. */
static void insist(mk_sup *sup)
{
	if (mk_state_of(sup) == MK_STARTING) { /* an on_start does not return */
		begin(sup, 1);
		end_now(sup);
	}
	discard_all(sup);
	give_up(sup);
}

int mk_stop_wait(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	while (mk_state_of(sup) < MK_STOPPED) {
		mk_stop *s = sup->stop;
		bool limited = mk_state_of(sup) == MK_STOPPING || (mk_state_of(sup) == MK_STARTING && s->wanted);
		uint64_t now = mk_now(&sup->seam);
		if (sup->seam.simulated || !limited || s->deadline_ns == UINT64_MAX) {
			mk_await(sup); /* simulated: the workers' own deadlines come */
		} else if (now < s->deadline_ns) {
			uv_cond_timedwait(&sup->cond, &sup->lock, s->deadline_ns - now);
		} else {
			insist(sup);
			if (mk_state_of(sup) < MK_STOPPED)
				uv_cond_timedwait(&sup->cond, &sup->lock, (uint64_t)LOOK_MS * NS_A_MS);
		}
	}
	int rc = mk_end_status(sup);
	if (mk_state_of(sup) == MK_ABANDONED) /* perhaps by this thread, of all; it is not freed then */
		mk_stop_unlock_and_tell(sup);
	else
		uv_mutex_unlock(&sup->lock);
	return rc;
}
