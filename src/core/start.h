/*
 * start.h - starting a supervisor.
 */
#ifndef MK_START_H
#define MK_START_H

#include "runtime.h"

/* Runs the on_start of all, then lets events flow. Errors as maiko_start. Precondition:
 * this thread may wait, or the supervisor is embedded. */
int mk_start(mk_sup *sup);

#endif
