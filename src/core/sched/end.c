/*
 * end.c - see end.h.
 */
#include "sched/end.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/group.h"
#include "registry/members.h"
#include "registry/stop_order.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/overflow.h"
#include "routing/pass_on.h"
#include "routing/private.h"
#include "routing/question.h"
#include "routing/receipt.h"
#include "routing/watch.h"
#include "runtime/callback.h"
#include "runtime/upcalls.h"
#include "sched/delayed.h"
#include "sched/handles.h"
#include "sched/hold.h"
#include "sched/tick.h"

/* ---- an error --------------------------------------------------------------------------- */

/* Whether the code only means that a stop has begun: a callback that returns the error of a call
 * refused for that reason has not failed. */
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

/* The result of on_error; the error itself if the actor has none. */
static int ask_on_error(mk_worker *w, mk_actor *a, const maiko_error *error)
{
	if (a->class->error == NULL)
		return error->code;
	mk_callback_enter(w, a);
	int rc = a->class->error(mk_actor_state(a), error, a);
	mk_callback_leave(w);
	return rc;
}

/* What on_error gets, but for the event; without a detail the code's text. */
static maiko_error error_of(const mk_cause *cause, const char *detail)
{
	return (maiko_error){.code = cause->code,
			     .phase = cause->phase,
			     .detail = detail != NULL ? detail : maiko_strerror(cause->code)};
}

bool mk_actor_error(mk_worker *w, mk_actor *a, int code, maiko_phase phase, const mk_event *e)
{
	return mk_actor_error_of(w, a, &(mk_cause){.code = code, .phase = phase, .event = e});
}

bool mk_actor_error_of(mk_worker *w, mk_actor *a, const mk_cause *cause)
{
	const mk_event *e = cause->event;
	int code = cause->code;
	char text[MK_ERROR_SIZE];
	const char *detail = cause->detail != NULL ? cause->detail : mk_error_told(code, text);
	maiko_error error = error_of(cause, detail);
	if ((a->sched & MK_ENDED) != 0)
		return false;
	if (e != NULL)
		error.event = (maiko_any){e->type->desc, e->data};
	MK_NOTIFY(w, MAIKO_OBSERVED_ERROR, a, e, code);
	code = ask_on_error(w, a, &error);
	if (code >= 0 || says_stopping(w, code))
		return (a->sched & MK_ENDED) == 0;
	if (code != cause->code)
		detail = NULL;
	mk_actor_fail(w, a, &(mk_cause){code, cause->phase, e, .detail = detail, .asked = true});
	return false;
}

/* Records the failure in the actor and for the ledger. */
static void note_failure(mk_worker *w, mk_actor *a, const mk_cause *cause, bool decisive)
{
	mk_extra *x = mk_extra_of(a);
	if (x != NULL && x->error == 0) {
		char *copy = cause->detail == NULL ? NULL : mk_strdup(cause->detail);
		uv_mutex_lock(&w->sup->lock); /* maiko_report may read them now */
		x->error = cause->code;
		x->detail = copy;
		uv_mutex_unlock(&w->sup->lock);
	}
	mk_failure_note(w, a, cause, decisive);
}

void mk_actor_note_failure(mk_worker *w, mk_actor *a, const mk_cause *cause, bool decisive)
{
	note_failure(w, a, cause, decisive);
	if (cause->detail != NULL && !cause->asked) { /* on_error is called, but its result is ignored */
		maiko_error error = error_of(cause, cause->detail);
		MK_NOTIFY(w, MAIKO_OBSERVED_ERROR, a, NULL, cause->code);
		(void)ask_on_error(w, a, &error);
	}
	MK_NOTIFY(w, MAIKO_OBSERVED_FAILED, a, NULL, cause->code);
}

