/*
 * hold.h - holds an actor, so that it does not run, and permits it again.
 */
#ifndef MK_HOLD_H
#define MK_HOLD_H

#include "runtime/runtime.h"

/* Sets or clears one of the MK_HELD bits. */
void mk_hold(mk_worker *w, mk_actor *a, unsigned bit);
void mk_permit(mk_worker *w, mk_actor *a, unsigned bit);

/* Marks the actor: the worker's next turn ends it (unless it has ended) and requests its removal. */
void mk_retire(mk_worker *w, mk_actor *a);
/* Takes the next actor so marked, or NULL. */
mk_actor *mk_take_retiring(mk_worker *w);

#endif
