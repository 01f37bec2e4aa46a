/*
 * members.h - share groups (maiko/topic.h, .share): each event of a topic, or of what a pattern matches, goes to one of
 * the group's members.
 *
 * A group is a record that is attached to topics like a pattern (pattern.h): by the name of the topic or pattern
 * that its members have subscribed to. Its name alone does not find it; it is found by that and the name of the
 * group. Members are the subscribers of its view on each worker. mk_topic.remote of such a view is exact: the other
 * workers that have a member which takes part in what this worker sends now, under its marker. So a worker to which
 * an event is sent has a member for it; that member may still turn it away (routing/shared.h).
 *
 * Exact means: between the two steps of a change (topology.h) a worker that has not applied it sees the members before
 * it, one that has applied it those after it. Both numbers are kept, as at most one change is under way.
 *
 * The load of a worker is what waits in the mailboxes of its members there, and what others have sent to them that has
 * not arrived. A worker is chosen by the load for each member that is able to run. It is read without a lock, and
 * decides nothing but who is asked first.
 */
#ifndef MK_MEMBERS_H
#define MK_MEMBERS_H

#include "runtime/runtime.h"

/* What one worker has of a group. Lives as long as the group. */
typedef struct mk_member_load {
	_Alignas(MK_LINE) _Atomic(uint64_t) coming; /* sent to it, not arrived; written by both ends */
	/* written by the worker, read by others */
	mk_counter queued;    /* in the mailboxes of its members */
	mk_counter able;      /* members that run what they get: not on hold, not down, started */
	_Atomic(bool) wishes; /* it has asked another worker for some of what waits there */
	/* the worker's alone */
	uint64_t stalled; /* of `queued`: at members that are not able */
	/* under the lock: members as of the change `changed`, and before it */
	uint32_t count, before;
	uint64_t changed;
} mk_member_load;

typedef struct mk_members {
	char *share;          /* the name of the group */
	struct mk_record *of; /* the topic or pattern that its members have subscribed to: it stays as long as this */
	_Atomic(mk_member_load *) loads[MAIKO_WORKERS_MAX];
} mk_members;

/* The groups that an actor is a member of; allocated with the first, and belongs to mk_extra. */
typedef struct mk_membership {
	/* what it adds to the load of each of its groups */
	uint64_t queued, stalled;
	bool able;
	uint32_t count, size;
	mk_topic *groups[]; /* the views of its worker */
} mk_membership;

/* The topic or pattern that a subscription names. */
static inline mk_record *mk_record_named(mk_record *r) { return MK_LIKELY(r->members == NULL) ? r : r->members->of; }

static inline bool mk_is_group(const mk_topic *view) { return view->record->members != NULL; }

/* ---- records, with the lock --------------------------------------------------------------------- */

void mk_members_free(mk_members *members);
/* The topic or pattern that a subscription names. */
const maiko_topic *mk_members_topic(mk_sup *sup, const mk_record *r);

/* Makes the loads of a worker. 0 or MAIKO_ENOMEM. */
int mk_members_reserve(mk_record *group, uint32_t worker);
/* The change `number` adds members on a worker, or (by: -1) takes them. Precondition: mk_members_reserve. */
void mk_members_change(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker, int by,
		       uint64_t number);
/* Whether a worker has members that take part under that marker. */
bool mk_members_any(const mk_record *group, uint32_t worker, uint64_t marker);

/* ---- what an actor belongs to, on its worker ------------------------------------------------------ */

/* The view of a group that it joins. 0 or MAIKO_ENOMEM. leave: it no longer subscribes. */
int mk_membership_enter(mk_actor *a, mk_topic *group);
void mk_membership_leave(mk_actor *a, const mk_topic *group);
/* It leaves its worker, or has ended: what it counts there. arrive: at a new one, where it has joined the groups. */
void mk_membership_depart(mk_actor *a);
void mk_membership_arrive(mk_worker *w, mk_actor *a);

/* Counts what is queued at it now, and whether it is able to run. */
void mk_membership_count(mk_actor *a);
static inline void mk_membership_settle(mk_actor *a)
{
	if (MK_UNLIKELY(a->extra != NULL && a->extra->membership != NULL))
		mk_membership_count(a);
}

/* ---- loads ----------------------------------------------------------------------------------------- */

static inline mk_member_load *mk_member_load_of(const mk_topic *group, uint32_t worker)
{
	/* Acquired: stored with release order by mk_members_reserve. */
	return atomic_load_explicit(&group->record->members->loads[worker], memory_order_acquire);
}

/* How many events wait there, or are on their way. */
static inline uint64_t mk_members_waiting(const mk_member_load *load)
{
	/* Relaxed: loads only decide who is asked first. */
	return atomic_load_explicit(&load->coming, memory_order_relaxed) + mk_count(&load->queued);
}

/* One that was on its way has arrived there. */
static inline void mk_members_arrived(mk_sup *sup, uint32_t group, uint32_t worker)
{
	const mk_record *r = mk_segmented_array_get(&sup->topics, group);
	mk_member_load *load = atomic_load_explicit(&r->members->loads[worker], memory_order_acquire);
	atomic_fetch_sub_explicit(&load->coming, 1, memory_order_relaxed);
}

/* Whether a worker has asked another, which has not answered yet. Relaxed: it only saves questions. */
static inline bool mk_member_is_wishing(const mk_topic *group, uint32_t worker)
{
	return atomic_load_explicit(&mk_member_load_of(group, worker)->wishes, memory_order_relaxed);
}
static inline void mk_member_wishes(const mk_topic *group, uint32_t worker, bool wishes)
{
	atomic_store_explicit(&mk_member_load_of(group, worker)->wishes, wishes, memory_order_relaxed);
}

/* Whether a worker is to be preferred to another: by the load for each able member. */
bool mk_member_load_less(const mk_member_load *one, const mk_member_load *other);

#endif
