/*
 * test_layout.c - descriptions of structs: what is refused and at which bound, that the
 * hash tells any two apart, the buffers found, and events by name and layout.
 *
 * SPDX-License-Identifier: MIT
 */
#include "event/layout.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
#define U32(name_, offset_)                                                                                            \
	{                                                                                                              \
		.name = (name_), .offset = (offset_), .size = 4, .kind = MAIKO_KIND_UINT                               \
	}
#define BUFFER(name_, offset_)                                                                                         \
	{                                                                                                              \
		.name = (name_), .offset = (offset_), .size = sizeof(void *), .kind = MAIKO_KIND_BUFFER                \
	}
#define INNER(name_, offset_, layout)                                                                                  \
	{                                                                                                              \
		.name = (name_), .offset = (offset_), .size = (layout)->size, .kind = MAIKO_KIND_STRUCT,               \
		.nested = (layout)                                                                                     \
	}

static int check_fields(const maiko_field *fields, uint32_t size)
{
	maiko_layout l = {"thing", size, 4, fields, MAIKO_FORMAT};
	return maiko_layout_check(&l);
}

static int check_field(uint32_t offset, uint32_t size, maiko_kind kind)
{
	const maiko_field fields[] = {{.name = "x", .offset = offset, .size = size, .kind = kind}, END};
	return check_fields(fields, 16);
}

/* ---- checks --------------------------------------------------------------------------- */

static void a_name_is_one_to_63_bytes_that_print(void **state)
{
	(void)state;
	char name[66];
	memset(name, 'n', sizeof name);
	name[63] = '\0';
	assert_true(mk_name_valid(name));
	name[63] = 'n';
	name[64] = '\0';
	assert_false(mk_name_valid(name));
	name[64] = 'n';
	name[65] = '\0';
	assert_false(mk_name_valid(name));
	assert_true(mk_name_valid("a"));
	assert_true(mk_name_valid("device 42.\xc3\xa9*"));
	assert_false(mk_name_valid(""));
	assert_false(mk_name_valid(NULL));
	assert_false(mk_name_valid("a\nb"));
	assert_false(mk_name_valid("\x1f"));
	assert_false(mk_name_valid("a\x7f"));
}

static void no_byte_of_a_name_is_a_control_character(void **state)
{
	enum { LONGEST = 20 };
	(void)state;
	for (size_t length = 1; length <= LONGEST; length++)
		for (size_t at = 0; at < length; at++)
			for (int byte = 1; byte < 256; byte++) {
				char name[LONGEST + 1];
				memset(name, 'n', sizeof name);
				name[length] = '\0';
				name[at] = (char)byte;
				assert_int_equal(mk_name_valid(name), byte >= ' ' && byte != 127);
			}
}

static void a_plain_layout_passes(void **state)
{
	(void)state;
	const maiko_field fields[] = {U32("x", 0), U32("y", 4), END};
	assert_int_equal(check_fields(fields, 8), 0);
	assert_int_equal(check_fields(fields + 2, 1), 0); /* a signal has none */
}

static void a_null_or_a_bad_frame_is_refused(void **state)
{
	(void)state;
	const maiko_field fields[] = {U32("x", 0), END};
	assert_int_equal(maiko_layout_check(NULL), MAIKO_EINVAL);
	assert_int_equal(check_fields(NULL, 8), MAIKO_EINVAL);
	assert_int_equal(check_fields(fields, 0), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){NULL, 8, 4, fields, MAIKO_FORMAT}), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"", 8, 4, fields, MAIKO_FORMAT}), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"a\tb", 8, 4, fields, MAIKO_FORMAT}), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"a", 8, 0, fields, MAIKO_FORMAT}), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"a", 8, 6, fields, MAIKO_FORMAT}), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"a", 8, 16, fields, MAIKO_FORMAT}), 0);
	assert_int_equal(maiko_layout_check(&(maiko_layout){"a", 8, 32, fields, MAIKO_FORMAT}), MAIKO_E2BIG);
}

