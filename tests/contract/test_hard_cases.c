/*
 * C1, C2, C5, C8, C9, C12: unlikely combinations, each by itself: a change upon a change,
 * every mailbox full at once, a descriptor or a handle that goes at the wrong moment.
 */
#include "support.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

PER_TEST _Atomic(uint64_t) handled, done, ticks, errors;

/* ---- a change upon a change that is not complete ---- */

typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note, notes, n);

typedef struct listener {
	uint32_t unused;
} listener;

static int listener_on_note(listener *self, const note *ev, maiko_ctx *ctx)
{
	expect(ev->n == 7);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(note, listener_on_note));

typedef struct changer {
	uint32_t changes; /* how many of: add, subscribe, unsubscribe, subscribe, remove */
	uint32_t worker;  /* of the listener */
} changer;

static int changer_on_start(changer *self, maiko_ctx *ctx)
{
	maiko_actor_id id = 0;
	expect(maiko_add(ctx, listener, "listener", .topics = MAIKO_NO_TOPICS, .worker = self->worker, .ret_id = &id) ==
	       0);
	if (self->changes > 1)
		expect(maiko_subscribe(ctx, id, MAIKO_TOPIC_REF(notes)) == 0);
	if (self->changes > 2)
		expect(maiko_unsubscribe(ctx, id, MAIKO_TOPIC_REF(notes)) == 0);
	if (self->changes > 3)
		expect(maiko_subscribe(ctx, id, MAIKO_TOPIC_REF(notes)) == 0);
	if (self->changes > 4)
		expect(maiko_remove(ctx, id) == 0);
	return 0;
}

static int changer_on_done(changer *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	static const maiko_change order[] = {MAIKO_CHANGE_ADD, MAIKO_CHANGE_SUBSCRIBE, MAIKO_CHANGE_UNSUBSCRIBE,
					     MAIKO_CHANGE_SUBSCRIBE, MAIKO_CHANGE_REMOVE};
	expect(completion->status == 0);
	expect(completion->change == order[atomic_fetch_add(&done, 1)]);
	return 0;
}
MAIKO_ACTOR(changer, MAIKO_ON_START(changer_on_start), MAIKO_ON_DONE(changer_on_done));

static void change(uint32_t workers, uint32_t changes, uint64_t copies)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, changer, "changer", .init = &(changer){changes, workers}, .worker = 1,
		     .topics = MAIKO_NO_TOPICS));
	ok(maiko_start(sup));
	test_wait_for(&done, changes);
	ok(maiko_send(sup, note, .n = 7));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, copies);
	assert_int_equal(total.handled, copies);
	assert_int_equal(atomic_load(&handled), copies);
}

TEST_WORKERS(one_that_is_added_and_subscribed_at_once_gets_each_event_once) { change(workers, 2, 1); }

TEST_WORKERS(changes_of_one_actor_asked_for_at_once_happen_in_order)
{
	change(workers, 1, 0);
	change(workers, 3, 0);
	change(workers, 4, 1);
	change(workers, 5, 0);
}

/* ---- everyone speaks to everyone, and nobody has room ---- */

typedef struct rumour {
	uint32_t hops;
} rumour;
MAIKO_TOPIC(rumours);
MAIKO_EVENT(rumour, rumours, hops);

typedef struct peer {
	uint32_t unused;
} peer;

static int peer_on_rumour(peer *self, const rumour *ev, maiko_ctx *ctx)
{
	if (ev->hops > 0)
		expect(maiko_send(ctx, rumour, .hops = ev->hops - 1) == 0);
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(peer, MAIKO_ON(rumour, peer_on_rumour));

static void spread(uint32_t workers, uint32_t peers, uint32_t mailbox, uint32_t hops, uint64_t copies)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < peers; i++)
		ok(maiko_add(sup, peer, test_name("peer", i), .mailbox = mailbox));
	ok(maiko_start(sup));
	ok(maiko_send(sup, rumour, .hops = hops));
	test_wait_for(&handled, copies);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->total.deliveries, copies);
	assert_int_equal(ledger->total.handled, copies);
	uint64_t mutes = 0;
	for (size_t i = 0; i < ledger->actor_count; i++)
		mutes += ledger->actors[i]->mutes;
	assert_true(mutes > 0);
	test_release(sup);
}

