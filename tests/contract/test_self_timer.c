/*
 * A timer of an actor (maiko_send_self_after_ms): an event that comes to itself alone, with no topic and no .echo, past
 * a hold and a full mailbox; cancelled in time it never comes (C2, C10, C18). In simulation, to the nanosecond.
 */
#include "support.h"

#include "runtime/runtime.h"

#include <maiko/testing/sim.h>
#include <string.h>
#include <uv.h>

enum { HOUR_MS = 3600000, MAILBOX = 4 };

typedef struct timeout {
	uint32_t n;
} timeout;
MAIKO_EVENT(timeout, maiko_private_topic, n);

/* Of a topic, but the actor sends it to itself too. */
typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(others);
MAIKO_EVENT(other, others, n);

/* Something large, with a buffer. */
typedef struct parcel {
	uint32_t n;
	uint8_t bytes[2000];
	maiko_buffer *buffer;
} parcel;
MAIKO_EVENT(parcel, maiko_private_topic, n, bytes, buffer);

/* ---- the actor that waits ----------------------------------------------------------------------- */

/* What it does is in the event. */
typedef int (*act)(maiko_ctx *ctx);
typedef struct plan {
	uint32_t n;
	act act;
} plan;
MAIKO_TOPIC(plans);
MAIKO_EVENT(plan, plans, n);

PER_TEST uint64_t due_ns[16];
PER_TEST maiko_delayed names[16];
PER_TEST act at_timeout; /* what the handler of a timeout does besides */
PER_TEST const parcel *kept;
PER_TEST _Atomic(uint64_t) stops;
PER_TEST maiko_error last_error;

typedef struct waiter {
	bool on_hold;
} waiter;
static int waiter_on_start(waiter *self, maiko_ctx *ctx)
{
	if (self->on_hold)
		expect(maiko_hold(ctx) == 0 && maiko_send_self_after_ms(ctx, 10, NULL, timeout, .n = 0) == 0);
	return 0;
}
static int waiter_on_plan(waiter *self, const plan *ev, maiko_ctx *ctx) { return ev->act(ctx); }
static int waiter_on_item(waiter *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return 0;
}
static int waiter_on_timeout(waiter *self, const timeout *ev, maiko_ctx *ctx)
{
	expect(due_ns[ev->n] == 0 || test_now_ns() >= due_ns[ev->n]);
	test_hear(ctx, MAIKO_EVENT_REF(timeout), ev);
	return at_timeout != NULL ? at_timeout(ctx) : 0;
}
static int waiter_on_parcel(waiter *self, const parcel *ev, maiko_ctx *ctx)
{
	expect(ev->bytes[1999] == 7 && maiko_buffer_size(ev->buffer) == 5);
	test_hear(ctx, MAIKO_EVENT_REF(parcel), ev);
	kept = ev;
	return maiko_keep(ctx, ev);
}
static int waiter_on_error(waiter *self, const maiko_error *error, maiko_ctx *ctx)
{
	last_error = *error;
	return error->code == UV_EAGAIN ? 0 : error->code;
}
static int waiter_on_stop(waiter *self, maiko_ctx *ctx)
{
	expect(maiko_send_self_after_ms(ctx, 1, NULL, timeout, .n = 9) == MAIKO_ESHUTDOWN);
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(waiter, MAIKO_ON_START(waiter_on_start), MAIKO_ON(plan, waiter_on_plan), MAIKO_ON(item, waiter_on_item),
	    MAIKO_ON(timeout, waiter_on_timeout), MAIKO_ON(parcel, waiter_on_parcel), MAIKO_ON_ERROR(waiter_on_error),
	    MAIKO_ON_STOP(waiter_on_stop));

TEST_LISTENER(spy, timeout, item, other);

static int later(maiko_ctx *ctx, uint64_t ms, uint32_t n)
{
	due_ns[n] = maiko_now(ctx) + ms * 1000000;
	return maiko_send_self_after_ms(ctx, ms, &names[n], timeout, .n = n);
}

static void pass(maiko_supervisor *sup, uint64_t ms) { ok(maiko_sim_advance(maiko_sim_of(sup), ms)); }

static maiko_supervisor *with_waiter(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, waiter, "waiter", .max_events_per_tick = 1, .restart = MAIKO_TEMPORARY));
	ok(maiko_add(sup, spy, "spy", .topics = MAIKO_ALL_TOPICS));
	return sup;
}

