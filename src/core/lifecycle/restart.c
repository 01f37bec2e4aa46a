/*
 * restart.c - see restart.h.
 */
#include "lifecycle/restart.h"

#include "lifecycle/actor.h"
#include "lifecycle/group_steps.h"
#include "lifecycle/notice.h"
#include "observe/monitor.h"
#include "registry/registry.h"
#include "routing/backpressure.h"
#include "routing/cycle.h"
#include "routing/overflow.h"
#include "routing/pass_on.h"
#include "runtime/callback.h"
#include "sched/end.h"
#include "sched/handles.h"
#include "sched/hold.h"
#include "sched/intake.h"
#include "sched/tick.h"

#include <string.h>

enum { NS_PER_MS = 1000000 };

/* ---- the end of a life ------------------------------------------------------------------------ */

static void is_down(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_ENDED) == 0)
		mk_group_report(w, mk_care_of(a), MK_IS_DOWN);
}

static void set_resumes(mk_actor *a, uint64_t ns)
{
	atomic_store_explicit(&mk_care_of(a)->resumes_ns, ns, memory_order_relaxed);
}

/* Ends what it does not keep over a restart, which is because of `error` (0: not of a failure). In its next life `e`
 * comes first, or NULL. Its handles are closed after that (close_handles). */
static void halt(mk_worker *w, mk_actor *a, const mk_event *e, int error)
{
	mk_care *c = mk_care_of(a);
	c->because = error;
	mk_hold(w, a, MK_DOWN);
	mk_actor_run_on_stop(w, a, true);
	mk_intake_unhold(w, a); /* also one that on_stop has begun */
	mk_status_set(a, MAIKO_ACTOR_RESTARTING);
	mk_timer_clear(&w->timers, &c->timer);
	a->extra->life++; /* what it keeps may be the last of events whose receipts it waits for */
	mk_cycle_hold_changed(w, a);
	set_resumes(a, 0);
	mk_actor_shed(w, a);
	mk_notices_rest(a);
	a->extra->overflowed = false;
	MK_NOTIFY(w, MAIKO_OBSERVED_RESTARTING, a, e, error);
	mk_pass_on(w, a, NULL);
	if (c->backoff.overflow == MAIKO_DROP_OLDEST)
		mk_release_all(w, a); /* nobody waits for an actor that drops */
}

static void close_handles(mk_worker *w, mk_actor *a) { mk_adopted_close_all(w, a, is_down); }

/* ---- failures --------------------------------------------------------------------------------- */

/* Counts the attempts at the event: what becomes of it. */
static void count_attempt(mk_care *c, const mk_cause *cause)
{
	c->counts = true;
	c->again = c->aside = false;
	/* One that it has sent to itself is in no mailbox. */
	if (cause->event == NULL || cause->phase != MAIKO_PHASE_HANDLE ||
	    cause->event->topic->index == MK_PRIVATE_TOPIC)
		return;
	bool same = maiko_id_equal(c->tried, cause->event->id);
	c->attempts = same ? c->attempts + 1 : 1;
	c->tried = cause->event->id;
	c->counts = c->attempts == 1;
	c->again = c->attempts <= c->retries;
	c->aside = !c->again;
}

static void count_delay(mk_worker *w, const mk_actor *a)
{
	mk_care *c = mk_care_of(a);
	bool was_up = a->status == MAIKO_ACTOR_RUNNING; /* an on_start that fails again and again is not healthy */
	if (was_up && w->now_ns - c->up_ns >= c->backoff.healthy_ms * NS_PER_MS)
		c->in_a_row = 0;
	c->in_a_row++;
	c->fail_delay_ms =
		mk_backoff_delay(&c->backoff, c->in_a_row,
				 c->backoff.jitter_percent != 0 ? mk_random_next(&w->sup->seam, &w->random) : 0);
}

/* For the report that it has failed. */
static void describe(mk_worker *w, mk_care *c, const mk_cause *cause)
{
	mk_lock(w->sup); /* maiko_report may read it now */
	c->failed = true;
	c->code = cause->code;
	c->phase = cause->phase;
	c->report_ns = w->now_ns;
	c->event[0] = '\0';
	if (cause->event != NULL)
		memcpy(c->event, cause->event->type->desc->layout->name,
		       strlen(cause->event->type->desc->layout->name) + 1);
	mk_unlock(w->sup);
}

/* Whether its failure is one that somebody repairs. */
static bool is_contained(const mk_worker *w, const mk_actor *a)
{
	const mk_care *c = mk_care_of(a);
	bool first = a->status == MAIKO_ACTOR_ADDED;
	return c->kind != MAIKO_TEMPORARY && !w->draining && (!first || c->start_may_fail);
}

static void halt_failed(mk_worker *w, mk_actor *a, const mk_cause *cause)
{
	mk_care *c = mk_care_of(a);
	count_attempt(c, cause);
	count_delay(w, a);
	describe(w, c, cause);
	halt(w, a, c->again ? cause->event : NULL, cause->code);
}

