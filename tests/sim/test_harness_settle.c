/*
 * The harness's settle is exact: when it returns all that was sent has been handled, with
 * all that it has caused, whatever the ways; and nothing is waited for besides.
 */
#include "harness_scene.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { CATCHERS = 6, THREADS = 3 };

/* Thrown from catcher to catcher until its hops are used up. */
typedef struct ball {
	uint32_t to, hops, delay_ms;
} ball;
MAIKO_TOPIC(court0);
MAIKO_TOPIC(court1);
MAIKO_TOPIC(court2);
MAIKO_TOPIC(court3);
MAIKO_TOPIC(court4);
MAIKO_TOPIC(court5);
static const maiko_topic *const courts[CATCHERS] = {MAIKO_TOPIC_REF(court0), MAIKO_TOPIC_REF(court1),
						    MAIKO_TOPIC_REF(court2), MAIKO_TOPIC_REF(court3),
						    MAIKO_TOPIC_REF(court4), MAIKO_TOPIC_REF(court5)};
static const maiko_topic *court_of(const ball *b) { return courts[b->to % CATCHERS]; }
MAIKO_EVENT_ROUTED(ball, court_of, to, hops, delay_ms);

static _Atomic(uint64_t) caught, jobs_done, started;

/* ---- throwing ------------------------------------------------------------------------------ */

typedef struct catcher {
	uint32_t number;
	bool by_job; /* throws from a blocking job's end */
	uint32_t delay_ms;
} catcher;

typedef struct toss {
	ball next;
} toss;

static int toss_work(toss *job)
{
	job->next.hops--;
	sched_yield();
	return 0;
}

static int toss_done(catcher *self, toss *job, int status, maiko_ctx *ctx)
{
	(void)self;
	atomic_fetch_add(&jobs_done, 1);
	return status != 0 ? status : maiko_send_copy(ctx, ball, &job->next);
}
MAIKO_BLOCKING(catcher, toss, toss_work, toss_done);

static int catcher_on_ball(catcher *self, const ball *ev, maiko_ctx *ctx)
{
	atomic_fetch_add(&caught, 1);
	if (ev->hops == 0)
		return 0;
	uint32_t step = 1 + (ev->hops + self->number) % (CATCHERS - 1), to = (self->number + step) % CATCHERS;
	if (self->by_job)
		return maiko_blocking(ctx, toss_work, toss_done, .next = {.to = to, .hops = ev->hops});
	if (self->delay_ms != 0)
		return maiko_send_after_ms(ctx, self->delay_ms, NULL, ball, .to = to, .hops = ev->hops - 1);
	return maiko_send(ctx, ball, .to = to, .hops = ev->hops - 1);
}
MAIKO_ACTOR(catcher, MAIKO_ON(ball, catcher_on_ball));

static const char *catcher_name(uint32_t i)
{
	static const char *const names[CATCHERS] = {"c0", "c1", "c2", "c3", "c4", "c5"};
	return names[i % CATCHERS];
}

static void add_catchers(scene *s, catcher like, uint32_t mailbox)
{
	atomic_store(&caught, 0);
	atomic_store(&jobs_done, 0);
	for (uint32_t i = 0; i < CATCHERS; i++) {
		const maiko_subscription topics[] = {{.topic = courts[i]}, {.topic = NULL}};
		like.number = i;
		assert_int_equal(maiko_add(s->sup, catcher, catcher_name(i), .topics = topics, .mailbox = mailbox,
					   .init = &like),
				 0);
	}
	assert_int_equal(maiko_start(s->sup), 0);
}

/* So that nothing is recorded, and the workers run as fast as they can. */
static void add_fast(scene *s, catcher like, uint32_t mailbox)
{
	scene_open(s);
	maiko_harness_pause(s->h);
	add_catchers(s, like, mailbox);
}

