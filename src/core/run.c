/*
 * run.c - see run.h.
 *
 * Counting what was handled is done a topic at a time: a batch is most often of one
 * topic, and its counters lie elsewhere.
 */
#include "run.h"

#include "actor.h"
#include "adopt.h"
#include "backpressure.h"
#include "cycle.h"
#include "delayed.h"
#include "directory.h"
#include "monitor.h"
#include "note.h"
#include "overflow.h"
#include "owed.h"
#include "pace.h"
#include "tick.h"
#include "watch.h"
#include "weight.h"

_Thread_local mk_worker *mk_inside;
_Thread_local unsigned mk_hosting;
bool mk_may_wait_here(void) { return mk_may_wait(); }

/* ---- ready and held ------------------------------------------------------------------ */

bool mk_has_work(const mk_actor *a)
{
	const mk_extra *x = a->extra;
	return mk_mailbox_length(&a->box) != 0 || (x != NULL && (x->tasks != NULL || x->tick_due || x->overflowed));
}

/* Where it is linked while it is held. */
static mk_actor **list_of(mk_worker *w, const mk_actor *a)
{
	return (a->sched & MK_PARTING) != 0 ? &w->parting : (a->sched & MK_ENDED) != 0 ? &w->ended : &w->held;
}

static void link_held(mk_worker *w, mk_actor *a)
{
	mk_actor **list = list_of(w, a);
	a->prev_held = NULL;
	a->next_held = *list;
	if (*list != NULL)
		(*list)->prev_held = a;
	*list = a;
}

void mk_unlink_held(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_HELD) == 0)
		return;
	if (a->prev_held != NULL)
		a->prev_held->next_held = a->next_held;
	else
		*list_of(w, a) = a->next_held;
	if (a->next_held != NULL)
		a->next_held->prev_held = a->prev_held;
}

void mk_hold(mk_worker *w, mk_actor *a, unsigned bit)
{
	bool held = (a->sched & MK_HELD) != 0;
	mk_unlink_held(w, a);
	a->sched |= (uint16_t)bit;
	link_held(w, a);
	if (!held)
		mk_tick_hold(a);
}

void mk_permit(mk_worker *w, mk_actor *a, unsigned bit)
{
	if ((a->sched & bit) == 0)
		return;
	if ((a->sched & MK_HELD) != bit) {
		a->sched &= (uint16_t)~bit;
		return;
	}
	mk_unlink_held(w, a);
	a->sched &= (uint16_t)~bit;
	mk_delayed_send_due(w, a);
	if ((a->sched & MK_HELD) != 0)
		return; /* what it sent has muted it again */
	mk_tick_permit(w, a);
	if (mk_has_work(a))
		mk_wake(w, a);
}

void mk_task_add(mk_worker *w, mk_actor *a, mk_task *task)
{
	mk_extra *x = mk_extra_of(a);
	if (x == NULL || (a->sched & MK_ENDED) != 0) {
		task->drop(task);
		return;
	}
	task->next = NULL;
	*x->task_tail = task;
	x->task_tail = &task->next;
	mk_wake(w, a);
}

MK_NOINLINE void mk_deliver_failed(mk_worker *w, mk_actor *a, mk_event *e)
{
	mk_count_refused(w, a, e->topic, MK_FATE_OF(no_memory));
	MK_TELL(w, MAIKO_SAW_DISCARDED, a, e, MAIKO_NO_MEMORY);
}

MK_NOINLINE int mk_deliver_grow(mk_worker *w, mk_actor *a)
{
	int rc = mk_tally_of(a) == NULL ? MAIKO_ENOMEM : mk_mailbox_grow(&a->box);
	if (rc == 0 && !a->warm)
		mk_warm(w, a);
	return rc;
}

MK_NOINLINE void mk_warm(mk_worker *w, mk_actor *a)
{
	a->warm = true;
	a->tally->prev_warm = NULL;
	a->tally->next_warm = w->warm;
	if (w->warm != NULL)
		w->warm->tally->prev_warm = a;
	w->warm = a;
}

