/*
 * keeper.c: what is kept, before, during and after a change; the bounds by number and bytes; and what cannot be kept.
 */
#include "registry/keeper.h"

#include "registry/registry.h"
#include "support.h"

#include <string.h>

enum { CHANGE = 5, EARLIER = CHANGE - 1, MOST = 8 };

typedef struct small {
	uint32_t n, key;
} small;
typedef struct large {
	uint32_t n, key;
	char text[692];
} large;
static uint64_t key_of(const maiko_any *any);
MAIKO_TOPIC(last, .retain = 3);
MAIKO_TOPIC(heavy, .retain = 8, .retain_kib = 1);
MAIKO_TOPIC(latest, .overflow = MAIKO_KEEP_LATEST, .key = key_of, .retain = 3);
MAIKO_TOPIC(anything);
MAIKO_EVENT(small, anything, n, key);
MAIKO_EVENT(large, anything, n, key, text);
static uint64_t key_of(const maiko_any *any) { return maiko_as(any, small)->key; }

static maiko_supervisor *sup;
static mk_worker *worker;
static mk_keeper *keeper;

static void begin(const maiko_topic *topic)
{
	mk_record *r;
	sup = test_supervisor(1);
	worker = mk_worker_at(sup, 0);
	worker->marker = EARLIER;
	ok(mk_registry_topic(sup, topic, &r));
	keeper = r->keeper;
	assert_ptr_equal(mk_keeper_here(worker, r), keeper);
}

static void end(void) { test_release(sup); }

/* A joining is applied here, or settled. */
static void apply(void)
{
	worker->splits = true;
	worker->marker = CHANGE;
}
static void settle(void) { mk_keepers_merge(worker); }

static void take(const maiko_event_type *desc, const void *value, uint64_t marker)
{
	const mk_type *type;
	ok(mk_registry_type(sup, desc, &type));
	mk_event *e = mk_event_make(&worker->pool, type, value, NULL);
	assert_non_null(e);
	e->sender = sup->own_sender;
	e->refs = 1;
	mk_keeper_take(worker, keeper, e, marker);
	mk_event_unref(&worker->pool, e);
}
static void take_small(uint32_t n, uint32_t key, uint64_t marker)
{
	take(MAIKO_EVENT_REF(small), &(small){n, key}, marker);
}
static void take_large(uint32_t n, uint64_t marker) { take(MAIKO_EVENT_REF(large), &(large){.n = n}, marker); }

/* The same, without memory for a copy. */
static void lose_small(uint32_t n, uint32_t key, uint64_t marker)
{
	const mk_type *type;
	ok(mk_registry_type(sup, MAIKO_EVENT_REF(small), &type));
	mk_event *e = mk_event_make(&worker->pool, type, &(small){n, key}, NULL);
	assert_non_null(e);
	e->sender = sup->own_sender;
	e->refs = 1;
	test_allocator_fail_at(0, false);
	mk_keeper_take(worker, keeper, e, marker);
	assert_true(test_allocator_has_failed());
	test_allocator_fail_never();
	mk_event_unref(&worker->pool, e);
}

/* The numbers of what a joiner would be given now. */
static void expect_kept(const char *numbers)
{
	char text[64] = "";
	mk_event *copies[MOST];
	uint32_t count = mk_keeper_copy(keeper, copies);
	assert_int_equal(count, mk_keeper_count(keeper));
	assert_int_equal(mk_count(&keeper->count), count);
	for (uint32_t i = 0; i < count; i++) {
		char one[16];
		snprintf(one, sizeof one, "%s%u", i == 0 ? "" : " ", *(const uint32_t *)copies[i]->data);
		strcat(text, one);
		assert_true(mk_is_retained(copies[i]));
		mk_event_unref(NULL, copies[i]);
	}
	assert_string_equal(text, numbers);
}

TEST_ONCE(the_last_ones)
{
	begin(MAIKO_TOPIC_REF(last));
	expect_kept("");
	for (uint32_t n = 1; n <= 5; n++)
		take_small(n, 0, EARLIER);
	expect_kept("3 4 5");
	assert_int_equal(mk_count(&keeper->bytes), 3 * sizeof(small));
	end();
}

TEST_ONCE(during_a_change_those_before_it)
{
	begin(MAIKO_TOPIC_REF(last));
	take_small(1, 0, EARLIER);
	apply();
	take_small(3, 0, CHANGE);
	take_small(2, 0, EARLIER);
	take_small(4, 0, CHANGE);
	expect_kept("1 2");
	settle();
	expect_kept("2 3 4");
	take_small(5, 0, CHANGE);
	expect_kept("3 4 5");
	end();
}

TEST_ONCE(more_since_the_change_than_is_kept)
{
	begin(MAIKO_TOPIC_REF(last));
	take_small(1, 0, EARLIER);
	apply();
	for (uint32_t n = 2; n <= 6; n++)
		take_small(n, 0, CHANGE);
	expect_kept("1");
	settle();
	expect_kept("4 5 6");
	end();
}

/* Of 1024 bytes a large one takes 700. */
TEST_ONCE(as_many_bytes_as_there_may_be_and_no_gap)
{
	begin(MAIKO_TOPIC_REF(heavy));
	take_small(1, 0, EARLIER);
	take_large(2, EARLIER);
	expect_kept("1 2");
	take_large(3, EARLIER);
	expect_kept("3");
	take_small(4, 0, EARLIER);
	expect_kept("3 4");
	end();
	begin(MAIKO_TOPIC_REF(heavy));
	take_small(1, 0, EARLIER);
	apply();
	take_large(2, CHANGE);
	take_large(3, CHANGE); /* leaves the second out: so the first, for which there is room, goes as well */
	expect_kept("1");
	settle();
	expect_kept("3");
	end();
}

TEST_ONCE(by_key_the_longest_unchanged_goes)
{
	begin(MAIKO_TOPIC_REF(latest));
	take_small(1, 1, EARLIER);
	take_small(2, 2, EARLIER);
	take_small(3, 3, EARLIER);
	take_small(4, 1, EARLIER);
	expect_kept("2 3 4");
	take_small(5, 4, EARLIER);
	expect_kept("3 4 5");
	apply();
	take_small(6, 3, CHANGE);
	expect_kept("3 4 5");
	settle();
	expect_kept("4 5 6");
	end();
}

TEST_ONCE(what_cannot_be_kept_takes_all_before_it_along)
{
	begin(MAIKO_TOPIC_REF(last));
	take_small(1, 0, EARLIER);
	lose_small(2, 0, EARLIER);
	expect_kept("");
	take_small(3, 0, EARLIER);
	expect_kept("3");
	apply();
	take_small(4, 0, CHANGE);
	lose_small(5, 0, CHANGE);
	take_small(6, 0, CHANGE);
	expect_kept("3");
	settle();
	expect_kept("6");
	assert_int_equal(mk_count(&keeper->unretained), 2);
	apply();
	lose_small(7, 0, CHANGE);
	settle();
	expect_kept("");
	end();
}

TEST_ONCE(by_key_its_predecessor)
{
	begin(MAIKO_TOPIC_REF(latest));
	take_small(1, 1, EARLIER);
	take_small(2, 2, EARLIER);
	lose_small(3, 1, EARLIER);
	expect_kept("2");
	take_small(4, 1, EARLIER);
	apply();
	take_small(5, 2, CHANGE);
	lose_small(6, 2, CHANGE);
	lose_small(7, 3, CHANGE);
	expect_kept("2 4");
	settle();
	expect_kept("4");
	take_small(8, 2, CHANGE);
	take_small(9, 3, CHANGE);
	expect_kept("4 8 9");
	end();
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
