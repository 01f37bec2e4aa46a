/*
 * test_watch_actor.c - an actor that watches another is told of its end exactly once, after all that it has sent, and
 * also if it has ended already.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

/* ---- who is watched ------------------------------------------------------------------------- */

/* To the actor with that name, what to do. */
typedef enum deed { SAY = 1, FAIL, STOP, WATCH, WATCH_RESTARTS, UNWATCH, HOLD, ADD } deed;
typedef struct order {
	char to[16];
	deed what;
	maiko_actor_id id;
	uint32_t n;
	uint32_t unused;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, to, MAIKO_ENUM(what), id, n, unused);

typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(words);
MAIKO_EVENT(word, words, n);

typedef struct stop_all {
	uint32_t n;
} stop_all;
MAIKO_EVENT(stop_all, orders, n);

typedef struct target {
	uint32_t last_words; /* that its on_stop says */
} target;
static int say(maiko_ctx *ctx, uint32_t count)
{
	for (uint32_t n = 1; n <= count; n++)
		expect(maiko_send(ctx, word, .n = n) == 0);
	return 0;
}
static int target_on_order(target *self, const order *ev, maiko_ctx *ctx)
{
	if (strcmp(ev->to, maiko_name(ctx)) != 0)
		return 0;
	if (ev->what == SAY)
		return say(ctx, ev->n);
	return ev->what == FAIL ? UV_EIO : ev->what == STOP ? maiko_stop_self(ctx) : 0;
}
static int target_on_stop(target *self, maiko_ctx *ctx) { return say(ctx, self->last_words); }
static int target_on_stop_all(target *self, const stop_all *ev, maiko_ctx *ctx) { return maiko_stop_self(ctx); }
MAIKO_ACTOR(target, MAIKO_ON(order, target_on_order), MAIKO_ON(stop_all, target_on_stop_all),
	    MAIKO_ON_STOP(target_on_stop));

/* ---- who watches ------------------------------------------------------------------------------ */

PER_TEST _Atomic(uint64_t) ends, words_heard;
PER_TEST maiko_ended last_end;
PER_TEST _Atomic(int) watch_rc;

typedef struct watcher {
	uint32_t heard;
} watcher;
static int watcher_on_word(watcher *self, const word *ev, maiko_ctx *ctx)
{
	self->heard++;
	atomic_fetch_add(&words_heard, 1);
	return 0;
}
static int watcher_on_ended(watcher *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	expect(strcmp(maiko_sender(ctx), "maiko") == 0);
	expect(maiko_meta(ctx)->sender_id == 0);
	if (strcmp(maiko_name(ctx), "watcher") == 0) { /* the only one */
		test_note("after %u", self->heard);
		last_end = *ev;
	}
	atomic_fetch_add(&ends, 1);
	return 0;
}
static int add_and_watch(maiko_ctx *ctx)
{
	maiko_actor_id id = 0;
	int rc = maiko_add(ctx, target, "child", .ret_id = &id, .restart = MAIKO_TEMPORARY);
	return rc != 0 ? rc : maiko_watch(ctx, id);
}
static int watcher_on_order(watcher *self, const order *ev, maiko_ctx *ctx)
{
	if (strcmp(ev->to, maiko_name(ctx)) != 0)
		return 0;
	if (ev->what == FAIL)
		return UV_EIO;
	int rc = ev->what == WATCH     ? maiko_watch(ctx, ev->id)
		 : ev->what == UNWATCH ? maiko_unwatch_actor(ctx, ev->id)
		 : ev->what == HOLD    ? maiko_hold(ctx)
		 : ev->what == STOP    ? maiko_stop_self(ctx)
		 : ev->what == ADD     ? add_and_watch(ctx)
				       : maiko_watch(ctx, ev->id, .restarts = true);
	atomic_store(&watch_rc, rc);
	return 0;
}
MAIKO_ACTOR(watcher, MAIKO_ON(word, watcher_on_word), MAIKO_ON(maiko_ended, watcher_on_ended),
	    MAIKO_ON(order, watcher_on_order));

/* ---- scripts ------------------------------------------------------------------------------------ */

