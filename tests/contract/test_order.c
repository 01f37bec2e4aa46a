/*
 * C1: what one sender sends reaches each subscriber in the order sent, across topics; each
 * external thread is a sender of its own. C5: no actor gets its own events, unless it asked.
 */
#include "support.h"

#include <uv.h>

enum { TALKERS = 4, THREADS = 3, SENDERS = TALKERS + THREADS, COUNT = 3000, LISTENERS = 5 };

/* One sequence a sender, over three topics and two event types. */
typedef struct even {
	uint32_t sender, n;
} even;
MAIKO_TOPIC(evens);
MAIKO_EVENT(even, evens, sender, n);

typedef struct odd {
	uint32_t sender, n;
} odd;
static const maiko_topic *_Atomic odds[2];
static const maiko_topic *odd_topic(const odd *ev) { return atomic_load(&odds[ev->n / 2 % 2]); }
MAIKO_EVENT_ROUTED(odd, odd_topic, sender, n);

PER_TEST _Atomic(uint64_t) heard;

/* ---- listeners -------------------------------------------------------------------------- */

typedef struct listener {
	uint32_t last[SENDERS];
} listener;

static int listener_note(listener *self, uint32_t sender, uint32_t n)
{
	bool in_order = sender < SENDERS && n == self->last[sender] + 1;
	expect(in_order);
	if (in_order)
		self->last[sender] = n;
	atomic_fetch_add(&heard, 1);
	return 0;
}

static int listener_on_even(listener *self, const even *ev, maiko_ctx *ctx)
{
	return listener_note(self, ev->sender, ev->n);
}

static int listener_on_odd(listener *self, const odd *ev, maiko_ctx *ctx)
{
	return listener_note(self, ev->sender, ev->n);
}
MAIKO_ACTOR(listener, MAIKO_ON(even, listener_on_even), MAIKO_ON(odd, listener_on_odd));

/* ---- talkers ------------------------------------------------------------------------------ */

typedef struct talker {
	uint32_t number, n;
	uint32_t burst;
} talker;

static maiko_next talker_tick(talker *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < self->burst && self->n < COUNT; i++) {
		uint32_t n = self->n + 1;
		int rc = n % 2 == 0 ? maiko_send(ctx, even, .sender = self->number, .n = n)
				    : maiko_send(ctx, odd, .sender = self->number, .n = n);
		if (rc == MAIKO_EAGAIN)
			return maiko_when_sendable();
		if (rc != 0)
			return maiko_failed(rc);
		self->n = n;
	}
	return self->n < COUNT ? maiko_again() : maiko_never();
}

/* It subscribes to what it sends: only the others' may come. */
static int talker_on_even(talker *self, const even *ev, maiko_ctx *ctx)
{
	expect(ev->sender != self->number);
	return 0;
}
MAIKO_ACTOR(talker, MAIKO_TICK(talker_tick), MAIKO_ON(even, talker_on_even));

typedef struct thread {
	uv_thread_t id;
	maiko_supervisor *sup;
	uint32_t number;
	int rc;
} thread;

static void thread_talk(void *arg)
{
	thread *t = arg;
	for (uint32_t n = 1; n <= COUNT && t->rc == 0; n++)
		t->rc = n % 2 == 0 ? maiko_send(t->sup, even, .sender = t->number, .n = n)
				   : maiko_send(t->sup, odd, .sender = t->number, .n = n);
}

static void run_threads(maiko_supervisor *sup)
{
	thread threads[THREADS];
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = (thread){.sup = sup, .number = TALKERS + i};
		ok(uv_thread_create(&threads[i].id, thread_talk, &threads[i]));
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		uv_thread_join(&threads[i].id);
		assert_int_equal(threads[i].rc, 0);
	}
}

static void add_cast(maiko_supervisor *sup, uint32_t mailbox)
{
	const maiko_topic *topics[2];
	ok(maiko_topic_named(sup, "odds.0", &topics[0]));
	ok(maiko_topic_named(sup, "odds.1", &topics[1]));
	atomic_store(&odds[0], topics[0]);
	atomic_store(&odds[1], topics[1]);
	const maiko_subscription all[] = {{.topic = topics[0]},
					  {.topic = topics[1]},
					  {.topic = MAIKO_TOPIC_REF(evens)},
					  {.topic = NULL}};
	for (uint32_t i = 0; i < LISTENERS; i++)
		ok(maiko_add(sup, listener, test_name("listener", i), .topics = all, .mailbox = mailbox,
			     .max_events_per_tick = i + 1));
	for (uint32_t i = 0; i < TALKERS; i++) {
		talker how = {.number = i, .burst = 1 + 37 * i};
		ok(maiko_add(sup, talker, test_name("talker", i), .init = &how, .topics = MAIKO_TOPICS(evens)));
	}
}

