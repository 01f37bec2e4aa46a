/*
 * Sending many events with one call: in order (C1), all or the first so many of them (C2), kept before the start
 * within the bound (C7), without waiting where that is asked for (C8), and refused by a stop (C10).
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct letter {
	uint32_t n;
} letter;
typedef struct card {
	uint32_t n;
	char text[8];
} card;
typedef struct roll {
	uint32_t n, count;
	uint32_t names[4];
} roll;
typedef struct parcel {
	uint32_t n;
	uint8_t content[4096];
} parcel;
typedef struct picture {
	uint32_t n;
	maiko_buffer *pixels;
} picture;
typedef struct routed {
	uint32_t n;
} routed;
MAIKO_TOPIC(post);
MAIKO_TOPIC(even);
MAIKO_TOPIC(odd);
MAIKO_EVENT(letter, post, n);
MAIKO_EVENT(card, post, n, text);
MAIKO_EVENT(roll, post, n, MAIKO_COUNTED(names, count));
MAIKO_EVENT(parcel, post, n, content);
MAIKO_EVENT(picture, post, n, pixels);

static const maiko_topic *routed_topic(const routed *ev)
{
	return ev->n == 0 ? NULL : ev->n % 2 == 0 ? MAIKO_TOPIC_REF(even) : MAIKO_TOPIC_REF(odd);
}
MAIKO_EVENT_ROUTED(routed, routed_topic, n);

TEST_LISTENER(reader, letter, card, roll, parcel, picture);
TEST_LISTENER(sorter, routed);

enum { MANY = 700, CREDIT = 100 };

static letter letters[MANY];

static void number_letters(void)
{
	for (uint32_t i = 0; i < MANY; i++)
		letters[i].n = i + 1;
}

static maiko_supervisor *with_reader(uint32_t workers)
{
	number_letters();
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .external_credit = CREDIT});
	ok(maiko_add(sup, reader, "one"));
	ok(maiko_add(sup, reader, "two", .worker = workers));
	return sup;
}

TEST_SIM(many_arrive_in_order)
{
	size_t sent = 0;
	maiko_supervisor *sup = with_reader(workers);
	ok(maiko_start(sup));
	ok(maiko_send(sup, letter, .n = 0));
	ok(maiko_send_many(sup, letter, letters, MANY, &sent)); /* waits for credit */
	assert_int_equal(sent, MANY);
	ok(maiko_send(sup, letter, .n = MANY + 1));
	test_settle(sup);
	expect_heard_in_order("one", 0, MANY + 1);
	expect_heard_in_order("two", 0, MANY + 1);
	test_finish(sup);
}

static int send_from_actor(maiko_ctx *ctx)
{
	size_t sent = 0;
	letter *none = NULL;
	expect(maiko_send_many(ctx, letter, letters, MANY, &sent) == 0 && sent == MANY);
	expect(maiko_send_many(ctx, letter, letters, 0, &sent) == 0 && sent == 0);
	expect(maiko_send_many(ctx, letter, none, 1, &sent) == MAIKO_EINVAL && sent == 0);
	expect(strcmp(maiko_last_error(), "maiko_send_many: values is NULL") == 0);
	return 0;
}

TEST_SIM(an_actor_sends_many_as_well)
{
	maiko_supervisor *sup = with_reader(workers);
	ok(maiko_add(sup, puppet, "hand"));
	ok(maiko_start(sup));
	test_order(sup, "hand", send_from_actor);
	test_settle(sup);
	expect_heard_in_order("one", 1, MANY);
	test_finish(sup);
}

TEST_SIM(before_the_start_so_many_are_kept_as_the_credit_allows)
{
	size_t sent = 0;
	maiko_supervisor *sup = with_reader(workers);
	returns(maiko_send_many(sup, letter, letters, MANY, &sent), MAIKO_EAGAIN);
	assert_int_equal(sent, CREDIT);
	returns(maiko_try_send_many(sup, letter, letters + sent, 1, &sent), MAIKO_EAGAIN);
	assert_int_equal(sent, 0);
	ok(maiko_start(sup));
	test_settle(sup);
	expect_heard_in_order("one", 1, CREDIT);
	ok(maiko_try_send_many(sup, letter, letters + CREDIT, CREDIT, &sent));
	assert_int_equal(sent, CREDIT);
	returns(maiko_try_send_many(sup, letter, letters + 2 * CREDIT, 1, NULL), MAIKO_EAGAIN);
	test_settle(sup);
	expect_heard_in_order("two", 1, 2 * CREDIT);
	test_finish(sup);
}

TEST_SIM(events_that_are_not_plain_go_one_by_one)
{
	static parcel parcels[3] = {{.n = 1}, {.n = 2}, {.n = 3}};
	picture pictures[2] = {{.n = 4}, {.n = 5}};
	size_t sent = 0;
	maiko_supervisor *sup = with_reader(workers);
	ok(maiko_start(sup));
	ok(maiko_send_many(sup, parcel, parcels, 3, &sent));
	assert_int_equal(sent, 3);
	for (int i = 0; i < 2; i++)
		ok(maiko_buffer_copy("pixels", 6, &pictures[i].pixels));
	ok(maiko_send_many(sup, picture, pictures, 2, &sent));
	assert_int_equal(sent, 2);
	for (int i = 0; i < 2; i++)
		maiko_buffer_unref(pictures[i].pixels);
	test_settle(sup);
	expect_heard_numbers("one", "1 2 3 4 5");
	expect_heard_numbers("two", "1 2 3 4 5");
	test_finish(sup);
}

