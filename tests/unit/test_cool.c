/*
 * test_cool.c - the ring of a mailbox is given back when it was not used for a second, and not
 * before: a steady course does not make it again and again. The events of a large pool are visited for
 * slabs to give back, the rarer the longer there is none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lifecycle/actor.h"
#include "routing/delivery.h"
#include "registry/directory.h"
#include "support.h"

static const maiko_item items[] = {{.kind = MAIKO_ITEM_END}};
static const maiko_actor_type type = {"actor", 8, 8, items, NULL, MAIKO_FORMAT};

/* A mailbox keeps pointers and never looks behind them. */
static mk_event *event(void)
{
	static _Alignas(16) char memory[sizeof(mk_event)];
	return (mk_event *)(void *)memory;
}

static mk_actor *actor(maiko_supervisor *sup)
{
	maiko_actor_id id;
	assert_int_equal(maiko_supervisor_add(sup, &type, "actor", &(maiko_add_options){.topics = maiko_no_topics}), 0);
	assert_int_equal(maiko_find(sup, "actor", &id), 0);
	return mk_directory_look(sup, id);
}

/* Two events at once: so it has a ring. */
static void get_two(mk_worker *w, mk_actor *a)
{
	for (int i = 0; i < 2; i++) {
		if (mk_mailbox_span(&a->box) == a->box.size)
			assert_int_equal(mk_deliver_grow(w, a), 0);
		assert_int_equal(mk_mailbox_push(&a->box, event()), 0);
	}
}

static void take_two(mk_actor *a)
{
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(mk_mailbox_pop(&a->box), event());
}

static void second_passes(mk_worker *w)
{
	w->now_ns += 1100000000;
	mk_cool(w);
}

static void one_that_is_used_stays(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_actor *a = actor(sup);
	int64_t before = test_allocator_living();
	for (int i = 0; i < 5; i++) {
		get_two(a->worker, a);
		take_two(a);
		second_passes(a->worker);
		assert_int_equal(test_allocator_living(), before + 2); /* the ring, and the tally */
	}
	maiko_supervisor_free(sup);
}

static void one_that_is_not_is_given_back(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_actor *a = actor(sup);
	for (int i = 0; i < 3; i++) {
		get_two(a->worker, a);
		second_passes(a->worker);
		second_passes(a->worker);
		assert_non_null(a->box.ring); /* there is something in it */
		take_two(a);
		mk_cool(a->worker); /* too soon */
		assert_non_null(a->box.ring);
		second_passes(a->worker);
		assert_null(a->box.ring);
		assert_int_equal(a->box.size, 0);
		assert_false(a->warm);
	}
	maiko_supervisor_free(sup);
	assert_int_equal(test_allocator_living(), 0);
}

/* ---- the pool of events ---- */

enum { LIVE = 20 * 511, A_SECOND_NS = 1000000000 };

static void fill_pool(mk_worker *w)
{
	const mk_type small = {.size = 8, .plain = true};
	const unsigned char value[8] = {0};
	for (int i = 0; i < LIVE; i++) {
		mk_event *e = mk_event_make(&w->pool, &small, value, NULL);
		assert_non_null(e);
		e->refs = 1;
	}
	assert_true(w->pool.slab_count > 16);
}

/* Sweeps until the events were visited; the seconds until they are visited next. */
static uint64_t visit(mk_worker *w)
{
	for (bool visited = false; !visited;) {
		visited = w->trim_in == 0;
		second_passes(w);
	}
	return (mk_cools_at(w) - w->now_ns) / A_SECOND_NS;
}

static void a_pool_in_use_is_visited_ever_less_often(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_worker *w = mk_worker_at(sup, 0);
	fill_pool(w);
	for (uint64_t seconds = 1; seconds <= 64; seconds *= 2)
		assert_int_equal(visit(w), seconds + 1); /* the sweep that visits comes after so many that do not */
	assert_int_equal(visit(w), 64 + 1);
	maiko_supervisor_free(sup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_used_stays),
		cmocka_unit_test(one_that_is_not_is_given_back),
		cmocka_unit_test(a_pool_in_use_is_visited_ever_less_often),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
