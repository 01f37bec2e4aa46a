/*
 * alive.h - whether this process is a forked child of the one that a supervisor was made in.
 *
 * By a page that the kernel wipes in the child (madvise(2), MADV_WIPEONFORK, Linux 4.14): a
 * load and a compare, where getpid would be a system call. Where the kernel does not, or an
 * emulator takes the advice and does nothing, the page says so, and the process is asked for.
 */
#ifndef MK_ALIVE_H
#define MK_ALIVE_H

#include "base/base.h"

#include <sys/types.h>

enum { MK_ALIVE_WIPED = 0, MK_ALIVE = 1, MK_ALIVE_ASK = 2 };

typedef struct mk_alive {
	volatile uint8_t state;
	pid_t pid;
} mk_alive;

/* NULL without memory. */
mk_alive *mk_alive_new(void);
void mk_alive_free(mk_alive *alive);

/* Of one that is not MK_ALIVE. */
MK_PRIVATE bool mk_alive_is_forked(const mk_alive *alive);

/* Known not to be forked, without a call; of others mk_is_forked tells. */
static inline bool mk_is_alive(const mk_alive *alive) { return MK_LIKELY(alive->state == MK_ALIVE); }

static inline bool mk_is_forked(const mk_alive *alive) { return !mk_is_alive(alive) && mk_alive_is_forked(alive); }

#endif
