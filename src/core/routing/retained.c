/*
 * retained.c - see retained.h.
 */
#include "routing/retained.h"

#include "observe/monitor.h"
#include "registry/attached.h"
#include "registry/filter.h"
#include "routing/delivery.h"
#include "routing/overflow.h"
#include "routing/weight.h"

/* A delivery that is not queued. */
static void refuse(mk_worker *w, mk_actor *a, mk_event *e, size_t outcome)
{
	mk_count_add(&e->topic->deliveries, 1);
	mk_count_refused(w, a, e, outcome);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISCARDED, a, e, (int)(outcome / sizeof(mk_counter)));
	mk_event_unref(NULL, e);
}

/* One of a topic of which nothing is here. */
static void lose(mk_worker *w, mk_actor *a, mk_topic *t)
{
	mk_count_add(&t->deliveries, 1);
	mk_count_refused_on(w, a, t, MK_OUTCOME_OF(no_memory));
}

/* Whether it is to be queued; else it is freed, and counted if it was a delivery. */
static bool admit(mk_worker *w, mk_actor *a, mk_event *e)
{
	mk_topic *view = e->topic;
	const mk_sub *s = mk_attached_sub(w, e->topic->record, a, &view);
	if ((e->sender == a->self && !a->echo) || mk_has_expired(w, e)) {
		mk_event_unref(NULL, e);
		return false;
	}
	if ((a->sched & MK_ENDED) != 0)
		refuse(w, a, e, MK_OUTCOME_OF(dead));
	else if (w->discarding)
		refuse(w, a, e, MK_OUTCOME_OF(discarded));
	else if (s != NULL && s->filtered && !mk_filter_accepts(mk_filter_of(a, view->index), e))
		refuse(w, a, e, MK_OUTCOME_OF(filtered));
	else
		return true;
	return false;
}

/* Allocates all that queueing them needs. 0 or MAIKO_ENOMEM. */
static int reserve(mk_actor *a, mk_event *const *events, uint32_t count)
{
	uint32_t heavy = 0;
	bool ages = false;
	for (uint32_t i = 0; i < count; i++) {
		heavy += mk_is_heavy(events[i]);
		ages |= events[i]->topic->ttl_ns != 0 || mk_ttl_ms_of(events[i]) != 0;
	}
	if (mk_tally_of(a) == NULL || (ages && mk_extra_of(a) == NULL))
		return MAIKO_ENOMEM;
	if (heavy != 0 && mk_weight_reserve_more(a, heavy) != 0)
		return MAIKO_ENOMEM;
	if (ages)
		a->extra->ages = true;
	return mk_mailbox_make_room(&a->box, count);
}

static void queue(mk_worker *w, mk_actor *a, mk_event **events, uint32_t count)
{
	if (count == 0)
		return;
	if (reserve(a, events, count) != 0) {
		for (uint32_t i = 0; i < count; i++)
			refuse(w, a, events[i], MK_OUTCOME_OF(no_memory));
		return;
	}
	if (!a->warm && mk_mailbox_has_ring(&a->box))
		mk_warm(w, a);
	uint64_t head = mk_count(&a->box.head);
	for (uint32_t i = 0; i < count; i++)
		*mk_mailbox_slot(&a->box, head + i) = events[i];
	mk_overflow_shifted(a);
	if (a->extra != NULL)
		mk_oldest_forget(a->extra);
	for (uint32_t i = 0; i < count; i++) {
		mk_count_add(&events[i]->topic->deliveries, 1);
		MK_NOTIFY(w, MAIKO_OBSERVED_DELIVERED, a, events[i], 0);
	}
}

void mk_retained_give(mk_worker *w, mk_actor *a, const mk_retained *list, uint32_t count, uint64_t lost)
{
	uint32_t admitted = 0;
	mk_event **events = mk_malloc((count + 1) * sizeof(mk_event *));
	for (; lost > 0; lost--)
		lose(w, a, w->all);
	for (uint32_t i = 0; i < count; i++) {
		mk_event *e = list[i].event;
		mk_topic *t = mk_topic_here(w, list[i].topic);
		if (t == NULL || e == NULL || events == NULL) {
			lose(w, a, t == NULL ? w->all : t);
			if (e != NULL)
				mk_event_unref(NULL, e);
			continue;
		}
		e->topic = t;
		if (admit(w, a, e))
			events[admitted++] = e;
	}
	uint32_t left = admitted == 0 ? 0 : mk_overflow_newest(a, events, admitted);
	if (left == UINT32_MAX) {
		for (uint32_t i = 0; i < admitted; i++)
			refuse(w, a, events[i], MK_OUTCOME_OF(no_memory));
		left = 0;
	}
	queue(w, a, events, left);
	mk_free(events);
}
