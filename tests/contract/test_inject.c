/*
 * test_inject.c - maiko_inject: an event that was sent elsewhere enters with the envelope that it has. Its readers see
 * its origin; nothing is ordered or timed by it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "no_memory.h"

#include <string.h>

typedef struct item {
	uint32_t n;
	uint64_t now_ns; /* at its injection */
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n, now_ns);

typedef struct echoed {
	uint32_t n;
} echoed;
MAIKO_TOPIC(echoes);
MAIKO_EVENT(echoed, echoes, n);

/* With its origin it just does not fit beside a header any more. */
typedef struct tight {
	uint32_t n;
	char text[472];
} tight;
MAIKO_EVENT(tight, items, n, text);

typedef struct large {
	uint32_t n;
	char text[4000];
	maiko_buffer *buffer;
} large;
MAIKO_EVENT(large, items, n, text, buffer);

typedef struct samples {
	uint32_t used;
	double values[4];
} samples;
MAIKO_EVENT(samples, items, MAIKO_COUNTED(values, used));

MAIKO_TOPIC(orders);
typedef struct order {
	uint32_t first, count;
	uint64_t timestamp_ns;
} order;
MAIKO_EVENT(order, orders, first, count, timestamp_ns);

static maiko_id id_of(uint64_t n) { return (maiko_id){UINT64_C(0xfeed), n}; }

static maiko_envelope envelope_of(uint32_t n, uint64_t timestamp_ns)
{
	return (maiko_envelope){.id = id_of(n),
				.parent = id_of(1000),
				.correlation = id_of(2000),
				.sender = "far away",
				.origin_timestamp_ns = timestamp_ns};
}

static void expect_is_injected(const maiko_envelope *meta, uint32_t n)
{
	expect(meta->injected && maiko_id_equal(meta->id, id_of(n)) && maiko_id_equal(meta->parent, id_of(1000)) &&
	       maiko_id_equal(meta->correlation, id_of(2000)) && strcmp(meta->sender, "far away") == 0 &&
	       meta->sender_id != 0);
}

/* ---- who injects, and who reads -------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) read_count;
PER_TEST maiko_envelope last;
PER_TEST maiko_receipt receipt_of_last;

typedef struct gate {
	bool tracked;
} gate;

static int gate_on_order(gate *self, const order *ev, maiko_ctx *ctx)
{
	for (uint32_t i = ev->first; i < ev->first + ev->count; i++) {
		maiko_envelope envelope = envelope_of(i, ev->timestamp_ns);
		item value = {.n = i, .now_ns = maiko_now(ctx)};
		expect((self->tracked ? maiko_inject_tracked : maiko_inject)(ctx, MAIKO_EVENT_REF(item), &value,
									     &envelope) == 0);
		expect(maiko_id_equal(maiko_sent_id(ctx), id_of(i)));
	}
	return 0;
}
static int gate_on_item(gate *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	return 0;
}
static int gate_on_receipt(gate *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	receipt_of_last = *receipt;
	return 0;
}
MAIKO_ACTOR(gate, MAIKO_ON(order, gate_on_order), MAIKO_ON(item, gate_on_item), MAIKO_ON_RECEIPT(gate_on_receipt));

typedef struct reader {
	uint32_t unused;
} reader;

static int reader_on_item(reader *self, const item *ev, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	expect_is_injected(meta, ev->n);
	expect(strcmp(maiko_sender(ctx), "far away") == 0);
	/* The time of its entry, in the order of this worker's clock, which nothing forged has moved. */
	expect(maiko_now(ctx) >= ev->now_ns && maiko_now(ctx) <= test_now_ns());
	expect(meta->origin_timestamp_ns != meta->timestamp_ns);
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	atomic_fetch_add(&read_count, 1);
	return maiko_send(ctx, echoed, .n = ev->n);
}
MAIKO_ACTOR(reader, MAIKO_ON(item, reader_on_item));