bool mk_restart_contain(mk_worker *w, mk_actor *a, const mk_cause *cause)
{
	if (!is_contained(w, a)) {
		if (w->draining && mk_care_of(a)->kind != MAIKO_TEMPORARY)
			count_attempt(mk_care_of(a), cause); /* the last one */
		return false;
	}
	mk_actor_note_failure(w, a, cause, false);
	halt_failed(w, a, cause);
	if (cause->phase == MAIKO_PHASE_DEADLOCK) {
		mk_purge(w, a, false, MK_OUTCOME_OF(dead));
		mk_release_all(w, a);
	}
	close_handles(w, a);
	return true;
}

bool mk_restart_ended(mk_worker *w, mk_actor *a)
{
	if (mk_care_of(a)->kind != MAIKO_PERMANENT || a->status != MAIKO_ACTOR_RUNNING || !is_contained(w, a))
		return false;
	halt_failed(w, a, &(mk_cause){.code = 0, .phase = MAIKO_PHASE_STOP});
	close_handles(w, a);
	return true;
}

/* ---- the next life ---------------------------------------------------------------------------- */

static void renew_state(mk_actor *a)
{
	mk_care *c = mk_care_of(a);
	mk_extra *x = a->extra;
	if (c->init != NULL)
		memcpy(mk_actor_state(a), c->init, a->class->desc->state_size);
	else
		memset(mk_actor_state(a), 0, a->class->desc->state_size);
	mk_lock(a->worker->sup); /* maiko_report may read them now */
	mk_free(x->detail);
	x->detail = NULL;
	x->error = 0;
	c->begun = true;
	mk_unlock(a->worker->sup);
	if (a->class->tick != NULL)
		mk_tick_renew(a);
}

static void start(mk_worker *w, mk_actor *a)
{
	renew_state(a);
	if (mk_actor_start(w, a) != 0 || a->status != MAIKO_ACTOR_RUNNING)
		return; /* it is halted again, or has ended */
	mk_actor_go(w, a, MK_DOWN);
	mk_cycle_hold_changed(w, a);
}

static void due(mk_timer *timer)
{
	mk_care *c = MK_OF(timer, mk_care, timer);
	mk_actor *a = c->actor;
	mk_count_add(&a->worker->activity, 1);
	set_resumes(a, 0);
	if (c->paces)
		mk_group_report(a->worker, c, MK_IS_PACED);
	else if ((a->sched & (MK_PAUSED | MK_MOVING)) != 0)
		c->waits = true;
	else
		start(a->worker, a);
}

/* ---- commands ---------------------------------------------------------------------------------- */

/* Calls `due` after the delay of the command. */
static void wait_for(mk_worker *w, mk_care *c, uint64_t delay_ms, bool paces)
{
	c->paces = paces;
	c->timer.fire = due;
	if (delay_ms == 0) {
		due(&c->timer);
		return;
	}
	mk_timer_set(&w->timers, &c->timer, w->now_ns + delay_ms * NS_PER_MS);
	set_resumes(c->actor, c->timer.due_ns);
}

static void obey(mk_worker *w, mk_actor *a, mk_command command, uint64_t delay_ms)
{
	mk_care *c = mk_care_of(a);
	bool down = (a->sched & MK_DOWN) != 0;
	mk_timer_clear(&w->timers, &c->timer);
	set_resumes(a, 0);
	switch (command) {
	case MK_NO_COMMAND:
		break;
	case MK_HALT:
		if (!down) {
			c->failed = false;
			halt(w, a, NULL, 0);
			close_handles(w, a);
		} else if (a->extra->all_closed == NULL) {
			c->failed = false;
			is_down(w, a);
		}
		break;
	case MK_START:
		if (down)
			wait_for(w, c, delay_ms, false);
		break;
	case MK_PACE:
		wait_for(w, c, delay_ms, true);
		break;
	case MK_LEAVE:
		mk_actor_end(w, a, MAIKO_ACTOR_STOPPED, MK_OUTCOME_OF(dead));
		mk_retire(w, a);
		break;
	}
}

void mk_restart_obey(mk_worker *w, mk_message *m)
{
	mk_care *c = MK_OF(m, mk_care, message.message);
	mk_actor *a = c->actor;
	mk_command command;
	uint64_t delay_ms;
	if (!mk_group_command(w, c, &command, &delay_ms) || (a->sched & MK_ENDED) != 0 || w->draining)
		return;
	if ((a->sched & (MK_PAUSED | MK_MOVING)) != 0 && command != MK_NO_COMMAND)
		c->waits = true;
	else
		obey(w, a, command, delay_ms);
}

void mk_restart_go_on(mk_worker *w, mk_actor *a)
{
	mk_care_of(a)->waits = false;
	mk_group_command_again(w->sup, mk_care_of(a));
}

/* ---- reports ----------------------------------------------------------------------------------- */

void mk_restart_is_up(mk_worker *w, mk_actor *a)
{
	mk_care_of(a)->up_ns = w->now_ns;
	mk_group_report(w, mk_care_of(a), MK_IS_UP);
}
void mk_restart_is_gone(mk_worker *w, mk_actor *a)
{
	mk_timer_clear(&w->timers, &mk_care_of(a)->timer);
	mk_group_report(w, mk_care_of(a), MK_IS_GONE);
}
