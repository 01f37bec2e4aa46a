/*
 * C15: whatever allocation fails while actors subscribe to patterns, move and send on new topics: a call says so, or
 * the delivery is counted; nothing leaks, and the ledger balances.
 */
#include "no_memory.h"

#include <stdio.h>

typedef struct reading {
	uint32_t n;
	uint32_t device;
} reading;
static const maiko_topic *route_reading(const reading *r, maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	char name[64];
	(void)snprintf(name, sizeof name, "device.%u.temp", r->device);
	return maiko_topic_named(sup, name, &topic) == 0 ? topic : NULL;
}
MAIKO_EVENT_ROUTED(reading, route_reading, n, device);

typedef struct go {
	uint32_t n;
} go;
MAIKO_TOPIC(gos);
MAIKO_EVENT(go, gos, n);

typedef struct reader {
	uint32_t unused;
} reader;
static int reader_on_reading(reader *self, const reading *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(reading, reader_on_reading));

/* A failed send may also be a topic that could not be made: then its route returns none. */
typedef struct sender {
	uint32_t unused;
} sender;
static int sender_on_go(sender *self, const go *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	for (uint32_t i = 0; i < 3; i++) {
		int rc = maiko_send(ctx, reading, .n = i, .device = ev->n + i);
		if (rc != 0 && rc != MAIKO_ENOMEM && rc != MAIKO_EINVAL)
			atomic_fetch_add(&no_memory_wrong, 1);
	}
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_ON(go, sender_on_go));

static void scenario(uint32_t workers)
{
	maiko_actor_id one = 0, two = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	(void)well(maiko_add(sup, sender, "sender", .worker = 1));
	bool first = well(maiko_add(sup, reader, "one", .topics = MAIKO_TOPICS_LIKE("device.*.temp", "device.>"),
				    .worker = workers, .ret_id = &one));
	bool other = well(maiko_add(sup, reader, "two", .topics = MAIKO_NO_TOPICS, .worker = 1, .ret_id = &two));
	if (well(maiko_start(sup))) {
		(void)well(maiko_send(sup, go, .n = 0));
		bool subscribed = other && well(maiko_subscribe_all(sup, two, MAIKO_TOPICS_LIKE("*.2.>", "*.*.temp")));
		(void)well(maiko_send(sup, go, .n = 2));
		if (first)
			(void)well(maiko_move(sup, one, 1));
		(void)well(maiko_send(sup, go, .n = 4));
		if (subscribed)
			(void)well(maiko_unsubscribe_all(sup, two, MAIKO_TOPICS_LIKE("*.2.>")));
		(void)well(maiko_send(sup, go, .n = 6));
	}
	(void)no_memory_finish(sup);
}

TEST_WORKERS(one_allocation_fails) { no_memory_play(scenario, workers < 2 ? workers : 2, false); }
TEST_WORKERS(all_later_allocations_fail) { no_memory_play(scenario, workers < 2 ? workers : 2, true); }

int main(void)
{
	test_allocator_install();
	return test_main();
}
