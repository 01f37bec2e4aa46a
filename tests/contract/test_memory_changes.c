/*
 * C15: without memory an actor still hears of each change that it asked for and that was
 * taken, and what a policy drops is counted; whichever allocation fails, and from any on.
 */
#include "no_memory.h"

#include <string.h>

typedef struct small {
	uint32_t n;
} small;
typedef small first_kept;
typedef small last_kept;
typedef small refused;
MAIKO_TOPIC(smalls);
MAIKO_TOPIC(newest, .overflow = MAIKO_DROP_NEWEST);
MAIKO_TOPIC(oldest, .overflow = MAIKO_DROP_OLDEST);
MAIKO_TOPIC(failing, .overflow = MAIKO_FAIL);
MAIKO_EVENT(small, smalls, n);
MAIKO_EVENT(first_kept, newest, n);
MAIKO_EVENT(last_kept, oldest, n);
MAIKO_EVENT(refused, failing, n);

PER_TEST _Atomic(uint64_t) asked, told, chain_over, ended, overflows;

typedef struct lossy {
	int unused;
} lossy;

static int lossy_on_any(lossy *self, const maiko_any *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}

static int lossy_on_error(lossy *self, const maiko_error *error, maiko_ctx *ctx)
{
	atomic_fetch_add(error->code == MAIKO_EOVERFLOW ? &overflows : &no_memory_wrong, 1);
	return 0;
}
MAIKO_ACTOR(lossy, MAIKO_ON_ANY(lossy_on_any), MAIKO_ON_ERROR(lossy_on_error));

typedef struct guest {
	int unused;
} guest;

static int guest_on_small(guest *self, const small *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&no_memory_handled, 1);
	return 0;
}
MAIKO_ACTOR(guest, MAIKO_ON(small, guest_on_small));

/* Has a guest added, subscribed, moved, unsubscribed and removed, one after the other. It has
 * neither tick nor mailbox in use, so that only its requests make room for their answers. */
typedef struct changer {
	uint32_t workers;
	maiko_actor_id guest;
} changer;

/* Each request that is taken is told of, once. */
static int changer_asks(bool taken)
{
	atomic_fetch_add(taken ? &asked : &chain_over, 1);
	return 0;
}

static int changer_on_start(changer *self, maiko_ctx *ctx)
{
	return changer_asks(well(maiko_add(ctx, guest, "guest", .topics = MAIKO_NO_TOPICS, .ret_id = &self->guest)));
}

static int changer_on_done(changer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	const maiko_topic *topic = MAIKO_TOPIC_REF(smalls);
	atomic_fetch_add(&told, 1);
	for (uint32_t n = 0; n < 8; n++) {
		(void)well(maiko_send(ctx, small, .n = n));
		(void)well(maiko_send(ctx, first_kept, .n = n));
		(void)well(maiko_send(ctx, last_kept, .n = n));
		(void)well(maiko_send(ctx, refused, .n = n));
	}
	if (!well(completion->status))
		return changer_asks(false);
	switch (completion->change) {
	case MAIKO_CHANGE_ADD:
		return changer_asks(well(maiko_subscribe(ctx, self->guest, topic)));
	case MAIKO_CHANGE_SUBSCRIBE:
		return changer_asks(well(maiko_move(ctx, self->guest, self->workers)));
	case MAIKO_CHANGE_MOVE:
		return changer_asks(well(maiko_unsubscribe(ctx, self->guest, topic)));
	case MAIKO_CHANGE_UNSUBSCRIBE:
		return changer_asks(well(maiko_remove(ctx, self->guest)));
	case MAIKO_CHANGE_REMOVE:
	case MAIKO_CHANGE_RESTART:
		break;
	}
	return changer_asks(false);
}
MAIKO_ACTOR(changer, MAIKO_ON_START(changer_on_start), MAIKO_ON_DONE(changer_on_done));

static void note_end(void *arg, int status) { atomic_fetch_add(status == 0 ? &ended : &no_memory_wrong, 1); }

/* Stops without waiting; a stop that finds no memory has not begun. */
static void run_changes(maiko_supervisor *sup)
{
	if (!well(maiko_start(sup)))
		return;
	test_wait_for(&chain_over, 1);
	assert_int_equal(atomic_load(&told), atomic_load(&asked));
	if (well(maiko_stop_begin(sup, NULL, note_end, NULL)))
		test_wait_for(&ended, 1);
}

/* What MAIKO_FAIL drops, the subscriber hears of. */
static void check_overflows(maiko_supervisor *sup)
{
	test_allocator_fail_never();
	const maiko_ledger *ledger = test_stop(sup);
	for (size_t i = 0; i < ledger->topic_count; i++)
		if (strcmp(ledger->topics[i]->name, "failing") == 0 && ledger->topics[i]->counts.dropped != 0)
			assert_true(atomic_load(&overflows) > 0);
}

static void play_changes(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = no_memory_supervisor((maiko_options){.workers = workers, .channel = 16});
	if (sup == NULL)
		return;
	(void)well(maiko_add(sup, lossy, "near", .topics = MAIKO_TOPICS(newest, oldest, failing), .worker = 1,
			     .mailbox = 4));
	(void)well(maiko_add(sup, lossy, "far", .topics = MAIKO_TOPICS(newest, oldest, failing), .worker = workers,
			     .mailbox = 4));
	if (well(maiko_add(sup, changer, "changer", .worker = 1, .init = &(changer){.workers = workers})))
		run_changes(sup);
	check_overflows(sup);
	(void)no_memory_finish(sup);
}

TEST_ONCE(any_allocation_may_fail_while_an_actor_asks_for_changes)
{
	no_memory_play(play_changes, 1, false);
	no_memory_play(play_changes, 2, false);
}

TEST_ONCE(all_allocations_may_fail_while_an_actor_asks_for_changes)
{
	no_memory_play(play_changes, 1, true);
	no_memory_play(play_changes, 2, true);
}

int main(void)
{
	test_allocator_install();
	return test_main();
}
