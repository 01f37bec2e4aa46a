/*
 * C15, C9: without memory a cycle of full mailboxes goes on: mutes, probes, verdicts and
 * spills, whichever allocation of them fails. Nothing is discarded.
 */
#include "no_memory.h"

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(work, orders);
MAIKO_TOPIC(tokens);
typedef struct token {
	uint32_t hops;
} token;
MAIKO_EVENT(token, tokens, hops);

/* Two of them fill each other's mailboxes: mutes, probes, verdicts, spills. */
typedef struct player {
	int unused;
} player;

static int player_on_token(player *self, const token *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	if (ev->hops > 0)
		(void)well(maiko_send(ctx, token, .hops = ev->hops - 1));
	return 0;
}

static int player_on_work(player *self, const work *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	for (int i = 0; i < 50; i++)
		(void)well(maiko_send(ctx, token, .hops = 5));
	return 0;
}
MAIKO_ACTOR(player, MAIKO_ON(token, player_on_token), MAIKO_ON(work, player_on_work));

static void play_in_a_cycle(uint32_t workers)
{
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers, .channel = 16, .mailbox = 2});
	if (sup == NULL)
		return;
	(void)well(maiko_add(sup, player, "one", .worker = 1));
	(void)well(maiko_add(sup, player, "two", .worker = workers));
	if (well(maiko_start(sup))) {
		(void)well(maiko_send(sup, work));
		(void)well(maiko_stop(sup, NULL)); /* drains the cycle */
	}
	assert_int_equal(no_memory_finish(sup), 0);
}

TEST_ONCE(a_cycle_goes_on_when_an_allocation_fails)
{
	no_memory_play(play_in_a_cycle, 1, false);
	no_memory_play(play_in_a_cycle, 2, false);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
