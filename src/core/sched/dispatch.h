/*
 * dispatch.h - runs the next ready actor.
 */
#ifndef MK_DISPATCH_H
#define MK_DISPATCH_H

#include "runtime/runtime.h"

/* Runs the next ready actor: its tasks, up to its budget of events, its tick.
 * Precondition: the ready list is not empty. */
void mk_dispatch_next(mk_worker *w);

#endif
