/*
 * restart.h - the restart of a supervised actor, on its worker (maiko/group.h tells what it means).
 *
 *   running ──▶ halted ──▶ down ──▶ started again
 *      a failure, or   handles      a command, and
 *      a command       are closed   a delay
 *
 * While it is halted or down the actor is held (MK_DOWN): events are delivered to it, and nothing of it runs. Its end,
 * a change of its subscriptions and its removal are as ever. No other worker takes part: which actors are halted and
 * started, and when, is decided under the supervisor's lock (group_steps.h), and comes as a control message.
 *
 * A command that meets a topology change of the same actor waits for its end: an on_stop or on_start that sends could
 * otherwise cause an event that misses the change (topology.h).
 */
#ifndef MK_RESTART_H
#define MK_RESTART_H

#include "registry/failure.h"
#include "registry/group.h"

/* The actor has failed (end.h). True: it is to be restarted, or its group decides otherwise; false: nobody does. */
bool mk_restart_contain(mk_worker *w, mk_actor *a, const struct mk_cause *cause);

/* It has ended by itself (maiko_stop_self). True: it is permanent, and is restarted. */
bool mk_restart_ended(mk_worker *w, mk_actor *a);

/* It has started, for the first time or again; it has ended. */
void mk_restart_is_up(mk_worker *w, mk_actor *a);
void mk_restart_is_gone(mk_worker *w, mk_actor *a);

/* The topology change for which a command waits is over. */
void mk_restart_go_on(mk_worker *w, mk_actor *a);

/* Runs what the actor was commanded; the message of mk_care. */
void mk_restart_obey(mk_worker *w, mk_message *m);

#endif
