/*
 * layout.c - checks and hashes layouts (descriptions of structs), finds buffers in them, and checks counts.
 *
 * The checks assume nothing about a layout: bindings and users of the raw API write them by hand.
 */
#include "event/layout.h"

#include "base/error.h"

#include <string.h>

/* Whether one of eight bytes is a control character: below 32, or 127. No sum carries into the next byte. */
static bool has_control(uint64_t bytes)
{
	const uint64_t each = UINT64_MAX / UINT8_MAX, high = each * 0x80;
	uint64_t low = bytes & ~high, printable = low + each * (0x80 - ' '), delete = low + each;
	return ((~printable | delete) & ~bytes & high) != 0;
}

bool mk_name_valid(const char *name)
{
	size_t length = name == NULL ? 0 : strnlen(name, MAIKO_NAME_MAX + 1);
	if (length == 0 || length > MAIKO_NAME_MAX)
		return false;
	for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
		size_t left = length - at;
		uint64_t bytes = UINT64_MAX;
		memcpy(&bytes, name + at, left < sizeof bytes ? left : sizeof bytes);
		if (has_control(bytes))
			return false;
	}
	return true;
}

static bool size_fits_kind(const maiko_field *f)
{
	switch (f->kind) {
	case MAIKO_KIND_TEXT:
	case MAIKO_KIND_BYTES:
		return f->size > 0;
	case MAIKO_KIND_BOOL:
		return f->size == sizeof(bool);
	case MAIKO_KIND_INT:
	case MAIKO_KIND_UINT:
	case MAIKO_KIND_ENUM:
		return f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8;
	case MAIKO_KIND_FLOAT:
		return f->size == sizeof(float);
	case MAIKO_KIND_DOUBLE:
		return f->size == sizeof(double);
	case MAIKO_KIND_STRUCT:
		return f->nested != NULL && f->nested->size == f->size;
	case MAIKO_KIND_BUFFER:
		return f->size == sizeof(maiko_buffer *) && f->offset % sizeof(void *) == 0;
	case MAIKO_KIND_NONE:
		break;
	}
	return false;
}

/* The totals of a layout and all layouts nested in it. */
typedef struct totals {
	uint32_t fields, buffers;
} totals;

#undef mk_name_fail
int mk_name_fail(const char *what, const char *name)
{
	if (name == NULL)
		return mk_fail(MAIKO_EINVAL, "the name of %s is NULL", what);
	return mk_fail(MAIKO_EINVAL, "the name of %s is '%.80s'; it must have 1 to %d bytes and no control character",
		       what, name, MAIKO_NAME_MAX);
}

/* Checks the struct itself, without its fields. */
static int check_struct(const maiko_layout *layout, unsigned depth)
{
	if (layout == NULL)
		return mk_fail(MAIKO_EINVAL, "a struct has no layout (NULL)");
	int rc = mk_check_format("the layout of a struct", layout->format);
	if (rc != 0)
		return rc;
	if (!mk_name_valid(layout->name))
		return mk_name_fail("a struct or event", layout->name);
	if (layout->fields == NULL)
		return mk_fail(MAIKO_EINVAL, "'%s' has no list of fields (NULL)", layout->name);
	if (layout->size == 0 || layout->align == 0 || (layout->align & (layout->align - 1)) != 0)
		return mk_fail(MAIKO_EINVAL,
			       "'%s' has size %u and alignment %u; neither may be 0, alignment is a power of 2",
			       layout->name, layout->size, layout->align);
	if (depth > MAIKO_NESTING_MAX)
		return mk_fail(MAIKO_E2BIG, "'%s' is nested deeper than MAIKO_NESTING_MAX, %d", layout->name,
			       MAIKO_NESTING_MAX);
	if (layout->size > MAIKO_EVENT_SIZE_MAX)
		return mk_fail(MAIKO_E2BIG, "'%s' has %u bytes; at most MAIKO_EVENT_SIZE_MAX, %u", layout->name,
			       layout->size, MAIKO_EVENT_SIZE_MAX);
	if (layout->align > 16)
		return mk_fail(MAIKO_E2BIG, "'%s' has alignment %u; at most 16", layout->name, layout->align);
	return 0;
}