static void order(maiko_supervisor *sup, act act) { ok(maiko_send(sup, plan, .act = act)); }

static maiko_supervisor *with_plan(uint32_t workers, act act)
{
	maiko_supervisor *sup = with_waiter(workers);
	ok(maiko_start(sup));
	order(sup, act);
	return sup;
}

/* At the end; nobody else has heard of them. */
static void assert_timers(maiko_supervisor *sup, uint64_t handled, uint64_t cancelled)
{
	test_finish_timers(sup, handled, cancelled);
	expect_heard_count("spy", timeout, 0);
}

static uint64_t waiting(maiko_supervisor *sup) { return test_topic_row(test_report(sup), "maiko.private")->delayed; }

/* ---- when they come --------------------------------------------------------------------------------- */

static int plan_few(maiko_ctx *ctx)
{
	expect(later(ctx, 30, 1) == 0);
	expect(later(ctx, 10, 2) == 0);
	expect(later(ctx, 20, 3) == 0);
	expect(later(ctx, 10, 4) == 0);
	return later(ctx, 0, 5);
}

TEST_SIM(an_actor_has_timers_without_a_topic_and_without_echo)
{
	maiko_supervisor *sup = with_plan(workers, plan_few);
	pass(sup, 29);
	expect_heard_numbers("waiter", "5 2 4 3");
	assert_int_equal(waiting(sup), 1);
	pass(sup, 1);
	expect_heard_numbers("waiter", "5 2 4 3 1");
	assert_timers(sup, 5, 0);
}

TEST_WORKERS(real_time_passes_for_them_too)
{
	maiko_supervisor *sup = with_plan(workers, plan_few);
	test_wait_for(&test_heard_events, 5);
	assert_timers(sup, 5, 0);
}

static int plan_item(maiko_ctx *ctx) { return maiko_send_self_after_ms(ctx, 5, NULL, item, .n = 8); }

TEST_SIM(an_event_of_a_topic_may_be_sent_to_oneself_and_others_do_not_receive_it)
{
	maiko_supervisor *sup = with_plan(workers, plan_item);
	pass(sup, 5);
	expect_heard("waiter", "item 8");
	expect_heard("spy", "");
	assert_timers(sup, 1, 0);
}

static int plan_bounds(maiko_ctx *ctx)
{
	expect(maiko_send_self_after_ms(ctx, UINT64_MAX, NULL, timeout, .n = 1) == 0);
	expect(maiko_send_self_after_ms(ctx, MAIKO_NEXT_MS_MAX + 1, NULL, timeout, .n = 2) == 0);
	return maiko_send_self_after_ms(ctx, 1, NULL, timeout, .n = 3);
}

TEST_SIM(a_delay_past_the_bound_counts_as_the_bound)
{
	maiko_supervisor *sup = with_plan(workers, plan_bounds);
	pass(sup, HOUR_MS);
	expect_heard("waiter", "timeout 3");
	assert_timers(sup, 1, 2);
}

static int plan_parcel(maiko_ctx *ctx)
{
	parcel *value = maiko_new(parcel);
	value->buffer = maiko_buffer_text("12345");
	value->bytes[1999] = 7;
	int rc = maiko_ctx_send_self_after(ctx, 5, NULL, MAIKO_EVENT_REF(parcel), value);
	expect(maiko_ctx_send_self_after(ctx, HOUR_MS, NULL, MAIKO_EVENT_REF(parcel), value) == 0);
	maiko_buffer_unref(value->buffer);
	maiko_discard(value);
	return rc;
}
static int release_parcel(maiko_ctx *ctx)
{
	expect(kept->bytes[1999] == 7 && maiko_buffer_size(kept->buffer) == 5);
	return maiko_release(ctx, kept);
}

