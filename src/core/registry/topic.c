/*
 * topic.c - see topic.h.
 *
 * A view that is made while a topology change is under way takes the supervisor's
 * counts, which by then may include the change's additions but not yet its removals:
 * a worker too many at the worst, which finds no subscriber and drops the entry
 * (topology.c).
 *
 * Who leaves is looked for by an index (`places`), made when that is first asked among more
 * than a few; the last subscriber takes its place. So a change costs the same however many
 * there are. Without memory for the index they are looked through.
 */
#include "registry/topic.h"

#include "registry/registry.h"

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
	if (t == NULL || mk_segmented_array_reserve(&w->topics, index) != 0) {
		mk_free_aligned(t);
		return NULL;
	}
	t->subs = &t->single;
	t->index = index;
	t->record = mk_record_at(w->sup, index);
	/* Noted, it does not depend on when: all topics with subscribers are known from when they have them. */
	if (MK_LIKELY(!w->sup->seam.noted) || w->unsure || mk_state_of(w->sup) == MK_NEW) {
		uv_mutex_lock(&w->sup->lock);
		mk_topic_refresh(t, w->index);
		uv_mutex_unlock(&w->sup->lock);
	}
	mk_segmented_array_set(&w->topics, index, t);
	return t;
}

void mk_topics_know_all(mk_worker *w)
{
	for (uint32_t i = 0; i < w->sup->topic_count; i++) {
		if (mk_record_at(w->sup, i)->interest_count == 0)
			continue;
		mk_topic *t = mk_topic_here(w, i);
		if (t == NULL)
			w->unsure = true;
		else
			mk_topic_refresh(t, w->index);
	}
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

enum { FEW = 16 };

/* In the index, which there is. */
static MK_NOINLINE void note_place(mk_topic *t, const mk_actor *a, uint32_t place)
{
	if (mk_map_put(&t->places, mk_map_key(a), place) != 0)
		mk_map_fini(&t->places);
}

/* Whether there is an index: it is made when first needed. False: no memory. */
static bool has_index(mk_topic *t)
{
	if (t->places.count == t->sub_count)
		return true;
	if (mk_map_reserve(&t->places, t->sub_count) != 0)
		return false;
	for (uint32_t i = 0; i < t->sub_count; i++)
		(void)mk_map_put(&t->places, mk_map_key(t->subs[i].actor), i);
	return true;
}

mk_sub *mk_topic_sub(mk_topic *t, const mk_actor *a)
{
	if (t->sub_count > FEW && has_index(t)) {
		const uint64_t *place = mk_map_find(&t->places, mk_map_key(a));
		return place == NULL ? NULL : &t->subs[*place];
	}
	for (uint32_t i = 0; i < t->sub_count; i++)
		if (t->subs[i].actor == a)
			return &t->subs[i];
	return NULL;
}

int mk_topic_join(mk_topic *t, mk_actor *a, maiko_overflow overflow, bool joining)
{
	int rc = room(t);
	if (rc != 0)
		return rc;
	if (overflow == MAIKO_OVERFLOW_DEFAULT && t->index != 0)
		overflow = t->record->desc.overflow;
	bool simple = overflow != MAIKO_OVERFLOW_DEFAULT && overflow != MAIKO_KEEP_LATEST;
	if (joining) {
		if (!t->changing)
			t->joined = t->sub_count;
		t->changing = true;
	}
	if (t->places.count != 0)
		note_place(t, a, t->sub_count);
	t->subs[t->sub_count++] = (mk_sub){a, (uint8_t)overflow, joining ? MK_JOINING : MK_ACTIVE, simple, 0};
	return 0;
}

void mk_topic_unjoin(mk_topic *t) { mk_map_remove(&t->places, mk_map_key(t->subs[--t->sub_count].actor)); }

void mk_topic_take_over(mk_topic *t, mk_actor *a, const mk_actor *shadow)
{
	mk_sub *s = mk_topic_sub(t, shadow);
	if (s == NULL)
		return;
	s->actor = a;
	if (t->places.count != 0) {
		mk_map_remove(&t->places, mk_map_key(shadow));
		note_place(t, a, (uint32_t)(s - t->subs));
	}
}

void mk_topic_leave(mk_topic *t, mk_actor *a)
{
	mk_sub *s = mk_topic_sub(t, a);
	if (s == NULL)
		return;
	if (!t->changing)
		t->joined = t->sub_count;
	t->changing = true;
	s->state = MK_LEAVING;
	s->next_leaving = t->leaving;
	t->leaving = (uint32_t)(s - t->subs) + 1;
}

/* So that the last is one that stays. */
static void drop_last_leaving(mk_topic *t)
{
	while (t->sub_count > 0 && t->subs[t->sub_count - 1].state == MK_LEAVING)
		mk_map_remove(&t->places, mk_map_key(t->subs[--t->sub_count].actor));
}

void mk_topic_settle(mk_topic *t)
{
	if (!t->changing)
		return;
	for (uint32_t i = t->joined; i < t->sub_count; i++)
		if (t->subs[i].state == MK_JOINING)
			t->subs[i].state = MK_ACTIVE;
	drop_last_leaving(t);
	for (uint32_t place = t->leaving; place != 0;) {
		mk_sub *s = &t->subs[place - 1];
		uint32_t next = s->next_leaving;
		if (place <= t->sub_count) { /* else it was among the last */
			mk_map_remove(&t->places, mk_map_key(s->actor));
			*s = t->subs[--t->sub_count];
			if (t->places.count != 0)
				note_place(t, s->actor, place - 1);
			drop_last_leaving(t);
		}
		place = next;
	}
	t->leaving = 0;
	t->changing = false;
	if (t->sub_count <= FEW)
		mk_map_fini(&t->places);
}

void mk_topics_settle(mk_worker *w, const mk_subscription *places, uint32_t count)
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
			mk_map_fini(&t->places);
			mk_free_aligned(t);
		}
	}
	mk_segmented_array_fini(&w->topics);
}
