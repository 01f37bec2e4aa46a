/*
 * shared.c - see shared.h.
 */
#include "routing/shared.h"

#include "observe/monitor.h"
#include "registry/idle_topics.h"
#include "registry/members.h"
#include "registry/registry.h"
#include "registry/topic.h"
#include "routing/delivery.h"
#include "routing/member_choice.h"
#include "routing/overflow.h"
#include "routing/receipt.h"
#include "routing/router.h"

static uint64_t bit_of(const mk_worker *w) { return UINT64_C(1) << w->index; }

/* ---- on the way to another worker ------------------------------------------------------------- */

static void arrived(mk_worker *w, mk_message *m);

/* The supervisor is freed. */
static void lost(mk_message *m)
{
	mk_parcel *p = MK_OF(m, mk_parcel, message);
	mk_event_unref(NULL, p->event); /* on the heap */
	mk_free(p);
}

mk_parcel *mk_parcel_new(const mk_worker *w, const mk_topic *group, const mk_event *e)
{
	mk_parcel *p = MK_NEW(mk_parcel);
	mk_event *copy = p == NULL ? NULL : mk_is_tracked(e) ? mk_receipt_split(e) : mk_event_copy(NULL, e);
	if (copy == NULL) {
		mk_free(p);
		return NULL;
	}
	*p = (mk_parcel){.message = {.run = arrived, .drop = lost, .post = MK_POST_UNSEEN},
			 .event = copy,
			 .marker = w->marker,
			 .group = group->index,
			 .topic = e->topic->index};
	return p;
}

void mk_parcel_send(mk_worker *w, const mk_topic *group, uint32_t to, mk_parcel *p)
{
	/* Relaxed: loads are only compared. `passing` is read by a worker that has taken what was sent before a
	 * marker. */
	atomic_fetch_add_explicit(&mk_member_load_of(group, to)->coming, 1, memory_order_relaxed);
	mk_topic_passes(p->event->topic->record, 1);
	mk_router_send_parcel(w, to, &p->message);
}

/* ---- outcomes --------------------------------------------------------------------------------- */

void mk_shared_give(mk_worker *w, const mk_sub *s, mk_event *e)
{
	mk_count_add(&e->topic->deliveries, 1);
	mk_overflow_accepted(w, s, e);
	mk_membership_settle(s->actor);
}

/* Nobody has it, and it counts; `s` NULL: of no member of this worker. */
static void refuse(mk_worker *w, const mk_sub *s, const mk_event *e, size_t outcome)
{
	mk_actor *a = s == NULL ? NULL : s->actor;
	mk_count_add(&e->topic->deliveries, 1);
	if (a != NULL)
		mk_count_refused(w, a, e, outcome);
	else
		mk_count_nowhere(w, e, outcome);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISCARDED, a, e, (int64_t)(outcome / sizeof(mk_counter)));
}

/* ---- a publish -------------------------------------------------------------------------------- */

/* To another worker. False: no memory. */
static bool publish_to(const mk_member_choice *q, mk_event *e, uint32_t to)
{
	mk_worker *w = q->worker;
	const mk_topic *group = q->group;
	bool full = mk_router_full(w, UINT64_C(1) << to) != 0;
	if (MK_UNLIKELY(full) && (group->remote_drops >> to & 1) != 0) {
		if (mk_is_tracked(e))
			mk_receipt_unknown(e);
		mk_router_drop(w, to, e);
		return true;
	}
	mk_parcel *p = mk_parcel_new(w, group, e);
	if (p == NULL)
		return false;
	p->turned_away = q->turned_away != NULL;
	p->counts = p->turned_away || q->ended != NULL;
	p->tried = q->best == NULL ? bit_of(w) : 0;
	mk_parcel_send(w, group, to, p);
	if (MK_UNLIKELY(full))
		mk_router_wait(w, to, e);
	return true;
}

