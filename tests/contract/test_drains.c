/*
 * C10, C18: an actor added with .drains has its tick, its watch and its delayed sends during a stop, until no other
 * has work left and it is not on hold; then its own end comes like everybody's.
 */
#include "support.h"

#include <unistd.h>
#include <uv.h>

enum { STEP_MS = 20, ITEMS = 6 };

typedef struct item {
	uint32_t n;
} item;
typedef struct answer {
	uint32_t n;
} answer;
MAIKO_TOPIC(items);
MAIKO_TOPIC(answers);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(answer, answers, n);

PER_TEST _Atomic(uint64_t) ticks, stops, refused;
PER_TEST _Atomic(int) done_status = 1;

TEST_LISTENER(listener, answer);

/* ---- an outlet: on hold from its start until its tick has run so often ---------------------------------- */

typedef enum how { UNHOLDS, FAILS, ENDS, NEVER_DONE } how;
typedef struct outlet {
	how how;
	uint32_t steps;
} outlet;
static int outlet_on_start(outlet *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static int outlet_on_item(outlet *self, const item *ev, maiko_ctx *ctx) { return maiko_send(ctx, answer, .n = ev->n); }
static maiko_next outlet_tick(outlet *self, maiko_ctx *ctx)
{
	int rc = 0;
	if (maiko_stopping(ctx) && self->steps != 0)
		self->steps--;
	atomic_fetch_add(&ticks, 1);
	if (self->steps == 0 && self->how == UNHOLDS)
		rc = maiko_unhold(ctx);
	else if (self->steps == 0 && self->how == FAILS)
		rc = MAIKO_ECANCELED;
	else if (self->steps == 0 && self->how == ENDS)
		rc = maiko_stop_self(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(STEP_MS);
}
static int outlet_on_stop(outlet *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
MAIKO_ACTOR(outlet, MAIKO_ON_START(outlet_on_start), MAIKO_ON(item, outlet_on_item), MAIKO_TICK(outlet_tick),
	    MAIKO_ON_STOP(outlet_on_stop));

static maiko_supervisor *with_outlet(uint32_t workers, const outlet *init)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, outlet, "outlet", .init = init, .drains = true));
	ok(maiko_start(sup));
	return sup;
}

static void send_items(maiko_supervisor *sup)
{
	for (uint32_t n = 0; n < ITEMS; n++)
		ok(maiko_send(sup, item, .n = n));
}

TEST_SIM(a_stop_waits_for_it_though_nothing_is_queued)
{
	enum { STEPS = 50 };
	maiko_supervisor *sup = with_outlet(workers, &(outlet){UNHOLDS, STEPS});
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_true(test_now_ns() - now >= (uint64_t)(STEPS - 1) * STEP_MS * 1000000);
	test_finish(sup);
	assert_true(atomic_load(&ticks) >= STEPS);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_SIM(what_it_was_sent_is_handled_when_it_is_held_no_more)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){UNHOLDS, 5});
	send_items(sup);
	assert_int_equal(test_finish(sup).discarded, 0);
	expect_heard_numbers("listener", "0 1 2 3 4 5");
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_SIM(one_that_fails_while_it_drains_is_waited_for_no_more)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){FAILS, 5});
	send_items(sup);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	assert_int_equal(test_finish_with(sup, MAIKO_ECANCELED).dead, ITEMS);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_SIM(one_that_ends_itself_while_it_drains_is_waited_for_no_more)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){ENDS, 5});
	send_items(sup);
	assert_int_equal(test_finish(sup).dead, ITEMS);
	assert_int_equal(atomic_load(&stops), 1);
}

TEST_SIM(one_that_is_held_for_ever_is_discarded_at_the_deadline)
{
	enum { DEADLINE_MS = 1000 };
	maiko_supervisor *sup = with_outlet(workers, &(outlet){NEVER_DONE, 0});
	send_items(sup);
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, &(maiko_stop_options){.deadline_ms = DEADLINE_MS}));
	assert_true(test_now_ns() - now >= UINT64_C(1000000) * DEADLINE_MS);
	assert_true(test_now_ns() - now < UINT64_C(2000000) * DEADLINE_MS);
	const maiko_actor_row *row = test_actor_row(test_stop(sup), "outlet");
	assert_true(row->held);
	assert_int_equal(row->counts.discarded, ITEMS);
	assert_int_equal(atomic_load(&stops), 1);
	test_release(sup);
}

TEST_SIM(a_stop_now_waits_for_nothing)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){UNHOLDS, 5});
	test_settle(sup);
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, &(maiko_stop_options){.now = true}));
	assert_true(test_now_ns() - now < UINT64_C(1000000000));
	test_finish(sup);
}

TEST_SIM(it_drains_where_it_has_moved_to)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){UNHOLDS, 5});
	maiko_actor_id id = 0;
	ok(maiko_find(sup, "outlet", &id));
	for (uint32_t to = 1; to <= workers; to++)
		ok(maiko_move(sup, id, to));
	send_items(sup);
	assert_int_equal(test_finish(sup).discarded, 0);
	expect_heard_numbers("listener", "0 1 2 3 4 5");
}

TEST_SIM(a_stop_goes_on_without_one_that_was_removed)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){NEVER_DONE, 0});
	maiko_actor_id id = 0;
	ok(maiko_find(sup, "outlet", &id));
	ok(maiko_remove(sup, id));
	uint64_t now = test_now_ns();
	ok(maiko_stop(sup, NULL));
	assert_true(test_now_ns() - now < UINT64_C(1000000000));
	test_finish(sup);
}

