/*
 * overflow.c - see overflow.h.
 *
 * Keep-latest finds the queued event of a key by an index from (topic, type, key) to the
 * position in the mailbox. Positions count all events ever queued, so one below the head has
 * been taken. When events have moved, or one could not be added, the index is rebuilt before
 * its next use; without memory for that the mailbox is searched.
 */
#include "routing/overflow.h"

#include "observe/monitor.h"
#include "registry/attached.h"
#include "registry/filter.h"
#include "registry/group.h"
#include "registry/members.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/private.h"
#include "routing/router.h"
#include "routing/weight.h"
#include "runtime/ready.h"

/* The maiko_outcome of an offset in mk_counts. */
static int outcome_code(size_t outcome) { return (int)(outcome / sizeof(mk_counter)); }

static void refuse(mk_worker *w, mk_actor *a, const mk_event *e, size_t outcome)
{
	mk_count_refused(w, a, e, outcome);
	MK_NOTIFY(w, outcome == MK_OUTCOME_OF(dropped) ? MAIKO_OBSERVED_OVERFLOWED : MAIKO_OBSERVED_DISCARDED, a, e,
		  outcome_code(outcome));
}

/* What cannot be copied: the view that its deliveries are counted on, and how many there are. */
typedef struct lack {
	mk_worker *worker;
	mk_topic *row;
	const mk_event *from;
	uint64_t marker, refused;
} lack;

static int refuse_all(void *arg, mk_topic *view)
{
	lack *l = arg;
	if (mk_is_group(view)) /* what goes to one of its members comes in another way (shared.h) */
		return 0;
	for (uint32_t i = 0; i < view->sub_count; i++) {
		const mk_sub *s = &view->subs[i];
		if (!mk_receives(l->worker, s, l->from, l->marker) ||
		    mk_has_earlier(l->worker, l->from->topic->record, view, s, l->marker))
			continue;
		l->refused++;
		mk_count_add(&l->row->deliveries, 1);
		mk_count_refused_on(l->worker, s->actor, l->row, MK_OUTCOME_OF(no_memory));
		MK_NOTIFY(l->worker, MAIKO_OBSERVED_DISCARDED, s->actor, l->from, MAIKO_NO_MEMORY);
	}
	return 0;
}

uint64_t mk_overflow_no_memory(mk_worker *w, mk_topic *t, const mk_event *from, uint64_t marker)
{
	lack l = {.worker = w, .row = t == NULL ? w->all : t, .from = from, .marker = marker};
	if (t != NULL)
		(void)refuse_all(&l, t);
	if (!mk_topic_is_own(from->topic->index)) {
		(void)mk_attached_each(w, t, from->topic->record, refuse_all, &l);
		(void)refuse_all(&l, w->all);
	}
	return l.refused;
}

void mk_purge(mk_worker *w, mk_actor *a, bool left, size_t outcome)
{
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (place < mk_count(&a->box.head) || e == NULL || (left && !mk_attached_left(w, e->topic, a)))
			continue;
		mk_weight_leaves(a, place, NULL);
		if (mk_mailbox_remove(&a->box, place)) /* events that stay may be visited twice */
			mk_overflow_shifted(a);
		mk_count_outcome(a, e, outcome);
		MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_DISCARDED, a, e, outcome_code(outcome));
		mk_event_unref(&w->pool, e);
	}
}

/* ---- keep latest ------------------------------------------------------------------ */

typedef struct mk_keep_entry {
	const mk_topic *topic; /* NULL: free */
	const mk_type *type;
	uint64_t key, place;
} mk_keep_entry;

struct mk_keep {
	uint32_t size, count;
	bool shifted; /* events have moved: the positions are invalid */
	mk_keep_entry entries[];
};

void mk_overflow_shifted(mk_actor *a)
{
	if (a->extra != NULL && a->extra->keep != NULL)
		a->extra->keep->shifted = true;
	mk_weight_again(a);
	mk_private_shift(a);
}

void mk_overflow_take_out(mk_actor *a, uint64_t place)
{
	mk_weight_leaves(a, place, NULL);
	if (mk_mailbox_remove(&a->box, place))
		mk_overflow_shifted(a);
}

static uint64_t key_of(const mk_event *e)
{
	const maiko_topic *desc = &e->topic->record->desc;
	maiko_any any = {e->type->desc, e->data};
	return desc->key == NULL ? 0 : desc->key(&any);
}

