/*
 * A topic's .ttl_ms, or that of one send: an event that is older when its turn comes is not handled, but counted
 * expired; by the time of its entry, to the nanosecond; over moves and restarts, for whoever subscribes; and everything
 * else goes on (C1, C3).
 */
#include "no_memory.h"

#include <string.h>
#include <uv.h>

enum { TTL_MS = 50, ORDERS = 2000 };

typedef struct order {
	uint32_t n;
} order;
typedef struct fact {
	uint32_t n;
} fact;
typedef struct wake {
	uint32_t unused;
} wake;
typedef struct go {
	uint64_t hold_ms;
} go;
MAIKO_TOPIC(orders, .ttl_ms = TTL_MS);
MAIKO_TOPIC(facts);
MAIKO_TOPIC(goes);
MAIKO_EVENT(order, orders, n);
MAIKO_EVENT(fact, facts, n);
MAIKO_EVENT(wake, maiko_private_topic, unused);
MAIKO_EVENT(go, goes, hold_ms);

/* As large as an event may be that is copied: with a time to live it is not. */
typedef struct parcel {
	uint32_t n;
	unsigned char bytes[476];
} parcel;
MAIKO_TOPIC(parcels);
MAIKO_EVENT(parcel, parcels, n, bytes);

TEST_LISTENER(listener, order, fact, parcel);

/* ---- one that is not ready for so long ------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) awake;

typedef struct sleeper {
	uint32_t unused;
} sleeper;
static int sleeper_on_go(sleeper *self, const go *ev, maiko_ctx *ctx)
{
	expect(maiko_send_self_after_ms(ctx, ev->hold_ms, NULL, wake) == 0);
	return maiko_hold(ctx);
}
static int sleeper_on_wake(sleeper *self, const wake *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&awake, 1);
	return maiko_unhold(ctx);
}
static int sleeper_on_order(sleeper *self, const order *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(order), ev);
	return 0;
}
static int sleeper_on_fact(sleeper *self, const fact *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(fact), ev);
	return 0;
}
static int sleeper_on_parcel(sleeper *self, const parcel *ev, maiko_ctx *ctx)
{
	expect(ev->bytes[475] == ev->n);
	test_hear(ctx, MAIKO_EVENT_REF(parcel), ev);
	return 0;
}
MAIKO_ACTOR(sleeper, MAIKO_ON(parcel, sleeper_on_parcel), MAIKO_ON(go, sleeper_on_go), MAIKO_ON(wake, sleeper_on_wake),
	    MAIKO_ON(order, sleeper_on_order), MAIKO_ON(fact, sleeper_on_fact));

/* ---- one that sends, from the moment on at which the sleeper lies down -------------------------------- */

PER_TEST _Atomic(uint64_t) receipts, expired_by_receipt;
PER_TEST uint64_t hold_ms;
PER_TEST void (*sends)(maiko_ctx *ctx);

typedef struct sender {
	uint32_t unused;
} sender;
static int sender_on_fact(sender *self, const fact *ev, maiko_ctx *ctx)
{
	if (ev->n != 0)
		return 0;
	expect(maiko_send(ctx, go, .hold_ms = hold_ms) == 0);
	sends(ctx);
	return 0;
}
static int sender_on_receipt(sender *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(maiko_receipt_done(receipt));
	atomic_fetch_add(&expired_by_receipt, receipt->expired);
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_ON(fact, sender_on_fact), MAIKO_ON_RECEIPT(sender_on_receipt));

static maiko_supervisor *with_sender(maiko_options options, void (*act)(maiko_ctx *ctx), uint64_t ms)
{
	maiko_supervisor *sup = test_supervisor_with(options);
	sends = act;
	hold_ms = ms;
	ok(maiko_add(sup, sender, "sender"));
	return sup;
}

static void begin(maiko_supervisor *sup)
{
	ok(maiko_start(sup));
	ok(maiko_send(sup, fact, .n = 0));
	test_wait_for(&awake, 1);
	test_settle(sup);
}