/* Is the child of an injected event. */
typedef struct hearer {
	uint32_t unused;
} hearer;
static int hearer_on_echoed(hearer *self, const echoed *ev, maiko_ctx *ctx)
{
	const maiko_envelope *meta = maiko_meta(ctx);
	expect(!meta->injected && maiko_id_equal(meta->parent, id_of(ev->n)) &&
	       maiko_id_equal(meta->correlation, id_of(2000)) && strcmp(meta->sender, "reader") == 0 &&
	       meta->origin_timestamp_ns == meta->timestamp_ns);
	last = *meta;
	test_hear(ctx, MAIKO_EVENT_REF(echoed), ev);
	return 0;
}
MAIKO_ACTOR(hearer, MAIKO_ON(echoed, hearer_on_echoed));

static maiko_supervisor *with_gate(uint32_t workers, gate init, bool echo)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, gate, "gate", .init = &init, .echo = echo));
	ok(maiko_add(sup, reader, "reader"));
	ok(maiko_add(sup, hearer, "hearer"));
	ok(maiko_start(sup));
	return sup;
}

TEST_SIM(an_injected_event_is_read_with_its_origin_and_causes_its_chain)
{
	maiko_supervisor *sup = with_gate(workers, (gate){false}, false);
	ok(maiko_send(sup, order, .first = 1, .count = 3, .timestamp_ns = 5));
	test_settle(sup);
	expect_heard("reader", "item 1, item 2, item 3");
	expect_heard("hearer", "echoed 1, echoed 2, echoed 3");
	expect_heard("gate", "");
	test_finish(sup);
}

TEST_SIM(who_injects_receives_it_if_it_receives_its_own_events)
{
	maiko_supervisor *sup = with_gate(workers, (gate){false}, true);
	ok(maiko_send(sup, order, .first = 1, .count = 2, .timestamp_ns = 5));
	test_settle(sup);
	expect_heard("gate", "item 1, item 2");
	test_finish(sup);
}

TEST_SIM(a_receipt_of_an_injected_event_has_its_id)
{
	maiko_supervisor *sup = with_gate(workers, (gate){true}, false);
	ok(maiko_send(sup, order, .first = 7, .count = 1, .timestamp_ns = 5));
	test_settle(sup);
	expect_heard("reader", "item 7");
	assert_true(maiko_receipt_done(&receipt_of_last));
	assert_true(maiko_id_equal(receipt_of_last.event, id_of(7)));
	assert_int_equal(receipt_of_last.deliveries, 1);
	test_finish(sup);
}

/* ---- forged times --------------------------------------------------------------------------------- */

typedef struct alarm_rang {
	uint32_t unused;
} alarm_rang;
MAIKO_TOPIC(alarms);
MAIKO_EVENT(alarm_rang, alarms, unused);

enum { ALARM_MS = 1000 };
PER_TEST _Atomic(uint64_t) rang, set_ns;

/* Reads items, and has a timer that they must not fire. */
typedef struct clockwork {
	uint32_t unused;
} clockwork;
static int clockwork_on_start(clockwork *self, maiko_ctx *ctx)
{
	atomic_store(&set_ns, maiko_now(ctx));
	return maiko_send_after_ms(ctx, ALARM_MS, NULL, alarm_rang, 0);
}
static int clockwork_on_item(clockwork *self, const item *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(item), ev);
	expect(atomic_load(&rang) == 0);
	return 0;
}
static int clockwork_on_alarm(clockwork *self, const alarm_rang *ev, maiko_ctx *ctx)
{
	atomic_store(&rang, maiko_now(ctx));
	return 0;
}
MAIKO_ACTOR(clockwork, MAIKO_ON_START(clockwork_on_start), MAIKO_ON(item, clockwork_on_item),
	    MAIKO_ON(alarm_rang, clockwork_on_alarm));

