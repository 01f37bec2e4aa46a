/*
 * test_print.c - events as JSON: every kind, escapes, text that is not UTF-8, numbers that
 * JSON lacks, and cutting at every size.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

MAIKO_TOPIC(prints);

typedef enum colour { RED = 1, BLUE = -2 } colour;

typedef struct inner {
	int32_t x;
	char name[4];
} inner;
MAIKO_STRUCT(inner, x, name);

typedef struct all_kinds {
	char text[8];
	uint8_t bytes[3];
	bool yes;
	int16_t number;
	uint32_t count;
	float half;
	double third;
	colour hue;
	inner in;
	maiko_buffer *data;
} all_kinds;
MAIKO_EVENT(all_kinds, prints, text, bytes, yes, number, count, half, third, MAIKO_ENUM(hue), MAIKO_NESTED(in, inner),
	    data);

typedef struct one_text {
	char t[16];
} one_text;
MAIKO_EVENT(one_text, prints, t);

typedef struct integers {
	int8_t a;
	int16_t b;
	int32_t c;
	int64_t d;
	uint8_t e;
	uint16_t f;
	uint32_t g;
	uint64_t h;
} integers;
MAIKO_EVENT(integers, prints, a, b, c, d, e, f, g, h);

typedef struct reals {
	float f;
	double d;
} reals;
MAIKO_EVENT(reals, prints, f, d);

MAIKO_SIGNAL(nothing, prints);

#define PRINT(event, value, text) maiko_layout_print(MAIKO_EVENT_REF(event)->layout, (value), (text), sizeof(text))

static void expect_text(const char *content, const char *json)
{
	char text[128];
	one_text value = {""};
	memcpy(value.t, content, strlen(content));
	assert_int_equal(PRINT(one_text, &value, text), 0);
	assert_string_equal(text, json);
}

static void expect_reals(float f, double d, const char *json)
{
	char text[128];
	reals value = {f, d};
	assert_int_equal(PRINT(reals, &value, text), 0);
	assert_string_equal(text, json);
}

/* ---- kinds ------------------------------------------------------------------------------- */

static void every_kind_has_its_form(void **state)
{
	(void)state;
	char text[512];
	all_kinds value = {.text = "abc",
			   .bytes = {0, 0x7f, 0xff},
			   .yes = true,
			   .number = -5,
			   .count = 7,
			   .half = 0.5f,
			   .third = 0.25,
			   .hue = BLUE,
			   .in = {.x = 3, .name = "in"}};
	assert_int_equal(maiko_buffer_copy("\x01\xab", 2, &value.data), 0);
	assert_int_equal(PRINT(all_kinds, &value, text), 0);
	assert_string_equal(text, "{\"text\":\"abc\",\"bytes\":\"007fff\",\"yes\":true,\"number\":-5,\"count\":7,"
				  "\"half\":0.5,\"third\":0.25,\"hue\":-2,\"in\":{\"x\":3,\"name\":\"in\"},"
				  "\"data\":\"01ab\"}");
	maiko_buffer_unref(value.data);
}

static void zeros_have_their_form_too(void **state)
{
	(void)state;
	char text[512];
	all_kinds value;
	memset(&value, 0, sizeof value);
	assert_int_equal(PRINT(all_kinds, &value, text), 0);
	assert_string_equal(text, "{\"text\":\"\",\"bytes\":\"000000\",\"yes\":false,\"number\":0,\"count\":0,"
				  "\"half\":0,\"third\":0,\"hue\":0,\"in\":{\"x\":0,\"name\":\"\"},\"data\":null}");
	nothing signal = {0};
	assert_int_equal(PRINT(nothing, &signal, text), 0);
	assert_string_equal(text, "{}");
}

static void an_empty_buffer_is_an_empty_text(void **state)
{
	(void)state;
	typedef struct holder {
		maiko_buffer *b;
	} holder;
	static const maiko_field fields[] = {{.name = "b", .size = sizeof(void *), .kind = MAIKO_KIND_BUFFER},
					     {.name = NULL}};
	static const maiko_layout layout = {"holder", 8, 8, fields, MAIKO_FORMAT};
	char text[32];
	holder value = {NULL};
	assert_int_equal(maiko_buffer_new(0, &value.b), 0);
	assert_int_equal(maiko_layout_print(&layout, &value, text, sizeof text), 0);
	assert_string_equal(text, "{\"b\":\"\"}");
	maiko_buffer_unref(value.b);
}