static void expect_expired(const maiko_ledger *ledger, const char *actor, uint64_t expired)
{
	assert_int_equal(test_actor_row(ledger, actor)->counts.expired, expired);
	assert_true(maiko_ledger_balanced(ledger));
}

/* ---- when ------------------------------------------------------------------------------------------- */

static void at_several_times(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, order, .n = 1) == 0);                    /* 100 ms old when it is awake */
	expect(maiko_send(ctx, fact, .n = 2) == 0);                     /* its topic has no end */
	expect(maiko_send_after_ms(ctx, 49, NULL, order, .n = 3) == 0); /* 51 ms: it ages since it was due */
	expect(maiko_send_after_ms(ctx, 50, NULL, order, .n = 4) == 0); /* 50 ms, and not older */
	expect(maiko_send_after_ms(ctx, 99, NULL, order, .n = 5) == 0);
}

TEST_SIM(an_event_that_is_too_old_is_not_handled)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, at_several_times, 100);
	ok(maiko_add(sup, sleeper, "sleeper"));
	ok(maiko_add(sup, listener, "listener")); /* in time */
	begin(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sleeper", "fact 0, fact 2, order 4, order 5");
	expect_heard_numbers("listener", "0 1 2 3 4 5");
	expect_expired(ledger, "sleeper", 2);
	expect_expired(ledger, "listener", 0);
	assert_int_equal(test_topic_row(ledger, "orders")->counts.expired, 2);
	assert_int_equal(test_topic_row(ledger, "orders")->counts.handled, 6);
	assert_int_equal(maiko_ledger_lost(ledger), 0);
	test_release(sup);
}

static void with_their_own(maiko_ctx *ctx)
{
	expect(maiko_send_ttl_ms(ctx, 99, fact, .n = 1) == 0);
	expect(maiko_send(ctx, fact, .n = 2) == 0); /* of the same type, without end */
	expect(maiko_send_ttl_ms(ctx, 100, fact, .n = 3) == 0);
	expect(maiko_send_ttl_ms(ctx, MAIKO_NEXT_MS_MAX, fact, .n = 4) == 0);
	expect(maiko_send_ttl_ms(ctx, MAIKO_NEXT_MS_MAX, order, .n = 5) == 0); /* that of its topic is shorter */
}

TEST_SIM(a_send_has_its_own_time_to_live)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, with_their_own, 100);
	ok(maiko_add(sup, sleeper, "sleeper"));
	ok(maiko_add(sup, listener, "listener"));
	begin(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sleeper", "fact 0, fact 2, fact 3, fact 4");
	expect_heard_numbers("listener", "0 1 2 3 4 5");
	expect_expired(ledger, "sleeper", 2);
	assert_int_equal(test_topic_row(ledger, "facts")->counts.expired, 1);
	test_release(sup);
}

static void one_with_its_own(maiko_ctx *ctx)
{
	expect(maiko_send_ttl_ms(ctx, 99, fact, .n = 1) == 0);
	expect(maiko_send(ctx, fact, .n = 2) == 0);
}

TEST_SIM(so_it_has_for_who_subscribes_by_a_pattern_or_to_all)
{
	const maiko_subscription *const topics[] = {MAIKO_TOPICS_LIKE("*"), MAIKO_ALL_TOPICS};
	for (int i = 0; i < 2; i++) {
		maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, one_with_its_own, 100);
		ok(maiko_add(sup, sleeper, "sleeper", .topics = topics[i]));
		begin(sup);
		const maiko_ledger *ledger = test_stop(sup);
		expect_heard("sleeper", "fact 0, fact 2");
		expect_expired(ledger, "sleeper", 1);
		test_release(sup);
		test_begin();
	}
}

static void shorter_than_their_topic(maiko_ctx *ctx)
{
	expect(maiko_send_ttl_ms(ctx, 19, order, .n = 1) == 0);
	expect(maiko_send_ttl_ms(ctx, 20, order, .n = 2) == 0);
	expect(maiko_send(ctx, order, .n = 3) == 0);
}