/* `throws` balls: settles, and all of them have been caught as often as they were to be. */
static uint64_t rounds_of(scene *s, uint32_t rounds, uint32_t throws, uint64_t expected)
{
	for (uint32_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < throws; i++) {
			uint32_t hops = (round * 7 + i * 3) % 20;
			assert_int_equal(maiko_send(s->sup, ball, .to = i, .hops = hops), 0);
			expected += hops + 1;
		}
		scene_settle(s);
		assert_int_equal(atomic_load(&caught), expected);
	}
	return expected;
}

ON_EVERY_SCENE(balls_thrown_across_workers_are_all_caught)
{
	add_fast(s, (catcher){.number = 0}, 0);
	uint64_t expected = rounds_of(s, s->sim == NULL ? 400 : 40, 3, 0);
	expected = rounds_of(s, s->sim == NULL ? 100 : 10, 1, expected);
	rounds_of(s, s->sim == NULL ? 20 : 2, 100, expected);
	scene_close(s);
}

ON_EVERY_SCENE(full_mailboxes_and_mutes_hide_nothing)
{
	scene_open_with(s, (maiko_options){.channel = 16}, (maiko_harness_options){.records_max = 0});
	maiko_harness_pause(s->h);
	add_catchers(s, (catcher){.number = 0}, 1);
	rounds_of(s, s->sim == NULL ? 60 : 4, 60, 0);
	scene_close(s);
}

ON_EVERY_SCENE(blocking_jobs_are_waited_for)
{
	add_fast(s, (catcher){.by_job = true}, 0);
	uint64_t before = atomic_load(&jobs_done);
	rounds_of(s, s->sim == NULL ? 15 : 5, 4, 0);
	assert_true(atomic_load(&jobs_done) > before);
	scene_close(s);
}

/* Each sends balls while the others do, then says so; what they have sent before is waited for. */
typedef struct thrower {
	uv_thread_t thread;
	maiko_supervisor *sup;
	uint32_t number, throws;
	uint64_t expected;
	int rc;
} thrower;

static void throw_all(void *arg)
{
	thrower *t = arg;
	for (uint32_t i = 0; i < t->throws && t->rc == 0; i++) {
		t->rc = maiko_send(t->sup, ball, .to = t->number + i, .hops = i % 9);
		t->expected += i % 9 + 1;
	}
}

TEST_WORKERS(what_threads_have_sent_is_waited_for)
{
	scene s = {.workers = workers};
	uint64_t expected = 0;
	add_fast(&s, (catcher){.number = 0}, 0);
	for (int round = 0; round < 20; round++) {
		thrower throwers[THREADS];
		for (uint32_t i = 0; i < THREADS; i++) {
			throwers[i] = (thrower){.sup = s.sup, .number = i, .throws = 40};
			assert_int_equal(uv_thread_create(&throwers[i].thread, throw_all, &throwers[i]), 0);
		}
		assert_int_equal(maiko_harness_settle(s.h), 0); /* in the middle of it */
		for (uint32_t i = 0; i < THREADS; i++) {
			uv_thread_join(&throwers[i].thread);
			assert_int_equal(throwers[i].rc, 0);
			expected += throwers[i].expected;
		}
		scene_settle(&s);
		assert_int_equal(atomic_load(&caught), expected);
	}
	scene_close(&s);
}

/* ---- time -------------------------------------------------------------------------------------- */

ON_EVERY_SCENE(what_is_due_is_waited_for_and_what_is_due_later_is_not)
{
	scene_open(s);
	add_catchers(s, (catcher){.delay_ms = 100000}, 0);
	assert_int_equal(maiko_send(s->sup, ball, .to = 1, .hops = 3), 0);
	scene_settle(s);
	assert_int_equal(atomic_load(&caught), 1);
	if (s->sim != NULL) {
		assert_int_equal(maiko_sim_advance(s->sim, 100000), 0);
		assert_int_equal(atomic_load(&caught), 2);
		assert_int_equal(maiko_sim_advance(s->sim, 1000000), 0);
		assert_int_equal(atomic_load(&caught), 4);
	}
	scene_close(s);
}

