/*
 * refusal.h - refuses system calls on demand, for resources without a limit that can be set, and
 * for root, to whom limits do not apply. It uses seccomp notifications (seccomp_unotify(2)): a
 * thread of the process decides about each call.
 *
 * Calls that allocate resources are counted and refused: descriptors, threads, memory. Use it in a
 * child process: it cannot be undone.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

/* Installs it for this thread and the threads that it creates. False: not available here. */
bool refusal_install(void);

/* The call numbered `n` from now (0: the next) is refused, and with `forever` all after it. */
void refusal_at(uint64_t n, bool forever);
void refusal_never(void);

/* The number of calls refused since the last refusal_at; and the name of the first of them. */
uint64_t refusal_count(void);
const char *refusal_name(void);

#endif
