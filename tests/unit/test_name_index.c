/*
 * test_name_index.c - the hash table of names: finding by content, clusters that lose a member,
 * growth, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/name_index.h"

#include "support.h"

#include <stdio.h>

enum { MANY = 10000 };

static char many[MANY][16];
static mk_segmented_array things; /* each is its own name */

static const char *name_of(const void *thing) { return thing; }

static void name_them(void)
{
	for (int i = 0; i < MANY; i++) {
		snprintf(many[i], sizeof many[i], "device.%d", i);
		assert_int_equal(mk_segmented_array_reserve(&things, (uint32_t)i), 0);
		mk_segmented_array_set(&things, (uint32_t)i, many[i]);
	}
}

static mk_name_index no_names(void)
{
	mk_name_index names;
	mk_name_index_init(&names, &things, name_of);
	return names;
}

static void put(mk_name_index *names, int i) { assert_int_equal(mk_name_index_put(names, many[i], (uint32_t)i), 0); }
static void check(const mk_name_index *names, int i) { assert_ptr_equal(mk_name_index_get(names, many[i]), many[i]); }
static void expect_none(const mk_name_index *names, int i) { assert_null(mk_name_index_get(names, many[i])); }

static void an_empty_one_finds_and_removes_nothing(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	assert_null(mk_name_index_get(&names, "a"));
	mk_name_index_remove(&names, "a");
	mk_name_index_fini(&names);
}

static void a_name_is_found_by_its_content(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	char same[] = "device.7";
	put(&names, 7);
	put(&names, 77);
	assert_ptr_equal(mk_name_index_get(&names, same), many[7]);
	assert_ptr_equal(mk_name_index_get(&names, "device.77"), many[77]);
	assert_null(mk_name_index_get(&names, "device."));
	assert_null(mk_name_index_get(&names, "device.7 "));
	assert_null(mk_name_index_get(&names, ""));
	mk_name_index_fini(&names);
}

static void a_name_is_there_once(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	put(&names, 1);
	assert_int_equal(mk_name_index_put(&names, "device.1", 2), MAIKO_EEXIST);
	assert_int_equal(names.count, 1);
	check(&names, 1);
	mk_name_index_fini(&names);
}

static void a_removed_name_can_be_put_again(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	put(&names, 1);
	mk_name_index_remove(&names, many[2]); /* not there */
	assert_int_equal(names.count, 1);
	mk_name_index_remove(&names, many[1]);
	mk_name_index_remove(&names, many[1]);
	assert_int_equal(names.count, 0);
	expect_none(&names, 1);
	put(&names, 1);
	check(&names, 1);
	mk_name_index_fini(&names);
}

static void ten_thousand_are_found_and_half_of_them_removed(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	for (int i = 0; i < MANY; i++) {
		put(&names, i);
		check(&names, 0);
		check(&names, i / 2);
	}
	assert_int_equal(names.count, 10000);
	assert_int_equal(names.size, 32768); /* at most half full */
	for (int i = 0; i < MANY; i += 2)
		mk_name_index_remove(&names, many[i]);
	assert_int_equal(names.count, 5000);
	for (int i = 0; i < MANY; i += 2) {
		expect_none(&names, i);
		check(&names, i + 1);
	}
	mk_name_index_fini(&names);
}

/* Eight names in sixteen slots: many sets of them make clusters of every form, some over
 * the end of the array. */
static void removing_any_of_eight_leaves_the_other_seven(void **state)
{
	(void)state;
	for (int first = 0; first < 2000; first += 8)
		for (int out = 0; out < 8; out++) {
			mk_name_index names = no_names();
			for (int i = 0; i < 8; i++)
				put(&names, first + i);
			assert_int_equal(names.size, 16);
			mk_name_index_remove(&names, many[first + out]);
			for (int i = 0; i < 8; i++)
				if (i != out)
					check(&names, first + i);
			expect_none(&names, first + out);
			put(&names, first + out);
			check(&names, first + out);
			mk_name_index_fini(&names);
		}
}

static void without_memory_a_put_fails_and_the_others_stand(void **state)
{
	(void)state;
	mk_name_index names = no_names();
	int64_t before = test_allocator_living();
	for (int i = 0; i < 1000; i++) {
		test_allocator_fail_at(0, true);
		int rc = mk_name_index_put(&names, many[i], (uint32_t)i);
		test_allocator_fail_never();
		if (rc == 0)
			continue;
		assert_int_equal(rc, MAIKO_ENOMEM);
		assert_int_equal(names.count, i);
		expect_none(&names, i);
		put(&names, i);
	}
	for (int i = 0; i < 1000; i++)
		check(&names, i);
	mk_name_index_fini(&names);
	expect_none(&names, 0);
	assert_int_equal(test_allocator_living(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_finds_and_removes_nothing),
		cmocka_unit_test(a_name_is_found_by_its_content),
		cmocka_unit_test(a_name_is_there_once),
		cmocka_unit_test(a_removed_name_can_be_put_again),
		cmocka_unit_test(ten_thousand_are_found_and_half_of_them_removed),
		cmocka_unit_test(removing_any_of_eight_leaves_the_other_seven),
		cmocka_unit_test(without_memory_a_put_fails_and_the_others_stand),
	};
	test_allocator_install();
	name_them();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
