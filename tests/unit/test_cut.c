/*
 * test_cut.c - which actors of a busy worker an idle one should take over, by how long they run and who talks to whom.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sched/cut.h"

#include "support.h"

enum { EVENT = 256 /* parts */ };

static mk_sample *s;

static int begin(void **state)
{
	(void)state;
	s = MK_NEW(mk_sample);
	assert_non_null(s);
	s->to = 1;
	s->spare_percent = s->idle_percent = 100;
	return 0;
}

static int end(void **state)
{
	(void)state;
	mk_free(s);
	return 0;
}

/* Actors from id 1, each of which ran for that time while others were ready. */
static void actors(uint32_t count, uint64_t ns_each)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = mk_sample_actor(s, s->actor_count + 1);
		s->actors[index].ns = s->actors[index].beside_ns = ns_each;
		s->ns += ns_each;
	}
}

static void talk(uint32_t one, uint32_t other, uint64_t events)
{
	mk_sample_talk(s, one - 1, other - 1, events * EVENT);
}

static uint32_t going(void)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->actor_count; i++)
		count += s->actors[i].goes;
	return count;
}

static bool goes(maiko_actor_id id) { return s->actors[mk_sample_actor(s, id)].goes; }

/* Events between one that goes and one that stays. */
static uint64_t crossing(void)
{
	uint64_t parts = 0;
	for (uint32_t k = 0; k < s->pair_count; k++)
		if (s->actors[s->pairs[k].one].goes != s->actors[s->pairs[k].other].goes)
			parts += s->pairs[k].parts;
	return parts / EVENT;
}

/* ---- what is cut ------------------------------------------------------------------------------- */

static void a_ring_becomes_two_arcs(void **state)
{
	enum { RING = 1000 };
	(void)state;
	actors(RING, 500);
	for (uint32_t i = 1; i <= RING; i++)
		talk(i, i % RING + 1, 10);
	assert_true(mk_cut_find(s));
	assert_in_range(going(), 490, 510);
	assert_int_equal(crossing(), 20);
}

static void a_pipeline_becomes_two_halves(void **state)
{
	(void)state;
	actors(6, 100000);
	for (uint32_t i = 1; i < 6; i++)
		talk(i, i + 1, 50);
	assert_true(mk_cut_find(s));
	assert_int_equal(going(), 3);
	assert_int_equal(crossing(), 50);
}

static void friends_go_together(void **state)
{
	enum { CIRCLES = 4, FRIENDS = 5 };
	(void)state;
	actors(CIRCLES * FRIENDS, 10000);
	for (uint32_t i = 1; i <= CIRCLES * FRIENDS; i++)
		for (uint32_t k = i + 1; k <= CIRCLES * FRIENDS; k++)
			if (i % CIRCLES == k % CIRCLES)
				talk(i, k, 30);
	assert_true(mk_cut_find(s));
	assert_int_equal(going(), 2 * FRIENDS);
	assert_int_equal(crossing(), 0);
}

/* Each of them but the last two talks with nobody. */
static void the_last_two_of_a_full_sample_go_together(void **state)
{
	(void)state;
	actors(MK_SAMPLE_ACTORS, 1000);
	for (uint32_t i = 0; i < MK_SAMPLE_ACTORS - 2; i++)
		s->actors[i].fixed = true;
	s->ns = 8000;
	talk(MK_SAMPLE_ACTORS - 1, MK_SAMPLE_ACTORS, 1000);
	assert_true(mk_cut_find(s));
	assert_int_equal(going(), 2);
}

/* An event to a hundred crosses once. */
static void half_of_a_large_audience_goes(void **state)
{
	enum { AUDIENCE = 100 };
	(void)state;
	actors(1, 10000);
	actors(AUDIENCE, 1000);
	for (uint32_t i = 2; i <= AUDIENCE + 1; i++)
		mk_sample_talk(s, 0, i - 1, 100 * EVENT / AUDIENCE);
	assert_true(mk_cut_find(s));
	assert_in_range(going(), 45, 60);
}

static void those_that_talk_with_the_other_worker_go_first(void **state)
{
	(void)state;
	actors(10, 10000);
	for (uint32_t i = 5; i <= 8; i++)
		s->actors[i - 1].there = 40 * EVENT;
	assert_true(mk_cut_find(s));
	for (uint32_t i = 5; i <= 8; i++)
		assert_true(goes(i));
}

/* ---- what stays whole ------------------------------------------------------------------------------ */

