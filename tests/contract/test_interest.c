/*
 * C19: an actor that watches a topic is told whether anyone subscribes to it: once at its start, then when the first
 * has come and when the last has gone; before anything that the change has caused.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct frame {
	uint32_t n;
} frame;
typedef struct sound {
	uint32_t n;
} sound;
typedef struct hail {
	uint32_t n;
} hail;
typedef struct go {
	uint32_t n;
} go;
MAIKO_TOPIC(frames);
MAIKO_TOPIC(sounds);
MAIKO_TOPIC(hails);
MAIKO_TOPIC(gos);
MAIKO_EVENT(frame, frames, n);
MAIKO_EVENT(sound, sounds, n);
MAIKO_EVENT(hail, hails, n);
MAIKO_EVENT(go, gos, n);

PER_TEST maiko_actor_id viewer_id, other_id, camera_id;
PER_TEST _Atomic(uint64_t) told, wanted_now;

/* ---- who watches ----------------------------------------------------------------------------- */

typedef struct camera {
	bool wanted, sends;
	uint32_t n;
} camera;

/* Notes each word, sends a frame when it is wanted, and tells others to. */
static int camera_on_interest(camera *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note("%s %s", interest->topic->name, interest->wanted ? "on" : "off");
	if (strcmp(interest->topic->name, "frames") == 0) {
		expect(atomic_load(&told) == 0 || self->wanted != interest->wanted);
		self->wanted = interest->wanted;
		atomic_store(&wanted_now, interest->wanted);
		atomic_fetch_add(&told, 1);
		if (self->sends && self->wanted) {
			expect(maiko_send(ctx, frame, .n = ++self->n) == 0);
			expect(maiko_send(ctx, go, .n = self->n) == 0);
		}
	}
	return 0;
}

/* What a subscriber sends because it is one comes after the word of it. */
static int camera_on_hail(camera *self, const hail *ev, maiko_ctx *ctx)
{
	expect(self->wanted);
	test_hear(ctx, MAIKO_EVENT_REF(hail), ev);
	return 0;
}

MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, frames, sounds), MAIKO_ON(hail, camera_on_hail));

/* ---- who subscribes ---------------------------------------------------------------------------- */

TEST_LISTENER(viewer, frame, sound);
TEST_LISTENER(recorder, frame);

/* With a camera on the last worker, and two viewers that do not listen yet. */
static maiko_supervisor *start_with(uint32_t workers, camera init)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, camera, "camera", .worker = workers, .init = &init, .ret_id = &camera_id));
	ok(maiko_add(sup, viewer, "viewer", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = &viewer_id));
	ok(maiko_add(sup, viewer, "other", .topics = MAIKO_NO_TOPICS, .ret_id = &other_id));
	ok(maiko_start(sup));
	return sup;
}

static maiko_supervisor *start(uint32_t workers)
{
	maiko_supervisor *sup = start_with(workers, (camera){.n = 0});
	test_settle(sup);
	expect_noted("frames off sounds off");
	return sup;
}

/* ---- when it is told ----------------------------------------------------------------------------- */

TEST_SIM(a_watcher_is_told_of_the_first_and_of_the_last)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	ok(maiko_subscribe(sup, other_id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	expect_noted("frames off sounds off frames on");
	ok(maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	expect_noted("frames off sounds off frames on");
	ok(maiko_unsubscribe(sup, other_id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	expect_noted("frames off sounds off frames on frames off");
	test_finish(sup);
}

TEST_SIM(a_watcher_is_told_at_its_start_what_is_so)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, camera, "camera"));
	ok(maiko_add(sup, viewer, "viewer", .topics = MAIKO_TOPICS(sounds), .ret_id = &viewer_id));
	ok(maiko_start(sup));
	test_settle(sup);
	expect_noted("frames off sounds on");
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	ok(maiko_remove(sup, maiko_find(sup, "camera", &camera_id) == 0 ? camera_id : 0));
	ok(maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(sounds)));
	atomic_store(&told, 0); /* another one */
	ok(maiko_add(sup, camera, "later"));
	test_settle(sup);
	expect_noted("frames off sounds on frames on frames on sounds off");
	test_finish(sup);
}

