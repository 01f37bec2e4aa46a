/*
 * quiescence.c - see quiescence.h: quiescence is detected in rounds, as in a stop (stop.h), but the
 * supervisor runs on.
 *
 * In a round every worker is asked, through its control lane, and answers as soon as it is
 * quiet: it has no work, its lanes and channels are empty, no timer is due, and libuv, polled
 * since the question, had nothing ready. It adds to three sums: entries that it has sent to
 * other workers, entries that it has taken from them, and its activity count (control messages
 * run, callbacks entered, events sent); each can only grow. The next round begins when all have
 * answered. Two consecutive rounds with equal sums, and no topology change pending, prove that
 * the supervisor was quiescent when the first of them ended:
 *
 *   Call that moment T. Each worker answered the first round before T, the second after T.
 *   As no sum has grown, no worker had activity between its two answers; so each was quiet from
 *   the first answer to the second, at T too. Anything that could still wake a worker at T would
 *   have to be in transit to it at T:
 *     - a channel entry. It was sent before its sender's first answer, as the sender did
 *       nothing after; the receiver found the channel empty later, at its second answer, and
 *       took no entry in between: it had taken it before its first. (This is the method of
 *       four counters, Mattern, "Algorithms for distributed termination detection", 1987.)
 *     - a control message. It was posted before its sender's first answer, so before the
 *       second question to its receiver, which runs its lane in order: it was run before the
 *       second answer; as running it counts as activity, it was run before the first. Thus chains
 *       of control messages, which no channel counts, need no counters of their own.
 *     - an external event. One that was accepted before T is found by the second answer.
 *     - a timer. The second answer read the clock after T, and none was due.
 *     - a blocking job. Its worker counts it from start to return, and is not quiet.
 *
 * One caller at a time; a sleeping worker is woken once per round, and no thread polls.
 */
#include "lifecycle/quiescence.h"

#include "base/error.h"
#include "lifecycle/topology.h"
#include "routing/external.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "sched/turn.h"

typedef struct sums {
	uint64_t sent, taken, activity;
	uint32_t workers;
} sums;

/* ---- on a worker --------------------------------------------------------------------------- */

/* Reads the lanes after the worker's state, and the clock last: the proof above needs this order. */
static bool is_quiet(mk_worker *w)
{
	return !w->reprobe && mk_worker_rests(w) && !mk_external_waits(w) &&
	       mk_timers_due(&w->timers) > mk_now(&w->sup->seam);
}

static void run_question(mk_worker *w, mk_message *m)
{
	(void)m;
	mk_count_add(&w->activity, (uint64_t)-2); /* neither this message nor taking it counts as activity */
	uv_mutex_lock(&w->sup->lock);
	w->sup->settle.posted &= ~(UINT64_C(1) << w->index);
	w->settling = w->sup->settle.round;
	uv_mutex_unlock(&w->sup->lock);
	w->settle_polls = true;
}

/* With the lock. */
static void add_sums(const mk_worker *w)
{
	mk_quiescence_round *s = &w->sup->settle;
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++) {
		mk_channel *in = atomic_load_explicit(&w->in[i], memory_order_acquire);
		s->sent += w->out[i] == NULL ? 0 : mk_count(&w->out[i]->sent);
		s->taken += in == NULL ? 0 : mk_count(&in->taken);
	}
	s->activity += mk_count(&w->activity) + w->sequence;
}

bool mk_quiescence_look(mk_worker *w)
{
	if (!is_quiet(w))
		return false;
	if (w->settle_stops) /* the next poll must not sleep */
		uv_stop(w->loop);
	if (w->settling == 0)
		return false;
	if (w->settle_polls || w->fresh) { /* fresh: libuv has not polled a new descriptor yet */
		w->settle_polls = false;
		w->polled_ns = 0; /* makes the worker poll */
	}
	if (w->polled_ns == 0)
		return true;
	mk_quiescence_round *s = &w->sup->settle;
	uint64_t bit = UINT64_C(1) << w->index;
	uv_mutex_lock(&w->sup->lock);
	if (w->settling == s->round && (s->asked & bit) != 0) { /* else the round is over */
		add_sums(w);
		s->asked &= ~bit;
		if (s->asked == 0)
			uv_cond_broadcast(&w->sup->cond);
	}
	uv_mutex_unlock(&w->sup->lock);
	w->settling = 0;
	return false;
}

/* ---- the waiting thread, with the lock --------------------------------------------------------- */

/* Waits for sup->cond; false: the deadline has passed. */
static bool wait_until(mk_sup *sup, uint64_t until)
{
	if (until != UINT64_MAX && mk_now(&sup->seam) >= until)
		return false;
	mk_await_until(sup, until);
	return true;
}

static void ask(mk_worker *w)
{
	mk_quiescence_round *s = &w->sup->settle;
	uint64_t bit = UINT64_C(1) << w->index;
	s->asked |= bit;
	if ((s->posted & bit) != 0) /* the message of a caller that timed out serves this round */
		return;
	s->posted |= bit;
	w->settle_message = (mk_message){.run = run_question, .post = MK_POST_UNSEEN};
	mk_lane_post(w, &w->settle_message);
}