TEST_SIM(a_forged_timestamp_disturbs_no_timer_and_no_order)
{
	/* In 1970, at the end of time, two hours ahead, and a year before anything here was started. */
	const uint64_t two_hours_ns = UINT64_C(7200000000000), a_year_ns = UINT64_C(31557600000000000);
	const uint64_t forged[] = {0, 1, UINT64_MAX, two_hours_ns, -a_year_ns};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, gate, "gate", .worker = 1));
	ok(maiko_add(sup, reader, "reader", .worker = workers));
	ok(maiko_add(sup, hearer, "hearer"));
	ok(maiko_add(sup, clockwork, "clockwork", .worker = workers, .echo = true));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 5; i++) {
		uint64_t now_ns = i >= 3 ? last.timestamp_ns : 0;
		ok(maiko_send(sup, order, .first = 1 + i * 10, .count = 10, .timestamp_ns = forged[i] + now_ns));
		test_wait_for(&read_count, (i + 1) * 10);
	}
	test_wait_for(&rang, 1);
	assert_true(atomic_load(&rang) >= atomic_load(&set_ns) + ALARM_MS * UINT64_C(1000000));
	expect_heard_in_order("reader", 1, 50);
	expect_heard_in_order("clockwork", 1, 50);
	test_finish(sup);
}

/* ---- copies ------------------------------------------------------------------------------------------ */

typedef struct holder {
	uint32_t unused;
} holder;

static int read_any(maiko_ctx *ctx, uint32_t n, const char *text, size_t length)
{
	expect_is_injected(maiko_meta(ctx), n);
	expect(maiko_meta(ctx)->origin_timestamp_ns == 77 && strlen(text) == length);
	atomic_fetch_add(&read_count, 1);
	return 0;
}
static int holder_on_tight(holder *self, const tight *ev, maiko_ctx *ctx)
{
	return read_any(ctx, ev->n, ev->text, 471);
}
static int holder_on_large(holder *self, const large *ev, maiko_ctx *ctx)
{
	expect(maiko_buffer_size(ev->buffer) == 3);
	return read_any(ctx, ev->n, ev->text, 3999);
}
MAIKO_ACTOR(holder, MAIKO_ON(tight, holder_on_tight), MAIKO_ON(large, holder_on_large));

static int inject_all_sizes(maiko_ctx *ctx)
{
	static tight middle = {.n = 1};
	static large big = {.n = 2};
	maiko_envelope envelope = envelope_of(1, 77);
	memset(middle.text, 'x', sizeof middle.text - 1);
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(tight), &middle, &envelope) == 0);
	memset(big.text, 'y', sizeof big.text - 1);
	expect(maiko_buffer_new(3, &big.buffer) == 0);
	envelope.id = id_of(2);
	expect(maiko_inject_tracked(ctx, MAIKO_EVENT_REF(large), &big, &envelope) == MAIKO_EINVAL);
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(large), &big, &envelope) == 0);
	maiko_buffer_unref(big.buffer);
	return 0;
}

TEST_SIM(events_of_each_size_keep_their_origin_on_each_worker)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	for (uint32_t i = 1; i <= workers; i++)
		ok(maiko_add(sup, holder, test_name("holder", i), .worker = i));
	ok(maiko_start(sup));
	test_order(sup, "puppet", inject_all_sizes);
	test_wait_for(&read_count, 2 * workers);
	test_finish(sup);
}

TEST_SIM(injected_events_move_with_the_actor_that_has_them_queued)
{
	maiko_actor_id id;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, gate, "gate"));
	ok(maiko_add(sup, reader, "reader", .ret_id = &id));
	ok(maiko_add(sup, hearer, "hearer"));
	ok(maiko_start(sup));
	for (uint32_t round = 0; round < 8; round++) {
		ok(maiko_send(sup, order, .first = 1 + round * 20, .count = 20, .timestamp_ns = 5));
		int rc = maiko_move(sup, id, round % workers + 1);
		assert_true(rc == 0 || rc == MAIKO_EBUSY || rc == MAIKO_EAGAIN);
	}
	test_wait_for(&read_count, 160);
	expect_heard_in_order("reader", 1, 160);
	test_finish(sup);
}