void mk_unlink_warm(mk_worker *w, mk_actor *a)
{
	const mk_tally *tally = a->tally;
	a->warm = false;
	if (tally->prev_warm != NULL)
		tally->prev_warm->tally->next_warm = tally->next_warm;
	else
		w->warm = tally->next_warm;
	if (tally->next_warm != NULL)
		tally->next_warm->tally->prev_warm = tally->prev_warm;
}

void mk_cool(mk_worker *w)
{
	enum { EVERY_NS = 1000000000 };
	if (w->now_ns - w->warm_swept_ns < EVERY_NS)
		return;
	w->warm_swept_ns = w->now_ns;
	for (mk_actor *a = w->warm, *next; a != NULL; a = next) {
		next = a->tally->next_warm;
		uint64_t tail = mk_count(&a->box.tail);
		if (mk_mailbox_span(&a->box) != 0 || a->tally->cooled != tail) {
			a->tally->cooled = tail;
			continue;
		}
		mk_unlink_warm(w, a);
		mk_mailbox_shrink(&a->box);
	}
}

/* ---- callbacks -------------------------------------------------------------------------- */

void mk_callback_enter(mk_worker *w, mk_actor *a)
{
	assert(w->actor == NULL);
	mk_count_add(&w->stirred, 1);
	w->actor = a;
	mk_inside = w;
	atomic_store_explicit(&w->running, a->self, memory_order_relaxed);
}

void mk_callback_leave(mk_worker *w)
{
	w->actor = NULL;
	mk_inside = NULL;
	atomic_store_explicit(&w->running, NULL, memory_order_relaxed);
}

/* Whether the code says no more than that a stop has begun: a callback in which something was
 * refused for that has not failed. */
static bool says_stopping(mk_worker *w, int code)
{
	if (code != MAIKO_ESHUTDOWN)
		return false;
	mk_told told;
	bool stopping = mk_state_of(w->sup) >= MK_STOPPING;
	if (MK_UNLIKELY(w->sup->seam.led) && mk_is_told(w, MK_NOTE_STOPPING, MK_ANY_NUMBER, &told))
		return told.value != 0;
	MK_NOTE(w, MK_NOTE_STOPPING, 0, stopping);
	return stopping;
}

/* What on_error returns; the error itself where there is none. */
static int ask_on_error(mk_worker *w, mk_actor *a, const maiko_error *error)
{
	if (a->class->error == NULL)
		return error->code;
	mk_callback_enter(w, a);
	int rc = a->class->error(mk_actor_state(a), error, a);
	mk_callback_leave(w);
	return rc;
}

bool mk_actor_error(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e)
{
	maiko_error error = {.code = code, .phase = phase, .detail = maiko_strerror(code)};
	if ((a->sched & MK_ENDED) != 0)
		return false;
	if (e != NULL)
		error.event = (maiko_any){e->type->desc, e->data};
	MK_TELL(w, MAIKO_SAW_ERROR, a, e, code);
	code = ask_on_error(w, a, &error);
	if (code >= 0 || says_stopping(w, code))
		return (a->sched & MK_ENDED) == 0;
	mk_actor_fail(w, a, &(mk_cause){.code = code, .phase = phase, .event = e});
	return false;
}

/* Records the failure, on the actor and for the ledger. */
static void note_failure(mk_worker *w, mk_actor *a, const mk_cause *cause, bool decisive)
{
	mk_extra *x = mk_extra_of(a);
	if (x != NULL && x->error == 0) {
		char *copy = cause->detail == NULL ? NULL : mk_strdup(cause->detail);
		uv_mutex_lock(&w->sup->lock); /* a report may read them */
		x->error = cause->code;
		x->detail = copy;
		uv_mutex_unlock(&w->sup->lock);
	}
	mk_failure_note(w, a, cause, decisive);
}

void mk_actor_fail(mk_worker *w, mk_actor *a, const mk_cause *cause)
{
	if ((a->sched & MK_ENDED) != 0)
		return;
	bool decisive = a->status == MAIKO_ACTOR_RUNNING && !a->temporary;
	note_failure(w, a, cause, decisive);
	if (cause->detail != NULL) { /* on_error is told, but does not decide */
		maiko_error error = {.code = cause->code, .phase = cause->phase, .detail = cause->detail};
		MK_TELL(w, MAIKO_SAW_ERROR, a, NULL, cause->code);
		(void)ask_on_error(w, a, &error);
	}
	MK_TELL(w, MAIKO_SAW_FAILED, a, NULL, cause->code);
	mk_actor_end(w, a, MAIKO_ACTOR_FAILED, MK_FATE_OF(dead));
	mk_part(w, a);
	if (decisive)
		mk_failure_stops(w->sup, cause->code);
}

