/*
 * test_field_arrays.c - arrays as fields: what the macros describe, what is refused, the hash, the text, and the
 * buffers in them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "event/layout.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

typedef enum colour { RED = 1, BLUE = -2 } colour;

typedef struct inner {
	int8_t x;
	char name[3];
} inner;

typedef struct arrays {
	int8_t tiny[3];
	uint16_t small[2];
	int32_t v[4];
	unsigned long long big[1];
	float f[2];
	double d[2];
	bool yes[2];
	colour hues[2];
	inner in[2];
	uint8_t used;
	int16_t some[300];
	uint64_t used_in;
	inner counted[2];
	char letter;
} arrays;
MAIKO_TOPIC(things);
MAIKO_STRUCT(inner, x, name);
MAIKO_EVENT(arrays, things, tiny, small, v, big, f, d, yes, MAIKO_ENUM(hues), MAIKO_NESTED(in, inner),
	    MAIKO_COUNTED(some, used), MAIKO_COUNTED(MAIKO_NESTED(counted, inner), used_in), letter);

typedef struct hues {
	uint32_t n;
	colour c[2];
} hues;
MAIKO_EVENT(hues, things, MAIKO_COUNTED(MAIKO_ENUM(c), n));

/* ---- what is described ---- */

static void the_macros_describe_elements(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t elements, size_of_one;
		maiko_kind kind;
	} rows[] = {{"tiny", 3, 1, MAIKO_KIND_INT},
		    {"small", 2, 2, MAIKO_KIND_UINT},
		    {"v", 4, 4, MAIKO_KIND_INT},
		    {"big", 1, 8, MAIKO_KIND_UINT},
		    {"f", 2, 4, MAIKO_KIND_FLOAT},
		    {"d", 2, 8, MAIKO_KIND_DOUBLE},
		    {"yes", 2, 1, MAIKO_KIND_BOOL},
		    {"hues", 2, 4, MAIKO_KIND_ENUM},
		    {"in", 2, 4, MAIKO_KIND_STRUCT},
		    {"used", 0, 1, MAIKO_KIND_UINT},
		    {"some", 300 | MAIKO_ELEMENTS_COUNTED, 2, MAIKO_KIND_INT},
		    {"used_in", 0, 8, MAIKO_KIND_UINT},
		    {"counted", 2 | MAIKO_ELEMENTS_COUNTED, 4, MAIKO_KIND_STRUCT},
		    {"letter", 0, 1, (char)-1 < 0 ? MAIKO_KIND_INT : MAIKO_KIND_UINT}};
	const maiko_field *f = MAIKO_EVENT_REF(arrays)->layout->fields;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++, f++) {
		assert_string_equal(f->name, rows[i].name);
		assert_int_equal(f->elements, rows[i].elements);
		assert_int_equal(mk_field_one(f).size, rows[i].size_of_one);
		assert_int_equal(f->kind, rows[i].kind);
		assert_int_equal(f->nested != NULL, f->kind == MAIKO_KIND_STRUCT);
	}
	assert_null(f->name);
	assert_int_equal(maiko_layout_check(MAIKO_EVENT_REF(arrays)->layout), 0);
	assert_int_equal(maiko_layout_check(MAIKO_EVENT_REF(hues)->layout), 0);
}

/* ---- what is refused ---- */

#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

static int check(uint32_t format, uint32_t size, maiko_kind kind, uint32_t elements)
{
	const maiko_field fields[] = {{"n", 0, 4, MAIKO_KIND_UINT, 0, NULL}, {"x", 8, size, kind, elements, NULL}, END};
	return maiko_layout_check(&(maiko_layout){"thing", 64, 8, fields, format});
}

static void bad_arrays_are_refused(void **state)
{
	(void)state;
	assert_int_equal(check(2, 16, MAIKO_KIND_INT, 4), 0);
	assert_int_equal(check(2, 16, MAIKO_KIND_INT, 4 | MAIKO_ELEMENTS_COUNTED), 0);
	assert_int_equal(check(1, 16, MAIKO_KIND_INT, 4), MAIKO_EINVAL); /* of a format without arrays */
	assert_int_equal(check(0, 16, MAIKO_KIND_INT, 4), MAIKO_EINVAL);
	assert_int_equal(check(2, 16, MAIKO_KIND_INT, 3), MAIKO_EINVAL);
	assert_int_equal(check(2, 12, MAIKO_KIND_INT, 4), MAIKO_EINVAL); /* of 3 bytes each */
	assert_int_equal(check(2, 60, MAIKO_KIND_INT, 15), MAIKO_EINVAL);
	assert_int_equal(check(2, 16, MAIKO_KIND_INT, MAIKO_ELEMENTS_COUNTED), MAIKO_EINVAL);
	assert_int_equal(check(2, 16, MAIKO_KIND_TEXT, 4), MAIKO_EINVAL);
	assert_int_equal(check(2, 16, MAIKO_KIND_BYTES, 4), MAIKO_EINVAL);
	assert_int_equal(check(2, 16, MAIKO_KIND_BUFFER, 2), MAIKO_EINVAL);
}

