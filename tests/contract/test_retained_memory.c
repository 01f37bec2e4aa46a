/*
 * What a topic retains, without memory: at each allocation, of the keeper, of the copies it keeps, of the change and of
 * what a joiner is given. Nothing comes twice, late, or with a gap that is not counted; the ledger balances; nothing
 * leaks (C2, C3, C15).
 */
#include "no_memory.h"

enum { RETAIN = 3 };

typedef struct state {
	uint32_t n;
} state;
typedef struct level {
	uint32_t n, device;
	uint8_t more[600]; /* in a block */
} level;
static uint64_t by_device(const maiko_any *any);
MAIKO_TOPIC(states, .retain = RETAIN, .ttl_ms = 60000);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST, .key = by_device, .retain = RETAIN);
MAIKO_EVENT(state, states, n);
MAIKO_EVENT(level, levels, n, device, more);
static uint64_t by_device(const maiko_any *any) { return maiko_as(any, level)->device; }

typedef struct reader {
	uint32_t state, level[2];
	bool live;
} reader;
static int reader_on_state(reader *self, const state *ev, maiko_ctx *ctx)
{
	bool retained = maiko_meta(ctx)->retained;
	bool good = ev->n > self->state && !(retained && self->live);
	atomic_fetch_add(good ? &no_memory_handled : &no_memory_wrong, 1);
	self->state = ev->n;
	self->live |= !retained;
	return 0;
}
static int reader_on_level(reader *self, const level *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(ev->n > self->level[ev->device] ? &no_memory_handled : &no_memory_wrong, 1);
	self->level[ev->device] = ev->n;
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(state, reader_on_state), MAIKO_ON(level, reader_on_level));

static void send_some(maiko_supervisor *sup, uint32_t first, uint32_t last)
{
	for (uint32_t n = first; n <= last; n++) {
		(void)well(maiko_send(sup, state, .n = n));
		(void)well(maiko_send(sup, level, .n = n, .device = n % 2));
	}
}

static void scenario(uint32_t workers)
{
	maiko_actor_id id = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	if (well(maiko_start(sup))) {
		send_some(sup, 1, 5);
		(void)well(maiko_add(sup, reader, "added", .topics = MAIKO_TOPICS(states, levels)));
		send_some(sup, 6, 7);
		(void)well(maiko_add(sup, reader, "all", .topics = MAIKO_ALL_TOPICS));
		if (well(maiko_add(sup, reader, "subscribes", .topics = MAIKO_NO_TOPICS, .ret_id = &id)) &&
		    well(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(states), .overflow = MAIKO_KEEP_LATEST)) &&
		    well(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(levels))))
			send_some(sup, 8, 9);
	}
	(void)no_memory_finish(sup);
}

TEST_WORKERS(each_allocation_fails) { no_memory_play(scenario, workers, false); }
TEST_WORKERS(all_allocations_fail_from_one_on) { no_memory_play(scenario, workers, true); }

int main(void)
{
	test_allocator_install();
	return test_main();
}