/* Checks that a field that is an array has elements of its size, and a count if it needs one. */
static int check_array(const maiko_layout *layout, const maiko_field *f)
{
	uint32_t elements = mk_field_elements(f);
	const maiko_field *count = f == layout->fields ? NULL : f - 1;
	if (layout->format < 2)
		return mk_fail(MAIKO_EINVAL, "field '%s.%s' is an array; its layout needs format 2 and has %u",
			       layout->name, f->name, layout->format);
	if (elements == 0 || f->size % elements != 0)
		return mk_fail(MAIKO_EINVAL, "field '%s.%s' has %u elements in %u bytes", layout->name, f->name,
			       elements, f->size);
	if (f->kind == MAIKO_KIND_TEXT || f->kind == MAIKO_KIND_BYTES || f->kind == MAIKO_KIND_BUFFER)
		return mk_fail(MAIKO_EINVAL, "field '%s.%s' is an array of kind %d; elements are numbers or structs",
			       layout->name, f->name, (int)f->kind);
	if (mk_field_is_counted(f) && (count == NULL || count->kind != MAIKO_KIND_UINT || count->elements != 0))
		return mk_fail(MAIKO_EINVAL,
			       "field '%s.%s' is a counted array; the field before it must be its count, a UINT",
			       layout->name, f->name);
	return 0;
}

/* Checks one field of a struct. */
static int check_field(const maiko_layout *layout, const maiko_field *f)
{
	if (!mk_name_valid(f->name))
		return mk_name_fail("a field", f->name);
	int rc = f->kind == MAIKO_KIND_STRUCT && f->nested != NULL
			 ? mk_check_format("the layout of a struct", f->nested->format)
			 : 0;
	if (rc != 0)
		return rc;
	if (f->elements != 0 && (rc = check_array(layout, f)) != 0)
		return rc;
	maiko_field one = mk_field_one(f);
	if (!size_fits_kind(&one))
		return mk_fail(MAIKO_EINVAL, "field '%s.%s' has %u bytes, which do not fit its kind, %d", layout->name,
			       f->name, f->size, (int)f->kind);
	if (f->size > layout->size || f->offset > layout->size - f->size)
		return mk_fail(MAIKO_EINVAL, "field '%s.%s', %u bytes at %u, reaches out of the struct's %u",
			       layout->name, f->name, f->size, f->offset, layout->size);
	for (const maiko_field *g = layout->fields; g != f; g++)
		if (strcmp(f->name, g->name) == 0)
			return mk_fail(MAIKO_EINVAL, "'%s' has two fields '%s'", layout->name, f->name);
	return 0;
}

/* Counts the buffers of all elements of a field, of which one has been counted since there were `before`. */
static int count_elements(const maiko_layout *layout, const maiko_field *f, uint32_t before, totals *t)
{
	uint32_t of_one = t->buffers - before;
	if (of_one != 0 && mk_field_is_counted(f))
		return mk_fail(MAIKO_EINVAL, "field '%s.%s' is a counted array; its elements may not contain buffers",
			       layout->name, f->name);
	if (of_one != 0 && mk_field_elements(f) > (MK_BUFFERS_MAX - before) / of_one)
		return mk_fail(MAIKO_E2BIG, "an event has more than %d buffers: see '%s.%s'", MK_BUFFERS_MAX,
			       layout->name, f->name);
	t->buffers = before + of_one * mk_field_elements(f);
	return 0;
}

