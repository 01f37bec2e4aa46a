/*
 * What is kept of an actor that has gone is given back, and not before the last event that it has sent: whoever
 * handles that is still told its sender's name (C1), on whatever worker, after a move, and although the sender was
 * muted when it went.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { AT_A_TIME = 20, WORDS = 4 };

/* Of a child's number, which its name has. */
typedef struct word {
	uint32_t child;
} word;
typedef struct gone {
	uint32_t child;
} gone;
MAIKO_TOPIC(words);
MAIKO_TOPIC(endings);
MAIKO_EVENT(word, words, child);
MAIKO_EVENT(gone, endings, child);

PER_TEST _Atomic(uint64_t) ended, heard, moved;
static int64_t living_early, living_late;

/* ---- says some words, and goes ---- */

typedef struct child {
	uint32_t number;
} child;

static maiko_next child_tick(child *self, maiko_ctx *ctx)
{
	for (uint32_t i = 0; i < WORDS; i++)
		expect(maiko_send(ctx, word, .child = self->number) == 0);
	expect(maiko_stop_self(ctx) == 0);
	return maiko_never();
}
static int child_on_stop(child *self, maiko_ctx *ctx) { return maiko_send(ctx, gone, .child = self->number); }
MAIKO_ACTOR(child, MAIKO_TICK(child_tick), MAIKO_ON_STOP(child_on_stop));

/* ---- hears them, at its own pace ---- */

typedef struct reader {
	uint32_t heard;
} reader;
static int reader_on_word(reader *self, const word *ev, maiko_ctx *ctx)
{
	char name[32];
	snprintf(name, sizeof name, "child%u", ev->child);
	expect(strcmp(maiko_sender(ctx), name) == 0);
	expect(strcmp(maiko_meta(ctx)->sender, name) == 0);
	self->heard++;
	atomic_fetch_add(&heard, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON(word, reader_on_word));

/* ---- adds another for each that has gone, and moves the reader ---- */

typedef struct parent {
	uint32_t added, children, workers;
	maiko_actor_id reader;
} parent;
static int add_child(parent *self, maiko_ctx *ctx)
{
	uint32_t number = self->added++;
	return maiko_add(ctx, child, test_name("child", number), .init = &(child){.number = number});
}
static int parent_on_start(parent *self, maiko_ctx *ctx)
{
	for (int i = 0; i < AT_A_TIME; i++)
		expect(add_child(self, ctx) == 0);
	return 0;
}
static int parent_on_gone(parent *self, const gone *ev, maiko_ctx *ctx)
{
	expect(strcmp(maiko_sender(ctx), test_name("child", ev->child)) == 0);
	uint64_t count = atomic_fetch_add(&ended, 1) + 1;
	if (count == self->children / 10)
		living_early = test_allocator_living();
	if (count == self->children - AT_A_TIME)
		living_late = test_allocator_living();
	if (self->workers != 0 && count % 25 == 0)
		expect(maiko_move(ctx, self->reader, (uint32_t)(count / 25) % self->workers + 1) == 0);
	return maiko_stopping(ctx) || self->added == self->children ? 0 : add_child(self, ctx);
}
static int parent_on_done(parent *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	if (completion->change == MAIKO_CHANGE_MOVE && completion->status == 0)
		atomic_fetch_add(&moved, 1);
	return 0;
}
MAIKO_ACTOR(parent, MAIKO_ON_START(parent_on_start), MAIKO_ON(gone, parent_on_gone), MAIKO_ON_DONE(parent_on_done));

/* The reader handles `pace` events a turn; with `moves` it is moved. */
static void come_and_go(uint32_t workers, uint32_t children, uint32_t mailbox, uint32_t pace, bool moves)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	parent init = {.children = children, .workers = moves ? workers : 0};
	ok(maiko_add(sup, reader, "reader", .mailbox = mailbox, .max_events_per_tick = pace, .ret_id = &init.reader,
		     .worker = workers));
	ok(maiko_add(sup, parent, "parent", .init = &init, .worker = 1));
	ok(maiko_start(sup));
	test_wait_for(&ended, children);
	test_wait_for(&heard, (uint64_t)children * WORDS);
	test_finish(sup);
}

/* ---- the tests ---- */

TEST_WORKERS(what_has_gone_is_given_back)
{
	enum { CHILDREN = 100000, MOST = 2000 };
	come_and_go(workers, workers == 1 ? CHILDREN : CHILDREN / 10, 1 << 16, 0, false);
	assert_true(living_late - living_early < MOST);
}

/* One word in each of its turns: most of those that it hears of have gone long ago. */
TEST_SIM(a_queued_event_has_its_senders_name) { come_and_go(workers, 300, 1 << 16, 1, false); }

TEST_SIM(so_has_one_that_has_moved)
{
	come_and_go(workers, 300, 1 << 16, 1, true);
	assert_true(workers == 1 || atomic_load(&moved) >= 5);
}

/* They go while the reader mutes them, and it releases them when they have gone. */
TEST_SIM(so_has_one_whose_sender_was_muted) { come_and_go(workers, 300, 2, 1, false); }

TEST_WORKERS(so_they_have_on_threads)
{
	come_and_go(workers, 2000, 1 << 16, 1, true);
	come_and_go(workers, 2000, 2, 1, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