static void a_counted_array_needs_its_count_before_it(void **state)
{
	(void)state;
	maiko_field fields[] = {{"x", 8, 16, MAIKO_KIND_INT, 4 | MAIKO_ELEMENTS_COUNTED, NULL}, END, END};
	const maiko_layout layout = {"thing", 24, 8, fields, MAIKO_FORMAT};
	assert_int_equal(maiko_layout_check(&layout), MAIKO_EINVAL);
	fields[1] = fields[0];
	fields[0] = (maiko_field){"n", 0, 4, MAIKO_KIND_INT, 0, NULL};
	assert_int_equal(maiko_layout_check(&layout), MAIKO_EINVAL);
	fields[0] = (maiko_field){"n", 0, 8, MAIKO_KIND_UINT, 2, NULL};
	assert_int_equal(maiko_layout_check(&layout), MAIKO_EINVAL);
	fields[0] = (maiko_field){"n", 0, 4, MAIKO_KIND_UINT, 0, NULL};
	assert_int_equal(maiko_layout_check(&layout), 0);
}

static void the_hash_tells_arrays_apart(void **state)
{
	(void)state;
	static const uint32_t elements[] = {0, 1, 1 | MAIKO_ELEMENTS_COUNTED, 4, 4 | MAIKO_ELEMENTS_COUNTED};
	uint64_t hashes[5];
	for (int i = 0; i < 5; i++) {
		const maiko_field fields[] = {{"n", 0, 4, MAIKO_KIND_UINT, 0, NULL},
					      {"x", 8, 8, MAIKO_KIND_INT, elements[i], NULL},
					      END};
		hashes[i] = maiko_layout_hash(&(maiko_layout){"thing", 16, 8, fields, MAIKO_FORMAT});
		for (int j = 0; j < i; j++)
			assert_true(hashes[i] != hashes[j]);
	}
}

/* ---- as text ---- */

static void arrays_print_what_counts(void **state)
{
	(void)state;
	char text[512];
	arrays value = {.tiny = {1, -2, 3},
			.small = {65535, 0},
			.v = {1, 2, 3, -4},
			.big = {UINT64_MAX},
			.f = {0.5f, -1},
			.d = {0.25, 1e300},
			.yes = {true, false},
			.hues = {BLUE, RED},
			.in = {{1, "a"}, {2, "b"}},
			.used = 2,
			.some = {7, 8, 9},
			.used_in = 0,
			.counted = {{3, "c"}},
			.letter = 'A'};
	assert_int_equal(maiko_layout_print(MAIKO_EVENT_REF(arrays)->layout, &value, text, sizeof text), 0);
	assert_string_equal(text, "{\"tiny\":[1,-2,3],\"small\":[65535,0],\"v\":[1,2,3,-4],"
				  "\"big\":[18446744073709551615],"
				  "\"f\":[0.5,-1],\"d\":[0.25,1.0000000000000001e+300],\"yes\":[true,false],"
				  "\"hues\":[-2,1],\"in\":[{\"x\":1,\"name\":\"a\"},"
				  "{\"x\":2,\"name\":\"b\"}],\"used\":2,"
				  "\"some\":[7,8],\"used_in\":0,\"counted\":[],\"letter\":65}");
}

static void a_count_that_lies_reads_no_further_than_the_array(void **state)
{
	(void)state;
	char text[64];
	const hues value = {UINT32_MAX, {RED, BLUE}};
	assert_int_equal(maiko_layout_print(MAIKO_EVENT_REF(hues)->layout, &value, text, sizeof text), 0);
	assert_string_equal(text, "{\"n\":4294967295,\"c\":[1,-2]}");
	assert_int_equal(mk_layout_check_counts(MAIKO_EVENT_REF(hues)->layout, &value), MAIKO_EINVAL);
}

/* ---- buffers ---- */

typedef struct page {
	uint64_t n;
	maiko_buffer *text;
} page;
typedef struct book {
	page pages[3];
	maiko_buffer *cover;
} book;
MAIKO_STRUCT(page, n, text);
MAIKO_EVENT(book, things, MAIKO_NESTED(pages, page), cover);

typedef struct shelf {
	uint32_t n;
	page pages[3];
} shelf;
MAIKO_EVENT(shelf, things, MAIKO_COUNTED(MAIKO_NESTED(pages, page), n));

typedef struct library {
	page pages[33];
} library;
MAIKO_EVENT(library, things, MAIKO_NESTED(pages, page));

static void buffers_in_elements_are_found(void **state)
{
	(void)state;
	uint32_t offsets[MK_BUFFERS_MAX];
	assert_int_equal(maiko_layout_check(MAIKO_EVENT_REF(book)->layout), 0);
	assert_int_equal(mk_layout_buffers(MAIKO_EVENT_REF(book)->layout, offsets), 4);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(offsets[i], offsetof(book, pages[i].text));
	assert_int_equal(offsets[3], offsetof(book, cover));
	assert_int_equal(maiko_layout_check(MAIKO_EVENT_REF(shelf)->layout), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_check(MAIKO_EVENT_REF(library)->layout), MAIKO_E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_macros_describe_elements),
		cmocka_unit_test(bad_arrays_are_refused),
		cmocka_unit_test(a_counted_array_needs_its_count_before_it),
		cmocka_unit_test(the_hash_tells_arrays_apart),
		cmocka_unit_test(arrays_print_what_counts),
		cmocka_unit_test(a_count_that_lies_reads_no_further_than_the_array),
		cmocka_unit_test(buffers_in_elements_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
