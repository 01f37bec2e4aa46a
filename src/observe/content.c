/*
 * content.c - the content of an event as bytes: see recording.h.
 *
 * Digests are FNV-1a, 64 bits, by Fowler, Noll and Vo. A text counts up to its terminating zero; the bytes after it
 * have no meaning.
 */
#include "recording.h"

#include "base/error.h"
#include "event/enclosed.h"
#include "event/layout.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const uint32_t no_buffer = UINT32_MAX; /* in place of a size */

/* ---- what no field describes --------------------------------------------------------------- */

static uint32_t aligned_as(const maiko_field *f)
{
	struct u64 {
		char c;
		uint64_t v;
	};
	struct f64 {
		char c;
		double v;
	};
	switch (f->kind) {
	case MAIKO_KIND_TEXT:
	case MAIKO_KIND_BYTES:
		return 1;
	case MAIKO_KIND_STRUCT:
		return f->nested->align;
	case MAIKO_KIND_DOUBLE:
		return offsetof(struct f64, v);
	default:
		return mk_field_one(f).size == sizeof(uint64_t) ? offsetof(struct u64, v) : mk_field_one(f).size;
	}
}

/* The next bytes from `at` on: up to the next field there may be what aligns that one, and at the end
 * what aligns the struct. */
static bool next_gap(const maiko_layout *layout, uint32_t at, uint32_t *ret_from, uint32_t *ret_to)
{
	while (at < layout->size) {
		uint32_t end = at, next = layout->size, align = layout->align;
		for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
			if (f->offset <= at && f->offset + f->size > end)
				end = f->offset + f->size;
			if (f->offset > at && f->offset < next) {
				next = f->offset;
				align = aligned_as(f);
			}
		}
		if (end == at && (at + align - 1) / align * align < next) {
			*ret_from = at;
			*ret_to = next;
			return true;
		}
		at = end == at ? next : end;
	}
	return false;
}

/* The first of a struct, or of one nested in it (*ret_layout). False: there are none. */
static bool find_gap(const maiko_layout *layout, const maiko_layout **ret_layout, uint32_t *ret_from, uint32_t *ret_to)
{
	*ret_layout = layout;
	if (next_gap(layout, 0, ret_from, ret_to))
		return true;
	for (const maiko_field *f = layout->fields; f->name != NULL; f++)
		if (f->kind == MAIKO_KIND_STRUCT && find_gap(f->nested, ret_layout, ret_from, ret_to))
			return true;
	return false;
}

/* "between .a and .b", "before .a", "after .b": the fields next to a gap. */
static void say_where(const maiko_layout *layout, uint32_t from, uint32_t to, char *text, size_t size)
{
	const maiko_field *before = NULL, *after = NULL;
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		if (f->offset < from && (before == NULL || f->offset > before->offset))
			before = f;
		if (f->offset >= to && (after == NULL || f->offset < after->offset))
			after = f;
	}
	if (before != NULL && after != NULL)
		snprintf(text, size, "between .%s and .%s of '%s'", before->name, after->name, layout->name);
	else if (before != NULL || after != NULL)
		snprintf(text, size, "%s .%s of '%s'", before != NULL ? "after" : "before",
			 (before != NULL ? before : after)->name, layout->name);
	else
		snprintf(text, size, "of '%s', which lists no field", layout->name);
}

int mo_content_accept(const maiko_event_type *type, bool undescribed)
{
	const maiko_layout *layout;
	uint32_t from, to;
	char where[3 * MAIKO_NAME_MAX + 32];
	if (undescribed || !find_gap(type->layout, &layout, &from, &to))
		return 0;
	say_where(layout, from, to, where, sizeof where);
	return mk_fail(MAIKO_ETYPE,
		       "event '%s' cannot be recorded: no field describes the bytes %u to %u, %s (list their "
		       "field, or set .undescribed of maiko_recorder_options)",
		       type->layout->name, from, to - 1, where);
}

/* ---- writing ---------------------------------------------------------------------------------- */

typedef struct sink {
	unsigned char *to; /* NULL: only counted */
	size_t size;
	uint64_t hash;
	bool undescribed;
} sink;

static void put(sink *s, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;
	if (s->to != NULL)
		memcpy(s->to + s->size, b, size);
	s->size += size;
	for (size_t i = 0; i < size; i++)
		s->hash = (s->hash ^ b[i]) * UINT64_C(0x100000001b3);
}

static void put_sized(sink *s, const void *bytes, size_t size)
{
	uint32_t count = (uint32_t)size;
	put(s, &count, sizeof count);
	put(s, bytes, size);
}

static maiko_buffer *buffer_at(const void *field)
{
	maiko_buffer *buffer;
	memcpy(&buffer, field, sizeof buffer);
	return buffer;
}

/* The event in a dead letter is in the recording already, with bytes that have a meaning. */
static void put_buffer(sink *s, const maiko_buffer *buffer)
{
	if (buffer == NULL || mk_enclosed(buffer).type != NULL)
		put(s, &no_buffer, sizeof no_buffer);
	else
		put_sized(s, maiko_buffer_data(buffer), maiko_buffer_size(buffer));
}

