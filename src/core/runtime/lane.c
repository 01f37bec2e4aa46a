/*
 * lane.c - see lane.h.
 *
 * Sleeping: the worker stores `sleeping` and then looks at all its lanes once more; who
 * gives it something stores that and then loads `sleeping`. All four accesses are
 * sequentially consistent, so at least one of the two sees the other's store: either the
 * worker does not sleep, or it is sent a wake-up. Only the one that turns `sleeping` back
 * sends it, so a sleeping worker gets one. models/channel.pml shows that no wake-up is lost; a
 * change of this changes it first.
 */
#include "runtime/lane.h"

void mk_lane_wake(mk_worker *w)
{
	if (atomic_load_explicit(&w->sleeping, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&w->sleeping, false, memory_order_seq_cst) && !w->sup->seam.simulated)
		uv_async_send(&w->async);
}

void mk_lane_post(mk_worker *w, mk_message *m)
{
	mk_inbox_push(&w->control, &m->link);
	/* After the push: who finds the flag set and the lane empty has taken the message already. Relaxed: the
	 * lane synchronises, this only ends a run sooner. */
	atomic_fetch_or_explicit(&w->attention, MK_POSTED, memory_order_relaxed);
	mk_lane_wake(w);
}

void mk_lane_post_by(mk_worker *from, mk_worker *to, mk_message *m)
{
	m->from = (uint16_t)(from->index + 1);
	m->number = from->posted++;
	mk_lane_post(to, m);
}

void mk_lane_take(mk_worker *w)
{
	if ((atomic_load_explicit(&w->attention, memory_order_relaxed) & MK_POSTED) != 0)
		atomic_fetch_and_explicit(&w->attention, ~(uint32_t)MK_POSTED, memory_order_relaxed);
	if (mk_inbox_empty(&w->control))
		return;
	/* Before the messages leave the lane: who finds it empty then finds that (stop.h). */
	mk_count_add(&w->activity, 1);
	mk_link *taken = mk_inbox_take(&w->control);
	*w->deferred_tail = taken;
	for (; taken != NULL; taken = taken->next) {
		w->deferred_tail = &taken->next;
		mk_count_add(&w->activity, 1);
	}
}

/* The link to the message of that name; NULL: it has not come, or one of the same worker is before it.
 * With `mute` it may overtake those that are not mutes. */
static mk_link **find_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute)
{
	mk_lane_take(w);
	for (mk_link **at = &w->deferred; *at != NULL; at = &(*at)->next) {
		const mk_message *m = MK_OF(*at, mk_message, link);
		bool alone = m->post >= MK_POST_START && m->post == posted >> 56; /* its number says nothing */
		bool same = mk_message_posted(m) == posted;
		if (alone || (same && (m->post != MK_POST_JOB || mk_message_actor(m) == of)))
			return at;
		if (m->post == MK_POST_NUMBERED && !same && m->from == posted >> 32 && (m->mutes || !mute))
			break;
	}
	return NULL;
}

bool mk_lane_has_posted(mk_worker *w, uint64_t posted, maiko_actor_id of)
{
	return find_posted(w, posted, of, false) != NULL;
}

mk_message *mk_lane_take_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute)
{
	mk_link **at = find_posted(w, posted, of, mute);
	if (at == NULL)
		return NULL;
	mk_message *m = MK_OF(*at, mk_message, link);
	*at = m->link.next;
	if (w->deferred_tail == &m->link.next)
		w->deferred_tail = at;
	if (w->deferred_seen == &m->link.next)
		w->deferred_seen = at;
	return m;
}
