/*
 * lane.h - a worker's control lane: how any thread gives a worker a message, and wakes it.
 *
 * What has been taken out of the lane waits in `deferred`, in the order posted; a turn runs it (worker.c),
 * a send may take the mutes out of it before (backpressure.c).
 */
#ifndef MK_LANE_H
#define MK_LANE_H

#include "runtime/runtime.h"

/* From any thread: makes sure that the worker looks at its lanes. */
void mk_lane_wake(mk_worker *w);

/* From any thread: gives it a message, whose memory is then the worker's. */
void mk_lane_post(mk_worker *w, mk_message *m);

/* The same on the thread of the worker `from`: a recording knows it by that. */
void mk_lane_post_by(mk_worker *from, mk_worker *to, mk_message *m);

/* On the worker: takes from the lane what has come. */
void mk_lane_take(mk_worker *w);

/* The message that was posted so (mk_message_posted; `of`: a job's actor; `mute`: a mute), wherever it lies:
 * whether it has come, and takes it out; NULL: it has not. */
MK_PRIVATE bool mk_lane_has_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);
mk_message *mk_lane_take_posted(mk_worker *w, uint64_t posted, maiko_actor_id of, bool mute);

#endif
