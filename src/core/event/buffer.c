/*
 * buffer.c - reference-counted bytes.
 *
 * The count is the only field written after creation. Taking a reference is relaxed: the
 * caller already holds one, so the buffer cannot be freed meanwhile. Dropping one
 * releases, and the last drop acquires, so that all accesses to the bytes by any thread
 * happen before they are freed.
 */
#include "event/buffer.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct maiko_buffer {
	struct maiko_buffer_view_ view; /* its bytes: after this struct, or the caller's memory */
	_Atomic(uint32_t) refs;
	void (*release)(void *data, void *arg);
	void *arg;
};

/* The offset of the bytes that the library allocates, aligned for any type. */
enum { HEADER = (sizeof(maiko_buffer) + 15) / 16 * 16 };

static int too_big(size_t size)
{
	return mk_fail(MAIKO_E2BIG, "a buffer of %zu bytes; at most MAIKO_BUFFER_MAX, %zu", size, MAIKO_BUFFER_MAX);
}

int maiko_buffer_new(size_t size, maiko_buffer **ret_buffer)
{
	if (ret_buffer == NULL)
		return MK_NULL(ret_buffer);
	if (size > MAIKO_BUFFER_MAX)
		return too_big(size);
	maiko_buffer *b = mk_calloc(1, HEADER + size);
	if (b == NULL)
		return MAIKO_ENOMEM;
	atomic_init(&b->refs, 1);
	b->view.size = size;
	b->view.data = (char *)b + HEADER;
	*ret_buffer = b;
	return 0;
}

int maiko_buffer_copy(const void *data, size_t size, maiko_buffer **ret_buffer)
{
	if (ret_buffer == NULL || (data == NULL && size > 0))
		return MK_NULL(ret_buffer, data);
	maiko_buffer *b;
	int rc = maiko_buffer_new(size, &b);
	if (rc != 0)
		return rc;
	if (size > 0)
		memcpy(b->view.data, data, size);
	*ret_buffer = b;
	return 0;
}

maiko_buffer *maiko_buffer_text(const char *text)
{
	maiko_buffer *b = NULL;
	if (text == NULL)
		return (void)MK_NULL(text), NULL;
	return maiko_buffer_copy(text, strlen(text), &b) == 0 ? b : NULL;
}

maiko_buffer *maiko_buffer_printf(const char *format, ...)
{
	va_list args;
	maiko_buffer *b = NULL;
	if (format == NULL)
		return (void)MK_NULL(format), NULL;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return (void)mk_fail(MAIKO_EINVAL, "maiko_buffer_printf: printf rejects '%.80s'", format), NULL;
	/* printf also writes a terminating zero. */
	if ((size_t)length >= MAIKO_BUFFER_MAX)
		return (void)too_big((size_t)length + 1), NULL;
	if (maiko_buffer_new((size_t)length + 1, &b) != 0)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(b->view.data, (size_t)length + 1, format, args);
	va_end(args);
	b->view.size = (size_t)length;
	return b;
}

int maiko_buffer_wrap(void *data, size_t size, void (*release)(void *data, void *arg), void *arg,
		      maiko_buffer **ret_buffer)
{
	if (ret_buffer == NULL || (data == NULL && size > 0))
		return MK_NULL(ret_buffer, data);
	if (size > MAIKO_BUFFER_MAX)
		return too_big(size);
	maiko_buffer *b = MK_NEW(maiko_buffer);
	if (b == NULL)
		return MAIKO_ENOMEM;
	atomic_init(&b->refs, 1);
	b->view.size = size;
	b->view.data = data;
	b->release = release;
	b->arg = arg;
	*ret_buffer = b;
	return 0;
}

maiko_buffer *maiko_buffer_ref(const maiko_buffer *buffer)
{
	maiko_buffer *b = (maiko_buffer *)(uintptr_t)buffer;
	if (b != NULL)
		atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

maiko_buffer *maiko_buffer_unref(const maiko_buffer *buffer)
{
	maiko_buffer *b = (maiko_buffer *)(uintptr_t)buffer;
	if (b != NULL && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1) {
		if (b->release != NULL)
			b->release(b->view.data, b->arg);
		mk_free(b);
	}
	return NULL;
}

void *mk_buffer_arg_of(const maiko_buffer *buffer, void (*release)(void *data, void *arg))
{
	return buffer != NULL && buffer->release == release ? buffer->arg : NULL;
}

const void *(maiko_buffer_data)(const maiko_buffer *buffer) { return maiko_buffer_data_(buffer); }

void *maiko_buffer_writable(maiko_buffer *buffer)
{
	if (buffer == NULL || atomic_load_explicit(&buffer->refs, memory_order_acquire) != 1)
		return NULL;
	return buffer->view.data;
}

size_t(maiko_buffer_size)(const maiko_buffer *buffer) { return maiko_buffer_size_(buffer); }
