/*
 * dispatch.c - see dispatch.h.
 *
 * Handled events are counted per series of events of one topic: a batch usually has one topic,
 * whose counters are on another cache line.
 */
#include "sched/dispatch.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/target.h"
#include "routing/backpressure.h"
#include "routing/cycle.h"
#include "routing/delivery.h"
#include "routing/pass_on.h"
#include "routing/private.h"
#include "routing/receipt.h"
#include "routing/weight.h"
#include "runtime/callback.h"
#include "runtime/ready.h"
#include "runtime/timed.h"
#include "sched/actors.h"
#include "sched/end.h"
#include "sched/fd_watch.h"
#include "sched/pace.h"
#include "sched/retry.h"
#include "sched/tick.h"

/* With one of these bits of `sched` an actor takes no event. */
enum { TAKES_NONE = MK_HELD | MK_ON_HOLD };

enum { NS_PER_MS = 1000000 };

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

/* It is called only with a monitor; a simulation always has one. */
static MK_INLINE int tell_handled(mk_worker *w, const mk_actor *a, const mk_event *e, int rc)
{
	bool ignored = mk_ignores(a->class, e->type);
	if (!ignored)
		rc = mk_result(w->sup, a, MAIKO_PHASE_HANDLE, rc > 0 ? 0 : rc);
	mk_notify(w, MAIKO_OBSERVED_HANDLED, a, e, ignored ? 1 : rc, false);
	return rc;
}

/* Counts `taken` events of a topic, of which `ignored` had no handler. */
static MK_INLINE void count_handled(mk_actor *a, mk_topic *t, uint64_t taken, uint64_t ignored)
{
	mk_count_add(&a->handled, taken - ignored);
	mk_count_add(&t->counts.handled, taken - ignored);
	if (MK_UNLIKELY(ignored != 0)) {
		mk_count_add(&a->tally->counts.ignored, ignored);
		mk_count_add(&t->counts.ignored, ignored);
	}
}

/* What follows a callback when there is a monitor, a tracked event, a control message or a send to publish. Returns
 * the result of the callback. */
static MK_NOINLINE int attend(mk_worker *w, mk_actor *a, const mk_event *e, int rc)
{
	if (MK_UNLIKELY(mk_is_watched(w, MAIKO_OBSERVED_HANDLED)))
		rc = tell_handled(w, a, e, rc);
	if (mk_is_tracked(e) && rc >= 0)
		mk_receipt_handled(a, e);
	mk_pace_sent(w);
	return rc;
}

/* The handler of `e` has failed. Returns how many of the events in hand were not handled: 1, if this one goes back to
 * the mailbox or is set aside. */
static MK_NOINLINE uint32_t failed(mk_worker *w, mk_actor *a, mk_event *e, int rc)
{
	mk_callback_leave(w);
	bool goes_on = mk_actor_error(w, a, rc, MAIKO_PHASE_HANDLE, e);
	bool back = !goes_on && a->cared && mk_retry(w, a, e, rc);
	if (mk_is_tracked(e) && !back)
		mk_receipt_handled(a, e);
	if (!goes_on && !back)
		mk_receipt_failed(e, rc);
	mk_callback_enter(w, a);
	mk_pace_sent(w);
	return back;
}