/* ---- names, errors, memory ------------------------------------------------------------------------------ */

PER_TEST _Atomic(uint64_t) cut, kept;

typedef struct reporter {
	uint32_t unused;
} reporter;
static int reporter_on_item(reporter *self, const item *ev, maiko_ctx *ctx)
{
	bool is_cut = strcmp(maiko_sender(ctx), "elsewhere") == 0;
	expect(is_cut || strcmp(maiko_sender(ctx), test_name("peer", ev->n)) == 0);
	expect(is_cut == (ev->n >= MAIKO_ELSEWHERE_NAMES_MAX));
	atomic_fetch_add(is_cut ? &cut : &kept, 1);
	return 0;
}
MAIKO_ACTOR(reporter, MAIKO_ON(item, reporter_on_item));

static int inject_many_names(maiko_ctx *ctx)
{
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < MAIKO_ELSEWHERE_NAMES_MAX + 50; i++) {
			maiko_envelope envelope = {.id = id_of(1 + i), .sender = test_name("peer", i)};
			expect(maiko_inject(ctx, MAIKO_EVENT_REF(item), &(item){.n = i}, &envelope) == 0);
		}
	return 0;
}

TEST_ONCE(the_names_of_senders_elsewhere_are_bounded)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = 1, .mailbox = 4096});
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_add(sup, reporter, "reporter"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", inject_many_names);
	test_wait_for(&kept, (uint64_t)2 * MAIKO_ELSEWHERE_NAMES_MAX);
	test_wait_for(&cut, 100);
	test_finish(sup);
}

typedef struct tally {
	uint32_t used, of[2];
} tally;
MAIKO_EVENT(tally, items, MAIKO_COUNTED(of, used));

static void expect_refused(maiko_ctx *ctx, maiko_envelope envelope, const char *why)
{
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(item), &(item){.n = 1}, &envelope) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), why) != NULL);
}

static int inject_badly(maiko_ctx *ctx)
{
	char long_name[MAIKO_NAME_MAX + 2] = "";
	maiko_envelope good = envelope_of(1, 5);
	const maiko_event_type *type = MAIKO_EVENT_REF(item);
	memset(long_name, 'x', sizeof long_name - 1);
	expect_refused(ctx, (maiko_envelope){.sender = "a"}, "envelope->id is zero");
	expect_refused(ctx, (maiko_envelope){.id = id_of(1)}, "envelope->sender is NULL");
	expect_refused(ctx, (maiko_envelope){.id = id_of(1), .sender = ""}, "envelope->sender");
	expect_refused(ctx, (maiko_envelope){.id = id_of(1), .sender = long_name}, "envelope->sender");
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(tally), &(tally){.used = 3}, &good) == MAIKO_EINVAL);
	expect(maiko_inject_tracked(ctx, MAIKO_EVENT_REF(tally), &(tally){.used = 3}, &good) == MAIKO_EINVAL);
	expect(maiko_inject(NULL, type, &(item){0}, &good) == MAIKO_EINVAL);
	expect(maiko_inject(ctx, NULL, &(item){0}, &good) == MAIKO_EINVAL);
	expect(maiko_inject(ctx, type, NULL, &good) == MAIKO_EINVAL);
	expect(maiko_inject_tracked(ctx, type, &(item){0}, NULL) == MAIKO_EINVAL);
	test_note("refused");
	return 0;
}

static int inject_too_many(maiko_ctx *ctx)
{
	maiko_envelope envelope = envelope_of(1, 5);
	samples value = {.used = 5};
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(samples), &value, &envelope) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), ".used is 5") != NULL);
	test_note("refused");
	return 0;
}

