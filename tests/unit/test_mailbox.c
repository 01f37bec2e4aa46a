/*
 * test_mailbox.c - an actor's queue: order, growth, taking out of the middle, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/mailbox.h"

#include "event/event.h"
#include "support.h"

/* A mailbox keeps pointers and never looks behind them. */
static _Alignas(16) char memory[64][sizeof(mk_event)];

static mk_event *event(int i) { return (mk_event *)(void *)memory[i]; }

static void push(mk_mailbox *box, int first, int last)
{
	for (int i = first; i <= last; i++)
		assert_int_equal(mk_mailbox_push(box, event(i)), 0);
}

static void check(mk_mailbox *box, int first, int last)
{
	for (int i = first; i <= last; i++)
		assert_ptr_equal(mk_mailbox_pop(box), event(i));
}

static void an_empty_one_has_no_ring(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4};
	assert_int_equal(mk_mailbox_length(&box), 0);
	assert_null(mk_mailbox_pop(&box));
	assert_null(box.ring);
	assert_int_equal(box.size, 0);
}

static void events_come_out_in_the_order_pushed(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4};
	push(&box, 0, 2);
	assert_int_equal(mk_mailbox_length(&box), 3);
	check(&box, 0, 1);
	push(&box, 3, 3);
	check(&box, 2, 3);
	assert_null(mk_mailbox_pop(&box));
	mk_mailbox_shrink(&box);
}

static void the_first_slot_needs_no_memory_and_the_ring_doubles(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4}; /* the policy's: the ring takes more */
	int64_t before = test_allocator_living();
	push(&box, 0, 0);
	assert_int_equal(box.size, 1);
	check(&box, 0, 0);
	push(&box, 0, 0);
	assert_false(mk_mailbox_has_ring(&box));
	assert_int_equal(test_allocator_living(), before);
	push(&box, 1, 7);
	assert_int_equal(box.size, 8);
	push(&box, 8, 8);
	assert_int_equal(box.size, 16);
	push(&box, 9, 16);
	assert_int_equal(box.size, 32);
	check(&box, 0, 16);
	mk_mailbox_shrink(&box);
}

/* The ring grows while its content goes over the end, at each possible place of the head. */
static void order_survives_growth_wherever_the_head_is(void **state)
{
	(void)state;
	for (int head = 0; head < 8; head++) {
		mk_mailbox box = {.capacity = 4};
		push(&box, 0, head);
		check(&box, 0, head);
		push(&box, 10, 30);
		assert_int_equal(mk_mailbox_length(&box), 21);
		check(&box, 10, 30);
		mk_mailbox_shrink(&box);
	}
}

static void a_shrunk_one_goes_on(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4};
	push(&box, 0, 4);
	check(&box, 0, 4);
	mk_mailbox_shrink(&box);
	assert_null(box.ring);
	assert_null(mk_mailbox_pop(&box));
	push(&box, 5, 20);
	assert_int_equal(mk_mailbox_length(&box), 16);
	assert_int_equal(mk_count(&box.head), 5); /* counted from the start */
	check(&box, 5, 20);
	mk_mailbox_shrink(&box);
}

static void one_is_taken_out_and_the_others_keep_their_order(void **state)
{
	(void)state;
	for (int head = 0; head < 8; head++)
		for (int out = 10; out <= 16; out++) {
			mk_mailbox box = {.capacity = 4};
			push(&box, 0, head);
			check(&box, 0, head);
			push(&box, 10, 16);
			uint64_t position = (uint64_t)(head + 1 + out - 10);
			assert_false(mk_mailbox_remove(&box, position));
			assert_int_equal(mk_mailbox_length(&box), 6);
			assert_int_equal(mk_mailbox_span(&box), out == 10 ? 6 : 7);
			check(&box, 10, out - 1);
			check(&box, out + 1, 16);
			assert_null(mk_mailbox_pop(&box));
			mk_mailbox_shrink(&box);
		}
}

