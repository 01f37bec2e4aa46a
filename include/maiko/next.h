/*
 * next.h - the result of a tick: when it runs next.
 *
 * A tick runs once after the actor has started (unless a stop comes first), and then
 * whenever the condition it returned last is met. (If the first run fails and on_error
 * returns 0, that counts as maiko_again().) It is never interrupted by an event and never
 * overlaps a handler.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_NEXT_H
#define MAIKO_NEXT_H

#include <maiko/export.h>
#include <maiko/pp.h>

typedef enum maiko_next_kind {
	MAIKO_NEXT_NEVER = 0,
	MAIKO_NEXT_AGAIN = 1,
	MAIKO_NEXT_AFTER = 2,
	MAIKO_NEXT_EVENTS = 3,
	MAIKO_NEXT_READABLE = 4,
	MAIKO_NEXT_WRITABLE = 5,
	MAIKO_NEXT_SENDABLE = 6,
	MAIKO_NEXT_FAILED = 7,
	MAIKO_NEXT_ANY = 8
} maiko_next_kind;

/* What a tick was woken by (maiko_woken_by); a set of them. */
typedef enum maiko_woken {
	MAIKO_WOKEN_EVENTS = 1 << 0,   /* a batch of events was handled             */
	MAIKO_WOKEN_TIME = 1 << 1,     /* the time has passed                       */
	MAIKO_WOKEN_READABLE = 1 << 2, /* the descriptor is readable, at its end or in error */
	MAIKO_WOKEN_WRITABLE = 1 << 3, /* the descriptor is writable, or in error   */
	MAIKO_WOKEN_SENDABLE = 1 << 4, /* the actor is not muted                    */
	MAIKO_WOKEN_CALL = 1 << 5      /* maiko_wake_tick                           */
} maiko_woken;

/* Make one with the functions below. */
typedef struct maiko_next {
	maiko_next_kind kind;
	int fd;      /* READABLE, WRITABLE, ANY                                   */
	uint64_t ms; /* AFTER; READABLE, WRITABLE, ANY: the latest; UINT64_MAX: no bound */
	int error;   /* FAILED; EVENTS, ANY: how many events, 0: a batch; ANY of two descriptors: the second */
	unsigned of; /* ANY: the set of maiko_woken that it waits for; UINT_MAX: of two descriptors */
} maiko_next;

/* The longest wait in milliseconds (about ten years); longer ones are shortened to it. */
#define MAIKO_NEXT_MS_MAX UINT64_C(315360000000)

/* The raw constructor behind those below, each of which sets the fields that its kind uses. */
static inline maiko_next maiko_next_make(maiko_next_kind kind, int fd, uint64_t ms, int error)
{
	maiko_next next;
	next.kind = kind;
	next.fd = fd;
	next.ms = ms;
	next.error = error;
	next.of = 0;
	return next;
}

/* Not until maiko_wake_tick. */
static inline maiko_next maiko_never(void) { return maiko_next_make(MAIKO_NEXT_NEVER, -1, 0, 0); }

/* Immediately, after the events that are queued. */
static inline maiko_next maiko_again(void) { return maiko_next_make(MAIKO_NEXT_AGAIN, -1, 0, 0); }

/* `ms` milliseconds from now. */
static inline maiko_next maiko_after_ms(uint64_t ms) { return maiko_next_make(MAIKO_NEXT_AFTER, -1, ms, 0); }

/* After the next batch of events that this actor handles. */
static inline maiko_next maiko_after_events(void) { return maiko_next_make(MAIKO_NEXT_EVENTS, -1, 0, 0); }

/* When this actor has handled `count` events (0 counts as 1) since the tick ran last: not sooner, and not one later. A
 * tick that is to run every 100 events, or 50 ms after it ran last if there were fewer:
 *
 *   return maiko_when_any(maiko_after_n_events(100), maiko_after_ms(50));
 *
 * Events without a handler and what comes to the actor alone (its timers, receipts) do not count. While a stop drains
 * events it is as maiko_after_events(), so that no tick waits for events that will not come. */