static int inject_without_end(maiko_ctx *ctx)
{
	tight value = {.n = 1};
	maiko_envelope envelope = envelope_of(3, 77);
	memset(value.text, 'x', sizeof value.text);
	expect(maiko_inject(ctx, MAIKO_EVENT_REF(tight), &value, &envelope) == MAIKO_EINVAL);
	expect(strstr(maiko_last_error(), "the text of .text fills all its bytes") != NULL);
	test_note("refused");
	return 0;
}

static void expect_puppet_refused(uint32_t workers, int (*inject)(maiko_ctx *ctx))
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", inject);
	test_settle(sup);
	expect_noted("refused");
	test_finish(sup);
}

TEST_SIM(a_bad_envelope_is_refused_in_words) { expect_puppet_refused(workers, inject_badly); }
TEST_SIM(an_event_with_a_count_beyond_its_array_is_refused_in_words)
{
	expect_puppet_refused(workers, inject_too_many);
}
TEST_SIM(an_event_with_a_text_without_its_end_is_refused_in_words)
{
	expect_puppet_refused(workers, inject_without_end);
}

typedef struct feeder {
	uint32_t unused;
} feeder;
static int feeder_on_order(feeder *self, const order *ev, maiko_ctx *ctx)
{
	static const tight value = {.n = 3};
	maiko_envelope envelope = envelope_of(3, 77);
	atomic_fetch_add(&no_memory_handled, 1);
	for (int i = 0; i < 8; i++) {
		(void)well(maiko_inject(ctx, MAIKO_EVENT_REF(tight), &value, &envelope));
		(void)well(maiko_inject_tracked(ctx, MAIKO_EVENT_REF(tight), &value, &envelope));
	}
	return 0;
}
static int feeder_on_receipt(feeder *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1); /* a private delivery */
	return 0;
}
MAIKO_ACTOR(feeder, MAIKO_ON(order, feeder_on_order), MAIKO_ON_RECEIPT(feeder_on_receipt));

typedef struct eater {
	uint32_t unused;
} eater;
static int eater_on_tight(eater *self, const tight *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	expect_is_injected(maiko_meta(ctx), 3);
	return 0;
}
MAIKO_ACTOR(eater, MAIKO_ON(tight, eater_on_tight));

static void feed(uint32_t workers)
{
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers});
	if (sup == NULL)
		return;
	(void)well(maiko_add(sup, feeder, "feeder", .worker = 1));
	(void)well(maiko_add(sup, eater, "eater", .worker = workers));
	if (well(maiko_start(sup))) {
		(void)well(maiko_send(sup, order, .count = 1));
		(void)well(maiko_stop(sup, NULL));
	}
	(void)no_memory_finish(sup);
}

TEST_ONCE(an_injection_without_memory_is_refused_and_leaks_nothing)
{
	no_memory_play(feed, 1, false);
	no_memory_play(feed, 2, false);
}

/* ---- through another supervisor ---------------------------------------------------------------------------- */

typedef struct question {
	uint32_t n;
} question;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n);
typedef struct thought {
	uint32_t n;
} thought;
MAIKO_TOPIC(thoughts);
MAIKO_EVENT(thought, thoughts, n);
typedef struct reply {
	uint32_t n;
} reply;
MAIKO_TOPIC(replies);
MAIKO_EVENT(reply, replies, n);
MAIKO_TOPIC(crossings);
MAIKO_SIGNAL(cross, crossings);

/* What is on the way between two supervisors. */
static maiko_envelope on_way;
static char on_way_sender[MAIKO_NAME_MAX + 1];
static uint32_t on_way_n;
PER_TEST _Atomic(uint64_t) left, arrived;

static int leave(maiko_ctx *ctx, uint32_t n)
{
	on_way = *maiko_meta(ctx);
	strcpy(on_way_sender, on_way.sender);
	on_way.sender = on_way_sender;
	on_way_n = n;
	atomic_fetch_add(&left, 1);
	return 0;
}

