/*
 * step.c - see step.h. The order within a turn is that of turn.c.
 */
#include "sim/step.h"

#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/external.h"
#include "routing/router.h"
#include "routing/silence.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "sched/blocking.h"
#include "sched/dispatch.h"
#include "sched/pace.h"
#include "sched/turn.h"

/* Whether a channel that was full has room again, so that a flush has work. */
static bool has_room_again(const mk_worker *w)
{
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		mk_channel *ch = w->out[__builtin_ctzll(left)];
		if (atomic_load_explicit(&ch->producer_waits, memory_order_relaxed) &&
		    atomic_load_explicit(&ch->head, memory_order_relaxed) != ch->seen_head)
			return true;
	}
	return false;
}

/* As idle.c before a sleep: the worker has no work, and no input has arrived meanwhile. */
static void sleep_if_idle(mk_worker *w)
{
	mk_cool(w);
	mk_lane_rest(w, MK_SLEEPS);
	if (mk_worker_has_input(w))
		(void)mk_lane_rise(w);
}

uint32_t mk_steps_of(mk_worker *w, mk_step *ret_steps)
{
	uint32_t count = 0;
	uint64_t now_ns = mk_now(&w->sup->seam);
	if (!mk_step_may_wake(w, now_ns))
		return 0;
	w->now_ns = now_ns;
	(void)mk_lane_rise(w);
#define STEP(kind_, from_)                                                                                             \
	ret_steps[count++] = (mk_step) { (kind_), (uint8_t)w->index, (uint8_t)(from_), 0 }
	if (mk_worker_has_control(w))
		STEP(MK_STEP_CONTROL, 0);
	for (uint64_t left = atomic_load_explicit(&w->incoming, memory_order_relaxed); left != 0; left &= left - 1)
		if (mk_worker_can_take(w, (uint32_t)__builtin_ctzll(left)))
			STEP(MK_STEP_TAKE, __builtin_ctzll(left));
	if (w->go && !w->draining && mk_external_waits(w))
		STEP(MK_STEP_EXTERNAL, 0);
	if (mk_timers_due(&w->timers) <= w->now_ns)
		STEP(MK_STEP_TIMER, 0);
	if (mk_expected_due(w) <= w->now_ns)
		STEP(MK_STEP_LOOK, 0);
	if (w->ready != NULL)
		STEP(MK_STEP_RUN, 0);
	if (w->retiring != NULL)
		STEP(MK_STEP_RETIRE, 0);
	if (w->reprobe && w->ready == NULL && !mk_worker_has_control(w))
		STEP(MK_STEP_PROBE, 0);
	if (w->news_count != 0)
		STEP(MK_STEP_NEWS, 0);
	if (w->unflushed || has_room_again(w))
		STEP(MK_STEP_FLUSH, 0);
	if ((w->asked_idle || w->draining) && mk_worker_may_answer(w))
		STEP(MK_STEP_IDLE, 0);
#undef STEP
	if (count == 0)
		sleep_if_idle(w);
	return count;
}

static void take(mk_worker *w, mk_step step)
{
	w->now_ns = mk_now(&w->sup->seam);
	mk_pace_begin(w);
	w->unflushed = step.kind != MK_STEP_FLUSH;
	switch ((mk_step_kind)step.kind) {
	case MK_STEP_CONTROL:
		mk_worker_run_control(w);
		break;
	case MK_STEP_TAKE:
		mk_worker_take(w, step.from, 1);
		break;
	case MK_STEP_EXTERNAL:
		(void)mk_external_intake(w, UINT64_MAX);
		break;
	case MK_STEP_TIMER:
		mk_timers_fire_first(&w->timers);
		break;
	case MK_STEP_LOOK:
		mk_silence_look(w);
		break;
	case MK_STEP_RUN:
		mk_dispatch_next(w);
		break;
	case MK_STEP_RETIRE:
		mk_topology_retire(w);
		break;
	case MK_STEP_PROBE:
		mk_probe_now(w);
		break;
	case MK_STEP_NEWS:
		mk_publish_news(w);
		break;
	case MK_STEP_FLUSH:
		mk_router_flush(w);
		break;
	case MK_STEP_IDLE:
		mk_stop_idle(w);
		break;
	case MK_STEP_JOB:
		break;
	}
}

void mk_step_take(mk_sup *sup, mk_step step)
{
	mk_hosting++; /* no call in it may wait */
	if (step.kind == MK_STEP_JOB)
		mk_blocking_step(sup);
	else
		take(mk_worker_at(sup, step.worker), step);
	mk_hosting--;
}

mk_worker *mk_step_aside(void)
{
	mk_worker *inside = mk_inside;
	mk_inside = NULL;
	mk_hosting++;
	return inside;
}

void mk_step_back(mk_worker *inside)
{
	mk_inside = inside;
	mk_hosting--;
}

bool mk_step_has_job(const mk_sup *sup) { return mk_blocking_waiting(sup); }

uint64_t mk_step_due(mk_sup *sup)
{
	uint64_t due = UINT64_MAX;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		const mk_worker *w = mk_worker_at(sup, i);
		uint64_t first = w->left ? UINT64_MAX : mk_timers_due(&w->timers);
		uint64_t look = w->left ? UINT64_MAX : mk_expected_due(w);
		first = look < first ? look : first;
		due = first < due ? first : due;
	}
	return due;
}
