/*
 * test_text.c - maiko_text: what fits is copied, what does not is cut between characters.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>

#define EURO "\xe2\x82\xac"      /* U+20AC, three bytes */
#define SMILE "\xf0\x9f\x98\x80" /* U+1F600, four */

/* Copies into `size` bytes; those behind them must stay. */
static void check(size_t size, const char *src, int rc, const char *copy)
{
	char dst[32];
	memset(dst, '#', sizeof dst);
	assert_int_equal(maiko_text_copy(dst, size, src), rc);
	assert_string_equal(dst, copy);
	for (size_t i = size; i < sizeof dst; i++)
		assert_int_equal(dst[i], '#');
}

static void what_fits_is_copied(void **state)
{
	(void)state;
	check(8, "", 0, "");
	check(8, "abc", 0, "abc");
	check(8, "abcdefg", 0, "abcdefg"); /* with its zero to the last byte */
	check(1, "", 0, "");
	check(4, EURO, 0, EURO);
}

static void what_does_not_fit_is_cut_and_terminated(void **state)
{
	(void)state;
	check(8, "abcdefgh", MAIKO_ETRUNC, "abcdefg");
	check(8, "abcdefghijklmnopqrstuvwxyz", MAIKO_ETRUNC, "abcdefg");
	check(2, "ab", MAIKO_ETRUNC, "a");
	check(1, "a", MAIKO_ETRUNC, "");
}

static void a_character_is_never_halved(void **state)
{
	(void)state;
	check(3, "a" EURO, MAIKO_ETRUNC, "a");
	check(4, "a" EURO, MAIKO_ETRUNC, "a");
	check(5, "a" EURO, 0, "a" EURO);
	check(3, EURO, MAIKO_ETRUNC, "");
	check(5, "a" EURO "b", MAIKO_ETRUNC, "a" EURO); /* the cut is where one begins */
	check(7, EURO EURO, 0, EURO EURO);
	check(6, EURO EURO, MAIKO_ETRUNC, EURO);
	check(5, "ab" SMILE, MAIKO_ETRUNC, "ab");
	check(6, "ab" SMILE, MAIKO_ETRUNC, "ab");
	check(7, "ab" SMILE, 0, "ab" SMILE);
}

static void text_that_is_not_utf8_is_cut_all_the_same(void **state)
{
	(void)state;
	check(4, "\xff\xff\xff\xff\xff", MAIKO_ETRUNC, "\xff\xff\xff");
	check(4, "\x80\x80\x80\x80\x80", MAIKO_ETRUNC, "");
	check(4, "\xc3\xc3\xc3\xc3", MAIKO_ETRUNC, "\xc3\xc3\xc3");
}

/* The source may end at its zero, and lie where the copy goes. */
static void the_source_is_read_up_to_its_zero(void **state)
{
	(void)state;
	char text[] = "xabc";
	assert_int_equal(maiko_text_copy(text, sizeof text, text + 1), 0);
	assert_string_equal(text, "abc");
}

static void nulls_and_no_room_are_refused(void **state)
{
	(void)state;
	char dst[4] = "###";
	assert_int_equal(maiko_text_copy(NULL, 4, "a"), MAIKO_EINVAL);
	assert_int_equal(maiko_text_copy(dst, 0, "a"), MAIKO_EINVAL);
	assert_int_equal(maiko_text_copy(dst, 4, NULL), MAIKO_EINVAL);
	assert_string_equal(dst, "###");
}

static void the_macro_knows_the_size(void **state)
{
	(void)state;
	struct {
		char name[4], after[4];
	} s = {"", "###"};
	assert_int_equal(maiko_text(s.name, "abc"), 0);
	assert_string_equal(s.name, "abc");
	assert_int_equal(maiko_text(s.name, "abcd"), MAIKO_ETRUNC);
	assert_string_equal(s.name, "abc");
	assert_string_equal(s.after, "###");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_copied),
		cmocka_unit_test(what_does_not_fit_is_cut_and_terminated),
		cmocka_unit_test(a_character_is_never_halved),
		cmocka_unit_test(text_that_is_not_utf8_is_cut_all_the_same),
		cmocka_unit_test(the_source_is_read_up_to_its_zero),
		cmocka_unit_test(nulls_and_no_room_are_refused),
		cmocka_unit_test(the_macro_knows_the_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