static void tell(maiko_supervisor *sup, const char *to, deed what, maiko_actor_id id, uint32_t n)
{
	ok(maiko_send(sup, order, MAIKO_TEXT(to, to), .what = what, .id = id, .n = n));
	test_settle(sup);
}

/* A watcher and a target that it watches, on the workers 1 and `workers`. */
static maiko_supervisor *watched_pair(uint32_t workers, maiko_actor_id *ret_target)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, watcher, "watcher", .worker = 1, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, target, "target", .worker = workers, .restart = MAIKO_TEMPORARY, .ret_id = ret_target,
		     .init = &(target){.last_words = 3}));
	ok(maiko_start(sup));
	tell(sup, "watcher", WATCH, *ret_target, 0);
	assert_int_equal(watch_rc, 0);
	return sup;
}

static void expect_end(maiko_actor_id id, maiko_end_reason reason, int error)
{
	assert_int_equal(ends, 1);
	assert_true(last_end.actor == id);
	assert_int_equal(last_end.reason, reason);
	assert_int_equal(last_end.error, error);
	assert_string_equal(last_end.name, reason == MAIKO_END_UNKNOWN ? "" : "target");
	assert_string_equal(last_end.type, reason == MAIKO_END_UNKNOWN ? "" : "target");
}

/* ---- why it has ended ----------------------------------------------------------------------------- */

TEST_SIM(a_watcher_is_told_that_an_actor_has_stopped_itself)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	tell(sup, "target", STOP, 0, 0);
	expect_end(id, MAIKO_END_SELF, 0);
	assert_int_equal(last_end.worker, workers);
	test_finish(sup);
	assert_int_equal(ends, 1);
}

TEST_SIM(a_watcher_is_told_that_an_actor_has_failed)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	tell(sup, "target", FAIL, 0, 0);
	expect_end(id, MAIKO_END_FAILED, UV_EIO);
	test_finish(sup);
	assert_int_equal(ends, 1);
}

TEST_SIM(a_watcher_is_told_that_an_actor_was_removed)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	ok(maiko_remove(sup, id));
	test_settle(sup);
	expect_end(id, MAIKO_END_REMOVED, 0);
	test_finish(sup);
	assert_int_equal(ends, 1);
}

TEST_SIM(a_watch_of_one_that_has_ended_is_told_at_once)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, watcher, "watcher"));
	ok(maiko_add(sup, target, "target", .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_remove(sup, id));
	tell(sup, "watcher", WATCH, id, 0);
	assert_int_equal(watch_rc, 0);
	expect_end(id, MAIKO_END_UNKNOWN, 0);
	tell(sup, "watcher", WATCH, UINT64_C(0x7777000000), 0);
	assert_int_equal(ends, 2);
	test_finish(sup);
}

TEST_SIM(a_stop_ends_a_watch_and_tells_nobody)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	test_finish(sup);
	assert_int_equal(ends, 0);
}

/* ---- when it is told --------------------------------------------------------------------------------- */

TEST_SIM(the_end_comes_after_all_that_the_actor_has_sent)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	ok(maiko_send(sup, order, .to = "target", .what = SAY, .n = 40));
	ok(maiko_send(sup, order, .to = "target", .what = FAIL));
	test_wait_for(&ends, 1);
	expect_noted("after 43"); /* on_stop has said 3 */
	test_finish(sup);
}

TEST_SIM(a_hold_does_not_delay_the_end)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	tell(sup, "watcher", HOLD, 0, 0);
	ok(maiko_remove(sup, id));
	test_wait_for(&ends, 1);
	expect_noted("after 0");
	ok(maiko_stop(sup, NULL));
	test_release(sup);
}

TEST_SIM(one_that_was_just_added_can_be_watched)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, watcher, "watcher"));
	ok(maiko_start(sup));
	tell(sup, "watcher", ADD, 0, 0);
	assert_int_equal(watch_rc, 0);
	tell(sup, "child", FAIL, 0, 0);
	assert_int_equal(ends, 1);
	assert_int_equal(last_end.reason, MAIKO_END_FAILED);
	assert_string_equal(last_end.name, "child");
	test_finish(sup);
}

/* ---- when it is not told ---------------------------------------------------------------------------- */

