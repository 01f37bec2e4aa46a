/*
 * C15: whichever allocation fails, a send to a topic that it names is refused, or its event comes.
 */
#include "no_memory.h"

enum { TOPICS = 3 };

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_EVENT_NAMED(reading, n);
MAIKO_TOPIC(orders);
MAIKO_SIGNAL(order, orders);

typedef struct device {
	int unused;
} device;
static int device_on_order(device *self, const order *ev, maiko_ctx *ctx)
{
	char name[16];
	atomic_fetch_add(&no_memory_handled, 1);
	for (uint32_t i = 0; i < 2 * TOPICS; i++) {
		snprintf(name, sizeof name, "topic.%u", i % TOPICS);
		(void)well(maiko_send_on(ctx, name, reading, .n = i));
	}
	return 0;
}
MAIKO_ACTOR(device, MAIKO_ON(order, device_on_order));

typedef struct person {
	int unused;
} person;
static int person_on_reading(person *self, const reading *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(person, MAIKO_ON(reading, person_on_reading));

static void play(uint32_t workers)
{
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	bool fine = well(maiko_add(sup, device, "device", .worker = 1)) &&
		    well(maiko_add(sup, person, "person", .worker = workers, .topics = MAIKO_ALL_TOPICS));
	if (well(maiko_start(sup)) && fine) {
		(void)well(maiko_send(sup, order));
		(void)well(maiko_send_on(sup, "topic.0", reading, .n = 100));
		(void)well(maiko_send_on(sup, "topic.100", reading, .n = 101));
		(void)well(maiko_stop(sup, NULL));
	}
	(void)no_memory_finish(sup);
}

TEST_ONCE(any_allocation_may_fail)
{
	no_memory_play(play, 1, false);
	no_memory_play(play, 2, false);
}
TEST_ONCE(all_from_one_on_may_fail)
{
	no_memory_play(play, 1, true);
	no_memory_play(play, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
