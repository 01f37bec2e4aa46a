/*
 * watchdog.c - see watchdog.h.
 */
#include "lifecycle/watchdog.h"

#include "base/system.h"
#include "lifecycle/group_steps.h"
#include "observe/monitor.h"
#include "routing/news.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/timed.h"
#include "sched/thread_time.h"

#include <maiko/lifecycle.h>

#include <string.h>

enum { NS_PER_MS = 1000000, LOOKS = 4 /* per .stuck_ms */ };

static _Thread_local const mk_sup *here; /* whose watchdog this thread is, or NULL */

/* What is reported, with what of it may be freed meanwhile. */
typedef struct mk_report_of_stuck {
	maiko_observation seen;
	maiko_envelope envelope;
	char name[MAIKO_NAME_MAX + 1];
} mk_report_of_stuck;

/* ---- what a worker does ----------------------------------------------------------------------- */

/* Sequentially consistent, as it decides whether the thread sleeps (timed.h). One that another thread stands in for, or
 * that has entered an actor from libuv, counts as awake. */
static bool is_awake(mk_worker *w) { return atomic_load_explicit(&w->rest, memory_order_seq_cst) != MK_SLEEPS; }

static bool is_any_awake(mk_sup *sup)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		if (is_awake(mk_worker_at(sup, i)))
			return true;
	return false;
}

static const mk_actor *timed_of(const mk_sup *sup, const mk_sender *running)
{
	return running == NULL ? NULL : mk_map_get(&sup->watchdog->actors, mk_map_key(running));
}

static mk_stuck_mark mark_of(const mk_worker *w, uint64_t now_ns)
{
	_Atomic(mk_sender *) *running = (_Atomic(mk_sender *) *)(uintptr_t)&w->running;
	return (mk_stuck_mark){.running = atomic_load_explicit(running, memory_order_relaxed),
			       .call = mk_count(&w->timed_calls),
			       .looked_ns = now_ns};
}

static bool is_same(const mk_stuck_mark *a, const mk_stuck_mark *b)
{
	return a->running != NULL && a->running == b->running && a->call == b->call;
}

/* Whether a callback is to be reported: returns its actor, or NULL. */
static const mk_actor *look_at(mk_sup *sup, mk_worker *w, uint64_t now_ns)
{
	mk_stuck_mark *last = &sup->watchdog->marks[w->index], m = mark_of(w, now_ns);
	const mk_actor *a = timed_of(sup, m.running);
	if (a == NULL) {
		*last = (mk_stuck_mark){.running = NULL};
		return NULL;
	}
	m.next_ms = a->extra->stuck_ms;
	if (is_same(&m, last)) {
		m.run_ns = last->run_ns;
		m.stood_ns = last->stood_ns + mk_thread_time_stood(w, last->looked_ns, now_ns, &m.run_ns);
		m.next_ms = last->next_ms;
		m.told_ms = last->told_ms;
	}
	*last = m;
	return m.stood_ns >= m.next_ms * NS_PER_MS ? a : NULL;
}

const mk_actor *mk_watchdog_stuck(mk_sup *sup, const mk_worker *w, uint64_t *ret_ms)
{
	if (sup->watchdog == NULL)
		return NULL;
	const mk_stuck_mark *last = &sup->watchdog->marks[w->index];
	mk_stuck_mark m = mark_of(w, 0);
	if (last->told_ms == 0 || !is_same(&m, last))
		return NULL;
	*ret_ms = last->stood_ns / NS_PER_MS;
	return timed_of(sup, m.running);
}

/* ---- reports ---------------------------------------------------------------------------------- */

/* Takes the event that the worker has pinned for this call; NULL: none, or the call is over (*ret_over). */
static mk_event *take_pinned(mk_worker *w, uint64_t call, bool *ret_over)
{
	mk_event *e = atomic_exchange_explicit(&w->pinned, NULL, memory_order_acq_rel);
	*ret_over = mk_count(&w->timed_calls) != call;
	if (!*ret_over || e == NULL)
		return e;
	atomic_store_explicit(&w->pinned, e, memory_order_release);
	return NULL;
}