static bool four_caught(void *arg)
{
	(void)arg;
	return atomic_load(&caught) >= 4;
}

ON_EVERY_SCENE(a_condition_can_be_waited_for)
{
	scene_open(s);
	add_catchers(s, (catcher){.delay_ms = 3}, 0);
	assert_int_equal(maiko_send(s->sup, ball, .to = 1, .hops = 3), 0);
	assert_int_equal(maiko_harness_settle_until(s->h, four_caught, NULL, 60000), 0);
	assert_int_equal(atomic_load(&caught), 4);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball, .of = MAIKO_OF_RECEIPTS), 4, 60000), 0);
	assert_int_equal(maiko_send(s->sup, ball, .to = 1), 0);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 5, 60000), 0);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 6, 30), MAIKO_ETIMEDOUT);
	scene_close(s);
}

/* ---- ticks and descriptors -------------------------------------------------------------------------- */

typedef struct counter {
	uint32_t left;
} counter;

static maiko_next counter_tick(counter *self, maiko_ctx *ctx)
{
	if (self->left == 0)
		return maiko_never();
	self->left--;
	int rc = maiko_send(ctx, ball, .to = self->left, .hops = 2);
	return rc != 0 ? maiko_failed(rc) : self->left % 2 == 0 ? maiko_again() : maiko_after_ms(0);
}
MAIKO_ACTOR(counter, MAIKO_TICK(counter_tick));

ON_EVERY_SCENE(ticks_that_are_due_are_waited_for)
{
	scene_open(s);
	maiko_harness_pause(s->h);
	counter how = {.left = 300};
	assert_int_equal(maiko_add(s->sup, counter, "counter", .topics = MAIKO_NO_TOPICS, .init = &how), 0);
	add_catchers(s, (catcher){.number = 0}, 0);
	scene_settle(s);
	assert_int_equal(atomic_load(&caught), 900);
	scene_close(s);
}

typedef struct reader {
	int fd;
} reader;
static _Atomic(uint64_t) bytes_read;

static maiko_next reader_tick(reader *self, maiko_ctx *ctx)
{
	char bytes[7];
	(void)ctx;
	ssize_t n = read(self->fd, bytes, sizeof bytes);
	if (n > 0)
		atomic_fetch_add(&bytes_read, (uint64_t)n);
	return maiko_when_readable(self->fd);
}
MAIKO_ACTOR(reader, MAIKO_TICK(reader_tick));

TEST_WORKERS(what_a_descriptor_has_is_waited_for)
{
	scene s = {.workers = workers};
	int ends[2];
	atomic_store(&bytes_read, 0);
	assert_int_equal(uv_pipe(ends, UV_NONBLOCK_PIPE, 0), 0);
	scene_open(&s);
	assert_int_equal(maiko_add(s.sup, reader, "reader", .topics = MAIKO_NO_TOPICS, .init = &(reader){ends[0]}), 0);
	assert_int_equal(maiko_start(s.sup), 0);
	for (uint64_t round = 1; round <= 100; round++) {
		assert_int_equal(write(ends[1], "fifteen letters", 15), 15);
		scene_settle(&s);
		assert_int_equal(atomic_load(&bytes_read), round * 15);
	}
	scene_close(&s);
	close(ends[0]);
	close(ends[1]);
}

/* ---- changes ------------------------------------------------------------------------------------------ */

typedef struct parent {
	uint32_t unused;
} parent;
typedef struct child {
	uint32_t unused;
} child;
typedef struct birth {
	uint32_t n;
} birth;
MAIKO_TOPIC(births);
MAIKO_EVENT(birth, births, n);

static int child_on_start(child *self, maiko_ctx *ctx)
{
	(void)self;
	atomic_fetch_add(&started, 1);
	return maiko_send(ctx, ball, .to = 2, .hops = 3);
}

static int child_on_birth(child *self, const birth *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	return maiko_stop_self(ctx);
}
MAIKO_ACTOR(child, MAIKO_ON_START(child_on_start), MAIKO_ON(birth, child_on_birth));

