/*
 * alive.h - whether this process is a forked child of the one that a supervisor was made in.
 *
 * The kernel wipes a page in the child (madvise(2), MADV_WIPEONFORK, Linux 4.14), so the check is
 * a load and a compare; getpid would be a system call. If the kernel lacks this, or an emulator
 * ignores the advice, `state` is MK_ALIVE_ASK and each check calls getpid.
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

/* The slow check, for a state other than MK_ALIVE. */
MK_PRIVATE bool mk_alive_is_forked(const mk_alive *alive);

/* True: not forked. False: mk_is_forked decides. */
static inline bool mk_is_alive(const mk_alive *alive) { return MK_LIKELY(alive->state == MK_ALIVE); }

static inline bool mk_is_forked(const mk_alive *alive) { return !mk_is_alive(alive) && mk_alive_is_forked(alive); }

#endif
