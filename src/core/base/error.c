/*
 * error.c - names and texts of error codes, from the list in maiko/error.h; and the text of
 * maiko_last_error, one for each thread.
 */
#include "base/error.h"

#include <maiko/next.h>
#include <maiko/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

const char *maiko_version(void) { return MAIKO_VERSION_TEXT; }

_Static_assert((int)MAIKO_EINVAL == UV_EINVAL && (int)MAIKO_ESHUTDOWN == UV_ESHUTDOWN, "libuv's own codes");

/* For an unknown code libuv allocates a text and leaks it; so only known codes are passed to it. */
static bool known_to_libuv(int code)
{
	switch (code) {
#define CASE(name, text) case UV_##name:
		UV_ERRNO_MAP(CASE)
#undef CASE
		return true;
	default:
		return false;
	}
}

const char *maiko_strerror(int code)
{
	switch (code) {
	case 0:
		return "success";
#define CASE(name, number, text)                                                                                       \
	case MAIKO_##name:                                                                                             \
		return text;
		MAIKO_ERROR_MAP(CASE)
#undef CASE
	default:
		return known_to_libuv(code) ? uv_strerror(code) : "unknown error";
	}
}

const char *maiko_err_name(int code)
{
	switch (code) {
	case 0:
		return "OK";
#define CASE(name, number, text)                                                                                       \
	case MAIKO_##name:                                                                                             \
		return "MAIKO_" #name;
		MAIKO_ERROR_MAP(CASE)
#undef CASE
	default:
		return known_to_libuv(code) ? uv_err_name(code) : "UNKNOWN";
	}
}

#undef mk_fail
#undef mk_fail_text
#undef mk_fail_null
#undef mk_fail_forked

/* maiko_last_error returns `text`: `room`, or static memory. */
static _Thread_local struct {
	const char *text;
	char room[MK_ERROR_SIZE];
} last;

_Thread_local int mk_error_code;

/* Replaces control characters; a cut text ends with "..." after a whole UTF-8 character. */
static void tidy(char *text, bool cut)
{
	size_t n = strlen(text);
	if (cut) {
		static const char more[] = "...";
		for (n -= sizeof more - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
		memcpy(text + n, more, sizeof more);
	}
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\x7f')
			*p = '?';
}

int mk_fail(int code, const char *format, ...)
{
	/* A separate buffer: an argument may point into `last.room`. */
	char text[MK_ERROR_SIZE];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (n < 0) /* vsnprintf failed */
		return mk_fail_text(code, maiko_strerror(code));

	tidy(text, (size_t)n >= sizeof text);
	memcpy(last.room, text, sizeof text);
	return mk_fail_text(code, last.room);
}

int mk_fail_text(int code, const char *text)
{
	last.text = text;
	mk_error_code = code;
	return code;
}

const char *mk_error_told(int code, char text[MK_ERROR_SIZE])
{
	if (code == 0 || mk_error_code != code)
		return NULL;
	mk_error_forget();
	snprintf(text, MK_ERROR_SIZE, "%s", last.text);
	return text;
}

int mk_fail_null(const char *call, const char *names, const void *const *pointers, size_t count)
{
	for (size_t i = 0; i + 1 < count && pointers[i] != NULL; i++)
		names += strcspn(names, ",") + 2;
	return mk_fail(MAIKO_EINVAL, "%s: %.*s is NULL", call, (int)strcspn(names, ","), names);
}

int mk_check_ms(const char *what, const char *name, const char *field, uint64_t ms)
{
	if (ms <= MAIKO_NEXT_MS_MAX)
		return 0;
	return mk_fail(MAIKO_EINVAL, "%s '%s': %s is %llu ms; at most MAIKO_NEXT_MS_MAX, %llu", what, name, field,
		       (unsigned long long)ms, (unsigned long long)MAIKO_NEXT_MS_MAX);
}

int mk_fail_reserved(const char *what)
{
	return mk_fail(MAIKO_EINVAL,
		       "%s: a field is set that version " MAIKO_VERSION_TEXT
		       " of the library does not have: reserved_ must be zero",
		       what);
}

int mk_check_format(const char *what, uint32_t format)
{
	if (format <= MAIKO_FORMAT)
		return 0;
	return mk_fail(MAIKO_EINVAL,
		       "%s has format %u; version " MAIKO_VERSION_TEXT " of the library knows those up to %d: it is "
		       "older than the headers",
		       what, format, MAIKO_FORMAT);
}

int mk_fail_forked(void)
{
	return mk_fail_text(MAIKO_EFORK, "this process is a forked child: the supervisor's threads are its parent's");
}

const char *maiko_last_error(void) { return last.text == NULL ? "" : last.text; }
