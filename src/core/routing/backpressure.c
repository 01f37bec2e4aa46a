/*
 * backpressure.c - mutes and releases. Cycles are in cycle.c.
 */
#include "routing/backpressure.h"

#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/attached.h"
#include "registry/directory.h"
#include "routing/cycle.h"
#include "routing/external.h"
#include "routing/in_transit.h"
#include "routing/mute_edge.h"
#include "routing/weight.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"

enum { MIXED = UINT32_MAX };

/* Takes a reference on the sender; needed when its actor has ended or lives on another worker. */
static void wait_holds(mk_wait *wait)
{
	if (!wait->holds)
		(void)mk_sender_hold(wait->sender);
	wait->holds = true;
}

static void wait_free(mk_wait *wait)
{
	if (wait != NULL && wait->holds)
		mk_sender_release(wait->sender);
	mk_free(wait);
}

/* ---- the sender's end ------------------------------------------------------------ */

void mk_hold_muted(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_MUTED) == 0)
		a->extra->allowance = MAIKO_ALLOWANCE;
	mk_up.hold(w, a, MK_MUTED);
}

bool mk_is_muted_by_channel(const mk_actor *a) { return a->extra->channel_waits != 0; }

static void wait_set(mk_worker *w, mk_actor *a, mk_wait *wait)
{
	mk_extra *x = mk_extra_of(a);
	if (x == NULL) { /* orphaned: the actor is not muted, and may exceed the subscriber's bound this once */
		wait_holds(wait);
		return;
	}
	bool first = x->muted_by == NULL;
	wait->actor = a;
	MK_LIST_PUSH(&x->muted_by, wait);
	x->channel_waits += wait->channel != NULL;
	if (first) {
		mk_count_add(&x->mute_count, 1);
		MK_NOTIFY(w, MAIKO_OBSERVED_MUTED, a, NULL, 0);
	}
	if (wait->channel != NULL || !mk_cycle_runs_on(a))
		mk_hold_muted(w, a);
	if (wait->channel == NULL) {
		w->probed.edges++;
		mk_probe_soon(w, a);
	}
}

/* Removes a wait from its actor and frees it. */
static void wait_clear(mk_worker *w, mk_wait *wait)
{
	mk_actor *a = wait->actor;
	if (a != NULL) {
		MK_LIST_REMOVE(wait);
		a->extra->channel_waits -= wait->channel != NULL;
		mk_cycle_released(a, wait->subscriber);
		if (a->extra->muted_by == NULL) {
			mk_cycle_leave(a);
			mk_map_clear(&a->extra->seen);
			MK_NOTIFY(w, MAIKO_OBSERVED_RELEASED, a, NULL, 0);
			mk_up.permit(w, a, MK_MUTED);
		} else if (a->extra->runs_on && !mk_is_muted_by_channel(a)) {
			/* Before it runs, mk_cycle_look checks whether its cycle is open. */
			mk_up.permit(w, a, MK_MUTED);
		}
	}
	wait_free(wait);
}

