/*
 * test_channel.c - the ring between two workers: what is visible when, the spill, the slot
 * kept for a marker, no memory; and two threads that use it as workers do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/channel.h"

#include "support.h"

#include <sched.h>
#include <uv.h>

/* Entries of events are even. */
static uint64_t event(uint64_t n) { return n * 2; }

static void push(mk_channel *ch, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++)
		mk_channel_push(ch, event(n));
}

static void spill(mk_channel *ch, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n <= last; n++)
		assert_int_equal(mk_channel_spill(ch, event(n)), 0);
}

static void expect_take(mk_channel *ch, uint64_t first, uint64_t last)
{
	uint64_t entry = 0;
	for (uint64_t n = first; n <= last; n++) {
		assert_true(mk_channel_take(ch, mk_channel_published(ch), &entry));
		assert_int_equal(entry, event(n));
	}
}

static void expect_reclaim(mk_channel *ch, uint64_t first, uint64_t last)
{
	uint64_t entry = 0;
	mk_channel_look(ch);
	for (uint64_t n = first; n <= last; n++) {
		assert_true(mk_channel_reclaim(ch, &entry));
		assert_int_equal(entry, event(n));
	}
}

static void nothing_to_take(mk_channel *ch)
{
	uint64_t entry = 77;
	assert_false(mk_channel_take(ch, mk_channel_published(ch), &entry));
	assert_int_equal(entry, 77);
}

static void a_marker_is_an_odd_entry(void **state)
{
	(void)state;
	assert_int_equal(mk_entry_of_marker(0), 1);
	assert_int_equal(mk_entry_of_marker(21), 43);
	assert_int_equal(mk_entry_marker(43), 21);
	assert_true(mk_entry_is_marker(43));
	assert_false(mk_entry_is_marker(42));
	assert_int_equal(mk_entry_marker(mk_entry_of_marker(UINT64_MAX >> 1)), UINT64_MAX >> 1);
}

static void a_new_one_is_empty_and_on_lines_of_its_own(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 5);
	assert_non_null(ch);
	assert_int_equal((uintptr_t)ch % 64, 0);
	assert_int_equal(ch->capacity, 16);
	assert_int_equal(ch->marker, 5);
	assert_true(mk_channel_has_room(ch));
	assert_false(mk_channel_spilling(ch));
	assert_false(mk_channel_publish(ch));
	assert_false(mk_channel_acknowledge(ch));
	nothing_to_take(ch);
	mk_channel_free(ch);
	mk_channel_free(NULL);
}

static void entries_are_taken_once_published(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 3);
	nothing_to_take(ch);
	assert_true(mk_channel_publish(ch));
	assert_false(mk_channel_publish(ch));
	push(ch, 4, 4);
	expect_take(ch, 1, 3);
	nothing_to_take(ch);
	assert_true(mk_channel_publish(ch));
	expect_take(ch, 4, 4);
	mk_channel_free(ch);
}

static void entries_come_back_once_acknowledged(void **state)
{
	(void)state;
	uint64_t entry = 77;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 4);
	mk_channel_publish(ch);
	expect_take(ch, 1, 3);
	mk_channel_look(ch);
	assert_false(mk_channel_reclaim(ch, &entry));
	mk_channel_acknowledge(ch);
	assert_false(mk_channel_reclaim(ch, &entry)); /* not looked yet */
	assert_int_equal(entry, 77);
	expect_reclaim(ch, 1, 3);
	assert_false(mk_channel_reclaim(ch, &entry));
	expect_take(ch, 4, 4);
	mk_channel_acknowledge(ch);
	expect_reclaim(ch, 4, 4);
	mk_channel_free(ch);
}

static void what_is_put_back_is_taken_again(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 2);
	mk_channel_publish(ch);
	expect_take(ch, 1, 2);
	mk_channel_untake(ch);
	mk_channel_acknowledge(ch);
	expect_reclaim(ch, 1, 1);
	expect_take(ch, 2, 2);
	nothing_to_take(ch);
	mk_channel_free(ch);
}

