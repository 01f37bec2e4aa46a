/*
 * test_group.c - the tree of groups by itself: how many failures a group repairs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "registry/group.h"

#include "support.h"

enum { NS_PER_MS = 1000000 };

static mk_group *group(maiko_supervisor *sup, const char *name, const maiko_group_options *options)
{
	mk_group *g = NULL;
	assert_int_equal(mk_group_new(sup, name, options, 0, &g), 0);
	return g;
}

static void failures_count_for_as_long_as_the_group_says(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_group *g = group(sup, "g", &(maiko_group_options){.restarts = 2, .within_ms = 10});
	assert_true(mk_group_count(g, 100 * NS_PER_MS));
	assert_true(mk_group_count(g, 105 * NS_PER_MS));
	assert_true(mk_group_count(g, 111 * NS_PER_MS)); /* the first is too long ago */
	assert_false(mk_group_count(g, 114 * NS_PER_MS));
	assert_true(mk_group_count(g, 115 * NS_PER_MS)); /* its failure is its parent's: it begins anew */
	assert_int_equal(g->failures, 5);
	test_release(sup);
}

/* Each worker reads its clock once in a turn, so a failure may be reported with a time before that of the last one. */
static void a_failure_with_an_earlier_time_counts(void **state)
{
	(void)state;
	maiko_supervisor *sup = test_supervisor(1);
	mk_group *g = group(sup, "g", &(maiko_group_options){.restarts = 1, .within_ms = 10});
	assert_true(mk_group_count(g, 100 * NS_PER_MS));
	assert_false(mk_group_count(g, 100 * NS_PER_MS - 1));
	test_release(sup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_count_for_as_long_as_the_group_says),
		cmocka_unit_test(a_failure_with_an_earlier_time_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
