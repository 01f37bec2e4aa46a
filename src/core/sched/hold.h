/*
 * hold.h - an actor does not run for a while: it is held, and permitted again.
 */
#ifndef MK_HOLD_H
#define MK_HOLD_H

#include "runtime/runtime.h"

/* Sets or clears one of the MK_HELD bits. */
void mk_hold(mk_worker *w, mk_actor *a, unsigned bit);
void mk_permit(mk_worker *w, mk_actor *a, unsigned bit);

/* To be ended (if it has not), and its removal asked for, in the worker's next turn. */
void mk_retire(mk_worker *w, mk_actor *a);
/* The next of these, or NULL. */
mk_actor *mk_take_retiring(mk_worker *w);

#endif
