/*
 * idle_topics.c - see idle_topics.h.
 *
 * The idle topics are in a list, the longest idle first. An examined one is in another, until the end of the batch.
 */
#include "registry/idle_topics.h"

#include "base/error.h"
#include "registry/attached.h"
#include "registry/expected.h"
#include "registry/keeper.h"
#include "registry/members.h"
#include "registry/named.h"
#include "registry/pattern.h"
#include "registry/registry.h"
#include "registry/target.h"
#include "registry/topic.h"

#define IDLE_NS (UINT64_C(60) * 1000 * 1000 * 1000)
#define BETWEEN_NS (UINT64_C(1000) * 1000 * 1000) /* between two examinations */

/* ---- the list of the idle ------------------------------------------------------------------- */

static void append(mk_sup *sup, mk_record *r)
{
	mk_idle_topics *idle = &sup->idle_topics;
	r->idle_ns = mk_now(&sup->seam);
	r->next_idle = NULL;
	r->at_idle = idle->first == NULL ? &idle->first : &idle->last->next_idle;
	*r->at_idle = r;
	idle->last = r;
}

static void unlist(mk_sup *sup, mk_record *r)
{
	mk_idle_topics *idle = &sup->idle_topics;
	if (r->at_idle == NULL)
		return;
	*r->at_idle = r->next_idle;
	if (r->next_idle != NULL)
		r->next_idle->at_idle = r->at_idle;
	else
		idle->last = r->at_idle == &idle->first ? NULL : MK_OF(r->at_idle, mk_record, next_idle);
	r->at_idle = NULL;
}

void mk_topic_named(mk_sup *sup, mk_record *r)
{
	unlist(sup, r);
	r->uses++;
	mk_slot_set(&r->slot, sup->serial, r->index);
}

void mk_topic_pin(mk_record *r) { r->pinned = true; }

void mk_topic_needed(mk_sup *sup, mk_record *r, bool *asks)
{
	sup->idle_topics.asking += !*asks;
	*asks = true;
	mk_slot_set(&r->slot, sup->serial, r->index);
	if (r->uses != 0 || r->pinned || r->examined)
		return;
	unlist(sup, r);
	append(sup, r);
}

int mk_topic_release(mk_sup *sup, const maiko_topic *topic)
{
	mk_record *r = topic->name == NULL ? NULL : mk_name_index_get(&sup->topic_names, topic->name);
	if (r == NULL || topic != &r->desc)
		return mk_fail(MAIKO_EINVAL,
			       "maiko_topic_release: topic '%s' is none that maiko_topic_named has returned",
			       topic->name == NULL ? "(given back)" : topic->name);
	if (r->uses == 0)
		return mk_fail(MAIKO_EINVAL, "maiko_topic_release: topic '%s' was released as often as it was named",
			       topic->name);
	if (--r->uses == 0 && !r->examined)
		append(sup, r);
	return 0;
}

/* ---- examining them -------------------------------------------------------------------------- */

/* One that was appended since `now_ns` was read is not. */
static bool is_late(const mk_record *r, uint64_t now_ns)
{
	return r != NULL && now_ns > r->idle_ns && now_ns - r->idle_ns >= IDLE_NS;
}

bool mk_idle_topics_due(mk_sup *sup)
{
	const mk_idle_topics *idle = &sup->idle_topics;
	if (MK_LIKELY(idle->first == NULL) || idle->kept || sup->seam.noted || sup->seam.led ||
	    mk_state_of(sup) != MK_STARTED)
		return false;
	uint64_t now_ns = mk_now(&sup->seam);
	return is_late(idle->first, now_ns) && now_ns - idle->examined_ns >= BETWEEN_NS;
}

/* Whether it has a subscriber, as yet or from the batch under way on, or a watcher. */
static bool has_listeners(const mk_record *r)
{
	bool any = r->all.listeners > 0 || r->notices != NULL || r->watchers != NULL;
	for (uint32_t i = 0; !any && i < r->interest_count; i++)
		any = r->interests[i].subscribers > (r->keeper != NULL && r->keeper->worker == r->interests[i].worker);
	return any;
}

