/*
 * layout.h - layouts (descriptions of structs): checks, comparison, and finding the buffers.
 */
#ifndef MK_LAYOUT_H
#define MK_LAYOUT_H

#include "base/base.h"

#include <maiko/event.h>
#include <string.h>

/* The most buffer fields of one event, nested structs included. */
#define MK_BUFFERS_MAX 32

/* Whether `name` is 1 to MAIKO_NAME_MAX bytes without a control character. */
bool mk_name_valid(const char *name);

/* MAIKO_EINVAL, with its text: the name is not valid; `what` has that name ("an actor"). */
int mk_name_fail(const char *what, const char *name);

/* Writes the offsets of all buffer fields; returns how many. Precondition: the layout is valid. */
uint32_t mk_layout_buffers(const maiko_layout *layout, uint32_t offsets[MK_BUFFERS_MAX]);

/* Loads an integer field of 1, 2, 4 or 8 bytes. */
static inline int64_t mk_signed_at(const void *at, uint32_t size)
{
	int8_t a;
	int16_t b;
	int32_t c;
	int64_t d;
	switch (size) {
	case 1:
		return memcpy(&a, at, 1), a;
	case 2:
		return memcpy(&b, at, 2), b;
	case 4:
		return memcpy(&c, at, 4), c;
	default:
		return memcpy(&d, at, 8), d;
	}
}

static inline uint64_t mk_unsigned_at(const void *at, uint32_t size)
{
	uint64_t value = (uint64_t)mk_signed_at(at, size);
	return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

#endif