TEST_SIM(several_changes_of_one_batch_are_one_word)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_subscribe_all(sup, viewer_id, MAIKO_TOPICS(frames, sounds)));
	test_settle(sup);
	assert_true(strcmp(test_noted(), "frames off sounds off frames on sounds on") == 0 ||
		    strcmp(test_noted(), "frames off sounds off sounds on frames on") == 0);
	test_finish(sup);
}

TEST_SIM(an_addition_and_a_removal_change_it_too)
{
	maiko_actor_id id;
	maiko_supervisor *sup = start(workers);
	ok(maiko_add(sup, recorder, "recorder", .ret_id = &id));
	test_settle(sup);
	expect_noted("frames off sounds off frames on");
	ok(maiko_remove(sup, id));
	test_settle(sup);
	expect_noted("frames off sounds off frames on frames off");
	test_finish(sup);
}

TEST_SIM(a_move_of_the_only_subscriber_changes_nothing)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	for (uint32_t i = 1; i <= workers; i++)
		ok(maiko_move(sup, viewer_id, i));
	test_settle(sup);
	expect_noted("frames off sounds off frames on");
	test_finish(sup);
}

TEST_SIM(a_watcher_that_moves_is_told_at_its_new_worker)
{
	maiko_supervisor *sup = start(workers);
	for (uint32_t i = 0; i < 2 * workers; i++) {
		ok(maiko_move(sup, camera_id, i % workers + 1));
		ok(i % 2 == 0 ? maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames))
			      : maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
		test_settle(sup);
		assert_int_equal(wanted_now, i % 2 == 0);
	}
	test_finish(sup);
}

/* ---- who counts ------------------------------------------------------------------------------------ */

typedef struct journal {
	int unused;
} journal;
static int journal_any(journal *self, const maiko_any *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(journal, MAIKO_ON_ANY(journal_any));

TEST_SIM(who_listens_to_all_topics_or_monitors_is_no_interest)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_add(sup, journal, "journal", .topics = MAIKO_ALL_TOPICS));
	(void)test_harness(sup);
	test_settle(sup);
	expect_noted("frames off sounds off");
	test_finish(sup);
}

typedef struct narcissus {
	int unused;
} narcissus;
static int narcissus_on_frame(narcissus *self, const frame *ev, maiko_ctx *ctx) { return 0; }
static int narcissus_on_interest(narcissus *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note(interest->wanted ? "on" : "off");
	return 0;
}
MAIKO_ACTOR(narcissus, MAIKO_ON(frame, narcissus_on_frame), MAIKO_ON_INTEREST(narcissus_on_interest, frames));

TEST_SIM(a_watcher_that_subscribes_counts_like_others)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, narcissus, "narcissus", .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	assert_string_equal(test_noted() + strlen(test_noted()) - 6, "off on");
	test_finish(sup);
}

typedef struct fragile {
	int unused;
} fragile;
static int fragile_on_frame(fragile *self, const frame *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(fragile, MAIKO_ON(frame, fragile_on_frame));

TEST_SIM(one_that_fails_counts_until_it_is_removed)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_add(sup, fragile, "fragile", .restart = MAIKO_TEMPORARY));
	ok(maiko_send(sup, frame, .n = 1));
	test_wait_for(&told, 3);
	test_settle(sup);
	expect_noted("frames off sounds off frames on frames off");
	test_finish(sup);
}

/* ---- nothing is missed, and nothing comes before ------------------------------------------------------ */

/* Hails the camera as soon as it is one: in its on_start, or when it is told that it subscribes. */
typedef struct fan {
	uint32_t n;
} fan;
static int fan_on_start(fan *self, maiko_ctx *ctx) { return maiko_send(ctx, hail, .n = self->n); }
static int fan_on_frame(fan *self, const frame *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(frame), ev);
	return 0;
}
MAIKO_ACTOR(fan, MAIKO_ON_START(fan_on_start), MAIKO_ON(frame, fan_on_frame));

TEST_SIM(a_new_subscribers_on_start_comes_after_the_word_of_it)
{
	maiko_actor_id id;
	maiko_supervisor *sup = start_with(workers, (camera){.sends = true});
	for (uint32_t i = 0; i < 2 * workers; i++) {
		ok(maiko_add(sup, fan, "fan", .worker = i % workers + 1, .init = &(fan){.n = i}, .ret_id = &id));
		test_settle(sup);
		ok(maiko_remove(sup, id));
		test_settle(sup);
		assert_int_equal(test_heard_count("fan", NULL), i + 1); /* what the camera sent at once */
	}
	expect_heard_count("camera", hail, 2 * workers);
	test_finish(sup);
}

