/*
 * idle.h - a worker without work: it spins for a short time, sleeps in libuv's poll, and is woken
 * as lane.c says. Also how a busy worker polls libuv.
 */
#ifndef MK_IDLE_H
#define MK_IDLE_H

#include "runtime/runtime.h"

/* On a worker's own thread: returns when there is work. */
void mk_idle(mk_worker *w);

/* At the end of a turn in which it has woken a worker that may wait for this core (lane.h): yields it. */
void mk_idle_yield(mk_worker *w);

/* On a worker's own thread, while there is work: polls libuv without waiting. */
void mk_idle_poll(mk_worker *w);

/* To be called right before libuv polls; false: there is work to do first. */
bool mk_idle_may_poll(mk_worker *w);

/* Sets the libuv timer for the worker's first timer; false: that is due. */
bool mk_idle_set_alarm(mk_worker *w);

#endif