TEST_SIM(after_unwatch_nothing_is_told)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	tell(sup, "watcher", UNWATCH, id, 0);
	assert_int_equal(watch_rc, 0);
	tell(sup, "watcher", UNWATCH, id, 0);
	assert_int_equal(watch_rc, MAIKO_ENOENT);
	tell(sup, "target", STOP, 0, 0);
	assert_int_equal(ends, 0);
	tell(sup, "watcher", WATCH, id, 0);
	assert_int_equal(ends, 1);
	test_finish(sup);
}

TEST_SIM(a_watch_ends_with_its_watcher)
{
	maiko_actor_id id;
	maiko_supervisor *sup = watched_pair(workers, &id);
	tell(sup, "watcher", STOP, 0, 0);
	tell(sup, "target", STOP, 0, 0);
	assert_int_equal(ends, 0);
	test_finish(sup);
}

TEST_SIM(a_watch_is_refused_with_its_reason)
{
	maiko_actor_id id, self;
	maiko_supervisor *sup = watched_pair(workers, &id);
	ok(maiko_find(sup, "watcher", &self));
	tell(sup, "watcher", WATCH, id, 0);
	assert_int_equal(watch_rc, MAIKO_EEXIST);
	tell(sup, "watcher", WATCH, self, 0);
	assert_int_equal(watch_rc, MAIKO_EINVAL);
	tell(sup, "watcher", WATCH, 0, 0);
	assert_int_equal(watch_rc, MAIKO_EINVAL);
	tell(sup, "watcher", WATCH_RESTARTS, 77, 0); /* its type does not handle maiko_restarted */
	assert_int_equal(watch_rc, MAIKO_EINVAL);
	test_finish(sup);
}

static int watch_without_handler(maiko_ctx *ctx)
{
	expect(maiko_watch(ctx, 1) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), "does not handle maiko_ended") != NULL);
	expect(maiko_watch((maiko_ctx *)NULL, 1) == MAIKO_EINVAL);
	expect(maiko_unwatch_actor(NULL, 1) == MAIKO_EINVAL);
	return 0;
}

TEST_SIM(a_watcher_must_handle_the_end)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", watch_without_handler);
	test_settle(sup);
	test_finish(sup);
}

/* ---- pairs: both move, end and are removed at the same moment ------------------------------------------- */

TEST_SIM(a_watched_actor_that_moves_tells_of_its_end)
{
	maiko_actor_id id, self;
	maiko_supervisor *sup = watched_pair(workers, &id);
	ok(maiko_find(sup, "watcher", &self));
	for (uint32_t round = 0; round < 4; round++) {
		ok(maiko_move(sup, id, 1 + round % workers));
		ok(maiko_move(sup, self, 1 + (round + 1) % workers));
		test_settle(sup);
	}
	ok(maiko_send(sup, order, .to = "target", .what = SAY, .n = 20));
	ok(maiko_send(sup, order, .to = "target", .what = STOP));
	test_wait_for(&ends, 1);
	expect_noted("after 23");
	test_finish(sup);
}

static void change_done(void *arg, const maiko_completion *completion) {}

/* In every order that the seeds choose: watches that go there and back while both ends are moved or removed. */
TEST_SIM(an_end_is_told_once_whatever_happens_meanwhile)
{
	enum { MANY = 6 };
	maiko_actor_id targets[MANY], watchers[MANY];
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < MANY; i++) {
		ok(maiko_add(sup, target, test_name("target", i), .worker = 1 + i % workers, .ret_id = &targets[i],
			     .restart = MAIKO_TEMPORARY, .init = &(target){.last_words = 2}));
		ok(maiko_add(sup, watcher, test_name("watcher", i), .worker = 1 + i * 3 % workers,
			     .ret_id = &watchers[i]));
	}
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < MANY; i++)
		for (uint32_t k = 0; k < MANY; k++)
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("watcher", i)), .what = WATCH,
				      .id = targets[k]));
	for (uint32_t i = 0; i < MANY; i++) {
		(void)maiko_move(sup, targets[i], 1 + (i + 1) % workers, .done = change_done);
		(void)maiko_move(sup, watchers[i], 1 + (i + 2) % workers, .done = change_done);
		if (i % 3 == 0)
			ok(maiko_remove(sup, targets[i], .done = change_done));
		else
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("target", i)),
				      .what = i % 3 == 1 ? STOP : FAIL));
		(void)maiko_move(sup, watchers[i], 1 + (i + 3) % workers, .done = change_done);
	}
	test_settle(sup);
	assert_int_equal(ends, MANY * MANY);
	test_finish(sup);
	assert_int_equal(ends, MANY * MANY);
}