TEST_WORKERS(peers_that_all_fill_each_other_go_on)
{
	spread(workers, 30, 4, 2, 26130); /* 30, of each 29, of each of these 29 */
	spread(workers, 70, 1, 1, 4900);  /* 70, of each 69 */
}

/* ---- keep-latest ---- */

enum { ORDER = 32, SHOWN = 100 };

typedef struct price {
	uint32_t share, value;
} price;
typedef struct trade {
	uint32_t n;
} trade;

static uint64_t share_of(const maiko_any *any) { return ((const price *)any->data)->share; }

MAIKO_TOPIC(prices, .overflow = MAIKO_KEEP_LATEST, .key = share_of);
MAIKO_TOPIC(trades, .overflow = MAIKO_DROP_OLDEST);
MAIKO_EVENT(price, prices, share, value);
MAIKO_EVENT(trade, trades, n);

/* A price is 100 * share + value, a trade 10,000 + n. */
static uint32_t seen[ORDER];
PER_TEST _Atomic(uint64_t) seen_count;

static void see(uint32_t what)
{
	uint64_t i = atomic_fetch_add(&seen_count, 1);
	if (i < ORDER)
		seen[i] = what;
}

typedef struct board {
	uint32_t unused;
} board;

static int board_on_price(board *self, const price *ev, maiko_ctx *ctx)
{
	see(ev->share * SHOWN + ev->value);
	return 0;
}

static int board_on_trade(board *self, const trade *ev, maiko_ctx *ctx)
{
	see(SHOWN * SHOWN + ev->n);
	return 0;
}
MAIKO_ACTOR(board, MAIKO_ON(price, board_on_price), MAIKO_ON(trade, board_on_trade));

/* Each of the six trades stands behind share 0; the last three push out the first three,
 * and so move share 0 in the mailbox before its second price comes. */
typedef struct exchange {
	uint32_t unused;
} exchange;

static int exchange_on_start(exchange *self, maiko_ctx *ctx)
{
	expect(maiko_send(ctx, price, .share = 0, .value = 1) == 0);
	for (uint32_t i = 0; i < 6; i++)
		expect(maiko_send(ctx, trade, .n = i) == 0);
	for (uint32_t i = 1; i <= 9; i++)
		expect(maiko_send(ctx, price, .share = i, .value = 1) == 0);
	expect(maiko_send(ctx, price, .share = 0, .value = 2) == 0);
	return 0;
}
MAIKO_ACTOR(exchange, MAIKO_ON_START(exchange_on_start));

TEST_WORKERS(a_key_that_has_moved_in_the_mailbox_is_queued_once)
{
	static const uint32_t wanted[] = {2, 10003, 10004, 10005, 101, 201, 301, 401, 501, 601, 701, 801, 901};
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, board, "board", .mailbox = 4, .worker = workers));
	ok(maiko_add(sup, exchange, "exchange", .topics = MAIKO_NO_TOPICS, .worker = workers));
	ok(maiko_start(sup));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&seen_count), 13);
	for (int i = 0; i < 13; i++)
		assert_int_equal(seen[i], wanted[i]);
	assert_int_equal(total.deliveries, 17);
	assert_int_equal(total.handled, 13);
	assert_int_equal(total.dropped, 4); /* three trades, the first price of share 0 */
}

typedef struct witness {
	uint32_t unused;
} witness;

static int witness_on_any(witness *self, const maiko_any *any, maiko_ctx *ctx)
{
	const price *p = maiko_as(any, price);
	expect(p != NULL);
	if (p != NULL)
		see(p->share * SHOWN + p->value);
	return 0;
}
MAIKO_ACTOR(witness, MAIKO_ON_ANY(witness_on_any));

typedef struct ticker {
	uint32_t unused;
} ticker;

static int ticker_on_start(ticker *self, maiko_ctx *ctx)
{
	for (uint32_t value = 1; value <= 3; value++)
		for (uint32_t share = 1; share <= 2; share++)
			expect(maiko_send(ctx, price, .share = share, .value = value) == 0);
	return 0;
}
MAIKO_ACTOR(ticker, MAIKO_ON_START(ticker_on_start));

