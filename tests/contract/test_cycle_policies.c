/*
 * C9, C2, C10: actors that fill each other's mailboxes in a ring, under every policy, while
 * they run and while they are stopped: nothing hangs, every token comes to its end or is
 * counted dropped, and a graceful stop discards none of them.
 */
#include "support.h"

#include <sched.h>
#include <string.h>
#include <uv.h>

/* A member brings in TOKENS at once, many more than a mailbox holds; each makes HOPS more. */
enum { MEMBERS_MAX = 3, TOKENS = 100, HOPS = 50, ROUNDS = 3 };

typedef struct token {
	uint32_t to, id, hops;
} token;

static const maiko_topic *_Atomic places[MEMBERS_MAX];
static const maiko_topic *token_topic(const token *ev) { return atomic_load(&places[ev->to]); }
MAIKO_EVENT_ROUTED(token, token_topic, to, id, hops);

MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

PER_TEST _Atomic(uint64_t) begun, hops, finished, overflows;

/* ---- members -------------------------------------------------------------------------- */

typedef struct member {
	uint32_t next; /* whom it sends to */
} member;

static int member_on_begin(member *self, const begin *ev, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < TOKENS; i++)
		expect(maiko_send(ctx, token, .to = self->next, .id = i, .hops = HOPS) == 0);
	atomic_fetch_add(&begun, 1);
	return 0;
}

static int member_on_token(member *self, const token *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&hops, 1);
	if (ev->hops == 0)
		atomic_fetch_add(&finished, 1);
	else
		expect(maiko_send(ctx, token, .to = self->next, .id = ev->id, .hops = ev->hops - 1) == 0);
	return 0;
}

static int member_on_error(member *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EOVERFLOW && error->phase == MAIKO_PHASE_OVERFLOW && error->event.type == NULL);
	atomic_fetch_add(&overflows, 1);
	return 0;
}
MAIKO_ACTOR(member, MAIKO_ON(begin, member_on_begin), MAIKO_ON(token, member_on_token),
	    MAIKO_ON_ERROR(member_on_error));

/* ---- a ring ----------------------------------------------------------------------------- */

typedef struct ring {
	maiko_overflow policy;
	uint32_t workers, members, mailbox, channel;
} ring;

/* Keep-latest: of tokens of one number. A new number in a full mailbox blocks. */
static uint64_t token_key(const maiko_any *ev) { return ((const token *)ev->data)->id; }

static maiko_supervisor *with_ring(const ring *r)
{
	test_begin();
	maiko_topic like = {.overflow = r->policy, .key = r->policy == MAIKO_KEEP_LATEST ? token_key : NULL};
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = r->workers, .channel = r->channel});
	for (uint32_t i = 0; i < r->members; i++) {
		const maiko_topic *topic;
		ok(maiko_topic_with(sup, test_name("place", i), &like, &topic));
		atomic_store(&places[i], topic);
		const maiko_subscription topics[] = {{.topic = topic},
						     {.topic = MAIKO_TOPIC_REF(orders)},
						     {.topic = NULL}};
		ok(maiko_add(sup, member, test_name("member", i), .init = &(member){.next = (i + 1) % r->members},
			     .topics = topics, .mailbox = r->mailbox));
	}
	ok(maiko_start(sup));
	return sup;
}

/* Tokens dropped: by a full mailbox, or before, by a full channel. */
static uint64_t dropped_in(const maiko_ledger *ledger)
{
	uint64_t count = ledger->total.dropped;
	for (size_t i = 0; i < ledger->topic_count; i++)
		count += ledger->topics[i]->channel_dropped;
	return count;
}

/* Until every token of so many rounds has come to its end. */
static void wait_for_all(maiko_supervisor *sup, uint64_t tokens)
{
	uint64_t until = uv_hrtime() + UINT64_C(300000000000), ended;
	do {
		const maiko_ledger *ledger = test_report(sup);
		ended = atomic_load(&finished) + dropped_in(ledger);
		sched_yield();
	} while (ended < tokens && uv_hrtime() < until);
	assert_int_equal(ended, tokens);
}

static void check(const ring *r, uint64_t rounds, const maiko_ledger *ledger)
{
	uint64_t tokens = rounds * r->members * TOKENS, dropped = dropped_in(ledger);
	const maiko_counts *total = &ledger->total;
	assert_int_equal(test_wrong(), 0);
	assert_int_equal(atomic_load(&begun), rounds * r->members);
	assert_int_equal(total->handled, atomic_load(&hops) + atomic_load(&begun));
	assert_int_equal(total->deliveries, total->handled + total->dropped);
	assert_int_equal(total->ignored + total->discarded + total->dead + total->no_memory, 0);
	assert_int_equal(atomic_load(&finished) + dropped, tokens);
	for (uint32_t i = 0; i < r->members; i++)
		assert_int_equal(ledger->actors[i]->status, MAIKO_ACTOR_STOPPED);
	if (r->policy != MAIKO_DROP_NEWEST && r->policy != MAIKO_DROP_OLDEST)
		assert_int_equal(dropped, total->dropped); /* where others count, a full channel holds on */
	if (r->policy == MAIKO_BLOCK) {
		assert_int_equal(dropped, 0);
		assert_int_equal(atomic_load(&hops), tokens * (HOPS + 1));
	} else if (r->workers == 1) { /* a member does not run while another brings in its tokens */
		assert_true(dropped >= (r->policy == MAIKO_KEEP_LATEST ? 1 : rounds * r->members * (TOKENS - 4)));
	}
	if (r->policy == MAIKO_BLOCK || r->policy == MAIKO_KEEP_LATEST)
		for (uint32_t i = 0; i < r->members; i++)
			assert_true(r->workers > 1 || ledger->actors[i]->mutes > 0);
	if (r->policy == MAIKO_FAIL)
		assert_in_range(atomic_load(&overflows), total->dropped == 0 ? 0 : 1, total->dropped);
	else
		assert_int_equal(atomic_load(&overflows), 0);
}

static void turn(const ring *r, bool stopped_at_once)
{
	uint64_t rounds = stopped_at_once ? 1 : ROUNDS;
	maiko_supervisor *sup = with_ring(r);
	for (uint64_t i = 1; i <= rounds; i++) {
		ok(maiko_send(sup, begin));
		if (!stopped_at_once)
			wait_for_all(sup, i * r->members * TOKENS);
	}
	const maiko_ledger *ledger = test_stop(sup);
	check(r, rounds, ledger);
	test_release(sup);
}

static void rings(maiko_overflow policy, uint32_t workers)
{
	for (uint32_t members = 2; members <= MEMBERS_MAX; members++)
		for (uint32_t mailbox = 1; mailbox <= 4; mailbox += 3)
			for (uint32_t channel = 16; channel <= 4096; channel *= 256) {
				const ring r = {policy, workers, members, mailbox, channel};
				turn(&r, false);
				turn(&r, true);
			}
}

TEST_WORKERS(rings_that_block_go_on) { rings(MAIKO_BLOCK, workers); }
TEST_WORKERS(rings_that_drop_the_newest_go_on) { rings(MAIKO_DROP_NEWEST, workers); }
TEST_WORKERS(rings_that_drop_the_oldest_go_on) { rings(MAIKO_DROP_OLDEST, workers); }
TEST_WORKERS(rings_that_keep_the_latest_go_on) { rings(MAIKO_KEEP_LATEST, workers); }
TEST_WORKERS(rings_that_fail_and_forgive_go_on) { rings(MAIKO_FAIL, workers); }
