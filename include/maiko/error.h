/*
 * error.h - error codes.
 *
 * Every function that can fail returns an int: 0, or one of these, always
 * negative. Where libuv has a code for the meaning, ours is that very code; the
 * rest lie below every code of libuv's. Codes of libuv's that are not listed
 * here (UV_ECONNREFUSED, ...) pass through the library unchanged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_ERROR_H
#define MAIKO_ERROR_H

#include <maiko/export.h>
#include <uv/errno.h>

/* XX(name, code, text) for every code that the library itself returns. */
#define MAIKO_ERROR_MAP(XX)                                                                                            \
	XX(EINVAL, UV__EINVAL, "invalid argument")                                                                     \
	XX(ENOMEM, UV__ENOMEM, "not enough memory")                                                                    \
	XX(EAGAIN, UV__EAGAIN, "cannot be done now without waiting, try again")                                        \
	XX(EBUSY, UV__EBUSY, "in use by another")                                                                      \
	XX(EEXIST, UV__EEXIST, "exists already")                                                                       \
	XX(ENOENT, UV__ENOENT, "no such actor, topic or timer")                                                        \
	XX(EBADF, UV__EBADF, "bad file descriptor")                                                                    \
	XX(ETIMEDOUT, UV__ETIMEDOUT, "timed out")                                                                      \
	XX(ESHUTDOWN, UV__ESHUTDOWN, "the supervisor is stopping or has stopped")                                      \
	XX(ECANCELED, UV__ECANCELED, "cancelled")                                                                      \
	XX(E2BIG, UV__E2BIG, "past a documented bound")                                                                \
	XX(ETYPE, -20001, "same event name, but another layout or actor type")                                         \
	XX(ETRUNC, -20002, "text does not fit and was cut")                                                            \
	XX(EDEADLK, -20003, "would wait for itself")                                                                   \
	XX(ESTATE, -20004, "not possible at this moment of the life cycle")                                            \
	XX(EOVERFLOW, -20005, "mailbox full")                                                                          \
	XX(EFORK, -20006, "used in a forked child")                                                                    \
	XX(EFAILED, -20007, "the actor has failed")

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

MAIKO_END_DECLS

#endif