/* However many are taken out of it, it does not take more room than twice what it holds. */
static void holes_are_closed_before_there_are_more_than_events(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4};
	push(&box, 0, 5);
	uint64_t last = mk_count(&box.head) + 5;
	assert_false(mk_mailbox_remove(&box, 1)); /* 0 - 2 3 4 5 */
	assert_false(mk_mailbox_remove(&box, 4)); /* 0 - 2 3 - 5 */
	assert_false(mk_mailbox_remove(&box, 3)); /* 0 - 2 - - 5 */
	assert_int_equal(mk_mailbox_length(&box), 3);
	assert_int_equal(mk_mailbox_span(&box), 6);
	assert_true(mk_mailbox_remove(&box, 2)); /* 0 5 */
	assert_int_equal(mk_mailbox_length(&box), 2);
	assert_int_equal(mk_mailbox_span(&box), 2);
	assert_int_equal(mk_count(&box.tail), last + 1); /* to higher places */
	push(&box, 6, 7);
	check(&box, 0, 0);
	check(&box, 5, 7);
	push(&box, 8, 9);
	assert_false(mk_mailbox_remove(&box, mk_count(&box.head)));
	assert_false(mk_mailbox_remove(&box, mk_count(&box.head)));
	assert_int_equal(mk_mailbox_span(&box), 0);
	for (int i = 0; i < 1000; i++) { /* the one before the last, for ever */
		push(&box, 2 * (i % 30), 2 * (i % 30) + 1);
		(void)mk_mailbox_remove(&box, mk_count(&box.tail) - 2);
		assert_true(mk_mailbox_span(&box) <= 2 * mk_mailbox_length(&box) + 1);
	}
	for (int i = 0; i < 1000; i++)
		check(&box, 2 * (i % 30) + 1, 2 * (i % 30) + 1);
	mk_mailbox_shrink(&box);
}

static void the_head_passes_holes_up_to_the_first_event(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 8};
	push(&box, 0, 5);
	assert_false(mk_mailbox_remove(&box, 1));
	assert_false(mk_mailbox_remove(&box, 2));
	assert_false(mk_mailbox_remove(&box, 5));
	mk_mailbox_pass_holes(&box); /* none is at the head */
	assert_int_equal(mk_mailbox_span(&box), 6);
	check(&box, 0, 0);
	mk_mailbox_pass_holes(&box);
	assert_int_equal(mk_mailbox_span(&box), 3);
	assert_int_equal(mk_mailbox_length(&box), 2);
	check(&box, 3, 4);
	mk_mailbox_pass_holes(&box); /* the last one */
	assert_int_equal(mk_mailbox_span(&box), 0);
	mk_mailbox_pass_holes(&box);
	assert_int_equal(mk_mailbox_length(&box), 0);
	mk_mailbox_shrink(&box);
}

static void without_memory_a_push_fails_and_nothing_is_lost(void **state)
{
	(void)state;
	mk_mailbox box = {.capacity = 4};
	test_allocator_fail_at(0, true);
	push(&box, 0, 0); /* into the slot that is always there */
	assert_int_equal(mk_mailbox_push(&box, event(1)), MAIKO_ENOMEM);
	assert_int_equal(mk_mailbox_length(&box), 1);
	test_allocator_fail_never();
	push(&box, 1, 7);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_mailbox_push(&box, event(8)), MAIKO_ENOMEM);
	assert_int_equal(mk_mailbox_length(&box), 8);
	check(&box, 0, 0);
	push(&box, 8, 8); /* into the slot that is free now */
	test_allocator_fail_never();
	push(&box, 9, 12);
	check(&box, 1, 12);
	mk_mailbox_shrink(&box);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_no_ring),
		cmocka_unit_test(events_come_out_in_the_order_pushed),
		cmocka_unit_test(the_first_slot_needs_no_memory_and_the_ring_doubles),
		cmocka_unit_test(order_survives_growth_wherever_the_head_is),
		cmocka_unit_test(a_shrunk_one_goes_on),
		cmocka_unit_test(one_is_taken_out_and_the_others_keep_their_order),
		cmocka_unit_test(holes_are_closed_before_there_are_more_than_events),
		cmocka_unit_test(the_head_passes_holes_up_to_the_first_event),
		cmocka_unit_test(without_memory_a_push_fails_and_nothing_is_lost),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