TEST_SIM(the_shorter_one_counts)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, shorter_than_their_topic, 20);
	ok(maiko_add(sup, sleeper, "sleeper"));
	begin(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sleeper", "fact 0, order 2, order 3");
	expect_expired(ledger, "sleeper", 1);
	test_release(sup);
}

static void parcels_of(maiko_ctx *ctx)
{
	for (uint32_t n = 1; n <= 4; n++)
		expect(maiko_send_ttl_ms(ctx, 98 + n, parcel, .n = n, .bytes[475] = (unsigned char)n) == 0);
}

TEST_SIM(a_large_one_has_it_too)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, parcels_of, 100);
	ok(maiko_add(sup, sleeper, "sleeper", .worker = 1));
	ok(maiko_add(sup, sleeper, "other", .worker = workers));
	begin(sup);
	test_wait_for(&awake, 2);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_count("sleeper", parcel, 3);
	expect_heard_count("other", parcel, 3);
	expect_expired(ledger, "other", 1);
	test_release(sup);
}

TEST_SIM(it_is_between_a_millisecond_and_the_most)
{
	const fact value = {.n = 1};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_start(sup));
	returns(maiko_send_ttl_ms(sup, 0, fact, .n = 1), MAIKO_EINVAL);
	assert_non_null(strstr(maiko_last_error(), "maiko_send_ttl_ms: the time to live is 0 ms; it is 1 to "));
	returns(maiko_send_ttl_ms(sup, MAIKO_NEXT_MS_MAX + 1, fact, .n = 1), MAIKO_EINVAL);
	returns(maiko_supervisor_send_ttl(sup, MAIKO_EVENT_REF(fact), &value, 1, MAIKO_SEND_TRACKED), MAIKO_EINVAL);
	returns(maiko_supervisor_send_ttl(sup, NULL, &value, 1, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send_ttl(sup, MAIKO_EVENT_REF(fact), NULL, 1, 0), MAIKO_EINVAL);
	ok(maiko_supervisor_send_ttl(sup, MAIKO_EVENT_REF(fact), &value, 1, MAIKO_SEND_TRY));
	test_settle(sup);
	test_finish(sup);
	expect_heard("listener", "fact 1");
}

/* Only the entry counts, whatever the origin says. */
static void from_elsewhere(maiko_ctx *ctx)
{
	const order late = {.n = 1}, early = {.n = 2};
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(order), &late,
			    &(maiko_envelope){.id = {7, 1}, .sender = "far", .origin_timestamp_ns = 1}) == 0);
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(order), &early,
			    &(maiko_envelope){.id = {7, 2}, .sender = "far", .origin_timestamp_ns = UINT64_MAX}) == 0);
}

TEST_SIM(the_time_of_its_origin_does_not_count)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, from_elsewhere, 100);
	ok(maiko_add(sup, sleeper, "sleeper"));
	ok(maiko_add(sup, listener, "listener"));
	begin(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sleeper", "fact 0");
	expect_heard("listener", "fact 0, order 1, order 2");
	expect_expired(ledger, "sleeper", 2);
	test_release(sup);
}

/* ---- for whom ----------------------------------------------------------------------------------------- */

static void two_orders(maiko_ctx *ctx)
{
	expect(maiko_send(ctx, order, .n = 1) == 0);
	expect(maiko_send(ctx, order, .n = 2) == 0);
}

/* Whatever the policy, for those of all topics, and with a filter. */
static bool is_second(const order *ev) { return ev->n == 2; }
MAIKO_FILTER(order, is_second);

static void two_parcels(maiko_ctx *ctx)
{
	expect(maiko_send_ttl_ms(ctx, 50, parcel, .n = 1) == 0);
	expect(maiko_send_ttl_ms(ctx, 50, parcel, .n = 2) == 0);
}
static bool is_second_parcel(const parcel *ev) { return ev->n == 2; }
MAIKO_FILTER(parcel, is_second_parcel);

