/*
 * error.c - names and texts of error codes, from the one list in maiko/error.h.
 */
#include <maiko/error.h>
#include <maiko/version.h>
#include <uv.h>

const char *maiko_version(void) { return MAIKO_VERSION_TEXT; }

_Static_assert((int)MAIKO_EINVAL == UV_EINVAL && (int)MAIKO_ESHUTDOWN == UV_ESHUTDOWN, "libuv's own codes");

/* libuv allocates for a code it does not know, and leaks it: only known ones go there. */
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
