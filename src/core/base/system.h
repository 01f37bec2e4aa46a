/*
 * system.h - what is asked of the system through libuv: loops, descriptors on them, threads.
 *
 * libuv aborts where the system refuses it something at a place that cannot return an error.
 * Everything here gives an error instead, and leaves nothing behind: a loop, a watch on one, or
 * a thread comes from nowhere else.
 */
#ifndef MK_SYSTEM_H
#define MK_SYSTEM_H

#include "base/base.h"

#include <uv.h>

/* uv_loop_init. 0, or the system's error: MAIKO_ENOMEM, UV_EMFILE, UV_ENFILE, UV_ENOSPC.
 * Its descriptors are never 0, 1 or 2: libuv asserts that when it closes them. */
int mk_loop_init(uv_loop_t *loop);

/* uv_poll_init and uv_poll_start for reading. After an error the handle is to be closed if
 * `poll->loop` is set, else it is not the loop's. */
int mk_poll_open(uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb ready);

/* uv_thread_create. The thread takes no signal but those that its own code raises: what is sent
 * to the process is for the threads of the program. */
int mk_thread_create(uv_thread_t *ret_thread, void (*run)(void *arg), void *arg);

#endif