static int parent_on_birth(parent *self, const birth *ev, maiko_ctx *ctx)
{
	char name[32];
	(void)self;
	snprintf(name, sizeof name, "child%u", ev->n);
	return maiko_add(ctx, child, name, .own_thread = ev->n % 8 == 7);
}
MAIKO_ACTOR(parent, MAIKO_ON(birth, parent_on_birth));

ON_EVERY_SCENE(changes_of_the_topology_are_waited_for)
{
	scene_open(s);
	maiko_harness_pause(s->h);
	atomic_store(&started, 0);
	assert_int_equal(maiko_add(s->sup, parent, "parent"), 0);
	add_catchers(s, (catcher){.number = 0}, 0);
	for (uint32_t n = 0; n < 24; n++) { /* each birth ends the child before */
		assert_int_equal(maiko_send(s->sup, birth, .n = n), 0);
		scene_settle(s);
		assert_int_equal(atomic_load(&started), n + 1);
		assert_int_equal(atomic_load(&caught), (n + 1) * 4);
		maiko_actor_id id;
		char name[32];
		snprintf(name, sizeof name, "child%u", n);
		assert_int_equal(maiko_find(s->sup, name, &id), 0);
		snprintf(name, sizeof name, "child%u", n - 1);
		assert_int_equal(maiko_find(s->sup, name, &id), MAIKO_ENOENT);
	}
	scene_close(s);
}

/* ---- what does not come to rest -------------------------------------------------------------------------- */

typedef struct block {
	uint32_t n;
} block;
MAIKO_TOPIC(blocks);
MAIKO_EVENT(block, blocks, n);

typedef struct stuck {
	uint32_t unused;
} stuck;
static uv_sem_t let_go;
static _Atomic(int) inside_rc;

static int stuck_on_block(stuck *self, const block *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	uv_sem_wait(&let_go);
	return 0;
}
MAIKO_ACTOR(stuck, MAIKO_ON(block, stuck_on_block));

TEST_WORKERS(a_callback_that_does_not_return_runs_into_the_time_out)
{
	scene s = {.workers = workers};
	assert_int_equal(uv_sem_init(&let_go, 0), 0);
	scene_open_with(&s, (maiko_options){.workers = 0}, (maiko_harness_options){.timeout_ms = 20});
	assert_int_equal(maiko_add(s.sup, stuck, "stuck"), 0);
	add_catchers(&s, (catcher){.number = 0}, 0);
	assert_int_equal(maiko_send(s.sup, block, .n = 1), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(maiko_harness_settle(s.h), MAIKO_ETIMEDOUT);
	uv_sem_post(&let_go);
	maiko_harness_free(s.h);
	assert_int_equal(maiko_harness_new(&s.h, s.sup), 0);
	rounds_of(&s, 5, 3, 0);
	assert_int_equal(maiko_send(s.sup, block, .n = 2), 0);
	uv_sem_post(&let_go);
	scene_settle(&s);
	scene_close(&s);
	uv_sem_destroy(&let_go);
}

typedef struct asker {
	maiko_harness *h;
} asker;

static int asker_on_block(asker *self, const block *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	atomic_store(&inside_rc, maiko_harness_settle(self->h));
	return 0;
}
MAIKO_ACTOR(asker, MAIKO_ON(block, asker_on_block));

ON_EVERY_SCENE(it_knows_where_and_when_it_may_wait)
{
	scene_open(s);
	assert_int_equal(maiko_harness_settle(NULL), MAIKO_EINVAL);
	assert_int_equal(maiko_harness_settle(s->h), MAIKO_ESTATE);
	assert_int_equal(maiko_add(s->sup, asker, "asker", .init = &(asker){.h = s->h}), 0);
	assert_int_equal(maiko_start(s->sup), 0);
	assert_int_equal(maiko_send(s->sup, block, .n = 1), 0);
	scene_settle(s);
	assert_int_equal(atomic_load(&inside_rc), MAIKO_EDEADLK);
	assert_int_equal(maiko_stop(s->sup, NULL), 0);
	assert_int_equal(maiko_harness_settle(s->h), 0);
	scene_close(s);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void stop_it(void *arg) { (void)maiko_stop(arg, NULL); }

/* However long the limit: nothing comes any more. */
ON_EVERY_SCENE(after_the_end_it_answers_at_once)
{
	const uint64_t year_ms = UINT64_C(365) * 24 * 3600 * 1000;
	scene_open(s);
	add_catchers(s, (catcher){.number = 0}, 0);
	assert_int_equal(maiko_send(s->sup, ball, .to = 1, .hops = 3), 0);
	assert_int_equal(maiko_stop(s->sup, NULL), 0);
	assert_int_equal(maiko_harness_settle(s->h), 0);
	assert_int_equal(maiko_harness_settle_until(s->h, four_caught, NULL, year_ms), 0);
	assert_int_equal(maiko_harness_settle_until(s->h, never, NULL, year_ms), MAIKO_ESHUTDOWN);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 4, year_ms), 0);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 5, year_ms), MAIKO_ESHUTDOWN);
	assert_non_null(strstr(maiko_last_error(), "has stopped"));
	scene_close(s);
}