static void for_each_that_is_late(uint32_t workers, void (*sends_two)(maiko_ctx *ctx))
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, sends_two, 100);
	ok(maiko_add(sup, sleeper, "plain"));
	ok(maiko_add(sup, sleeper, "latest", .overflow = MAIKO_KEEP_LATEST));
	ok(maiko_add(sup, sleeper, "dropping", .overflow = MAIKO_DROP_OLDEST));
	ok(maiko_add(sup, sleeper, "all", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_add(sup, sleeper, "all dropping", .topics = MAIKO_ALL_TOPICS, .overflow = MAIKO_DROP_NEWEST));
	ok(maiko_add(sup, sleeper, "filtering",
		     .topics = MAIKO_TOPICS(goes, MAIKO_SUB(orders, .where = MAIKO_FILTER_REF(is_second)),
					    MAIKO_SUB(parcels, .where = MAIKO_FILTER_REF(is_second_parcel)))));
	begin(sup);
	test_wait_for(&awake, 6);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_expired(ledger, "plain", 2);
	expect_expired(ledger, "latest", 1);
	expect_expired(ledger, "dropping", 2);
	expect_expired(ledger, "all", 2);
	expect_expired(ledger, "all dropping", 2);
	expect_expired(ledger, "filtering", 1);
	expect_heard_count(NULL, order, 0);
	expect_heard_count(NULL, parcel, 0);
	test_release(sup);
}

TEST_SIM(it_expires_for_each_that_is_late) { for_each_that_is_late(workers, two_orders); }
TEST_SIM(one_of_its_own_expires_for_each_that_is_late) { for_each_that_is_late(workers, two_parcels); }

/* ---- what is told ------------------------------------------------------------------------------------- */

static void tracked(maiko_ctx *ctx)
{
	expect(maiko_send_tracked(ctx, order, .n = 1) == 0);
	expect(maiko_send_after_ms(ctx, 60, NULL, fact, .n = 3) == 0);
}

static void tracked_of_its_own(maiko_ctx *ctx)
{
	const fact value = {.n = 1};
	expect(maiko_ctx_send_ttl(ctx, MAIKO_EVENT_REF(fact), &value, 50, MAIKO_SEND_TRACKED) == 0);
}

PER_TEST const char *letter_of;
PER_TEST _Atomic(uint64_t) letters;
typedef struct clerk {
	uint32_t unused;
} clerk;
static int clerk_on_letter(clerk *self, const maiko_dead_letter *letter, maiko_ctx *ctx)
{
	expect(letter->reason == MAIKO_LETTER_EXPIRED && strcmp(letter->event, letter_of) == 0 &&
	       strcmp(letter->name, "sleeper") == 0);
	atomic_fetch_add(&letters, 1);
	return 0;
}
MAIKO_ACTOR(clerk, MAIKO_ON(maiko_dead_letter, clerk_on_letter));

static void receipt_and_letter(uint32_t workers, void (*sends_one)(maiko_ctx *ctx), const char *of)
{
	maiko_supervisor *sup =
		with_sender((maiko_options){.workers = workers, .dead_letters = MAIKO_LETTER_EXPIRED}, sends_one, 100);
	letter_of = of;
	ok(maiko_add(sup, sleeper, "sleeper"));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, clerk, "clerk"));
	begin(sup);
	test_wait_for(&receipts, 1);
	test_wait_for(&letters, 1);
	assert_int_equal(atomic_load(&expired_by_receipt), 1);
	expect_expired(test_stop(sup), "sleeper", 1);
	test_release(sup);
}

TEST_SIM(its_receipt_is_done_and_a_dead_letter_tells_of_it) { receipt_and_letter(workers, tracked, "order"); }
TEST_SIM(so_of_one_with_its_own) { receipt_and_letter(workers, tracked_of_its_own, "fact"); }

/* ---- moves, restarts, changes ---------------------------------------------------------------------------- */

