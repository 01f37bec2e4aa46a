/*
 * group_steps.h - which supervised actors are restarted, when, and with which others (maiko/group.h).
 *
 * The workers report what has happened to their actors; each report is a step under the supervisor's lock, which
 * decides and commands (registry/group.h). So all decisions have one order, and a recording notes it.
 *
 * A command is what an actor's worker is to do now; the control message only says that there is one. So a later
 * decision replaces one that has not been executed.
 *
 *   failed ─▶ counts for its group ─▶ too many: the group fails, and counts as a failure of one member of its parent,
 *                                     and so on; at the root: the supervisor stops
 *                                 ─▶ by the strategy of the group where that ends:
 *                                      the actor alone: start it after its delay
 *                                      others with it: a run
 *
 * A run of a group restarts its members from one on: it halts their actors, the last first, each when the one after it
 * is down; waits for the delay; then starts them, the first first, each when the one before it is up. A failure
 * meanwhile makes it begin again. Of nested groups only the outermost runs: it includes the others.
 *
 * While a supervisor starts, reports wait until the start is over; once it stops, nothing is decided any more: its
 * workers end the actors that are down.
 */
#ifndef MK_GROUP_STEPS_H
#define MK_GROUP_STEPS_H

#include "lifecycle/topology.h"
#include "registry/group.h"

/* On the actor's worker, without the lock: reports, and takes the step that follows. */
void mk_group_report(mk_worker *w, mk_care *c, mk_report_kind kind);

/* On the worker that has the message: what is to be done now. False: the actor has moved, and the message follows. */
bool mk_group_command(mk_worker *w, mk_care *c, mk_command *ret_command, uint64_t *ret_delay_ms);
/* With the lock: the actor has ended, or has arrived at no worker and never will: who has asked for its restart waits
 * no more. Without it, on that worker: runs the .done of such requests. */
void mk_group_answer_ended(mk_sup *sup, mk_care *c);
void mk_group_tell_askers(mk_worker *w);
/* A stop has begun: no restart that was asked for is waited for any more. One who asked may be on hold until then, and
 * the stop would wait for the one, who is restarted or ends after all are quiet. */
void mk_groups_refuse_askers(mk_worker *w);

/* The command is to be executed again: its actor was in a topology change. */
void mk_group_command_again(mk_sup *sup, mk_care *c);

/* The start, or a replay, is over: takes the steps of the reports since. With the lock. */
void mk_groups_started(mk_sup *sup);

/* With the lock: the first member that has not stopped in the time of a run that waits for it; the root has failed by
 * that. NULL: none; *ret_due_ns: when the next one is overdue, or UINT64_MAX. */
const mk_care *mk_groups_overdue(mk_sup *sup, uint64_t now_ns, uint64_t *ret_due_ns, uint64_t *ret_late_ms);
/* Without the lock, on any thread: stops the supervisor if its root has failed. */
void mk_groups_end(mk_sup *sup);

/* maiko_restart: takes ownership of the change, or returns an error. With `ret_status`: waits, and sets its result. */
int mk_group_ask(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status);

/* In a replay, with the lock: takes the report of that kind of that actor. False: it has not been made. */
MK_PRIVATE bool mk_groups_step_led(mk_sup *sup, maiko_actor_id id, mk_report_kind kind);
/* Without the lock: stops the supervisor if its root has failed. */
MK_PRIVATE void mk_groups_conclude(mk_sup *sup);

#endif