TEST_SIM(it_may_be_large_and_it_may_be_kept)
{
	maiko_supervisor *sup = with_plan(workers, plan_parcel);
	pass(sup, 10);
	expect_heard("waiter", "parcel 0");
	order(sup, release_parcel);
	assert_timers(sup, 1, 1);
}

/* ---- what it is -------------------------------------------------------------------------------------- */

static int plan_one(maiko_ctx *ctx) { return later(ctx, 20, 1); }

TEST_SIM(its_envelope_is_that_of_a_delayed_send)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_harness *h = test_harness(sup);
	ok(maiko_add(sup, waiter, "waiter"));
	ok(maiko_start(sup));
	order(sup, plan_one);
	pass(sup, 20);
	const maiko_record *cause = maiko_query_first(maiko_query_of(h, plan, .receiver = "waiter"));
	const maiko_record *timer = maiko_query_first(maiko_query_of(h, timeout, .receiver = "waiter"));
	assert_true(maiko_id_equal(timer->event->parent, cause->event->id));
	assert_true(maiko_id_equal(timer->event->correlation, cause->event->id));
	assert_false(maiko_id_equal(timer->event->id, cause->event->id));
	assert_string_equal(timer->event->sender, "waiter");
	assert_string_equal(timer->event->topic->name, "maiko.private");
	assert_int_equal(timer->event->timestamp_ns - cause->event->timestamp_ns, 20000000);
	ok(maiko_expect_count(maiko_query_of(h, timeout), 1));
	test_finish(sup);
}

static void hook(void *arg, const maiko_observation *s)
{
	if (s->event != NULL && strcmp(s->event->topic->name, "maiko.private") == 0)
		test_note("%s %s%lld", maiko_observation_text(s->kind), s->actor_name, (long long)s->code);
}

TEST_SIM(monitors_are_shown_it_when_its_handler_runs)
{
	maiko_monitor *monitor;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_monitor_add(sup, &(maiko_hooks){.any = hook}, NULL, &monitor));
	ok(maiko_add(sup, waiter, "waiter"));
	ok(maiko_start(sup));
	order(sup, plan_one);
	pass(sup, 19);
	expect_noted("");
	pass(sup, 1);
	expect_noted("dispatched 0 delivered waiter0 handled waiter0");
	test_finish(sup);
}

/* ---- holds, mailboxes, policies ---------------------------------------------------------------------- */

static int hold_and_plan(maiko_ctx *ctx)
{
	expect(maiko_hold(ctx) == 0);
	return plan_few(ctx);
}
static int unhold_at_last(maiko_ctx *ctx) { return atomic_load(&test_heard_events) == 5 ? maiko_unhold(ctx) : 0; }

static void past_a_full_mailbox(uint32_t workers, maiko_overflow overflow)
{
	maiko_supervisor *sup = test_supervisor(workers);
	at_timeout = unhold_at_last;
	ok(maiko_add(sup, waiter, "waiter", .mailbox = MAILBOX, .overflow = overflow));
	ok(maiko_start(sup));
	order(sup, hold_and_plan);
	pass(sup, 0);
	for (uint32_t i = 0; i < 3 * MAILBOX; i++)
		(void)maiko_try_send(sup, item, .n = 100);
	pass(sup, 29);
	expect_heard_numbers("waiter", "5 2 4 3");
	pass(sup, 1);
	expect_heard_count("waiter", timeout, 5);
	assert_true(test_heard_count("waiter", "item") >= 1);
	const maiko_topic_row *row = test_topic_row(test_stop(sup), "maiko.private");
	assert_int_equal(row->counts.handled, 5);
	assert_int_equal(row->counts.deliveries, 5);
	test_release(sup);
}