static inline maiko_next maiko_after_n_events(uint32_t count)
{
	return maiko_next_make(MAIKO_NEXT_EVENTS, -1, 0, count == 0 ? 1 : count > INT32_MAX ? INT32_MAX : (int)count);
}

/* When `fd` is readable, at its end or in error. The library makes the descriptor
 * non-blocking; the actor owns it and closes it only inside one of its own callbacks, after
 * maiko_unwatch unless that callback is its tick. on_error receives MAIKO_EBADF for a
 * descriptor that is not open, MAIKO_EBUSY for one that another actor watches, and the
 * system's error for one that it rejects; a regular file is always ready. A descriptor closed
 * without maiko_unwatch is reported to on_error as MAIKO_EBADF some 10 ms after the callback,
 * even if a duplicate of it (dup, a forked child) stays open. */
static inline maiko_next maiko_when_readable(int fd) { return maiko_next_make(MAIKO_NEXT_READABLE, fd, UINT64_MAX, 0); }

/* The same, but after `ms` milliseconds at the latest. */
static inline maiko_next maiko_when_readable_or_ms(int fd, uint64_t ms)
{
	return maiko_next_make(MAIKO_NEXT_READABLE, fd, ms, 0);
}

/* When `fd` is writable. Otherwise as maiko_when_readable. */
static inline maiko_next maiko_when_writable(int fd) { return maiko_next_make(MAIKO_NEXT_WRITABLE, fd, UINT64_MAX, 0); }

/* As soon as this actor is not muted; immediately if it is not muted now. */
static inline maiko_next maiko_when_sendable(void) { return maiko_next_make(MAIKO_NEXT_SENDABLE, -1, 0, 0); }

/* As soon as one of several results would run the tick, at most 64; maiko_woken_by tells the tick which:
 *
 *   return maiko_when_any(maiko_when_readable(self->fd), maiko_after_ms(50),
 *                         self->left > 0 ? maiko_when_writable(self->fd) : maiko_never());
 *
 * Of several times the shortest counts, of several numbers of events the least, and maiko_after_events() is less than
 * any; maiko_never() adds nothing; maiko_again() is a time of 0 ms; with
 * a maiko_failed() the tick has failed. All descriptors among them must be the same one, else on_error
 * receives MAIKO_EINVAL, with a text that names two that differ. maiko_when_sendable() is met at once
 * unless the actor is muted, and a muted actor waits for its time alone: it is what a tick adds that could
 * not send. When a stop begins, the tick goes on if maiko_after_events() is among them, and waits for
 * that alone. maiko_unwatch takes the descriptor out; the rest stays. */
#define maiko_when_any(...)                                                                                            \
	maiko_next_any((const maiko_next[]){MAIKO_PP_MAP(MAIKO_PP_NEXT_, ~, __VA_ARGS__)}, MAIKO_PP_COUNT(__VA_ARGS__))
#define MAIKO_PP_NEXT_(ignored, next)                                                                                  \
	MAIKO_PP_MUST_(_Generic((next), maiko_next : 1, default : 0),                                                  \
		       "maiko_when_any: " #next " must be a maiko_next, such as maiko_after_ms(50)")                   \
	? maiko_never() : (next),

/* The raw call behind it. Any thread. */
MAIKO_API maiko_next maiko_next_any(const maiko_next *nexts, size_t count);

/* The tick has failed: on_error receives `error` (negative; else MAIKO_EINVAL). If it
 * returns 0, the condition returned before applies again, but not sooner than 1 ms,
 * doubling up to 1 s while the tick keeps failing. */
static inline maiko_next maiko_failed(int error) { return maiko_next_make(MAIKO_NEXT_FAILED, -1, 0, error); }

#endif
