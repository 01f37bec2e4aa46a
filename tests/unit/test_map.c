/*
 * test_map.c - the hash table of numbers: finding, clusters that lose a member, growth and
 * shrinking, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/map.h"

#include "support.h"

enum { MANY = 10000 };

static void put(mk_map *map, uint64_t key) { assert_int_equal(mk_map_put(map, key, key * 3), 0); }

static void check(const mk_map *map, uint64_t key)
{
	const uint64_t *value = mk_map_find(map, key);
	assert_non_null(value);
	assert_int_equal(*value, key * 3);
}

static void an_empty_one_finds_and_removes_nothing(void **state)
{
	(void)state;
	mk_map map = {0};
	assert_null(mk_map_find(&map, 7));
	assert_null(mk_map_get(&map, 7));
	mk_map_remove(&map, 7);
	mk_map_clear(&map);
	mk_map_fini(&map);
}

static void a_key_has_the_last_value_given(void **state)
{
	(void)state;
	mk_map map = {0};
	int one, other;
	assert_int_equal(mk_map_put(&map, mk_map_key(&one), mk_map_key(&other)), 0);
	assert_ptr_equal(mk_map_get(&map, mk_map_key(&one)), &other);
	assert_int_equal(mk_map_put(&map, mk_map_key(&one), mk_map_key(&one)), 0);
	assert_ptr_equal(mk_map_get(&map, mk_map_key(&one)), &one);
	assert_int_equal(map.count, 1);
	mk_map_clear(&map);
	assert_null(mk_map_get(&map, mk_map_key(&one)));
	mk_map_fini(&map);
}

static void many_come_and_half_of_them_go(void **state)
{
	(void)state;
	mk_map map = {0};
	for (uint64_t i = 1; i <= MANY; i++)
		put(&map, i);
	assert_int_equal(map.count, MANY);
	for (uint64_t i = 1; i <= MANY; i += 2)
		mk_map_remove(&map, i);
	assert_int_equal(map.count, MANY / 2);
	for (uint64_t i = 1; i <= MANY; i += 2) {
		assert_null(mk_map_find(&map, i));
		check(&map, i + 1);
	}
	mk_map_fini(&map);
}

/* What lies side by side in a slab has keys at a distance, which must not all meet. */
static void keys_at_a_distance_do_not_meet(void **state)
{
	(void)state;
	for (uint64_t distance = 16; distance <= UINT64_C(1) << 40; distance *= 2) {
		mk_map map = {0};
		uint64_t in_their_place = 0;
		for (uint64_t i = 1; i <= 1000; i++)
			put(&map, i * distance);
		for (uint32_t i = 1; i < map.size; i++)
			in_their_place += map.entries[i].key != 0 && map.entries[i - 1].key == 0;
		assert_true(in_their_place > 100); /* runs of the table, not one */
		for (uint64_t i = 1; i <= 1000; i++)
			check(&map, i * distance);
		mk_map_fini(&map);
	}
}

static void it_shrinks_as_they_go(void **state)
{
	(void)state;
	mk_map map = {0};
	for (uint64_t i = 1; i <= MANY; i++)
		put(&map, i);
	uint32_t most = map.size;
	for (uint64_t i = 1; i <= MANY - 10; i++)
		mk_map_remove(&map, i);
	assert_true(map.size * 64 < most);
	for (uint64_t i = MANY - 9; i <= MANY; i++)
		check(&map, i);
	mk_map_fini(&map);
}

static void without_memory_it_stays_as_it_was(void **state)
{
	(void)state;
	mk_map map = {0};
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_map_put(&map, 1, 3), MAIKO_ENOMEM);
	assert_null(mk_map_find(&map, 1));
	test_allocator_fail_never();
	for (uint64_t i = 1; i <= 3; i++)
		put(&map, i);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_map_put(&map, 4, 12), MAIKO_ENOMEM);
	assert_int_equal(mk_map_put(&map, 3, 9), 0); /* it is there */
	for (uint64_t i = 1; i <= 3; i++)
		check(&map, i);
	test_allocator_fail_never();
	assert_int_equal(mk_map_reserve(&map, 100), 0);
	test_allocator_fail_at(0, true);
	for (uint64_t i = 4; i <= 103; i++)
		put(&map, i);
	for (uint64_t i = 103; i > 0; i--)
		mk_map_remove(&map, i); /* it stays as large as it is */
	assert_int_equal(map.count, 0);
	test_allocator_fail_never();
	mk_map_fini(&map);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	test_allocator_install();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_finds_and_removes_nothing),
		cmocka_unit_test(a_key_has_the_last_value_given),
		cmocka_unit_test(many_come_and_half_of_them_go),
		cmocka_unit_test(keys_at_a_distance_do_not_meet),
		cmocka_unit_test(it_shrinks_as_they_go),
		cmocka_unit_test(without_memory_it_stays_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
