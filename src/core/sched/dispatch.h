/*
 * dispatch.h - runs the next ready actor.
 */
#ifndef MK_DISPATCH_H
#define MK_DISPATCH_H

#include "runtime/runtime.h"

/* Runs the next ready actor: its tasks, a budget of events, its tick. Precondition:
 * there is one. */
void mk_dispatch_next(mk_worker *w);

#endif
