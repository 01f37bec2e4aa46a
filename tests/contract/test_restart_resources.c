/*
 * C20: restarts of actors that wait for something of the system: a descriptor, a thread of their own, a blocking job.
 * And of those that a stop waits for.
 */
#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

enum { POISON = 1000 };

PER_TEST _Atomic(uint64_t) starts, stops, handled, bytes, errors, told;

static const maiko_backoff at_once = {.first_ms = 0, .factor = 1};

static maiko_group_id unlimited(maiko_supervisor *sup, const maiko_backoff *backoff)
{
	maiko_group_id group;
	ok(maiko_group(sup, "group", .restarts = MAIKO_UNLIMITED, .backoff = backoff, .ret_id = &group));
	return group;
}

/* ---- a descriptor ---------------------------------------------------------------------------------- */

/* Reads what is in a pipe that it was given, and fails with an 'x' or a poison. */
typedef struct reader {
	int fd;
	uint64_t or_ms;
	uint32_t life;
} reader;
static int reader_on_start(reader *self, maiko_ctx *ctx)
{
	expect(self->life++ == 0);
	atomic_fetch_add(&starts, 1);
	return 0;
}
static int reader_on_stop(reader *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int reader_on_item(reader *self, const item *ev, maiko_ctx *ctx) { return ev->n == POISON ? UV_EPIPE : 0; }
static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char c;
	while (read(self->fd, &c, 1) == 1) {
		atomic_fetch_add(&bytes, 1);
		if (c == 'x')
			return maiko_failed(UV_EIO);
	}
	return self->or_ms == 0 ? maiko_when_readable(self->fd) : maiko_when_readable_or_ms(self->fd, self->or_ms);
}
static int reader_on_error(reader *self, const maiko_error *error, maiko_ctx *ctx)
{
	expect(error->code == UV_EIO || error->code == UV_EPIPE);
	atomic_fetch_add(&errors, 1);
	return error->code;
}
MAIKO_ACTOR(reader, MAIKO_ON_START(reader_on_start), MAIKO_ON_STOP(reader_on_stop), MAIKO_ON(item, reader_on_item),
	    MAIKO_TICK(reader_tick), MAIKO_ON_ERROR(reader_on_error));

static int near, far;
static maiko_actor_id id;

static void open_pipe(void)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	near = ends[0];
	far = ends[1];
}

static void close_pipe(void)
{
	close(near);
	close(far);
}

static maiko_supervisor *with_reader(uint32_t workers, uint64_t or_ms, const maiko_backoff *backoff)
{
	maiko_supervisor *sup = test_supervisor(workers);
	open_pipe();
	ok(maiko_add(sup, reader, "reader", .group = unlimited(sup, backoff), .worker = workers, .ret_id = &id,
		     .init = &(reader){.fd = near, .or_ms = or_ms}));
	ok(maiko_start(sup));
	return sup;
}

static void write_one(char c) { assert_int_equal(write(far, &c, 1), 1); }

static void finish_reader(maiko_supervisor *sup, uint64_t written)
{
	test_wait_for(&bytes, written);
	(void)test_finish(sup);
	assert_int_equal(atomic_load(&bytes), written);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	close_pipe();
}

/* Each life reads where the one before has stopped. */
TEST_WORKERS(the_next_life_watches_the_same_descriptor)
{
	enum { LIVES = 30 };
	maiko_supervisor *sup = with_reader(workers, 0, &at_once);
	for (uint64_t life = 1; life <= LIVES; life++) {
		write_one('.');
		write_one('x');
		write_one('.');
		test_wait_for(&starts, life + 1);
		test_wait_for(&bytes, life * 3);
	}
	finish_reader(sup, LIVES * 3);
	assert_int_equal(atomic_load(&errors), LIVES);
}