/* False: the group has no member that may have it. */
static bool publish(mk_worker *w, mk_topic *group, mk_event *e)
{
	mk_member_choice q = {.worker = w, .group = group, .event = e, .marker = w->marker};
	uint64_t others = group->remote;
	mk_member_look(&q);
	if (q.best == NULL && others == 0) {
		if (q.turned_away != NULL)
			refuse(w, q.turned_away, e, MK_OUTCOME_OF(filtered));
		else if (q.ended != NULL)
			refuse(w, q.ended, e, MK_OUTCOME_OF(dead));
		return q.turned_away != NULL || q.ended != NULL;
	}
	uint64_t room = others & ~mk_router_full(w, others);
	uint32_t to = mk_member_choose(&q, room != 0 || q.best != NULL ? room : others);
	if (to != w->index && publish_to(&q, e, to))
		return true;
	if (q.best != NULL)
		mk_shared_give(w, q.best, e);
	else
		refuse(w, NULL, e, MK_OUTCOME_OF(no_memory));
	return true;
}

bool mk_shared_publish(mk_worker *w, mk_event *e)
{
	const mk_topic *t = e->topic;
	bool any = false;
	for (uint32_t i = 0; i < t->attached_count; i++)
		if (mk_is_group(t->attached[i]))
			any |= publish(w, t->attached[i], e);
	return any;
}

/* ---- an arrival ------------------------------------------------------------------------------- */

/* It is sent to a worker that was not asked yet. False: there is none, or no memory. */
static bool goes_on(const mk_member_choice *q, const mk_parcel *from)
{
	mk_worker *w = q->worker;
	mk_topic *group = q->group;
	/* Under another marker those that were tried may have members. */
	uint64_t tried = from->marker == w->marker ? from->tried : bit_of(w);
	uint64_t others = group->remote & ~tried;
	mk_parcel *p = others == 0 ? NULL : mk_parcel_new(w, group, q->event);
	if (p == NULL)
		return false;
	p->tried = tried;
	p->turned_away = from->turned_away || q->turned_away != NULL;
	p->counts = from->counts || q->turned_away != NULL || q->ended != NULL;
	mk_parcel_send(w, group, mk_member_worker(w, group, others), p);
	return true;
}

static void offer(mk_worker *w, mk_topic *group, mk_event *e, mk_parcel *p)
{
	mk_member_choice q = {.worker = w, .group = group, .event = e, .marker = p->marker};
	p->tried |= bit_of(w);
	mk_member_look(&q);
	if (q.best == NULL && w->marker != p->marker) {
		q.marker = w->marker;
		mk_member_look(&q);
	}
	if (q.best != NULL)
		mk_shared_give(w, q.best, e);
	else if (goes_on(&q, p))
		return;
	else if (p->turned_away || q.turned_away != NULL)
		refuse(w, q.turned_away, e, MK_OUTCOME_OF(filtered));
	else if (p->counts || q.ended != NULL)
		refuse(w, q.ended, e, MK_OUTCOME_OF(dead));
	else
		mk_unrouted(w, e->topic, e);
}

/* There is no memory for a view: as mk_overflow_no_memory. */
static void refuse_arrived(mk_worker *w, const mk_event *e)
{
	mk_count_add(&w->all->deliveries, 1);
	mk_count_nowhere_on(w, w->all, MK_OUTCOME_OF(no_memory));
	mk_receipt_count(e, MK_OUTCOME_OF(no_memory));
	MK_NOTIFY(w, MAIKO_OBSERVED_DISCARDED, NULL, e, MAIKO_NO_MEMORY);
}

static void arrived(mk_worker *w, mk_message *m)
{
	mk_parcel *p = MK_OF(m, mk_parcel, message);
	mk_event *e = p->event;
	mk_record *topic = mk_record_at(w->sup, p->topic);
	mk_topic *group = mk_topic_here(w, p->group), *t = mk_topic_here(w, p->topic);
	mk_advance_time(w, e);
	if (mk_is_tracked(e))
		mk_receipt_comes(w, e);
	if (group == NULL || t == NULL) {
		refuse_arrived(w, e);
	} else {
		e->topic = t;
		offer(w, group, e, p);
	}
	mk_members_arrived(w->sup, p->group, w->index);
	mk_topic_passes(topic, -1);
	mk_event_unref(&w->pool, e);
	mk_free(p);
}
