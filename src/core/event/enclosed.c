/*
 * enclosed.c - see enclosed.h.
 */
#include "event/enclosed.h"

#include "base/memory.h"
#include "event/buffer.h"

#include <string.h>

typedef struct enclosed {
	const maiko_event_type *desc;
	uint32_t buffer_count;
	uint32_t buffers[MK_BUFFERS_MAX]; /* their offsets in the data, as in the mk_type, which is the supervisor's */
	_Alignas(16) unsigned char data[];
} enclosed;

static maiko_buffer *buffer_at(const unsigned char *data, uint32_t offset)
{
	maiko_buffer *buffer;
	memcpy(&buffer, data + offset, sizeof buffer);
	return buffer;
}

static void release(void *data, void *arg)
{
	enclosed *x = arg;
	for (uint32_t i = 0; i < x->buffer_count; i++)
		maiko_buffer_unref(buffer_at(data, x->buffers[i]));
	mk_free_aligned(x);
}

maiko_buffer *mk_enclose(const mk_event *e)
{
	const mk_type *type = e->type;
	maiko_buffer *buffer;
	enclosed *x = mk_calloc_aligned(sizeof *x + type->size, 16);
	if (x == NULL)
		return NULL;
	if (maiko_buffer_wrap(x->data, type->size, release, x, &buffer) != 0) {
		mk_free_aligned(x);
		return NULL;
	}
	x->desc = type->desc;
	memcpy(x->data, e->data, type->size);
	x->buffer_count = type->buffer_count;
	memcpy(x->buffers, type->buffers, sizeof x->buffers);
	for (uint32_t i = 0; i < x->buffer_count; i++)
		maiko_buffer_ref(buffer_at(x->data, x->buffers[i]));
	return buffer;
}

maiko_any mk_enclosed(const maiko_buffer *buffer)
{
	const enclosed *x = mk_buffer_arg_of(buffer, release);
	return x == NULL ? (maiko_any){NULL, NULL} : (maiko_any){x->desc, x->data};
}
