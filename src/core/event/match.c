/*
 * match.c - see match.h.
 */
#include "event/match.h"

#include "event/layout.h"

#include <stdlib.h>

/* ---- fields ------------------------------------------------------------------------------ */

static const maiko_field *field_named(const maiko_layout *layout, const char *name, size_t length)
{
	const maiko_field *f = layout->fields;
	while (f->name != NULL && (strncmp(f->name, name, length) != 0 || f->name[length] != '\0'))
		f++;
	return f->name == NULL ? NULL : f;
}

/* The element of an index such as "[2]" of the array in `f`; *name is moved behind it. */
static bool take_index(const maiko_field *f, const char **name, uint32_t *ret_index)
{
	char *end;
	unsigned long index = strtoul(*name + 1, &end, 0);
	if (f->elements == 0 || end == *name + 1 || *end != ']' || index >= mk_field_elements(f))
		return false;
	*name = end + 1;
	*ret_index = (uint32_t)index;
	return true;
}

mk_found mk_find_field(const maiko_layout *layout, const char *name, const void *data)
{
	mk_found none = {.field = {.name = NULL}}, at = {.counts = true};
	for (;;) {
		size_t length = strcspn(name, ".[");
		const maiko_field *f = field_named(layout, name, length);
		uint32_t index = 0;
		if (f == NULL)
			return none;
		name += length;
		at.field = *f;
		if (*name == '[') {
			if (!take_index(f, &name, &index))
				return none;
			at.field = mk_field_one(f);
			at.varies = at.varies || mk_field_is_counted(f);
			at.counts =
				at.counts && (data == NULL || index < mk_field_used(f, (const char *)data + at.offset));
		}
		at.offset += f->offset + index * at.field.size;
		if (*name == '\0')
			return at;
		if (*name != '.' || at.field.kind != MAIKO_KIND_STRUCT || at.field.elements != 0)
			return none;
		layout = at.field.nested;
		name++;
	}
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* A field's value; false for one that is no number. */
static bool number_at(const maiko_field *f, const unsigned char *at, maiko_value *ret_value)
{
	float single;
	switch (f->kind) {
	case MAIKO_KIND_BOOL:
		*ret_value = maiko_value_unsigned_(*at != 0);
		return true;
	case MAIKO_KIND_UINT:
		*ret_value = maiko_value_unsigned_(mk_unsigned_at(at, f->size));
		return true;
	case MAIKO_KIND_INT:
	case MAIKO_KIND_ENUM:
		*ret_value = maiko_value_signed_(mk_signed_at(at, f->size));
		return true;
	case MAIKO_KIND_FLOAT:
		memcpy(&single, at, sizeof single);
		*ret_value = maiko_value_real_((double)single);
		return true;
	case MAIKO_KIND_DOUBLE:
		*ret_value = maiko_value_real_(0);
		memcpy(&ret_value->as.real, at, sizeof(double));
		return true;
	default:
		return false;
	}
}

static double real_of(const maiko_value *v)
{
	return v->kind == MAIKO_VALUE_REAL     ? v->as.real
	       : v->kind == MAIKO_VALUE_SIGNED ? (double)v->as.integer
					       : (double)v->as.natural;
}

static bool is_negative(const maiko_value *v) { return v->kind == MAIKO_VALUE_SIGNED && v->as.integer < 0; }

enum { NOT_COMPARABLE = 2 }; /* a NaN */

/* -1, 0, 1: less, equal, greater. */
static int order_of(const maiko_value *a, const maiko_value *b)
{
	if (a->kind == MAIKO_VALUE_REAL || b->kind == MAIKO_VALUE_REAL) {
		double x = real_of(a), y = real_of(b);
		return x < y ? -1 : x > y ? 1 : x == y ? 0 : NOT_COMPARABLE;
	}
	if (is_negative(a) != is_negative(b))
		return is_negative(a) ? -1 : 1;
	/* Both negative or both not: as unsigned numbers they have the same order. */
	uint64_t x = a->as.natural, y = b->as.natural;
	return x < y ? -1 : x > y;
}

static bool number_holds(const maiko_field *f, const unsigned char *at, const maiko_field_test *test)
{
	maiko_value value, with = test->value;
	if (with.kind == MAIKO_VALUE_TEXT || !number_at(f, at, &value))
		return false;
	if (f->kind == MAIKO_KIND_FLOAT && with.kind == MAIKO_VALUE_REAL)
		with.as.real = (double)(float)with.as.real; /* the field has the precision of a float, as for 0.1 */
	int order = order_of(&value, &with);
	switch (test->compare) {
	case MAIKO_COMPARE_IS:
		return order == 0;
	case MAIKO_COMPARE_IS_NOT:
		return order != 0;
	case MAIKO_COMPARE_GREATER:
		return order == 1;
	case MAIKO_COMPARE_LESS:
		return order == -1;
	case MAIKO_COMPARE_AT_LEAST:
		return order == 0 || order == 1;
	case MAIKO_COMPARE_AT_MOST:
		return order == 0 || order == -1;
	default:
		return false;
	}
}

/* ---- texts -------------------------------------------------------------------------------------- */

/* The bytes of a text field or buffer; false for another. */
static bool text_at(const maiko_field *f, const unsigned char *at, const char **ret_text, size_t *ret_length)
{
	const maiko_buffer *buffer;
	if (f->kind == MAIKO_KIND_TEXT) {
		*ret_text = (const char *)at;
		*ret_length = strnlen(*ret_text, f->size);
		return true;
	}
	if (f->kind != MAIKO_KIND_BUFFER)
		return false;
	memcpy(&buffer, at, sizeof buffer);
	*ret_text = buffer == NULL ? "" : maiko_buffer_data(buffer);
	*ret_length = maiko_buffer_size(buffer);
	return true;
}

static bool text_holds(const maiko_field *f, const unsigned char *at, const maiko_field_test *test)
{
	const char *text, *with = test->value.as.text;
	size_t length;
	if (test->value.kind != MAIKO_VALUE_TEXT || with == NULL || !text_at(f, at, &text, &length))
		return false;
	size_t with_length = strlen(with);
	bool starts = length >= with_length && memcmp(text, with, with_length) == 0;
	switch (test->compare) {
	case MAIKO_COMPARE_IS:
		return starts && length == with_length;
	case MAIKO_COMPARE_IS_NOT:
		return !starts || length != with_length;
	case MAIKO_COMPARE_CONTAINS:
		return with_length == 0 || memmem(text, length, with, with_length) != NULL;
	case MAIKO_COMPARE_STARTS:
		return starts;
	default:
		return false;
	}
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static bool is_text(const maiko_field *f) { return f->kind == MAIKO_KIND_TEXT || f->kind == MAIKO_KIND_BUFFER; }

mk_test_fault mk_test_check(const maiko_layout *layout, const maiko_field_test *test)
{
	mk_found at = mk_find_field(layout, test->field, NULL);
	if (at.field.name == NULL)
		return MK_TEST_NO_FIELD;
	bool text = test->value.kind == MAIKO_VALUE_TEXT;
	bool for_text = test->compare == MAIKO_COMPARE_CONTAINS || test->compare == MAIKO_COMPARE_STARTS;
	bool for_both = test->compare == MAIKO_COMPARE_IS || test->compare == MAIKO_COMPARE_IS_NOT;
	bool neither =
		at.field.kind == MAIKO_KIND_STRUCT || at.field.kind == MAIKO_KIND_BYTES || at.field.elements != 0;
	bool unknown = test->compare < MAIKO_COMPARE_IS || test->compare > MAIKO_COMPARE_STARTS ||
		       test->value.kind > MAIKO_VALUE_TEXT;
	bool bad = unknown || neither || text != is_text(&at.field) || (!for_both && for_text != text) ||
		   (text && test->value.as.text == NULL);
	return bad ? MK_TEST_IMPOSSIBLE : MK_TEST_GOOD;
}

bool mk_test_holds(const mk_found *at, const maiko_field_test *test, const void *data)
{
	if (at->field.name == NULL || at->field.elements != 0 || !at->counts)
		return false;
	const unsigned char *field = (const unsigned char *)data + at->offset;
	return (is_text(&at->field) ? text_holds : number_holds)(&at->field, field, test);
}
