/*
 * closing.h - the open libuv handles of a worker: when a worker that is exiting has closed the last one, its part of
 * the stop is complete.
 */
#ifndef MK_CLOSING_H
#define MK_CLOSING_H

#include "runtime/runtime.h"

/* To be called when a libuv handle that is counted in open_handles has been closed. */
void mk_worker_handle_closed(mk_worker *w);

#endif