static void ages_in_moves(uint32_t workers, void (*sends_some)(maiko_ctx *ctx), const char *heard)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, sends_some, 100);
	ok(maiko_add(sup, sleeper, "sleeper", .ret_id = &id));
	ok(maiko_start(sup));
	ok(maiko_send(sup, fact, .n = 0));
	for (uint32_t i = 0; i < 20; i++)
		ok(maiko_move(sup, id, i % workers + 1));
	test_wait_for(&awake, 1);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("sleeper", heard);
	expect_expired(ledger, "sleeper", 2);
	test_release(sup);
}

TEST_SIM(it_ages_while_its_subscriber_moves)
{
	ages_in_moves(workers, at_several_times, "fact 0, fact 2, order 4, order 5");
}
TEST_SIM(one_with_its_own_does) { ages_in_moves(workers, with_their_own, "fact 0, fact 2, fact 3, fact 4"); }

PER_TEST _Atomic(uint64_t) starts;

typedef struct machine {
	uint32_t unused;
} machine;
static int machine_on_start(machine *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int machine_on_order(machine *self, const order *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(order), ev);
	return ev->n == 1 ? UV_EIO : 0;
}
MAIKO_ACTOR(machine, MAIKO_ON_START(machine_on_start), MAIKO_ON(order, machine_on_order));

/* It would be tried again, and waits longer than it lives; as do those behind it. */
TEST_SIM(it_ages_while_its_subscriber_waits_for_a_restart)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, machine, "machine", .restart = MAIKO_TRANSIENT, .retries = 3,
		     .backoff = &(maiko_backoff){.first_ms = 200}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, order, .n = 1));
	ok(maiko_send(sup, order, .n = 2));
	test_wait_for(&starts, 2);
	ok(maiko_send(sup, order, .n = 3));
	test_wait_for(&test_heard_events, 2);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard_numbers("machine", "1 3");
	expect_expired(ledger, "machine", 2);
	test_release(sup);
}

static void many_orders(maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < MAIKO_ALLOWANCE; i++)
		expect(maiko_send(ctx, order, .n = i) == 0);
	expect(maiko_send_after_ms(ctx, 90, NULL, order, .n = MAIKO_ALLOWANCE) == 0);
}

/* With a mailbox that is full of old events its senders are released, and what is behind is handled. */
TEST_SIM(room_that_old_events_have_taken_is_given_back)
{
	maiko_supervisor *sup = with_sender((maiko_options){.workers = workers}, many_orders, 100);
	ok(maiko_add(sup, sleeper, "sleeper", .mailbox = 64, .max_events_per_tick = 16));
	begin(sup);
	ok(maiko_send(sup, fact, .n = 1));
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "sleeper")->counts.queued, 0);
	assert_int_equal(test_heard_count("sleeper", "fact"), 2);
	assert_true(test_actor_row(ledger, "sender")->mutes > 0);
	assert_true(test_actor_row(ledger, "sleeper")->counts.expired >= MAIKO_ALLOWANCE - 1);
	assert_true(maiko_ledger_balanced(ledger));
	test_release(sup);
}

/* ---- on threads -------------------------------------------------------------------------------------------- */

MAIKO_TOPIC(blinks, .ttl_ms = 1);
MAIKO_TOPIC(ages, .ttl_ms = MAIKO_NEXT_MS_MAX);
typedef struct blink {
	uint32_t n;
} blink;
typedef struct era {
	uint32_t n;
} era;
MAIKO_EVENT(blink, blinks, n);
MAIKO_EVENT(era, ages, n);

PER_TEST _Atomic(bool) all_sent;
PER_TEST _Atomic(uint64_t) eras, blinked;

