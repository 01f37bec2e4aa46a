/*
 * A topic with .expect_every_ms on which nothing is published is told of once (maiko_silent), and again when something
 * comes, whoever publishes and on whatever worker; an event pays nothing for it. In simulation, to the nanosecond.
 */
#include "support.h"

#include <maiko/testing/sim.h>
#include <string.h>

enum { EVERY_MS = 100, HOUR_MS = 3600000, MINUTE_MS = 60000 };

typedef struct reading {
	uint32_t n;
} reading;
MAIKO_TOPIC(readings, .expect_every_ms = EVERY_MS);
MAIKO_EVENT(reading, readings, n);

/* Of the actor itself: so often it publishes. */
typedef struct beat {
	uint32_t n;
} beat;
MAIKO_EVENT(beat, maiko_private_topic, n);

PER_TEST uint64_t begun_ns;
PER_TEST _Atomic(uint64_t) silences, returns_;

typedef struct operator_ {
	uint32_t unused;
} operator_;
static int operator_on_silent(operator_ *self, const maiko_silent *ev, maiko_ctx *ctx)
{
	expect(ev->every_ms == EVERY_MS && ev->ms >= ev->every_ms);
	if (begun_ns != 0)
		test_note("%s %s at %u for %u", ev->topic, ev->again ? "again" : "silent",
			  (unsigned)((test_now_ns() - begun_ns) / 1000000), (unsigned)ev->ms);
	atomic_fetch_add(ev->again ? &returns_ : &silences, 1);
	return 0;
}
MAIKO_ACTOR(operator_, MAIKO_ON(maiko_silent, operator_on_silent));

TEST_LISTENER(reader, reading);

typedef struct source {
	uint64_t period_ms;
} source;
static int source_on_start(source *self, maiko_ctx *ctx)
{
	return maiko_every_ms(ctx, self->period_ms, NULL, beat, .n = 1);
}
static int source_on_beat(source *self, const beat *ev, maiko_ctx *ctx) { return maiko_send(ctx, reading, .n = ev->n); }
MAIKO_ACTOR(source, MAIKO_ON_START(source_on_start), MAIKO_ON(beat, source_on_beat));

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }
static void publish(maiko_supervisor *sup) { ok(maiko_send(sup, reading, .n = 1)); }

static maiko_supervisor *with_operator(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, operator_, "operator", .topics = MAIKO_TOPICS(maiko_silent_topic)));
	ok(maiko_add(sup, reader, "reader"));
	return sup;
}

static void begin(maiko_supervisor *sup)
{
	ok(maiko_start(sup));
	pass(sup, 0);
	begun_ns = test_now_ns();
}

/* ---- what is told ----------------------------------------------------------------------------------- */

TEST_SIM(a_silence_is_told_once_and_its_end)
{
	maiko_supervisor *sup = with_operator(workers);
	begin(sup);
	pass(sup, 99);
	expect_noted("");
	pass(sup, 201);
	expect_noted("readings silent at 100 for 100");
	publish(sup);
	pass(sup, 25);
	expect_noted("readings silent at 100 for 100 readings again at 325 for 325");
	pass(sup, 99);
	expect_noted("readings silent at 100 for 100 readings again at 325 for 325");
	pass(sup, 1);
	expect_noted("readings silent at 100 for 100 readings again at 325 for 325 readings silent at 425 for 100");
	test_finish(sup);
}

/* An event just after a look is found by the next one: so a silence is told up to a quarter later. */
TEST_SIM(it_is_told_at_most_a_quarter_late)
{
	maiko_supervisor *sup = with_operator(workers);
	begin(sup);
	pass(sup, 51);
	publish(sup);
	pass(sup, 123);
	expect_noted("");
	pass(sup, 1);
	expect_noted("readings silent at 175 for 100");
	test_finish(sup);
}

TEST_SIM(what_is_published_in_time_is_not_told_of)
{
	maiko_supervisor *sup = with_operator(workers);
	ok(maiko_add(sup, source, "source", .init = &(source){.period_ms = EVERY_MS - EVERY_MS / 4 - 1}));
	begin(sup);
	pass(sup, MINUTE_MS);
	expect_noted("");
	test_finish(sup);
}

/* Each is too slow alone, on a worker of its own. */
TEST_SIM(all_workers_count_and_what_comes_from_outside)
{
	maiko_supervisor *sup = with_operator(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, source, test_name("source", i), .worker = i % workers + 1,
			     .init = &(source){.period_ms = EVERY_MS + 20}));
	begin(sup);
	for (uint32_t i = 0; i < 10; i++) {
		pass(sup, 60);
		publish(sup);
		pass(sup, 60);
	}
	expect_noted("");
	test_finish(sup);
}

