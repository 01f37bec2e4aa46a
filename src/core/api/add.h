/*
 * add.h - a supervisor's workers, as they are added.
 */
#ifndef MK_ADD_H
#define MK_ADD_H

#include "runtime/runtime.h"

/* Before the start: adds a worker, in *ret_worker (may be NULL). 0, MAIKO_E2BIG or MAIKO_ENOMEM. */
int mk_worker_add(mk_sup *sup, bool own_thread, mk_worker **ret_worker);

#endif