/* Up to `left` events. Precondition: the stint is not over, so at least one is handled, however late it is. */
static void run_events(mk_worker *w, mk_actor *a, uint32_t left)
{
	uint64_t taken = 0, ignored = 0;
	mk_topic *topic = NULL;
	mk_event *e;
	assert(w->pace.left > 0);
	for (; left > 0 && (e = mk_mailbox_pop(&a->box)) != NULL; left--) {
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
			rc = attend(w, a, e, rc);
			if (mk_pace_posted(w))
				left = 1; /* this is the last event of the run */
		}
		if (MK_UNLIKELY(rc < 0))
			taken -= failed(w, a, e, rc);
		mk_event_unref(&w->pool, e);
		if (MK_UNLIKELY(mk_pace_handled(w) || (a->sched & TAKES_NONE) != 0))
			break;
	}
	w->event = NULL;
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
	if (ran != 0) /* none, if a control message has arrived: those of a source are not there in a replay */
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
	if (seam->steered) {
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
	mk_actor **at = before == NULL ? &w->ready : &before->next;
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

/* While an actor runs, prefetches what the next runs touch: of the next one its event; of the second its slot and its
 * state; of the third the first line, which leads to these. Each was prefetched a run earlier by what leads to it. */
static MK_INLINE void look_ahead(const mk_worker *w, const mk_actor *a, const mk_actor *next)
{
	const mk_target *target = mk_target_at(w, a->target);
	__builtin_prefetch(target->topic, 1);
	__builtin_prefetch(target->only, 1);
	__builtin_prefetch(mk_target_at(w, next->target));
	if (MK_LIKELY(next->box.size != 0)) {
		/* A number: without an event the slot has any value, which a prefetch ignores. */
		uintptr_t e = (uintptr_t)*mk_mailbox_slot(&next->box, mk_count(&next->box.head));
		__builtin_prefetch((const void *)e, 1);
		__builtin_prefetch((const void *)(e + offsetof(mk_event, payload)), 1);
	}
	const mk_actor *second = next->next;
	if (MK_UNLIKELY(second == NULL))
		return;
	__builtin_prefetch(&second->class, 1);
	__builtin_prefetch(mk_actor_state(second), 1);
	__builtin_prefetch(mk_mailbox_slot(&second->box, mk_count(&second->box.head)), 1);
	__builtin_prefetch(second->next, 1);
}

/* What an occupied actor does before its events, and after them. */
static void run_before(mk_worker *w, mk_actor *a)
{
	if (a->extra->tasks != NULL || a->extra->overflowed)
		run_tasks(w, a);
	if (a->extra->privates != NULL)
		run_privates(w, a);
}
static void run_after(mk_worker *w, mk_actor *a)
{
	mk_extra *x = a->extra;
	if (x->tick_due && (a->sched & MK_HELD) == 0 && !tick_waits(w, x)) {
		mk_tick_run(w, a);
		mk_pace_spend(w);
	}
	if (x->watch != NULL)
		mk_fd_watch_doubt(a);
	if (x->weights != NULL)
		mk_weight_settle(a);
	if (x->mutes != NULL)
		mk_release_if_low(w, a);
	if (mk_mailbox_span(&a->box) == 0)
		x->ages = false;
	if (x->membership != NULL)
		mk_pass_on_evenly(w, a);
}

/* The end of a run. */
static MK_NOINLINE void run_over(mk_worker *w, mk_actor *a)
{
	if (a->occupied) {
		run_after(w, a);
		a->occupied = mk_is_occupied(a->extra);
	}
	a->sched &= (uint16_t)~MK_RUNNING;
	if ((a->sched == 0 || a->sched == MK_ON_HOLD) && mk_has_work(a))
		mk_ready(w, a);
}

/* How many events an occupied actor may take in this run: not more than its tick waits for. */
static uint32_t budget_of(const mk_actor *a)
{
	uint64_t lacks = mk_tick_lacks(a);
	return lacks != 0 && lacks < a->box.budget ? (uint32_t)lacks : a->box.budget;
}

static MK_NOINLINE void take_events(mk_worker *w, mk_actor *a, uint32_t most)
{
	mk_callback_enter(w, a);
	run_events(w, a, most);
	mk_callback_leave(w);
}

/* One of an actor whose callbacks are timed: it is pinned meanwhile. */
static void take_pinned(mk_worker *w, mk_actor *a, mk_event *e)
{
	e->refs++;
	mk_timed_pin(w, e);
	take_events(w, a, 1);
	mk_timed_unpin(w);
	mk_event_unref(&w->pool, e);
}

/* The first event of the mailbox has expired. */
static void expire(mk_worker *w, mk_actor *a)
{
	mk_event *e = mk_mailbox_pop(&a->box);
	mk_count_outcome(a, e, MK_OUTCOME_OF(expired));
	MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_DISCARDED, a, e, MAIKO_EXPIRED);
	mk_event_unref(&w->pool, e);
	(void)mk_pace_handled(w);
}

/* The same for an actor whose callbacks are timed, or whose events may expire: each event is a run of its own. One that
 * has expired counts as one, so that a run with many of them ends like any other. */
