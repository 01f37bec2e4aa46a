/*
 * external.c - see external.h.
 *
 * Waiting: the thread stores `waiting`, then loads its credit, the mutes and the state; a
 * worker stores one of those, then loads `waiting`. All are sequentially consistent, so at
 * least one sees the other's store. The condition is signaled under the record's mutex.
 * models/feed.pml verifies it, and how a worker learns of events and closes.
 */
#include "routing/external.h"

#include "base/error.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/named.h"
#include "registry/registry.h"
#include "registry/topic.h"
#include "routing/external_sender.h"
#include "routing/receipt.h"
#include "routing/router.h"
#include "runtime/callback.h"
#include "runtime/lane.h"

#include <string.h>

/* An event in a feed; its payload follows. */
typedef struct fed {
	mk_feed_item item;
	uint32_t topic;
	const mk_type *type; /* NULL: of an event on the heap, to which the payload is the pointer */
	uint64_t sequence;
	uint64_t timestamp_ns;
	_Alignas(MK_FEED_ALIGN) unsigned char payload[];
} fed;
_Static_assert(sizeof(fed) + MK_INLINE_MAX <= MK_FEED_ITEM_MAX, "every inline payload fits an item");

static mk_external *sender_of(mk_feed *feed) { return MK_OF(feed, mk_external, feed); }
static mk_feed *feed_of(mk_link *link) { return MK_OF(link, mk_feed, link); }
static bool is_of(const mk_external *f, uint32_t worker) { return mk_home_now(f->self) == worker; }

static uint64_t left_in(mk_feed *feed) { return mk_feed_published(feed) - mk_count(&feed->taken); }

void mk_external_totals(mk_sup *sup, uint32_t worker, uint64_t *ret_sent, uint64_t *ret_taken)
{
	*ret_sent = *ret_taken = 0;
	for (mk_external *f = sup->external_senders; f != NULL; f = f->next)
		if (is_of(f, worker)) {
			*ret_taken += atomic_load_explicit(&f->feed.taken, memory_order_acquire);
			*ret_sent += mk_feed_published(&f->feed);
		}
}

static mk_event *heap_event_of(const fed *item)
{
	mk_event *e;
	memcpy(&e, item->payload, sizeof e);
	return e;
}

static void free_events(mk_feed *feed)
{
	for (uint64_t left = left_in(feed); left > 0; left--) {
		const fed *item = mk_feed_take(feed);
		if (item->type == NULL)
			mk_event_free(NULL, heap_event_of(item));
		mk_feed_acknowledge(feed, 1);
	}
}

void mk_external_drop(mk_worker *w)
{
	for (mk_external *f = w->sup->external_senders; f != NULL; f = f->next)
		if (is_of(f, w->index))
			free_events(&f->feed);
}

/* ---- sending ------------------------------------------------------------------------------- */

int mk_external_add(mk_external *f, const mk_type *type, uint32_t topic, const void *value, uint64_t timestamp_ns)
{
	fed *item = (fed *)mk_feed_add(&f->feed, (uint32_t)sizeof *item + type->size);
	if (item == NULL)
		return MAIKO_ENOMEM;
	item->topic = topic;
	item->type = type;
	item->sequence = ++f->sequence;
	item->timestamp_ns = timestamp_ns;
	mk_copy_small(item->payload, value, type->size);
	return 0;
}

int mk_external_add_event(mk_external *f, const mk_event *e)
{
	fed *item = (fed *)mk_feed_add(&f->feed, (uint32_t)(sizeof *item + sizeof e));
	if (item == NULL)
		return MAIKO_ENOMEM;
	item->type = NULL;
	memcpy(item->payload, &e, sizeof e);
	return 0;
}

