/*
 * test_directory.c - actors by id and by name: ids that are never used again, slots that
 * are, no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "registry/directory.h"

#include "lifecycle/actor.h"
#include "support.h"

#include <stdio.h>

static const maiko_item items[] = {{.kind = MAIKO_ITEM_END}};
static const maiko_actor_type type = {"actor", 8, 8, items, NULL, MAIKO_FORMAT};

/* An id as the header has it: the generation, then the slot, both from 1. */
static maiko_actor_id id(uint64_t generation, uint64_t slot) { return generation << 32 | slot; }

static mk_actor *actor(maiko_supervisor *sup, const char *name)
{
	mk_actor *a = NULL;
	assert_int_equal(mk_actor_new(sup, &type, name, NULL, &a), 0);
	return a;
}

static mk_actor *enter(maiko_supervisor *sup, const char *name)
{
	mk_actor *a = actor(sup, name);
	assert_int_equal(mk_directory_enter(sup, a), 0);
	return a;
}

static void leave(maiko_supervisor *sup, mk_actor *a)
{
	mk_directory_leave(sup, a);
	mk_actor_discard(sup, a);
}

static void expect_name(maiko_supervisor *sup, const char *name, maiko_actor_id expected)
{
	maiko_actor_id found = 77;
	assert_int_equal(maiko_find(sup, name, &found), expected == 0 ? MAIKO_ENOENT : 0);
	assert_int_equal(found, expected == 0 ? 77 : expected);
}

static void an_actor_is_found_by_id_and_by_name(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_actor *a = enter(sup, "a"), *b = enter(sup, "b");
	assert_int_equal(a->self->id, id(1, 1));
	assert_int_equal(b->self->id, id(1, 2));
	assert_ptr_equal(mk_directory_find(sup, id(1, 1)), a);
	assert_ptr_equal(mk_directory_find(sup, id(1, 2)), b);
	assert_ptr_equal(mk_directory_look(sup, id(1, 2)), b);
	expect_name(sup, "a", id(1, 1));
	expect_name(sup, "b", id(1, 2));
	expect_name(sup, "c", 0);
	assert_int_equal(sup->actor_count, 2);
	leave(sup, a);
	leave(sup, b);
	maiko_supervisor_free(sup);
}

static void no_other_number_is_an_id(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	assert_null(mk_directory_find(sup, id(1, 1)));
	mk_actor *a = enter(sup, "a");
	assert_null(mk_directory_find(sup, 0));
	assert_null(mk_directory_find(sup, 1));
	assert_null(mk_directory_find(sup, id(1, 0)));
	assert_null(mk_directory_find(sup, id(2, 1)));
	assert_null(mk_directory_find(sup, id(1, 2)));
	assert_null(mk_directory_find(sup, UINT64_MAX));
	assert_null(mk_directory_look(sup, id(2, 1)));
	leave(sup, a);
	maiko_supervisor_free(sup);
}

static void a_name_is_taken_until_its_actor_leaves(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_actor *a = enter(sup, "a"), *same = actor(sup, "a");
	assert_int_equal(mk_directory_enter(sup, same), MAIKO_EEXIST);
	assert_int_equal(sup->actor_count, 1);
	expect_name(sup, "a", id(1, 1));
	leave(sup, a);
	expect_name(sup, "a", 0);
	assert_int_equal(mk_directory_enter(sup, same), 0);
	expect_name(sup, "a", id(2, 1));
	leave(sup, same);
	maiko_supervisor_free(sup);
}

static void a_slot_is_used_again_with_another_generation(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_actor *a = enter(sup, "a"), *b = enter(sup, "b"), *c = enter(sup, "c");
	leave(sup, b);
	assert_null(mk_directory_find(sup, id(1, 2)));
	mk_actor *d = enter(sup, "d");
	assert_int_equal(d->self->id, id(2, 2));
	assert_null(mk_directory_find(sup, id(1, 2)));
	assert_ptr_equal(mk_directory_find(sup, id(2, 2)), d);
	assert_ptr_equal(mk_directory_find(sup, id(1, 3)), c);
	mk_actor *e = enter(sup, "e");
	assert_int_equal(e->self->id, id(1, 4)); /* no slot was free */
	leave(sup, a);
	leave(sup, c);
	leave(sup, d);
	leave(sup, e);
	assert_int_equal(sup->actor_count, 0);
	maiko_supervisor_free(sup);
}

static void no_id_comes_twice_in_a_thousand_lives(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	for (uint64_t life = 1; life <= 1000; life++) {
		mk_actor *a = enter(sup, "phoenix");
		assert_int_equal(a->self->id, id(life, 1));
		leave(sup, a);
	}
	for (uint64_t life = 1; life <= 1000; life++)
		assert_null(mk_directory_find(sup, id(life, 1)));
	assert_int_equal(sup->actor_slots, 1);
	maiko_supervisor_free(sup);
}

static void a_thousand_at_one_time_are_all_found(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static mk_actor *actors[MANY];
	char name[16];
	maiko_supervisor *sup = test_supervisor(1);
	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "a%u", (unsigned)i);
		actors[i] = enter(sup, name);
		assert_int_equal(actors[i]->self->id, id(1, i + 1));
	}
	for (uint64_t i = 0; i < MANY; i += 2)
		leave(sup, actors[i]);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(mk_directory_find(sup, id(1, i + 1)), i % 2 == 0 ? NULL : actors[i]);
	for (uint64_t i = 1; i < MANY; i += 2)
		leave(sup, actors[i]);
	maiko_supervisor_free(sup);
}

/* Every allocation of an entry fails in turn; whatever was done stays usable, and the
 * slot that was to be used is used by the next. */
static void without_memory_nobody_enters_and_no_slot_is_lost(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	enum { MANY = 300 };
	static mk_actor *actors[MANY];
	uint32_t failures = 0;
	char name[16];
	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "a%u", (unsigned)i);
		actors[i] = actor(sup, name);
		int rc = MAIKO_ENOMEM;
		for (uint64_t n = 0; rc != 0; n++) {
			test_allocator_fail_at(n, false);
			rc = mk_directory_enter(sup, actors[i]);
			test_allocator_fail_never();
			assert_int_equal(rc, test_allocator_has_failed() ? MAIKO_ENOMEM : 0);
			assert_int_equal(sup->actor_count, rc == 0 ? i + 1 : i);
			expect_name(sup, name, rc == 0 ? id(1, i + 1) : 0);
			failures += rc != 0;
		}
	}
	assert_int_equal(sup->actor_slots, 300);
	assert_true(failures > 10);
	test_allocator_fail_at(0, true); /* leaving needs none */
	for (uint64_t i = 0; i < MANY; i++)
		leave(sup, actors[i]);
	test_allocator_fail_never();
	maiko_supervisor_free(sup);
	assert_int_equal(test_allocator_living(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_actor_is_found_by_id_and_by_name),
		cmocka_unit_test(no_other_number_is_an_id),
		cmocka_unit_test(a_name_is_taken_until_its_actor_leaves),
		cmocka_unit_test(a_slot_is_used_again_with_another_generation),
		cmocka_unit_test(no_id_comes_twice_in_a_thousand_lives),
		cmocka_unit_test(a_thousand_at_one_time_are_all_found),
		cmocka_unit_test(without_memory_nobody_enters_and_no_slot_is_lost),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
