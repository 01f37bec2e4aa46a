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
#ifdef __clang_analyzer__ /* as in error.h */
#define mk_name_fail(what, name) (mk_name_fail((what), (name)), MAIKO_EINVAL)
#endif

/* ---- arrays --------------------------------------------------------------------------------- */

static inline uint32_t mk_field_elements(const maiko_field *f)
{
	return f->elements == 0 ? 1 : f->elements & ~MAIKO_ELEMENTS_COUNTED;
}

static inline bool mk_field_is_counted(const maiko_field *f) { return (f->elements & MAIKO_ELEMENTS_COUNTED) != 0; }

/* The field as one that is no array: of an array, its first element. */
static inline maiko_field mk_field_one(const maiko_field *f)
{
	maiko_field one = *f;
	one.size = f->size / mk_field_elements(f);
	one.elements = 0;
	return one;
}

/* How many elements count, in the struct `value`: 1 for a field that is no array; of a counted array no more
 * than there are. */
MK_PRIVATE uint32_t mk_field_used(const maiko_field *f, const void *value);

/* Whether a counted array is in the struct or in one nested in it. Precondition: the layout is valid. */
bool mk_layout_is_counted(const maiko_layout *layout);

/* 0, or MAIKO_EINVAL, in words: the count of a counted array is greater than the array. */
MK_PRIVATE int mk_layout_check_counts(const maiko_layout *layout, const void *value);

/* 0, or MAIKO_EINVAL with its text: a text of the value has no terminating zero. */
int mk_text_fail(const char *event, const char *field);
int mk_layout_check_texts(const maiko_layout *layout, const void *value);

/* ---- buffers, numbers ------------------------------------------------------------------------- */

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
