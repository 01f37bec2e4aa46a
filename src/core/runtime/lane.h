/*
 * lane.h - a worker's control lane: any thread posts messages to a worker and wakes it.
 *
 * Messages taken out of the lane wait in `deferred`, in the order posted. A turn runs them (turn.c); a send
 * may run the mutes among them earlier (backpressure.c).
 */
#ifndef MK_LANE_H
#define MK_LANE_H

#include "runtime/runtime.h"

/* From any thread: wakes the worker if it sleeps, so that it checks its lanes. */
void mk_lane_wake(mk_worker *w);

/* From any thread: posts a message; the worker then owns its memory. */
void mk_lane_post(mk_worker *w, mk_message *m);

/* The same on the thread of the worker `from`; identifies the message for a recording. */
void mk_lane_post_by(mk_worker *from, mk_worker *to, mk_message *m);

/* On the worker: moves all messages from the lane to `deferred`. */
void mk_lane_take(mk_worker *w);

/* Removes a deferred message, that to which `at` points, and returns it. */
static inline mk_message *mk_lane_remove(mk_worker *w, mk_link **at)
{
	mk_message *m = MK_OF(*at, mk_message, link);
	*at = m->link.next;
	if (w->deferred_tail == &m->link.next)
		w->deferred_tail = at;
	if (w->deferred_seen == &m->link.next)
		w->deferred_seen = at;
	return m;
}

/* The message with that identity (mk_message_posted; `of`: a job's actor; `mute`: it is a mute), in the lane or
 * deferred: whether it has arrived; and removes it, or returns NULL if it has not. */
MK_PRIVATE bool mk_lane_has_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);
mk_message *mk_lane_take_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute);

#endif
