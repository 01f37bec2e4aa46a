/*
 * test_name_trie.c - names and patterns by tokens: what meets what, in which order, against a search of all; removal
 * leaves nothing; no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/memory.h"
#include "ds/name_trie.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

typedef struct named {
	mk_trie_entry entry;
	char text[32];
	uint32_t visits;
} named;

static char found[256];

static int visit(void *arg, mk_trie_entry *entry)
{
	named *n = MK_OF(entry, named, entry);
	n->visits++;
	if (arg != NULL)
		(void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", *found == '\0' ? "" : " ",
			       n->text);
	return 0;
}

static const char *walk(const mk_trie *trie, const char *text)
{
	found[0] = '\0';
	assert_int_equal(mk_trie_walk(trie, text, visit, found), 0);
	return found;
}

static void add(mk_trie *trie, named *n, const char *text)
{
	(void)snprintf(n->text, sizeof n->text, "%s", text);
	n->visits = 0;
	assert_int_equal(mk_trie_add(trie, &n->entry, n->text), 0);
}

static void a_token_of_one_character_makes_a_pattern(void **state)
{
	(void)state;
	static const char *const patterns[] = {"*", ">", "a.*", "*.a", "a.>", "a.>.b", "..*"};
	static const char *const names[] = {"a", "a*b", "a.b*", "*a.b", ">>", "a.**", "", ".", "a..b"};
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		assert_true(mk_name_is_pattern(patterns[i]));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(mk_name_is_pattern(names[i]));
}

static void texts_meet_if_a_name_fits_both(void **state)
{
	(void)state;
	static const char *const meet[][2] = {{"a", "a"},       {"a.b", "a.*"},  {"a.b", "*.b"}, {"a.b.c", "a.>"},
					      {"a", "*"},       {"a", ">"},      {"a.*", "*.b"}, {"a.>", "*.b.c"},
					      {"a.*.c", "a.>"}, {"*.*", "a.>"},  {">", ">"},     {"a..b", "a.*.b"},
					      {"*.x.*", "a.>"}, {"a.>", "a.b.>"}};
	static const char *const apart[][2] = {{"a", "b"},     {"a", "a.b"},   {"a", "a.>"},   {"a", "a.*"},
					       {"a.b", "*"},   {"a.*", "b.*"}, {"a.b", "a.c"}, {"*.b", "a.c"},
					       {"a.>", "b.>"}, {"ab", "a"}};
	for (size_t i = 0; i < sizeof meet / sizeof meet[0]; i++) {
		assert_true(mk_names_meet(meet[i][0], meet[i][1]));
		assert_true(mk_names_meet(meet[i][1], meet[i][0]));
	}
	for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
		assert_false(mk_names_meet(apart[i][0], apart[i][1]));
		assert_false(mk_names_meet(apart[i][1], apart[i][0]));
	}
}

static void a_walk_by_a_name_goes_from_equal_to_any_to_the_rest(void **state)
{
	(void)state;
	static const char *const texts[] = {">", "*.>", "a.>", "*.*", "a.*", "*.b", "a.b", "a.b.>", "a", "b.*"};
	mk_trie trie = {0};
	named all[10];
	for (size_t i = 0; i < 10; i++)
		add(&trie, &all[i], texts[i]);
	assert_string_equal(walk(&trie, "a.b"), "a.b a.* a.> *.b *.* *.> >");
	assert_string_equal(walk(&trie, "a"), "a >");
	assert_string_equal(walk(&trie, "x.y.z"), "*.> >");
	mk_trie_fini(&trie);
}

static void equal_texts_keep_their_order(void **state)
{
	(void)state;
	mk_trie trie = {0};
	named one, two, three;
	add(&trie, &one, "a.*");
	add(&trie, &two, "a.*");
	add(&trie, &three, "a.*");
	mk_trie_remove(&trie, &three.entry);
	mk_trie_remove(&trie, &three.entry); /* in no trie any more */
	add(&trie, &three, "a.*");
	mk_trie_remove(&trie, &one.entry);
	assert_int_equal(mk_trie_walk(&trie, "a.b", visit, NULL), 0);
	assert_true(one.visits == 0 && two.visits == 1 && three.visits == 1);
	mk_trie_remove(&trie, &two.entry);
	mk_trie_remove(&trie, &three.entry);
	assert_int_equal(trie.nodes.count, 0);
	mk_trie_fini(&trie);
}

