/*
 * test_stand_in.c - changes while all workers rest: a plain one takes no step of theirs, and events before and after
 * it go where they should.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/testing/sim.h>

#include "support.h"

typedef struct item {
	uint64_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

static uint64_t heard, stopped;

typedef struct listener {
	uint64_t unused;
} listener;

static int listener_on_item(listener *self, const item *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	heard = heard * 10 + ev->n;
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(item, listener_on_item));

typedef struct leaver {
	uint64_t unused;
} leaver;

static int leaver_on_stop(leaver *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	stopped++;
	return 0;
}
MAIKO_ACTOR(leaver, MAIKO_ON_STOP(leaver_on_stop));

/* An actor per worker that sends, so that there are channels. */
typedef struct speaker {
	uint64_t unused;
} speaker;
typedef struct cue {
	uint64_t n;
} cue;
MAIKO_TOPIC(cues);
MAIKO_EVENT(cue, cues, n);

static int speaker_on_cue(speaker *self, const cue *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, item, .n = ev->n);
}
MAIKO_ACTOR(speaker, MAIKO_ON(cue, speaker_on_cue));

static maiko_sim *sim;
static maiko_supervisor *sup;

static void run(void)
{
	if (maiko_sim_run(sim) != 0)
		fail_msg("%s", maiko_sim_failure(sim));
}

static void begin(uint64_t seed, uint32_t workers)
{
	heard = stopped = 0;
	assert_int_equal(maiko_sim_new(&sim, &(maiko_sim_options){.seed = seed, .supervisor.workers = workers}), 0);
	sup = maiko_sim_supervisor(sim);
	assert_int_equal(maiko_add(sup, speaker, "speaker", .worker = workers), 0);
	assert_int_equal(maiko_start(sup), 0);
	run();
}

static void end(void)
{
	if (maiko_sim_finish(sim) != 0)
		fail_msg("%s", maiko_sim_failure(sim));
	assert_null(maiko_sim_free(sim));
}

static void send(uint64_t n) { assert_int_equal(maiko_send(sup, cue, .n = n), 0); }

TEST_WORKERS(a_plain_change_takes_no_step_of_a_worker_that_rests)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		maiko_actor_id id = 0;
		begin(seed, workers);
		uint64_t before = maiko_sim_steps(sim);
		assert_int_equal(maiko_add(sup, listener, "listener", .worker = 1, .ret_id = &id), 0);
		assert_int_equal(maiko_sim_steps(sim), before);
		send(1);
		run();
		before = maiko_sim_steps(sim);
		assert_int_equal(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)), 0);
		assert_int_equal(maiko_sim_steps(sim), before);
		send(2);
		run();
		before = maiko_sim_steps(sim);
		assert_int_equal(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)), 0);
		assert_int_equal(maiko_sim_steps(sim), before);
		send(3);
		run();
		before = maiko_sim_steps(sim);
		assert_int_equal(maiko_remove(sup, id), 0);
		assert_int_equal(maiko_sim_steps(sim), before);
		assert_int_equal(maiko_find(sup, "listener", &id), MAIKO_ENOENT);
		send(4);
		run();
		assert_int_equal(heard, 13);
		end();
	}
}

/* The change comes while the events before it are in an inbox, a channel, a mailbox. */
TEST_WORKERS(events_before_and_after_a_change_go_where_they_should)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		maiko_actor_id id = 0;
		begin(seed, workers);
		send(1);
		for (uint64_t i = 0; i < seed % 7; i++)
			(void)maiko_sim_step(sim);
		assert_int_equal(maiko_add(sup, listener, "listener", .worker = 1, .ret_id = &id), 0);
		run();
		uint64_t first = heard; /* the item of 1 may have been sent after the addition */
		assert_true(first <= 1);
		send(2);
		run();
		send(3);
		for (uint64_t i = 0; i < seed % 5; i++)
			(void)maiko_sim_step(sim);
		assert_int_equal(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(items)), 0);
		run();
		send(4);
		run();
		assert_int_equal(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)), 0);
		send(5);
		run();
		uint64_t all = first * 100 + 25, third = first * 1000 + 235;
		assert_true(heard == all || heard == third);
		end();
	}
}

/* An on_stop runs on the worker. */
TEST_WORKERS(a_change_that_calls_its_actor_is_made_by_the_worker)
{
	maiko_actor_id id = 0;
	begin(1, workers);
	assert_int_equal(maiko_add(sup, leaver, "leaver", .worker = 1, .ret_id = &id, .topics = maiko_no_topics), 0);
	run();
	uint64_t before = maiko_sim_steps(sim);
	assert_int_equal(maiko_remove(sup, id), 0);
	assert_true(maiko_sim_steps(sim) > before);
	assert_int_equal(stopped, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_change_takes_no_step_of_a_worker_that_rests),
		cmocka_unit_test(events_before_and_after_a_change_go_where_they_should),
		cmocka_unit_test(a_change_that_calls_its_actor_is_made_by_the_worker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
