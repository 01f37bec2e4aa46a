/*
 * A topic's .retain: who joins it later handles first what it retains, the oldest first, marked in the envelope, then
 * what is sent from then on; nothing is missing between, nothing comes twice (C1, C2, C3).
 */
#include "support.h"

#include <maiko/testing/sim.h>

enum { RETAIN = 4, LIMITS_KIB = 1, TTL_MS = 50 };

typedef struct state {
	uint32_t n;
} state;
typedef struct mark {
	uint32_t n;
} mark;
typedef struct level {
	uint32_t n, device;
} level;
typedef struct fresh {
	uint32_t n;
} fresh;
typedef struct page {
	uint32_t n;
	char text[300];
} page;
typedef struct plain {
	uint32_t n;
} plain;
typedef struct gust {
	uint32_t n;
} gust;

static uint64_t by_device(const maiko_any *any);
MAIKO_TOPIC(states, .retain = RETAIN);
MAIKO_TOPIC(levels, .overflow = MAIKO_KEEP_LATEST, .key = by_device, .retain = 3);
MAIKO_TOPIC(freshness, .retain = RETAIN, .ttl_ms = TTL_MS);
MAIKO_TOPIC(pages, .retain = RETAIN, .retain_kib = LIMITS_KIB);
MAIKO_TOPIC(plains);
MAIKO_TOPIC(gusts, .overflow = MAIKO_DROP_OLDEST, .retain = RETAIN);
MAIKO_EVENT(state, states, n);
MAIKO_EVENT(mark, states, n);
MAIKO_EVENT(level, levels, n, device);
MAIKO_EVENT(fresh, freshness, n);
MAIKO_EVENT(page, pages, n, text);
MAIKO_EVENT(plain, plains, n);
MAIKO_EVENT(gust, gusts, n);
static uint64_t by_device(const maiko_any *any)
{
	const level *l = maiko_as(any, level);
	return l == NULL ? 0 : l->device;
}

/* ---- who listens: retained ones are noted with their number + 1000 -------------------------------------- */

static int heard(maiko_ctx *ctx, const maiko_event_type *type, uint32_t n)
{
	uint32_t noted = n + (maiko_meta(ctx)->retained ? 1000 : 0);
	test_hear(ctx, type, &noted);
	return 0;
}

typedef struct reader {
	uint32_t unused;
} reader;
static int reader_on_state(reader *self, const state *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(state), ev->n);
}
static int reader_on_mark(reader *self, const mark *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(mark), ev->n);
}
static int reader_on_level(reader *self, const level *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(level), ev->n);
}
static int reader_on_fresh(reader *self, const fresh *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(fresh), ev->n);
}
static int reader_on_page(reader *self, const page *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(page), ev->n);
}
static int reader_on_plain(reader *self, const plain *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(plain), ev->n);
}
PER_TEST _Atomic(uint64_t) starts;
static int reader_on_start(reader *self, maiko_ctx *ctx)
{
	expect(test_heard_count(maiko_name(ctx), NULL) == 0); /* they come after it */
	atomic_fetch_add(&starts, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON_START(reader_on_start), MAIKO_ON(state, reader_on_state), MAIKO_ON(mark, reader_on_mark),
	    MAIKO_ON(level, reader_on_level), MAIKO_ON(fresh, reader_on_fresh), MAIKO_ON(page, reader_on_page),
	    MAIKO_ON(plain, reader_on_plain));

static maiko_supervisor *started(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	return sup;
}

static void send_states(maiko_supervisor *sup, uint32_t first, uint32_t last)
{
	for (uint32_t n = first; n <= last; n++)
		ok(maiko_send(sup, state, .n = n));
	test_settle(sup);
}

/* ---- joining ----------------------------------------------------------------------------------------------- */

TEST_SIM(one_that_is_added_gets_the_last_ones)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 6);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(states)));
	send_states(sup, 7, 8);
	expect_heard_numbers("reader", "1003 1004 1005 1006 7 8");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "states")->published, 8);
	assert_int_equal(test_topic_row(ledger, "states")->unrouted, 0);
	assert_int_equal(test_topic_row(ledger, "states")->counts.deliveries, 6);
	assert_int_equal(test_topic_row(ledger, "states")->retained, 4);
	assert_int_equal(test_topic_row(ledger, "states")->retained_bytes, 16);
	test_release(sup);
}