/* The same with watchers that give up or end: then at most once, and nothing is left. */
TEST_SIM(watchers_that_give_up_are_told_at_most_once)
{
	enum { MANY = 6 };
	maiko_actor_id targets[MANY], watchers[MANY];
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < MANY; i++) {
		ok(maiko_add(sup, target, test_name("target", i), .worker = 1 + i % workers, .ret_id = &targets[i],
			     .restart = MAIKO_TEMPORARY));
		ok(maiko_add(sup, watcher, test_name("watcher", i), .worker = 1 + i * 3 % workers,
			     .ret_id = &watchers[i], .restart = MAIKO_TEMPORARY));
	}
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < MANY; i++)
		for (uint32_t k = 0; k < MANY; k++)
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("watcher", i)), .what = WATCH,
				      .id = targets[k]));
	for (uint32_t i = 0; i < MANY; i++) {
		(void)maiko_move(sup, targets[i], 1 + (i + 1) % workers, .done = change_done);
		for (uint32_t k = 0; k < MANY; k += 2)
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("watcher", i)), .what = UNWATCH,
				      .id = targets[k]));
		(void)maiko_move(sup, watchers[i], 1 + (i + 3) % workers, .done = change_done);
		ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("target", i)), .what = STOP));
		if (i < 2)
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("watcher", i)),
				      .what = i == 0 ? STOP : FAIL));
		else if (i == 2)
			ok(maiko_remove(sup, watchers[i], .done = change_done));
	}
	test_settle(sup);
	assert_in_range(ends, (MANY - 3) * MANY / 2, MANY * MANY);
	test_finish(sup);
}

/* ---- at random ---------------------------------------------------------------------------------------------- */

enum { DICE = 12 };
PER_TEST maiko_actor_id diced[DICE];
typedef struct throw { bool last; }
throw;
MAIKO_TOPIC(throws);
MAIKO_EVENT(throw, throws, last);

/* Knows what it watches, and so what it must be told. */
typedef struct gambler {
	bool watches[DICE];
} gambler;
static void end_one(maiko_ctx *ctx, uint32_t k, deed how)
{
	if (how == ADD)
		(void)maiko_remove(ctx, diced[k]);
	else
		expect(maiko_send(ctx, order, MAIKO_TEXT(to, test_name("target", k)), .what = how) == 0);
}
static int gambler_on_throw(gambler *self, const throw *ev, maiko_ctx *ctx)
{
	uint64_t dice = maiko_random(ctx);
	uint32_t k = (uint32_t)(dice >> 8) % DICE, to = 1 + (uint32_t)(dice >> 16) % 8;
	for (uint32_t i = 0; ev->last && i < DICE; i++)
		expect(!self->watches[i]);
	if (ev->last)
		return 0;
	switch (dice % 8) {
	case 0:
		expect(maiko_unwatch_actor(ctx, diced[k]) == (self->watches[k] ? 0 : MAIKO_ENOENT));
		self->watches[k] = false;
		return 0;
	case 1:
		(void)maiko_move(ctx, diced[k], to);
		return 0;
	case 2:
		(void)maiko_move(ctx, maiko_self(ctx), to);
		return 0;
	case 3:
		end_one(ctx, k, dice >> 32 & 1 ? ADD : dice >> 33 & 1 ? STOP : FAIL);
		return 0;
	default:
		expect(maiko_watch(ctx, diced[k]) == (self->watches[k] ? MAIKO_EEXIST : 0));
		self->watches[k] = true;
		return 0;
	}
}
static int gambler_on_ended(gambler *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	uint32_t k = 0;
	while (k < DICE && diced[k] != ev->actor)
		k++;
	expect(k < DICE && self->watches[k]);
	if (k < DICE)
		self->watches[k] = false;
	atomic_fetch_add(&ends, 1);
	return 0;
}
MAIKO_ACTOR(gambler, MAIKO_ON(throw, gambler_on_throw), MAIKO_ON(maiko_ended, gambler_on_ended));