typedef struct starter {
	int unused;
} starter;
static int starter_on_start(starter *self, maiko_ctx *ctx)
{
	return maiko_subscribe(ctx, viewer_id, MAIKO_TOPIC_REF(frames));
}
static int starter_on_done(starter *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return maiko_send(ctx, hail, .n = 1);
}
MAIKO_ACTOR(starter, MAIKO_ON_START(starter_on_start), MAIKO_ON_DONE(starter_on_done));

TEST_SIM(what_follows_a_completion_comes_after_the_word_of_it)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_add(sup, starter, "starter"));
	test_settle(sup);
	expect_heard("camera", "hail 1");
	test_finish(sup);
}

/* Watches two topics; at the first word it asks for a change, whose message is there before the second. */
typedef struct witness {
	uint32_t on;
} witness;
static int witness_on_interest(witness *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	if (!interest->wanted)
		return 0;
	return ++self->on == 1 ? maiko_subscribe(ctx, other_id, MAIKO_TOPIC_REF(frames)) : 0;
}
static int witness_on_hail(witness *self, const hail *ev, maiko_ctx *ctx)
{
	expect(self->on == 2);
	test_hear(ctx, MAIKO_EVENT_REF(hail), ev);
	return 0;
}
MAIKO_ACTOR(witness, MAIKO_ON_INTEREST(witness_on_interest, frames, sounds), MAIKO_ON(hail, witness_on_hail));

typedef struct doubler {
	int unused;
} doubler;
static int doubler_on_start(doubler *self, maiko_ctx *ctx)
{
	return maiko_subscribe_all(ctx, viewer_id, MAIKO_TOPICS(frames, sounds));
}
static int doubler_on_done(doubler *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	return maiko_send(ctx, hail, .n = 1);
}
MAIKO_ACTOR(doubler, MAIKO_ON_START(doubler_on_start), MAIKO_ON_DONE(doubler_on_done));

TEST_SIM(what_follows_a_change_of_two_topics_comes_after_both_words)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_add(sup, witness, "witness", .worker = workers));
	test_settle(sup);
	ok(maiko_add(sup, doubler, "doubler"));
	test_settle(sup);
	expect_heard("witness", "hail 1");
	test_finish(sup);
}

/* Sends a frame when the camera tells it to. */
typedef struct relay {
	int unused;
} relay;
static int relay_on_go(relay *self, const go *ev, maiko_ctx *ctx) { return maiko_send(ctx, frame, .n = 100 + ev->n); }
MAIKO_ACTOR(relay, MAIKO_ON(go, relay_on_go));

TEST_SIM(whatever_is_sent_because_of_the_word_reaches_the_subscriber)
{
	maiko_supervisor *sup = test_supervisor(workers);
	camera init = {.sends = true};
	ok(maiko_add(sup, camera, "camera", .worker = workers, .init = &init));
	ok(maiko_add(sup, relay, "relay", .worker = workers / 2 + 1));
	ok(maiko_add(sup, viewer, "viewer", .worker = 1, .topics = MAIKO_NO_TOPICS, .ret_id = &viewer_id));
	ok(maiko_start(sup));
	for (uint32_t i = 1; i <= 4; i++) {
		ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
		test_wait_for(&wanted_now, 1);
		ok(maiko_send(sup, frame, .n = 200 + i)); /* from outside, by any worker */
		test_settle(sup);
		expect_heard_count("viewer", frame, 3 * i);
		ok(maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
		test_settle(sup);
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "frames")->unrouted, 0);
	test_release(sup);
}

/* ---- its callback is one like others -------------------------------------------------------------------- */

typedef struct nervous {
	int unused;
} nervous;
PER_TEST _Atomic(uint64_t) errors;
static int nervous_on_interest(nervous *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	return interest->wanted ? UV_EIO : 0;
}
static int nervous_on_error(nervous *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == UV_EIO && error->phase == MAIKO_PHASE_INTEREST && error->event.type == NULL);
	expect(strcmp(maiko_phase_text(error->phase), "on_interest") == 0);
	atomic_fetch_add(&errors, 1);
	return atomic_load(&errors) == 1 ? 0 : error->code;
}
MAIKO_ACTOR(nervous, MAIKO_ON_INTEREST(nervous_on_interest, frames), MAIKO_ON_ERROR(nervous_on_error));