/* On each side: takes what goes to the other side, and injects what comes from there. */
typedef struct bridge {
	bool there;
} bridge;
static int bridge_on_question(bridge *self, const question *ev, maiko_ctx *ctx)
{
	return self->there ? 0 : leave(ctx, ev->n);
}
static int bridge_on_reply(bridge *self, const reply *ev, maiko_ctx *ctx)
{
	return self->there ? leave(ctx, ev->n) : 0;
}
static int bridge_on_cross(bridge *self, const cross *ev, maiko_ctx *ctx)
{
	return self->there ? maiko_inject(ctx, MAIKO_EVENT_REF(question), &(question){.n = on_way_n}, &on_way)
			   : maiko_inject(ctx, MAIKO_EVENT_REF(reply), &(reply){.n = on_way_n}, &on_way);
}
MAIKO_ACTOR(bridge, MAIKO_ON(question, bridge_on_question), MAIKO_ON(reply, bridge_on_reply),
	    MAIKO_ON(cross, bridge_on_cross));

typedef struct thinker {
	uint32_t unused;
} thinker;
static int thinker_on_question(thinker *self, const question *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, thought, .n = ev->n);
}
MAIKO_ACTOR(thinker, MAIKO_ON(question, thinker_on_question));

typedef struct speaker {
	uint32_t unused;
} speaker;
static int speaker_on_thought(speaker *self, const thought *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, reply, .n = ev->n);
}
MAIKO_ACTOR(speaker, MAIKO_ON(thought, speaker_on_thought));

typedef struct asker {
	uint32_t unused;
} asker;
static int asker_on_reply(asker *self, const reply *ev, maiko_ctx *ctx)
{
	expect(strcmp(maiko_sender(ctx), "speaker") == 0);
	atomic_fetch_add(&arrived, 1);
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(reply, asker_on_reply));

static void assert_prints(maiko_chain chain, const char *line)
{
	char text[1000] = "";
	FILE *out = fmemopen(text, sizeof text, "w");
	assert_non_null(out);
	maiko_chain_print(chain, out);
	fclose(out);
	if (strstr(text, line) == NULL)
		fail_msg("%s: not in\n%s", line, text);
}

TEST_WORKERS(a_chain_through_two_supervisors_is_one)
{
	maiko_supervisor *here = test_supervisor(workers), *there = test_supervisor(workers);
	maiko_harness *h = test_harness(here);
	ok(maiko_add(here, asker, "asker"));
	ok(maiko_add(here, bridge, "bridge", .init = &(bridge){.there = false}));
	ok(maiko_add(there, bridge, "bridge", .init = &(bridge){.there = true}));
	ok(maiko_add(there, thinker, "thinker"));
	ok(maiko_add(there, speaker, "speaker"));
	ok(maiko_start(here));
	ok(maiko_start(there));
	ok(maiko_send(here, question, .n = 42));
	test_wait_for(&left, 1);
	ok(maiko_send(there, cross));
	test_wait_for(&left, 2);
	ok(maiko_send(here, cross));
	test_wait_for(&arrived, 1);
	test_settle(here);
	const maiko_record *asked = maiko_query_first(maiko_query_of(h, question, .sender = "outside"));
	const maiko_record *replied = maiko_query_first(maiko_query_of(h, reply, .sender = "speaker"));
	assert_non_null(asked);
	assert_non_null(replied);
	assert_true(maiko_id_equal(replied->event->correlation, asked->event->id));
	assert_true(replied->event->injected && !maiko_id_equal(replied->event->parent, asked->event->id));
	assert_int_equal(maiko_chain_count(maiko_chain_of(h, asked)), 2); /* the thought was seen there only */
	assert_prints(maiko_chain_of(h, asked), "from speaker, to asker");
	test_finish(there);
	test_finish(here);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