/* The event fails while the tick waits for the descriptor, with a time or without one. */
TEST_WORKERS(a_watch_that_waits_ends_with_its_life)
{
	enum { LIVES = 20 };
	for (uint64_t or_ms = 0; or_ms < 2; or_ms++) {
		test_begin();
		maiko_supervisor *sup = with_reader(workers, or_ms, &at_once);
		for (uint64_t life = 1; life <= LIVES; life++) {
			ok(maiko_send(sup, item, .n = POISON));
			write_one('.');
			test_wait_for(&starts, life + 1);
		}
		finish_reader(sup, LIVES);
	}
}

/* While it waits for its restart another may watch the descriptor; what comes later is its own again. */
TEST_WORKERS(another_may_watch_the_descriptor_meanwhile)
{
	maiko_actor_id other;
	maiko_supervisor *sup = with_reader(workers, 0, &(maiko_backoff){.first_ms = 3600000});
	write_one('x');
	test_wait_for(&stops, 1);
	test_settle(sup); /* its watch has ended */
	ok(maiko_add(sup, reader, "other", .init = &(reader){.fd = near}, .topics = MAIKO_NO_TOPICS, .ret_id = &other));
	write_one('.');
	test_wait_for(&bytes, 2);
	ok(maiko_remove(sup, other));
	ok(maiko_restart(sup, id));
	write_one('.');
	finish_reader(sup, 3);
}

/* The number of a descriptor that on_stop closes may be another's in the next life. */
typedef struct owner {
	int fd;
} owner;
static int owner_on_start(owner *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&starts, 1);
	self->fd = dup(near);
	return self->fd < 0 ? MAIKO_EBADF : 0;
}
static int owner_on_stop(owner *self, maiko_ctx *ctx)
{
	expect(maiko_unwatch(ctx) == 0);
	close(self->fd);
	return 0;
}
static maiko_next owner_tick(owner *self, maiko_ctx *ctx)
{
	char c;
	while (read(self->fd, &c, 1) == 1) {
		atomic_fetch_add(&bytes, 1);
		if (c == 'x')
			return maiko_failed(UV_EIO);
	}
	return maiko_when_readable(self->fd);
}
static int owner_on_item(owner *self, const item *ev, maiko_ctx *ctx) { return UV_EPIPE; }
MAIKO_ACTOR(owner, MAIKO_ON_START(owner_on_start), MAIKO_ON_STOP(owner_on_stop), MAIKO_TICK(owner_tick),
	    MAIKO_ON(item, owner_on_item));

TEST_WORKERS(each_life_opens_a_descriptor_of_its_own)
{
	enum { LIVES = 30 };
	maiko_supervisor *sup = test_supervisor(workers);
	open_pipe();
	ok(maiko_add(sup, owner, "owner", .group = unlimited(sup, &at_once), .worker = workers));
	ok(maiko_start(sup));
	for (uint64_t life = 1; life <= LIVES; life++) {
		if (life % 2 == 0)
			write_one('x');
		else
			ok(maiko_send(sup, item, .n = POISON));
		test_wait_for(&starts, life + 1);
		write_one('.');
		test_wait_for(&bytes, life + life / 2);
	}
	(void)test_finish(sup);
	close_pipe();
}

/* ---- a thread of its own ----------------------------------------------------------------------------- */

