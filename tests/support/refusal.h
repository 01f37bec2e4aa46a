/*
 * refusal.h - system calls that are refused on demand, for what no limit can be set for, and
 * for a process of root's, which none binds. By seccomp's notifications (seccomp_unotify(2)):
 * a thread of the process decides about each.
 *
 * Counted and refused are those that take something of the machine: descriptors, threads,
 * memory. For a child process: it cannot be undone.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

/* From now on, for this thread and those that it makes. False: not available here. */
bool refusal_install(void);

/* The call numbered `n` from now (0: the next) is refused, and with `forever` all after it. */
void refusal_at(uint64_t n, bool forever);
void refusal_never(void);

/* How many were refused since the last refusal_at; and the number of the first of them. */
uint64_t refusal_count(void);
const char *refusal_name(void);

#endif