TEST_SIM(it_passes_a_hold_and_a_full_mailbox) { past_a_full_mailbox(workers, MAIKO_BLOCK); }
TEST_SIM(no_policy_drops_it)
{
	past_a_full_mailbox(workers, MAIKO_DROP_NEWEST);
	test_begin();
	past_a_full_mailbox(workers, MAIKO_DROP_OLDEST);
	test_begin();
	past_a_full_mailbox(workers, MAIKO_KEEP_LATEST);
}

static int plan_now(maiko_ctx *ctx) { return later(ctx, 0, 1); }

static int unhold(maiko_ctx *ctx)
{
	at_timeout = NULL;
	return maiko_unhold(ctx);
}

/* Its mailbox has all of it before it begins with it: it is on hold until its timer 0 comes. */
static maiko_supervisor *with_queue(uint32_t workers, act first, act third)
{
	maiko_supervisor *sup = test_supervisor(workers);
	at_timeout = unhold;
	ok(maiko_add(sup, waiter, "waiter", .max_events_per_tick = 1, .init = &(waiter){.on_hold = true}));
	ok(maiko_add(sup, spy, "spy", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_start(sup));
	order(sup, first);
	ok(maiko_send(sup, item, .n = 2));
	order(sup, third);
	pass(sup, 20);
	return sup;
}

static int note_third(maiko_ctx *ctx)
{
	expect(strcmp(test_heard("waiter"), "timeout 0, item 2") == 0);
	test_note("third");
	return 0;
}

TEST_SIM(otherwise_it_comes_after_what_was_queued_when_it_fell_due)
{
	maiko_supervisor *sup = with_queue(workers, plan_now, note_third);
	expect_heard("waiter", "timeout 0, item 2, timeout 1");
	expect_noted("third");
	assert_timers(sup, 2, 0);
}

/* ---- cancelled ------------------------------------------------------------------------------------------ */

static int cancel_second(maiko_ctx *ctx)
{
	expect(maiko_cancel(ctx, names[2]) == 0);
	expect(maiko_cancel(ctx, names[2]) == MAIKO_ENOENT);
	return 0;
}

TEST_SIM(what_is_cancelled_before_its_time_does_not_come)
{
	maiko_supervisor *sup = with_plan(workers, plan_few);
	order(sup, cancel_second);
	pass(sup, HOUR_MS);
	expect_heard_numbers("waiter", "5 4 3 1");
	assert_timers(sup, 4, 1);
}

/* Numbers 2 and 4 fall due together: the handler of 2 cancels 4, which is due and waits. */
static int cancel_the_next(maiko_ctx *ctx)
{
	expect(maiko_cancel(ctx, names[1]) == 0);
	expect(maiko_cancel(ctx, names[4]) == 0);
	expect(maiko_cancel(ctx, names[2]) == MAIKO_ENOENT); /* it is being handled */
	at_timeout = NULL;
	return 0;
}
static int cancel_at_second(maiko_ctx *ctx)
{
	at_timeout = cancel_the_next;
	return 0;
}
static int plan_few_and_cancel(maiko_ctx *ctx)
{
	at_timeout = cancel_at_second; /* the first is number 5 */
	return plan_few(ctx);
}

TEST_SIM(what_is_due_and_waits_can_be_cancelled_and_does_not_come)
{
	maiko_supervisor *sup = with_plan(workers, plan_few_and_cancel);
	pass(sup, HOUR_MS);
	expect_heard_numbers("waiter", "5 2 3");
	assert_timers(sup, 3, 2);
}

static int cancel_first(maiko_ctx *ctx)
{
	expect(ctx->extra->privates != NULL); /* it is due, and waits */
	expect(maiko_cancel(ctx, names[1]) == 0);
	return 0;
}

TEST_SIM(a_cancel_is_in_time_until_its_handler_runs)
{
	maiko_supervisor *sup = with_queue(workers, plan_now, cancel_first);
	expect_heard("waiter", "timeout 0, item 2");
	assert_timers(sup, 1, 1);
}

static int cancel_any(maiko_ctx *ctx)
{
	int rc = maiko_cancel(ctx, names[1]);
	expect(rc == 0 || rc == MAIKO_ENOENT);
	test_note(rc == 0 ? "cancelled" : "late");
	return 0;
}

/* Whoever is first, it comes or it was cancelled, and not both. */
TEST_SIM(a_cancel_and_the_time_meet)
{
	maiko_supervisor *sup = with_plan(workers, plan_now);
	order(sup, cancel_any);
	pass(sup, 1);
	bool cancelled = strcmp(test_noted(), "cancelled") == 0;
	expect_heard_count("waiter", timeout, cancelled ? 0 : 1);
	assert_timers(sup, cancelled ? 0 : 1, cancelled ? 1 : 0);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

TEST_SIM(a_stop_cancels_them)
{
	maiko_supervisor *sup = with_plan(workers, plan_few);
	pass(sup, 15);
	assert_int_equal(waiting(sup), 2);
	assert_timers(sup, 3, 2);
}

TEST_SIM(a_removal_cancels_them)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_plan(workers, plan_few);
	pass(sup, 15);
	ok(maiko_find(sup, "waiter", &id));
	ok(maiko_remove(sup, id));
	assert_int_equal(waiting(sup), 0);
	assert_timers(sup, 3, 2);
	assert_int_equal(atomic_load(&stops), 1);
}

/* As its first timer of two that are due is handled. */
static void end_between(uint32_t workers, act way)
{
	at_timeout = way;
	maiko_supervisor *sup = with_plan(workers, plan_few);
	pass(sup, 0);
	pass(sup, HOUR_MS);
	expect_heard_numbers("waiter", "5");
	assert_timers(sup, 1, 4);
}
static int leave(maiko_ctx *ctx) { return maiko_stop_self(ctx); }
static int fail_now(maiko_ctx *ctx) { return UV_EIO; }
TEST_SIM(an_actor_that_leaves_cancels_them) { end_between(workers, leave); }
TEST_SIM(a_failure_cancels_them) { end_between(workers, fail_now); }

static int plan_two(maiko_ctx *ctx)
{
	expect(later(ctx, 5, 1) == 0);
	return later(ctx, 5, 2);
}
TEST_SIM(one_that_is_due_and_waits_ends_with_its_actor)
{
	at_timeout = leave;
	maiko_supervisor *sup = with_plan(workers, plan_two);
	pass(sup, 10);
	expect_heard_numbers("waiter", "1");
	assert_timers(sup, 1, 1);
}

static int fail_lightly(maiko_ctx *ctx) { return UV_EAGAIN; }
TEST_SIM(its_error_is_that_of_a_handler)
{
	at_timeout = fail_lightly;
	maiko_supervisor *sup = with_plan(workers, plan_two);
	pass(sup, 10);
	expect_heard_numbers("waiter", "1 2");
	assert_int_equal(last_error.code, UV_EAGAIN);
	assert_int_equal(last_error.phase, MAIKO_PHASE_HANDLE);
	assert_timers(sup, 2, 0);
}

/* On hold, its timers end that: they go on during the stop, if it has .drains. */
static int drain_one(maiko_ctx *ctx)
{
	return atomic_load(&test_heard_events) == 3 ? maiko_unhold(ctx) : later(ctx, 10, 1);
}
static int hold_and_drain(maiko_ctx *ctx)
{
	expect(maiko_hold(ctx) == 0);
	return later(ctx, 10, 1);
}
TEST_SIM(a_stop_waits_for_those_of_one_that_drains)
{
	maiko_supervisor *sup = test_supervisor(workers);
	at_timeout = drain_one;
	ok(maiko_add(sup, waiter, "waiter", .drains = true));
	ok(maiko_start(sup));
	order(sup, hold_and_drain);
	ok(maiko_send(sup, item, .n = 7));
	pass(sup, 1);
	uint64_t now_ns = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_int_equal(test_now_ns() - now_ns, 29000000);
	expect_heard("waiter", "timeout 1, timeout 1, timeout 1, item 7");
	assert_timers(sup, 3, 0);
}

/* ---- moves ---------------------------------------------------------------------------------------------- */

TEST_SIM(they_move_with_their_actor)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_waiter(workers);
	ok(maiko_start(sup));
	ok(maiko_find(sup, "waiter", &id));
	order(sup, plan_few);
	for (uint32_t i = 0; i < 12; i++) {
		ok(maiko_move(sup, id, i % workers + 1));
		pass(sup, 3);
	}
	expect_heard_numbers("waiter", "5 2 4 3 1");
	assert_timers(sup, 5, 0);
}

