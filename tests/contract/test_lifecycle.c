/*
 * test_lifecycle.c - the topics of the library itself: who gets what they tell, in which order, and that they make
 * nobody wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct order {
	char to[16];
	uint32_t says;
	int fails;
} order;
MAIKO_TOPIC(orders);
MAIKO_EVENT(order, orders, to, says, fails);

typedef struct word {
	uint32_t n;
} word;
MAIKO_TOPIC(words);
MAIKO_EVENT(word, words, n);

/* Says so many words, and ends or fails. */
typedef struct speaker {
	uint32_t unused;
} speaker;
static int speaker_on_order(speaker *self, const order *ev, maiko_ctx *ctx)
{
	if (strcmp(ev->to, maiko_name(ctx)) != 0)
		return 0;
	for (uint32_t n = 1; n <= ev->says; n++)
		expect(maiko_send(ctx, word, .n = n) == 0);
	return ev->fails != 0 ? ev->fails : maiko_stop_self(ctx);
}
MAIKO_ACTOR(speaker, MAIKO_ON(order, speaker_on_order));

/* Hears of the ends. */
PER_TEST _Atomic(uint64_t) ends, words_heard;
PER_TEST maiko_ended last_end;
typedef struct operator { uint32_t unused; }
operator;
static int operator_on_ended(operator* self, const maiko_ended *ev, maiko_ctx *ctx)
{
	expect(strcmp(maiko_meta(ctx)->topic->name, "maiko.lifecycle") == 0);
	expect(strcmp(maiko_sender(ctx), "maiko") == 0);
	last_end = *ev;
	test_note("%s after %llu", ev->name, (unsigned long long)atomic_load(&words_heard));
	atomic_fetch_add(&ends, 1);
	return 0;
}
static int operator_on_word(operator* self, const word *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&words_heard, 1);
	return 0;
}
MAIKO_ACTOR(operator, MAIKO_ON(maiko_ended, operator_on_ended), MAIKO_ON(word, operator_on_word));

TEST_SIM(the_end_of_an_actor_is_told_after_its_events)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, operator, "operator", .worker = 1, .topics = MAIKO_TOPICS(maiko_lifecycle_topic, words)));
	ok(maiko_add(sup, speaker, "speaker", .worker = workers, .restart = MAIKO_TEMPORARY));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .to = "speaker", .says = 30, .fails = UV_EIO));
	test_wait_for(&ends, 1);
	expect_noted("speaker after 30");
	assert_int_equal(last_end.reason, MAIKO_END_FAILED);
	assert_int_equal(last_end.error, UV_EIO);
	test_finish(sup);
	assert_int_equal(ends, 1); /* not of those that the stop has ended */
}

TEST_SIM(a_handler_of_the_end_is_no_subscription)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, operator, "operator"));
	ok(maiko_add(sup, speaker, "speaker"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .to = "speaker"));
	test_settle(sup);
	assert_int_equal(ends, 0);
	maiko_actor_id id;
	ok(maiko_find(sup, "operator", &id));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(maiko_lifecycle_topic)));
	ok(maiko_add(sup, speaker, "another"));
	ok(maiko_send(sup, order, .to = "another"));
	test_wait_for(&ends, 1);
	assert_int_equal(last_end.reason, MAIKO_END_SELF);
	test_finish(sup);
}

static int any_on_any(speaker *self, const maiko_any *any, maiko_ctx *ctx)
{
	expect(strncmp(maiko_meta(ctx)->topic->name, "maiko.", 6) != 0);
	return 0;
}
typedef struct speaker any;
MAIKO_ACTOR(any, MAIKO_ON_ANY(any_on_any));

TEST_SIM(all_topics_are_those_of_users)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, any, test_name("any", i), .topics = MAIKO_ALL_TOPICS, .worker = 1 + i % workers));
	ok(maiko_add(sup, operator, "operator", .topics = MAIKO_TOPICS(maiko_lifecycle_topic, words), .worker = 1));
	ok(maiko_add(sup, speaker, "speaker", .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .to = "speaker", .says = 5));
	test_wait_for(&ends, 1);
	test_finish(sup);
}

/* ---- they make nobody wait -------------------------------------------------------------------------- */

