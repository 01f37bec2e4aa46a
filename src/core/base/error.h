/*
 * error.h - why a call failed: the text that maiko_last_error returns.
 *
 * Each thread stores one text. The function that detects an error of a public call stores the
 * text on the caller's thread:
 *
 *   return mk_fail(MAIKO_EEXIST, "maiko_add: there is an actor '%s' already", name);
 *
 * The text names the call, the argument, the value and the rule. If a worker detects the error
 * for another thread, the call that waits there stores the text again. A success stores nothing,
 * so a successful send never comes here.
 */
#ifndef MK_ERROR_H
#define MK_ERROR_H

#include "base/base.h"

#include <maiko/error.h>
#include <string.h>

/* Bytes of a text, with its terminating 0; longer texts are cut. */
#define MK_ERROR_SIZE 320

/* Stores the text for this thread; returns `code`. Allocates nothing. Arguments may point into
 * the previous text; control characters are replaced. */
MK_PRIVATE int mk_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* The same with a text in static memory: two stores, for errors that may be frequent (MAIKO_EAGAIN). */
MK_PRIVATE int mk_fail_text(int code, const char *text);

/* The code of the text; 0 since a callback has begun. So a callback that returns the code of its last failed call
 * has failed because of that call. */
extern _Thread_local int mk_error_code;
static inline void mk_error_forget(void) { mk_error_code = 0; }

/* Copies the text of the call of this callback that failed with `code` to `text`, which it returns; NULL: there was
 * none. */
const char *mk_error_told(int code, char text[MK_ERROR_SIZE]);

/* MAIKO_EINVAL; the text names the first pointer that is NULL and the call: `call`, or the function
 * in which MK_NULL is used. Precondition: one of them is NULL. */
#define MK_NULL(...) MK_NULL_IN(__func__, __VA_ARGS__)
#define MK_NULL_IN(call, ...)                                                                                          \
	mk_fail_null(call, #__VA_ARGS__, (const void *const[]){__VA_ARGS__},                                           \
		     sizeof((const void *const[]){__VA_ARGS__}) / sizeof(void *))
MK_PRIVATE int mk_fail_null(const char *call, const char *names, const void *const *pointers, size_t count)
	__attribute__((cold));

/* 0, or MAIKO_EINVAL: the field `reserved_` of a caller's struct (`options`, may be NULL) is not zero,
 * because the caller was compiled with the headers of a later version. `what` names the struct. */
#define MK_RESERVED(what, options)                                                                                     \
	((options) == NULL || mk_is_zero((options)->reserved_, sizeof(options)->reserved_) ? 0 : mk_fail_reserved(what))
MK_PRIVATE int mk_fail_reserved(const char *what) __attribute__((cold));

/* Whether all bytes are zero. Precondition: `size` is a multiple of a word. */
static inline bool mk_is_zero(const void *bytes, size_t size)
{
	uintptr_t any = 0, word;
	for (size_t i = 0; i < size; i += sizeof word) {
		memcpy(&word, (const char *)bytes + i, sizeof word);
		any |= word;
	}
	return any == 0;
}

/* 0, or MAIKO_EINVAL: a description has a format that this library does not know. `what` names it. */
MK_PRIVATE int mk_check_format(const char *what, uint32_t format);

/* 0, or MAIKO_EINVAL: a time is more than MAIKO_NEXT_MS_MAX. `what` and `name` say whose `field` it is. */
int mk_check_ms(const char *what, const char *name, const char *field, uint64_t ms);

/* MAIKO_EFORK. */
MK_PRIVATE int mk_fail_forked(void) __attribute__((cold));

#ifdef __clang_analyzer__ /* shows the analyzer what they return, and that it is not 0 */
#define mk_fail(code, ...) (mk_fail((code), __VA_ARGS__), (code))
#define mk_fail_text(code, text) (mk_fail_text((code), (text)), (code))
#define mk_fail_null(...) (mk_fail_null(__VA_ARGS__), MAIKO_EINVAL)
#define mk_fail_forked() (mk_fail_forked(), MAIKO_EFORK)
#endif

#endif
