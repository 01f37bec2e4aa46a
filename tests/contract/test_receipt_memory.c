/*
 * test_receipt_memory.c - an actor moves with tracked events in its mailbox, and there is no memory for one of their
 * copies: that delivery is lost, the others are not, and each receipt comes once (C15, C17).
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

typedef struct job {
	uint32_t n;
} job;
MAIKO_TOPIC(jobs);
MAIKO_EVENT(job, jobs, n);
typedef struct sample {
	uint32_t n;
} sample;
MAIKO_TOPIC(samples, .overflow = MAIKO_DROP_OLDEST);
MAIKO_EVENT(sample, samples, n);
MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

enum { JOBS = 4, MAILBOX = 2 * JOBS };

PER_TEST _Atomic(uint64_t) receipts, handled, lost;
static uint64_t failing; /* the number of the allocation that fails, from the request to move */

/* Fills the mailbox with jobs and samples, and then replaces samples until it has nearly as many holes as events: the
 * next removals close them, and what has been copied by then is in another place. */
typedef struct sender {
	uint32_t unused;
} sender;
static int sender_on_begin(sender *self, const begin *ev, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < JOBS; i++)
		expect(maiko_send_tracked(ctx, job, .n = i) == 0);
	for (uint32_t i = 0; i < MAILBOX - JOBS + MAILBOX - 1; i++)
		expect(maiko_send(ctx, sample, .n = i) == 0);
	return 0;
}
static int sender_on_receipt(sender *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(receipt->deliveries == 1 && receipt->handled + receipt->no_memory == 1);
	atomic_fetch_add(&handled, receipt->handled);
	atomic_fetch_add(&lost, receipt->no_memory);
	atomic_fetch_add(&receipts, 1);
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_ON(begin, sender_on_begin), MAIKO_ON_RECEIPT(sender_on_receipt));

/* Moves at its first job, and handles the others when it has moved. */
typedef struct mover {
	uint32_t unused;
} mover;
static int mover_on_job(mover *self, const job *ev, maiko_ctx *ctx)
{
	if (ev->n != 0)
		return 0;
	expect(maiko_hold(ctx) == 0);
	test_allocator_fail_at(failing, false);
	int rc = maiko_move(ctx, maiko_self(ctx), 2);
	expect(rc == 0 || rc == MAIKO_ENOMEM);
	return rc == 0 ? 0 : maiko_unhold(ctx);
}
static int mover_on_sample(mover *self, const sample *ev, maiko_ctx *ctx) { return 0; }
static int mover_on_done(mover *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	expect(completion->status == 0 || completion->status == MAIKO_ENOMEM);
	return maiko_unhold(ctx);
}
MAIKO_ACTOR(mover, MAIKO_ON(job, mover_on_job), MAIKO_ON(sample, mover_on_sample), MAIKO_ON_DONE(mover_on_done));

/* Whether an allocation has failed. */
static bool play_move(uint64_t *ret_lost)
{
	test_begin();
	int64_t before = test_allocator_living();
	maiko_supervisor *sup = test_supervisor(2);
	ok(maiko_add(sup, sender, "sender", .worker = 1));
	ok(maiko_add(sup, mover, "mover", .worker = 1, .mailbox = MAILBOX));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	test_wait_for(&receipts, JOBS);
	bool failed = test_allocator_has_failed();
	test_allocator_fail_never();
	maiko_counts total = test_finish(sup);
	assert_true(total.no_memory >= lost);
	assert_int_equal(handled + lost, JOBS);
	assert_int_equal(receipts, JOBS);
	assert_int_equal(test_allocator_living(), before);
	*ret_lost += lost;
	return failed;
}

TEST_ONCE(any_copy_of_a_tracked_event_that_moves_may_find_no_memory)
{
	uint64_t lost_in_all = 0;
	for (failing = 0; play_move(&lost_in_all); failing++)
		assert_true(failing < 10000);
	assert_true(lost_in_all >= JOBS - 1); /* each of those that were queued */
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