TEST_SIM(an_error_of_it_goes_to_on_error)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, nervous, "nervous", .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, viewer, "viewer", .topics = MAIKO_NO_TOPICS, .ret_id = &viewer_id));
	ok(maiko_start(sup));
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames))); /* forgiven */
	test_settle(sup);
	ok(maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	test_settle(sup);
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames))); /* not forgiven */
	test_settle(sup);
	test_wait_gone(sup, "nervous");
	ok(maiko_unsubscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames))); /* tells nobody */
	test_finish(sup);
	assert_int_equal(errors, 2);
}

PER_TEST _Atomic(uint64_t) seen;
static void see(void *arg, const maiko_observation *observation)
{
	expect(strcmp(observation->actor_name, "camera") == 0 && observation->code == 0 && observation->event == NULL);
	atomic_fetch_add(&seen, 1);
}

TEST_SIM(a_monitor_is_shown_each_word)
{
	maiko_monitor *monitor;
	maiko_supervisor *sup = start(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.interest = see}, NULL, &monitor));
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(frames)));
	ok(maiko_subscribe(sup, viewer_id, MAIKO_TOPIC_REF(sounds)));
	test_settle(sup);
	test_finish(sup);
	assert_int_equal(seen, 2);
}

/* ---- what it may not be ------------------------------------------------------------------------------------ */

static int raw_on_interest(void *state, const maiko_interest *interest, maiko_ctx *ctx) { return 0; }

TEST_ONCE(a_type_that_watches_what_it_cannot_is_refused)
{
	static const maiko_topic pattern = {.name = "device..*"}, one = {.name = "one"};
	static const maiko_topic *const patterns[] = {&pattern, NULL}, *const twice[] = {&one, &one, NULL};
	const maiko_topic *const *lists[] = {NULL, patterns, twice};
	static const char *const texts[] = {"without a topic", "pattern 'device..*': it has an empty token",
					    "names 'one' twice"};
	for (int i = 0; i < 3; i++) {
		maiko_item items[] = {{.kind = MAIKO_ITEM_INTEREST, .interest = raw_on_interest, .topics = lists[i]},
				      {.kind = MAIKO_ITEM_END}};
		maiko_actor_type type = {.name = "raw", .state_size = 4, .state_align = 4, .items = items};
		maiko_supervisor *sup = test_supervisor(1);
		returns(maiko_supervisor_add(sup, &type, "raw", NULL), MAIKO_EINVAL);
		assert_non_null(strstr(maiko_last_error(), texts[i]));
		test_release(sup);
	}
}

/* ---- the last word is the truth ------------------------------------------------------------------------------ */

enum { WATCHERS = 2, CHANGERS = 2, EACH = 3, TOPICS = 2 };
static const char *const topic_names[TOPICS] = {"frames", "sounds"};

typedef struct lookout {
	uint32_t number, heard;
} lookout;
PER_TEST _Atomic(int) words[WATCHERS][TOPICS]; /* 0: none yet; 1: off; 2: on */
static int lookout_on_interest(lookout *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	uint32_t t = strcmp(interest->topic->name, topic_names[0]) == 0 ? 0 : 1;
	expect(atomic_load(&words[self->number][t]) != 1 + interest->wanted); /* nothing twice */
	atomic_store(&words[self->number][t], 1 + interest->wanted);
	return interest->wanted ? maiko_send(ctx, go, .n = t) : 0;
}
static int lookout_on_hail(lookout *self, const hail *ev, maiko_ctx *ctx) { return (void)self->heard++, 0; }
MAIKO_ACTOR(lookout, MAIKO_ON_INTEREST(lookout_on_interest, frames, sounds), MAIKO_ON(hail, lookout_on_hail));

PER_TEST _Atomic(uint64_t) asked, completed, orders_done;
PER_TEST maiko_actor_id ids[CHANGERS][EACH];
PER_TEST bool subscribed[CHANGERS][EACH][TOPICS];
PER_TEST uint64_t randoms[CHANGERS];

