/*
 * test_error.c - every error code has its number, its name and its text; why a call failed
 * is told on the thread that made it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/error.h"
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
	 "real time, descriptors and threads are not available under simulation"},
	{MAIKO_EBROKEN, -20009, "MAIKO_EBROKEN", "an expectation or an invariant does not hold"},
	{MAIKO_EDISCARDED, -20010, "MAIKO_EDISCARDED", "events were discarded by the stop"},
	{MAIKO_ENOSUBSCRIBER, -20011, "MAIKO_ENOSUBSCRIBER", "nobody subscribes to the question"},
	{MAIKO_ENOREPLY, -20012, "MAIKO_ENOREPLY", "nobody has replied to the question"},
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
	static const int others[] = {1, 22, -19999, -20000, -20099, INT_MAX, INT_MIN};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_string_equal(maiko_err_name(others[i]), "UNKNOWN");
		assert_string_equal(maiko_strerror(others[i]), "unknown error");
	}
}

/* On a thread of its own, where no call has failed yet. */
static void nothing_has_failed(void *arg) { *(bool *)arg = strcmp(maiko_last_error(), "") == 0; }

static void why_is_told_on_the_thread_of_the_call(void **state)
{
	(void)state;
	assert_int_equal(mk_fail(MAIKO_EEXIST, "an actor '%s' is there already", "log"), MAIKO_EEXIST);
	assert_string_equal(maiko_last_error(), "an actor 'log' is there already");

	bool was_empty = false;
	uv_thread_t other;
	assert_int_equal(uv_thread_create(&other, nothing_has_failed, &was_empty), 0);
	assert_int_equal(uv_thread_join(&other), 0);
	assert_true(was_empty);
	assert_string_equal(maiko_last_error(), "an actor 'log' is there already");
}

static void the_last_failure_counts(void **state)
{
	(void)state;
	(void)mk_fail(MAIKO_EINVAL, "the first");
	assert_int_equal(mk_fail_text(MAIKO_EAGAIN, "the second"), MAIKO_EAGAIN);
	assert_string_equal(maiko_last_error(), "the second");
	(void)mk_fail(MAIKO_EINVAL, "the third, after %s", maiko_last_error());
	assert_string_equal(maiko_last_error(), "the third, after the second");
	(void)mk_fail(MAIKO_EINVAL, "%s: said again", maiko_last_error());
	assert_string_equal(maiko_last_error(), "the third, after the second: said again");
}

static void a_sentence_is_one_line(void **state)
{
	(void)state;
	(void)mk_fail(MAIKO_EINVAL, "a name '%s'", "two\nlines\x1b[1m");
	assert_string_equal(maiko_last_error(), "a name 'two?lines?[1m'");
}

/* 1 to 4 bytes a character, so that some are cut in their middle. */
static void what_is_too_long_is_cut_between_characters(void **state)
{
	(void)state;
	static const char *const characters[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x9d"};
	for (size_t i = 0; i < 4; i++) {
		char text[2000] = "";
		while (strlen(text) < 1900)
			(void)strcat(text, characters[i]);
		(void)mk_fail(MAIKO_EINVAL, "%s", text);

		size_t size = strlen(maiko_last_error());
		assert_true(size < MK_ERROR_SIZE && size > MK_ERROR_SIZE - 8);
		assert_string_equal(maiko_last_error() + size - 3, "...");
		assert_int_equal((size - 3) % (i + 1), 0);
		assert_memory_equal(maiko_last_error(), text, size - 3);
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
		cmocka_unit_test(why_is_told_on_the_thread_of_the_call),
		cmocka_unit_test(the_last_failure_counts),
		cmocka_unit_test(a_sentence_is_one_line),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
