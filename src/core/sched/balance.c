/*
 * balance.c - see balance.h.
 *
 * The times of other workers are read at slightly different moments; a wrong estimate costs at
 * most an unnecessary migration.
 */
#include "sched/balance.h"

#include "runtime/lane.h"
#include "runtime/ready.h"
#include "runtime/upcalls.h"
#include "sched/cut.h"
#include "sched/sample.h"
#include "sched/thread_time.h"

enum {
	SATURATED_PERCENT = 10, /* a worker that is idle for less is saturated */
	SPARE_PERCENT = 25,     /* a worker that is idle for more has spare capacity */
	SAMPLE_NS = 2000000,
	OUTSIDE_NS = 20000000,  /* the least time over which the program's other threads are measured */
	LENT_LOOK_NS = 100000,  /* how often it looks whether an actor that is lent should go back, */
	LENT_NS = 800000,       /* how long it runs that actor at least, */
	LENT_IDLE_NS = 50000,   /* how long the other worker has done nothing then, */
	LENT_LOOKS = 8000,      /* after how many looks without need the actor stays, */
	LENT_TRANSITS = 3,      /* and how much longer than its way it runs there */
	MERGED_PERCENT = 80,    /* the work of two workers that one can do */
	TALK_PERCENT = 2,       /* of the time: talk with another worker that is worth a merge while both have little */
	TALK_MUCH_PERCENT = 20, /* ... and while they have much to do */
	LITTLE_PERCENT = 50     /* the busy times of both, added */
};
static const uint64_t WAIT_LONGEST_NS = 640000000, CALM_NS = 2000000000, LENT_CALM_NS = 50000000,
		      SAMPLE_MOST_NS = 500000000;

/* ---- idleness ---------------------------------------------------------------------------- */

/* Relaxed: the readers need only an estimate. What is added to, idle_ns, has one writer. */
static uint64_t load(const _Atomic(uint64_t) *value)
{
	return atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)value, memory_order_relaxed);
}
static void store(_Atomic(uint64_t) *value, uint64_t to) { atomic_store_explicit(value, to, memory_order_relaxed); }

void mk_balance_idle(mk_worker *w, uint64_t since_ns) { store(&w->idle_since_ns, since_ns); }

void mk_balance_busy(mk_worker *w, uint64_t now_ns)
{
	store(&w->idle_ns, load(&w->idle_ns) + now_ns - load(&w->idle_since_ns));
	store(&w->idle_since_ns, 0);
}

static uint64_t idle_until(const mk_worker *w, uint64_t now_ns)
{
	uint64_t since_ns = load(&w->idle_since_ns);
	return load(&w->idle_ns) + (since_ns != 0 && since_ns < now_ns ? now_ns - since_ns : 0);
}

/* The share of the last `span_ns` in which the other worker was idle, in percent. */
static uint64_t idle_percent(mk_worker *w, const mk_worker *other, uint64_t span_ns)
{
	uint64_t idle_ns = idle_until(other, w->now_ns), was_ns = w->seen_idle_ns[other->index];
	w->seen_idle_ns[other->index] = idle_ns;
	uint64_t percent = idle_ns > was_ns ? (idle_ns - was_ns) * 100 / span_ns : 0;
	return percent < 100 ? percent : 100;
}

/* ---- what a look finds --------------------------------------------------------------------- */

typedef struct mk_look {
	uint64_t span_ns, idle; /* of this worker, in percent */
	uint32_t spare_at;      /* the worker with most spare time */
	uint64_t spare;
	uint32_t talk_at; /* the worker from which most events came */
	uint64_t talk_ns; /* their extra cost */
	uint64_t idle_there;
	uint64_t spare_core; /* what the cores have of that */
	uint64_t busy;       /* of all workers and of the program's other threads, in percent of a core */
} mk_look;

/* What the program's threads that are no workers use, and actors with a thread of their own. The system counts a
 * running thread up to its last tick, 4 or 10 ms ago, so a short time tells nothing; after a long one without looks
 * what was before says little about now. Until it is known, it counts as much. */
static void look_outside(mk_worker *w)
{
	static const uint32_t unknown_percent = UINT32_MAX;
	uint64_t span_ns = w->now_ns - w->outside_looked_ns, ns = 0;
	if (w->sup->seam.now_ns != NULL || span_ns < OUTSIDE_NS || !mk_thread_time_outside(w->sup, &ns))
		return;
	uint64_t used_ns = ns > w->outside_ns ? ns - w->outside_ns : 0;
	w->outside_percent = span_ns > 2 * WAIT_LONGEST_NS ? unknown_percent : (uint32_t)(used_ns * 100 / span_ns);
	w->outside_ns = ns;
	w->outside_looked_ns = w->now_ns;
}

