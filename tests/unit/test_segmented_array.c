/*
 * test_segmented_array.c - the array that never moves: its segments, no memory, and readers that
 * follow writers on other threads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/segmented_array.h"

#include "support.h"

#include <sched.h>
#include <uv.h>

static void expect_segment(uint32_t index, uint32_t segment, uint32_t first)
{
	uint32_t found_first = 77;
	assert_int_equal(mk_segmented_array_segment(index, &found_first), segment);
	assert_int_equal(found_first, first);
}

static void each_segment_holds_as_many_as_all_before_it(void **state)
{
	(void)state;
	expect_segment(0, 0, 0);
	expect_segment(63, 0, 0);
	expect_segment(64, 1, 64);
	expect_segment(127, 1, 64);
	expect_segment(128, 2, 128);
	expect_segment(255, 2, 128);
	expect_segment(256, 3, 256);
	expect_segment(2097151, 15, 1048576);
	expect_segment(2097152, 16, 2097152);
	expect_segment(4194303, 16, 2097152);
	assert_int_equal(MK_SEGMENTED_ARRAY_MAX, 4194304);
}

static void an_entry_is_null_until_it_is_set(void **state)
{
	(void)state;
	mk_segmented_array table = {{NULL}};
	int thing;
	assert_null(mk_segmented_array_get(&table, 0));
	assert_null(mk_segmented_array_get(&table, 4194303));
	assert_int_equal(mk_segmented_array_reserve(&table, 100), 0);
	assert_null(mk_segmented_array_get(&table, 100));
	mk_segmented_array_set(&table, 100, &thing);
	assert_ptr_equal(mk_segmented_array_get(&table, 100), &thing);
	assert_null(mk_segmented_array_get(&table, 99));
	assert_null(mk_segmented_array_get(&table, 101));
	mk_segmented_array_set(&table, 100, NULL);
	assert_null(mk_segmented_array_get(&table, 100));
	mk_segmented_array_fini(&table);
}

static void entries_at_the_edges_are_apart(void **state)
{
	(void)state;
	static const uint32_t edges[] = {0, 63, 64, 127, 128, 255, 256, 65535, 65536, 4194303};
	enum { COUNT = sizeof edges / sizeof edges[0] };
	mk_segmented_array table = {{NULL}};
	int things[COUNT];
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(mk_segmented_array_reserve(&table, edges[i]), 0);
		mk_segmented_array_set(&table, edges[i], &things[i]);
	}
	for (int i = 0; i < COUNT; i++)
		assert_ptr_equal(mk_segmented_array_get(&table, edges[i]), &things[i]);
	mk_segmented_array_fini(&table);
	assert_null(mk_segmented_array_get(&table, 0));
	assert_int_equal(test_allocator_living(), 0);
}

static void a_reservation_serves_its_whole_segment(void **state)
{
	(void)state;
	mk_segmented_array table = {{NULL}};
	int things[2];
	assert_int_equal(mk_segmented_array_reserve(&table, 70), 0);
	mk_segmented_array_set(&table, 64, &things[0]);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_segmented_array_reserve(&table, 127), 0);
	assert_int_equal(mk_segmented_array_reserve(&table, 128), MAIKO_ENOMEM);
	test_allocator_fail_never();
	mk_segmented_array_set(&table, 127, &things[1]);
	assert_null(mk_segmented_array_get(&table, 128));
	assert_ptr_equal(mk_segmented_array_get(&table, 64), &things[0]); /* as it was */
	assert_int_equal(mk_segmented_array_reserve(&table, 128), 0);
	assert_ptr_equal(mk_segmented_array_get(&table, 127), &things[1]);
	mk_segmented_array_fini(&table);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- threads ------------------------------------------------------------------------------ */

/* Two writers take turns under a lock; readers ask for each next entry until it is there,
 * and must then see what it points to. */
enum { ENTRIES = 8000, WRITERS = 2, READERS = 2 };

static struct {
	mk_segmented_array table;
	uv_mutex_t lock;
	uint32_t count;
	uint64_t things[ENTRIES];
	_Atomic(uint64_t) wrong, read;
} shared;

static bool add_one(void)
{
	uv_mutex_lock(&shared.lock);
	uint32_t i = shared.count;
	bool more = i < ENTRIES;
	if (more) {
		shared.things[i] = i * UINT64_C(3) + 1;
		if (mk_segmented_array_reserve(&shared.table, i) == 0)
			mk_segmented_array_set(&shared.table, i, &shared.things[i]);
		shared.count++;
	}
	uv_mutex_unlock(&shared.lock);
	return more;
}

static void write_all(void *arg)
{
	(void)arg;
	while (add_one())
		;
}

static void read_all(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const uint64_t *thing;
		while ((thing = mk_segmented_array_get(&shared.table, i)) == NULL)
			sched_yield();
		if (*thing != i * UINT64_C(3) + 1)
			atomic_fetch_add(&shared.wrong, 1);
		atomic_fetch_add(&shared.read, 1);
	}
}

static void readers_see_what_writers_stored(void **state)
{
	(void)state;
	uv_thread_t threads[READERS + WRITERS];
	assert_int_equal(uv_mutex_init(&shared.lock), 0);
	for (int i = 0; i < READERS + WRITERS; i++)
		assert_int_equal(uv_thread_create(&threads[i], i < READERS ? read_all : write_all, NULL), 0);
	for (int i = 0; i < READERS + WRITERS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	assert_int_equal(atomic_load(&shared.read), 16000);
	mk_segmented_array_fini(&shared.table);
	uv_mutex_destroy(&shared.lock);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_segment_holds_as_many_as_all_before_it),
		cmocka_unit_test(an_entry_is_null_until_it_is_set),
		cmocka_unit_test(entries_at_the_edges_are_apart),
		cmocka_unit_test(a_reservation_serves_its_whole_segment),
		cmocka_unit_test(readers_see_what_writers_stored),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
