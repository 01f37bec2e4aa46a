/*
 * error.h - error codes.
 *
 * Every function that can fail returns an int: 0, or one of these negative codes.
 * Where libuv has a code of the same meaning, the values are equal; all others lie
 * below the range of libuv. Codes of libuv that are not listed here
 * (UV_ECONNREFUSED, ...) pass through the library unchanged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_ERROR_H
#define MAIKO_ERROR_H

#include <maiko/export.h>
#include <errno.h>

/* XX(name, code, text) for every code that the library itself returns. */
#define MAIKO_ERROR_MAP(XX)                                                                                            \
	XX(EINVAL, -EINVAL, "invalid argument")                                                                        \
	XX(ENOMEM, -ENOMEM, "not enough memory")                                                                       \
	XX(EAGAIN, -EAGAIN, "cannot be done now without waiting, try again")                                           \
	XX(EBUSY, -EBUSY, "in use by another")                                                                         \
	XX(EEXIST, -EEXIST, "exists already")                                                                          \
	XX(ENOENT, -ENOENT, "there is no such thing")                                                                  \
	XX(EBADF, -EBADF, "bad file descriptor")                                                                       \
	XX(ETIMEDOUT, -ETIMEDOUT, "timed out")                                                                         \
	XX(ESHUTDOWN, -ESHUTDOWN, "the supervisor is stopping or has stopped")                                         \
	XX(ECANCELED, -ECANCELED, "cancelled")                                                                         \
	XX(E2BIG, -E2BIG, "past a documented bound")                                                                   \
	XX(ETYPE, -20001, "same event name, but another layout or actor type")                                         \
	XX(ETRUNC, -20002, "text does not fit and was cut")                                                            \
	XX(EDEADLK, -20003, "would wait for itself")                                                                   \
	XX(ESTATE, -20004, "not possible at this moment of the life cycle")                                            \
	XX(EOVERFLOW, -20005, "mailbox full")                                                                          \
	XX(EFORK, -20006, "used in a forked child")                                                                    \
	XX(EFAILED, -20007, "the actor has failed")                                                                    \
	XX(ESIMULATED, -20008, "real time, descriptors and threads are not available under simulation")                \
	XX(EBROKEN, -20009, "an expectation or an invariant does not hold")                                            \
	XX(EDISCARDED, -20010, "events were discarded by the stop")                                                    \
	XX(ENOSUBSCRIBER, -20011, "nobody subscribes to the question")                                                 \
	XX(ENOREPLY, -20012, "nobody has replied to the question")

enum maiko_error_code {
#define MAIKO_ERROR_ENUM(name, code, text) MAIKO_##name = (code),
	MAIKO_ERROR_MAP(MAIKO_ERROR_ENUM)
#undef MAIKO_ERROR_ENUM
};

MAIKO_BEGIN_DECLS

/* The text of an error code, ours or libuv's; "unknown error" for any other.
 * Never NULL; static memory. Any thread. */
MAIKO_API const char *maiko_strerror(int code);

/* The name of an error code ("MAIKO_ETYPE", "ECONNREFUSED"); "UNKNOWN" for any
 * other. Never NULL; static memory. Any thread. */
MAIKO_API const char *maiko_err_name(int code);

/*
 * maiko_last_error - describes the last call of this thread that failed: a sentence that
 * names the argument, its value and the rule.
 *
 *   if (rc < 0) fprintf(stderr, "%s\n", maiko_last_error());
 *
 * Read it after the failed call and before the next one: a call that succeeds may or may
 * not change it. One line, shorter than 320 bytes. The wording may change in any version;
 * programs decide by the code. Never NULL; "" when no call of this thread has failed. The
 * text is thread-local; copy it to keep it. It describes calls, not callbacks: on_error
 * receives the result of a callback. If that is the code of a call that failed in it, this
 * text is the `detail` that on_error and the ledger get. Any thread.
 */
MAIKO_API const char *maiko_last_error(void);

MAIKO_END_DECLS

#endif
