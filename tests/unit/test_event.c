/*
 * test_event.c - events, their pools and blocks: sizes, copies, who holds which reference
 * on a buffer, no memory; and a copy that is made while the owner works on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "event/event.h"

#include "base/memory.h"
#include "support.h"

#include <sched.h>
#include <string.h>
#include <uv.h>

#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

enum {
	LARGE = 5000,
	HEADER = sizeof(void *) == 8 ? 96 : 80, /* of an event */
	INSIDE = 576 - HEADER                   /* the largest payload that lies inside */
};
static unsigned char pattern[LARGE];

/* A type of that many bytes; nothing here looks at its description. */
static mk_type type_of(uint32_t size) { return (mk_type){.size = size}; }

static void unref(mk_pool *pool, mk_event *e)
{
	e->refs = 1;
	mk_event_unref(pool, e);
}

static uint64_t allocations_since(uint64_t before) { return test_allocator_count() - before; }

static mk_event *take(mk_pool *pool, uint32_t size_class)
{
	mk_event *e = mk_pool_take(pool, size_class);
	if (e == NULL)
		fail();
	return e;
}

/* ---- pools ------------------------------------------------------------------------------ */

static void payloads_go_into_four_sizes(void **state)
{
	(void)state;
	assert_int_equal(mk_size_class_of(0), 0);
	assert_int_equal(mk_size_class_of(128 - HEADER), 0);
	assert_int_equal(mk_size_class_of(129 - HEADER), 1);
	assert_int_equal(mk_size_class_of(192 - HEADER), 1);
	assert_int_equal(mk_size_class_of(193 - HEADER), 2);
	assert_int_equal(mk_size_class_of(320 - HEADER), 2);
	assert_int_equal(mk_size_class_of(321 - HEADER), 3);
	assert_int_equal(mk_size_class_of(576 - HEADER), 3);
	assert_int_equal(mk_size_class_of(577 - HEADER), 0);
	assert_int_equal(MK_INLINE_MAX, INSIDE);
}