TEST_SIM(a_move_does_not_matter)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_operator(workers);
	ok(maiko_add(sup, source, "source", .init = &(source){.period_ms = EVERY_MS / 2}, .ret_id = &id));
	begin(sup);
	for (uint32_t i = 0; i < 20; i++) {
		ok(maiko_move(sup, id, i % workers + 1));
		pass(sup, 30);
	}
	expect_noted("");
	ok(maiko_remove(sup, id));
	pass(sup, 1000);
	assert_int_equal(atomic_load(&silences), 1);
	test_finish(sup);
}

/* Only the type of the event names the topic. */
TEST_SIM(nobody_needs_to_subscribe_to_it)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, operator_, "operator", .topics = MAIKO_TOPICS(maiko_silent_topic)));
	begin(sup);
	pass(sup, 500);
	expect_noted(""); /* it is not known yet */
	publish(sup);
	pass(sup, 0);
	pass(sup, 99);
	expect_noted("");
	pass(sup, 26); /* the first look may precede the event */
	assert_int_equal(atomic_load(&silences), 1);
	test_finish(sup);
}

TEST_SIM(nothing_is_expected_before_the_start_and_nothing_is_told_in_a_stop)
{
	maiko_supervisor *sup = with_operator(workers);
	pass(sup, HOUR_MS);
	begin(sup);
	pass(sup, 99);
	test_finish(sup);
	expect_noted("");
}

/* ---- topics that come and go --------------------------------------------------------------------------- */

TEST_SIM(a_topic_that_is_made_later_is_expected_from_then_on)
{
	const maiko_topic *topic;
	maiko_topic like = {.name = "like", .expect_every_ms = EVERY_MS};
	maiko_supervisor *sup = with_operator(workers);
	ok(maiko_add(sup, source, "source", .init = &(source){.period_ms = EVERY_MS / 2}));
	begin(sup);
	pass(sup, 1000);
	ok(maiko_topic_with(sup, "device.42", &like, &topic));
	pass(sup, 99);
	expect_noted("");
	pass(sup, 1);
	expect_noted("device.42 silent at 1100 for 100");
	test_finish(sup);
}

TEST_ONCE(a_topic_that_is_given_back_is_forgotten)
{
	const maiko_topic *topic;
	maiko_sim *sim;
	maiko_topic like = {.name = "like", .expect_every_ms = EVERY_MS};
	test_begin();
	ok(maiko_sim_new(&sim, NULL));
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	ok(maiko_add(sup, operator_, "operator", .topics = MAIKO_TOPICS(maiko_silent_topic)));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 5; i++) {
		ok(maiko_topic_with(sup, test_name("device", i), &like, &topic));
		ok(maiko_topic_release(sup, topic));
		ok(maiko_sim_advance(sim, 2 * (uint64_t)MINUTE_MS));
	}
	assert_int_equal(atomic_load(&silences), 5);
	ok(maiko_sim_finish(sim));
	maiko_sim_free(sim);
}

/* ---- on threads ------------------------------------------------------------------------------------------ */

TEST_WORKERS(on_threads_it_is_told_too)
{
	maiko_supervisor *sup = with_operator(workers);
	ok(maiko_start(sup));
	for (uint64_t i = 1; i <= 3; i++) {
		test_wait_for(&silences, i);
		publish(sup);
		test_wait_for(&returns_, i);
	}
	test_finish(sup);
}

/* ---- what is refused ------------------------------------------------------------------------------------- */

#define SAYS(call, words)                                                                                              \
	do {                                                                                                           \
		expect((call) == MAIKO_EINVAL);                                                                        \
		expect(strcmp(maiko_last_error(), (words)) == 0);                                                      \
	} while (0)

TEST_SIM(misuse_is_refused_in_words)
{
	const maiko_topic *topic;
	maiko_topic other = {.name = "readings", .expect_every_ms = EVERY_MS + 1};
	maiko_topic long_ = {.name = "long", .expect_every_ms = MAIKO_NEXT_MS_MAX + 1};
	maiko_supervisor *sup = with_operator(workers);
	SAYS(maiko_topic_with(sup, "readings", &other, &topic),
	     "topic 'readings' has .expect_every_ms 100 elsewhere and 101 here; they must be equal");
	SAYS(maiko_topic_with(sup, "long", &long_, &topic),
	     "maiko_topic_with: .expect_every_ms is 315360000001; at most MAIKO_NEXT_MS_MAX, 315360000000");
	ok(maiko_topic_named(sup, "readings", &topic));
	returns(maiko_add(sup, operator_, "second",
			  .topics = MAIKO_TOPICS(MAIKO_SUB(maiko_silent_topic, .overflow = MAIKO_BLOCK))),
		MAIKO_EINVAL);
	returns(maiko_supervisor_send(sup, MAIKO_EVENT_REF(maiko_silent), &(maiko_silent){.ms = 1}, 0), MAIKO_EINVAL);
	begin(sup);
	test_finish(sup);
}
