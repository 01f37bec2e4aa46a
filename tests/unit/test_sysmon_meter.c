/*
 * The pure rest of examples/sysmon: counters to rates, and text that fits a terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../examples/sysmon/text.c"
#include "../../examples/sysmon/meter.c"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static void a_counter_goes_on_wraps_or_is_reset(void **state)
{
	uint64_t delta = 77;
	(void)state;

	assert_true(counter_delta(5, 5, &delta));
	assert_int_equal(delta, 0);
	assert_true(counter_delta(5, UINT64_MAX, &delta));
	assert_int_equal(delta, UINT64_MAX - 5);
	assert_true(counter_delta(4294967290, 10, &delta)); /* 2^32 - 6 */
	assert_int_equal(delta, 16);

	delta = 77;
	assert_false(counter_delta(1000, 999, &delta));
	assert_false(counter_delta(3000000000, 10, &delta));         /* below the last quarter */
	assert_false(counter_delta(4294967290, 2000000000, &delta)); /* past the first */
	assert_false(counter_delta(UINT64_MAX, 10, &delta));
	assert_int_equal(delta, 77);
}

static void the_first_sample_has_no_rate_the_second_has(void **state)
{
	static meter m;
	double per_s[2] = {-1, -1};
	(void)state;

	assert_int_equal(meter_take(&m, "eth0", 10 * SECOND, (uint64_t[]){1000, 50}, 2, per_s), 0);
	assert_int_equal(meter_take(&m, "lo", 10 * SECOND, (uint64_t[]){7, 7}, 2, per_s), 0);
	assert_int_equal(meter_take(&m, "eth0", 12 * SECOND, (uint64_t[]){5000, 51}, 2, per_s), 1);
	assert_true(per_s[0] == 2000.0 && per_s[1] == 0.5);
}

static void a_reset_or_no_time_gives_no_rate_then_goes_on(void **state)
{
	static meter m;
	double per_s[1];
	(void)state;

	assert_int_equal(meter_take(&m, "eth0", 1 * SECOND, (uint64_t[]){1000}, 1, per_s), 0);
	assert_int_equal(meter_take(&m, "eth0", 1 * SECOND, (uint64_t[]){2000}, 1, per_s), 0);
	assert_int_equal(meter_take(&m, "eth0", 2 * SECOND, (uint64_t[]){100}, 1, per_s), 0);
	assert_int_equal(meter_take(&m, "eth0", 3 * SECOND, (uint64_t[]){400}, 1, per_s), 1);
	assert_true(per_s[0] == 300.0);
}

static void only_devices_long_gone_give_way(void **state)
{
	static meter m;
	char name[] = "eth00";
	double per_s[1];
	(void)state;

	for (int i = 0; i < METER_DEVICES; i++) {
		name[3] = (char)('0' + i / 10), name[4] = (char)('0' + i % 10);
		assert_int_equal(meter_take(&m, name, SECOND, (uint64_t[]){0}, 1, per_s), 0);
	}
	assert_int_equal(meter_take(&m, "eth00", 61 * SECOND, (uint64_t[]){60}, 1, per_s), 1);
	assert_int_equal(meter_take(&m, "new", 61 * SECOND, (uint64_t[]){0}, 1, per_s), MAIKO_E2BIG);
	assert_int_equal(meter_take(&m, "new", 62 * SECOND, (uint64_t[]){0}, 1, per_s), 0);
	assert_int_equal(meter_take(&m, "new", 63 * SECOND, (uint64_t[]){9}, 1, per_s), 1);
	assert_int_equal(meter_take(&m, "eth00", 63 * SECOND, (uint64_t[]){62}, 1, per_s), 1);
}

static void text_fits_the_columns_and_the_bytes(void **state)
{
	char text[8];
	(void)state;

	text_fit(text, sizeof(text), "abcdef", 4);
	assert_string_equal(text, "abcd");
	text_fit(text, sizeof(text), "abcdefghij", 100);
	assert_string_equal(text, "abcdefg");
	text_fit(text, sizeof(text), "a\x1b[2J\n", 100);
	assert_string_equal(text, "a?[2J?");
	text_fit(text, sizeof(text), "\xff\xc3", 100);
	assert_string_equal(text, "??");
}

static void wide_characters_take_two_columns(void **state)
{
	char text[32];
	(void)state;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	text_fit(text, sizeof(text), "\xe7\x95\x8c\xe7\x95\x8c", 3); /* twice U+754C */
	assert_string_equal(text, "\xe7\x95\x8c");
	text_fit(text, sizeof(text), "\xc3\xa9\xe7\x95", 9); /* U+00E9, and half a character */
	assert_string_equal(text, "\xc3\xa9??");
	setlocale(LC_CTYPE, "C");
}

static void amounts_are_nine_columns_wide(void **state)
{
	char text[16];
	(void)state;

	text_bytes(text, 0);
	assert_string_equal(text, "    0   B");
	text_bytes(text, 1536);
	assert_string_equal(text, "  1.5 KiB");
	text_bytes(text, 1023.9 * 1024 * 1024);
	assert_string_equal(text, "  1.0 GiB");
	text_bytes(text, 1e300);
	assert_string_equal(text, "999.0 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_goes_on_wraps_or_is_reset),
		cmocka_unit_test(the_first_sample_has_no_rate_the_second_has),
		cmocka_unit_test(a_reset_or_no_time_gives_no_rate_then_goes_on),
		cmocka_unit_test(only_devices_long_gone_give_way),
		cmocka_unit_test(text_fits_the_columns_and_the_bytes),
		cmocka_unit_test(wide_characters_take_two_columns),
		cmocka_unit_test(amounts_are_nine_columns_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