TEST_SIM(one_that_subscribes_gets_them_each_time)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(plains), .ret_id = &id));
	send_states(sup, 1, 2);
	ok(maiko_send(sup, plain, .n = 1));
	test_settle(sup);
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(states)));
	send_states(sup, 3, 3);
	expect_heard("reader", "plain 1, state 1001, state 1002, state 3");
	ok(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(states)));
	send_states(sup, 4, 4);
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(states)));
	send_states(sup, 5, 5);
	expect_heard("reader",
		     "plain 1, state 1001, state 1002, state 3, state 1001, state 1002, state 1003, state 1004, "
		     "state 5");
	test_finish(sup);
}

/* Told that its topic is wanted, as it joins it itself. */
typedef struct keen {
	uint32_t unused;
} keen;
static int keen_on_state(keen *self, const state *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(state), ev->n);
}
static int keen_on_interest(keen *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note("%s", interest->wanted ? "wanted" : "unwanted");
	return 0;
}
MAIKO_ACTOR(keen, MAIKO_ON(state, keen_on_state), MAIKO_ON_INTEREST(keen_on_interest, states));

TEST_SIM(one_that_watches_the_topic_joins_it)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, keen, "keen", .topics = MAIKO_NO_TOPICS, .worker = 1, .ret_id = &id));
	ok(maiko_start(sup));
	send_states(sup, 1, RETAIN);
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(states)));
	test_settle(sup);
	expect_noted("unwanted wanted");
	expect_heard_numbers("keen", "1001 1002 1003 1004");
	test_finish(sup);
}

TEST_SIM(several_join_in_one_batch_and_from_the_start_on)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "first", .topics = MAIKO_TOPICS(states)));
	ok(maiko_start(sup));
	send_states(sup, 1, 2);
	for (uint32_t i = 0; i < 5; i++)
		ok(maiko_add(sup, reader, test_name("reader", i), .topics = MAIKO_TOPICS(states),
			     .worker = 1 + i % workers));
	send_states(sup, 3, 3);
	expect_heard_numbers("first", "1 2 3");
	for (uint32_t i = 0; i < 5; i++)
		expect_heard_numbers(test_name("reader", i), "1001 1002 3");
	test_finish(sup);
}

TEST_SIM(who_subscribes_to_all_topics_gets_what_all_retain)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 2);
	ok(maiko_send(sup, level, .n = 3, .device = 1));
	ok(maiko_send(sup, plain, .n = 4));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_ALL_TOPICS));
	ok(maiko_send(sup, plain, .n = 5));
	test_settle(sup);
	expect_heard_count("reader", state, 2);
	expect_heard_count("reader", level, 1);
	expect_heard_count("reader", plain, 1);
	test_finish(sup);
}

TEST_SIM(several_topics_at_once)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	send_states(sup, 1, 1);
	ok(maiko_send(sup, level, .n = 2, .device = 1));
	ok(maiko_send(sup, fresh, .n = 3));
	ok(maiko_send(sup, page, .n = 4));
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(plains), .ret_id = &id));
	ok(maiko_subscribe_all(sup, id, MAIKO_TOPICS(states, levels, freshness, pages)));
	test_settle(sup);
	assert_int_equal(test_heard_count("reader", NULL), 4);
	test_finish(sup);
}

/* ---- what is retained ----------------------------------------------------------------------------------------- */

TEST_SIM(by_key_the_last_of_each)
{
	maiko_supervisor *sup = started(workers);
	static const level sent[] = {{1, 1}, {2, 2}, {3, 1}, {4, 3}, {5, 1}, {6, 4}};
	for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++)
		ok(maiko_send_copy(sup, level, &sent[i]));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(levels)));
	test_settle(sup);
	ok(maiko_send(sup, level, .n = 7, .device = 3));
	test_settle(sup);
	/* device 2 was the longest unchanged */
	expect_heard_numbers("reader", "1004 1005 1006 7");
	test_finish(sup);
}

TEST_SIM(types_of_one_topic_are_retained_together)
{
	maiko_supervisor *sup = started(workers);
	for (uint32_t n = 1; n <= 3; n++) {
		ok(maiko_send(sup, state, .n = n));
		ok(maiko_send(sup, mark, .n = n));
	}
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(states)));
	test_settle(sup);
	expect_heard("reader", "state 1002, mark 1002, state 1003, mark 1003");
	test_finish(sup);
}