static void mute_arrived(mk_worker *w, mk_message *m)
{
	mk_wait *wait = MK_OF(m, mk_wait, message);
	if (mk_arrival_keeps(w, wait->sender->id, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, wait->sender->id);
	if (a != NULL && (a->sched & MK_ENDED) == 0 && !a->in_stop)
		wait_set(w, a, wait);
}

/* Whether a mute in the lane is for an actor of this worker, as of the last change applied. Else it
 * follows the change by which the actor migrates here, and must not overtake it (migrate.h). */
static bool mute_is_for(const mk_worker *w, const mk_message *m)
{
	const mk_wait *wait = MK_OF((void *)(uintptr_t)m, mk_wait, message);
	return mk_home_of(w, wait->sender) == w->index;
}

/* In a replay: takes the mutes that the recording names. */
static void take_told_mutes(mk_worker *w)
{
	mk_told told;
	while (mk_is_told(w, MK_NOTE_MUTE, MK_ANY_NUMBER, &told)) {
		mk_message *m = mk_lane_take_posted(w, told.number, 0, true);
		if (m != NULL && m->mutes)
			m->run(w, m);
		else if (m != NULL)
			mk_inbox_push(&w->control, &m->link); /* the recording is invalid; a later step detects it */
	}
}

void mk_mutes_take(mk_worker *w)
{
	if (MK_UNLIKELY(w->sup->seam.led)) {
		take_told_mutes(w);
		return;
	}
	if (MK_LIKELY(!w->sup->seam.noted)) /* else flush_noted has done so before its note */
		mk_lane_take(w);
	while (*w->deferred_seen != NULL) {
		mk_message *m = MK_OF(*w->deferred_seen, mk_message, link);
		if (!m->mutes || !mute_is_for(w, m)) {
			w->deferred_seen = &m->link.next;
			continue;
		}
		(void)mk_lane_remove(w, w->deferred_seen);
		MK_NOTE(w, MK_NOTE_MUTE, mk_message_posted(m), 0);
		m->run(w, m);
	}
}

static void release_arrived(mk_worker *w, mk_message *m)
{
	mk_edge *edge = MK_OF(m, mk_edge, message);
	if (mk_arrival_keeps(w, edge->sender->id, m))
		return;
	wait_clear(w, edge->wait);
	mk_free(edge);
}

static void edge_drop(mk_message *m)
{
	mk_edge *edge = MK_OF(m, mk_edge, message);
	wait_free(edge->wait);
	mk_free(edge);
}

/* ---- the subscriber's end ----------------------------------------------------------- */

static bool mutes_already(mk_extra *x, const mk_event *e)
{
	mk_edge *edge = x->mutes;
	if (edge != NULL && edge->sender != e->sender) {
		edge = mk_map_get(&x->edges, mk_map_key(e->sender));
		if (edge != NULL) { /* to the front: it is likely to send again */
			MK_LIST_REMOVE(edge);
			MK_LIST_PUSH(&x->mutes, edge);
		}
	}
	if (edge != NULL && edge->topic != e->topic->index)
		edge->topic = MIXED;
	return edge != NULL;
}

static mk_wait *wait_new(mk_sender *sender, const mk_actor *subscriber, mk_channel *ch)
{
	mk_wait *wait = MK_NEW(mk_wait);
	if (wait != NULL) {
		wait->message = (mk_message){.run = mute_arrived, .mutes = true};
		wait->sender = sender;
		wait->subscriber = subscriber == NULL ? NULL : subscriber->self;
		wait->channel = ch;
	}
	return wait;
}

/* Gives the sender its end of an edge: `here`, or (NULL) where it lives or arrives. */
static void wait_give(mk_worker *w, mk_actor *here, mk_wait *wait)
{
	if (here != NULL) {
		wait_set(w, here, wait);
		return;
	}
	wait_holds(wait);
	if (!mk_arrival_keeps(w, wait->sender->id, &wait->message))
		mk_lane_post_by(w, mk_worker_at(w->sup, mk_home_of(w, wait->sender)), &wait->message);
}

int mk_mute_by_subscriber(mk_worker *w, const mk_event *e, mk_actor *subscriber)
{
	mk_sender *sender = e->sender;
	struct mk_external *external = mk_external_of(sender);
	mk_extra *x = mk_extra_of(subscriber);
	if (x == NULL)
		return MAIKO_ENOMEM;
	if (mutes_already(x, e)) {
		mk_cycle_check(w, subscriber, sender);
		return 0;
	}
	mk_actor *here = NULL;
	if (external == NULL && mk_home_of(w, sender) == w->index && !mk_arrival_awaited(w, sender->id)) {
		here = mk_directory_look(w->sup, sender->id);
		if (here == NULL || (here->sched & MK_ENDED) != 0 || here->in_stop)
			return 0; /* it sends no more */
	}
	mk_edge *edge = MK_NEW(mk_edge);
	mk_wait *wait = edge == NULL || external != NULL ? NULL : wait_new(sender, subscriber, NULL);
	if (edge == NULL || (wait == NULL && external == NULL) ||
	    mk_map_put(&x->edges, mk_map_key(sender), mk_map_key(edge)) != 0) {
		wait_free(wait);
		mk_free(edge);
		return MAIKO_ENOMEM;
	}
	if (external != NULL && !mk_external_mute(external, e->id.sequence)) {
		mk_map_remove(&x->edges, mk_map_key(sender));
		mk_free(edge);
		return 0;
	}
	edge->message = (mk_message){.run = release_arrived, .drop = edge_drop};
	edge->sender = sender;
	edge->wait = wait;
	edge->topic = e->topic->index;
	MK_LIST_PUSH(&x->mutes, edge);
	if (wait != NULL)
		wait_give(w, here, wait);
	return 0;
}

static void release(mk_worker *w, mk_edge *edge)
{
	if (mk_external_of(edge->sender) != NULL) {
		mk_external_release(mk_external_of(edge->sender));
		mk_free(edge);
	} else if (mk_home_of(w, edge->sender) == w->index) {
		release_arrived(w, &edge->message);
	} else {
		mk_lane_post_by(w, mk_worker_at(w->sup, mk_home_of(w, edge->sender)), &edge->message);
	}
}

void mk_release_all(mk_worker *w, mk_actor *subscriber)
{
	mk_edge *edge = subscriber->extra == NULL ? NULL : subscriber->extra->mutes;
	if (edge == NULL)
		return;
	subscriber->extra->mutes = NULL;
	mk_map_clear(&subscriber->extra->edges);
	while (edge != NULL) {
		mk_edge *next = edge->next;
		release(w, edge);
		edge = next;
	}
}

void mk_release_if_low(mk_worker *w, mk_actor *subscriber)
{
	if (mk_mailbox_length(&subscriber->box) <= subscriber->box.capacity / 2 && mk_weight_low(w, subscriber))
		mk_release_all(w, subscriber);
}

void mk_release_marked(mk_worker *w, mk_actor *subscriber)
{
	mk_edge *gone = NULL;
	mk_extra *x = subscriber->extra;
	if (x == NULL)
		return;
	for (mk_edge *edge = x->mutes, *next; edge != NULL; edge = next) {
		next = edge->next;
		mk_topic *topic = edge->topic == MIXED ? NULL : mk_topic_known(w, edge->topic);
		if (topic == NULL || !mk_attached_left(w, topic, subscriber))
			continue;
		MK_LIST_REMOVE(edge);
		if (mk_map_get(&x->edges, mk_map_key(edge->sender)) == edge)
			mk_map_remove(&x->edges, mk_map_key(edge->sender));
		edge->next = gone;
		gone = edge;
	}
	while (gone != NULL) { /* a released sender may send at once, and change the list of edges */
		mk_edge *next = gone->next;
		release(w, gone);
		gone = next;
	}
}

/* ---- channels -------------------------------------------------------------------------- */

void mk_mute_by_channel(mk_worker *w, const mk_event *e, mk_channel *ch)
{
	mk_sender *sender = e->sender;
	struct mk_external *external = mk_external_of(sender);
	if (mk_map_find(&ch->muted, mk_map_key(sender)) != NULL)
		return;
	mk_actor *a = external != NULL ? NULL : mk_directory_look(w->sup, sender->id);
	if (external == NULL && (a == NULL || (a->sched & MK_ENDED) != 0 || a->in_stop))
		return;
	mk_wait *wait = wait_new(sender, NULL, ch);
	if (wait == NULL || mk_map_put(&ch->muted, mk_map_key(sender), mk_map_key(wait)) != 0) {
		wait_free(wait);
		return;
	}
	/* The event does not count as taken yet, so no later thread has taken over the record of its sender. */
	bool is_sender_s = external == NULL || mk_external_mute(external, e->id.sequence);
	assert(is_sender_s);
	(void)is_sender_s;
	wait->at_of_channel = &ch->waits;
	wait->next_of_channel = ch->waits;
	if (ch->waits != NULL)
		ch->waits->at_of_channel = &wait->next_of_channel;
	ch->waits = wait;
	if (a != NULL)
		wait_set(w, a, wait);
}

void mk_release_channel(mk_worker *w, mk_channel *ch)
{
	if (!atomic_load_explicit(&ch->producer_waits, memory_order_relaxed))
		return;
	mk_mutes_take(w); /* the mutes that the consumer posted before it made room */
	mk_wait *wait = ch->waits;
	ch->waits = NULL;
	mk_map_clear(&ch->muted);
	atomic_store_explicit(&ch->producer_waits, false, memory_order_relaxed);
	while (wait != NULL) {
		mk_wait *next = wait->next_of_channel;
		if (mk_external_of(wait->sender) != NULL)
			mk_external_release(mk_external_of(wait->sender));
		wait_clear(w, wait);
		wait = next;
	}
}

void mk_forget_channels(mk_worker *w, mk_actor *a)
{
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		mk_channel *ch = w->out[__builtin_ctzll(left)];
		mk_wait *wait = mk_map_get(&ch->muted, mk_map_key(a->self));
		if (wait == NULL)
			continue;
		mk_map_remove(&ch->muted, mk_map_key(a->self));
		*wait->at_of_channel = wait->next_of_channel;
		if (wait->next_of_channel != NULL)
			wait->next_of_channel->at_of_channel = wait->at_of_channel;
		wait_clear(w, wait);
	}
}

