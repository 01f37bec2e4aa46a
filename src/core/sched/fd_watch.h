/*
 * fd_watch.h - the file descriptor that a tick waits for.
 *
 * At most one actor of a supervisor watches a descriptor at a time; two would both be woken
 * each time it becomes ready.
 */
#ifndef MK_FD_WATCH_H
#define MK_FD_WATCH_H

#include "runtime/runtime.h"

/* Waits for `fd`, in the directions of `ways` (MAIKO_WOKEN_READABLE, MAIKO_WOKEN_WRITABLE): 0 armed; 1 ready
 * now (a regular file); or MAIKO_EBADF, MAIKO_EBUSY, MAIKO_ENOMEM, or the system's error. When it is ready, the
 * tick is due and told the ways, and the watch is disarmed. */
int mk_fd_watch_arm(mk_worker *w, mk_actor *a, int fd, unsigned ways);

/* Disarms the watch; the actor keeps the descriptor. */
void mk_fd_watch_disarm(mk_actor *a);
/* hold: disarms the watch until rearm arms it again. rearm returns 0 or an error. */
void mk_fd_watch_hold(mk_actor *a);
int mk_fd_watch_rearm(mk_actor *a);

/* The actor has run a callback, which may have closed the watched descriptor: marks the watch so
 * that mk_fd_watch_ask checks it with the kernel. Precondition: it has a watch. */
void mk_fd_watch_doubt(mk_actor *a);

/* Checks the marked watches with the kernel and drops those whose descriptor has been closed.
 * True: none was dropped. */
bool mk_fd_watch_ask(mk_worker *w);

/* Ends the watch and releases the descriptor. */
void mk_fd_watch_close(mk_actor *a);

/* A watch that migrates with its actor (migrate.h). reserve: room for one on the new worker, so that the migration
 * cannot fail later: 0, MAIKO_ENOMEM, or the error of a new epoll instance. pack: it leaves its worker. unpack: it uses
 * the reservation; a descriptor that was closed meanwhile ends the watch, and the tick learns why. */
int mk_fd_watch_reserve(mk_worker *w);
void mk_fd_watch_unreserve(mk_worker *w);
void mk_fd_watch_pack(mk_actor *a);
void mk_fd_watch_unpack(mk_worker *w, mk_actor *a);

/* exit: to be called before the worker leaves its loop. fini: ends the remaining watches and frees the memory. */
void mk_fd_watch_exit(mk_worker *w);
void mk_fd_watch_fini(mk_worker *w);

#endif
