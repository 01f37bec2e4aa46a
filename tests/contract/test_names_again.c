/*
 * A name is free when its actor's end begins: who hears of that by what its on_stop sends can add
 * another of that name, which starts when the on_stop has returned. Ids are never used again.
 */
#include "support.h"

#include <string.h>

typedef struct gone {
	maiko_actor_id id;
	bool last;
} gone;
typedef struct leave {
	maiko_actor_id id;
} leave;
MAIKO_TOPIC(endings);
MAIKO_TOPIC(orders);
MAIKO_EVENT(gone, endings, id, last);
MAIKO_EVENT(leave, orders, id);

enum { ROUNDS = 60, WORDS = 200 };

PER_TEST _Atomic(uint64_t) rounds, open;

/* ---- ends in one of several ways; has something that only one may have at a time ---- */

typedef enum way { LEAVES, FAILS, IS_REMOVED, WAYS } way;

typedef struct child {
	way way;
} child;

static int child_on_start(child *self, maiko_ctx *ctx)
{
	expect(atomic_fetch_add(&open, 1) == 0);
	return 0;
}
static maiko_next child_tick(child *self, maiko_ctx *ctx)
{
	if (self->way == FAILS)
		return maiko_failed(MAIKO_ECANCELED);
	int rc = self->way == LEAVES ? maiko_stop_self(ctx) : maiko_send(ctx, leave, .id = maiko_self(ctx));
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}
/* The first word can be heard long before this returns. */
static int child_on_stop(child *self, maiko_ctx *ctx)
{
	maiko_actor_id id;
	int rc = maiko_find(maiko_supervisor_of(ctx), maiko_name(ctx), &id);
	expect(maiko_stopping(ctx) || rc == MAIKO_ENOENT || id != maiko_self(ctx));
	for (uint32_t n = 0; n < WORDS; n++)
		expect(maiko_send(ctx, gone, .id = maiko_self(ctx), .last = n == WORDS - 1) == 0);
	expect(atomic_fetch_sub(&open, 1) == 1);
	return 0;
}
MAIKO_ACTOR(child, MAIKO_ON_START(child_on_start), MAIKO_TICK(child_tick), MAIKO_ON_STOP(child_on_stop));

/* ---- adds the next one as soon as it hears of the end ---- */

typedef struct parent {
	maiko_actor_id answered, last;
	uint32_t left;
} parent;

static int parent_on_gone(parent *self, const gone *ev, maiko_ctx *ctx)
{
	maiko_actor_id id = 0;
	if (ev->id == self->answered)
		return 0;
	self->answered = ev->id;
	atomic_fetch_add(&rounds, 1);
	if (self->left == 0 || maiko_stopping(ctx))
		return 0;
	self->left--;
	expect(maiko_add(ctx, child, "child", .init = &(child){(way)(self->left % WAYS)}, .ret_id = &id,
			 .restart = MAIKO_TEMPORARY) == 0);
	expect(id != 0 && id != ev->id);
	return 0;
}
static int parent_on_leave(parent *self, const leave *ev, maiko_ctx *ctx) { return maiko_remove(ctx, ev->id); }
MAIKO_ACTOR(parent, MAIKO_ON(gone, parent_on_gone), MAIKO_ON(leave, parent_on_leave));

static void add_again_and_again(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, parent, "parent", .worker = 1, .init = &(parent){.left = ROUNDS}));
	ok(maiko_start(sup));
	ok(maiko_add(sup, child, "child", .restart = MAIKO_TEMPORARY));
	test_wait_for(&rounds, ROUNDS + 1);
	test_finish(sup);
	assert_int_equal(atomic_load(&open), 0);
}

TEST_SIM(a_name_is_free_when_its_actor_says_that_it_ends) { add_again_and_again(workers); }
TEST_WORKERS(so_it_is_on_threads) { add_again_and_again(workers); }
