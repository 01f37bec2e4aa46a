/*
 * test_arena.c - memory from one block: maiko_use_memory.
 */
#include "base/memory.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 8 << 20, PIECES = 500 };
static char *block;

static int give_back(void **state)
{
	(void)state;
	free(block);
	block = NULL;
	return maiko_use_memory(NULL, 0);
}

static int take_block(void **state)
{
	(void)state;
	block = malloc(SIZE);
	return block == NULL ? -1 : maiko_use_memory(block + 1, SIZE - 1); /* whatever its alignment */
}

static void pieces_lie_in_the_block_apart_and_aligned(void **state)
{
	(void)state;
	unsigned char *pieces[PIECES];
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i * i % 5000;
		pieces[i] = mk_malloc(size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		assert_true((char *)pieces[i] > block && (char *)pieces[i] + size <= block + SIZE);
		memset(pieces[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t k = 0; k < i * i % 5000; k++)
			assert_int_equal(pieces[i][k], i % 251);
		mk_free(pieces[i]);
	}
}

static void what_is_freed_is_used_again(void **state)
{
	(void)state;
	for (size_t size = 0; size < 100000; size += 77) {
		void *first = mk_malloc(size);
		mk_free(first);
		void *second = mk_malloc(size);
		assert_ptr_equal(first, second);
		mk_free(second);
	}
}

static void realloc_keeps_what_is_there(void **state)
{
	(void)state;
	unsigned char *grown = NULL;
	for (size_t size = 1; size < 100000; size = size * 3 / 2 + 1) {
		grown = mk_realloc(grown, size);
		assert_non_null(grown);
		grown[size - 1] = 42;
		assert_int_equal(grown[0], 42);
	}
	mk_free(grown);
}

static void calloc_gives_zeros_also_the_second_time(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned char *zeros = mk_calloc(100, 10);
		for (size_t k = 0; k < 1000; k++)
			assert_int_equal(zeros[k], 0);
		memset(zeros, 1, 1000);
		mk_free(zeros);
	}
	assert_null(mk_calloc(SIZE_MAX / 2, 3));
}

static void when_it_is_used_up_there_is_none(void **state)
{
	(void)state;
	void *pieces[16];
	size_t count = 0;
	while (count < 16 && (pieces[count] = mk_malloc(1 << 20)) != NULL)
		count++;
	assert_in_range(count, 4, 8);
	assert_null(mk_malloc(1 << 20));
	mk_free(pieces[--count]);
	assert_non_null(pieces[count] = mk_malloc(1 << 20));
}

static void a_small_block_is_refused(void **state)
{
	static char small[65535];
	(void)state;
	assert_int_equal(maiko_use_memory(small, sizeof small), MAIKO_EINVAL);
}

/* ---- a supervisor in it ---- */

typedef struct item {
	uint64_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

static _Atomic(uint64_t) counted;

typedef struct counter {
	uint64_t n;
} counter;

static int counter_on_item(counter *self, const item *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->n++;
	atomic_fetch_add(&counted, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(item, counter_on_item));

TEST_WORKERS(a_supervisor_lives_in_a_block)
{
	assert_int_equal(take_block(NULL), 0);
	atomic_store(&counted, 0);
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(maiko_add(sup, counter, "a", .mailbox = 16), 0);
	assert_int_equal(maiko_add(sup, counter, "b", .mailbox = 16), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(maiko_send(sup, item, .n = i), 0);
	test_wait_for(&counted, 40000);
	assert_int_equal(test_finish(sup).handled, 40000);
	assert_int_equal(give_back(NULL), 0);
}

/* Whatever the size, it works or says so, and what was accepted is accounted for. */
static void too_little_memory_is_an_error(void **state)
{
	bool worked = false;
	for (size_t size = 65536; !worked; size += 4096) {
		maiko_supervisor *sup = NULL;
		assert_int_equal(take_block(state), 0);
		assert_int_equal(maiko_use_memory(block, size), 0);
		int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1, .blocking_threads = 1});
		if (rc == 0)
			rc = maiko_add(sup, counter, "a");
		if (rc == 0)
			rc = maiko_start(sup);
		uint64_t sent = 0;
		for (uint64_t i = 0; rc == 0 && i < 100; i++)
			sent += (rc = maiko_send(sup, item, .n = i)) == 0;
		worked = rc == 0;
		assert_true(worked || rc == MAIKO_ENOMEM);
		if (sup != NULL) {
			(void)maiko_stop(sup, NULL);
			assert_null(maiko_supervisor_free(sup));
		}
		assert_int_equal(give_back(state), 0);
		assert_true(size < SIZE);
		(void)sent;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pieces_lie_in_the_block_apart_and_aligned, take_block, give_back),
		cmocka_unit_test_setup_teardown(what_is_freed_is_used_again, take_block, give_back),
		cmocka_unit_test_setup_teardown(realloc_keeps_what_is_there, take_block, give_back),
		cmocka_unit_test_setup_teardown(calloc_gives_zeros_also_the_second_time, take_block, give_back),
		cmocka_unit_test_setup_teardown(when_it_is_used_up_there_is_none, take_block, give_back),
		cmocka_unit_test(a_small_block_is_refused),
		cmocka_unit_test(a_supervisor_lives_in_a_block),
		cmocka_unit_test(too_little_memory_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
