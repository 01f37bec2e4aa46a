/*
 * router.c - see router.h. The hot path of every event.
 *
 * A publish holds one reference while it fans out; each mailbox and each channel entry
 * takes one more.
 */
#include "routing/router.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/check.h"
#include "registry/keeper.h"
#include "registry/registry.h"
#include "registry/target.h"
#include "registry/topic.h"
#include "routing/attached_events.h"
#include "routing/backpressure.h"
#include "routing/letter.h"
#include "routing/overflow.h"
#include "routing/receipt.h"
#include "routing/shared.h"
#include "runtime/lane.h"

enum { PUBLISH_EVERY = 64 }; /* the most entries in a channel before they are made visible */

MK_NOINLINE uint64_t mk_fan_out_heavy(mk_worker *w, mk_topic *t, mk_event *e, uint64_t marker)
{
	uint64_t deliveries = 0;
	for (uint32_t i = 0; i < t->sub_count; i++) {
		const mk_sub *s = &t->subs[i];
		if (!mk_receives(w, s, e, marker))
			continue;
		deliveries++;
		mk_overflow(w, s, e);
	}
	return deliveries;
}

static MK_INLINE void fan_out(mk_worker *w, mk_topic *t, mk_event *e, uint64_t marker)
{
	mk_count_add(&e->topic->deliveries, mk_fan_out(w, t, e, marker, false));
}

/* To the subscribers of MAIKO_ALL_TOPICS. */
static MK_NOINLINE void fan_out_all(mk_worker *w, mk_event *e, uint64_t marker)
{
	if (e->topic->ttl_ns == 0)
		fan_out(w, w->all, e, marker);
	else /* whatever the policy (mk_sub.simple) */
		mk_count_add(&e->topic->deliveries, mk_fan_out_heavy(w, w->all, e, marker));
}

/* ---- to other workers ----------------------------------------------------------- */

static MK_NOINLINE int open_channel(mk_worker *w, uint32_t to)
{
	mk_worker *other = mk_worker_at(w->sup, to);
	mk_channel *ch = mk_channel_new(w->sup->options.channel, w->marker);
	if (ch == NULL)
		return MAIKO_ENOMEM;
	w->out[to] = ch;
	w->outgoing |= UINT64_C(1) << to;
	/* Stored with release order before the bit: a worker that sees the bit sees the channel. The bit is
	 * seq_cst, as are the accesses of `rest` (lane.c). In their total order it precedes the first
	 * publish, and so the load of `rest`; a worker that begins to sleep after that load checks
	 * its lanes after both. models/channel.pml: LATE_BIT. */
	atomic_store_explicit(&other->in[w->index], ch, memory_order_release);
	atomic_fetch_or_explicit(&other->incoming, UINT64_C(1) << w->index, memory_order_seq_cst);
	return 0;
}

int mk_router_open(mk_worker *w, uint64_t workers)
{
	for (; workers != 0; workers &= workers - 1) {
		int rc = open_channel(w, (uint32_t)__builtin_ctzll(workers));
		if (rc != 0)
			return rc;
	}
	return 0;
}

MK_NOINLINE int mk_router_prepare_for(mk_worker *w, mk_topic *t, const mk_type *type, const void *value)
{
	int rc = mk_check(t, type, value);
	return rc != 0 ? rc : mk_router_prepare(w, t);
}

MK_NOINLINE int mk_router_prepare_attached(mk_worker *w, mk_topic *t)
{
	int rc = mk_attached_make(w, t);
	uint64_t missing = rc != 0 ? 0 : mk_remote_of(w, t) & ~w->outgoing;
	return missing == 0 ? rc : mk_router_open(w, missing);
}

static void reclaim(mk_worker *w, mk_channel *ch)
{
	uint64_t entry;
	while (mk_channel_reclaim(ch, &entry))
		if (MK_LIKELY(mk_entry_is_event(entry)))
			mk_event_unref(&w->pool, (mk_event *)(uintptr_t)entry);
}

static void take_back(mk_worker *w, mk_channel *ch)
{
	mk_channel_look(ch);
	reclaim(w, ch);
}

static void make_visible(mk_worker *w, uint32_t to)
{
	w->unpublished &= ~(UINT64_C(1) << to);
	if (mk_channel_publish(w->out[to]))
		mk_lane_wake_by(w, mk_worker_at(w->sup, to));
}

