/*
 * closing.h - the libuv handles that a worker has open: when the last one of a worker that ends has been closed, its
 * part of the stop is over.
 */
#ifndef MK_CLOSING_H
#define MK_CLOSING_H

#include "runtime/runtime.h"

/* A libuv handle of ours, counted in open_handles, has been closed. */
void mk_worker_handle_closed(mk_worker *w);

#endif