static void describe(mk_report_of_stuck *r, mk_sup *sup, const mk_worker *w, const mk_actor *a, const mk_event *e,
		     uint64_t ms)
{
	memcpy(r->name, a->self->name, strlen(a->self->name) + 1);
	if (e != NULL)
		mk_envelope_fill(&r->envelope, e);
	r->seen = (maiko_observation){.kind = MAIKO_OBSERVED_STUCK,
				      .supervisor = sup,
				      .worker = w->index + 1,
				      .now_ns = mk_now(&sup->seam),
				      .actor = a->self->id,
				      .actor_name = r->name,
				      .actor_type = a->class->desc->name,
				      .event = e == NULL ? NULL : &r->envelope,
				      .data = e == NULL ? NULL : e->data,
				      .code = (int64_t)ms,
				      .tracked = e != NULL && mk_has_receipt(e)};
}

/* With the lock, which it releases meanwhile; likewise the next ones. */
static void tell(mk_sup *sup, const mk_report_of_stuck *r)
{
	uv_mutex_unlock(&sup->lock);
	mk_monitor_tell(sup, &r->seen);
	uv_mutex_lock(&sup->lock);
}

/* A maiko_stuck on its way to a worker that publishes it. */
typedef struct mk_stuck_news {
	mk_message message;
	maiko_stuck stuck;
} mk_stuck_news;

static void drop_news(mk_message *m) { mk_free(MK_OF(m, mk_stuck_news, message)); }
static void run_news(mk_worker *w, mk_message *m)
{
	mk_news_add(w, MK_TYPE_STUCK, &MK_OF(m, mk_stuck_news, message)->stuck, NULL);
	drop_news(m);
}

/* A worker whose callback was not reported, or the stuck one itself, which publishes it when it can. */
static mk_worker *publisher_for(mk_sup *sup, mk_worker *stuck)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		if (i != stuck->index && sup->watchdog->marks[i].told_ms == 0)
			return mk_worker_at(sup, i);
	return stuck;
}

/* Not while it is recorded: in a replay callbacks take no time. Nor in a stop: it may come after the drain. */
static void publish(mk_sup *sup, mk_worker *w, const mk_report_of_stuck *r)
{
	if (mk_state_of(sup) != MK_STARTED || sup->seam.noted)
		return;
	mk_stuck_news *news = MK_NEW(mk_stuck_news);
	if (news == NULL) {
		sup->groups->untold++;
		return;
	}
	news->stuck = (maiko_stuck){.actor = r->seen.actor,
				    .ms = (uint64_t)r->seen.code,
				    .worker = r->seen.worker,
				    .actors = __atomic_load_n(&w->here_count, __ATOMIC_RELAXED)};
	mk_name_copy(news->stuck.name, r->name);
	if (r->seen.event != NULL)
		mk_name_copy(news->stuck.event, r->envelope.type->layout->name);
	news->message = (mk_message){.run = run_news, .drop = drop_news, .post = MK_POST_UNSEEN};
	mk_lane_post(publisher_for(sup, w), &news->message);
}

static void report(mk_sup *sup, mk_worker *w, const mk_actor *a)
{
	mk_watchdog *d = sup->watchdog;
	mk_stuck_mark *m = &d->marks[w->index];
	mk_report_of_stuck r;
	bool over;
	mk_event *e = take_pinned(w, m->call, &over);
	if (over)
		return;
	m->told_ms = m->stood_ns / NS_PER_MS;
	while (m->next_ms * NS_PER_MS <= m->stood_ns)
		m->next_ms *= 2;
	describe(&r, sup, w, a, e, m->told_ms);
	publish(sup, w, &r);
	d->reads = e != NULL ? w : NULL;
	tell(sup, &r);
	d->reads = NULL;
	if (e == NULL)
		return;
	atomic_store_explicit(&w->pinned, e, memory_order_release);
	uv_cond_broadcast(&sup->cond);
}

/* ---- groups ----------------------------------------------------------------------------------- */