/* Each is done in its own time. */
TEST_SIM(several_drain_together)
{
	maiko_supervisor *sup = with_outlet(workers, &(outlet){UNHOLDS, 5});
	ok(maiko_add(sup, outlet, "quick", .init = &(outlet){UNHOLDS, 1}, .drains = true));
	ok(maiko_add(sup, outlet, "slow", .init = &(outlet){UNHOLDS, 40}, .drains = true));
	send_items(sup);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.discarded, 0);
	assert_int_equal(total.handled, 6 * ITEMS);
	assert_int_equal(atomic_load(&stops), 3);
}

/* ---- delayed sends ------------------------------------------------------------------------------- */

/* Its tick sends later, so often, and then unholds it. */
typedef struct sender {
	uint32_t left;
} sender;
static int sender_on_start(sender *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next sender_tick(sender *self, maiko_ctx *ctx)
{
	int rc = 0;
	if (!maiko_stopping(ctx))
		return maiko_after_ms(STEP_MS);
	if (self->left != 0)
		rc = maiko_send_after_ms(ctx, STEP_MS / 2, NULL, answer, .n = --self->left);
	else
		rc = maiko_unhold(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_after_ms(STEP_MS);
}
static int sender_on_stop(sender *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&refused, maiko_send_after_ms(ctx, 1, NULL, answer, .n = 0) == MAIKO_ESHUTDOWN);
	return 0;
}
MAIKO_ACTOR(sender, MAIKO_ON_START(sender_on_start), MAIKO_TICK(sender_tick), MAIKO_ON_STOP(sender_on_stop));

TEST_SIM(what_it_sends_later_is_sent)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, sender, "sender", .init = &(sender){4}, .drains = true));
	ok(maiko_start(sup));
	test_finish(sup);
	expect_heard_numbers("listener", "3 2 1 0");
	assert_int_equal(atomic_load(&refused), 1);
}

/* ---- a receipt ----------------------------------------------------------------------------------- */

/* On hold until it has the receipt of an item that it sends during the stop, when the other workers have nothing left
 * to do. */
typedef struct asker {
	uint32_t rests;
} asker;
static int asker_on_start(asker *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next asker_tick(asker *self, maiko_ctx *ctx)
{
	if (!maiko_stopping(ctx) || self->rests-- != 0)
		return maiko_after_ms(STEP_MS);
	expect(maiko_send_tracked(ctx, item, .n = 0) == 0);
	return maiko_never();
}
static int asker_on_receipt(asker *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	expect(receipt->discarded == 1);
	test_note("receipt");
	return maiko_unhold(ctx);
}
MAIKO_ACTOR(asker, MAIKO_ON_START(asker_on_start), MAIKO_TICK(asker_tick), MAIKO_ON_RECEIPT(asker_on_receipt));

static void play_discarded(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, asker, "asker", .init = &(asker){5}, .drains = true, .worker = 1));
	ok(maiko_add(sup, outlet, "shut", .init = &(outlet){NEVER_DONE, 0}, .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_stop(sup, NULL));
	expect_noted("receipt");
	assert_int_equal(test_finish(sup).discarded, 1);
}

TEST_SIM(what_a_stop_discards_has_its_receipt) { play_discarded(workers); }
TEST_WORKERS(what_a_stop_discards_has_its_receipt_on_real_workers) { play_discarded(workers); }

/* ---- a descriptor -------------------------------------------------------------------------------- */

typedef struct reader {
	int fd;
} reader;
static int reader_on_start(reader *self, maiko_ctx *ctx) { return maiko_hold(ctx); }
static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char c;
	if (read(self->fd, &c, 1) != 1)
		return maiko_when_readable(self->fd);
	int rc = maiko_send(ctx, answer, .n = (uint32_t)c);
	if (rc == 0)
		rc = maiko_unhold(ctx);
	return rc < 0 ? maiko_failed(rc) : maiko_never();
}
MAIKO_ACTOR(reader, MAIKO_ON_START(reader_on_start), MAIKO_TICK(reader_tick));

TEST_WORKERS(its_descriptor_is_watched_during_a_stop)
{
	int fds[2];
	ok(uv_pipe(fds, UV_NONBLOCK_PIPE, 0));
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, reader, "reader", .init = &(reader){fds[0]}, .drains = true));
	ok(maiko_start(sup));
	test_settle(sup);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	assert_int_equal(write(fds[1], "\7", 1), 1);
	test_finish(sup);
	expect_heard_numbers("listener", "7");
	close(fds[0]);
	close(fds[1]);
}

/* ---- on the caller's loop ------------------------------------------------------------------------ */

static void note_end(void *arg, int status) { atomic_store(&done_status, status); }

TEST_ONCE(it_drains_on_a_loop_of_the_callers)
{
	uv_loop_t loop;
	maiko_supervisor *sup = NULL;
	test_begin();
	ok(uv_loop_init(&loop));
	ok(maiko_supervisor_new(&sup, &(maiko_options){.loop = &loop}));
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, outlet, "outlet", .init = &(outlet){UNHOLDS, 3}, .drains = true));
	ok(maiko_start(sup));
	send_items(sup);
	ok(maiko_stop_begin(sup, NULL, note_end, NULL));
	ok(uv_run(&loop, UV_RUN_DEFAULT));
	assert_int_equal(atomic_load(&done_status), 0);
	assert_int_equal(test_finish(sup).discarded, 0);
	expect_heard_numbers("listener", "0 1 2 3 4 5");
	ok(uv_loop_close(&loop));
}

TEST_ONCE(drains_is_true_or_false)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(1);
	returns(maiko_add(sup, listener, "listener", .drains = 2), MAIKO_EINVAL);
	test_release(sup);
}
