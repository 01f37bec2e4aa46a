/*
 * pass_on.c - see pass_on.h.
 */
#include "routing/pass_on.h"

#include "observe/monitor.h"
#include "registry/attached.h"
#include "registry/group.h"
#include "registry/members.h"
#include "routing/backpressure.h"
#include "routing/delivery.h"
#include "routing/member_choice.h"
#include "routing/overflow.h"
#include "routing/shared.h"
#include "runtime/lane.h"

static uint64_t bit_of(const mk_worker *w) { return UINT64_C(1) << w->index; }

/* ---- passing on ------------------------------------------------------------------------------- */

typedef struct seen {
	const mk_topic *view;
} seen;

static int is_view(void *arg, mk_topic *view) { return view == ((seen *)arg)->view; }

/* The group whose event that is in the actor's mailbox; NULL: it is of no group. An actor gets what a group gives it in
 * no other way (mk_places_check_groups). `left`: a group to which it no longer subscribes, or NULL. */
static mk_topic *group_of(mk_worker *w, const mk_actor *a, const mk_event *e, mk_topic *left)
{
	mk_topic *view = NULL;
	const mk_record *topic = e->topic->record;
	if (mk_attached_sub(w, topic, a, &view) != NULL)
		return mk_is_group(view) ? view : NULL;
	bool is_left = left != NULL && mk_attached_each(w, e->topic, topic, is_view, &(seen){left}) != 0;
	return is_left ? left : NULL;
}

/* The event whose handler has failed: whoever gets it may fail as well. */
static bool has_failed(const mk_actor *a, const mk_event *e)
{
	const mk_care *c = mk_care_of(a);
	return c != NULL && c->attempts != 0 && maiko_id_equal(c->tried, e->id);
}

/* It has left the mailbox for another. */
static void leaves(mk_worker *w, mk_actor *a, mk_event *e, uint64_t place)
{
	mk_overflow_take_out(a, place);
	mk_count_passed_on(a, e);
	MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_DISCARDED, a, e, MAIKO_PASSED_ON);
}

/* Gives the event at that place to another, to whom it is of more use: anyone, if this member has ended or left; else
 * one that is not down. */
static void pass_one(mk_worker *w, mk_actor *a, uint64_t place, mk_event *e, mk_topic *group, bool to_anyone)
{
	mk_member_choice q = {.worker = w, .group = group, .event = e, .marker = w->marker, .except = a};
	mk_member_look(&q);
	if (!to_anyone && q.best != NULL && MK_RANK_CLASS(q.rank) == MK_RANK_DOWN)
		q.best = NULL;
	if (q.best == NULL && group->remote == 0)
		return;
	uint32_t to = mk_member_choose(&q, group->remote);
	mk_parcel *p = to == w->index ? NULL : mk_parcel_new(w, group, e);
	if (p == NULL && q.best == NULL)
		return; /* no memory */
	leaves(w, a, e, place);
	if (p != NULL) {
		p->counts = true;
		p->turned_away = q.turned_away != NULL;
		p->tried = q.best == NULL && to_anyone ? bit_of(w) : 0; /* else it may come back to this one */
		mk_parcel_send(w, group, to, p);
	} else {
		mk_shared_give(w, q.best, e);
	}
	mk_event_unref(&w->pool, e);
}

void mk_pass_on(mk_worker *w, mk_actor *a, mk_topic *left)
{
	if (a->extra == NULL || a->extra->membership == NULL || w->discarding)
		return;
	bool to_anyone = left != NULL || (a->sched & MK_ENDED) != 0;
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (place < mk_count(&a->box.head) || e == NULL || has_failed(a, e))
			continue; /* those that stay may be visited twice (mk_purge) */
		mk_topic *group = group_of(w, a, e, left);
		if (group != NULL && (left == NULL || group == left))
			pass_one(w, a, place, e, group, to_anyone);
	}
	mk_membership_count(a);
	mk_release_if_low(w, a);
}