/* Three pages of 304 bytes are within 1 KiB. */
TEST_SIM(as_many_bytes_as_were_said)
{
	maiko_supervisor *sup = started(workers);
	for (uint32_t n = 1; n <= 6; n++)
		ok(maiko_send(sup, page, .n = n));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(pages)));
	test_settle(sup);
	expect_heard_numbers("reader", "1004 1005 1006");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "pages")->retained, 3);
	assert_int_equal(test_topic_row(ledger, "pages")->retained_bytes, 3 * sizeof(page));
	assert_int_equal(test_topic_row(ledger, "pages")->unretained, 0);
	test_release(sup);
}

typedef struct book {
	uint32_t n;
	char text[2000];
} book;
MAIKO_EVENT(book, pages, n, text);

TEST_SIM(one_that_is_too_large_leaves_nothing_before_it)
{
	maiko_supervisor *sup = started(workers);
	ok(maiko_send(sup, page, .n = 1));
	ok(maiko_send(sup, book, .n = 2));
	ok(maiko_send(sup, page, .n = 3));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(pages)));
	test_settle(sup);
	expect_heard_numbers("reader", "1003");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "pages")->unretained, 1);
	test_release(sup);
}

/* ---- what a joiner is not given -------------------------------------------------------------------------------- */

TEST_SIM(its_filter_applies)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 3);
	ok(maiko_add(sup, reader, "reader",
		     .topics = MAIKO_TOPICS(MAIKO_SUB(states, .where = MAIKO_FILTER_OF(state, MAIKO_FIELD_IS(n, 2))))));
	test_settle(sup);
	expect_heard_numbers("reader", "1002");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "reader")->counts.filtered, 2);
	test_release(sup);
}

TEST_SIM(one_that_has_expired_is_not_given)
{
	maiko_supervisor *sup = started(workers);
	ok(maiko_send(sup, fresh, .n = 1));
	test_settle(sup);
	ok(maiko_sim_advance(maiko_sim_of(sup), TTL_MS + 1));
	ok(maiko_send(sup, fresh, .n = 2));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(freshness)));
	test_settle(sup);
	expect_heard_numbers("reader", "1002");
	test_finish(sup);
}

typedef struct talker {
	uint32_t unused;
} talker;
static int talker_on_plain(talker *self, const plain *ev, maiko_ctx *ctx) { return maiko_send(ctx, state, .n = ev->n); }
static int talker_on_state(talker *self, const state *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(state), ev->n);
}
MAIKO_ACTOR(talker, MAIKO_ON(plain, talker_on_plain), MAIKO_ON(state, talker_on_state));

TEST_SIM(its_own_events_are_not_given)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, talker, "talker", .topics = MAIKO_TOPICS(plains), .ret_id = &id));
	ok(maiko_send(sup, plain, .n = 1));
	ok(maiko_send(sup, state, .n = 2));
	test_settle(sup);
	ok(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(states)));
	ok(maiko_add(sup, talker, "other", .topics = MAIKO_TOPICS(states)));
	test_settle(sup);
	expect_heard_numbers("talker", "1002");
	expect_heard_count("other", state, 2);
	test_finish(sup);
}

/* The topic retains the last events of any key, the subscription keeps the latest of each. */
TEST_SIM(a_subscription_that_keeps_the_latest_gets_one_of_each_key)
{
	maiko_supervisor *sup = started(workers);
	for (uint32_t n = 1; n <= 3; n++)
		ok(maiko_send(sup, state, .n = n));
	ok(maiko_send(sup, mark, .n = 4));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(MAIKO_SUB(states, .overflow = MAIKO_KEEP_LATEST))));
	test_settle(sup);
	expect_heard("reader", "state 1003, mark 1004");
	test_finish(sup);
}

/* ---- a small mailbox, a hold, a move, a stop ------------------------------------------------------------------- */

TEST_SIM(they_are_given_however_small_the_mailbox_is)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 4);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(states), .mailbox = 1));
	send_states(sup, 5, 9);
	expect_heard_numbers("reader", "1001 1002 1003 1004 5 6 7 8 9");
	test_finish(sup);
}

typedef struct sleeper {
	uint32_t unused;
} sleeper;
static int sleeper_on_start(sleeper *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int sleeper_on_state(sleeper *self, const state *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(state), ev->n);
}
static maiko_next sleeper_tick(sleeper *self, maiko_ctx *ctx)
{
	return maiko_woken_by(ctx) == 0 ? maiko_after_ms(TTL_MS)
	       : maiko_unhold(ctx) == 0 ? maiko_never()
					: maiko_failed(MAIKO_EBROKEN);
}
MAIKO_ACTOR(sleeper, MAIKO_ON_START(sleeper_on_start), MAIKO_ON(state, sleeper_on_state), MAIKO_TICK(sleeper_tick));

