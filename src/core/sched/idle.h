/*
 * idle.h - what a worker does when nothing is left to do: it looks a little longer, sleeps in
 * libuv's poll, and is woken as worker.c says; and how it polls libuv when it is busy.
 */
#ifndef MK_IDLE_H
#define MK_IDLE_H

#include "runtime/runtime.h"

/* A thread of ours: until there is something to do. */
void mk_idle(mk_worker *w);

/* A thread of ours, while there is something to do: polls libuv without waiting. */
void mk_idle_poll(mk_worker *w);

/* Right before libuv polls; false if there is something to do instead. */
bool mk_idle_may_poll(mk_worker *w);

/* Sets libuv's timer to the first of ours; false if that is due. */
bool mk_idle_set_alarm(mk_worker *w);

#endif