void mk_pass_on_left(mk_worker *w, mk_actor *a, const mk_subscription *places, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		mk_topic *view = mk_topic_known(w, places[i].topic);
		if (view == NULL || !mk_is_group(view))
			continue;
		mk_pass_on(w, a, view);
		mk_membership_leave(a, view);
	}
}

/* ---- evening out ------------------------------------------------------------------------------ */

/* Takes over half of what waits for `from` that the member `s` may have. */
static void take_over(mk_worker *w, mk_topic *group, const mk_sub *s, mk_actor *from)
{
	uint64_t room = s->actor->box.capacity, half = (mk_mailbox_length(&from->box) + 1) / 2;
	uint64_t most = half < room ? half : room;
	for (uint64_t place = mk_count(&from->box.head); most > 0 && place < mk_count(&from->box.tail); place++) {
		mk_event *e = *mk_mailbox_slot(&from->box, place);
		if (place < mk_count(&from->box.head) || e == NULL || has_failed(from, e) ||
		    group_of(w, from, e, NULL) != group)
			continue;
		mk_member_choice q = {.worker = w, .group = group, .event = e, .marker = w->marker, .except = from};
		if (mk_member_may_have(&q, s)) {
			leaves(w, from, e, place);
			mk_shared_give(w, s, e);
			mk_event_unref(&w->pool, e);
			most--;
		}
	}
	mk_membership_count(from);
	mk_release_if_low(w, from);
}

enum { LOOKS_AT = 16 }; /* members, at most */

/* A member that is not able to run, and has the most events of those that are looked at; NULL: none has any. */
static mk_actor *stalled(mk_topic *group, const mk_actor *except)
{
	mk_actor *most = NULL;
	uint32_t first = group->turn++;
	for (uint32_t i = 0; i < group->sub_count && i < LOOKS_AT; i++) {
		mk_actor *a = group->subs[(first + i) % group->sub_count].actor;
		const mk_membership *m = a->extra == NULL ? NULL : a->extra->membership;
		if (a != except && m != NULL && m->stalled != 0 &&
		    (most == NULL || m->stalled > most->extra->membership->stalled))
			most = a;
	}
	return most;
}

/* ---- between workers ---------------------------------------------------------------------------- */

/* A worker whose members have nothing to do asks the one where most waits; who has nothing to give asks the next
 * one. */
typedef struct wish {
	mk_message message;
	uint32_t group, from;
	uint64_t asked; /* the workers that were asked */
} wish;

static void wish_drop(mk_message *m) { mk_free(MK_OF(m, wish, message)); }

/* Sends what waits for one member to the worker that asks, up to *left events; if it is able to run it keeps one. */
static void send_some(mk_worker *w, mk_topic *group, mk_actor *a, uint32_t to, uint64_t *left)
{
	if (a->shadow)
		return;
	uint64_t keeps = a->extra->membership->able ? 1 : 0, place = mk_count(&a->box.head);
	for (; *left > 0 && place < mk_count(&a->box.tail) && mk_mailbox_length(&a->box) > keeps; place++) {
		mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (place < mk_count(&a->box.head) || e == NULL || has_failed(a, e) || group_of(w, a, e, NULL) != group)
			continue;
		mk_parcel *p = mk_parcel_new(w, group, e);
		if (p == NULL)
			return;
		p->counts = true;
		leaves(w, a, e, place);
		mk_parcel_send(w, group, to, p);
		mk_event_unref(&w->pool, e);
		--*left;
	}
	mk_membership_count(a);
	mk_release_if_low(w, a);
}