static void integers_have_their_whole_range(void **state)
{
	(void)state;
	char text[256];
	integers value = {INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX};
	assert_int_equal(PRINT(integers, &value, text), 0);
	assert_string_equal(text, "{\"a\":-128,\"b\":-32768,\"c\":-2147483648,\"d\":-9223372036854775808,"
				  "\"e\":255,\"f\":65535,\"g\":4294967295,\"h\":18446744073709551615}");
	value = (integers){127, 32767, 2147483647, INT64_MAX, 128, 32768, 2147483648, UINT64_C(9223372036854775808)};
	assert_int_equal(PRINT(integers, &value, text), 0);
	assert_string_equal(text, "{\"a\":127,\"b\":32767,\"c\":2147483647,\"d\":9223372036854775807,"
				  "\"e\":128,\"f\":32768,\"g\":2147483648,\"h\":9223372036854775808}");
}

static void fields_need_no_alignment(void **state)
{
	(void)state;
	static const maiko_field fields[] = {{.name = "i", .offset = 1, .size = 4, .kind = MAIKO_KIND_INT},
					     {.name = "d", .offset = 5, .size = 8, .kind = MAIKO_KIND_DOUBLE},
					     {.name = NULL}};
	static const maiko_layout layout = {"packed", 13, 1, fields, MAIKO_FORMAT};
	char bytes[13] = {0}, text[64];
	int32_t i = -77;
	double d = 1.5;
	memcpy(bytes + 1, &i, 4);
	memcpy(bytes + 5, &d, 8);
	assert_int_equal(maiko_layout_print(&layout, bytes, text, sizeof text), 0);
	assert_string_equal(text, "{\"i\":-77,\"d\":1.5}");
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void reals_have_the_digits_that_read_back_the_same(void **state)
{
	(void)state;
	expect_reals(0.1f, 0.1, "{\"f\":0.100000001,\"d\":0.10000000000000001}");
	expect_reals(-1e30f, 1e300, "{\"f\":-1.00000002e+30,\"d\":1.0000000000000001e+300}");
	expect_reals(-0.0f, 1e-310, "{\"f\":-0,\"d\":9.9999999999999694e-311}");
	expect_reals(FLT_MAX, DBL_MAX, "{\"f\":3.40282347e+38,\"d\":1.7976931348623157e+308}");
	expect_reals(16777216, 9007199254740992, "{\"f\":16777216,\"d\":9007199254740992}");
}

static void numbers_that_json_lacks_are_null(void **state)
{
	(void)state;
	expect_reals(NAN, NAN, "{\"f\":null,\"d\":null}");
	expect_reals(INFINITY, INFINITY, "{\"f\":null,\"d\":null}");
	expect_reals(-INFINITY, -INFINITY, "{\"f\":null,\"d\":null}");
}

/* JSON knows one decimal point, whatever the user's language has. */
static void the_locale_does_not_matter(void **state)
{
	(void)state;
	static const char *const with_a_comma[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR", "nb_NO.UTF-8"};
	const char *set = NULL;
	for (size_t i = 0; set == NULL && i < sizeof with_a_comma / sizeof with_a_comma[0]; i++)
		set = setlocale(LC_NUMERIC, with_a_comma[i]);
	if (set == NULL)
		skip(); /* the system has none of them */
	char text[128];
	reals value = {0.5f, -2.5e-20};
	int rc = PRINT(reals, &value, text);
	setlocale(LC_NUMERIC, "C");
	assert_int_equal(rc, 0);
	assert_string_equal(text, "{\"f\":0.5,\"d\":-2.4999999999999999e-20}");
}

/* ---- text ------------------------------------------------------------------------------- */

static void quotes_backslashes_and_controls_are_escaped(void **state)
{
	(void)state;
	expect_text("a\"b", "{\"t\":\"a\\\"b\"}");
	expect_text("a\\b", "{\"t\":\"a\\\\b\"}");
	expect_text("\n\t\x01\x1f", "{\"t\":\"\\u000a\\u0009\\u0001\\u001f\"}");
	expect_text("/ \x7f~", "{\"t\":\"/ \x7f~\"}");
}

static void utf8_stays_as_it_is(void **state)
{
	(void)state;
	expect_text("\xc2\x80\xdf\xbf", "{\"t\":\"\xc2\x80\xdf\xbf\"}");                 /* U+0080, U+07FF */
	expect_text("\xe0\xa0\x80\xef\xbf\xbf", "{\"t\":\"\xe0\xa0\x80\xef\xbf\xbf\"}"); /* U+0800, U+FFFF */
	expect_text("\xed\x9f\xbf\xee\x80\x80", "{\"t\":\"\xed\x9f\xbf\xee\x80\x80\"}"); /* U+D7FF, U+E000 */
	expect_text("\xf0\x90\x80\x80", "{\"t\":\"\xf0\x90\x80\x80\"}");                 /* U+10000 */
	expect_text("\xf4\x8f\xbf\xbf", "{\"t\":\"\xf4\x8f\xbf\xbf\"}");                 /* U+10FFFF */
}

#define BAD "\\ufffd"

static void each_bad_byte_becomes_a_replacement_character(void **state)
{
	(void)state;
	expect_text("a\x80z", "{\"t\":\"a" BAD "z\"}");                     /* a continuation alone */
	expect_text("\xc3(", "{\"t\":\"" BAD "(\"}");                       /* a start alone */
	expect_text("\xe2\x82", "{\"t\":\"" BAD BAD "\"}");                 /* cut off by the zero */
	expect_text("\xc0\x80\xc1\xbf", "{\"t\":\"" BAD BAD BAD BAD "\"}"); /* overlong */
	expect_text("\xe0\x9f\xbf", "{\"t\":\"" BAD BAD BAD "\"}");         /* overlong */
	expect_text("\xf0\x8f\xbf\xbf", "{\"t\":\"" BAD BAD BAD BAD "\"}"); /* overlong */
	expect_text("\xed\xa0\x80", "{\"t\":\"" BAD BAD BAD "\"}");         /* a surrogate, U+D800 */
	expect_text("\xf4\x90\x80\x80", "{\"t\":\"" BAD BAD BAD BAD "\"}"); /* past U+10FFFF */
	expect_text("\xf5\x80\x80\x80", "{\"t\":\"" BAD BAD BAD BAD "\"}");
	expect_text("\xfe\xff", "{\"t\":\"" BAD BAD "\"}");
	expect_text("\xe2\x28\xa1", "{\"t\":\"" BAD "(" BAD "\"}");
}

static void text_without_a_zero_ends_with_its_field(void **state)
{
	(void)state;
	expect_text("0123456789abcdef", "{\"t\":\"0123456789abcdef\"}");
	expect_text("0123456789abcd\xe2\x82", "{\"t\":\"0123456789abcd" BAD BAD "\"}"); /* cut by the end */
}

static void names_are_escaped_too(void **state)
{
	(void)state;
	static const maiko_field fields[] = {{.name = "a\"\\", .size = 1, .kind = MAIKO_KIND_UINT}, {.name = NULL}};
	static const maiko_layout layout = {"odd", 1, 1, fields, MAIKO_FORMAT};
	char text[32];
	assert_int_equal(maiko_layout_print(&layout, "\x05", text, sizeof text), 0);
	assert_string_equal(text, "{\"a\\\"\\\\\":5}");
}

/* ---- room ------------------------------------------------------------------------------- */

static void what_does_not_fit_is_cut_at_every_size(void **state)
{
	(void)state;
	static const char whole[] = "{\"t\":\"a\\\"\\u0001\xe2\x82\xac\"}";
	one_text value = {"a\"\x01\xe2\x82\xac"};
	for (size_t size = 1; size <= sizeof whole; size++) {
		char *text = malloc(size); /* a byte too far is found by a sanitizer, and here: */
		char *guarded = malloc(size + 1);
		guarded[size] = '#';
		int rc = size < sizeof whole ? MAIKO_ETRUNC : 0;
		const maiko_layout *layout = MAIKO_EVENT_REF(one_text)->layout;
		assert_int_equal(maiko_layout_print(layout, &value, text, size), rc);
		assert_int_equal(maiko_layout_print(layout, &value, guarded, size), rc);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, whole, size - 1);
		assert_int_equal(guarded[size], '#');
		free(text);
		free(guarded);
	}
}

static void nulls_and_no_room_are_refused(void **state)
{
	(void)state;
	char text[4] = "###";
	one_text value = {""};
	const maiko_layout *layout = MAIKO_EVENT_REF(one_text)->layout;
	assert_int_equal(maiko_layout_print(NULL, &value, text, 4), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_print(layout, NULL, text, 4), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_print(layout, &value, NULL, 4), MAIKO_EINVAL);
	assert_int_equal(maiko_layout_print(layout, &value, text, 0), MAIKO_EINVAL);
	assert_string_equal(text, "###");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_form),
		cmocka_unit_test(zeros_have_their_form_too),
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(integers_have_their_whole_range),
		cmocka_unit_test(fields_need_no_alignment),
		cmocka_unit_test(reals_have_the_digits_that_read_back_the_same),
		cmocka_unit_test(numbers_that_json_lacks_are_null),
		cmocka_unit_test(the_locale_does_not_matter),
		cmocka_unit_test(quotes_backslashes_and_controls_are_escaped),
		cmocka_unit_test(utf8_stays_as_it_is),
		cmocka_unit_test(each_bad_byte_becomes_a_replacement_character),
		cmocka_unit_test(text_without_a_zero_ends_with_its_field),
		cmocka_unit_test(names_are_escaped_too),
		cmocka_unit_test(what_does_not_fit_is_cut_at_every_size),
		cmocka_unit_test(nulls_and_no_room_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
