/*
 * turn.h - a worker's turn: control lane, incoming channels, external sends, timers, ready actors; then what it sent
 * becomes visible.
 *
 * pace.h says when a turn ends. libuv is polled when there is nothing to do (idle.c), and every 100 µs when there is.
 */
#ifndef MK_TURN_H
#define MK_TURN_H

#include "runtime/runtime.h"

/* One turn. Returns whether there is more to do now. */
bool mk_worker_turn(mk_worker *w);

/* Whether nothing is left for its actors to do. */
bool mk_worker_quiet(mk_worker *w);

/* The parts of a turn that step.c and lead.c take one by one: whether there is a control
 * message, and runs the first; whether an entry of the channel from that worker can be
 * taken, and takes up to `count`; whether the worker would not sleep. */
bool mk_worker_has_control(mk_worker *w);
void mk_worker_run_control(mk_worker *w);
MK_PRIVATE bool mk_worker_can_take(mk_worker *w, uint32_t from);
void mk_worker_take(mk_worker *w, uint32_t from, uint32_t count);
bool mk_worker_has_input(mk_worker *w);

/* Led by a recording: runs the message of that name (lane.h). False: it has not come. */
bool mk_worker_run_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);

#endif
