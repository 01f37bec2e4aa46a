/*
 * worker.h - one thread, one loop, one run queue; how others reach it.
 */
#ifndef MK_WORKER_H
#define MK_WORKER_H

#include "runtime.h"

/* A worker that does not run yet; NULL without memory. */
mk_worker *mk_worker_new(mk_sup *sup, uint32_t index, bool own_thread);

/* Its place among the others, and what follows from it: its ids and its chance. Before it
 * has an actor. */
void mk_worker_number(mk_worker *w, uint32_t index);

/* Prepares its loop (the supervisor's, if embedded). 0 or libuv's error. */
int mk_worker_open(mk_worker *w);
/* Starts its thread. 0 or libuv's error. */
int mk_worker_spawn(mk_worker *w);

/* Has its thread leave, and joins it. */
void mk_worker_join(mk_worker *w);

/* Stops and frees a worker that no batch has brought in yet. */
void mk_worker_abort(mk_worker *w);

/* After its thread has been joined: closes the loop, frees what is left. */
void mk_worker_free(mk_worker *w);

/* From any thread: gives it a message, whose memory is then the worker's. */
void mk_worker_post(mk_worker *w, mk_message *m);

/* The same on the thread of the worker `from`, with its number there, by which a recording names it. */
void mk_worker_post_by(mk_worker *from, mk_worker *to, mk_message *m);

/* Led by a recording: whether the message of that name (mk_note_posted; `of`: a job's actor) has come, and
 * can be run next. And runs it; false: it cannot be. */
bool mk_worker_has_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);
bool mk_worker_run_posted(mk_worker *w, uint64_t posted, maiko_actor_id of);

/* Takes what has come out of the lane. Noted, mk_worker_take_mutes applies only the mutes among that. */
void mk_worker_look_at_control(mk_worker *w);

/* From any thread: makes sure that it looks at its lanes. */
void mk_worker_wake(mk_worker *w);

/* Applies the mutes among its control messages; the rest keep their order (router.c). */
void mk_worker_take_mutes(mk_worker *w);

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

/* Under simulation: a loop that never runs, and the simulation fails. */
struct uv_loop_s *mk_worker_idle_loop(mk_worker *w, const char *who);

/* Its part of a stop is over: close what is open, then mk_stop_exited. */
void mk_worker_exit(mk_worker *w);

/* A libuv handle of ours, counted in open_handles, has been closed. */
void mk_worker_handle_closed(mk_worker *w);

#endif
