/*
 * stop.h - the end of a supervisor (C10): a sequence of steps that every worker takes.
 *
 *   begin    external sends are refused; ticks, watches and delayed events end, except those
 *            of actors added with .drains
 *   quiesce  every worker that is not known to be idle answers when it has no work left,
 *            until all are idle: then no work is left anywhere
 *   finish   every worker that has actors with .drains ends their ticks, watches and delayed
 *            events, except of those that are on hold now; then quiesce, until there are none
 *   hook     on_stop of the actor started last, on its worker, which answers when it has
 *            no work left again; then quiesce, which asks the workers that were sent
 *            something; then the next hook
 *   end      every worker ends its remaining actors; if a libuv callback of an actor has sent
 *            an event since, quiesce once more, so that it is taken and counted
 *   exit     every worker closes its handles
 *
 * A worker is idle if it has answered, has had no activity since (its activity count is the one
 * it reported), and nothing is in transit to it: its control lane is empty, and each channel to
 * it has as many entries taken as sent. The check runs under the lock, after the last answer.
 * If it finds all workers idle, no work was left at the moment T of that answer:
 *
 *   No worker had activity between its answer, before T, and the check of its count, after T. So
 *   each had no work at T, and new work for it could only be in transit at T, sent by a worker
 *   before that worker's answer, which the lock makes visible: the check of lane and channels
 *   finds it, unless it has been taken. But a worker increments its activity count before it takes
 *   anything from either, and the check reads the lane and the channels before the count.
 *
 * Of an actor with .drains a tick, a delayed event or a libuv callback may run without anything in
 * transit. The worker increments its activity count before it runs one. One that has not run is
 * ended by the finish step, as if it had not been due. While such an actor is on hold its worker
 * has work left: so the finish step comes when it is on hold no more, or past the deadline.
 *
 * So a stop of n actors costs as many messages as their on_stop callbacks cause work, not n times
 * the number of workers. (The method of counters is by Mattern, "Algorithms for distributed
 * termination detection", 1987; quiescence.c asks all workers, because the supervisor runs on.)
 * models/stop.pml checks every interleaving; to change the protocol, change the model first.
 *
 * The worker that answers last takes the next step, under the lock. At the deadline all workers
 * are told to discard their events; the steps continue, quickly. A worker that makes no progress
 * for the grace time after that (one callback, one event) is stuck: it is given up, and the steps
 * continue without it. Then the supervisor ends abandoned instead of stopped.
 */
#ifndef MK_STOP_H
#define MK_STOP_H

#include "runtime/runtime.h"

int mk_stop_init(mk_sup *sup);
void mk_stop_fini(mk_sup *sup);

/* Begins a stop, or joins the one that has begun. `done` may be NULL. */
int mk_stop_begin(mk_sup *sup, const maiko_stop_options *options, void (*done)(void *arg, int status), void *arg);

/* Begins a stop for a failed actor, if none has begun; `code` becomes the end status, unless there is one already. */
void mk_stop_for_failure(mk_sup *sup, int code);

/* Calls `done` at the end of the supervisor, whatever causes it; at once if it has ended. Calls
 * `begun` (may be NULL), with the lock, when a stop begins or has begun. 0 or MAIKO_ENOMEM. */
int mk_stop_watch(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg);

/* After the deadline of a stop: gives up stuck workers. The other workers do this themselves; a
 * loop outside the workers must call it, in case all workers are stuck. */
void mk_stop_look(mk_sup *sup);

/* The number of workers given up; sets one of them, preferably one in an actor's callback, and that
 * actor (NULL: no actor). Sets nothing if there are none. */
uint32_t mk_stop_given_up(mk_sup *sup, uint32_t *ret_worker, const mk_sender **ret_in);

/* Waits for the end. Returns the end status, or MAIKO_ETIMEDOUT, which leaves the supervisor abandoned. */
int mk_stop_wait(mk_sup *sup);

/* Begins a stop and waits, but for a supervisor that never ran leaves the notification to mk_stop_tell:
 * the caller calls that last, because a notified function may free the supervisor. */
int mk_stop_untold(mk_sup *sup, const maiko_stop_options *options);
/* Notifies of the end, unless that has been done. For an embedded supervisor this is the last access. */
void mk_stop_tell(mk_sup *sup);

/* The result of a call that has waited for the end: `status`, or the error of a failed simulation;
 * sets the error text. */
int mk_stop_say(mk_sup *sup, const char *call, int status);

/* Bracket the code in which a thread ends a supervisor by itself or notifies of its end: functions called
 * there may neither wait for that end nor free the supervisor. Pass the result of enter to leave. */
const void *mk_ending_enter(mk_sup *sup);
void mk_ending_leave(mk_sup *sup, const void *before);
bool mk_is_ending_here(const mk_sup *sup);

/* A worker that was asked has no work left; or discards what is left for actors on hold. */
void mk_stop_idle(mk_worker *w);
/* A worker has closed all its handles. */
void mk_stop_exited(mk_worker *w);

/* The start is over: begins a stop that was requested during it. With the lock. */
void mk_stop_started(mk_sup *sup);

/* The start has failed before any thread ran: discards all events sent so far. */
void mk_stop_never_started(mk_sup *sup, int code);

/* The start has failed: stops the actors that were started, discards the rest. With the
 * lock. */
void mk_stop_failed_start(mk_sup *sup, int code);

/* ---- replay (lead.h), with the lock; each false if it is not possible now ------------------- */

MK_PRIVATE bool mk_stop_begin_led(mk_sup *sup, uint64_t deadline_ns);
MK_PRIVATE bool mk_stop_discard_led(mk_sup *sup);
/* Takes the recorded step; `number`: the actor of a hook; else the set of workers. */
MK_PRIVATE bool mk_stop_step_led(mk_sup *sup, int64_t step, uint64_t number);
MK_PRIVATE bool mk_stop_over_led(mk_sup *sup);

/* The replay has ended: takes the step that waited for the recording. Without the lock. */
void mk_stop_go_on(mk_sup *sup);

#endif