/* Such a subscription has the policy of each topic. */
TEST_WORKERS(one_of_all_topics_keeps_the_latest_of_each_key)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, witness, "witness", .topics = MAIKO_ALL_TOPICS, .worker = workers));
	ok(maiko_add(sup, ticker, "ticker", .topics = MAIKO_NO_TOPICS, .worker = workers));
	ok(maiko_start(sup));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&seen_count), 2);
	assert_int_equal(seen[0], 103);
	assert_int_equal(seen[1], 203);
	assert_int_equal(total.deliveries, 6);
	assert_int_equal(total.handled, 2);
	assert_int_equal(total.dropped, 4);
}

/* ---- a descriptor that is closed while its reader is muted ---- */

typedef struct hang_up {
	uint32_t unused;
} hang_up;
MAIKO_TOPIC(calls);
MAIKO_EVENT(hang_up, calls, unused);

typedef struct reader {
	int pipe[2];
} reader;

static int reader_on_start(reader *self, maiko_ctx *ctx) { return pipe(self->pipe) == 0 ? 0 : MAIKO_EINVAL; }

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&ticks, 1);
	return maiko_when_readable(self->pipe[0]);
}

static int reader_on_hang_up(reader *self, const hang_up *ev, maiko_ctx *ctx)
{
	for (int i = 0; i < 20; i++)
		expect(maiko_send(ctx, note, .n = 7) == 0);
	expect(maiko_is_congested(ctx));
	expect(close(self->pipe[0]) == 0);
	expect(close(self->pipe[1]) == 0);
	return 0;
}

static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == MAIKO_EBADF);
	expect(error->phase == MAIKO_PHASE_TICK);
	atomic_fetch_add(&errors, 1);
	return 0;
}
MAIKO_ACTOR(reader, MAIKO_ON_START(reader_on_start), MAIKO_ON(hang_up, reader_on_hang_up), MAIKO_TICK(reader_tick),
	    MAIKO_ON_ERROR(reader_on_error));

TEST_WORKERS(a_watched_descriptor_closed_while_muted_is_an_error)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, reader, "reader", .worker = workers));
	ok(maiko_add(sup, listener, "listener", .mailbox = 4, .worker = workers));
	ok(maiko_start(sup));
	test_wait_for(&ticks, 1); /* and then, before any event of its, it watches */
	ok(maiko_send(sup, hang_up, .unused = 0));
	test_wait_for(&errors, 1);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->total.handled, 21);
	assert_int_equal(ledger->total.deliveries, 21);
	assert_int_equal(test_actor_row(ledger, "reader")->status, MAIKO_ACTOR_STOPPED);
	assert_int_equal(test_actor_row(ledger, "reader")->mutes, 1);
	assert_int_equal(test_actor_row(ledger, "reader")->ticks, 1);
	test_release(sup);
	assert_int_equal(atomic_load(&handled), 20);
}

/* ---- a handle that closes late ---- */

/* The state that must not be freed yet, and how often the memory around it was. */
static _Atomic(uintptr_t) kept_state;
PER_TEST _Atomic(uint64_t) kept_freed;

static void *hook_malloc(size_t size, void *arg) { return malloc(size); }

static void *hook_calloc(size_t count, size_t size, void *arg) { return calloc(count, size); }

static void *hook_realloc(void *memory, size_t size, void *arg) { return realloc(memory, size); }

static void hook_free(void *memory, void *arg)
{
	uintptr_t state = atomic_load(&kept_state), start = (uintptr_t)memory;
	if (memory != NULL && state >= start && state < start + malloc_usable_size(memory))
		atomic_fetch_add(&kept_freed, 1);
	free(memory);
}

/* The pool of libuv has one thread here: behind this job the poller's stat waits, and so
 * does the poller's close. */
static uv_sem_t pool_gate;
static uv_work_t pool_work;
PER_TEST _Atomic(uint64_t) pool_done;

static void pool_wait(uv_work_t *work) { uv_sem_wait(&pool_gate); }

static void pool_after(uv_work_t *work, int status)
{
	expect(status == 0);
	atomic_fetch_add(&pool_done, 1);
}

typedef struct poller {
	uv_fs_poll_t poll;
} poller;

static void poller_changed(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
	expect(false); /* it is closed before its first stat is over */
}

