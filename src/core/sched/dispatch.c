/*
 * dispatch.c - see dispatch.h.
 *
 * Handled events are counted per series of events of one topic: a batch usually has one topic,
 * whose counters are on another cache line.
 */
#include "sched/dispatch.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "routing/backpressure.h"
#include "routing/cycle.h"
#include "routing/delivery.h"
#include "routing/private.h"
#include "routing/receipt.h"
#include "routing/weight.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "sched/actors.h"
#include "sched/end.h"
#include "sched/fd_watch.h"
#include "sched/pace.h"
#include "sched/tick.h"

/* With one of these bits of `sched` an actor takes no event. */
enum { TAKES_NONE = MK_HELD | MK_ON_HOLD };

/* ---- a run of one actor --------------------------------------------------------------------- */

/* Handles one event; returns the result of the callback. */
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

/* Not inline: it is called only with a monitor; a simulation always has one. */
static MK_NOINLINE int tell_handled(mk_worker *w, const mk_actor *a, const mk_event *e, int rc)
{
	bool ignored = mk_ignores(a->class, e->type);
	if (!ignored)
		rc = mk_result(w->sup, a, MAIKO_PHASE_HANDLE, rc > 0 ? 0 : rc);
	mk_notify(w, MAIKO_OBSERVED_HANDLED, a, e, ignored ? 1 : rc, false);
	return rc;
}

/* Counts `taken` events of a topic, of which `ignored` had no handler. */
static void count_handled(mk_actor *a, mk_topic *t, uint64_t taken, uint64_t ignored)
{
	mk_count_add(&a->handled, taken - ignored);
	mk_count_add(&t->counts.handled, taken - ignored);
	if (ignored != 0) {
		mk_count_add(&a->tally->counts.ignored, ignored);
		mk_count_add(&t->counts.ignored, ignored);
	}
}

/* Precondition: the stint is not over, so at least one event is handled, however late it is. */
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
		if (MK_UNLIKELY(mk_pace_active(w))) {
			if (mk_is_watched(w, MAIKO_OBSERVED_HANDLED))
				rc = tell_handled(w, a, e, rc);
			if (mk_is_tracked(e))
				mk_receipt_handled(a, e);
			if (mk_pace_posted(w))
				left = 1; /* this is the last event of the run */
			mk_pace_sent(w);
		}
		if (MK_UNLIKELY(rc < 0)) {
			mk_callback_leave(w);
			if (!mk_actor_error(w, a, rc, MAIKO_PHASE_HANDLE, e))
				mk_receipt_failed(e, rc);
			mk_callback_enter(w, a);
			mk_pace_sent(w);
		}
		w->event = NULL;
		mk_event_unref(&w->pool, e);
		if (MK_UNLIKELY(mk_pace_handled(w) || (a->sched & TAKES_NONE) != 0))
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
		w->pace.left = 1; /* at least one event follows */
	if (x->overflowed && (a->sched & MK_HELD) == 0) {
		x->overflowed = false;
		mk_actor_error(w, a, MAIKO_EOVERFLOW, MAIKO_PHASE_OVERFLOW, NULL);
	}
}

/* One at least, however late it is; and all that come before the events. */
static void run_privates(mk_worker *w, mk_actor *a)
{
	const mk_seam *seam = &w->sup->seam;
	uint32_t ran = 0;
	for (; mk_private_is_due(a) && (a->sched & MK_HELD) == 0; ran++) {
		bool late = ran != 0 && !a->extra->privates->first && (w->pace.over || mk_pace_posted(w));
		if (seam->led ? ran >= seam->led_privates : late)
			break;
		mk_private_run(w, a);
		mk_pace_spend(w);
	}
	if (ran != 0)
		MK_NOTE(w, MK_NOTE_PRIVATES, 0, ran);
	if (w->pace.left == 0)
		w->pace.left = 1; /* as after the tasks */
}

/* Precondition: the ready list is not empty. */
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

/* Whether its tick is deferred to the next run because a control message has arrived; at most once in a row. */
static bool tick_waits(mk_worker *w, mk_extra *x)
{
	bool waits = w->sup->seam.led ? w->sup->seam.tick_waits : mk_pace_posted(w) && !x->tick_late;
	x->tick_late = waits;
	if (waits)
		MK_NOTE(w, MK_NOTE_TICK_LATE, 0, 0);
	return waits;
}

void mk_dispatch_next(mk_worker *w)
{
	mk_actor *a = pop_ready(w);
	if (MK_LIKELY(w->ready != NULL)) { /* prefetch the next actor while this one runs */
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
	if (MK_UNLIKELY(a->extra != NULL)) {
		if (a->extra->tasks != NULL || a->extra->overflowed)
			run_tasks(w, a);
		if (a->extra->privates != NULL)
			run_privates(w, a);
	}
	if (MK_LIKELY((a->sched & TAKES_NONE) == 0 && mk_mailbox_span(&a->box) != 0)) {
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
			mk_fd_watch_doubt(a);
		if (a->extra->weights != NULL)
			mk_weight_settle(a);
		if (a->extra->mutes != NULL)
			mk_release_if_low(w, a);
	}
	a->sched &= (uint16_t)~MK_RUNNING;
	if (MK_LIKELY(a->sched == 0)) {
		if (mk_mailbox_span(&a->box) != 0 || (a->extra != NULL && mk_has_work(a)))
			mk_ready(w, a);
	} else if (a->sched == MK_ON_HOLD && mk_has_work(a)) {
		mk_ready(w, a);
	}
}