/* The ring is full, or others wait in the spill: makes what room there is. */
static void make_room(mk_worker *w, uint32_t to)
{
	mk_channel *ch = w->out[to];
	make_visible(w, to);
	if (MK_LIKELY(!w->sup->seam.noted)) { /* else neither is read while a callback runs (note.h) */
		take_back(w, ch);
		mk_mutes_take(w); /* the mutes that the consumer posted before it made room */
	}
	w->unpublished |= UINT64_C(1) << to; /* for the entries that now move to the ring */
	mk_channel_unspill(ch);
}

void mk_router_drop(mk_worker *w, uint32_t to, const mk_event *e)
{
	mk_count_add(&w->out[to]->dropped, 1);
	mk_count_add(&e->topic->channel_dropped, 1);
	mk_letter_not_sent(w, e);
	MK_NOTIFY(w, MAIKO_OBSERVED_OVERFLOWED, NULL, e, MAIKO_DROPPED);
}

void mk_router_wait(mk_worker *w, uint32_t to, const mk_event *e)
{
	atomic_store_explicit(&w->out[to]->producer_waits, true, memory_order_seq_cst);
	mk_mute_by_channel(w, e, w->out[to]);
}

uint64_t mk_router_full(mk_worker *w, uint64_t workers)
{
	uint64_t full = 0;
	for (workers &= w->outgoing; workers != 0; workers &= workers - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(workers);
		mk_channel *ch = w->out[to];
		if (MK_LIKELY(!mk_channel_waits(ch) && mk_channel_has_room(ch)))
			continue;
		make_room(w, to);
		full |= (uint64_t)(mk_channel_waits(ch) || !mk_channel_has_room(ch)) << to;
	}
	return full;
}

/* Sends an entry to a ring that is full, or while others wait in the spill. */
static MK_NOINLINE void send_full(mk_worker *w, uint32_t to, mk_event *e, bool may_drop)
{
	mk_channel *ch = w->out[to];
	make_room(w, to);
	if (!mk_channel_spilling(ch) && mk_channel_has_room(ch)) {
		mk_channel_push(ch, (uintptr_t)e);
	} else if (may_drop || mk_channel_spill(ch, (uintptr_t)e) != 0) {
		if (mk_is_carrier(e))
			mk_receipt_unknown(e);
		mk_router_drop(w, to, e);
		return;
	} else {
		mk_router_wait(w, to, e);
	}
	e->refs++;
	mk_count_add(&ch->sent, 1);
}

/* Where an entry may be dropped if the channel is full. */
static inline uint64_t drops_of(const mk_worker *w, const mk_topic *t)
{
	return (t->remote_drops | ~t->remote) & (w->all->remote_drops | ~w->all->remote);
}

static MK_INLINE void send_entries(mk_worker *w, mk_event *e, uint64_t workers, uint64_t drops)
{
	for (; workers != 0; workers &= workers - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(workers);
		mk_channel *ch = w->out[to];
		w->unpublished |= UINT64_C(1) << to;
		if (MK_UNLIKELY(mk_channel_waits(ch) || !mk_channel_has_room(ch))) {
			send_full(w, to, e, (drops >> to & 1) != 0);
			continue;
		}
		mk_channel_push(ch, (uintptr_t)e);
		e->refs++;
		mk_count_add(&ch->sent, 1);
		if ((ch->tail & (PUBLISH_EVERY - 1)) == 0)
			make_visible(w, to);
	}
}

/* Of any event. */
static MK_NOINLINE void send_entries_of_any(mk_worker *w, mk_event *e, uint64_t workers, uint64_t drops)
{
	mk_event *entry = mk_is_tracked(e) ? mk_receipt_carrier(e) : e;
	send_entries(w, entry, workers, drops);
	if (entry != e)
		mk_event_unref(&w->pool, entry);
}

MK_NOINLINE void mk_unrouted(mk_worker *w, mk_topic *t, const mk_event *e)
{
	mk_count_add(&t->unrouted, 1);
	mk_letter_unrouted(w, e);
}