static mk_keep_entry *entry_of(struct mk_keep *keep, const mk_event *e, uint64_t key)
{
	uint64_t h = (key ^ e->type->index ^ (uint64_t)e->topic->index << 32) * UINT64_C(0x9e3779b97f4a7c15);
	for (uint32_t i = (uint32_t)(h >> 32);; i++) {
		mk_keep_entry *entry = &keep->entries[i & (keep->size - 1)];
		if (entry->topic == NULL || (entry->topic == e->topic && entry->type == e->type && entry->key == key))
			return entry;
	}
}

static void note(struct mk_keep *keep, const mk_event *e, uint64_t key, uint64_t place)
{
	mk_keep_entry *entry = entry_of(keep, e, key);
	keep->count += entry->topic == NULL;
	*entry = (mk_keep_entry){e->topic, e->type, key, place};
}

/* An index of the queued events, with room for so many more; NULL: no memory. */
static struct mk_keep *index_of(const mk_actor *a, uint64_t more)
{
	uint64_t queued = mk_mailbox_length(&a->box) + more;
	uint32_t size = 16;
	while (size < queued * 4)
		size *= 2;
	struct mk_keep *keep = mk_calloc(1, sizeof *keep + size * sizeof keep->entries[0]);
	if (keep == NULL)
		return NULL;
	keep->size = size;
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		const mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e != NULL)
			note(keep, e, key_of(e), place);
	}
	return keep;
}

/* Rebuilds the index from the queued events; without memory the old one stays. Between two rebuilds at
 * least as many events pass the mailbox, or leave its middle, as a rebuild visits. */
static bool reindex(mk_actor *a)
{
	struct mk_keep *keep = mk_extra_of(a) == NULL ? NULL : index_of(a, 0);
	if (keep == NULL)
		return false;
	mk_free(a->extra->keep);
	a->extra->keep = keep;
	a->unindexed = false;
	return true;
}

static void remember(mk_actor *a, const mk_event *e, uint64_t key, uint64_t place)
{
	const struct mk_keep *keep = a->extra == NULL ? NULL : a->extra->keep;
	if ((keep == NULL || keep->count * 2 >= keep->size) && !reindex(a))
		a->unindexed = true;
	else
		note(a->extra->keep, e, key, place);
}

static bool holds(const mk_actor *a, uint64_t place, const mk_event *like, uint64_t key)
{
	if (place < mk_count(&a->box.head) || place >= mk_count(&a->box.tail))
		return false;
	const mk_event *e = *mk_mailbox_slot(&a->box, place);
	return e != NULL && e->topic == like->topic && e->type == like->type && key_of(e) == key;
}

/* Makes the index complete and its positions valid. False: no memory. */
static bool is_indexed(mk_actor *a)
{
	const struct mk_keep *keep = a->extra == NULL ? NULL : a->extra->keep;
	return (keep != NULL && !keep->shifted && !a->unindexed) || reindex(a);
}

/* Finds the position of the queued event with that key. */
static bool find_latest(mk_actor *a, const mk_event *e, uint64_t key, uint64_t *ret_place)
{
	uint64_t place = mk_count(&a->box.head), end = mk_count(&a->box.tail);
	if (place != end && is_indexed(a)) {
		const mk_keep_entry *entry = entry_of(a->extra->keep, e, key);
		place = entry->place;
		end = entry->topic == NULL ? place : place + 1;
	}
	while (place < end && !holds(a, place, e, key))
		place++;
	*ret_place = place;
	return place < end;
}

void mk_keep_fini(mk_extra *x)
{
	mk_free(x->keep);
	x->keep = NULL;
}

static maiko_overflow policy_for(const mk_actor *a, const mk_event *e)
{
	const mk_sub *s = mk_attached_sub(a->worker, e->topic->record, a, NULL);
	maiko_overflow policy = s == NULL ? MAIKO_BLOCK : (maiko_overflow)s->overflow;
	return policy == MAIKO_OVERFLOW_DEFAULT ? e->topic->record->desc.overflow : policy;
}

bool mk_overflow_is_replaced(mk_actor *a, const mk_event *e)
{
	uint64_t place;
	return policy_for(a, e) == MAIKO_KEEP_LATEST && find_latest(a, e, key_of(e), &place);
}

uint32_t mk_overflow_newest(mk_actor *a, mk_event **events, uint32_t count)
{
	struct mk_keep *keep = NULL;
	uint32_t left = count;
	for (uint32_t i = count; i-- > 0;) {
		mk_event *e = events[i];
		bool by_key = policy_for(a, e) == MAIKO_KEEP_LATEST;
		if (by_key && keep == NULL && (keep = index_of(a, count)) == NULL)
			return UINT32_MAX;
		uint64_t key = by_key ? key_of(e) : 0;
		if (by_key && entry_of(keep, e, key)->topic != NULL) {
			mk_event_unref(NULL, e);
			continue;
		}
		if (by_key)
			note(keep, e, key, 0);
		events[--left] = e;
	}
	mk_free(keep);
	for (uint32_t i = left; i < count && left != 0; i++)
		events[i - left] = events[i];
	return count - left;
}

