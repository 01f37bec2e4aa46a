/*
 * watch.h - a descriptor that a tick waits for.
 *
 * At most one actor of a supervisor watches a descriptor at a time: libuv allows one
 * watcher a loop, and two on two loops would both see each readiness. What libuv would
 * abort on is checked before.
 */
#ifndef MK_WATCH_H
#define MK_WATCH_H

#include "runtime.h"

/* Waits for `fd`: 0 armed; 1 ready now (a regular file); or MAIKO_EBADF, MAIKO_EBUSY,
 * MAIKO_ENOMEM, what libuv says. When it is ready, the tick is due and the watch rests. */
int mk_watch_arm(mk_worker *w, mk_actor *a, int fd, bool writable);

/* Rests; the descriptor stays the actor's. */
void mk_watch_disarm(mk_actor *a);
/* The same until it is armed again by the second: 0 or an error. */
void mk_watch_hold(mk_actor *a);
int mk_watch_rearm(mk_actor *a);

/* Right before libuv polls, if there are fresh watches: drops those that it would abort on,
 * and returns whether there were none. And once it has polled: the kernel has them. */
bool mk_watch_recheck(mk_worker *w);
void mk_watch_polled(mk_worker *w);

/* Now and then: the same of those that have been polled on, whose descriptors may have been
 * closed meanwhile. */
bool mk_watch_ask(mk_worker *w);

/* Gives the descriptor up. */
void mk_watch_close(mk_actor *a);

#endif
