/*
 * handles.h - libuv handles tied to an actor.
 */
#ifndef MK_HANDLES_H
#define MK_HANDLES_H

#include "runtime/runtime.h"

/* A stop has begun: stops reading its streams and UDP sockets. */
void mk_adopted_drain(const mk_actor *a);

/* Closes what the actor has adopted. */
void mk_adopted_close(mk_worker *w, mk_actor *a);

/* The same for one that has left its worker, and frees it when the last close callback
 * has returned, or at once. */
void mk_adopted_depart(mk_worker *w, mk_actor *a);

#endif