static void each_subscriber_sees_each_senders_sequence(maiko_options options, uint32_t mailbox)
{
	maiko_supervisor *sup = test_supervisor_with(options);
	add_cast(sup, mailbox);
	ok(maiko_start(sup));
	run_threads(sup);
	test_wait_for(&heard, LISTENERS * SENDERS * COUNT);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->published, SENDERS * COUNT);
	/* a talker gets the even half of all senders but itself */
	assert_int_equal(ledger->total.handled, LISTENERS * SENDERS * COUNT + TALKERS * (SENDERS - 1) * (COUNT / 2));
	assert_int_equal(ledger->total.deliveries, ledger->total.handled);
	test_release(sup);
}

TEST_WORKERS(order_holds_across_topics_and_workers)
{
	each_subscriber_sees_each_senders_sequence((maiko_options){.workers = workers}, 0);
}
TEST_WORKERS(order_holds_when_mailboxes_and_channels_are_full)
{
	each_subscriber_sees_each_senders_sequence(
		(maiko_options){.workers = workers, .channel = 16, .external_credit = 5}, 3);
}

/* ---- before the start ----------------------------------------------------------------------- */

TEST_SIM(what_was_sent_before_the_start_comes_first)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "one", .topics = MAIKO_TOPICS(evens)));
	ok(maiko_add(sup, listener, "two", .topics = MAIKO_TOPICS(evens)));
	for (uint32_t n = 1; n <= 500; n++)
		ok(maiko_send(sup, even, .n = n));
	ok(maiko_start(sup));
	for (uint32_t n = 501; n <= 1000; n++)
		ok(maiko_send(sup, even, .n = n));
	assert_int_equal(test_finish(sup).handled, 2000);
}

/* ---- no echo ------------------------------------------------------------------------------------ */

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);
typedef struct word {
	uint32_t of;
} word;
MAIKO_TOPIC(words);
MAIKO_EVENT(word, words, of);

/* Each sends one event, of its number. */
typedef struct parrot {
	uint32_t number;
} parrot;
static int parrot_on_begin(parrot *self, const begin *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, word, .of = self->number);
}
static int parrot_on_word(parrot *self, const word *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(word), ev);
	return 0;
}
MAIKO_ACTOR(parrot, MAIKO_ON(begin, parrot_on_begin), MAIKO_ON(word, parrot_on_word));

/* Has the actor heard the words of these, in any order? */
static void expect_words_of(const char *actor, uint64_t expected)
{
	size_t count;
	const uint64_t *of = test_heard_values(actor, &count);
	uint64_t heard_of = 0;
	for (size_t i = 0; i < count; i++)
		heard_of += UINT64_C(1) << (4 * of[i]); /* a digit for each */
	assert_int_equal(heard_of, expected);
}

TEST_SIM(only_who_asked_gets_an_echo)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, parrot, "plain", .init = &(parrot){0}));
	ok(maiko_add(sup, parrot, "echo", .init = &(parrot){1}, .echo = true));
	ok(maiko_add(sup, parrot, "all", .init = &(parrot){2}, .topics = MAIKO_ALL_TOPICS));
	ok(maiko_add(sup, parrot, "all echo", .init = &(parrot){3}, .topics = MAIKO_ALL_TOPICS, .echo = true));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	assert_int_equal(test_finish(sup).deliveries, 4 + 3 + 4 + 3 + 4);
	expect_words_of("plain", 0x1110);
	expect_words_of("echo", 0x1111);
	expect_words_of("all", 0x1011);
	expect_words_of("all echo", 0x1111);
}

/* ---- an actor that answers ------------------------------------------------------------------------ */

typedef struct question {
	uint32_t n;
} question;
typedef struct answer {
	uint32_t n;
} answer;
MAIKO_TOPIC(talk);
MAIKO_EVENT(question, talk, n);
MAIKO_EVENT(answer, talk, n);

typedef struct server {
	int unused;
} server;
static int server_on_question(server *self, const question *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, answer, .n = ev->n);
}
MAIKO_ACTOR(server, MAIKO_ON(question, server_on_question));

/* Hears the question of the test before the server's answer: not promised; but the answers
 * come in the order of the questions. */
typedef struct auditor {
	uint32_t questions, answers;
} auditor;
static int auditor_on_question(auditor *self, const question *ev, maiko_ctx *ctx)
{
	expect(ev->n == ++self->questions);
	return 0;
}
static int auditor_on_answer(auditor *self, const answer *ev, maiko_ctx *ctx)
{
	expect(ev->n == ++self->answers);
	atomic_fetch_add(&heard, 1);
	return 0;
}
MAIKO_ACTOR(auditor, MAIKO_ON(question, auditor_on_question), MAIKO_ON(answer, auditor_on_answer));

TEST_WORKERS(answers_come_in_the_order_of_the_questions)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, server, "server"));
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, auditor, test_name("auditor", i)));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= COUNT; n++)
		ok(maiko_send(sup, question, .n = n));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&heard), 3 * COUNT);
	/* the server and three auditors hear a question, three auditors an answer */
	assert_int_equal(total.handled, 7 * COUNT);
}
