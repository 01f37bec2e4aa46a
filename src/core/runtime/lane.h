/*
 * lane.h - a worker's control lane, and how it rests: any thread posts messages to a worker and wakes it, or acts in
 * the name of one that rests.
 *
 * Messages taken out of the lane wait in `deferred`, in the order posted. A turn runs them (turn.c); a send
 * may run the mutes among them earlier (backpressure.c).
 */
#ifndef MK_LANE_H
#define MK_LANE_H

#include "runtime/runtime.h"

/* What a worker without work does. It may be in uv_run, whose callbacks enter actors by maiko_enter alone. */
typedef enum mk_rest {
	MK_AWAKE = 0,
	MK_SLEEPS = 1,   /* it polls libuv, and must be woken */
	MK_SPINS = 2,    /* it checks its lanes again and again */
	MK_STOOD_IN = 4, /* besides one of these: another thread acts for it */
	MK_CALLED = 8    /* besides these: it was to be woken meanwhile */
} mk_rest;

/* On the worker: rest: it checks its lanes once more after this. rise: waits while another thread stands in for it;
 * then it is awake. Returns whether it was woken. */
void mk_lane_rest(mk_worker *w, mk_rest how);
bool mk_lane_rise(mk_worker *w);
/* In a simulation: whether it rests. */
static inline bool mk_lane_rests(const mk_worker *w)
{
	return atomic_load_explicit((_Atomic(uint8_t) *)(uintptr_t)&w->rest, memory_order_relaxed) != MK_AWAKE;
}

/* From any thread: stands in for a worker that rests: until mk_lane_stand_down this thread owns what the worker
 * owns, except what mk_worker_has_input reads. Never waits; false: the worker is awake, or another thread stands in.
 * For an instant only: the worker cannot rise meanwhile. */
bool mk_lane_stand_in(mk_worker *w);
void mk_lane_stand_down(mk_worker *w);
/* The same on the worker's own thread, in a callback of libuv, unless it is awake or has entered already (false);
 * waits until nobody else stands in. */
bool mk_lane_enter(mk_worker *w);
void mk_lane_leave(mk_worker *w);

/* From any thread: wakes the worker if it sleeps, so that it checks its lanes. */
void mk_lane_wake(mk_worker *w);

/* The same on the thread of the worker `from`. The kernel may wake a thread on the core that wakes it, although that is
 * busy; the woken one then waits for a whole time slice, milliseconds. So if `to` went to sleep on the core on which
 * `from` runs, `from` yields it at the end of its turn. */
void mk_lane_wake_by(mk_worker *from, mk_worker *to);

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