void mk_actor_fail(mk_worker *w, mk_actor *a, const mk_cause *cause)
{
	if ((a->sched & MK_ENDED) != 0 || (a->cared && mk_up.contain(w, a, cause)))
		return;
	bool decisive = a->status == MAIKO_ACTOR_RUNNING && !a->temporary;
	mk_actor_note_failure(w, a, cause, decisive);
	mk_actor_end(w, a, MAIKO_ACTOR_FAILED, MK_OUTCOME_OF(dead));
	mk_retire(w, a);
	if (decisive)
		mk_up.stop_for_failure(w->sup, cause->code);
}

/* ---- the start -------------------------------------------------------------------------- */

int mk_actor_start(mk_worker *w, mk_actor *a)
{
	int rc = 0;
	if ((a->sched & MK_ENDED) != 0)
		return MAIKO_ECANCELED;
	if (a->class->start != NULL) {
		mk_callback_enter(w, a);
		rc = mk_result(w->sup, a, MAIKO_PHASE_START, a->class->start(mk_actor_state(a), a));
		mk_callback_leave(w);
		bool goes_on = rc >= 0 || mk_actor_error(w, a, rc, MAIKO_PHASE_START, NULL);
		if (!goes_on && (a->sched & (MK_DOWN | MK_ENDED)) == MK_DOWN)
			return 0; /* it will be tried again */
		if (!goes_on)
			return a->extra != NULL && a->extra->error < 0 ? a->extra->error : rc;
	}
	mk_stop_order_add(w->sup, a);
	mk_actor_begin(w, a);
	return 0;
}

void mk_actor_begin(mk_worker *w, mk_actor *a)
{
	mk_care *c = mk_care_of(a);
	bool again = a->status == MAIKO_ACTOR_RESTARTING;
	mk_status_set(a, MAIKO_ACTOR_RUNNING);
	if (again)
		mk_count_add(&c->restarts, 1);
	MK_NOTIFY(w, again ? MAIKO_OBSERVED_RESTARTED : MAIKO_OBSERVED_STARTED, a, NULL,
		  again ? (int64_t)mk_count(&c->restarts) : 0);
	if (again)
		mk_watch_restarted(w, a, c->because, (uint32_t)mk_count(&c->restarts));
	if (c != NULL)
		mk_up.care_up(w, a);
}

/* ---- the end ---------------------------------------------------------------------------- */

/* on_stop has failed: on_error decides, as for other callbacks. A restart goes on all the same, as does the removal of
 * one that is supervised. */
static void fail_in_stop(mk_worker *w, mk_actor *a, int code, bool again)
{
	bool decisive = !a->temporary && !again && (!a->cared || w->draining);
	char text[MK_ERROR_SIZE];
	mk_cause cause = {.code = code, .phase = MAIKO_PHASE_STOP, .detail = mk_error_told(code, text)};
	maiko_error error = error_of(&cause, cause.detail);
	MK_NOTIFY(w, MAIKO_OBSERVED_ERROR, a, NULL, code);
	code = ask_on_error(w, a, &error);
	if (code >= 0 || says_stopping(w, code))
		return;
	if (code != cause.code)
		cause = (mk_cause){.code = code, .phase = MAIKO_PHASE_STOP};
	note_failure(w, a, &cause, decisive);
	MK_NOTIFY(w, MAIKO_OBSERVED_FAILED, a, NULL, code);
	if (decisive)
		mk_up.stop_for_failure(w->sup, code);
}

/* Its sends do not mute the actor. */
static int on_stop(mk_worker *w, mk_actor *a, bool again)
{
	a->in_stop = true;
	mk_callback_enter(w, a);
	int rc = mk_result(w->sup, a, MAIKO_PHASE_STOP, a->class->stop(mk_actor_state(a), a));
	mk_callback_leave(w);
	if (rc < 0)
		fail_in_stop(w, a, rc, again);
	a->in_stop = !again;
	return rc;
}