/* 0: all have answered; 1: the supervisor has stopped; MAIKO_ETIMEDOUT. */
static int run_round(mk_sup *sup, uint64_t until, sums *ret_sums)
{
	mk_quiescence_round *s = &sup->settle;
	uint32_t workers = mk_worker_total(sup);
	s->round++;
	s->asked = s->sent = s->taken = s->activity = 0;
	for (uint32_t i = 0; i < workers; i++)
		ask(mk_worker_at(sup, i));
	while (s->asked != 0 && mk_state_of(sup) < MK_STOPPED)
		if (!wait_until(sup, until))
			return MAIKO_ETIMEDOUT;
	*ret_sums = (sums){s->sent, s->taken, s->activity, workers};
	return s->asked != 0;
}

static bool are_equal(const sums *a, const sums *b)
{
	return a->sent == a->taken && a->sent == b->sent && a->taken == b->taken && a->activity == b->activity &&
	       a->workers == b->workers;
}

static bool is_between(const mk_sup *sup) { return mk_state_of(sup) == MK_STARTING || mk_state_of(sup) == MK_STOPPING; }

/* Waits until no start, stop or other caller is under way. */
static int wait_for_turn(mk_sup *sup, uint64_t until)
{
	while (is_between(sup) || sup->settle.busy)
		if (!wait_until(sup, until))
			return MAIKO_ETIMEDOUT;
	return 0;
}

static int run_rounds(mk_sup *sup, uint64_t until)
{
	sums last = {0}, now;
	bool comparable = false;
	while (mk_state_of(sup) == MK_STARTED) {
		int rc = run_round(sup, until, &now);
		if (rc < 0)
			return rc;
		if (rc == 0 && comparable && are_equal(&now, &last) && !mk_topology_busy(sup))
			return 0;
		last = now;
		comparable = rc == 0;
	}
	return 0;
}

/* ---- on the caller's loop ------------------------------------------------------------------------ */

static void time_is_over(mk_timer *timer) { (void)timer; }

bool mk_quiescence_is_host(mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	int state = mk_state_of(sup);
	return sup->embedded && mk_inside == NULL && state > MK_STARTING && state < MK_STOPPED &&
	       uv_thread_equal(&self, &sup->loop_thread);
}

int mk_quiescence_host(mk_sup *sup, uint64_t until_ns)
{
	mk_worker *w = mk_worker_at(sup, 0);
	mk_timer limit = {.fire = time_is_over};
	int rc = mk_timers_reserve(&w->timers);
	if (rc != 0)
		return rc;
	if (until_ns != UINT64_MAX)
		mk_timer_set(&w->timers, &limit, until_ns);
	uv_run(w->loop, UV_RUN_ONCE);
	mk_timer_clear(&w->timers, &limit);
	mk_timers_unreserve(&w->timers);
	return 0;
}

/* A single worker that is checked between its turns needs no rounds. */
static int settle_host(mk_sup *sup, uint64_t until)
{
	mk_worker *w = mk_worker_at(sup, 0);
	int rc = 0;
	uv_run(w->loop, UV_RUN_NOWAIT);
	while (rc == 0 && mk_state_of(sup) < MK_STOPPED) {
		uv_mutex_lock(&sup->lock);
		bool busy = mk_topology_busy(sup) || mk_state_of(sup) == MK_STOPPING;
		uv_mutex_unlock(&sup->lock);
		if (!busy && is_quiet(w) && !w->fresh)
			return 0;
		if (mk_now(&sup->seam) >= until)
			return MAIKO_ETIMEDOUT;
		w->settle_stops = true;
		rc = mk_quiescence_host(sup, until);
		w->settle_stops = false;
	}
	return rc;
}

/* ---- the call -------------------------------------------------------------------------------------- */

static int settle(mk_sup *sup, uint64_t until)
{
	uv_mutex_lock(&sup->lock);
	int rc = wait_for_turn(sup, until);
	if (rc == 0) {
		sup->settle.busy = true;
		rc = run_rounds(sup, until);
		sup->settle.busy = false;
		uv_cond_broadcast(&sup->cond);
	}
	while (rc == 0 && is_between(sup)) /* a stop has begun */
		rc = wait_until(sup, until) ? 0 : MAIKO_ETIMEDOUT;
	uv_mutex_unlock(&sup->lock);
	return rc;
}

int mk_quiescence_check(mk_sup *sup)
{
	if (sup == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the supervisor is NULL");
	if (mk_forked(sup))
		return mk_fail_forked();
	if (mk_state_of(sup) == MK_NEW)
		return mk_fail_text(MAIKO_ESTATE, "the supervisor has not been started");
	if (mk_state_of(sup) >= MK_STOPPED || mk_quiescence_is_host(sup) || mk_may_wait())
		return 0;
	return mk_fail_text(MAIKO_EDEADLK, "a thread inside a callback may not wait until all is quiet");
}

int mk_quiescence(mk_sup *sup, uint64_t timeout_ms)
{
	int rc = mk_quiescence_check(sup);
	if (rc != 0)
		return rc;
	if (sup->seam.simulated)
		return mk_fail_text(MAIKO_EINVAL, "the supervisor is simulated: its simulation settles it");
	uint64_t until = mk_deadline(&sup->seam, timeout_ms);
	if (mk_quiescence_is_host(sup))
		rc = settle_host(sup, until);
	else if (mk_state_of(sup) < MK_STOPPED)
		rc = settle(sup, until);
	if (rc == MAIKO_ETIMEDOUT)
		return mk_fail_text(rc, "not all was quiet within the time");
	if (rc == 0 && mk_state_of(sup) == MK_ABANDONED)
		return mk_fail_text(MAIKO_ETIMEDOUT, "the stop has given up a callback that does not return");
	return rc;
}