TEST_ONCE(a_policy_that_could_make_them_wait_is_refused)
{
	const maiko_overflow refused[] = {MAIKO_BLOCK, MAIKO_FAIL};
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(1);
	for (uint32_t i = 0; i < 2; i++) {
		returns(maiko_add(sup, operator, "x",
				  .topics = MAIKO_TOPICS(MAIKO_SUB(maiko_lifecycle_topic, .overflow = refused[i]))),
			MAIKO_EINVAL);
		assert_non_null(strstr(maiko_last_error(), "waits for nobody"));
		returns(maiko_add(sup, operator, "x", .topics = MAIKO_TOPICS(maiko_lifecycle_topic),
				  .overflow = refused[i]),
			MAIKO_EINVAL);
	}
	ok(maiko_add(sup, operator, "operator", .ret_id = &id));
	ok(maiko_start(sup));
	returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(maiko_lifecycle_topic), .overflow = MAIKO_BLOCK),
		MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "maiko.lifecycle"));
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(maiko_lifecycle_topic), .overflow = MAIKO_DROP_NEWEST));
	test_finish(sup);
}

static int hold(maiko_ctx *ctx) { return maiko_hold(ctx); }
static int unhold(maiko_ctx *ctx) { return maiko_unhold(ctx); }
typedef struct command {
	int (*act)(maiko_ctx *ctx);
} command;
PER_TEST int (*act)(maiko_ctx *ctx);

/* An operator that rests for a while. */
typedef struct rests {
	uint32_t unused;
} rests;
static int rests_on_start(rests *self, maiko_ctx *ctx) { return hold(ctx); }
static maiko_next rests_tick(rests *self, maiko_ctx *ctx)
{
	if (act == NULL)
		return maiko_after_ms(10);
	expect(act(ctx) == 0);
	return maiko_never();
}
static int rests_on_ended(rests *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	test_note("%s", ev->name);
	atomic_fetch_add(&ends, 1);
	return 0;
}
MAIKO_ACTOR(rests, MAIKO_ON_START(rests_on_start), MAIKO_TICK(rests_tick), MAIKO_ON(maiko_ended, rests_on_ended));

/* Ten actors end while a mailbox of four is on hold: nobody is muted, and the last four are told. */
TEST_SIM(a_full_mailbox_drops_the_oldest_ends)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, rests, "rests", .topics = MAIKO_TOPICS(maiko_lifecycle_topic), .mailbox = 4, .worker = 1));
	for (uint32_t i = 0; i < 10; i++)
		ok(maiko_add(sup, speaker, test_name("s", i), .worker = 1));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 10; i++) {
		ok(maiko_send(sup, order, MAIKO_TEXT(to, test_name("s", i))));
		ok(maiko_send(sup, order, .to = "nobody"));
		test_wait_gone(sup, test_name("s", i));
	}
	act = unhold;
	test_wait_for(&ends, 4);
	expect_noted("s6 s7 s8 s9");
	assert_int_equal(test_topic_row(test_stop(sup), "maiko.lifecycle")->counts.dropped, 6);
	test_release(sup);
}

/* ---- nobody else sends them ---------------------------------------------------------------------------- */

static const maiko_topic *to_lifecycle(const void *event, maiko_supervisor *sup) { return &maiko_lifecycle_topic; }
static uint64_t routed_slot;
typedef struct forged {
	uint32_t n;
} forged;
MAIKO_STRUCT(forged, n);
static const maiko_event_type routed = {
	.layout = &maiko_gen_layout_forged, .route = to_lifecycle, .slot = &routed_slot, .format = MAIKO_FORMAT};

static int send_forged(maiko_ctx *ctx)
{
	const maiko_ended ended = {.actor = 1};
	const forged f = {.n = 1};
	const maiko_envelope envelope = {.id = {1, 1}, .sender = "x"};
	const maiko_event_type *type = MAIKO_EVENT_REF(maiko_ended);
	expect(maiko_ctx_send(ctx, type, &ended, 0) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), "only the library sends") != NULL);
	expect(maiko_ctx_send(ctx, &routed, &f, 0) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(ctx, 1, NULL, type, &ended) == MAIKO_EINVAL);
	expect(maiko_ctx_send_self_after(ctx, 1, NULL, type, &ended) == MAIKO_EINVAL);
	expect(maiko_inject(ctx, type, &ended, &envelope) == MAIKO_EINVAL);
	return 0;
}

TEST_SIM(only_the_library_sends_its_events)
{
	const maiko_ended ended = {.actor = 1};
	const forged f = {.n = 1};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", send_forged);
	test_settle(sup);
	returns(maiko_supervisor_send(sup, MAIKO_EVENT_REF(maiko_ended), &ended, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send(sup, &routed, &f, 0), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "only the library sends"));
	test_finish(sup);
}