/* The worker where most waits beyond what runs soon, of those that were not asked yet; this one: there is none. */
static uint32_t most_waiting(const mk_worker *w, const mk_topic *group, uint64_t asked)
{
	uint32_t most = w->index;
	uint64_t spare = 0;
	for (uint64_t left = group->remote & ~asked; left != 0; left &= left - 1) {
		uint32_t other = (uint32_t)__builtin_ctzll(left);
		const mk_member_load *there = mk_member_load_of(group, other);
		uint64_t queued = mk_count(&there->queued), able = mk_count(&there->able);
		if (queued > able + spare) {
			spare = queued - able;
			most = other;
		}
	}
	return most;
}

static void granted(mk_worker *w, mk_message *m)
{
	wish *q = MK_OF(m, wish, message);
	mk_topic *group = mk_topic_known(w, q->group);
	if (group == NULL || !mk_is_group(group)) {
		mk_free(q);
		return;
	}
	uint64_t half = (mk_count(&mk_member_load_of(group, w->index)->queued) + 1) / 2, left = half;
	bool has_member = (group->remote >> q->from & 1) != 0 && !w->draining;
	for (uint32_t i = 0; has_member && i < group->sub_count && left > 0; i++)
		send_some(w, group, group->subs[i].actor, q->from, &left);
	q->asked |= bit_of(w);
	uint32_t next = left == half && has_member ? most_waiting(w, group, q->asked) : w->index;
	if (next != w->index) {
		mk_lane_post_by(w, mk_worker_at(w->sup, next), &q->message);
		return;
	}
	mk_member_wishes(group, q->from, false);
	mk_free(q);
}

/* The worker has nothing of the group, and nothing else to do. */
static void wish_for_some(mk_worker *w, const mk_topic *group)
{
	if (group->remote == 0 || w->ready != NULL || w->sup->seam.noted || w->draining ||
	    mk_members_waiting(mk_member_load_of(group, w->index)) != 0 || mk_member_is_wishing(group, w->index))
		return;
	uint32_t most = most_waiting(w, group, 0);
	wish *q = most == w->index ? NULL : MK_NEW(wish);
	if (q == NULL)
		return;
	*q = (wish){.message = {.run = granted, .drop = wish_drop, .post = MK_POST_UNSEEN},
		    .group = group->index,
		    .from = w->index,
		    .asked = bit_of(w)};
	mk_member_wishes(group, w->index, true);
	mk_lane_post_by(w, mk_worker_at(w->sup, most), &q->message);
}

/* ---- on one worker -------------------------------------------------------------------------------- */

/* A member has nothing to do: it takes over some of what waits here for another that is not able to run. */
static bool relieve(mk_worker *w, mk_topic *group, mk_actor *a)
{
	mk_actor *from = mk_member_load_of(group, w->index)->stalled == 0 ? NULL : stalled(group, a);
	const mk_sub *s = from == NULL ? NULL : mk_topic_sub(group, a);
	if (s != NULL)
		take_over(w, group, s, from);
	return s != NULL && mk_mailbox_length(&a->box) != 0;
}

/* One is no longer able to run: those members here that have nothing to do take over some of what waits for it. */
static void spread(mk_worker *w, mk_topic *group, mk_actor *from)
{
	uint32_t first = group->turn++;
	for (uint32_t i = 0; i < group->sub_count && i < LOOKS_AT && mk_mailbox_length(&from->box) != 0; i++) {
		const mk_sub *s = &group->subs[(first + i) % group->sub_count];
		if (s->actor != from && mk_member_rank(s) == 0)
			take_over(w, group, s, from);
	}
}

void mk_pass_on_evenly(mk_worker *w, mk_actor *a)
{
	mk_membership *m = a->extra->membership;
	bool was_able = m->able;
	mk_membership_count(a);
	if (w->discarding)
		return;
	bool idle = m->queued == 0 && (a->sched & (MK_HELD | MK_ON_HOLD)) == 0;
	for (uint32_t i = 0; i < m->count; i++)
		if (idle && !relieve(w, m->groups[i], a))
			wish_for_some(w, m->groups[i]);
		else if (was_able && !m->able)
			spread(w, m->groups[i], a);
}