static void put_all(sink *s, const maiko_layout *layout, const void *data)
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		const char *at = (const char *)data + f->offset;
		if (f->kind == MAIKO_KIND_STRUCT) {
			for (uint32_t i = 0, used = mk_field_used(f, data); i < used; i++)
				put_all(s, f->nested, at + (size_t)i * f->nested->size);
		} else if (f->kind == MAIKO_KIND_TEXT) {
			put_sized(s, at, strnlen(at, f->size));
		} else if (f->kind == MAIKO_KIND_BUFFER) {
			put_buffer(s, buffer_at(at));
		} else {
			put(s, at, (size_t)mk_field_used(f, data) * mk_field_one(f).size);
		}
	}
	for (uint32_t from, to = 0; s->undescribed && next_gap(layout, to, &from, &to);)
		put(s, (const char *)data + from, to - from);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the sink writes there */
static sink put_into(const maiko_layout *layout, const void *data, bool undescribed, unsigned char *to)
{
	sink s = {.to = to, .hash = UINT64_C(0xcbf29ce484222325), .undescribed = undescribed};
	put_all(&s, layout, data);
	return s;
}

uint64_t mo_content_hash(const maiko_layout *layout, const void *data, bool undescribed)
{
	return put_into(layout, data, undescribed, NULL).hash;
}

size_t mo_content_size(const maiko_layout *layout, const void *data, bool undescribed)
{
	return put_into(layout, data, undescribed, NULL).size;
}

void mo_content_write(const maiko_layout *layout, const void *data, bool undescribed, unsigned char *to)
{
	put_into(layout, data, undescribed, to);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct supply {
	const unsigned char *from;
	size_t left;
	bool undescribed;
} supply;

static int get(supply *s, void *to, size_t size)
{
	if (size > s->left)
		return MAIKO_EINVAL; /* in words: the replay */
	memcpy(to, s->from, size);
	s->from += size;
	s->left -= size;
	return 0;
}

static int get_buffer(supply *s, uint32_t size, void *at)
{
	maiko_buffer *buffer = NULL;
	if (size > s->left)
		return MAIKO_EINVAL; /* in words: the replay */
	int rc = maiko_buffer_copy(s->from, size, &buffer);
	if (rc != 0)
		return rc;
	s->from += size;
	s->left -= size;
	memcpy(at, &buffer, sizeof buffer);
	return 0;
}

static int get_all(supply *s, const maiko_layout *layout, void *data);

/* What has been read of the struct contains the field's count, if it has one. */
static int get_field(supply *s, const maiko_field *f, char *data)
{
	char *at = data + f->offset;
	uint32_t size, used = mk_field_used(f, data);
	int each = 0;
	for (uint32_t i = 0; f->kind == MAIKO_KIND_STRUCT && each == 0 && i < used; i++)
		each = get_all(s, f->nested, at + (size_t)i * f->nested->size);
	if (f->kind == MAIKO_KIND_STRUCT)
		return each;
	if (f->kind != MAIKO_KIND_TEXT && f->kind != MAIKO_KIND_BUFFER)
		return get(s, at, (size_t)used * mk_field_one(f).size);
	int rc = get(s, &size, sizeof size);
	if (rc != 0)
		return rc;
	if (f->kind == MAIKO_KIND_BUFFER && size == no_buffer)
		return 0;
	if (f->kind == MAIKO_KIND_TEXT)
		return size <= f->size ? get(s, at, size) : MAIKO_EINVAL; /* as above */
	return get_buffer(s, size, at);
}

static int get_all(supply *s, const maiko_layout *layout, void *data)
{
	int rc = 0;
	for (const maiko_field *f = layout->fields; rc == 0 && f->name != NULL; f++)
		rc = get_field(s, f, data);
	for (uint32_t from, to = 0; s->undescribed && rc == 0 && next_gap(layout, to, &from, &to);)
		rc = get(s, (char *)data + from, to - from);
	return rc;
}

int mo_content_read(const maiko_layout *layout, const unsigned char *from, size_t size, bool undescribed, void *data)
{
	supply s = {from, size, undescribed};
	int rc = get_all(&s, layout, data);
	if (rc == 0 && (s.left != 0 || mk_layout_check_counts(layout, data) != 0))
		rc = MAIKO_EINVAL;
	if (rc != 0)
		mo_content_drop(layout, data);
	return rc;
}

void mo_content_drop(const maiko_layout *layout, void *data)
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		char *at = (char *)data + f->offset;
		if (f->kind == MAIKO_KIND_STRUCT)
			for (uint32_t i = 0; i < mk_field_elements(f); i++)
				mo_content_drop(f->nested, at + (size_t)i * f->nested->size);
		else if (f->kind == MAIKO_KIND_BUFFER)
			maiko_buffer_unref(buffer_at(at));
	}
}
