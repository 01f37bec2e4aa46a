/*
 * turn.h - a worker's turn: control lane, incoming channels, external sends, timers, ready actors; then it publishes
 * what it has sent.
 *
 * pace.h says when a turn ends. A worker polls libuv when it has no work (idle.c), and every 100 µs when it has.
 */
#ifndef MK_TURN_H
#define MK_TURN_H

#include "runtime/runtime.h"

/* At most so many timers fire in a turn, so that a great number that are due together are handled as they fire, and do
 * not hold up the turn. */
enum { MK_TIMERS_PER_TURN = 256 };

/* Takes one turn. Returns whether there is more to do now. */
bool mk_worker_turn(mk_worker *w);

/* Whether its actors have nothing left to do. */
bool mk_worker_quiet(mk_worker *w);

/* The same, except for actors that full subscribers mute. If this holds for all workers and nothing is in transit,
 * these wait for an actor on hold. */
bool mk_worker_rests(mk_worker *w);

/* During a stop: whether mk_stop_idle is due: the worker was asked and is quiet, or events for actors on hold must be
 * discarded. */
bool mk_worker_may_answer(mk_worker *w);

/* The parts of a turn, for step.c and lead.c. has_control: whether there is a control message;
 * run_control runs the first. can_take: whether an entry of the channel from that worker can be
 * taken; take takes up to `count`. has_input: whether the worker has a reason not to sleep. */
bool mk_worker_has_control(mk_worker *w);
void mk_worker_run_control(mk_worker *w);
MK_PRIVATE bool mk_worker_can_take(mk_worker *w, uint32_t from);
void mk_worker_take(mk_worker *w, uint32_t from, uint32_t count);
bool mk_worker_has_input(mk_worker *w);

/* In a replay: runs the control message with that name (lane.h). False: it has not arrived. */
bool mk_worker_run_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);

#endif