static pthread_t thread_of;
typedef struct loner {
	uint32_t life;
} loner;
static int loner_on_start(loner *self, maiko_ctx *ctx)
{
	expect(self->life++ == 0);
	if (atomic_fetch_add(&starts, 1) == 0)
		thread_of = pthread_self();
	expect(pthread_equal(thread_of, pthread_self()));
	return 0;
}
static int loner_on_stop(loner *self, maiko_ctx *ctx)
{
	expect(pthread_equal(thread_of, pthread_self()));
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int loner_on_item(loner *self, const item *ev, maiko_ctx *ctx)
{
	expect(pthread_equal(thread_of, pthread_self()));
	if (ev->n == POISON)
		return UV_EIO;
	atomic_fetch_add(&handled, 1);
	return 0;
}
MAIKO_ACTOR(loner, MAIKO_ON_START(loner_on_start), MAIKO_ON_STOP(loner_on_stop), MAIKO_ON(item, loner_on_item));

static void add_loner(maiko_supervisor *sup, maiko_group_id group)
{
	ok(maiko_add(sup, loner, "loner", .group = group, .own_thread = true, .ret_id = &id));
}

TEST_WORKERS(one_with_a_thread_of_its_own_keeps_it)
{
	enum { LIVES = 20, ITEMS = 10 };
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_start(sup));
	add_loner(sup, unlimited(sup, &at_once));
	for (uint64_t life = 1; life <= LIVES; life++) {
		for (uint32_t n = 0; n < ITEMS; n++)
			ok(maiko_send(sup, item, .n = n == ITEMS / 2 ? POISON : n));
		test_wait_for(&handled, life * (ITEMS - 1)); /* those behind the poison by its second life */
		ok(maiko_restart(sup, id));
		assert_int_equal(atomic_load(&starts), 2 * life + 1);
	}
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(test_actor_row(ledger, "loner")->restarts, 2 * LIVES);
	assert_int_equal(test_actor_row(ledger, "loner")->worker, workers + 1);
	assert_int_equal(ledger->total.set_aside, LIVES);
	assert_int_equal(atomic_load(&stops), 2 * LIVES + 1);
	test_release(sup);
}

/* Its thread is another's after its removal, also if it waited for a restart. */
TEST_WORKERS(one_that_waits_gives_its_thread_back)
{
	maiko_supervisor *sup = test_supervisor(workers);
	maiko_group_id group = unlimited(sup, &(maiko_backoff){.first_ms = 3600000});
	ok(maiko_start(sup));
	for (uint64_t round = 1; round <= 10; round++) {
		atomic_store(&starts, 0);
		add_loner(sup, group);
		assert_int_equal(maiko_worker_count(sup), workers + 1);
		ok(maiko_send(sup, item, .n = POISON));
		test_wait_for(&stops, round);
		returns(maiko_move(sup, id, 1), MAIKO_EINVAL);
		ok(maiko_remove(sup, id));
	}
	(void)test_finish(sup);
}

/* ---- a blocking job ------------------------------------------------------------------------------------ */

static uv_sem_t gate;
typedef struct chore {
	uint32_t life;
} chore;
typedef struct clerk {
	uint32_t life;
} clerk;
PER_TEST _Atomic(uint64_t) working, worked;
static int chore_work(chore *job)
{
	atomic_fetch_add(&working, 1);
	uv_sem_wait(&gate);
	atomic_fetch_add(&worked, 1);
	return (int)job->life;
}
static int clerk_on_chore(clerk *self, chore *job, int status, maiko_ctx *ctx)
{
	expect(job->life == self->life && status == (int)self->life);
	atomic_fetch_add(&told, 1);
	return 0;
}
MAIKO_BLOCKING(clerk, chore, chore_work, clerk_on_chore);
static int clerk_on_start(clerk *self, maiko_ctx *ctx)
{
	self->life = (uint32_t)atomic_fetch_add(&starts, 1) + 1;
	return maiko_blocking(ctx, chore_work, clerk_on_chore, .life = self->life);
}
static int clerk_on_stop(clerk *self, maiko_ctx *ctx)
{
	atomic_fetch_add(&stops, 1);
	return 0;
}
static int clerk_on_item(clerk *self, const item *ev, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(clerk, MAIKO_ON_START(clerk_on_start), MAIKO_ON_STOP(clerk_on_stop), MAIKO_ON(item, clerk_on_item));

enum { JOBS = 4 };

/* JOBS lives, each with a job that works. */
static maiko_supervisor *with_clerk(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .blocking_threads = JOBS});
	ok(uv_sem_init(&gate, 0));
	ok(maiko_add(sup, clerk, "clerk", .group = unlimited(sup, &at_once), .worker = workers, .ret_id = &id));
	ok(maiko_start(sup));
	for (uint64_t life = 1; life < JOBS; life++) {
		test_wait_for(&working, life);
		ok(maiko_send(sup, item, .n = 1));
		test_wait_for(&starts, life + 1);
	}
	test_wait_for(&working, JOBS);
	return sup;
}

