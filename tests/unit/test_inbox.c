/*
 * test_inbox.c - the queue with many producers: order, closing, and threads that push
 * while another takes or closes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ds/inbox.h"

#include "support.h"

#include <sched.h>
#include <uv.h>

/* ---- one thread -------------------------------------------------------------------------- */

static void check(mk_link *taken, mk_link **links, int count)
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
	check(mk_inbox_take(&inbox), (mk_link *[]){&a, &b, &c}, 3);
	assert_true(mk_inbox_empty(&inbox));
	assert_null(mk_inbox_take(&inbox));
	assert_true(mk_inbox_push(&inbox, &d));
	assert_true(mk_inbox_push(&inbox, &a));
	check(mk_inbox_take(&inbox), (mk_link *[]){&d, &a}, 2);
}

static void a_close_gives_the_rest_and_refuses_what_comes_later(void **state)
{
	(void)state;
	mk_inbox inbox = {NULL};
	mk_link a, b, c;
	assert_true(mk_inbox_push(&inbox, &a));
	assert_true(mk_inbox_push(&inbox, &b));
	check(mk_inbox_close(&inbox), (mk_link *[]){&a, &b}, 2);
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
	check(mk_inbox_take(&open), (mk_link *[]){&a}, 1);
}

/* ---- threads ------------------------------------------------------------------------------ */

/* Many inboxes one after the other: in each of them three producers push while the
 * consumer takes, closes it at some moment, and all go on to the next. */
enum { PRODUCERS = 3, INBOXES = 1000, ITEMS = 16 };

typedef struct item {
	mk_link link;
	uint32_t producer, n;
} item;

typedef struct round_ {
	mk_inbox inbox;
	item items[PRODUCERS][ITEMS];
	uint32_t accepted[PRODUCERS]; /* each producer's own; read once it has ended */
	uint32_t received[PRODUCERS]; /* the consumer's */
} round_;

static round_ rounds[INBOXES];
static _Atomic(uint32_t) current;

/* Pushes until it is refused or has no more. */
static void produce_one(round_ *r, uint32_t me)
{
	for (uint32_t n = 0; n < ITEMS; n++) {
		item *i = &r->items[me][n];
		i->producer = me;
		i->n = n;
		if (!mk_inbox_push(&r->inbox, &i->link))
			return;
		r->accepted[me]++;
	}
}

static void produce(void *arg)
{
	for (uint32_t k = 0; k < INBOXES; k++) {
		while (atomic_load(&current) < k)
			sched_yield();
		produce_one(&rounds[k], (uint32_t)(uintptr_t)arg);
	}
}

/* Each producer's items come in its order: the next is always the one that follows. */
static uint32_t receive(round_ *r, const mk_link *link)
{
	uint32_t count = 0;
	for (; link != NULL; link = link->next, count++) {
		const item *i = (const item *)(const void *)link;
		assert_int_equal(i->n, r->received[i->producer]);
		r->received[i->producer]++;
	}
	return count;
}

/* Takes at least that many of the 48 that may come, then closes. */
static void consume_one(round_ *r, uint32_t least)
{
	for (uint32_t count = 0; count < least; sched_yield())
		count += receive(r, mk_inbox_take(&r->inbox));
	receive(r, mk_inbox_close(&r->inbox));
	assert_null(mk_inbox_take(&r->inbox));
}

static void each_item_accepted_before_the_close_comes_once_in_order_and_none_after(void **state)
{
	(void)state;
	uv_thread_t threads[PRODUCERS];
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(uv_thread_create(&threads[i], produce, (void *)i), 0);
	for (uint32_t k = 0; k < INBOXES; k++) {
		atomic_store(&current, k);
		consume_one(&rounds[k], k % 49);
	}
	for (int i = 0; i < PRODUCERS; i++)
		uv_thread_join(&threads[i]);
	for (int k = 0; k < INBOXES; k++) {
		assert_null(mk_inbox_take(&rounds[k].inbox));
		for (int i = 0; i < PRODUCERS; i++)
			assert_int_equal(rounds[k].accepted[i], rounds[k].received[i]);
	}
}

/* One inbox under load, taken again and again. */
enum { LOAD = 30000 };

static mk_inbox loaded;
static item load[PRODUCERS][LOAD];

static void produce_load(void *arg)
{
	uintptr_t me = (uintptr_t)arg;
	for (uint32_t n = 0; n < LOAD; n++) {
		load[me][n].producer = (uint32_t)me;
		load[me][n].n = n;
		mk_inbox_push(&loaded, &load[me][n].link);
	}
}

static void every_item_of_three_threads_comes_once_and_in_order(void **state)
{
	(void)state;
	static round_ r;
	uv_thread_t threads[PRODUCERS];
	uint32_t total = 0;
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(uv_thread_create(&threads[i], produce_load, (void *)i), 0);
	while (total < 90000) {
		total += receive(&r, mk_inbox_take(&loaded));
		sched_yield();
	}
	for (int i = 0; i < PRODUCERS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(total, 90000);
	assert_true(mk_inbox_empty(&loaded));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_gives_nothing),
		cmocka_unit_test(a_take_gives_all_oldest_first),
		cmocka_unit_test(a_close_gives_the_rest_and_refuses_what_comes_later),
		cmocka_unit_test(closing_one_leaves_another_open),
		cmocka_unit_test(every_item_of_three_threads_comes_once_and_in_order),
		cmocka_unit_test(each_item_accepted_before_the_close_comes_once_in_order_and_none_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