TEST_SIM(one_on_hold_gets_them_when_it_is_not_any_more_and_they_move_with_it)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	send_states(sup, 1, 2);
	ok(maiko_add(sup, sleeper, "sleeper", .ret_id = &id));
	send_states(sup, 3, 3);
	expect_heard_count("sleeper", state, 0);
	assert_int_equal(test_actor_row(test_report(sup), "sleeper")->counts.queued, 3);
	ok(maiko_move(sup, id, workers));
	ok(maiko_sim_advance(maiko_sim_of(sup), TTL_MS));
	test_settle(sup);
	expect_heard_numbers("sleeper", "1001 1002 3");
	test_finish(sup);
}

static int idler_on_start(sleeper *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
typedef struct sleeper idler;
static int idler_on_gust(idler *self, const gust *ev, maiko_ctx *ctx)
{
	return heard(ctx, MAIKO_EVENT_REF(gust), ev->n);
}
MAIKO_ACTOR(idler, MAIKO_ON_START(idler_on_start), MAIKO_ON(gust, idler_on_gust), MAIKO_TICK(sleeper_tick));

TEST_SIM(what_comes_to_a_mailbox_that_they_overfill_drops_one_at_a_time)
{
	maiko_supervisor *sup = started(workers);
	for (uint32_t n = 1; n <= RETAIN; n++)
		ok(maiko_send(sup, gust, .n = n));
	test_settle(sup);
	ok(maiko_add(sup, idler, "idler", .mailbox = 2));
	ok(maiko_send(sup, gust, .n = 100));
	test_settle(sup);
	ok(maiko_sim_advance(maiko_sim_of(sup), TTL_MS));
	test_settle(sup);
	expect_heard_numbers("idler", "1002 1003 1004 100");
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "idler")->counts.dropped, 1);
	test_release(sup);
}

TEST_SIM(what_waits_for_one_that_is_removed_is_dead)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	send_states(sup, 1, 2);
	ok(maiko_add(sup, sleeper, "sleeper", .ret_id = &id));
	ok(maiko_remove(sup, id));
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "states")->counts.deliveries, 2);
	assert_int_equal(test_topic_row(ledger, "states")->counts.dead, 2);
	test_release(sup);
}

typedef struct failing {
	uint32_t unused;
} failing;
static int failing_on_start(failing *self, maiko_ctx *ctx) { return MAIKO_EBADF; }
static int failing_on_state(failing *self, const state *ev, maiko_ctx *ctx) { return 0; }
MAIKO_ACTOR(failing, MAIKO_ON_START(failing_on_start), MAIKO_ON(state, failing_on_state));

TEST_SIM(what_waits_for_one_that_does_not_start_is_dead)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 2);
	returns(maiko_add(sup, failing, "failing"), MAIKO_EBADF);
	test_settle(sup);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_topic_row(ledger, "states")->counts.dead, 2);
	test_release(sup);
}

/* ---- the keeper is no subscriber ------------------------------------------------------------------------------- */

typedef struct teller {
	uint32_t unused;
} teller;
static int teller_on_plain(teller *self, const plain *ev, maiko_ctx *ctx)
{
	return maiko_ctx_send(ctx, MAIKO_EVENT_REF(state), &(state){.n = ev->n}, MAIKO_SEND_TRACKED);
}
static int teller_on_receipt(teller *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	test_note("%u handled of %u", (unsigned)receipt->handled, (unsigned)receipt->deliveries);
	return 0;
}
static int teller_on_interest(teller *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	test_note(interest->wanted ? "wanted" : "unwanted");
	return 0;
}
MAIKO_ACTOR(teller, MAIKO_ON(plain, teller_on_plain), MAIKO_ON_RECEIPT(teller_on_receipt),
	    MAIKO_ON_INTEREST(teller_on_interest, states));

TEST_SIM(what_only_the_topic_takes_has_no_subscriber)
{
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, teller, "teller", .topics = MAIKO_TOPICS(plains)));
	ok(maiko_send(sup, plain, .n = 1));
	test_settle(sup);
	ok(maiko_add(sup, reader, "reader", .topics = MAIKO_TOPICS(states), .ret_id = &id));
	test_settle(sup);
	ok(maiko_send(sup, plain, .n = 2));
	test_settle(sup);
	ok(maiko_remove(sup, id));
	test_settle(sup);
	expect_noted("unwanted 0 handled of 0 wanted 1 handled of 1 unwanted");
	expect_heard_numbers("reader", "1001 2");
	test_finish(sup);
}