static void a_field_lies_inside_the_struct(void **state)
{
	(void)state;
	assert_int_equal(check_field(12, 4, MAIKO_KIND_UINT), 0);
	assert_int_equal(check_field(13, 4, MAIKO_KIND_UINT), MAIKO_EINVAL);
	assert_int_equal(check_field(16, 4, MAIKO_KIND_UINT), MAIKO_EINVAL);
	assert_int_equal(check_field(UINT32_MAX, 4, MAIKO_KIND_UINT), MAIKO_EINVAL);
	assert_int_equal(check_field(UINT32_MAX - 3, 4, MAIKO_KIND_UINT), MAIKO_EINVAL);
	assert_int_equal(check_field(0, 17, MAIKO_KIND_TEXT), MAIKO_EINVAL);
	assert_int_equal(check_field(1, UINT32_MAX, MAIKO_KIND_TEXT), MAIKO_EINVAL);
	assert_int_equal(check_field(0, 16, MAIKO_KIND_TEXT), 0);
}

static void a_size_fits_its_kind(void **state)
{
	(void)state;
	static const struct {
		maiko_kind kind;
		const char *sizes; /* that are right, of 0 to 9 */
	} rows[] = {{MAIKO_KIND_NONE, ""},
		    {MAIKO_KIND_TEXT, "123456789"},
		    {MAIKO_KIND_BYTES, "123456789"},
		    {MAIKO_KIND_BOOL, "1"},
		    {MAIKO_KIND_INT, "1248"},
		    {MAIKO_KIND_UINT, "1248"},
		    {MAIKO_KIND_ENUM, "1248"},
		    {MAIKO_KIND_FLOAT, "4"},
		    {MAIKO_KIND_DOUBLE, "8"},
		    {MAIKO_KIND_STRUCT, ""},
		    {MAIKO_KIND_BUFFER, sizeof(void *) == 8 ? "8" : "4"},
		    {(maiko_kind)11, ""},
		    {(maiko_kind)1000000000, ""}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (uint32_t size = 0; size <= 9; size++) {
			bool right = strchr(rows[i].sizes, (char)('0' + size)) != NULL;
			assert_int_equal(check_field(0, size, rows[i].kind), right ? 0 : MAIKO_EINVAL);
		}
}

static void a_buffer_is_aligned(void **state)
{
	(void)state;
	assert_int_equal(check_field(8, sizeof(void *), MAIKO_KIND_BUFFER), 0);
	assert_int_equal(check_field(2, sizeof(void *), MAIKO_KIND_BUFFER), MAIKO_EINVAL);
	assert_int_equal(check_field(sizeof(void *) / 2, sizeof(void *), MAIKO_KIND_BUFFER), MAIKO_EINVAL);
}

static void a_field_has_a_name_of_its_own(void **state)
{
	(void)state;
	const maiko_field twice[] = {U32("x", 0), U32("y", 4), U32("x", 8), END};
	const maiko_field empty[] = {U32("", 0), END};
	const maiko_field control[] = {U32("a\x01", 0), END};
	assert_int_equal(check_fields(twice, 16), MAIKO_EINVAL);
	assert_int_equal(check_fields(empty, 16), MAIKO_EINVAL);
	assert_int_equal(check_fields(control, 16), MAIKO_EINVAL);
}

static void a_nested_struct_is_checked_too(void **state)
{
	(void)state;
	const maiko_field good[] = {U32("x", 0), END}, bad[] = {U32("x", 2), END};
	const maiko_layout inner = {"inner", 4, 4, good, MAIKO_FORMAT}, outside = {"inner", 4, 4, bad, MAIKO_FORMAT};
	maiko_field fields[] = {INNER("in", 4, &inner), END};
	assert_int_equal(check_fields(fields, 8), 0);
	fields[0].size = 3; /* not the size of the inner one */
	assert_int_equal(check_fields(fields, 8), MAIKO_EINVAL);
	fields[0] = (maiko_field)INNER("in", 4, &outside);
	assert_int_equal(check_fields(fields, 8), MAIKO_EINVAL);
	fields[0].nested = NULL;
	assert_int_equal(check_fields(fields, 8), MAIKO_EINVAL);
}

/* ---- bounds ------------------------------------------------------------------------------- */

static void up_to_32_fields(void **state)
{
	(void)state;
	char names[33][4];
	maiko_field fields[34] = {END};
	for (uint32_t i = 0; i < 33; i++) {
		snprintf(names[i], sizeof names[i], "f%u", (unsigned)i);
		fields[i] = (maiko_field)U32(names[i], 0);
	}
	assert_int_equal(check_fields(fields, 4), MAIKO_E2BIG);
	fields[32] = (maiko_field)END;
	assert_int_equal(check_fields(fields, 4), 0);
}

static void up_to_a_mebibyte(void **state)
{
	(void)state;
	const maiko_field fields[] = {U32("x", 1048572), END};
	assert_int_equal(check_fields(fields, 1048576), 0);
	assert_int_equal(check_fields(fields, 1048577), MAIKO_E2BIG);
}

static void up_to_eight_structs_in_each_other(void **state)
{
	(void)state;
	enum { DEEPEST = 9 };
	const maiko_field last[] = {U32("x", 0), END};
	maiko_field fields[DEEPEST][2] = {{END}};
	maiko_layout layouts[DEEPEST + 1] = {{"l", 4, 4, last, MAIKO_FORMAT}};
	for (int i = 0; i < DEEPEST; i++) {
		fields[i][0] = (maiko_field)INNER("in", 0, &layouts[i]);
		layouts[i + 1] = (maiko_layout){"l", 4, 4, fields[i], MAIKO_FORMAT};
	}
	assert_int_equal(maiko_layout_check(&layouts[8]), 0);
	assert_int_equal(maiko_layout_check(&layouts[9]), MAIKO_E2BIG);
}

static void one_that_contains_itself_is_too_deep(void **state)
{
	(void)state;
	maiko_field fields[2] = {END};
	const maiko_layout layout = {"self", 4, 4, fields, MAIKO_FORMAT};
	fields[0] = (maiko_field)INNER("self", 0, &layout);
	assert_int_equal(maiko_layout_check(&layout), MAIKO_E2BIG);
}

/* Each struct holds 32 times the next: no deeper than is allowed, but 32^8 fields in all. */
static void one_of_countless_nested_fields_is_refused_at_once(void **state)
{
	(void)state;
	char names[32][4];
	maiko_field fields[9][33] = {{END}};
	maiko_layout layouts[9];
	for (int i = 0; i < 32; i++)
		snprintf(names[i], sizeof names[i], "f%d", i);
	for (int depth = 0; depth < 9; depth++) {
		layouts[depth] = (maiko_layout){"l", 4, 4, fields[depth], MAIKO_FORMAT};
		for (int i = 0; i < 32; i++)
			fields[depth][i] = depth == 0 ? (maiko_field)U32(names[i], 0)
						      : (maiko_field)INNER(names[i], 0, &layouts[depth - 1]);
	}
	assert_int_equal(maiko_layout_check(&layouts[8]), MAIKO_E2BIG);
}

static void up_to_32_buffers_in_all(void **state)
{
	(void)state;
	char names[32][4];
	maiko_field many[33] = {END};
	for (uint32_t i = 0; i < 31; i++) {
		snprintf(names[i], sizeof names[i], "b%u", (unsigned)i);
		many[i] = (maiko_field)BUFFER(names[i], i * 8);
	}
	const maiko_layout inner = {"inner", 256, 8, many, MAIKO_FORMAT};
	const maiko_field right[] = {BUFFER("b", 0), INNER("in", 8, &inner), END};
	const maiko_field wrong[] = {INNER("in", 8, &inner), BUFFER("b", 0), BUFFER("c", 264), END};
	assert_int_equal(check_fields(right, 272), 0);
	assert_int_equal(check_fields(wrong, 272), MAIKO_E2BIG);
}

static void buffers_are_found_where_they_lie(void **state)
{
	(void)state;
	uint32_t offsets[MK_BUFFERS_MAX] = {0};
	const maiko_field inner_fields[] = {U32("x", 0), BUFFER("b", 8), BUFFER("c", 16), END};
	const maiko_layout inner = {"inner", 24, 8, inner_fields, MAIKO_FORMAT};
	const maiko_field fields[] = {BUFFER("a", 0), U32("x", 8), INNER("i", 16, &inner), INNER("j", 40, &inner), END};
	const maiko_layout layout = {"outer", 64, 8, fields, MAIKO_FORMAT};
	assert_int_equal(mk_layout_buffers(&layout, offsets), 5);
	assert_memory_equal(offsets, ((uint32_t[]){0, 24, 32, 48, 56}), 20);
	assert_int_equal(mk_layout_buffers(&(maiko_layout){"none", 4, 4, inner_fields + 3, MAIKO_FORMAT}, offsets), 0);
}

/* ---- the hash -------------------------------------------------------------------------- */

/* Each differs from the first in one thing. */
static void another_thing_is_another_hash(void **state)
{
	(void)state;
	static const maiko_field a[] = {U32("x", 0), U32("y", 4), END}, name[] = {U32("x", 0), U32("z", 4), END},
				 offset[] = {U32("x", 0), U32("y", 8), END},
				 size[] = {{.name = "x", .size = 2, .kind = MAIKO_KIND_UINT}, U32("y", 4), END},
				 kind[] = {{.name = "x", .size = 4, .kind = MAIKO_KIND_INT}, U32("y", 4), END},
				 order[] = {U32("y", 4), U32("x", 0), END}, fewer[] = {U32("x", 0), END},
				 more[] = {U32("x", 0), U32("y", 4), U32("z", 0), END},
				 one[] = {U32("xy", 0), U32("z", 4), END}, other[] = {U32("x", 0), U32("yz", 4), END};
	const maiko_layout layouts[] = {
		{"p", 8, 4, a, MAIKO_FORMAT},    {"q", 8, 4, a, MAIKO_FORMAT},      {"p", 12, 4, a, MAIKO_FORMAT},
		{"p", 8, 4, name, MAIKO_FORMAT}, {"p", 8, 4, offset, MAIKO_FORMAT}, {"p", 8, 4, size, MAIKO_FORMAT},
		{"p", 8, 4, kind, MAIKO_FORMAT}, {"p", 8, 4, order, MAIKO_FORMAT},  {"p", 8, 4, fewer, MAIKO_FORMAT},
		{"p", 8, 4, more, MAIKO_FORMAT}, {"p", 8, 4, one, MAIKO_FORMAT},    {"p", 8, 4, other, MAIKO_FORMAT},
		{"px", 8, 4, a, MAIKO_FORMAT},   {"", 8, 4, a, MAIKO_FORMAT}};
	enum { COUNT = sizeof layouts / sizeof layouts[0] };
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_int_not_equal(maiko_layout_hash(&layouts[i]), maiko_layout_hash(&layouts[k]));
}

static void another_nested_struct_is_another_hash(void **state)
{
	(void)state;
	const maiko_field x[] = {U32("x", 0), END}, y[] = {U32("y", 0), END};
	const maiko_layout in_x = {"in", 4, 4, x, MAIKO_FORMAT}, in_y = {"in", 4, 4, y, MAIKO_FORMAT},
			   in_z = {"in2", 4, 4, x, MAIKO_FORMAT};
	const maiko_field fx[] = {INNER("f", 0, &in_x), END}, fy[] = {INNER("f", 0, &in_y), END},
			  fz[] = {INNER("f", 0, &in_z), END};
	const maiko_layout lx = {"l", 4, 4, fx, MAIKO_FORMAT}, ly = {"l", 4, 4, fy, MAIKO_FORMAT},
			   lz = {"l", 4, 4, fz, MAIKO_FORMAT};
	assert_int_not_equal(maiko_layout_hash(&lx), maiko_layout_hash(&ly));
	assert_int_not_equal(maiko_layout_hash(&lx), maiko_layout_hash(&lz));
}

static void equal_layouts_have_equal_hashes_wherever_they_lie(void **state)
{
	(void)state;
	char name[] = "point", x[] = "x";
	const maiko_field fields[] = {U32("x", 0), END}, same[] = {U32(x, 0), END};
	const maiko_layout a = {"point", 4, 4, fields, MAIKO_FORMAT}, b = {name, 4, 4, same, MAIKO_FORMAT};
	assert_int_equal(maiko_layout_hash(&a), maiko_layout_hash(&b));
	assert_int_equal(maiko_layout_hash(NULL), 0);
}

/* FNV-1a over "point", 0, 8, then for each field its name, 0, offset, size and kind, the
 * numbers as four bytes, lowest first. */
static void the_hash_is_a_known_number(void **state)
{
	(void)state;
	const uint16_t one = 1;
	const maiko_field fields[] = {{.name = "x", .offset = 0, .size = 4, .kind = MAIKO_KIND_INT},
				      {.name = "y", .offset = 4, .size = 4, .kind = MAIKO_KIND_INT},
				      END};
	const maiko_layout point = {"point", 8, 4, fields, MAIKO_FORMAT};
	if (*(const unsigned char *)&one != 1)
		skip(); /* another byte order: another number */
	assert_int_equal(maiko_layout_hash(&point), 0x47c56d3962741166);
}

/* ---- events of any type ------------------------------------------------------------------- */

static void an_event_is_known_by_name_and_layout(void **state)
{
	(void)state;
	int data = 0;
	const maiko_field x[] = {U32("x", 0), END}, y[] = {U32("y", 0), END}, again[] = {U32("x", 0), END};
	const maiko_layout a = {"a", 4, 4, x, MAIKO_FORMAT}, same = {"a", 4, 4, again, MAIKO_FORMAT},
			   renamed = {"b", 4, 4, x, MAIKO_FORMAT}, changed = {"a", 4, 4, y, MAIKO_FORMAT};
	const maiko_event_type ta = {.layout = &a}, tsame = {.layout = &same}, trenamed = {.layout = &renamed},
			       tchanged = {.layout = &changed};
	const maiko_any any = {&ta, &data}, none = {NULL, NULL};
	assert_ptr_equal(maiko_any_as(&any, &ta), &data);
	assert_ptr_equal(maiko_any_as(&any, &tsame), &data);
	assert_null(maiko_any_as(&any, &trenamed));
	assert_null(maiko_any_as(&any, &tchanged));
	assert_null(maiko_any_as(&any, NULL));
	assert_null(maiko_any_as(NULL, &ta));
	assert_null(maiko_any_as(&none, &ta));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_one_to_63_bytes_that_print),
		cmocka_unit_test(no_byte_of_a_name_is_a_control_character),
		cmocka_unit_test(a_plain_layout_passes),
		cmocka_unit_test(a_null_or_a_bad_frame_is_refused),
		cmocka_unit_test(a_field_lies_inside_the_struct),
		cmocka_unit_test(a_size_fits_its_kind),
		cmocka_unit_test(a_buffer_is_aligned),
		cmocka_unit_test(a_field_has_a_name_of_its_own),
		cmocka_unit_test(a_nested_struct_is_checked_too),
		cmocka_unit_test(up_to_32_fields),
		cmocka_unit_test(up_to_a_mebibyte),
		cmocka_unit_test(up_to_eight_structs_in_each_other),
		cmocka_unit_test(one_that_contains_itself_is_too_deep),
		cmocka_unit_test(one_of_countless_nested_fields_is_refused_at_once),
		cmocka_unit_test(up_to_32_buffers_in_all),
		cmocka_unit_test(buffers_are_found_where_they_lie),
		cmocka_unit_test(another_thing_is_another_hash),
		cmocka_unit_test(another_nested_struct_is_another_hash),
		cmocka_unit_test(equal_layouts_have_equal_hashes_wherever_they_lie),
		cmocka_unit_test(the_hash_is_a_known_number),
		cmocka_unit_test(an_event_is_known_by_name_and_layout),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
