/*
 * attached_events.c - see attached_events.h.
 */
#include "routing/attached_events.h"

#include "registry/members.h"
#include "routing/overflow.h"
#include "routing/router.h"

/* To the subscribers of the patterns that match the topic; an actor gets it once. */
static uint64_t fan_out_view(mk_worker *w, const mk_topic *view, bool simple, mk_event *e, uint64_t marker)
{
	uint64_t deliveries = 0;
	for (uint32_t i = 0; i < view->sub_count; i++) {
		const mk_sub *s = &view->subs[i];
		mk_actor *a = s->actor;
		if (!mk_receives(w, s, e, marker) || mk_has_earlier(w, e->topic->record, view, s, marker))
			continue;
		deliveries++;
		if (MK_LIKELY(simple && s->simple && mk_mailbox_length(&a->box) < a->box.capacity))
			mk_deliver(w, a, e);
		else
			mk_overflow_by(w, view, s, e);
	}
	return deliveries;
}

void mk_fan_out_attached(mk_worker *w, mk_event *e, uint64_t marker)
{
	mk_topic *t = e->topic;
	bool simple = !mk_is_heavy(e) && !mk_expires(e) && mk_attached_may_be_simple(t);
	for (uint32_t i = 0; i < t->attached_count; i++)
		if (!mk_is_group(t->attached[i])) /* else shared.h */
			mk_count_add(&t->deliveries, fan_out_view(w, t->attached[i], simple, e, marker));
}
