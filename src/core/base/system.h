/*
 * system.h - system resources created through libuv: loops, polled descriptors, threads.
 *
 * Some libuv functions abort when the system refuses a resource. The functions here return an
 * error instead and leak nothing; no other code creates a loop, a poll handle or a thread.
 */
#ifndef MK_SYSTEM_H
#define MK_SYSTEM_H

#include "base/base.h"

#include <uv.h>

/* uv_loop_init. 0, or the system's error: MAIKO_ENOMEM, UV_EMFILE, UV_ENFILE, UV_ENOSPC.
 * Its descriptors are never 0, 1 or 2: libuv asserts that when it closes them. */
int mk_loop_init(uv_loop_t *loop);

/* uv_poll_init and uv_poll_start for reading. After an error the caller closes the handle if
 * `poll->loop` is set; else it was not initialized. */
int mk_poll_open(uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb ready);

/* uv_thread_create. The thread blocks all signals but those that its own code raises: signals sent
 * to the process go to the program's threads. */
int mk_thread_create(uv_thread_t *ret_thread, void (*run)(void *arg), void *arg);

#endif
