/*
 * watches.c - operations among n watches.
 */
#include "growth.h"

#include <maiko/lifecycle.h>
#include <stdlib.h>

typedef struct mark {
	uint32_t number;
} mark;
MAIKO_TOPIC(marks);
MAIKO_EVENT(mark, marks, number);

static maiko_actor_id *ids;
static uint64_t done, told;

typedef struct target {
	uint32_t marks;
} target;
static int target_on_mark(target *self, const mark *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->marks++;
	return 0;
}
MAIKO_ACTOR(target, MAIKO_ON(mark, target_on_mark));

/* Watches those from `first` on. A mark says how many of them it is to watch anew. */
typedef struct guard {
	uint32_t first, count;
} guard;
static int guard_on_start(guard *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < self->count; i++)
		rc = maiko_watch(ctx, ids[self->first + i]);
	return rc;
}
static int guard_on_mark(guard *self, const mark *ev, maiko_ctx *ctx)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < ev->number; i++) {
		maiko_actor_id id = ids[self->first + i % self->count];
		rc = maiko_unwatch_actor(ctx, id);
		if (rc == 0)
			rc = maiko_watch(ctx, id);
		done += rc == 0;
	}
	return rc;
}
static int guard_on_ended(guard *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	told++;
	return 0;
}
MAIKO_ACTOR(guard, MAIKO_ON_START(guard_on_start), MAIKO_ON(mark, guard_on_mark),
	    MAIKO_ON(maiko_ended, guard_on_ended));

static int add_targets(uint32_t n)
{
	int rc = growth_open();
	ids = calloc(n, sizeof *ids);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = maiko_add(growth_sup, target, growth_name(i), .topics = MAIKO_NO_TOPICS, .ret_id = &ids[i]);
	return rc;
}

/* The first ones alone hear the marks. */
static int add_guards(uint32_t n, uint32_t targets)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		guard init = {.first = i % targets, .count = 1};
		rc = maiko_add(growth_sup, guard, growth_name(targets + i), .init = &init,
			       .topics = i < growth_some(n) ? NULL : MAIKO_NO_TOPICS);
	}
	return rc;
}

/* One actor has n watches. */
static int prepare_of_one(uint32_t n)
{
	int rc = add_targets(n);
	if (rc == 0)
		rc = maiko_add(growth_sup, guard, "guard", .init = &(guard){.first = 0, .count = n});
	return rc != 0 ? rc : growth_start();
}

/* n actors watch the same one. */
static int prepare_on_one(uint32_t n)
{
	int rc = add_targets(1);
	if (rc == 0)
		rc = add_guards(n, 1);
	return rc != 0 ? rc : growth_start();
}

static int watch_again(uint32_t n, uint32_t each, uint64_t *ret_done)
{
	int rc = maiko_send(growth_sup, mark, .number = each);
	growth_until(&done, growth_some(n));
	*ret_done = done;
	return rc;
}
static int run_of_one(uint32_t n, uint64_t *ret_done) { return watch_again(n, growth_some(n), ret_done); }
static int run_on_one(uint32_t n, uint64_t *ret_done) { return watch_again(n, 1, ret_done); }

/* Each of n actors watches another. The first removal, which creates the indices that it uses, is not measured. */
static int prepare_each_one(uint32_t n)
{
	int rc = add_targets(n + 1);
	if (rc == 0)
		rc = add_guards(n + 1, n + 1);
	if (rc == 0)
		rc = growth_start();
	if (rc == 0)
		rc = maiko_remove(growth_sup, ids[n]);
	growth_until(&told, 1);
	return rc;
}

static int run_ended(uint32_t n, uint64_t *ret_done)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < growth_some(n); i++, ++*ret_done) {
		rc = maiko_remove(growth_sup, ids[i]);
		growth_until(&told, i + 2);
	}
	return rc;
}

const growth_operation growth_watches[] = {{"watch", prepare_of_one, run_of_one, 0},
					   {"watch-same", prepare_on_one, run_on_one, 0},
					   {"ended", prepare_each_one, run_ended, 0},
					   {.name = NULL}};
