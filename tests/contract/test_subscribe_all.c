/*
 * C2, C16: one change carries any number of an actor's subscriptions: all of them or none, at one place in each
 * sender's order, with one completion.
 */
#include "support.h"

#include <string.h>

typedef struct letter {
	uint32_t n;
} letter;
typedef struct parcel {
	uint32_t n;
} parcel;
typedef struct postcard {
	uint32_t n;
} postcard;
MAIKO_TOPIC(letters);
MAIKO_TOPIC(parcels);
MAIKO_TOPIC(postcards, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(others);
MAIKO_EVENT(letter, letters, n);
MAIKO_EVENT(parcel, parcels, n);
MAIKO_EVENT(postcard, postcards, n);

TEST_LISTENER(person, letter, parcel, postcard);

#define POST MAIKO_TOPICS(letters, parcels, postcards)

PER_TEST maiko_actor_id reader;
PER_TEST _Atomic(uint64_t) completions;
PER_TEST maiko_completion last;

static void on_done(void *arg, const maiko_completion *completion)
{
	last = *completion;
	atomic_fetch_add(&completions, 1);
}

/* With "reader", who subscribes to nothing yet, on another worker if there is one. */
static maiko_supervisor *start(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "sender", .worker = 1));
	ok(maiko_add(sup, person, "reader", .topics = MAIKO_NO_TOPICS, .worker = workers, .ret_id = &reader));
	ok(maiko_start(sup));
	return sup;
}

static void send_each(maiko_supervisor *sup, uint32_t n)
{
	ok(maiko_send(sup, letter, .n = n));
	ok(maiko_send(sup, parcel, .n = n));
	ok(maiko_send(sup, postcard, .n = n));
}

TEST_SIM(all_topics_of_a_list_are_subscribed_and_unsubscribed)
{
	maiko_supervisor *sup = start(workers);
	send_each(sup, 1);
	ok(maiko_subscribe_all(sup, reader, POST));
	send_each(sup, 2);
	test_settle(sup);
	ok(maiko_unsubscribe_all(sup, reader, MAIKO_TOPICS(letters, postcards)));
	send_each(sup, 3);
	test_settle(sup);
	expect_heard("reader", "letter 2, parcel 2, postcard 2, parcel 3");
	test_finish(sup);
}

TEST_SIM(a_list_is_one_change_with_one_completion)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_subscribe_all(sup, reader, POST, .done = on_done));
	test_wait_for(&completions, 1);
	assert_int_equal(last.change, MAIKO_CHANGE_SUBSCRIBE);
	assert_int_equal(last.status, 0);
	assert_true(last.actor == reader);
	assert_null(last.topic);
	ok(maiko_unsubscribe_all(sup, reader, MAIKO_TOPICS(parcels), .done = on_done));
	test_wait_for(&completions, 2);
	assert_int_equal(last.change, MAIKO_CHANGE_UNSUBSCRIBE);
	assert_string_equal(last.topic->name, "parcels");
	ok(maiko_subscribe_all(sup, reader, MAIKO_NO_TOPICS, .done = on_done)); /* nothing is a change too */
	test_wait_for(&completions, 3);
	test_finish(sup);
	assert_int_equal(completions, 3);
}

TEST_SIM(a_list_is_subscribed_whole_or_not_at_all)
{
	maiko_supervisor *sup = start(workers);
	ok(maiko_subscribe(sup, reader, MAIKO_TOPIC_REF(parcels)));
	returns(maiko_subscribe_all(sup, reader, POST), MAIKO_EEXIST);
	returns(maiko_unsubscribe_all(sup, reader, POST), MAIKO_ENOENT);
	assert_non_null(strstr(maiko_last_error(), "maiko_unsubscribe_all"));
	assert_non_null(strstr(maiko_last_error(), "3 topics: it does not subscribe to all of them"));
	send_each(sup, 1);
	test_settle(sup);
	expect_heard("reader", "parcel 1");
	test_finish(sup);
}

TEST_SIM(a_list_that_is_wrong_changes_nothing)
{
	maiko_supervisor *sup = start(workers);
	returns(maiko_subscribe_all(sup, reader, NULL), MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, reader, MAIKO_ALL_TOPICS), MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, reader, MAIKO_TOPICS(letters, others)), MAIKO_EINVAL); /* handles none of it */
	returns(maiko_subscribe_all(sup, reader,
				    MAIKO_TOPICS(letters, MAIKO_SUB(letters, .overflow = MAIKO_DROP_OLDEST))),
		MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, reader, MAIKO_TOPICS(letters, MAIKO_SUB(parcels, .overflow = 77))),
		MAIKO_EINVAL);
	returns(maiko_subscribe_all(sup, reader + 7, POST), MAIKO_ENOENT);
	ok(maiko_subscribe_all(sup, reader, MAIKO_TOPICS(letters, letters))); /* twice is once */
	send_each(sup, 1);
	test_settle(sup);
	expect_heard("reader", "letter 1");
	test_finish(sup);
}

