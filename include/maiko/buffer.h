/*
 * buffer.h - reference-counted bytes: large or variable data inside an event.
 *
 *   typedef struct frame { uint32_t width, height; maiko_buffer *pixels; } frame;
 *   MAIKO_EVENT(frame, video, width, height, pixels);
 *
 * A buffer that has been sent is immutable: all receivers share the same bytes. A
 * send takes its own reference on each buffer field that is not NULL; the caller
 * always drops its own. A receiver that keeps the bytes past its handler takes a
 * reference. Counts are atomic: any thread may ref and unref.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_BUFFER_H
#define MAIKO_BUFFER_H

#include <maiko/export.h>

/* The largest buffer, in bytes: 1 GiB. */
#define MAIKO_BUFFER_MAX ((size_t)1 << 30)

typedef struct maiko_buffer maiko_buffer;

MAIKO_BEGIN_DECLS

/* Makes a buffer of `size` zeroed bytes (0 to MAIKO_BUFFER_MAX); the caller owns its one
 * reference. Errors: MAIKO_EINVAL, MAIKO_E2BIG, MAIKO_ENOMEM. Any thread. */
MAIKO_API int maiko_buffer_new(size_t size, maiko_buffer **ret_buffer);

/* Makes a buffer with a copy of `size` bytes of `data`. Errors as above. */
MAIKO_API int maiko_buffer_copy(const void *data, size_t size, maiko_buffer **ret_buffer);

/* Makes a buffer of a text, without its terminating zero, or of a text as from printf. The caller owns
 * its one reference. NULL, in words in maiko_last_error: a NULL, a format that printf rejects, a text
 * of MAIKO_BUFFER_MAX bytes or more, or no memory. Any thread.
 *
 *   maiko_buffer *body = maiko_buffer_printf("{\"count\":%d}", count);
 */
MAIKO_API maiko_buffer *maiko_buffer_text(const char *text);
MAIKO_API maiko_buffer *maiko_buffer_printf(const char *format, ...) MAIKO_PRINTF_(1, 2);

/* Wraps the caller's memory. `release(data, arg)` is called once, when the last
 * reference is dropped, on the thread that drops it. On failure the caller keeps
 * the memory and `release` is not called. */
MAIKO_API int maiko_buffer_wrap(void *data, size_t size, void (*release)(void *data, void *arg), void *arg,
				maiko_buffer **ret_buffer);

/* Adds a reference. Returns its argument; NULL is allowed. */
MAIKO_API maiko_buffer *maiko_buffer_ref(const maiko_buffer *buffer);

/* Drops a reference; the last one frees the buffer. Returns NULL; NULL is allowed. */
MAIKO_API maiko_buffer *maiko_buffer_unref(const maiko_buffer *buffer);

/* The bytes, read-only; NULL for NULL. Also a macro, which avoids the call. */
MAIKO_API const void *maiko_buffer_data(const maiko_buffer *buffer);

/* The bytes, writable before the first send; NULL once the buffer is shared (has
 * more than one reference). */
MAIKO_API void *maiko_buffer_writable(maiko_buffer *buffer);

/* The size in bytes; 0 for NULL. Also a macro. */
MAIKO_API size_t maiko_buffer_size(const maiko_buffer *buffer);

/* ---- implementation of the macros: how each buffer begins ---- */

struct maiko_buffer_view_ {
	void *data;
	size_t size;
};
static inline const void *maiko_buffer_data_(const maiko_buffer *buffer)
{
	return buffer == NULL ? NULL : ((const struct maiko_buffer_view_ *)(const void *)buffer)->data;
}
static inline size_t maiko_buffer_size_(const maiko_buffer *buffer)
{
	return buffer == NULL ? 0 : ((const struct maiko_buffer_view_ *)(const void *)buffer)->size;
}
#define maiko_buffer_data(buffer) maiko_buffer_data_(buffer)
#define maiko_buffer_size(buffer) maiko_buffer_size_(buffer)

MAIKO_END_DECLS

#endif
