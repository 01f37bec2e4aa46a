/*
 * test_error.c - every error code has its number, its name and its text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <limits.h>
#include <string.h>
#include <uv.h>

static const struct row {
	int code, number;
	const char *name, *text;
} rows[] = {
	{MAIKO_EINVAL, UV_EINVAL, "MAIKO_EINVAL", "invalid argument"},
	{MAIKO_ENOMEM, UV_ENOMEM, "MAIKO_ENOMEM", "not enough memory"},
	{MAIKO_EAGAIN, UV_EAGAIN, "MAIKO_EAGAIN", "cannot be done now without waiting, try again"},
	{MAIKO_EBUSY, UV_EBUSY, "MAIKO_EBUSY", "in use by another"},
	{MAIKO_EEXIST, UV_EEXIST, "MAIKO_EEXIST", "exists already"},
	{MAIKO_ENOENT, UV_ENOENT, "MAIKO_ENOENT", "there is no such thing"},
	{MAIKO_EBADF, UV_EBADF, "MAIKO_EBADF", "bad file descriptor"},
	{MAIKO_ETIMEDOUT, UV_ETIMEDOUT, "MAIKO_ETIMEDOUT", "timed out"},
	{MAIKO_ESHUTDOWN, UV_ESHUTDOWN, "MAIKO_ESHUTDOWN", "the supervisor is stopping or has stopped"},
	{MAIKO_ECANCELED, UV_ECANCELED, "MAIKO_ECANCELED", "cancelled"},
	{MAIKO_E2BIG, UV_E2BIG, "MAIKO_E2BIG", "past a documented bound"},
	{MAIKO_ETYPE, -20001, "MAIKO_ETYPE", "same event name, but another layout or actor type"},
	{MAIKO_ETRUNC, -20002, "MAIKO_ETRUNC", "text does not fit and was cut"},
	{MAIKO_EDEADLK, -20003, "MAIKO_EDEADLK", "would wait for itself"},
	{MAIKO_ESTATE, -20004, "MAIKO_ESTATE", "not possible at this moment of the life cycle"},
	{MAIKO_EOVERFLOW, -20005, "MAIKO_EOVERFLOW", "mailbox full"},
	{MAIKO_EFORK, -20006, "MAIKO_EFORK", "used in a forked child"},
	{MAIKO_EFAILED, -20007, "MAIKO_EFAILED", "the actor has failed"},
	{MAIKO_ESIMULATED, -20008, "MAIKO_ESIMULATED",
	 "real time, descriptors and threads are not to be had under simulation"},
	{MAIKO_EBROKEN, -20009, "MAIKO_EBROKEN", "an expectation or an invariant does not hold"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void every_code_has_a_number_a_name_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(rows[i].code, rows[i].number);
		assert_string_equal(maiko_err_name(rows[i].code), rows[i].name);
		assert_string_equal(maiko_strerror(rows[i].code), rows[i].text);
	}
}

static void no_code_is_missing_above(void **state)
{
	(void)state;
#define ONE(name, code, text) +1
	assert_int_equal(ROWS, 0 MAIKO_ERROR_MAP(ONE));
#undef ONE
}

static void codes_are_negative_and_no_two_are_one(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_true(rows[i].code < 0);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(rows[i].code, rows[k].code);
	}
}

static void our_own_codes_are_none_of_libuvs(void **state)
{
	(void)state;
#define ONE(name, text) assert_true(UV_##name > -20000);
	UV_ERRNO_MAP(ONE)
#undef ONE
}

static void codes_of_libuv_pass_through(void **state)
{
	(void)state;
	assert_string_equal(maiko_err_name(UV_ECONNREFUSED), "ECONNREFUSED");
	assert_string_equal(maiko_strerror(UV_ECONNREFUSED), "connection refused");
	assert_string_equal(maiko_err_name(UV_EOF), "EOF");
	assert_string_equal(maiko_strerror(UV_EOF), "end of file");
	assert_string_equal(maiko_err_name(UV_EAI_NONAME), "EAI_NONAME");
}

static void zero_is_success(void **state)
{
	(void)state;
	assert_string_equal(maiko_err_name(0), "OK");
	assert_string_equal(maiko_strerror(0), "success");
}

static void any_other_number_is_unknown(void **state)
{
	(void)state;
	static const int others[] = {1, 22, -19999, -20000, -20010, INT_MAX, INT_MIN};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_string_equal(maiko_err_name(others[i]), "UNKNOWN");
		assert_string_equal(maiko_strerror(others[i]), "unknown error");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_number_a_name_and_a_text),
		cmocka_unit_test(no_code_is_missing_above),
		cmocka_unit_test(codes_are_negative_and_no_two_are_one),
		cmocka_unit_test(our_own_codes_are_none_of_libuvs),
		cmocka_unit_test(codes_of_libuv_pass_through),
		cmocka_unit_test(zero_is_success),
		cmocka_unit_test(any_other_number_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
