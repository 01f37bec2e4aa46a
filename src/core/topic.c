/*
 * topic.c - see topic.h.
 *
 * A view that is made while a topology change is under way takes the supervisor's
 * counts, which by then may include the change's additions but not yet its removals:
 * a worker too many at the worst, which finds no subscriber and drops the entry
 * (topology.c).
 */
#include "topic.h"

#include "registry.h"

void mk_topic_refresh(mk_topic *t, uint32_t here)
{
	for (uint32_t i = 0; i < t->record->interest_count; i++) {
		const mk_interest *interest = &t->record->interests[i];
		if (interest->worker != here)
			mk_topic_interest(t, interest->worker, interest->subscribers > 0,
					  interest->droppers == interest->subscribers);
	}
}

mk_topic *mk_topic_here(mk_worker *w, uint32_t index)
{
	mk_topic *t = mk_topic_known(w, index);
	if (t != NULL)
		return t;
	t = mk_calloc_aligned(sizeof *t, MK_LINE);
	if (t == NULL || mk_table_reserve(&w->topics, index) != 0) {
		mk_free_aligned(t);
		return NULL;
	}
	t->subs = &t->single;
	t->index = index;
	t->record = mk_record_at(w->sup, index);
	uv_mutex_lock(&w->sup->lock);
	mk_topic_refresh(t, w->index);
	uv_mutex_unlock(&w->sup->lock);
	mk_table_set(&w->topics, index, t);
	return t;
}

static int room(mk_topic *t)
{
	enum { LEAST = 4 };
	uint32_t need = t->sub_count + t->reserved + 1;
	if (t->subs != &t->single)
		return mk_reserve((void **)&t->subs, &t->sub_size, need, sizeof *t->subs);
	if (need == 1)
		return 0;
	mk_sub *subs = mk_malloc(LEAST * sizeof *subs);
	if (subs == NULL)
		return MAIKO_ENOMEM;
	subs[0] = t->single;
	t->subs = subs;
	t->sub_size = LEAST;
	return 0;
}

int mk_topic_reserve(mk_topic *t)
{
	int rc = room(t);
	t->reserved += rc == 0;
	return rc;
}

int mk_topic_join(mk_topic *t, mk_actor *a, maiko_overflow overflow, bool joining)
{
	int rc = room(t);
	if (rc != 0)
		return rc;
	if (overflow == MAIKO_OVERFLOW_DEFAULT && t->index != 0)
		overflow = t->record->desc.overflow;
	bool simple = overflow != MAIKO_OVERFLOW_DEFAULT && overflow != MAIKO_KEEP_LATEST;
	t->subs[t->sub_count++] = (mk_sub){a, (uint8_t)overflow, joining ? MK_JOINING : MK_ACTIVE, simple};
	t->changing |= joining;
	return 0;
}

void mk_topic_unjoin(mk_topic *t) { t->sub_count--; }

void mk_topic_leave(mk_topic *t, mk_actor *a)
{
	for (uint32_t i = 0; i < t->sub_count; i++)
		if (t->subs[i].actor == a) {
			t->subs[i].state = MK_LEAVING;
			t->changing = true;
		}
}

void mk_topic_settle(mk_topic *t)
{
	uint32_t kept = 0;
	if (!t->changing)
		return;
	for (uint32_t i = 0; i < t->sub_count; i++)
		if (t->subs[i].state != MK_LEAVING) {
			t->subs[kept] = t->subs[i];
			t->subs[kept++].state = MK_ACTIVE;
		}
	t->sub_count = kept;
	t->changing = false;
}

void mk_topics_settle(mk_worker *w, const mk_place *places, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		mk_topic_settle(mk_topic_known(w, places[i].topic));
}

void mk_topic_interest(mk_topic *t, uint32_t worker, bool any, bool drops)
{
	uint64_t bit = UINT64_C(1) << worker;
	t->remote = any ? t->remote | bit : t->remote & ~bit;
	t->remote_drops = any && drops ? t->remote_drops | bit : t->remote_drops & ~bit;
}

void mk_topics_fini(mk_worker *w)
{
	for (uint32_t i = 0; i < w->sup->topic_count; i++) {
		mk_topic *t = mk_topic_known(w, i);
		if (t != NULL) {
			if (t->subs != &t->single)
				mk_free(t->subs);
			mk_free_aligned(t);
		}
	}
	mk_table_fini(&w->topics);
}
