/*
 * fd_watch.h - a descriptor that a tick waits for.
 *
 * At most one actor of a supervisor watches a descriptor at a time: two would both see each
 * readiness.
 */
#ifndef MK_FD_WATCH_H
#define MK_FD_WATCH_H

#include "runtime/runtime.h"

/* Waits for `fd`: 0 armed; 1 ready now (a regular file); or MAIKO_EBADF, MAIKO_EBUSY,
 * MAIKO_ENOMEM, what the system says. When it is ready, the tick is due and the watch rests. */
int mk_fd_watch_arm(mk_worker *w, mk_actor *a, int fd, bool writable);

/* Rests; the descriptor stays the actor's. */
void mk_fd_watch_disarm(mk_actor *a);
/* The same until it is armed again by the second: 0 or an error. */
void mk_fd_watch_hold(mk_actor *a);
int mk_fd_watch_rearm(mk_actor *a);

/* The actor has been in a callback, where it may have closed what it watches: the kernel is to
 * be asked. Precondition: it has a watch. */
void mk_fd_watch_doubt(mk_actor *a);

/* Asks the kernel, and drops each watch whose descriptor has been closed. True if there was none. */
bool mk_fd_watch_ask(mk_worker *w);

/* Gives the descriptor up. */
void mk_fd_watch_close(mk_actor *a);

/* The worker's loop is about to be left. And: its memory is freed, with what is still watched. */
void mk_fd_watch_exit(mk_worker *w);
void mk_fd_watch_fini(mk_worker *w);

#endif