static void open_gate(void)
{
	for (int i = 0; i < JOBS; i++)
		uv_sem_post(&gate);
}

TEST_WORKERS(of_the_jobs_of_several_lives_the_last_one_is_told)
{
	maiko_supervisor *sup = with_clerk(workers);
	open_gate();
	test_wait_for(&told, 1);
	test_wait_for(&worked, JOBS);
	const maiko_ledger *ledger = test_stop(sup);
	assert_int_equal(ledger->jobs, 0);
	assert_int_equal(atomic_load(&told), 1);
	test_release(sup);
	uv_sem_destroy(&gate);
}

TEST_WORKERS(a_stop_waits_for_the_jobs_of_earlier_lives)
{
	maiko_supervisor *sup = with_clerk(workers);
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
	open_gate();
	ok(maiko_join(sup));
	assert_int_equal(atomic_load(&worked), JOBS);
	assert_int_equal(atomic_load(&told), 1);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	(void)test_finish(sup);
	uv_sem_destroy(&gate);
}

TEST_WORKERS(a_removal_does_not_wait_for_the_jobs_of_earlier_lives)
{
	maiko_supervisor *sup = with_clerk(workers);
	ok(maiko_remove(sup, id));
	assert_int_equal(atomic_load(&worked), 0);
	assert_int_equal(atomic_load(&starts), atomic_load(&stops));
	open_gate();
	(void)test_finish(sup);
	assert_int_equal(atomic_load(&told), 0);
	uv_sem_destroy(&gate);
}

/* ---- one that a stop waits for --------------------------------------------------------------------------- */

/* Sends an answer in each of its ticks, in a stop until it has sent them all. */
enum { ANSWERS = 5 };
typedef struct answer {
	uint32_t n;
} answer;
MAIKO_TOPIC(answers);
MAIKO_EVENT(answer, answers, n);
TEST_LISTENER(listener, answer);
typedef struct outlet {
	uint32_t sent;
} outlet;
static int outlet_on_start(outlet *self, maiko_ctx *ctx)
{
	expect(self->sent == 0);
	atomic_fetch_add(&starts, 1);
	return maiko_hold(ctx);
}
static maiko_next outlet_tick(outlet *self, maiko_ctx *ctx)
{
	if (!maiko_stopping(ctx))
		return maiko_after_ms(1);
	int rc = maiko_send(ctx, answer, .n = ++self->sent);
	if (rc == 0 && self->sent == ANSWERS)
		rc = maiko_unhold(ctx);
	return rc < 0 ? maiko_failed(rc) : self->sent < ANSWERS ? maiko_after_ms(1) : maiko_never();
}
static int outlet_on_item(outlet *self, const item *ev, maiko_ctx *ctx)
{
	test_note("item %u", ev->n);
	return 0;
}
MAIKO_ACTOR(outlet, MAIKO_ON_START(outlet_on_start), MAIKO_ON(item, outlet_on_item), MAIKO_TICK(outlet_tick));

static maiko_supervisor *with_outlet(uint32_t workers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, listener, "listener"));
	ok(maiko_add(sup, outlet, "outlet", .group = unlimited(sup, &at_once), .drains = true, .worker = workers,
		     .ret_id = &id));
	ok(maiko_start(sup));
	for (uint32_t n = 1; n <= 3; n++) {
		ok(maiko_restart(sup, id));
		ok(maiko_send(sup, item, .n = n));
	}
	return sup;
}

/* Its later lives drain as the first one would have. */
static void drain_a_later_life(uint32_t workers)
{
	maiko_supervisor *sup = with_outlet(workers);
	(void)test_finish(sup);
	expect_heard_in_order("listener", 1, ANSWERS);
	expect_noted("item 1 item 2 item 3");
	assert_int_equal(atomic_load(&starts), 4);
}
TEST_SIM(a_later_life_drains_too) { drain_a_later_life(workers); }
TEST_WORKERS(a_later_life_drains_too_on_real_workers) { drain_a_later_life(workers); }