TEST_SIM(each_is_routed_by_its_own_content)
{
	const routed some[] = {{1}, {2}, {3}, {4}, {0}, {6}};
	size_t sent = 0;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sorter, "even", .topics = MAIKO_TOPICS(even)));
	ok(maiko_add(sup, sorter, "odd", .topics = MAIKO_TOPICS(odd)));
	ok(maiko_start(sup));
	returns(maiko_send_many(sup, routed, some, 6, &sent), MAIKO_EINVAL); /* the fifth has no topic */
	assert_int_equal(sent, 4);
	test_settle(sup);
	expect_heard_numbers("even", "2 4");
	expect_heard_numbers("odd", "1 3");
	test_finish(sup);
}

/* ---- bad input --------------------------------------------------------------------------------------- */

#define SAYS(call, code, text)                                                                                         \
	do {                                                                                                           \
		returns(call, code);                                                                                   \
		assert_string_equal(maiko_last_error(), text);                                                         \
	} while (0)

TEST_ONCE(bad_input_sends_what_comes_before_it)
{
	card cards[3] = {{.n = 1, .text = "one"}, {.n = 2, .text = "two"}, {.n = 3}};
	roll rolls[2] = {{.n = 3, .count = 4}, {.n = 4, .count = 5}};
	letter *none = NULL;
	size_t sent = 7;
	memset(cards[2].text, 'x', sizeof cards[2].text);
	maiko_supervisor *sup = with_reader(1);
	ok(maiko_start(sup));
	SAYS(maiko_send_many((maiko_supervisor *)NULL, letter, letters, 1, &sent), MAIKO_EINVAL,
	     "maiko_send_many: sup is NULL");
	assert_int_equal(sent, 0);
	SAYS(maiko_supervisor_send_many(sup, NULL, letters, 1, 0, &sent), MAIKO_EINVAL,
	     "maiko_send_many: type is NULL");
	SAYS(maiko_send_many(sup, letter, none, 1, &sent), MAIKO_EINVAL, "maiko_send_many: values is NULL");
	returns(maiko_supervisor_send_many(sup, MAIKO_EVENT_REF(letter), letters, 1, 8, &sent), MAIKO_EINVAL);
	ok(maiko_send_many(sup, letter, none, 0, &sent));
	returns(maiko_send_many(sup, card, cards, 3, &sent), MAIKO_EINVAL);
	assert_int_equal(sent, 2);
	returns(maiko_send_many(sup, roll, rolls, 2, &sent), MAIKO_EINVAL);
	assert_int_equal(sent, 1);
	test_settle(sup);
	expect_heard("one", "card 1, card 2, roll 3");
	test_finish(sup);
}

/* ---- a stop ------------------------------------------------------------------------------------------- */

enum { THREADS = 3 };
PER_TEST _Atomic(uint64_t) accepted;

static void send_until_stopped(void *sup)
{
	size_t sent;
	int rc;
	do {
		rc = maiko_send_many((maiko_supervisor *)sup, letter, letters, MANY, &sent);
		atomic_fetch_add(&accepted, sent);
	} while (rc == 0);
	expect(rc == MAIKO_ESHUTDOWN);
}

typedef struct counter {
	uint64_t handled;
} counter;
PER_TEST _Atomic(uint64_t) handled;
static int counter_on_letter(counter *self, const letter *ev, maiko_ctx *ctx)
{
	self->handled++;
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(letter, counter_on_letter));

TEST_WORKERS(a_stop_in_between_takes_all_that_was_accepted)
{
	uv_thread_t threads[THREADS];
	number_letters();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, counter, "counter", .worker = workers));
	ok(maiko_start(sup));
	for (int i = 0; i < THREADS; i++)
		ok(uv_thread_create(&threads[i], send_until_stopped, sup));
	test_wait_for(&handled, 3 * MANY);
	const maiko_ledger *ledger = test_stop(sup);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(ledger->total.handled, atomic_load(&accepted));
	assert_int_equal(ledger->published, atomic_load(&accepted));
	test_release(sup);
}

/* ---- no memory ---------------------------------------------------------------------------------------- */

/* Before the start, so that the failing allocation is this thread's. */
static bool send_with_failure_at(uint64_t n)
{
	size_t sent = MANY;
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, counter, "counter"));
	test_allocator_fail_at(n, false);
	int rc = maiko_send_many(sup, letter, letters, MANY, &sent);
	bool failed = test_allocator_has_failed();
	test_allocator_fail_never();
	assert_int_equal(rc, failed ? MAIKO_ENOMEM : 0);
	assert_true(failed ? sent < MANY : sent == MANY);
	ok(maiko_start(sup));
	ok(maiko_send_many(sup, letter, letters + sent, MANY - sent, NULL));
	assert_int_equal(test_finish(sup).handled, MANY);
	return failed;
}

TEST_ONCE(without_memory_the_rest_can_be_sent_later)
{
	uint64_t n = 0;
	number_letters();
	while (send_with_failure_at(n))
		n++;
	assert_true(n > 3);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