void mk_actor_run_on_stop(mk_worker *w, mk_actor *a, bool again)
{
	bool due = again ? mk_stop_order_take(w->sup, a) : mk_stop_order_remove(w->sup, a);
	if (a->status != MAIKO_ACTOR_RUNNING)
		return;
	int rc = due ? on_stop(w, a, again) : 0;
	MK_NOTIFY(w, MAIKO_OBSERVED_STOPPED, a, NULL, rc);
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

/* What it still keeps was not finished, although the handler has returned: its receipt says so. */
static void release_kept(mk_worker *w, mk_extra *x)
{
	while (x->kept_count > 0) {
		const mk_kept *kept = &x->kept[--x->kept_count];
		mk_receipt_failed(kept->event, x->error != 0 ? x->error : MAIKO_ECANCELED);
		kept->event->topic->kept -= kept->times;
		for (uint32_t times = kept->times; times > 0; times--)
			mk_event_unref(&w->pool, kept->event);
	}
	mk_map_fini(&x->kept_at);
}

/* From now on it is like one without .drains. */
static void drain_no_longer(mk_worker *w, mk_actor *a)
{
	w->drainers -= a->drains;
	a->drains = false;
}

void mk_actor_shed(mk_worker *w, mk_actor *a)
{
	mk_tick_end(w, a);
	mk_delayed_discard(w, a);
	if (a->extra == NULL)
		return;
	drop_tasks(a->extra);
	mk_questions_drop(w, a);
	mk_private_drop(a);
	mk_watches_close(w, a);
	release_kept(w, a->extra);
}

void mk_actor_end(mk_worker *w, mk_actor *a, maiko_actor_status status, size_t outcome)
{
	if ((a->sched & MK_ENDED) != 0)
		return;
	mk_hold(w, a, MK_ENDED);
	drain_no_longer(w, a);
	a->box.capacity = 0; /* so that each later delivery asks overflow.c */
	mk_forget_waits(w, a);
	if (!w->draining) /* an event that its on_stop sends may cause the addition of an actor with this name */
		mk_directory_free_name(w->sup, a);
	mk_actor_run_on_stop(w, a, false);
	mk_status_set(a, a->extra != NULL && a->extra->error != 0 ? MAIKO_ACTOR_FAILED : status);
	if (outcome != MK_OUTCOME_OF(discarded))
		mk_pass_on(w, a, NULL);
	mk_purge(w, a, false, outcome);
	mk_membership_settle(a);
	mk_release_all(w, a);
	mk_actor_shed(w, a);
	if (a->extra != NULL) {
		mk_receipts_leave(w, a); /* a restart keeps those of its earlier lives, which move with the actor */
		mk_keep_fini(a->extra);
	}
	mk_watch_ended(w, a, status == MAIKO_ACTOR_FAILED, a->cared ? (uint32_t)mk_count(&mk_care_of(a)->restarts) : 0);
	if (a->cared)
		mk_up.care_gone(w, a);
}

void mk_actor_end_in_stop(mk_worker *w, mk_actor *a, size_t outcome)
{
	w->ending = a;
	w->ending_why = 0;
	mk_questions_shut(w, a);
	mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, outcome);
}

void mk_actor_drain(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_DOWN) != 0) { /* it is not restarted any more */
		mk_actor_end_in_stop(w, a, MK_OUTCOME_OF(discarded));
		return;
	}
	if (a->drains)
		return;
	mk_tick_drain(w, a);
	mk_delayed_discard(w, a);
	mk_adopted_drain(a);
}

void mk_actor_finish(mk_worker *w, mk_actor *a)
{
	if (!a->drains)
		return;
	drain_no_longer(w, a);
	mk_actor_drain(w, a);
}

void mk_actor_discard_queued(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_ENDED) != 0)
		return;
	a->box.capacity = 0; /* so that each later delivery asks overflow.c */
	mk_purge(w, a, false, MK_OUTCOME_OF(discarded));
	mk_membership_settle(a);
	mk_release_all(w, a);
	mk_actor_finish(w, a);
	mk_delayed_discard(w, a);
}