/* While it moves they fall due, and one that is due moves. */
TEST_SIM(a_move_and_the_time_meet)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_waiter(workers);
	ok(maiko_find(sup, "waiter", &id));
	order(sup, plan_two);
	for (uint32_t i = 0; i < 4; i++)
		ok(maiko_send(sup, item, .n = 10 + i));
	ok(maiko_start(sup));
	order(sup, plan_now);
	for (uint32_t i = 0; i < 6; i++) {
		ok(maiko_send(sup, item, .n = 20 + i));
		ok(maiko_move(sup, id, i % workers + 1));
	}
	pass(sup, 10);
	expect_heard_count("waiter", timeout, 3);
	assert_timers(sup, 3, 0);
}

/* ---- what is refused ------------------------------------------------------------------------------------- */

#define SAYS(call, words)                                                                                              \
	do {                                                                                                           \
		expect((call) == MAIKO_EINVAL);                                                                        \
		expect(strcmp(maiko_last_error(), (words)) == 0);                                                      \
	} while (0)

#define OTHERS_SEND                                                                                                    \
	"event 'timeout' is of maiko_private_topic: an actor sends it to itself, by maiko_send_self_after_ms"
#define NO_TOPIC "maiko_private_topic is only the topic of event types that an actor sends to itself"

static int misuse(maiko_ctx *ctx)
{
	maiko_envelope envelope = {.id = {1, 1}, .sender = "elsewhere"};
	SAYS(maiko_send_self_after_ms(ctx, 1, NULL, other, .n = 1),
	     "maiko_send_self_after_ms: actor 'waiter' has no handler of event 'other', which it sends to itself");
	SAYS(maiko_ctx_send_self_after(NULL, 1, NULL, MAIKO_EVENT_REF(timeout), &(timeout){1}),
	     "maiko_ctx_send_self_after: ctx is NULL");
	SAYS(maiko_ctx_send_self_after(ctx, 1, NULL, NULL, &(timeout){1}), "maiko_ctx_send_self_after: type is NULL");
	SAYS(maiko_ctx_send_self_after(ctx, 1, NULL, MAIKO_EVENT_REF(timeout), NULL),
	     "maiko_ctx_send_self_after: event is NULL");
	SAYS(maiko_send(ctx, timeout, .n = 1), OTHERS_SEND);
	SAYS(maiko_send_root(ctx, timeout, .n = 1), OTHERS_SEND);
	SAYS(maiko_send_after_ms(ctx, 1, NULL, timeout, .n = 1), OTHERS_SEND);
	SAYS(maiko_inject(ctx, MAIKO_EVENT_REF(timeout), &(timeout){1}, &envelope), OTHERS_SEND);
	SAYS(maiko_subscribe(ctx, maiko_self(ctx), &maiko_private_topic), NO_TOPIC);
	return 0;
}

TEST_SIM(misuse_is_refused_in_words)
{
	maiko_supervisor *sup = with_plan(workers, misuse);
	pass(sup, 1);
	SAYS(maiko_send(sup, timeout, .n = 1), OTHERS_SEND);
	SAYS(maiko_add(sup, spy, "second", .topics = MAIKO_TOPICS(maiko_private_topic)), NO_TOPIC);
	test_finish(sup);
}
