/*
 * test_watch_memory.c - without memory a watch is refused and has no effect; one that was accepted is told of the end
 * all the same; what the library cannot tell on its topics is counted, and nothing else is lost (C15).
 *
 * SPDX-License-Identifier: MIT
 */
#include "no_memory.h"

#include <string.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

enum { TARGETS = 3 };
PER_TEST maiko_actor_id ids[TARGETS];
PER_TEST _Atomic(uint64_t) accepted, told, ends_heard, letters;

typedef struct target {
	uint32_t unused;
} target;
static int target_on_start(target *self, maiko_ctx *ctx)
{
	(void)well(maiko_hold(ctx));
	return 0;
}
static int target_on_item(target *self, const item *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(target, MAIKO_ON_START(target_on_start), MAIKO_ON(item, target_on_item));

typedef struct watcher {
	uint32_t unused;
} watcher;
static int watcher_on_start(watcher *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < TARGETS; i++)
		if (ids[i] != 0 && well(maiko_watch(ctx, ids[i])))
			atomic_fetch_add(&accepted, 1);
	return 0;
}
static int watcher_on_ended(watcher *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&told, 1);
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(watcher, MAIKO_ON_START(watcher_on_start), MAIKO_ON(maiko_ended, watcher_on_ended));

typedef struct operator { uint32_t unused; }
operator;
static int operator_on_ended(operator* self, const maiko_ended *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&ends_heard, 1);
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
static int operator_on_letter(operator* self, const maiko_dead_letter *ev, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(ev);
	expect(maiko_as(&any, item) != NULL);
	atomic_fetch_add(&letters, 1);
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(operator, MAIKO_ON(maiko_ended, operator_on_ended), MAIKO_ON(maiko_dead_letter, operator_on_letter));

static uint64_t no_memory_for(const maiko_ledger *ledger, const char *topic)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (strcmp(ledger->topics[i]->name, topic) == 0)
			lost += ledger->topics[i]->counts.no_memory + ledger->topics[i]->channel_dropped;
	return lost;
}

static void end_targets(maiko_supervisor *sup)
{
	uint64_t ended = 0;
	for (uint32_t i = 0; i < TARGETS; i++) {
		while (ids[i] != 0 && !well(maiko_remove(sup, ids[i])))
			test_allocator_fail_never();
		ended += ids[i] != 0;
	}
	test_wait_for(&told, atomic_load(&accepted));
	test_allocator_fail_never();
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&told), atomic_load(&accepted));
	uint64_t lost =
		ledger->untold + no_memory_for(ledger, "maiko.lifecycle") + no_memory_for(ledger, "maiko.dead_letters");
	assert_int_equal(ends_heard + letters + lost, ended + ledger->total.dead);
}

static void play(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers, .no_balance = true});
	if (sup == NULL)
		return;
	for (uint32_t i = 0; i < TARGETS; i++)
		(void)well(
			maiko_add(sup, target, test_name("target", i), .worker = 1 + i % workers, .ret_id = &ids[i]));
	bool heard = well(maiko_add(sup, operator, "operator", .worker = 1,
				    .topics = MAIKO_TOPICS(maiko_lifecycle_topic, maiko_dead_letters_topic)));
	bool watched = well(maiko_add(sup, watcher, "watcher", .worker = workers));
	if (heard && watched && well(maiko_start(sup))) {
		(void)well(maiko_send(sup, item, .n = 1));
		(void)well(maiko_send(sup, item, .n = 2));
		end_targets(sup);
	}
	(void)no_memory_finish(sup);
}

TEST_ONCE(any_allocation_may_fail)
{
	no_memory_play(play, 1, false);
	no_memory_play(play, 2, false);
}

TEST_ONCE(all_allocations_may_fail)
{
	no_memory_play(play, 1, true);
	no_memory_play(play, 2, true);
}

/* ---- a watch that waits for memory, and ends meanwhile ---------------------------------------------- */

PER_TEST bool waits; /* a watch was accepted, though one of its allocations has failed */

typedef struct wavering {
	uint32_t unused;
} wavering;
static int wavering_on_item(wavering *self, const item *ev, maiko_ctx *ctx)
{
	for (uint64_t n = 0; !waits; n++) {
		test_allocator_fail_at(n, false);
		int rc = maiko_watch(ctx, ids[0]);
		waits = rc == 0 && test_allocator_has_failed();
		test_allocator_fail_never();
		expect(waits || rc == MAIKO_ENOMEM);
		if (rc == 0)
			return maiko_unwatch_actor(ctx, ids[0]);
	}
	return 0;
}
static int wavering_on_ended(wavering *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&told, 1);
	return 0;
}
MAIKO_ACTOR(wavering, MAIKO_ON(item, wavering_on_item), MAIKO_ON(maiko_ended, wavering_on_ended));

typedef struct plain {
	uint32_t unused;
} plain;
static int plain_on_item(plain *self, const item *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(plain, MAIKO_ON(item, plain_on_item));

/* It is tried again with the next change: the simulation fails if the actor then has a watcher. */
TEST_SIM(a_watch_that_has_ended_before_there_is_memory_for_it_leaves_nothing)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, plain, "watched", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = &ids[0]));
	ok(maiko_add(sup, wavering, "wavering", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_settle(sup);
	assert_true(waits);
	ok(maiko_add(sup, plain, "late"));
	test_settle(sup);
	ok(maiko_remove(sup, ids[0]));
	(void)test_finish(sup);
	assert_int_equal(told, 0);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
