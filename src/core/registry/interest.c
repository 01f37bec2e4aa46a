/*
 * interest.c - see interest.h.
 */
#include "registry/interest.h"

#include "registry/members.h"
#include "registry/pattern.h"
#include "registry/registry.h"
#include "registry/topic.h"

mk_interest *mk_record_interest(mk_record *r, uint32_t worker)
{
	for (uint32_t i = 0; i < r->interest_count; i++)
		if (r->interests[i].worker == worker)
			return &r->interests[i];
	if (mk_reserve((void **)&r->interests, &r->interest_size, r->interest_count + 1, sizeof *r->interests) != 0)
		return NULL;
	r->interests[r->interest_count] = (mk_interest){.worker = worker};
	return &r->interests[r->interest_count++];
}

static bool drops(const mk_record *r, maiko_overflow overflow)
{
	if (overflow == MAIKO_OVERFLOW_DEFAULT)
		overflow = r->desc.overflow;
	return overflow == MAIKO_DROP_NEWEST || overflow == MAIKO_DROP_OLDEST;
}

/* Counts one subscriber more, or less, on that worker. 0 or MAIKO_ENOMEM. */
static int add(mk_sup *sup, uint32_t topic, uint32_t worker, maiko_overflow overflow)
{
	mk_record *r = mk_record_at(sup, topic);
	mk_interest *i = mk_record_interest(r, worker);
	if (i == NULL)
		return MAIKO_ENOMEM;
	if (MK_UNLIKELY(r->attaches)) {
		if (r->members != NULL && mk_members_reserve(r, worker) != 0)
			return MAIKO_ENOMEM;
		mk_pattern_turn(sup, r, true);
	}
	i->subscribers++;
	i->droppers += drops(r, overflow);
	return 0;
}

static void take(mk_sup *sup, uint32_t topic, uint32_t worker, maiko_overflow overflow)
{
	mk_record *r = mk_record_at(sup, topic);
	mk_interest *i = mk_record_interest(r, worker);
	i->subscribers--;
	i->droppers -= drops(r, overflow);
	mk_pattern_counts(sup, r, false);
}

int mk_interests_add(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker)
{
	for (uint32_t i = 0; i < count; i++)
		if (add(sup, places[i].topic, worker, (maiko_overflow)places[i].overflow) != 0) {
			mk_interests_take(sup, places, i, worker);
			return MAIKO_ENOMEM;
		}
	return 0;
}

void mk_interests_take(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker)
{
	for (uint32_t i = 0; i < count; i++)
		take(sup, places[i].topic, worker, (maiko_overflow)places[i].overflow);
}

void mk_interest_refresh(mk_worker *w, uint32_t topic, uint32_t worker)
{
	mk_topic *t = worker == w->index ? NULL : mk_topic_known(w, topic);
	if (MK_UNLIKELY(t == NULL && w->sup->seam.noted) && worker != w->index) {
		t = mk_topic_here(w, topic);
		w->unsure |= t == NULL;
	}
	if (t == NULL)
		return;
	const mk_interest *i = mk_record_interest(t->record, worker); /* not NULL: mk_interests_add has made it */
	if (i == NULL)
		return;
	/* Of a share group: as of the change that the worker applies, or completes. */
	bool any = t->record->members == NULL ? i->subscribers > 0 : mk_members_any(t->record, worker, UINT64_MAX);
	mk_topic_interest(t, worker, any, i->droppers == i->subscribers);
}