void mk_part(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_PARTING) != 0)
		return;
	mk_unlink_held(w, a);
	bool held = (a->sched & MK_HELD) != 0;
	a->sched |= MK_PARTING;
	link_held(w, a);
	if (!held)
		mk_tick_hold(a);
}

mk_actor *mk_take_parting(mk_worker *w)
{
	mk_actor *a = w->parting;
	if (a == NULL)
		return NULL;
	mk_unlink_held(w, a);
	a->sched &= (uint16_t)~MK_PARTING;
	if ((a->sched & MK_HELD) != 0)
		link_held(w, a);
	return a;
}

int mk_actor_start(mk_worker *w, mk_actor *a)
{
	int rc = 0;
	if ((a->sched & MK_ENDED) != 0)
		return MAIKO_ECANCELED;
	if (a->class->start != NULL) {
		mk_callback_enter(w, a);
		rc = mk_result(w->sup, a, MAIKO_PHASE_START, a->class->start(mk_actor_state(a), a));
		mk_callback_leave(w);
		if (rc < 0 && !mk_actor_error(w, a, rc, MAIKO_PHASE_START, NULL))
			return a->extra != NULL && a->extra->error < 0 ? a->extra->error : rc;
	}
	mk_owe(w->sup, a);
	mk_actor_begin(w, a);
	return 0;
}

void mk_actor_begin(mk_worker *w, mk_actor *a)
{
	mk_status_set(a, MAIKO_ACTOR_RUNNING);
	MK_TELL(w, MAIKO_SAW_STARTED, a, NULL, 0);
}

/* Its on_stop has failed: on_error decides, as elsewhere. */
static void fail_in_stop(mk_worker *w, mk_actor *a, int code)
{
	maiko_error error = {.code = code, .phase = MAIKO_PHASE_STOP, .detail = maiko_strerror(code)};
	MK_TELL(w, MAIKO_SAW_ERROR, a, NULL, code);
	code = ask_on_error(w, a, &error);
	if (code >= 0 || says_stopping(w, code))
		return;
	note_failure(w, a, &(mk_cause){.code = code, .phase = MAIKO_PHASE_STOP}, !a->temporary);
	MK_TELL(w, MAIKO_SAW_FAILED, a, NULL, code);
	if (!a->temporary)
		mk_failure_stops(w->sup, code);
}

/* Its last callback, if it has one. What it sends now is not held back. */
static int run_on_stop(mk_worker *w, mk_actor *a)
{
	if (!mk_settle_owed(w->sup, a))
		return 0;
	a->in_stop = true;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_STOP, a->class->stop(mk_actor_state(a), a));
	mk_callback_leave(w);
	if (rc < 0)
		fail_in_stop(w, a, rc);
	return rc;
}

static void drop_tasks(mk_extra *x)
{
	while (x->tasks != NULL) {
		mk_task *task = x->tasks;
		x->tasks = task->next;
		task->drop(task);
	}
	x->task_tail = &x->tasks;
}

static void release_kept(mk_worker *w, mk_extra *x)
{
	while (x->kept_count > 0) {
		const mk_kept *kept = &x->kept[--x->kept_count];
		for (uint32_t times = kept->times; times > 0; times--)
			mk_event_unref(&w->pool, kept->event);
	}
	mk_map_fini(&x->kept_at);
}