static void order_holds_round_and_round_the_ring(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	for (uint64_t n = 1; n <= 1000; n += 7) { /* 7 does not divide 16 */
		push(ch, n, n + 6);
		mk_channel_publish(ch);
		expect_take(ch, n, n + 6);
		mk_channel_acknowledge(ch);
		expect_reclaim(ch, n, n + 6);
	}
	mk_channel_free(ch);
}

static void acknowledging_tells_whether_the_producer_waits(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 3);
	mk_channel_publish(ch);
	expect_take(ch, 1, 1);
	assert_false(mk_channel_acknowledge(ch));
	atomic_store(&ch->producer_waits, true);
	assert_false(mk_channel_acknowledge(ch)); /* nothing new to wait for */
	expect_take(ch, 2, 2);
	assert_true(mk_channel_acknowledge(ch));
	atomic_store(&ch->producer_waits, false);
	expect_take(ch, 3, 3);
	assert_false(mk_channel_acknowledge(ch));
	mk_channel_free(ch);
}

/* ---- full ------------------------------------------------------------------------------ */

static void a_ring_full_of_events_takes_one_marker(void **state)
{
	(void)state;
	uint64_t entry = 0;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 14);
	assert_true(mk_channel_has_room(ch));
	push(ch, 15, 15);
	assert_false(mk_channel_has_room(ch));
	mk_channel_push(ch, mk_entry_of_marker(9));
	mk_channel_publish(ch);
	expect_take(ch, 1, 15);
	assert_true(mk_channel_take(ch, mk_channel_published(ch), &entry));
	assert_int_equal(entry, 19);
	mk_channel_acknowledge(ch);
	expect_reclaim(ch, 1, 15);
	mk_channel_free(ch);
}

static void room_comes_with_the_reclaiming(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 15);
	mk_channel_publish(ch);
	expect_take(ch, 1, 1);
	mk_channel_acknowledge(ch);
	mk_channel_look(ch);
	assert_false(mk_channel_has_room(ch));
	expect_reclaim(ch, 1, 1);
	assert_true(mk_channel_has_room(ch));
	mk_channel_free(ch);
}

static void the_spill_follows_the_ring_in_order(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 15);
	spill(ch, 16, 300); /* it grows twice */
	assert_true(mk_channel_spilling(ch));
	mk_channel_unspill(ch); /* nothing fits */
	assert_int_equal(ch->tail, 15);
	for (uint64_t n = 1; n <= 300; n += 15) {
		mk_channel_publish(ch);
		expect_take(ch, n, n + 14);
		nothing_to_take(ch);
		mk_channel_acknowledge(ch);
		expect_reclaim(ch, n, n + 14);
		mk_channel_unspill(ch);
	}
	assert_false(mk_channel_spilling(ch));
	assert_int_equal(ch->tail, 300);
	mk_channel_free(ch);
}

static void the_spill_grows_while_it_goes_over_its_end(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 15);
	spill(ch, 16, 65);
	mk_channel_publish(ch);
	expect_take(ch, 1, 15);
	mk_channel_acknowledge(ch);
	expect_reclaim(ch, 1, 15);
	mk_channel_unspill(ch); /* 16 to 30 */
	assert_int_equal(ch->spill_size, 64);
	spill(ch, 66, 150);
	assert_int_equal(ch->spill_size, 128);
	for (uint64_t n = 16; n <= 150; n += 15) {
		mk_channel_publish(ch);
		expect_take(ch, n, n + 14);
		mk_channel_acknowledge(ch);
		expect_reclaim(ch, n, n + 14);
		mk_channel_unspill(ch);
	}
	assert_false(mk_channel_spilling(ch));
	mk_channel_free(ch);
}