void mk_idle_topics_begin(mk_sup *sup)
{
	mk_idle_topics *idle = &sup->idle_topics;
	if (!mk_idle_topics_due(sup))
		return;
	uint64_t now_ns = idle->examined_ns = mk_now(&sup->seam);
	for (mk_record *r; (r = idle->first) != NULL && is_late(r, now_ns);) {
		unlist(sup, r);
		if (has_listeners(r)) {
			append(sup, r);
			continue;
		}
		r->examined = true;
		mk_slot_set(&r->slot, 0, 0);
		atomic_store_explicit(&r->open, 0, memory_order_relaxed);
		r->next_idle = idle->examined;
		idle->examined = r;
	}
}

/* Its events on this worker that are alive. Those that a subscriber took along are counted less elsewhere. */
static uint64_t open_here(const mk_topic *t)
{
	maiko_topic_row row = {.name = NULL};
	mk_topic_add_counts(t, &row);
	return row.counts.deliveries - mk_outcomes(&row.counts) + row.delayed + t->kept;
}

void mk_idle_topics_count(mk_worker *w)
{
	if (w->sup->idle_topics.examined != NULL) {
		mk_targets_forget(w); /* from now on a send by content finds the slot empty, and sets it */
		mk_named_forget(w);
	}
	for (mk_record *r = w->sup->idle_topics.examined; r != NULL; r = r->next_idle) {
		const mk_topic *t = mk_topic_known(w, r->index);
		if (r->attaches) {
			uv_mutex_lock(&w->sup->lock);
			mk_attached_forget(w, r);
			uv_mutex_unlock(&w->sup->lock);
		}
		if (t != NULL)
			atomic_fetch_add_explicit(&r->open, open_here(t), memory_order_relaxed);
		const mk_keeper *k = mk_keeper_here(w, r);
		if (k != NULL)
			atomic_fetch_add_explicit(&r->open, mk_keeper_count(k), memory_order_relaxed);
	}
}

void mk_idle_topics_need(mk_sup *sup, const mk_subscription *places, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		mk_slot_set(&mk_record_at(sup, places[i].topic)->slot, sup->serial, places[i].topic);
}

/* ---- giving back ----------------------------------------------------------------------------- */

void mk_idle_topics_leave(mk_sup *sup, mk_record *r)
{
	*r = (mk_record){.index = r->index, .next_idle = sup->idle_topics.free};
	sup->idle_topics.free = r;
}

mk_record *mk_idle_topics_reuse(mk_sup *sup)
{
	mk_record *r = sup->idle_topics.free;
	if (r != NULL)
		sup->idle_topics.free = r->next_idle;
	return r;
}

static void give_back(mk_sup *sup, mk_record *r)
{
	mk_idle_topics *idle = &sup->idle_topics;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++)
		mk_topic_unmake(sup->workers[i], r->index, &idle->gone);
	idle->gone.refused += mk_count(&r->refused);
	mk_expected_drop(sup, r);
	mk_pattern_leave(sup, r);
	mk_keeper_drop(sup, r);
	if (r->members == NULL)
		mk_name_index_remove(&sup->topic_names, r->desc.name);
	else if (--r->members->of->uses == 0 && !r->members->of->examined)
		append(sup, r->members->of);
	mk_members_free(r->members);
	mk_free(r->desc.name);
	mk_free(r->interests);
	mk_idle_topics_leave(sup, r);
}

void mk_idle_topics_give_back(mk_sup *sup)
{
	mk_idle_topics *idle = &sup->idle_topics;
	for (mk_record *r; (r = idle->examined) != NULL;) {
		idle->examined = r->next_idle;
		r->examined = false;
		if (idle->asking == 0 && r->slot == 0 && !r->pinned && !has_listeners(r) &&
		    mk_state_of(sup) == MK_STARTED && atomic_load_explicit(&r->open, memory_order_relaxed) == 0 &&
		    atomic_load_explicit(&r->passing, memory_order_relaxed) == 0) {
			give_back(sup, r);
			continue;
		}
		mk_slot_set(&r->slot, sup->serial, r->index);
		if (r->uses == 0 && !r->pinned)
			append(sup, r);
	}
}

void mk_idle_topics_keep(mk_sup *sup)
{
	mk_lock(sup);
	sup->idle_topics.kept = true;
	mk_unlock(sup);
}