/* Events that have come from another worker since the last look. */
static uint64_t come_from(mk_worker *w, uint32_t from)
{
	const mk_channel *ch = atomic_load_explicit(&w->in[from], memory_order_acquire);
	uint64_t taken = ch == NULL ? 0 : mk_count(&ch->taken), before = w->seen_taken[from];
	w->seen_taken[from] = taken;
	return taken - before;
}

static mk_look look(mk_worker *w)
{
	mk_look l = {.span_ns = w->now_ns - w->looked_ns};
	look_outside(w);
	l.idle = idle_percent(w, w, l.span_ns);
	l.busy = 100 - l.idle + w->outside_percent;
	for (uint32_t i = 0; i < mk_worker_total(w->sup); i++) {
		if (i == w->index)
			continue;
		uint64_t idle = idle_percent(w, w->sup->workers[i], l.span_ns);
		if (i >= w->sup->options.workers)
			continue; /* it has a thread of its own */
		l.busy += 100 - idle;
		uint64_t talk_ns = come_from(w, i) * MK_TALK_NS;
		if (idle > l.spare) {
			l.spare = idle;
			l.spare_at = i;
		}
		if (talk_ns > l.talk_ns) {
			l.talk_ns = talk_ns;
			l.talk_at = i;
			l.idle_there = idle;
		}
	}
	uint64_t cores = (uint64_t)w->sup->cores * 100, left = cores > l.busy ? cores - l.busy : 0;
	l.spare_core = l.spare < left ? l.spare : left;
	return l;
}

static bool may_spread(const mk_worker *w, const mk_look *l)
{
	return l->idle < SATURATED_PERCENT && l->spare_core > SPARE_PERCENT && w->now_ns >= load(&w->calm_until_ns);
}

/* Whether there is a core less than is wanted, even if the worker and the one that it talks to were one. */
static bool is_crowded(const mk_worker *w, const mk_look *l)
{
	uint64_t both = 200 - l->idle - l->idle_there, saved = both > 100 ? both - 100 : 0;
	return l->busy - saved + SPARE_PERCENT > (uint64_t)w->sup->cores * 100;
}

static bool may_merge(const mk_look *l)
{
	uint64_t busy = 200 - l->idle - l->idle_there,
		 least = busy <= LITTLE_PERCENT ? TALK_PERCENT : TALK_MUCH_PERCENT;
	return l->talk_ns * 100 >= l->span_ns * least;
}

/* ---- moving ----------------------------------------------------------------------------------- */

static void drop_sample(mk_message *m) { mk_free(MK_OF(m, mk_sample, message)); }

/* Moves an actor that two workers run in turns. While it is away the worker that gives it gives nothing else. */
static void lend(mk_worker *w, mk_worker *from, maiko_actor_id id, uint32_t to)
{
	store(&from->calm_until_ns, w->now_ns + LENT_CALM_NS);
	store(&mk_worker_at(w->sup, to)->lent_asked_ns, w->now_ns);
	mk_up.move(w->sup, id, to, true);
}

static void take_those_that_go(mk_worker *w, const mk_sample *s)
{
	for (uint32_t i = 0; i < s->actor_count; i++)
		if (s->actors[i].goes)
			mk_up.move(w->sup, s->actors[i].id, w->index, false);
}

/* On the worker with spare time. */
static void take_part(mk_worker *w, mk_message *m)
{
	mk_sample *s = MK_OF(m, mk_sample, message);
	const mk_sampled *one;
	if (w->draining)
		; /* nothing moves any more */
	else if (mk_cut_find(s))
		take_those_that_go(w, s);
	else if ((one = mk_cut_to_lend(s)) != NULL)
		lend(w, mk_worker_at(w->sup, s->from), one->id, w->index);
	else if ((one = mk_cut_to_isolate(s)) != NULL)
		mk_up.move(w->sup, one->id, w->index, false);
	mk_free(s);
}

static void offer(mk_worker *w, mk_sample *s)
{
	s->message = (mk_message){.run = take_part, .drop = drop_sample, .post = MK_POST_UNSEEN};
	mk_lane_post(mk_worker_at(w->sup, s->to), &s->message);
}

/* One worker can do the work of both: those that ran here go there. */
static void merge(mk_worker *w, const mk_sample *s)
{
	for (uint32_t i = 0; i < s->actor_count; i++)
		if (!s->actors[i].fixed)
			mk_up.move(w->sup, s->actors[i].id, s->to, false);
	store(&mk_worker_at(w->sup, s->to)->calm_until_ns, w->now_ns + CALM_NS);
}

/* Of two, the one with the smaller number keeps all. Where no core is left for the other, two do no more than one. */
static void merge_if_enough(mk_worker *w, const mk_sample *s)
{
	mk_worker *other = mk_worker_at(w->sup, s->to);
	uint64_t work = s->ns * 100 / (w->now_ns - s->began_ns);
	store(&w->worked_percent, work);
	store(&w->worked_ns, w->now_ns);
	bool known = w->now_ns - load(&other->worked_ns) < CALM_NS;
	uint64_t theirs = known ? load(&other->worked_percent) : 100 - s->idle_percent;
	if (w->index > s->to && (s->crowded || work + theirs <= MERGED_PERCENT))
		merge(w, s);
}

