/*
 * C15, C20: whichever allocation fails, and from any on: a group is made or not, a supervised actor is added or not; a
 * restart that has begun needs no memory, and an event that cannot go back to its mailbox is set aside.
 */
#include "no_memory.h"

#include <uv.h>

typedef struct blow {
	uint32_t n;
	char text[200];
} blow;
MAIKO_TOPIC(blows);
MAIKO_EVENT(blow, blows, n, text);

enum { LAST = 200 };

PER_TEST _Atomic(uint64_t) starts, stops, lasts;

/* Fails with every second attempt; has a tick, keeps and sends, so that a restart has something to end. */
typedef struct phoenix {
	uint32_t handled;
} phoenix;
static int phoenix_on_start(phoenix *self, maiko_ctx *ctx)
{
	expect(self->handled == 0);
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int phoenix_on_stop(phoenix *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int phoenix_on_blow(phoenix *self, const blow *ev, maiko_ctx *ctx)
{
	(void)maiko_keep(ctx, ev);
	(void)maiko_send_after_ms(ctx, 60000, NULL, blow, .n = 100);
	if (ev->n < 100 && self->handled++ % 2 == 1)
		return UV_EIO;
	atomic_fetch_add(&no_memory_handled, 1);
	atomic_fetch_add(&lasts, ev->n == LAST);
	return 0;
}
static maiko_next phoenix_tick(phoenix *self, maiko_ctx *ctx) { return maiko_after_events(); }
MAIKO_ACTOR(phoenix, MAIKO_ON_START(phoenix_on_start), MAIKO_ON_STOP(phoenix_on_stop), MAIKO_ON(blow, phoenix_on_blow),
	    MAIKO_TICK(phoenix_tick));

static void run(maiko_supervisor *sup, maiko_actor_id id)
{
	if (!well(maiko_start(sup)))
		return;
	for (uint32_t n = 1; n <= 6; n++) {
		(void)well(maiko_send(sup, blow, .n = n));
		(void)well(maiko_restart(sup, id));
	}
	test_allocator_fail_never();
	if (well(maiko_send(sup, blow, .n = LAST))) /* what was sent before comes before */
		test_wait_for(&lasts, 1);
}

static void play(uint32_t workers)
{
	test_begin();
	maiko_group_id group = 0, inner = 0;
	maiko_actor_id id = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers, .channel = 16});
	if (sup == NULL)
		return;
	maiko_backoff backoff = {.first_ms = 0};
	if (well(maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .strategy = MAIKO_ONE_FOR_ALL,
			     .ret_id = &group)) &&
	    well(maiko_group(sup, "inner", .group = group, .restarts = 10, .ret_id = &inner)) &&
	    well(maiko_add(sup, phoenix, "phoenix", .group = inner, .retries = 1, .backoff = &backoff,
			   .init = &(phoenix){0}, .mailbox = 64, .mailbox_bytes = 100000, .ret_id = &id)) &&
	    well(maiko_add(sup, phoenix, "other", .group = group, .topics = MAIKO_NO_TOPICS)))
		run(sup, id);
	(void)no_memory_finish(sup);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
}

TEST_ONCE(any_allocation_may_fail_while_actors_are_restarted)
{
	no_memory_play(play, 1, false);
	no_memory_play(play, 2, false);
}

TEST_ONCE(all_allocations_may_fail_while_actors_are_restarted)
{
	no_memory_play(play, 1, true);
	no_memory_play(play, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
