/*
 * error.h - why a call failed: the sentence behind maiko_last_error.
 *
 * Each thread has room for one sentence. Whoever returns an error that a public call hands to
 * its caller says why, where it is found out, on the caller's thread:
 *
 *   return mk_fail(MAIKO_EEXIST, "maiko_add: there is an actor '%s' already", name);
 *
 * The sentence names the call, the argument, the value and the rule. What a worker finds out for
 * another thread is said again by the call that waits for it. A success says nothing: the hop
 * never comes here.
 */
#ifndef MK_ERROR_H
#define MK_ERROR_H

#include "base/base.h"

#include <maiko/error.h>
#include <string.h>

/* Bytes of a sentence, with its end; what is longer is cut. */
#define MK_ERROR_SIZE 320

/* Keeps the sentence for this thread; returns `code`. Takes no memory. Its arguments may come
 * from the sentence before; bytes that would break a line are replaced. */
MK_PRIVATE int mk_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* The same with a text that is static memory: two stores, for what may fail often (MAIKO_EAGAIN). */
MK_PRIVATE int mk_fail_text(int code, const char *text);

/* MAIKO_EINVAL: says which of the pointers is NULL, one of which is; in the call of that name, or
 * in the public call where it stands. */
#define MK_NULL(...) MK_NULL_IN(__func__, __VA_ARGS__)
#define MK_NULL_IN(call, ...)                                                                                          \
	mk_fail_null(call, #__VA_ARGS__, (const void *const[]){__VA_ARGS__},                                           \
		     sizeof((const void *const[]){__VA_ARGS__}) / sizeof(void *))
MK_PRIVATE int mk_fail_null(const char *call, const char *names, const void *const *pointers, size_t count)
	__attribute__((cold));

/* 0, or MAIKO_EINVAL: the reserved room of what a caller has filled in (`options`, may be NULL; `what` it
 * is) is not zero, because it was compiled with the headers of a later version. */
#define MK_RESERVED(what, options)                                                                                     \
	((options) == NULL || mk_is_zero((options)->reserved_, sizeof(options)->reserved_) ? 0 : mk_fail_reserved(what))
MK_PRIVATE int mk_fail_reserved(const char *what) __attribute__((cold));

/* Of so many bytes, whole words. */
static inline bool mk_is_zero(const void *bytes, size_t size)
{
	uintptr_t any = 0, word;
	for (size_t i = 0; i < size; i += sizeof word) {
		memcpy(&word, (const char *)bytes + i, sizeof word);
		any |= word;
	}
	return any == 0;
}

/* 0, or MAIKO_EINVAL: a description (`what` it is) has a format that this library does not know. */
MK_PRIVATE int mk_check_format(const char *what, uint32_t format);

/* MAIKO_EFORK. */
MK_PRIVATE int mk_fail_forked(void) __attribute__((cold));

#ifdef __clang_analyzer__ /* which is to see what they return, and that it is not 0 */
#define mk_fail(code, ...) (mk_fail((code), __VA_ARGS__), (code))
#define mk_fail_text(code, text) (mk_fail_text((code), (text)), (code))
#define mk_fail_null(...) (mk_fail_null(__VA_ARGS__), MAIKO_EINVAL)
#define mk_fail_forked() (mk_fail_forked(), MAIKO_EFORK)
#endif

#endif