/* Whether it shows each of its actors: the thread may have lost its core, and callbacks may be long. */
static bool is_enough(const mk_worker *w)
{
	const mk_sample *s = w->sample;
	return (s->ns >= SAMPLE_NS / 2 && s->runs >= 2 * s->actor_count) || w->now_ns - s->began_ns >= SAMPLE_MOST_NS;
}

static void finish_sample(mk_worker *w)
{
	mk_sample *s = w->sample;
	w->sample = NULL;
	w->looked_ns = w->now_ns;
	w->look_every_ns = w->lent != 0 ? LENT_LOOK_NS : w->sample_wait_ns;
	if (w->draining) {
		mk_free(s);
	} else if (s->merges) {
		merge_if_enough(w, s);
		mk_free(s);
	} else {
		offer(w, s);
	}
}

static void begin_sample(mk_worker *w, const mk_look *l, bool merges)
{
	mk_sample *s = MK_NEW(mk_sample);
	w->sample_wait_ns = w->sample_wait_ns * 2 < WAIT_LONGEST_NS ? w->sample_wait_ns * 2 : WAIT_LONGEST_NS;
	if (s == NULL)
		return;
	s->from = w->index;
	s->to = merges ? l->talk_at : l->spare_at;
	s->idle_percent = (uint32_t)(merges ? l->idle_there : l->spare);
	s->spare_percent = (uint32_t)l->spare_core;
	s->merges = merges;
	s->crowded = merges && is_crowded(w, l);
	s->began_ns = w->now_ns;
	w->sample = s;
	w->look_every_ns = SAMPLE_NS;
}

/* ---- an actor that two workers run in turns -------------------------------------------------------- */

void mk_balance_lent(mk_worker *w, maiko_actor_id id, uint32_t from)
{
	if (!w->balances)
		return;
	w->lent = id;
	w->lender = from;
	w->lent_ns = w->lent_seen_ns = w->looked_ns = w->now_ns;
	uint64_t transit_ns = w->now_ns - load(&w->lent_asked_ns);
	w->lent_stays_ns = transit_ns * LENT_TRANSITS > LENT_NS ? transit_ns * LENT_TRANSITS : LENT_NS;
	w->lent_looks = LENT_LOOKS;
	w->look_every_ns = LENT_LOOK_NS;
	w->sample_wait_ns = MK_BALANCE_EVERY_NS;
	w->seen_idle_ns[from] = idle_until(w->sup->workers[from], w->now_ns);
	w->seen_idle_ns[w->index] = idle_until(w, w->now_ns);
}

/* Moves it back when this worker is saturated, and the other one is idle at this moment, or has had spare time since
 * the last look. */
static void look_at_lent(mk_worker *w)
{
	const mk_worker *lender = w->sup->workers[w->lender];
	uint64_t span_ns = w->now_ns - w->lent_seen_ns, idle_since_ns = load(&lender->idle_since_ns);
	w->looked_ns = w->lent_seen_ns = w->now_ns;
	mk_ready_first(w, w->lent);
	bool rests = idle_since_ns != 0 && w->now_ns >= idle_since_ns + LENT_IDLE_NS;
	bool spare = idle_percent(w, lender, span_ns) > SPARE_PERCENT;
	bool saturated = idle_percent(w, w, span_ns) < SATURATED_PERCENT;
	if (w->now_ns - w->lent_ns < w->lent_stays_ns)
		return;
	if (saturated && (rests || spare))
		lend(w, w, w->lent, w->lender);
	else if (--w->lent_looks != 0)
		return;
	w->lent = 0;
	w->look_every_ns = w->sample_wait_ns;
}

/* ---- looking ------------------------------------------------------------------------------------------ */

void mk_balance_look(mk_worker *w)
{
	if (w->sample != NULL) {
		if (is_enough(w))
			finish_sample(w);
		return;
	}
	if (w->lent != 0) {
		look_at_lent(w);
		return;
	}
	mk_look l = look(w);
	bool stays = w->draining || atomic_load_explicit(&w->sup->staying, memory_order_relaxed) != 0;
	w->looked_ns = w->now_ns;
	if (stays)
		return;
	if (may_spread(w, &l)) {
		if (mk_sample_may_help(w))
			begin_sample(w, &l, false);
	} else if (may_merge(&l)) {
		begin_sample(w, &l, true);
	} else if (w->sample_wait_ns > MK_BALANCE_EVERY_NS) {
		w->sample_wait_ns /= 2;
		w->look_every_ns = w->sample_wait_ns;
	}
}