static uint32_t draw(uint64_t *random, uint32_t n)
{
	*random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*random >> 32) * n >> 32);
}

static void on_change(void *arg, const maiko_completion *completion)
{
	expect(completion->status == 0);
	atomic_fetch_add(&completed, 1);
}

/* Some changes of its own subscribers, at once; each is the opposite of what it was. */
static int change_some(maiko_ctx *ctx, uint32_t changer)
{
	static const maiko_topic *const topics[TOPICS] = {MAIKO_TOPIC_REF(frames), MAIKO_TOPIC_REF(sounds)};
	maiko_change_options o = {.done = on_change};
	for (uint32_t left = draw(&randoms[changer], 6); left > 0; left--) {
		uint32_t i = draw(&randoms[changer], EACH), t = draw(&randoms[changer], TOPICS);
		bool *now = &subscribed[changer][i][t];
		maiko_actor_id id = ids[changer][i];
		expect((*now ? maiko_ctx_unsubscribe : maiko_ctx_subscribe)(ctx, id, topics[t], &o) == 0);
		*now = !*now;
		atomic_fetch_add(&asked, 1);
		if (draw(&randoms[changer], 4) == 0)
			expect(maiko_move(ctx, ids[changer][draw(&randoms[changer], EACH)], 1) == 0);
		int rc = maiko_send(ctx, frame, .n = left);
		expect(rc == 0 || rc == MAIKO_EAGAIN);
	}
	atomic_fetch_add(&orders_done, 1);
	return 0;
}
static int change_first(maiko_ctx *ctx) { return change_some(ctx, 0); }
static int change_second(maiko_ctx *ctx) { return change_some(ctx, 1); }

static bool is_wanted(uint32_t t)
{
	bool wanted = false;
	for (uint32_t c = 0; c < CHANGERS; c++)
		for (uint32_t i = 0; i < EACH; i++)
			wanted |= subscribed[c][i][t];
	return wanted;
}

static void check_last_words(maiko_supervisor *sup, uint64_t orders)
{
	test_wait_for(&orders_done, orders);
	test_wait_for(&completed, atomic_load(&asked));
	test_settle(sup);
	for (uint32_t w = 0; w < WATCHERS; w++)
		for (uint32_t t = 0; t < TOPICS; t++)
			assert_int_equal(words[w][t], 1 + is_wanted(t));
}

/* How many changes a run makes; MAIKO_TEST_CHANGES makes more of them. */
static uint64_t changes_of_a_run(void)
{
	const char *text = getenv("MAIKO_TEST_CHANGES");
	return text == NULL ? 600 : strtoull(text, NULL, 10);
}

static maiko_supervisor *start_changers(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t w = 0; w < WATCHERS; w++)
		ok(maiko_add(sup, lookout, test_name("lookout", w), .init = &(lookout){.number = w}));
	ok(maiko_add(sup, puppet, "first"));
	ok(maiko_add(sup, puppet, "second"));
	for (uint32_t c = 0; c < CHANGERS; c++)
		for (uint32_t i = 0; i < EACH; i++)
			ok(maiko_add(sup, viewer, test_name("viewer", c * EACH + i), .topics = MAIKO_NO_TOPICS,
				     .ret_id = &ids[c][i]));
	ok(maiko_start(sup));
	return sup;
}

static void change_at_random(uint32_t workers)
{
	static uint64_t runs;
	maiko_supervisor *sup = start_changers(workers);
	uint64_t orders = 0, random = ++runs, changes = changes_of_a_run();
	for (uint32_t c = 0; c < CHANGERS; c++)
		randoms[c] = random * 2 + c;
	while (atomic_load(&asked) < changes) {
		test_order(sup, "first", change_first);
		test_order(sup, "second", change_second);
		orders += 2;
		ok(maiko_send(sup, sound, .n = 1));
		ok(maiko_send(sup, hail, .n = 1));
		if (draw(&random, 8) == 0)
			check_last_words(sup, orders);
	}
	check_last_words(sup, orders);
	test_finish(sup);
}

TEST_SIM(the_last_word_is_the_truth) { change_at_random(workers); }
TEST_WORKERS(the_last_word_is_the_truth_on_threads) { change_at_random(workers); }
