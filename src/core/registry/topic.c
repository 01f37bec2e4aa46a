/*
 * topic.c - see topic.h.
 *
 * A view made while a topology change is under way copies the supervisor's counts, which
 * may already include the change's additions but not its removals. At worst it names a
 * worker too many, which finds no subscriber and drops the entry (topology.c).
 *
 * A leaving subscriber is found by an index (`places`), built by the first search among more
 * than FEW; the last subscriber moves to its position. So a change takes constant time for each
 * subscriber. Without memory for the index the search is linear.
 */
#include "registry/topic.h"

#include "registry/keeper.h"
#include "registry/members.h"
#include "registry/pattern.h"
#include "registry/registry.h"

void mk_topic_refresh(const mk_worker *w, mk_topic *t)
{
	const mk_record *r = t->record;
	for (uint32_t i = 0; i < r->interest_count; i++) {
		const mk_interest *interest = &r->interests[i];
		uint32_t other = interest->worker;
		bool any = r->members == NULL ? interest->subscribers > 0 : mk_members_any(r, other, w->marker);
		if (other != w->index)
			mk_topic_interest(t, other, any, interest->droppers == interest->subscribers);
	}
}

/* A view always names the keeper's worker, also one that is made without reading the counts. */
static void view_keeper(mk_topic *t, uint32_t here)
{
	const mk_keeper *k = t->record->keeper;
	if (MK_LIKELY(k == NULL))
		return;
	t->keeps = k->worker == here;
	if (!t->keeps && (t->remote >> k->worker & 1) == 0)
		mk_topic_interest(t, k->worker, true, mk_keeper_drops(k));
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
	t->checked = t->record->desc.check != NULL;
	t->several = index == 0 || t->record->attaches;
	t->ttl_ns = t->record->desc.ttl_ms * 1000000;
	uv_mutex_lock(&w->sup->lock);
	if (mk_topic_may_follow(w))
		mk_topic_refresh(w, t);
	/* When recording too: whether there are any patterns yet makes no difference to the list that is made of it. */
	if (w->sup->patterns.count != 0 && mk_record_is_matched(t->record))
		t->attaches = MK_STALE;
	uv_mutex_unlock(&w->sup->lock);
	view_keeper(t, w->index);
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
			mk_topic_refresh(w, t);
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

/* Adds a position to the index. Precondition: there is an index. */
static MK_NOINLINE void note_place(mk_topic *t, const mk_actor *a, uint32_t place)
{
	if (mk_map_put(&t->places, mk_map_key(a), place) != 0)
		mk_map_fini(&t->places);
}

/* Builds the index if it is missing. False: no memory. */
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

int mk_topic_join(mk_topic *t, mk_actor *a, const mk_subscription *place, bool joining)
{
	maiko_overflow overflow = (maiko_overflow)place->overflow;
	bool filtered = place->filter != 0;
	int rc = room(t);
	if (rc != 0)
		return rc;
	if (overflow == MAIKO_OVERFLOW_DEFAULT && t->index != 0)
		overflow = t->record->desc.overflow; /* of a pattern: DEFAULT */
	bool simple = (overflow != MAIKO_OVERFLOW_DEFAULT || t->record->attaches) && overflow != MAIKO_KEEP_LATEST &&
		      !filtered && t->ttl_ns == 0;
	if (joining) {
		if (!t->changing)
			t->joined = t->sub_count;
		t->changing = true;
	}
	if (t->places.count != 0)
		note_place(t, a, t->sub_count);
	t->subs[t->sub_count++] = (mk_sub){a, (uint8_t)overflow, joining ? MK_JOINING : MK_ACTIVE, simple, filtered, 0};
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

/* Removes leaving subscribers from the end, so that the last one stays. */
static void drop_last_leaving(mk_topic *t)
{
	while (t->sub_count > 0 && t->subs[t->sub_count - 1].state == MK_LEAVING)
		mk_map_remove(&t->places, mk_map_key(t->subs[--t->sub_count].actor));
}

static void settle(mk_topic *t)
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
		if (place <= t->sub_count) { /* else drop_last_leaving has removed it */
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
	for (uint32_t i = 0; i < count; i++) {
		mk_topic *t = mk_topic_known(w, places[i].topic);
		if (t != NULL)
			settle(t);
	}
}

void mk_topics_mark(mk_worker *w, const mk_subscription *places, uint32_t count, bool marked)
{
	for (uint32_t i = 0; i < count; i++) {
		mk_topic *t = mk_topic_known(w, places[i].topic);
		if (t != NULL)
			t->marked = marked;
	}
}

void mk_topic_interest(mk_topic *t, uint32_t worker, bool any, bool drops)
{
	uint64_t bit = UINT64_C(1) << worker;
	t->remote = any ? t->remote | bit : t->remote & ~bit;
	t->remote_drops = any && drops ? t->remote_drops | bit : t->remote_drops & ~bit;
}

void mk_topic_add_counts(const mk_topic *t, maiko_topic_row *to)
{
	to->published += mk_count(&t->published);
	to->unrouted += mk_count(&t->unrouted);
	to->channel_dropped += mk_count(&t->channel_dropped);
	to->delayed += mk_count(&t->delayed);
	to->bytes += mk_count(&t->bytes);
	to->delayed_discarded += mk_count(&t->delayed_discarded);
	to->counts.deliveries += mk_count(&t->deliveries);
	mk_counts_read(&to->counts, &t->counts);
}

static void free_view(mk_topic *t)
{
	if (t == NULL)
		return;
	if (t->subs != &t->single)
		mk_free(t->subs);
	mk_map_fini(&t->places);
	mk_free(t->attached);
	mk_free_aligned(t);
}

void mk_topic_unmake(mk_worker *w, uint32_t index, maiko_topic_row *gone)
{
	mk_topic *t = mk_topic_known(w, index);
	if (t == NULL)
		return;
	mk_topic_add_counts(t, gone);
	mk_segmented_array_set(&w->topics, index, NULL);
	free_view(t);
}

void mk_topics_fini(mk_worker *w)
{
	for (uint32_t i = 0; i < w->sup->topic_count; i++)
		free_view(mk_topic_known(w, i));
	mk_segmented_array_fini(&w->topics);
}
