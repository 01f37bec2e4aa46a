/*
 * Patterns that come and go: one without subscribers is given back a minute later, when a topic is made; then no list
 * of a topic has it any more. One that a subscription needs again stays.
 */
#include "runtime/runtime.h"
#include "support.h"

#include <maiko/testing/sim.h>
#include <stdio.h>

enum { A_MINUTE = 60 * 1000, ROUNDS = 50 };

typedef struct reading {
	uint32_t n;
	const maiko_topic *of;
} reading;
static const maiko_topic *reading_topic(const reading *ev) { return ev->of; }
MAIKO_EVENT_ROUTED(reading, reading_topic, n);

TEST_LISTENER(meter, reading);

static maiko_sim *sim;
static maiko_supervisor *sup;
static maiko_actor_id id;

static void begin(uint32_t workers, uint64_t seed)
{
	ok(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .supervisor.workers = workers}));
	sup = maiko_sim_supervisor(sim);
	ok(maiko_add(sup, meter, "meter", .topics = MAIKO_NO_TOPICS, .ret_id = &id, .worker = workers));
	ok(maiko_start(sup));
}

static void end(void)
{
	ok(maiko_sim_finish(sim));
	maiko_sim_free(sim);
}

static const maiko_topic *named(const char *name)
{
	const maiko_topic *topic = NULL;
	ok(maiko_topic_named(sup, name, &topic));
	return topic;
}

/* Lets a minute pass, and makes a topic, which it releases. */
static void make_another(uint32_t n)
{
	ok(maiko_sim_advance(sim, A_MINUTE + 1));
	ok(maiko_topic_release(sup, named(test_name("another", n))));
	ok(maiko_sim_run(sim));
}

TEST_ONCE(patterns_without_subscribers_are_given_back)
{
	for (uint32_t workers = 1; workers <= 3; workers++) {
		test_begin();
		begin(workers, workers);
		const maiko_topic *topic = named("device.temp");
		uint32_t most = 0;
		for (uint32_t i = 0; i < ROUNDS; i++) {
			char text[32];
			(void)snprintf(text, sizeof text, "device.%s", i % 2 == 0 ? "*" : ">");
			ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE(text, test_name("*.*.", i))));
			ok(maiko_send(sup, reading, .n = i, .of = topic));
			ok(maiko_sim_run(sim));
			ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE(text, test_name("*.*.", i))));
			make_another(i);
			ok(maiko_send(sup, reading, .n = 1000 + i, .of = topic));
			ok(maiko_sim_run(sim));
			most = sup->topic_count > most ? sup->topic_count : most;
		}
		expect_heard_in_order("meter", 0, ROUNDS - 1);
		assert_true(most < 30); /* each round has named three */
		end();
	}
}

TEST_ONCE(a_pattern_that_is_needed_again_stays)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		test_begin();
		begin(1 + seed % 3, seed);
		const maiko_topic *topic = named("device.temp");
		ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.*")));
		ok(maiko_unsubscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.*")));
		ok(maiko_sim_advance(sim, A_MINUTE + 1));
		ok(maiko_topic_release(sup, named("another"))); /* begins a batch that examines it */
		for (uint64_t steps = maiko_sim_random(sim) % 12; steps > 0; steps--)
			(void)maiko_sim_step(sim);
		ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS_LIKE("device.*")));
		ok(maiko_send(sup, reading, .n = 1, .of = topic));
		ok(maiko_sim_run(sim));
		expect_heard_numbers("meter", "1");
		end();
	}
}