void mk_actor_end(mk_worker *w, mk_actor *a, maiko_actor_status status, size_t fate)
{
	if ((a->sched & MK_ENDED) != 0)
		return;
	bool ran = a->status == MAIKO_ACTOR_RUNNING;
	mk_hold(w, a, MK_ENDED);
	a->box.capacity = 0; /* so that each later delivery asks overflow.c */
	mk_forget_waits(w, a);
	if (!w->draining) /* what its on_stop sends may be why another of its name is added */
		mk_directory_free_name(w->sup, a);
	if (ran) {
		int rc = run_on_stop(w, a);
		MK_TELL(w, MAIKO_SAW_STOPPED, a, NULL, rc);
	}
	mk_status_set(a, a->extra != NULL && a->extra->error != 0 ? MAIKO_ACTOR_FAILED : status);
	mk_purge(w, a, NULL, fate);
	mk_release_all(w, a);
	mk_tick_end(w, a);
	mk_delayed_discard(w, a);
	if (a->extra != NULL) {
		drop_tasks(a->extra);
		release_kept(w, a->extra);
		mk_keep_fini(a->extra);
	}
}

void mk_actor_drain(mk_worker *w, mk_actor *a)
{
	mk_tick_drain(w, a);
	mk_delayed_discard(w, a);
	mk_adopted_drain(a);
}

void mk_actor_discard_queued(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_ENDED) != 0)
		return;
	a->box.capacity = 0; /* so that each later delivery asks overflow.c */
	mk_purge(w, a, NULL, MK_FATE_OF(discarded));
	mk_release_all(w, a);
	mk_delayed_discard(w, a);
}

/* ---- a turn of one actor -------------------------------------------------------------------- */

/* Handles one event; returns what the callback did. */
static inline int handle(mk_actor *a, const mk_event *e, uint64_t *ignored)
{
	const mk_handler *h = mk_handler_of(a->class, e->type);
	if (MK_LIKELY(h != NULL))
		return h->on(mk_actor_state(a), e->data, a);
	if (a->class->any != NULL)
		return a->class->any(mk_actor_state(a), &(maiko_any){e->type->desc, e->data}, a);
	++*ignored;
	return 0;
}

/* Out of the way of those that nobody watches; a simulation always does. */
static MK_NOINLINE int tell_handled(mk_worker *w, const mk_actor *a, const mk_event *e, int rc)
{
	bool ignored = a->class->any == NULL && mk_handler_of(a->class, e->type) == NULL;
	if (!ignored)
		rc = mk_result(w->sup, a, MAIKO_PHASE_HANDLE, rc > 0 ? 0 : rc);
	mk_tell(w, MAIKO_SAW_HANDLED, a, e, ignored ? 1 : rc, false);
	return rc;
}

/* Of `taken` events of a topic, `ignored` had no handler. */
static void count_handled(mk_actor *a, mk_topic *t, uint64_t taken, uint64_t ignored)
{
	mk_count_add(&a->handled, taken - ignored);
	mk_count_add(&t->counts.handled, taken - ignored);
	if (ignored != 0) {
		mk_count_add(&a->tally->counts.ignored, ignored);
		mk_count_add(&t->counts.ignored, ignored);
	}
}

/* Precondition: the stint is not over, so that one is handled however late it is. */
static void run_events(mk_worker *w, mk_actor *a)
{
	uint64_t taken = 0, ignored = 0;
	mk_topic *topic = NULL;
	mk_event *e;
	assert(w->pace.left > 0);
	for (uint32_t left = a->box.budget; left > 0 && (e = mk_mailbox_pop(&a->box)) != NULL; left--) {
		if (MK_UNLIKELY(e->topic != topic)) {
			if (topic != NULL)
				count_handled(a, topic, taken, ignored);
			topic = e->topic;
			taken = ignored = 0;
		}
		w->event = e;
		int rc = handle(a, e, &ignored);
		taken++;
		if (MK_UNLIKELY(mk_pace_stirred(w))) {
			if (w->monitor_count != 0)
				rc = tell_handled(w, a, e, rc);
			if (mk_pace_posted(w))
				left = 1; /* this was the last one */
			mk_pace_sent(w);
		}
		if (MK_UNLIKELY(rc < 0)) {
			mk_callback_leave(w);
			(void)mk_actor_error(w, a, rc, MAIKO_PHASE_HANDLE, e);
			mk_callback_enter(w, a);
			mk_pace_sent(w);
		}
		w->event = NULL;
		mk_event_unref(&w->pool, e);
		if (MK_UNLIKELY(mk_pace_handled(w) || (a->sched & MK_HELD) != 0))
			break;
	}
	if (topic != NULL) {
		count_handled(a, topic, taken, ignored);
		mk_tick_after_events(a);
	}
}