/* Takes all of a slab, writing each to its end: 64 bytes of its 64 KiB are its own. */
static void take_a_slab(uint32_t size_class, uint32_t size, int count)
{
	mk_pool pool = {.slabs = NULL};
	uint64_t before = test_allocator_count();
	for (int i = 0; i < count; i++) {
		mk_event *e = take(&pool, size_class);
		assert_int_equal((uintptr_t)e % 64, 0);
		assert_int_equal(e->size_class, size_class);
		memset(e, 0x5a, size);
	}
	assert_int_equal(allocations_since(before), 1);
	assert_non_null(mk_pool_take(&pool, size_class));
	assert_int_equal(allocations_since(before), 2);
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

static void a_slab_is_cut_into_events(void **state)
{
	(void)state;
	take_a_slab(0, 128, 511);
	take_a_slab(1, 192, 341);
	take_a_slab(2, 320, 204);
	take_a_slab(3, 576, 113);
}

static void events_of_one_slab_do_not_overlap(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	mk_event *events[113];
	for (uint32_t i = 0; i < 113; i++) {
		events[i] = take(&pool, 3);
		for (int k = 0; k < INSIDE; k++)
			events[i]->payload[k] = (unsigned char)i;
		events[i]->timestamp_ns = i;
	}
	for (uint32_t i = 0; i < 113; i++) {
		assert_int_equal(events[i]->timestamp_ns, i);
		assert_int_equal(events[i]->payload[0], i);
		assert_int_equal(events[i]->payload[479], i);
	}
	mk_pool_fini(&pool);
}

static void a_freed_event_is_the_next_taken(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	mk_event *e = take(&pool, 1), *other = take(&pool, 1);
	assert_ptr_not_equal(e, other);
	e->refs = 2;
	mk_event_unref(&pool, e);
	assert_ptr_not_equal(mk_pool_take(&pool, 1), e); /* a reference is left */
	mk_event_unref(&pool, e);
	assert_ptr_equal(mk_pool_take(&pool, 1), e);
	mk_pool_fini(&pool);
}

/* ---- payloads --------------------------------------------------------------------------- */

static void a_small_copy_is_exact_at_every_size(void **state)
{
	(void)state;
	unsigned char to[INSIDE + 32];
	for (uint32_t size = 0; size <= INSIDE; size++) {
		memset(to, '#', sizeof to);
		mk_copy_small(to + 16, pattern, size);
		assert_memory_equal(to + 16, pattern, size);
		assert_int_equal(to[15], '#');
		assert_int_equal(to[16 + size], '#');
	}
}

static void a_payload_that_fits_lies_inside(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	for (uint32_t size = 1; size <= INSIDE; size++) {
		mk_type type = type_of(size);
		mk_event *e = mk_event_make(&pool, &type, pattern, NULL);
		assert_ptr_equal(e->data, e->payload);
		assert_ptr_equal(e->type, &type);
		assert_memory_equal(e->data, pattern, size);
		unref(&pool, e);
	}
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

static void a_larger_one_lies_in_a_block_that_goes_with_it(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	static const uint32_t sizes[] = {INSIDE + 1, 4096, 5000};
	for (int i = 0; i < 3; i++) {
		mk_type type = type_of(sizes[i]);
		mk_event *e = mk_event_make(&pool, &type, pattern, NULL);
		assert_ptr_not_equal(e->data, e->payload);
		assert_int_equal((uintptr_t)e->data % 16, 0);
		assert_memory_equal(e->data, pattern, sizes[i]);
		assert_int_equal(test_allocator_living(), 2); /* the slab, the block */
		unref(&pool, e);
		assert_int_equal(test_allocator_living(), 1);
	}
	mk_pool_fini(&pool);
}

static void a_block_given_is_not_copied(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	mk_type type = type_of(8);
	mk_block *block = mk_block_new(NULL, 8);
	mk_event *e = mk_event_make(&pool, &type, block->data, block);
	assert_ptr_equal(e->data, block->data);
	mk_event_unmake(&pool, e, block); /* the block stays */
	e = mk_event_make(&pool, &type, block->data, block);
	unref(&pool, e); /* the block goes */
	assert_int_equal(test_allocator_living(), 1);
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

static void an_event_without_a_pool_is_of_the_heap(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {1, INSIDE, INSIDE + 1, 5000};
	for (int i = 0; i < 4; i++) {
		mk_type type = type_of(sizes[i]);
		mk_event *e = mk_event_make(NULL, &type, pattern, NULL);
		assert_int_equal((uintptr_t)e % 16, 0);
		memset(mk_event_front_of(e), 0xff, sizeof(mk_event_front)); /* a receipt writes there */
		assert_memory_equal(e->data, pattern, sizes[i]);
		unref(NULL, e);
		assert_int_equal(test_allocator_living(), 0);
	}
}

/* ---- copies ------------------------------------------------------------------------------ */

static void fill_header(mk_event *e)
{
	e->id = (maiko_id){1, 2};
	e->parent = (maiko_id){3, 4};
	e->correlation = (maiko_id){5, 6};
	e->timestamp_ns = 7;
	e->sender = NULL;
	e->topic = NULL;
	e->refs = 9;
}

static void expect_copy(const mk_event *copy, const mk_event *from, uint32_t size)
{
	assert_memory_equal(&copy->id, ((uint64_t[]){1, 2, 3, 4, 5, 6, 0 /* sender */, 7}), 64);
	assert_int_equal(copy->refs, 1);
	assert_int_equal(from->refs, 9);
	assert_ptr_equal(copy->type, from->type);
	assert_memory_equal(copy->data, pattern, size);
}

static void a_copy_has_the_header_and_the_content(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {1, 32, 33, 224, INSIDE};
	for (int i = 0; i < 5; i++)
		for (int heap = 0; heap < 2; heap++) {
			mk_pool ours = {.slabs = NULL}, theirs = {.slabs = NULL};
			mk_type type = type_of(sizes[i]);
			mk_event *from = mk_event_make(heap ? NULL : &ours, &type, pattern, NULL);
			fill_header(from);
			mk_event *copy = mk_event_copy(&theirs, from);
			expect_copy(copy, from, sizes[i]);
			assert_ptr_equal(copy->data, copy->payload);
			unref(&ours, from);
			mk_event_unref(&theirs, copy);
			assert_ptr_equal(take(&theirs, mk_size_class_of(sizes[i])), copy); /* it came back */
			mk_pool_fini(&ours);
			mk_pool_fini(&theirs);
			assert_int_equal(test_allocator_living(), 0);
		}
}

static void a_copy_shares_a_block(void **state)
{
	(void)state;
	for (int heap = 0; heap < 2; heap++) {
		mk_pool ours = {.slabs = NULL}, theirs = {.slabs = NULL};
		mk_type type = type_of(LARGE);
		mk_event *from = mk_event_make(heap ? NULL : &ours, &type, pattern, NULL);
		fill_header(from);
		mk_event *copy = mk_event_copy(&theirs, from);
		expect_copy(copy, from, LARGE);
		assert_ptr_equal(copy->data, from->data);
		int64_t living = test_allocator_living();
		unref(&ours, from);
		assert_int_equal(test_allocator_living(), living - heap); /* not the block */
		assert_memory_equal(copy->data, pattern, LARGE);
		mk_event_unref(&theirs, copy);
		assert_int_equal(test_allocator_living(), heap ? 1 : 2); /* the slabs */
		mk_pool_fini(&ours);
		mk_pool_fini(&theirs);
	}
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- buffers ---------------------------------------------------------------------------- */

static int released;
static void release(void *data, void *arg)
{
	(void)data;
	(void)arg;
	released++;
}

static maiko_buffer *wrapped(void)
{
	maiko_buffer *b = NULL;
	assert_int_equal(maiko_buffer_wrap(pattern, 1, release, NULL, &b), 0);
	return b;
}

/* The payload that holds buffers: the third is NULL. */
typedef struct holder {
	maiko_buffer *a, *b, *none;
	uint64_t n;
} holder;

static const mk_type holder_type = {
	.size = sizeof(holder), .buffer_count = 3, .buffers = {0, sizeof(void *), 2 * sizeof(void *)}};

static void an_event_holds_its_buffers_until_it_is_freed(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	for (int heap = 0; heap < 2; heap++) {
		mk_pool *from = heap ? NULL : &pool;
		holder value = {wrapped(), wrapped(), NULL, 5};
		released = 0;
		mk_event *e = mk_event_make(from, &holder_type, &value, NULL);
		maiko_buffer_unref(value.a);
		maiko_buffer_unref(value.b);
		assert_int_equal(released, 0);
		unref(from, e);
		assert_int_equal(released, 2);
	}
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

static void an_inline_copy_holds_them_by_itself(void **state)
{
	(void)state;
	mk_pool ours = {.slabs = NULL}, theirs = {.slabs = NULL};
	maiko_buffer *b = wrapped();
	holder value = {b, b, NULL, 5}; /* one buffer twice: two references */
	released = 0;
	mk_event *e = mk_event_make(&ours, &holder_type, &value, NULL);
	mk_event *copy = mk_event_copy(&theirs, e);
	maiko_buffer_unref(b);
	unref(&ours, e);
	assert_int_equal(released, 0);
	mk_event_unref(&theirs, copy);
	assert_int_equal(released, 1);
	mk_pool_fini(&ours);
	mk_pool_fini(&theirs);
	assert_int_equal(test_allocator_living(), 0);
}

static void a_block_holds_them_once_for_all_its_copies(void **state)
{
	(void)state;
	static unsigned char large[LARGE];
	static const mk_type type = {.size = LARGE, .buffer_count = 1, .buffers = {4096}};
	mk_pool ours = {.slabs = NULL}, theirs = {.slabs = NULL};
	maiko_buffer *b = wrapped();
	memcpy(large + 4096, &b, sizeof b);
	released = 0;
	mk_event *e = mk_event_make(&ours, &type, large, NULL);
	mk_event *copy = mk_event_copy(&theirs, e), *second = mk_event_copy(&theirs, e);
	maiko_buffer_unref(b);
	assert_non_null(maiko_buffer_writable(b)); /* one reference is left, the block's */
	unref(&ours, e);
	mk_event_unref(&theirs, copy);
	assert_int_equal(released, 0);
	mk_event_unref(&theirs, second);
	assert_int_equal(released, 1);
	mk_pool_fini(&ours);
	mk_pool_fini(&theirs);
	assert_int_equal(test_allocator_living(), 0);
}

static void an_event_unmade_drops_its_references_and_leaves_the_block(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	mk_block *block = mk_block_new(NULL, sizeof(holder));
	holder *value = (holder *)(void *)block->data;
	value->a = wrapped();
	released = 0;
	mk_event *e = mk_event_make(&pool, &holder_type, block->data, block);
	assert_null(maiko_buffer_writable(value->a));
	mk_event_unmake(&pool, e, block);
	assert_non_null(maiko_buffer_writable(value->a));
	maiko_buffer_unref(value->a);
	assert_int_equal(released, 1);
	mk_free_aligned(block);
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- events filled in place ---------------------------------------------------------------- */

static const maiko_field draft_fields[] = {{.name = "x", .size = 4, .kind = MAIKO_KIND_UINT}, END};
static const maiko_layout draft_layout = {"draft", 100, 16, draft_fields, MAIKO_FORMAT};
static const maiko_layout bad_layout = {"", 100, 16, draft_fields, MAIKO_FORMAT};
static const maiko_topic draft_topic = {.name = "drafts"};
static const maiko_event_type draft_type = {.layout = &draft_layout, .topic = &draft_topic};
static const maiko_event_type bad_type = {.layout = &bad_layout, .topic = &draft_topic};
static const maiko_event_type nowhere_type = {.layout = &draft_layout}; /* neither topic nor route */

static void an_event_in_place_is_zeroed_and_aligned(void **state)
{
	(void)state;
	static const unsigned char zeros[100];
	void *event = maiko_event_new(&draft_type);
	assert_non_null(event);
	assert_int_equal((uintptr_t)event % 16, 0);
	assert_memory_equal(event, zeros, 100);
	memset(event, 0xff, 100);
	assert_null(maiko_discard(event));
	assert_null(maiko_discard(NULL));
	assert_null(maiko_event_new(&nowhere_type));
	assert_int_equal(test_allocator_living(), 0);
}

static void a_bad_description_gives_none(void **state)
{
	(void)state;
	assert_null(maiko_event_new(NULL));
	assert_null(maiko_event_new(&bad_type));
	assert_null(maiko_event_new(&(maiko_event_type){.layout = NULL}));
}

/* ---- no memory ------------------------------------------------------------------------------ */

static void make_without_memory(mk_pool *pool, uint32_t size, uint64_t allocations)
{
	mk_type type = type_of(size);
	int64_t living = test_allocator_living();
	for (uint64_t n = 0; n < allocations; n++) {
		test_allocator_fail_at(n, false);
		assert_null(mk_event_make(pool, &type, pattern, NULL));
		assert_true(test_allocator_has_failed());
		assert_int_equal(test_allocator_living(), living);
	}
	test_allocator_fail_at(allocations, false);
	mk_event *e = mk_event_make(pool, &type, pattern, NULL);
	test_allocator_fail_never();
	assert_false(test_allocator_has_failed());
	assert_non_null(e);
	unref(pool, e);
}

static void without_memory_none_is_made(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL}, other = {.slabs = NULL};
	make_without_memory(&pool, 8, 1);      /* the slab */
	make_without_memory(&other, LARGE, 2); /* the block, the slab */
	make_without_memory(NULL, 8, 1);
	make_without_memory(NULL, LARGE, 2);
	mk_pool_fini(&pool);
	mk_pool_fini(&other);
	test_allocator_fail_at(0, true);
	assert_null(mk_block_new(NULL, 8));
	assert_null(maiko_event_new(&draft_type));
	test_allocator_fail_never();
	assert_int_equal(test_allocator_living(), 0);
}

static void without_memory_a_copy_takes_no_reference(void **state)
{
	(void)state;
	mk_pool ours = {.slabs = NULL}, theirs = {.slabs = NULL};
	maiko_buffer *b = wrapped();
	holder value = {b, NULL, NULL, 0};
	released = 0;
	mk_event *e = mk_event_make(&ours, &holder_type, &value, NULL);
	test_allocator_fail_at(0, true);
	assert_null(mk_event_copy(&theirs, e));
	test_allocator_fail_never();
	unref(&ours, e);
	assert_non_null(maiko_buffer_writable(b));
	maiko_buffer_unref(b);
	assert_int_equal(released, 1);
	mk_pool_fini(&ours);
	assert_int_equal(test_allocator_living(), 0);
}

static void without_memory_for_the_event_a_block_given_stays_the_callers(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	mk_block *block = mk_block_new(NULL, 8);
	mk_type type = type_of(8);
	test_allocator_fail_at(0, true);
	assert_null(mk_event_make(&pool, &type, block->data, block));
	test_allocator_fail_never();
	assert_int_equal(test_allocator_living(), 1);
	mk_free_aligned(block);
}

/* ---- two workers ------------------------------------------------------------------------------- */

/* An event's owner counts references of its own subscribers while another worker copies
 * it: the copy may read nothing that the owner still writes. */
enum { ROUNDS = 500 };

static struct {
	_Atomic(mk_event *) offered;
	uint64_t wrong;
} meeting;

static void copy_each(void *arg)
{
	mk_pool pool = {.slabs = NULL};
	(void)arg;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		mk_event *e;
		while ((e = atomic_load(&meeting.offered)) == NULL)
			sched_yield();
		mk_event *copy = mk_event_copy(&pool, e);
		const holder *value = copy->data;
		meeting.wrong += value->n != round || copy->refs != 1 || copy->id.sequence != round;
		atomic_store(&meeting.offered, NULL);
		mk_event_unref(&pool, copy);
	}
	mk_pool_fini(&pool);
}

static void the_owner_counts_while_another_copies(void **state)
{
	(void)state;
	mk_pool pool = {.slabs = NULL};
	uv_thread_t thread;
	maiko_buffer *b = wrapped();
	released = 0;
	assert_int_equal(uv_thread_create(&thread, copy_each, NULL), 0);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		mk_event *e = mk_event_make(&pool, &holder_type, &(holder){b, NULL, NULL, round}, NULL);
		e->id = e->parent = e->correlation = (maiko_id){1, round};
		e->refs = 1;
		atomic_store(&meeting.offered, e);
		while (atomic_load(&meeting.offered) != NULL) {
			for (int i = 0; i < 100; i++) { /* as its subscribers here come and go */
				e->refs++;
				atomic_signal_fence(memory_order_seq_cst); /* both are written indeed */
				mk_event_unref(&pool, e);
			}
			sched_yield();
		}
		mk_event_unref(&pool, e);
	}
	uv_thread_join(&thread);
	assert_int_equal(meeting.wrong, 0);
	assert_int_equal(released, 0);
	maiko_buffer_unref(b);
	assert_int_equal(released, 1);
	mk_pool_fini(&pool);
	assert_int_equal(test_allocator_living(), 0);
}

/* Two slabs; one event of each is alive, and all were stamped at 1000. */
static void slabs_without_a_recent_event_are_given_back(void **state)
{
	(void)state;
	enum { EVENTS = 600, SLABS = 2 };
	static mk_event *all[EVENTS];
	mk_pool pool = {.slabs = NULL};
	mk_type type = type_of(8);
	unsigned char value[8] = {0};
	for (int i = 0; i < EVENTS; i++) {
		all[i] = mk_event_make(&pool, &type, value, NULL);
		all[i]->refs = 1;
		all[i]->timestamp_ns = 1000;
	}
	assert_int_equal(pool.slab_count, SLABS);
	for (int i = 1; i < EVENTS - 1; i++)
		mk_event_unref(&pool, all[i]);
	assert_int_equal(mk_pool_trim(&pool, 2000), 0); /* the first and the last are alive */
	mk_event_unref(&pool, all[0]);
	assert_int_equal(mk_pool_trim(&pool, 1000), 0); /* used too recently */
	assert_int_equal(mk_pool_trim(&pool, 2000), 1);
	assert_int_equal(pool.slab_count, 1);
	mk_event *again = mk_event_make(&pool, &type, value, NULL); /* of what is left */
	assert_int_equal(pool.slab_count, 1);
	again->refs = 1;
	mk_event_unref(&pool, again);
	mk_event_unref(&pool, all[EVENTS - 1]);
	assert_int_equal(mk_pool_trim(&pool, 2000), 1);
	assert_int_equal(test_allocator_living(), 0);
	mk_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_go_into_four_sizes),
		cmocka_unit_test(a_slab_is_cut_into_events),
		cmocka_unit_test(events_of_one_slab_do_not_overlap),
		cmocka_unit_test(a_freed_event_is_the_next_taken),
		cmocka_unit_test(a_small_copy_is_exact_at_every_size),
		cmocka_unit_test(a_payload_that_fits_lies_inside),
		cmocka_unit_test(a_larger_one_lies_in_a_block_that_goes_with_it),
		cmocka_unit_test(a_block_given_is_not_copied),
		cmocka_unit_test(an_event_without_a_pool_is_of_the_heap),
		cmocka_unit_test(a_copy_has_the_header_and_the_content),
		cmocka_unit_test(a_copy_shares_a_block),
		cmocka_unit_test(an_event_holds_its_buffers_until_it_is_freed),
		cmocka_unit_test(an_inline_copy_holds_them_by_itself),
		cmocka_unit_test(a_block_holds_them_once_for_all_its_copies),
		cmocka_unit_test(an_event_unmade_drops_its_references_and_leaves_the_block),
		cmocka_unit_test(an_event_in_place_is_zeroed_and_aligned),
		cmocka_unit_test(a_bad_description_gives_none),
		cmocka_unit_test(without_memory_none_is_made),
		cmocka_unit_test(without_memory_a_copy_takes_no_reference),
		cmocka_unit_test(without_memory_for_the_event_a_block_given_stays_the_callers),
		cmocka_unit_test(the_owner_counts_while_another_copies),
		cmocka_unit_test(slabs_without_a_recent_event_are_given_back),
	};
	for (uint32_t i = 0; i < LARGE; i++)
		pattern[i] = (unsigned char)(i * 7 + i / 256);
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
