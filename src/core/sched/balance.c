/*
 * balance.c - see balance.h.
 *
 * The times of other workers are read at slightly different moments; a wrong estimate costs at
 * most an unnecessary migration.
 */
#include "sched/balance.h"

#include "registry/directory.h"
#include "runtime/upcalls.h"
#include "sched/actors.h"
#include "sched/dispatch.h"

enum {
	SATURATED_PERCENT = 10, /* a worker that is idle for less is saturated */
	SPARE_PERCENT = 25,     /* a worker that is idle for more has spare capacity */
	SHARE_PERCENT = 3,      /* an actor with a smaller share of the time is not migrated */
	MEASURE_NS = 1000000,
	STAY_NS = 50000000, /* the least time between two migrations of an actor */
	TALK_NS = 250,      /* the extra cost of an event between two workers */
	WORTH = 2           /* the least ratio of an actor's time to the extra cost of its events */
};

/* ---- idleness ---------------------------------------------------------------------------- */

/* Relaxed: there is one writer, and the readers need only an estimate. */
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

/* ---- measuring --------------------------------------------------------------------------------- */

/* The load of one actor in a measurement. */
typedef struct mk_load {
	maiko_actor_id id;
	uint64_t ns;
	uint32_t talk; /* events between it and other actors of this worker */
	bool contended;
} mk_load;

enum { LOADS = 64 };
typedef struct mk_measure {
	uint32_t to; /* the worker with spare capacity, and how much it has */
	uint32_t spare_percent;
	uint64_t until_ns, ns;
	uint32_t count;
	mk_load loads[LOADS];
} mk_measure;

int mk_balance_init(mk_worker *w)
{
	w->measure = MK_NEW(mk_measure);
	return w->measure == NULL ? MAIKO_ENOMEM : 0;
}

static mk_load *load_of(mk_measure *m, maiko_actor_id id)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->loads[i].id == id)
			return &m->loads[i];
	if (m->count == LOADS)
		return NULL;
	m->loads[m->count] = (mk_load){.id = id};
	return &m->loads[m->count++];
}

static void count_talk(mk_worker *w, const mk_actor *a, mk_load *l)
{
	uint64_t place = mk_count(&a->box.head), end = mk_count(&a->box.tail);
	if (end > place + a->box.budget)
		end = place + a->box.budget;
	for (; place < end; place++) {
		const mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e == NULL || mk_external_of(e->sender) != NULL || e->sender == a->self ||
		    mk_home_of(w, e->sender) != w->index)
			continue;
		l->talk++;
		mk_load *sender = load_of(w->measure, e->sender->id);
		if (sender != NULL)
			sender->talk++;
	}
}

void mk_balance_run_next(mk_worker *w)
{
	const mk_actor *a = w->ready;
	mk_measure *m = w->measure;
	mk_load *l = load_of(m, a->self->id);
	if (l == NULL) {
		mk_dispatch_next(w);
		return;
	}
	count_talk(w, a, l);
	l->contended |= a->next != NULL;
	uint64_t start_ns = mk_now(&w->sup->seam);
	mk_dispatch_next(w);
	uint64_t took_ns = mk_now(&w->sup->seam) - start_ns;
	l->ns += took_ns;
	m->ns += took_ns;
}

/* ---- giving away ----------------------------------------------------------------------------------- */

static bool subscribes_to_all(mk_actor *a)
{
	return a->place_count != 0 && mk_subscriptions_at(&a->places, a->place_count)[0].topic == 0;
}

static bool may_go(mk_worker *w, const mk_load *l)
{
	uv_mutex_lock(&w->sup->lock); /* which also guards `places` */
	mk_actor *a = mk_directory_find(w->sup, l->id);
	bool may = a != NULL && a->worker == w && !a->pinned && mk_actor_may_leave(a) && !subscribes_to_all(a) &&
		   (a->extra == NULL || a->extra->moved_ns == 0 || w->now_ns - a->extra->moved_ns >= STAY_NS);
	uv_mutex_unlock(&w->sup->lock);
	return may;
}

/* The actor with the most time that is worth a migration and takes at most `most_ns`. */
static mk_load *heaviest(mk_worker *w, uint64_t most_ns)
{
	mk_measure *m = w->measure;
	mk_load *found = NULL;
	for (uint32_t i = 0; i < m->count; i++) {
		mk_load *l = &m->loads[i];
		if (l->ns > most_ns || l->ns * 100 < m->ns * SHARE_PERCENT || !l->contended ||
		    l->ns < (uint64_t)l->talk * TALK_NS * WORTH || (found != NULL && l->ns <= found->ns))
			continue;
		if (may_go(w, l))
			found = l;
		else
			l->contended = false; /* do not consider it again */
	}
	return found;
}

static void give_away(mk_worker *w)
{
	mk_measure *m = w->measure;
	uint64_t left_ns = m->ns * m->spare_percent / 200; /* half of the spare time evens out the two */
	mk_load *l;
	while ((l = heaviest(w, left_ns)) != NULL) {
		left_ns -= l->ns;
		l->contended = false;
		mk_up.move(w->sup, l->id, m->to);
	}
}

/* ---- comparing idle times ----------------------------------------------------------------------------- */

static void measure(mk_worker *w, uint32_t to, uint64_t spare_percent)
{
	mk_measure *m = w->measure;
	m->to = to;
	m->spare_percent = (uint32_t)spare_percent;
	m->until_ns = w->now_ns + MEASURE_NS;
	m->ns = m->count = 0;
	w->measuring = true;
}

void mk_balance_look(mk_worker *w)
{
	mk_sup *sup = w->sup;
	if (w->measuring) {
		if (w->now_ns < w->measure->until_ns)
			return;
		if (!w->draining)
			give_away(w);
		w->measuring = false;
		w->looked_ns = w->now_ns;
		return;
	}
	uint64_t span_ns = w->now_ns - w->looked_ns, spare = 0;
	uint32_t to = 0;
	w->looked_ns = w->now_ns;
	bool saturated = idle_percent(w, w, span_ns) < SATURATED_PERCENT;
	for (uint32_t i = 0; i < sup->options.workers; i++) {
		uint64_t percent = i == w->index ? 0 : idle_percent(w, sup->workers[i], span_ns);
		if (percent > spare) {
			spare = percent;
			to = i;
		}
	}
	bool blind = span_ns > (uint64_t)MK_BALANCE_EVERY_NS * 4; /* the worker has slept, or a callback was long */
	if (saturated && spare > SPARE_PERCENT && !blind && !w->draining &&
	    atomic_load_explicit(&sup->staying, memory_order_relaxed) == 0)
		measure(w, to, spare);
}