static void run_tasks(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	const mk_seam *seam = &w->sup->seam;
	uint32_t ran = 0;
	while (x->tasks != NULL && (a->sched & MK_HELD) == 0 && !w->pace.over && !mk_pace_posted(w) &&
	       (!seam->led || ran < seam->led_tasks)) {
		mk_task *task = x->tasks;
		x->tasks = task->next;
		if (x->tasks == NULL)
			x->task_tail = &x->tasks;
		task->run(a, task);
		mk_pace_spend(w);
		ran++;
	}
	MK_NOTE(w, MK_NOTE_TASKS, 0, ran);
	if (w->pace.left == 0)
		w->pace.left = 1; /* for an event */
	if (x->overflowed && (a->sched & MK_HELD) == 0) {
		x->overflowed = false;
		mk_actor_error(w, a, MAIKO_EOVERFLOW, MAIKO_PHASE_OVERFLOW, NULL);
	}
}

/* Precondition: there is one. */
static mk_actor *pop_ready(mk_worker *w)
{
	mk_actor *a = w->ready, *before = NULL;
	const mk_seam *seam = &w->sup->seam;
	assert(a != NULL);
	if (MK_UNLIKELY(seam->steered)) {
		uint32_t count = 1;
		for (const mk_actor *other = a->next; other != NULL; other = other->next)
			count++;
		uint32_t k = seam->choose == NULL ? 0 : seam->choose(seam->arg, count);
		for (; k > 0 && a->next != NULL; k--) {
			before = a;
			a = a->next;
		}
		MK_NOTE(w, MK_NOTE_RUN, a->self->id, 0);
	}
	mk_actor **at = MK_LIKELY(before == NULL) ? &w->ready : &before->next;
	*at = a->next;
	if (w->ready_tail == &a->next)
		w->ready_tail = at;
	return a;
}

/* Whether its tick is for the next run, because a control message has come; but not twice in a row. */
static bool tick_waits(mk_worker *w, mk_extra *x)
{
	bool waits = w->sup->seam.led ? w->sup->seam.tick_waits : mk_pace_posted(w) && !x->tick_late;
	x->tick_late = waits;
	if (waits)
		MK_NOTE(w, MK_NOTE_TICK_LATE, 0, 0);
	return waits;
}

void mk_run_next(mk_worker *w)
{
	mk_actor *a = pop_ready(w);
	if (MK_LIKELY(w->ready != NULL)) { /* while this one runs, the next comes into the cache */
		__builtin_prefetch(&w->ready->class, 1);
		__builtin_prefetch(mk_actor_state(w->ready), 1);
	}
	a->sched &= (uint16_t)~MK_QUEUED;
	if (MK_UNLIKELY(a->extra != NULL && a->extra->runs_on))
		mk_cycle_look(w, a);
	if ((a->sched & MK_HELD) != 0) {
		if (a->gone)
			mk_actor_free(a);
		return;
	}
	a->sched |= MK_RUNNING;
	if (MK_UNLIKELY(a->extra != NULL && (a->extra->tasks != NULL || a->extra->overflowed)))
		run_tasks(w, a);
	if (MK_LIKELY((a->sched & MK_HELD) == 0 && mk_mailbox_span(&a->box) != 0)) {
		mk_callback_enter(w, a);
		run_events(w, a);
		mk_callback_leave(w);
	}
	if (a->extra != NULL) {
		if (a->extra->tick_due && (a->sched & MK_HELD) == 0 && !tick_waits(w, a->extra)) {
			mk_tick_run(w, a);
			mk_pace_spend(w);
		}
		if (a->extra->watch != NULL)
			mk_watch_doubt(a);
		if (a->extra->weights != NULL)
			mk_weight_settle(a);
		if (a->extra->mutes != NULL)
			mk_release_if_low(w, a);
	}
	a->sched &= (uint16_t)~MK_RUNNING;
	if (a->sched == 0 && (mk_mailbox_span(&a->box) != 0 || (a->extra != NULL && mk_has_work(a))))
		mk_ready(w, a);
}