static int poller_on_start(poller *self, maiko_ctx *ctx)
{
	expect(uv_queue_work(maiko_loop(ctx), &pool_work, pool_wait, pool_after) == 0);
	expect(uv_fs_poll_init(maiko_loop(ctx), &self->poll) == 0);
	expect(uv_fs_poll_start(&self->poll, poller_changed, "/", 100) == 0);
	atomic_store(&kept_state, (uintptr_t)self);
	return maiko_adopt(ctx, (uv_handle_t *)&self->poll);
}
MAIKO_ACTOR(poller, MAIKO_ON_START(poller_on_start));

/* Each of its calls is a turn of libuv's loop. */
typedef struct metronome {
	uv_timer_t timer;
} metronome;

static void metronome_beat(uv_timer_t *timer) { atomic_fetch_add(&ticks, 1); }

static int metronome_on_start(metronome *self, maiko_ctx *ctx)
{
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(uv_timer_start(&self->timer, metronome_beat, 1, 1) == 0);
	return maiko_adopt(ctx, (uv_handle_t *)&self->timer);
}
MAIKO_ACTOR(metronome, MAIKO_ON_START(metronome_on_start));

TEST_WORKERS(an_actor_lives_until_its_last_handle_is_closed)
{
	ok(uv_sem_init(&pool_gate, 0));
	maiko_actor_id id = 0;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, poller, "poller", .topics = MAIKO_NO_TOPICS, .worker = workers, .ret_id = &id));
	ok(maiko_add(sup, metronome, "metronome", .topics = MAIKO_NO_TOPICS, .worker = workers));
	ok(maiko_start(sup));
	ok(maiko_remove(sup, id));
	test_wait_for(&ticks, atomic_load(&ticks) + 10);
	assert_int_equal(atomic_load(&kept_freed), 0);
	uv_sem_post(&pool_gate);
	test_wait_for(&kept_freed, 1);
	atomic_store(&kept_state, 0);
	test_wait_for(&pool_done, 1);
	test_finish(sup);
	uv_sem_destroy(&pool_gate);
}

/* ---- blocking jobs ---- */

enum { THREADS = 8 };

static uv_barrier_t meeting;

typedef struct attendance {
	uint32_t of;
} attendance;
typedef struct chair {
	uint32_t meetings, present;
} chair;

static int attendance_work(attendance *job)
{
	uv_barrier_wait(&meeting);
	return (int)job->of;
}

static int chair_on_attendance(chair *self, attendance *job, int status, maiko_ctx *ctx);
MAIKO_BLOCKING(chair, attendance, attendance_work, chair_on_attendance);

/* A meeting of one more than before: only with one more thread does it come about. */
static int chair_meet(chair *self, maiko_ctx *ctx)
{
	self->present = 0;
	self->meetings++;
	expect(uv_barrier_init(&meeting, self->meetings) == 0);
	for (uint32_t i = 0; i < self->meetings; i++)
		expect(maiko_blocking(ctx, attendance_work, chair_on_attendance, .of = self->meetings) == 0);
	return 0;
}

static int chair_on_attendance(chair *self, attendance *job, int status, maiko_ctx *ctx)
{
	expect(job->of == self->meetings && status == (int)job->of);
	if (++self->present < self->meetings)
		return 0;
	uv_barrier_destroy(&meeting);
	atomic_fetch_add(&done, 1);
	return self->meetings < THREADS ? chair_meet(self, ctx) : 0;
}
MAIKO_ACTOR(chair, MAIKO_ON_START(chair_meet));

TEST_WORKERS(jobs_that_wait_for_each_other_run_at_once)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .blocking_threads = THREADS});
	ok(maiko_add(sup, chair, "chair", .topics = MAIKO_NO_TOPICS, .worker = workers));
	ok(maiko_start(sup));
	test_wait_for(&done, 8);
	test_finish(sup);
}

static int watch_memory(void **state)
{
	static const maiko_allocator hooks = {.malloc = hook_malloc,
					      .calloc = hook_calloc,
					      .realloc = hook_realloc,
					      .free = hook_free};
	if (setenv("UV_THREADPOOL_SIZE", "1", 1) != 0)
		return -1;
	return maiko_set_allocator(&hooks);
}

int main(void) { return test_main_with(watch_memory, NULL); }