void mk_overflow_returned(mk_actor *a, const mk_event *e)
{
	if (a->extra->keep != NULL)
		remember(a, e, key_of(e), mk_count(&a->box.head));
}

/* ---- policies ---------------------------------------------------------------------- */

/* Whether the bound in events or the bound in bytes is reached. */
static bool is_full(const mk_worker *w, mk_actor *a, const mk_event *e, uint32_t capacity)
{
	return mk_mailbox_length(&a->box) >= capacity || (mk_is_heavy(e) && mk_weight_full(w, a, 1));
}

static void deliver(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint64_t tail = mk_count(&a->box.tail);
	if (!mk_is_heavy(e)) {
		mk_deliver(w, a, e);
	} else if (mk_weight_reserve(a) != 0) {
		mk_deliver_failed(w, a, e);
	} else {
		mk_deliver(w, a, e);
		if (mk_count(&a->box.tail) != tail)
			mk_weight_queued(a, e, tail);
	}
}

static void block(mk_worker *w, mk_actor *a, mk_event *e)
{
	if (is_full(w, a, e, a->box.capacity) && mk_mute_by_subscriber(w, e, a) != 0)
		refuse(w, a, e, MK_OUTCOME_OF(no_memory));
	else
		deliver(w, a, e);
}

static void drop_oldest(mk_worker *w, mk_actor *a, mk_event *e);

/* One of a new key: in a full mailbox it mutes its sender, or, from the library, replaces the oldest of its topic. */
static void keep_new(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint32_t capacity = a->shadow ? a->box.budget : a->box.capacity;
	if (!mk_topic_is_own(e->topic->index))
		block(w, a, e);
	else if (is_full(w, a, e, capacity))
		drop_oldest(w, a, e);
	else
		deliver(w, a, e);
}

static void keep_latest(mk_worker *w, mk_actor *a, mk_event *e)
{
	uint64_t place, key = key_of(e);
	if (find_latest(a, e, key, &place)) {
		mk_event **slot = mk_mailbox_slot(&a->box, place);
		mk_event *old = *slot;
		mk_weight_leaves(a, place, e);
		*slot = e;
		e->refs++;
		mk_count_refused(w, a, old, MK_OUTCOME_OF(dropped));
		MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_OVERFLOWED, a, old, MAIKO_DROPPED);
		MK_NOTIFY(w, MAIKO_OBSERVED_DELIVERED, a, e, 0);
		mk_event_unref(&w->pool, old);
		return;
	}
	uint64_t tail = mk_count(&a->box.tail);
	keep_new(w, a, e);
	if (mk_count(&a->box.tail) != tail)
		remember(a, e, key, tail);
}

/* A lower bound for the position of the topic's oldest event, valid because events move to higher
 * positions only. NULL without memory. */
static uint64_t *oldest_of(mk_actor *a, const mk_topic *topic)
{
	mk_extra *x = mk_extra_of(a);
	uint64_t *place = x == NULL ? NULL : mk_map_find(&x->oldest, mk_map_key(topic));
	if (place == NULL && x != NULL && mk_map_put(&x->oldest, mk_map_key(topic), 0) == 0)
		place = mk_map_find(&x->oldest, mk_map_key(topic));
	return place;
}

void mk_oldest_forget(mk_extra *x) { mk_map_clear(&x->oldest); }

/* Drops the oldest event of the topic of `e`. False: there was none. */
static bool drop_one(mk_worker *w, mk_actor *a, const mk_event *e)
{
	uint64_t place = mk_count(&a->box.head), tail = mk_count(&a->box.tail);
	uint64_t *oldest = oldest_of(a, e->topic);
	if (oldest != NULL && *oldest > place)
		place = *oldest;
	mk_event *old = NULL;
	for (; place < tail; place++) {
		old = *mk_mailbox_slot(&a->box, place);
		if (old != NULL && old->topic == e->topic)
			break;
	}
	if (oldest != NULL)
		*oldest = place;
	if (place >= tail)
		return false;
	assert(old != NULL);
	mk_weight_leaves(a, place, NULL);
	if (mk_mailbox_remove(&a->box, place))
		mk_overflow_shifted(a);
	mk_count_outcome(a, old, MK_OUTCOME_OF(dropped));
	MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_OVERFLOWED, a, old, MAIKO_DROPPED);
	mk_event_unref(&w->pool, old);
	return true;
}