static void a_full_spill_takes_a_marker_without_memory(void **state)
{
	(void)state;
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 15);
	spill(ch, 16, 78); /* 63, and one slot is kept */
	assert_int_equal(ch->spill_size, 64);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_channel_spill(ch, event(79)), MAIKO_ENOMEM);
	assert_int_equal(mk_channel_spill(ch, mk_entry_of_marker(3)), 0);
	test_allocator_fail_never();
	assert_int_equal(ch->spill_tail - ch->spill_head, 64);
	spill(ch, 79, 79);
	for (uint64_t n = 16; n <= 76; n += 15) {
		mk_channel_publish(ch);
		expect_take(ch, n - 15, n - 1);
		mk_channel_acknowledge(ch);
		expect_reclaim(ch, n - 15, n - 1);
		mk_channel_unspill(ch);
	}
	mk_channel_publish(ch);
	expect_take(ch, 76, 78);
	uint64_t entry = 0;
	assert_true(mk_channel_take(ch, mk_channel_published(ch), &entry));
	assert_int_equal(entry, 7);
	expect_take(ch, 79, 79);
	mk_channel_free(ch);
}

static void without_memory_nothing_is_lost(void **state)
{
	(void)state;
	test_allocator_fail_at(0, true);
	assert_null(mk_channel_new(16, 0));
	test_allocator_fail_never();
	mk_channel *ch = mk_channel_new(16, 0);
	push(ch, 1, 15);
	test_allocator_fail_at(0, true);
	assert_int_equal(mk_channel_spill(ch, event(16)), MAIKO_ENOMEM);
	assert_false(mk_channel_spilling(ch));
	test_allocator_fail_never();
	spill(ch, 16, 16);
	mk_channel_publish(ch);
	expect_take(ch, 1, 15);
	mk_channel_acknowledge(ch);
	expect_reclaim(ch, 1, 15);
	mk_channel_unspill(ch);
	mk_channel_publish(ch);
	expect_take(ch, 16, 16);
	mk_channel_free(ch);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- two threads ------------------------------------------------------------------------ */

/* What an entry points to is used again as soon as it has come back: a thread that comes
 * too early or sees too little reads a wrong number. Every so often a marker says how many
 * events came before it. A producer without a free cell waits, as a muted one does. */
enum { CELLS = 64, EVENTS = 200000, MARKER_EVERY = 50, PUBLISH_EVERY = 7, BATCH = 32 };

typedef struct cell {
	uint64_t n;
} cell;

typedef struct two_ends {
	mk_channel *ch;
	uv_sem_t room;
	cell cells[CELLS];
	cell *unused[CELLS];
	uint32_t unused_count;
	uint64_t reclaimed; /* events that came back */
	bool marker_under_way;
	uint64_t wrong_back;   /* the producer's findings */
	uint64_t taken, wrong; /* the consumer's */
	uint64_t markers;
} two_ends;

static void take_back(two_ends *t)
{
	uint64_t entry;
	mk_channel_look(t->ch);
	while (mk_channel_reclaim(t->ch, &entry)) {
		if (mk_entry_is_marker(entry)) {
			t->marker_under_way = false;
			continue;
		}
		cell *c = (cell *)(uintptr_t)entry;
		t->wrong_back += c->n != t->reclaimed++;
		t->unused[t->unused_count++] = c;
	}
	mk_channel_unspill(t->ch);
	mk_channel_publish(t->ch);
}

/* As a worker does that sleeps: says that it waits, then looks once more. */
static void wait_for_room(two_ends *t)
{
	take_back(t);
	atomic_store_explicit(&t->ch->producer_waits, true, memory_order_seq_cst);
	if (t->ch->reclaimed != t->ch->tail &&
	    atomic_load_explicit(&t->ch->head, memory_order_seq_cst) == t->ch->seen_head)
		uv_sem_wait(&t->room);
	atomic_store_explicit(&t->ch->producer_waits, false, memory_order_relaxed);
	take_back(t);
}

static void add(two_ends *t, uint64_t entry)
{
	bool fits = mk_entry_is_marker(entry) || mk_channel_has_room(t->ch);
	if (mk_channel_spilling(t->ch) || !fits)
		t->wrong_back += mk_channel_spill(t->ch, entry) != 0;
	else
		mk_channel_push(t->ch, entry);
}

static void produce(void *arg)
{
	two_ends *t = arg;
	for (uint64_t n = 0; n < EVENTS; n++) {
		while (t->unused_count == 0)
			wait_for_room(t);
		cell *c = t->unused[--t->unused_count];
		c->n = n;
		add(t, (uintptr_t)c);
		if (n % MARKER_EVERY == 0 && !t->marker_under_way) {
			t->marker_under_way = true;
			add(t, mk_entry_of_marker(n + 1));
		}
		if (n % PUBLISH_EVERY == 0)
			take_back(t);
	}
	take_back(t);
	while (mk_channel_spilling(t->ch) || t->ch->reclaimed != t->ch->tail)
		wait_for_room(t);
}

static void consume_one(two_ends *t, uint64_t entry)
{
	if (mk_entry_is_marker(entry)) {
		t->wrong += mk_entry_marker(entry) != t->taken;
		t->markers++;
		return;
	}
	const cell *c = (const cell *)(uintptr_t)entry;
	t->wrong += c->n != t->taken++;
}

static void consume(void *arg)
{
	two_ends *t = arg;
	uint64_t entry, published = 0;
	while (t->taken < EVENTS || t->ch->taken_to != published) {
		published = mk_channel_published(t->ch);
		for (int i = 0; i < BATCH && mk_channel_take(t->ch, published, &entry); i++)
			consume_one(t, entry);
		if (mk_channel_acknowledge(t->ch))
			uv_sem_post(&t->room);
		else
			sched_yield();
	}
}

static void two_threads_pass_events_and_markers_in_order(void **state)
{
	(void)state;
	static two_ends t;
	uv_thread_t producer, consumer;
	t.ch = mk_channel_new(16, 0);
	assert_non_null(t.ch);
	assert_int_equal(uv_sem_init(&t.room, 0), 0);
	while (t.unused_count < CELLS) {
		t.unused[t.unused_count] = &t.cells[t.unused_count];
		t.unused_count++;
	}
	assert_int_equal(uv_thread_create(&consumer, consume, &t), 0);
	assert_int_equal(uv_thread_create(&producer, produce, &t), 0);
	uv_thread_join(&producer);
	uv_thread_join(&consumer);
	assert_int_equal(t.wrong, 0);
	assert_int_equal(t.wrong_back, 0);
	assert_int_equal(t.taken, 200000);
	assert_int_equal(t.reclaimed, 200000);
	assert_int_equal(t.unused_count, 64);
	assert_true(t.markers > 0);
	assert_false(t.marker_under_way);
	assert_int_equal(t.ch->tail, 200000 + t.markers);
	mk_channel_free(t.ch);
	uv_sem_destroy(&t.room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_marker_is_an_odd_entry),
		cmocka_unit_test(a_new_one_is_empty_and_on_lines_of_its_own),
		cmocka_unit_test(entries_are_taken_once_published),
		cmocka_unit_test(entries_come_back_once_acknowledged),
		cmocka_unit_test(what_is_put_back_is_taken_again),
		cmocka_unit_test(order_holds_round_and_round_the_ring),
		cmocka_unit_test(acknowledging_tells_whether_the_producer_waits),
		cmocka_unit_test(a_ring_full_of_events_takes_one_marker),
		cmocka_unit_test(room_comes_with_the_reclaiming),
		cmocka_unit_test(the_spill_follows_the_ring_in_order),
		cmocka_unit_test(the_spill_grows_while_it_goes_over_its_end),
		cmocka_unit_test(a_full_spill_takes_a_marker_without_memory),
		cmocka_unit_test(without_memory_nothing_is_lost),
		cmocka_unit_test(two_threads_pass_events_and_markers_in_order),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