/* The same on a topic that has a keeper here, or to which views are attached. */
static MK_NOINLINE void publish_attached(mk_worker *w, mk_event *e)
{
	mk_topic *t = e->topic;
	uint64_t workers = mk_remote_of(w, t);
	assert((t->attaches & MK_STALE) == 0);
	e->refs = 1;
	mk_count_add(&t->published, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	fan_out(w, t, e, w->marker);
	mk_fan_out_attached(w, e, w->marker);
	if (w->all->sub_count != 0)
		fan_out_all(w, e, w->marker);
	bool shared = mk_shared_publish(w, e);
	if (t->keeps)
		mk_keeper_take(w, t->record->keeper, e, w->marker);
	if (workers != 0)
		send_entries_of_any(w, e, workers, drops_of(w, t) & mk_attached_drops(t));
	else if (t->sub_count + w->all->sub_count + mk_attached_subs(t) == 0 && !shared && !t->keeps)
		mk_unrouted(w, t, e);
	mk_route *route = e->type->index < w->route_size ? &w->routes[e->type->index] : NULL;
	if (route != NULL && route->topic == t && e->type->plain)
		mk_attached_remember(w, t, &route->only, &route->route_version);
	mk_event_unref(&w->pool, e);
}

void mk_publish(mk_worker *w, mk_event *e)
{
	mk_topic *t = e->topic;
	uint64_t workers = t->remote | w->all->remote;
	if (MK_UNLIKELY((t->attaches | t->keeps) != 0)) {
		publish_attached(w, e);
		return;
	}
	e->refs = 1;
	mk_count_add(&t->published, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	fan_out(w, t, e, w->marker);
	if (MK_UNLIKELY(w->all->sub_count != 0))
		fan_out_all(w, e, w->marker);
	if (workers != 0) {
		if (MK_LIKELY(!mk_is_tracked(e)))
			send_entries(w, e, workers, drops_of(w, t));
		else
			send_entries_of_any(w, e, workers, drops_of(w, t));
	} else if (t->sub_count + w->all->sub_count == 0) {
		mk_unrouted(w, t, e);
	}
	mk_event_unref(&w->pool, e);
}

/* ---- what the library tells ----------------------------------------------------------- */

/* To the topic's subscribers alone, without those of all topics; nothing waits for room in a channel. */
static void tell(mk_worker *w, mk_event *e)
{
	mk_topic *t = e->topic;
	mk_count_add(&t->published, 1);
	MK_NOTIFY(w, MAIKO_OBSERVED_DISPATCHED, NULL, e, 0);
	fan_out(w, t, e, w->marker);
	for (uint64_t left = t->remote; left != 0; left &= left - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(left);
		mk_channel *ch = w->out[to];
		w->unpublished |= UINT64_C(1) << to;
		if (mk_channel_waits(ch) || !mk_channel_has_room(ch)) {
			send_full(w, to, e, true);
			continue;
		}
		mk_channel_push(ch, (uintptr_t)e);
		e->refs++;
		mk_count_add(&ch->sent, 1);
	}
	mk_event_unref(&w->pool, e);
}

/* Whether anyone subscribes to it, too. */
static bool tell_of_group(mk_worker *w, const mk_event *e)
{
	if (mk_is_watched(w, MAIKO_OBSERVED_GROUP_FAILED))
		mk_notify_group_failed(w, e->data);
	return mk_news_wanted(w, e->topic->index);
}

void mk_publish_news(mk_worker *w)
{
	for (uint32_t i = 0; i < w->news_count; i++) { /* telling may add more */
		mk_event *e = w->news[i];
		if (e->type == mk_own_type_of(w->sup, MK_TYPE_GROUP_FAILED) && !tell_of_group(w, e)) {
			mk_event_unref(&w->pool, e);
			continue;
		}
		uint64_t missing = e->topic->remote & ~w->outgoing;
		if (missing != 0 && mk_router_open(w, missing) != 0) {
			mk_count_add(&w->untold, 1);
			mk_event_unref(&w->pool, e);
			continue;
		}
		e->id = (maiko_id){w->origin, ++w->sequence};
		if (mk_id_is_none(e->parent))
			e->correlation = e->id;
		e->timestamp_ns = w->now_ns + w->wall_offset_ns;
		tell(w, e);
	}
	w->news_count = 0;
}

void mk_router_send_parcel(mk_worker *w, uint32_t to, mk_message *parcel)
{
	w->parts_sent++;
	mk_count_add(&w->activity, 1);
	if (w->out[to] == NULL && mk_router_open(w, UINT64_C(1) << to) != 0) {
		mk_lane_post_by(w, mk_worker_at(w->sup, to), parcel);
		return;
	}
	mk_channel *ch = w->out[to];
	mk_channel_send_parcel(ch, &parcel->link);
	if (mk_channel_waits(ch))
		atomic_store_explicit(&ch->producer_waits, true, memory_order_seq_cst);
	mk_count_add(&ch->sent, 1);
	w->unpublished |= UINT64_C(1) << to;
}

/* ---- from other workers ---------------------------------------------------------------- */

static MK_NOINLINE mk_event *copy_carried(mk_worker *w, const mk_event *from)
{
	return mk_receipt_copy(w, from, mk_receipt_part(w, from));
}

/* There is no memory for the copy, or (t NULL) for the topic. */
static MK_NOINLINE void refuse_taken(mk_worker *w, mk_topic *t, const mk_event *from, uint64_t marker)
{
	uint64_t deliveries = mk_overflow_no_memory(w, t, from, marker);
	if (mk_is_carrier(from))
		mk_receipt_refused(w, mk_receipt_part(w, from), deliveries);
}

/* Whether someone here subscribes to all topics, and so to that of the event. */
static inline bool takes_all(const mk_worker *w, const mk_event *e)
{
	return MK_UNLIKELY(w->all->sub_count != 0) && !mk_topic_is_own(e->topic->index);
}

/* The sender's view named a worker too many (topic.c). */
static MK_NOINLINE void skip_taken(mk_worker *w, const mk_event *from)
{
	if (mk_is_carrier(from))
		mk_receipt_refused(w, mk_receipt_part(w, from), 0);
}

/* As mk_publish_taken; of a topic that is new here (t NULL), that has a keeper here, or to which views are attached. */
static MK_NOINLINE void publish_taken_attached(mk_worker *w, mk_topic *t, const mk_event *from, uint64_t marker)
{
	mk_event *e = NULL;
	mk_keeper *k = mk_keeper_here(w, from->topic->record);
	if (k != NULL)
		mk_keeper_take(w, k, from, marker);
	if (t == NULL)
		t = mk_topic_here(w, from->topic->index);
	if (t != NULL && mk_attached_make(w, t) == 0) {
		if (t->sub_count + mk_attached_subs(t) == 0 && !takes_all(w, from)) {
			skip_taken(w, from);
			return;
		}
		e = mk_is_carrier(from) ? copy_carried(w, from) : mk_event_copy(&w->pool, from);
	}
	if (e == NULL) {
		refuse_taken(w, t, from, marker);
		return;
	}
	e->topic = t;
	fan_out(w, t, e, marker);
	mk_fan_out_attached(w, e, marker);
	if (takes_all(w, e))
		fan_out_all(w, e, marker);
	mk_event_unref(&w->pool, e);
}
void mk_publish_taken(mk_worker *w, const mk_event *from, uint64_t marker)
{
	mk_topic *t = mk_topic_known(w, from->topic->index);
	mk_advance_time(w, from);
	if (MK_UNLIKELY(t == NULL || (t->attaches | t->keeps) != 0)) {
		publish_taken_attached(w, t, from, marker);
		return;
	}
	if (t->sub_count == 0 && !takes_all(w, from)) {
		skip_taken(w, from);
		return;
	}
	mk_event *e = MK_LIKELY(!mk_is_carrier(from)) ? mk_event_copy(&w->pool, from) : copy_carried(w, from);
	if (e == NULL) {
		refuse_taken(w, t, from, marker);
		return;
	}
	e->topic = t;
	fan_out(w, t, e, marker);
	if (takes_all(w, e))
		fan_out_all(w, e, marker);
	mk_event_unref(&w->pool, e);
}

/* Passes a marker in the name of the receiver, if it rests, has applied that change and taken all entries. */
static bool pass_marker(mk_worker *w, uint32_t to, uint64_t number, uint64_t held)
{
	mk_channel *ch = w->out[to];
	mk_worker *other = mk_worker_at(w->sup, to);
	bool is_held = (held >> to & 1) != 0;
	if (w->sup->seam.noted || mk_channel_waits(ch) || !(is_held || mk_lane_stand_in(other)))
		return false;
	bool passed = other->marker == number && ch->taken_to == ch->tail;
	if (passed)
		ch->marker = number;
	if (!is_held)
		mk_lane_stand_down(other);
	return passed;
}

bool mk_router_may_mark(mk_worker *w)
{
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		mk_channel *ch = w->out[__builtin_ctzll(left)];
		/* While producer_waits is set, the worker may read what take_back writes (mk_worker_has_input). */
		if (mk_channel_waits(ch) || atomic_load_explicit(&ch->producer_waits, memory_order_relaxed))
			return false;
		take_back(w, ch);
		if (ch->tail - ch->reclaimed >= ch->capacity)
			return false;
	}
	return true;
}

uint32_t mk_router_mark(mk_worker *w, uint64_t number, uint64_t held)
{
	uint32_t passed = 0;
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(left);
		mk_channel *ch = w->out[to];
		uint64_t entry = mk_entry_of_marker(number);
		if (pass_marker(w, to, number, held)) {
			passed++;
			continue;
		}
		if (held == 0 && MK_LIKELY(!w->sup->seam.noted)) {
			take_back(w, ch);
			mk_mutes_take(w);
		}
		mk_channel_unspill(ch);
		/* The previous marker may be taken but not yet acknowledged: then its slot is not free. */
		if (!mk_channel_spilling(ch) && ch->tail - ch->reclaimed < ch->capacity)
			mk_channel_push(ch, entry);
		else
			(void)mk_channel_spill(ch, entry); /* cannot fail: its slot is reserved */
		w->unpublished |= UINT64_C(1) << to;
	}
	return passed;
}