static MK_NOINLINE void take_singly(mk_worker *w, mk_actor *a, uint32_t most)
{
	for (; most > 0; most--) {
		mk_event *e = mk_mailbox_first(&a->box);
		if (e == NULL)
			break;
		if (mk_has_expired(w, e))
			expire(w, a);
		else if (a->timed)
			take_pinned(w, a, e);
		else
			take_events(w, a, 1);
		if ((a->sched & TAKES_NONE) != 0 || w->pace.over || mk_pace_posted(w))
			break;
	}
}

/* Any actor. */
static MK_NOINLINE void dispatch(mk_worker *w)
{
	mk_actor *a = pop_ready(w);
	assert(a->occupied || a->extra == NULL || !mk_is_occupied(a->extra));
	a->sched &= (uint16_t)~MK_QUEUED;
	if (a->extra != NULL && a->extra->runs_on)
		mk_cycle_look(w, a);
	if ((a->sched & MK_HELD) != 0) {
		if (a->gone)
			mk_actor_free(a);
		return;
	}
	a->sched |= MK_RUNNING;
	if (a->occupied)
		run_before(w, a);
	if ((a->sched & TAKES_NONE) == 0 && mk_mailbox_span(&a->box) != 0) {
		uint32_t most = a->occupied ? budget_of(a) : a->box.budget;
		if (MK_UNLIKELY(a->timed || (a->occupied && a->extra->ages)))
			take_singly(w, a, most);
		else
			take_events(w, a, most);
	}
	run_over(w, a);
}

/* Handles one event, which was taken from the mailbox. Returns how many more may follow in this run. */
static MK_INLINE uint32_t take_one(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint64_t taken = 1, ignored = 0;
	uint32_t more = a->box.budget - 1;
	mk_topic *topic = e->topic;
	__builtin_prefetch(topic, 1);
	mk_callback_enter_inline(w, a);
	w->event = e;
	int rc = handle(a, e, &ignored);
	if (MK_UNLIKELY(mk_pace_active(w))) {
		rc = attend(w, a, e, rc);
		if (mk_pace_posted(w))
			more = 0;
	}
	if (MK_UNLIKELY(rc < 0))
		taken -= failed(w, a, e, rc);
	w->event = NULL;
	mk_event_unref(&w->pool, e);
	if (mk_pace_handled(w))
		more = 0;
	count_handled(a, topic, taken, ignored);
	mk_callback_leave_inline(w);
	return more;
}

/* `sched` alone: the compiler would load it together with `occupied`, which would wait for the store to `sched`. */
static inline unsigned sched_of(const mk_actor *a) { return __atomic_load_n(&a->sched, __ATOMIC_RELAXED); }

/* In the most frequent case it takes the only event of an actor that has nothing else to do, outside a simulation. */
void mk_dispatch_next(mk_worker *w)
{
	mk_actor *a = w->ready, *next = a->next;
	if (MK_UNLIKELY(sched_of(a) != MK_QUEUED || a->occupied || w->sup->seam.steered)) {
		dispatch(w);
		return;
	}
	w->ready = next;
	if (MK_LIKELY(next != NULL))
		look_ahead(w, a, next);
	else
		w->ready_tail = &w->ready;
	a->sched = MK_RUNNING;
	uint64_t head = mk_count(&a->box.head), span = mk_count(&a->box.tail) - head;
	uint32_t more = a->box.budget;
	mk_event *e = MK_LIKELY(span == 1) ? *mk_mailbox_slot(&a->box, head) : NULL;
	if (MK_LIKELY(e != NULL)) {
		atomic_store_explicit(&a->box.head, head + 1, memory_order_relaxed);
		more = take_one(w, a, e);
		span = mk_mailbox_span(&a->box);
		if (MK_LIKELY(span == 0 && sched_of(a) == MK_RUNNING && !a->occupied)) {
			a->sched = 0;
			return;
		}
		mk_tick_after_events(a);
	}
	if (span != 0 && more != 0 && (a->sched & TAKES_NONE) == 0)
		take_events(w, a, more);
	run_over(w, a);
}