static void a_mesh_stays(void **state)
{
	enum { MESH = 60 };
	(void)state;
	actors(MESH, MESH * 2 * 60);
	for (uint32_t i = 1; i <= MESH; i++)
		for (uint32_t k = i + 1; k <= MESH; k++)
			talk(i, k, 2);
	assert_false(mk_cut_find(s));
	assert_int_equal(going(), 0);
}

static void two_that_wait_for_each_other_stay(void **state)
{
	(void)state;
	actors(2, 1000000);
	s->actors[0].beside_ns = s->actors[1].beside_ns = 0;
	talk(1, 2, 1);
	assert_false(mk_cut_find(s));
	assert_null(mk_cut_to_lend(s));
}

static void what_is_fixed_stays(void **state)
{
	(void)state;
	actors(4, 10000);
	for (uint32_t i = 0; i < 4; i++)
		s->actors[i].fixed = i != 2;
	assert_true(mk_cut_find(s));
	assert_int_equal(going(), 1);
	assert_true(goes(3));
}

static void nothing_goes_to_a_worker_that_would_have_more_to_do(void **state)
{
	(void)state;
	s->spare_percent = 30;
	actors(2, 10000);
	assert_false(mk_cut_find(s));
}

/* ---- what two workers run in turns ------------------------------------------------------------------- */

/* The other worker is busy half of the time: with one of the two it would have as much to do as this one now. */
static void of_two_large_ones_one_is_lent(void **state)
{
	(void)state;
	s->spare_percent = 50;
	actors(2, 10000);
	talk(1, 2, 5);
	assert_false(mk_cut_find(s));
	assert_non_null(mk_cut_to_lend(s));
}

static void what_talks_too_much_is_not_lent(void **state)
{
	(void)state;
	s->spare_percent = 50;
	actors(2, 10000);
	talk(1, 2, 21);
	assert_null(mk_cut_to_lend(s));
}

static void nothing_is_lent_for_little(void **state)
{
	(void)state;
	s->spare_percent = 39;
	actors(2, 10000);
	assert_null(mk_cut_to_lend(s));
}

/* ---- a worker for one --------------------------------------------------------------------------------------- */

static void one_with_long_runs_gets_a_worker_for_itself(void **state)
{
	(void)state;
	actors(1, 50000000);
	actors(1, 10000);
	s->actors[0].long_runs = 2;
	assert_false(mk_cut_find(s));
	assert_ptr_equal(mk_cut_to_isolate(s), &s->actors[0]);
	s->actors[0].long_runs = 1; /* the thread may have lost its core */
	assert_null(mk_cut_to_isolate(s));
}

static void not_one_that_is_alone_or_whose_place_is_taken(void **state)
{
	(void)state;
	actors(1, 50000000);
	s->actors[0].long_runs = 2;
	assert_null(mk_cut_to_isolate(s));
	actors(1, 10000);
	s->idle_percent = 79;
	assert_null(mk_cut_to_isolate(s));
}

/* ---- a sample is bounded ---------------------------------------------------------------------------------- */

static void a_sample_takes_so_many_actors_and_pairs(void **state)
{
	(void)state;
	actors(MK_SAMPLE_ACTORS, 1);
	assert_int_equal(mk_sample_actor(s, MK_SAMPLE_ACTORS + 1), MK_SAMPLE_ACTORS);
	assert_int_equal(mk_sample_actor(s, 7), 6);
	for (uint32_t step = 1; step <= 5; step++)
		for (uint32_t i = 1; i + step <= MK_SAMPLE_ACTORS; i++)
			talk(i, i + step, 1);
	assert_int_equal(s->pair_count, MK_SAMPLE_PAIRS);
	talk(2, 1, 1);
	assert_int_equal(s->pair_count, MK_SAMPLE_PAIRS);
	assert_int_equal(s->pairs[0].parts, 2 * EVENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_ring_becomes_two_arcs),
		TEST(a_pipeline_becomes_two_halves),
		TEST(friends_go_together),
		TEST(the_last_two_of_a_full_sample_go_together),
		TEST(half_of_a_large_audience_goes),
		TEST(those_that_talk_with_the_other_worker_go_first),
		TEST(a_mesh_stays),
		TEST(two_that_wait_for_each_other_stay),
		TEST(what_is_fixed_stays),
		TEST(nothing_goes_to_a_worker_that_would_have_more_to_do),
		TEST(of_two_large_ones_one_is_lent),
		TEST(what_talks_too_much_is_not_lent),
		TEST(nothing_is_lent_for_little),
		TEST(one_with_long_runs_gets_a_worker_for_itself),
		TEST(not_one_that_is_alone_or_whose_place_is_taken),
		TEST(a_sample_takes_so_many_actors_and_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
