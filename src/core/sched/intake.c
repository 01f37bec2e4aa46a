/*
 * intake.c - see intake.h.
 */
#include "sched/intake.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "routing/backpressure.h"
#include "routing/cycle.h"
#include "routing/delivery.h"
#include "routing/overflow.h"
#include "routing/pass_on.h"
#include "runtime/ready.h"

void mk_intake_link(mk_worker *w, mk_actor *a)
{
	a->extra->prev_on_hold = NULL;
	a->extra->next_on_hold = w->on_hold;
	if (w->on_hold != NULL)
		w->on_hold->extra->prev_on_hold = a;
	w->on_hold = a;
}

void mk_intake_unlink(mk_worker *w, mk_actor *a)
{
	const mk_extra *x = a->extra;
	if (x->prev_on_hold != NULL)
		x->prev_on_hold->extra->next_on_hold = x->next_on_hold;
	else
		w->on_hold = x->next_on_hold;
	if (x->next_on_hold != NULL)
		x->next_on_hold->extra->prev_on_hold = x->prev_on_hold;
}

/* Relaxed: a flag for a report. */
static void set(mk_actor *a, bool on_hold)
{
	a->sched = (uint16_t)(on_hold ? a->sched | MK_ON_HOLD : a->sched & ~(unsigned)MK_ON_HOLD);
	atomic_store_explicit(&a->extra->on_hold, on_hold, memory_order_relaxed);
}

/* A member of a share group: whether others may have what waits for it, or the reverse. */
static void able_again(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_RUNNING) == 0) /* else at the end of its run */
		mk_pass_on_settle(w, a);
}

int mk_intake_hold(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_ON_HOLD) != 0)
		return 0;
	if (mk_extra_of(a) == NULL)
		return MAIKO_ENOMEM;
	MK_NOTE(w, MK_NOTE_HOLD, a->self->id, 1);
	set(a, true);
	mk_intake_link(w, a);
	mk_cycle_hold_changed(w, a);
	MK_NOTIFY(w, MAIKO_OBSERVED_HELD, a, NULL, 0);
	able_again(w, a);
	return 0;
}

void mk_intake_unhold(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_ON_HOLD) == 0)
		return;
	MK_NOTE(w, MK_NOTE_HOLD, a->self->id, 0);
	set(a, false);
	mk_intake_unlink(w, a);
	mk_cycle_hold_changed(w, a);
	MK_NOTIFY(w, MAIKO_OBSERVED_UNHELD, a, NULL, 0);
	able_again(w, a);
	if (mk_has_work(a))
		mk_wake(w, a);
}

/* ---- a stop ------------------------------------------------------------------------------- */

/* Whether it has queued events, and nothing under way may unhold it: a change, a task, a private delivery. (A worker
 * with a job is not idle.) A receipt that it waits for does not count: its event may be queued at another actor on
 * hold, and the stop would wait for ever. */
static bool is_stranded(const mk_actor *a)
{
	const mk_extra *x = a->extra;
	return a->status == MAIKO_ACTOR_RUNNING && !a->drains && (a->sched & (MK_HELD & ~(unsigned)MK_MUTED)) == 0 &&
	       x->changes == 0 && x->tasks == NULL && x->privates == NULL && mk_mailbox_length(&a->box) != 0;
}

bool mk_intake_drains(const mk_worker *w)
{
	if (w->drainers == 0)
		return false;
	for (const mk_actor *a = w->on_hold; a != NULL; a = a->extra->next_on_hold)
		if (a->drains)
			return true;
	return false;
}

bool mk_intake_stranded(const mk_worker *w)
{
	for (const mk_actor *a = w->on_hold; a != NULL; a = a->extra->next_on_hold)
		if (is_stranded(a))
			return true;
	return false;
}

/* A released sender may send at once. */
bool mk_intake_discard(mk_worker *w)
{
	bool some = false;
	for (mk_actor *a = w->on_hold; a != NULL; a = a->extra->next_on_hold) {
		if (!is_stranded(a))
			continue;
		some = true;
		mk_purge(w, a, false, MK_OUTCOME_OF(discarded));
		mk_release_all(w, a);
	}
	return some;
}