/* ---- a handler that fails on one ------------------------------------------------------------------------------- */

typedef struct stumbler {
	uint32_t unused;
} stumbler;
PER_TEST _Atomic(uint64_t) stumbled;
static int stumbler_on_state(stumbler *self, const state *ev, maiko_ctx *ctx)
{
	if (ev->n == 2 && atomic_fetch_add(&stumbled, 1) == 0)
		return MAIKO_EBADF;
	return heard(ctx, MAIKO_EVENT_REF(state), ev->n);
}
MAIKO_ACTOR(stumbler, MAIKO_ON(state, stumbler_on_state));

TEST_SIM(a_restart_handles_the_one_that_failed_again_and_gets_none_anew)
{
	maiko_supervisor *sup = started(workers);
	send_states(sup, 1, 3);
	ok(maiko_add(sup, stumbler, "stumbler", .restart = MAIKO_PERMANENT, .retries = 1));
	ok(maiko_sim_advance(maiko_sim_of(sup), 10000));
	send_states(sup, 4, 4);
	expect_heard_numbers("stumbler", "1001 1002 1003 4");
	test_finish(sup);
}

/* ---- senders that are gone --------------------------------------------------------------------------------------- */

typedef struct namer {
	uint32_t unused;
} namer;
static int namer_on_state(namer *self, const state *ev, maiko_ctx *ctx)
{
	test_note("%s", maiko_sender(ctx));
	return 0;
}
MAIKO_ACTOR(namer, MAIKO_ON(state, namer_on_state));

/* So many have gone that the records of senders to whom nothing refers are freed. */
TEST_WORKERS(an_event_outlives_its_sender)
{
	enum { MANY = 3000 };
	maiko_supervisor *sup = started(workers);
	maiko_actor_id id;
	ok(maiko_add(sup, talker, "talker", .topics = MAIKO_TOPICS(plains), .ret_id = &id));
	ok(maiko_send(sup, plain, .n = 1));
	test_settle(sup);
	ok(maiko_remove(sup, id));
	for (uint32_t i = 0; i < MANY; i++) {
		ok(maiko_add(sup, talker, "another", .topics = MAIKO_TOPICS(plains), .ret_id = &id));
		ok(maiko_remove(sup, id));
	}
	ok(maiko_add(sup, namer, "namer"));
	test_settle(sup);
	expect_noted("talker");
	test_finish(sup);
}

/* ---- definitions ----------------------------------------------------------------------------------------------- */

static int like(maiko_supervisor *sup, const char *name, uint32_t retain, uint32_t kib)
{
	const maiko_topic *topic;
	return maiko_topic_with(sup, name, &(maiko_topic){.retain = retain, .retain_kib = kib}, &topic);
}

#define says(text) assert_string_equal(maiko_last_error(), (text))

TEST_ONCE(definitions_agree)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(like(sup, "states", 4, 0));
	ok(like(sup, "states", 4, 0));
	returns(like(sup, "states", 5, 0), MAIKO_EINVAL);
	says("topic 'states' has .retain 4 elsewhere and 5 here; they must be equal");
	returns(like(sup, "states", 4, 1), MAIKO_EINVAL);
	says("topic 'states' has .retain_kib 1024 elsewhere and 1 here; they must be equal");
	returns(like(sup, "many", MAIKO_RETAIN_MAX + 1, 0), MAIKO_EINVAL);
	says("maiko_topic_with: .retain is 65537; at most MAIKO_RETAIN_MAX, 65536");
	returns(like(sup, "none", 0, 1), MAIKO_EINVAL);
	says("maiko_topic_with: .retain_kib is 1 without .retain, whose events it bounds");
	returns(maiko_topic_with(sup, "maiko.groups", &(maiko_topic){.overflow = MAIKO_DROP_OLDEST, .retain = 1},
				 &(const maiko_topic *){NULL}),
		MAIKO_EINVAL);
	says("topic 'maiko.groups' has .retain 0 elsewhere and 1 here; they must be equal");
	ok(like(sup, "many", MAIKO_RETAIN_MAX, UINT32_MAX));
	test_release(sup);
}
