/*
 * handles.h - the libuv handles that an actor has adopted.
 */
#ifndef MK_HANDLES_H
#define MK_HANDLES_H

#include "runtime/runtime.h"

/* A stop has begun: stops reading its streams and UDP sockets. */
void mk_adopted_drain(const mk_actor *a);

/* Closes the handles that the actor has adopted. */
void mk_adopted_close(mk_worker *w, mk_actor *a);

/* The same, and calls `then` when the last close callback has returned; at once if it has none. If it is called again
 * before that, only the last `then` is called. */
void mk_adopted_close_all(mk_worker *w, mk_actor *a, void (*then)(mk_worker *w, mk_actor *a));

/* Closes the handles of an actor that has left its worker, and frees the actor when the last
 * close callback has returned; at once if it has no handles. */
void mk_adopted_depart(mk_worker *w, mk_actor *a);

#endif