void mk_mutes_join(mk_worker *w, mk_actor *a, mk_actor *shadow)
{
	if (shadow->extra == NULL || shadow->extra->mutes == NULL)
		return;
	if (mk_extra_of(a) == NULL) {
		mk_release_all(w, shadow);
		return;
	}
	mk_edge *edge = shadow->extra->mutes;
	shadow->extra->mutes = NULL;
	mk_map_clear(&shadow->extra->edges);
	while (edge != NULL) {
		mk_edge *next = edge->next;
		MK_LIST_PUSH(&a->extra->mutes, edge);
		/* If both mute a sender either edge serves; without memory the sender is muted a second time. */
		(void)mk_map_put(&a->extra->edges, mk_map_key(edge->sender), mk_map_key(edge));
		edge = next;
	}
}

void mk_drop_channel_waits(mk_channel *ch)
{
	while (ch->waits != NULL) {
		mk_wait *wait = ch->waits;
		ch->waits = wait->next_of_channel;
		wait_free(wait);
	}
}

void mk_forget_waits(mk_worker *w, mk_actor *a)
{
	if (a->extra == NULL)
		return;
	mk_cycle_leave(a);
	mk_probe_forget(w, a);
	while (a->extra->muted_by != NULL) {
		mk_wait *wait = a->extra->muted_by;
		a->extra->muted_by = wait->next;
		wait_holds(wait);
		wait->actor = NULL; /* orphaned: its release only frees it */
	}
	a->extra->channel_waits = 0;
	a->sched &= (uint16_t)~MK_MUTED; /* it has ended: nothing to resume */
}