static int check(const maiko_layout *layout, unsigned depth, totals *t)
{
	int rc = check_struct(layout, depth);
	if (rc != 0)
		return rc;
	uint32_t count = 0;
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		if (++count > MAIKO_FIELDS_MAX)
			return mk_fail(MAIKO_E2BIG, "'%s' has more fields than MAIKO_FIELDS_MAX, %d", layout->name,
				       MAIKO_FIELDS_MAX);
		if (++t->fields > MAIKO_FIELDS_TOTAL_MAX)
			return mk_fail(MAIKO_E2BIG,
				       "an event has more fields than MAIKO_FIELDS_TOTAL_MAX, %d: see '%s'",
				       MAIKO_FIELDS_TOTAL_MAX, layout->name);
		rc = check_field(layout, f);
		if (rc != 0)
			return rc;
		if (f->kind == MAIKO_KIND_BUFFER && ++t->buffers > MK_BUFFERS_MAX)
			return mk_fail(MAIKO_E2BIG, "an event has more than %d buffers: see '%s.%s'", MK_BUFFERS_MAX,
				       layout->name, f->name);
		uint32_t buffers = t->buffers;
		rc = f->kind == MAIKO_KIND_STRUCT ? check(f->nested, depth + 1, t) : 0;
		if (rc == 0)
			rc = count_elements(layout, f, buffers, t);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int maiko_layout_check(const maiko_layout *layout)
{
	totals t = {0, 0};
	return check(layout, 0, &t);
}

/* FNV-1a with the parameters for 64 bits (draft-eastlake-fnv). */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_layout(uint64_t hash, const maiko_layout *layout)
{
	hash = hash_bytes(hash, layout->name, strlen(layout->name) + 1);
	hash = hash_bytes(hash, &layout->size, sizeof layout->size);
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		/* The bit tells an array's elements from the next field's name. */
		uint32_t numbers[3] = {f->offset, f->size, (uint32_t)f->kind | (f->elements != 0 ? 0x100 : 0)};
		hash = hash_bytes(hash, f->name, strlen(f->name) + 1);
		hash = hash_bytes(hash, numbers, sizeof numbers);
		if (f->elements != 0)
			hash = hash_bytes(hash, &f->elements, sizeof f->elements);
		if (f->kind == MAIKO_KIND_STRUCT)
			hash = hash_layout(hash, f->nested);
	}
	return hash;
}

uint64_t maiko_layout_hash(const maiko_layout *layout)
{
	if (layout == NULL || mk_check_format("maiko_layout_hash: the layout", layout->format) != 0)
		return 0;
	return hash_layout(UINT64_C(0xcbf29ce484222325), layout);
}

/* ---- the digest for the wire ------------------------------------------------------------- */

static uint64_t digest_number(uint64_t hash, uint32_t number)
{
	unsigned char bytes[4];
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
	return hash_bytes(hash, bytes, sizeof bytes);
}

/* Sizes that a machine decides count as 0. */
static uint32_t width_of(const maiko_field *f)
{
	return f->kind == MAIKO_KIND_STRUCT || f->kind == MAIKO_KIND_BUFFER || f->kind == MAIKO_KIND_BOOL ? 0 : f->size;
}

static uint64_t digest_layout(uint64_t hash, const maiko_layout *layout)
{
	hash = hash_bytes(hash, layout->name, strlen(layout->name) + 1);
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		hash = hash_bytes(hash, f->name, strlen(f->name) + 1);
		hash = digest_number(hash, (uint32_t)f->kind);
		hash = digest_number(hash, width_of(f));
		if (f->elements != 0)
			hash = digest_number(hash, f->elements);
		if (f->kind == MAIKO_KIND_STRUCT)
			hash = digest_layout(hash, f->nested);
	}
	return hash_bytes(hash, "", 1); /* no field has this name */
}

uint64_t maiko_layout_digest(const maiko_layout *layout)
{
	if (layout == NULL || mk_check_format("maiko_layout_digest: the layout", layout->format) != 0)
		return 0;
	return digest_layout(UINT64_C(0xcbf29ce484222325), layout);
}

/* ---- buffers, types -------------------------------------------------------------------------- */