typedef struct keeper {
	bool waited;
} keeper;
static int keeper_on_start(keeper *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next keeper_tick(keeper *self, maiko_ctx *ctx)
{
	if (self->waited) {
		expect(maiko_unhold(ctx) == 0);
		return maiko_never();
	}
	self->waited = atomic_load(&all_sent);
	return maiko_after_ms(self->waited ? 5 : 1);
}
static int keeper_on_blink(keeper *self, const blink *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&blinked, 1);
	return 0;
}
static int keeper_on_era(keeper *self, const era *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&eras, 1);
	return 0;
}
MAIKO_ACTOR(keeper, MAIKO_ON_START(keeper_on_start), MAIKO_TICK(keeper_tick), MAIKO_ON(blink, keeper_on_blink),
	    MAIKO_ON(era, keeper_on_era));

TEST_WORKERS(what_was_sent_long_before_expires_on_threads_too)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, keeper, "keeper", .mailbox = 3 * ORDERS + 10));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < ORDERS; i++) {
		ok(i % 2 == 0 ? maiko_send(sup, blink, .n = i) : maiko_send_ttl_ms(sup, 1000, blink, .n = i));
		ok(maiko_send(sup, era, .n = i));
		ok(maiko_send_ttl_ms(sup, 1, era, .n = i));
	}
	atomic_store(&all_sent, true);
	test_wait_for(&eras, ORDERS);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(atomic_load(&blinked), 0);
	assert_int_equal(atomic_load(&eras), ORDERS);
	expect_expired(ledger, "keeper", 2 * ORDERS);
	assert_int_equal(test_topic_row(ledger, "blinks")->counts.expired, ORDERS);
	test_release(sup);
}

/* ---- a topic has one ------------------------------------------------------------------------------------------ */

TEST_SIM(all_who_define_a_topic_agree_on_its_time_to_live)
{
	const maiko_topic *topic = NULL;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	returns(maiko_topic_with(sup, "orders", &(maiko_topic){.ttl_ms = 51}, &topic), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(),
			    "topic 'orders' has .ttl_ms 50 elsewhere and 51 here; they must be equal");
	returns(maiko_topic_with(sup, "x", &(maiko_topic){.ttl_ms = MAIKO_NEXT_MS_MAX + 1}, &topic), MAIKO_EINVAL);
	assert_null(topic);
	ok(maiko_topic_with(sup, "orders", &(maiko_topic){.ttl_ms = TTL_MS}, &topic));
	assert_int_equal(topic->ttl_ms, TTL_MS);
	ok(maiko_start(sup));
	test_finish(sup);
}

/* ---- without memory --------------------------------------------------------------------------------------------- */

static int counter_on_order(listener *self, const order *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	(void)well(maiko_send_ttl_ms(ctx, MAIKO_NEXT_MS_MAX, parcel, .n = ev->n));
	return 0;
}
static int counter_on_parcel(listener *self, const parcel *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
typedef listener counter;
MAIKO_ACTOR(counter, MAIKO_ON(order, counter_on_order), MAIKO_ON(parcel, counter_on_parcel));

static void subscribe_and_move(uint32_t workers)
{
	maiko_actor_id one = 0, two = 0;
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	if (well(maiko_add(sup, counter, "one", .ret_id = &one)) &&
	    well(maiko_add(sup, counter, "all", .topics = MAIKO_ALL_TOPICS)) && well(maiko_start(sup))) {
		if (well(maiko_add(sup, counter, "two", .topics = MAIKO_NO_TOPICS, .ret_id = &two)) &&
		    well(maiko_subscribe(sup, two, MAIKO_TOPIC_REF(orders))))
			(void)well(maiko_move(sup, two, workers));
		for (uint32_t n = 0; n < 4; n++)
			(void)well(maiko_send(sup, order, .n = n));
		(void)well(maiko_send_ttl_ms(sup, MAIKO_NEXT_MS_MAX, parcel, .n = 1));
		(void)well(maiko_move(sup, one, workers));
		(void)well(maiko_send(sup, order, .n = 5));
	}
	no_memory_finish(sup);
}

TEST_ONCE(without_memory_there_is_no_subscription)
{
	no_memory_play(subscribe_and_move, 1, false);
	no_memory_play(subscribe_and_move, 2, false);
	no_memory_play(subscribe_and_move, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
