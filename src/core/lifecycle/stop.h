/*
 * stop.h - the end of a supervisor (C10): a sequence of steps that every worker takes.
 *
 *   begin    external sends are refused, ticks, watches and delayed events end
 *   quiesce  every worker that is not known to be at rest says when it has nothing left,
 *            until all are at rest: then nothing is left anywhere
 *   hook     on_stop of the actor started last, on its worker, which answers when it has
 *            nothing left again; then quiesce, which asks those that were sent something;
 *            then the next
 *   end      every worker ends what is left; if a libuv callback of an actor's has sent
 *            something since, quiesce once more, so that it is taken and counted
 *   exit     every worker closes its handles
 *
 * At rest is a worker that has answered, has not activity since (its count of stirs is what it
 * told), and that nothing is on its way to: its control lane is empty, and each channel to it
 * has as many entries taken as sent. Who looks does so under the lock, after the last answer.
 * If all are at rest then, nothing was left at the moment T of that answer:
 *
 *   No worker activity between its answer, before T, and the look at its count, after T. So
 *   each had nothing to do at T, and what could still give it something was on its way at T,
 *   sent by a worker before its own answer, which the lock makes visible: the look at lane and
 *   channels finds it, unless it has been taken. But a worker counts a stir before it takes
 *   anything from either, and the look reads the lane and the channels before the count.
 *
 * So a stop of n actors costs as many messages as their on_stops have to do with, not n times
 * all workers. (The method of counters is of Mattern, "Algorithms for distributed termination
 * detection", 1987; quiescence.c asks everybody, as it has no stop's end to wait for.)
 * models/stop.pml shows it for every interleaving: a change of it changes that first.
 *
 * The worker that answers last takes the next step, under the lock. At the deadline all
 * workers are told to discard; the steps go on, quickly. A worker that has not moved for
 * the grace after that (one callback, one event) is stuck: it is given up, and the steps go
 * on without it. Then the supervisor ends abandoned instead of stopped.
 */
#ifndef MK_STOP_H
#define MK_STOP_H

#include "runtime/runtime.h"

int mk_stop_init(mk_sup *sup);
void mk_stop_fini(mk_sup *sup);

/* Begins, or joins what has begun. `done` may be NULL. */
int mk_stop_begin(mk_sup *sup, const maiko_stop_options *options, void (*done)(void *arg, int status), void *arg);

/* Begins it for an actor that has failed, if none has begun; `code` is what its end says, if nothing else is. */
void mk_stop_for_failure(mk_sup *sup, int code);

/* Calls `done` at the end, whoever brings it about; at once if it is over. Calls `begun`
 * (may be NULL), with the lock, when a stop begins or has begun. 0 or MAIKO_ENOMEM. */
int mk_stop_watch(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg);

/* After the deadline of a stop: gives up what does not return. Workers that can do so by
 * themselves; a loop that only watches has to, in case none of them can. */
void mk_stop_look(mk_sup *sup);

/* How many these are; the first, rather one that was in an actor's callback, and whose that was
 * (NULL: nobody's). Nothing is set if there are none. */
uint32_t mk_stop_given_up(mk_sup *sup, uint32_t *ret_worker, const mk_sender **ret_in);

/* Waits for the end. What it was, or MAIKO_ETIMEDOUT, which leaves the supervisor abandoned. */
int mk_stop_wait(mk_sup *sup);

/* Begins and waits, as these two, but leaves the end of one that never ran to be told by
 * mk_stop_tell: when the caller is done with the supervisor, as who is told may free it. */
int mk_stop_untold(mk_sup *sup, const maiko_stop_options *options);
/* Tells the end, if nobody has. The last that is done with a supervisor that is embedded. */
void mk_stop_tell(mk_sup *sup);

/* The result of a call that has waited for the end: `status`, or the error of a simulation that has
 * failed; with its sentence. */
int mk_stop_say(mk_sup *sup, const char *call, int status);

/* While a thread brings about the end of a supervisor by itself, or tells it, what it calls may
 * neither wait for that end nor free the supervisor. Enter returns what leave takes. */
const void *mk_ending_enter(mk_sup *sup);
void mk_ending_leave(mk_sup *sup, const void *before);
bool mk_is_ending_here(const mk_sup *sup);

/* A worker that was asked has nothing left. */
void mk_stop_idle(mk_worker *w);
/* A worker has closed all it had open. */
void mk_stop_exited(mk_worker *w);

/* The start is over: begins a stop that was asked for meanwhile. With the lock. */
void mk_stop_started(mk_sup *sup);

/* The start has failed before any thread ran: all that was sent is discarded. */
void mk_stop_never_started(mk_sup *sup, int code);

/* The start has failed: all that was started is stopped, the rest discarded. With the
 * lock. */
void mk_stop_failed_start(mk_sup *sup, int code);

/* ---- led by a recording (lead.h), with the lock; each false if it cannot be now ------------- */

MK_PRIVATE bool mk_stop_begin_led(mk_sup *sup, uint64_t deadline_ns);
MK_PRIVATE bool mk_stop_discard_led(mk_sup *sup);
/* The next step, as the recorder was told; `number`: of a hook, whose; else the workers. */
MK_PRIVATE bool mk_stop_step_led(mk_sup *sup, int64_t step, uint64_t number);
MK_PRIVATE bool mk_stop_over_led(mk_sup *sup);

/* Led no more: what the stop waited for. Without the lock. */
void mk_stop_go_on(mk_sup *sup);

#endif
