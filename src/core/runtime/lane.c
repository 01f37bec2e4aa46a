/*
 * lane.c - see lane.h.
 *
 * Sleeping: the worker stores MK_SLEEPS in `rest` and then checks all its lanes once more; a thread
 * that posts to it stores the message and then loads `rest`. All four accesses are
 * sequentially consistent, so at least one of the two sees the other's store: either the
 * worker does not sleep, or it is woken. Only the thread that resets `rest` wakes it, so
 * it is woken once.
 *
 * Standing in: a thread that sets MK_STOOD_IN owns the worker's data; acquired from the worker's store, released to
 * its mk_lane_rise. A thread that would wake it meanwhile leaves that to the one that stands in (MK_CALLED).
 *
 * models/channel.pml verifies that no wake-up is lost. A change here changes the model first.
 */
#include "runtime/lane.h"

#include "runtime/timed.h"

#include <sched.h>

void mk_lane_rest(mk_worker *w, mk_rest how) { atomic_store_explicit(&w->rest, (uint8_t)how, memory_order_seq_cst); }

/* False: `rest` was not `*from`, which is loaded anew; or for no reason. */
static bool change_rest(mk_worker *w, uint8_t *from, unsigned to)
{
	return atomic_compare_exchange_weak_explicit(&w->rest, from, (uint8_t)to, memory_order_seq_cst,
						     memory_order_seq_cst);
}

/* The value of `rest` once nobody stands in. */
static uint8_t undisturbed(mk_worker *w)
{
	enum { YIELDS = 16 };
	uint8_t rest;
	for (uint32_t i = 0; ((rest = atomic_load_explicit(&w->rest, memory_order_seq_cst)) & MK_STOOD_IN) != 0; i++) {
		if (i < YIELDS) {
			(void)sched_yield(); /* the other thread may have lost its core */
			continue;
		}
		uv_mutex_lock(&w->sup->lock); /* which it holds: a thread with a real-time policy never yields to it */
		uv_mutex_unlock(&w->sup->lock);
	}
	return rest;
}

bool mk_lane_rise(mk_worker *w)
{
	uint8_t rest = undisturbed(w);
	while (rest != MK_AWAKE && !change_rest(w, &rest, MK_AWAKE))
		rest = undisturbed(w);
	mk_watchdog_risen(w);
	return rest == MK_AWAKE;
}

bool mk_lane_stand_in(mk_worker *w)
{
	uint8_t rest = atomic_load_explicit(&w->rest, memory_order_relaxed);
	return (rest == MK_SLEEPS || rest == MK_SPINS) && change_rest(w, &rest, rest | MK_STOOD_IN);
}

static void wake(mk_worker *w)
{
	if (!w->sup->seam.simulated)
		uv_async_send(&w->async);
}

void mk_lane_stand_down(mk_worker *w)
{
	uint8_t rest = atomic_load_explicit(&w->rest, memory_order_relaxed);
	unsigned next;
	do
		next = (rest & MK_CALLED) != 0 ? MK_AWAKE : rest & ~(unsigned)MK_STOOD_IN;
	while (!change_rest(w, &rest, next));
	if (next == MK_AWAKE)
		wake(w);
}

bool mk_lane_enter(mk_worker *w)
{
	if (w->entered) /* this thread is inside already */
		return false;
	uint8_t rest = undisturbed(w);
	while (rest != MK_AWAKE && !change_rest(w, &rest, rest | MK_STOOD_IN))
		rest = undisturbed(w);
	w->entered = rest != MK_AWAKE;
	mk_watchdog_risen(w);
	return w->entered;
}

void mk_lane_leave(mk_worker *w)
{
	if (!w->entered)
		return;
	w->entered = false;
	mk_lane_stand_down(w);
}

/* Whether the caller is to wake it. */
static bool take_sleep(mk_worker *w)
{
	uint8_t rest = atomic_load_explicit(&w->rest, memory_order_seq_cst);
	while (MK_UNLIKELY((rest & MK_SLEEPS) != 0 && (rest & MK_CALLED) == 0)) {
		bool other = (rest & MK_STOOD_IN) != 0;
		if (change_rest(w, &rest, other ? rest | MK_CALLED : MK_AWAKE))
			return !other && !w->sup->seam.simulated;
	}
	return false;
}

void mk_lane_wake(mk_worker *w)
{
	if (!take_sleep(w))
		return;
	atomic_store_explicit(&w->beside, false, memory_order_relaxed);
	uv_async_send(&w->async);
}

/* Relaxed: hints. */
void mk_lane_wake_by(mk_worker *from, mk_worker *to)
{
	if (!take_sleep(to))
		return;
	bool beside = atomic_load_explicit(&to->core, memory_order_relaxed) == sched_getcpu();
	atomic_store_explicit(&to->beside, beside, memory_order_relaxed);
	from->yields |= beside;
	uv_async_send(&to->async);
}

static inline void post(mk_worker *w, mk_message *m)
{
	mk_inbox_push(&w->control, &m->link);
	/* After the push: a worker that finds the flag set and the lane empty has already taken the message.
	 * Relaxed: the lane synchronizes; the flag only ends a run earlier. */
	atomic_fetch_or_explicit(&w->attention, MK_POSTED, memory_order_relaxed);
}

void mk_lane_post(mk_worker *w, mk_message *m)
{
	post(w, m);
	mk_lane_wake(w);
}

void mk_lane_post_by(mk_worker *from, mk_worker *to, mk_message *m)
{
	m->from = (uint16_t)(from->index + 1);
	m->number = from->posted++;
	post(to, m);
	mk_lane_wake_by(from, to);
}

void mk_lane_take(mk_worker *w)
{
	if ((atomic_load_explicit(&w->attention, memory_order_relaxed) & MK_POSTED) != 0)
		atomic_fetch_and_explicit(&w->attention, ~(uint32_t)MK_POSTED, memory_order_relaxed);
	if (mk_inbox_empty(&w->control))
		return;
	/* Before the messages leave the lane: a thread that finds it empty then sees the count (stop.h). */
	mk_count_add(&w->activity, 1);
	mk_link *taken = mk_inbox_take(&w->control);
	*w->deferred_tail = taken;
	for (; taken != NULL; taken = taken->next) {
		w->deferred_tail = &taken->next;
		mk_count_add(&w->activity, 1);
	}
}

/* The link to the message with that identity; NULL: it has not arrived, or an earlier one of the same worker
 * precedes it. With `mute` it may overtake messages that are not mutes. */
static mk_link **find_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute)
{
	mk_lane_take(w);
	for (mk_link **at = &w->deferred; *at != NULL; at = &(*at)->next) {
		const mk_message *m = MK_OF(*at, mk_message, link);
		bool alone = m->post >= MK_POST_START && m->post == posted >> 56; /* identified by its kind alone */
		bool same = mk_message_posted(m) == posted;
		if (alone || (same && (!mk_message_has_actor(m) || mk_message_actor(m) == of)))
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
	return at == NULL ? NULL : mk_lane_remove(w, at);
}
