/*
 * test_inbox.c - the queue with many producers: order, closing, and threads that push
 * while another takes or closes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "inbox.h"

#include "support.h"

#include <sched.h>
#include <uv.h>

/* ---- one thread -------------------------------------------------------------------------- */

static void expect(mk_link *taken, mk_link **links, int count)
{
	for (int i = 0; i < count; i++, taken = taken->next)
		assert_ptr_equal(taken, links[i]);
	assert_null(taken);
}

static void an_empty_one_gives_nothing(void **state)
{
	(void)state;
	mk_inbox inbox = {NULL};
	assert_true(mk_inbox_empty(&inbox));
	assert_null(mk_inbox_take(&inbox));
	assert_null(mk_inbox_close(&inbox));
}

static void a_take_gives_all_oldest_first(void **state)
{
	(void)state;
	mk_inbox inbox = {NULL};
	mk_link a, b, c, d;
	assert_true(mk_inbox_push(&inbox, &a));
	assert_true(mk_inbox_push(&inbox, &b));
	assert_true(mk_inbox_push(&inbox, &c));
	assert_false(mk_inbox_empty(&inbox));
	expect(mk_inbox_take(&inbox), (mk_link *[]){&a, &b, &c}, 3);
	assert_true(mk_inbox_empty(&inbox));
	assert_null(mk_inbox_take(&inbox));
	assert_true(mk_inbox_push(&inbox, &d));
	assert_true(mk_inbox_push(&inbox, &a));
	expect(mk_inbox_take(&inbox), (mk_link *[]){&d, &a}, 2);
}

static void a_close_gives_the_rest_and_refuses_what_comes_later(void **state)
{
	(void)state;
	mk_inbox inbox = {NULL};
	mk_link a, b, c;
	assert_true(mk_inbox_push(&inbox, &a));
	assert_true(mk_inbox_push(&inbox, &b));
	expect(mk_inbox_close(&inbox), (mk_link *[]){&a, &b}, 2);
	assert_false(mk_inbox_push(&inbox, &c));
	assert_true(mk_inbox_empty(&inbox));
	assert_null(mk_inbox_take(&inbox));
	assert_null(mk_inbox_close(&inbox));
	assert_false(mk_inbox_push(&inbox, &c));
}

static void closing_one_leaves_another_open(void **state)
{
	(void)state;
	mk_inbox closed = {NULL}, open = {NULL};
	mk_link a;
	assert_null(mk_inbox_close(&closed));
	assert_true(mk_inbox_push(&open, &a));
	expect(mk_inbox_take(&open), (mk_link *[]){&a}, 1);
}

/* ---- threads ------------------------------------------------------------------------------ */

enum { PRODUCERS = 3, ITEMS = 30000 };

typedef struct item {
	mk_link link;
	uint32_t producer, n;
} item;

typedef struct producer {
	uv_thread_t thread;
	mk_inbox *inbox;
	item *items;
	uint32_t index, accepted;
	_Atomic(bool) *go;
} producer;

static item items[PRODUCERS][ITEMS];

/* Pushes until it is refused or has no more. */
static void produce(void *arg)
{
	producer *p = arg;
	while (!atomic_load(p->go))
		sched_yield();
	while (p->accepted < ITEMS) {
		item *i = &p->items[p->accepted];
		i->producer = p->index;
		i->n = p->accepted;
		if (!mk_inbox_push(p->inbox, &i->link))
			return;
		p->accepted++;
	}
}

static void start(producer *producers, mk_inbox *inbox, _Atomic(bool) *go)
{
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (producer){.inbox = inbox, .items = items[i], .index = i, .go = go};
		assert_int_equal(uv_thread_create(&producers[i].thread, produce, &producers[i]), 0);
	}
}

/* Each producer's items come in its order, so the next is always the one that follows. */
static uint32_t receive(const mk_link *link, uint32_t next[PRODUCERS])
{
	uint32_t count = 0;
	for (; link != NULL; link = link->next, count++) {
		const item *i = (const item *)(const void *)link;
		assert_int_equal(i->n, next[i->producer]);
		next[i->producer]++;
	}
	return count;
}

static void every_item_of_three_threads_comes_once_and_in_order(void **state)
{
	(void)state;
	static mk_inbox inbox;
	static producer producers[PRODUCERS];
	static _Atomic(bool) go;
	uint32_t next[PRODUCERS] = {0}, total = 0;
	start(producers, &inbox, &go);
	atomic_store(&go, true);
	while (total < 90000) {
		total += receive(mk_inbox_take(&inbox), next);
		sched_yield();
	}
	for (int i = 0; i < PRODUCERS; i++)
		uv_thread_join(&producers[i].thread);
	assert_int_equal(total, 90000);
	assert_true(mk_inbox_empty(&inbox));
}

/* Closed after more and more items, so that the close meets pushes in every state. */
static void close_at(uint32_t after)
{
	mk_inbox inbox = {NULL};
	producer producers[PRODUCERS];
	_Atomic(bool) go = false;
	uint32_t next[PRODUCERS] = {0}, total = 0;
	start(producers, &inbox, &go);
	atomic_store(&go, true);
	while (total < after)
		total += receive(mk_inbox_take(&inbox), next);
	receive(mk_inbox_close(&inbox), next);
	assert_null(mk_inbox_take(&inbox));
	for (int i = 0; i < PRODUCERS; i++)
		uv_thread_join(&producers[i].thread);
	assert_null(mk_inbox_take(&inbox));
	for (int i = 0; i < PRODUCERS; i++)
		assert_int_equal(producers[i].accepted, next[i]);
}

static void what_was_accepted_before_a_close_comes_out_and_nothing_after(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 150; round++)
		close_at(round * 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_gives_nothing),
		cmocka_unit_test(a_take_gives_all_oldest_first),
		cmocka_unit_test(a_close_gives_the_rest_and_refuses_what_comes_later),
		cmocka_unit_test(closing_one_leaves_another_open),
		cmocka_unit_test(every_item_of_three_threads_comes_once_and_in_order),
		cmocka_unit_test(what_was_accepted_before_a_close_comes_out_and_nothing_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