TEST_SIM(each_topic_of_a_list_may_have_its_own_policy)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, puppet, "sender"));
	ok(maiko_add(sup, person, "reader", .topics = MAIKO_NO_TOPICS, .mailbox = 1, .ret_id = &reader));
	ok(maiko_start(sup));
	ok(maiko_subscribe_all(sup, reader, MAIKO_TOPICS(letters, MAIKO_SUB(parcels, .overflow = MAIKO_KEEP_LATEST)),
			       .overflow = MAIKO_DROP_NEWEST));
	for (uint32_t i = 1; i <= 20; i++) {
		ok(maiko_send(sup, letter, .n = i)); /* waits for nobody */
		ok(maiko_send(sup, parcel, .n = i));
	}
	test_settle(sup);
	const uint64_t *heard;
	size_t count;
	heard = test_heard_values("reader", &count);
	assert_int_equal(heard[count - 1], 20); /* the latest parcel */
	test_finish(sup);
}

/* ---- in an actor ------------------------------------------------------------------------------ */

static int subscribe_reader(maiko_ctx *ctx)
{
	ok(maiko_send(ctx, letter, .n = 1));
	return maiko_subscribe_all(ctx, reader, POST, .done = on_done);
}

static int send_second(maiko_ctx *ctx)
{
	ok(maiko_send(ctx, letter, .n = 2));
	ok(maiko_send(ctx, postcard, .n = 2));
	return maiko_unsubscribe_all(ctx, reader, POST, .done = on_done);
}

TEST_SIM(an_actor_subscribes_another_to_a_list)
{
	maiko_supervisor *sup = start(workers);
	test_order(sup, "sender", subscribe_reader);
	test_wait_for(&completions, 1);
	test_order(sup, "sender", send_second);
	test_wait_for(&completions, 2);
	test_settle(sup);
	maiko_counts counts = test_finish(sup);
	/* What was queued when it unsubscribed is dead. */
	assert_int_equal(test_heard_count("reader", NULL) + counts.dead, 2);
}

/* ---- many ---------------------------------------------------------------------------------------- */

enum { MANY = 1000 };
typedef struct note {
	uint32_t topic;
} note;
static const maiko_topic *many[MANY];
static const maiko_topic *note_topic(const note *n) { return many[n->topic]; }
MAIKO_EVENT_ROUTED(note, note_topic, topic);
TEST_LISTENER(librarian, note);

static void make_many(maiko_supervisor *sup, maiko_subscription *list)
{
	for (uint32_t i = 0; i < MANY; i++) {
		ok(maiko_topic_named(sup, test_name("shelf", i), &many[i]));
		list[i] = (maiko_subscription){.topic = many[i]};
	}
	list[MANY] = (maiko_subscription){.topic = NULL};
}

TEST_SIM(a_thousand_topics_are_one_change_and_one_addition)
{
	static maiko_subscription list[MANY + 1];
	maiko_actor_id one, other;
	maiko_supervisor *sup = test_supervisor(workers);
	make_many(sup, list);
	ok(maiko_add(sup, librarian, "one", .topics = MAIKO_NO_TOPICS, .ret_id = &one));
	ok(maiko_start(sup));
	ok(maiko_subscribe_all(sup, one, list));
	ok(maiko_add(sup, librarian, "other", .topics = list, .ret_id = &other));
	for (uint32_t i = 0; i < MANY; i += 100)
		ok(maiko_send(sup, note, .topic = i));
	test_settle(sup);
	expect_heard_numbers("one", "0 100 200 300 400 500 600 700 800 900");
	expect_heard_numbers("other", "0 100 200 300 400 500 600 700 800 900");
	ok(maiko_unsubscribe_all(sup, other, list));
	ok(maiko_send(sup, note, .topic = 7));
	test_settle(sup);
	expect_heard_count("one", note, 11);
	expect_heard_count("other", note, 10);
	test_finish(sup);
}

/* ---- without memory ------------------------------------------------------------------------------ */

TEST_ONCE(without_memory_none_of_a_list_is_subscribed)
{
	for (uint64_t n = 0;; n++) {
		maiko_supervisor *sup = start(2);
		test_allocator_fail_at(n, false);
		int rc = maiko_subscribe_all(sup, reader, POST);
		bool failed = test_allocator_has_failed();
		test_allocator_fail_never();
		assert_true(rc == 0 || rc == MAIKO_ENOMEM);
		if (rc != 0) /* none was left behind: all of them can be had */
			ok(maiko_subscribe_all(sup, reader, POST));
		ok(maiko_unsubscribe_all(sup, reader, POST));
		test_finish(sup);
		if (!failed)
			break;
	}
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