static void play_dice(maiko_supervisor *sup, uint32_t workers)
{
	for (uint32_t i = 0; i < DICE; i++)
		ok(maiko_add(sup, target, test_name("target", i), .worker = 1 + i % workers, .ret_id = &diced[i],
			     .restart = MAIKO_TEMPORARY));
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, gambler, test_name("gambler", i), .worker = 1 + i % workers));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 60; i++)
		ok(maiko_send(sup, throw, .last = false));
	for (uint32_t i = 0; i < DICE; i++)
		(void)maiko_remove(sup, diced[i], .done = change_done);
	test_settle(sup);
	ok(maiko_send(sup, throw, .last = true));
	test_settle(sup);
	test_finish(sup);
}

TEST_SIM(at_random_each_watch_ends_once) { play_dice(test_supervisor(workers), workers); }
TEST_WORKERS(at_random_each_watch_ends_once_with_threads)
{
	for (uint32_t i = 0; i < 20; i++)
		play_dice(test_supervisor(workers), workers);
}

/* ---- with threads ----------------------------------------------------------------------------------------- */

TEST_WORKERS(many_watches_across_threads_are_each_told_once)
{
	enum { MANY = 200 };
	static maiko_actor_id targets[MANY];
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_add(sup, watcher, test_name("watcher", i), .worker = 1 + i % workers,
			     .topics = MAIKO_TOPICS(orders)));
	for (uint32_t i = 0; i < MANY; i++)
		ok(maiko_add(sup, target, test_name("target", i), .worker = 1 + i % workers, .ret_id = &targets[i],
			     .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < MANY; i++) {
		for (uint32_t k = 0; k < 4; k++)
			ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("watcher", k)), .what = WATCH,
				      .id = targets[i]));
		if (i % 2 == 0)
			(void)maiko_move(sup, targets[i], 1 + (i + 1) % workers);
	}
	for (uint32_t i = 0; i < MANY; i++)
		ok(maiko_remove(sup, targets[i]));
	test_wait_for(&ends, 4 * MANY);
	test_finish(sup);
	assert_int_equal(ends, 4 * MANY);
}

/* ---- many ------------------------------------------------------------------------------------------------- */

enum { CROWD = 50000 };
static maiko_actor_id crowd_ids[CROWD];

/* Watches the first so many. */
typedef struct fan {
	uint32_t count;
} fan;
static int fan_on_start(fan *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < self->count; i++)
		expect(maiko_watch(ctx, crowd_ids[i]) == 0);
	return 0;
}
static int fan_on_ended(fan *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&ends, 1);
	return 0;
}
MAIKO_ACTOR(fan, MAIKO_ON_START(fan_on_start), MAIKO_ON(maiko_ended, fan_on_ended));

/* One that searched a list for each of them would take hours. */
TEST_ONCE(many_actors_watch_one)
{
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, target, "target", .ret_id = &crowd_ids[0], .worker = 2, .topics = MAIKO_NO_TOPICS));
	for (uint32_t i = 0; i < CROWD; i++)
		ok(maiko_add(sup, fan, test_name("fan", i), .worker = 1 + i % 2, .init = &(fan){.count = 1}));
	ok(maiko_start(sup));
	ok(maiko_remove(sup, crowd_ids[0]));
	test_wait_for(&ends, CROWD);
	test_finish(sup);
	assert_int_equal(ends, CROWD);
}

TEST_ONCE(one_actor_watches_many)
{
	maiko_supervisor *sup = test_supervisor(2);
	for (uint32_t i = 0; i < CROWD; i++)
		ok(maiko_add(sup, target, test_name("target", i), .worker = 1 + i % 2, .ret_id = &crowd_ids[i]));
	ok(maiko_add(sup, fan, "fan", .worker = 1, .init = &(fan){.count = CROWD}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, stop_all, .n = 1));
	test_wait_for(&ends, CROWD);
	test_finish(sup);
	assert_int_equal(ends, CROWD);
}
