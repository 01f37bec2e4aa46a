/*
 * start.h - starting a supervisor.
 */
#ifndef MK_START_H
#define MK_START_H

#include "runtime/runtime.h"

/* Runs on_start of all actors, then starts the delivery of events. Errors as maiko_start.
 * Precondition: this thread may wait, or the supervisor is embedded. */
int mk_start(mk_sup *sup);

/* Notifies the monitors of the first batch, in the order added. Precondition: the state is no
 * longer MK_NEW, and no worker takes turns yet. */
void mk_start_tell_added(mk_sup *sup);

#endif
