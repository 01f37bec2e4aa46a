/*
 * C20: restarts and moves that meet a removal: no command arrives at an actor that has been freed, and one that goes is
 * freed although others leave its worker at the same time.
 */
#include "support.h"

#include <malloc.h>
#include <maiko/testing/sim.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

PER_TEST _Atomic(uint64_t) tried, done;

/* ---- memory: counted, and spoiled when it is freed ------------------------------------------------------ */

static _Atomic(int64_t) living;
static void *counted(void *memory)
{
	atomic_fetch_add(&living, memory != NULL);
	return memory;
}
static void *count_malloc(size_t size, void *arg) { return counted(malloc(size)); }
static void *count_calloc(size_t n, size_t size, void *arg) { return counted(calloc(n, size)); }
static void *count_realloc(void *memory, size_t size, void *arg)
{
	return memory == NULL ? counted(malloc(size)) : realloc(memory, size);
}
static void spoil(void *memory, void *arg)
{
	if (memory == NULL)
		return;
	memset(memory, 0xdd, malloc_usable_size(memory));
	atomic_fetch_sub(&living, 1);
	free(memory);
}

/* Runs the script in simulations with more seeds than TEST_SIM has. */
static void explore(uint32_t workers_from, void (*script)(maiko_sim *sim, uint32_t workers))
{
	enum { SEEDS = 60 };
	ok(maiko_set_allocator(&(maiko_allocator){.malloc = count_malloc,
						  .calloc = count_calloc,
						  .realloc = count_realloc,
						  .free = spoil}));
	for (uint32_t workers = workers_from; workers <= 4; workers++)
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			maiko_sim *sim;
			test_begin();
			int64_t before = atomic_load(&living);
			ok(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .supervisor.workers = workers}));
			script(sim, workers);
			if (maiko_sim_finish(sim) != 0)
				fail_msg("seed %llu, %u workers: %s", (unsigned long long)seed, workers,
					 maiko_sim_failure(sim));
			assert_null(maiko_sim_free(sim));
			if (atomic_load(&living) != before)
				fail_msg("seed %llu, %u workers: %lld allocations are left", (unsigned long long)seed,
					 workers, (long long)(atomic_load(&living) - before));
			assert_int_equal(test_wrong(), 0);
		}
	ok(maiko_set_allocator(NULL));
}

/* ---- a start that always fails, without delay ------------------------------------------------------------ */

typedef struct hopeless {
	uint32_t unused;
} hopeless;
static int hopeless_on_start(hopeless *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&tried, 1);
	return UV_ENODEV;
}
MAIKO_ACTOR(hopeless, MAIKO_ON_START(hopeless_on_start));

static maiko_actor_id id;
static maiko_group_id group;

/* There are two commands for it when its removal begins: the start that is tried for ever, and that of the request. */
static int ask_and_remove(maiko_ctx *ctx)
{
	expect(maiko_restart(ctx, id) == 0);
	return maiko_remove(ctx, id);
}
static int ask_and_remove_all(maiko_ctx *ctx)
{
	expect(maiko_restart(ctx, id) == 0);
	return maiko_remove_group(ctx, group);
}

static void try_for_ever(maiko_sim *sim, uint32_t workers, int (*end)(maiko_ctx *ctx))
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	maiko_actor_id found;
	ok(maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .backoff = &(maiko_backoff){.first_ms = 0},
		       .ret_id = &group));
	ok(maiko_add(sup, hopeless, "hopeless", .group = group, .start_may_fail = true, .worker = workers,
		     .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_add(sup, puppet, "puppet", .worker = 1));
	ok(maiko_start(sup));
	test_order(sup, "puppet", end);
	while (maiko_find(sup, "hopeless", &found) == 0)
		assert_int_equal(maiko_sim_step(sim), 1);
	ok(maiko_sim_run(sim));
	assert_true(atomic_load(&tried) > 0);
}
static void remove_it(maiko_sim *sim, uint32_t workers) { try_for_ever(sim, workers, ask_and_remove); }
static void remove_its_group(maiko_sim *sim, uint32_t workers) { try_for_ever(sim, workers, ask_and_remove_all); }

TEST_ONCE(one_whose_start_always_fails_is_removed) { explore(1, remove_it); }
TEST_ONCE(one_whose_start_always_fails_is_removed_with_its_group) { explore(1, remove_its_group); }

/* ---- those that move, and go ------------------------------------------------------------------------------- */

enum { MOVERS = 6 };

typedef struct mover {
	uint32_t unused;
} mover;
static int mover_on_item(mover *self, const item *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(mover, MAIKO_ON(item, mover_on_item));

static maiko_actor_id movers[MOVERS];
static uint32_t to;

/* All have work, every other one is removed, and all are to move: some of those that are removed are in the list of the
 * ready ones, as about to move, when another leaves the worker. */
static int move_and_remove(maiko_ctx *ctx)
{
	for (uint32_t n = 0; n < 3; n++)
		expect(maiko_send(ctx, item, .n = n) == 0);
	for (int i = 0; i < MOVERS; i++)
		expect(maiko_move(ctx, movers[i], to) == 0);
	for (int i = 0; i < MOVERS; i += 2)
		expect(maiko_remove(ctx, movers[i]) == 0);
	return 0;
}

static void move_meets_removal(maiko_sim *sim, uint32_t workers)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	to = workers;
	for (int i = 0; i < MOVERS; i++)
		ok(maiko_add(sup, mover, test_name("mover", (uint64_t)i), .worker = 1, .ret_id = &movers[i],
			     .restart = i % 3 == 0 ? MAIKO_TRANSIENT : MAIKO_RESTART_UNSAID));
	ok(maiko_add(sup, puppet, "puppet", .worker = 1));
	ok(maiko_start(sup));
	test_order(sup, "puppet", move_and_remove);
	ok(maiko_sim_run(sim));
}

TEST_ONCE(those_that_go_while_others_move_are_freed) { explore(2, move_meets_removal); }

/* ---- one that never comes ------------------------------------------------------------------------------------ */

static void note_done(void *arg, const maiko_completion *completion)
{
	expect(completion->change == MAIKO_CHANGE_RESTART && completion->status == MAIKO_ESHUTDOWN);
	atomic_fetch_add(&done, 1);
}

/* Its addition waits for another change, and is refused by the stop that has begun meanwhile. */
static int add_too_late(maiko_ctx *ctx)
{
	expect(maiko_unsubscribe(ctx, movers[0], MAIKO_TOPIC_REF(items)) == 0);
	expect(maiko_add(ctx, mover, "late", .restart = MAIKO_TRANSIENT, .ret_id = &id) == 0);
	expect(maiko_restart(ctx, id, .done = note_done) == 0);
	return maiko_stop_all(ctx);
}

static void ask_for_one_that_never_comes(maiko_sim *sim, uint32_t workers)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	ok(maiko_add(sup, mover, "mover", .worker = workers, .ret_id = &movers[0]));
	ok(maiko_add(sup, puppet, "puppet", .worker = 1));
	ok(maiko_start(sup));
	test_order(sup, "puppet", add_too_late);
	ok(maiko_join(sup));
	assert_int_equal(atomic_load(&done), 1);
}

TEST_ONCE(who_asks_for_a_restart_of_one_that_never_comes_is_told) { explore(1, ask_for_one_that_never_comes); }
