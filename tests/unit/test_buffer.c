/*
 * test_buffer.c - reference-counted bytes: bounds, sharing, the release of wrapped memory,
 * threads that take and drop references, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

static int released;
static void *released_data, *released_arg;

static void release(void *data, void *arg)
{
	released++;
	released_data = data;
	released_arg = arg;
}

static void a_new_one_is_zeroed_aligned_and_writable(void **state)
{
	(void)state;
	maiko_buffer *b = NULL;
	assert_int_equal(maiko_buffer_new(100, &b), 0);
	assert_int_equal(maiko_buffer_size(b), 100);
	unsigned char *bytes = maiko_buffer_writable(b);
	assert_non_null(bytes);
	assert_int_equal((uintptr_t)bytes % 16, 0);
	assert_ptr_equal(maiko_buffer_data(b), bytes);
	for (int i = 0; i < 100; i++)
		assert_int_equal(bytes[i], 0);
	memset(bytes, 0xff, 100);
	assert_null(maiko_buffer_unref(b));
}

static void an_empty_one_is_a_buffer_too(void **state)
{
	(void)state;
	maiko_buffer *b = NULL, *c = NULL, *d = NULL;
	assert_int_equal(maiko_buffer_new(0, &b), 0);
	assert_int_equal(maiko_buffer_copy(NULL, 0, &c), 0);
	assert_int_equal(maiko_buffer_wrap(NULL, 0, NULL, NULL, &d), 0);
	assert_int_equal(maiko_buffer_size(b) + maiko_buffer_size(c) + maiko_buffer_size(d), 0);
	maiko_buffer_unref(b);
	maiko_buffer_unref(c);
	maiko_buffer_unref(d);
}

static void a_copy_is_its_own(void **state)
{
	(void)state;
	char text[] = "before";
	maiko_buffer *b = NULL;
	assert_int_equal(maiko_buffer_copy(text, sizeof text, &b), 0);
	memcpy(text, "after!", sizeof text);
	assert_int_equal(maiko_buffer_size(b), 7);
	assert_string_equal(maiko_buffer_data(b), "before");
	maiko_buffer_unref(b);
}

static void a_shared_one_is_not_writable(void **state)
{
	(void)state;
	maiko_buffer *b = NULL;
	assert_int_equal(maiko_buffer_new(8, &b), 0);
	assert_ptr_equal(maiko_buffer_ref(b), b);
	assert_null(maiko_buffer_writable(b));
	assert_non_null(maiko_buffer_data(b));
	maiko_buffer_unref(b);
	assert_non_null(maiko_buffer_writable(b));
	maiko_buffer_unref(b);
}

static void wrapped_memory_is_released_once_with_the_last_reference(void **state)
{
	(void)state;
	char memory[4] = "abc";
	int arg;
	maiko_buffer *b = NULL;
	released = 0;
	assert_int_equal(maiko_buffer_wrap(memory, 4, release, &arg, &b), 0);
	assert_ptr_equal(maiko_buffer_data(b), memory);
	assert_ptr_equal(maiko_buffer_writable(b), memory);
	maiko_buffer_ref(b);
	maiko_buffer_unref(b);
	assert_int_equal(released, 0);
	maiko_buffer_unref(b);
	assert_int_equal(released, 1);
	assert_ptr_equal(released_data, memory);
	assert_ptr_equal(released_arg, &arg);
}

static void null_is_a_buffer_of_nothing(void **state)
{
	(void)state;
	assert_null(maiko_buffer_ref(NULL));
	assert_null(maiko_buffer_unref(NULL));
	assert_null(maiko_buffer_data(NULL));
	assert_null(maiko_buffer_writable(NULL));
	assert_int_equal(maiko_buffer_size(NULL), 0);
}

static void bad_arguments_are_refused_and_touch_nothing(void **state)
{
	(void)state;
	char byte = 0;
	maiko_buffer *b = (maiko_buffer *)(void *)&byte;
	released = 0;
	assert_int_equal(maiko_buffer_new(1, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_buffer_new(1073741825, &b), MAIKO_E2BIG);
	assert_int_equal(maiko_buffer_copy(&byte, 1, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_buffer_copy(NULL, 1, &b), MAIKO_EINVAL);
	assert_int_equal(maiko_buffer_copy(&byte, 1073741825, &b), MAIKO_E2BIG);
	assert_int_equal(maiko_buffer_wrap(&byte, 1, release, NULL, NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_buffer_wrap(NULL, 1, release, NULL, &b), MAIKO_EINVAL);
	assert_int_equal(maiko_buffer_wrap(&byte, 1073741825, release, NULL, &b), MAIKO_E2BIG);
	assert_ptr_equal(b, &byte);
	assert_int_equal(released, 0);
}

static void without_memory_there_is_none_and_nothing_is_released(void **state)
{
	(void)state;
	char byte = 0;
	maiko_buffer *b = (maiko_buffer *)(void *)&byte;
	released = 0;
	test_allocator_fail_at(0, true);
	assert_int_equal(maiko_buffer_new(1, &b), MAIKO_ENOMEM);
	assert_int_equal(maiko_buffer_copy(&byte, 1, &b), MAIKO_ENOMEM);
	assert_int_equal(maiko_buffer_wrap(&byte, 1, release, NULL, &b), MAIKO_ENOMEM);
	test_allocator_fail_never();
	assert_ptr_equal(b, &byte);
	assert_int_equal(released, 0);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- threads ------------------------------------------------------------------------------ */