/* Drops one event for it, or as many as its bytes need. A mailbox that retained events have overfilled stays as full as
 * it is. */
static void drop_oldest(mk_worker *w, mk_actor *a, mk_event *e)
{
	do
		if (!drop_one(w, a, e)) {
			refuse(w, a, e, MK_OUTCOME_OF(dropped)); /* full of events of other topics */
			return;
		}
	while (mk_is_heavy(e) && mk_weight_full(w, a, 1));
	deliver(w, a, e);
}

/* MAIKO_FAIL reports `dropped` to the subscriber; if that cannot be stored, the outcome is no_memory. */
static void fail(mk_worker *w, mk_actor *a, const mk_event *e)
{
	if (mk_extra_of(a) == NULL) {
		refuse(w, a, e, MK_OUTCOME_OF(no_memory));
		return;
	}
	refuse(w, a, e, MK_OUTCOME_OF(dropped));
	a->extra->overflowed = true;
	mk_wake(w, a);
}

/* An event that may expire comes to the mailbox: from now on the runs look (dispatch.c). A shadow does not run. False:
 * there is no memory for that; of an event whose topic lets it expire the actor has it since it subscribes. */
static bool age(mk_actor *a)
{
	if (a->shadow)
		return true;
	if (mk_extra_of(a) == NULL)
		return false;
	a->extra->ages = true;
	return true;
}

static void admit(mk_worker *w, const mk_sub *s, mk_event *e)
{
	mk_actor *a = s->actor;
	if (MK_UNLIKELY(e->topic->ttl_ns != 0 || mk_expires(e)) && !age(a)) {
		refuse(w, a, e, MK_OUTCOME_OF(no_memory));
		return;
	}
	maiko_overflow policy = (maiko_overflow)s->overflow;
	if (policy == MAIKO_OVERFLOW_DEFAULT)
		policy = e->topic->record->desc.overflow;
	if (policy == MAIKO_BLOCK && (a->sched & MK_DOWN) != 0 && mk_care_of(a)->backoff.overflow == MAIKO_DROP_OLDEST)
		policy = MAIKO_DROP_OLDEST;
	/* A shadow's mailbox has capacity 0, so that each delivery comes here. For policies other than block
	 * its budget, which is the capacity of the actor (migrate.c), is the bound. */
	uint32_t capacity = a->shadow && policy != MAIKO_BLOCK ? a->box.budget : a->box.capacity;
	if (policy != MAIKO_KEEP_LATEST && !is_full(w, a, e, capacity)) {
		deliver(w, a, e);
		return;
	}
	switch (policy) {
	case MAIKO_DROP_NEWEST:
		refuse(w, a, e, MK_OUTCOME_OF(dropped));
		break;
	case MAIKO_DROP_OLDEST:
		drop_oldest(w, a, e);
		break;
	case MAIKO_KEEP_LATEST:
		keep_latest(w, a, e);
		break;
	case MAIKO_FAIL:
		fail(w, a, e);
		break;
	case MAIKO_BLOCK:
	case MAIKO_OVERFLOW_DEFAULT:
		block(w, a, e);
		break;
	}
}

/* What becomes of it, if it may not even be offered: an offset in mk_counts; `handled`: it may. */
static size_t unwanted(const mk_worker *w, const mk_sub *s)
{
	if ((s->actor->sched & MK_ENDED) != 0)
		return MK_OUTCOME_OF(dead);
	return w->discarding ? MK_OUTCOME_OF(discarded) : MK_OUTCOME_OF(handled);
}

void mk_overflow_accepted(mk_worker *w, const mk_sub *s, mk_event *e)
{
	size_t outcome = unwanted(w, s);
	if (outcome != MK_OUTCOME_OF(handled))
		refuse(w, s->actor, e, outcome);
	else
		admit(w, s, e);
}

void mk_overflow_by(mk_worker *w, const mk_topic *view, const mk_sub *s, mk_event *e)
{
	if (MK_UNLIKELY(s->filtered) && unwanted(w, s) == MK_OUTCOME_OF(handled) &&
	    !mk_filter_accepts(mk_filter_of(s->actor, view->index), e))
		refuse(w, s->actor, e, MK_OUTCOME_OF(filtered));
	else
		mk_overflow_accepted(w, s, e);
}

void mk_overflow(mk_worker *w, const mk_sub *s, mk_event *e) { mk_overflow_by(w, e->topic, s, e); }