/* Stops the supervisor if a member is overdue. Returns when the next one will be; UINT64_MAX: none stops. */
static uint64_t look_at_groups(mk_sup *sup, uint64_t now_ns)
{
	uint64_t due_ns, late_ms;
	mk_report_of_stuck r;
	const mk_care *c = mk_groups_overdue(sup, now_ns, &due_ns, &late_ms);
	if (c == NULL)
		return due_ns;
	describe(&r, sup, c->actor->worker, c->actor, NULL, late_ms);
	tell(sup, &r);
	uv_mutex_unlock(&sup->lock);
	mk_groups_end(sup);
	uv_mutex_lock(&sup->lock);
	return UINT64_MAX;
}

/* ---- the thread ------------------------------------------------------------------------------- */

static bool is_over(const mk_sup *sup) { return sup->watchdog->ends || mk_state_of(sup) >= MK_STOPPED; }

/* How long until the next look while a worker is awake. */
static uint64_t pause_ns(const mk_watchdog *d)
{
	uint32_t class = 0;
	while (class < MK_STUCK_CLASSES && d->of_class[class] == 0)
		class ++;
	return class == MK_STUCK_CLASSES ? UINT64_MAX : (UINT64_C(1) << class) * NS_PER_MS / LOOKS;
}

/* Sleeps until a worker rises, if all sleep; false: one is awake. */
static bool rest(mk_sup *sup)
{
	mk_watchdog *d = sup->watchdog;
	atomic_store_explicit(&sup->watchdog_rests, true, memory_order_seq_cst);
	bool rests = !is_any_awake(sup);
	d->until_ns = UINT64_MAX;
	while (rests && atomic_load_explicit(&sup->watchdog_rests, memory_order_relaxed) && !is_over(sup))
		uv_cond_wait(&d->cond, &sup->lock);
	atomic_store_explicit(&sup->watchdog_rests, false, memory_order_relaxed);
	d->until_ns = 0;
	return rests;
}

static void wait_until(mk_sup *sup, uint64_t until_ns)
{
	mk_watchdog *d = sup->watchdog;
	uint64_t now_ns = mk_now(&sup->seam);
	if (is_over(sup) || now_ns >= until_ns)
		return;
	d->until_ns = until_ns;
	if (until_ns == UINT64_MAX)
		uv_cond_wait(&d->cond, &sup->lock);
	else
		(void)uv_cond_timedwait(&d->cond, &sup->lock, until_ns - now_ns);
	d->until_ns = 0;
}

static void look(mk_sup *sup)
{
	uint64_t now_ns = mk_now(&sup->seam);
	mk_watchdog *d = sup->watchdog;
	for (uint32_t i = 0; i < mk_worker_total(sup) && d->actors.count != 0; i++) {
		mk_worker *w = mk_worker_at(sup, i);
		const mk_actor *a = look_at(sup, w, now_ns);
		if (a != NULL)
			report(sup, w, a);
	}
	uint64_t due_ns = look_at_groups(sup, now_ns), step_ns = pause_ns(d);
	if (is_over(sup))
		return;
	if (due_ns == UINT64_MAX && step_ns != UINT64_MAX && rest(sup))
		return;
	uint64_t next_ns = step_ns == UINT64_MAX ? UINT64_MAX : now_ns + step_ns;
	wait_until(sup, next_ns < due_ns ? next_ns : due_ns);
}

static void run(void *arg)
{
	mk_sup *sup = arg;
	here = sup;
	mk_hosting++; /* no call in a hook may wait */
	uv_mutex_lock(&sup->lock);
	while (!is_over(sup))
		look(sup);
	uv_mutex_unlock(&sup->lock);
}

int mk_watchdog_need(mk_sup *sup, uint64_t by_ns)
{
	mk_watchdog *d = mk_watchdog_of(sup);
	if (d == NULL)
		return MAIKO_ENOMEM;
	if (d->made) {
		if (by_ns < d->until_ns)
			mk_watchdog_wake(sup);
		return 0;
	}
	int rc = mk_thread_create(&d->thread, run, sup);
	d->made = rc == 0;
	return rc;
}

void mk_watchdog_end(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	mk_watchdog *d = sup->watchdog;
	bool made = d != NULL && d->made;
	if (made) {
		d->ends = true;
		d->made = false;
		mk_watchdog_wake(sup);
	}
	uv_mutex_unlock(&sup->lock);
	if (made)
		uv_thread_join(&d->thread);
}

bool mk_watchdog_is_here(const mk_sup *sup) { return here == sup; }