static uint32_t find_buffers(const maiko_layout *layout, uint32_t base, uint32_t offsets[], uint32_t count)
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		if (f->kind == MAIKO_KIND_BUFFER)
			offsets[count++] = base + f->offset;
		if (f->kind != MAIKO_KIND_STRUCT)
			continue;
		/* If the first element has none, no other has. */
		for (uint32_t i = 0, before = count; i < mk_field_elements(f) && (i == 0 || count != before); i++)
			count = find_buffers(f->nested, base + f->offset + i * f->nested->size, offsets, count);
	}
	return count;
}

uint32_t mk_layout_buffers(const maiko_layout *layout, uint32_t offsets[MK_BUFFERS_MAX])
{
	return find_buffers(layout, 0, offsets, 0);
}

uint32_t mk_field_used(const maiko_field *f, const void *value)
{
	uint32_t elements = mk_field_elements(f);
	if (!mk_field_is_counted(f))
		return elements;
	uint64_t count = mk_unsigned_at((const char *)value + f[-1].offset, f[-1].size);
	return count < elements ? (uint32_t)count : elements;
}

bool mk_layout_is_counted(const maiko_layout *layout)
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++)
		if (mk_field_is_counted(f) || (f->kind == MAIKO_KIND_STRUCT && mk_layout_is_counted(f->nested)))
			return true;
	return false;
}

int mk_layout_check_counts(const maiko_layout *layout, const void *value)
{
	int rc = 0;
	for (const maiko_field *f = layout->fields; rc == 0 && f->name != NULL; f++) {
		uint64_t count =
			mk_field_is_counted(f) ? mk_unsigned_at((const char *)value + f[-1].offset, f[-1].size) : 0;
		if (count > mk_field_elements(f))
			return mk_fail(
				MAIKO_EINVAL, "'%s': .%s is %llu; the array that it counts, .%s, has %u elements",
				layout->name, f[-1].name, (unsigned long long)count, f->name, mk_field_elements(f));
		if (f->kind != MAIKO_KIND_STRUCT || !mk_layout_is_counted(f->nested))
			continue;
		const char *at = (const char *)value + f->offset;
		for (uint32_t i = 0, used = mk_field_used(f, value); rc == 0 && i < used; i++)
			rc = mk_layout_check_counts(f->nested, at + (size_t)i * f->nested->size);
	}
	return rc;
}

static bool has_texts(const maiko_layout *layout)
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++)
		if (f->kind == MAIKO_KIND_TEXT || (f->kind == MAIKO_KIND_STRUCT && has_texts(f->nested)))
			return true;
	return false;
}

int mk_text_fail(const char *event, const char *field)
{
	return mk_fail(MAIKO_EINVAL, "event '%s': the text of .%s fills all its bytes and has no end", event, field);
}

int mk_layout_check_texts(const maiko_layout *layout, const void *value)
{
	int rc = 0;
	for (const maiko_field *f = layout->fields; rc == 0 && f->name != NULL; f++) {
		const char *at = (const char *)value + f->offset;
		if (f->kind == MAIKO_KIND_TEXT && memchr(at, '\0', f->size) == NULL)
			return mk_text_fail(layout->name, f->name);
		if (f->kind != MAIKO_KIND_STRUCT || !has_texts(f->nested))
			continue;
		for (uint32_t i = 0, used = mk_field_used(f, value); rc == 0 && i < used; i++)
			rc = mk_layout_check_texts(f->nested, at + (size_t)i * f->nested->size);
	}
	return rc;
}

const void *maiko_any_as(const maiko_any *any, const maiko_event_type *type)
{
	if (any == NULL || any->type == NULL || type == NULL)
		return NULL;
	if (any->type == type)
		return any->data;
	const maiko_layout *a = any->type->layout, *b = type->layout;
	bool same = b->format <= MAIKO_FORMAT && strcmp(a->name, b->name) == 0 &&
		    maiko_layout_hash(a) == maiko_layout_hash(b);
	return same ? any->data : NULL;
}
