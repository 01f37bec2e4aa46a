/*
 * next.h - what a tick answers: when it wants to run next.
 *
 * A tick is called once after the actor has started (unless a stop comes first), and
 * then when its last answer has come true. (A first run that fails, but for which on_error
 * returns 0, counts as having answered maiko_again().) It is never interrupted by an event
 * and never overlaps a handler.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_NEXT_H
#define MAIKO_NEXT_H

#include <maiko/export.h>

typedef enum maiko_next_kind {
	MAIKO_NEXT_NEVER = 0,
	MAIKO_NEXT_AGAIN = 1,
	MAIKO_NEXT_AFTER = 2,
	MAIKO_NEXT_EVENTS = 3,
	MAIKO_NEXT_READABLE = 4,
	MAIKO_NEXT_WRITABLE = 5,
	MAIKO_NEXT_SENDABLE = 6,
	MAIKO_NEXT_FAILED = 7
} maiko_next_kind;

/* Make one with the functions below. */
typedef struct maiko_next {
	maiko_next_kind kind;
	int fd;      /* READABLE, WRITABLE                                        */
	uint64_t ms; /* AFTER; READABLE, WRITABLE: the latest; UINT64_MAX: no bound */
	int error;   /* FAILED                                                    */
} maiko_next;

/* The longest wait in milliseconds (about ten years); longer ones count as it. */
#define MAIKO_NEXT_MS_MAX UINT64_C(315360000000)

/* The raw answer under those below, each of which fills in what its kind reads. */
static inline maiko_next maiko_next_make(maiko_next_kind kind, int fd, uint64_t ms, int error)
{
	maiko_next next;
	next.kind = kind;
	next.fd = fd;
	next.ms = ms;
	next.error = error;
	return next;
}

/* Not again, until maiko_wake_tick. The default of an actor without a tick. */
static inline maiko_next maiko_never(void) { return maiko_next_make(MAIKO_NEXT_NEVER, -1, 0, 0); }

/* There is more to do now: again, after the events that are waiting. */
static inline maiko_next maiko_again(void) { return maiko_next_make(MAIKO_NEXT_AGAIN, -1, 0, 0); }

/* In `ms` milliseconds from now. */
static inline maiko_next maiko_after_ms(uint64_t ms) { return maiko_next_make(MAIKO_NEXT_AFTER, -1, ms, 0); }

/* After the next batch of events that this actor has handled. */
static inline maiko_next maiko_after_events(void) { return maiko_next_make(MAIKO_NEXT_EVENTS, -1, 0, 0); }

/* When `fd` can be read, or is at its end or in error. The descriptor becomes
 * non-blocking and stays the actor's: close it only inside a callback of the same
 * actor, after maiko_unwatch unless that is its tick. A descriptor that is not open goes to
 * on_error as MAIKO_EBADF, one that another actor watches as MAIKO_EBUSY, and what the
 * system refuses as its error; a regular file is always ready. One that is closed without
 * maiko_unwatch goes to on_error as MAIKO_EBADF some 10 ms after the callback, also where a
 * duplicate of it (dup, a forked child) stays open. */
static inline maiko_next maiko_when_readable(int fd) { return maiko_next_make(MAIKO_NEXT_READABLE, fd, UINT64_MAX, 0); }

/* The same, but in `ms` milliseconds at the latest. */
static inline maiko_next maiko_when_readable_or_ms(int fd, uint64_t ms)
{
	return maiko_next_make(MAIKO_NEXT_READABLE, fd, ms, 0);
}

/* When `fd` can be written. As maiko_when_readable. */
static inline maiko_next maiko_when_writable(int fd) { return maiko_next_make(MAIKO_NEXT_WRITABLE, fd, UINT64_MAX, 0); }

/* As soon as this actor is not muted: at once, if it is not. */
static inline maiko_next maiko_when_sendable(void) { return maiko_next_make(MAIKO_NEXT_SENDABLE, -1, 0, 0); }

/* The tick has failed: on_error gets `error` (negative; else MAIKO_EINVAL) and
 * decides. If it returns 0, the tick's last answer holds again, but not sooner
 * than 1 ms, doubling to 1 s while it goes on failing. */
static inline maiko_next maiko_failed(int error) { return maiko_next_make(MAIKO_NEXT_FAILED, -1, 0, error); }

#endif
