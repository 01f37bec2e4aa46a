/*
 * Blocks of large payloads: a freed one is used again, whoever frees it; what is not needed is given back.
 */
#include "support.h"

#include "event/block.h"

#include <string.h>
#include <uv.h>

enum { MOST = 1 << 20, SIZE = 4096, MANY = 1000 };

static mk_blocks blocks;

static void begin(void)
{
	blocks = (mk_blocks){.most = MOST};
	assert_int_equal(test_allocator_living(), 0);
}

static void end(void)
{
	mk_blocks_fini(&blocks);
	assert_int_equal(test_allocator_living(), 0);
}

static mk_block *made(uint32_t size)
{
	mk_block *block = mk_block_new(&blocks, size);
	assert_non_null(block);
	assert_int_equal(block->size, size);
	assert_int_equal(block->refs, 1);
	memset(block->data, 0xa5, size); /* all of it is there: the address sanitizer looks */
	return block;
}

static void a_freed_block_is_the_next_of_its_size(void **state)
{
	(void)state;
	begin();
	mk_block *one = made(SIZE), *other = made(SIZE);
	mk_block_free(&blocks, one);
	mk_block_free(&blocks, other);
	assert_ptr_equal(made(SIZE), other);
	assert_ptr_equal(made(SIZE - 1), one); /* rounded up to the same */
	mk_block_free(&blocks, one);
	mk_block_free(&blocks, other);
	mk_block *larger = made(2 * SIZE);
	assert_ptr_not_equal(larger, other);
	assert_int_equal(blocks.bytes, 2 * SIZE); /* the two are free */
	mk_block_free(&blocks, larger);
	end();
}

static void sizes_are_rounded_by_an_eighth_at_most(void **state)
{
	(void)state;
	begin();
	for (uint32_t size = 513; size <= MAIKO_EVENT_SIZE_MAX; size += size / 61) {
		mk_block_free(&blocks, made(size));
		assert_in_range(blocks.bytes, size, size + size / 8);
		mk_blocks_fini(&blocks);
	}
	mk_block_free(&blocks, made(1));
	assert_int_equal(blocks.bytes, 512);
	mk_block_free(&blocks, made(MAIKO_EVENT_SIZE_MAX));
	end();
}

static void no_more_is_kept_than_the_bound(void **state)
{
	(void)state;
	static mk_block *all[2 * MOST / SIZE];
	begin();
	for (size_t i = 0; i < 2 * MOST / SIZE; i++)
		all[i] = made(SIZE);
	for (size_t i = 0; i < 2 * MOST / SIZE; i++)
		mk_block_free(&blocks, all[i]);
	assert_int_equal(blocks.bytes, MOST);
	assert_int_equal(test_allocator_living(), MOST / SIZE);
	end();
}

static void what_was_not_needed_since_the_last_trim_is_given_back(void **state)
{
	(void)state;
	mk_block *all[4];
	begin();
	for (int i = 0; i < 4; i++)
		all[i] = made(SIZE);
	for (int i = 0; i < 4; i++)
		mk_block_free(&blocks, all[i]);
	mk_blocks_trim(&blocks); /* all were in use since the last */
	assert_int_equal(test_allocator_living(), 4);
	mk_block *used = made(SIZE);
	mk_block_free(&blocks, used);
	mk_blocks_trim(&blocks); /* one was */
	assert_int_equal(test_allocator_living(), 1);
	mk_blocks_trim(&blocks);
	assert_int_equal(test_allocator_living(), 0);
	end();
}

static void one_without_a_home_is_zeroed_and_freed(void **state)
{
	(void)state;
	begin();
	mk_block *block = mk_block_new(NULL, SIZE);
	for (uint32_t i = 0; i < SIZE; i++)
		assert_int_equal(block->data[i], 0);
	mk_block_free(&blocks, block);
	assert_int_equal(test_allocator_living(), 0);
	end();
}

static void without_memory_there_is_none(void **state)
{
	(void)state;
	begin();
	test_allocator_fail_at(0, true);
	assert_null(mk_block_new(&blocks, SIZE));
	assert_null(mk_block_new(NULL, SIZE));
	test_allocator_fail_never();
	end();
}

/* ---- freed by another thread ------------------------------------------------------------------------------ */

static _Atomic(mk_block *) passed;

static void free_all(void *arg)
{
	(void)arg;
	for (int n = 0; n < MANY;) {
		mk_block *block = atomic_exchange(&passed, NULL);
		if (block == NULL)
			continue;
		mk_block_free(NULL, block);
		n++;
	}
}

static void one_freed_by_another_thread_comes_back(void **state)
{
	(void)state;
	uv_thread_t thread;
	begin();
	assert_int_equal(uv_thread_create(&thread, free_all, NULL), 0);
	for (uint32_t n = 0; n < MANY; n++) {
		mk_block *block = made(SIZE + n % 3 * SIZE), *none = NULL;
		while (!atomic_compare_exchange_weak(&passed, &none, block))
			none = NULL;
	}
	uv_thread_join(&thread);
	assert_in_range(test_allocator_living(), 1, 3 * 3); /* a few of each size at a time */
	assert_non_null(atomic_load(&blocks.returned));
	mk_block *again = made(SIZE);
	assert_null(atomic_load(&blocks.returned));
	mk_block_free(&blocks, again);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freed_block_is_the_next_of_its_size),
		cmocka_unit_test(sizes_are_rounded_by_an_eighth_at_most),
		cmocka_unit_test(no_more_is_kept_than_the_bound),
		cmocka_unit_test(what_was_not_needed_since_the_last_trim_is_given_back),
		cmocka_unit_test(one_without_a_home_is_zeroed_and_freed),
		cmocka_unit_test(without_memory_there_is_none),
		cmocka_unit_test(one_freed_by_another_thread_comes_back),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