int mk_external_show(mk_sup *sup, mk_external *f)
{
	mk_feed_told told = mk_feed_publish(&f->feed);
	if (told == MK_FEED_REFUSED)
		return MAIKO_ESHUTDOWN;
	if (told == MK_FEED_TELL) {
		mk_worker *w = mk_worker_at(sup, mk_home_now(f->self));
		(void)mk_inbox_push(&w->external, &f->feed.link); /* false: mk_external_close finds it */
		mk_lane_wake(w);
	}
	return 0;
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* The credit that ends a wait for it. */
static bool is_low(const mk_sup *sup, uint64_t sent) { return sent <= sup->options.external_credit / 2; }

static void signal_one(mk_external *f)
{
	if (atomic_load_explicit(&f->waiting, memory_order_seq_cst)) {
		uv_mutex_lock(&f->mutex);
		uv_cond_broadcast(&f->cond);
		uv_mutex_unlock(&f->mutex);
	}
}

bool mk_external_mute(mk_external *f, uint64_t sequence)
{
	uv_mutex_lock(&f->mutex);
	bool its = sequence >= f->first;
	if (its)
		atomic_fetch_add_explicit(&f->mutes, 1, memory_order_seq_cst);
	uv_mutex_unlock(&f->mutex);
	return its;
}

void mk_external_release(mk_external *f)
{
	atomic_fetch_sub_explicit(&f->mutes, 1, memory_order_seq_cst);
	signal_one(f);
}

void mk_external_wake_all(mk_sup *sup)
{
	for (mk_external *f = sup->external_senders; f != NULL; f = f->next)
		signal_one(f);
}

/* Credit has been returned. What a waiting thread has sent does not change any more. */
static void signal_if_low(mk_sup *sup, mk_external *f)
{
	if (MK_UNLIKELY(atomic_load_explicit(&f->waiting, memory_order_seq_cst)) && is_low(sup, left_in(&f->feed)))
		signal_one(f);
}

/* 0, MAIKO_EAGAIN or MAIKO_ESHUTDOWN. `waits`: has waited for credit, so that some is not enough. */
static int may_send(mk_sup *sup, mk_external *f, bool waits)
{
	uint64_t credit = sup->options.external_credit, sent = mk_feed_length(&f->feed, waits);
	if (MK_UNLIKELY(sent >= credit))
		sent = mk_feed_length(&f->feed, true);
	if (mk_state_of(sup) >= MK_STOPPING)
		return MAIKO_ESHUTDOWN;
	if (atomic_load_explicit(&f->mutes, memory_order_seq_cst) != 0)
		return MAIKO_EAGAIN;
	return (waits ? is_low(sup, sent) : sent < credit) ? 0 : MAIKO_EAGAIN;
}

uint64_t mk_external_credit(mk_sup *sup, mk_external *f)
{
	return sup->options.external_credit - mk_feed_length(&f->feed, false);
}

static int wait_simulated(mk_sup *sup, mk_external *f, uint64_t until)
{
	int rc;
	while ((rc = may_send(sup, f, false)) == MAIKO_EAGAIN && mk_now(&sup->seam) < until)
		sup->seam.wait(sup->seam.arg, until);
	return rc == MAIKO_EAGAIN ? MAIKO_ETIMEDOUT : rc;
}

MK_NOINLINE int mk_external_fail(mk_sup *sup, int rc)
{
	switch (rc) {
	case MAIKO_ESHUTDOWN:
		return mk_fail_text(rc, "the supervisor is stopping or has stopped: it takes no event from outside");
	case MAIKO_ETIMEDOUT:
		return mk_fail_text(
			rc, "the time is over: the workers have not taken what was sent, or a subscriber is full");
	default:
		return mk_fail_text(
			rc, mk_state_of(sup) < MK_STARTED
				    ? "before the start no more than .external_credit events are kept"
				    : "this send would have to wait: the workers have not taken what was sent, or "
				      "a subscriber is full");
	}
}

int mk_external_wait(mk_sup *sup, mk_external *f, uint64_t timeout_ms)
{
	int rc = may_send(sup, f, false);
	if (MK_LIKELY(rc != MAIKO_EAGAIN))
		return rc;
	if (timeout_ms == 0 || !mk_may_wait() || mk_state_of(sup) < MK_STARTED)
		return MAIKO_EAGAIN;
	uint64_t until = mk_deadline(&sup->seam, timeout_ms);
	if (sup->seam.simulated)
		return wait_simulated(sup, f, until);
	uv_mutex_lock(&f->mutex);
	atomic_store_explicit(&f->waiting, true, memory_order_seq_cst);
	while ((rc = may_send(sup, f, true)) == MAIKO_EAGAIN) {
		uint64_t now = mk_now(&sup->seam);
		if (now >= until) {
			rc = may_send(sup, f, false) == 0 ? 0 : MAIKO_ETIMEDOUT;
			break;
		}
		if (until == UINT64_MAX)
			uv_cond_wait(&f->cond, &f->mutex);
		else
			uv_cond_timedwait(&f->cond, &f->mutex, until - now);
	}
	atomic_store_explicit(&f->waiting, false, memory_order_seq_cst);
	uv_mutex_unlock(&f->mutex);
	return rc;
}

int mk_external_topic(mk_sup *sup, const mk_type *type, const void *value, uint32_t *ret_topic)
{
	*ret_topic = type->topic;
	if (type->desc->route != NULL) {
		const maiko_topic *desc = type->desc->route(value, sup);
		int rc = desc == NULL ? mk_route_fail(type) : mk_registry_topic_index(sup, desc, ret_topic);
		if (rc != 0)
			return rc;
	}
	return MK_UNLIKELY(mk_topic_is_reserved(*ret_topic)) ? mk_reserved_fail(type, *ret_topic) : 0;
}

int mk_external_topic_named(mk_sup *sup, const mk_type *type, const char *name, uint32_t *ret_topic)
{
	const maiko_topic *desc;
	int rc = mk_named_check(type);
	if (rc == 0)
		rc = mk_named_lookup(sup, name, &desc);
	if (rc == 0)
		rc = mk_registry_topic_index(sup, desc, ret_topic);
	if (rc != 0)
		return rc;
	return MK_UNLIKELY(mk_topic_is_reserved(*ret_topic)) ? mk_reserved_fail(type, *ret_topic) : 0;
}

/* ---- on the worker -------------------------------------------------------------------------------- */

static void take_inbox(mk_worker *w, bool close)
{
	mk_link *link = close ? mk_inbox_close(&w->external) : mk_inbox_take(&w->external);
	*w->feeds_tail = link;
	for (; link != NULL; link = link->next)
		w->feeds_tail = &link->next;
}

/* Removes the first feed of the list. Once it rests, its producer may link it again. */
static mk_feed *first_feed(mk_worker *w)
{
	mk_link *link = w->feeds;
	w->feeds = link->next;
	if (w->feeds == NULL)
		w->feeds_tail = &w->feeds;
	return feed_of(link);
}

static void append_feed(mk_worker *w, mk_feed *feed)
{
	feed->link.next = NULL;
	*w->feeds_tail = &feed->link;
	w->feeds_tail = &feed->link.next;
}

/* An event that cannot be published, because there is no memory, is counted as dropped, because it was accepted.
 * `t` NULL: nor is there a view of its topic. */
static void drop(mk_worker *w, mk_topic *t, mk_event *e)
{
	e->topic = t == NULL ? w->all : t;
	mk_count_add(&e->topic->published, 1);
	mk_count_add(&e->topic->channel_dropped, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	MK_NOTIFY(w, MAIKO_OBSERVED_OVERFLOWED, NULL, e, MAIKO_DROPPED);
}

static void publish_event(mk_worker *w, mk_event *e)
{
	mk_topic *t = mk_topic_here(w, e->refs);
	mk_advance_time(w, e);
	if (t != NULL && mk_router_prepare(w, t) == 0) {
		e->topic = t;
		if (MK_UNLIKELY(mk_is_tracked(e)))
			mk_receipt_enters(w, e);
		mk_publish(w, e);
		return;
	}
	drop(w, t, e);
	if (mk_is_tracked(e))
		mk_part_of(e)->unknown++;
	mk_event_free(NULL, e);
}

static MK_INLINE void stamp(mk_event *e, const mk_external *f, const fed *item)
{
	e->id = e->correlation = (maiko_id){f->origin, item->sequence};
	e->parent = (maiko_id){0, 0};
	e->timestamp_ns = item->timestamp_ns;
	e->sender = f->self;
}

static MK_NOINLINE void drop_item(mk_worker *w, mk_topic *t, const mk_external *f, const fed *item)
{
	mk_event e = {.type = item->type, .data = item->payload};
	stamp(&e, f, item);
	mk_advance_time(w, &e);
	drop(w, t, &e);
}

static MK_INLINE void publish_item(mk_worker *w, const mk_external *f, const fed *item)
{
	mk_topic *t = mk_topic_known(w, item->topic);
	if (MK_UNLIKELY(t == NULL))
		t = mk_topic_here(w, item->topic);
	bool plain = t != NULL && mk_is_plain(w, t);
	bool can = t != NULL && (plain || mk_router_prepare(w, t) == 0);
	mk_event *e = can ? mk_event_make_plain(&w->pool, item->type, item->payload) : NULL;
	if (MK_UNLIKELY(e == NULL)) {
		drop_item(w, t, f, item);
		return;
	}
	stamp(e, f, item);
	e->topic = t;
	mk_advance_time(w, e);
	if (MK_LIKELY(plain))
		mk_publish_plain(w, t, e);
	else
		mk_publish(w, e);
}

/* Publishes up to `*left` events of a feed. True: it rests. */
static bool visit(mk_worker *w, mk_feed *feed, uint64_t *left)
{
	mk_external *f = sender_of(feed);
	const mk_feed_segment *first = feed->first;
	uint64_t count = MK_LIKELY(!w->sup->seam.noted) ? left_in(feed) : feed->noted;
	if (count > *left)
		count = *left;
	*left -= count;
	for (uint64_t i = 0; i < count; i++) {
		const fed *item = mk_feed_take(feed);
		if (MK_LIKELY(item->type != NULL))
			publish_item(w, f, item);
		else
			publish_event(w, heap_event_of(item));
	}
	if (count != 0) {
		mk_feed_acknowledge(feed, count);
		signal_if_low(w->sup, f);
	}
	if (MK_UNLIKELY(feed->first != first) && !feed->warm)
		mk_external_warm(w, feed);
	return mk_feed_rest(feed);
}

/* Each feed of the list once. */
static void visit_all(mk_worker *w, uint64_t left)
{
	mk_link *const *end = w->feeds_tail;
	for (bool last = w->feeds == NULL; !last && left > 0;) {
		mk_feed *feed = first_feed(w);
		last = &feed->link.next == end;
		if (!visit(w, feed, &left))
			append_feed(w, feed);
	}
}

static void refill(mk_worker *w)
{
	if (MK_UNLIKELY(w->sup->seam.led) && mk_scribe_of(w->sup) != NULL)
		mk_scribe_of(w->sup)->refill(mk_scribe_of(w->sup)->arg, w);
}

/* What the visits will take is read now, because a step is noted before it is taken. */
static uint64_t look_ahead(mk_feed *feed) { return feed->noted = left_in(feed); }

static void note_intake(mk_worker *w, uint64_t count)
{
	if (count != 0)
		mk_note_here(w, MK_NOTE_EXTERNAL, 0, (int64_t)count);
}

bool mk_external_intake(mk_worker *w, uint64_t most)
{
	refill(w);
	take_inbox(w, false);
	if (MK_UNLIKELY(w->sup->seam.noted)) {
		uint64_t count = 0;
		for (mk_link *link = w->feeds; link != NULL; link = link->next)
			count += look_ahead(feed_of(link));
		note_intake(w, count);
		most = UINT64_MAX;
	}
	visit_all(w, most);
	return w->feeds != NULL;
}

static mk_external *close_feeds(mk_worker *w)
{
	uv_mutex_lock(&w->sup->lock);
	w->feeds_closed = true;
	mk_external *all = w->sup->external_senders;
	uv_mutex_unlock(&w->sup->lock);
	for (mk_external *f = all; f != NULL; f = f->next)
		if (is_of(f, w->index))
			mk_feed_close(&f->feed);
	return all;
}

/* First every feed is closed, so that none gets more. Those whose producer has not told yet follow. */
void mk_external_close(mk_worker *w)
{
	uint64_t count = 0, unlimited = UINT64_MAX;
	refill(w);
	mk_external *all = close_feeds(w);
	take_inbox(w, true);
	for (mk_external *f = all; w->sup->seam.noted && f != NULL; f = f->next)
		if (is_of(f, w->index))
			count += look_ahead(&f->feed);
	note_intake(w, count);
	visit_all(w, UINT64_MAX);
	for (mk_external *f = all; f != NULL; f = f->next)
		if (is_of(f, w->index) && left_in(&f->feed) != 0)
			(void)visit(w, &f->feed, &unlimited);
}

/* ---- replay --------------------------------------------------------------------------------- */

void mk_external_forget(mk_worker *w)
{
	take_inbox(w, false);
	while (w->feeds != NULL) {
		mk_feed *feed = first_feed(w);
		free_events(feed);
		(void)mk_feed_rest(feed);
	}
}

int mk_external_put(mk_worker *w, const maiko_event_type *desc, const char *name, const void *value, maiko_id id,
		    uint64_t timestamp_ns, uint64_t ttl_ms)
{
	mk_sup *sup = w->sup;
	const mk_type *type;
	uint32_t topic;
	int rc = mk_registry_type(sup, desc, &type);
	mk_external *f = rc == 0 ? mk_external_sender_with(sup, w->index, id.origin) : NULL;
	if (rc == 0)
		rc = f == NULL      ? MAIKO_ENOMEM
		     : name == NULL ? mk_external_topic(sup, type, value, &topic)
				    : mk_external_topic_named(sup, type, name, &topic);
	mk_event *e = rc != 0       ? NULL
		      : ttl_ms != 0 ? mk_event_make_expiring(NULL, type, value, ttl_ms)
				    : mk_event_make(NULL, type, value, NULL);
	if (e == NULL)
		return rc == 0 ? mk_event_fail(type, value) : rc;
	e->id = e->correlation = id;
	e->timestamp_ns = timestamp_ns;
	e->sender = f->self;
	e->refs = topic;
	rc = mk_external_add_event(f, e);
	if (rc == 0)
		rc = mk_external_show(sup, f);
	if (rc != 0)
		mk_event_free(NULL, e);
	return rc;
}
