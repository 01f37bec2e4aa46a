/*
 * test_ask_memory.c - without memory a question is refused or ends with a status, a reply is refused, and nothing is
 * left behind (C15, C21).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>

typedef struct question {
	uint32_t n;
} question;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n);

typedef struct answer {
	char text[600]; /* in a block */
	maiko_buffer *more;
} answer;
MAIKO_EVENT(answer, maiko_private_topic, text, more);

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

PER_TEST _Atomic(uint64_t) ended;
static uint64_t failing; /* the number of the allocation that fails, from the question on */

static bool says_more(const maiko_buffer *b)
{
	return maiko_buffer_size(b) == 8 && memcmp(maiko_buffer_data(b), "and more", 8) == 0;
}

typedef struct asker {
	bool all;
} asker;

static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
{
	expect(status == 0 || status == MAIKO_ENOMEM || status == MAIKO_ENOREPLY || status == MAIKO_EOVERFLOW);
	expect(reply == NULL || says_more(reply->more));
	if (!self->all || reply == NULL)
		atomic_fetch_add(&ended, 1);
	return 0;
}
MAIKO_ASK(asker, question, answer, on_answer);

static int asker_on_begin(asker *self, const begin *ev, maiko_ctx *ctx)
{
	test_allocator_fail_at(failing, false);
	int rc = self->all ? maiko_ask_all(ctx, on_answer, 10000, question, .n = 1)
			   : maiko_ask(ctx, on_answer, 10000, question, .n = 1);
	expect(rc == 0 || rc == MAIKO_ENOMEM);
	if (rc != 0)
		atomic_fetch_add(&ended, 1);
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(begin, asker_on_begin));

typedef struct answerer {
	uint32_t unused;
} answerer;
static int answerer_on_question(answerer *self, const question *ev, maiko_ctx *ctx)
{
	maiko_buffer *more = maiko_buffer_printf("and %s", "more");
	if (more == NULL)
		return 0;
	int rc = maiko_reply(ctx, answer, .text = "yes", .more = more);
	expect(rc == 0 || rc == MAIKO_ENOMEM);
	maiko_buffer_unref(more);
	return 0;
}
MAIKO_ACTOR(answerer, MAIKO_ON(question, answerer_on_question));

/* Whether an allocation has failed. */
static bool play(uint32_t workers, bool all)
{
	test_begin();
	int64_t before = test_allocator_living();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker", .worker = 1, .init = &(asker){all}));
	ok(maiko_add(sup, answerer, "one", .worker = 1));
	ok(maiko_add(sup, answerer, "two", .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	test_wait_for(&ended, 1);
	bool failed = test_allocator_has_failed();
	test_allocator_fail_never();
	test_finish(sup);
	assert_int_equal(test_allocator_living(), before);
	return failed;
}

static void play_each(uint32_t workers)
{
	for (int all = 0; all < 2; all++)
		for (failing = 0; play(workers, all != 0); failing++)
			;
}

static void no_allocation_of_a_question_is_missed(void **state)
{
	(void)state;
	play_each(1);
	play_each(2);
}

/* A thread gets the answer with a reference on its buffer. */
static void a_thread_owns_the_buffers_of_the_answer(void **state)
{
	answer got;
	(void)state;
	test_begin();
	int64_t before = test_allocator_living();
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, answerer, "one"));
	ok(maiko_add(sup, answerer, "two"));
	ok(maiko_start(sup));
	ok(maiko_call(sup, 10000, answer, &got, question, .n = 1));
	assert_string_equal(got.text, "yes");
	test_finish(sup);
	assert_true(says_more(got.more));
	maiko_buffer_unref(got.more);
	assert_int_equal(test_allocator_living(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_allocation_of_a_question_is_missed),
		cmocka_unit_test(a_thread_owns_the_buffers_of_the_answer),
	};
	test_allocator_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