void mk_router_show(mk_worker *w)
{
	for (uint64_t left = w->unpublished; left != 0; left &= left - 1)
		make_visible(w, (uint32_t)__builtin_ctzll(left));
}

/* Entries were reclaimed: moves the spill to the ring, and releases muted senders at the low mark. */
static void use_room(mk_worker *w, uint32_t to)
{
	mk_channel *ch = w->out[to];
	if (mk_channel_waits(ch)) {
		mk_channel_unspill(ch);
		w->unpublished |= UINT64_C(1) << to;
	}
	if (!mk_channel_waits(ch) && ch->tail - ch->reclaimed <= ch->capacity / 2)
		mk_release_channel(w, ch);
}

/* Whether use_room has work although nothing more was acknowledged. */
static bool has_use_for_room(const mk_channel *ch)
{
	if (mk_channel_waits(ch))
		return mk_channel_has_room(ch);
	return atomic_load_explicit(&ch->producer_waits, memory_order_relaxed) &&
	       ch->tail - ch->reclaimed <= ch->capacity / 2;
}

/* As mk_router_flush, but first reads all inputs, then notes each, then uses it. */
static MK_NOINLINE void flush_noted(mk_worker *w)
{
	uint64_t head[MAIKO_WORKERS_MAX], some = 0;
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(left);
		mk_channel *ch = w->out[to];
		head[to] = atomic_load_explicit(&ch->head, memory_order_acquire);
		if (head[to] != ch->seen_head || has_use_for_room(ch))
			some |= UINT64_C(1) << to;
	}
	if (some != 0)
		mk_lane_take(w);
	for (; some != 0; some &= some - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(some);
		mk_note_here(w, MK_NOTE_FLUSH, to, (int64_t)head[to]);
		w->out[to]->seen_head = head[to];
		reclaim(w, w->out[to]);
		use_room(w, to);
	}
	mk_router_show(w);
}

bool mk_router_flush_led(mk_worker *w, uint32_t to, uint64_t head)
{
	mk_channel *ch = to < MAIKO_WORKERS_MAX ? w->out[to] : NULL;
	if (ch == NULL || head < ch->reclaimed || head > atomic_load_explicit(&ch->head, memory_order_relaxed))
		return false;
	ch->seen_head = head;
	reclaim(w, ch);
	use_room(w, to);
	return true;
}

void mk_router_flush(mk_worker *w)
{
	if (MK_UNLIKELY(w->sup->seam.noted)) {
		flush_noted(w);
		return;
	}
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(left);
		mk_channel *ch = w->out[to];
		if (ch->reclaimed != ch->tail)
			take_back(w, ch);
		use_room(w, to);
		if ((w->unpublished >> to & 1) != 0)
			make_visible(w, to);
	}
	mk_router_show(w); /* a released actor may have sent delayed events, to any channel */
}