enum { THREADS = 3, TIMES = 20000 };

/* Reads the bytes under references of its own, and at last drops the one it was given. */
static void use_and_drop(void *arg)
{
	const maiko_buffer *b = arg;
	for (int i = 0; i < TIMES; i++) {
		const maiko_buffer *mine = maiko_buffer_ref(b);
		const char *bytes = maiko_buffer_data(mine);
		if (bytes[i % 4] != "abc"[i % 4])
			return; /* keeps its reference: the buffer is not released */
		maiko_buffer_unref(mine);
	}
	maiko_buffer_unref(b);
}

/* Whoever is the last writes over what the others have read. */
static void release_and_overwrite(void *data, void *arg)
{
	release(data, arg);
	memset(data, 0, 4);
}

static void the_last_of_three_threads_releases_it(void **state)
{
	(void)state;
	char memory[4] = "abc";
	uv_thread_t threads[THREADS];
	maiko_buffer *b = NULL;
	released = 0;
	assert_int_equal(maiko_buffer_wrap(memory, 4, release_and_overwrite, NULL, &b), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_create(&threads[i], use_and_drop, maiko_buffer_ref(b)), 0);
	maiko_buffer_unref(b);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(released, 1);
	assert_int_equal(memory[0], 0);
	assert_int_equal(test_allocator_living(), 0);
}

static void a_text_becomes_a_buffer_without_its_zero(void **state)
{
	(void)state;
	maiko_buffer *b = maiko_buffer_text("caf\xc3\xa9");
	assert_int_equal(maiko_buffer_size(b), 5);
	assert_memory_equal(maiko_buffer_data(b), "caf\xc3\xa9", 5);
	maiko_buffer_unref(b);
	b = maiko_buffer_printf("%s-%d", "id", 42);
	assert_int_equal(maiko_buffer_size(b), 5);
	assert_memory_equal(maiko_buffer_data(b), "id-42", 5);
	maiko_buffer_unref(b);
	b = maiko_buffer_printf("%s", "");
	assert_non_null(b);
	assert_int_equal(maiko_buffer_size(b), 0);
	maiko_buffer_unref(b);
	assert_null(maiko_buffer_text(NULL));
	assert_string_equal(maiko_last_error(), "maiko_buffer_text: text is NULL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_zeroed_aligned_and_writable),
		cmocka_unit_test(an_empty_one_is_a_buffer_too),
		cmocka_unit_test(a_copy_is_its_own),
		cmocka_unit_test(a_shared_one_is_not_writable),
		cmocka_unit_test(wrapped_memory_is_released_once_with_the_last_reference),
		cmocka_unit_test(null_is_a_buffer_of_nothing),
		cmocka_unit_test(bad_arguments_are_refused_and_touch_nothing),
		cmocka_unit_test(without_memory_there_is_none_and_nothing_is_released),
		cmocka_unit_test(the_last_of_three_threads_releases_it),
		cmocka_unit_test(a_text_becomes_a_buffer_without_its_zero),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