TEST_WORKERS(an_end_meanwhile_ends_the_wait)
{
	scene s = {.workers = workers};
	uv_thread_t thread;
	add_fast(&s, (catcher){.number = 0}, 0);
	assert_int_equal(uv_thread_create(&thread, stop_it, s.sup), 0);
	assert_int_equal(maiko_harness_settle_until(s.h, never, NULL, UINT64_MAX), MAIKO_ESHUTDOWN);
	uv_thread_join(&thread);
	scene_close(&s);
}

ON_EVERY_SCENE(without_a_limit_it_is_the_harness_s)
{
	scene_open_with(s, (maiko_options){.workers = 0}, (maiko_harness_options){.timeout_ms = 20});
	add_catchers(s, (catcher){.number = 0}, 0);
	assert_int_equal(maiko_send(s->sup, ball, .to = 1, .hops = 3), 0);
	assert_int_equal(maiko_harness_settle_until(s->h, never, NULL, 0), MAIKO_ETIMEDOUT);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 9, 0), MAIKO_ETIMEDOUT);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(s->h, ball), 1, 60000), 0);
	scene_close(s);
}

/* ---- several at once ------------------------------------------------------------------------------------- */

static void settle_often(void *arg)
{
	maiko_harness *h = arg;
	for (int i = 0; i < 50; i++)
		if (maiko_harness_settle(h) != 0)
			abort();
}

TEST_WORKERS(several_threads_may_settle_at_once)
{
	scene s = {.workers = workers};
	uv_thread_t threads[THREADS];
	add_fast(&s, (catcher){.number = 0}, 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(uv_thread_create(&threads[i], settle_often, s.h), 0);
	rounds_of(&s, 50, 3, 0);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&threads[i]);
	scene_close(&s);
}

TEST_WORKERS(a_stop_meanwhile_ends_it)
{
	for (int round = 0; round < 20; round++) {
		scene s = {.workers = workers};
		uv_thread_t thread;
		add_fast(&s, (catcher){.number = 0}, 0);
		for (uint32_t i = 0; i < 20; i++)
			assert_int_equal(maiko_send(s.sup, ball, .to = i, .hops = 50), 0);
		assert_int_equal(uv_thread_create(&thread, stop_it, s.sup), 0);
		for (int i = 0; i < 5; i++)
			scene_settle(&s);
		assert_int_equal(atomic_load(&caught), 20 * 51);
		uv_thread_join(&thread);
		scene_close(&s);
	}
}

/* ---- on the caller's loop -------------------------------------------------------------------------------- */

typedef struct host {
	uv_loop_t loop;
	scene s;
	uv_sem_t ready;
} host;

