/*
 * no_memory.c - see no_memory.h.
 */
#include "no_memory.h"

_Atomic(uint64_t) no_memory_handled, no_memory_wrong;

bool no_memory_well(int rc, int line)
{
	if (rc != 0 && rc != MAIKO_ENOMEM) {
		print_error("line %d: an unexpected %s\n", line, maiko_err_name(rc));
		atomic_fetch_add(&no_memory_wrong, 1);
	}
	return rc == 0;
}

void no_memory_play(void (*scenario)(uint32_t workers), uint32_t workers, bool forever)
{
	bool failed = true;
	uint64_t n = 0;
	for (; failed; n++) {
		int64_t before = test_allocator_living();
		atomic_store(&no_memory_handled, 0);
		atomic_store(&no_memory_wrong, 0);
		test_allocator_fail_at(n, forever);
		scenario(workers);
		failed = test_allocator_has_failed();
		if (test_allocator_living() != before || atomic_load(&no_memory_wrong) != 0)
			print_error("with allocation %llu failing\n", (unsigned long long)n);
		assert_int_equal(test_allocator_living(), before);
		assert_int_equal(atomic_load(&no_memory_wrong), 0);
		assert_true(n < 100000);
	}
	print_message("%llu allocations\n", (unsigned long long)n - 1);
	assert_true(n > 60); /* it was the whole scenario */
}

maiko_supervisor *no_memory_supervisor(maiko_options options)
{
	maiko_supervisor *sup = NULL;
	if (!well(maiko_supervisor_new(&sup, &options))) {
		assert_null(sup);
		test_allocator_fail_never();
	}
	return sup;
}

uint64_t no_memory_finish(maiko_supervisor *sup)
{
	test_allocator_fail_never();
	const maiko_ledger *ledger = test_stop(sup);
	uint64_t others = 0; /* deliveries without a handler */
	for (size_t i = 0; i < ledger->actor_count; i++)
		others += ledger->actors[i]->counts.ignored;
	assert_int_equal(ledger->total.handled + ledger->total.ignored, atomic_load(&no_memory_handled) + others);
	uint64_t discarded = ledger->total.discarded;
	test_release(sup);
	return discarded;
}