/* Few tokens, so that much meets. */
static const char *random_text(uint64_t *seed, bool pattern, char text[32])
{
	static const char *const tokens[] = {"a", "b", "c", "ab", "*", ">"};
	uint32_t count = 1 + (uint32_t)(*seed >> 33) % 4;
	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint32_t choices = !pattern ? 4 : i + 1 < count ? 5 : 6;
		(void)snprintf(text + strlen(text), 32 - strlen(text), "%s%s", i == 0 ? "" : ".",
			       tokens[(*seed >> 33) % choices]);
	}
	return text;
}

/* Names, or patterns too, in the trie, against a comparison with all that are in it. */
static void compare(bool patterns)
{
	enum { MANY = 200, ROUNDS = 5000 };
	mk_trie trie = {0};
	static named all[MANY];
	bool in[MANY] = {false};
	uint64_t seed = 7;
	char text[32];
	for (int round = 0; round < ROUNDS; round++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint32_t i = (uint32_t)(seed >> 40) % MANY;
		if (in[i])
			mk_trie_remove(&trie, &all[i].entry);
		else
			add(&trie, &all[i], random_text(&seed, patterns, text));
		in[i] = !in[i];
		for (int k = 0; k < MANY; k++)
			all[k].visits = 0;
		(void)random_text(&seed, (round & 1) != 0, text);
		assert_int_equal(mk_trie_walk(&trie, text, visit, NULL), 0);
		for (int k = 0; k < MANY; k++)
			assert_int_equal(all[k].visits, in[k] && mk_names_meet(all[k].text, text) ? 1 : 0);
	}
	for (int k = 0; k < MANY; k++)
		if (in[k])
			mk_trie_remove(&trie, &all[k].entry);
	assert_int_equal(trie.nodes.count, 0);
	mk_trie_fini(&trie);
}

static void a_walk_finds_what_a_comparison_with_all_finds(void **state)
{
	(void)state;
	compare(false);
	compare(true);
}

static int stop_at_once(void *arg, mk_trie_entry *entry)
{
	(void)entry;
	return ++*(int *)arg == 2 ? 17 : 0;
}

static void a_result_ends_a_walk(void **state)
{
	(void)state;
	mk_trie trie = {0};
	named all[4];
	int visits = 0;
	assert_int_equal(mk_trie_walk(&trie, "a", stop_at_once, &visits), 0);
	for (size_t i = 0; i < 4; i++)
		add(&trie, &all[i], test_name("x", i));
	assert_int_equal(mk_trie_walk(&trie, ">", stop_at_once, &visits), 17);
	assert_int_equal(visits, 2);
	mk_trie_fini(&trie);
}

static void without_memory_nothing_is_left(void **state)
{
	(void)state;
	mk_trie trie = {0};
	named one = {.text = "a.b.c.d.e.f.g.h"}, other;
	add(&trie, &other, "a.b");
	uint64_t failures = 0;
	uint32_t nodes = trie.nodes.count;
	for (;; failures++) {
		test_allocator_fail_at(failures, false);
		int rc = mk_trie_add(&trie, &one.entry, one.text);
		test_allocator_fail_never();
		if (rc == 0)
			break;
		assert_int_equal(rc, MAIKO_ENOMEM);
		assert_int_equal(trie.nodes.count, nodes);
	}
	assert_true(failures >= 6);
	assert_string_equal(walk(&trie, ">"), "a.b a.b.c.d.e.f.g.h");
	mk_trie_fini(&trie);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_of_one_character_makes_a_pattern),
		cmocka_unit_test(texts_meet_if_a_name_fits_both),
		cmocka_unit_test(a_walk_by_a_name_goes_from_equal_to_any_to_the_rest),
		cmocka_unit_test(equal_texts_keep_their_order),
		cmocka_unit_test(a_walk_finds_what_a_comparison_with_all_finds),
		cmocka_unit_test(a_result_ends_a_walk),
		cmocka_unit_test(without_memory_nothing_is_left),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
