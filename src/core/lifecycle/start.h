/*
 * start.h - starting a supervisor.
 */
#ifndef MK_START_H
#define MK_START_H

#include "runtime/runtime.h"

/* Runs the on_start of all, then lets events flow. Errors as maiko_start. Precondition:
 * this thread may wait, or the supervisor is embedded. */
int mk_start(mk_sup *sup);

/* Tells of the first batch, in the order added. Precondition: the state is MK_NEW no more,
 * and no worker takes turns yet. */
void mk_start_tell_added(mk_sup *sup);

#endif
