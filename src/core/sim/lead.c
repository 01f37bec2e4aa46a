/*
 * lead.c - see lead.h.
 */
#include "sim/lead.h"

#include "lifecycle/group_steps.h"
#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "routing/backpressure.h"
#include "routing/external.h"
#include "routing/router.h"
#include "routing/silence.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "sched/blocking.h"
#include "sched/dispatch.h"
#include "sched/pace.h"
#include "sched/turn.h"

static bool run_control(mk_worker *w, uint64_t posted, maiko_actor_id of)
{
	if (posted >> 56 == MK_POST_JOB) /* a replay runs the pool itself: run jobs until this one has returned */
		while (mk_blocking_waiting(w->sup) && !mk_lane_has_posted(w, posted, of))
			mk_blocking_step(w->sup);
	if (mk_worker_run_posted(w, posted, of))
		return true;
	return posted >> 56 == MK_POST_CHANGE; /* its actor no longer exists: the message had no effect */
}

static bool take(mk_worker *w, uint64_t from, int64_t count)
{
	if (from >= mk_worker_total(w->sup) || (atomic_load(&w->incoming) >> from & 1) == 0)
		return false;
	mk_router_show(mk_worker_at(w->sup, (uint32_t)from));
	mk_channel *ch = atomic_load(&w->in[from]);
	uint64_t there = mk_channel_published(ch) - ch->taken_to;
	if (ch->marker > w->marker || count <= 0 || (uint64_t)count > there)
		return false;
	mk_worker_take(w, (uint32_t)from, (uint32_t)count);
	return true;
}

static bool piece(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value)
{
	switch (kind) {
	case MK_NOTE_CONTROL:
		return run_control(w, number, (maiko_actor_id)value);
	case MK_NOTE_TAKE:
		return take(w, number, value);
	case MK_NOTE_TIMERS:
		mk_timers_fire(&w->timers, w->now_ns, MK_TIMERS_PER_TURN);
		return true;
	case MK_NOTE_RETIRE:
		mk_topology_retire(w);
		return true;
	case MK_NOTE_PROBE:
		mk_probe_now(w);
		return true;
	case MK_NOTE_NEWS:
		mk_publish_news(w);
		return true;
	case MK_NOTE_FLUSH:
		return mk_router_flush_led(w, (uint32_t)number, (uint64_t)value);
	case MK_NOTE_IDLE:
		if (w->asked_idle || w->draining)
			mk_stop_idle(w);
		return true;
	case MK_NOTE_HOOKS:
		return mk_worker_run_posted(w, (uint64_t)MK_POST_START << 56, 0);
	case MK_NOTE_EXTERNAL:
		(void)mk_external_intake(w, UINT64_MAX);
		return true;
	default:
		return false;
	}
}

static bool begin(mk_worker *w)
{
	if (w->left)
		return false;
	w->now_ns = mk_now(&w->sup->seam);
	mk_pace_begin(w);
	mk_hosting++; /* no call in it may wait */
	return true;
}

/* Recorded while the worker was still closing its handles: its actors had ended, and nobody sees what it did. A message
 * that came with the one by which it left (the end of a stop's patience) ran too. */
static bool left(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value)
{
	if (kind == MK_NOTE_CONTROL)
		return run_control(w, number, (maiko_actor_id)value);
	return kind == MK_NOTE_PROBE || kind == MK_NOTE_FLUSH || kind == MK_NOTE_TIMERS;
}

bool mk_lead_piece(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value)
{
	if (w->left)
		return left(w, kind, number, value);
	bool done = begin(w);
	if (done) {
		done = piece(w, kind, number, value);
		mk_hosting--;
	}
	return done;
}

void mk_lead_silent(mk_worker *w, const char *topic, uint64_t every_ms, uint64_t ms, bool again)
{
	if (w->left)
		return;
	w->now_ns = mk_now(&w->sup->seam);
	mk_silence_tell(w, topic, every_ms, ms, again);
}

bool mk_lead_run(mk_worker *w, mk_actor *a, uint32_t events, bool force, bool ticks)
{
	if (a->worker != w || ((a->sched & MK_QUEUED) == 0 && !force) || !begin(w))
		return false;
	if ((a->sched & MK_QUEUED) == 0)
		mk_ready(w, a);
	if (force && a->class->tick != NULL) {
		mk_occupy(a);
		a->extra->tick_due = ticks;
	}
	uint32_t budget = a->box.budget;
	bool gone = a->gone; /* if so, the dispatch frees it */
	a->box.budget = events;
	mk_dispatch_next(w);
	if (!gone)
		a->box.budget = budget;
	mk_hosting--;
	return true;
}

static bool sup_piece(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value)
{
	switch (kind) {
	case MK_NOTE_SETTLING:
		return mk_topology_settle_led(sup);
	case MK_NOTE_FINISHED:
		return number < mk_worker_total(sup) && mk_topology_finish_led(mk_worker_at(sup, (uint32_t)number));
	case MK_NOTE_STOP:
		return mk_stop_begin_led(sup, (uint64_t)value);
	case MK_NOTE_DISCARD:
		return mk_stop_discard_led(sup);
	case MK_NOTE_STEP:
		return mk_stop_step_led(sup, value, number);
	case MK_NOTE_OVER:
		return mk_stop_over_led(sup);
	case MK_NOTE_GROUP:
		return mk_groups_step_led(sup, number, (mk_report_kind)value);
	default:
		return false;
	}
}

bool mk_lead_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value)
{
	mk_hosting++;
	uv_mutex_lock(&sup->lock);
	bool done = sup_piece(sup, kind, number, value);
	uv_mutex_unlock(&sup->lock);
	if (kind == MK_NOTE_GROUP)
		mk_groups_conclude(sup);
	mk_hosting--;
	return done;
}

void mk_lead_end(mk_sup *sup)
{
	sup->seam.led = sup->seam.noted = false;
	sup->seam.scribe = NULL;
	uv_mutex_lock(&sup->lock);
	mk_topology_go_on(sup);
	mk_groups_started(sup); /* the reports that the recording does not take any more */
	uv_mutex_unlock(&sup->lock);
	mk_groups_conclude(sup);
	mk_stop_go_on(sup);
}