static void host_open(host *e, catcher like)
{
	assert_int_equal(uv_loop_init(&e->loop), 0);
	e->s = (scene){.workers = 1};
	scene_open_with(&e->s, (maiko_options){.loop = &e->loop}, (maiko_harness_options){.records_max = 0});
	add_catchers(&e->s, like, 0);
}

/* With the loop on this thread. */
static void host_close(host *e)
{
	assert_int_equal(maiko_stop_begin(e->s.sup, NULL, NULL, NULL), 0);
	assert_int_equal(maiko_harness_settle(e->s.h), 0); /* runs it to its end */
	assert_int_equal(uv_run(&e->loop, UV_RUN_DEFAULT), 0);
	assert_null(maiko_harness_free(e->s.h));
	assert_null(maiko_supervisor_free(e->s.sup));
	assert_int_equal(uv_loop_close(&e->loop), 0);
}

static void on_its_own_thread_a_loop_is_run(void **state)
{
	(void)state;
	host e;
	host_open(&e, (catcher){.number = 0});
	rounds_of(&e.s, 100, 3, 0);
	host_close(&e);
	host_open(&e, (catcher){.by_job = true});
	rounds_of(&e.s, 10, 3, 0);
	host_close(&e);
	host_open(&e, (catcher){.delay_ms = 2});
	assert_int_equal(maiko_send(e.s.sup, ball, .to = 1, .hops = 3), 0);
	assert_int_equal(maiko_harness_settle_until(e.s.h, four_caught, NULL, 60000), 0);
	assert_int_equal(maiko_harness_settle_on(maiko_query_of(e.s.h, ball), 6, 30), MAIKO_ETIMEDOUT);
	host_close(&e);
}

static void on_tick(uv_timer_t *timer) { (void)timer; }

static void run_loop(void *arg)
{
	host *e = arg;
	uv_timer_t timer; /* of the program's own */
	host_open(e, (catcher){.number = 0});
	uv_timer_init(&e->loop, &timer);
	uv_timer_start(&timer, on_tick, 0, 1);
	uv_unref((uv_handle_t *)&timer);
	uv_sem_post(&e->ready);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&e->loop, UV_RUN_DEFAULT);
}

static void another_thread_s_loop_is_waited_for(void **state)
{
	(void)state;
	host e;
	uv_thread_t thread;
	assert_int_equal(uv_sem_init(&e.ready, 0), 0);
	assert_int_equal(uv_thread_create(&thread, run_loop, &e), 0);
	uv_sem_wait(&e.ready);
	rounds_of(&e.s, 100, 3, 0);
	assert_int_equal(maiko_stop(e.s.sup, NULL), 0);
	uv_thread_join(&thread);
	scene_close(&e.s);
	assert_int_equal(uv_loop_close(&e.loop), 0);
	uv_sem_destroy(&e.ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balls_thrown_across_workers_are_all_caught),
		cmocka_unit_test(full_mailboxes_and_mutes_hide_nothing),
		cmocka_unit_test(blocking_jobs_are_waited_for),
		cmocka_unit_test(what_threads_have_sent_is_waited_for),
		cmocka_unit_test(what_is_due_is_waited_for_and_what_is_due_later_is_not),
		cmocka_unit_test(a_condition_can_be_waited_for),
		cmocka_unit_test(ticks_that_are_due_are_waited_for),
		cmocka_unit_test(what_a_descriptor_has_is_waited_for),
		cmocka_unit_test(changes_of_the_topology_are_waited_for),
		cmocka_unit_test(a_callback_that_does_not_return_runs_into_the_time_out),
		cmocka_unit_test(it_knows_where_and_when_it_may_wait),
		cmocka_unit_test(after_the_end_it_answers_at_once),
		cmocka_unit_test(an_end_meanwhile_ends_the_wait),
		cmocka_unit_test(without_a_limit_it_is_the_harness_s),
		cmocka_unit_test(several_threads_may_settle_at_once),
		cmocka_unit_test(a_stop_meanwhile_ends_it),
		cmocka_unit_test(on_its_own_thread_a_loop_is_run),
		cmocka_unit_test(another_thread_s_loop_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
